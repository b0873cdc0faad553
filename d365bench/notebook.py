"""What a notebook calls: `start` checks its parameters and opens the client's store, `run.ask` puts a question."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from d365bench.client import Client, client_names, data_folder, load_client
from d365bench.errors import D365BenchError, StoreError, UnknownParameter, UsageError
from d365bench.rulebook import Rulebook, load_rulebook
from d365bench.store import Store
from d365bench.thresholds import BY_NAME, THRESHOLDS, resolve

if TYPE_CHECKING:
    import polars as pl

    from d365bench.charts import Chart
    from d365bench.widgets import Panel

Answer = TypeVar("Answer")
PROJECT = Path(__file__).parents[1]


class Run:
    """One client under one set of thresholds; what several questions need is worked out once."""

    def __init__(self, client: Client, store: Store, thresholds: Mapping[str, int]) -> None:
        self.client = client
        self.store = store
        self.thresholds = thresholds

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    def ask(self, question: Callable[..., Answer]) -> Answer:
        """The answer of an analysis function, its parameters filled in by their names."""
        return question(**{name: self.given(name) for name in inspect.signature(question).parameters})

    def under(self, thresholds: Mapping[str, int]) -> Run:
        """The same client under other thresholds, on the same store."""
        if thresholds == self.thresholds:
            return self
        return Run(self.client, self.store, resolve(thresholds))

    def panel(self, question: Callable[..., pl.DataFrame], draw: Callable[..., Chart], *names: str) -> Panel:
        """A chart of a question with sliders over thresholds; each move decides again."""
        from d365bench.widgets import Panel

        def answer(values: Mapping[str, int]) -> pl.DataFrame | str:
            try:
                return self.under(values).ask(question)
            except UsageError as error:  # two sliders that contradict each other
                return str(error)

        return Panel(names, self.thresholds, self.ask(question), answer, lambda rows: draw(rows, self.currency))

    def given(self, name: str) -> object:
        if name not in GIVEN:
            raise UnknownParameter(name, GIVEN, kind="parameter of a question")
        return getattr(self, name)

    @property
    def currency(self) -> str:
        """The client's currency, for titles."""
        return self.client.currency

    @cached_property
    def rulebook(self) -> Rulebook:
        return load_rulebook()

    @cached_property
    def coverage(self) -> pl.DataFrame:
        from d365bench.analysis.coverage import coverage

        return coverage(self.store, self.client, self.thresholds)

    @cached_property
    def evidence(self) -> pl.DataFrame:
        from d365bench.analysis.evidence import evidence

        return evidence(self.store, self.client, self.thresholds, self.coverage)

    @cached_property
    def environments(self) -> pl.DataFrame:
        from d365bench.analysis.evidence import environments

        return environments(self.store)

    @cached_property
    def decided(self) -> pl.DataFrame:
        from d365bench.analysis.decide import decide

        return decide(self.evidence, self.environments, self.rulebook, self.client, self.thresholds)

    @cached_property
    def reasoned(self) -> pl.DataFrame:
        """The decided frame with `reasons`."""
        from d365bench.analysis.reasons import with_reasons

        return self.ask(with_reasons)

    @cached_property
    def seats(self) -> pl.DataFrame:
        return self.store.query("view/seats")

    @cached_property
    def subscribed(self) -> pl.DataFrame:
        return self.store.query("person/purchased")

    @cached_property
    def unattributed(self) -> int:
        asked = {"as_of": self.client.as_of, **self.thresholds}
        return int(self.store.query("person/unattributed", **asked).item())

    @cached_property
    def disputed(self) -> dict[str, Any]:
        from d365bench.analysis.readings import other_readings

        return self.ask(other_readings)

    @cached_property
    def summary(self) -> dict[str, Any]:
        from d365bench.analysis.summary import summary

        return self.ask(summary)

    def _repr_html_(self) -> str:
        """Whose notebook this is, as of when, and which thresholds are not the default."""
        rows = {
            "Client": self.client.title,
            "As of": f"{self.client.as_of}, looking back {self.thresholds['window_days']} days",
            "Money": f"{self.client.currency} a month",
            "Thresholds": changed(self.thresholds) or "all at their defaults",
        }
        return (
            "<dl class='run'>" + "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in rows.items()) + "</dl>"
        )


# The names that a question may ask for; every one is a property of the run.
GIVEN = (
    *("client", "store", "thresholds", "rulebook", "coverage", "evidence", "environments", "decided"),
    *("seats", "subscribed", "unattributed", "disputed", "summary"),
)


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
    return Run(asked, Store.read(path), values)


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


def changed(thresholds: Mapping[str, int]) -> str:
    """The thresholds that are not at their default, in words."""
    different = [t for t in THRESHOLDS if thresholds[t.name] != t.default]
    return ", ".join(f"{t.name} {thresholds[t.name]} (default {t.default})" for t in different)


def only_message(error: Exception) -> None:
    """Show the error in a notebook as its one sentence: the frames above it are ours and help nobody there."""
    # https://ipython.readthedocs.io/en/stable/config/integrating.html#custom-exception-tracebacks
    error._render_traceback_ = lambda: [f"{type(error).__name__}: {error}"]  # type: ignore[attr-defined]
