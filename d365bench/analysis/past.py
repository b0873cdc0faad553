"""The past: earlier days as the rules would have seen them, and the work that followed each.

As of an earlier day the rules see only the work before it. Products, roles, queue memberships, prices and the facts of
a case are today's, for no export tells what they were. Work in the look-back holds a right as it does today; how well
the look-back is covered is not asked, for on an earlier day it always reaches to before the exports begin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

import polars as pl

from d365bench.analysis.coverage import coverage
from d365bench.analysis.evidence import evidence
from d365bench.analysis.holds import SOURCES
from d365bench.client import Client
from d365bench.store import Store

STEP_DAYS = 30
HORIZONS = (30, 90, 180)
RIGHTS = ("digital", "voice", "enterprise")  # whose loss could disturb somebody
LOOK_BACK_COVERED = [
    pl.lit(100.0).alias(f"season_coverage_{source}")
    for source in sorted({one for of in SOURCES.values() for one in of})
]


class Then(NamedTuple):
    """An earlier day as the rules see it under one window."""

    decided_on: date
    seen: pl.DataFrame  # evidence
    observed: pl.DataFrame  # person_id, horizon_days, and whether later work of each right would have been seen


class Past:
    """The earlier days of one client."""

    def __init__(self, store: Store, client: Client, thresholds: Mapping[str, int], shortest_window: int) -> None:
        self._store, self._client, self._thresholds = store, client, thresholds
        self._first_day = first_covered_day(store, client, thresholds)
        self._observed: dict[date, pl.DataFrame] = {}
        self.later = self._look_later(shortest_window)

    def days(self, window: int) -> list[date]:
        """Every thirtieth day before as_of whose window the exports reach, the latest first."""
        if self._first_day is None:
            return []
        as_of = self._client.as_of
        reach = (as_of - self._first_day).days - window - 1  # a day of look-back at least
        return [as_of - timedelta(back) for back in range(STEP_DAYS, reach + 1, STEP_DAYS)]

    def under(self, window: int) -> list[Then]:
        """The earlier days under one window."""
        return [self._then(day, window) for day in self.days(window)]

    def _then(self, day: date, window: int) -> Then:
        season = max(window + 1, self._thresholds["season_days"])
        values = {**self._thresholds, "window_days": window, "season_days": season}
        seen = evidence(self._store, replace(self._client, as_of=day), values).with_columns(LOOK_BACK_COVERED)
        # Whose environments are whose is asked for with the evidence, and the store still knows.
        if day not in self._observed:
            self._observed[day] = self._look_after(day)
        return Then(day, seen, self._observed[day])

    def _look_after(self, day: date) -> pl.DataFrame:
        """Who would have been seen at later work: people all of whose environments were covered in the horizon."""
        least = self._thresholds["coverage_min_percent"]
        lowest = {right: pl.min_horizontal(f"coverage_{one}" for one in SOURCES[right]) for right in RIGHTS}
        found = []
        for horizon in horizons(day, self._client.as_of):
            then = replace(self._client, as_of=day + timedelta(horizon))
            values = {**self._thresholds, "window_days": horizon, "season_days": horizon + 1}
            self._store.register("coverage_now", coverage(self._store, then, values))
            people = self._store.query("person/coverage")
            found.append(
                people.select(
                    "person_id",
                    pl.lit(horizon, dtype=pl.Int64).alias("horizon_days"),
                    *((percent >= least).alias(f"observed_{right}") for right, percent in lowest.items()),
                )
            )
        return pl.concat(found)

    def _look_later(self, shortest_window: int) -> pl.DataFrame:
        """The work that followed each earlier day within each horizon."""
        days = self.days(shortest_window)
        asked = [(day, horizon) for day in days for horizon in horizons(day, self._client.as_of)]
        schema = {"decided_on": pl.Date, "horizon_days": pl.Int32}
        self._store.register("horizon", pl.DataFrame(asked, schema=schema, orient="row"))
        later = self._store.query("backtest/later").with_columns(pl.col("horizon_days").cast(pl.Int64))
        self._store.unregister("horizon")
        return later


def first_covered_day(store: Store, client: Client, thresholds: Mapping[str, int]) -> date | None:
    """The first day from which some source of an environment that counts is covered well enough up to as_of.

    A stray record of years ago reaches nowhere: what lies between it and the rest is a hole. People whose own sources
    begin later are held.
    """
    covered = coverage(store, client, thresholds).filter((pl.col("kind") == "production") & pl.col("service"))
    earliest = covered["first_day"].min()
    if not isinstance(earliest, date) or earliest >= client.as_of:
        return None
    whole = (client.as_of - earliest).days
    asked = {"as_of": client.as_of, "window_days": whole, "season_days": whole + 1, "gap_days": thresholds["gap_days"]}
    sources = store.query("coverage/days", **asked).join(
        covered.select("environment", "source"), on=["environment", "source"], how="semi"
    )
    starts = [
        start
        for first, gaps in sources.select("first_day", "gaps").iter_rows()
        if (start := stretch_start(first, gaps, client.as_of, thresholds["coverage_min_percent"])) is not None
    ]
    return min(starts, default=None)


def stretch_start(first: date | None, gaps: Sequence[Sequence[date]], as_of: date, percent: int) -> date | None:
    """The earliest day after which a source has holes on so few days up to as_of that it can prove absence."""
    starts = [] if first is None else [first, *(last + timedelta(1) for _, last in gaps)]
    for start in starts:
        days = (as_of - start).days
        missing = sum((last - begin).days + 1 for begin, last in gaps if begin >= start)
        if days > 0 and 100 * (days - missing) >= percent * days:
            return start
    return None


def horizons(day: date, as_of: date) -> list[int]:
    """The horizons that end by as_of."""
    return [horizon for horizon in HORIZONS if day + timedelta(horizon) <= as_of]
