"""Blots out of a text what must not be told: secrets that are set, and whatever looks like a token, a key or an id.

The last line of defence: whoever writes a message is not to put such things into it in the first place.
"""

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, SecretStr

from pipelines.settings import Settings

BLOT = "[hidden]"
_SHORTEST_SECRET = 4
_NAMES = "appsecret_proof|authorization|cookie|password|psid|pwd|secret|signed_request|token"
_LOOKS = (
    re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),  # user and password of an address
    re.compile(r"\bsha(?:1|256)=[0-9a-fA-F]{16,}"),  # a signature
    re.compile(r"(?i)\bbearer\s+[^\s\"']+"),
    re.compile(rf"(?i)\b(?:\w+[_.])?(?:{_NAMES})[\"']?\s*[=:]\s*[\"']?[^\s\"'&,;)}}\]]+"),
    re.compile(r"(?<=[?&])(?:code|state)=[^\s&\"']+"),  # the way back from signing in
    re.compile(r"\bEA[A-Za-z0-9]{18,}"),  # an access token of the Graph API
    re.compile(r"(?<!\d)\d{15,}(?!\d)"),  # a person's or a Page's id
    re.compile(r"\b(?=\w*\d)(?=\w*[A-Za-z])[\w-]{32,}"),  # a one-time token, a key, a hash
)


class Mask:
    """Blots texts out. Knows the secrets of one home's settings, and how such things look."""

    def __init__(self, settings: Settings | None = None) -> None:
        known = {each for each in _secrets(settings) if len(each) >= _SHORTEST_SECRET}
        # The longest first: one may be the beginning of another.
        literal = "|".join(re.escape(each) for each in sorted(known, key=len, reverse=True))
        self._patterns = (*([re.compile(literal)] if literal else []), *_LOOKS)

    def __call__(self, text: str) -> str:
        """Return the text without them."""
        for pattern in self._patterns:
            text = pattern.sub(BLOT, text)
        return text


def _secrets(value: Any) -> Iterator[str]:
    """Give every secret in a setting, however deep it stands."""
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name))
    elif isinstance(value, dict):
        for each in value.values():
            yield from _secrets(each)
    elif isinstance(value, list):
        for each in value:
            yield from _secrets(each)
