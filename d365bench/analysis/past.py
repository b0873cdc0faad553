"""The past: earlier days as the rules would have seen them, and the work that followed each.

As of an earlier day the rules see only the work before it. Products, roles, queue memberships, prices and the facts of
a case are today's, for no export tells what they were. Work in the look-back holds a right as it does today; how well
the look-back is covered is not asked, for on an earlier day it always reaches to before the exports begin.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, NamedTuple

import polars as pl

from d365bench.analysis.coverage import coverage, delivered
from d365bench.analysis.evidence import counted, standing
from d365bench.analysis.holds import SOURCES
from d365bench.client import Client
from d365bench.store import Store

STEP_DAYS = 30
HORIZONS = (30, 90, 180)
RIGHTS = ("digital", "voice", "enterprise")  # whose loss could disturb somebody
ROWS_AT_ONCE = 500_000  # so many rows of evidence are held in memory, one earlier day at least
LOOK_BACK_COVERED = [
    pl.lit(100.0).alias(f"season_coverage_{source}")
    for source in sorted({one for of in SOURCES.values() for one in of})
]


class Look(NamedTuple):
    """Some earlier days as the rules see them under every window that reaches them."""

    seen: pl.DataFrame  # evidence, with decided_on and window_days
    observed: pl.DataFrame  # person_id, decided_on, horizon_days, and whether later work of each right would show


class Past:
    """The earlier days of one client, under several windows."""

    def __init__(self, store: Store, client: Client, thresholds: Mapping[str, int], windows: Sequence[int]) -> None:
        self._store, self._client, self._thresholds, self._windows = store, client, thresholds, windows
        self._delivered = delivered(store)
        self._first_day = first_covered_day(store, client, thresholds)
        self._covered: dict[tuple[date, int], pl.DataFrame] = {}
        self.later = self._look_later(min(windows))

    def days(self, window: int) -> list[date]:
        """Every thirtieth day before as_of whose window the exports reach, the latest first."""
        if self._first_day is None:
            return []
        as_of = self._client.as_of
        reach = (as_of - self._first_day).days - window - 1  # a day of look-back at least
        return [as_of - timedelta(back) for back in range(STEP_DAYS, reach + 1, STEP_DAYS)]

    def looks(self) -> Iterator[Look]:
        """All earlier days, as many at once as memory allows: to decide on many rows costs little more than on few."""
        found: list[Look] = []
        for day in self.days(min(self._windows)):
            found.append(self._look(day))
            if sum(look.seen.height for look in found) >= ROWS_AT_ONCE:
                yield together(found)
                found = []
        if found:
            yield together(found)

    def _look(self, day: date) -> Look:
        """One earlier day under every window that reaches it."""
        windows = [window for window in self._windows if day in self.days(window)]
        widest = self._asked(day, max(windows))
        # Who they are and what they hold is the same under every window; nobody who holds a right is missing.
        people = standing(self._store, widest)
        seen = []
        for window in windows:
            asked = self._asked(day, window)
            if asked["season_days"] != widest["season_days"]:
                people = standing(self._store, asked)
            self._store.register("coverage_now", self._coverage(day, window))
            is_seen = pl.col("last_seen").cast(pl.Date) >= day - timedelta(window)
            theirs = people.with_columns(seen_in_window=is_seen.fill_null(False))
            seen.append(
                counted(self._store, asked, theirs).with_columns(
                    *LOOK_BACK_COVERED,
                    decided_on=pl.lit(day, dtype=pl.Date),
                    window_days=pl.lit(window, dtype=pl.Int64),
                )
            )
        return Look(pl.concat(seen), self._look_after(day))

    def _asked(self, day: date, window: int) -> dict[str, Any]:
        """As-of day and thresholds of an earlier day; the look-back begins before the window whatever its length."""
        season = max(window + 1, self._thresholds["season_days"])
        return {**self._thresholds, "as_of": day, "window_days": window, "season_days": season}

    def _coverage(self, day: date, window: int) -> pl.DataFrame:
        """The coverage of the window before a day; what follows one day lies before another."""
        if (day, window) not in self._covered:
            then = replace(self._client, as_of=day)
            covered = coverage(self._store, then, self._asked(day, window), self._delivered)
            self._covered[day, window] = covered
        return self._covered[day, window]

    def _look_after(self, day: date) -> pl.DataFrame:
        """Who would have been seen at later work: people all of whose environments were covered in the horizon."""
        least = self._thresholds["coverage_min_percent"]
        lowest = {right: pl.min_horizontal(f"coverage_{one}" for one in SOURCES[right]) for right in RIGHTS}
        found = []
        for horizon in horizons(day, self._client.as_of):
            # whose environments are whose was asked for with the evidence, and the store still knows
            self._store.register("coverage_now", self._coverage(day + timedelta(horizon), horizon))
            people = self._store.query("person/coverage")
            found.append(
                people.select(
                    "person_id",
                    pl.lit(day, dtype=pl.Date).alias("decided_on"),
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


def together(looks: Sequence[Look]) -> Look:
    """Several looks as one."""
    return Look(pl.concat([one.seen for one in looks]), pl.concat([one.observed for one in looks]))


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
