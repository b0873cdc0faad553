"""The curve over size on one machine: loads under a memory limit, from Synapse Link CSV and from Parquet.

    make bench-scale                                   2 and 10 million session participants, 2 GB for the engine
    make bench-scale SCALE="--millions 2 10 50 --memory-limit 2GB --shapes parquet"

Sessions, cases and their versions grow with the participants, people do not. Each load runs in a process of its own,
whose peak is then that of the load; the bare engine reads the same columns of the same files into typed tables under
the same limit. Spill is the most that lay in the engine's temporary folder at any moment.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import duckdb
from run import DATA, Load, bare_load
from volume import CLIENT_TOML, ENVIRONMENT, Size, engine, make, view_rows, write_directory
from volume import TABLES as VOLUME_TABLES

from d365bench.client import load_client
from d365bench.ingest.tables import FLAG, GUID, INSTANT, TABLES, TEXT, WHOLE

SHAPES = ("csv", "parquet")
# How a cell of the link becomes one of Parquet.
TYPED = {
    GUID: '"{}"',
    TEXT: '"{}"',
    WHOLE: 'CAST("{}" AS BIGINT)',
    FLAG: 'CAST("{}" AS BOOLEAN)',
    INSTANT: 'CAST("{}" AS TIMESTAMP)',
}
COMMON = {
    "versionnumber": TYPED[WHOLE],
    "modifiedon": TYPED[INSTANT],
    "SinkModifiedOn": "strptime(\"{}\", '%m/%d/%Y %I:%M:%S %p')",
    "IsDelete": "coalesce(\"{}\" = 'True', FALSE)",
}
MILLION = 1_000_000
PEOPLE = 50_000


def size_of(millions: int) -> Size:
    participants = millions * MILLION
    return Size(PEOPLE, participants, participants // 2, participants // 5)


def folder_of(shape: str, millions: int) -> Path:
    """The client's folder of a shape and size, made where it is missing."""
    folder = DATA / f"scale-{millions}m-{shape}"
    if shape == "csv":
        return make(folder, size_of(millions))
    if not (folder / "client.toml").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        write_parquet(folder, size_of(millions))
    return folder


def write_parquet(folder: Path, size: Size) -> None:
    """The link's rows as a pipeline writes Parquet: real types, one file a table."""
    place = folder / "exports" / ENVIRONMENT
    place.mkdir(parents=True)
    connection = engine()
    for table in VOLUME_TABLES:
        view_rows(connection, table, size)
        rows = connection.table("answer")
        own = TABLES[table].columns
        kept = [name for name in rows.columns if name in (TABLES[table].key, *own, *COMMON)]
        typed = (COMMON.get(name) or TYPED[own.get(name, GUID)] for name in kept)
        cells = (f'{cell.format(name)} AS "{name}"' for name, cell in zip(kept, typed, strict=True))
        rows.project(", ".join(cells)).write_parquet(str(place / f"{table}.parquet"), compression="zstd")
    write_directory(connection, folder / "exports", size.people)
    (folder / "client.toml").write_text(CLIENT_TOML, encoding="utf-8")


# -- in a process of its own -----------------------------------------------------------------------------------


def bare(shape: str, folder: Path, limit: str) -> None:
    """The engine alone: the same columns of the same files into typed tables."""
    with tempfile.TemporaryDirectory(dir=DATA) as scratch:
        database = Path(scratch) / "bare.duckdb"
        if shape == "csv":
            bare_load(folder, database, limit)
            return
        config = {"preserve_insertion_order": False, "memory_limit": limit}
        with duckdb.connect(str(database), config=config) as connection:
            for table in VOLUME_TABLES:
                path = folder / "exports" / ENVIRONMENT / f"{table}.parquet"
                connection.read_parquet(str(path)).create(table)


class Spill:
    """The most bytes that lay in temporary folders below a folder while a block ran."""

    def __init__(self, below: Path) -> None:
        self.most, self._below, self._ended = 0, below, threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Spill:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._ended.wait(0.2):
            found = 0
            for path in self._below.rglob("*.spill/*"):
                try:
                    found += path.stat().st_size
                except FileNotFoundError:  # gone between the listing and the look
                    continue
            self.most = max(self.most, found)


def work(what: str, shape: str, folder: Path, limit: str) -> None:
    """One measured thing; prints seconds, the process's peak in KiB, the spill in bytes and each stage's seconds."""
    start = time.perf_counter()
    stages: dict[str, float] = {}
    with Spill(folder / ".d365bench") as spill:
        if what == "bare":
            bare(shape, folder, limit)
        else:
            stages = Load(load_client(DATA, folder.name), limit).stages
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(time.perf_counter() - start, peak, spill.most, *stages.values())


def measured(what: str, shape: str, folder: Path, limit: str) -> list[float]:
    command = [sys.executable, __file__, "--work", what, shape, str(folder), limit]
    return [float(part) for part in subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()]


# -- the table -------------------------------------------------------------------------------------------------

COLUMNS = (
    *("files", "participants", "rows", "reading, s", "versions, s", "roll-up, s", "s per million rows"),
    *("bare reading, s", "÷ bare", "peak", "spill"),
)
HEADER = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millions", type=int, nargs="+", default=[2, 10])
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--memory-limit", default="2GB")
    parser.add_argument("--work", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.work:
        what, shape, folder, limit = asked.work
        work(what, shape, Path(folder), limit)
        return
    print(f"duckdb {duckdb.__version__}, limit {asked.memory_limit}\n\n{HEADER}", flush=True)
    for shape in asked.shapes:
        for millions in asked.millions:
            folder = folder_of(shape, millions)
            size = size_of(millions)
            rows = size.participants + size.sessions + size.incidents
            alone, *_ = measured("bare", shape, folder, asked.memory_limit)
            total, peak, spill, _survey, read, versions, _directory, rolled = measured(
                "load", shape, folder, asked.memory_limit
            )
            cells = (
                shape,
                f"{millions} M",
                f"{rows / MILLION:.1f} M",
                f"{read:.1f}",
                f"{versions:.1f}",
                f"{rolled:.1f}",
                f"{total / rows * MILLION:.2f}",
                f"{alone:.1f}",
                f"{read / alone:.2f}",
                f"{peak / 2**20:.2f} GiB",
                f"{spill / 2**30:.2f} GiB",
            )
            print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
