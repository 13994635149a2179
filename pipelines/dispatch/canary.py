"""The first sends of each lane go alone: the rest of a campaign waits until they were accepted."""

CANARIES = 3
"""So many of a lane must be accepted first. Ours: enough to see that it works, few enough to lose."""


class Canary:
    """What one campaign's lanes have shown so far."""

    def __init__(self, accepted: dict[str, int]) -> None:
        """`accepted` counts, by lane, what the campaign has had accepted before."""
        self._accepted = accepted
        self._on_their_way: dict[str, int] = {}

    def room(self, lane: str, wanted: int) -> int:
        """Return how many of `wanted` sends may leave now."""
        missing = CANARIES - self._accepted.get(lane, 0)
        return wanted if missing <= 0 else max(0, min(wanted, missing - self._on_their_way.get(lane, 0)))

    def leave(self, lane: str) -> None:
        """One more is on its way."""
        self._on_their_way[lane] = self._on_their_way.get(lane, 0) + 1

    def back(self, lane: str, *, is_accepted: bool) -> None:
        """One of them has come to an end."""
        self._on_their_way[lane] -= 1
        self._accepted[lane] = self._accepted.get(lane, 0) + is_accepted
