"""Whether Meta still reaches us: what the receivers count, what Meta says, and silence where events usually come."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import duckdb

from pipelines.ledger.subscriptions import Subscription
from pipelines.policy import Policy
from pipelines.statements import statements

Severity = Literal["well", "note", "warn", "alarm"]
_ORDER: tuple[Severity, ...] = ("well", "note", "warn", "alarm")
_SQL = statements(Path(__file__).with_suffix(".sql"))
_USUAL_WEEKS = 3
_STOPPED_AFTER = timedelta(minutes=2)
"""A receiver writes its counts every few seconds: one that did not for so long has ended, however it did."""
_SURE = 5
"""So many events usual and none there: that comes about by chance less than once in a hundred times."""
_AGAIN = "Subscribe the Page again: `clear-to-send doctor` writes the call out."


@dataclass(frozen=True, slots=True)
class Receiver:
    """What one receiver, running or not, last wrote of itself. Times are naive UTC."""

    name: str
    started_at: datetime
    written_at: datetime
    totals: Mapping[str, int]
    pages: Mapping[str, tuple[int, datetime]]
    """Page → (accepted, when the last of them came)."""
    failing_since: datetime | None
    last_failure: str

    def is_running(self, now: datetime) -> bool:
        """Whether it wrote lately."""
        return now - self.written_at <= _STOPPED_AFTER

    def count(self, kind: str) -> int:
        """Return how many requests ended in that way since its start."""
        return self.totals.get(kind, 0)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A Page in the warehouse: the hour of its last event, and the silent hours since in which events usually come."""

    page_id: str
    last_hour: datetime
    usual: tuple[tuple[datetime, float], ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know: what it is, and what to do about it."""

    severity: Severity
    says: str
    to_do: str


@dataclass(frozen=True, slots=True)
class PageHealth:
    """One Page. `accepted` counts since the receivers' start; `subscription` is None where nobody looked."""

    page_id: str
    last_delivery_at: datetime | None
    silent_minutes: int | None
    accepted: int
    subscription: Subscription | None
    findings: tuple[Finding, ...]

    @property
    def severity(self) -> Severity:
        """The worst of what was found."""
        return worst(self.findings)


@dataclass(frozen=True, slots=True)
class WebhookHealth:
    """All of it: `findings` about the receivers, which all Pages share, and each Page; the worst comes first."""

    receivers: tuple[Receiver, ...]
    """Those that run, or all where none does; none: this home never received a webhook."""
    findings: tuple[Finding, ...]
    pages: tuple[PageHealth, ...]

    @property
    def severity(self) -> Severity:
        """The worst of what was found."""
        return worst([*self.findings, *(found for page in self.pages for found in page.findings)])


def worst(findings: Collection[Finding]) -> Severity:
    """Return the highest severity among findings; well without any."""
    return max((found.severity for found in findings), key=_ORDER.index, default="well")


def read_receivers(home: Path) -> list[Receiver]:
    """Return what each receiver of a home last wrote; a file that cannot be read is passed over."""
    found = []
    for path in sorted((home / "receive").glob("*.json")):
        try:
            found.append(_receiver(json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return found


def rhythms(cursor: duckdb.DuckDBPyConnection, now: datetime) -> list[Rhythm]:
    """Return each Page's last event, and its silence against its habit."""
    rows = cursor.execute(_SQL["rhythms"], {"now": now, "usual_weeks": _USUAL_WEEKS}).fetchall()
    return [Rhythm(page_id, last, tuple(zip(hours, counts, strict=True))) for page_id, last, hours, counts in rows]


def known_pages(cursor: duckdb.DuckDBPyConnection) -> list[str]:
    """Return every Page that the warehouse knows."""
    return [str(page_id) for (page_id,) in cursor.execute(_SQL["pages"]).fetchall()]


def webhook_health(
    receivers: Sequence[Receiver],
    subscriptions: Sequence[Subscription],
    habits: Sequence[Rhythm],
    policy: Policy,
    now: datetime,
) -> WebhookHealth:
    """Judge what is known at a moment. Raises PolicyUnknown."""
    needed = policy.rule("webhook.fields.needed", now).value
    by_page = {each.page_id: each for each in subscriptions}
    by_habit = {each.page_id: each for each in habits}
    heard = {page_id for receiver in receivers for page_id in receiver.pages}
    pages = [
        _page(page_id, receivers, by_page.get(page_id), by_habit.get(page_id), needed, now)
        for page_id in sorted({*by_page, *by_habit, *heard})
    ]
    pages.sort(key=lambda page: -_ORDER.index(page.severity))
    shared = sorted(_shared(receivers, policy, now), key=lambda found: -_ORDER.index(found.severity))
    running = tuple(each for each in receivers if each.is_running(now))
    return WebhookHealth(running or tuple(receivers), tuple(shared), tuple(pages))


def span(passed: timedelta) -> str:
    """Return a stretch of time in words: "1 minute", "95 minutes", "3 hours", "12 days"."""
    minutes = max(int(passed.total_seconds() // 60), 0)
    for least, unit, size in ((2880, "day", 1440), (120, "hour", 60)):
        if minutes >= least:
            return f"{minutes // size:,} {unit}s"
    return f"{minutes:,} minute{'' if minutes == 1 else 's'}"


def _shared(receivers: Sequence[Receiver], policy: Policy, now: datetime) -> list[Finding]:
    """Judge the receivers."""
    alert = timedelta(minutes=policy.rule("webhook.alert.minutes", now).value)
    ended = timedelta(hours=policy.rule("webhook.disabled.hours", now).value)
    running = [each for each in receivers if each.is_running(now)]
    if receivers and not running:
        return [_stopped(now - max(each.written_at for each in receivers), alert, ended)]
    found = [_failing(each, now - each.failing_since, alert, ended) for each in running if each.failing_since]
    return found + [_wrongly_signed(each, now) for each in running if each.count("bad_signature")]


def _stopped(passed: timedelta, alert: timedelta, ended: timedelta) -> Finding:
    return Finding(
        "warn" if passed < alert else "alarm",
        f"Nothing has received webhooks for {span(passed)}: what Meta delivers in the meantime fails. It alerts after "
        f"{span(alert)} of failures, and ends the subscription after {span(ended)}.",
        "Start `clear-to-send serve`, or `clear-to-send receive`."
        + (f" {_AGAIN}" if passed >= ended else " Meta tries again for a while what failed."),
    )


def _failing(receiver: Receiver, passed: timedelta, alert: timedelta, ended: timedelta) -> Finding:
    why = receiver.last_failure or "The receiver could not store what came."
    if passed >= ended:
        says = f"No delivery could be stored for {span(passed)}: after {span(ended)} Meta ends the subscription. {why}"
        return Finding("alarm", says, f"Mend that first. {_AGAIN}")
    if passed >= alert:
        left = span(ended - passed)
        says = f"No delivery could be stored for {span(passed)}. Meta ends the subscription in {left}. {why}"
        return Finding("alarm", says, "Mend that now: Meta tries again for a while what failed.")
    says = f"Deliveries have failed for {span(passed)}; after {span(alert)} Meta sends an alert. {why}"
    return Finding("warn", says, "Look at the log of the receiver, and at the disk.")


def _wrongly_signed(receiver: Receiver, now: datetime) -> Finding:
    count, accepted = receiver.count("bad_signature"), receiver.count("accepted")
    since = f"since the receiver started {span(now - receiver.started_at)} ago"
    one = count == 1
    if not accepted:
        says = f"Every delivery {since} had a wrong signature ({count:,}): a wrong app secret looks like this."
        to_do = "Copy the app secret from Meta's app dashboard into the setting app_secret, and start again."
        return Finding("alarm", says, to_do)
    says = f"{count:,} deliver{'y' if one else 'ies'} {since} had a wrong signature, and {accepted:,} a right one."
    to_do = (
        "A stranger who tries the address looks like this. So does an app secret that was changed, or of a second "
        "application: add it to other_app_secrets."
    )
    return Finding("warn" if count >= accepted else "note", says, to_do)


def _page(
    page_id: str,
    receivers: Sequence[Receiver],
    subscription: Subscription | None,
    habit: Rhythm | None,
    needed: Collection[str],
    now: datetime,
) -> PageHealth:
    """Judge one Page."""
    heard = [receiver.pages[page_id] for receiver in receivers if page_id in receiver.pages]
    last = max((at for _, at in heard), default=None)
    found = [*_subscribed(subscription, needed, now)]
    if receivers:  # a home that is loaded from files has no rhythm of its own
        refused = sum(receiver.count("bad_signature") for receiver in receivers if receiver.is_running(now))
        found += _silence(last, habit, refused, now)
    found.sort(key=lambda each: -_ORDER.index(each.severity))
    silent = None if last is None else max(int((now - last).total_seconds() // 60), 0)
    return PageHealth(page_id, last, silent, sum(count for count, _ in heard), subscription, tuple(found))


def _silence(last: datetime | None, habit: Rhythm | None, refused: int, now: datetime) -> list[Finding]:
    """Find the whole hours without anything in which events usually come, and say so if there is one."""
    if habit is None:
        return []
    # An event is of the hour of its own time: what was delivered last counts for the hour in which it came.
    since = max(habit.last_hour + timedelta(hours=1), last or habit.last_hour)
    missed = [count for hour, count in habit.usual if hour >= since]
    if not missed:
        return []
    hours = "1 whole hour" if len(missed) == 1 else f"{len(missed):,} whole hours"
    says = (
        f"Silent for {span(now - since)}, {hours} of it when events usually come (about {round(sum(missed)):,} by now)."
    )
    to_do = "Look at the subscription and at the address of the webhook in Meta's app dashboard."
    if refused:
        to_do = "Deliveries come with a wrong signature meanwhile: compare the setting app_secret with Meta's. " + to_do
    return [Finding("alarm" if sum(missed) >= _SURE else "note", says, to_do)]


def _subscribed(known: Subscription | None, needed: Collection[str], now: datetime) -> list[Finding]:
    if known is None:
        return []
    since = span(now - known.since)
    if known.is_subscribed is None:
        if known.answered_at is None or now - known.answered_at >= timedelta(hours=1):
            says = f"Nobody knows whether the Page is still subscribed: {known.says}"
            return [Finding("warn", says, "Mend that: it is asked again by itself, and by `clear-to-send doctor`.")]
        return []
    if not known.is_subscribed:
        return [Finding("alarm", f"Not subscribed for {since}: Meta delivers nothing of this Page.", _AGAIN)]
    if missing := sorted(set(needed) - set(known.fields)):
        says = f"Subscribed, but not to {', '.join(missing)}: these never arrive."
        return [Finding("warn", says, "Add them: `clear-to-send doctor` writes the call out.")]
    return []


def _receiver(told: Mapping[str, Any]) -> Receiver:
    failure = told["last_failure"]
    return Receiver(
        str(told["name"]),
        _moment(told["started_at"]),
        _moment(told["written_at"]),
        {str(kind): int(count) for kind, count in told["totals"].items()},
        {str(page_id): (int(page["accepted"]), _moment(page["last_at"])) for page_id, page in told["pages"].items()},
        None if told["failing_since"] is None else _moment(told["failing_since"]),
        "" if failure is None else str(failure["says"]),
    )


def _moment(written: str) -> datetime:
    moment = datetime.fromisoformat(written)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
