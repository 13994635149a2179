"""The scheduled report: the Overview as a mail, once a period."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from sqlalchemy import Engine

from pipelines.alerts.channels import Channel
from pipelines.alerts.kinds import TITLES
from pipelines.alerts.message import ACCENT, LINE, QUIET, Message, framed, in_html, plain
from pipelines.alerts.timing import Period, last_period
from pipelines.ledger import alert_tellings
from pipelines.ledger.alerts import Alert, open_alerts
from pipelines.settings_alerts import Report

_KNOWN = 50
_CELL = f"padding:6px 0;border-bottom:1px solid {LINE}"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the Overview, and its change in words; '' for none."""

    label: str
    value: str
    change: str


@dataclass(frozen=True, slots=True)
class Overview:
    """What the Overview says at a moment, in plain words: its question, its answer, its figures.

    `topics` are those of which tokens end soon, the most first, with how many; `soon` says what "soon" is.
    """

    at: datetime
    question: str
    answer: str
    figures: tuple[Figure, ...]
    topics: tuple[tuple[str, int], ...]
    soon: str


def send_report(
    ledger: Engine,
    report: Report,
    channel: Channel,
    overview: Callable[[datetime], Overview | None],
    base: str,
    clock: Callable[[], datetime],
) -> None:
    """
    Send the report that was due last, unless it went out, may have gone out, or is too late: that is noted.

    Raises what `overview` and the ledger's database raise; the next call tries again.
    """
    period = last_period(report, clock())
    with ledger.connect() as connection:
        known = alert_tellings.reports(connection, _KNOWN)
        alerts = open_alerts(connection)
    before = next((each for each in known if each.period == period.name), None)
    again_at = before.next_at() if before else clock()
    if again_at is None or again_at > clock():
        return
    attempt = before.attempt + 1 if before else 1
    if period.is_late(clock()):
        if known:  # a home that never had a report has missed none
            _skip(ledger, period, attempt, clock())
        return
    told = overview(clock())
    telling = alert_tellings.begin_report(ledger, period.name, attempt, clock()) if told else None
    if told and telling is not None:
        came = channel.deliver(written(told, alerts, base))
        alert_tellings.end(ledger, telling, came.outcome, came.words, clock())


def written(overview: Overview, alerts: Sequence[Alert], base: str) -> Message:
    """Return the report as a mail."""
    day = f"{overview.at.day} {overview.at:%b %Y}"
    subject = f"Clear to Send: overview of {day}"
    figures = [f"{each.label}: {each.value}{f' ({each.change})' if each.change else ''}" for each in overview.figures]
    topics = [f"{topic}: {count:,}" for topic, count in overview.topics] or ["None."]
    urgent = [f"{TITLES[each.kind]}: {each.says} {plain(each.to_do)}" for each in alerts] or ["None."]
    parts = [
        overview.answer, "\n".join(figures), "\n".join([f"{overview.soon}:", *topics]),
        "\n".join(["Open alerts:", *urgent]), f"{base}/",
    ]  # fmt: skip
    return Message(overview.at, subject, "\n\n".join(parts) + "\n", _html(overview, alerts, base, day), {})


def _skip(ledger: Engine, period: Period, attempt: int, now: datetime) -> None:
    telling = alert_tellings.begin_report(ledger, period.name, attempt, now)
    if telling is not None:
        words = "Nothing ran within 12 hours of its time." if attempt == 1 else "It could not be sent in time."
        alert_tellings.end(ledger, telling, "skipped", words, now)


def _html(overview: Overview, alerts: Sequence[Alert], base: str, day: str) -> str:
    body = [
        f'<p style="margin:0 0 4px;color:{QUIET}">{day}, {overview.at:%H:%M} UTC</p>',
        f'<p style="margin:0 0 20px;font-size:17px">{escape(overview.answer)}</p>',
        _table([(each.label, each.value, each.change) for each in overview.figures]),
        _heading(overview.soon),
        _table([(topic, f"{count:,}", "") for topic, count in overview.topics]) or "<p>None.</p>",
        _heading("Open alerts"),
        "".join(in_html(each, base) for each in alerts) or "<p>None.</p>",
        f'<p style="margin:0;padding-top:12px;border-top:1px solid {LINE}">'
        f'<a style="color:{ACCENT}" href="{escape(base)}/">Look at the Overview</a></p>',
    ]
    return framed(overview.question, "".join(body))


def _heading(words: str) -> str:
    return f'<h2 style="font-size:16px;margin:24px 0 8px">{escape(words)}</h2>'


def _table(rows: Sequence[tuple[str, str, str]]) -> str:
    """Return rows of a name, a number and a remark; '' without rows."""
    if not rows:
        return ""
    any_remark = any(remark for _, _, remark in rows)
    number = f"{_CELL};text-align:right;font-weight:600;font-variant-numeric:tabular-nums"
    lines = [
        f'<tr><th scope="row" style="{_CELL};text-align:left;font-weight:400">{escape(name)}</th>'
        f'<td style="{number}">{escape(value)}</td>'
        + (f'<td style="{_CELL};padding-left:16px;color:{QUIET}">{escape(remark)}</td></tr>' if any_remark else "</tr>")
        for name, value, remark in rows
    ]
    return f'<table style="border-collapse:collapse;width:100%">{"".join(lines)}</table>'
