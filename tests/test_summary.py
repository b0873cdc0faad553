"""The summary's totals are sums of rows, to the cent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365bench.analysis.contract import earliest_saving_on
from d365bench.analysis.money import exact, total
from d365bench.analysis.readings import other_readings
from d365bench.analysis.summary import summary, totals
from d365bench.client import Client, Contract
from d365bench.thresholds import resolve
from people import RULES, client, decided, environments, evidence, person

NO_COVERAGE = pl.DataFrame(
    schema={
        **dict.fromkeys(("environment", "source", "reason"), pl.String),
        **dict.fromkeys(("first_day", "last_day"), pl.Date),
        "percent": pl.Float64,
        "gaps": pl.List(pl.List(pl.Date)),
        "declared": pl.List(pl.String),
    }
)
BUSY = {"actions": 1, "copilot_cases": 1}


def bought(**purchased: int) -> pl.DataFrame:
    return pl.DataFrame(
        {"product_key": list(purchased), "purchased": list(purchased.values())},
        schema={"product_key": pl.String, "purchased": pl.Int64},
    )


def told(
    *people: dict[str, Any], asked: Client | None = None, subscribed: pl.DataFrame | None = None
) -> dict[str, Any]:
    who = asked or client()
    purchased = bought() if subscribed is None else subscribed
    return summary(decided(*people, asked=who), NO_COVERAGE, purchased, 4, who, RULES, resolve({}))


def test_the_keys_are_the_agreed_ones() -> None:
    said = told(person("cs_enterprise"))
    agreed = (
        "client as_of window_days currency people unattributed seats monthly earliest_saving_on actions team_members"
    )
    assert " ".join(said) == f"{agreed} environment_conflicts unpriced coverage disputed ignored_licences"
    assert " ".join(said["monthly"]) == (
        "now ready_target target saving_ready saving_conditional saving_repricing withheld withheld_by_hold "
        "exposure exposure_to_confirm unassigned"
    )
    head = [said[key] for key in ("client", "as_of", "window_days", "currency", "people", "unattributed")]
    assert head == ["test", "2026-07-01", 180, "USD", 1, 4]


def test_a_small_estate_added_up_by_hand() -> None:
    said = told(
        person("cs_enterprise+voice", **BUSY),  # voice idle: 75
        person("cs_enterprise", actions=1),  # Professional once the environment is split: 55
        person("cs_professional", **BUSY),  # exposure 55
        person("team_members", actions=1, queue_items=1),  # under review: 50
        person("cs_enterprise", actions=1, copilot_cases=1, left=True),  # reclaimed: 105
        person("other_enterprise+voice", **BUSY, queue_voice=True),  # withheld: 75
        person("", actions=1, licence_known="absent_complete"),
    )
    monthly = said["monthly"]
    assert monthly["now"] == 180 + 105 + 50 + 8 + 105 + 75
    assert monthly["ready_target"] == 105 + 105 + 105 + 8 + 0 + 75
    assert monthly["target"] == 105 + 50 + 105 + 8 + 0 + 75
    assert (monthly["saving_ready"], monthly["saving_conditional"], monthly["exposure"]) == (180, 55, 55)
    assert (monthly["withheld"], monthly["withheld_by_hold"]) == (75, {"confirm_queue": 75})
    assert (monthly["saving_repricing"], monthly["exposure_to_confirm"]) == (0, 50)
    assert said["seats"]["cs_enterprise"] == {"purchased": None, "assigned": 3, "ready_target": 3, "target": 2}
    assert said["seats"]["voice"] == {"purchased": None, "assigned": 2, "ready_target": 1, "target": 1}
    assert "other_enterprise" not in said["seats"]
    assert said["actions"] == {
        "confirm_queue": 1,
        "move_to_enterprise": 1,
        "move_to_professional": 1,
        "reclaim": 1,
        "remove_voice": 1,
        "review_team_members": 1,
        "unmatched": 1,
    }
    assert said["team_members"] == {"review": 1}
    assert said["environment_conflicts"] == ["prod"]


def test_repricing_stands_apart_only_where_nothing_else_changes() -> None:
    own = {"cs_enterprise": 105.0, "digital_messaging": 75.0, "voice": 75.0, "digital_and_voice": 90.0}
    both = {"actions": 1, "digital_handled": 1, "digital_days": 1, "voice_handled": 1, "voice_days": 1}
    held = "cs_enterprise+digital_messaging+voice"
    monthly = told(person(held, **both), asked=client(own))["monthly"]
    assert (monthly["saving_repricing"], monthly["saving_ready"]) == (60, 0)
    waiting = {"actions": 1, "queue_digital": True, "queue_voice": True}
    monthly = told(person(held, **waiting), asked=client(own))["monthly"]
    assert (monthly["saving_repricing"], monthly["saving_ready"]) == (60, 0)  # a hold is no change
    monthly = told(person(held, **both), asked=client({**own, "cs_premium": 150.0}))["monthly"]
    assert (monthly["saving_repricing"], monthly["saving_ready"]) == (0, 105)  # another base


def test_withheld_money_stands_under_the_first_hold_asked() -> None:
    row = person("cs_premium", queue_voice=True, queue_digital=True, seen_in_window=True, tenure_assigned_enterprise=1)
    assert told(row)["monthly"]["withheld_by_hold"] == {"insufficient_data": 195}
    row = person("cs_premium", queue_voice=True, seen_in_window=True)
    assert told(row)["monthly"]["withheld_by_hold"] == {"confirm_queue": 180}


def test_unassigned_seats_are_never_negative_and_unpriced_ones_cost_nothing_here() -> None:
    one = person("cs_enterprise", **BUSY)
    said = told(one, one, subscribed=bought(cs_enterprise=1, voice=3))
    assert said["monthly"]["unassigned"] == 225
    assert said["seats"]["cs_enterprise"]["purchased"] == 1
    assert told(one, subscribed=bought(voice=1))["seats"]["cs_enterprise"]["purchased"] == 0
    euro = client({"cs_enterprise": 90.0}, currency="EUR")
    assert told(one, asked=euro, subscribed=bought(cs_enterprise=2, voice=3))["monthly"]["unassigned"] == 90


def test_products_without_a_price_are_named() -> None:
    euro = client({"cs_enterprise": 90.0}, currency="EUR")
    said = told(person("cs_enterprise+voice", **BUSY), person("cs_enterprise", **BUSY), asked=euro)
    assert said["unpriced"] == ["voice"]
    assert said["monthly"]["now"] == 90


def test_people_of_both_kinds_conflict_in_each_environment_they_share() -> None:
    said = told(
        person("cs_professional", environments=["a", "b"]),
        person("cs_enterprise_attach", environments=["b", "c"]),
        person("cs_professional+cs_enterprise", environments=["d"]),
        person("voice", environments=["a"]),
    )
    assert said["environment_conflicts"] == ["b"]


def test_coverage_is_told_in_plain_values() -> None:
    row = {
        "environment": "prod",
        "source": "cases",
        "percent": 97.25,
        "first_day": date(2026, 1, 1),
        "last_day": date(2026, 6, 30),
        "gaps": [[date(2026, 2, 1), date(2026, 2, 9)]],
        "reason": None,
        "declared": ["season"],
    }
    covered = pl.DataFrame([row], schema=NO_COVERAGE.schema)
    said = summary(decided(person()), covered, bought(), 0, client(), RULES, resolve({}))["coverage"]
    assert said == [
        row
        | {"percent": 97.3, "first_day": "2026-01-01", "last_day": "2026-06-30", "gaps": [["2026-02-01", "2026-02-09"]]}
    ]


PRICES = st.dictionaries(
    st.sampled_from(
        ("cs_professional", "cs_enterprise", "cs_premium", "voice", "digital_messaging", "digital_and_voice")
    ),
    st.decimals(0, 200, places=3).map(float),
)
WORK = st.fixed_dictionaries(
    {"actions": st.just(1)},
    optional={
        **dict.fromkeys(("copilot_cases", "voice_handled", "articles", "queue_items"), st.sampled_from([0, 1])),
        **dict.fromkeys(("voice_days", "digital_handled", "digital_days"), st.just(1)),
        **dict.fromkeys(("queue_voice", "supervisor", "left"), st.booleans()),
    },
)
HELD = st.sampled_from(
    ("", "cs_professional", "cs_enterprise", "cs_enterprise+voice+digital_messaging", "cs_premium", "team_members")
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(HELD, WORK), min_size=1, max_size=9), PRICES)
def test_now_less_ready_is_what_is_saved_repriced_and_exposed(
    people: list[tuple[str, dict[str, Any]]], own: dict[str, float]
) -> None:
    rows = decided(*(person(held, **facts) for held, facts in people), asked=client(own))
    sums = totals(rows)
    assert sums["now"] - sums["ready_target"] == sums["saving_ready"] + sums["saving_repricing"] - sums["exposure"]
    assert sums["ready_target"] - sums["target"] == sums["saving_conditional"]


def test_sums_are_exact_decimals() -> None:
    assert total(pl.Series("amount", [0.1] * 3 + [0.2, None])) == Decimal("0.5")
    assert exact(33.333) * 3 == Decimal("99.999")


# -- disputed facts --------------------------------------------------------------------------------------------


def readings(*people: dict[str, Any], asked: Client | None = None) -> dict[str, Any]:
    who, frame = asked or client(), evidence(*people)
    rows = decided(*people, asked=who)
    return other_readings(rows, frame, environments(), RULES, who, resolve({}))


def test_each_disputed_fact_shows_the_totals_both_ways() -> None:
    said = readings(person("cs_enterprise", actions=1, sla_cases=1))["sla_on_professional"]
    assert said["people"] == 1
    assert (said["monthly"]["target"], said["monthly_other"]["target"]) == (105, 50)
    said = readings(person("cs_professional", actions=1, articles=1))["knowledge_on_professional"]
    assert (said["monthly"]["target"], said["monthly_other"]["target"]) == (50, 105)
    said = readings(person("cs_enterprise+voice", **BUSY, supervisor=True))["supervisor_monitoring"]
    assert (said["monthly"]["target"], said["monthly_other"]["target"]) == (180, 105)
    said = readings(person("cs_enterprise_attach", **BUSY))["attach_price"]
    assert (said["monthly"]["now"], said["monthly_other"]["now"]) == (20, 30)
    assert readings(person("cs_enterprise+voice", **BUSY))["unverified_price"] == {"people": 1}
    assert readings(person("cs_professional", actions=1)) == {}


def test_were_an_sla_no_matter_of_enterprise_its_look_back_would_hold_nobody() -> None:
    steady = {"actions": 1, "sla_cases": 1, "season_enterprise": True, "indirect_enterprise": True}
    said = readings(person("cs_enterprise", **steady))["sla_on_professional"]
    assert (said["monthly"]["target"], said["monthly_other"]["target"]) == (105, 50)
    for doubt in ("season_beside_sla", "indirect_beside_sla"):  # an entitlement, Copilot or a routed record
        said = readings(person("cs_enterprise", **steady, **{doubt: True}))["sla_on_professional"]
        assert (said["monthly_other"]["target"], said["monthly_other"]["withheld"]) == (105, 55)


def test_an_enterprise_agreement_shows_its_anniversary_beside_its_end() -> None:
    asked = client(contract=Contract("EA", date(2028, 6, 30), start=date(2025, 7, 1)))
    assert readings(person(), asked=asked)["ea_anniversary_reduction"] == {
        "earliest_saving_on": "2028-06-30",
        "earliest_saving_on_other": "2026-07-01",
    }


# -- the first day on which a quantity can fall -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("contract", "expected"),
    [
        (None, None),
        (Contract("EA", date(2026, 12, 31)), date(2026, 12, 31)),
        (Contract("EA", date(2026, 6, 30)), date(2026, 7, 1)),  # run out: from now on
        (Contract("EA", date(2028, 1, 1), "anniversary", date(2025, 1, 1)), date(2027, 1, 1)),
        (Contract("EA", date(2028, 7, 1), "anniversary", date(2025, 7, 1)), date(2026, 7, 1)),  # as_of itself
        (Contract("EA", date(2026, 8, 1), "anniversary", date(2025, 9, 1)), date(2026, 8, 1)),  # the end comes first
        (Contract("MCA-E", date(2028, 3, 31), "anniversary", date(2026, 3, 31)), date(2027, 3, 31)),
        (Contract("EA", date(2029, 2, 28), "anniversary", date(2024, 2, 29)), date(2027, 2, 28)),
        (Contract("CSP", date(2026, 12, 15), "monthly", term="P1M"), date(2026, 7, 15)),
        (Contract("CSP", date(2026, 7, 1), "monthly", term="P1M"), date(2026, 7, 1)),
        (Contract("CSP", date(2026, 12, 31), "monthly", term="P1M"), date(2026, 7, 31)),
        (Contract("CSP", date(2026, 11, 30), term="P1Y"), date(2026, 11, 30)),
    ],
)
def test_when_a_quantity_can_first_fall(contract: Contract | None, expected: date | None) -> None:
    assert earliest_saving_on(client(contract=contract)) == expected
