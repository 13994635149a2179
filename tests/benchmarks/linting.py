"""Lint: messages a second, of which each is new and of which many are alike, and the audit of sample logs."""

import random
from datetime import datetime
from pathlib import Path

from tests.benchmarks.measure import say, work
from tests.benchmarks.table import Row, ratio
from tests.benchmarks.workspace import Workspace

MOMENT = datetime.fromisoformat("2025-11-22T10:30")
MESSAGES = 100_000
_CHARACTER_GRAMS = 10_000
_LANES = (
    None,
    "standard_window",
    "otn",
    "utility",
    "tag:POST_PURCHASE_UPDATE",
    "tag:ACCOUNT_UPDATE",
    "tag:HUMAN_AGENT",
)
_NAMES = ("Ana", "Budi", "Chen", "Dao", "Elif", "Farah", "Grace", "Hoa", "Ines", "João", "Kofi", "Lan", "Mei", "Nok")


def linting(space: Workspace) -> list[Row]:
    """Lint messages that all differ, messages that differ in a number, and what a sample log holds."""
    say(f"  {MESSAGES:,} messages that all differ ...")
    distinct = work("lint_messages", count=MESSAGES, alike=False)
    say(f"  {MESSAGES:,} messages that differ in an order's number ...")
    alike = work("lint_messages", count=MESSAGES, alike=True)
    baseline = work("character_grams", count=_CHARACTER_GRAMS)
    theirs, their_cpu = (_CHARACTER_GRAMS / each for each in (baseline.seconds, baseline.cpu_seconds))
    rows = []
    for what, cost in (("all different", distinct), ("alike but for a number", alike)):
        ours, our_cpu = MESSAGES / cost.seconds, MESSAGES / cost.cpu_seconds
        rows.append(
            Row(
                f"lint of {MESSAGES:,} messages, {what}, against character n-grams",
                f"{cost.seconds:.0f} s ({ours:,.0f} messages/s)",
                f"{theirs:,.0f} messages/s",
                ratio(ours / theirs, our_cpu / their_cpu),
                "< 60 s",
            )
        )
    return rows


def messages(count: int, *, alike: bool) -> list[tuple[str, str | None]]:
    """Make (text, lane) out of the held-out messages: with other names and words, or with other numbers, in each."""
    from pipelines import DATA

    draw = random.Random(7)
    files = sorted((Path(DATA) / "classifier" / "messages").glob("held_out_*.tsv"))
    texts = [line.split("\t")[2] for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    made = []
    for number in range(count):
        text = draw.choice(texts)
        if alike:
            made.append((f"{text} #{draw.randrange(10**7, 10**8)}", _LANES[texts.index(text) % len(_LANES)]))
        else:
            words = (
                f"{draw.choice(_NAMES)} {draw.choice(_NAMES)} {number % 97} {chr(97 + number % 26)}{number // 26 % 999}"
            )
            made.append((f"{words}: {text}", draw.choice(_LANES)))
    return made
