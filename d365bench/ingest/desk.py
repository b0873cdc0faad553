"""The desk between files and the store: which file is which, and rows in landing form into `arrival`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from d365bench.ingest import landing
from d365bench.ingest.finding import DelimitedSource, Finding, LinesSource
from d365bench.ingest.head import transcoded
from d365bench.ingest.landing import Origin
from d365bench.ingest.tables import Table
from d365bench.store import Relation, Store

VIEWS = ("staged", "landed", "counted", "candidate")


class Desk:
    """What every reader of one table's files needs; a new set of files replaces the one before."""

    def __init__(self, store: Store, workspace: Path) -> None:
        self.store = store
        self._workspace = workspace
        self.by_source: dict[str, Finding] = {}

    def open(self, findings: Sequence[Finding]) -> None:
        """Take note of the files that come next, under the paths that the engine reports."""
        self.by_source = {self.path(finding): finding for finding in findings}
        frame = pl.DataFrame(
            [(source, finding.file_id) for source, finding in self.by_source.items()],
            schema={"source": pl.String, "file_id": pl.Int32},
            orient="row",
        )
        if self.store.has("landing"):
            self.store.drop("landing")
        self.store.keep("landing", frame)

    def close(self) -> None:
        """Remove what was only needed while reading."""
        if self.store.has("landing"):
            self.store.drop("landing")
        for name in VIEWS:
            self.store.drop_view(name)

    def path(self, finding: Finding) -> str:
        """Where the engine reads a file: a UTF-8 copy of it where it is in another encoding."""
        if finding.encoding in (None, "utf-8") or not isinstance(finding.source, DelimitedSource | LinesSource):
            return str(finding.path)
        copy = self._workspace / f"{finding.file_id}.txt"
        if not copy.exists():
            with copy.open("wb") as file:
                file.writelines(transcoded(finding.path, str(finding.encoding)))
        return str(copy)

    def append(self, table: Table, rows: Relation) -> None:
        """Add a reader's rows to `arrival`, typed."""
        self.store.name_relation("landed", rows)
        self.store.append("arrival", f"stage/{table.name}")

    def append_frame(self, table: Table, rows: pl.DataFrame, finding: Finding) -> None:
        """Add rows that were read in Python: `record` and the stage's columns as text."""
        landed = landing.framed(table, rows, origin([finding]))
        self.store.append_frame("arrival", f"stage/{table.name}", "landed", landed)

    def counted(self, rows: Relation) -> dict[str, int]:
        """How many rows come from each source; none from any other."""
        self.store.name_relation("counted", rows)
        return defaultdict(int, self.store.query("stage/count_only").iter_rows())


def origin(group: Sequence[Finding]) -> Origin:
    """Where the rows of one file, or of several of one environment, come from."""
    return Origin(group[0].environment, group[0].file_id if len(group) == 1 else None)
