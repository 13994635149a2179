"""Where a text's last sentence begins: what sells often stands at the end of what informs."""

import re

_ENDS = re.compile(r"(?<=[.!?\u3002\uff01\uff1f\u2026\n])\s*|\s+[-\u2013\u2014•|]\s+")
_SHORTEST = 4


def last_sentence(text: str) -> str:
    """Return the last sentence, or line, that is long enough to say something; else the whole text."""
    parts = [part.strip() for part in _ENDS.split(text) if part]
    return next((part for part in reversed(parts) if len(part) >= _SHORTEST), text)
