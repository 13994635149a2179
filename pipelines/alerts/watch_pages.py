"""What Meta does to Pages: warnings, blocks, throttling, and webhooks that do not come."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import duckdb
from sqlalchemy import Engine

from pipelines.ledger import alert_reads, subscriptions
from pipelines.ledger.alerts import Condition
from pipelines.policy import Policy
from pipelines.settings_alerts import Alerts
from pipelines.statements import statements
from pipelines.webhook_health import Finding, read_receivers, rhythms, webhook_health

_SQL = statements(Path(__file__).with_suffix(".sql"))
_LONG = timedelta(hours=1)
"""A Page that may not be called for longer than this wants somebody; throttling usually ends within minutes."""
_APPEAL = "Appeal in the Page's Support Inbox, and send nothing until Meta lets the Page send again."
_LOOK = "Read what Meta says in the Page's Support Inbox, and look at what went out on the days before."


def enforcement(
    cursor: duckdb.DuckDBPyConnection, limits: Alerts, policy: Policy, now: datetime
) -> Iterator[Condition]:
    """Give each Page that is blocked, or was warned lately. Raises PolicyUnknown."""
    (since,) = cursor.execute(_SQL["last_acts_since"], {"at": now}).fetchall()[0]
    acts = cursor.execute(_SQL["last_acts"], {"since": since, "at": now}).fetchall() if since else []
    for page_id, action, reason, at in acts:
        is_block = action == "block"
        if action == "unblock" or (not is_block and now - at >= timedelta(days=limits.warning_days)):
            continue
        words = policy.rule("page.enforcement.block" if is_block else "page.enforcement.warning", now).words
        yield Condition(
            "blocked" if is_block else "warned",
            f"Page {page_id}: {words} That was on {at.day} {at:%b, %H:%M} UTC ({reason or 'no reason given'}).",
            _APPEAL if is_block else _LOOK,
            f"/?{urlencode({'page': page_id})}",
            page_id,
        )


def held(ledger: Engine, now: datetime) -> Iterator[Condition]:
    """Give each Page that Meta lets nobody call for a good while."""
    with ledger.connect() as connection:
        standing = alert_reads.brakes(connection, now)
    for each in standing:
        if each.closed_until - each.set_at >= _LONG:
            until = f"{each.closed_until.day} {each.closed_until:%b, %H:%M}"
            yield Condition(
                "page_held",
                f"Page {each.page_id} may not be called until {until} UTC. {each.why}",
                "Its campaigns go on by themselves then. Start no more until they are through.",
                f"/campaigns?{urlencode({'page': each.page_id})}",
                each.page_id,
            )


def silence(
    home: Path, ledger: Engine, cursor: duckdb.DuckDBPyConnection | None, policy: Policy, now: datetime
) -> Iterator[Condition]:
    """Give what keeps webhooks from coming: of all Pages, and of each. Raises PolicyUnknown."""
    habits = [] if cursor is None else rhythms(cursor, now)
    health = webhook_health(read_receivers(home), subscriptions.every(ledger), habits, policy, now)
    for found in _alarms(health.findings):
        yield Condition("webhook", found.says, found.to_do, "/data-health")
    for page in health.pages:
        for found in _alarms(page.findings):
            path = f"/data-health?{urlencode({'page': page.page_id})}"
            yield Condition("webhook", f"Page {page.page_id}: {found.says}", found.to_do, path, page.page_id)


def _alarms(findings: tuple[Finding, ...]) -> list[Finding]:
    """Return the first alarm, if there is one: the others tell of the same silence."""
    return [each for each in findings if each.severity == "alarm"][:1]
