"""The estate at a glance: what is to be done, what went on, and how much of it the exports show."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import polars as pl

from d365bench.analysis.actions import QUESTIONS
from d365bench.analysis.holds import HOLDS
from d365bench.client import Client, Environment
from d365bench.store import Store

DAY = timedelta(1)
KINDS = ("change", "ask first", "nothing to do")
RECORDS, DECLARED, HOLE = "days with records", "covered by declaration", "hole"
OUTSIDE, NO_PROOF = "outside the export", "proves nothing"
SPAN = {
    "environment": pl.String,
    "source": pl.String,
    "state": pl.String,
    "first_day": pl.Date,
    "end_day": pl.Date,  # the day after the last
    "percent": pl.Float64,
    "season_percent": pl.Float64,
    "reason": pl.String,
    "declared": pl.String,
}


def headline(summary: Mapping[str, Any]) -> pl.DataFrame:
    """The figures that the estate comes down to, each with what it means; a figure that is not known is null."""
    monthly, currency = summary["monthly"], summary["currency"]
    seats = summary["seats"].values()
    rows: list[tuple[str, float | None, str, str]] = [
        ("People decided", summary["people"], "people", "with one of our products, or with work in the window"),
        ("Seats assigned", sum(seat["assigned"] for seat in seats), "seats", "one seat is one person and one product"),
        ("Cost today", monthly["now"], currency, "of the seats assigned, where every product has a price"),
        ("Ready saving", monthly["saving_ready"], currency, "can be done now: proved by complete, current sources"),
        ("Conditional saving", monthly["saving_conditional"], currency, "once an environment is split or trimmed"),
        ("Repricing", monthly["saving_repricing"], currency, "the same rights from cheaper products"),
        ("Withheld", monthly["withheld"], currency, "nobody's saving yet: rests on holds that have to be answered"),
        ("Exposure", monthly["exposure"], currency, "what rights that work calls for would add"),
        ("Exposure to confirm", monthly["exposure_to_confirm"], currency, "of Team Members seats to be reviewed"),
        ("Unassigned", monthly["unassigned"], currency, "of seats bought that nobody holds; unknown without SKUs"),
    ]
    schema = {"figure": pl.String, "value": pl.Float64, "unit": pl.String, "meaning": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def people_by_action(decided: pl.DataFrame) -> pl.DataFrame:
    """One row per action with its kind, people and money; changes first, then most people."""
    questions = [*HOLDS, "review_team_members", "unmatched"]
    quiet = [*(QUESTIONS - {"review_team_members"}), "left"]
    kind = (
        pl.when(pl.col("action").is_in(questions))
        .then(pl.lit("ask first"))
        .when(pl.col("action").is_in(quiet))
        .then(pl.lit("nothing to do"))
        .otherwise(pl.lit("change"))
    )
    return (
        decided.select("actions", "monthly_saving_ready", "monthly_saving_conditional", "monthly_withheld")
        .explode("actions")
        .rename({"actions": "action"})
        .group_by("action")
        .agg(
            pl.len().cast(pl.Int64).alias("people"),
            pl.col("monthly_saving_ready", "monthly_saving_conditional", "monthly_withheld").sum(),
        )
        .with_columns(kind.alias("kind"))
        .sort(kind.replace_strict(KINDS, range(len(KINDS))), "people", "action", descending=[False, True, False])
    )


def activity_by_week(
    store: Store, coverage: pl.DataFrame, client: Client, thresholds: Mapping[str, int]
) -> pl.DataFrame:
    """One row per environment, kind of work and week of the window."""
    weeks = store.query("view/activity_by_week", as_of=client.as_of, **thresholds)
    labels = {row["environment"]: label(row) for row in coverage.iter_rows(named=True)}
    return weeks.with_columns(pl.col("environment").replace(labels))


def activity_gaps(coverage: pl.DataFrame, client: Client, thresholds: Mapping[str, int]) -> pl.DataFrame:
    """One row per run of days of the window from which an environment's sessions or cases are missing."""
    spans = coverage_spans(coverage, client, thresholds)
    missing = pl.col("state").is_in([HOLE, OUTSIDE]) & (pl.col("source") != "case history")
    return spans.filter(missing).select("environment", "source", "first_day", "end_day")


def coverage_spans(coverage: pl.DataFrame, client: Client, thresholds: Mapping[str, int]) -> pl.DataFrame:
    """One row per environment, source and run of days of the window that show the same."""
    days = [client.as_of - timedelta(back) for back in range(thresholds["window_days"], 0, -1)]
    environments = {environment.name: environment for environment in client.environments}
    rows: list[dict[str, Any]] = []
    for source in coverage.iter_rows(named=True):
        states = [state_of(day, source, environments.get(source["environment"])) for day in days]
        if source["percent"] == 100.0 and not {HOLE, OUTSIDE}.isdisjoint(states):
            states = [DECLARED] * len(days)  # accepted, or never switched on
        about = {
            "environment": label(source),
            "source": source["source"].replace("_", " "),
            "percent": source["percent"],
            "season_percent": source["season_percent"],
            "reason": source["reason"],
            "declared": "; ".join(source["declared"] or []) or None,
        }
        for state, run in groupby(zip(states, days, strict=True), key=lambda pair: pair[0]):
            same = [day for _, day in run]
            rows.append({**about, "state": state, "first_day": same[0], "end_day": same[-1] + DAY})
    return pl.DataFrame(rows, schema=SPAN)


def state_of(day: date, source: Mapping[str, Any], environment: Environment | None) -> str:
    """What one day of one source shows."""
    complete = (environment.complete_from, environment.complete_to) if environment else (None, None)
    if complete[0] and complete[1] and complete[0] <= day <= complete[1] and source["percent"]:
        return DECLARED
    if source["first_day"] is None or not source["first_day"] <= day <= source["last_day"]:
        return OUTSIDE
    if any(first <= day <= last for first, last in source["gaps"] or []):
        return HOLE
    return RECORDS if source["percent"] else NO_PROOF


def label(source: Mapping[str, Any]) -> str:
    """The environment's name, with what keeps it out of every count."""
    if source.get("kind") == "sandbox":
        return f"{source['environment']} (sandbox)"
    return f"{source['environment']} (no service)" if source.get("service") is False else str(source["environment"])
