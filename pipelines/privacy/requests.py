"""Who may be asked to be forgotten, and how such a wish comes in: by hand, or by Meta with an id of its own."""

import csv
import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine

from pipelines.errors import Refused, UsageError
from pipelines.ledger import deletions, tombstones
from pipelines.ledger.deletions import OPEN
from pipelines.load.erased import person_hash

META = "Meta"
_ID = re.compile(r"[0-9]{6,64}")
_APP = "app"
"""Stands where a Page's id does in the hash of an app-scoped id: no Page is called so."""


def ask(ledger: Engine, psid: str, page_id: str | None, by: str, now: datetime, pages: Iterable[str]) -> str:
    """
    Ask that a person be forgotten, on one Page or on all; return the request's code. `pages`: the ids of Pages known.

    Who asks again before it is done gets the same code. Raises UsageError for what is no person's id.
    """
    _check(psid, page_id, pages)
    if not by.strip():
        raise UsageError("Say who does it: --as-user NAME.")
    with ledger.begin() as connection:
        for each in deletions.in_states(connection, OPEN):
            if each.psid == psid and each.page_id == page_id:
                told = {name: count for name, count in each.told().items() if name != "waits"}
                deletions.change(connection, each.code, now, counts=told)
                return each.code
        person = person_hash(tombstones.key_of(connection), page_id or "", psid)
        return deletions.ask(connection, by, now, psid=psid, page_id=page_id, person_hash=person)


def ask_by_meta(ledger: Engine, app_user_id: str, now: datetime) -> str:
    """
    Take Meta's wish for an app-scoped id, and return the code. Whom it means is known, or an admin has to say.

    Asked again, it answers with what stands already, unless somebody of that id was met again since.
    """
    with ledger.begin() as connection:
        person = person_hash(tombstones.key_of(connection), _APP, app_user_id)
        known = deletions.people_of(connection, app_user_id)
        last = deletions.last_of(connection, person)
        if last and (last.state != "erased" or not known):
            return last.code
        state: deletions.DeletionState = "asked" if known else "unknown"
        return deletions.ask(connection, META, now, state, app_user_id=app_user_id, person_hash=person)


def say_who(ledger: Engine, code: str, people: Iterable[tuple[str, str]], pages: Iterable[str], now: datetime) -> None:
    """
    Say whom a request of Meta means: rows (page_id, psid); none of them means that nobody of that id is held.

    Raises Refused where that is known already, UsageError for what is no id.
    """
    people, pages = list(people), list(pages)
    for page, psid in people:
        _check(psid, page, pages)
    with ledger.begin() as connection:
        request = deletions.find(connection, code)
        if request is None or request.state != "unknown" or request.app_user_id is None:
            raise Refused(
                "It is known already whom this request means, or there is no such request. Load the page anew."
            )
        deletions.know(connection, ((request.app_user_id, page, psid) for page, psid in people))
        deletions.change(connection, code, now, state="asked")


def read_app_users(file: Path) -> list[tuple[str, str, str]]:
    """Read a CSV of app_user_id, page_id, psid. Raises UsageError, with the line."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = csv.DictReader(opened, strict=True)
            missing = {"app_user_id", "page_id", "psid"} - set(rows.fieldnames or ())
            if missing:
                raise UsageError(
                    f"{file}: has no column {' and no column '.join(sorted(missing))}. Its first line is "
                    "app_user_id,page_id,psid."
                )
            found = [(row["app_user_id"].strip(), row["page_id"].strip(), row["psid"].strip()) for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error, AttributeError) as error:
        raise UsageError(f"{file}: cannot be read as a CSV in UTF-8 ({error}). Mend it, and do it again.") from None
    for number, row in enumerate(found, 2):
        if not all(_ID.fullmatch(each) for each in row):
            raise UsageError(f"{file}, line {number}: holds what is no id. Ids have digits only, 6 or more.")
    return found


def know_app_users(ledger: Engine, rows: Iterable[tuple[str, str, str]], now: datetime) -> int:
    """Keep whom app-scoped ids mean, and let those go on that waited for it. Returns how many were kept."""
    rows = list(rows)
    with ledger.begin() as connection:
        count = deletions.know(connection, rows)
        _wake(connection, {user for user, *_ in rows}, now)
    return count


def _wake(connection: Connection, users: set[str], now: datetime) -> None:
    for each in deletions.in_states(connection, ["unknown"]):
        if each.app_user_id in users:
            deletions.change(connection, each.code, now, state="asked")


def _check(psid: str, page_id: str | None, pages: Iterable[str]) -> None:
    if not _ID.fullmatch(psid):
        raise UsageError(f"{psid} is no page-scoped id; those have digits only, 6 or more.")
    if psid == page_id or psid in set(pages):
        raise UsageError(f"{psid} is a Page, not a person.")
    if page_id is not None and not _ID.fullmatch(page_id):
        raise UsageError(f"{page_id} is no Page's id; those have digits only.")
