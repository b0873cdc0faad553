"""What a notebook calls: `start` checks its parameters and opens the client's store, `run.ask` puts a question."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from d365bench.client import client_names, data_folder, load_client
from d365bench.errors import D365BenchError, StoreError, UnknownParameter, UsageError
from d365bench.notebook.run import GIVEN, Run, changed
from d365bench.store import Store
from d365bench.thresholds import BY_NAME, resolve

__all__ = ["GIVEN", "Run", "changed", "open_run", "parameters", "start"]

PROJECT = Path(__file__).parents[2]
# The stores of this process by file. DuckDB shares one database among all connections to a file, locked settings and
# contents included, so that a first cell that runs again would fail, or show what the file held before.
opened: WeakValueDictionary[Path, Store] = WeakValueDictionary()


def start(client: str = "", data: str = "", **thresholds: int | None) -> Run:
    """A run on one client's store, read-only; a wrong parameter or a missing store is refused in one sentence.

    Args:
        client: a folder name under data; empty: the first client whose store is loaded.
        data: the folder of all clients; empty: D365BENCH_DATA, else the project's data/sample.
        thresholds: None: the client's own value, else the default.
    """
    try:
        run = open_run(client, data, thresholds)
    except D365BenchError as error:
        only_message(error)
        raise
    from d365bench.charts import draw_in_jupyterlab

    draw_in_jupyterlab()
    return run


def parameters(names: Mapping[str, object]) -> dict[str, Any]:
    """The parameters among a notebook's variables, `globals()`; a plain value under any other name is refused.

    Whoever mistypes a parameter, by hand or with papermill's -p, sets a variable that nothing would ever read.
    """
    plain = {
        name: value
        for name, value in names.items()
        if not name.startswith("_") and (value is None or isinstance(value, bool | int | float | str))
    }
    known = ("client", "data", *BY_NAME)
    for name in plain:
        if name not in known:
            error = UnknownParameter(name, known)
            only_message(error)
            raise error
    return plain


def open_run(client: str, data: str, thresholds: Mapping[str, int | None]) -> Run:
    for name, value in (("client", client), ("data", data)):
        if not isinstance(value, str):
            raise UsageError(f"{name} = {value!r}: a text in quotes is needed")
    resolve(thresholds)  # before anything is opened: a typing error answers at once
    folder = find_data(data)
    asked = load_client(folder, client or first_loaded(folder))
    values = resolve(asked.thresholds, thresholds)
    path = store_file(asked.folder)
    if not path.is_file():
        raise StoreError(
            f"client '{asked.name}' has no store yet; a notebook does not load, so run this first:"
            f" d365bench load {asked.name} --data {folder}"
        )
    return Run(asked, reopened(path), values)


def reopened(path: Path) -> Store:
    """The store as it is now: one that this process still has open is closed, it may have been loaded anew since."""
    earlier = opened.pop(path, None)
    if earlier is not None:
        earlier.close()
    opened[path] = store = Store.read(path)
    return store


def find_data(option: str) -> Path:
    """The folder of all clients, from any working directory."""
    folder = data_folder(option)
    if option or folder.is_absolute() or folder.is_dir() or os.environ.get("D365BENCH_DATA"):
        return folder
    # JupyterLab starts a kernel in the notebook's own folder: the sample lies beside the package, or further up.
    for place in (PROJECT, *Path.cwd().parents):
        if (place / folder).is_dir():
            return place / folder
    return folder


def first_loaded(folder: Path) -> str:
    """The first client of a folder whose store is loaded."""
    names = client_names(folder)
    for name in names:
        if store_file(folder / name).is_file():
            return name
    which = f"{folder.resolve()} has {'no loaded client' if names else 'no client'}"
    how = f"d365bench load --all --data {folder}" if names else "'d365bench new NAME' makes a client folder"
    raise StoreError(f"{which}; a notebook does not load, so do this first: {how}")


def store_file(folder: Path) -> Path:
    """Where loading puts a client's store."""
    return folder / ".d365bench" / "store.duckdb"


def only_message(error: Exception) -> None:
    """Show the error in a notebook as its one sentence: the frames above it are ours and help nobody there."""
    # https://ipython.readthedocs.io/en/stable/config/integrating.html#custom-exception-tracebacks
    error._render_traceback_ = lambda: [f"{type(error).__name__}: {error}"]  # type: ignore[attr-defined]
