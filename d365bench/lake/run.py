"""One roll-up on Spark: people from the client's own exports, activity from the lake, Parquet by month out."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from d365bench import rollup
from d365bench.client import Client
from d365bench.errors import UsageError
from d365bench.ingest import rolled_up
from d365bench.ingest.head import DEFAULT_ENVIRONMENT
from d365bench.ingest.inputs import hash_all
from d365bench.ingest.load import fill
from d365bench.ingest.recognise import survey
from d365bench.ingest.rolled_up import Input, Manifest, Output
from d365bench.lake import source as lake_source
from d365bench.lake.session import ask, spark
from d365bench.lake.staged import Counts, stage
from d365bench.rulebook import Rulebook
from d365bench.store import Store

Say = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Rolled:
    """What a roll-up left behind: where, of what, and how many rows of each table."""

    folder: str
    manifest: Manifest


def roll_up(
    client: Client,
    rulebook: Rulebook,
    target: str,
    *,
    lake: str | None = None,
    remote: str | None = None,
    say: Say | None = None,
) -> Rolled:
    """Roll up a lake's tables on Spark, or, with no lake, those of the client's exports, into a new folder."""
    if Path(target).exists():
        raise UsageError(f"{target}: exists already; a roll-up goes into a folder of its own")
    tell = say or (lambda _what, _done, _total: None)
    with TemporaryDirectory(prefix="d365bench-") as scratch:
        workspace = Path(scratch)
        with Store.build(workspace / "people.duckdb") as store:
            settle(store, client, rulebook, workspace, tell, everything=lake is None)
            tell("start Spark", 0, 1)
            with spark(remote) as session:
                inputs = from_lake(session, store, client, lake) if lake else from_store(session, store, workspace)
                return compute(session, store, target, inputs, tell)


def settle(store: Store, client: Client, rulebook: Rulebook, workspace: Path, say: Say, *, everything: bool) -> None:
    """Load what tells who is who; activity tables only where no lake has them."""
    findings = [one for one in survey(client, store, say) if one.shape != rolled_up.SHAPE]
    if not everything:
        findings = [one for one in findings if one.table not in rollup.ACTIVITY_TABLES]
    hash_all(findings, say)
    fill(store, client, rulebook, findings, workspace, say, rollup.people)


# -- what goes in ----------------------------------------------------------------------------------------------


def from_lake(session: Any, store: Store, client: Client, lake: str) -> list[Input]:
    """Give Spark the lake's tables, typed and ranked."""
    environments = [environment.name for environment in client.environments] or [DEFAULT_ENVIRONMENT]
    sources = lake_source.find(session, lake, environments)
    counts = stage(session, sources)
    for name in rollup.BESIDE:
        if name not in ("file", "file_set"):
            hand_over(session, store, name)
    numbers = pl.DataFrame({"set_id": [source.number for source in sources]})
    give(session, "file", numbers.with_columns(file_id="set_id"))
    give(session, "file_set", numbers.with_columns(append_only=pl.lit(False)))
    return [of_source(source, counts.get(source.number, Counts())) for source in sources]


def of_source(source: lake_source.Source, counts: Counts) -> Input:
    return Input(
        number=source.number,
        environment=source.environment,
        table=source.table.name,
        path=source.path,
        columns=list(source.carried),
        files=source.files,
        listing=source.listing,
        standing=counts.standing,
        quarantine=counts.quarantine,
    )


def from_store(session: Any, store: Store, workspace: Path) -> list[Input]:
    """Give Spark the tables that a store has loaded, as Parquet files that it can see."""
    for table in rollup.ACTIVITY_TABLES:
        name = f"{table}_version"
        path = workspace / f"{name}.parquet"
        store.with_text_ids(name).write_parquet(str(path))
        session.read.parquet(f"file:{path}").createOrReplaceTempView(name)
    for name in rollup.BESIDE:
        hand_over(session, store, name)
    return rolled_up.inputs_of(store)


def hand_over(session: Any, store: Store, name: str) -> None:
    """Give Spark a small table of the store."""
    give(session, name, store.with_text_ids(name).pl())


def give(session: Any, name: str, frame: pl.DataFrame) -> None:
    """Give Spark a small frame: as Arrow, since other forms ask for our Python on every worker."""
    session.createDataFrame(frame.to_arrow()).createOrReplaceTempView(name)


# -- what comes out --------------------------------------------------------------------------------------------


def compute(session: Any, store: Store, target: str, inputs: Sequence[Input], say: Say) -> Rolled:
    """Run the roll-up's files and write every table; the manifest last, so that without it nothing counts."""
    from pyspark import StorageLevel

    for table, name in rollup.ACTS:
        ask(session, name).createOrReplaceTempView(table)
    for table in ("participation", "touch"):  # several files read these
        session.catalog.cacheTable(table, StorageLevel.DISK_ONLY)
    outputs = []
    for done, (table, name, params) in enumerate(rollup.DAYS, start=1):
        say(f"roll up {table}", done, len(rollup.DAYS))
        outputs.append(write(session, table, ask(session, name, **params), f"{target}/{table}"))
    manifest = Manifest(
        engine="spark",
        engine_version=str(session.version),
        sql_hash=rollup.sql_hash(),
        people_hash=rollup.people_hash(store),
        inputs=list(inputs),
        outputs=outputs,
    )
    text = json.dumps({rolled_up.MARK: rolled_up.VERSION, **asdict(manifest)})
    # Spark writes it too: where it writes, this machine may see nothing
    session.sql("SELECT :text AS value", args={"text": text}).write.text(f"{target}/{rolled_up.MANIFEST}")
    return Rolled(target, manifest)


def write(session: Any, table: str, frame: Any, path: str) -> Output:
    """Write one table, by month where its rows have a day, and count what really lies there."""
    from pyspark.sql import functions as f

    schema = frame.schema
    if "day" in frame.columns:
        by_month = frame.withColumn("month", f.date_format("day", "yyyy-MM")).hint("rebalance", "month")
        by_month.write.partitionBy("month").parquet(path)
    else:
        frame.coalesce(1).write.parquet(path)
    written = session.read.schema(schema).parquet(path)
    return Output(table, int(written.count()), len(written.inputFiles()))
