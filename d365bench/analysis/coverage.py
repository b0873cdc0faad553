"""Coverage: the share of the window's days for which a source can prove absence, and why where it cannot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import polars as pl

from d365bench.client import Client
from d365bench.store import Store

# A delivery looks filtered: all of one owner, or an old stock of cases none of which is closed, or none active.
FILTERED_ONE_OWNER_INCIDENTS = 50
FILTERED_OLD_INCIDENTS = 100
# More unknown channels than this among the joined participants, and the sessions prove nothing.
UNKNOWN_CHANNEL_SHARE = 0.01
CHANNELS = frozenset({"digital", "voice", "record"})

Row = dict[str, Any]
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
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


class Delivered(NamedTuple):
    """What is known about environments and deliveries whatever the day and the window; a handful of rows each."""

    environments: Mapping[str, Row]
    spans: Mapping[str, Row]
    missing: Sequence[Row]
    appended: frozenset[str]  # environments whose incidents come with every version


def delivered(store: Store) -> Delivered:
    """What `coverage` asks of the store however often it is called."""
    return Delivered(
        environments=by_environment(store.query("person/environments")),
        spans=by_environment(store.query("coverage/declared")),
        missing=store.query("coverage/missing").to_dicts(),
        appended=frozenset(store.query("coverage/append_only")["environment"]),
    )


def coverage(
    store: Store, client: Client, thresholds: Mapping[str, int], always: Delivered | None = None
) -> pl.DataFrame:
    """One row per environment and source (sessions, cases, case_history), percentages unrounded.

    `reason` says why a source proves nothing (empty where it proves its days); `declared` lists what the client has
    declared for it.

    Args:
        always: what `delivered` gives, for whoever asks about many days.
    """
    asked = {"as_of": client.as_of, **thresholds}
    known = Known(
        always or delivered(store),
        unknown_channels=by_environment(store.query("coverage/unknown_channel", **asked)),
        incidents=by_environment(store.query("coverage/incident_shape", **asked)),
        incomplete=store.query("coverage/incomplete", **asked).to_dicts(),
    )
    days = store.query("coverage/days", **asked).iter_rows(named=True)
    return pl.DataFrame([row_of(source, known, client.as_of, thresholds) for source in days], schema=SCHEMA)


class Known(NamedTuple):
    """What the store knows about its environments and deliveries."""

    always: Delivered
    unknown_channels: Mapping[str, Row]
    incidents: Mapping[str, Row]
    incomplete: Sequence[Row]


def by_environment(frame: pl.DataFrame) -> dict[str, Row]:
    return {row["environment"]: row for row in frame.iter_rows(named=True)}


def row_of(days: Row, known: Known, as_of: date, thresholds: Mapping[str, int]) -> Row:
    """The coverage of one source in one environment."""
    environment = known.always.environments[days["environment"]]
    both = list(not_loaded(days, known))
    window = [*both, *incomplete(days, known, "in_window"), *too_many_unknown(days, known, "")]
    season = [*both, *incomplete(days, known, "in_season"), *too_many_unknown(days, known, "season_")]
    answered = set(environment["accept"] or [])
    doubts = {"stale": is_stale(days, as_of, thresholds["gap_days"]), "filtered": looks_filtered(days, known)}
    window += [doubt for name, doubt in doubts.items() if doubt and name not in answered]
    declared = declared_span(known.always.spans[days["environment"]])
    declared += [name for name, doubt in doubts.items() if doubt and name in answered]
    season_days = thresholds["season_days"] - thresholds["window_days"]
    percent = 0.0 if window else 100.0 * days["covered_days"] / thresholds["window_days"]
    season_percent = 0.0 if season else 100.0 * days["season_covered_days"] / season_days
    absent = set(environment["not_provisioned"] or [])
    if days["source"] == "case_history" and "last_touch" in answered:
        declared.append("last_touch")
        percent = season_percent = 100.0
    if days["source"] == "sessions" and absent:
        declared.append(f"not provisioned: {', '.join(sorted(absent))}")
        if absent >= CHANNELS:
            percent = season_percent = 100.0
    if "season" in answered:
        declared.append("season")
    return {
        **{name: days[name] for name in ("environment", "source", "first_day", "last_day", "gaps")},
        "kind": environment["kind"],
        "service": environment["service"],
        "percent": percent,
        "season_percent": season_percent,
        "reason": "; ".join(window) or None,
        "declared": declared,
    }


def declared_span(span: Row) -> list[str]:
    """The days that the client declared complete."""
    if span["complete_from"] is None:
        return []
    return [f"complete from {span['complete_from']} to {span['complete_to']}"]


def not_loaded(days: Row, known: Known) -> Iterator[str]:
    """Which tables or columns of a source were not loaded; a history kept in versions needs no audit table."""
    if days["source"] == "case_history" and days["environment"] in known.always.appended:
        return
    for row in matching(days, known.always.missing):
        column = f"column {row['column_name']} of " if row["column_name"] else "table "
        yield f"{column}{row['table_name']} was not loaded"


def incomplete(days: Row, known: Known, stretch: str) -> Iterator[str]:
    """Which deliveries of a source are known to be incomplete in a stretch of days."""
    for row in matching(days, known.incomplete):
        if row[stretch]:
            yield f"{row['table_name']} is incomplete ({row['why']})"


def matching(days: Row, rows: Iterable[Row]) -> Iterator[Row]:
    place = (days["environment"], days["source"])
    return (row for row in rows if (row["environment"], row["source"]) == place)


def too_many_unknown(days: Row, known: Known, prefix: str) -> Iterator[str]:
    """The complaint where the channel of too many joined participants is unknown."""
    row = known.unknown_channels.get(days["environment"])
    if days["source"] == "sessions" and row:
        unknown, joined = row[f"{prefix}unknown"], row[f"{prefix}joined"]
        if unknown > UNKNOWN_CHANNEL_SHARE * joined:
            yield f"{unknown} of {joined} joined participants are of unknown channel"


def is_stale(days: Row, as_of: date, gap_days: int) -> str | None:
    """Why a source is too old to be current, or None."""
    if days["last_day"] is None:
        return "no record was loaded"
    if (old := (as_of - days["last_day"]).days) < gap_days:
        return None
    return f"the source ends on {days['last_day']}, {old} days before the as-of day"


def looks_filtered(days: Row, known: Known) -> str | None:
    """Why the incidents of an environment look like a filtered view, or None."""
    shape = known.incidents.get(days["environment"])
    if days["source"] != "cases" or shape is None:
        return None
    old = shape["old_incidents"]
    if shape["incidents"] >= FILTERED_ONE_OWNER_INCIDENTS and shape["owners"] == 1:
        return f"all {shape['incidents']} incidents have one owner: looks filtered"
    if old >= FILTERED_OLD_INCIDENTS and shape["old_closed"] == 0:
        return f"none of {old} incidents older than 90 days is resolved or cancelled: looks filtered"
    if old >= FILTERED_OLD_INCIDENTS and shape["old_active"] == 0:
        return f"none of {old} incidents older than 90 days is active: looks filtered"
    return None
