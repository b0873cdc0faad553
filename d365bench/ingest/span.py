"""The days that one export file spans: from its first to its last record, told before anything is loaded."""

from __future__ import annotations

import re
from datetime import date

import polars as pl

from d365bench.ingest.finding import DelimitedSource, Finding, ParquetSource, positions

# What dates a record, best first: a participant counts on the day it joined.
DATED_BY = ("msdyn_joinedon", "createdon")
DAY_IN_JSON = {name: re.compile(rb'"%b"\s*:\s*"(\d{4}-\d{2}-\d{2})T' % name.encode()) for name in DATED_BY}
DAY = r"^\s*(\d{4}-\d{2}-\d{2})[T ]"
# A text file is read from end to end for this, so what would take more than a moment is left to loading.
MOST_BYTES = 128 * 2**20

Span = tuple[date | None, date | None]
UNKNOWN: Span = (None, None)


def span(finding: Finding) -> Span:
    """First and last day, both None where the file has no dated record or is too large to look through."""
    if isinstance(finding.source, ParquetSource):
        return of_frame(pl.scan_parquet(list(finding.source.paths), missing_columns="insert"), finding.source.columns)
    if finding.source is None or finding.head is None or finding.head.size > MOST_BYTES:
        return UNKNOWN
    if isinstance(finding.source, DelimitedSource):
        return of_text(finding, finding.source)
    return of_json(finding.path.read_bytes())


def of_text(finding: Finding, source: DelimitedSource) -> Span:
    """The span of a delimited file; its columns are known by position."""
    if finding.canonical is None or finding.encoding == "utf-16":
        return UNKNOWN
    places = positions(finding.canonical, source.columns)
    name = next((name for name in DATED_BY if places.get(name, source.width) < source.width), None)
    if name is None:
        return UNKNOWN
    columns = [f"field {place}" for place in range(source.width)]
    frame = pl.scan_csv(
        finding.path,
        has_header=False,
        separator=source.delimiter,
        schema=dict.fromkeys(columns, pl.String()),
        skip_lines=source.skip,
        truncate_ragged_lines=True,
        encoding="utf8-lossy",
    )
    return of_frame(frame.select(pl.col(columns[places[name]]).alias(name)), [name])


def of_frame(frame: pl.LazyFrame, columns: tuple[str, ...] | list[str]) -> Span:
    """The span of the first column that dates a record, whether it holds instants or texts."""
    carried = {column.lower(): column for column in columns}
    name = next((carried[name] for name in DATED_BY if name in carried), None)
    if name is None:
        return UNKNOWN
    try:
        is_text = frame.collect_schema()[name] == pl.String
        day = pl.col(name).str.extract(DAY).str.to_date(strict=False) if is_text else pl.col(name).cast(pl.Date)
        first, last = frame.select(day.min().alias("first"), day.max().alias("last")).collect().row(0)
    except pl.exceptions.PolarsError:  # a broken file is judged when it is loaded
        return UNKNOWN
    return first, last


def of_json(content: bytes) -> Span:
    """The span of JSON records, in pages or one a line."""
    found = next((days for name in DATED_BY if (days := DAY_IN_JSON[name].findall(content))), [])
    return (day_of(min(found)), day_of(max(found))) if found else UNKNOWN


def day_of(text: bytes) -> date | None:
    try:
        return date.fromisoformat(text.decode())
    except ValueError:
        return None
