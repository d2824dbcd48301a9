"""A badge with the picture of its school: brought, described, frozen with a version, carried on."""

import json
import re
from base64 import b64decode, b64encode
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from badges import artwork, baking, samples
from badges import definition as definitions
from badges import picture as pictures
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import StoredArtwork
from lti_tool.services.definitions import artworks, catalogue, drafts
from lti_tool.services.definitions.drafts import Kind, MoreThanWording, Writer
from tests.factories.courses import PUBLIC_URL
from tests.factories.visits import Page, Visit, Visits
from tests.functional.test_writing import SAFETY, begin, check, content, fill
from tests.functional.test_writing_exchange import upload

BY = "https://creativecommons.org/licenses/by/4.0/"
SUN = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" onload="alert(1)">
<circle cx="50" cy="50" r="48" fill="#ffd34d"/></svg>"""
PNG = artwork.emblem_png("OTHER", size=256)


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(hours=1))


@pytest.fixture
def teacher(visits: Visits) -> Visit:
    return visits.open("olha", teacher=True, unit=SAFETY)


def bring(page: Page, data: bytes, alt: str = "a sun") -> Page:
    return upload(
        check(page).follow("Change the picture"), "picture", data, **{"alt.en": alt, "alt.de": alt}
    )


def publish(visits: Visits, made: dict[str, Any]) -> str:
    """Publish a definition as it is and return its public address."""
    with visits.school.transaction() as db:
        mc = definitions.load({**made, "code": "SUN-1"})
        version, _ = catalogue.publish(db, mc, public_url=PUBLIC_URL, now=visits.school.now)
        return f"/definitions/{version.reference}"


@pytest.mark.parametrize("data", [SUN, PNG], ids=["svg", "png"])
def test_a_school_brings_a_picture_with_words_for_it(
    visits: Visits, teacher: Visit, data: bytes
) -> None:
    page = bring(begin(teacher), data)
    assert "Your own picture" in page.text
    assert 'alt="a sun"' in page.html
    assert content(visits)["artwork"]["alt"] == {"en": "a sun"}
    shown = re.search(r'src="data:image/[a-z+]+;base64,([^"]+)"', page.html)
    assert shown
    assert b64decode(shown[1]).startswith(b"\x89PNG")
    page = page.submit("picture", act="drawn")
    assert "This emblem is drawn by itself" in page.text
    assert "artwork" not in content(visits)


@pytest.mark.parametrize("data", [SUN, PNG], ids=["svg", "png"])
def test_a_picture_without_words_is_here_when_they_are_written(
    visits: Visits, teacher: Visit, data: bytes
) -> None:
    page = bring(begin(teacher), data, alt=" ")
    assert page.status == 400
    assert "Say what is on the picture" in page.text
    assert "you need not choose it again" in page.text
    assert "artwork" not in content(visits)
    again = page.submit("picture", **{"alt.en": "x" * 400})
    assert "This is too long." in again.text
    saved = again.submit("picture", **{"alt.en": "a sun"})
    assert saved.status == 200
    with visits.school.transaction() as db:
        kept = db.query(StoredArtwork).one().digest
    assert content(visits)["artwork"] == {"digest": kept, "alt": {"en": "a sun"}}


def test_a_picture_that_is_not_here_cannot_be_named(visits: Visits, teacher: Visit) -> None:
    page = bring(begin(teacher), SUN, alt=" ")
    for digest in ("0" * 64, "x", "0" * 100_000):
        refused = page.submit("picture", waiting=digest, **{"alt.en": "a sun"})
        assert refused.status == 400
        assert "Choose a picture first." in refused.text
    assert "artwork" not in content(visits)


@pytest.mark.parametrize(
    ("data", "alt", "words"),
    [
        (SUN, "", "Say what is on the picture"),
        (b"", "a sun", "Choose a picture first."),
        (SUN.replace(b"<circle", b"<script/><circle"), "a sun", "“script”"),
        (b"GIF89a", "a sun", "neither a PNG nor an SVG"),
        (SUN.replace(b"0 0 100 100", b"0 0 200 100"), "a sun", "This one is 200 × 100."),
    ],
)
def test_what_cannot_be_shown_is_refused_and_its_words_stay(
    visits: Visits, teacher: Visit, data: bytes, alt: str, words: str
) -> None:
    page = bring(begin(teacher), data, alt)
    assert page.status == 400
    assert words in page.text
    assert f'value="{alt}"' in page.html
    assert "artwork" not in content(visits)


def test_a_file_that_is_far_too_large_is_refused_in_words_about_pictures(
    visits: Visits, teacher: Visit
) -> None:
    page = check(begin(teacher)).follow("Change the picture")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.html)
    assert token
    fields = {"csrf_token": token[1].encode(), "alt.en": b"a sun"}
    fields['file"; filename="a.png'] = PNG + b"\0" * 2 * 2**20
    body = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value)
        for name, value in fields.items()
    )
    sending = {"content_type": "multipart/form-data; boundary=x"}
    answer = teacher.client.post(page.path, data=body + b"--x--\r\n", **sending)
    assert answer.status_code == 400
    assert "at most 768 KB" in answer.text
    assert 'value="a sun"' in answer.text, "on its own page, with what was typed"
    length = {"CONTENT_LENGTH": str(20 * 2**20)}
    answer = teacher.client.post(page.path, environ_overrides=length, **sending)
    assert answer.status_code == 413
    assert "much too large for a badge picture: at most 768 KB" in answer.text


def test_what_a_drawing_loses_is_said_by_name(visits: Visits, teacher: Visit) -> None:
    dashed = SUN.replace(b"<circle", b'<circle stroke-dasharray="4" style="mask: url(#a)"')
    page = bring(begin(teacher), dashed)
    assert "Left out of your drawing" in page.text
    assert "stroke-dasharray" in page.text
    assert "mask" in page.text
    assert "Left out" not in bring(page.follow("Back to writing"), SUN).text


def test_the_pictures_of_a_school_take_no_more_than_its_room(
    visits: Visits, teacher: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = bring(begin(teacher), SUN)
    first = content(visits)["artwork"]["digest"]
    monkeypatch.setattr(artworks, "ROOM", 2**20)
    with visits.school.transaction() as db:
        db.get_one(StoredArtwork, first).data = b"x" * (2**20 - 100)
    refused = bring(page.follow("Back to writing"), PNG)
    assert refused.status == 409
    assert "take all the room they have (1 MB)" in refused.text
    assert content(visits)["artwork"]["digest"] == first
    assert bring(page.follow("Back to writing"), SUN).status == 200, "it is there already"


def test_lists_show_a_small_copy(visits: Visits, teacher: Visit, client: FlaskClient) -> None:
    noise = BytesIO()
    Image.effect_noise((400, 400), 90).convert("RGB").save(noise, "PNG")
    page = begin(teacher)
    fill(visits, definitions.dump(samples.welding()))
    bring(page, noise.getvalue())
    address = publish(visits, content(visits))
    assert f'src="{address}/emblem-small.svg"' in client.get("/catalogue").text
    small = client.get(f"{address}/emblem-small.svg").data
    assert len(small) < 64 * 1024 < len(client.get(f"{address}/emblem.svg").data)
    with visits.school.transaction() as db:
        db.query(StoredArtwork).update({"small": None})  # kept by an older release
    assert client.get(f"{address}/emblem-small.svg").data == small


def test_while_a_picture_is_drawn_others_can_write(
    visits: Visits, teacher: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean = pictures.clean

    def slow(data: bytes) -> pictures.Picture:
        visits.open("ana")  # a launch writes
        return clean(data)

    monkeypatch.setattr(pictures, "clean", slow)
    bring(begin(teacher), SUN)
    file = {**definitions.dump(samples.welding()), "licence": BY}
    file["artwork"] = {
        "digest": "0" * 64,
        "alt": {"en": "x"},
        "data": b64encode(SUN).decode(),
    }
    page = upload(teacher.get("drafts/import"), "import", json.dumps(file).encode())
    assert page.status == 200


def test_a_published_picture_is_what_badge_and_pages_show(
    visits: Visits, teacher: Visit, client: FlaskClient
) -> None:
    page = begin(teacher)
    fill(visits, definitions.dump(samples.welding()))
    bring(page, SUN)
    address = publish(visits, content(visits))
    drawing = client.get(f"{address}/emblem.svg")
    assert b"circle" not in drawing.data, "its pixels are shown, the drawing itself to nobody"
    assert b64encode(pictures.clean(SUN).png) in drawing.data
    assert drawing.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "sandbox" in drawing.headers["Content-Security-Policy"]
    assert drawing.headers["X-Content-Type-Options"] == "nosniff"
    png = client.get(f"{address}/emblem.png").data
    with Image.open(BytesIO(png)) as image:
        assert image.size == (pictures.SIDE, pictures.SIDE)
    assert baking.unbake(baking.bake_png(png, b"{}")) == b"{}"
    assert client.get(f"{address}/emblem-test.png").data != png
    assert 'alt="a sun"' in client.get(address).text
    achievement = client.get(f"{address}.json").json
    assert achievement is not None
    assert achievement["image"]["caption"] == "a sun"
    assert achievement["image"]["id"].endswith("/emblem.png")


def test_another_picture_is_another_version_and_other_words_for_it_are_wording(
    visits: Visits, teacher: Visit
) -> None:
    page = begin(teacher)
    fill(visits, definitions.dump(samples.welding()))
    bring(page, SUN)
    address = publish(visits, content(visits))
    with visits.school.transaction() as db:
        version = catalogue.find(db, address.removeprefix("/definitions/"))
        writer = Writer("person:x", version.series.organisation_id)
        draft = drafts.start_from(db, writer, version, Kind.EDITORIAL, visits.school.now)
        other = {**draft.content["artwork"], "alt": {"en": "a yellow sun"}}
        worded = {**draft.content, "artwork": other}
        drafts.check_place(db, draft, definitions.load(worded))
        digest = artworks.keep(db, pictures.clean(PNG), visits.school.now)
        changed = {**draft.content, "artwork": {**other, "digest": digest}}
        with pytest.raises(MoreThanWording):
            drafts.check_place(db, draft, definitions.load(changed))


@pytest.mark.parametrize("data", [SUN, PNG], ids=["svg", "png"])
def test_a_download_brings_the_picture_along(visits: Visits, teacher: Visit, data: bytes) -> None:
    page = bring(begin(teacher), data)
    file = check(page).follow("Download (JSON)").response.data
    digest = content(visits)["artwork"]["digest"]
    with visits.school.transaction() as db:
        db.query(StoredArtwork).delete()
    upload(teacher.get("drafts/import"), "import", file)
    assert content(visits)["artwork"] == {"digest": digest, "alt": {"en": "a sun"}}
    with visits.school.transaction() as db:
        assert artworks.find(db, digest) is not None


def test_a_file_with_a_hostile_picture_is_refused_and_one_without_is_drawn(
    visits: Visits, teacher: Visit
) -> None:
    made = definitions.dump(samples.welding()) | {"licence": BY}
    made["artwork"] = {"digest": "0" * 64, "alt": {"en": "x"}, "data": "R0lGODlh"}
    page = upload(teacher.get("drafts/import"), "import", json.dumps(made).encode())
    assert page.status == 400
    assert "neither a PNG nor an SVG" in page.text
    made["artwork"] = {"digest": "0" * 64, "alt": {"en": "x"}}
    upload(teacher.get("drafts/import"), "import", json.dumps(made).encode())
    assert "artwork" not in content(visits)


def test_a_picture_that_nothing_names_is_forgotten_after_a_while(
    visits: Visits, teacher: Visit
) -> None:
    bring(begin(teacher), SUN)
    now = visits.school.now
    with visits.school.transaction() as db:
        artworks.keep(db, pictures.clean(PNG), now)
    for days, left in ((1, 2), (31, 1)):
        with visits.school.transaction() as db:
            artworks.forget_unused(db, clock.now() + timedelta(days=days))
            assert db.query(StoredArtwork).count() == left
