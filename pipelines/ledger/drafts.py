"""Drafts: campaigns as they are typed. The last who saves one wins; the audit chain begins where one is submitted."""

import json
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from pipelines.errors import Refused
from pipelines.ledger.schema import campaigns
from pipelines.ledger.schema_drafts import campaign_drafts

_OF_A_NEW_ONE = re.compile(r"[0-9a-f]{8}")


class DraftGone(Refused):
    """There is no such draft any more. `campaign_id` is the campaign that it became, or was to change; '' for none."""

    def __init__(self, draft_id: str, campaign_id: str) -> None:
        super().__init__(
            f"The draft {draft_id} is gone: it was submitted, or somebody discarded it. "
            + (f"Look at the campaign {campaign_id}." if campaign_id else "Look into the list of campaigns and drafts.")
        )
        self.campaign_id = campaign_id


@dataclass(frozen=True, slots=True)
class Draft:
    """One draft. `campaign_id` is the campaign whose place it is to take; None for a new one. Times are naive UTC."""

    draft_id: str
    campaign_id: str | None
    form: dict[str, Any]
    created_by: str
    saved_by: str
    saved_at: datetime


_COLUMNS = [campaign_drafts.c[name] for name in Draft.__dataclass_fields__]


def begin(ledger: Engine, form: dict[str, Any], by: str, now: datetime) -> str:
    """Keep a new draft, and return its id."""
    draft_id = secrets.token_hex(4)
    with ledger.begin() as connection:
        _insert(connection, Draft(draft_id, None, form, by, by, now))
    return draft_id


def reopen(ledger: Engine, campaign_id: str, form: dict[str, Any], by: str, now: datetime) -> str:
    """Return the id of the draft that is to change a campaign: the one that there is, or else one with this form."""
    with suppress(IntegrityError), ledger.begin() as connection:  # there is one: of two who come at once, both get it
        _insert(connection, Draft(campaign_id, campaign_id, form, by, by, now))
    return campaign_id


def save(ledger: Engine, draft_id: str, form: dict[str, Any], by: str, now: datetime) -> None:
    """Put another form into a draft. Raises DraftGone."""
    values = {"form": _text(form), "saved_by": by, "saved_at": now}
    with ledger.begin() as connection:
        if not connection.execute(update(campaign_drafts).where(_is(draft_id)).values(values)).rowcount:
            raise gone(connection, draft_id)


def get(ledger: Engine, draft_id: str) -> Draft:
    """Return one draft. Raises DraftGone."""
    with ledger.connect() as connection:
        found = _find(connection, draft_id)
        if found is None:
            raise gone(connection, draft_id)
    return found


def every(ledger: Engine) -> list[Draft]:
    """Return all drafts, the last saved first."""
    query = select(*_COLUMNS).order_by(campaign_drafts.c.saved_at.desc(), campaign_drafts.c.draft_id)
    with ledger.connect() as connection:
        return [_draft(row) for row in connection.execute(query)]


def discard(ledger: Engine, draft_id: str) -> None:
    """Throw a draft away, if it is still there."""
    with ledger.begin() as connection:
        connection.execute(delete(campaign_drafts).where(_is(draft_id)))


def take(connection: Connection, draft_id: str) -> None:
    """Take a draft out in the caller's transaction, in which it becomes a campaign: only one can. Raises DraftGone."""
    if not connection.execute(delete(campaign_drafts).where(_is(draft_id))).rowcount:
        raise gone(connection, draft_id)


def gone(connection: Connection, draft_id: str) -> DraftGone:
    """Return the error for a draft that is not there, with what it became: a campaign whose id ends with its own."""
    is_its = campaigns.c.campaign_id == draft_id
    if _OF_A_NEW_ONE.fullmatch(draft_id):
        is_its |= campaigns.c.campaign_id.endswith(f"-{draft_id}")
    found = connection.execute(select(campaigns.c.campaign_id).where(is_its)).scalar()
    return DraftGone(draft_id, found or "")


def _insert(connection: Connection, draft: Draft) -> None:
    values = {name: getattr(draft, name) for name in Draft.__dataclass_fields__}
    connection.execute(insert(campaign_drafts).values(values | {"form": _text(draft.form)}))


def _find(connection: Connection, draft_id: str) -> Draft | None:
    row = connection.execute(select(*_COLUMNS).where(_is(draft_id))).first()
    return _draft(row) if row else None


def _draft(row: Row[Any]) -> Draft:
    values = row._asdict()
    return Draft(**values | {"form": json.loads(values["form"])})


def _is(draft_id: str) -> ColumnElement[bool]:
    return campaign_drafts.c.draft_id == draft_id


def _text(form: dict[str, Any]) -> str:
    return json.dumps(form, ensure_ascii=False)
