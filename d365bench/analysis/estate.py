"""The estate at a glance: what is to be done, what went on, and how much of it the exports show."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl

from d365bench.analysis.actions import QUESTIONS
from d365bench.analysis.holds import HOLDS
from d365bench.client import Client
from d365bench.store import Store

DAY = timedelta(1)
KINDS = ("change", "ask first", "nothing to do")
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


def activity_by_week(store: Store, client: Client, thresholds: Mapping[str, int]) -> pl.DataFrame:
    """One row per environment, kind of work and week of the window."""
    return store.query("view/activity_by_week", as_of=client.as_of, **thresholds)


def activity_gaps(coverage: pl.DataFrame) -> pl.DataFrame:
    """One row per hole in the window of an environment's sessions or cases."""
    gaps = coverage.filter(pl.col("source") != "case_history").select("environment", "source", "gaps").explode("gaps")
    return gaps.filter(pl.col("gaps").is_not_null()).select(
        "environment",
        "source",
        first_day=pl.col("gaps").list.get(0, null_on_oob=True),
        last_day=pl.col("gaps").list.get(1, null_on_oob=True),
    )


def coverage_spans(coverage: pl.DataFrame, client: Client, thresholds: Mapping[str, int]) -> pl.DataFrame:
    """One row per environment, source and run of days of the window that show the same; days null where none do."""
    window = (client.as_of - timedelta(thresholds["window_days"]), client.as_of)
    declared = {environment.name: environment for environment in client.environments}
    rows: list[dict[str, Any]] = []
    for source in coverage.iter_rows(named=True):
        environment = declared.get(source["environment"])
        whole = environment.complete_from if environment else None
        until = environment.complete_to + DAY if environment and environment.complete_to else None
        spans = [*seen(source, window)]
        if whole and until:
            spans = [*spans, ("covered by declaration", max(whole, window[0]), min(until, window[1]))]
        elif source["percent"] == 100.0 and not is_whole(spans, window):
            spans = [("covered by declaration", *window)]  # accepted, or never switched on
        about = {
            "environment": label(source),
            "source": source["source"].replace("_", " "),
            "percent": source["percent"],
            "season_percent": source["season_percent"],
            "reason": source["reason"],
            "declared": "; ".join(source["declared"] or []) or None,
        }
        rows += [{**about, "state": state, "first_day": first, "end_day": end} for state, first, end in spans]
        if not spans:
            rows.append({**about, "state": "hole", "first_day": None, "end_day": None})
    return pl.DataFrame(rows, schema=SPAN)


def seen(source: Mapping[str, Any], window: tuple[date, date]) -> list[tuple[str, date, date]]:
    """The runs of days of one source that hold records, and its holes, cut to the window."""
    if source["first_day"] is None:
        return []
    state = "proves nothing" if source["percent"] == 0.0 else "days with records"
    spans, day, end = [], max(source["first_day"], window[0]), min(source["last_day"] + DAY, window[1])
    for first, last in source["gaps"] or []:
        spans += [(state, day, first), ("hole", first, last + DAY)]
        day = last + DAY
    spans.append((state, day, end))
    return [span for span in spans if span[1] < span[2]]


def is_whole(spans: list[tuple[str, date, date]], window: tuple[date, date]) -> bool:
    return spans == [("days with records", *window)]


def label(source: Mapping[str, Any]) -> str:
    """The environment's name, with what keeps it out of every count."""
    if source.get("kind") == "sandbox":
        return f"{source['environment']} (sandbox)"
    return f"{source['environment']} (no service)" if source.get("service") is False else str(source["environment"])
