"""What an answer means for its send: whatever is answered, the row moves as the table allows, and no token is lost."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipelines import DATA
from pipelines.dispatch.backoff import MAX_ATTEMPTS
from pipelines.dispatch.graph_api import Answer
from pipelines.dispatch.judge import result_again, result_of
from pipelines.dispatch.outcomes import ACTIONS, SCOPES, Outcome, classify, load_errors
from pipelines.dispatch.usage import Usage
from pipelines.ledger.moves import SEND_MOVES
from pipelines.ledger.queue import Queued

NOW = datetime(2026, 11, 22, 12)
ERRORS = load_errors(DATA / "errors.toml")
LANES = st.sampled_from(["otn", "standard_window", "marketing", "utility", "tag:ACCOUNT_UPDATE"])
KNOWN = sorted({(entry.code, entry.subcode) for entry in ERRORS.entries.values()}, key=str)


@st.composite
def sends(draw: st.DrawFn, state: str = "queued") -> Queued:
    """Return a send that is about to go out."""
    lane = draw(LANES)
    attempts = draw(st.integers(0, MAX_ATTEMPTS + 2))
    return Queued(1, "shoes", "1084", "24", lane, "a", "T1" if lane == "otn" else None, None, attempts, state)  # type: ignore[arg-type]


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """Return anything that may come back, or that nothing did."""
    failure = draw(st.sampled_from(["", "", "", "lost", "not_sent"]))
    if failure:
        return Answer(0, failure=failure, failure_words="No.")  # type: ignore[arg-type]
    usage = Usage(draw(st.sampled_from([0.0, 60.0, 100.0])), draw(st.sampled_from([0.0, 60.0, 3600.0])))
    if draw(st.booleans()):
        said: dict[str, str] = draw(st.sampled_from([{"message_id": "m_1"}, {}, {"recipient_id": "24"}]))
        return Answer(200, said, usage=usage)
    code, subcode = draw(st.sampled_from(KNOWN) | st.tuples(st.integers(-5, 9999), st.none() | st.integers(0, 9)))
    error = {"code": code, "error_subcode": subcode, "is_transient": draw(st.sampled_from([None, True, False]))}
    body: dict[str, Any] = draw(st.sampled_from([{"error": error}, {"error": error}, {}, {"error": "so"}]))
    return Answer(draw(st.sampled_from([302, 400, 403, 408, 429, 500, 503])), body, usage=usage)


OUTCOMES = st.builds(
    Outcome, st.sampled_from([*ACTIONS, "accepted"]), st.sampled_from(SCOPES), st.text(), st.text(),
    code=st.none() | st.sampled_from([100, 10, 2]), is_throttle=st.booleans(),
    wait_s=st.none() | st.floats(0, 1e6), message_id=st.just("m_1"),
)  # fmt: skip


@given(sends(), OUTCOMES)
def test_a_first_try_moves_as_the_table_allows(send: Queued, outcome: Outcome) -> None:
    """And what may be tried again waits, and is not tried for ever."""
    result = result_of(send, outcome, NOW)

    assert ("sending", result.state) in SEND_MOVES
    assert (result.state == "accepted") == (outcome.action == "accepted")
    assert (result.state == "unconfirmed") >= (outcome.action == "settle" and not outcome.is_throttle)
    assert result.attempts in (send.attempts, send.attempts + 1)
    if result.state == "queued" and result.attempts > send.attempts:
        assert result.attempts < MAX_ATTEMPTS
        assert result.not_before is not None
        assert result.not_before >= NOW + timedelta(seconds=outcome.wait_s or 0)


@given(sends("unconfirmed"), OUTCOMES)
def test_a_second_try_of_a_token_moves_as_the_table_allows(send: Queued, outcome: Outcome) -> None:
    """It is accepted, or nobody knows yet: no refusal gives the token back, for the first try may have used it."""
    result = result_again(send, outcome, NOW)

    assert ("sending", result.state) in SEND_MOVES
    assert result.state in ("accepted", "unconfirmed")
    assert (result.settled_by == "token") == (result.state == "accepted")
    assert result.attempts == send.attempts + 1, "so that it comes to an end"


@given(sends(), answers())
def test_only_an_accepted_message_spends_a_token(send: Queued, answer: Answer) -> None:
    """A token stays with its send while it may have gone out, and is free after any refusal."""
    result = result_of(send, classify(answer, ERRORS, send.lane), NOW)

    assert (result.state == "accepted") == (answer.status == 200 and "message_id" in answer.body)
    may_have_gone = answer.failure == "lost" or (answer.status == 200 and "message_id" not in answer.body)
    assert not may_have_gone or result.state == "unconfirmed"
    assert result.reason or result.state == "accepted"


@given(sends("unconfirmed"), answers())
def test_a_lost_answer_is_never_taken_for_a_refusal(send: Queued, answer: Answer) -> None:
    """By whatever is answered to the second try of a token: only yes, or that it was used, settles it."""
    outcome = classify(answer, ERRORS, "otn")
    result = result_again(send, outcome, NOW)

    is_used = outcome.action == "give_up_token" and (outcome.code, outcome.subcode) == (100, None)
    assert (result.state == "accepted") == (outcome.action == "accepted" or is_used)
