"""The command line: the only place that prints and the only exit codes.

0: all done. 1: something failed, the others still finished. 2: wrong usage, nothing was started.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from d365bench import __version__, batch
from d365bench.client import Client, client_folder, client_names, data_folder, load_client, reports_folder
from d365bench.errors import D365BenchError, OutOfRange, UnknownClient, UnknownParameter, UsageError, nearest
from d365bench.thresholds import BY_NAME, THRESHOLDS, resolve

if TYPE_CHECKING:
    import polars as pl

    from d365bench.ingest.load import LoadResult

# What reads and reports is imported by the command that needs it: '--help' and a typing error answer at once.

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # locals hold personal data
    help="Who needs which Dynamics 365 Customer Service licence, proved from the tenant's own exports.",
)
out_console = Console()
err_console = Console(stderr=True)

Name = Annotated[str, typer.Argument(metavar="CLIENT", help="The client's folder under the data folder.")]
Names = Annotated[list[str] | None, typer.Argument(metavar="CLIENT", help="Folders under the data folder.")]
All = Annotated[bool, typer.Option("--all", help="Every client of the data folder.")]
Data = Annotated[
    Path | None, typer.Option(help="Folder of all clients.", show_default="$D365BENCH_DATA, else data/sample")
]
Out = Annotated[
    Path | None, typer.Option(help="Folder of all outputs.", show_default="$D365BENCH_REPORTS, else reports")
]
Jobs = Annotated[int, typer.Option(min=1, help="So many clients at the same time.")]
Force = Annotated[bool, typer.Option("--force", help="Load again although no export has changed.")]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter",
        "-p",
        metavar="NAME=VALUE",
        help="A threshold for this run, before the client's own: "
        + ", ".join(f"{one.name} ({one.default})" for one in THRESHOLDS)
        + ".",
    ),
]


def main() -> None:
    """Run the command line; what d365bench raises on purpose becomes one line and its exit code."""
    try:
        app()
    except D365BenchError as exc:
        say(f"d365bench: {exc}", err_console)
        sys.exit(exc.exit_code)


def version(asked: bool) -> None:
    if asked:
        say(f"d365bench {__version__}")
        raise typer.Exit


@app.callback()
def options(
    show_version: Annotated[
        bool, typer.Option("--version", callback=version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    pass


# -- commands --------------------------------------------------------------------------------------------------


@app.command()
def new(
    name: Name,
    data: Data = None,
    as_of: Annotated[str | None, typer.Option(help="The window ends before this day.", show_default="today")] = None,
    currency: Annotated[str, typer.Option(help="Three letters, as in USD.")] = "USD",
) -> None:
    """Make a client folder with a commented client.toml and an empty exports folder."""
    folder = client_folder(data_folder(data), name)
    if folder.exists():
        raise UsageError(f"{folder}: exists already")
    template = (files("d365bench") / "templates" / "client.toml").read_text(encoding="utf-8")
    text = template.format(name=name, as_of=as_of or date.today().isoformat(), currency=currency)
    (folder / "exports").mkdir(parents=True)
    (folder / "client.toml").write_text(text, encoding="utf-8")
    try:
        load_client(data_folder(data), name)
    except D365BenchError as exc:  # --as-of and --currency are checked by the one place that knows how
        shutil.rmtree(folder)
        raise UsageError(str(exc)) from exc
    say(f"{folder}: put the export files into exports/, complete client.toml, then run 'd365bench inspect {name}'")


@app.command()
def inspect(name: Name, data: Data = None) -> None:
    """Say what each export file is, without loading anything."""
    client = load_client(data_folder(data), name)

    from d365bench.ingest.recognise import survey
    from d365bench.store import Store

    with Store.in_memory() as scratch:
        findings = survey(client, scratch, lambda *_: None)
    show(
        f"{name}: {len(findings)} files in {client.exports}",
        ("file", "what it is", "table", "environment", "remark"),
        ((one.relative, one.shape, one.table, one.environment, one.refused or one.note) for one in findings),
    )


@app.command()
def load(
    names: Names = None,
    all_clients: All = False,
    data: Data = None,
    jobs: Jobs = 1,
    force: Force = False,
) -> None:
    """Read the exports into the client's store, where any of them has changed."""
    folder = data_folder(data)
    chosen = choose(folder, names, all_clients)
    results = finish(chosen, batch.run(chosen, partial(load_one, folder, force=force), jobs))
    if len(chosen) == 1 and results[0].is_done:
        show_load(load_client(folder, chosen[0]))
    leave(results)


@app.command()
def report(
    names: Names = None,
    all_clients: All = False,
    parameters: Parameters = None,
    data: Data = None,
    out: Out = None,
    jobs: Jobs = 1,
    force: Force = False,
    shard: Annotated[str | None, typer.Option(metavar="i/N", help="Only the i-th of N parts of the clients.")] = None,
) -> None:
    """Write each client's ledger, workbook, notebooks and report, and the page over all clients."""
    folder, target = data_folder(data), reports_folder(out)
    chosen = choose(folder, names, all_clients)
    if shard is not None:
        chosen = batch.shard(chosen, shard)
    asked = read_parameters(parameters or [])
    for name in chosen:
        check_client(folder, target, name, asked)
    results = finish(
        chosen, batch.run(chosen, partial(report_one, folder, target, asked, force=force), jobs), end=False
    )
    say(f"index: {batch.write_index(target, results)}")
    leave(results)


@app.command()
def explain(
    name: Name,
    person: Annotated[str, typer.Argument(help="UPN, id or display name.")],
    parameters: Parameters = None,
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json", help="The row as JSON.")] = False,
) -> None:
    """Say what was decided about one person, and on what evidence."""
    folder = data_folder(data)
    asked = read_parameters(parameters or [])
    client, _ = up_to_date(folder, name)
    row = person_row(decided_ledger(client, asked), person)
    if as_json:
        say(json.dumps(row, ensure_ascii=False, indent=2, default=str))
        return
    told = ((column, value) for column, value in row.items() if value not in (None, "", 0))
    show(f"{row['display_name'] or row['person_id']} on {client.as_of}", ("", ""), told)


@app.command()
def lab(
    name: Annotated[str | None, typer.Argument(metavar="CLIENT", help="Load this client first.")] = None,
    data: Data = None,
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
) -> None:
    """Open the notebooks in JupyterLab."""
    from d365bench.reports import NOTEBOOKS

    folder = data_folder(data)
    if name is not None:
        up_to_date(folder, name)
        say(f"in a notebook's parameters cell: client = {name!r}")
    command = [sys.executable, "-m", "jupyterlab", str(NOTEBOOKS), *([] if browser else ["--no-browser"])]
    # the kernels start inside notebooks/, where a relative folder would mean another one
    code = subprocess.run(command, env={**os.environ, "D365BENCH_DATA": str(folder.resolve())}, check=False).returncode
    raise typer.Exit(code and 1)


@app.command()
def forget(
    name: Name,
    data: Data = None,
    out: Out = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a client's store and reports; its exports, client.toml and decisions stay."""
    folder, target = client_folder(data_folder(data), name), reports_folder(out) / name
    check_apart(folder, target)
    made = [path for path in (folder / ".d365bench", target) if path.exists()]
    if not made:
        raise UnknownClient(f"nothing was made of a client '{name}' in {folder} or {target}")
    for path in made:
        say(str(path))
    if not yes:
        typer.confirm("Delete these?", abort=True)
    for path in made:
        # a link is only cut: what it leads to is not ours
        path.unlink() if path.is_symlink() else shutil.rmtree(path)
    say("deleted; the exports are untouched")


# -- one client ------------------------------------------------------------------------------------------------


def up_to_date(data: Path, name: str, force: bool = False) -> tuple[Client, LoadResult]:
    """The client, and its store made as new as its exports."""
    client = load_client(data, name)

    from d365bench.ingest.load import load as load_exports
    from d365bench.rulebook import load_rulebook

    with Progress(TextColumn("{task.description}"), BarColumn(), console=err_console, transient=True) as progress:
        task = progress.add_task(name)

        def tell(step: str, done: int, total: int) -> None:
            progress.update(task, description=escape(f"{name}: {step}"), completed=done, total=total)

        return client, load_exports(client, load_rulebook(), tell, force=force)


def load_one(data: Path, name: str, force: bool = False) -> str:
    """Load one client where needed; what became of its files."""
    _, result = up_to_date(data, name, force)
    refused = f", {result.refused} of them refused" if result.refused else ""
    return f"{result.files} files{refused}" + ("" if result.built else "; nothing has changed since the last load")


def report_one(data: Path, out: Path, parameters: Mapping[str, int], name: str, force: bool = False) -> str:
    """Load where needed, then write one client's outputs; where they are."""
    client, _ = up_to_date(data, name, force)

    from d365bench import reports

    return str(reports.render(client, out, parameters))


def decided_ledger(client: Client, parameters: Mapping[str, int]) -> pl.DataFrame:
    """The client's ledger under these thresholds, a row per person."""
    from d365bench.analysis.decide import decide
    from d365bench.analysis.evidence import environments, evidence
    from d365bench.analysis.ledger import ledger
    from d365bench.analysis.reasons import with_reasons
    from d365bench.ingest.load import store_path
    from d365bench.rulebook import load_rulebook
    from d365bench.store import Store

    thresholds, rulebook = resolve(client.thresholds, parameters), load_rulebook()
    with Store.read(store_path(client)) as store:
        seen = evidence(store, client, thresholds)
        decided = decide(seen, environments(store), rulebook, client, thresholds)
    return ledger(with_reasons(decided, thresholds, rulebook), client)


def person_row(ledger: pl.DataFrame, person: str) -> dict[str, object]:
    """The one row of the person with this UPN, id or display name, whatever the case."""
    import polars as pl

    wanted = person.strip().lower()
    for column in ("person_id", "upn", "display_name"):
        found = ledger.filter(pl.col(column).str.to_lowercase() == wanted)
        if found.height == 1:
            return found.row(0, named=True)
        if found.height > 1:
            listed = "\n".join(f"  {one['person_id']}  {one['upn'] or ''}" for one in found.iter_rows(named=True))
            raise UsageError(f"{found.height} people have the {column} '{person}'; ask for one by id:\n{listed}")
    raise UsageError(
        f"nobody to decide on is called '{person}': no UPN, id or display name in the ledger is equal to it"
    )


# -- what was asked --------------------------------------------------------------------------------------------


def choose(data: Path, names: Sequence[str] | None, all_clients: bool) -> list[str]:
    """The clients of this run, each of which exists; raises UsageError where none is named."""
    if all_clients == bool(names):
        raise UsageError("name one client or several, or give --all")
    known = client_names(data)
    if all_clients and not known:
        raise UnknownClient(f"no client in {data}: 'd365bench new' makes one")
    for name in names or ():
        if not client_folder(data, name).is_dir():
            raise UnknownClient(f"no client '{name}' in {data}{nearest(name, known)}")
    return known if all_clients else list(dict.fromkeys(names or ()))


def read_parameters(pairs: Sequence[str]) -> dict[str, int]:
    """The thresholds of '-p name=value', each known, whole and within its bounds."""
    parameters: dict[str, int] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"-p {pair}: write name=value, for instance window_days=90")
        if name not in BY_NAME:
            raise UnknownParameter(name, BY_NAME)
        if name in parameters:
            raise UsageError(f"-p {name}: given twice")
        # not what Python also reads as a number: 010, 1_000, ' 9' or other digits than ours
        if not re.fullmatch(r"-?(0|[1-9][0-9]{0,9})", value):
            raise OutOfRange(f"{name} = {value!r}: a whole number is needed")
        parameters[name] = BY_NAME[name].check(int(value))
    return parameters


def check_client(data: Path, out: Path, name: str, parameters: Mapping[str, int]) -> None:
    """Refuse parameters that do not fit this client's own thresholds, before anything runs."""
    check_apart(client_folder(data, name), out / name)
    try:
        client = load_client(data, name)
    except D365BenchError:
        return  # a broken client.toml fails its own client, and not the others
    try:
        resolve(client.thresholds, parameters)
    except OutOfRange as exc:
        raise OutOfRange(f"{name}: {exc}") from exc


def check_apart(folder: Path, target: Path) -> None:
    """Refuse an output folder that holds, or lies in, the client's own folder: outputs are replaced as a whole."""
    ours, theirs = target.resolve(), folder.resolve()
    if ours == theirs or ours in theirs.parents or theirs in ours.parents:
        raise UsageError(f"{target}: outputs may not lie where the client's exports are; choose another --out")


# -- what is said ----------------------------------------------------------------------------------------------


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
    table = Table(*header, title=escape(title), title_justify="left", show_header=any(header))
    for row in rows:
        table.add_row(*("" if value is None else escape(str(value)) for value in row))
    out_console.print(table)


def show_load(client: Client) -> None:
    """Print what became of each file of a client."""
    from d365bench.ingest.ledger import load_report
    from d365bench.ingest.load import store_path
    from d365bench.store import Store

    with Store.read(store_path(client)) as store:
        files = load_report(store)
    columns = ("path", "table", "environment", "rows_read", "rows_latest", "rows_quarantined", "complete", "refused")
    show(f"{client.name}: files", columns, ([file[column] for column in columns] for file in files))


def say(text: str, console: Console = out_console) -> None:
    """Print a line as it is: brackets are no markup, and a path is not broken."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)
