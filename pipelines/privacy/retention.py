"""How long each kind of event is kept, and the erasing of what is older: once a day, and at every load."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from pipelines.errors import UsageError
from pipelines.ledger import chain, tombstones
from pipelines.ledger.chain import kept_head
from pipelines.ledger.store import ledger_of
from pipelines.load.erased import NOTHING_ERASED, Erased
from pipelines.policy import Policy
from pipelines.privacy import warehouse as events
from pipelines.privacy.erasing import Clock, Counts, ErasingHome, alone
from pipelines.privacy.looked import Looked
from pipelines.privacy.segments import erase_logs
from pipelines.privacy.wanted import AllErased
from pipelines.settings import Settings

KINDS = (
    "message", "message_echo", "message_deleted", "message_edit", "reaction", "postback", "optin", "delivery", "read",
    "referral", "account_linking", "game_play", "pass_thread_control", "take_thread_control", "request_thread_control",
    "app_roles", "policy_enforcement", "unknown",
)  # fmt: skip
"""As the loader names them; besides these there are change:FIELD, one for each field of a Page that changes."""
_CHANGE = re.compile(r"change:[A-Za-z0-9_-]+")
_PROVES_TOKENS = {"optin": "say which tokens are held", "message_echo": "say which tokens were spent"}
_LONGEST_MONTH = 31


def check_retention(days: Mapping[str, int], policy: Policy) -> None:
    """Raise UsageError for a kind that is none, and for a span in which what tokens rest on would be lost."""
    for kind, span in days.items():
        if kind not in KINDS and not _CHANGE.fullmatch(kind):
            raise UsageError(
                f"retention_days: {kind} is no kind of event. Those are {', '.join(KINDS)}, and change:FIELD."
            )
        if span < 1:
            raise UsageError(f"retention_days: {kind} = {span} is no span. Write whole days, 1 or more.")
        lifetime = _longest_lifetime(policy)
        if kind in _PROVES_TOKENS and span < lifetime:
            raise UsageError(
                f"retention_days: {kind} = {span} is too short. These events {_PROVES_TOKENS[kind]}, and a token lives "
                f"up to {lifetime} days: write {lifetime} or more."
            )


def cutoffs(days: Mapping[str, int], now: datetime) -> tuple[tuple[str, datetime], ...]:
    """Return the moment before which each kind is gone: whole days, so that a day's runs all come to the same."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return tuple((kind, midnight - timedelta(days=span)) for kind, span in sorted(days.items()))


def erased_of(settings: Settings, now: datetime) -> Erased:
    """
    Return what no load of this home may bring back. Every caller of the Loader hands it on.

    A home without a ledger has forgotten nobody, and gets none by this.
    """
    before = cutoffs(settings.retention_days, now)
    if not (settings.ledger_url or (settings.home / "ledger.sqlite").exists()):
        return Erased(before=before) if before else NOTHING_ERASED
    with ledger_of(settings.home, settings.ledger_url) as ledger, ledger.connect() as connection:
        return _erased(connection, before)


def apply_retention(home: ErasingHome, clock: Clock) -> Counts:
    """
    Erase what is too old, and what came late of people who were forgotten; return how much went.

    Called once a day by whoever holds the warehouse. Raises UsageError for a setting that cannot be.
    """
    check_retention(home.settings.retention_days, home.policy)
    now = clock()
    with home.ledger.connect() as connection:
        erased = _erased(connection, cutoffs(home.settings.retention_days, now))
    if not erased:
        return {}
    with alone(home), kept_head(home.ledger, home.settings.heads_path):
        looked = Looked(home.settings.home / "erasing" / "looked.json", erased)
        gone = erase_logs(home.settings.home, home.settings.logs_path, AllErased(erased), home.journal, looked)
        kinds: dict[str, int] = {}
        if home.warehouse:
            kinds = events.erase_warehouse(home.warehouse, home.settings, home.policy, erased, home.journal, now)
        home.journal.clear()
        looked.keep()
        counts: Counts = {"events": kinds, "log_items": gone.items, "log_lines": gone.lines, "log_files": gone.files}
        if gone.files or kinds:
            told = counts | {"before": {kind: moment.isoformat() for kind, moment in erased.before}}
            with home.ledger.begin() as connection:
                chain.append(connection, clock(), "retention", "retention_applied", told)
    return counts


def _erased(connection: Connection, before: tuple[tuple[str, datetime], ...]) -> Erased:
    buried = tombstones.standing(connection)
    return Erased(tombstones.key_of(connection) if buried else "", tuple(buried), before)


def _longest_lifetime(policy: Policy) -> int:
    return max((months or 0) * _LONGEST_MONTH + (days or 0) for _, _, months, days, *_ in policy.token_lifetimes())
