"""A token is for the topic that the person agreed to hear about."""

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise

from pipelines.lint.fold import fold
from pipelines.lint.message import Finding
from pipelines.lint.reading import Reading
from pipelines.lint.wordlists import words

_LANES = ("otn", "marketing")
_STEM = 4
_WORD = re.compile(r"[^\W\d_]+")
FAR = 0.05
"""Below this likeness of meaning (cosine) a text speaks of something else; up to DOUBTFUL a reader must tell."""
DOUBTFUL = 0.15


def other_topic(reading: Reading) -> Iterable[Finding]:
    """The text shares no word with the topic and means something else."""
    topic = reading.message.topic
    if not topic or reading.message.lane not in _LANES or reading.likeness is None:
        return
    wanted = _stems(fold(topic).text)
    if not wanted or wanted & _stems(reading.found.folded.text) or _shares_signs(topic, reading.message.text):
        return
    likeness = reading.likeness
    if likeness < DOUBTFUL:
        reason = f"The person asked to hear about “{topic}”, and not one word of it stands in the text."
        advice = "Spend the token on its own topic; send this by another lane."
        yield from reading.finding(
            "otn.disallows.other_topic", "topic", None, reason, advice, None if likeness < FAR else "warn"
        )


def _stems(text: str) -> set[str]:
    plain = "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
    kept = [word for word in _WORD.findall(plain) if word not in words("topic_frame") and len(word) >= _STEM - 1]
    return {word[:_STEM] for word in kept}


def _shares_signs(topic: str, text: str) -> bool:
    """Whether any two neighbouring letters of a script without spaces stand in both."""
    pairs = {a + b for a, b in pairwise(topic) if min(a, b) > "\u0e00"}
    return any(pair in text for pair in pairs)
