"""A table as a workbook of a spreadsheet program (Office Open XML, `.xlsx`): read and written.

A workbook is a ZIP archive of XML: what it unpacks to is bounded before anything is read, and no
formula is run or written.
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
MOST_UNPACKED = 8 * 2**20
"""Bytes of all parts together."""
MOST_PARTS = 200
_WIDTHS = (32, 10, 30, 80)
DELIMITER = "\t"
_ZIP = b"PK\x03\x04"


def is_workbook(data: bytes) -> bool:
    return data.startswith(_ZIP)


def as_text(data: bytes, rows: int, columns: int) -> str | None:
    """Return the first sheet as text, a line for each of its rows (one more than `rows`, if there
    are more); None for what is no workbook that can be read."""
    if not _is_bounded(data):
        return None
    out = io.StringIO()
    writer = csv.writer(out, delimiter=DELIMITER)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
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
            if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", value):
                cell.value = float(value)
            cell.font = Font(bold=number == 1)
    for letter, width in zip("ABCD", _WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A2"
    offered = DataValidation(type="list", formula1='"' + ",".join(kinds) + '"', allow_blank=True)
    sheet.add_data_validation(offered)
    offered.add("C2:C1000")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _is_bounded(data: bytes) -> bool:
    """Return whether all parts are XML of bounded size that declares no entities; `zipfile` hands
    out no more of a part than it declares."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(one.file_size for one in parts) > MOST_UNPACKED:
                return False
            return not any(b"<!DOCTYPE" in archive.read(one) for one in parts)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError, EOFError):
        return False
    except NotImplementedError:
        return False


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)
