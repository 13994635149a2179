"""One person in the ledger: what is on its way to them, and how they leave it so that every count stays."""

import json
import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, String, Table, Text, func, select, update

from pipelines.ledger import schema_alerts, schema_drafts  # noqa: F401  their texts are looked through too
from pipelines.ledger.schema import audit_entries, campaigns, metadata, plans, sends
from pipelines.ledger.schema_app import app_users, deletion_requests, tombstone_key, tombstones

_WHY = "erased"
_WORDS = "The person is to be forgotten."
_OF_THEIR_OWN: tuple[Table, ...] = (audit_entries, sends, deletion_requests, app_users, tombstones, tombstone_key)
"""Tables whose texts are not looked through: the trail never changes, and the others are changed by name."""


def pages_of(connection: Connection, psid: str) -> list[str]:
    """Return the Pages from which something went, or is to go, to a person."""
    query = select(sends.c.page_id).distinct().where(sends.c.psid == psid).order_by(sends.c.page_id)
    return list(connection.execute(query).scalars())


def pages(connection: Connection) -> list[str]:
    """Return the Pages that have campaigns."""
    return list(connection.execute(select(campaigns.c.page_id).distinct()).scalars())


def campaigns_of(connection: Connection, psid: str, pages: Collection[str]) -> list[str]:
    """Return the campaigns that have a send to a person."""
    query = select(sends.c.campaign_id).distinct().where(sends.c.psid == psid, sends.c.page_id.in_(pages))
    return list(connection.execute(query.order_by(sends.c.campaign_id)).scalars())


def count_sends(connection: Connection, psid: str, pages: Collection[str]) -> int:
    """Count the sends to a person, in whatever state."""
    query = select(func.count()).select_from(sends).where(sends.c.psid == psid, sends.c.page_id.in_(pages))
    return int(connection.execute(query).scalar_one())


def cancel(connection: Connection, psid: str, pages: Collection[str], now: datetime) -> int:
    """Let nothing that is queued go out to a person any more. Returns how many sends that were."""
    theirs = (sends.c.psid == psid) & sends.c.page_id.in_(pages) & (sends.c.state == "queued")
    gone = update(sends).where(theirs).values(state="cancelled", state_at=now, reason=_WHY, words=_WORDS)
    return int(connection.execute(gone).rowcount)


def unsettled(connection: Connection, psid: str, pages: Collection[str]) -> list[tuple[int, str, str]]:
    """Rows (send_id, campaign_id, state) of sends of which nobody knows yet what became of them."""
    columns = (sends.c.send_id, sends.c.campaign_id, sends.c.state)
    query = select(*columns).where(
        sends.c.psid == psid, sends.c.page_id.in_(pages), sends.c.state.in_(("queued", "sending", "unconfirmed"))
    )
    return [(send_id, campaign, state) for send_id, campaign, state in connection.execute(query)]


def pseudonym(person_hash: str) -> str:
    """Return what stands for a forgotten person from now on: it is the same everywhere, and cannot be led back."""
    return f"forgotten-{person_hash[:16]}"


def let_go(connection: Connection, psid: str, names: Mapping[str, str]) -> int:
    """Put a pseudonym, by Page, in place of a person's id, and drop what their sends say of them. Returns how many.

    Campaign, lane, variant, state and the token's hash stay: what was counted is counted, and no token is spent twice.
    """
    count = 0
    nothing = dict.fromkeys(("token", "fields", "zone", "words", "mid", "trace"))
    for page, name in names.items():
        theirs = update(sends).where(sends.c.page_id == page, sends.c.psid == psid)
        count += int(connection.execute(theirs.values(psid=name, **nothing)).rowcount)
    return count


def mask_texts(connection: Connection, psid: str, name: str) -> dict[str, list[Any]]:
    """Put a pseudonym in place of an id wherever people wrote it into a text of the ledger.

    Returns the first key of the changed rows, by table.column. The audit trail is never changed: nothing in it may name
    anybody.
    """
    changed: dict[str, list[Any]] = {}
    for table in metadata.sorted_tables:
        keys = list(table.primary_key.columns)
        for column in () if table in _OF_THEIR_OWN else table.columns:
            if isinstance(column.type, String | Text) and column not in keys:
                rows = _mask(connection, keys, column, psid, name)
                changed |= {f"{table.name}.{column.name}": rows} if rows else {}
    return changed


def _mask(connection: Connection, keys: list[Column[Any]], column: Column[Any], psid: str, name: str) -> list[Any]:
    digits = re.compile(rf"(?<![0-9]){psid}(?![0-9])")
    changed = []
    for *key, written in connection.execute(select(*keys, column).where(column.contains(psid))).all():
        masked = digits.sub(name, written)
        if masked != written:
            this = [one == value for one, value in zip(keys, key, strict=True)]
            connection.execute(update(column.table).where(*this).values({column.name: masked}))
            changed.append(key[0])
    return changed


def set_fingerprint(connection: Connection, campaign_id: str, fingerprint: str) -> None:
    """Keep the hash of a definition from which an id was taken."""
    connection.execute(update(campaigns).where(campaigns.c.campaign_id == campaign_id).values(fingerprint=fingerprint))


def replace_plan(connection: Connection, old: str, new: str) -> None:
    """Let frozen plans be known by another hash: the file was written anew, without a person who was forgotten."""
    connection.execute(update(plans).where(plans.c.plan_hash == old).values(plan_hash=new))


def definitions(connection: Connection) -> list[tuple[str, str]]:
    """Rows (campaign_id, definition) of all campaigns."""
    query = select(campaigns.c.campaign_id, campaigns.c.definition).order_by(campaigns.c.campaign_id)
    return [(campaign, text) for campaign, text in connection.execute(query)]


def plan_pages(connection: Connection) -> dict[str, str]:
    """Return the Page of each frozen plan by its hash: of checks, and of launches, which only the trail names."""
    checked = select(plans.c.plan_hash, campaigns.c.page_id).join_from(
        plans, campaigns, plans.c.campaign_id == campaigns.c.campaign_id
    )
    launched = select(audit_entries.c.detail, audit_entries.c.page_id).where(
        audit_entries.c.action == "campaign_launched"
    )
    pages = {json.loads(detail).get("plan_hash", ""): page for detail, page in connection.execute(launched)}
    return pages | {row.plan_hash: row.page_id for row in connection.execute(checked)}
