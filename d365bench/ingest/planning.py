"""How large a client is and which way to take: here, here out of core, or on Spark; from file sizes and heads alone.

The figures per row were measured with `make bench-scale`; docs/scale.md has the table and what follows from it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from d365bench.ingest.finding import Finding, LinesSource, PageSource, ParquetSource
from d365bench.ingest.rolled_up import SHAPE
from d365bench.rollup import ACTIVITY_TABLES
from d365bench.store import Store

MEMORY_PER_ROW = 400  # bytes that reading and rolling up hold at once where nothing limits them
DISK_PER_ROW = 350  # bytes of the new store, the old one beside it, and what is spilled under a limit
OUT_OF_CORE_ROWS = 400_000_000  # beyond it a load on one machine takes hours where a cluster takes minutes
GIB = 2**30


@dataclass(frozen=True)
class Plan:
    """The way to take and why: 'here', 'here, out of core' or 'on Spark'."""

    way: str
    reason: str
    rows: int  # of the activity tables
    memory: int  # bytes that a load would like
    disk: int  # bytes that it needs below the client's folder


def plan(findings: Iterable[Finding], store: Store, folder: Path) -> Plan:
    """The plan for a client's recognised exports on this machine."""
    rows = sum(rows_of(one, store) for one in findings if one.table in ACTIVITY_TABLES)
    return decide(rows, store.memory_limit(), shutil.disk_usage(folder).free)


def decide(rows: int, memory: int, disk: int) -> Plan:
    """Which way so many rows take where the engine may use so many bytes of memory and of free disk."""
    wants, needs = rows * MEMORY_PER_ROW, rows * DISK_PER_ROW
    said = f"about {rows:,} rows of activity would like {gib(wants)} of memory"
    if wants <= memory:
        return Plan("here", f"{said}, and the engine may use {gib(memory)}", rows, wants, needs)
    if needs > disk:
        reason = f"they need {gib(needs)} of disk for the store and for spilling, and {gib(disk)} are free"
    elif rows > OUT_OF_CORE_ROWS:
        reason = f"out of core pays up to {OUT_OF_CORE_ROWS / 1e6:,.0f} million rows"
    else:
        reason = f"more than the {gib(memory)} that the engine may use; {gib(disk)} of free disk take what does not fit"
        return Plan("here, out of core", f"{said}, {reason}", rows, wants, needs)
    return Plan("on Spark", f"{said}; {reason}: 'd365bench rollup' where the lake lies", rows, wants, needs)


def rows_of(finding: Finding, store: Store) -> int:
    """Rows of one file: exact for Parquet, else its size over the mean length of the records in its head."""
    if finding.shape == SHAPE or finding.source is None:
        return 0
    if isinstance(finding.source, ParquetSource):
        return store.parquet_rows(finding.source.paths)
    head = finding.head
    if head is None or not head.raw:
        return 0
    # the head of a page is one long line: a row begins with its etag or its braces
    mark = b"{" if isinstance(finding.source, PageSource) else b"\n"
    seen = head.raw.count(mark) - (1 if isinstance(finding.source, PageSource) else 0)
    if isinstance(finding.source, LinesSource):
        seen = max(seen, 1)
    return round(head.size * max(seen, 0) / len(head.raw))


def gib(size: float) -> str:
    """Bytes in words."""
    return f"{size / GIB:,.1f} GiB" if size >= GIB / 10 else "less than 0.1 GiB"
