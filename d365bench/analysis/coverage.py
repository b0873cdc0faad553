"""Coverage: the share of the window's days for which a source can prove absence, and why where it cannot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import polars as pl

from d365bench.client import Client
from d365bench.store import Store

# A delivery looks filtered: all of one owner, or an old stock of cases none of which is closed, or none active.
FILTERED_ONE_OWNER_INCIDENTS = 50
FILTERED_OLD_INCIDENTS = 100
# More unknown channels than this among the joined participants, and the sessions prove nothing.
UNKNOWN_CHANNEL_SHARE = 0.01
CHANNELS = frozenset({"digital", "voice", "record"})

SCHEMA = {
    "environment": pl.String,
    "kind": pl.String,
    "service": pl.Boolean,
    "source": pl.String,
    "percent": pl.Float64,
    "season_percent": pl.Float64,
    "first_day": pl.Date,
    "last_day": pl.Date,
    "gaps": pl.List(pl.List(pl.Date)),
    "reason": pl.String,
    "declared": pl.List(pl.String),
}


def coverage(store: Store, client: Client, thresholds: Mapping[str, int]) -> pl.DataFrame:
    """One row per environment and source (sessions, cases, case_history), percentages unrounded.

    `reason` says why a source proves nothing (empty where it proves its days); `declared` lists what the client has
    declared for it.
    """
    asked = {"as_of": client.as_of, **thresholds}
    environments = {row["environment"]: row for row in store.query("person/environments").iter_rows(named=True)}
    declared_span = {row["environment"]: row for row in store.query("coverage/declared").iter_rows(named=True)}
    incomplete = store.query("coverage/incomplete", **asked).to_dicts()
    missing = store.query("coverage/missing").to_dicts()
    unknown = {
        row["environment"]: row for row in store.query("coverage/unknown_channel", **asked).iter_rows(named=True)
    }
    incidents = {
        row["environment"]: row for row in store.query("coverage/incident_shape", **asked).iter_rows(named=True)
    }
    appended = set(store.query("coverage/append_only")["environment"])

    rows: list[dict[str, Any]] = []
    for days in store.query("coverage/days", **asked).iter_rows(named=True):
        name, source = days["environment"], days["source"]
        environment = environments[name]
        accept = set(environment["accept"] or [])
        absent = set(environment["not_provisioned"] or [])
        both = [*not_loaded(missing, name, source, history_by_versions=name in appended)]
        window = [*incomplete_deliveries(incomplete, name, source, "in_window")]
        season = [*incomplete_deliveries(incomplete, name, source, "in_season")]
        declared: list[str] = []
        span = declared_span[name]
        if span["complete_from"] is not None:
            declared.append(f"complete from {span['complete_from']} to {span['complete_to']}")
        if source == "sessions" and name in unknown:
            window += too_many_unknown(unknown[name]["unknown"], unknown[name]["joined"])
            season += too_many_unknown(unknown[name]["season_unknown"], unknown[name]["season_joined"])
        if days["last_day"] is not None and client.as_of - days["last_day"] >= timedelta(thresholds["gap_days"]):
            if "stale" in accept:
                declared.append("stale")
            else:
                window.append(
                    f"the source ends on {days['last_day']}, {(client.as_of - days['last_day']).days} days before the as-of day"
                )
        if source == "cases" and name in incidents and (looks := looks_filtered(incidents[name])):
            if "filtered" in accept:
                declared.append("filtered")
            else:
                window.append(looks)
        percent = 0.0 if both or window else 100.0 * days["covered_days"] / thresholds["window_days"]
        season_days = thresholds["season_days"] - thresholds["window_days"]
        season_percent = 0.0 if both or season else 100.0 * days["season_covered_days"] / season_days
        if source == "case_history" and "last_touch" in accept:
            declared.append("last_touch")
            percent = season_percent = 100.0
        if source == "sessions" and absent:
            declared.append(f"not provisioned: {', '.join(sorted(absent))}")
            if absent >= CHANNELS:
                percent = season_percent = 100.0
        if "season" in accept:
            declared.append("season")
        rows.append(
            {
                "environment": name,
                "kind": environment["kind"],
                "service": environment["service"],
                "source": source,
                "percent": percent,
                "season_percent": season_percent,
                "first_day": days["first_day"],
                "last_day": days["last_day"],
                "gaps": days["gaps"],
                "reason": "; ".join([*both, *window]) or (None if days["first_day"] else "no record was loaded"),
                "declared": declared,
            }
        )
    return pl.DataFrame(rows, schema=SCHEMA)


def not_loaded(
    missing: Iterable[Mapping[str, Any]], environment: str, source: str, *, history_by_versions: bool
) -> Iterable[str]:
    """Which tables or columns of a source were not loaded; a history kept in versions needs no audit table."""
    if source == "case_history" and history_by_versions:
        return
    for row in missing:
        if (row["environment"], row["source"]) == (environment, source):
            what = (
                f"column {row['column_name']} of {row['table_name']}"
                if row["column_name"]
                else f"table {row['table_name']}"
            )
            yield f"{what} was not loaded"


def incomplete_deliveries(
    incomplete: Iterable[Mapping[str, Any]], environment: str, source: str, stretch: str
) -> Iterable[str]:
    """Which deliveries of a source are known to be incomplete in a stretch of days."""
    for row in incomplete:
        if (row["environment"], row["source"]) == (environment, source) and row[stretch]:
            yield f"{row['table_name']} is incomplete ({row['why']})"


def too_many_unknown(unknown: int, joined: int) -> list[str]:
    """The complaint where the channel of too many joined participants is unknown."""
    if joined and unknown > UNKNOWN_CHANNEL_SHARE * joined:
        return [f"{unknown} of {joined} joined participants are of unknown channel"]
    return []


def looks_filtered(shape: Mapping[str, int]) -> str | None:
    """Why the incidents of an environment look like a filtered view, or None."""
    if shape["incidents"] >= FILTERED_ONE_OWNER_INCIDENTS and shape["owners"] == 1:
        return f"all {shape['incidents']} incidents have one owner: looks filtered"
    if shape["old_incidents"] >= FILTERED_OLD_INCIDENTS and shape["old_closed"] == 0:
        return f"none of {shape['old_incidents']} incidents older than 90 days is resolved or cancelled: looks filtered"
    if shape["old_incidents"] >= FILTERED_OLD_INCIDENTS and shape["old_active"] == 0:
        return f"none of {shape['old_incidents']} incidents older than 90 days is active: looks filtered"
    return None
