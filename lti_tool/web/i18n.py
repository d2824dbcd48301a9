"""Languages of the pages: which one a request gets, and where its sentences come from.

The catalogues are kept as `.po` text and compiled in memory at first use, so that an installed
package cannot lack a compiled file or carry a stale one.
"""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from io import BytesIO

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask, Response, g, request
from flask_babel import Babel, Domain, get_locale

from lti_tool.services.launching import launches
from lti_tool.web.context import current_tool

LANGUAGES = ("en", "de")
SOURCE_LANGUAGE = "en"
COOKIE = "lang"
COOKIE_SECONDS = 365 * 24 * 3600


@cache
def translations(language: str) -> Translations:
    """Return the compiled catalogue of a language of `LANGUAGES`."""
    if language == SOURCE_LANGUAGE:
        return Translations()
    source = files("lti_tool.web") / "translations" / language / "LC_MESSAGES" / "messages.po"
    compiled = BytesIO()
    with source.open("rb") as text:
        write_mo(compiled, read_po(text, locale=language))
    compiled.seek(0)
    return Translations(fp=compiled)


class PoDomain(Domain):
    """Flask-Babel's source of sentences, on `translations`."""

    def get_translations(self) -> Translations:
        locale = get_locale()
        return translations(locale.language if locale else SOURCE_LANGUAGE)


class PoBabel(Babel):
    domain_instance = PoDomain()  # type: ignore[no-untyped-call]


def init_app(app: Flask) -> None:
    PoBabel(app, locale_selector=select)  # type: ignore[no-untyped-call]
    app.after_request(remember)
    app.jinja_env.globals.update(language=language, direction=direction, languages=LANGUAGES)


def select() -> str:
    """Return the language of this request.

    Asked for (`?lang=`), in a launch what `launches.languages` says, chosen on a public page
    (cookie), what the account says of its person, what the browser accepts, the server's own, in
    this order.
    """
    wishes = (
        request.args.get("lang"),
        *g.get("launch_languages", ()),
        request.cookies.get(COOKIE),
        g.get("account_locale"),
        *request.accept_languages.values(),
        current_tool().settings.default_language,
    )
    return nearest(wish for wish in wishes if wish) or SOURCE_LANGUAGE


def nearest(wishes: Iterable[str]) -> str | None:
    """Return the first language of `LANGUAGES` that is wished for, by its primary subtag.

    >>> nearest(["uk-UA", "de_AT", "en"])
    'de'
    """
    for wish in wishes:
        primary = wish.replace("_", "-").split("-")[0].lower()
        if primary in LANGUAGES:
            return primary
    return None


def language() -> str:
    """Return the language of the page at hand: a BCP 47 tag of `LANGUAGES`."""
    return select() if (locale := get_locale()) is None else str(locale.language)


def direction() -> str:
    """Return `ltr` or `rtl`."""
    return str(Locale.parse(language()).text_direction)


def remember(response: Response) -> Response:
    """Keep a language that was asked for: in a launch with the person, else with the browser."""
    wish = nearest([request.args.get("lang", "")])
    if wish is None:
        return response
    launch_id = (request.view_args or {}).get("launch_id")
    if launch_id is None:
        response.set_cookie(COOKIE, wish, max_age=COOKIE_SECONDS, samesite="Lax", httponly=True)
    elif "visit" in g:
        with current_tool().database.transaction() as db:
            launches.choose_language(db, launch_id, wish)
    response.cache_control.private = True
    del response.cache_control.public
    return response
