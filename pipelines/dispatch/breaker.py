"""Stops a campaign when the answers it gets say that to go on would do harm.

Every broadcast has refusals. Too many of them mean that the audience, the message or a lane is not what was believed,
and each further call uses up people, tokens and the Page's standing. The numbers are our own: Meta names none.
"""

from collections import deque

from pipelines.dispatch.outcomes import Outcome

WINDOW = 50
"""So many of the last answers are looked at: some seconds of sending."""

AT_LEAST = 20
"""Fewer answers prove nothing: three refusals among ten are chance."""

REFUSED_SHARE = 0.3
"""This share of refusals trips. A healthy list has a few in a hundred people who cannot be reached."""

LOST_IN_A_ROW = 20
"""So many messages in a row of which nobody knows whether they went out: each needs an echo or a person to settle it,
so an outage must not turn a whole audience into such messages. Chance alone does not do that."""


class Breaker:
    """Hears every outcome of a campaign on its Page; a new one is made when a person lets it go on."""

    def __init__(self, same_in_a_row: int) -> None:
        """Trip on so many tokens turned down in a row for the same reason (the rule otn.stop_after_errors).

        Then it is the lane that does not work, not the tokens, and every further one would be written off for nothing.
        """
        self._same_in_a_row = same_in_a_row
        self._was_refused: deque[bool] = deque(maxlen=WINDOW)
        self._token_reason = ""
        self._same_tokens = 0
        self._lost = 0
        self._last_refusal = ""
        self._why: str | None = None

    @property
    def why(self) -> str | None:
        """Why sending must stop, as a sentence; None while it may go on. It stays, once said."""
        return self._why

    def hear(self, outcome: Outcome, lane: str) -> str | None:
        """Take in one outcome, and return `why`. What is to be tried again is no verdict and counts nowhere."""
        if outcome.action != "retry":
            self._count(outcome, lane)
            self._why = self._why or self._reason_to_stop(outcome)
        return self._why

    def _count(self, outcome: Outcome, lane: str) -> None:
        if outcome.action == "settle":
            self._lost += 1
            return
        self._lost = 0
        is_refusal = outcome.action.startswith("give_up")
        self._was_refused.append(is_refusal)
        if is_refusal:
            self._last_refusal = f"{outcome.reason}: {outcome.words}"
        if outcome.action == "give_up_token":
            is_same = outcome.reason == self._token_reason
            self._same_tokens = self._same_tokens + 1 if is_same else 1
            self._token_reason = outcome.reason
        elif lane == "otn" and outcome.action == "accepted":  # only a token that worked shows that tokens work
            self._same_tokens = 0

    def _reason_to_stop(self, outcome: Outcome) -> str | None:
        if outcome.action.startswith("halt"):
            return outcome.words
        if self._same_tokens >= self._same_in_a_row:
            return (
                f"{self._same_tokens} tokens in a row were turned down with {self._last_refusal} "
                "One-time notifications do not seem to work for this Page. Try one by hand before more are spent."
            )
        refused, heard = sum(self._was_refused), len(self._was_refused)
        if heard >= AT_LEAST and refused >= REFUSED_SHARE * heard:
            return (
                f"{refused} of the last {heard} messages were refused, the last of them with {self._last_refusal} "
                "Look at the audience and the message before more goes out."
            )
        if self._lost >= LOST_IN_A_ROW:
            return (
                f"{self._lost} messages in a row got no answer that says whether they went out. "
                "Check the connection to the Graph API, and settle them before more goes out."
            )
        return None
