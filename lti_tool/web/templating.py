"""What every template can use: filters for values, drawings, shared words."""

from urllib.parse import urlencode

from flask import Flask, request
from jinja2 import StrictUndefined

from lti_tool.services.awarding import names
from lti_tool.web import badge_files, prior_news, searching
from lti_tool.web.context import public_url
from lti_tool.web.words import conditions, elements, wording

FILTERS = (
    wording.ago,
    wording.best,
    wording.country,
    wording.day,
    wording.draft_title,
    elements.element,
    wording.hours,
    wording.language_name,
    names.masked,
    wording.moment,
    wording.number,
    wording.own_name,
    elements.place,
    elements.unit_titles,
    wording.say,
    wording.term,
    wording.who,
    wording.with_links,
)


def init_app(app: Flask) -> None:
    """Call it when the blueprint that holds the templates is registered."""
    environment = app.jinja_env
    environment.undefined = StrictUndefined  # a misspelt field fails, it shows no gap
    environment.trim_blocks = True
    environment.lstrip_blocks = True
    environment.filters.update({one.__name__: one for one in FILTERS})
    environment.globals.update(
        countries=wording.countries,
        in_language=in_language,
        pages=searching.addresses,
        public_url=public_url,
        requirement=conditions.requirement,
        explain=conditions.explain,
        has_news=conditions.has_news,
        prior_news=prior_news.unread,
        prior_news_unit=prior_news.unit,
        prior_news_words=prior_news.words,
        choice_name=elements.choice_name,
        element_names=elements.ELEMENTS,
        licence_names=elements.LICENCES,
        emblem_within=badge_files.emblem_within,
    )
    for name in ("shapes", "words", "forms"):
        environment.globals[name] = environment.get_template(f"{name}.html").module


def in_language(tag: str) -> str:
    """Return the address of this page in another language."""
    args = request.args.to_dict()
    for once in (
        "saved",
        "batch",
        "done",
        "tick",
        "enough",
        "below",
        "unread",
        "later",
        "new",
        "gone",
        "back",
        "failure",
    ):
        args.pop(once, None)
    return "?" + urlencode({**args, "lang": tag})
