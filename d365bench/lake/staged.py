"""A lake's tables as the roll-up reads them: typed by the same stage files, each version with its standing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from d365bench.ingest.finding import positions
from d365bench.ingest.landing import stage_columns
from d365bench.ingest.tables import TABLES, Table
from d365bench.lake.session import ask
from d365bench.lake.source import Source
from d365bench.rollup import ACTIVITY_TABLES

FUNCTIONS = ("as_guid", "as_instant", "as_whole", "as_flag", "bad_guid", "bad_instant", "bad_whole", "bad_flag")
STANDINGS = ("latest", "superseded", "deleted")


@dataclass
class Counts:
    """What became of one source's rows."""

    standing: dict[str, int] = field(default_factory=dict)
    quarantine: dict[str, int] = field(default_factory=dict)


def stage(session: Any, sources: Sequence[Source]) -> dict[int, Counts]:
    """Make a view `<table>_version` for every table that the roll-up reads, and count each source's rows."""
    for name in FUNCTIONS:
        ask(session, f"lake/{name}")
    counts: dict[int, Counts] = defaultdict(Counts)
    for name in ACTIVITY_TABLES:
        own = [source for source in sources if source.table.name == name]
        refused = stage_table(session, TABLES[name], own)
        rows = refused.unionByName(session.table(f"{name}_version").select("file_id", "standing"))
        for row in rows.groupBy("file_id", "standing").count().collect():
            of = counts[row["file_id"]]
            kind = of.standing if row["standing"] in STANDINGS else of.quarantine
            kind[row["standing"]] = row["count"]
    return counts


def stage_table(session: Any, table: Table, sources: Sequence[Source]) -> Any:
    """Make the view of one table's versions over all its sources; what comes back are the refused rows.

    A view is resolved when it is made, but a query by name only when it runs: each step becomes a view at once.
    """
    from pyspark import StorageLevel
    from pyspark.sql import functions as f

    parts = [landed(source) for source in sources] or [nothing(session, table)]
    reduce(lambda one, other: one.unionByName(other), parts).createOrReplaceTempView("landed")
    staged = f"{table.name}_staged"
    ask(session, f"stage/{table.name}").createOrReplaceTempView(staged)
    rows = session.table(staged)
    kept = [name for name in rows.columns if name not in ("record", "standing", "last_live")]
    content = [f.col(name).cast("string") for name in kept if name != "file_id"]
    is_accepted = f.col("standing").isin(*STANDINGS)
    rows.where(is_accepted).select(
        *kept,
        reduce(lambda one, other: one + other, (part.isNotNull().cast("int") for part in content)).alias("filled"),
        # text that both engines write alike decides between versions that nothing else tells apart
        f.md5(f.concat_ws("\x1f", *content)).alias("content"),
    ).createOrReplaceTempView("arrival")
    is_first = f.col("standing_rank") == 1
    is_last_live = (f.col("latest_deleted") == 1) & (f.col("standing_rank") == f.coalesce("live_rank", f.lit(0)))
    view = f"{table.name}_version"
    ask(session, "lake/standing").select(
        *kept,
        f.when(~is_first, "superseded").when(f.col("deleted"), "deleted").otherwise("latest").alias("standing"),
        f.when(is_first, ~f.col("deleted")).otherwise(is_last_live).alias("last_live"),
    ).createOrReplaceTempView(view)
    # several files read the versions, and ranking them is the dear part
    session.catalog.cacheTable(view, StorageLevel.DISK_ONLY)
    return rows.where(~is_accepted).select("file_id", "standing")


def nothing(session: Any, table: Table) -> Any:
    """The landing form without rows, for a table that no lake has."""
    from pyspark.sql import functions as f

    types = {"file_id": "int", "record": "bigint"}
    names = ("environment", "file_id", "record", "fault", *stage_columns(table))
    return session.range(0).select(*(f.lit(None).cast(types.get(name, "string")).alias(name) for name in names))


def landed(source: Source) -> Any:
    """A source in the landing form that the stage files read: every column as text, nothing for what it lacks."""
    from pyspark.sql import functions as f

    places = positions(source.table, source.columns, id_column=source.id_column)
    kinds = dict(source.frame.dtypes)
    found = {name: as_text(source.columns[place], kinds) for name, place in places.items()}
    absent = f.lit(None).cast("string")
    return source.frame.select(
        f.lit(source.environment).alias("environment"),
        f.lit(source.number).cast("int").alias("file_id"),
        f.lit(None).cast("bigint").alias("record"),
        absent.alias("fault"),
        *(found.get(name, absent).alias(name) for name in stage_columns(source.table)),
    )


def as_text(name: str, kinds: dict[str, str]) -> Any:
    """A column as text, with nothing instead of an empty text."""
    from pyspark.sql import functions as f

    column = f.col(f"`{name}`")
    if kinds[name] in ("double", "float"):  # as text they would turn into 1.2E8
        column = column.cast("decimal(38,6)")
    text = column.cast("string")
    return f.when(f.length(text) > 0, text)
