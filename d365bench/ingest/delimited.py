"""Delimited files through the engine's reader; only what it rejects is looked at record by record.

The engine's strict reader keeps every record of another length aside, but it loses rows without a word where line
breaks inside quoted texts differ from those between records (DuckDB 2.0, tests/test_delimited.py). Its loose reader
takes any line break but cuts long records. So a file with one kind of line break is read strictly; any other is read
loosely, after a count has shown that no record of it is too long; where one is, Python's csv reader reads that file.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from d365bench.store import LINE_FEED, Relation, Store, literal

REJECTED, SCANS = "rejected_line", "rejected_scan"
ONLY_LF, ONLY_CRLF, MIXED = "lf", "crlf", "mixed"
GUID = re.compile(r"\{?[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\}?")
csv.field_size_limit(1 << 30)


@dataclass(frozen=True)
class Dialect:
    """How the engine has to read a group of files."""

    width: int
    delimiter: str
    skip: int
    nulls: tuple[str, ...]
    newlines: str = MIXED
    quote: str = '"'


class Rejected(NamedTuple):
    """A record that the engine did not take."""

    source: str
    record: int  # 1-based data record number
    text: str


def newline_kind(line_feeds: int, carriage_returns: int, both: int) -> str:
    """Which line breaks a file holds, inside quoted texts or out, from how many of each there are."""
    if not carriage_returns:
        return ONLY_LF
    return ONLY_CRLF if line_feeds == carriage_returns == both else MIXED


def field(place: int) -> str:
    """Columns are read by position: names may repeat or differ by case only."""
    return f"c{place}"


def read(store: Store, paths: Sequence[str], dialect: Dialect, *, keep_rejects: bool) -> Relation:
    """All records of `width` fields as text, with their `source`; the others are kept aside or passed over."""
    options: dict[str, Any] = {"ignore_errors": True}
    if keep_rejects:
        options = {"store_rejects": True, "rejects_table": REJECTED, "rejects_scan": SCANS, "rejects_limit": 0}
    if dialect.newlines == ONLY_LF:
        options["lineterminator"] = LINE_FEED
    return store.connection.read_csv(
        [literal(path) for path in paths],  # type: ignore[arg-type]  # the stub knows one path, the engine a list
        header=False,
        auto_detect=False,
        columns={field(place): "VARCHAR" for place in range(dialect.width)},
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        escapechar=dialect.quote,
        skiprows=dialect.skip,
        strict_mode=dialect.newlines != MIXED,
        na_values=list(dialect.nulls),
        hive_partitioning=False,
        filename="source",
        **options,
    )


def strictly(dialect: Dialect) -> Iterator[Dialect]:
    """The two strict readings of a file with mixed line breaks, for a count that shows whether one of them fits."""
    yield replace(dialect, newlines=ONLY_LF)
    yield replace(dialect, newlines=ONLY_CRLF)


def longer(dialect: Dialect) -> Dialect:
    """A loose reading that takes only records of more fields."""
    return replace(dialect, width=dialect.width + 1, newlines=MIXED)


def rejected(store: Store, dialect: Dialect) -> list[Rejected]:
    """What the last read kept aside; the engine's own note of it is removed."""
    rows = store.query("quarantine/rejected").rows() if store.has(REJECTED) else []
    forget_rejects(store)
    found = [
        Rejected(source, line - dialect.skip, text.lstrip("\r\n"))
        for source, line, text in rows
        if text and text.strip()  # a blank line is no record
    ]
    if dialect.newlines != MIXED:
        return found
    # Reading loosely the engine counts lines, not records.
    return [
        reject
        for _, group in groupby(found, key=lambda reject: reject.source)
        for reject in numbered(list(group), dialect)
    ]


def numbered(rejects: list[Rejected], dialect: Dialect) -> list[Rejected]:
    """The rejected records of one file with their true numbers: those of the records of another length, in order."""
    numbers = [n for n, fields in slowly(Path(rejects[0].source), dialect) if len(fields) != dialect.width]
    if len(numbers) != len(rejects):
        return rejects
    return [reject._replace(record=number) for reject, number in zip(rejects, numbers, strict=True)]


def forget_rejects(store: Store) -> None:
    """Remove the engine's note of what it kept aside."""
    for table in (REJECTED, SCANS):
        if store.has(table):
            store.drop(table)


def judge(fields: list[str], shortest: int, longest: int) -> str | None:
    """Why a record of this length is refused; None where an older or newer schema explains it."""
    if len(fields) < shortest:
        return "truncated"
    return "too_many_fields" if len(fields) > longest else None


def fields_of(text: str, delimiter: str) -> list[str]:
    """The fields of one record; none at all where a quote never closes: the record was cut inside a text."""
    try:
        return next(csv.reader(lines(text), delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def slowly(path: Path, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """Every record of a file with its number, for a file that the engine cannot read; cut ones have no fields."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.reader(file, delimiter=dialect.delimiter, strict=True)
        record = -dialect.skip
        while True:
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error:
                fields = []
            else:
                if not fields:
                    continue
            record += 1
            if record > 0:
                yield record, fields


def records(text: str, delimiter: str, *, whole: bool, most: int) -> list[list[str]]:
    """The first records of a head; the last one is left out where the head ends inside it."""
    rows: list[list[str]] = []
    try:
        for row in csv.reader(lines(text), delimiter=delimiter):
            if row:
                rows.append(row)
            if len(rows) > most:
                return rows[:most]
    except csv.Error:  # a NUL or the like: what came before is still good
        return rows
    return rows if whole else rows[:-1]


def lines(text: str) -> Iterable[str]:
    """Lines as a csv reader wants them: `splitlines` would also break at form feeds and Unicode separators."""
    return io.StringIO(text, newline="")


def delimiter_of(text: str) -> str:
    """The delimiter that splits the first line into most fields: comma, semicolon or tab."""
    line = text.split("\n", 1)[0]
    return max(",;\t", key=lambda mark: len(next(csv.reader([line], delimiter=mark), [])))
