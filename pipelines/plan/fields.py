"""Text with fields → text for one person: {{first_name}}, or {{first_name|there}} where nothing is known."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from pipelines.errors import ClearToSendError

_FIELD = re.compile(r"\{\{([a-z][a-z0-9_]*)(?:\|([^{}\n]*))?\}\}")
_BRACE = re.compile(r"[{}]+")
_DOUBLE_BRACE = re.compile(r"\{\{|\}\}")


class MissingField(ClearToSendError):
    """A field has neither a value for this person nor a fallback: leave the person out, and say so."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The field {name} has no value for this person and no fallback. Write {{{{{name}|words for all others}}}}."
        )
        self.name = name


class TooLong(ClearToSendError):
    """With this person's values a text is longer than the platform takes: leave the person out, and say so."""


def field_names(text: str) -> tuple[str, ...]:
    """Return the names of the fields of a text, each once, in the order in which they come."""
    return tuple(dict.fromkeys(match[1] for match in _FIELD.finditer(text)))


def demanded_names(text: str) -> tuple[str, ...]:
    """Return the names of the fields without a fallback: whoever has no value for them cannot get the text."""
    return tuple(dict.fromkeys(match[1] for match in _FIELD.finditer(text) if match[2] is None))


def render(text: str, values: Mapping[str, str]) -> str:
    """Put a person's values into a text. Raises MissingField."""
    return _FIELD.sub(lambda match: _value(match, values), text)


def render_quoted(text: str, values: Mapping[str, str]) -> str:
    """Put a person's values into an address or a payload, quoted as in a URL. Raises MissingField."""
    return _FIELD.sub(lambda match: quote(_value(match, values), safe=""), text)


def clean(value: str) -> str:
    """Return a value without control characters and without space around it; such a value may be empty: none at all."""
    return "".join(" " if sign in "\t\n\r" else sign for sign in value if _is_writable(sign)).strip()


def with_fallbacks(text: str) -> str:
    """Return the text as somebody reads it of whom nothing is known; a field without a fallback leaves a gap."""
    return _FIELD.sub(lambda match: match[2] or "", text)


def strays(text: str) -> Iterator[str]:
    """Say of every brace that is part of no field where it stands. People would read it."""
    yield from _outside(text, _BRACE)


def strays_in_payload(text: str) -> Iterator[str]:
    """Say the same of a payload, where only doubled braces count: it may be JSON."""
    yield from _outside(text, _DOUBLE_BRACE)


def _outside(text: str, brace: re.Pattern[str]) -> Iterator[str]:
    # A field is blotted out by as many spaces, so that positions stay true.
    rest = _FIELD.sub(lambda match: " " * len(match[0]), text)
    for match in brace.finditer(rest):
        line = rest.count("\n", 0, match.start()) + 1
        column = match.start() - (rest.rfind("\n", 0, match.start()) + 1) + 1
        yield (
            f"{match[0]} at position {column} of line {line} of it belongs to no field; "
            "write a field as {{first_name}} or {{first_name|there}}, with small letters, digits and _ in its name"
        )


def _value(match: re.Match[str], values: Mapping[str, str]) -> str:
    value = clean(values.get(match[1], "")) or match[2]
    if value is None:
        raise MissingField(match[1])
    return value


def _is_writable(sign: str) -> bool:
    # Cs: halves of a pair, which UTF-8 cannot carry. Cf stays: it joins emoji and turns the direction of a script.
    return sign in "\t\n\r" or unicodedata.category(sign) not in {"Cc", "Cs"}
