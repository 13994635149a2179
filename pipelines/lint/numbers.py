"""Numbers that prove themselves: cards and identity papers carry check digits or a date, order numbers do not."""

import re
from collections.abc import Callable

_CARD_LENGTHS = (
    (r"4", (13, 16, 19)),  # Visa
    (r"5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)", (16,)),  # Mastercard
    (r"3[47]", (15,)),  # American Express
    (r"3(?:0[0-5]|[68])", (14,)),  # Diners
    (r"35", (16,)),  # JCB
    (r"62|6011|64[4-9]|65", (16, 17, 18, 19)),  # UnionPay, Discover
)
_TAIWAN_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
"""The letters of Taiwan's counties, in the order of their codes, which begin at 10."""
_SPAIN_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"


def is_card(text: str) -> bool:
    """Whether digits begin, are as many, and end (Luhn) as on a payment card."""
    digits = _digits(text)
    number = "".join(map(str, digits))
    if len(set(digits)) < 2 or not any(
        re.match(begin, number) and len(number) in sizes for begin, sizes in _CARD_LENGTHS
    ):
        return False
    doubled = [digit if nth % 2 == 0 else sum(divmod(2 * digit, 10)) for nth, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def is_identity(text: str) -> bool:
    """Whether a text is an identity number by its own check, or one whose form alone tells."""
    for form, check in _IDENTITIES:
        if re.fullmatch(form, text, re.IGNORECASE):
            return check(text.upper())
    return True  # named as one ("passport no. ..."), or of a country whose numbers cannot be checked


def _digits(text: str) -> list[int]:
    return [int(char) for char in text if char.isascii() and char.isdigit()]


def _is_day(year: int, month: int, day: int) -> bool:
    return 1900 <= year <= 2100 and 1 <= month <= 12 and 1 <= day <= 31


def _taiwan(text: str) -> bool:
    code = _TAIWAN_LETTERS.index(text[0]) + 10
    rest = _digits(text)
    return (
        code // 10 + 9 * (code % 10) + sum(d * w for d, w in zip(rest, (8, 7, 6, 5, 4, 3, 2, 1, 1), strict=True))
    ) % 10 == 0


def _china(text: str) -> bool:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(char) * weight for char, weight in zip(text[:17], weights, strict=True))
    return _is_day(int(text[6:10]), int(text[10:12]), int(text[12:14])) and text[17] == "10X98765432"[total % 11]


def _malaysia(text: str) -> bool:
    return _is_day(1900 + int(text[:2]), int(text[2:4]), int(text[4:6]))


def _thailand(text: str) -> bool:
    digits = _digits(text)
    return (11 - sum(d * w for d, w in zip(digits[:12], range(13, 1, -1), strict=True)) % 11) % 10 == digits[12]


def _brazil(text: str) -> bool:
    digits = _digits(text)
    checks = [
        sum(d * w for d, w in zip(digits[:size], range(size + 1, 1, -1), strict=True)) * 10 % 11 % 10
        for size in (9, 10)
    ]
    return len(set(digits)) > 1 and digits[9:] == checks


def _united_states(text: str) -> bool:
    area, group, serial = text.split("-")
    return area not in ("000", "666") and area[0] != "9" and group != "00" and serial != "0000"


def _turkey(text: str) -> bool:
    digits = _digits(text)
    tenth = (7 * sum(digits[0:9:2]) - sum(digits[1:8:2])) % 10
    return digits[0] != 0 and digits[9] == tenth and digits[10] == sum(digits[:10]) % 10


def _spain(text: str) -> bool:
    return _SPAIN_LETTERS[int(text[:8]) % 23] == text[8]


_IDENTITIES: tuple[tuple[str, Callable[[str], bool]], ...] = (
    (r"[a-z][12]\d{8}", _taiwan),
    (r"\d{17}[\dx]", _china),
    (r"\d{6}-\d{2}-\d{4}", _malaysia),
    (r"\d-\d{4}-\d{5}-\d{2}-\d", _thailand),
    (r"\d{3}\.\d{3}\.\d{3}-\d{2}", _brazil),
    (r"\d{3}-\d{2}-\d{4}", _united_states),
    (r"[1-9]\d{10}", _turkey),
    (r"\d{8}[a-z]", _spain),
)
