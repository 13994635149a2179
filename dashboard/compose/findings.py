"""What lint says of a campaign as the compose page tells it: each finding once, and which lanes stay open."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard.compose.form import find, wordings
from dashboard.compose.words import by_lane, lane_label
from dashboard.language import listed, plural, say
from dashboard.words import escaped, joined
from pipelines.composing import Preview
from pipelines.lint.jsonl import cited
from pipelines.lint.linter import Linter
from pipelines.lint.message import SEVERITIES, Message
from pipelines.plan.checking import Checked
from pipelines.plan.fields import with_fallbacks
from pipelines.plan.form import Form


@dataclass(frozen=True, slots=True)
class Told:
    """A finding, with all lanes and variants that it holds for; no lane means all of them."""

    rule: str
    severity: str
    lanes: tuple[str, ...]
    variants: tuple[str, ...]
    text: str
    span: tuple[int, int] | None
    reason: str
    source: str
    advice: str


@dataclass(frozen=True, slots=True)
class WayOut:
    """Which lanes would carry the campaign as it is worded, and what to write into the form for it.

    `lanes` empty means to leave the choice open; None that no choice of lanes helps.
    """

    words: str
    lanes: tuple[str, ...] | None


def told(findings: Iterable[Mapping[str, Any]]) -> list[Told]:
    """Return findings, worst first, each of them once."""
    lanes: dict[tuple[Any, ...], list[str]] = {}
    variants: dict[tuple[Any, ...], list[str]] = {}
    for each in findings:
        span = tuple(each["span"]) if each["span"] else None
        key = (each["severity"], each["rule"], each["text"], span, each["reason"], each["source"], each["advice"])
        lanes.setdefault(key, []).append(each["lane"])
        variants.setdefault(key, []).append(each["variant"])
    found = [
        Told(rule, severity, _each(lanes[key]), _each(variants[key]), text, span, reason, source, advice)
        for key in lanes
        for severity, rule, text, span, reason, source, advice in [key]
    ]
    return sorted(found, key=lambda each: SEVERITIES.index(each.severity))


def of_words(form: Form, linter: Linter, now: datetime) -> list[Told]:
    """Lint the texts of a form that is no campaign yet, with what it says of lanes, topic and purpose."""
    lanes = find(form, "lanes") or [None]
    asked = [
        (lane, each, Message(with_fallbacks(each.text), lane, form.get("topic"), purpose=form.get("purpose")))
        for each in wordings(form)
        if each.text.strip()
        for lane in lanes
    ]
    answers = linter.lint([message for *_, message in asked], now) if asked else []
    return told(
        {
            "severity": finding.severity, "rule": finding.rule, "text": message.text, "span": finding.span,
            "reason": finding.reason, "source": cited(finding.source, linter.policy), "advice": finding.advice,
            "lane": lane or "", "variant": wording.name,
        }
        for (lane, wording, message), answer in zip(asked, answers, strict=True)
        for finding in answer.findings
    )  # fmt: skip


def about(finding: Told, *, count_variants: int) -> str:
    """Say for which lanes and texts a finding holds; '' where it is for all there is."""
    parts = []
    if finding.lanes:
        parts.append(listed(lane_label(lane) for lane in finding.lanes))
    if 0 < len(finding.variants) < count_variants:
        parts.append(say("text {names}", names=listed(finding.variants)))
    return escaped(" · ".join(parts))


def verdict(checked: Checked) -> str:
    """Say in a sentence what lint decided, and which lanes it took away."""
    closed = closed_lanes(checked)
    if checked.judgement.verdict == "block":
        return say("As it stands it cannot go out: a finding blocks it.")
    lanes = escaped(listed(map(lane_label, closed)))
    shut = plural(
        "A rule closes 1 lane to it: {lanes}.", "A rule closes {count} lanes to it: {lanes}.", len(closed), lanes=lanes
    )
    first = (
        say("Whoever approves it has to write down why the warnings may stand.")
        if checked.judgement.verdict == "warn"
        else say("No rule stands against it.")
    )
    return joined(first, shut if closed else "")


def closed_lanes(checked: Checked) -> tuple[str, ...]:
    """Return the lanes that a finding closes."""
    stops = [each["lane"] for each in checked.judgement.findings if each["severity"] == "block" and each["lane"]]
    return _each(stops)


def way_out(here: Preview, unbound: Preview | None) -> WayOut | None:
    """Say which lanes would carry a blocked campaign as it is worded; None where nothing blocks it.

    `unbound` is the preview of the same form with its lanes left open; None where the form names none.
    """
    checked = here.checked
    if checked is None or checked.judgement.verdict != "block":
        return None
    if any(each["severity"] == "block" and not each["lane"] for each in checked.judgement.findings):
        return None  # the Page itself is blocked: no lane helps
    named = here.campaign.lanes if here.campaign else ()
    if named and checked.judgement.lanes:
        shut = escaped(listed(map(lane_label, closed_lanes(checked))))
        words = say("Without {closed} it may go as it is worded: {who}.", closed=shut, who=_who(checked))
        return WayOut(words, checked.judgement.lanes)
    free = unbound.checked if unbound else None
    if free is not None and free.judgement.verdict != "block":
        open_lanes = escaped(listed(map(lane_label, free.judgement.lanes)))
        words = say("By other lanes it may go as it is worded ({lanes}): {who}.", lanes=open_lanes, who=_who(free))
        return WayOut(words, ())
    return WayOut(say("No lane may carry these words. Change them as the findings advise."), None)


def _who(checked: Checked) -> str:
    lanes = checked.counts.lanes
    return by_lane(lanes) if lanes else say("nobody has such a lane open now")


def _each(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))
