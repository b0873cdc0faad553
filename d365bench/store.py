"""The client's DuckDB file: the only place that imports duckdb and the only one that runs SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from d365bench.errors import ExportError, QueryError, StoreError, UsageError

Relation = duckdb.DuckDBPyRelation
Expression = duckdb.Expression
LINE_FEED = duckdb.CSVLineTerminator.LINE_FEED
PARAMETER = re.compile(r"\$([a-z_]+)")
MEMORY = re.compile(r"0*[1-9]\d*(\.\d+)? ?[KMGT]i?B", re.IGNORECASE)
PATTERN_SIGN = re.compile(r"([\[*?])")


@cache
def statement(name: str) -> str:
    """The text of sql/<name>.sql, for instance 'person/evidence'."""
    return (files("d365bench") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


@cache
def parameters(name: str) -> frozenset[str]:
    """The named parameters of a SQL file."""
    text = "\n".join(line.split("--", 1)[0] for line in statement(name).splitlines())
    return frozenset(PARAMETER.findall(text))


class Store:
    """One connection to one client's store; every statement goes through `query`, `run` or `create`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        connection.execute("SET TimeZone='UTC'")
        connection.execute("SET enable_progress_bar=false")  # printing is the command line's

    # -- opening -----------------------------------------------------------------------------------------------

    @classmethod
    def in_memory(cls) -> Store:
        """An empty store in memory, for tests."""
        return cls(duckdb.connect(":memory:"))

    @classmethod
    def build(cls, path: Path, *, memory_limit: str | None = None, threads: int | None = None) -> Store:
        """A new store file that `load` writes; spills beside the file, never to a shared folder.

        `memory_limit` ('2GB') bounds the engine, not Python beside it.
        """
        config: dict[str, Any] = {"temp_directory": str(path.with_suffix(".spill")), "preserve_insertion_order": False}
        config |= {"memory_limit": memory_limit} if memory_limit else {}
        config |= {"threads": threads} if threads else {}
        return cls(duckdb.connect(str(path), config=config))

    @classmethod
    def read(cls, path: Path) -> Store:
        """An existing store, read-only, without access to files, extensions or settings."""
        if not path.is_file():
            raise StoreError(f"{path}: there is no store yet; run 'd365bench load' for this client first")
        try:
            store = cls(duckdb.connect(str(path), read_only=True))
        except duckdb.Error as exc:
            raise StoreError(f"{path}: the store cannot be opened ({exc}); run 'd365bench load' again") from exc
        store._connection.execute("SET enable_external_access=false")
        store._connection.execute("SET lock_configuration=true")
        return store

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- SQL files ---------------------------------------------------------------------------------------------

    def query(self, name: str, /, **params: object) -> pl.DataFrame:
        """The answer of sql/<name>.sql; only the parameters that the file names are handed on."""
        with named(name):
            answer: pl.DataFrame = self._relation(name, params).pl()
        return answer

    def run(self, name: str, /, **params: object) -> None:
        """Run a SQL file that changes the store (CREATE, INSERT, UPDATE, DELETE)."""
        with named(name):
            self._connection.execute(statement(name), chosen(name, params)).fetchall()

    def create(self, table: str, name: str, /, **params: object) -> None:
        """Keep the answer of sql/<name>.sql as a new table."""
        with named(name):
            self._relation(name, params).create(table)

    def append(self, table: str, name: str, /, **params: object) -> None:
        """Add the answer of sql/<name>.sql to an existing table."""
        with named(name):
            self._relation(name, params).insert_into(table)

    def _relation(self, name: str, params: Mapping[str, object]) -> Relation:
        return self._connection.sql(statement(name), params=chosen(name, params))

    # -- frames and files --------------------------------------------------------------------------------------

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The engine's readers (read_csv, read_parquet, read_json) for ingest; no SQL text through it."""
        return self._connection

    def register(self, name: str, frame: pl.DataFrame) -> None:
        """Make a frame visible to SQL files under a name."""
        self._connection.register(name, frame)

    def unregister(self, name: str) -> None:
        """Take a registered frame away again."""
        self._connection.unregister(name)

    def append_frame(self, table: str, sql: str, name: str, frame: pl.DataFrame) -> None:
        """Add the answer of sql/<sql>.sql to a table while a frame is visible under a name."""
        self._connection.register(name, frame)
        self.append(table, sql)
        self._connection.unregister(name)

    def name_relation(self, name: str, relation: Relation) -> None:
        """Let SQL files see a reader's relation under a name; it is read when they ask."""
        relation.create_view(name, replace=True)

    def drop_view(self, name: str) -> None:
        """Remove a view that was only needed on the way, if it was."""
        self._connection.execute(f'DROP VIEW IF EXISTS "{name}"')

    def keep(self, table: str, frame: pl.DataFrame) -> None:
        """Keep a frame as a table of the store."""
        self._connection.register("frame_to_keep", frame)
        self._connection.sql("FROM frame_to_keep").create(table)
        self._connection.unregister("frame_to_keep")

    def view(self, name: str, sql: str) -> None:
        """Give the answer of sql/<sql>.sql a name; it is asked anew at every use."""
        with named(sql):
            self._relation(sql, {}).create_view(name, replace=True)

    def rename(self, table: str, new: str) -> None:
        """Give a table the name that it keeps."""
        self._connection.execute(f'ALTER TABLE "{table}" RENAME TO "{new}"')

    def read_parquet(self, paths: Sequence[Path]) -> Relation:
        """The rows of Parquet files of one table, whatever columns each of them has."""
        names = [literal(path) for path in paths]
        return self._connection.read_parquet(names, union_by_name=True, hive_partitioning=False)

    def with_text_ids(self, table: str) -> Relation:
        """A table's rows with ids as text, as an engine without a type for them takes them."""
        rows = self._connection.table(table)
        kinds = zip(rows.columns, rows.types, strict=True)
        return rows.select(*(cast(column(n), "VARCHAR" if str(t) == "UUID" else str(t)).alias(n) for n, t in kinds))

    def append_parquet(self, table: str, paths: Sequence[Path]) -> None:
        """Add the rows of Parquet files to a table, in the table's own types."""
        kept = self._connection.table(table)
        kinds = zip(kept.columns, kept.types, strict=True)
        self.read_parquet(paths).select(*(cast(column(n), str(t)).alias(n) for n, t in kinds)).insert_into(table)

    def memory_limit(self) -> int:
        """Bytes that the engine may use; where nobody said otherwise, four fifths of the machine or container."""
        number, unit = str(self._connection.execute("SELECT current_setting('memory_limit')").fetchall()[0][0]).split()
        return int(float(number) * 1024 ** ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB").index(unit))

    def parquet_rows(self, paths: Sequence[Path]) -> int:
        """How many rows Parquet files hold."""
        return int(self.read_parquet(paths).count("*").fetchall()[0][0]) if paths else 0

    def parquet_columns(self, paths: Sequence[Path]) -> dict[str, str]:
        """Column → engine type of Parquet files of one table; an ExportError says that they are broken."""
        try:
            relation = self.read_parquet(paths)
            return {name: str(kind) for name, kind in zip(relation.columns, relation.types, strict=True)}
        except duckdb.Error as exc:
            raise ExportError(str(exc).splitlines()[0]) from exc

    def drop(self, table: str) -> None:
        """Remove a table that was only needed on the way."""
        self._connection.execute(f'DROP TABLE "{table}"')

    def has(self, table: str) -> bool:
        """Whether the store holds this table or view."""
        return self._connection.execute(
            "SELECT count(*) FROM information_schema.tables WHERE table_name = ?", [table]
        ).fetchall() != [(0,)]


# -- expressions: what a reader's columns become, without SQL text --------------------------------------------------


def column(name: str) -> Expression:
    return duckdb.ColumnExpression(name)


def constant(value: object) -> Expression:
    return duckdb.ConstantExpression(value)


def call(function: str, *arguments: Expression) -> Expression:
    return duckdb.FunctionExpression(function, *arguments)


def cast(expression: Expression, kind: str) -> Expression:
    return expression.cast(duckdb.sqltypes.DuckDBPyType(kind))


def when(condition: Expression, value: Expression) -> Expression:
    """The value where the condition holds, else nothing."""
    return duckdb.CaseExpression(condition, value)


def literal(path: str | Path) -> str:
    """A path that the engine does not take for a pattern."""
    return PATTERN_SIGN.sub(r"[\1]", str(path))


def check_memory(amount: str | None) -> None:
    """Refuse what the engine would not take for an amount of memory, before anything is started."""
    if amount is not None and not MEMORY.fullmatch(amount):
        raise UsageError(f"'{amount}' is no amount of memory; write a number above 0 and a unit, as in 2GB or 500MB")


def chosen(name: str, params: Mapping[str, object]) -> dict[str, object]:
    return {key: params[key] for key in parameters(name) if key in params}


@contextmanager
def named(name: str) -> Iterator[None]:
    """Say which SQL file failed."""
    try:
        yield
    except duckdb.Error as exc:
        raise QueryError(f"{name}: {exc}") from exc
