"""A table as a workbook of a spreadsheet program (Office Open XML, `.xlsx`): read and written.

A workbook is a ZIP archive of XML: what it unpacks to is bounded before anything is read, its
styles are not read at all, and no formula is run or written.
"""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from datetime import date

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.worksheet.datavalidation import DataValidation

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_UNPACKED = 2 * 2**20
"""Bytes of all parts that are read, together."""
MOST_PARTS = 200
MOST_TAGS = 60_000
"""Of a sheet, opening and closing ones: a thousand rows, each of a dozen cells. Of the words of
all sheets, half; of what says which sheets there are, little."""
_WIDTHS = (32, 10, 30, 80, 24, 40)
DELIMITER = "\t"
_HOURS = 2
_READ = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|xl/(?:worksheets/[^/]+|sharedStrings|workbook)\.xml"
    r"|xl/_rels/workbook\.xml\.rels",
    re.IGNORECASE,
)
_IN_OTHER_LETTERS = re.compile(
    rb"""\s*<\?xml[^>]*encoding\s*=\s*["'](?!utf-8["'])""", re.IGNORECASE
)
_ZIP = b"PK\x03\x04"


def is_workbook(data: bytes) -> bool:
    return data.startswith(_ZIP)


def as_text(data: bytes, rows: int, columns: int) -> str | None:
    """Return the first sheet as text, a line for each of its rows (one more than `rows`, if there
    are more); None for what is no workbook that can be read."""
    bare = _bare(data)
    if bare is None:
        return None
    out = io.StringIO()
    writer = csv.writer(out, delimiter=DELIMITER)
    try:
        book = load_workbook(io.BytesIO(bare), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        bounds = {"min_row": 1, "min_col": 1, "max_row": rows + 1, "max_col": columns}
        for cells in sheet.iter_rows(**bounds, values_only=True):
            writer.writerow([_text(cell) for cell in cells])
        book.close()
    except Exception:  # noqa: BLE001 - of a stranger's file it raises whatever there is
        return None
    return out.getvalue().rstrip() + "\n"


def workbook(rows: Iterable[Sequence[str]], kinds: Sequence[str]) -> bytes:
    """Return a workbook of one sheet: its first row is the header; `kinds` are offered in the
    third column."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row, start=1):
            cell = sheet.cell(number, column)
            cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
            cell.data_type = "s"  # words, also where they begin like a formula
            if column == _HOURS and re.fullmatch(r"\d{1,6}(\.\d{1,6})?", value):
                cell.value = float(value)
            cell.font = Font(bold=number == 1)
    for letter, width in zip("ABCDEF", _WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A2"
    offered = DataValidation(type="list", formula1='"' + ",".join(kinds) + '"', allow_blank=True)
    sheet.add_data_validation(offered)
    offered.add("C2:C1000")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _bare(data: bytes) -> bytes | None:
    """Return a workbook of nothing but its cells, whose parts are XML of bounded size and number
    of tags that declares no entities; None for any other. `zipfile` hands out no more of a part
    than it declares."""
    out = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(out, "w") as bare:
            parts = archive.infolist()
            kept = [one for one in parts if _READ.fullmatch(one.filename)]
            if len(parts) > MOST_PARTS or sum(one.file_size for one in kept) > MOST_UNPACKED:
                return None
            for one in kept:
                xml = archive.read(one)
                if _IN_OTHER_LETTERS.match(xml) or b"\0" in xml or b"<!DOCTYPE" in xml:
                    return None
                if xml.count(b"<") > _most_tags(one.filename):
                    return None
                bare.writestr(one.filename, xml)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError, EOFError):
        return None
    return out.getvalue()


def _most_tags(part: str) -> int:
    if "/worksheets/" in part:
        return MOST_TAGS
    return MOST_TAGS // (2 if part.lower().endswith("sharedstrings.xml") else 30)


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)
