"""Which version of a row is the latest, which the last that lived, and what that makes of a delivery."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from d365bench.sample.shapes import Delivered
from d365bench.sample.world import KEYS, Row


def order(row: Row) -> tuple[Any, ...]:
    version = row["versionnumber"]
    return (version is not None, version or 0, row["sink"], row["modifiedon"] or datetime.min, row["deleted"])


def grouped(rows: Iterable[Row], table: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[KEYS[table]]].append(row)
    return groups


def newest(rows: list[Row]) -> Row:
    """The latest version; a deletion without number beats everything that was written before it."""
    ends = [row["sink"] for row in rows if row["deleted"] and row["versionnumber"] is None]
    if ends:
        kept = [row for row in rows if row["sink"] > max(ends)]
        if not kept:
            return next(r for r in rows if r["deleted"] and r["versionnumber"] is None and r["sink"] == max(ends))
        rows = kept
    return max(rows, key=order)


def standing_today(rows: list[Row], table: str) -> list[Row]:
    return [row for group in grouped(rows, table).values() if not (row := newest(group))["deleted"]]


def last_live(rows: list[Row], table: str) -> Iterator[tuple[str, Row]]:
    for key, group in grouped(rows, table).items():
        living = [row for row in group if not row["deleted"]]
        if living:
            yield key, max(living, key=order)


def accounted(delivered: Delivered) -> dict[str, int]:
    """What becomes of the rows of one delivery that is alone for its table."""
    latest = [newest(group) for group in grouped(delivered.rows, delivered.table).values()]
    deleted = sum(row["deleted"] for row in latest)
    return {
        "rows_read": len(delivered.rows) + delivered.refused,
        "rows_latest": len(latest) - deleted,
        "rows_deleted": deleted,
        "rows_superseded": len(delivered.rows) - len(latest),
        "rows_filtered": 0,
        "rows_quarantined": delivered.refused,
    }
