"""What to do, in sentences, each with the numbers behind it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd

SPANS = (30, 60, 90)
"""Days ahead for which what dies unused is counted."""
MOST_DRY = 4
"""No more topics than this are named as running dry; the table has them all."""
_LIKELY = 0.5


@dataclass(frozen=True, slots=True)
class Advice:
    """One piece of advice. `topic` is the one it is about, '' for all; `numbers` are what the sentence rests on."""

    subject: str
    topic: str
    sentence: str
    numbers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unused:
    """Tokens that die unused within a number of days: the middle of all paths, and the band that holds 80 % of them."""

    days: int
    low: int
    middle: int
    high: int


def advise(
    topics: pd.DataFrame,
    before: list[Unused],
    soonest: list[Unused],
    closing: list[tuple[date, str, int]],
    at: datetime,
) -> list[Advice]:
    """
    Say what to do, the most urgent first.

    `topics` has the columns of forecast_topics; `before` and `soonest` foresee the waste if sends go on in the order of
    the past, and if those tokens go first that end first; `closing` are days on which a lane closes, its kind, and the
    tokens that end by it.
    """
    if topics.empty or not topics["count_held"].sum():
        return [Advice("nothing", "", "No token is held, so nothing can die unused. Ask people for their next opt-in.")]
    return [
        *_closing(closing),
        *_unused(before, soonest),
        *_first(topics),
        *_dry(topics[topics["need"] > 1], at.date()),
        *_pace(topics),
        *_life(topics),
    ]


def _closing(closing: list[tuple[date, str, int]]) -> Iterator[Advice]:
    for day, kind, count in closing:
        yield Advice(
            "lane",
            "",
            f"On {_day(day)} the {kind} lane closes, and {_count(count, 'token')} end with it, whatever their own "
            "expiry. Use them before.",
            {"day": day.isoformat(), "kind": kind, "tokens": count},
        )


def _unused(before: list[Unused], soonest: list[Unused]) -> Iterator[Advice]:
    if not before:
        return
    if not before[-1].high:
        sentence = f"If you go on as now, no token dies unused within {before[-1].days} days."
    else:
        parts = [f"{_band(each)} within {each.days} days" for each in before]
        sentence = f"If you go on as now, {_listed(parts)} die unused."
        saved = before[-1].middle - soonest[-1].middle if soonest else 0
        if saved >= 1:
            sentence += (
                f" The same sends would save {saved:,} of them within {before[-1].days} days"
                " by taking those tokens first that end first, as Clear to Send does."
            )
    numbers = {f"die_unused_{each.days}": [each.low, each.middle, each.high] for each in before}
    numbers |= {f"soonest_first_{each.days}": [each.low, each.middle, each.high] for each in soonest}
    yield Advice("unused", "", sentence, numbers)


def _first(topics: pd.DataFrame) -> Iterator[Advice]:
    """Name the broadcast that saves most: the topic of which the most tokens die within 60 days."""
    usable = topics[topics["pace"].notna() & topics["half_gone_on"].notna()]
    if usable.empty:
        return
    row = usable.sort_values("died_60").iloc[-1]
    dying = round(row["died_60"])
    if dying < 1:
        return
    yield Advice(
        "first",
        str(row["topic"]),
        f"Launch {row['topic']} first: {dying:,} of its {int(row['count_held']):,} tokens die unused within 60 days, "
        f"and half of what ends in that time has ended by {_day(row['half_gone_on'])}.",
        {
            "dies_60": dying,
            "held": int(row["count_held"]),
            "half_by": pd.Timestamp(row["half_gone_on"]).date().isoformat(),
        },
    )


def _dry(topics: pd.DataFrame, today: date) -> Iterator[Advice]:
    """Name the topics that soon hold less than a usual broadcast takes; those that nobody joins any more are over."""
    likely = topics[(topics["dry_chance"] >= _LIKELY) & topics["dry_on"].notna()]
    alive = likely[(likely["gained_week"] >= 1) | (likely["count_held"] >= likely["need"])]
    over = likely.drop(alive.index)
    over = over[over["count_held"] > 0].sort_values("count_held", ascending=False)
    if alive.empty and len(topics) > len(over):
        yield Advice("dry", "", "No topic that people still join is foreseen to run dry within half a year.")
    for _, row in alive.sort_values("dry_on").head(MOST_DRY).iterrows():
        on, need = pd.Timestamp(row["dry_on"]).date(), round(row["need"])
        holds = f"it holds {int(row['count_held']):,}, and a usual broadcast takes {need:,}"
        if on <= today + timedelta(days=1):
            sentence = f"{row['topic']} is dry: {holds}."
        else:
            late = row["dry_late"]
            until = f"and {_day(late)}" if pd.notna(late) else "and a day beyond this forecast"
            sentence = (
                f"{row['topic']} runs dry around {_day(on)} (80 %: between {_day(row['dry_early'])} {until}): {holds}."
            )
        yield Advice(
            "dry",
            str(row["topic"]),
            sentence + " Ask for opt-ins before that, or send to fewer.",
            {"on": on.isoformat(), "chance": float(row["dry_chance"]), "held": int(row["count_held"]), "need": need},
        )
    if len(over):
        held = {str(topic): int(count) for topic, count in zip(over["topic"], over["count_held"], strict=True)}
        named = [f"{topic} {count:,}" for topic, count in list(held.items())[:MOST_DRY]]
        yield Advice(
            "over",
            "",
            f"Nobody joins {_listed(named)} any more, and that is less than a usual broadcast of theirs took: "
            "send to the last of them, or let them end.",
            {"held": held},
        )


def _pace(topics: pd.DataFrame) -> Iterator[Advice]:
    """Say how many sends a week waste none of the tokens held."""
    paced = topics[topics["pace"].fillna(0) > 0].sort_values("pace", ascending=False)
    if paced.empty:
        return
    whole, now = int(paced["pace"].sum()), float(topics.loc[topics["pace"].notna(), "spent_week"].sum())
    by_topic = dict(zip(paced["topic"], paced["pace"].astype(int).tolist(), strict=True))
    named = [f"{row['topic']} {int(row['pace']):,}" for _, row in paced.head(3).iterrows()]
    rest = f" (most of them: {_listed(named)})" if len(paced) > 1 else ""
    yield Advice(
        "pace",
        "",
        f"Send {_count(whole, 'message')} a week{rest}, those tokens first that end first, and none of the tokens held "
        f"today dies unused; about {round(now):,} a week are foreseen now.",
        {"a_week": whole, "foreseen_a_week": round(now), "by_topic": by_topic},
    )


def _life(topics: pd.DataFrame) -> Iterator[Advice]:
    """Say how many of the tokens held are not used in the end, by how tokens lived so far."""
    known = topics[topics["expected_waste"].notna() & (topics["count_held"] > 0)]
    held, waste = int(known["count_held"].sum()), round(float(known["expected_waste"].sum()))
    if held and waste:
        yield Advice(
            "life",
            "",
            f"By how tokens have lived so far, {waste:,} of the {held:,} held will never be used: "
            "broadcasts reach too few of them, or only young ones.",
            {"held": held, "never_used": waste},
        )


def _band(unused: Unused) -> str:
    if unused.low == unused.high:
        return f"{unused.middle:,}"
    return f"{unused.middle:,} ({unused.low:,} to {unused.high:,})"


def _count(number: int, one: str) -> str:
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _day(moment: Any) -> str:
    day = pd.Timestamp(moment)
    return f"{day.day} {day:%b %Y}"
