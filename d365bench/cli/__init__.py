"""The command line: the only place that prints and the only exit codes.

0: all done. 1: something failed, the others still finished. 2: wrong usage, nothing was started.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import date
from enum import StrEnum
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from d365bench import __version__, batch
from d365bench.cli.asked import check_apart, check_client, choose, read_parameters
from d365bench.cli.person import check_product, explained, tell
from d365bench.cli.said import err_console, finish, leave, say, show
from d365bench.cli.units import load_one, report_one, show_load, telling, up_to_date
from d365bench.client import client_folder, data_folder, load_client, reports_folder
from d365bench.errors import D365BenchError, UnknownClient, UsageError
from d365bench.thresholds import THRESHOLDS, resolve

# What reads and reports is imported by the command that needs it: '--help' and a typing error answer at once.

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # locals hold personal data
    help="Who needs which Dynamics 365 Customer Service licence, proved from the tenant's own exports.",
)

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


class Engine(StrEnum):
    """What computes a roll-up outside of a load."""

    SPARK = "spark"


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
    """Say what each export file is and covers, what is missing, and what to ask the client for; loads nothing."""
    client = load_client(data_folder(data), name)

    from d365bench import ingest
    from d365bench.cli.inspection import tell_inspection

    with telling(name) as tell:
        found = ingest.inspect(client, tell)
    tell_inspection(client, found, ingest.request(client, found.missing))


@app.command()
def load(
    names: Names = None,
    all_clients: All = False,
    data: Data = None,
    jobs: Jobs = 1,
    force: Force = False,
    memory_limit: Annotated[
        str | None,
        typer.Option(
            metavar="2GB",
            help="What the engine may hold for each client; beyond it spills to the disk.",
            show_default="four fifths of the machine",
        ),
    ] = None,
) -> None:
    """Read the exports into the client's store, where any of them has changed."""
    from d365bench.store import check_memory

    folder = data_folder(data)
    chosen = choose(folder, names, all_clients)
    check_memory(memory_limit)
    work = partial(load_one, folder, force=force, memory_limit=memory_limit)
    results = finish(chosen, batch.run(chosen, work, jobs))
    if len(chosen) == 1 and results[0].is_done:
        show_load(load_client(folder, chosen[0]))
    leave(results)


@app.command()
def rollup(
    name: Name,
    data: Data = None,
    engine: Annotated[Engine, typer.Option(help="What computes it.")] = Engine.SPARK,
    lake: Annotated[
        str | None,
        typer.Option(help="Folder of the activity tables as Spark sees it.", show_default="the client's exports"),
    ] = None,
    remote: Annotated[
        str | None,
        typer.Option(help="An existing Spark: sc://host:port or spark://host:port.", show_default="one of its own"),
    ] = None,
    to: Annotated[
        str | None, typer.Option(help="A new folder, as Spark sees it.", show_default="CLIENT/roll-up")
    ] = None,
) -> None:
    """Compute daily activity where the lake lies; put the folder into exports/ in place of the raw tables."""
    folder = data_folder(data)
    client = load_client(folder, name)

    from d365bench.lake import roll_up
    from d365bench.rulebook import load_rulebook

    target = to or str((client.folder / "roll-up").resolve())
    with telling(name) as tell:
        rolled = roll_up(client, load_rulebook(), target, lake=lake, remote=remote, say=tell)
    show(
        f"{name}: {rolled.folder}, by {engine.value} {rolled.manifest.engine_version}",
        ("table", "rows", "files"),
        ((one.table, one.rows, one.files) for one in rolled.manifest.outputs),
    )


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
    results = finish(chosen, batch.run(chosen, partial(report_one, folder, target, asked, force=force), jobs))
    say(f"index: {batch.write_index(target, results)}")
    leave(results)


@app.command()
def explain(
    name: Name,
    person: Annotated[str, typer.Argument(help="UPN, id or display name.")],
    product: Annotated[str | None, typer.Option(help="Only what concerns this product key.")] = None,
    parameters: Parameters = None,
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json", help="Everything as JSON.")] = False,
) -> None:
    """Say what was decided about one person, by which rules, and show the rows of the export files behind it."""
    folder, asked = data_folder(data), read_parameters(parameters or [])
    thresholds = resolve(load_client(folder, name).thresholds, asked)
    check_product(product)
    client, _ = up_to_date(folder, name)
    answer = explained(client, thresholds, person, product)
    if as_json:
        say(json.dumps(answer, ensure_ascii=False, indent=2))
    else:
        tell(answer)


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
def sample(
    name: Name,
    kind: Annotated[str, typer.Option(help="call-centre, two-environments or mixed-shapes.")] = "call-centre",
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes again.")] = 1,
    data: Data = None,
) -> None:
    """Invent a client with seeded exports, to try things out and to measure."""
    folder = client_folder(data_folder(data), name)
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder}: is not empty; invented exports never mix with others")

    from d365bench.sample import generate

    generate(folder, kind, seed)
    say(f"{folder}: now 'd365bench report {name}'" + (f" --data {data}" if data else ""))


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
