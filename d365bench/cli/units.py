"""One client's work: what a command does in its own process, and a batch in others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn

from d365bench.cli.said import err_console, show
from d365bench.client import Client, load_client

if TYPE_CHECKING:
    from d365bench.ingest.load import LoadResult


def up_to_date(
    data: Path, name: str, force: bool = False, memory_limit: str | None = None
) -> tuple[Client, LoadResult]:
    """The client, and its store made as new as its exports."""
    client = load_client(data, name)

    from d365bench.ingest.load import load as load_exports
    from d365bench.rulebook import load_rulebook

    with telling(name) as tell:
        return client, load_exports(client, load_rulebook(), tell, force=force, memory_limit=memory_limit)


@contextmanager
def telling(name: str) -> Iterator[Callable[[str, int, int], None]]:
    """Where a client's work can say how far it is."""
    with Progress(TextColumn("{task.description}"), BarColumn(), console=err_console, transient=True) as progress:
        task = progress.add_task(name)

        def tell(step: str, done: int, total: int) -> None:
            progress.update(task, description=escape(f"{name}: {step}"), completed=done, total=total)

        yield tell


def load_one(data: Path, name: str, force: bool = False, memory_limit: str | None = None) -> str:
    """Load one client where needed; what became of its files."""
    _, result = up_to_date(data, name, force, memory_limit)
    refused = result.files["refused"].count()
    counted = f"{result.files.height} files" + (f", {refused} of them refused" if refused else "")
    return counted if result.built else f"{counted}; nothing has changed since the last load"


def report_one(data: Path, out: Path, parameters: Mapping[str, int], name: str, force: bool = False) -> str:
    """Load where needed, then write one client's outputs; where they are."""
    client, _ = up_to_date(data, name, force)

    from d365bench.reports import render

    return str(render(client, out, parameters))


def show_load(client: Client) -> None:
    """Print what became of each file of a client."""
    from d365bench.ingest.load import store_path
    from d365bench.store import Store

    columns = ("path", "table", "environment", "rows_read", "rows_latest", "rows_quarantined", "complete", "refused")
    with Store.read(store_path(client)) as store:
        show(f"{client.name}: files", columns, store.query("stage/report").select(columns).iter_rows())
