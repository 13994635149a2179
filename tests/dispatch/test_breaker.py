"""When a Page's answers stop it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.dispatch.breaker import AT_LEAST, LOST_IN_A_ROW, Breaker
from pipelines.dispatch.outcomes import ACTIONS, Outcome

SAME_IN_A_ROW = 5


def outcome(action: str, reason: str = "") -> Outcome:
    """Return an outcome of that action."""
    return Outcome(action, "message", reason or action, "Something happened.")


TAKEN, GONE = outcome("accepted"), outcome("give_up_person", "551")
DEAD, OTHER = outcome("give_up_token", "10/2018278"), outcome("give_up_token", "100")


def heard(outcomes: list[Outcome], lane: str = "otn") -> str | None:
    """Return why a breaker that heard all of them stops."""
    breaker = Breaker(SAME_IN_A_ROW)
    for each in outcomes:
        breaker.hear(each, lane)
    return breaker.why


@pytest.mark.parametrize("action", ["halt_campaign", "halt_page"])
def test_a_halt_stops_at_once(action: str) -> None:
    """One is enough, and its words are the reason."""
    assert heard([outcome(action)]) == "Something happened."


def test_a_few_refusals_among_many_stop_nothing() -> None:
    """A list has people who cannot be reached."""
    assert heard(([GONE] * 2 + [TAKEN] * 8) * 20) is None


@pytest.mark.parametrize("refusal", [GONE, outcome("give_up_message", "100/2018008")])
def test_three_in_ten_refused_stop_once_there_are_enough(refusal: Outcome) -> None:
    """Whoever's the refusals are; the sentence says how many and the last reason."""
    answers = [refusal] * 6 + [TAKEN] * (AT_LEAST - 6)

    assert heard(answers[:-1]) is None
    assert (why := heard(answers)) is not None
    assert why.startswith(f"6 of the last {AT_LEAST} messages were refused, the last of them with {refusal.reason}:")


def test_old_answers_are_forgotten() -> None:
    """A long good time does not hide what is wrong now."""
    assert heard([TAKEN] * 5000 + [GONE] * 15) is not None
    assert heard([TAKEN] * 5000 + [GONE] * 14) is None


def test_tokens_that_fail_alike_stop_early() -> None:
    """Five in a row for one reason, with what says nothing of tokens between them."""
    between = [outcome("retry"), GONE, outcome("settle")]
    answers = [each for _ in range(SAME_IN_A_ROW) for each in (DEAD, *between)][: -len(between)]

    assert heard(answers[:-1]) is None
    assert (why := heard(answers)) is not None
    assert "5 tokens in a row were turned down with 10/2018278: Something happened. One-time" in why


def test_a_token_that_worked_begins_the_count_again() -> None:
    """So does another reason; an accepted message of another lane does not."""
    assert heard([DEAD] * 4 + [TAKEN] + [DEAD] * 4) is None
    assert heard([DEAD] * 4 + [OTHER] + [DEAD] * 4) is None
    breaker = Breaker(SAME_IN_A_ROW)
    for _ in range(SAME_IN_A_ROW):
        breaker.hear(TAKEN, "standard_window")
        breaker.hear(DEAD, "otn")
    assert breaker.why is not None


def test_an_outage_does_not_leave_a_whole_audience_unsettled() -> None:
    """Answers that are lost one after the other stop the Page; one that came begins the count again."""
    lost = [outcome("settle")] * LOST_IN_A_ROW

    assert heard([*lost[1:], TAKEN, *lost[1:]]) is None
    assert (why := heard(lost)) is not None
    assert "no answer" in why


def test_what_is_tried_again_is_no_verdict() -> None:
    """However often."""
    assert heard([outcome("retry")] * 1000) is None


@given(st.lists(st.sampled_from([*ACTIONS, "accepted"]), max_size=120))
def test_a_breaker_stays_open_and_gives_one_reason(actions: list[str]) -> None:
    """Once it has said why, it says the same until a person makes a new one."""
    breaker = Breaker(SAME_IN_A_ROW)
    said = [breaker.hear(outcome(action), "otn") for action in actions]
    reasons = [why for why in said if why is not None]

    assert len(set(reasons)) <= 1
    assert said == [None] * (len(said) - len(reasons)) + reasons
