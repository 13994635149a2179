"""Whatever people, dispatchers and crashes do in whatever order, the ledger spends no token twice and loses no send.

Several campaigns of one Page compete for few people and few tokens. Beside the ledger runs a model of a few lines that
says what each step may do and what it changes; after each step the two must agree, and the laws must hold.
"""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine

from pipelines.ledger import approvals, campaigns, queue, sends
from pipelines.ledger.moves import CAMPAIGN_MOVES, SendState
from pipelines.ledger.queue import Result
from tests.ledger.broadcasts import AUTHOR, OTHER, check, draft, row
from tests.ledger.ledger_laws import Seen, assert_chain_is_whole
from tests.ledger.ledger_model import CAMPAIGNS, LedgerModel

PEOPLE = ["24", "25", "26", "27"]
TOKENS = st.sampled_from(
    [(f"t{number}", "otn") for number in range(6)] + [(f"m{number}", "marketing") for number in range(3)] + [(None, "")]
)
SOME_TOKENS = st.lists(TOKENS, min_size=1, max_size=3)
WHO = st.sampled_from([AUTHOR, OTHER])
WHICH = st.sampled_from([0, 1, 0, 1, *range(2, CAMPAIGNS)])  # two are out from the beginning: more befalls them
A_SEND = st.integers(0, 11)
SENDS = st.frozensets(A_SEND, min_size=1, max_size=6)
A_LAUNCH = precondition(lambda self: self.sends)
MINUTES = st.sampled_from([None, 5, 30, 60])
ANSWERS: list[SendState] = ["accepted", "refused", "queued", "failed", "unconfirmed"]


class LedgerMachine(LedgerModel):
    """What people and dispatchers do."""

    @initialize(first=SOME_TOKENS, second=SOME_TOKENS, minutes=MINUTES)
    def begin(self, first: list[tuple[str | None, str]], second: list[tuple[str | None, str]], minutes: int) -> None:
        """Two campaigns are out already, where they do not want the same; the others are drafts."""
        self.launch(0, first, minutes, slowly=False)
        self.the_ledger_agrees_and_is_lawful()
        self.launch(1, second, None, slowly=False)

    # --- what people do

    @rule(number=WHICH, by=WHO)
    def edit(self, number: int, by: str) -> None:
        """The editor is the author from then on."""
        which = self.named(number)
        new = draft(page=self.page)
        written = lambda: campaigns.edit(self.ledger, which, new, by, self.now)  # noqa: E731
        if self.attempt(written, which, "draft", allowed=which not in self.launched):
            self.authors[which] = by

    @rule(number=WHICH, verdict=st.sampled_from(["pass", "warn", "block"]))
    def check(self, number: int, verdict: approvals.Verdict) -> None:
        """A plan is frozen."""
        which = self.named(number)
        if self.attempt(lambda: check(self.ledger, which, verdict, at=self.now), which, "checked"):
            self.verdicts[which] = verdict

    @precondition(lambda self: self.verdicts)
    @rule(number=WHICH, by=WHO, reason=st.sampled_from(["", " ", "It is a restock notice."]))
    def approve(self, number: int, by: str, reason: str) -> None:
        """By another, not blocked, and with a reason where there are warnings."""
        which = self.named(number)
        campaign, plan = campaigns.get(self.ledger, which), approvals.plan_of(self.ledger, which)
        if plan is None:
            return
        good = self.verdicts[which] == "pass" or (self.verdicts[which] == "warn" and bool(reason.strip()))
        self.attempt(
            lambda: approvals.approve(self.ledger, campaign, plan, by, self.now, reason),
            which, "approved", allowed=good and by != self.authors[which],
        )  # fmt: skip

    @rule(number=WHICH, tokens=SOME_TOKENS, minutes=MINUTES, slowly=st.booleans())
    def launch(self, number: int, tokens: list[tuple[str | None, str]], minutes: int | None, slowly: bool) -> None:
        """All is reserved, or nothing: no token twice, no person twice."""
        which = self.named(number)
        if not slowly and (self.states[which], "checked") in CAMPAIGN_MOVES:
            self.check(number, "pass")
            self.approve(number, OTHER if self.authors[which] == AUTHOR else AUTHOR, "")
        until = None if minutes is None else self.now + timedelta(minutes=minutes)
        people = (PEOPLE * 2)[number : number + len(tokens)]
        rows = [row(psid, token, lane, until) for psid, (token, lane) in zip(people, tokens, strict=True)]
        wanted = [(each[1], each[4]) for each in rows if each[4]]
        held = [each.holds for each in self.sends.values() if each.holds]
        free = len({*wanted, *held}) == len(wanted) + len(held)
        campaign = campaigns.get(self.ledger, which)
        if self.attempt(
            lambda: sends.launch(self.ledger, campaign, [rows[:2], rows[2:]], AUTHOR, self.now, {}),
            which, "sending", allowed=free and not self.stopped and self.states[which] == "approved",
        ):  # fmt: skip
            self.reserved += len(rows)
            self.launched.add(which)

    @rule(number=WHICH, to=st.sampled_from(["paused", "sending"]))
    def turn(self, number: int, to: Any) -> None:
        """Pause, resume."""
        which = self.named(number)
        self.attempt(
            lambda: campaigns.change(self.ledger, which, to, AUTHOR, self.now, "so be it", f"campaign_{to}"),
            which, to, allowed=to != "sending" or (self.states[which] == "paused" and not self.stopped),
        )  # fmt: skip

    @rule(number=WHICH)
    def cancel(self, number: int) -> None:
        """What is queued goes with it."""
        which = self.named(number)
        campaign = campaigns.get(self.ledger, which)
        if self.attempt(lambda: sends.cancel(self.ledger, campaign, OTHER, self.now, "no"), which, "cancelled"):
            queued = (each for each in self.sends.values() if (each.campaign_id, each.state) == (which, "queued"))
            self.expect(queued, "cancelled")

    @rule(number=WHICH)
    def park(self, number: int) -> None:
        """Too late: what is queued never goes."""
        which = self.named(number)
        campaign = campaigns.get(self.ledger, which)
        if self.attempt(lambda: sends.park(self.ledger, campaign, OTHER, self.now, "late"), which, "parked"):
            queued = (each for each in self.sends.values() if (each.campaign_id, each.state) == (which, "queued"))
            self.expect(queued, "cancelled")

    @rule(on=st.sampled_from([True, False, False]))
    def stop_or_release_all(self, on: bool) -> None:
        """Everything that sends is paused; after the release nothing starts by itself."""
        self.stopped = on
        if not on:
            campaigns.release_all(self.ledger, OTHER, self.now, "over")
            return
        paused = campaigns.stop_all(self.ledger, OTHER, self.now, "stop")
        sending = {which for which, state in self.states.items() if state == "sending"}
        assert {which for which in paused if which.startswith(f"{self.page}-")} == sending
        self.states |= dict.fromkeys(sending, "paused")

    @A_LAUNCH
    @rule(places=SENDS, arrived=st.booleans(), each_one=st.booleans())
    def settle(self, places: frozenset[int], arrived: bool, each_one: bool) -> None:
        """A person knows, of these or of all that a campaign has."""
        picked = self.picked(places)
        which, named = picked[0].campaign_id, [] if each_one else [each.send_id for each in picked]
        lost = [each for each in self.sends.values() if (each.campaign_id, each.state) == (which, "unconfirmed")]
        is_over = self.states[which] in ("cancelled", "parked")
        settled = self.expect(
            (each for each in lost if not named or each.send_id in named),
            "accepted" if arrived else "cancelled" if is_over else "queued",
        )
        if is_over:  # what came back to the queue before goes too
            came = (each for each in self.sends.values() if (each.campaign_id, each.state) == (which, "queued"))
            self.expect(came, "cancelled")
        campaign = campaigns.get(self.ledger, which)
        told: dict[str, Any] = {"arrived": arrived, "by": OTHER, "now": self.now, "why": "seen in the inbox"}
        assert sends.settle(self.ledger, campaign, named, **told) == len(settled)

    # --- what the dispatcher does, or a second one that does not know of the first

    @A_LAUNCH
    @rule(place=A_SEND, limit=st.integers(1, 3), first=st.none() | st.integers(0, len(ANSWERS) - 1))
    def go_out(self, place: int, limit: int, first: int | None) -> None:
        """What is due goes out, and its answers come at once, or later."""
        (of,) = self.picked([place])
        which, lane = of.campaign_id, of.lane
        due = [each for each in self.sends.values() if (each.campaign_id, each.lane) == (which, lane)]
        due = [each for each in due if each.state == "queued" and self.is_time(each)]
        with self.ledger.begin() as connection:
            found = queue.due(connection, which, lane, self.now, quiet=(), limit=limit)
            assert [each.send_id for each in found] == [each.send_id for each in due[:limit]]
            started = queue.start(connection, [each.send_id for each in found], self.now)
        assert started == self.expect(filter(self.may_go, due[:limit]), "sending")
        if first is not None:
            self.the_ledger_agrees_and_is_lawful()
            self.answered([self.sends[send_id] for send_id in sorted(started)], first)

    @A_LAUNCH
    @rule(places=SENDS, again=st.booleans())
    def start(self, places: frozenset[int], again: bool) -> None:
        """A list that is out of date starts only what may still go; unconfirmed ones again only by one-time token."""
        picked = self.picked(places)
        ready = [each for each in picked if each.state == ("unconfirmed" if again else "queued") and self.may_go(each)]
        with self.ledger.begin() as connection:
            act = queue.start_again if again else queue.start
            started = act(connection, [each.send_id for each in picked], self.now)
        assert started == self.expect((each for each in ready if not again or each.lane == "otn"), "sending")

    @A_LAUNCH
    @rule(places=SENDS, first=st.integers(0, len(ANSWERS) - 1))
    def record(self, places: frozenset[int], first: int) -> None:
        """Answers come for any sends, also for those that nobody waits for."""
        self.answered(self.picked(places), first)

    def answered(self, asked: list[Seen], first: int) -> None:
        """Different answers for several: they count for what is on its way; a yes also for what was lost."""
        results = []
        for place, each in enumerate(asked, start=first):
            answer = ANSWERS[place % len(ANSWERS)]
            if each.state == "sending" or (each.state, answer) == ("unconfirmed", "accepted"):
                self.expect([each], answer)
            later = self.now + timedelta(minutes=5) if answer == "queued" else None
            result = Result(each.send_id, answer, self.now, mid="m_1", not_before=later, attempts=each.attempts)
            results.append(result)
        with self.ledger.begin() as connection:
            queue.record(connection, results)

    @A_LAUNCH
    @rule()
    def crash(self) -> None:
        """The dispatcher is killed; the next one knows nothing of what was on its way."""
        lost = self.expect((each for each in self.sends.values() if each.state == "sending"), "unconfirmed")
        with self.ledger.begin() as connection:
            assert queue.orphaned(connection, self.page, self.now) == len(lost)

    @A_LAUNCH
    @rule(places=SENDS)
    def echo(self, places: frozenset[int]) -> None:
        """Meta says that it went out."""
        picked = self.picked(places)
        known = self.expect((each for each in picked if each.state in ("queued", "unconfirmed")), "accepted")
        with self.ledger.begin() as connection:
            echoes = {each.send_id: ("m_2", self.now) for each in picked}
            assert queue.echoed(connection, echoes) == len(known)

    @A_LAUNCH
    @rule(place=A_SEND, minutes=st.sampled_from([5, 30, 60]), over=st.sampled_from([False, False, True]))
    def time_passes(self, place: int, minutes: int, over: bool) -> None:
        """What is queued lapses with its permission, or with its campaign's last moment."""
        which = self.picked([place])[0].campaign_id
        self.now += timedelta(minutes=minutes)
        queued = [each for each in self.sends.values() if each.state == "queued"]
        queued = [each for each in queued if each.campaign_id == which]
        late = [each for each in queued if over or not self.is_permitted(each)]
        gone = self.expect(late, "failed")
        with self.ledger.begin() as connection:
            lapsed = queue.lapse(connection, which, self.now, self.now if over else None)
        assert lapsed == len(gone)

    @A_LAUNCH
    @rule(place=A_SEND)
    def tidy_up(self, place: int) -> None:
        """What came back to a cancelled campaign is dropped; one that waits for nothing is done."""
        which = self.picked([place])[0].campaign_id
        back = [each for each in self.sends.values() if each.state == "queued"]
        gone = self.expect((each for each in back if self.states[each.campaign_id] == "cancelled"), "cancelled")
        with self.ledger.begin() as connection:
            assert queue.drop_cancelled(connection, self.page, self.now) == len(gone)
            waiting = queue.open_count(connection, which)
        if self.states[which] == "sending" and not waiting:
            campaigns.change(self.ledger, which, "done", AUTHOR, self.now, "nothing is left", "campaign_done")
            self.states[which] = "done"


def test_no_order_of_steps_breaks_the_ledger(ledger: Engine) -> None:
    """One ledger for all runs: each has a Page, people and tokens of its own."""
    examples = 8 if ledger.dialect.name == "sqlite" else 4
    run_state_machine_as_test(
        lambda: LedgerMachine(ledger),  # type: ignore[arg-type]
        settings=settings(max_examples=examples, stateful_step_count=80, suppress_health_check=[HealthCheck.too_slow]),
    )
    with ledger.connect() as connection:
        assert_chain_is_whole(connection)
