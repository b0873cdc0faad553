"""The renewal against cases worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365bench.analysis.renewal import SCHEMA, as_written, renewal, renewal_prices, rounded_up
from d365bench.analysis.renewal import fraction as number
from d365bench.client import Contract
from d365bench.thresholds import resolve
from people import RULES, client, decided, person

END = date(2026, 12, 31)
BUSY = {"actions": 1, "copilot_cases": 1}


def rows(
    contract: Contract | None,
    *people: dict[str, Any],
    own: dict[str, float] | None = None,
    purchased: dict[str, int] | None = None,
    currency: str = "USD",
    **thresholds: int,
) -> pl.DataFrame:
    bought = purchased or {}
    subscribed = pl.DataFrame(
        {"product_key": list(bought), "purchased": list(bought.values())},
        schema={"product_key": pl.String, "purchased": pl.Int64},
    )
    asked = client(own, contract=contract, currency=currency)
    return renewal(decided(*people, asked=asked), subscribed, asked, RULES, resolve(thresholds))


def of(frame: pl.DataFrame, scenario: str, product: str, column: str) -> list[Any]:
    return frame.filter(pl.col("scenario") == scenario, pl.col("product") == product)[column].to_list()


def test_without_a_contract_there_is_only_the_header() -> None:
    empty = rows(None, person("cs_enterprise", **BUSY))
    assert (empty.height, empty.columns) == (0, list(SCHEMA))
    assert as_written(empty).write_csv() == "scenario,year,product,quantity,unit_price,annual_cost,present_value\n"


def test_the_rows_come_by_scenario_year_and_product_with_zeros() -> None:
    frame = rows(
        Contract("EA", END, term_months=24), person("voice+cs_enterprise", **BUSY), person("cs_enterprise", **BUSY)
    )
    assert frame.select("scenario", "year", "product", "quantity").rows() == [
        (scenario, year, product, quantity)
        for scenario, voices in (
            ("carry_forward", 1),
            ("verified_ready", 0),
            ("verified", 0),
            ("verified_protected", 0),
        )
        for year in (1, 2)
        for product, quantity in (("cs_enterprise", 2), ("voice", voices))
    ]


def test_three_years_flat_inside_the_term() -> None:
    contract = Contract("EA", END, quantities={"cs_enterprise": 450}, renewal_prices={"cs_enterprise": 100.0})
    frame = rows(contract, person("cs_enterprise", **BUSY))
    assert of(frame, "carry_forward", "cs_enterprise", "quantity") == [450] * 3
    assert of(frame, "carry_forward", "cs_enterprise", "unit_price") == [100.0] * 3
    assert of(frame, "carry_forward", "cs_enterprise", "annual_cost") == [540_000.0] * 3
    # 540,000 / 1.08^0.5, ^1.5, ^2.5
    assert of(frame, "carry_forward", "cs_enterprise", "present_value") == pytest.approx(
        [519_615.24, 481_125.22, 445_486.32], abs=0.01
    )
    assert of(frame, "verified", "cs_enterprise", "annual_cost") == [1_200.0] * 3


def test_a_yearly_price_rises_by_the_uplift_or_the_cap() -> None:
    contract = Contract(
        "MCA-E",
        END,
        price_step="yearly",
        uplift_percent=6.0,
        cap_percent=2.0,
        renewal_prices={"cs_enterprise": 110.0},
    )
    frame = rows(contract, person("cs_enterprise", **BUSY), own={"cs_enterprise": 100.0})
    assert of(frame, "verified", "cs_enterprise", "unit_price") == pytest.approx([110.0, 116.6, 123.596])
    # 100 × 1.02 lies below the 110 offered, then 2 % a year
    assert of(frame, "verified_protected", "cs_enterprise", "unit_price") == pytest.approx([102.0, 104.04, 106.1208])
    assert as_written(frame).filter(pl.col("scenario") == "verified")["unit_price"].cast(pl.String).to_list() == [
        "110.00",
        "116.60",
        "123.60",
    ]
    assert of(frame, "verified", "cs_enterprise", "annual_cost")[2] == pytest.approx(123.596 * 12)


def test_the_protection_never_raises_what_is_offered() -> None:
    contract = Contract("EA", END, cap_percent=20.0, price_step="yearly", renewal_prices={"cs_enterprise": 101.0})
    frame = rows(contract, person("cs_enterprise", **BUSY), own={"cs_enterprise": 100.0})
    assert of(frame, "verified_protected", "cs_enterprise", "unit_price") == of(
        frame, "verified", "cs_enterprise", "unit_price"
    )


def test_the_last_year_has_the_months_that_are_left() -> None:
    contract = Contract("CSP", END, term="P1Y", term_months=18, renewal_prices={"cs_enterprise": 100.0})
    frame = rows(contract, person("cs_enterprise", **BUSY))
    assert of(frame, "verified", "cs_enterprise", "annual_cost") == [1_200.0, 600.0]
    assert of(frame, "verified", "cs_enterprise", "present_value") == pytest.approx([1_154.70, 534.58], abs=0.01)
    month = Contract("CSP", END, "monthly", term="P1M", term_months=1, price_step="yearly")
    assert of(rows(month, person("cs_enterprise", **BUSY)), "verified", "cs_enterprise", "annual_cost") == [105.0]


def test_growth_and_headroom_are_rounded_up_once_at_the_end() -> None:
    people = [person("cs_enterprise", **BUSY) for _ in range(10)]
    frame = rows(Contract("EA", END, growth_percent=10.0), *people, headroom_percent=10)
    # 10 × 1.1 = 11; 10 × 1.1 × 1.1 = 12.1; 13.31
    assert of(frame, "verified", "cs_enterprise", "quantity") == [11, 13, 14]
    assert of(frame, "verified_ready", "cs_enterprise", "quantity") == [11, 13, 14]
    # growth that outruns what is held today is carried as well
    assert of(frame, "carry_forward", "cs_enterprise", "quantity") == [11, 13, 14]


def test_a_remainder_that_is_noise_is_no_seat() -> None:
    assert rounded_up(number(11.0)) == 11
    assert rounded_up(number(11.0) + number(9e-10)) == 11
    assert rounded_up(number(11.0) + number(1e-9)) == 12
    assert rounded_up(number(0.0)) == 0
    assert 10 * 1.1 * 1.1 != 12.1  # in floats; exact fractions know better
    assert rounded_up(100 * number(1.1) * number(1.1)) == 121


def test_what_is_carried_forward_is_signed_bought_or_held() -> None:
    people = [person("cs_enterprise", **BUSY)] * 3
    signed = Contract("EA", END, quantities={"cs_enterprise": 2})

    def carried(contract: Contract, **purchased: int) -> int:
        return int(of(rows(contract, *people, purchased=purchased), "carry_forward", "cs_enterprise", "quantity")[0])

    assert carried(signed, cs_enterprise=9) == 3  # signed are 2, verified 3
    assert carried(Contract("EA", END), cs_enterprise=9) == 9
    assert carried(Contract("EA", END), cs_enterprise=1) == 3
    assert carried(Contract("EA", END)) == 3


def test_legacy_plans_are_never_in_quantities_and_held_needs_count() -> None:
    frame = rows(Contract("EA", END), person("other_enterprise+voice", **BUSY, queue_voice=True))
    assert frame["product"].unique().to_list() == ["voice"]
    assert of(frame, "verified", "voice", "quantity") == [1, 1, 1]


def test_the_renewal_price_is_offered_listed_or_todays() -> None:
    offered = Contract("EA", END, renewal_prices={"cs_enterprise": 99.0})
    prices = renewal_prices(client({"cs_enterprise": 90.0}, contract=offered), RULES)
    assert (prices["cs_enterprise"].at_renewal, prices["cs_enterprise"].source) == (99, "offered")
    assert (prices["voice"].at_renewal, prices["voice"].source) == (75, "list (assumed)")
    prices = renewal_prices(client({"cs_enterprise": 90.0}, contract=Contract("EA", END)), RULES)
    assert (prices["cs_enterprise"].at_renewal, prices["cs_enterprise"].today) == (105, 90)
    prices = renewal_prices(client({"cs_enterprise": 90.0}, contract=Contract("EA", END), currency="EUR"), RULES)
    assert (prices["cs_enterprise"].at_renewal, prices["cs_enterprise"].source) == (90, "today")
    # the list price of the renewal day, not of today
    old = renewal_prices(client(contract=Contract("EA", date(2024, 9, 30))), RULES)
    assert old["cs_enterprise"].at_renewal == 95


def test_a_quantity_without_a_price_costs_nobody_knows_what() -> None:
    frame = rows(Contract("EA", END), person("cs_enterprise", **BUSY), currency="EUR")
    assert of(frame, "verified", "cs_enterprise", "quantity") == [1, 1, 1]
    assert frame["annual_cost"].null_count() == frame.height


PERCENT = st.integers(0, 300).map(lambda tenths: tenths / 10)


@settings(deadline=None, max_examples=40)
@given(
    uplift=PERCENT,
    cap=PERCENT,
    growth=st.integers(-300, 300).map(lambda tenths: tenths / 10),
    months=st.integers(1, 60),
    step=st.sampled_from(["term", "yearly"]),
    offered=st.sampled_from([80.0, 105.0, 140.0]),
    headroom=st.integers(0, 100),
)
def test_a_cap_never_costs_more_and_verified_never_exceeds_carried(
    uplift: float, cap: float, growth: float, months: int, step: str, offered: float, headroom: int
) -> None:
    contract = Contract(
        "EA",
        END,
        term_months=months,
        price_step=step,
        uplift_percent=uplift,
        cap_percent=cap,
        growth_percent=growth,
        renewal_prices={"cs_enterprise": offered},
    )
    frame = rows(contract, *[person("cs_enterprise", **BUSY)] * 3, headroom_percent=headroom)
    carried, verified, capped = (
        of(frame, scenario, "cs_enterprise", "annual_cost")
        for scenario in ("carry_forward", "verified", "verified_protected")
    )
    assert all(less <= more for less, more in zip(verified, carried, strict=True))
    assert all(less <= more for less, more in zip(capped, verified, strict=True))
    assert len(verified) == -(-months // 12)
