"""The language of the command line: that of the terminal (`LC_ALL`, `LC_MESSAGES`, `LANG`)."""

import os

from lti_tool.web.i18n import SOURCE_LANGUAGE, nearest, translations


def language() -> str:
    """Return the language of the terminal, of those that there are texts in."""
    wishes = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return nearest(wish.split(".")[0] for wish in wishes if wish) or SOURCE_LANGUAGE


def _(text: str, **params: object) -> str:
    """Return `text` in the terminal's language, with `params` filled in."""
    translated = str(translations(language()).gettext(text))
    return translated % params if params else translated
