"""What `clear-to-send lint` does, apart from its options: one message, many as JSON lines, the whole history."""

import io
import json
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

from pipelines import DATA
from pipelines.errors import UsageError
from pipelines.lint.history import HistoryAudit, audit_history
from pipelines.lint.jsonl import answer_lines, as_json, message_of
from pipelines.lint.linter import Linter
from pipelines.lint.message import Answer, Message
from pipelines.policy import Policy, load_policy
from pipelines.warehouse import Warehouse

_STYLES = {"block": "bold red", "warn": "yellow", "note": "dim"}


def lint_message(fields: dict[str, Any], now: datetime, out: Console, *, as_json_line: bool) -> bool:
    """Judge one message and print the answer. Return whether nothing blocks or warns. Raises UsageError."""
    message = message_of(fields)
    policy = load_policy(DATA / "policy")
    (answer,) = Linter.load(DATA, policy).lint([message], now)
    if as_json_line:
        out.file.write(json.dumps(as_json(answer, policy), ensure_ascii=False) + "\n")
    else:
        show(message, answer, policy, out)
    return answer.verdict == "pass"


def lint_lines(lines: Iterable[str], now: datetime, lane: str | None, out: TextIO) -> tuple[int, int, int]:
    """Answer JSON lines on `out`. Return how many there were, how many had a finding, how many could not be read."""
    linter = Linter.load(DATA, load_policy(DATA / "policy"))
    count = found = failed = 0
    for answer in answer_lines(linter, lines, now, lane):
        count += 1
        failed += "error" in answer
        found += answer.get("verdict", "pass") != "pass"
        out.write(json.dumps(answer, ensure_ascii=False) + "\n")
    return count, found, failed


def lint_history(warehouse: Warehouse, policy: Policy, now: datetime) -> HistoryAudit:
    """Judge what went out since the last time."""
    return audit_history(warehouse, policy, Linter.load(DATA, policy), now)


def read_text(file: Path) -> str:
    """Read a message from a file. Raises UsageError."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--file {file}: cannot be read ({error}). Name a text file in UTF-8.") from None


def show(message: Message, answer: Answer, policy: Policy, out: Console) -> None:
    """Print an answer in words: each finding with its place in the text, its source and what to do."""
    out.print(answer.explanation, style=_STYLES.get(answer.verdict, "green"), markup=False)
    for finding in answer.findings:
        out.print()
        out.print(Text(f"{finding.severity}  {finding.rule}", style=_STYLES[finding.severity]))
        if finding.span:
            text = Text(f"  {message.text}")
            text.stylize("reverse", finding.span[0] + 2, finding.span[1] + 2)
            out.print(text)
        out.print(f"  {finding.reason}", markup=False)
        for name in finding.source.split(", ") if finding.source else ():
            source = policy.sources[name]
            out.print(f"  Written in: {source.title}, {source.page_date}, {source.address}", markup=False)
        out.print(f"  To do: {finding.advice}", markup=False)
    if answer.because:
        out.print()
        out.print(f"Words that moved the classifier: {', '.join(answer.because)}", markup=False)


def standard_input() -> Iterable[str]:
    """Give the lines of this process's standard input, whatever bytes stand in it."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    return sys.stdin
