"""One table: how a value is written, and the HTML that JupyterLab and the report show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from html import escape

import polars as pl

PEOPLE_SHOWN = 25
Format = Callable[[object], str]
MISSING = "–"


def text(value: object) -> str:
    return str(value).replace("_", " ")


def as_written(value: object) -> str:
    """Names, ids and codes: as they stand in ledger.csv."""
    return str(value)


def prose(value: object) -> str:
    """Longer text: the only cells that may break over lines."""
    return str(value)


def count(value: object) -> str:
    return f"{value:,}"


def money(value: object) -> str:
    cents = Decimal(repr(value)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{cents + 0:,.2f}"  # + 0: no minus sign before nothing


def percent(value: object) -> str:
    return f"{value:,.1f} %"


def day(value: object) -> str:
    return value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else str(value)


def yes_no(value: object) -> str:
    return "yes" if value else "no"


NUMBERS = (count, money, percent)


@dataclass(frozen=True)
class Table:
    """One table as it is shown: headings, formatted rows, and a note on what was left out."""

    rows: pl.DataFrame
    columns: Mapping[str, tuple[str, Format]]
    note: str = ""
    nothing: str = "Nothing to list: no row answers this question."

    def _repr_html_(self) -> str:
        """The table in HTML; numbers to the right, each cell with the value that it sorts by."""
        if self.rows.is_empty():
            return f'<p class="nothing">{escape(self.nothing)}</p>'
        head = "".join(
            f'<th scope="col" style="text-align:{"right" if form in NUMBERS else "left"}">{escape(title)}</th>'
            for title, form in self.columns.values()
        )
        body = "".join(
            "<tr>"
            + "".join(self.cell(value, form) for value, (_, form) in zip(row, self.columns.values(), strict=True))
            + "</tr>"
            for row in self.rows.select(self.columns.keys()).iter_rows()
        )
        note = f'<p class="note">{escape(self.note)}</p>' if self.note else ""
        return f'<table class="answer"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note}'

    def cell(self, value: object, form: Format) -> str:
        if value is None:
            return f"<td {self.align(form)}>{MISSING}</td>"
        sort = f' data-sort="{float(str(value))}"' if form in NUMBERS else ""
        return f"<td {self.align(form)}{sort}>{escape(form(value))}</td>"

    @staticmethod
    def align(form: Format) -> str:
        # JupyterLab aligns every cell of a table to the right unless the cell itself says otherwise.
        side = "right" if form in NUMBERS else "left"
        return f'style="text-align:{side}{"" if form is prose else ";white-space:nowrap"}"'


def table(rows: pl.DataFrame, **columns: tuple[str, Format]) -> Table:
    """The rows with these columns, all of them."""
    return Table(rows, columns)


def of_people(rows: pl.DataFrame, **columns: tuple[str, Format]) -> Table:
    """The first rows of a list of people, and where the rest is."""
    more = rows.height - PEOPLE_SHOWN
    note = f"{more:,} more rows; everybody is in ledger.csv." if more > 0 else ""
    return Table(rows.head(PEOPLE_SHOWN), columns, note)
