"""Comparison of two runs: the parts sum to the total to the cent, and each cause is told from the rows."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from d365bench import outputs
from d365bench.analysis import comparison
from d365bench.analysis.comparison import Written, amount, comparison_bridge, moved_people, saving_of
from d365bench.analysis.ledger import ledger
from d365bench.analysis.money import cents
from d365bench.analysis.summary import totals
from d365bench.charts import comparison as charts
from d365bench.thresholds import resolve
from people import client, decided, person

FULL = "cs_enterprise+digital_messaging+voice"
PRICES = {"cs_enterprise": 98.0, "cs_professional": 50.0, "digital_messaging": 72.0, "voice": 75.0}


def written(
    *rows: dict[str, Any], prices: dict[str, float] | None = None, inputs: str = "a", **thresholds: int
) -> Written:
    """A run on people written by hand, as its outputs tell it."""
    asked = client(prices or PRICES)
    people = decided(*rows, asked=asked, **thresholds).with_columns(reasons=pl.lit(""))
    sums = {name: cents(value) for name, value in totals(people).items()}
    summary = {"as_of": asked.as_of.isoformat(), "people": people.height, "monthly": sums}
    manifest = {"thresholds": resolve(thresholds), "rulebook": "1", "inputs": {"x": inputs}, "as_of": "2026-07-01"}
    return Written(ledger(people, asked), summary, manifest)


def ada(**facts: Any) -> dict[str, Any]:
    return person(**{"products": FULL, "person_id": "ada", **facts})


def bob(**facts: Any) -> dict[str, Any]:
    return person(
        **{"products": FULL, "person_id": "bob", "digital_handled": 4, "digital_days": 2, "actions": 4, **facts}
    )


BEFORE = (ada(), bob())
CAUSES: dict[str, tuple[Callable[[], Written], str]] = {
    "worked": (lambda: written(ada(voice_handled=3, voice_days=3, actions=3), bob(), inputs="b"), comparison.TELEMETRY),
    "licence": (lambda: written(ada(products="cs_enterprise"), bob(), inputs="b"), comparison.LICENCES),
    "gone": (lambda: written(bob(), inputs="b"), comparison.LICENCES),
    "minimum": (lambda: written(*BEFORE, digital_min_interactions=10), comparison.THRESHOLDS),
    "price": (lambda: written(*BEFORE, prices={**PRICES, "voice": 80.0}), comparison.RULES),
}


@pytest.mark.parametrize("name", sorted(CAUSES))
def test_one_change_is_put_down_to_its_cause(name: str) -> None:
    before, after = written(*BEFORE), CAUSES[name][0]()
    parts = comparison.comparison(before, after)
    moving = parts.filter((pl.col("monthly_now") != 0) | (pl.col("monthly_saving") != 0))
    assert set(moving["cause"]) == {CAUSES[name][1]}


def test_a_decision_is_a_cause_of_its_own() -> None:
    before = written(*BEFORE)
    later = written(ada(voice_handled=1, voice_days=1, actions=1), bob(), inputs="b")
    noted = pl.when(pl.col("person_id") == "ada").then(pl.lit("keep:voice")).otherwise(pl.col("decision"))
    after = Written(later.ledger.with_columns(decision=noted), later.summary, later.manifest)
    assert set(comparison.comparison(before, after)["cause"]) == {comparison.DECISIONS}


def check_sums(before: Written, after: Written, parts: pl.DataFrame) -> None:
    moved = saving_of(after.summary) - saving_of(before.summary)
    summed = parts["monthly_saving"].sum() if parts.height else Decimal(0)
    assert summed == moved
    for column, name in (("monthly_now", "now"), ("monthly_ready_target", "ready_target")):
        total = parts[column].sum() if parts.height else Decimal(0)
        assert total == amount(after.summary, name) - amount(before.summary, name)
    bridge = comparison_bridge(parts, before, after)
    assert bridge["high"][0] == float(max(saving_of(before.summary), Decimal(0)))
    assert sum(bridge["change"].drop_nulls()) == pytest.approx(float(moved))


facts = st.fixed_dictionaries(
    {
        "products": st.sampled_from(["", "cs_enterprise", "cs_premium", FULL, "team_members", "cs_enterprise+voice"]),
        "voice_handled": st.integers(0, 3),
        "voice_days": st.integers(0, 3),
        "digital_handled": st.integers(0, 12),
        "digital_days": st.integers(0, 3),
        "sla_cases": st.integers(0, 1),
        "actions": st.integers(1, 9),
        "left": st.booleans(),
    }
)
runs = st.tuples(
    st.lists(facts, min_size=1, max_size=5),
    st.floats(1, 200, allow_nan=False),
    st.sampled_from([1, 5]),
)


@given(earlier=runs, later=runs)
def test_the_parts_sum_to_the_total_to_the_cent(earlier: Any, later: Any) -> None:
    before, after = (
        written(
            *(person(**{**facts, "person_id": f"p{place}"}) for place, facts in enumerate(people)),
            prices={**PRICES, "voice": price},
            digital_min_interactions=minimum,
        )
        for people, price, minimum in (earlier, later)
    )
    check_sums(before, after, comparison.comparison(before, after))


def test_under_the_earlier_thresholds_their_part_is_exact() -> None:
    before = written(*BEFORE)
    work = {"digital_handled": 4, "digital_days": 2, "actions": 4}
    after = written(ada(**work), bob(), inputs="b", digital_min_interactions=10)
    between = written(ada(**work), bob(), inputs="b")
    parts = comparison.comparison(before, after, between.ledger)
    check_sums(before, after, parts)
    saving = dict(parts.select("cause", "monthly_saving").iter_rows())
    moved = saving_of(after.summary) - saving_of(between.summary)
    assert saving[comparison.THRESHOLDS] == moved > 0


def test_a_window_moved_along_with_new_exports_is_said_to_be_both() -> None:
    before = written(*BEFORE)
    after = written(ada(voice_handled=3, voice_days=3, actions=3), bob(), inputs="b", window_days=90)
    assert comparison.BOTH in set(comparison.comparison(before, after)["cause"])


def test_the_same_run_moves_nothing() -> None:
    run = written(*BEFORE)
    assert comparison.comparison(run, run).is_empty()
    assert comparison_bridge(comparison.comparison(run, run), run, run)["kind"].to_list() == ["total", "total"]
    assert comparison.settings_changed(run, run).is_empty()


def test_what_is_left_by_rounding_has_a_row() -> None:
    rows = [ada(person_id=f"p{place}") for place in range(3)]
    before = written(*rows, prices={**PRICES, "voice": 75.004})
    after = written(*rows, prices={**PRICES, "voice": 80.0})
    parts = comparison.comparison(before, after)
    check_sums(before, after, parts)
    assert parts.filter(pl.col("cause") == comparison.ROUNDING)["monthly_now"].to_list() == [Decimal("-0.01")]


def test_people_are_named_with_what_was_to_do_before_and_after() -> None:
    before, after = written(*BEFORE), CAUSES["minimum"][0]()
    (row,) = moved_people(before, after).to_dicts()
    assert row["person_id"] == "bob"
    assert "remove_digital" not in row["actions_before"].split("|")
    assert row["cause"] == comparison.THRESHOLDS


def test_settings_that_differ_are_listed() -> None:
    before, after = written(*BEFORE), written(*BEFORE, inputs="b", window_days=90)
    rows = comparison.settings_changed(before, after).rows()
    assert rows == [("threshold", "window_days", "180", "90"), ("input", "x", "a", "b")]


def test_an_output_folder_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    before, after = written(*BEFORE), CAUSES["worked"][0]()
    assert comparison.read_written(tmp_path) is None
    outputs.write_csv(before.ledger, tmp_path / "ledger.csv")
    outputs.write_json(before.summary, tmp_path / "summary.json")
    outputs.write_json(before.manifest, tmp_path / "manifest.json")
    read = comparison.read_written(tmp_path)
    assert read is not None
    assert comparison.comparison(read, before).is_empty()
    assert comparison.comparison(read, after).equals(comparison.comparison(before, after))


def test_the_bridge_names_its_currency_and_both_runs() -> None:
    before, after = written(*BEFORE), CAUSES["worked"][0]()
    rows = comparison_bridge(comparison.comparison(before, after), before, after)
    assert rows["step"].n_unique() == rows.height
    spec = charts.comparison_bridge(rows, "USD").to_dict()
    assert "USD a month" in str(spec)
    assert charts.comparison_bridge(rows.clear(), "USD").to_dict()["title"]["subtitle"].startswith("Nothing to show")
