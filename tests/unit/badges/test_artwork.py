"""Emblems: the same drawing for the same micro-credential, another for every other."""

import time
import xml.etree.ElementTree as ET
from io import BytesIO
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from badges import artwork
from badges.artwork import contrast, emblem_png, emblem_svg, palette

FIELDS = [None, *(f"http://data.europa.eu/snb/isced-f/{broad:02}15" for broad in range(11))]


def pixels(png: bytes) -> Image.Image:
    return Image.open(BytesIO(png)).convert("RGBA")


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("body", ["a", "c", "d", "e", "g"])
@pytest.mark.parametrize("test", [False, True])
def test_every_outline_and_motif_is_small_in_both_formats(
    field: str | None, body: str, test: bool
) -> None:
    png = emblem_png("WLD1", awarding_body=body, field=field, test=test)
    assert len(png) < 30_000
    assert pixels(png).size == (400, 400)
    svg = emblem_svg("WLD1", awarding_body=body, field=field, test=test)
    assert len(svg) < 4_096
    assert ET.fromstring(svg).get("viewBox") == "0 0 400 400"


def test_an_emblem_is_drawn_the_same_each_time() -> None:
    assert emblem_png("WLD1", awarding_body="lyceum") == emblem_png("WLD1", awarding_body="lyceum")
    assert emblem_svg("WLD1") == emblem_svg("WLD1")


def test_emblems_of_different_micro_credentials_differ() -> None:
    names = [(code, body) for code in ("WLD1", "WLD2", "CARE") for body in ("lyceum", "school")]
    emblems = [emblem_svg(code, awarding_body=body) for code, body in names]
    assert all(one != other for one, other in combinations(emblems, 2))
    assert len({emblem_png(code, awarding_body=body) for code, body in names}) == len(names)


def test_five_hundred_codes_of_one_school_give_as_many_emblems() -> None:
    assert len({emblem_svg(f"MC-{i}", awarding_body="lyceum") for i in range(500)}) == 500


def test_the_field_picks_the_motif() -> None:
    assert len({emblem_svg("WLD1", field=field) for field in FIELDS}) == 11  # none: as generic
    assert emblem_svg("WLD1", field="0715") == emblem_svg("WLD1", field=FIELDS[8])


@given(st.binary(min_size=32, max_size=32))
def test_colours_keep_their_contrast(seed: bytes) -> None:
    colours = palette(seed)
    assert contrast(colours.plate, (255, 255, 255)) >= 4.5
    assert contrast(colours.plate, colours.accent) >= 4.5


def test_contrast_is_that_of_wcag() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.478, abs=0.001)


def test_a_test_emblem_is_grey_and_hatched_from_edge_to_edge() -> None:
    image = pixels(emblem_png("WLD1", awarding_body="lyceum", test=True))
    opaque = [(r, g, b) for _, (r, g, b, a) in image.getcolors(160_000) or [] if a == 255]
    assert artwork.HATCH in opaque
    coloured = {(r, g, b) for r, g, b in opaque if g - min(r, b) > 12 or b - min(r, g) > 45}
    assert not coloured
    diagonal = [image.getpixel((at, at)) for at in range(80, 320)]
    runs = sum(
        1 for before, after in pairwise(diagonal) if after[:3] == artwork.HATCH != before[:3]
    )
    assert runs >= 4


def test_an_emblem_that_counts_has_no_hatching() -> None:
    image = pixels(emblem_png("WLD1", awarding_body="lyceum"))
    assert (*artwork.HATCH, 255) not in [colour for _, colour in image.getcolors(160_000) or []]


def test_corners_are_transparent() -> None:
    image = pixels(emblem_png("WLD1", awarding_body="lyceum"))
    assert [image.getpixel(at)[3] for at in ((0, 0), (399, 0), (0, 399), (399, 399))] == [0] * 4


@pytest.mark.parametrize("size", [0, 15, 1025, 100_000])
def test_sizes_beyond_bounds_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="16-1024"):
        emblem_png("WLD1", size=size)


def test_other_sizes_are_drawn_as_asked() -> None:
    assert pixels(emblem_png("WLD1", size=64)).size == (64, 64)


def test_drawing_takes_no_longer_than_a_page_may() -> None:
    emblem_png("warm-up")
    spent = []
    for code in ("a", "b", "c", "d", "e"):
        start = time.process_time()
        emblem_png(code, field="0715")
        spent.append(time.process_time() - start)
    assert min(spent) < 0.05


@settings(max_examples=25)
@given(st.text(max_size=40), st.text(max_size=20), st.none() | st.text(max_size=60))
def test_any_words_give_an_emblem(code: str, body: str, field: str | None) -> None:
    svg = emblem_svg(code, awarding_body=body, field=field)
    assert ET.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"
