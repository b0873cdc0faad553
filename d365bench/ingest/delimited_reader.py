"""Delimited files of one table: read together where they share a layout, and no record lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl

from d365bench.errors import QueryError
from d365bench.ingest import delimited, landing
from d365bench.ingest.desk import Desk, origin
from d365bench.ingest.finding import DelimitedSource, Finding
from d365bench.ingest.tables import Table
from d365bench.store import Relation

LARGE_FILE = 64 << 20  # bytes; such a file is worth a statement of its own, without looking up each row's file
SLOW_BATCH = 50_000  # records that Python hands over at once


class DelimitedReader:
    """Takes delimited files to the desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._store = desk, desk.store
        self._passed_over: dict[str, list[int]] = {}

    def take(self, table: Table, findings: Sequence[Finding]) -> None:
        """Read the delimited ones among the files of a table."""
        for source, group in groups(findings):
            if source.counted_only:
                self._count_group(source, group)
            else:
                self._take_group(table, source, group)

    def count(self, findings: Sequence[Finding]) -> None:
        """Count the records of files of no use to us."""
        for source, group in groups(findings):
            self._count_group(source, group)

    def again(self, table: Table, finding: Finding) -> tuple[Relation, list[int]]:
        """The records that the engine took from a file, numbered, and the true numbers of the others."""
        source, path = finding.source, self._desk.path(finding)
        assert isinstance(source, DelimitedSource)
        rows = landing.delimited_rows(
            self._store, table, source, finding.newlines, [path], origin([finding]), second_look=True
        )
        return rows, self._passed_over.get(path, [])

    def _take_group(self, table: Table, source: DelimitedSource, group: Sequence[Finding]) -> None:
        """Read files together; where the engine stumbles each alone, and one that it cannot read record by record."""
        newlines = group[0].newlines
        paths = [self._desk.path(finding) for finding in group]
        place = origin(group)
        try:
            uneven = self._uneven(source, group)
            even = [path for path in paths if path not in uneven]
            if even:
                rows = landing.delimited_rows(self._store, table, source, newlines, even, place)
                self._desk.append(table, rows)
        except QueryError:
            delimited.forget_rejects(self._store)
            if len(group) > 1:
                for finding in group:
                    self._take_group(table, source, [finding])
                return
            even, uneven = [], set(paths)
        rejects = self._rejects(source, group) if even else []
        self._take_records(
            table, source, ((path, n, delimited.fields_of(text, source.delimiter)) for path, n, text in rejects)
        )
        for finding, path in zip(group, paths, strict=True):
            if path in uneven:
                self._take_slowly(table, source, finding)

    def _uneven(self, source: DelimitedSource, group: Sequence[Finding]) -> set[str]:
        """The files with mixed line breaks that hold a record too long, which a loose reading would cut."""
        if group[0].newlines != delimited.MIXED:
            return set()
        dialect = landing.dialect(source, delimited.MIXED)
        doubtful = {self._desk.path(finding) for finding in group}
        loose = self._counted_by(doubtful, dialect)
        for strict in delimited.strictly(dialect):
            # A strict reading never takes a long record: equal counts show that there is none.
            exact = self._counted_by(doubtful, strict)
            doubtful = {path for path in doubtful if loose[path] != exact[path]}
        return {path for path, n in self._counted_by(doubtful, delimited.longer(dialect)).items() if n}

    def _counted_by(self, paths: set[str], dialect: delimited.Dialect) -> dict[str, int]:
        """Records that the engine takes from each file under a dialect; where it stumbles, each file alone."""
        if not paths:
            return defaultdict(int)
        try:
            return self._desk.counted(delimited.read(self._store, sorted(paths), dialect, keep_rejects=False))
        except QueryError:
            parts = [self._counted_by({path}, dialect) for path in paths] if len(paths) > 1 else []
            return defaultdict(int, {path: n for part in parts for path, n in part.items()})

    def _take_slowly(self, table: Table, source: DelimitedSource, finding: Finding) -> None:
        path = self._desk.path(finding)
        batch: list[tuple[str, int, list[str]]] = []
        for record, fields in delimited.slowly(Path(path), landing.dialect(source, finding.newlines)):
            batch.append((path, record, fields))
            if len(batch) == SLOW_BATCH:
                self._take_records(table, source, batch)
                batch = []
        self._take_records(table, source, batch)

    def _take_records(
        self, table: Table, source: DelimitedSource, records: Iterable[tuple[str, int, list[str]]]
    ) -> None:
        """Take in records one by one: those whose length an older or newer schema explains, the others refused."""
        rows: dict[str, list[dict[str, object]]] = defaultdict(list)
        for path, record, fields in records:
            reason = delimited.judge(fields, source.shortest, len(source.columns))
            if reason:
                self._desk.by_source[path].refused_records.append((record, reason))
                continue
            values = [None if value in source.nulls else value for value in fields]
            places = landing.places(table, source, len(fields))
            rows[path].append({"record": record, **{name: values[place] for name, place in places.items()}})
        schema = {"record": pl.Int64, **dict.fromkeys(landing.stage_columns(table), pl.String)}
        for path, taken in rows.items():
            self._desk.append_frame(table, pl.DataFrame(taken, schema=schema), self._desk.by_source[path])

    def _rejects(self, source: DelimitedSource, group: Sequence[Finding]) -> list[delimited.Rejected]:
        """What the last read rejected, kept in mind for the numbering at a second look."""
        rejects = delimited.rejected(self._store, landing.dialect(source, group[0].newlines))
        for reject in rejects:
            self._passed_over.setdefault(reject.source, []).append(reject.record)
        return rejects

    def _count_group(self, source: DelimitedSource, group: Sequence[Finding]) -> None:
        """Count records that are not used; among live files beside a snapshot cut-off ones are quarantined."""
        paths = [self._desk.path(finding) for finding in group]
        # Loosely: a record that is too long counts like any other.
        dialect = landing.dialect(source, delimited.MIXED)
        counts = self._desk.counted(delimited.read(self._store, paths, dialect, keep_rejects=True))
        for path, record, text in delimited.rejected(self._store, dialect):
            reason = delimited.judge(delimited.fields_of(text, source.delimiter), source.shortest, len(source.columns))
            if reason and source.counted_only:
                self._desk.by_source[path].refused_records.append((record, reason))
            else:
                counts[path] += 1
        for finding, path in zip(group, paths, strict=True):
            finding.rows_filtered = counts[path]
            finding.rows_read = counts[path] + len(finding.refused_records)


def groups(findings: Iterable[Finding]) -> list[tuple[DelimitedSource, list[Finding]]]:
    """Small files of one layout are read together, one statement for any number of them; a large one alone."""
    found: dict[tuple[object, ...], tuple[DelimitedSource, list[Finding]]] = {}
    for finding in findings:
        if isinstance(finding.source, DelimitedSource):
            alone = finding.file_id if finding.head is not None and finding.head.size > LARGE_FILE else None
            layout = (finding.source, finding.newlines, finding.environment, alone)
            found.setdefault(layout, (finding.source, []))[1].append(finding)
    return list(found.values())
