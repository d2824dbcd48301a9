"""Structural: what holds for every template."""

import re
from importlib.resources import files
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import UndefinedError

FOLDER = Path(str(files("lti_tool.web"))) / "templates"
TEMPLATES = sorted(FOLDER.rglob("*.html"))
PAGES = [path for path in TEMPLATES if "{% extends" in path.read_text()]
MACROS = {
    "shapes.html",
    "words.html",
    "elements.html",
    "cards.html",
    "done.html",
    "evidence.html",
    "finding.html",
    "narrowing.html",
    "proven.html",
    "records.html",
    "service_failures.html",
    "search.html",
    "told.html",
    "waiting_words.html",
    "forms.html",
    "prior_words.html",
    "proofs.html",
    "fields.html",
    "described.html",
    "previewed.html",  # a part of a page, in a language of its own
    "checklist.html",  # a part of a page, which a script asks for alone
}
# The form that leaves for the LMS: our token would tell it how to post into the launch.
LEAVING = 'action="{{ answer.return_url }}"'


def ids(path: Path) -> str:
    return str(path.relative_to(FOLDER))


def test_every_template_is_a_page_or_a_set_of_macros() -> None:
    others = {path.name for path in TEMPLATES if path not in PAGES}
    assert others == MACROS | {"base.html"}


@pytest.mark.parametrize("path", PAGES, ids=ids)
def test_every_page_stands_on_the_base(path: Path) -> None:
    """A page of two seats stands on the one or the other."""
    seen, coming = [], [path]
    while coming:
        path = coming.pop()
        if path.name == "base.html":
            continue
        seen.append(path)
        extends = re.search(r"{% extends (.*?) %}", path.read_text())
        assert extends, seen
        parents = re.findall(r'"([\w/.]+)"', extends[1])
        assert parents, seen
        coming += [FOLDER / parent for parent in parents]
    path = FOLDER / "base.html"
    assert '<html lang="{{ language() }}" dir="{{ direction() }}">' in path.read_text()


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_no_template_needs_what_the_policy_forbids(path: Path) -> None:
    html = path.read_text()
    assert not re.search(r"<[^>]*\son[a-z]+\s*=", html), "inline handler"
    assert not re.search(r"<[^>]*\sstyle\s*=", html), "inline style"
    assert not re.search(r"<style(?!>{{ sheet\(\) }}</style>)", html), "no hash lets it in"
    assert "javascript:" not in html
    assert not re.search(r"<script(?![^>]*nonce=)", html)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', html), "another host"


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_every_posting_form_carries_the_token(path: Path) -> None:
    for form in re.findall(r"<form[^>]*>.*?</form>", path.read_text(), re.DOTALL):
        if 'method="post"' in form:
            own_proof = 'name="{{ form_field }}" value="{{ form }}"'  # a registration: no session
            proven = "words.csrf(visit)" in form or own_proof in form
            assert proven is (LEAVING not in form)
        assert " name=" in form.split(">")[0]


def test_one_form_leaves_for_another_site() -> None:
    assert [ids(path) for path in TEMPLATES if LEAVING in path.read_text()] == [
        "teacher/answer.html"
    ]


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_every_svg_is_hidden_from_readers_because_words_stand_beside_it(path: Path) -> None:
    for svg in re.findall(r"<svg[^>]*>", path.read_text()):
        assert 'aria-hidden="true"' in svg


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_words_outside_expressions_are_translated(path: Path) -> None:
    """Text between tags is in expressions, but for marks and the name of the product."""
    html = re.sub(r"{% block kind %}.*?{% endblock %}", "", path.read_text())
    html = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", html, flags=re.DOTALL)
    html = re.sub(r"<script[^>]*>.*?</script>", "", html, flags=re.DOTALL)
    words = re.sub(r"<[^>]*>", " ", html)
    assert set(re.findall(r"[^\W\d]{2,}", words)) <= {"Credlet", "TEST"}


def test_a_misspelt_field_fails_loudly_instead_of_showing_nothing(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(UndefinedError):
        app.jinja_env.from_string("{{ award.withdrwan_at }}").render(award=object())
