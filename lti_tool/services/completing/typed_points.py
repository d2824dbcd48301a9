"""Points as people type them or spreadsheets write them: with a decimal comma or a point."""

import re
from decimal import Decimal
from enum import StrEnum

DECIMALS = 3
PATTERN = rf"\d{{1,6}}([.,]\d{{1,{DECIMALS}}})?"
"""What never fails to be read, but for its range."""
NUMBER = re.compile(r"(\d{1,6})(?:[.,](\d{0,20}))?")
"""What people may type; some of it is refused with the reason."""


class Unfit(StrEnum):
    """Why a text gives no points. Marks of thousands (1.234,5) are refused, never guessed at."""

    NOT_A_NUMBER = "not_a_number"
    TOO_MANY_DECIMALS = "too_many_decimals"
    OUT_OF_RANGE = "points_out_of_range"


def read(text: str, maximum: Decimal) -> Decimal | Unfit:
    """Return the points that a text says, from 0 to `maximum`, or why it says none.

    >>> read("59,5", Decimal(100)), read("60.0001", Decimal(100))
    (Decimal('59.5'), <Unfit.TOO_MANY_DECIMALS: 'too_many_decimals'>)
    """
    match = NUMBER.fullmatch(text)
    if match is None:
        return Unfit.NOT_A_NUMBER
    whole, rest = match[1], (match[2] or "").rstrip("0")
    if len(rest) > DECIMALS:
        return Unfit.TOO_MANY_DECIMALS
    points = Decimal(f"{whole}.{rest or 0}")
    return points if points <= maximum else Unfit.OUT_OF_RANGE
