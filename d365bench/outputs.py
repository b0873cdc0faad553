"""Writing what a run hands out: CSV, JSON and workbooks; the only place that neutralises formulas."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter

from d365bench.errors import ReportError

# A spreadsheet takes a text that begins like this for a formula, or strips it until it is one.
FORMULA = r"\A[=+\-@\t\r]"
MONEY = {"unit_price", "annual_cost", "present_value", "exposure_to_confirm"}
SHEET_ROWS = 1_048_575  # below the header
CELL_CHARACTERS = 32_767


def is_money(column: str) -> bool:
    """Whether a column holds money, by the names that this project gives to money."""
    return column.startswith("monthly_") or column in MONEY


def decimals(column: str) -> int | None:
    """With how many decimals a number of this column is written; None: as it is."""
    if is_money(column):
        return 2
    return 1 if column.startswith("coverage_") else None


def plain(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame as it is written: rounded, without formulas, an empty text being absent."""
    fixed = [
        # Nine decimals remove binary noise first: 1.005 is a tie, although its float lies below it.
        pl.col(column).cast(pl.Decimal(38, 9)).round(digits, mode="half_away_from_zero").cast(pl.Decimal(38, digits))
        for column, dtype in frame.schema.items()
        if (digits := decimals(column)) is not None and dtype.is_numeric()
    ]
    texts = {column: pl.col(column) for column, dtype in frame.schema.items() if dtype == pl.String}
    return frame.with_columns(fixed).with_columns(
        **{
            column: pl.when(text.str.contains(FORMULA)).then(pl.format("'{}", text)).when(text != "").then(text)
            for column, text in texts.items()
        }
    )


def write_csv(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame as RFC 4180 CSV in UTF-8: header, CRLF, true/false, ISO days, UTC instants, absent = empty."""
    plain(frame).write_csv(
        path,
        line_terminator="\r\n",
        date_format="%Y-%m-%d",
        datetime_format="%Y-%m-%dT%H:%M:%SZ",
        quote_style="necessary",
    )


def write_json(value: object, path: Path) -> None:
    """Write a value as JSON in UTF-8, in its own order; decimals are money and are rounded to cents."""
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False, default=as_json)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def as_json(value: object) -> object:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value.quantize(Decimal("0.01"), ROUND_HALF_UP))
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


# -- workbooks -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sheet:
    """One question of a workbook, with its answer."""

    name: str
    question: str
    rows: pl.DataFrame


def write_xlsx(
    path: Path,
    *,
    title: str,
    as_of: date,
    summary: Sequence[tuple[str, object]],
    definitions: Sequence[tuple[str, str]],
    sheets: Sequence[Sheet],
) -> None:
    """Write a workbook: a front sheet with summary, contents and definitions, then a sheet per question."""
    for sheet in sheets:
        if sheet.rows.height > SHEET_ROWS:
            raise ReportError(f"{path.name}: {sheet.rows.height} rows of '{sheet.name}' do not fit on a sheet")
    # Nothing may be guessed from text: a display name that looks like a formula, link or number stays text.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), {**options, "constant_memory": True}) as book:
        # the same inputs give the same file, so the day is the client's and not today
        book.set_properties({"title": title, "created": datetime.combine(as_of, time())})
        formats = Formats(book)
        write_front(book.add_worksheet("Summary"), formats, title, summary, definitions, sheets)
        for sheet in sheets:
            write_sheet(book.add_worksheet(sheet.name), formats, plain(sheet.rows))


class Formats:
    """The cell formats of one workbook."""

    def __init__(self, book: Any) -> None:
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self.text = book.add_format({"valign": "top"})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        self.money = book.add_format({"num_format": "#,##0.00"})
        self.percent = book.add_format({"num_format": "0.0"})
        self.whole = book.add_format({"num_format": "#,##0"})
        self.day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
        self.instant = book.add_format({"num_format": "yyyy-mm-dd hh:mm", "align": "left"})
        self.ready = book.add_format({"bg_color": "#DDEFDD"})
        self.conditional = book.add_format({"bg_color": "#FBEBC8"})

    def of(self, column: str, dtype: pl.DataType) -> Any:
        """The format of a column's cells."""
        if is_money(column):
            return self.money
        if isinstance(dtype, pl.Date):
            return self.day
        if isinstance(dtype, pl.Datetime):
            return self.instant
        if dtype.is_integer():
            return self.whole
        return self.percent if dtype.is_numeric() else self.text


def write_front(
    page: Any,
    formats: Formats,
    title: str,
    summary: Sequence[tuple[str, object]],
    definitions: Sequence[tuple[str, str]],
    sheets: Sequence[Sheet],
) -> None:
    page.set_column(0, 0, 34)
    page.set_column(1, 1, 90)
    page.write_string(0, 0, title, formats.title)
    row = 2
    blocks: list[tuple[str, Sequence[tuple[str, object]]]] = [
        ("Summary", summary),
        ("Sheets", [(sheet.name, sheet.question) for sheet in sheets]),
        ("Definitions", definitions),
    ]
    for heading, lines in blocks:
        page.write_string(row, 0, heading, formats.head)
        for label, value in lines:
            row += 1
            page.write_string(row, 0, label, formats.text)
            write_cell(page, row, 1, value, formats.day if isinstance(value, date) else formats.wrapped)
        row += 2


def write_sheet(page: Any, formats: Formats, rows: pl.DataFrame) -> None:
    kinds = [formats.of(column, dtype) for column, dtype in rows.schema.items()]
    for place, column in enumerate(rows.columns):
        page.set_column(place, place, width(rows[column]))
        page.write_string(0, place, column, formats.head)
    for line, values in enumerate(rows.iter_rows(), start=1):
        for place, value in enumerate(values):
            if value is not None:
                write_cell(page, line, place, value, kinds[place])
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, rows.height, max(rows.width - 1, 0))
    if "status" in rows.columns and rows.height:
        place = rows.columns.index("status")
        for status, look in (("ready", formats.ready), ("conditional", formats.conditional)):
            rule = {"type": "cell", "criteria": "==", "value": f'"{status}"', "format": look}
            page.conditional_format(1, place, rows.height, place, rule)


def write_cell(page: Any, line: int, place: int, value: object, look: Any) -> None:
    if isinstance(value, bool):
        page.write_boolean(line, place, value, look)
    elif isinstance(value, int | float | Decimal):
        page.write_number(line, place, float(value), look)
    elif isinstance(value, date):  # an instant is a date as well
        page.write_datetime(line, place, value, look)
    elif value is not None:
        page.write_string(line, place, str(value)[:CELL_CHARACTERS], look)


def width(column: pl.Series) -> int:
    """A width in characters that shows most values without hiding the next column."""
    longest = column.head(200).cast(pl.String).str.len_chars().max() or 0
    return max(8, min(40, max(int(str(longest)), len(column.name) // 2 + 2)))
