"""Pictures from anywhere: what is kept holds pixels or shapes, and hostile files cost nothing."""

import struct
import threading
import time
import xml.etree.ElementTree as ET
import zlib
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from badges import artwork, picture, picture_svg
from badges.picture import MediaType, PictureRefused, clean, framed

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {more}>'


def svg(body: str, more: str = 'viewBox="0 0 100 100"') -> bytes:
    return f"{SVG.format(more=more)}{body}</svg>".encode()


def png(mode: str = "RGB", side: int = 200, **more: object) -> bytes:
    out = BytesIO()
    Image.new(mode, (side, side), 128 if mode in ("L", "I;16", "P", "1") else None).save(
        out, "PNG", **more
    )
    return out.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def header(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    size = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size)


def with_chunk(image: bytes, kind: bytes, data: bytes) -> bytes:
    """Put a chunk behind the header."""
    return image[:33] + chunk(kind, data) + image[33:]


def refusal(data: bytes) -> str:
    with pytest.raises(PictureRefused) as refused:
        clean(data)
    return str(refused.value.code)


@pytest.mark.parametrize(
    ("more", "lost"),
    [
        ('stroke-dasharray="4 2"', ("stroke-dasharray",)),
        ('style="mask:url(#m); filter : url(#f)"', ("filter", "mask")),
        ('stroke-dasharray="none" class="a" data-x="1"', ()),
    ],
)
def test_what_changes_the_looks_and_is_left_out_is_named(more: str, lost: tuple[str, ...]) -> None:
    assert clean(svg(f'<rect width="50" height="50" {more}/>')).lost == lost


def test_the_small_copy_is_small_and_keeps_what_is_seen_through() -> None:
    with Image.open(BytesIO(picture.small(artwork.emblem_png("A", size=512)))) as image:
        assert image.size == (192, 192)
        assert image.convert("RGBA").getpixel((0, 0))[3] == 0


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_becomes_one_of_eight_bits(mode: str) -> None:
    with Image.open(BytesIO(clean(png(mode)).data)) as image:
        assert image.mode == "RGBA"
        assert image.size == (200, 200)


def test_sixteen_bits_of_grey_keep_their_brightness() -> None:
    out = BytesIO()
    Image.new("I;16", (200, 200), 0x8000).save(out, "PNG")
    with Image.open(BytesIO(clean(out.getvalue()).data)) as image:
        assert image.getpixel((5, 5)) == (127, 127, 127, 255)


def test_sixteen_bits_of_colour_are_read() -> None:
    rows = b"".join(b"\0" + b"\xff\xff\x80\x00\x00\x00" * 128 for _ in range(128))
    data = header(128, 128, 16) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    with Image.open(BytesIO(clean(data).data)) as image:
        assert image.getpixel((5, 5)) == (255, 128, 0, 255)


def test_an_interlaced_png_is_written_anew_without() -> None:
    rows = b"".join(
        b"".join(b"\0" + b"\x10\x20\x30" * width for _ in range(height))
        for width, height in _passes(128)
    )
    size = struct.pack(">IIBBBBB", 128, 128, 8, 2, 0, 0, 1)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size)
    data += chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    made = clean(data).data
    assert made[28] == 0
    with Image.open(BytesIO(made)) as image:
        assert image.getpixel((127, 127)) == (16, 32, 48, 255)


def _passes(side: int) -> list[tuple[int, int]]:
    """Return width and height of the seven passes of Adam7."""
    steps = ((8, 8), (8, 8), (4, 8), (4, 4), (2, 4), (2, 2), (1, 2))
    starts = ((0, 0), (4, 0), (0, 4), (2, 0), (0, 2), (1, 0), (0, 1))
    return [
        (len(range(x, side, dx)), len(range(y, side, dy)))
        for (dx, dy), (x, y) in zip(steps, starts, strict=True)
    ]


def test_nothing_but_pixels_is_kept() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "Somebody")
    info.add_itxt("openbadgecredential", "{}")
    made = clean(png(pnginfo=info, dpi=(300, 300)) + b"<script>alert(1)</script>").data
    assert b"Somebody" not in made
    assert b"openbadge" not in made
    assert b"script" not in made
    assert made.endswith(b"IEND\xaeB`\x82")
    with Image.open(BytesIO(made)) as image:
        assert image.info == {}


def test_a_large_png_becomes_small() -> None:
    noise = Image.effect_noise((1600, 1600), 200).convert("RGB")
    out = BytesIO()
    noise.resize((400, 400)).resize((1600, 1600)).save(out, "PNG")
    data = out.getvalue()
    if len(data) > picture.LARGEST_UPLOAD:
        noise.quantize(4).save(out := BytesIO(), "PNG")
        data = out.getvalue()
    made = clean(data)
    assert len(made.data) <= picture.LARGEST_KEPT
    with Image.open(BytesIO(made.data)) as image:
        assert image.width <= picture.SIDE


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "picture_type"),
        (b"GIF89a" + b"\0" * 50, "picture_type"),
        (b"\xff\xd8\xff\xe0CMYK", "picture_type"),
        (b"%PDF-1.7 <svg/>", "picture_type"),
        (b"\x89PNG\r\n\x1a\n", "picture_damaged"),
        (png()[:-20], "picture_damaged"),
        (png()[:60], "picture_damaged"),
        (header(60_000, 60_000) + chunk(b"IEND", b""), "picture_too_many_pixels"),
        (header(2**31 - 1, 1) + chunk(b"IEND", b""), "picture_too_many_pixels"),
        (header(300, 200) + chunk(b"IEND", b""), "picture_not_square"),
        (header(0, 0) + chunk(b"IEND", b""), "picture_too_small"),
        (png(side=64), "picture_too_small"),
        (header(200, 200) + chunk(b"IEND", b""), "picture_damaged"),
        (header(200, 200, 3, 6) + chunk(b"IDAT", b"x") + chunk(b"IEND", b""), "picture_damaged"),
        (with_chunk(png(), b"acTL", struct.pack(">II", 2, 0)), "picture_animated"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * picture.LARGEST_UPLOAD, "picture_too_large"),
    ],
)
def test_a_png_that_is_none_is_refused_before_it_costs(data: bytes, code: str) -> None:
    started = time.thread_time()
    assert refusal(data) == code
    assert time.thread_time() - started < 1


def test_pixels_that_unpack_to_gigabytes_are_not_unpacked() -> None:
    bomb = zlib.compress(b"\0" * 50_000_000)
    data = header(128, 128) + chunk(b"IDAT", bomb) + chunk(b"IEND", b"")
    started = time.thread_time()
    with suppress(PictureRefused):
        clean(data)
    assert time.thread_time() - started < 2


def test_a_drawing_keeps_its_shapes_and_loses_what_programs_hang_on() -> None:
    made = clean(
        svg(
            "<!-- by somebody --><metadata>Somebody</metadata><title>Sun</title>"
            '<defs><linearGradient id="a"><stop offset="0" style="stop-color:#ff0000"/>'
            '</linearGradient><linearGradient id="b" xlink:href="#a"/></defs>'
            '<g inkscape:label="x" xmlns:inkscape="http://www.inkscape.org/" onclick="alert(1)"'
            ' class="x"><circle cx="50" cy="50" r="40" style="fill:url(#b);font:1px x"/></g>'
        )
    )
    assert made.media_type is MediaType.SVG
    text = made.data.decode()
    for gone in ("Somebody", "Sun", "inkscape", "onclick", "class", "style", "font"):
        assert gone not in text
    assert 'fill="url(#b)"' in text
    assert 'href="#a"' in text
    with Image.open(BytesIO(made.png)) as image:
        assert image.size == (picture.SIDE, picture.SIDE)
        assert image.convert("RGBA").getpixel((256, 256)) == (255, 0, 0, 255)


LAUGHS = (
    b'<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><title>&b;</title></svg>'
)
OUTSIDE = (
    b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><title>&x;</title></svg>'
)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (LAUGHS, "picture_doctype"),
        (OUTSIDE, "picture_doctype"),
        (svg("<script>alert(1)</script>"), "picture_element"),
        (svg("<foreignObject><p>x</p></foreignObject>"), "picture_element"),
        (svg('<a href="javascript:alert(1)"><path d="M0 0"/></a>'), "picture_element"),
        (svg('<image href="https://elsewhere.example/x.png"/>'), "picture_element"),
        (svg('<use href="#a"/>'), "picture_element"),
        (svg("<style>@import url(//elsewhere.example)</style>"), "picture_element"),
        (svg("<text>Sun</text>"), "picture_element"),
        (svg("<filter/>"), "picture_element"),
        (svg('<svg viewBox="0 0 1 1"/>'), "picture_element"),
        (svg('<circle r="1"><animate attributeName="r" to="9"/></circle>'), "picture_animated"),
        (svg('<circle r="1"><set attributeName="r" to="9"/></circle>'), "picture_animated"),
        (svg('<circle r="1" fill="url(https://elsewhere.example#x)"/>'), "picture_reference"),
        (svg('<circle r="1" fill="url(//elsewhere.example)"/>'), "picture_reference"),
        (svg('<circle r="1" fill="red url(x)"/>'), "picture_reference"),
        (svg('<circle r="1" style="fill:URL(x)"/>'), "picture_reference"),
        (svg('<circle r="1" fill="&#x75;rl(data:x)"/>'), "picture_reference"),
        (svg('<linearGradient id="a" href="//elsewhere.example#b"/>'), "picture_reference"),
        (svg('<linearGradient id="a" href="#a"/><circle r="1"/>'), "picture_too_complex"),
        (svg("<g>" * 50 + "</g>" * 50), "picture_too_complex"),
        (svg("<g>" * 60_000 + "</g>" * 60_000), "picture_too_complex"),
        (svg('<path d="M0 0"/>' * 5000), "picture_too_complex"),
        (svg(f'<path d="{"M0 0" * 40_000}"/>'), "picture_too_complex"),
        (svg('<circle r="1"/>', 'viewBox="0 0 200 100"'), "picture_not_square"),
        (svg('<circle r="1"/>', 'viewBox="0 0 0 0"'), "picture_not_square"),
        (svg('<circle r="1"/>', 'viewBox="0 0 1e300 1e300"'), "picture_damaged"),
        (svg('<circle r="1"/>', 'viewBox="0 0 nan nan"'), "picture_damaged"),
        (svg('<circle r="1"/>', ""), "picture_damaged"),
        (svg(""), "picture_damaged"),
        (b"<svg>", "picture_damaged"),
        (b"<svg/>", "picture_type"),
        (b"<html><svg/></html>", "picture_type"),
    ],
)
def test_a_drawing_that_runs_moves_loads_or_multiplies_is_refused(data: bytes, code: str) -> None:
    started = time.thread_time()
    assert refusal(data) == code
    assert time.thread_time() - started < 2


def test_clips_within_clips_are_left_out() -> None:
    made = clean(
        svg(
            '<clipPath id="a"><path id="p" d="M0 0h9v9z" clip-path="url(#a)"/></clipPath>'
            '<circle cx="50" cy="50" r="40" clip-path="url(#a)"/>'
        )
    )
    assert made.data.count(b"clip-path=") == 1
    assert made.png


WHOLE = '<path d="M0 0H100V100H0z" {more}/>'
SLOW = {
    "clips of many shapes": '<clipPath id="a">'
    + WHOLE.format(more="") * 60
    + "</clipPath>"
    + WHOLE.format(more='clip-path="url(#a)"') * 60,
    "gradients": '<radialGradient id="a"><stop offset="0"/><stop offset="1" stop-color="red"/>'
    "</radialGradient>" + WHOLE.format(more='fill="url(#a)"') * 1500,
    "see-through shapes": WHOLE.format(more='fill-opacity=".5"') * 3900,
}


@pytest.mark.parametrize("body", SLOW.values(), ids=SLOW)
def test_a_drawing_that_takes_too_long_is_given_up_and_nobody_waits_for_it(body: str) -> None:
    done: list[float] = []
    busy = threading.Thread(target=lambda: done.append(_refused_after(svg(body))))
    busy.start()
    longest, before = 0.0, time.monotonic()
    while busy.is_alive():
        time.sleep(0.01)
        longest, before = max(longest, time.monotonic() - before), time.monotonic()
    assert done[0] < picture.DEADLINE + 2
    assert longest < 1, "others go on meanwhile"


def _refused_after(data: bytes) -> float:
    started = time.monotonic()
    assert refusal(data) == "picture_too_complex"
    return time.monotonic() - started


def test_a_drawing_at_which_the_drawing_library_gives_up_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body = '<g transform="scale(1e6)"><path stroke="red" stroke-width="1e30" d="{}"/></g>'
    hostile = svg(body.format("M0 0L1e30 1e30C1 1e20 3e9 3 5 6z"))
    assert refusal(hostile) == "picture_damaged"
    monkeypatch.setattr(picture_svg, "_LARGEST", float("inf"))  # so that it is drawn
    assert refusal(hostile) == "picture_damaged"


@pytest.mark.parametrize(
    "body",
    [
        '<path d="M0 0L1e7 0"/>',
        '<path d="M0,0L-10000000,0"/>',
        '<g transform="scale(1e7)"><path d="M0 0"/></g>',
        '<path d="M0 0" style="stroke-width:9999999px"/>',
        f'<path d="M0 {"1" * 90_000}"/>',
    ],
)
def test_numbers_that_no_drawing_needs_are_refused(body: str) -> None:
    assert refusal(svg(body)) == "picture_damaged"


def test_colours_are_no_numbers() -> None:
    assert clean(svg('<circle cx="50" cy="50" r="40" fill="#1e9999" stroke="#99999999"/>')).png


@pytest.mark.parametrize(
    "data",
    [
        svg('<circle r="1"/>', f'width="1{" " * 90_000}x" height="1"'),
        svg('<circle r="1"/>', f'viewBox="0 0 {"1" * 90_000}x 1"'),
        svg(f'<circle r="1" fill="url(#a){" " * 90_000}!"/>'),
        svg(f'<path d="{"1e" * 45_000}!"/>'),
        svg(f'<path style="{";:" * 45_000};fill:!"/>'),
    ],
)
def test_no_pattern_takes_long_for_a_long_value(data: bytes) -> None:
    started = time.thread_time()
    with pytest.raises(PictureRefused):
        clean(data)
    assert time.thread_time() - started < 1


@given(st.binary(max_size=300))
def test_whatever_comes_is_cleaned_or_refused(data: bytes) -> None:
    for whole in (data, b"\x89PNG\r\n\x1a\n" + data, svg("") + data, b"<svg " + data):
        try:
            clean(whole)
        except PictureRefused:
            continue


@pytest.mark.parametrize(
    "data", [png(), svg('<circle cx="50" cy="50" r="40" fill="#123456"/>')], ids=["png", "svg"]
)
def test_what_was_cleaned_stays_as_it_is(data: bytes) -> None:
    made = clean(data)
    assert clean(made.data) == made
    assert clean(made.data).digest == made.digest


@pytest.mark.parametrize(
    "data", [png(), svg('<circle cx="50" cy="50" r="40" fill="#123456"/>')], ids=["png", "svg"]
)
def test_a_picture_of_a_test_badge_is_struck_through(data: bytes) -> None:
    made = clean(data)
    struck = artwork.struck_png(made.png)
    assert struck != made.png
    with Image.open(BytesIO(struck)) as image:
        assert image.format == "PNG"
    root = ET.fromstring(artwork.struck_svg(framed(made.png)))
    assert len(root) > 1
