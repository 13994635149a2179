"""What goes wrong on purpose, and how often; and how often people do what they do. Rates are read and checked here."""

import hashlib
from collections.abc import Iterable, Mapping
from random import Random

from pipelines.errors import UsageError
from pipelines.sandbox import errors
from pipelines.sandbox.errors import GraphError

FAULTS = {
    "latency": "seconds before each answer",
    "drop_before": "the connection ends, and nothing was accepted",
    "drop_after": "the connection ends after the message was accepted",
    "garbled": "1/1357046 although the message was accepted",
    "server_error": "HTTP 503 that is not JSON, and nothing was accepted",
    "transient": "code 2, is_transient",
    "throttle": "613, 80006 or 4",
    "token_expired": "190/463",
    "page_restricted": "10/1893063",
    "blocked": "551/1545041, always for the same people",
    "duplicate_webhooks": "a webhook comes twice",
    "reorder_webhooks": "a webhook comes late",
    "lose_webhooks": "a webhook does not come",
    "usage": "percent of the limit that the usage headers show at least",
    "regain": "minutes that a throttled answer tells to wait",
}
HABITS = {
    "delivers": 0.98,
    "reads": 0.6,
    "reacts": 0.02,
    "replies": 0.05,
    "opts_in": 0.5,
    "stops": 0.01,
    "blocks": 0.002,
}
"""What people do with a message, and how many of them: `opts_in` answers a request, `stops` a marketing message."""

AMOUNTS = {"latency", "usage", "regain"}  # these are no rates

_THROTTLES = (errors.RATE_LIMIT, errors.MESSENGER_LIMIT, errors.APP_LIMIT)


def read_rates(option: str, entries: Iterable[str], known: Mapping[str, object]) -> dict[str, float]:
    """Read NAME=RATE entries of an option. Raises UsageError, which lists the names."""
    rates: dict[str, float] = {}
    for entry in entries:
        name, _, rate = entry.partition("=")
        rates |= check_rates(option, {name.strip(): rate}, known)
    return rates


def check_rates(option: str, rates: Mapping[str, object], known: Mapping[str, object]) -> dict[str, float]:
    """Return rates as numbers. Raises UsageError for a name that is not known and for a rate out of its bounds."""
    checked = {}
    for name, rate in rates.items():
        if name not in known:
            raise UsageError(f"{option} {name}: is not known. There are: {', '.join(known)}.")
        try:
            number = float(rate) if isinstance(rate, str | int | float) else -1.0
        except ValueError:
            number = -1.0
        if not (0 <= number < float("inf") if name in AMOUNTS else 0 <= number <= 1):
            wanted = "a number from 0 on" if name in AMOUNTS else "a rate from 0 to 1"
            raise UsageError(
                f"{option} {name}={rate}: give {wanted}, as in {name}={'2' if name in AMOUNTS else '0.1'}."
            )
        checked[name] = number
    return checked


class Faults:
    """Draws, call by call, what goes wrong."""

    def __init__(self, rates: Mapping[str, float], seed: int) -> None:
        self.rates = dict(rates)
        self._seed = seed
        self._random = Random(seed)
        self._throttled = 0

    def amount(self, name: str) -> float:
        """Return the seconds, percent or minutes that are set; 0 if none are."""
        return self.rates.get(name, 0)

    def strikes(self, name: str) -> bool:
        """Whether a fault happens this time."""
        rate = self.rates.get(name, 0)
        return rate > 0 and self._random.random() < rate

    def refuse(self, psid: str) -> None:
        """Raise the GraphError of a fault that keeps a message to this person from being accepted, if one happens."""
        if not self.rates:
            return
        if self.strikes("transient"):
            raise GraphError(errors.TRANSIENT, "Service temporarily unavailable")
        if self.strikes("throttle"):
            self._throttled += 1
            kind = _THROTTLES[self._throttled % len(_THROTTLES)]
            raise GraphError(kind, "Calls to this api have exceeded the rate limit.")
        if self.strikes("token_expired"):
            raise GraphError(errors.TOKEN_EXPIRED, "Error validating access token: Session has expired.")
        if self.strikes("page_restricted"):
            raise GraphError(errors.PAGE_RESTRICTED, "The Page is temporarily restricted from sending messages.")
        if draws(self._seed, "blocked", psid)[0] < self.rates.get("blocked", 0):
            raise GraphError(errors.NOT_AVAILABLE, "This person isn't available right now.")


def draws(seed: int, *names: str) -> list[float]:
    """Return eight even draws from [0, 1), always the same for the same names."""
    digest = hashlib.blake2b("\0".join((str(seed), *names)).encode()).digest()
    return [int.from_bytes(digest[place : place + 8]) / 2**64 for place in range(0, 64, 8)]
