"""Tables of a lake: one folder each, found by trying the declared places, and refused where a reading could be wrong.

<lake>/<environment>/<table>     Parquet files or a Delta table, logical column names, whatever else they carry
<lake>/<table>                   the same, where there is only one environment
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from d365bench.errors import ExportError
from d365bench.ingest import delta
from d365bench.ingest.finding import carried, positions
from d365bench.ingest.tables import TABLES, Table
from d365bench.lake.session import errors, first_line
from d365bench.rollup import ACTIVITY_TABLES

LOCAL = "file:"
UNREADABLE_TYPES = ("binary", "array", "map", "struct", "variant")


@dataclass(frozen=True)
class Source:
    """One table of one environment as it lies in the lake."""

    number: int  # stands for file and delivery in what the roll-up reads
    environment: str
    table: Table
    path: str
    columns: tuple[str, ...]
    frame: Any
    files: int
    listing: str  # a hash over the sorted names of its files

    @property
    def id_column(self) -> bool:
        """Whether this is a table of Synapse Link: its key is `Id`, filled in delete rows too."""
        return {"id", "sinkmodifiedon"} <= {column.lower() for column in self.columns}

    @property
    def carried(self) -> tuple[str, ...]:
        """The logical names of what it carries, the key included."""
        return carried(self.table, self.columns, id_column=self.id_column)


def find(session: Any, lake: str, environments: Sequence[str]) -> list[Source]:
    """Every activity table that the lake holds; an ExportError where it holds none, or one that cannot be read."""
    sources: list[Source] = []
    for environment in environments:
        for name in ACTIVITY_TABLES:
            places = [f"{lake.rstrip('/')}/{environment}/{name}"]
            if len(environments) == 1:
                places.append(f"{lake.rstrip('/')}/{name}")
            path = next((place for place in places if exists(session, place)), None)
            if path is not None:
                sources.append(opened(session, len(sources) + 1, environment, TABLES[name], path))
    if not sources:
        wanted = f"{lake.rstrip('/')}/{environments[0]}/{ACTIVITY_TABLES[0]}"
        raise ExportError(f"{lake}: no table of ours lies there; I looked for {wanted} and the like")
    return sources


def exists(session: Any, path: str) -> bool:
    """Whether Spark sees a folder; asked through a reader, the one way that every kind of session has."""
    from pyspark.errors import AnalysisException

    try:
        # the paths are looked at when the plan is analysed, nothing is read; a text reader needs no schema of theirs
        _ = session.read.format("text").load(path).schema
    except AnalysisException as exc:
        # some Sparks refuse to read a Delta table as text, which tells that it is there
        return bool(exc.getCondition() != "PATH_NOT_FOUND")
    return True


def opened(session: Any, number: int, environment: str, table: Table, path: str) -> Source:
    """One table of the lake, with everything checked that can be checked before anything is computed."""
    # Spark itself skips what a writer has not committed, and would give a part of the table for the whole.
    if exists(session, f"{path}/_temporary"):
        raise ExportError(f"{path}: a writer has not finished (_temporary lies there); wait for it, or clean up")
    try:
        frame = read(session, path)
        columns = tuple(frame.columns)
        files = sorted(frame.inputFiles())
    except errors() as exc:
        raise ExportError(f"{path}: {first_line(exc)}") from exc
    source = Source(
        number,
        environment,
        table,
        path,
        columns,
        frame,
        len(files),
        hashlib.sha256("\n".join(files).encode()).hexdigest(),
    )
    found = positions(table, columns, id_column=source.id_column)
    if "row_id" not in found:
        raise ExportError(f"{path}: the key column {table.key} is missing; its columns are {', '.join(columns[:8])}")
    kinds = dict(frame.dtypes)
    odd = sorted(columns[n] for n in found.values() if kinds[columns[n]].startswith(UNREADABLE_TYPES))
    if odd:
        raise ExportError(f"{path}: {', '.join(odd)} must be text, numbers or times, not {kinds[odd[0]]}")
    return source


def read(session: Any, path: str) -> Any:
    """A frame over one table: a Delta table by its log, never by the files that lie about."""
    if not exists(session, f"{path}/{delta.LOG}"):
        return session.read.parquet(path)
    folder = Path(path.removeprefix(LOCAL))
    if folder.is_dir():  # Spark's own Delta reader is a package of its own; the log is read without it
        _, paths = delta.active_files(folder)
        return session.read.option("mergeSchema", "true").parquet(*(f"{LOCAL}{active}" for active in paths))
    return session.read.format("delta").load(path)
