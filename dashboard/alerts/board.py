"""The alerts as the pages show them: what is open, what is over, how each was told, and where they are told."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pandas as pd
import streamlit as st
from sqlalchemy import Engine

from dashboard.language import listed, noted, plural, say
from dashboard.ledger import ledger_at
from dashboard.pages import PAGES
from dashboard.view import View
from dashboard.words import ago, escaped
from pipelines.alerts.channels import alert_channels, report_channel
from pipelines.alerts_command import LOCAL, send_test
from pipelines.errors import ClearToSendError, UsageError
from pipelines.ledger import alerts
from pipelines.ledger.alert_tellings import Telling, how_told, reports
from pipelines.ledger.alerts import Alert, Look
from pipelines.ledger.store import failing_in_words
from pipelines.rights import Person
from pipelines.settings import Settings, read_settings

_VIEWS = Path(__file__).parent.parent / "views"
_MOST = 200
_ON_ITS_WAY = timedelta(minutes=3)
"""A message takes no longer: one that began before, and of which nobody wrote down the end, was interrupted."""
TITLES = {
    "blocked": noted("Meta blocks the Page"),
    "warned": noted("Meta warned the Page"),
    "page_held": noted("Meta throttles the Page"),
    "webhook": noted("Webhooks do not arrive"),
    "refused": noted("Sends are refused"),
    "tokens_die": noted("Tokens are about to die"),
    "topic_dry": noted("A topic is about to run dry"),
    "approval": noted("A campaign waits for approval"),
    "rules": noted("Rules were not verified lately"),
}
_CHANNELS = {"slack": noted("Slack"), "mail": noted("Mail"), "report": noted("Report")}
_TRIED = "_alerts_tried"
_COLUMNS = (noted("Seen by"), noted("Told"))  # what stands above columns of the history


@dataclass(frozen=True, slots=True)
class Board:
    """All there is to show. `look` is None where nobody ever looked; `told` is by alert, `reports` the last one."""

    look: Look | None
    open: list[Alert]
    over: list[Alert]
    told: Mapping[int, list[Telling]]
    reports: list[Telling]


def alerts_line(view: View) -> None:
    """Say in the sidebar how many alerts are open, as a link to them; nothing when none is, or nobody can tell."""
    count = 0
    with suppress(ClearToSendError):  # the page Alerts says what is wrong with the ledger
        if (ledger := _ledger(view.home)) is not None:
            with failing_in_words(ledger), ledger.connect() as connection:
                count = alerts.count_open(connection)
    if count:
        words = plural("1 alert", "{count} alerts", count)
        st.page_link(_VIEWS / "alerts.py", label=words, icon=":material/notifications_active:")


def board(home: Path, by: Person) -> Board:
    """Return what is open and what is over, and how it was told. Raises Refused, LedgerUnreachable, UsageError."""
    by.must("see", "see alerts")
    ledger = _ledger(home)
    if ledger is None:
        return Board(None, [], [], {}, [])
    with failing_in_words(ledger), ledger.connect() as connection:
        now, over = alerts.open_alerts(connection), alerts.history(connection, _MOST)
        told = how_told(connection, [each.alert_id for each in (*now, *over)])
        now.sort(key=lambda each: list(TITLES).index(each.kind))  # stable: the newest of a kind stay first
        return Board(alerts.last_look(connection), now, over, told, reports(connection, 1))


def mark(home: Path, alert_id: int, by: Person, now: datetime) -> None:
    """Mark an alert as seen; it stays until what it is about has ended. Raises Refused, LedgerUnreachable."""
    by.must("pause", "mark an alert as seen")
    alerts.mark_seen(ledger_at(home), alert_id, by.name, now)


def try_channels(home: Path, by: Person, now: datetime, address: str) -> None:
    """Send a test message to each channel; `tried` says what came of it. Raises Refused, UsageError.

    `address` is any of the app's own, by which whoever looks reached it.
    """
    parts = urlsplit(address)
    base = f"{parts.scheme}://{parts.netloc}" if parts.netloc else LOCAL
    st.session_state[_TRIED] = send_test(read_settings(home), by, now, base)


def tried() -> list[str]:
    """Say what came of the test message that was sent last from here; nothing without one."""
    return [
        say("{channel}: {words}", channel=say(_CHANNELS[each["channel"]]), words=escaped(each["words"]))
        for each in st.session_state.get(_TRIED, [])
    ]


def choose_page(page_id: str) -> None:
    """Choose the Page that a view is to look at; '' leaves it as it is."""
    if page_id:
        st.session_state["page"] = page_id


def answer(shown: Board, now: datetime) -> str:
    """Answer "Does anything want somebody now?"."""
    if shown.look is None:
        return say("Nobody has looked yet: the app looks every minute while it runs.")
    looked = say("All was looked at {when}.", when=ago(shown.look.checked_at, now))
    if not shown.open:
        return say("**No.** {looked}", looked=looked)
    unseen = sum(each.seen_by is None for each in shown.open)
    wants = plural("**Yes: 1 alert is open**", "**Yes: {count} alerts are open**", len(shown.open))
    if not unseen:
        return say("{wants}, and somebody has seen each. {looked}", wants=wants, looked=looked)
    new = plural("1 that nobody has seen", "{count} that nobody has seen", unseen)
    return say("{wants}, among them {new}. {looked}", wants=wants, new=new, looked=looked)


def where_of(alert: Alert) -> tuple[Path, str, dict[str, str]] | None:
    """Return what an alert leads to: the view's file, the Page to choose, and the rest of the address's parameters.

    None if this version has no such view.
    """
    parts = urlsplit(alert.path)
    file = {"": PAGES[0].file, **{entry.address: entry.file for entry in PAGES}}.get(parts.path.strip("/"))
    query = dict(parse_qsl(parts.query))
    return (_VIEWS / f"{file}.py", query.pop("page", ""), query) if file else None


def told_words(shown: Board, alert: Alert, now: datetime, channels: Collection[str]) -> str:
    """Say in plain words how an alert was told, channel by channel; `channels` are those that are set now."""
    known = {each.channel: each for each in shown.told.get(alert.alert_id, [])}
    parts = []
    for name in [*known, *(each for each in channels if each not in known)]:
        telling = known.get(name)
        how = say("not told yet") if telling is None else how_it_went(telling, now)
        parts.append(say("{channel}: {how}", channel=say(_CHANNELS[name]), how=how))
    return " · ".join(parts)


def seen_words(alert: Alert, now: datetime) -> str:
    """Say who has seen an alert, and when."""
    return say("Seen by {name}, {when}", name=escaped(alert.seen_by or ""), when=ago(alert.seen_at or now, now))


def how_it_went(telling: Telling, now: datetime) -> str:
    """Say in a few plain words what came of a message."""
    when, why = ago(telling.ended_at or telling.begun_at, now), telling.words
    if telling.outcome == "delivered":
        return say("told {when}", when=when)
    if telling.outcome == "failed":
        tries = plural("1 try failed", "{count} tries failed", telling.attempt)
        more = say("it is tried again") if telling.next_at() else say("nobody tries again")
        return say("{tries}, {more}. {why}", tries=tries, more=more, why=why)
    if telling.outcome == "refused":
        return say("refused {when}. {why}", when=when, why=why)
    if telling.outcome == "skipped":
        return say("left out. {why}", why=why)
    if telling.outcome is None and now - telling.begun_at < _ON_ITS_WAY:
        return say("on its way")
    return say("may or may not have gone out {when}; it is not repeated. {why}", when=when, why=why).strip()


def over_frame(shown: Board, now: datetime) -> pd.DataFrame:
    """Return what is over: kind, what_it_is, since, until, seen_by, told."""
    rows = [
        (say(TITLES[each.kind]), each.says, each.raised_at, each.cleared_at, each.seen_by or "",
         told_words(shown, each, now, ()))
        for each in shown.over
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["kind", "what_it_is", "since", "until", "seen_by", "told"])
    return frame.astype({"since": "datetime64[us]", "until": "datetime64[us]"})


def channels_of(settings: Settings) -> list[str]:
    """Name the channels on which alerts are told; none where they are set by half."""
    try:
        return [each.name for each in alert_channels(settings)]
    except UsageError:
        return []


def ways_out(settings: Settings, shown: Board, now: datetime) -> list[str]:
    """Say where alerts and the report go, hosts only; or what is wrong with how that is set."""
    try:
        channels, report = alert_channels(settings), report_channel(settings)
    except UsageError as error:
        return [escaped(str(error))]
    lines = [
        say("**{channel}**: {where}", channel=say(_CHANNELS[each.name]), where=escaped(each.where)) for each in channels
    ]
    if not lines:
        lines.append(say("Nowhere yet: set slack_webhook, or mail_to and the table [mail], in settings.toml."))
    if report is not None:
        lines.append(_report_line(settings, report.where, shown, now))
    return lines


def watched(settings: Settings) -> str:
    """List what is watched, and from when on it is an alert."""
    of = settings.alerts
    days = plural("1 day", "{count} days", of.tokens_die_days)
    least = plural("1 token", "{count} tokens", of.tokens_die)
    rows = {
        "blocked": say("Until Meta lets the Page send again."),
        "warned": say("For {days} after it.", days=plural("1 day", "{count} days", of.warning_days)),
        "page_held": say("It may not be called for an hour or longer."),
        "webhook": say("As on the page Data health: nothing comes when events usually come."),
        "refused": say("It stopped by itself, or {percent} % of its answers are refusals.", percent=of.refused_percent),
        "tokens_die": say("{tokens} of a topic end within {days}.", tokens=least, days=days),
        "topic_dry": say("It lasts less than {days}.", days=plural("1 day", "{count} days", of.dry_days)),
        "approval": say("For longer than {hours}.", hours=plural("1 hour", "{count} hours", of.approval_hours)),
        "rules": say("For more than {days}.", days=plural("1 day", "{count} days", of.rule_days)),
    }
    return "\n".join(say("- **{title}**: {when}", title=say(title), when=rows[kind]) for kind, title in TITLES.items())


def _report_line(settings: Settings, where: str, shown: Board, now: datetime) -> str:
    report = settings.report
    often = say("every day") if report.every == "daily" else say("every {weekday}", weekday=say(_DAYS[report.weekday]))
    line = say(
        "**Report** of the Overview: {often} at {time} ({zone}), {where}", often=often, time=f"{report.at:%H:%M}",
        zone=escaped(report.zone), where=escaped(where),
    )  # fmt: skip
    last = [escaped(how_it_went(each, now)) for each in shown.reports]
    return listed([line, say("the last one: {how}", how=last[0])]) if last else line


def _ledger(home: Path) -> Engine | None:
    """Return the home's ledger; None where there is none: a page makes none."""
    has_ledger = bool(read_settings(home).ledger_url) or (home / "ledger.sqlite").exists()
    return ledger_at(home) if has_ledger else None


_DAYS = {
    "monday": noted("Monday"),
    "tuesday": noted("Tuesday"),
    "wednesday": noted("Wednesday"),
    "thursday": noted("Thursday"),
    "friday": noted("Friday"),
    "saturday": noted("Saturday"),
    "sunday": noted("Sunday"),
}
