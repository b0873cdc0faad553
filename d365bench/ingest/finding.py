"""What recognition says about one file (or one Delta table): a `Finding`, one row of load.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from d365bench.ingest.delimited import MIXED
from d365bench.ingest.reading import Head
from d365bench.ingest.tables import TABLES, Table

if TYPE_CHECKING:
    from d365bench.ingest.rolled_up import Input, Manifest

# Common columns under the names that exports give them; the first one that an export carries is read.
COMMON_NAMES: Mapping[str, tuple[str, ...]] = {
    "version_no": ("versionnumber",),
    "sink_at": ("sinkmodifiedon",),
    "modified_at": ("modifiedon",),
    "deleted": ("isdelete", "isdeleted"),
}
# A lookup's table stands beside it, named differently by every route out of Dataverse.
LOOKUP_TYPE_SUFFIXES = ("_entitytype", "@microsoft.dynamics.crm.lookuplogicalname")


@dataclass(frozen=True)
class DelimitedSource:
    """How to read a delimited file: by position, `width` fields a record."""

    columns: tuple[str, ...]  # the names, as long as the newest schema
    width: int  # what most records have
    shortest: int  # fewer fields than this: cut off
    delimiter: str = ","
    skip: int = 0  # lines before the first record
    nulls: tuple[str, ...] = ("",)
    counted_only: bool = False  # live files beside a snapshot: counted, not used
    id_column: bool = False  # Synapse Link: the key is `Id`, filled in delete rows too


@dataclass(frozen=True)
class PageSource:
    """A page of the Web API: JSON with a `value` array."""


@dataclass(frozen=True)
class LinesSource:
    """One JSON object per line; `columns` are the keys seen."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class ParquetSource:
    """Parquet files with real types; `binary` names the columns that hold 16-byte GUIDs."""

    paths: tuple[Path, ...]
    columns: tuple[str, ...]
    binary: tuple[str, ...] = ()
    id_column: bool = False


Source = DelimitedSource | PageSource | LinesSource | ParquetSource


@dataclass
class Finding:
    """One file of exports/ (a Delta table: its folder): what it is, how to read it, and what came of it."""

    path: Path
    relative: str
    environment: str | None = None
    shape: str = "unknown"
    table: str | None = None
    refused: str | None = None
    note: str | None = None
    head: Head | None = None
    reader: ModuleType | None = None  # the module of a small directory or licence shape
    source: Source | None = None
    delivery: tuple[str, ...] | None = None  # files with the same key form one set
    append_only: bool | None = False  # None: the rows will tell
    complete: bool = True
    why_incomplete: str | None = None
    carried: tuple[str, ...] = ()
    encoding: str | None = None
    newlines: str = MIXED
    roll_up: Manifest | None = None  # this is the folder of a roll-up made elsewhere
    rolled: Input | None = None  # this stands for a table that such a roll-up was made of
    # -- filled while loading
    file_id: int = 0
    sha256: str = ""
    rows_read: int = 0
    rows_filtered: int = 0
    rows_quarantined: int = 0
    standing: dict[str, int] = field(default_factory=dict)
    refused_records: list[tuple[int, str]] = field(default_factory=list)

    @property
    def canonical(self) -> Table | None:
        """The canonical table, where it is one that we keep."""
        return TABLES.get(self.table or "")

    def refuse(self, reason: str) -> Finding:
        self.refused, self.source, self.reader, self.complete = reason, None, None, False
        return self


def names_of(table: Table, *, id_column: bool) -> dict[str, tuple[str, ...]]:
    """For each column that the stage reads, the lower-case names under which an export may carry it."""
    key_names = ("id", table.key) if id_column else (table.key,)
    names: dict[str, tuple[str, ...]] = {"row_id": key_names, **COMMON_NAMES}
    for column in table.columns:
        lookup = column.removesuffix("type")
        beside = tuple(stem + suffix for stem in (lookup, f"_{lookup}_value") for suffix in LOOKUP_TYPE_SUFFIXES)
        names[column] = (column, f"_{column}_value", *(beside if column == "workeridtype" else ()))
    return names


def positions(table: Table, columns: tuple[str, ...], *, id_column: bool = False) -> dict[str, int]:
    """Where each column that the stage reads stands among an export's columns; absent ones are left out."""
    places: dict[str, int] = {}
    for place, column in enumerate(columns):
        places.setdefault(column.lower(), place)
    found = {}
    for column, names in names_of(table, id_column=id_column).items():
        first = next((places[name] for name in names if name in places), None)
        if first is not None:
            found[column] = first
    return found


def carried(table: Table, columns: tuple[str, ...], *, id_column: bool = False) -> tuple[str, ...]:
    """The logical names of what an export carries of a table, the key included."""
    found = positions(table, columns, id_column=id_column)
    logical = {"row_id": table.key, **{column: names[0] for column, names in COMMON_NAMES.items()}}
    return tuple(sorted(logical.get(column, column) for column in found))
