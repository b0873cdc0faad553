"""Landed rows into `<table>_version`: typed in one pass, refused rows into quarantine, then every version's standing.

Each row of a file is counted exactly once: latest, superseded, deleted, filtered or quarantined.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from d365bench.errors import ExportError
from d365bench.ingest import landing, web_api
from d365bench.ingest.delimited_reader import DelimitedReader
from d365bench.ingest.desk import Desk
from d365bench.ingest.finding import DelimitedSource, Finding, LinesSource, PageSource, ParquetSource
from d365bench.ingest.tables import Table
from d365bench.ingest.typed_reader import TypedReader
from d365bench.store import Store

MACROS = ("as_guid", "as_instant", "as_whole", "as_flag", "bad_guid", "bad_instant", "bad_whole", "bad_flag")
QUARANTINE = {"file_id": pl.Int32, "record": pl.Int64, "reason": pl.String}


class Intake:
    """Takes the files of one table after another into a store."""

    def __init__(self, store: Store, workspace: Path, *, remember_ids: bool = False) -> None:
        self._store = store
        self._remember_ids = remember_ids
        self._desk = Desk(store, workspace)
        self._delimited, self._typed = DelimitedReader(self._desk), TypedReader(self._desk)
        for name in (*MACROS, *landing.BYTE_ORDERS):
            store.run(f"stage/{name}")
        store.keep("quarantine", pl.DataFrame(schema=QUARANTINE))
        store.keep("known_id", pl.DataFrame({"id": []}, schema={"id": pl.String}))

    def close(self) -> None:
        """Remove what was only needed while loading."""
        self._store.drop("known_id")
        self._desk.close()

    # -- one table -------------------------------------------------------------------------------------------------

    def take(self, table: Table, findings: Sequence[Finding], have_read: Callable[[], None] | None = None) -> None:
        """Read every file of a table and keep its rows as `<table>_version`; `have_read` hears when all are in."""
        store = self._store
        store.register("landed", landing.nothing(table))
        store.create("arrival", f"stage/{table.name}")
        store.unregister("landed")
        if findings:
            self._read(table, findings)
            if have_read:
                have_read()
            self._judge(table, findings)
        else:
            store.run("stage/drop_record")
        store.rename("arrival", f"{table.name}_version")

    def _read(self, table: Table, findings: Sequence[Finding]) -> None:
        self._desk.open(findings)
        self._delimited.take(table, findings)
        self._take_pages(table, findings)
        for finding in findings:
            if isinstance(finding.source, LinesSource | ParquetSource):
                self._typed.take(table, finding)

    def _judge(self, table: Table, findings: Sequence[Finding]) -> None:
        """What became of every row that was read: refused, latest, superseded or deleted."""
        self._count_read(findings)
        self._quarantine(table)
        self._settle()
        self._count_standing(findings)
        self._tell_append_only(findings)
        if self._remember_ids:
            self._store.append("known_id", "stage/known")

    def count(self, findings: Sequence[Finding]) -> None:
        """Count the rows of files that hold nothing of use to us: all of them are filtered."""
        self._desk.open(findings)
        for finding in findings:
            if isinstance(finding.source, PageSource):
                finding.rows_filtered = pages_counted(finding)
            elif isinstance(finding.source, LinesSource | ParquetSource):
                finding.rows_filtered = self._typed.count(finding)
            finding.rows_read = finding.rows_filtered
        self._delimited.count(findings)

    # -- Web API pages -----------------------------------------------------------------------------------------------

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
            self._desk.append_frame(table, frame, finding)
            pages.append(replace(page, rows=[]))
        why = why or web_api.why_incomplete(pages, len(keys))
        for finding in group:
            finding.complete, finding.why_incomplete = why is None, why

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
            by_id = {finding.file_id: finding for finding in self._desk.by_source.values()}
            for file_id in again:
                self._look_again(table, by_id[file_id])
            store.run("quarantine/in_any_order")
        store.run("quarantine/remove")

    def _look_again(self, table: Table, finding: Finding) -> None:
        store, passed_over = self._store, list[int]()
        if isinstance(finding.source, DelimitedSource):
            rows, passed_over = self._delimited.again(table, finding)
        else:
            rows = self._typed.rows(table, finding, second_look=True)
        # Before the nth record passed over, the engine took (its number - n) records.
        before = [record - n for n, record in enumerate(sorted(passed_over), start=1)]
        store.register("passed_over", pl.DataFrame({"accepted_before": before}, schema={"accepted_before": pl.Int64}))
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


def pages_counted(finding: Finding) -> int:
    """How many rows a page of a table holds that is of no use to us; a broken one is refused."""
    try:
        return len(web_api.read(finding).rows)
    except ExportError as exc:
        finding.refuse(str(exc))
        return 0
