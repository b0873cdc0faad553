"""What became of every file: the store's tables `file`, `file_set` and `set_column`, and the rows of load.json."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import polars as pl

from d365bench.ingest.finding import Finding

Delivery = tuple[str, ...]
FILE = {
    "file_id": pl.Int32,
    "path": pl.String,
    "sha256": pl.String,
    "shape": pl.String,
    "table_name": pl.String,
    "environment": pl.String,
    "rows_read": pl.Int64,
    "rows_latest": pl.Int64,
    "rows_superseded": pl.Int64,
    "rows_deleted": pl.Int64,
    "rows_filtered": pl.Int64,
    "rows_quarantined": pl.Int64,
    "complete": pl.Boolean,
    "refused": pl.String,
    "note": pl.String,
    "set_id": pl.Int32,
}
FILE_SET = {
    "set_id": pl.Int32,
    "environment": pl.String,
    "table_name": pl.String,
    "shape": pl.String,
    "append_only": pl.Boolean,
    "complete": pl.Boolean,
    "why": pl.String,
}


def in_sets(findings: Sequence[Finding]) -> dict[Delivery, list[Finding]]:
    """The files of tables that we keep, by the delivery that they are part of."""
    sets: dict[Delivery, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.delivery is not None and finding.canonical is not None and finding.environment is not None:
            sets[finding.delivery].append(finding)
    return sets


def set_ids(findings: Sequence[Finding]) -> dict[Delivery, int]:
    """A number for every delivery of a table."""
    return {delivery: number for number, delivery in enumerate(sorted(in_sets(findings)), start=1)}


def file_frame(findings: Sequence[Finding], sets: Mapping[Delivery, int]) -> pl.DataFrame:
    """One row per file."""
    rows = [
        (
            finding.file_id,
            finding.relative,
            finding.sha256 or None,
            finding.shape,
            finding.table,
            finding.environment,
            finding.rows_read,
            finding.standing.get("latest", 0),
            finding.standing.get("superseded", 0),
            finding.standing.get("deleted", 0),
            finding.rows_filtered,
            finding.rows_quarantined,
            finding.complete,
            finding.refused,
            finding.note,
            sets.get(finding.delivery) if finding.delivery else None,
        )
        for finding in findings
    ]
    return pl.DataFrame(rows, schema=FILE, orient="row")


def file_set_frame(findings: Sequence[Finding], sets: Mapping[Delivery, int]) -> pl.DataFrame:
    """One row per delivery: complete only where each of its files is."""
    rows = []
    for delivery, group in in_sets(findings).items():
        first = group[0]
        why = next((finding.why_incomplete or finding.refused for finding in group if not finding.complete), None)
        kept = any(finding.append_only for finding in group)
        complete = all(finding.complete for finding in group)
        rows.append((sets[delivery], first.environment, first.table, first.shape, kept, complete, why))
    return pl.DataFrame(rows, schema=FILE_SET, orient="row").sort("set_id")


def set_column_frame(findings: Sequence[Finding], sets: Mapping[Delivery, int]) -> pl.DataFrame:
    """One row per delivery and column that any of its files carries."""
    rows = sorted(
        {
            (sets[delivery], name)
            for delivery, group in in_sets(findings).items()
            for finding in group
            for name in finding.carried
        }
    )
    return pl.DataFrame(rows, schema={"set_id": pl.Int32, "column_name": pl.String}, orient="row")
