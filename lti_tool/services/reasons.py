"""Why somebody did something, in their own words, as it is kept."""

from lti_tool.errors import ToolError

LONGEST = 500
UNFIT = ("reason_missing", "reason_too_long")
# They turn the words around them too, wherever the reason is read.
_DIRECTION_CONTROLS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def given(text: str, *, longest: int = LONGEST, must: bool = True) -> str:
    """Return a reason without spaces around it and what changes the direction of writing; "" only
    where none `must` be given.

    Raises:
        ToolError: `reason_missing`, `reason_too_long`.
    """
    reason = text.translate(_DIRECTION_CONTROLS).strip()
    if must and not reason:
        raise ToolError("reason_missing")
    if len(reason) > longest:
        raise ToolError("reason_too_long", maximum=str(longest))
    return reason
