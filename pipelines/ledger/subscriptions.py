"""What Meta says of the application's subscription to each Page, and since when."""

from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, Engine, insert, select, update

from pipelines.ledger.chain import append
from pipelines.ledger.schema_app import page_subscriptions


@dataclass(frozen=True, slots=True)
class Look:
    """How one look at a Page's subscription ended; `is_subscribed` is None, and no fields known, where nobody answered.

    `says` is a sentence for users, without secrets.
    """

    page_id: str
    is_subscribed: bool | None
    fields: tuple[str, ...]
    says: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """What is known of a Page's subscription. Times are naive UTC.

    `since`: every look from then on has ended the same way. `fields` are those of the last answer, which came at
    `answered_at`: None if none ever did.
    """

    page_id: str
    checked_at: datetime
    is_subscribed: bool | None
    fields: tuple[str, ...]
    says: str
    since: datetime
    answered_at: datetime | None


_NAMES = [field.name for field in fields(Subscription)]
_COLUMNS = [page_subscriptions.c[name] for name in _NAMES]


def every(ledger: Engine) -> list[Subscription]:
    """Return what is known of each Page that was looked at, by Page."""
    query = select(*_COLUMNS).order_by(page_subscriptions.c.page_id)
    with ledger.connect() as connection:
        return [_read(row) for row in connection.execute(query)]


def record(connection: Connection, look: Look, now: datetime) -> bool:
    """Write down how a look ended, and in the trail if Meta's answer is another than its last; return whether it is."""
    mine = page_subscriptions.c.page_id == look.page_id
    row = connection.execute(select(*_COLUMNS).where(mine)).first()
    before = _read(row) if row else None
    has_answer = look.is_subscribed is not None
    is_new = has_answer and (before is None or before.answered_at is None or before.fields != look.fields)
    goes_on = before is not None and before.is_subscribed == look.is_subscribed and not is_new
    values = {
        "checked_at": now,
        "is_subscribed": look.is_subscribed,
        "fields": ",".join(look.fields if has_answer else before.fields if before else ()),
        "says": look.says,
        "since": before.since if before and goes_on else now,
        "answered_at": now if has_answer else before.answered_at if before else None,
    }
    if before:
        connection.execute(update(page_subscriptions).where(mine).values(values))
    else:
        connection.execute(insert(page_subscriptions).values(page_id=look.page_id, **values))
    if is_new:
        detail = {"is_subscribed": look.is_subscribed, "fields": look.fields, "says": look.says}
        detail["fields_before"] = before.fields if before and before.answered_at else None
        append(connection, now, "subscription check", "subscription_changed", detail, page_id=look.page_id)
    return is_new


def _read(row: tuple[object, ...]) -> Subscription:
    values = dict(zip(_NAMES, row, strict=True))
    values["fields"] = tuple(name for name in str(values["fields"]).split(",") if name)
    return Subscription(**values)  # type: ignore[arg-type]
