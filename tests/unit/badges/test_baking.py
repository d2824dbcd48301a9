"""Baked images carry the signed bytes and nothing hostile."""

import contextlib
import json
import struct
import xml.etree.ElementTree as ET
import zlib
from io import BytesIO

import png
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from badges.artwork import emblem_png, emblem_svg
from badges.baking import BakingError, bake_png, bake_svg, unbake
from badges.errors import BadgeError

PNG = emblem_png("WLD1", size=32)
SVG = emblem_svg("WLD1")
DOCUMENT = b'{"id": "urn:uuid:1", "name": "Zo\\u00eb"}'
BADGE = "https://purl.imsglobal.org/ob/v3p0"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunks(*extra: bytes, image: bytes = PNG) -> bytes:
    """`image` with chunks put in behind its header (8 bytes of signature, 25 of IHDR)."""
    return image[:33] + b"".join(extra) + image[33:]


def text_chunk(
    text: bytes, *, compressed: int = 0, keyword: bytes = b"openbadgecredential"
) -> bytes:
    return chunk(b"iTXt", keyword + bytes([0, compressed, 0, 0, 0]) + text)


def svg_with(inner: str) -> bytes:
    namespaces = f'xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="{BADGE}"'
    return f"<svg {namespaces}>{inner}</svg>".encode()


def chunks_of(image: bytes) -> list[tuple[bytes, bytes]]:
    return list(png.Reader(bytes=image).chunks())


def refusal(image: bytes) -> str:
    with pytest.raises(BakingError) as refused:
        unbake(image)
    return refused.value.code


documents = st.text(st.characters(exclude_characters="\0"), min_size=1).map(str.encode)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(documents)
def test_what_is_baked_into_a_png_comes_out_again(document: bytes) -> None:
    assert unbake(bake_png(PNG, document)) == document


@given(st.dictionaries(st.text(), json_values), st.booleans())
def test_json_baked_into_an_svg_means_the_same_when_it_comes_out(
    content: dict[str, object], ascii_only: bool
) -> None:
    document = json.dumps(content, ensure_ascii=ascii_only)
    try:
        baked = bake_svg(SVG, document.encode())
    except BakingError:
        assert not ascii_only  # only raw characters that XML lacks are refused
        return
    assert json.loads(unbake(baked)) == content
    if "]]>" not in document:
        assert unbake(baked) == document.encode()


def test_the_chunk_is_one_uncompressed_itxt_before_the_pixels() -> None:
    kinds = chunks_of(bake_png(PNG, DOCUMENT))
    assert kinds[1] == (b"iTXt", b"openbadgecredential\0\0\0\0\0" + DOCUMENT)
    assert [kind for kind, _ in kinds].count(b"iTXt") == 1


def test_a_baked_png_still_shows_the_same_picture() -> None:
    before, after = (Image.open(BytesIO(image)) for image in (PNG, bake_png(PNG, DOCUMENT)))
    assert before.tobytes() == after.tobytes()
    assert after.text["openbadgecredential"] == DOCUMENT.decode()


def test_baking_again_replaces_the_credential() -> None:
    assert unbake(bake_png(bake_png(PNG, b"{}"), DOCUMENT)) == DOCUMENT
    assert unbake(bake_svg(bake_svg(SVG, b"{}"), DOCUMENT)) == DOCUMENT


def test_baking_replaces_also_what_could_not_be_read() -> None:
    image = with_chunks(text_chunk(b"a", compressed=1), text_chunk(b"b"))
    assert unbake(bake_png(image, DOCUMENT)) == DOCUMENT


def test_other_texts_of_a_png_stay() -> None:
    other = text_chunk(b"Oksana", keyword=b"Author")
    image = bake_png(with_chunks(other), DOCUMENT)
    assert (b"iTXt", b"Author\0\0\0\0\0Oksana") in chunks_of(image)


def test_a_baked_svg_holds_one_cdata_section_in_the_namespace_of_open_badges() -> None:
    baked = bake_svg(SVG, b'{"a": "<&]]>"}').decode()
    assert baked.count(f'xmlns:openbadges="{BADGE}"') == 1
    section = '<openbadges:credential><![CDATA[{"a": "<&]]\\u003e"}]]></openbadges:credential>'
    assert baked.count(section) == 1
    assert baked.startswith("<svg ")


def test_a_baked_svg_keeps_its_shapes() -> None:
    before, after = ET.fromstring(SVG), ET.fromstring(bake_svg(SVG, DOCUMENT))
    assert [e.attrib for e in before.iter()] == [
        e.attrib for e in after.iter() if "credential" not in e.tag
    ]


def test_a_jws_in_the_verify_attribute_is_found() -> None:
    assert unbake(svg_with('<openbadges:credential verify="a.b.c"/>')) == b"a.b.c"


def test_white_space_round_the_section_is_no_part_of_the_credential() -> None:
    inner = "<openbadges:credential>\n  <![CDATA[{}]]>\n</openbadges:credential>"
    assert unbake(b"\xef\xbb\xbf\n" + svg_with(inner)) == b"{}"


@pytest.mark.parametrize("image", [b"", b"GIF89a", b"\xff\xd8\xff", b"{}", PNG[1:], b"\0" * 40])
def test_what_is_no_image_is_refused(image: bytes) -> None:
    assert refusal(image) == "not_an_image"
    with pytest.raises(BakingError) as refused:
        bake_png(image, DOCUMENT)
    assert refused.value.code == "not_png"


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (PNG, "no_credential"),
        (SVG, "no_credential"),
        (with_chunks(text_chunk(b"{}"), text_chunk(b"{}")), "several_credentials"),
        (with_chunks(text_chunk(zlib.compress(b"{}"), compressed=1)), "compressed_credential"),
        (with_chunks(text_chunk(b"")), "bad_document"),
        (with_chunks(text_chunk(b"\xff\xfe")), "bad_document"),
        (with_chunks(text_chunk(b" " * (2**20 + 1))), "bad_document"),
        (with_chunks(chunk(b"iTXt", b"openbadgecredential")), "damaged_image"),
        (with_chunks(chunk(b"iTXt", b"openbadgecredential\0")), "damaged_image"),
        (with_chunks(chunk(b"iTXt", b"openbadgecredential\0\0\0en")), "damaged_image"),
        (with_chunks(chunk(b"tEXt", b"openbadgecredential\0{}")), "damaged_image"),
        (with_chunks(chunk(b"zTXt", b"openbadgecredential\0\0x")), "damaged_image"),
        (PNG[:-12], "damaged_image"),
        (PNG[:50], "damaged_image"),
        (PNG[:8], "damaged_image"),
        (PNG[:40] + b"\xff" + PNG[41:], "damaged_image"),
        (PNG[:8] + b"\xff\xff\xff\xff" + PNG[12:], "damaged_image"),
        (PNG + b"\0" * (4 * 2**20), "image_too_large"),
        (svg_with("<openbadges:credential/>"), "bad_document"),
        (svg_with("<openbadges:credential><b/></openbadges:credential>"), "damaged_image"),
        (svg_with("<openbadges:credential>{}</openbadges:credential>" * 2), "several_credentials"),
        (svg_with("<g><openbadges:credential>{}</openbadges:credential></g>"), "no_credential"),
        (b"<svg/>", "not_svg"),
        (b"<html xmlns='http://www.w3.org/1999/xhtml'/>", "not_svg"),
        (b"<svg", "damaged_image"),
        (b"<?xml version='1.0' encoding='no-such'?><svg/>", "damaged_image"),
        (b"<svg>" + b" " * (4 * 2**20), "image_too_large"),
        (b"<!DOCTYPE s [<!ENTITY a 'b'>]><s>&a;</s>", "damaged_image"),
        (b"<!DOCTYPE s [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><s>&a;</s>", "damaged_image"),
    ],
)
def test_damaged_and_hostile_images_are_refused_with_their_reason(image: bytes, code: str) -> None:
    assert refusal(image) == code


def test_an_image_of_giant_dimensions_is_not_baked() -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 100_000, 100_000, 8, 6, 0, 0, 0))
    with pytest.raises(BakingError) as refused:
        bake_png(PNG[:8] + header + PNG[33:], DOCUMENT)
    assert refused.value.code == "image_too_large"


@pytest.mark.parametrize("document", [b"", b"\xff", b"a\0b", b"a" * (2**20 + 1)])
def test_documents_no_image_can_hold_are_refused(document: bytes) -> None:
    for bake, image in ((bake_png, PNG), (bake_svg, SVG)):
        with pytest.raises(BakingError) as refused:
            bake(image, document)
        assert refused.value.code == "bad_document"


@pytest.mark.parametrize("document", [b"  ", b'{"a": "\x1b"}', b'{"a":\r1}', b"{}]]>", b"a ]]> b"])
def test_documents_that_xml_would_change_are_refused(document: bytes) -> None:
    with pytest.raises(BakingError) as refused:
        bake_svg(SVG, document)
    assert refused.value.code == "bad_document"


def test_an_svg_nested_beyond_reason_is_refused() -> None:
    deep = svg_with("<g>" * 100_000 + "</g>" * 100_000)
    assert refusal(deep) == "no_credential"
    with pytest.raises(BakingError) as refused:
        bake_svg(deep, DOCUMENT)
    assert refused.value.code == "damaged_image"


@given(st.binary(max_size=400), st.integers(0, 600), st.booleans())
def test_garbage_in_an_image_ends_in_nothing_but_a_refusal(
    garbage: bytes, at: int, overwrite: bool
) -> None:
    for image in (bake_png(PNG, DOCUMENT), bake_svg(SVG, DOCUMENT)):
        hostile = image[:at] + garbage + image[at + len(garbage) * overwrite :]
        for act in (unbake, lambda i: bake_png(i, b"{}"), lambda i: bake_svg(i, b"{}")):
            with contextlib.suppress(BadgeError):
                act(hostile)


@given(st.lists(st.tuples(st.binary(min_size=4, max_size=4), st.binary(max_size=60)), max_size=6))
def test_any_well_formed_chunks_end_in_nothing_but_a_refusal(
    extra: list[tuple[bytes, bytes]],
) -> None:
    image = with_chunks(*(chunk(kind, data) for kind, data in extra))
    for act in (unbake, lambda i: bake_png(i, b"{}")):
        with contextlib.suppress(BadgeError):
            act(image)
