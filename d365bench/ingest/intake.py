"""Landed rows into `<table>_version`: typed in one pass, refused rows into quarantine, then every version's standing.

Each row of a file is counted exactly once: latest, superseded, deleted, filtered or quarantined.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from d365bench.errors import ExportError, QueryError
from d365bench.ingest import delimited, landing, refusals, web_api
from d365bench.ingest.finding import DelimitedSource, Finding, LinesSource, PageSource, ParquetSource, positions
from d365bench.ingest.head import transcoded
from d365bench.ingest.landing import Origin
from d365bench.ingest.tables import Table
from d365bench.store import Relation, Store

MACROS = ("as_guid", "as_instant", "as_whole", "as_flag", "bad_guid", "bad_instant", "bad_whole", "bad_flag")
LARGE_FILE = 64 << 20  # bytes; such a file is worth a statement of its own, without looking up each row's file
SLOW_BATCH = 50_000  # records that Python hands over at once
QUARANTINE = {"file_id": pl.Int32, "record": pl.Int64, "reason": pl.String}


class Intake:
    """Takes the files of one table after another into a store."""

    def __init__(self, store: Store, workspace: Path, *, remember_ids: bool = False) -> None:
        self._store = store
        self._remember_ids = remember_ids
        self._workspace = workspace
        self._by_source: dict[str, Finding] = {}
        self._passed_over: dict[str, list[int]] = {}
        for name in (*MACROS, *landing.BYTE_ORDERS):
            store.run(f"stage/{name}")
        store.keep("quarantine", pl.DataFrame(schema=QUARANTINE))
        store.keep("known_id", pl.DataFrame({"id": []}, schema={"id": pl.String}))

    def close(self) -> None:
        """Remove what was only needed while loading."""
        for name in ("known_id", "landing"):
            self._store.drop(name)
        for name in ("staged", "landed", "counted", "candidate"):
            self._store.drop_view(name)

    # -- one table -------------------------------------------------------------------------------------------------

    def take(self, table: Table, findings: Sequence[Finding]) -> None:
        """Read every file of a table and keep its rows as `<table>_version`."""
        store = self._store
        self._register(findings)
        store.register("landed", landing.nothing(table))
        store.create("arrival", f"stage/{table.name}")
        store.unregister("landed")
        self._take_delimited(table, findings)
        self._take_pages(table, findings)
        for finding in findings:
            if isinstance(finding.source, LinesSource | ParquetSource):
                self._take_typed(table, finding)
        self._count_read(findings)
        self._quarantine(table)
        self._settle()
        self._count_standing(findings)
        self._tell_append_only(findings)
        if self._remember_ids:
            store.append("known_id", "stage/known")
        store.rename("arrival", f"{table.name}_version")

    def count(self, findings: Sequence[Finding]) -> None:
        """Count the rows of files that hold nothing of use to us: all of them are filtered."""
        self._register(findings)
        for finding in findings:
            if isinstance(finding.source, PageSource):
                finding.rows_filtered += self._pages_counted(finding)
            elif isinstance(finding.source, LinesSource):
                finding.rows_filtered += sum(self._counted(landing.lines(self._store, self._path(finding))).values())
            elif isinstance(finding.source, ParquetSource):
                finding.rows_filtered += self._store.parquet_rows(finding.source.paths)
            finding.rows_read = finding.rows_filtered
        for group in self._groups(findings):
            self._count_delimited(group)

    # -- reading ---------------------------------------------------------------------------------------------------

    def _register(self, findings: Sequence[Finding]) -> None:
        """Tell the stage which source is which file, under the path that the engine reports."""
        self._by_source = {self._path(finding): finding for finding in findings}
        frame = pl.DataFrame(
            [(source, finding.file_id) for source, finding in self._by_source.items()],
            schema={"source": pl.String, "file_id": pl.Int32},
            orient="row",
        )
        if self._store.has("landing"):
            self._store.drop("landing")
        self._store.keep("landing", frame)

    def _path(self, finding: Finding) -> str:
        """Where the engine reads a file: a UTF-8 copy of it where it is in another encoding."""
        if finding.encoding in (None, "utf-8") or not isinstance(finding.source, DelimitedSource | LinesSource):
            return str(finding.path)
        copy = self._workspace / f"{finding.file_id}.txt"
        if not copy.exists():
            with copy.open("wb") as file:
                file.writelines(transcoded(finding.path, str(finding.encoding)))
        return str(copy)

    def _groups(self, findings: Iterable[Finding]) -> list[list[Finding]]:
        """Small files of one layout are read together, one statement for any number of them; a large one alone."""
        groups: dict[tuple[object, ...], list[Finding]] = defaultdict(list)
        for finding in findings:
            if isinstance(finding.source, DelimitedSource):
                alone = finding.file_id if finding.head is not None and finding.head.size > LARGE_FILE else None
                groups[finding.source, finding.newlines, finding.environment, alone].append(finding)
        return list(groups.values())

    def _take_delimited(self, table: Table, findings: Sequence[Finding]) -> None:
        for group in self._groups(findings):
            source = group[0].source
            assert isinstance(source, DelimitedSource)
            if source.counted_only:
                self._count_delimited(group)
                continue
            self._take_group(table, source, group)

    def _take_group(self, table: Table, source: DelimitedSource, group: Sequence[Finding]) -> None:
        """Read files together; where the engine stumbles each alone, and one that it cannot read record by record."""
        newlines = group[0].newlines
        paths = [self._path(finding) for finding in group]
        origin = self._origin(group)
        try:
            uneven = self._uneven(source, group)
            even = [path for path in paths if path not in uneven]
            if even:
                rows = landing.delimited_rows(self._store, table, source, newlines, even, origin)
                self._append(table, rows)
        except QueryError:
            delimited.forget_rejects(self._store)
            if len(group) > 1:
                for finding in group:
                    self._take_group(table, source, [finding])
                return
            even, uneven = [], set(paths)
        rejects = self._rejects(group) if even else []
        self._take_records(
            table, source, ((path, n, delimited.fields_of(text, source.delimiter)) for path, n, text in rejects)
        )
        for finding, path in zip(group, paths, strict=True):
            if path in uneven:
                self._take_slowly(table, source, finding)

    def _origin(self, group: Sequence[Finding]) -> Origin:
        return Origin(group[0].environment, group[0].file_id if len(group) == 1 else None)

    def _uneven(self, source: DelimitedSource, group: Sequence[Finding]) -> set[str]:
        """The files with mixed line breaks that hold a record too long, which a loose reading would cut."""
        if group[0].newlines != delimited.MIXED:
            return set()
        dialect = landing.dialect(source, delimited.MIXED)
        doubtful = {self._path(finding) for finding in group}
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
            return self._counted(delimited.read(self._store, sorted(paths), dialect, keep_rejects=False))
        except QueryError:
            parts = [self._counted_by({path}, dialect) for path in paths] if len(paths) > 1 else []
            return defaultdict(int, {path: n for part in parts for path, n in part.items()})

    def _take_slowly(self, table: Table, source: DelimitedSource, finding: Finding) -> None:
        path = self._path(finding)
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
                self._by_source[path].refused_records.append((record, reason))
                continue
            values = [None if value in source.nulls else value for value in fields]
            places = landing.places(table, source, len(fields))
            rows[path].append({"record": record, **{name: values[place] for name, place in places.items()}})
        schema = {"record": pl.Int64, **dict.fromkeys(landing.stage_columns(table), pl.String)}
        for path, taken in rows.items():
            self._append_frame(table, pl.DataFrame(taken, schema=schema), self._by_source[path])

    def _rejects(self, group: Sequence[Finding]) -> list[delimited.Rejected]:
        """What the last read rejected, kept in mind for the numbering at a second look."""
        source = group[0].source
        assert isinstance(source, DelimitedSource)
        rejects = delimited.rejected(self._store, landing.dialect(source, group[0].newlines))
        for reject in rejects:
            self._passed_over.setdefault(reject.source, []).append(reject.record)
        return rejects

    def _count_delimited(self, group: Sequence[Finding]) -> None:
        """Count records that are not used; among live files beside a snapshot cut-off ones are quarantined."""
        source = group[0].source
        assert isinstance(source, DelimitedSource)
        paths = [self._path(finding) for finding in group]
        # Loosely: a record that is too long counts like any other.
        dialect = landing.dialect(source, delimited.MIXED)
        counts = self._counted(delimited.read(self._store, paths, dialect, keep_rejects=True))
        for path, record, text in delimited.rejected(self._store, dialect):
            reason = delimited.judge(delimited.fields_of(text, source.delimiter), source.shortest, len(source.columns))
            if reason and source.counted_only:
                self._by_source[path].refused_records.append((record, reason))
            else:
                counts[path] += 1
        for finding, path in zip(group, paths, strict=True):
            finding.rows_filtered = counts[path]
            finding.rows_read = counts[path] + len(finding.refused_records)

    def _take_pages(self, table: Table, findings: Sequence[Finding]) -> None:
        """Pages of one folder are one answer: their links and counts tell whether it is whole."""
        answers: dict[tuple[str, ...] | None, list[Finding]] = defaultdict(list)
        for finding in findings:
            if isinstance(finding.source, PageSource):
                answers[finding.delivery].append(finding)
        for group in answers.values():
            self._take_answer(table, group)

    def _take_answer(self, table: Table, group: Sequence[Finding]) -> None:
        pages: list[web_api.Page] = []
        keys: set[str] = set()
        why: str | None = None
        for finding in group:
            try:
                page = web_api.read(finding)
            except ExportError as exc:
                why = str(exc)
                finding.refuse(why)
                continue
            frame = web_api.frame(finding, table, page.rows)
            keys.update(frame["row_id"].drop_nulls() if "row_id" in frame.columns else ())
            self._append_frame(table, frame, finding)
            pages.append(replace(page, rows=[]))
        why = why or web_api.why_incomplete(pages, len(keys))
        for finding in group:
            finding.complete, finding.why_incomplete = why is None, why

    def _take_typed(self, table: Table, finding: Finding) -> None:
        """JSON lines or Parquet: one file, read by the engine."""
        try:
            self._append(table, self._typed_rows(table, finding))
        except QueryError as exc:
            finding.refuse(refusals.BROKEN_FILE.format(reason=str(exc).splitlines()[0]))
        except ExportError as exc:
            finding.refuse(str(exc))

    def _typed_rows(self, table: Table, finding: Finding, *, second_look: bool = False) -> Relation:
        origin = self._origin([finding])
        if isinstance(finding.source, ParquetSource):
            order = self._byte_order(table, finding.source)
            return landing.parquet_rows(self._store, table, finding.source, origin, order, second_look=second_look)
        assert isinstance(finding.source, LinesSource)
        path = self._path(finding)
        return landing.line_rows(self._store, table, finding.source, path, origin, second_look=second_look)

    def _byte_order(self, table: Table, source: ParquetSource) -> str | None:
        """The one byte order in which 16-byte GUIDs are ids that other files know; an ExportError where none is."""
        places = positions(table, source.columns, id_column=source.id_column).values()
        binary = sorted(name for place in places if (name := source.columns[place]) in source.binary)
        if not binary:
            return None
        matches = {}
        self._store.append("known_id", "stage/known")
        for order in landing.BYTE_ORDERS:
            self._store.name_relation("candidate", landing.ids(self._store, source, binary, order))
            matches[order] = self._store.query("stage/recognised").item()
        known = [order for order, n in matches.items() if n]
        if len(known) != 1:
            raise ExportError(refusals.BINARY_GUIDS.format(columns=", ".join(binary)))
        return known[0]

    # -- into the store --------------------------------------------------------------------------------------------

    def _append(self, table: Table, rows: Relation) -> None:
        self._store.name_relation("landed", rows)
        self._store.append("arrival", f"stage/{table.name}")

    def _append_frame(self, table: Table, rows: pl.DataFrame, finding: Finding) -> None:
        landed = landing.framed(table, rows, self._origin([finding]))
        self._store.append_frame("arrival", f"stage/{table.name}", "landed", landed)

    def _counted(self, rows: Relation) -> dict[str, int]:
        self._store.name_relation("counted", rows)
        counts = defaultdict(int, self._store.query("stage/count_only").iter_rows())
        return counts

    def _pages_counted(self, finding: Finding) -> int:
        try:
            return len(web_api.read(finding).rows)
        except ExportError as exc:
            finding.refuse(str(exc))
            return 0

    # -- quarantine and standing -----------------------------------------------------------------------------------

    def _count_read(self, findings: Sequence[Finding]) -> None:
        arrived = dict(self._store.query("stage/read_count").iter_rows())
        for finding in findings:
            finding.rows_read = arrived.get(finding.file_id, 0) + finding.rows_filtered + len(finding.refused_records)

    def _quarantine(self, table: Table) -> None:
        """Move refused rows to the quarantine; where their record number is not known, the file is looked at again."""
        store = self._store
        store.append("quarantine", "quarantine/numbered")
        again = store.query("quarantine/unnumbered")["file_id"].to_list()
        if again:
            store.run("quarantine/in_order")
            by_id = {finding.file_id: finding for finding in self._by_source.values()}
            for file_id in again:
                self._look_again(table, by_id[file_id])
            store.run("quarantine/in_any_order")
        store.run("quarantine/remove")

    def _look_again(self, table: Table, finding: Finding) -> None:
        store, path = self._store, self._path(finding)
        if isinstance(finding.source, DelimitedSource):
            origin = self._origin([finding])
            rows = landing.delimited_rows(
                store, table, finding.source, finding.newlines, [path], origin, second_look=True
            )
        else:
            rows = self._typed_rows(table, finding, second_look=True)
        # Before the nth record passed over, the engine took (its number - n) records.
        passed_over = [record - n for n, record in enumerate(sorted(self._passed_over.get(path, [])), start=1)]
        store.register(
            "passed_over", pl.DataFrame({"accepted_before": passed_over}, schema={"accepted_before": pl.Int64})
        )
        store.name_relation("landed", rows)
        store.view("staged", f"stage/{table.name}")
        store.append("quarantine", "quarantine/second_look")

    def _settle(self) -> None:
        """Give every version its standing."""
        store = self._store
        store.run("stage/drop_record")
        for name in ("contender", "twin", "verdict"):
            store.create(name, f"stage/{name}")
        store.run("stage/mark")
        for name in ("verdict", "twin", "contender"):
            store.drop(name)

    def _count_standing(self, findings: Sequence[Finding]) -> None:
        by_id = {finding.file_id: finding for finding in findings}
        for file_id, standing, n in self._store.query("stage/standing_count").iter_rows():
            by_id[file_id].standing[standing] = n

    def _tell_append_only(self, findings: Sequence[Finding]) -> None:
        """An export outside time folders keeps versions where the rows show some."""
        doubtful = [finding for finding in findings if finding.append_only is None and finding.delivery]
        sets = {delivery: n for n, delivery in enumerate(sorted({f.delivery for f in doubtful if f.delivery}))}
        frame = pl.DataFrame(
            [(finding.file_id, sets[finding.delivery]) for finding in doubtful if finding.delivery],
            schema={"file_id": pl.Int32, "set_id": pl.Int32},
            orient="row",
        )
        self._store.register("doubtful", frame)
        repeated = set(self._store.query("stage/repeated")["set_id"]) if doubtful else set()
        for finding in doubtful:
            finding.append_only = finding.delivery is not None and sets[finding.delivery] in repeated
