"""Many clients: each one is a unit of its own, and what fails in one is a value that the others do not see."""

from __future__ import annotations

import json
import os
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from importlib.resources import files
from multiprocessing import get_context
from pathlib import Path

from jinja2 import Environment

from d365bench.client import CLIENT_NAME
from d365bench.errors import D365BenchError, UsageError

# A client's name in, what to say about it out; with several jobs it travels to another process.
Work = Callable[[str], str]


@dataclass(frozen=True)
class Result:
    """How one client's unit ended."""

    client: str
    seconds: float
    note: str = ""
    error: str | None = None  # None: done
    traceback: str | None = None  # only of what nobody raised on purpose

    @property
    def is_done(self) -> bool:
        return self.error is None


def run(clients: Sequence[str], work: Work, jobs: int = 1) -> Iterator[Result]:
    """The result of each client's unit, as they end; one job works here, several in processes of their own."""
    if jobs == 1 or len(clients) < 2:
        yield from (attempt(work, client) for client in clients)
        return
    lost = []
    for client, result in pooled(clients, work, jobs):
        if result is None:
            lost.append(client)
        else:
            yield result
    # A process that the system kills takes the whole pool along. Whose unit it was shows when each runs alone.
    for client in lost:
        for _, result in pooled([client], work, 1):
            yield result or Result(client, 0.0, error="its process was killed (out of memory?)")


def pooled(clients: Sequence[str], work: Work, jobs: int) -> Iterator[tuple[str, Result | None]]:
    """Each client with its result, or None where the pool broke before it had one."""
    # spawn, as neither DuckDB nor Polars survives a fork of a process with threads
    with ProcessPoolExecutor(min(jobs, len(clients)), mp_context=get_context("spawn")) as pool:
        futures = {pool.submit(attempt, work, client): client for client in clients}
        try:
            for future in as_completed(futures):
                try:
                    yield futures[future], future.result()
                except BrokenProcessPool:
                    yield futures[future], None
        finally:
            pool.shutdown(cancel_futures=True)


def attempt(work: Work, client: str) -> Result:
    """The result of one unit, whatever happens in it."""
    start = time.perf_counter()
    note, error, trace = "", None, None
    try:
        note = work(client)
    except D365BenchError as exc:
        error = str(exc)
    except Exception as exc:  # noqa: BLE001  the one place: a defect in one client must not cost the others
        error, trace = f"{type(exc).__name__}: {exc}", traceback.format_exc()
    return Result(client, time.perf_counter() - start, note, error, trace)


def shard(clients: Sequence[str], part: str) -> list[str]:
    """Every N-th client from the i-th on, for 'i/N': any scheduler can hand out the parts of one batch."""
    index, _, count = part.partition("/")
    if not (index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count)):
        raise UsageError(f"--shard {part}: write i/N with 1 ≤ i ≤ N, for instance 1/4")
    return list(clients[int(index) - 1 :: int(count)])


# -- the page over all clients ---------------------------------------------------------------------------------


def write_index(out: Path, results: Sequence[Result]) -> Path:
    """Write <out>/index.html: every client that has outputs there, and every one that failed just now."""
    failed = {result.client: result.error for result in results if not result.is_done}
    reported = {path.parent.name for path in out.glob("*/summary.json") if CLIENT_NAME.fullmatch(path.parent.name)}
    rows = [row(out / client, failed.get(client)) for client in sorted(reported | failed.keys())]
    page = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        (files("d365bench") / "templates" / "index.html.j2").read_text(encoding="utf-8")
    )
    out.mkdir(parents=True, exist_ok=True)
    index, draft = out / "index.html", out / f".index.{os.getpid()}.html"
    draft.write_text(page.render(rows=rows), encoding="utf-8")
    os.replace(draft, index)  # parts of a batch may write it at the same time: the page is always a whole one
    return index


def row(folder: Path, error: str | None) -> dict[str, object]:
    """What the page shows of one client."""
    summary = folder / "summary.json"
    return {
        "client": folder.name,
        "error": error,
        "summary": json.loads(summary.read_text(encoding="utf-8")) if summary.is_file() else None,
        "files": [name for name in ("report.html", "ledger.xlsx", "ledger.csv") if (folder / name).is_file()],
    }
