"""Back-test: planted pasts whose error rates are known by construction."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from math import isclose
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from d365bench.analysis import backtest, past
from d365bench.analysis.evidence import environments
from d365bench.analysis.past import horizons, stretch_start
from d365bench.charts import backtest as charts
from d365bench.rulebook import load_rulebook
from d365bench.store import Store
from d365bench.thresholds import resolve
from estate import DIGITAL, Estate, guid
from people import AS_OF, client
from service_desk import SEEN, daily

PRICES = {"cs_enterprise": 100.0, "cs_professional": 50.0, "digital_messaging": 70.0, "voice": 60.0}
FULL = ("cs_enterprise", "digital_messaging", "voice")
IDLE, RETURNING, ONCE, BUSY, MOVED, TOUCHING = 7, 3, 2, 4, 5, 2


def ago(days: int, hour: int = 9) -> str:
    return f"{AS_OF - timedelta(days)} {hour:02}:00"


def planted() -> Estate:
    """People whose later work is known; the cases with an SLA were created years ago, so a stray record is among them.

    Days are counted back from as_of. The returning ones work digital on day 80 and never before, two others on day 200
    only, the busy ones every week. The moved ones work plain cases, and the touching ones among them take a case with
    an SLA on day 70.
    """
    estate = Estate(prod={"accept": ["last_touch"]})
    daily(estate, "prod", lambda day: False)

    def hire(name: str, products: tuple[str, ...]) -> None:
        estate.user(name)
        estate.account(name, *products, **SEEN)

    for place in range(IDLE):
        hire(f"idle{place}", FULL)
    for place in range(RETURNING):
        hire(f"back{place}", FULL)
        estate.served(f"back{place}", ago(80), DIGITAL)
    for place in range(ONCE):
        hire(f"once{place}", FULL)
        estate.served(f"once{place}", ago(200), DIGITAL)
    for place in range(BUSY):
        hire(f"busy{place}", FULL)
        for week in range(1, 56):
            estate.served(f"busy{place}", ago(7 * week), DIGITAL)
    for place in range(MOVED):
        hire(f"plain{place}", ("cs_enterprise",))
        for month in range(1, 14):
            estate.case(f"c:plain{place}:{month}", f"plain{place}", ago(30 * month - 5))
    for place in range(TOUCHING):
        key = f"c:sla:{place}"
        estate.case(key, None, ago(75), slaid=guid("sla"))
        estate.worked(key, f"plain{place}", ago(70))
    return estate


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with planted().roll() as store:
        yield store


@pytest.fixture(scope="module")
def trials(store: Store) -> pl.DataFrame:
    return backtest.backtest(store, client(PRICES), resolve({}), load_rulebook(), environments(store))


def trial(trials: pl.DataFrame, right: str, days_ago: int, horizon: int, **where: Any) -> dict[str, Any]:
    asked = {"family": "window", "value": 180, **where}
    rows = trials.filter(
        (pl.col("right") == right)
        & (pl.col("decided_on") == AS_OF - timedelta(days_ago))
        & (pl.col("horizon_days") == horizon),
        **asked,
    )
    assert rows.height == 1
    return rows.row(0, named=True)


def test_who_comes_back_is_a_miss_and_who_does_not_is_a_hit(trials: pl.DataFrame) -> None:
    row = trial(trials, "digital", 90, 30)
    assert (row["removed"], row["hits"], row["misses"]) == (IDLE + RETURNING, IDLE, RETURNING)
    assert row["error_percent"] == pytest.approx(100 * RETURNING / (IDLE + RETURNING))
    assert (row["kept_working"], row["kept_idle"], row["unobserved"]) == (BUSY, ONCE, 0)


def test_an_unworked_channel_is_no_error(trials: pl.DataFrame) -> None:
    row = trial(trials, "voice", 90, 90)
    assert (row["removed"], row["misses"], row["error_percent"]) == (IDLE + RETURNING + ONCE + BUSY, 0, 0.0)


def test_the_horizon_decides_what_is_seen(trials: pl.DataFrame) -> None:
    assert trial(trials, "digital", 120, 30)["misses"] == 0  # they come back after forty days
    assert trial(trials, "digital", 120, 90)["misses"] == RETURNING
    assert trial(trials, "digital", 180, 180)["misses"] == RETURNING


def test_after_their_return_they_keep_the_channel(trials: pl.DataFrame) -> None:
    row = trial(trials, "digital", 60, 30)
    assert (row["removed"], row["kept_idle"], row["kept_working"]) == (IDLE, RETURNING + ONCE, BUSY)
    assert row["monthly_idle"] == pytest.approx((RETURNING + ONCE) * PRICES["digital_messaging"])


def test_people_moved_to_professional_are_held_against_enterprise_features(trials: pl.DataFrame) -> None:
    row = trial(trials, "enterprise", 90, 90)
    assert (row["removed"], row["misses"]) == (MOVED, TOUCHING)
    assert trial(trials, "enterprise", 120, 30)["misses"] == 0


def test_a_higher_minimum_removes_who_worked_little(trials: pl.DataFrame) -> None:
    assert trial(trials, "digital", 90, 30, family="minimum", value=20)["kept_working"] == BUSY  # weekly: 25 and more
    row = trial(trials, "digital", 60, 30, family="minimum", value=2)
    assert row["removed"] == IDLE + RETURNING + ONCE  # one interaction does not prove the need any more
    assert row["misses"] == 0


def test_the_look_back_holds_what_a_short_window_would_take(trials: pl.DataFrame) -> None:
    """On day 90 a window of 90 days ends on day 180: what was worked on day 200 lies in the look-back."""
    held = trial(trials, "digital", 90, 30, value=90)
    assert (held["removed"], held["kept_idle"], held["held"]) == (IDLE + RETURNING, ONCE, ONCE)
    alone = trial(trials, "digital", 90, 30, value=90, family="window_alone")
    assert (alone["removed"], alone["kept_idle"], alone["held"]) == (IDLE + RETURNING + ONCE, 0, 0)


def test_all_days_together_are_the_sum_and_count_people_once(trials: pl.DataFrame) -> None:
    for right in ("digital", "voice", "enterprise"):
        asked = (pl.col("right") == right) & (pl.col("family") == "window") & (pl.col("value") == 180)
        rows = trials.filter(asked & (pl.col("horizon_days") == 30))
        days, together = rows.filter(pl.col("decided_on").is_not_null()), rows.filter(pl.col("decided_on").is_null())
        for column in ("days", "removed", "hits", "misses", "kept_working", "kept_idle", "held"):
            assert days[column].sum() == together[column].item(), column
        assert together["people"].item() <= days["removed"].max() + RETURNING


def test_the_days_reach_as_far_back_as_the_window_allows(trials: pl.DataFrame) -> None:
    for value in (90, 180, 270):
        days = trials.filter((pl.col("family") == "window") & (pl.col("value") == value))["decided_on"].drop_nulls()
        gaps = {(AS_OF - day).days for day in days}
        assert gaps == set(range(30, 400 - value, 30))


def test_a_few_days_at_a_time_give_the_same(
    store: Store, trials: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "ROWS_AT_ONCE", 60)
    one_by_one = backtest.backtest(store, client(PRICES), resolve({}), load_rulebook(), environments(store))
    assert_frame_equal(one_by_one, trials)


def test_a_hole_after_the_decision_leaves_it_unjudged() -> None:
    estate = Estate(prod={"accept": ["last_touch"]})
    silent = (AS_OF - timedelta(88), AS_OF - timedelta(62))
    daily(estate, "prod", lambda day: silent[0] <= day <= silent[1])
    estate.user("idle")
    estate.account("idle", *FULL, **SEEN)
    with estate.roll() as store:
        rows = backtest.backtest(store, client(PRICES), resolve({}), load_rulebook(), environments(store))
    row = trial(rows, "digital", 90, 30)
    assert (row["removed"], row["unobserved"], row["error_percent"]) == (0, 1, None)
    assert trial(rows, "digital", 120, 30)["removed"] == 1


def test_no_telemetry_gives_no_trial() -> None:
    estate = Estate()
    estate.user("idle")
    estate.account("idle", *FULL, **SEEN)
    with estate.roll() as store:
        rows = backtest.backtest(store, client(PRICES), resolve({}), load_rulebook(), environments(store))
    assert rows.is_empty()
    assert backtest.costs(rows).is_empty()
    assert charts.error_rates(rows, "window").to_dict()["title"]["subtitle"].startswith("Nothing to show")


# -- errors in money ---------------------------------------------------------------------------------------------


def test_costs_by_hand(trials: pl.DataFrame) -> None:
    """At 180 days the shared days of a 90-day horizon are those that 270 days of window reach: 90, 120."""
    rows = backtest.costs(trials, disturbance=1000.0, horizon_days=90)
    row = rows.filter((pl.col("right") == "digital") & (pl.col("family") == "window") & (pl.col("value") == 180)).row(
        0, named=True
    )
    assert row["days"] == 2
    assert row["misses_a_day"] == RETURNING
    assert row["cost_disturbed"] == pytest.approx(1000.0 * RETURNING)
    assert row["cost_idle"] == pytest.approx(ONCE * PRICES["digital_messaging"] * 90 * 12 / 365)


def test_idle_rights_cost_their_price_for_the_horizon(trials: pl.DataFrame) -> None:
    rows = backtest.costs(trials, horizon_days=30).filter(
        (pl.col("right") == "digital") & (pl.col("family") == "minimum") & (pl.col("value") == 1)
    )
    days = trials.filter(
        (pl.col("right") == "digital")
        & (pl.col("family") == "minimum")
        & (pl.col("value") == 1)
        & (pl.col("horizon_days") == 30)
        & pl.col("decided_on").is_not_null()
    )
    idle = days["kept_idle"].sum() * PRICES["digital_messaging"] / days.height
    assert rows["cost_idle"].item() == pytest.approx(idle * 30 * 12 / 365)
    assert rows["disturbance"].item() == pytest.approx(3 * PRICES["digital_messaging"])


@given(price=st.floats(0, 1e5))
def test_the_least_cost_is_marked(trials: pl.DataFrame, price: float) -> None:
    rows = backtest.costs(trials, price)
    for _, group in rows.group_by("right", "family"):
        best = group.filter("is_least")["cost"].min()
        assert isclose(float(best), float(group["cost"].min()))
        assert not group.filter("is_least").is_empty()


def test_the_dearer_a_disturbance_the_lower_the_best_minimum(trials: pl.DataFrame) -> None:
    def best(price: float) -> int:
        rows = backtest.costs(trials, price, horizon_days=30)
        chosen = rows.filter((pl.col("right") == "enterprise") & (pl.col("family") == "minimum") & pl.col("is_least"))
        return int(chosen["value"].min())

    assert best(1e6) <= best(0.0)


# -- parts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("misses", "removed", "low", "high"),
    [(3, 10, 10.7789, 60.3222), (0, 10, 0.0, 27.7533), (10, 10, 72.2467, 100.0), (1, 100, 0.1767, 5.4486)],
)
def test_wilson_by_the_published_formula(misses: int, removed: int, low: float, high: float) -> None:
    rate, found_low, found_high = backtest.wilson(misses, removed, removed)
    assert rate == pytest.approx(100 * misses / removed)
    assert (found_low, found_high) == pytest.approx((low, high), abs=1e-3)


@given(removed=st.integers(1, 10_000), share=st.floats(0, 1), people=st.integers(1, 10_000))
def test_the_interval_holds_the_rate_and_narrows_with_people(removed: int, share: float, people: int) -> None:
    misses = round(share * removed)
    rate, low, high = backtest.wilson(misses, removed, people)
    assert rate is not None
    assert low is not None
    assert high is not None
    assert 0 <= low <= rate + 1e-9
    assert rate - 1e-9 <= high <= 100
    _, wider_low, wider_high = backtest.wilson(misses, removed, max(1, people // 2))
    assert wider_low is not None
    assert wider_high is not None
    assert wider_high - wider_low >= high - low - 1e-9


def test_nothing_removed_has_no_rate() -> None:
    assert backtest.wilson(0, 0, 0) == (None, None, None)


def test_a_horizon_ends_by_as_of() -> None:
    assert horizons(AS_OF - timedelta(89), AS_OF) == [30]
    assert horizons(AS_OF - timedelta(90), AS_OF) == [30, 90]
    assert horizons(AS_OF, AS_OF) == []


def test_a_stray_record_does_not_reach_back() -> None:
    stray = [[AS_OF - timedelta(2000), AS_OF - timedelta(301)]]
    assert stretch_start(AS_OF - timedelta(2001), stray, AS_OF, 80) == AS_OF - timedelta(300)
    holiday = [[AS_OF - timedelta(200), AS_OF - timedelta(190)]]
    assert stretch_start(AS_OF - timedelta(300), holiday, AS_OF, 80) == AS_OF - timedelta(300)
    assert stretch_start(None, [], AS_OF, 80) is None


# -- charts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["window", "window_alone", "minimum"])
def test_the_charts_say_what_they_show(trials: pl.DataFrame, family: str) -> None:
    rates = charts.error_rates(trials, family).to_dict()
    assert "95 %" in rates["title"]["subtitle"]
    costs = charts.error_costs(backtest.costs(trials), family, "USD").to_dict()
    slider = next(param for param in costs["params"] if param["name"] == "disturbance_price")
    assert "USD" in slider["bind"]["name"]
    assert slider["bind"]["min"] == 0
