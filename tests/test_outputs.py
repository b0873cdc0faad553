"""What is written is plain, rounded once, and never a formula."""

from __future__ import annotations

import csv
import json
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from d365bench import outputs
from d365bench.errors import ReportError
from d365bench.outputs import Sheet, write_csv, write_json, write_xlsx


def written(frame: pl.DataFrame, folder: Path) -> list[list[str]]:
    """The cells of the file that write_csv makes of a frame."""
    write_csv(frame, folder / "out.csv")
    with (folder / "out.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, strict=True))


# -- CSV -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["=1+1", "+49 30 1", "-x", "@SUM(A1)", "\tx", "\rx", "=", "-5"])
def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text: str, tmp_path: Path) -> None:
    assert written(pl.DataFrame({"display_name": [text]}), tmp_path)[1] == [f"'{text}"]


@pytest.mark.parametrize("text", ["a=b", "'quoted", "cs_enterprise+voice", " =1", "Ø", "2026-01-01"])
def test_any_other_text_is_written_as_it_is(text: str, tmp_path: Path) -> None:
    assert written(pl.DataFrame({"display_name": [text]}), tmp_path)[1] == [text]


def test_a_negative_number_gets_no_apostrophe(tmp_path: Path) -> None:
    frame = pl.DataFrame({"monthly_saving_ready": [-20.0], "own_cases": [-1]})
    assert written(frame, tmp_path)[1] == ["-20.00", "-1"]


@given(st.lists(st.text(alphabet="ab=+-@\t\r\n,;\"' é", max_size=6), min_size=1, max_size=5))
def test_every_text_comes_back_from_csv(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    frame = pl.DataFrame({"person_id": [str(n) for n in range(len(texts))], "display_name": texts})
    rows = written(frame, tmp_path_factory.getbasetemp())
    for (_, cell), original in zip(rows[1:], texts, strict=True):
        assert cell in (original, f"'{original}")
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize(
    ("amount", "cell"),
    [(1.005, "1.01"), (2.675, "2.68"), (-1.005, "-1.01"), (0.1 + 0.2, "0.30"), (-0.001, "0.00"), (1e6, "1000000.00")],
)
def test_money_has_two_decimals_half_a_cent_away_from_zero(amount: float, cell: str, tmp_path: Path) -> None:
    frame = pl.DataFrame({"monthly_now": [amount], "unit_price": [amount]})
    assert written(frame, tmp_path)[1] == [cell, cell]


def test_each_kind_of_value_has_one_form(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "account_enabled": [True, None],
            "digital_last": [date(2026, 6, 30), None],
            "last_seen": [datetime(2026, 6, 30, 14, 5), None],
            "coverage_cases": [79.96, None],
            "monthly_target": [Decimal("98.000"), None],
            "own_cases": [12, None],
            "department": ["", None],
        }
    )
    header, full, empty = written(frame, tmp_path)
    assert header == frame.columns
    assert full == ["true", "2026-06-30", "2026-06-30T14:05:00Z", "80.0", "98.00", "12", ""]
    assert empty == [""] * 7


def test_lines_end_as_rfc_4180_says_and_only_what_must_be_quoted_is(tmp_path: Path) -> None:
    write_csv(pl.DataFrame({"a": ["x", "two\nlines", 'a "b", c'], "b": [1, 2, 3]}), tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes() == b'a,b\r\nx,1\r\n"two\nlines",2\r\n"a ""b"", c",3\r\n'


def test_an_empty_frame_is_a_header(tmp_path: Path) -> None:
    frame = pl.DataFrame(schema={"scenario": pl.String, "annual_cost": pl.Float64})
    assert written(frame, tmp_path) == [["scenario", "annual_cost"]]


# -- JSON ------------------------------------------------------------------------------------------------------


def test_json_keeps_its_order_and_rounds_decimals_to_cents(tmp_path: Path) -> None:
    value = {"z": Decimal("1.005"), "a": date(2026, 7, 1), "n": None, "é": [1.5], "at": datetime(2026, 7, 1, 9)}
    write_json(value, tmp_path / "out.json")
    text = (tmp_path / "out.json").read_text(encoding="utf-8")
    assert list(json.loads(text)) == ["z", "a", "n", "é", "at"]
    assert json.loads(text) == {"z": 1.01, "a": "2026-07-01", "n": None, "é": [1.5], "at": "2026-07-01T09:00:00Z"}
    assert "é" in text
    assert text.endswith("}\n")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_has_no_word_for_no_number(value: float, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json({"x": value}, tmp_path / "out.json")


def test_a_value_without_a_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="object has no form"):
        write_json({"x": object()}, tmp_path / "out.json")


# -- workbooks -------------------------------------------------------------------------------------------------


def workbook(path: Path, rows: pl.DataFrame) -> CalamineWorkbook:
    write_xlsx(
        path,
        title="Contoso",
        as_of=date(2026, 7, 1),
        summary=[("Monthly saving, ready", Decimal("12.5")), ("As of", date(2026, 7, 1)), ("Note", "=1+1")],
        definitions=[("withheld", "money behind holds")],
        sheets=[Sheet("Ledger", "Who needs what?", rows)],
    )
    return CalamineWorkbook.from_path(str(path))


ROWS = pl.DataFrame(
    {
        "display_name": ["=1+1", "https://example.org", "007"],
        "status": ["ready", "conditional", None],
        "monthly_now": [98.005, None, -1.0],
        "digital_last": [date(2026, 6, 30), None, None],
        "account_enabled": [True, False, None],
    }
)


def test_a_workbook_has_a_front_sheet_and_a_sheet_per_question(tmp_path: Path) -> None:
    book = workbook(tmp_path / "out.xlsx", ROWS)
    assert book.sheet_names == ["Summary", "Ledger"]
    front = book.get_sheet_by_name("Summary").to_python()
    assert ["Monthly saving, ready", 12.5] in front
    assert ["Ledger", "Who needs what?"] in front
    assert ["withheld", "money behind holds"] in front


def test_a_workbook_holds_the_values_of_the_csv_with_their_types(tmp_path: Path) -> None:
    rows = workbook(tmp_path / "out.xlsx", ROWS).get_sheet_by_name("Ledger").to_python()
    assert rows[0] == ROWS.columns
    assert rows[1] == ["'=1+1", "ready", 98.01, date(2026, 6, 30), True]
    assert rows[2] == ["https://example.org", "conditional", "", "", False]
    assert rows[3][0] == "007"


def test_a_workbook_holds_no_formula_and_no_link(tmp_path: Path) -> None:
    workbook(tmp_path / "out.xlsx", ROWS)
    with zipfile.ZipFile(tmp_path / "out.xlsx") as parts:
        sheets = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
    assert len(sheets) == 2
    for sheet in sheets:
        assert "<f>" not in sheet
        assert "hyperlink" not in sheet
    ledger = sheets[1]
    assert "autoFilter" in ledger
    assert 'state="frozen"' in ledger
    assert ledger.count("<cfRule") == 2


def test_the_same_rows_give_the_same_workbook(tmp_path: Path) -> None:
    for name in ("one.xlsx", "two.xlsx"):
        workbook(tmp_path / name, ROWS)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()


def test_an_empty_answer_is_still_a_sheet(tmp_path: Path) -> None:
    book = workbook(tmp_path / "out.xlsx", ROWS.clear())
    assert book.get_sheet_by_name("Ledger").to_python() == [ROWS.columns]


def test_rows_that_do_not_fit_are_no_silent_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "SHEET_ROWS", 2)
    with pytest.raises(ReportError, match="do not fit"):
        workbook(tmp_path / "out.xlsx", ROWS)
