"""decisions.csv: what a person has decided earlier, read and checked."""

from __future__ import annotations

import csv
import re
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import polars as pl

from d365bench.client.checks import Place, product_keys, word
from d365bench.errors import ClientError

DECISIONS = {
    "line": pl.Int64,  # in decisions.csv: names a decision, and breaks ties
    "person": pl.String,
    "product": pl.String,  # NULL for exclude
    "decision": pl.String,
    "reason": pl.String,
    "by": pl.String,
    "decided_on": pl.Date,
    "expires_on": pl.Date,  # NULL: for good
}


def read_decisions(source: Path) -> pl.DataFrame:
    """The client's earlier decisions, a row per line; none where there is no decisions.csv."""
    rows = list(decision_lines(source)) if source.is_file() else []
    return pl.DataFrame(rows, schema=DECISIONS, orient="row")


def decision_lines(source: Path) -> list[tuple[Any, ...]]:
    try:
        reader = csv.reader(StringIO(source.read_text(encoding="utf-8-sig"), newline=""), strict=True)
        header = [name.strip() for name in next(reader, [])]
        check_header(source, header)
        return [
            read_decision(Place(source, key=f"line {reader.line_num}"), reader.line_num, header, cells)
            for cells in reader
            if any(cell.strip() for cell in cells)
        ]
    except (csv.Error, UnicodeDecodeError) as exc:
        raise ClientError(f"{source}: not a CSV file in UTF-8: {exc}") from exc


def check_header(source: Path, header: list[str]) -> None:
    columns = [name for name in DECISIONS if name != "line"]
    Place(source).known(header, columns, "column")
    if len(header) != len(set(header)) or set(header) != set(columns):
        raise Place(source).error(f"the first line must be {','.join(columns)}")


def read_decision(place: Place, line: int, header: list[str], cells: list[str]) -> tuple[Any, ...]:
    if len(cells) != len(header):
        raise place.error(f"{len(cells)} cells under {len(header)} columns")
    row = {name: cell.strip() or None for name, cell in zip(header, cells, strict=True)}
    if row["person"] is None:
        raise place.error("person is empty: a UPN or id is needed")
    word("keep", "remove", "exclude")(place, row["decision"] or "")
    if row["decision"] == "exclude" and row["product"] is not None:
        raise place.error("exclude is for the whole person: product must be empty")
    if row["decision"] != "exclude" and row["product"] is None:
        raise place.error(f"{row['decision']} needs a product")
    place.known([row["product"]] if row["product"] else [], product_keys(), "product")
    decided_on, expires_on = (iso_day(place, name, row[name]) for name in ("decided_on", "expires_on"))
    if decided_on is None:
        raise place.error("decided_on is empty: a day is needed, for instance 2026-05-31")
    kept = (row[name] for name in ("person", "product", "decision", "reason", "by"))
    return (line, *kept, decided_on, expires_on)


def iso_day(place: Place, name: str, value: str | None) -> date | None:
    if value is None:
        return None
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            raise ValueError(value)
        return date.fromisoformat(value)
    except ValueError as exc:
        raise place.error(f"{name} {value!r}: a day is needed, for instance 2026-05-31") from exc
