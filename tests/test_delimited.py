"""Delimited files: whatever line breaks, lengths and quotes they hold, each record is taken or refused, never lost."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from d365bench.ingest import delimited
from d365bench.ingest.finding import DelimitedSource, Finding
from d365bench.ingest.inputs import digest_of
from d365bench.ingest.intake import Intake
from d365bench.ingest.reading import Head
from d365bench.ingest.tables import TABLES
from d365bench.store import Store
from export_folder import guid

TEAM = TABLES["team"]
BREAKS = ("\n", "\r\n", "\r")
ENDS = (("\n",), ("\r\n",), ("\n", "\r\n"))
COLUMNS = ("teamid", "name", "isdefault", "versionnumber")


class Taken:
    """What one file of teams became."""

    def __init__(self, folder: Path, content: str, *, shortest: int = 4, columns: Sequence[str] = COLUMNS) -> None:
        path = folder / "file"
        path.write_bytes(content.encode())
        finding = Finding(path, "file", "default", table="team", file_id=1, encoding="utf-8")
        finding.newlines = digest_of(path, as_text=True).newlines
        finding.head = Head(path, "file", b"", path.stat().st_size, "utf-8", "", "default")
        finding.source = DelimitedSource(tuple(columns), 4, shortest)
        with Store.in_memory() as store:
            intake = Intake(store, folder)
            intake.take(TEAM, [finding])
            rows = store.connection.sql("SELECT row_id, name FROM team_version")
            self.names = {str(row_id): name for row_id, name in rows.fetchall()}
            refused = store.connection.sql("SELECT record, reason FROM quarantine").fetchall()
        self.refused = dict([*refused, *finding.refused_records])
        self.read = finding.rows_read


def written(rows: Sequence[Sequence[str]], ends: Sequence[str], seed: int = 0) -> str:
    chance = random.Random(seed)
    quoted = (",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
    return "".join(line + chance.choice(ends) for line in quoted)


def team(number: int, name: str = "") -> list[str]:
    return [guid(number), name, "False", str(number)]


texts = st.lists(st.sampled_from(["a", "é", ",", '"', ";", *BREAKS]), max_size=6).map(
    lambda parts: f"x{''.join(parts)}y"
)


@given(st.lists(texts, min_size=1, max_size=12), st.sampled_from(ENDS), st.integers(0, 9))
def test_every_text_comes_through_whatever_breaks_the_lines(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], ends: tuple[str, ...], seed: int
) -> None:
    rows = [team(number, name) for number, name in enumerate(names, start=1)]
    taken = Taken(tmp_path_factory.mktemp("file"), written(rows, ends, seed))
    assert taken.names == {row[0]: row[1] for row in rows}
    assert taken.read == len(rows)
    assert not taken.refused


@given(
    st.lists(st.tuples(st.sampled_from(["good", "short", "long", "guid"]), texts), min_size=1, max_size=12),
    st.sampled_from(ENDS),
)
def test_taken_and_refused_are_what_was_read(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[tuple[str, str]], ends: tuple[str, ...]
) -> None:
    change = {
        "good": lambda row: row,
        "short": lambda row: row[:2],
        "long": lambda row: [*row, "1", "2"],
        "guid": lambda row: ["no guid", *row[1:]],
    }
    reasons = {"short": "truncated", "long": "too_many_fields", "guid": "bad_guid"}
    rows = [change[kind](team(number, name)) for number, (kind, name) in enumerate(kinds, start=1)]
    taken = Taken(tmp_path_factory.mktemp("file"), written(rows, ends))
    assert taken.read == len(rows) == len(taken.names) + len(taken.refused)
    assert taken.refused == {n: reasons[kind] for n, (kind, _) in enumerate(kinds, start=1) if kind in reasons}


def test_a_record_of_an_older_or_newer_schema_is_taken(tmp_path: Path) -> None:
    columns = (*COLUMNS, "isdelete", "added")
    rows = [team(1)[:3], team(2), [*team(3), ""], [*team(4), "True", "7"]]
    taken = Taken(tmp_path, written(rows, ["\r\n"]), shortest=3, columns=columns)
    assert sorted(taken.names) == [guid(n) for n in (1, 2, 3, 4)]


def test_a_record_cut_inside_a_text_is_truncated(tmp_path: Path) -> None:
    taken = Taken(tmp_path, written([team(1), team(2)], ["\r\n"]) + f'{guid(3)},"Tier')
    assert taken.refused == {3: "truncated"}
    assert len(taken.names) == 2


def test_record_numbers_hold_in_a_large_file(tmp_path: Path) -> None:
    """The engine reads in several threads and numbers what it takes; what it rejects shifts the count."""
    rows = [team(n, 'two\r\nlines, "quoted"' if n % 3 else "one") for n in range(1, 40_001)]
    for place, row in ((9_999, ["bad"]), (19_999, [*team(20_000), "1", "2"]), (29_999, ["no guid", "", "", ""])):
        rows[place] = row
    rows[34_999][3] = "x"
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    taken = Taken(tmp_path, out.getvalue())
    assert taken.refused == {10_000: "truncated", 20_000: "too_many_fields", 30_000: "bad_guid", 35_000: "bad_number"}
    assert taken.read == 40_000


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("a\nb\n", delimited.ONLY_LF),
        ("a\r\nb\r\n", delimited.ONLY_CRLF),
        ("a\nb\r\n", delimited.MIXED),
        ("a\r\nb\n", delimited.MIXED),
        ("a\rb\r\n", delimited.MIXED),
        ("x" * ((1 << 20) - 1) + "\r\n", delimited.ONLY_CRLF),
    ],
)
def test_line_breaks_are_told_over_the_whole_file(tmp_path: Path, content: str, kind: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content.encode())
    assert digest_of(path, as_text=True).newlines == kind
