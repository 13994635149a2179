"""How close a Page is to losing its right to send: a score, and what it is made of."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a Page did in a stretch of time: messages sent, those with findings by severity, and Meta's own acts.

    `unreviewed` counts messages with a blocking finding on which no reviewer has decided.
    """

    messages: int
    blocking: int
    warned: int
    unreviewed: int
    warnings_by_meta: int
    blocks_by_meta: int
    is_blocked: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the score: `points` of at most `most`, and the sentence that says why."""

    name: str
    points: int
    most: int
    why: str


def risk_parts(exposure: Exposure) -> list[Part]:
    """Return the parts of the score, which add up to 0 (nothing known against the Page) to 100 (blocked).

    Meta publishes no threshold; the weights are ours, and each part is full long before anybody could call it normal:
    5 % of messages that break a rule, 20 % with a warning, one block or three warnings by Meta.
    """
    broken, warned = _share(exposure.blocking, exposure.messages), _share(exposure.warned, exposure.messages)
    by_meta = 40 if exposure.blocks_by_meta else min(40, 15 * exposure.warnings_by_meta)
    state = "The Page is blocked now." if exposure.is_blocked else "The Page may send."
    return [
        Part(
            "Meta's own warnings and blocks",
            by_meta,
            40,
            f"It warned {_times(exposure.warnings_by_meta)} and blocked {_times(exposure.blocks_by_meta)}. {state}",
        ),
        Part(
            "Messages that break a rule",
            round(30 * min(1.0, broken / 0.05)),
            30,
            f"{exposure.blocking:,} of {exposure.messages:,} messages.",
        ),
        Part(
            "Messages with a warning",
            round(15 * min(1.0, warned / 0.20)),
            15,
            f"{exposure.warned:,} of {exposure.messages:,} messages.",
        ),
        Part(
            "Broken rules that nobody has reviewed",
            round(15 * _share(exposure.unreviewed, exposure.blocking)),
            15,
            f"{exposure.unreviewed:,} of {exposure.blocking:,} messages.",
        ),
    ]


def risk_score(parts: list[Part]) -> int:
    """Add up the parts: 0 to 100."""
    return sum(part.points for part in parts)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")
