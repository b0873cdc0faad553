"""Source rows: the record numbers of exported rows, found by reading their files once more.

The store keeps file and key of every row, but no record number: it would cost a column of every table for a question
that is asked about a handful of rows. A file whose content is no longer what was loaded is named as such.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from d365bench.client import Client
from d365bench.ingest import delimited, landing, purview, web_api
from d365bench.ingest.desk import Desk, origin
from d365bench.ingest.finding import DelimitedSource, Finding, LinesSource, PageSource, ParquetSource
from d365bench.ingest.inputs import look_through
from d365bench.ingest.intake import MACROS
from d365bench.ingest.reading import Reading
from d365bench.ingest.recognise import survey
from d365bench.ingest.tables import Table
from d365bench.store import Store, call, column, constant

UNCHANGED, CHANGED, GONE = "unchanged", "changed since it was loaded", "no longer there"
# What tells one exported version of a row from another.
VERSION = ("row_key", "version_no", "sink_at", "modified_at")
FOUND: dict[str, pl.DataType] = {
    "row_key": pl.String(),
    "version_no": pl.Int64(),
    "sink_at": pl.Datetime("us"),
    "modified_at": pl.Datetime("us"),
    "record": pl.Int64(),
}


def locate(client: Client, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with `record`, their 1-based number among the data records of their file, and `file_state`.

    Args:
        rows: table_name, path, sha256, row_key, version_no, sink_at, modified_at; path is empty where the store does
            not know the file (Purview acts, looked for by user and instant in every file of that shape).
    """
    numbered = rows.with_row_index("place")
    with Store.in_memory() as scratch, TemporaryDirectory(dir=workspace(client), prefix="looking-") as folder:
        reader = Reader(scratch, Path(folder))
        findings = {finding.relative: finding for finding in survey(client, scratch, lambda *_: None)}
        numbered = with_purview_files(numbered, findings)
        parts = [
            looked_up(reader, findings.get(str(path)), group)
            for (path, _), group in numbered.partition_by("path", "table_name", as_dict=True).items()
        ]
    if not parts:
        return rows.with_columns(record=pl.lit(None, dtype=pl.Int64), file_state=pl.lit(None, dtype=pl.String))
    return pl.concat(parts).sort("place").drop("place")


def workspace(client: Client) -> Path:
    """Where copies of exports may lie for a moment: beside the store, for they hold personal data."""
    folder = client.folder / ".d365bench"
    folder.mkdir(exist_ok=True)
    return folder


def looked_up(reader: Reader, finding: Finding | None, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of one table and file with their record numbers."""
    nothing = rows.with_columns(record=pl.lit(None, dtype=pl.Int64))
    if finding is None:
        has_file = pl.col("path").is_not_null()
        return nothing.with_columns(file_state=pl.when(has_file).then(pl.lit(GONE)))
    if look_through(finding).sha256 != rows["sha256"][0]:
        return nothing.with_columns(file_state=pl.lit(CHANGED))
    found = reader.records(finding, str(rows["table_name"][0]), rows)
    first = found.group_by(VERSION).agg(pl.col("record").min())
    joined = rows.join(first, on=VERSION, how="left", nulls_equal=True, maintain_order="left")
    return joined.with_columns(file_state=pl.lit(UNCHANGED))


def with_purview_files(rows: pl.DataFrame, findings: Mapping[str, Finding]) -> pl.DataFrame:
    """The rows with the file of each Purview act, which the store does not keep."""
    acts = rows.filter(pl.col("path").is_null() & (pl.col("table_name") == "purview"))
    if acts.is_empty():
        return rows
    paths: dict[tuple[object, object], tuple[str, str]] = {}
    for finding in findings.values():
        if finding.reader is purview and finding.head is not None:
            for row in purview.read(finding.head).frames["purview_row"].iter_rows(named=True):
                place = (finding.relative, look_through(finding).sha256)
                paths.setdefault((row["user_id"], row["at_instant"]), place)
    nowhere = (None, None)
    keys = zip(rows["row_key"], rows["at_instant"], rows["path"], rows["sha256"], strict=True)
    found = [(path, sha) if path else paths.get((key, at), nowhere) for key, at, path, sha in keys]
    return rows.with_columns(
        pl.Series("path", [path for path, _ in found], dtype=pl.String),
        pl.Series("sha256", [sha for _, sha in found], dtype=pl.String),
    )


class Reader:
    """Reads files again through the readers that loaded them, for the rows of a few keys."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._desk = Desk(store, folder)
        for name in (*MACROS, *landing.BYTE_ORDERS):
            store.run(f"stage/{name}")

    def records(self, finding: Finding, table_name: str, rows: pl.DataFrame) -> pl.DataFrame:
        """Every record of the file that has one of the keys, as FOUND."""
        keys = frozenset(rows["row_key"].drop_nulls())
        table, source = finding.canonical, finding.source
        if finding.reader is not None and finding.head is not None:
            return directory_records(finding, table_name, rows)
        if table is None or source is None or table.name != table_name:
            return pl.DataFrame(schema=FOUND)
        if isinstance(source, PageSource):
            frame = web_api.frame(finding, table, web_api.read(finding).rows)
            return self._typed(table, finding, frame.filter(plain_key(pl.col("row_id")).is_in(keys)))
        if isinstance(source, DelimitedSource):
            return self._typed(table, finding, self._delimited(table, finding, source, keys))
        return self._engine_read(table, finding, source, sorted(keys))

    def _delimited(self, table: Table, finding: Finding, source: DelimitedSource, keys: frozenset[str]) -> pl.DataFrame:
        """Record by record: the engine's reader numbers only what it accepts."""
        path = Path(self._desk.path(finding))
        places: dict[int, dict[str, int]] = {}
        found: list[dict[str, Any]] = []
        for record, fields in delimited.slowly(path, landing.dialect(source, finding.newlines)):
            width = len(fields)
            if delimited.judge(fields, source.shortest, len(source.columns)):
                continue
            if width not in places:
                places[width] = landing.places(table, source, width)
            where = places[width]
            if "row_id" in where and plain(fields[where["row_id"]]) in keys:
                values = {name: fields[place] for name, place in where.items()}
                cells = {name: None if value in source.nulls else value for name, value in values.items()}
                found.append({"record": record, **cells})
        schema = {"record": pl.Int64, **dict.fromkeys(landing.stage_columns(table), pl.String)}
        return pl.DataFrame(found, schema=schema)

    def _engine_read(
        self, table: Table, finding: Finding, source: LinesSource | ParquetSource, keys: Sequence[str]
    ) -> pl.DataFrame:
        """The rows of a typed file, numbered in reading order."""
        place = origin([finding])
        for order in self._byte_orders(source):
            if isinstance(source, ParquetSource):
                rows = landing.parquet_rows(self._store, table, source, place, order, second_look=True)
            else:
                path = self._desk.path(finding)
                rows = landing.line_rows(self._store, table, source, path, place, second_look=True)
            key = call("lower", call("trim", column("row_id"), constant("{}")))
            self._store.name_relation("landed", rows.filter(key.isin(*(constant(wanted) for wanted in keys))))
            found = as_found(self._store.query(f"stage/{table.name}"))
            self._store.drop_view("landed")
            if found.height:
                return found
        return pl.DataFrame(schema=FOUND)

    def _byte_orders(self, source: LinesSource | ParquetSource) -> Iterator[str | None]:
        """How 16-byte GUIDs may have to be read; the order in which a wanted key turns up is the right one."""
        binary = isinstance(source, ParquetSource) and source.binary
        yield from landing.BYTE_ORDERS if binary else (None,)

    def _typed(self, table: Table, finding: Finding, raw: pl.DataFrame) -> pl.DataFrame:
        """Records read as text, typed as loading typed them."""
        self._store.register("landed", landing.framed(table, raw, origin([finding])))
        found = as_found(self._store.query(f"stage/{table.name}"))
        self._store.unregister("landed")
        return found


def directory_records(finding: Finding, table_name: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The records of a directory, licence or Purview file that have one of the keys."""
    assert finding.reader is not None
    assert finding.head is not None
    reading: Reading = finding.reader.read(finding.head)
    frames = reading.frames
    if table_name == "purview":
        acts = frames["purview_row"].rename({"user_id": "row_key"})
        wanted = rows.select("row_key", "at_instant").unique()
        found = acts.join(wanted, on=["row_key", "at_instant"])
    elif "directory_user_row" in frames:
        users = frames["directory_user_row"]
        key = pl.coalesce(pl.col("object_id").str.to_lowercase(), pl.col("upn").str.to_lowercase())
        found = users.with_columns(row_key=key).filter(pl.col("row_key").is_in(rows["row_key"].implode()))
    else:
        return pl.DataFrame(schema=FOUND)
    nothing = [pl.lit(None, dtype=FOUND[name]).alias(name) for name in ("version_no", "sink_at", "modified_at")]
    return found.select("row_key", *nothing, "record")


def as_found(staged: pl.DataFrame) -> pl.DataFrame:
    """Typed records in the form of FOUND, the refused ones left out."""
    taken = staged.filter(pl.col("standing").is_in(["latest", "deleted"]))
    return taken.select(
        pl.col("row_id").cast(pl.String).str.to_lowercase().alias("row_key"),
        *(pl.col(name).cast(kind) for name, kind in FOUND.items() if name != "row_key"),
    )


def plain(key: str) -> str:
    """A GUID as the store writes it."""
    return key.strip("{}").lower()


def plain_key(key: pl.Expr) -> pl.Expr:
    return key.str.strip_chars("{}").str.to_lowercase()
