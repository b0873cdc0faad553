"""A lake's tables as the roll-up reads them: typed by the same stage files, each version with its standing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from d365bench.ingest.finding import positions
from d365bench.ingest.landing import stage_columns
from d365bench.ingest.tables import TABLES, Table
from d365bench.lake.session import ask
from d365bench.lake.source import Source
from d365bench.rollup import ACTIVITY_TABLES

FUNCTIONS = ("as_guid", "as_instant", "as_whole", "as_flag", "bad_guid", "bad_instant", "bad_whole", "bad_flag")
STANDINGS = ("latest", "superseded", "deleted")
HELPERS = ("filled", "content", "deleted_up_to", "standing_rank", "live_rank", "latest_deleted")


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
        stage_table(session, TABLES[name], own)
        for number, standing, n in counted(session, f"{name}_version"):
            counts[number].standing[standing] = n
        for source in own:
            for number, reason, n in counted(session, refused_view(source.number)):
                counts[number].quarantine[reason] = n
    return counts


def counted(session: Any, view: str) -> list[tuple[int, str, int]]:
    rows = session.table(view).groupBy("file_id", "standing").count().collect()
    return [(row["file_id"], row["standing"], row["count"]) for row in rows]


def refused_view(number: int) -> str:
    return f"refused_{number}"


def stage_table(session: Any, table: Table, sources: Sequence[Source]) -> None:
    """The versions of one table over all its sources, kept on the workers' disks: several files read them."""
    from pyspark import StorageLevel

    parts = [stage_source(session, table, source) for source in sources] or [stage_nothing(session, table)]
    versions = session.table(parts[0])
    for part in parts[1:]:
        versions = versions.unionByName(session.table(part))
    view = f"{table.name}_version"
    versions.createOrReplaceTempView(view)
    session.catalog.cacheTable(view, StorageLevel.DISK_ONLY)


def stage_source(session: Any, table: Table, source: Source) -> str:
    """The name of a view of one source's versions; its refused rows lie under another name."""
    from pyspark.sql import functions as f

    # A view is resolved when it is made, a query by name when it runs: each step is a view of its own name.
    landed(source).createOrReplaceTempView("landed")
    staged = f"staged_{source.number}"
    ask(session, f"stage/{table.name}").createOrReplaceTempView(staged)
    rows = session.table(staged)
    rows.where(~f.col("standing").isin(*STANDINGS)).createOrReplaceTempView(refused_view(source.number))
    kept = [name for name in rows.columns if name not in ("record", "standing", "last_live")]
    content = [f.col(name).cast("string") for name in kept if name != "file_id"]
    arrival = rows.where(f.col("standing").isin(*STANDINGS)).select(
        *kept,
        sum((part.isNotNull().cast("int") for part in content), f.lit(0)).alias("filled"),
        # text that both engines write alike decides between versions that nothing else tells apart
        f.md5(f.concat_ws("\x1f", *content)).alias("content"),
    )
    arrival.createOrReplaceTempView("arrival")
    ranked = ask(session, "lake/standing")
    is_first = f.col("standing_rank") == 1
    versions = ranked.select(
        *kept,
        f.when(~is_first, "superseded").when(f.col("deleted"), "deleted").otherwise("latest").alias("standing"),
        f.when(is_first, ~f.col("deleted"))
        .otherwise((f.col("latest_deleted") == 1) & (f.col("standing_rank") == f.coalesce("live_rank", f.lit(0))))
        .alias("last_live"),
    )
    view = f"{table.name}_{source.number}"
    versions.createOrReplaceTempView(view)
    return view


def stage_nothing(session: Any, table: Table) -> str:
    """The name of a view of no versions at all."""
    names = ("environment", "file_id", "record", "fault", *stage_columns(table))
    types = {"file_id": "int", "record": "bigint"}
    schema = ", ".join(f"{name} {types.get(name, 'string')}" for name in names)
    session.createDataFrame([], schema).createOrReplaceTempView("landed")
    view = f"{table.name}_0"
    ask(session, f"stage/{table.name}").drop("record").createOrReplaceTempView(view)
    return view


def landed(source: Source) -> Any:
    """A source in the landing form that the stage files read: every column as text, nothing for what it lacks."""
    from pyspark.sql import functions as f

    places = positions(source.table, source.columns, id_column=source.id_column)
    kinds = dict(source.frame.dtypes)
    found = {name: as_text(source.columns[place], kinds) for name, place in places.items()}
    nothing = f.lit(None).cast("string")
    return source.frame.select(
        f.lit(source.environment).alias("environment"),
        f.lit(source.number).cast("int").alias("file_id"),
        f.lit(None).cast("bigint").alias("record"),
        nothing.alias("fault"),
        *(found.get(name, nothing).alias(name) for name in stage_columns(source.table)),
    )


def as_text(name: str, kinds: dict[str, str]) -> Any:
    """A column as text, with nothing instead of an empty text."""
    from pyspark.sql import functions as f

    column = f.col(f"`{name}`")
    if kinds[name] in ("double", "float"):  # as text they would turn into 1.2E8
        column = column.cast("decimal(38,6)")
    text = column.cast("string")
    return f.when(f.length(text) > 0, text)
