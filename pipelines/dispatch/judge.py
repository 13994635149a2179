"""What an outcome means for its send: the row that the ledger gets."""

import random
from datetime import datetime, timedelta
from functools import partial

from pipelines.dispatch.backoff import MAX_ATTEMPTS, wait
from pipelines.dispatch.outcomes import Outcome
from pipelines.ledger.queue import Queued, Result
from pipelines.ledger.sends import DEAD

_INVALID = 100
"""Meta's code for a token it cannot use; with a subcode it speaks of something else, such as a picture (S08)."""


def result_of(send: Queued, outcome: Outcome, now: datetime) -> Result:
    """Return what to write down of a first try, or of one more."""
    calls = send.attempts + 1
    told = partial(
        Result, send.send_id, state_at=now, reason=outcome.reason, words=outcome.words, trace=outcome.fbtrace_id,
        attempts=calls,
    )  # fmt: skip
    if outcome.action == "accepted":
        return Result(send.send_id, "accepted", now, mid=outcome.message_id, attempts=calls)
    if outcome.action == "settle":
        return told(state="unconfirmed")
    if outcome.is_throttle or outcome.action.startswith("halt"):
        # Not this send's fault: the Page's brake, or a person, holds it back, and no try is held against it.
        return told(state="queued", attempts=send.attempts)
    if outcome.action == "retry" and calls < MAX_ATTEMPTS:
        return told(state="queued", not_before=_later(outcome, calls, now))
    if _is_dead(outcome):
        return told(state="refused", reason=f"{DEAD}{outcome.reason}")
    return told(state="failed" if outcome.action == "retry" else "refused")


def result_again(send: Queued, outcome: Outcome, now: datetime) -> Result:
    """
    Return what to write down of a one-time token that was tried again because its first answer was lost.

    It cannot reach the person twice: Meta ends a token with the message that it carries (platform_facts 1.3, S02b). So
    acceptance means that the first try had not arrived, and a token that is no longer valid means that it had. Anything
    else proves nothing.
    """
    calls = send.attempts + 1
    told = partial(Result, send.send_id, state_at=now, trace=outcome.fbtrace_id, attempts=calls)
    if outcome.action == "accepted":
        return told(state="accepted", mid=outcome.message_id, settled_by="token")
    if _is_dead(outcome):
        words = "Its token had been used by the try whose answer was lost."
        return told(state="accepted", reason=outcome.reason, words=words, settled_by="token")
    later = _later(outcome, calls, now)
    return told(state="unconfirmed", reason=outcome.reason, words=outcome.words, not_before=later)


def _is_dead(outcome: Outcome) -> bool:
    """Say whether it is the token that Meta cannot use, and nothing else."""
    return outcome.action == "give_up_token" and (outcome.code, outcome.subcode) == (_INVALID, None)


def _later(outcome: Outcome, calls: int, now: datetime) -> datetime:
    return now + timedelta(seconds=max(outcome.wait_s or 0, wait(calls, random.random())))
