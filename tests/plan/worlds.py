"""Logs, a ledger and campaigns for the tests of plans. Times are naive UTC; NOW is the moment of most plans."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import md5, sha256
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import Engine

from pipelines.ledger import campaigns, queue
from pipelines.ledger.campaigns import CampaignRecord
from pipelines.ledger.queue import Result
from pipelines.ledger.store import ledger_url, open_ledger
from pipelines.plan import planner
from pipelines.plan.campaign import Campaign, Room, Variant
from pipelines.warehouse import Warehouse
from tests.conftest import NOW, Home
from tests.deliveries import PAGE, Item, delivery, write_lines
from tests.ledger import broadcasts

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SHOES = "restock:trail-shoes"
TEXT = "The trail shoes that you asked about are back in stock."
ALL_LANES = ("standard_window", "otn", "marketing")
CAMPAIGN = Campaign(
    name="Shoes are back", page_id=PAGE, purpose="promotional", variants=(Variant("A", TEXT, 1.0),),
    room=Room(1999, 80, 80, 1000), topic=SHOES, lanes=ALL_LANES,
)  # fmt: skip


def campaign(text: str = TEXT, **changed: Any) -> Campaign:
    """Return a campaign on the shoes that differs in this."""
    return replace(CAMPAIGN, **{"variants": (Variant("A", text, 1.0),)} | changed)


def key(token: str) -> str:
    """Return the key under which ledger and warehouse know a token."""
    return md5(token.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Choice:
    """What a plan says of one person."""

    lane: str | None
    reason: str | None
    variant: str | None
    token_key: str | None
    fields: str | None
    zone: str | None
    permission_ends_at: datetime | None

    @property
    def outcome(self) -> str:
        """The lane, or the reason why there is none."""
        return self.lane or self.reason or "nothing"


@dataclass(frozen=True, slots=True)
class World:
    """A home with logs, and its ledger."""

    home: Home
    ledger: Engine

    def load(self, *items: Item) -> None:
        """Load a log of these events."""
        number = len(list(self.home.folder.parent.glob("*.jsonl")))
        bodies = [delivery(each) for each in items]
        self.home.load(write_lines(self.home.folder.parent / f"{number}.jsonl", *bodies), now=NOW)

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the warehouse."""
        with Warehouse.open(self.home.folder / "warehouse.duckdb") as warehouse, warehouse.cursor() as cursor:
            yield cursor

    def counts(self, meant: Campaign, at: datetime = NOW) -> planner.Counts:
        """Plan, and return what that comes to."""
        with self.cursor() as cursor:
            return planner.plan(cursor, self.ledger, self.home.policy, "shoes", meant, meant.lanes, at)

    def plan(
        self, meant: Campaign, at: datetime = NOW, lanes: Collection[str] | None = None, name: str = "shoes"
    ) -> dict[str, Choice]:
        """Plan, and return what is chosen for each person."""
        with self.cursor() as cursor:
            used = meant.lanes if lanes is None else lanes
            planner.plan(cursor, self.ledger, self.home.policy, name, meant, used, at)
            return choices(cursor)

    def outcomes(self, meant: Campaign, at: datetime = NOW, lanes: Collection[str] | None = None) -> dict[str, str]:
        """Plan, and return each person's lane, or the reason why there is none."""
        return {psid: choice.outcome for psid, choice in self.plan(meant, at, lanes).items()}

    def reserve(self, psid: str, token: str | None, lane: str = "otn", campaign_id: str = "other") -> int:
        """Launch another campaign with one send, and return its number."""
        broadcasts.launched(self.ledger, broadcasts.row(psid, token, lane), campaign_id=campaign_id, page=PAGE)
        return broadcasts.send_ids(self.ledger, campaign_id)[0]

    def accept(self, psid: str, token: str | None, lane: str, at: datetime, campaign_id: str = "other") -> None:
        """Send it too, at that moment."""
        number = self.reserve(psid, token, lane, campaign_id)
        with self.ledger.begin() as connection:
            queue.start(connection, [number], at)
            queue.record(connection, [Result(number, "accepted", at, mid=f"m_{number}")])

    def write(self, meant: Campaign, campaign_id: str = "shoes", by: str = "ann") -> CampaignRecord:
        """Write a campaign into the ledger."""
        draft = campaigns.Draft(
            PAGE, meant.name, meant.to_json(), meant.fingerprint, meant.start_at, meant.not_after
        )  # fmt: skip
        campaigns.create(self.ledger, campaign_id, draft, by, NOW)
        return campaigns.get(self.ledger, campaign_id)


def choices(cursor: duckdb.DuckDBPyConnection) -> dict[str, Choice]:
    """Return what the cursor's plan chose, nobody twice."""
    names = ", ".join(Choice.__dataclass_fields__).replace("token_key", "replace(token_key::VARCHAR, '-', '')")
    rows = cursor.execute(f"SELECT psid, {names} FROM plan_rows").fetchall()
    found = {psid: Choice(*rest) for psid, *rest in rows}
    assert len(found) == len(rows), "somebody stands twice in the plan"
    return found


def open_world(home: Home) -> World:
    """Return a world without events."""
    home.folder.mkdir(parents=True, exist_ok=True)
    return World(home, open_ledger(ledger_url(home.folder, "")))


def people_csv(folder: Path, content: str | bytes, name: str = "people.csv") -> dict[str, Any]:
    """Write a CSV file, and return what an Audience says of it."""
    raw = content if isinstance(content, bytes) else content.encode()
    (folder / name).write_bytes(raw)
    which = "people" if name == "people.csv" else "exclude"
    return {f"{which}_csv": str(folder / name), f"{which}_sha256": sha256(raw).hexdigest()}
