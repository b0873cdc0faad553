"""Measures d365bench beside the bare engine on the same files and tables, in one run: ratio, median and spread.

    make bench                                              the real sizes: 5 M participants, 1 M incidents, 50,000 people
    make bench BENCH="--participants 200000 --sessions 100000 --incidents 50000 --people 5000"

load      exports → typed tables, latest versions marked, refused rows kept; the roll-up after it is reported apart
decide    one decision for everybody from given evidence, as a slider asks for it
evidence  everybody's evidence under another window, beside the engine counting that window's actions
memory    a load in a process of its own under a memory limit for the engine
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl
from volume import TABLES as VOLUME_TABLES
from volume import Size, columns, csv_files, make

from d365bench import ingest
from d365bench.analysis.decide import decide
from d365bench.analysis.evidence import environments, evidence
from d365bench.client import Client, load_client
from d365bench.ingest.tables import COMMON, TABLES
from d365bench.rulebook import load_rulebook
from d365bench.store import Store
from d365bench.thresholds import resolve

HERE = Path(__file__).parent
TYPES = {"guid": "UUID", "text": "VARCHAR", "whole": "BIGINT", "flag": "BOOLEAN", "instant": "TIMESTAMP"}
WINDOWS = (30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 330, 360)

# What a person who knows the engine would type to see a window's work: the least that the evidence has to count.
BARE_EVIDENCE = """
SELECT
    person_id, action, CAST(sum(distinct_objects) AS BIGINT) AS objects, count(DISTINCT day) AS days,
    min(first_at) AS first_at, max(last_at) AS last_at
FROM activity_day
WHERE day >= DATE '2026-07-01' - $window AND day < DATE '2026-07-01'
GROUP BY person_id, action
"""


# -- what is compared ------------------------------------------------------------------------------------------


def bare_load(folder: Path, database: Path) -> None:
    """The same files into typed tables of the same columns by the engine alone: no versions, no refusals, no checks."""
    with duckdb.connect(str(database), config={"preserve_insertion_order": False}) as connection:
        connection.execute("SET TimeZone='UTC'")
        for table in VOLUME_TABLES:
            kept = TABLES[table]
            types = {**kept.columns, kept.key: "guid", "versionnumber": "whole", "modifiedon": "instant"}
            names = columns(table)
            read = {name: TYPES[types.get(name, "text")] for name in names}
            wanted = ", ".join(f'"{name}"' for name in names if name in types)
            connection.execute(
                f"CREATE TABLE {table} AS SELECT {wanted},"
                " strptime(\"SinkModifiedOn\", '%m/%d/%Y %I:%M:%S %p') AS sink_at, \"IsDelete\" = 'True' AS deleted"
                " FROM read_csv($files, header = false, columns = $columns, quote = '\"', delim = ',')",
                {"files": csv_files(folder, table), "columns": read},
            )


def load(client: Client, memory_limit: str | None = None) -> dict[str, float]:
    """Seconds of one load, by stage."""
    stages: dict[str, float] = {}
    last = [time.perf_counter(), ""]

    def tell(what: str, _done: int, _total: int) -> None:
        now = time.perf_counter()
        stages[str(last[1])] = stages.get(str(last[1]), 0.0) + now - float(last[0])
        last[:] = [now, what]

    ingest.load(client, load_rulebook(), tell, force=True)
    tell("", 0, 0)
    return stages


# -- measuring -------------------------------------------------------------------------------------------------


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def line(what: str, ours: list[float], bare: list[float] | None = None, target: str = "") -> None:
    """One result: ratio of the medians, median and spread of ours, median of the bare engine."""
    median = statistics.median(ours)
    ratio = f"{median / statistics.median(bare):5.2f}×" if bare else "      "
    beside = f"  bare {shown(statistics.median(bare))} ({shown(min(bare))} to {shown(max(bare))})" if bare else ""
    print(f"{what:<34} {ratio}  {shown(median)} ({shown(min(ours))} to {shown(max(ours))}){beside}  {target}", flush=True)


def shown(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


@contextmanager
def scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=HERE / "data") as name:
        yield Path(name)


def measure_load(client: Client, repeat: int) -> None:
    ours: list[dict[str, float]] = []
    bare: list[float] = []
    for _ in range(repeat):  # in turns: what slows the machine down meets both
        with scratch() as folder:
            bare.append(seconds(lambda: bare_load(client.folder, folder / "bare.duckdb")))
        ours.append(load(client))
    print(ours)
    line("load, without roll-up", [sum(stages.values()) for stages in ours], bare, "target 1.3×")


def measure_decide(client: Client, repeat: int) -> None:
    thresholds = resolve(client.thresholds)
    with Store.read(ingest.store_path(client)) as store:
        people, places = evidence(store, client, thresholds), environments(store)
    ours = [seconds(lambda: decide(people, places, load_rulebook(), client, thresholds)) for _ in range(repeat * 5)]
    line(f"decide, {people.height:,} people", ours[1:], target="target 50 ms")


def measure_evidence(client: Client) -> None:
    ours, bare = [], []
    path = ingest.store_path(client)
    with Store.read(path) as store:
        for window in WINDOWS:
            thresholds = resolve({"window_days": window, "season_days": window + 200})
            ours.append(seconds(lambda values=thresholds: evidence(store, client, values)))
            bare.append(
                seconds(lambda w=window: store.connection.sql(BARE_EVIDENCE, params={"window": w}).pl())
            )
        rows = store.connection.sql("SELECT count(*) FROM activity_day").fetchall()[0][0]
    line(f"evidence, {rows:,} person-days", ours[1:], bare[1:], "target 1.5×")


def measure_memory(arguments: argparse.Namespace) -> None:
    command = [sys.executable, __file__, *sys.argv[1:], "--only-load-under", arguments.memory_limit]
    print(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip(), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in vars(Size()).items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--memory-limit", default="2GB")
    parser.add_argument("--only-load-under", help=argparse.SUPPRESS)
    arguments = parser.parse_args()


if __name__ == "__main__":
    main()
