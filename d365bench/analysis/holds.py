"""Holds: why a need that is not proved may still be there, so that its right is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

# In the order in which they are asked; the first that applies names the hold.
HOLDS = (
    "insufficient_data",
    "confirm_indirect",
    "confirm_supervisor",
    "confirm_queue",
    "confirm_seasonal",
    "confirm_reader",
)
CHANNELS = ("digital", "voice")

# The sources whose silence would have to prove that a right is not needed.
SOURCES = {
    "cases": ("any_channel", "cases", "history"),
    "digital": ("digital",),
    "enterprise": ("record", "cases", "history"),
    "voice": ("voice",),
}
INDIRECT = {
    "cases": pl.col("indirect_actions") > 0,
    "digital": pl.col("indirect_digital") > 0,
    "enterprise": pl.col("indirect_enterprise"),
    "voice": pl.col("indirect_voice") > 0,
}
SEASON = {
    "cases": pl.col("season_actions") > 0,
    "digital": pl.col("digital_season") > 0,
    "enterprise": pl.col("season_enterprise"),
    "voice": pl.col("voice_season") > 0,
}


def hold(right: str, thresholds: Mapping[str, int], *, environments_complete: bool) -> pl.Expr:
    """The hold on a right that no work proves: its place in HOLDS, from 1, or 0 for none."""
    never = pl.lit(False)
    tests = (
        insufficient(right, thresholds, environments_complete=environments_complete),
        INDIRECT[right],
        (pl.col(f"{right}_monitored") > 0) | pl.col("supervisor") if right in CHANNELS else never,
        pl.col(f"queue_{right}") if right in CHANNELS else never,
        SEASON[right] | uncovered(right, thresholds, prefix="season_coverage"),
        may_read() if right == "cases" else never,
    )
    return first_place(tests, default=0)


def first_place(tests: Sequence[pl.Expr], *, default: int) -> pl.Expr:
    """The place, from 1, of the first test that is true."""
    place = pl.lit(default, dtype=pl.UInt8)
    for number, test in reversed(list(enumerate(tests, start=1))):
        place = pl.when(test).then(pl.lit(number, dtype=pl.UInt8)).otherwise(place)
    return place


def insufficient(right: str, thresholds: Mapping[str, int], *, environments_complete: bool) -> pl.Expr:
    """Whether absence of work on a right cannot be proved: no record, thin coverage, short tenure, unknown channel."""
    doubts = uncovered(right, thresholds) | (tenure(right) < thresholds["tenure_min_days"]).fill_null(False)
    # That every environment was given waives a missing record only where their user records were given whole.
    doubts |= ~(pl.col("has_record") | pl.col("records_complete") if environments_complete else pl.col("has_record"))
    if right in CHANNELS:
        doubts |= pl.col("unknown_sessions") > 0
    return doubts


def uncovered(right: str, thresholds: Mapping[str, int], *, prefix: str = "coverage") -> pl.Expr:
    """Whether a source of the right is covered too thinly in one of the person's environments."""
    lowest = pl.min_horizontal(f"{prefix}_{source}" for source in SOURCES[right])
    # Somebody without any environment has none that is covered too thinly; having no record is asked apart.
    return (lowest < thresholds["coverage_min_percent"]) & (pl.col("environments").list.len() > 0)


def tenure(right: str) -> pl.Expr:
    """Days since the youngest of what has to be old enough to judge the right; null where nothing is known."""
    since = ["tenure_record", f"tenure_assigned_{right}"]
    if right in CHANNELS:
        since.append(f"tenure_channel_{right}")
    return pl.min_horizontal(since)


def may_read() -> pl.Expr:
    """Whether the person may only have read: seen in the window, or nothing exported would show it."""
    # An account that nothing says to be disabled counts as enabled: doubt never removes a right.
    unseen = ~pl.col("last_seen_exported") & pl.col("account_enabled").ne_missing(False)
    return unseen | pl.col("seen_in_window")
