"""The title of a request for a token: short, plain about what will come, and without a reward for tapping."""

import re
from collections.abc import Iterable

from pipelines.lint.message import Finding
from pipelines.lint.reading import Reading
from pipelines.lint.wordlists import words

_LANE = "optin_prompt"
_WORD = re.compile(r"[^\W\d_]{2,}")
_SIGNS_IN_A_WORD = 4


def too_long(reading: Reading) -> Iterable[Finding]:
    """A title over the limit is refused."""
    limit = reading.rule("otn.title.characters") if reading.message.lane == _LANE else None
    length = len(reading.message.text)
    if limit is not None and length > limit.value:
        span = (int(limit.value), length)
        reason = f"It has {length} characters."
        yield from reading.finding("otn.title.characters", "prompt", span, reason, "Shorten it.")


def incentivised(reading: Reading) -> Iterable[Finding]:
    """A discount or gift promised for opting in. One that the person will be told about is no reward for tapping."""
    spans = reading.spans("incentive", "coupon") if reading.message.lane == _LANE else []
    if not spans or (_announces(reading) and not reading.spans("tapping")):
        return
    reason = f"{reading.quoted(spans[0])} may read as a reward for tapping."
    yield from reading.finding("otn.prompt.disallows.incentive", "prompt", spans[0], reason, "Name the topic only.")


def vague(reading: Reading) -> Iterable[Finding]:
    """A title that names no topic: a person cannot know what they will be told."""
    spans = reading.spans("vague") if reading.message.lane == _LANE else []
    if not spans:
        return
    left = list(reading.message.text)
    for start, end in reading.spans("vague", "incentive"):
        left[start:end] = " " * (end - start)
    rest = [word for word in _WORD.findall("".join(left).lower()) if word not in words("filler")]
    named = sum(len(word) >= _SIGNS_IN_A_WORD or not word.isascii() for word in rest)
    if not named:
        reason = f"{reading.quoted(spans[0])} names no topic."
        yield from reading.finding(
            "otn.prompt.disallows.vague", "prompt", spans[0], reason, "Say what the one message will be about."
        )


def _announces(reading: Reading) -> bool:
    """Whether the title promises news of something (a price drop on a named thing), not a thing for tapping."""
    return bool(reading.spans("announces")) and not reading.marked("percent", "price", "coupon")
