"""Looks at everything that a home needs, and says of each whether it is well and what to do if not."""

import os
import shutil
from datetime import datetime
from pathlib import Path

from pipelines import DATA
from pipelines.checks import broken_checks
from pipelines.doctor_check import Check
from pipelines.doctor_secrets import examine_secrets
from pipelines.doctor_sending import examine_sending
from pipelines.errors import ClearToSendError, SurroundingsError
from pipelines.policy import load_policy
from pipelines.settings import Settings, read_settings
from pipelines.warehouse import Warehouse

_LEAST_FREE_BYTES = 1 << 30
_VERIFIED_WITHIN_DAYS = 90


def examine(home: Path, as_of: datetime) -> list[Check]:
    """Run every check that can be run: a broken one does not hide those that do not depend on it."""
    checks = [_policy(as_of)]
    try:
        settings = read_settings(home)
    except ClearToSendError as error:
        return [*checks, Check("home", str(error), 3)]
    checks.append(Check("home", f"{settings.home} is there and its settings are valid"))
    checks.append(_disk(settings))
    checks.extend(_retention(settings))
    checks.extend(_warehouse(settings, as_of))
    checks.extend(examine_sending(settings, as_of))
    checks.extend(examine_secrets(settings))
    from pipelines.doctor_webhook import examine_webhook  # with it comes what calls the Graph API

    checks.extend(examine_webhook(settings, as_of))
    return checks


def _policy(as_of: datetime) -> Check:
    try:
        policy = load_policy(DATA / "policy")
    except ClearToSendError as error:
        return Check("policy", str(error), 3)
    stale = policy.stale(as_of, _VERIFIED_WITHIN_DAYS)
    if not stale:
        return Check(
            "policy",
            f"{len(policy.rules)} rules, each with its source, all verified within {_VERIFIED_WITHIN_DAYS} days",
        )
    oldest = min(stale, key=lambda rule: rule.verified_on)
    sources = sorted({source for rule in stale for source in rule.source})
    return Check(
        "policy",
        f"{len(stale)} of {len(policy.rules)} rules were not verified for {_VERIFIED_WITHIN_DAYS} days, "
        f"the longest {oldest.id} (since {oldest.verified_on}). Read {_some(sources)} again (their addresses are in "
        "data/policy/sources.toml), correct what has changed, and set verified_on in data/policy.",
        1,
    )


def _some(names: list[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more sources" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _retention(settings: Settings) -> list[Check]:
    if not settings.retention_days:
        return []
    from pipelines.privacy.retention import check_retention

    try:
        check_retention(settings.retention_days, load_policy(DATA / "policy"))
    except ClearToSendError as error:
        return [Check("retention", str(error), 1)]
    kinds = ", ".join(f"{kind} after {days:,} days" for kind, days in sorted(settings.retention_days.items()))
    return [Check("retention", f"erased are {kinds}")]


def _disk(settings: Settings) -> Check:
    if not os.access(settings.home, os.W_OK):
        return Check("disk", f"{settings.home} cannot be written to. Give this user the right to.", 3)
    free = shutil.disk_usage(settings.home).free
    if free < _LEAST_FREE_BYTES:
        return Check("disk", f"{free / 2**30:.1f} GiB free: a load may not finish. Make room.", 3)
    return Check("disk", f"{free / 2**30:,.0f} GiB free")


def _warehouse(settings: Settings, as_of: datetime) -> list[Check]:
    path = settings.warehouse_path
    if not path.exists():
        return [Check("warehouse", f"{path} is not there yet. Load logs: clear-to-send load PATH", 1)]
    try:
        with Warehouse.open(path) as warehouse:
            cursor = warehouse.cursor()
            broken = broken_checks(cursor)
            newest = cursor.execute("SELECT max(last_event_at), count(*) FROM sources").fetchone() or (None, 0)
    except SurroundingsError as error:
        return [Check("warehouse", str(error), 3)]
    if broken:
        return [
            Check("warehouse", f"does not add up: {'; '.join(broken)}. Move {path} away and load the logs again.", 3)
        ]
    return [
        Check("warehouse", f"{path} opens and every check on it holds"),
        _freshness(newest[0], int(newest[1]), as_of),
    ]


def _freshness(newest: datetime | None, files: int, as_of: datetime) -> Check:
    if newest is None:
        return Check("data", "no events are loaded. Load logs: clear-to-send load PATH", 1)
    hours = (as_of - newest).total_seconds() / 3600
    says = f"{files} files; the newest event is of {newest:%Y-%m-%d %H:%M} UTC"
    if hours > 24:
        return Check(
            "data",
            f"{says}, {hours / 24:,.0f} days ago. Load newer logs, or look whether the webhook still delivers.",
            1,
        )
    return Check("data", says)
