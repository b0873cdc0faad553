"""A run: one client's store under one set of thresholds, and the questions put to it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from html import escape
from typing import TYPE_CHECKING, Any, TypeVar

from d365bench.client import Client
from d365bench.errors import UnknownParameter, UsageError
from d365bench.rulebook import Rulebook, load_rulebook
from d365bench.store import Store
from d365bench.thresholds import THRESHOLDS, resolve

if TYPE_CHECKING:
    import polars as pl

    from d365bench.charts import Chart
    from d365bench.widgets import Panel

Answer = TypeVar("Answer")
# The names that a question may ask for; every one is a property of the run.
GIVEN = (
    *("client", "store", "thresholds", "rulebook", "coverage", "evidence", "environments", "decided"),
    *("channel_people", "seats", "subscribed", "unattributed", "ignored", "disputed", "summary", "renewal"),
)

# The thresholds that SQL reads: over which days is counted, and which of them are covered.
COUNTED_OVER = ("window_days", "season_days", "gap_days")


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
        other = Run(self.client, self.store, resolve(thresholds))
        if all(other.thresholds[name] == self.thresholds[name] for name in COUNTED_OVER):
            # a minimum decides about what was counted, it does not change it
            other.coverage, other.evidence, other.environments = self.coverage, self.evidence, self.environments
        return other

    def panel(self, question: Callable[..., pl.DataFrame], draw: Callable[..., Chart], *names: str) -> Panel:
        """A chart of a question with sliders over thresholds; each move decides again."""
        from d365bench.widgets import Panel

        def answer(values: Mapping[str, int]) -> pl.DataFrame | str:
            try:
                return self.under(values).ask(question)
            except UsageError as error:  # two sliders that contradict each other
                return str(error)

        return Panel(names, self.thresholds, self.ask(question), answer, lambda rows: draw(rows, self.currency))

    def explain(self, person: str, product: str | None = None) -> dict[str, Any]:
        """Everything behind the decision on one person (id, UPN or display name), down to rows of the export files."""
        from d365bench.analysis.explain import explain
        from d365bench.ingest.source_rows import locate

        where = partial(locate, self.client)
        given = (self.store, self.client, self.thresholds, self.rulebook)
        return explain(*given, person, product, locate=where, decided=self.decided, coverage=self.coverage)

    def trace(self, person: str, column: str) -> pl.DataFrame:
        """The rows of the export files behind one figure of the ledger: file, hash, record number, key, instant."""
        from d365bench.analysis.explain import who
        from d365bench.analysis.trace import trace
        from d365bench.ingest.source_rows import locate

        found = trace(self.store, self.client, self.thresholds, who(self.store, person), column)
        return locate(self.client, found.rows)

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
    def channel_people(self) -> pl.DataFrame:
        """Who holds or works a channel: two decisions for each, so once for all questions."""
        from d365bench.analysis.channels import channel_people

        return self.ask(channel_people)

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
    def ignored(self) -> pl.DataFrame:
        return self.store.query("people/ignored_licence")

    @cached_property
    def disputed(self) -> dict[str, Any]:
        from d365bench.analysis.readings import other_readings

        return self.ask(other_readings)

    @cached_property
    def summary(self) -> dict[str, Any]:
        from d365bench.analysis.summary import summary

        return self.ask(summary)

    @cached_property
    def renewal(self) -> pl.DataFrame:
        from d365bench.analysis.renewal import renewal

        return self.ask(renewal)

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


def changed(thresholds: Mapping[str, int]) -> str:
    """The thresholds that are not at their default, in words."""
    different = [t for t in THRESHOLDS if thresholds[t.name] != t.default]
    return ", ".join(f"{t.name} {thresholds[t.name]} (default {t.default})" for t in different)
