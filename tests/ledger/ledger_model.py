"""What a ledger must have become: a model of a few lines that runs beside it, for `test_ledger_machine`."""

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine, invariant
from sqlalchemy import Engine

from pipelines.errors import Refused
from pipelines.ledger import approvals, campaigns, chain
from pipelines.ledger.moves import CAMPAIGN_MOVES, SendState
from tests.ledger.broadcasts import AUTHOR, NOW, draft
from tests.ledger.ledger_laws import Seen, assert_chain_goes_on, assert_sends_are_lawful, campaign_states, seen_sends

PAGES = count(1)
CAMPAIGNS = 5


class LedgerModel(RuleBasedStateMachine):
    """A few campaigns of one Page, and what must have become of them. Each run has a Page of its own."""

    def __init__(self, ledger: Engine) -> None:
        super().__init__()
        self.ledger = ledger
        self.page = f"page-{next(PAGES)}"
        self.now = NOW
        self.states: dict[str, str] = {}
        self.authors: dict[str, str] = {}
        self.verdicts: dict[str, approvals.Verdict] = {}
        self.sends: dict[int, Seen] = {}
        self.changes: dict[int, SendState] = {}
        self.launched: set[str] = set()
        self.reserved = 0
        self.arrived: set[int] = set()
        self.stopped = False
        campaigns.release_all(self.ledger, AUTHOR, self.now, "an earlier run may have stopped everything")
        with self.ledger.connect() as connection:
            self.head = chain.head(connection)
        for number in range(CAMPAIGNS):
            which = f"{self.page}-{number}"
            campaigns.create(self.ledger, which, draft(page=self.page), AUTHOR, self.now)
            self.states[which], self.authors[which] = "draft", AUTHOR

    def named(self, number: int) -> str:
        """Return the id of a campaign of this run."""
        return f"{self.page}-{number}"

    def picked(self, places: Iterable[int]) -> list[Seen]:
        """Return the sends at these places, counted round."""
        every = list(self.sends.values())
        return [every[place] for place in sorted({place % len(every) for place in places})]

    def attempt(self, act: Callable[[], Any], which: str, to: str, *, allowed: bool = True) -> bool:
        """Do what the model allows, and meet a refusal where it does not."""
        may = allowed and (self.states[which], to) in CAMPAIGN_MOVES
        try:
            act()
        except Refused:
            assert not may, "refused, though it may be"
        else:
            assert may, "done, though it may not be"
            self.states[which] = to
        return may

    def expect(self, changing: Iterable[Seen], to: SendState) -> set[int]:
        """Say what becomes of sends in this step, and return their ids."""
        changed = {each.send_id: to for each in changing}
        self.changes |= changed
        if to == "accepted":
            self.arrived |= changed.keys()
        return set(changed)

    def is_permitted(self, each: Seen) -> bool:
        """Say whether a send's permission lasts."""
        return each.permission_ends_at is None or each.permission_ends_at > self.now

    def is_time(self, each: Seen) -> bool:
        """Say whether a send's turn has come, and its permission lasts."""
        return self.is_permitted(each) and (each.not_before is None or each.not_before <= self.now)

    def may_go(self, each: Seen) -> bool:
        """Say whether a send's campaign and permission let it go out now."""
        return self.is_permitted(each) and self.states[each.campaign_id] == "sending"

    @invariant()
    def the_ledger_agrees_and_is_lawful(self) -> None:
        """The rows are what the model says, and break no law."""
        with self.ledger.connect() as connection:
            states, now = campaign_states(connection, self.page), seen_sends(connection, self.page)
            self.head = assert_chain_goes_on(connection, self.head)
        assert states == self.states
        assert not (self.stopped and "sending" in states.values())
        assert_sends_are_lawful(self.sends, now, states, self.arrived)
        expected = {each.send_id: each.state for each in self.sends.values()} | self.changes
        assert {send_id: each.state for send_id, each in now.items() if send_id in self.sends} == expected
        new = [each.state for send_id, each in now.items() if send_id not in self.sends]
        assert new == ["queued"] * self.reserved
        self.sends, self.changes, self.reserved, self.arrived = now, {}, 0, set()
