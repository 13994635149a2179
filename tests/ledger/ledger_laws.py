"""What must hold in a ledger at every moment, read from its rows and from nothing that the code says."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from pipelines.ledger import chain
from pipelines.ledger.chain import Entry, Head
from pipelines.ledger.moves import LIVE_SENDS, OPEN_SENDS
from pipelines.ledger.schema import audit_entries
from pipelines.ledger.schema import campaigns as campaigns_table
from pipelines.ledger.schema import sends as sends_table


@dataclass(frozen=True, slots=True)
class Seen:
    """A send as its row shows it."""

    send_id: int
    campaign_id: str
    psid: str
    lane: str
    token_key: str | None
    permission_ends_at: datetime | None
    not_before: datetime | None
    attempts: int
    state: str

    @property
    def holds(self) -> tuple[str, str] | None:
        """The token that no other send may hold now, with its lane; None where it holds none."""
        binding = LIVE_SENDS if self.lane == "otn" else OPEN_SENDS
        return (self.lane, self.token_key) if self.token_key and self.state in binding else None


def campaign_states(connection: Connection, page_id: str) -> dict[str, str]:
    """Return the state of each campaign of a Page."""
    columns = (campaigns_table.c.campaign_id, campaigns_table.c.state)
    query = select(*columns).where(campaigns_table.c.page_id == page_id)
    return {row[0]: row[1] for row in connection.execute(query)}


def seen_sends(connection: Connection, page_id: str) -> dict[int, Seen]:
    """Return the sends of a Page by their id, oldest first."""
    query = select(*(sends_table.c[name] for name in Seen.__dataclass_fields__))
    rows = connection.execute(query.where(sends_table.c.page_id == page_id).order_by(sends_table.c.send_id))
    return {row[0]: Seen(*row) for row in rows}


def assert_sends_are_lawful(
    before: dict[int, Seen], after: dict[int, Seen], campaigns: dict[str, str], said_to_have_arrived: set[int]
) -> None:
    """Check the sends of a Page, and what one step made of them."""
    held = [each.holds for each in after.values() if each.holds]
    assert len(held) == len(set(held)), "a token stands in two sends at once"
    people = Counter((each.campaign_id, each.psid) for each in after.values())
    assert not [person for person, count in people.items() if count > 1], "a person has two sends of one campaign"

    assert before.keys() <= after.keys(), "a send was lost"
    for send_id, was in before.items():
        now = after[send_id]
        assert was.state in OPEN_SENDS or now == was, "a final send changed"
        if now.state == was.state:
            continue
        assert now.state != "accepted" or send_id in said_to_have_arrived, "spent, though nobody said so"
        assert now.state != "sending" or campaigns[now.campaign_id] == "sending", "went out though it may not"
        assert now.attempts == was.attempts + (now.state == "sending"), "a call was not counted"


def assert_chain_goes_on(connection: Connection, known: Head) -> Head:
    """Check the entries after the head that was known, and return the head now."""
    query = select(*(audit_entries.c[name] for name in Entry.__dataclass_fields__))
    rows = connection.execute(query.where(audit_entries.c.entry_id > known.entries).order_by(audit_entries.c.entry_id))
    for row in rows:
        entry = Entry(*row)
        assert (entry.entry_id, entry.previous_hash) == (known.entries + 1, known.hash)
        assert entry.expected_hash() == entry.hash
        known = Head(entry.entry_id, entry.hash)
    assert chain.head(connection) == known
    return known


def assert_chain_is_whole(connection: Connection) -> None:
    """Check the chain from its first entry to its head."""
    known = Head(0, chain.GENESIS)
    for entry in chain.entries(connection):
        assert (entry.entry_id, entry.previous_hash) == (known.entries + 1, known.hash)
        assert entry.expected_hash() == entry.hash
        known = Head(entry.entry_id, entry.hash)
    assert chain.head(connection) == known
