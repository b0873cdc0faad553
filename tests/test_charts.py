"""Charts: what a chart says, reads and gives away, told from its specification."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from d365bench import charts
from d365bench.analysis import (
    backtest,
    challenge,
    channels,
    comparison,
    concurrency,
    editions,
    envelope,
    estate,
    moves,
    premium,
    protection,
    seat_mix,
    sensitivity,
    team_members_view,
    terms,
    trade_offs,
    volumes,
)
from d365bench.analysis.ledger import ledger
from d365bench.charts import theme
from d365bench.client import Client, Contract
from d365bench.notebook import Run
from d365bench.rulebook import Rulebook
from d365bench.store import Store
from d365bench.thresholds import BY_NAME
from service_desk import opened

CONTRACT = Contract("EA", date(2026, 12, 31), quantities={"cs_enterprise": 60}, price_step="yearly")
MINIMUM = BY_NAME["digital_min_interactions"]


def error_costs(
    store: Store, client: Client, thresholds: Mapping[str, int], rulebook: Rulebook, environments: pl.DataFrame
) -> pl.DataFrame:
    return backtest.costs(backtest.backtest(store, client, thresholds, rulebook, environments))


def same_run_twice(decided: pl.DataFrame, client: Client, summary: Mapping[str, Any]) -> pl.DataFrame:
    run = comparison.Written(ledger(decided.with_columns(reasons=pl.lit("")), client), summary)
    return comparison.comparison_bridge(comparison.comparison(run, run), run, run)


# Each chart with the question that it answers and what it takes beside the rows.
CHARTS: dict[str, tuple[Callable[..., pl.DataFrame], tuple[Any, ...]]] = {
    "activity_by_week": (
        estate.activity_by_week,
        (
            pl.DataFrame(
                schema={"environment": pl.String, "source": pl.String, "first_day": pl.Date, "end_day": pl.Date}
            ),
        ),
    ),
    "agents_at_a_time": (concurrency.concurrency, ()),
    "agents_by_channel": (channels.agents_by_channel, ()),
    "agents_by_day": (concurrency.agent_load, ()),
    "baseline": (volumes.baseline, ()),
    "channel_premium": (premium.channel_premium, ("USD",)),
    "comparison_bridge": (same_run_twice, ("USD",)),
    "contract_days": (terms.contract_days, ()),
    "cost_of_delay": (moves.cost_of_delay, ("USD",)),
    "counter_arguments": (challenge.counter_arguments, ("USD",)),
    "coverage_spans": (estate.coverage_spans, (80,)),
    "deciding_cases": (team_members_view.deciding_cases, ("USD",)),
    "enterprise_blockers": (editions.enterprise_blockers, ()),
    "envelope_bridge": (envelope.envelope_bridge, ("USD",)),
    "environment_room": (editions.environment_room, ()),
    "error_costs": (error_costs, ("window", "USD")),
    "error_rates": (backtest.backtest, ("window",)),
    "idle_agents": (channels.idle_agents, ("USD",)),
    "interactions_per_agent": (channels.digital_per_agent, (MINIMUM, 1, "USD")),
    "levers": (trade_offs.levers, ("USD",)),
    "money_bridge": (seat_mix.money_bridge, ("USD",)),
    "people_by_action": (estate.people_by_action, ()),
    "people_by_verdict": (team_members_view.people_by_verdict, ()),
    "price_protection": (protection.price_protection, ("USD",)),
    "scenario_costs": (envelope.scenario_costs, ("USD",)),
    "seats_by_edition": (editions.seats_by_edition, ()),
    "seats_by_product": (seat_mix.seats_by_product, ()),
    "tornado": (sensitivity.sensitivity, ("USD",)),
    "verdicts_by_cases": (team_members_view.verdicts_by_cases, (10, 1)),
    "withheld_by_hold": (seat_mix.withheld_by_hold, ("USD",)),
}
NAMES = sorted(CHARTS)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with opened(tmp_path_factory.mktemp("data")) as run:
        yield Run(replace(run.client, contract=CONTRACT), run.store, run.thresholds)


@cache
def answered(run: Run, question: Callable[..., pl.DataFrame]) -> pl.DataFrame:
    return run.ask(question)


def drawn(name: str, run: Run, *, empty: bool = False) -> dict[str, Any]:
    question, more = CHARTS[name]
    rows = answered(run, question)
    spec: dict[str, Any] = getattr(charts, name)(rows.clear() if empty else rows, *more).to_dict()
    return spec


def without_data(spec: dict[str, Any]) -> str:
    return json.dumps({key: value for key, value in spec.items() if key != "datasets"})


def axes(part: Any) -> Iterator[dict[str, Any]]:
    """Every x and y encoding of a specification."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key in ("x", "y") and isinstance(value, dict) and "field" in value:
                yield value
            else:
                yield from axes(value)
    elif isinstance(part, list):
        for value in part:
            yield from axes(value)


def test_every_chart_is_in_the_list() -> None:
    helpers = {"Chart", "draw_in_jupyterlab", "mime_bundle"}
    assert set(charts.__all__) - helpers == set(CHARTS)


@pytest.mark.parametrize("name", NAMES)
def test_a_chart_has_a_title_and_says_its_axes_in_words(name: str, run: Run) -> None:
    spec = drawn(name, run)
    assert spec["title"]["text"]
    titled = [axis for axis in axes(spec) if axis.get("title")]
    assert any(axis["type"] in ("quantitative", "temporal") for axis in titled)
    assert not [axis["title"] for axis in titled if "_" in axis["title"]]


@pytest.mark.parametrize("name", NAMES)
def test_money_axes_name_the_currency(name: str, run: Run) -> None:
    money = [axis for axis in axes(drawn(name, run)) if "monthly" in axis["field"] or axis["field"] in ("low", "high")]
    assert all("USD a month" in axis["title"] for axis in money if axis.get("title"))


@pytest.mark.parametrize("name", NAMES)
def test_no_column_travels_that_the_chart_does_not_use(name: str, run: Run) -> None:
    spec = drawn(name, run)
    text = without_data(spec)
    sent = {column for rows in spec["datasets"].values() for row in rows for column in row}
    assert {column for column in sent if column not in text} == set()
    assert not sent & {"person_id", "upn", "display_name"}


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_frame_still_gives_a_chart_that_says_so(name: str, run: Run) -> None:
    assert drawn(name, run, empty=True)["title"]["subtitle"].startswith("Nothing to show")


@pytest.mark.parametrize("name", NAMES)
def test_colours_are_those_of_the_theme(name: str, run: Run) -> None:
    palette = {theme.BLUE, theme.SKY, theme.ORANGE, theme.VERMILLION, theme.GREEN, theme.PURPLE, theme.GREY}
    config = json.dumps(theme.CONFIG)
    text = without_data(drawn(name, run))
    assert {word for word in text.split('"') if word.startswith("#") and word not in config} <= palette


@pytest.mark.parametrize("name", NAMES)
def test_a_chart_asks_the_network_for_nothing(name: str, run: Run) -> None:
    spec = drawn(name, run)
    assert "http" not in json.dumps({key: value for key, value in spec.items() if key != "$schema"})


def test_jupyterlab_gets_a_type_that_it_draws_offline(run: Run) -> None:
    bundle, metadata = charts.mime_bundle(drawn("money_bridge", run))
    assert bundle[theme.MIME]["$schema"] == theme.SCHEMA
    assert metadata[theme.MIME]["embed_options"]["actions"]["editor"] is False


def test_the_slider_begins_at_the_threshold_and_reaches_it() -> None:
    rows = pl.DataFrame(
        {
            "interactions": [0],
            "bucket": ["0"],
            "bucket_order": [0],
            "enough_days": [True],
            "people": [1],
            "standing": ["goes"],
            "monthly_right": [1.0],
        }
    )
    for value, high in ((3, 200), (500, 500)):
        spec = charts.interactions_per_agent(rows, MINIMUM, value, "USD").to_dict()
        slider = next(param for param in spec["params"] if param["name"] == "minimum")
        assert slider["value"] == value
        assert (slider["bind"]["min"], slider["bind"]["max"]) == (MINIMUM.low, high)


def test_holes_are_shaded_only_where_there_is_a_panel() -> None:
    work = {"environment": ["prod"], "source": ["cases"], "work": ["cases"], "records": [3]}
    rows = pl.DataFrame(work).with_columns(week_day=pl.date(2026, 6, 1))
    gaps = pl.DataFrame({"environment": ["prod", "field"], "source": ["cases", "cases"]}).with_columns(
        first_day=pl.date(2026, 6, 2), end_day=pl.date(2026, 6, 20)
    )
    (data,) = charts.activity_by_week(rows, gaps).to_dict()["datasets"].values()
    assert [row["panel"] for row in data if row["what"] == "hole"] == ["prod · cases"]


def test_importing_charts_does_not_compile_the_grammar_of_urls(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = "import sys, d365bench.charts; print(sys.modules['rfc3987_syntax'], 'altair' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.split() == ["None", "True"]
