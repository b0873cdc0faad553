"""Delimited files through the engine's strict reader; only what it rejects is looked at record by record."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from d365bench.store import Relation, Store, literal

REJECTED, SCANS = "rejected_line", "rejected_scan"
GUID = re.compile(r"\{?[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\}?")
csv.field_size_limit(1 << 30)


@dataclass(frozen=True)
class Dialect:
    """How the engine has to read a group of files."""

    width: int
    delimiter: str
    skip: int
    nulls: tuple[str, ...]
    quote: str = '"'


class Rejected(NamedTuple):
    """A record that the strict reader did not take."""

    source: str
    record: int  # 1-based data record number
    text: str


def field(place: int) -> str:
    """Columns are read by position: names may repeat or differ by case only."""
    return f"c{place}"


def read(store: Store, paths: Sequence[str], dialect: Dialect, *, keep_rejects: bool) -> Relation:
    """All records of exactly `width` fields as text, with their `source`; the others are kept aside or passed over."""
    rejects: dict[str, object] = (
        {"store_rejects": True, "rejects_table": REJECTED, "rejects_scan": SCANS, "rejects_limit": 0}
        if keep_rejects
        else {"ignore_errors": True}
    )
    return store.connection.read_csv(
        [literal(path) for path in paths],
        header=False,
        auto_detect=False,
        columns={field(place): "VARCHAR" for place in range(dialect.width)},
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        escapechar=dialect.quote,
        skiprows=dialect.skip,
        strict_mode=True,
        na_values=list(dialect.nulls),
        hive_partitioning=False,
        filename="source",
        **rejects,
    )


def rejected(store: Store, dialect: Dialect) -> list[Rejected]:
    """What the last read kept aside; the engine's own note of it is removed."""
    rows = store.query("quarantine/rejected").rows() if store.has(REJECTED) else []
    for table in (REJECTED, SCANS):
        if store.has(table):
            store.drop(table)
    return [Rejected(source, line - dialect.skip, text.lstrip("\r\n")) for source, line, text in rows]


def judge(text: str, delimiter: str, shortest: int, longest: int) -> list[str] | str:
    """The fields of a rejected record where an older or newer schema explains it, else the reason to refuse it."""
    try:
        fields = next(csv.reader(lines(text), delimiter=delimiter, strict=True), [])
    except csv.Error:  # a quote that never closes: the record was cut inside a text
        return "truncated"
    if len(fields) < shortest:
        return "truncated"
    return fields if len(fields) <= longest else "too_many_fields"


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
