"""Trace: the exported rows behind one figure of one person, down to file, hash and key.

Counts are made from daily activity, where keys are gone. Here the acts of one person are read once more from the
exported rows, under the same rules; `tests/test_explain.py` holds both against each other and against the files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import NamedTuple

import polars as pl

from d365bench.client import Client
from d365bench.errors import UnknownParameter
from d365bench.store import Store

DIGITAL = ("digital.handled", "digital.consulted")
VOICE = ("voice.handled", "voice.consulted")
RECORD = ("record.handled", "record.consulted")
SERVED = ("case.worked", "case.resolved")
CASE = ("case.created", *SERVED)
# Finds the record numbers of exported rows; reading exports is the business of others.
Locate = Callable[[pl.DataFrame], pl.DataFrame]


class Figure(NamedTuple):
    """How a figure is made: of which acts, over which days, and what one of it is."""

    actions: tuple[str, ...] = ()  # none: any
    unit: str = "interaction"  # interaction: object and mode | object | day | act | last (day) | seen
    span: str = "window"  # window | look_back | before (all days before as_of)
    kind: str = "action"  # action | indirect | offered
    fact: str | None = None  # own | other | sla | entitlement | copilot | enterprise: what the case has to be


FIGURES: Mapping[str, Figure] = {
    **{
        f"{channel}_{what}": figure
        for channel, counted in (("digital", DIGITAL), ("voice", VOICE))
        for what, figure in {
            "handled": Figure((f"{channel}.handled",)),
            "consulted": Figure((f"{channel}.consulted",)),
            "monitored": Figure((f"{channel}.monitored",)),
            "offered": Figure((f"{channel}.offered",), kind="offered"),
            "days": Figure(counted, "day"),
            "last": Figure(counted, "last", "before"),
            "season": Figure(counted, span="look_back"),
        }.items()
    },
    "unknown_sessions": Figure(("unknown.handled",)),
    "own_cases": Figure(CASE, "object", fact="own"),
    "other_cases": Figure(SERVED, "object", fact="other"),
    "sla_cases": Figure(SERVED, "object", fact="sla"),
    "entitlement_cases": Figure(SERVED, "object", fact="entitlement"),
    "copilot_cases": Figure(SERVED, "object", fact="copilot"),
    "routed_records": Figure(RECORD, "object"),
    "queue_items": Figure(("queue.worked",), "object"),
    "articles": Figure(("knowledge.authored",), "object"),
    "case_days": Figure(CASE, "day"),
    "last_activity": Figure((), "last", "before"),
    "last_seen": Figure((), "seen", "before"),
}
# Figures of the evidence that decide and stand in no column of the ledger.
INNER: Mapping[str, Figure] = {
    "acts": Figure((), "act"),
    "season_actions": Figure((), "act", "look_back"),
    "other_resolved_cases": Figure(("case.resolved",), "object", fact="other"),
    "other_case_days": Figure(SERVED, "day", fact="other"),
    "season_enterprise_cases": Figure(SERVED, "object", "look_back", fact="enterprise"),
    "season_records": Figure(RECORD, span="look_back"),
    "indirect_digital": Figure(DIGITAL, "act", kind="indirect"),
    "indirect_voice": Figure(VOICE, "act", kind="indirect"),
    "indirect_actions": Figure((), "act", kind="indirect"),
    "indirect_enterprise_cases": Figure(SERVED, "object", kind="indirect", fact="enterprise"),
}
ROW = ("table_name", "file_id", "path", "sha256", "row_key", "version_no", "sink_at", "modified_at")
ROWS = ("role", "environment", "act", "object_id", "at_instant", *ROW)


class Traced(NamedTuple):
    """A figure and the exported rows behind it."""

    value: int | date | None
    rows: pl.DataFrame  # ROWS: role 'act' (counted) or 'fact' (what makes the act count), by instant


class PersonRows:
    """The exported rows of one person; read from the store once, for any number of figures."""

    def __init__(self, store: Store, client: Client, thresholds: Mapping[str, int], person_id: str) -> None:
        self._spans = spans(client.as_of, thresholds)
        asked = {"as_of": client.as_of, "person_id": person_id, **thresholds}
        self.environments = sorted(
            store.query("person/environment", **asked).filter(pl.col("person_id") == person_id)["environment"]
        )
        files = store.query("trace/file")
        acts = store.query("trace/act", **asked).join(files, on="file_id", how="left")
        objects = acts.select("environment", "object_id").drop_nulls().unique()
        store.register("traced_object", objects)
        self.facts = store.query("trace/fact", **asked).join(files, on="file_id", how="left")
        store.unregister("traced_object")
        marks = self.facts.filter(pl.col("table_name") == "incident").select(
            "environment", "object_id", "own", "sla", "entitlement", "copilot"
        )
        is_case = pl.col("action").str.starts_with("case.")
        self.acts = (
            acts.join(marks, on=["environment", "object_id"], how="left")
            .with_columns(
                day=pl.col("act_at").dt.date(),
                other=is_case & ~pl.col("own"),
                enterprise=pl.col("sla") | pl.col("entitlement") | pl.col("copilot"),
            )
            .filter(pl.col("environment").is_in(self.environments))
            .sort("act_at", "table_name", "row_key", maintain_order=True)
        )
        self.standing = store.query("trace/standing", **asked).join(files, on="file_id", how="left")

    def counted(self, figure: Figure) -> pl.DataFrame:
        """The acts that a figure counts."""
        first, before = self._spans[figure.span]
        wanted = (pl.col("kind") == figure.kind) & (pl.col("day") < before)
        if first is not None:
            wanted &= pl.col("day") >= first
        if figure.actions:
            wanted &= pl.col("action").is_in(figure.actions)
        if figure.fact is not None:
            wanted &= pl.col(figure.fact).fill_null(False)
        return self.acts.filter(wanted)

    def seen(self, *what: str) -> pl.DataFrame:
        """Rows that say what the person is and holds today, in the form of ROWS."""
        rows = self.standing.filter(pl.col("what").is_in(what))
        return as_rows(rows, "fact", pl.col("what") + pl.lit(": ") + pl.col("detail"))

    def figure(self, figure: Figure) -> Traced:
        """A figure and the rows behind it."""
        if figure.unit == "seen":
            return self.last_seen()
        acts = self.counted(figure)
        if figure.unit == "last":
            last = acts["day"].max()
            acts = acts.filter(pl.col("day") == pl.col("day").max())
            return Traced(last if isinstance(last, date) else None, self.with_facts(acts))
        return Traced(how_many(acts, figure.unit), self.with_facts(acts))

    def last_seen(self) -> Traced:
        """The day on which the person was last seen in the application, and the rows of that instant."""
        counted = self.standing.filter(pl.col("what") == "seen")
        rows = counted.filter(pl.col("act_at") == pl.col("act_at").max())
        value = rows["act_at"].dt.date().max()
        return Traced(value if isinstance(value, date) else None, as_rows(rows, "act", pl.col("detail")))

    def with_facts(self, acts: pl.DataFrame) -> pl.DataFrame:
        """The acts, each followed by the rows of the session or case that it was done on."""
        facts = self.facts.join(acts.select("environment", "object_id"), on=["environment", "object_id"], how="semi")
        found = pl.concat([as_rows(acts, "act", pl.col("action")), as_rows(facts, "fact", pl.col("fact"))])
        # a fact stands behind the first act on its object
        order = acts.select("environment", "object_id").with_row_index("place").unique(["environment", "object_id"])
        first = order.group_by("environment", "object_id").agg(pl.col("place").min())
        return (
            found.join(first, on=["environment", "object_id"], how="left", maintain_order="left")
            .sort("place", "role", "at_instant", maintain_order=True)
            .drop("place")
        )


def trace(store: Store, client: Client, thresholds: Mapping[str, int], person_id: str, column: str) -> Traced:
    """The value of a ledger column of one person and the exported rows behind it, without their record numbers."""
    figures = {**FIGURES, **INNER}
    if column not in figures:
        raise UnknownParameter(column, figures, kind="figure to trace")
    return PersonRows(store, client, thresholds, person_id).figure(figures[column])


def spans(as_of: date, thresholds: Mapping[str, int]) -> dict[str, tuple[date | None, date]]:
    """First day and the day after the last one of the window, the look-back and all days before as_of."""
    window_from = as_of - timedelta(thresholds["window_days"])
    season_from = as_of - timedelta(thresholds["season_days"])
    return {"window": (window_from, as_of), "look_back": (season_from, window_from), "before": (None, as_of)}


def how_many(acts: pl.DataFrame, unit: str) -> int:
    """How many interactions, objects, days or acts there are."""
    if unit == "act":
        return acts.height
    keys = {
        "interaction": ["environment", "action", "object_id"],
        "object": ["environment", "object_id"],
        "day": ["day"],
    }
    return acts.select(keys[unit]).n_unique() if acts.height else 0


def as_rows(frame: pl.DataFrame, role: str, act: pl.Expr) -> pl.DataFrame:
    """Rows of the store in the form of ROWS."""
    object_id = pl.col("object_id") if "object_id" in frame.columns else pl.lit(None, dtype=pl.String)
    return frame.select(
        pl.lit(role).alias("role"),
        "environment",
        act.alias("act"),
        object_id.alias("object_id"),
        pl.col("act_at").alias("at_instant"),
        *ROW,
    )
