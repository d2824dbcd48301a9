"""The mail that tells somebody with an account what waits for them."""

from lti_tool.services.notices.digests import Digest, Entry
from lti_tool.web import i18n
from lti_tool.web.words.waiting import phrase

LONGEST_TITLE = 100


def compose(digest: Digest, default_language: str) -> tuple[str, str]:
    """Return subject and text, in the account's language or the server's; nobody is named."""
    wishes = [one for one in (digest.locale, default_language) if one]
    language = i18n.nearest(wishes) or i18n.SOURCE_LANGUAGE
    words = i18n.translations(language)
    paragraphs = (
        words.gettext("This waits for you on Credlet:"),
        "\n".join(_line(one, language) for one in digest.entries),
        words.gettext("You see it after signing in:"),
        digest.page,
        words.gettext(
            "Such a mail comes once a day at most, and only when something is new. If you want "
            "none any more, open this page and say so:"
        ),
        digest.off,
    )
    return words.gettext("Something waits for you on Credlet"), "\n\n".join(paragraphs) + "\n"


def _line(entry: Entry, language: str) -> str:
    said = phrase(entry.kind, entry.count, i18n.translations(language).ngettext)
    titles = [_short(one.best(language)) for one in entry.titles]
    named = ", ".join(f"“{one}”" for one in titles)
    return f"- {said}: {named}" if named else f"- {said}"


def _short(title: str) -> str:
    title = " ".join(title.split())
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…"
