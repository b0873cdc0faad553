"""What is said on the terminal: lines, tables and how a batch ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from d365bench import batch

out_console = Console()
err_console = Console(stderr=True)
if not out_console.is_terminal:
    out_console.width = max(out_console.width, 200)  # a pipe has no width of its own; paths should stay whole


def finish(chosen: Sequence[str], results: Iterator[batch.Result]) -> list[batch.Result]:
    """The results in the order of the clients; how each ended is said as it ends."""
    ended = []
    for result in results:
        ended.append(result)
        how = f"done after {result.seconds:.1f} s; {result.note}" if result.is_done else f"FAILED: {result.error}"
        say(f"[{len(ended)}/{len(chosen)}] {result.client}: {how}")
        if result.traceback:
            say(result.traceback, err_console)
    return sorted(ended, key=lambda result: chosen.index(result.client))


def leave(results: Sequence[batch.Result]) -> None:
    """Leave with exit code 1 where a client failed; the last lines say which and why."""
    failed = [result for result in results if not result.is_done]
    if failed:
        say(f"{len(results) - len(failed)} of {len(results)} clients done, {len(failed)} failed:", err_console)
        for result in failed:
            say(f"  {result.client}: {result.error}", err_console)
        raise typer.Exit(1)


def show(title: str, header: Sequence[str], rows: Iterable[Iterable[object]]) -> None:
    """Print a table; what comes from files is no markup."""
    table = Table(title=escape(title), title_justify="left", box=box.SIMPLE, show_header=any(header))
    for name in header:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*("" if value is None else escape(str(value)) for value in row))
    out_console.print(table)


def say(text: str, console: Console = out_console) -> None:
    """Print a line as it is: brackets are no markup, and a path is not broken."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)
