"""Measures d365bench beside the bare engine on the same files and tables, in one run: ratio, median and spread.

    make bench                         the real sizes: 5 M participants, 1 M incidents, 50,000 people
    make bench BENCH="--participants 200000 --sessions 100000 --incidents 50000 --people 5000"

load      exports → typed tables, every cell judged; ranking the versions and the roll-up are reported apart
decide    one decision for everybody from given evidence, as a slider asks for it
evidence  everybody's evidence under another window, beside the engine counting that window's actions
memory    a load in a process of its own under a memory limit for the engine
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import ClassVar

import duckdb
import polars as pl
from volume import TABLES as VOLUME_TABLES
from volume import Size, columns, csv_files, make

from d365bench import ingest
from d365bench.analysis.decide import decide
from d365bench.analysis.evidence import environments, evidence
from d365bench.client import Client, load_client
from d365bench.ingest.tables import TABLES
from d365bench.rulebook import load_rulebook
from d365bench.store import Store, parameters, statement
from d365bench.thresholds import resolve

DATA = Path(__file__).parent / "data"
TYPES = {"guid": "UUID", "text": "VARCHAR", "whole": "BIGINT", "flag": "BOOLEAN", "instant": "TIMESTAMP"}
WINDOWS = (30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 330, 360)

# The least that shows a window's work: what somebody who knows the engine would type.
LEAST = """
SELECT person_id, action, CAST(sum(distinct_objects) AS BIGINT) AS objects, count(DISTINCT day) AS days
FROM activity_day
WHERE day >= CAST($as_of AS DATE) - CAST($window_days AS INTEGER) AND day < CAST($as_of AS DATE)
GROUP BY person_id, action
"""


# -- what is compared ------------------------------------------------------------------------------------------


def bare_load(folder: Path, database: Path, limit: str | None = None) -> None:
    """The same files into typed tables of the same columns by the engine alone: no versions, no refusals, no checks."""
    config: dict[str, bool | str] = {"preserve_insertion_order": False}
    if limit:
        config["memory_limit"] = limit
    with duckdb.connect(str(database), config=config) as connection:
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
                " FROM read_csv($files, auto_detect = false, columns = $columns, quote = '\"', escape = '\"')",
                {"files": csv_files(folder, table), "columns": read},
            )


class Load:
    """One load of the client, timed by stage: files found and hashed, tables read, versions ranked, and so on."""

    def __init__(self, client: Client, memory_limit: str | None = None) -> None:
        self.stages = dict.fromkeys(("survey", "read", "versions", "directory", "roll-up"), 0.0)
        self._stage, self._since = "survey", time.perf_counter()
        ingest.load(client, load_rulebook(), self._tell, force=True, memory_limit=memory_limit)
        self._enter("end")

    def _tell(self, what: str, _done: int, _total: int) -> None:
        stages = {"read directory": "directory", "roll up": "roll-up", "read": "read", "latest versions": "versions"}
        self._enter(next((stage for said, stage in stages.items() if what.startswith(said)), "survey"))

    def _enter(self, stage: str) -> None:
        now = time.perf_counter()
        self.stages[self._stage] += now - self._since
        self._stage, self._since = stage, now


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
    print(
        f"{what:<34} {ratio}  {shown(median)} ({shown(min(ours))} to {shown(max(ours))}){beside}  {target}", flush=True
    )


def shown(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


@contextmanager
def scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=DATA) as name:
        yield Path(name)


def measure_load(client: Client, repeat: int) -> None:
    loads: list[Load] = []
    bare: list[float] = []
    for _ in range(repeat):  # in turns: what slows the machine down meets both
        with scratch() as folder:
            bare.append(seconds(lambda path=folder / "bare.duckdb": bare_load(client.folder, path)))
        loads.append(Load(client))
    of = {stage: [load.stages[stage] for load in loads] for stage in loads[0].stages}
    line("read the link's tables, typed", of["read"], bare, "target 1.3×")
    line("  latest versions, refused rows", of["versions"])
    line("  recognise and hash every file", of["survey"])
    line("  directory and licences", of["directory"])
    line("  roll-up and checks", of["roll-up"])


def measure_decide(client: Client) -> None:
    thresholds = resolve(client.thresholds)
    with Store.read(ingest.store_path(client)) as store:
        people, places = evidence(store, client, thresholds), environments(store)
    ours = [seconds(lambda: decide(people, places, load_rulebook(), client, thresholds)) for _ in range(21)]
    line(f"decide, {people.height:,} people", ours[1:], target="target 50 ms")


class Listening(Store):
    """A store that keeps in mind which SQL files were asked, and with what."""

    asked: ClassVar[list[tuple[str, dict[str, object]]]] = []

    def query(self, name: str, /, **params: object) -> pl.DataFrame:
        self.asked.append((name, {key: params[key] for key in parameters(name)}))
        return super().query(name, **params)


def measure_evidence(client: Client) -> None:
    ours: list[float] = []
    bare: list[float] = []
    least: list[float] = []
    with Listening.read(ingest.store_path(client)) as store:
        sql = store.connection.sql
        for window in WINDOWS:
            thresholds = resolve({"window_days": window, "season_days": window + 200})
            Listening.asked.clear()
            ours.append(seconds(lambda values=thresholds: evidence(store, client, values)))
            asked = list(Listening.asked)
            bare.append(seconds(lambda of=asked: [sql(statement(name), params=params).pl() for name, params in of]))
            params = {"as_of": client.as_of, "window_days": window}
            least.append(seconds(lambda of=params: sql(LEAST, params=of).pl()))
        rows = sql("SELECT count(*) FROM activity_day").fetchall()[0][0]
    line(f"evidence, {rows:,} person-days", ours[1:], bare[1:], "target 1.5× of the same statements")
    line("  beside the least query", ours[1:], least[1:])


def measure_memory(limit: str) -> None:
    """A load in a process of its own, whose peak is then that of the load."""
    command = [sys.executable, __file__, *sys.argv[1:], "--load-under", limit]
    start = time.perf_counter()
    peak = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])
    took = time.perf_counter() - start
    print(
        f"{'load under a limit of ' + limit:<34}         peak {peak / 2**20:.2f} GiB resident, {shown(took)}",
        flush=True,
    )


def load_under(client: Client, limit: str) -> None:
    """Load with a memory limit for the engine and print the process's peak in KiB."""
    ingest.load(client, load_rulebook(), force=True, memory_limit=limit)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


MEASUREMENTS = ("load", "memory", "decide", "evidence")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in asdict(Size()).items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--only", choices=MEASUREMENTS, nargs="+", default=MEASUREMENTS)
    parser.add_argument("--repeat", type=int, default=3, help="loads of each kind")
    parser.add_argument("--memory-limit", default="2GB")
    parser.add_argument("--load-under", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    size = Size(asked.people, asked.participants, asked.sessions, asked.incidents)
    make(DATA / "volume", size)
    client = load_client(DATA, "volume")
    if asked.load_under:
        load_under(client, asked.load_under)
        return
    print(f"{size}, {os.cpu_count()} cores, duckdb {duckdb.__version__}, polars {pl.__version__}")
    if "load" in asked.only:
        measure_load(client, asked.repeat)
    if "memory" in asked.only:
        measure_memory(asked.memory_limit)
    ingest.load(client, load_rulebook())
    if "decide" in asked.only:
        measure_decide(client)
    if "evidence" in asked.only:
        measure_evidence(client)


if __name__ == "__main__":
    main()
