"""Small CSV files with a header, read record by record: lists of people, audit searches."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping

from d365bench.ingest.delimited import delimiter_of
from d365bench.ingest.head import decode
from d365bench.ingest.reading import Head

Cells = Mapping[str, str]
# str.splitlines also splits at characters that occur inside cells; StringIO holds the text four times as large.
LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n|\Z)")
# Windows PowerShell's Export-Csv writes the type of the objects above the header.
TYPE_LINE = re.compile(r"\A#TYPE [^\n]*\n")


def folded(name: str) -> str:
    """A column name without blanks, underscores and case: the same one through all generations of an export."""
    return re.sub(r"[\s_]+", "", name).casefold()


def columns(text: str) -> list[str]:
    """The folded names in the header line; empty where the first line is none."""
    body = TYPE_LINE.sub("", text)
    try:
        return [folded(name) for name in next(_rows(body), [])]
    except csv.Error:
        return []


def records(head: Head) -> Iterator[tuple[int, Cells | str]]:
    """Each record of the whole file by its number: its cells by folded column name, or why it is refused.

    The file is decoded anew: a head of plain ASCII does not show what comes after it.
    """
    rows = _rows(TYPE_LINE.sub("", decode(head.path.read_bytes())[1]))
    header = [folded(name) for name in next(rows, [])]
    number = 0
    for row in rows:
        if not any(row):  # an empty line, or what a spreadsheet leaves below its rows
            continue
        number += 1
        if len(row) == len(header):
            yield number, dict(zip(header, row, strict=True))
        else:
            yield number, "truncated" if len(row) < len(header) else "too_many_fields"


def _rows(text: str) -> Iterator[list[str]]:
    return csv.reader((line[0] for line in LINE.finditer(text)), delimiter=delimiter_of(text))
