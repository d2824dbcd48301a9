"""Files are what they hold, not what they call themselves."""

import unicodedata
import zlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lti_tool import documents
from lti_tool.documents import JPEG, PDF, PNG, TEXT
from lti_tool.errors import ToolError
from tests.factories import files


@pytest.mark.parametrize(
    ("data", "media_type", "name"),
    [
        (files.PDF, PDF, "report.pdf"),
        (files.photo("PNG"), PNG, "report.png"),
        (files.photo("JPEG"), JPEG, "report.jpg"),
        ("Звіт, наголос, 日本".encode(), TEXT, "report.txt"),
        (b"<script>alert(1)</script>", TEXT, "report.txt"),
        (b"#!/bin/sh\nrm -rf /\n", TEXT, "report.txt"),
    ],
)
def test_the_content_says_what_a_file_is_and_gives_it_its_ending(
    data: bytes, media_type: str, name: str
) -> None:
    read = documents.read(data, "report" + documents.ENDINGS[media_type])
    assert (read.media_type, read.name) == (media_type, name)
    lied = documents.read(data, "report.html")
    assert lied.name == "report.html" + documents.ENDINGS[media_type]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"),
        (b" \n", "file_empty"),
        (files.PROGRAM, "file_kind_unknown"),
        (b"PK\x03\x04" + bytes(40), "file_kind_unknown"),
        (b"GIF89a" + bytes(40), "file_kind_unknown"),
        (b"text with \x00", "file_kind_unknown"),
        ("Prüfung „bestanden“ – 3 €".encode("cp1252"), "file_not_utf8"),
        ("Іспит складено".encode("cp1251"), "file_not_utf8"),
        ("Prüfung".encode("utf-16"), "file_not_utf8"),
        (b"\xff\xfe\x00", "file_kind_unknown"),
        (b"\x1b[2J clears a terminal", "file_kind_unknown"),
        (files.PDF[:20], "file_unreadable"),
        (files.photo("JPEG")[:200], "file_unreadable"),
        (files.photo("PNG")[:60], "file_unreadable"),
        (b"\xff\xd8\xff" + files.PDF, "file_unreadable"),
    ],
)
def test_what_is_no_whole_file_of_these_kinds_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(ToolError) as refused:
        documents.read(data, "x/certificate.pdf")
    assert (refused.value.code, refused.value.params["name"]) == (code, "certificate.pdf")


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_picture_loses_what_the_camera_wrote_and_stays_upright(kind: str) -> None:
    original = files.photo(kind, turned=True)
    assert b"Camera of Ana" in original
    kept = documents.read(original, "photo").data
    assert b"Camera" not in kept
    assert b"taken at home" not in kept
    with Image.open(BytesIO(kept)) as image:
        assert image.size == (40, 60)
        assert not image.getexif()
        assert "comment" not in image.info


def test_a_large_picture_is_made_smaller_and_a_gigantic_one_refused() -> None:
    kept = documents.read(files.photo("JPEG", (5000, 2500)), "photo").data
    with Image.open(BytesIO(kept)) as image:
        assert image.size == (3000, 1500)
    huge = bytearray(files.photo("PNG"))
    huge[16:24] = (60_000).to_bytes(4) * 2
    huge[29:33] = zlib.crc32(huge[12:29]).to_bytes(4)
    with pytest.raises(ToolError, match="file_too_many_pixels"):
        documents.read(bytes(huge), "photo")


def test_a_picture_with_holes_keeps_them() -> None:
    out = BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(out, "PNG")
    with Image.open(BytesIO(documents.read(out.getvalue(), "seal").data)) as image:
        assert image.mode == "RGBA"


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for begin in (b"", b"%PDF-", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"):
        try:
            assert documents.read(begin + data, "any").data
        except ToolError:
            continue


@given(st.text(max_size=400), st.sampled_from([PDF, PNG, JPEG, TEXT]))
def test_any_name_becomes_one_that_every_system_keeps(name: str, media_type: str) -> None:
    kept = documents.normal_name(name, media_type)
    stem = kept.removesuffix(documents.ENDINGS[media_type])
    assert kept != stem
    assert stem.strip(" .") == stem != ""
    assert len(kept.encode()) <= 255
    assert not set(kept) & set('/\\<>:"|?*\0\r\n\u202e')
    assert documents.normal_name(kept, media_type) == kept
    assert all(unicodedata.category(one) != "Cc" for one in kept)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("..\\..\\CON.pdf", "_CON.pdf"),
        ("photo\u202efdp.exe", "photo fdp.exe.pdf"),
        (".htaccess", "htaccess.pdf"),
        ("…/звіт\r\nSet-Cookie: a", "звіт Set-Cookie_ a.pdf"),
        ("می\u200cخواهم.pdf", "می\u200cخواهم.pdf"),
        ("", "file.pdf"),
        ("e\u0301" * 200 + ".pdf", "é" * 60 + ".pdf"),
    ],
)
def test_names_of_paths_tricks_and_many_scripts(name: str, kept: str) -> None:
    assert documents.normal_name(name, PDF) == kept
