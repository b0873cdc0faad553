"""Excel workbooks from a model-driven app: counted, but nothing in them proves who did what.

Owners and creators are display names, dates are in the exporting user's zone, which the file does not say.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

import python_calamine

from d365bench.ingest import refusals
from d365bench.ingest.delimited import GUID
from d365bench.ingest.reading import Head, Reading

SHAPE = "excel_advanced_find"
ZIP = b"PK\x03\x04"
# '(Do Not Modify) Case' and its translations: the app puts its own columns first and marks them like this.
MARKED = re.compile(r"(\([^()]+\)) ?")
MOST_ROWS = 100_000
ROW_CAP = "The workbook has exactly 100,000 rows, the export's limit; it is cut off. Export the table in another way."
UNREADABLE = "This workbook cannot be opened. Export it again and check that the download finished."


@dataclass(frozen=True)
class Sheet:
    """One worksheet with exported rows."""

    name: str
    hidden_columns: int
    rows: int


def matches(head: Head) -> bool:
    """Whether this is an Excel workbook, whatever made it."""
    if not head.raw.startswith(ZIP) or not zipfile.is_zipfile(head.path):
        return False
    with zipfile.ZipFile(head.path) as archive:
        return "xl/workbook.xml" in archive.namelist()


def read(head: Head) -> Reading:
    """All rows counted, none of them used; a refusal where the key column is missing."""
    try:
        found = sheets(head)
    except (python_calamine.CalamineError, zipfile.BadZipFile):
        return Reading(SHAPE, None, refused=UNREADABLE)
    if not found:
        return Reading(SHAPE, None, refused=refusals.WORKBOOK)
    rows = sum(sheet.rows for sheet in found)
    cut = any(sheet.rows == MOST_ROWS for sheet in found)
    return Reading(
        SHAPE,
        None,
        rows_read=rows,
        filtered=rows,
        complete=not cut,
        why_incomplete=ROW_CAP if cut else None,
        note=f"{sum(sheet.hidden_columns for sheet in found)} hidden columns",
    )


def sheets(head: Head) -> list[Sheet]:
    """The worksheets whose first column holds the records' keys; very hidden ones belong to the app."""
    with python_calamine.CalamineWorkbook.from_path(head.path) as book:
        shown = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
            and sheet.visible != python_calamine.SheetVisibleEnum.VeryHidden
        ]
        tables = [(name, book.get_sheet_by_name(name).to_python(skip_empty_area=True)) for name in shown]
    return [sheet for name, table in tables if (sheet := sheet_of(name, table))]


def sheet_of(name: str, table: Sequence[Sequence[object]]) -> Sheet | None:
    """What a worksheet holds; None where its first column is not the app's key column."""
    if not table or not (mark := MARKED.match(str(table[0][0]))):
        return None
    rows = [row for row in table[1:] if any(cell not in ("", None) for cell in row)]
    if rows and not any(GUID.fullmatch(str(row[0]).strip()) for row in rows):
        return None
    return Sheet(name, sum(str(header).startswith(mark[1]) for header in table[0]), len(rows))
