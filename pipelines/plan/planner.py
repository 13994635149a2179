"""Audience + message + moment → a lane for each person, or why none: set-based, in DuckDB."""

import json
import secrets
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import file_digest
from itertools import accumulate
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import Engine

from pipelines.errors import PolicyUnknown, Refused
from pipelines.ledger.sends import live_sends
from pipelines.plan.campaign import Campaign
from pipelines.plan.people import batches_of_lines, names_of
from pipelines.plan.quiet import known_zones
from pipelines.policy import Policy
from pipelines.rulebook import FOREVER
from pipelines.statements import statements
from pipelines.warehouse import lent

_SQL = statements(Path(__file__).with_name("audience.sql")) | statements(Path(__file__).with_name("planner.sql"))
_LONG_AGO = datetime(1970, 1, 1)  # noqa: DTZ001  naive UTC, as all times of the warehouse
_LEDGER_COLUMNS = ("psid", "token_key", "topic", "lane", "state", "state_at", "mid")
_CSV_COLUMNS = ("line", "psid", "tags", "fields")
_BATCH = 100_000
"""Lines of a CSV in memory at once."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What a plan says in numbers. Each list holds the columns of its statement in planner.sql."""

    audience: int
    lanes: list[dict[str, Any]]
    topics: list[dict[str, Any]]
    variants: list[dict[str, Any]]
    left_out: list[dict[str, Any]]
    zones: list[dict[str, Any]]
    zones_guessed: int
    strangers: int

    @property
    def people(self) -> int:
        """How many are sent to."""
        return sum(each["people"] for each in self.lanes)

    @property
    def tokens(self) -> int:
        """How many one-time tokens that spends."""
        return sum(each["tokens"] for each in self.lanes)


def plan(
    cursor: duckdb.DuckDBPyConnection,
    ledger: Engine,
    policy: Policy,
    campaign_id: str,
    campaign: Campaign,
    lanes: Collection[str],
    at: datetime,
) -> Counts:
    """
    Choose for everyone as of `at` (naive UTC); `lanes` are those that the content may use.

    Leaves the rows in the cursor's temporary table `plan_rows`. Raises Refused when a CSV is not what it was.
    """
    _check_files(campaign)
    given = _parameters(policy, campaign_id, campaign, lanes, at)
    for name in _steps(campaign):
        if name == "ledger":
            _bring_ledger(cursor, ledger, campaign, given)
        elif name == "lines":
            _bring_lines(cursor, name, campaign.audience.people_csv, names_of(campaign))
        elif name == "excluded_by_file":
            _bring_lines(cursor, name, campaign.audience.exclude_csv, ())
        else:
            _run(cursor, name, given)
    _run(cursor, "rows", given)
    audience, guessed = _rows(cursor, "totals", given)[0]
    tables = {name: _dicts(cursor, name, given) for name in ("lanes", "topics", "variants", "left_out", "zones")}
    return Counts(audience, zones_guessed=guessed, strangers=_rows(cursor, "strangers", given)[0][0], **tables)


def freeze(cursor: duckdb.DuckDBPyConnection, folder: Path) -> str:
    """Write the plan's rows into `folder`, in a file named by its own sha256, which is returned."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = folder / f"{secrets.token_hex(8)}.draft"
    cursor.execute(_SQL["freeze"], {"file": str(draft)})
    with draft.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    draft.chmod(0o600)
    draft.replace(folder / f"{digest}.parquet")
    return digest


def changes(cursor: duckdb.DuckDBPyConnection, frozen: Path) -> list[dict[str, Any]]:
    """Say how the cursor's plan differs from a frozen one: rows of was, is_, people. Raises Refused."""
    if not frozen.exists():
        raise Refused(f"The frozen plan {frozen} is gone. Check the campaign again.")
    return _dicts(cursor, "changes", {"file": str(frozen)})


def batches(cursor: duckdb.DuckDBPyConnection, page_id: str, size: int) -> Iterator[list[tuple[Any, ...]]]:
    """Give the rows of those who are sent to, as `ledger.sends.RESERVED` names them, some at a time."""
    cursor.execute(_SQL["reserve"], {"page_id": page_id})
    while batch := cursor.fetchmany(size):
        yield batch


def distinct_values(cursor: duckdb.DuckDBPyConnection, limit: int) -> list[dict[str, str]]:
    """Return what texts are filled with, the most common sets of values first."""
    return [json.loads(fields) for (fields,) in _rows(cursor, "values", {"limit": limit})]


def enforcement(
    cursor: duckdb.DuckDBPyConnection, page_id: str, at: datetime
) -> tuple[str, str | None, datetime] | None:
    """Return the last thing that Meta did to the Page: (action, reason, when); None where it did nothing."""
    found = _rows(cursor, "enforcement", {"page_id": page_id, "at": at})
    return found[0] if found else None


def _steps(campaign: Campaign) -> list[str]:
    """Name the statements to run, in order: what nobody asks for is not looked up."""
    audience = campaign.audience
    return [
        "no_people",
        *(["lines"] if audience.people_csv else []),
        "people",
        "excluded",
        *(["excluded_by_file"] if audience.exclude_csv else []),
        "no_ledger",
        "ledger",
        "choices",
        "open_windows",
        "last_seen" if audience.last_seen_within or audience.not_seen_within else "nobody_seen",
        "messaged" if audience.not_messaged_within or campaign.cap else "nobody_messaged",
        "cooling",
        "zones_told" if campaign.quiet_hours else "nobody_has_a_zone",
        "topics_held" if audience.topics or audience.exclude_topics else "no_topics_held",
        "kinds_held" if audience.token_kinds else "no_kinds_held",
        "audience",
    ]


def _parameters(
    policy: Policy, campaign_id: str, campaign: Campaign, lanes: Collection[str], at: datetime
) -> dict[str, Any]:
    audience, cap = campaign.audience, campaign.cap
    lately, cap_since = _before(at, audience.not_messaged_within), _before(at, cap.within if cap else None)
    free = [lane for lane in lanes if lane == "utility" or lane.startswith("tag:")]
    return {
        "campaign_id": campaign_id, "page_id": campaign.page_id, "at": at, "topic": campaign.topic,
        "lanes": [lane for lane in lanes if lane not in free], "free_lane": free[0] if free else "",
        "free_until": _ends(policy, free[0], at) if free else None,
        "topics": list(audience.topics), "exclude_topics": list(audience.exclude_topics),
        "token_kinds": list(audience.token_kinds), "window": audience.window, "tags": list(audience.tags),
        "by_csv": bool(audience.people_csv), "exclude_psids": list(audience.exclude_psids),
        "seen_since": _before(at, audience.last_seen_within), "not_seen_since": _before(at, audience.not_seen_within),
        "not_messaged_since": lately or FOREVER, "since": min(lately or at, cap_since or at),
        "cap_since": cap_since or FOREVER, "cap": cap.messages if cap else None,
        "window_hours": int(policy.rule("window.standard.hours", at).value), "holdout": campaign.holdout,
        "variants": [variant.name for variant in campaign.variants],
        "variant_ends": list(accumulate(variant.share for variant in campaign.variants[:-1])),
        "demanded": [list(campaign.demanded_names(variant.name)) for variant in campaign.variants],
        "zone": campaign.quiet_hours.zone if campaign.quiet_hours else None,
        "known_zones": sorted(known_zones()) if campaign.quiet_hours else [],
        **_marketing(policy, at),
    }  # fmt: skip


def _marketing(policy: Policy, at: datetime) -> dict[str, Any]:
    """What the free marketing lane is bound to: given since then, a token is free in these regions only."""
    try:
        closing = policy.rule("lane.marketing.open", at)
        hours = int(policy.rule("frequency.marketing.hours", at).value)
    except PolicyUnknown:
        return {"paid_since": FOREVER, "free_regions": [], "marketing_hours": 0}
    regions = [region for region in closing.applies.get("except_regions", ()) if region != "unknown"]
    paid_since = closing.from_at if closing.value is False else FOREVER
    return {"paid_since": paid_since, "free_regions": regions, "marketing_hours": hours}


def _ends(policy: Policy, lane: str, at: datetime) -> datetime | None:
    """Return when the lane of a tag or template closes, by what is known now; None where no end is known."""
    rule_id = "lane.utility.open" if lane == "utility" else f"tag.{lane.removeprefix('tag:').lower()}"
    closed = [rule.from_at for rule in policy.histories.get(rule_id, ()) if rule.value in ("block", False)]
    return min((moment for moment in closed if moment > at), default=None)


def _before(at: datetime, span: timedelta | None) -> datetime | None:
    return None if span is None else at - min(span, at - _LONG_AGO)


def _bring_ledger(
    cursor: duckdb.DuckDBPyConnection, ledger: Engine, campaign: Campaign, given: Mapping[str, Any]
) -> None:
    """Lay the ledger's live sends of the Page beside the warehouse."""
    since = min(given["since"], given["at"] - timedelta(hours=given["marketing_hours"]))
    with ledger.connect() as connection:
        rows = live_sends(connection, campaign.page_id, since)
    if rows:
        with lent(cursor, "ledger_sends", _LEDGER_COLUMNS, rows):
            cursor.execute(_SQL["ledger"])


def _bring_lines(cursor: duckdb.DuckDBPyConnection, statement: str, path: str, names: tuple[str, ...]) -> None:
    """Run a statement on the lines of a CSV, laid beside the warehouse."""
    for batch in batches_of_lines(path, names, _BATCH):
        with lent(cursor, "csv_lines", _CSV_COLUMNS, batch):
            cursor.execute(_SQL[statement])


def _check_files(campaign: Campaign) -> None:
    audience = campaign.audience
    for path, digest in (
        (audience.people_csv, audience.people_sha256),
        (audience.exclude_csv, audience.exclude_sha256),
    ):
        if not path:
            continue
        try:
            with Path(path).open("rb") as file:
                is_same = file_digest(file, "sha256").hexdigest() == digest
        except OSError as error:
            raise Refused(f"{path} cannot be read ({error.strerror}). Put it back, or edit the campaign.") from None
        if not is_same:
            raise Refused(
                f"{path} is not what it was when the campaign was written, so its audience is another one. "
                "Take the file over with `clear-to-send campaign edit`, or put the old one back."
            )


def _run(cursor: duckdb.DuckDBPyConnection, name: str, given: Mapping[str, Any]) -> None:
    (statement,) = cursor.extract_statements(_SQL[name])
    cursor.execute(statement, {key: given[key] for key in statement.named_parameters})


def _rows(cursor: duckdb.DuckDBPyConnection, name: str, given: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    _run(cursor, name, given)
    return cursor.fetchall()


def _dicts(cursor: duckdb.DuckDBPyConnection, name: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = _rows(cursor, name, given)
    return [dict(zip([column[0] for column in cursor.description or ()], row, strict=True)) for row in rows]
