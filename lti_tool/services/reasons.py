"""Why somebody did something, in their own words, as it is kept."""

from lti_tool.errors import ToolError

LONGEST = 500


def given(text: str, *, longest: int = LONGEST, must: bool = True) -> str:
    """Return a reason without spaces around it; "" only where none `must` be given.

    Raises:
        ToolError: `reason_missing`, `reason_too_long`.
    """
    reason = text.strip()
    if must and not reason:
        raise ToolError("reason_missing")
    if len(reason) > longest:
        raise ToolError("reason_too_long", maximum=str(longest))
    return reason
