"""Tables: escaped, formatted, limited; nothing is counted in them."""

from __future__ import annotations

import re
from datetime import date

import polars as pl
import pytest

from d365bench.tables import html as tables


def cells(table: tables.Table) -> list[str]:
    return re.findall(r"<td[^>]*>(.*?)</td>", table._repr_html_())


def test_text_is_escaped() -> None:
    rows = pl.DataFrame({"name": ["<script>alert(1)</script>"]})
    html = tables.table(rows, name=("<b>Name</b>", tables.as_written))._repr_html_()
    assert "<script>" not in html
    assert "<b>" not in html


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (1234567, tables.count, "1,234,567"),
        (1234.5, tables.money, "1,234.50"),
        (1.005, tables.money, "1.01"),
        (-0.001, tables.money, "0.00"),
        (99.96, tables.percent, "100.0 %"),
        (date(2026, 7, 1), tables.day, "2026-07-01"),
        ("within_rights", tables.text, "within rights"),
        ("within_rights", tables.as_written, "within_rights"),
        (True, tables.yes_no, "yes"),
        (None, tables.money, "–"),
    ],
)
def test_a_value_is_written_by_its_kind(value: object, form: tables.Format, shown: str) -> None:
    assert cells(tables.table(pl.DataFrame({"value": [value]}, strict=False), value=("Value", form))) == [shown]


def test_numbers_stand_to_the_right_and_sort_as_numbers() -> None:
    html = tables.table(pl.DataFrame({"n": [1234], "name": ["a"]}), n=("N", tables.count), name=("Name", tables.text))
    found = re.findall(r"<td ([^>]*)>", html._repr_html_())
    assert found == [
        'style="text-align:right;white-space:nowrap" data-sort="1234.0"',
        'style="text-align:left;white-space:nowrap"',
    ]


def test_no_row_is_said_in_words() -> None:
    html = tables.table(pl.DataFrame({"n": []}), n=("N", tables.count))._repr_html_()
    assert "<table" not in html
    assert "Nothing to list" in html


def test_a_list_of_people_says_how_many_more_there_are_and_where() -> None:
    rows = pl.DataFrame({"upn": [f"p{place}" for place in range(tables.PEOPLE_SHOWN + 1200)]})
    table = tables.of_people(rows, upn=("Person", tables.as_written))
    assert len(cells(table)) == tables.PEOPLE_SHOWN
    assert "1,200 more rows; everybody is in ledger.csv." in table._repr_html_()
    assert tables.of_people(rows.head(3), upn=("Person", tables.as_written)).note == ""
