"""Export files as relations of one form, `landed`: environment, file, record, fault and the stage's columns as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from d365bench.ingest import delimited
from d365bench.ingest.delimited import Dialect
from d365bench.ingest.finding import COMMON_NAMES, DelimitedSource, LinesSource, ParquetSource, names_of, positions
from d365bench.ingest.tables import Table
from d365bench.store import Expression, Relation, Store, call, cast, column, constant, when

# Separator that valid JSON lines cannot hold unescaped: the engine's CSV reader then hands over whole lines.
WHOLE_LINE = Dialect(width=1, delimiter="\x01", skip=0, nulls=("",), quote="")
BYTE_ORDERS = ("guid_big_endian", "guid_little_endian")
NUMBER = "row_number() OVER ()"


@dataclass(frozen=True)
class Origin:
    """Where rows come from: one file, or several of one environment, which the table `landing` tells apart."""

    environment: str | None
    file_id: int | None = None


def stage_columns(table: Table) -> tuple[str, ...]:
    """The text columns that sql/stage/<table>.sql reads from `landed`."""
    return ("row_id", *COMMON_NAMES, *table.columns)


def text(expression: Expression) -> Expression:
    """An expression as text, with nothing instead of an empty text."""
    as_text = cast(expression, "VARCHAR")
    return when(call("strlen", as_text) > constant(0), as_text)


def shape(
    relation: Relation, table: Table, origin: Origin, found: Mapping[str, Expression], fault: Expression | None = None
) -> Relation:
    """A relation in the landing form; what an export does not carry is nothing."""
    nothing = cast(constant(None), "VARCHAR")
    return relation.select(
        cast(constant(origin.environment), "VARCHAR").alias("environment"),
        cast(column("file_id") if origin.file_id is None else constant(origin.file_id), "INTEGER").alias("file_id"),
        (column(NUMBER) if NUMBER in relation.columns else cast(constant(None), "BIGINT")).alias("record"),
        (nothing if fault is None else fault).alias("fault"),
        *(found.get(name, nothing).alias(name) for name in stage_columns(table)),
    )


def number(relation: Relation) -> Relation:
    """The relation with its rows numbered in reading order."""
    return relation.row_number("OVER ()", "*")


# -- delimited text --------------------------------------------------------------------------------------------------


def dialect(source: DelimitedSource, newlines: str) -> Dialect:
    return Dialect(source.width, source.delimiter, source.skip, source.nulls, newlines)


def places(table: Table, source: DelimitedSource, width: int) -> dict[str, int]:
    """Where the stage's columns stand in a record of `width` fields."""
    return positions(table, source.columns[:width], id_column=source.id_column)


def delimited_rows(
    store: Store,
    table: Table,
    source: DelimitedSource,
    newlines: str,
    paths: Sequence[str],
    origin: Origin,
    *,
    second_look: bool = False,
) -> Relation:
    """The records of files that share one layout; at a second look numbered, at the first with rejects kept aside."""
    relation = delimited.read(store, paths, dialect(source, newlines), keep_rejects=not second_look)
    if second_look:
        relation = number(relation)
    if origin.file_id is None:
        relation = relation.join(store.connection.table("landing"), "source")
    found = {name: column(delimited.field(place)) for name, place in places(table, source, source.width).items()}
    return shape(relation, table, origin, found)


# -- JSON lines ------------------------------------------------------------------------------------------------------


def lines(store: Store, path: str) -> Relation:
    """Every line that is not blank, with its `source`."""
    relation = delimited.read(store, [path], WHOLE_LINE, keep_rejects=False)
    return relation.filter(column(delimited.field(0)).isnotnull())


def line_rows(
    store: Store, table: Table, source: LinesSource, path: str, origin: Origin, *, second_look: bool = False
) -> Relation:
    """The objects of a file of JSON lines; a line that is no JSON has the fault bad_json."""
    relation = lines(store, path)
    if second_look:
        relation = number(relation)
    keys = {key.lower(): key for key in source.columns}
    wanted = {
        name: keys[key]
        for name, names in names_of(table, id_column=False).items()
        if (key := next((key for key in (*names, *(f"_{n}_value" for n in names)) if key in keys), None))
    }
    line = column(delimited.field(0))
    broken = call("json_valid", line) == constant(False)
    values = when(
        call("json_valid", line), call("json_extract_string", line, constant([f'$."{k}"' for k in wanted.values()]))
    )
    parsed = relation.select(
        *([column(NUMBER)] if second_look else []),
        when(broken, constant("bad_json")).alias("fault"),
        values.alias("cells"),
    )
    found = {
        name: text(call("list_extract", column("cells"), constant(place))) for place, name in enumerate(wanted, start=1)
    }
    return shape(parsed, table, origin, found, column("fault"))


# -- Parquet ---------------------------------------------------------------------------------------------------------


def parquet_rows(
    store: Store, table: Table, source: ParquetSource, origin: Origin, order: str | None, *, second_look: bool = False
) -> Relation:
    """The rows of Parquet files as text; `order` says how 16-byte GUIDs are to be read."""
    relation = store.read_parquet(source.paths)
    if second_look:
        relation = number(relation)
    found = {}
    for wanted, place in positions(table, source.columns, id_column=source.id_column).items():
        stored = source.columns[place]
        plain = column(stored)
        found[wanted] = call(order, plain) if order and stored in source.binary else text(plain)
    return shape(relation, table, origin, found)


def ids(store: Store, source: ParquetSource, columns: Sequence[str], order: str) -> Relation:
    """Every value of the binary GUID columns, read in one byte order."""
    relation = store.read_parquet(source.paths)
    parts = [relation.select(call(order, column(name)).alias("id")) for name in columns]
    first, *others = parts
    for other in others:
        first = first.union(other)
    return first


# -- frames ----------------------------------------------------------------------------------------------------------


def framed(table: Table, rows: pl.DataFrame, origin: Origin) -> pl.DataFrame:
    """Rows read in Python in the landing form: `record` and text columns are there, the rest is nothing."""
    return rows.select(
        pl.lit(origin.environment, dtype=pl.String).alias("environment"),
        pl.lit(origin.file_id, dtype=pl.Int32).alias("file_id"),
        "record",
        pl.lit(None, dtype=pl.String).alias("fault"),
        *(
            pl.col(name) if name in rows.columns else pl.lit(None, dtype=pl.String).alias(name)
            for name in stage_columns(table)
        ),
    )


def nothing(table: Table) -> pl.DataFrame:
    """The landing form without rows."""
    return framed(table, pl.DataFrame(schema={"record": pl.Int64}), Origin(None))
