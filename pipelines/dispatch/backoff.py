"""How long a send that may be tried again waits for it: exponential, with full jitter.

Libraries for retries, such as stamina and tenacity, do not fit here: they wait inside the process that failed. This
wait must outlive a crash, so it is only computed here, and kept as `not_before` in the send's row of the ledger.
A throttled Page is another matter: its Pace closes, and a send that met the throttle has used up no attempt.
"""

MAX_ATTEMPTS = 12
"""Calls for one send. The eleven waits between them come to at most a quarter of an hour and a few minutes, half of
that on average: a hiccup of the platform is over by then, and an outage needs a person, who should know."""


def wait(attempt: int, draw: float, *, base_s: float = 1.0, cap_s: float = 300.0) -> float:
    """Return the seconds to wait after the attempt with that number, counted from 1; `draw` is random, in [0, 1).

    Full jitter: anything between nothing and the doubled wait, so that a thousand sends that failed together do not
    come back together.
    """
    doublings = min(max(attempt, 1) - 1, 64)  # a power beyond that is above every cap, and might overflow
    return draw * min(cap_s, base_s * 2.0**doublings)
