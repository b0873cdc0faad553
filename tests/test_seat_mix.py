"""The seat mix: a bridge whose steps add up to the summary's money."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pytest

from d365bench.analysis import seat_mix
from d365bench.notebook import Run
from service_desk import opened


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with opened(tmp_path_factory.mktemp("data")) as run:
        yield run


def test_the_bridge_adds_up_to_the_summary(run: Run) -> None:
    bridge, money = run.ask(seat_mix.money_bridge), run.summary["monthly"]
    totals = bridge.filter(pl.col("kind") == "total")["high"].to_list()
    assert totals == pytest.approx([money["now"], money["ready_target"], money["target"]])
    change = dict(bridge.group_by("kind").agg(pl.col("change").sum()).iter_rows())
    assert -change["ready"] == pytest.approx(money["saving_ready"] + money["saving_repricing"])
    assert change["exposure"] == pytest.approx(money["exposure"])
    assert -change["conditional"] == pytest.approx(money["saving_conditional"])
    assert -change["withheld"] == pytest.approx(money["withheld"])


def test_each_step_begins_where_the_last_one_ended(run: Run) -> None:
    level = 0.0
    for row in run.ask(seat_mix.money_bridge).iter_rows(named=True):
        if row["kind"] == "total":
            assert row["high"] == pytest.approx(level or row["high"])
            level = row["high"]
        else:
            ends = (row["low"], row["high"])
            assert min(abs(end - level) for end in ends) < 1e-9
            level += row["change"]


def test_a_person_stands_in_one_step_of_saving(run: Run) -> None:
    bridge = run.ask(seat_mix.money_bridge)
    savers = run.decided.filter(pl.col("monthly_saving_ready") > 0).height
    assert bridge.filter(pl.col("kind") == "ready")["people"].sum() == savers


def test_nobody_gives_an_empty_bridge(run: Run) -> None:
    assert seat_mix.money_bridge(run.decided.clear()).is_empty()


def test_seats_and_withheld_money_are_the_summarys(run: Run) -> None:
    seats = {row.pop("product"): row for row in run.ask(seat_mix.seats_by_product).iter_rows(named=True)}
    assert seats == run.summary["seats"]
    withheld = dict(run.ask(seat_mix.withheld_by_hold).select("hold", "monthly_withheld").iter_rows())
    assert withheld == pytest.approx(run.summary["monthly"]["withheld_by_hold"])
