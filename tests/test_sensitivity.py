"""Sensitivity: each move is the decision taken once more, and the range holds its point."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pytest

from d365bench.analysis import sensitivity
from d365bench.analysis.money import cents
from d365bench.analysis.sensitivity import UNDECIDING, range_of_saving, saving
from d365bench.analysis.summary import totals
from d365bench.charts import sensitivity as charts
from d365bench.notebook import Run
from d365bench.thresholds import BY_NAME, THRESHOLDS
from service_desk import opened


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with opened(tmp_path_factory.mktemp("data")) as run:
        yield run


@pytest.fixture(scope="module")
def rows(run: Run) -> pl.DataFrame:
    return run.ask(sensitivity.sensitivity)


def point(run: Run) -> float:
    return cents(saving(totals(run.decided)))


@pytest.mark.parametrize("name", ["digital_min_interactions", "window_days", "tenure_min_days", "sla_min_cases"])
def test_a_step_is_the_decision_under_that_threshold(name: str, run: Run, rows: pl.DataFrame) -> None:
    for change, value in (("down", -1), ("up", 1)):
        found = rows.filter((pl.col("name") == name) & (pl.col("change") == change))
        stepped = run.thresholds[name] + value * BY_NAME[name].step
        if stepped < BY_NAME[name].low:
            assert found.is_empty()
            continue
        other = run.under({**run.thresholds, name: stepped})
        assert found["monthly_saving"].item() == point(other)
        assert found["monthly_moved"].item() == pytest.approx(point(other) - point(run))


def test_every_threshold_that_decides_is_tried(rows: pl.DataFrame) -> None:
    tried = set(rows.filter(pl.col("kind") == "threshold")["name"])
    assert tried == {threshold.name for threshold in THRESHOLDS} - set(UNDECIDING)


def test_every_disputed_fact_is_listed_and_one_that_moves_no_figure_says_so(run: Run, rows: pl.DataFrame) -> None:
    facts = rows.filter(pl.col("kind") == "fact")
    assert {dispute.key for dispute in run.rulebook.disputes} <= set(facts["name"])
    silent = facts.filter(pl.col("monthly_moved").is_null())
    assert "ea_anniversary_reduction" in set(silent["name"])
    assert silent["setting"].null_count() == 0


def test_a_source_that_is_not_delivered_never_adds_a_saving(rows: pl.DataFrame) -> None:
    gone = rows.filter(pl.col("change") == "not delivered")
    assert set(gone["name"]) == set(sensitivity.SOURCES)
    assert (gone["monthly_moved"] <= 0).all()
    assert gone.filter(pl.col("name") == "sessions")["monthly_moved"].item() < 0
    whole = rows.filter(pl.col("change") == "complete")
    assert (whole["monthly_moved"] >= 0).all()


def test_what_is_declared_is_not_taken_away_with_the_delivery(rows: pl.DataFrame) -> None:
    history = rows.filter((pl.col("name") == "case_history") & (pl.col("change") == "not delivered"))
    assert history["monthly_moved"].item() == 0  # the client accepts the last touch in both environments


def test_the_furthest_move_stands_first(rows: pl.DataFrame) -> None:
    sizes = rows.group_by("kind", "name", maintain_order=True).agg(pl.col("monthly_moved").abs().max())
    known = sizes["monthly_moved"].drop_nulls().to_list()
    assert known == sorted(known, reverse=True)


def test_the_range_holds_the_point(run: Run, rows: pl.DataFrame) -> None:
    found = range_of_saving(rows, run.decided)
    assert found["point"] == point(run)
    for kind in ("fact", "threshold", "coverage"):
        low, high = found[kind]
        assert low <= found["point"] <= high
        assert found["low"] <= low
        assert high <= found["high"]
    released = totals(run.decided)["withheld"]
    assert found["with_every_hold_released"] == pytest.approx(found["point"] + float(released))


def test_nothing_otherwise_leaves_the_point_alone(run: Run, rows: pl.DataFrame) -> None:
    found = range_of_saving(rows.clear(), run.decided)
    assert found["low"] == found["high"] == found["point"]


def test_the_tornado_shows_what_moves_and_nothing_else(rows: pl.DataFrame) -> None:
    spec = charts.tornado(rows, "USD").to_dict()
    (data,) = (data for data in spec["datasets"].values() if "what" in data[0])
    moving = set(rows.filter(pl.col("monthly_moved").fill_null(0.0) != 0)["name"])
    assert {row["what"].replace(" ", "_") for row in data} == moving
    assert charts.tornado(rows.clear(), "USD").to_dict()["title"]["subtitle"].startswith("Nothing to show")
