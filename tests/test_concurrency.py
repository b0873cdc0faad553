"""Concurrency: agents at a time, counted by hand on a few planted days and hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import polars as pl
import pytest

from d365bench.analysis import concurrency
from d365bench.analysis.decide import decide
from d365bench.analysis.evidence import environments, evidence
from d365bench.charts import concurrency as charts
from d365bench.rulebook import load_rulebook
from d365bench.store import Store
from d365bench.thresholds import resolve
from estate import CONSULT, MONITOR, VOICE, Estate
from people import client

FULL = ("cs_enterprise", "digital_messaging", "voice")
THRESHOLDS = resolve({"thin_max_interactions": 2})


def planted() -> Estate:
    """Two agents with much digital work, a thin one, a watcher, and a sandbox that counts for nothing.

    10 June, 09 h: ada three, bob three, eve (thin) one. 10 June, 10 h: ada one. 11 June, 09 h: eve alone, one.
    """
    estate = Estate(prod={}, dev={"kind": "sandbox"})
    for name in ("ada", "bob", "eve", "lea"):
        estate.user(name)
        estate.account(name, *FULL)
    for minute in (1, 2, 3):
        estate.served("ada", f"2026-06-10 09:0{minute}")
        estate.served("bob", f"2026-06-10 09:1{minute}")
    estate.served("ada", "2026-06-10 10:30", mode=CONSULT)
    estate.served("eve", "2026-06-10 09:40")
    estate.served("eve", "2026-06-11 09:00")
    estate.served("lea", "2026-06-10 09:50", mode=MONITOR)
    estate.served("ada", "2026-06-12 23:59", VOICE)
    estate.user("ada", "dev")
    estate.served("ada", "2026-06-20 09:00", environment="dev")
    estate.served("bob", "2025-06-10 09:00")  # before the window
    return estate


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with planted().roll() as store:
        yield store


@pytest.fixture(scope="module")
def decided(store: Store) -> pl.DataFrame:
    seen = evidence(store, client(), THRESHOLDS)
    return decide(seen, environments(store), load_rulebook(), client(), THRESHOLDS)


def load(store: Store, decided: pl.DataFrame, span: str, channel: str = "digital") -> list[tuple[Any, ...]]:
    rows = concurrency.agent_load(store, client(), THRESHOLDS, decided)
    chosen = rows.filter((pl.col("span") == span) & (pl.col("channel") == channel))
    return chosen.select("span_from", "agents", "interactions", "thin_agents", "thin_interactions").rows()


def test_agents_of_each_hour(store: Store, decided: pl.DataFrame) -> None:
    assert load(store, decided, "hour") == [
        (datetime(2026, 6, 10, 9), 3, 7, 1, 1),
        (datetime(2026, 6, 10, 10), 1, 1, 0, 0),
        (datetime(2026, 6, 11, 9), 1, 1, 1, 1),
    ]
    assert load(store, decided, "hour", "voice") == [(datetime(2026, 6, 12, 23), 1, 1, 1, 1)]


def test_agents_of_each_day(store: Store, decided: pl.DataFrame) -> None:
    assert load(store, decided, "day") == [
        (datetime(2026, 6, 10), 3, 8, 1, 1),
        (datetime(2026, 6, 11), 1, 1, 1, 1),
    ]


def test_hours_add_up_to_their_day(store: Store, decided: pl.DataFrame) -> None:
    rows = concurrency.agent_load(store, client(), THRESHOLDS, decided)
    sums = rows.group_by("channel", pl.col("span_from").dt.date(), "span").agg(pl.col("interactions").sum())
    assert sums.group_by("channel", "span_from").agg(pl.col("interactions").n_unique())["interactions"].max() == 1


def test_median_and_peak_against_rights(store: Store, decided: pl.DataFrame) -> None:
    rows = concurrency.concurrency(store, client(), THRESHOLDS, decided)
    row = rows.row(by_predicate=(pl.col("channel") == "digital") & (pl.col("span") == "hour"), named=True)
    assert (row["spans"], row["median"], row["p95"], row["peak"]) == (3, 1.0, 3, 3)
    assert row["peak_at"] == datetime(2026, 6, 10, 9)
    assert (row["assigned"], row["verified"]) == (4, 3)  # the watcher holds it, and no work proves it


def test_others_take_over_what_their_peak_allows(store: Store, decided: pl.DataFrame) -> None:
    """The others' peak is three an hour each: at 09 h both are full, and on the 11th nobody else is there."""
    rows = concurrency.thin_cohort(store, client(), THRESHOLDS, decided)
    row = rows.row(by_predicate=pl.col("channel") == "digital", named=True)
    assert (row["span"], row["thin_agents"], row["thin_interactions"], row["thin_spans"]) == ("hour", 1, 2, 2)
    assert row["peak_rate"] == 3.0
    assert (row["absorbable"], row["not_absorbable"], row["could_absorb"]) == (0, 2, False)


def test_others_with_room_absorb_it_all() -> None:
    estate = planted()
    for minute in range(1, 9):
        estate.served("ada", f"2026-06-15 09:0{minute}")  # now the peak is eight
    estate.served("bob", "2026-06-11 09:20")
    with estate.roll() as store:
        seen = evidence(store, client(), THRESHOLDS)
        rows = concurrency.thin_cohort(
            store, client(), THRESHOLDS, decide(seen, environments(store), load_rulebook(), client(), THRESHOLDS)
        )
    row = rows.row(by_predicate=pl.col("channel") == "digital", named=True)
    assert (row["absorbable"], row["not_absorbable"], row["could_absorb"]) == (2, 0, True)


def test_without_instants_days_answer() -> None:
    """Where activity was rolled up elsewhere the exported rows are gone, and the daily counts remain."""
    with planted().roll() as store:
        seen = evidence(store, client(), THRESHOLDS)
        decided = decide(seen, environments(store), load_rulebook(), client(), THRESHOLDS)
        store.connection.execute("DELETE FROM msdyn_sessionparticipant_version")
        rows = concurrency.thin_cohort(store, client(), THRESHOLDS, decided)
    row = rows.row(by_predicate=pl.col("channel") == "digital", named=True)
    # on the 10th the others had 7 between two, which is their peak: no room for one more; on the 11th nobody was there
    assert (row["span"], row["peak_rate"], row["absorbable"]) == ("day", 3.5, 0)


def test_the_charts_count_what_the_frames_say(store: Store, decided: pl.DataFrame) -> None:
    rows = concurrency.concurrency(store, client(), THRESHOLDS, decided)
    spec = charts.agents_at_a_time(rows).to_dict()
    (data,) = spec["datasets"].values()
    digital = {row["level"]: row["agents"] for row in data if row["channel"] == "digital"}
    assert digital == {"right held today": 4, "verified by work": 3, "peak of a day": 3, "peak of an hour": 3}
    load_rows = concurrency.agent_load(store, client(), THRESHOLDS, decided)
    (days,) = charts.agents_by_day(load_rows).to_dict()["datasets"].values()
    assert {row["agents"] for row in days if row["measure"] == "in the day" and row["channel"] == "digital"} == {3, 1}
    for chart in (charts.agents_at_a_time(rows.clear()), charts.agents_by_day(load_rows.clear())):
        assert chart.to_dict()["title"]["subtitle"].startswith("Nothing to show")
