"""Decide: every rule on each side of its edge, and what must hold for any evidence."""

from __future__ import annotations

import sys
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from d365bench.analysis.decide import decide
from d365bench.analysis.decisions import decision_report, standing
from d365bench.analysis.holds import HOLDS
from d365bench.analysis.money import Prices
from d365bench.analysis.target import Search
from d365bench.thresholds import resolve
from people import AS_OF, COVERAGE, RULES, client, decided, environments, evidence, person, verdict

FULL = "cs_premium"  # holds every right
CASES = {"actions": 1}
VOICE = {"actions": 1, "voice_handled": 1, "voice_days": 1}
DIGITAL = {"actions": 1, "digital_handled": 1, "digital_days": 1}


def needs(facts: dict[str, Any], **thresholds: int) -> list[str]:
    return decided(person(FULL, **facts), **thresholds)["needs"][0].to_list()


def holds(facts: dict[str, Any], held: str = FULL, asked: Any = None, **thresholds: int) -> dict[str, str]:
    row = decided(person(held, **facts), asked=asked, **thresholds)["holds"][0]
    return dict(hold.split(":") for hold in row)


# -- needs -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", ["digital", "voice"])
@pytest.mark.parametrize(
    ("handled", "consulted", "days", "minimum", "minimum_days", "needed"),
    [
        (1, 0, 1, 1, 1, True),
        (0, 1, 1, 1, 1, True),
        (0, 0, 0, 1, 1, False),
        (2, 1, 1, 3, 1, True),
        (2, 0, 1, 3, 1, False),
        (9, 0, 2, 1, 2, True),
        (9, 0, 1, 1, 2, False),
    ],
)
def test_a_channel_is_needed_from_both_minimums_on(
    channel: str, handled: int, consulted: int, days: int, minimum: int, minimum_days: int, needed: bool
) -> None:
    facts = {f"{channel}_handled": handled, f"{channel}_consulted": consulted, f"{channel}_days": days, "actions": 1}
    asked = {f"{channel}_min_interactions": minimum, f"{channel}_min_days": minimum_days}
    assert (channel in needs(facts, **asked)) == needed


def test_monitoring_and_unknown_sessions_need_cases_and_no_channel() -> None:
    assert needs({"actions": 1, "voice_monitored": 1, "unknown_sessions": 1}) == ["cases"]


@pytest.mark.parametrize(
    ("facts", "minimum", "needed"),
    [
        ({"sla_cases": 3}, 3, True),
        ({"sla_cases": 2}, 3, False),
        ({"entitlement_cases": 1}, 3, True),
        ({"copilot_cases": 1}, 3, True),
        ({"routed_records": 1}, 3, True),
        ({}, 3, False),
    ],
)
def test_enterprise_needs_enough_slas_or_any_of_the_rest(facts: dict[str, int], minimum: int, needed: bool) -> None:
    assert ("enterprise" in needs({"actions": 1, **facts}, sla_min_cases=minimum)) == needed


def test_any_action_needs_cases_and_none_does_not() -> None:
    assert needs({"actions": 1}) == ["cases"]
    assert needs({"actions": 0}) == []


# -- holds -----------------------------------------------------------------------------------------------------

ALL = {"cases", "digital", "enterprise", "voice"}


def test_nothing_is_held_where_everything_is_known() -> None:
    assert holds({}) == {}


def test_only_rights_held_today_are_held() -> None:
    doubt = {"tenure_record": 1}
    assert set(holds(doubt, "cs_professional")) == {"cases"}
    assert set(holds(doubt, "cs_enterprise+voice")) == {"cases", "enterprise", "voice"}
    assert holds(doubt, "team_members") == {}
    assert holds(doubt, "") == {}
    assert set(holds(doubt, "cs_professional+voice")) == {"cases"}  # an add-on without its base grants nothing
    assert "digital" not in holds({**doubt, "live_chat_only": False}, "cs_enterprise+chat")
    assert "digital" in holds(doubt, "cs_enterprise+chat")


def test_a_proved_need_is_not_held() -> None:
    assert set(holds({**VOICE, "tenure_record": 1})) == ALL - {"voice", "cases"}


def test_no_user_record_holds_everything_unless_the_environments_are_complete() -> None:
    facts = {"has_record": False, "environments": [], **dict.fromkeys(COVERAGE, 0.0)}
    assert holds(facts) == dict.fromkeys(ALL, "insufficient_data")
    assert holds(facts, asked=client(environments_complete=True)) == {}


@pytest.mark.parametrize(
    ("source", "rights"),
    [
        ("digital", {"digital"}),
        ("voice", {"voice"}),
        ("record", {"enterprise"}),
        ("any_channel", {"cases"}),
        ("cases", {"cases", "enterprise"}),
        ("history", {"cases", "enterprise"}),
        ("sessions", set()),  # for display; the four above decide
    ],
)
def test_each_right_rests_on_its_own_sources(source: str, rights: set[str]) -> None:
    assert holds({f"coverage_{source}": 79.999}) == dict.fromkeys(rights, "insufficient_data")
    assert holds({f"coverage_{source}": 80.0}) == {}
    assert holds({f"coverage_{source}": 79.999}, coverage_min_percent=79) == {}


@pytest.mark.parametrize(
    ("tenure", "rights"),
    [
        ("record", ALL),
        ("assigned_cases", {"cases"}),
        ("assigned_voice", {"voice"}),
        ("assigned_enterprise", {"enterprise"}),
        ("channel_digital", {"digital"}),
        ("channel_voice", {"voice"}),
    ],
)
def test_what_is_younger_than_the_minimum_is_not_judged(tenure: str, rights: set[str]) -> None:
    assert holds({f"tenure_{tenure}": 59}) == dict.fromkeys(rights, "insufficient_data")
    assert holds({f"tenure_{tenure}": 60}) == {}
    assert holds({f"tenure_{tenure}": 0}, tenure_min_days=0) == {}


def test_an_unknown_tenure_is_left_out() -> None:
    assert holds({"tenure_record": None}) == {}
    assert set(holds({"tenure_record": None, "tenure_assigned_voice": 3})) == {"voice"}


def test_declared_environments_need_whole_user_records() -> None:
    facts = {"has_record": False, "environments": [], "records_complete": False}
    row = verdict("cs_enterprise", client(environments_complete=True), **facts)
    assert (row["holds"], row["target_products"]) == (
        "cases:insufficient_data|enterprise:insufficient_data",
        "cs_enterprise",
    )


def test_unknown_sessions_hold_the_channels() -> None:
    assert holds({**CASES, "unknown_sessions": 1}) == dict.fromkeys(("digital", "voice"), "insufficient_data")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"indirect_digital": 1}, {"digital": "confirm_indirect"}),
        ({"indirect_voice": 1}, {"voice": "confirm_indirect"}),
        ({"indirect_enterprise": True}, {"enterprise": "confirm_indirect"}),
        ({"indirect_actions": 1}, {"cases": "confirm_indirect"}),
        ({"voice_monitored": 1}, {"voice": "confirm_supervisor"}),
        ({"digital_monitored": 1}, {"digital": "confirm_supervisor"}),
        ({"supervisor": True}, dict.fromkeys(("digital", "voice"), "confirm_supervisor")),
        ({"queue_digital": True}, {"digital": "confirm_queue"}),
        ({"queue_voice": True}, {"voice": "confirm_queue"}),
        ({"digital_season": 1}, {"digital": "confirm_seasonal"}),
        ({"voice_season": 1}, {"voice": "confirm_seasonal"}),
        ({"season_enterprise": True}, {"enterprise": "confirm_seasonal"}),
        ({"season_actions": 1}, {"cases": "confirm_seasonal"}),
        ({"season_coverage_voice": 79.9}, {"voice": "confirm_seasonal"}),
        ({"season_coverage_any_channel": 79.9}, {"cases": "confirm_seasonal"}),
        ({"season_coverage_history": 79.9}, dict.fromkeys(("cases", "enterprise"), "confirm_seasonal")),
        ({"season_coverage_history": 80.0}, {}),
        ({"seen_in_window": True}, {"cases": "confirm_reader"}),
        ({"last_seen_exported": False}, {"cases": "confirm_reader"}),
        ({"last_seen_exported": False, "account_enabled": None}, {"cases": "confirm_reader"}),
        ({"last_seen_exported": False, "account_enabled": False}, {}),
        ({"seen_in_window": True, "account_enabled": False}, {"cases": "confirm_reader"}),
    ],
)
def test_each_hold_applies_to_its_own_rights(facts: dict[str, Any], expected: dict[str, str]) -> None:
    assert holds(facts) == expected


def test_the_first_hold_that_applies_gives_the_name() -> None:
    facts: dict[str, Any] = {"seen_in_window": True}
    order = [
        ({}, "cases", "confirm_reader"),
        ({"season_actions": 1, "voice_season": 1}, "cases", "confirm_seasonal"),
        ({"queue_voice": True}, "voice", "confirm_queue"),
        ({"supervisor": True}, "voice", "confirm_supervisor"),
        ({"indirect_voice": 1, "indirect_actions": 1}, "voice", "confirm_indirect"),
        ({"tenure_record": 1}, "voice", "insufficient_data"),
    ]
    for more, right, expected in order:
        facts |= more
        assert holds(facts)[right] == expected


def test_a_hold_keeps_the_right_and_withholds_the_money() -> None:
    row = verdict("cs_enterprise+voice", **CASES, supervisor=True)
    assert row["target_products"] == "cs_enterprise+voice"
    assert row["actions"] == "confirm_supervisor"
    assert (row["monthly_saving_ready"], row["monthly_withheld"]) == (0, 130)  # 180 − Professional
    assert row["disputed_facts"] == "supervisor_monitoring|unverified_price"


# -- who -------------------------------------------------------------------------------------------------------


def test_whoever_left_needs_nothing() -> None:
    row = verdict("cs_enterprise+team_members", left=True, **VOICE, supervisor=True)
    assert (row["needs"], row["holds"], row["target_products"], row["actions"]) == ("", "", "", "reclaim")
    assert row["monthly_saving_ready"] == 113
    assert row["team_members_verdict"] is None
    row = verdict("", left=True, **VOICE)
    assert (row["actions"], row["monthly_saving_ready"]) == ("left", 0)
    row = verdict("team_members", left=True, own_cases=1, actions=1)
    assert (row["actions"], row["target_products"], row["team_members_verdict"]) == ("reclaim", "", None)
    row = verdict("contact_center", left=True)
    assert (row["actions"], row["target_products"]) == ("reclaim", "")
    row = verdict("cs_enterprise+voice", left=True, tenure_record=1, supervisor=True)
    assert (row["holds"], row["actions"]) == ("", "reclaim")


def test_no_product_is_needed_unmatched_or_unknown() -> None:
    row = verdict("", **VOICE)
    assert (row["actions"], row["target_products"], row["monthly_saving_ready"]) == (
        "license_needed",
        "cs_enterprise+voice",
        -180,
    )
    row = verdict("", **VOICE, licence_known="absent_complete")
    assert (row["actions"], row["target_products"], row["monthly_now"], row["status"]) == (
        "unmatched",
        None,
        None,
        None,
    )
    row = verdict("", **VOICE, licence_known="unknown")
    assert (row["actions"], row["target_products"], row["monthly_now"]) == ("insufficient_data", None, None)
    assert verdict("", left=True, licence_known="unknown")["actions"] == "left"


def test_contact_center_and_non_human_seats_are_left_as_they_are() -> None:
    for row in (verdict("contact_center_voice+cs_enterprise"), verdict("cs_enterprise", human=False, left=True)):
        assert row["out_of_scope"]
        assert (row["actions"], row["target_products"]) == ("out_of_scope", row["current_products"])
        assert (row["monthly_saving_ready"], row["monthly_withheld"]) == (0, 0)
        assert row["monthly_now"] > 0


# -- Team Members ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"digital_consulted": 1}, "exceeds"),
        ({"voice_handled": 1}, "exceeds"),
        ({"routed_records": 1}, "exceeds"),
        ({"articles": 1}, "exceeds"),
        ({"other_cases": 1, "other_resolved_cases": 1, "other_case_days": 1}, "exceeds"),
        ({"other_cases": 1, "other_case_days": 2}, "exceeds"),
        ({"other_cases": 1, "other_case_days": 1}, "review"),
        ({"queue_items": 1}, "review"),
        ({"own_cases": 10}, "review"),
        ({"own_cases": 9}, "within_rights"),
        ({"own_cases": 1, "tenure_record": 1}, "within_rights"),
        ({"tenure_record": 59}, "cannot_tell"),
        ({"coverage_history": 79.0}, "cannot_tell"),
        ({"has_record": False}, "cannot_tell"),
        ({"voice_monitored": 1}, "no_trace"),
        ({}, "no_trace"),
    ],
)
def test_the_first_verdict_that_applies(facts: dict[str, int], expected: str) -> None:
    row = verdict("team_members", **{"actions": 1, **facts})
    assert row["team_members_verdict"] == expected
    kept = expected != "exceeds"
    assert (row["target_products"] == "team_members") == kept
    assert row["actions"] == {"exceeds": "reclassify_team_members", "review": "review_team_members"}.get(
        expected, "keep"
    )


def test_other_cases_count_from_their_threshold_on() -> None:
    def said(other: int) -> str:
        return decided(
            person("team_members", other_cases=other, other_resolved_cases=1), team_members_min_other_cases=3
        )["team_members_verdict"][0]

    assert (said(2), said(3)) == ("review", "exceeds")


def test_a_seat_under_review_shows_what_it_would_become() -> None:
    row = verdict("team_members", actions=1, queue_items=1)
    assert (row["team_members_target"], row["exposure_to_confirm"]) == ("cs_professional", 50)
    assert (row["monthly_now"], row["monthly_target"]) == (8, 8)
    assert verdict("team_members", actions=1, own_cases=1)["exposure_to_confirm"] is None


def test_an_exceeded_seat_becomes_the_cheapest_set_for_the_needs() -> None:
    row = verdict("team_members", actions=1, voice_handled=1, voice_days=1)
    assert (row["target_products"], row["monthly_saving_ready"]) == ("cs_enterprise+voice", 8 - 180)
    assert verdict("team_members", articles=1)["target_products"] == "cs_professional"  # cases in any case


def test_a_seat_without_a_price_is_kept_whatever_the_work() -> None:
    row = verdict("team_members", client(currency="EUR", prices={"cs_professional": 44.0}), articles=1, actions=1)
    assert (row["target_products"], row["monthly_now"]) == ("cs_professional+team_members", None)


def test_a_seat_beside_another_product_stays() -> None:
    row = verdict("cs_enterprise+team_members", **CASES)
    assert (row["target_products"], row["actions"]) == ("cs_professional+team_members", "move_to_professional")
    row = verdict("cs_enterprise+team_members")
    assert (row["target_products"], row["actions"], row["monthly_target"]) == ("team_members", "reclaim", 8)
    assert row["team_members_verdict"] is None
    row = verdict("cs_professional+team_members", **CASES)
    assert (row["target_products"], row["actions"]) == ("cs_professional+team_members", "keep")


# -- actions ---------------------------------------------------------------------------------------------------

OWN = {
    "cs_professional": 50.0,
    "cs_enterprise": 105.0,
    "digital_messaging": 75.0,
    "voice": 75.0,
    "digital_and_voice": 90.0,
}
BOTH = {"actions": 1, "digital_handled": 1, "digital_days": 1, "voice_handled": 1, "voice_days": 1}


@pytest.mark.parametrize(
    ("held", "facts", "own", "expected"),
    [
        ("cs_professional", CASES, {}, "keep"),
        ("cs_enterprise", CASES, {}, "move_to_professional"),
        ("cs_enterprise+digital_messaging", CASES, {}, "move_to_professional|remove_digital"),
        ("cs_premium", VOICE, {}, "move_to_enterprise|remove_digital"),
        ("cs_professional", VOICE, {}, "add_voice|move_to_enterprise"),
        ("cs_enterprise+voice", BOTH, {}, "add_digital"),
        ("cs_enterprise+voice", BOTH, {"cs_premium": 150.0}, "add_digital|move_to_premium"),
        ("cs_enterprise+digital_messaging+voice", BOTH, OWN, "reprice"),
        ("cs_enterprise+digital_messaging+voice", BOTH, {}, "keep"),
        ("cs_enterprise+digital_and_voice+voice", BOTH, {}, "remove_redundant"),
        ("cs_enterprise+cs_enterprise_attach", {"actions": 1, "copilot_cases": 1}, {}, "remove_redundant"),
        ("cs_enterprise+cs_professional", {"actions": 1, "copilot_cases": 1}, {}, "remove_redundant"),
        ("cs_professional+voice", CASES, {}, "remove_redundant"),
        ("cs_enterprise_attach+voice", VOICE | {"queue_digital": True}, {}, "keep"),
        ("cs_enterprise+voice", {}, {}, "reclaim"),
        ("cs_enterprise+chat", DIGITAL | {"live_chat_only": False}, {}, "add_digital"),
        ("cs_enterprise+chat", DIGITAL, {}, "keep"),
        ("cs_premium", BOTH, {**OWN, "cs_premium": 250.0}, "move_to_enterprise"),
        ("cs_premium", VOICE | {"queue_digital": True}, {}, "confirm_queue"),
        ("cs_premium", CASES | {"queue_digital": True}, {}, "confirm_queue|move_to_enterprise|remove_voice"),
    ],
)
def test_actions_lead_from_today_to_the_target(
    held: str, facts: dict[str, Any], own: dict[str, float], expected: str
) -> None:
    assert verdict(held, client(own), **facts)["actions"] == expected


# -- the ready target ------------------------------------------------------------------------------------------


def pair(other: dict[str, Any], large: dict[str, Any] | None = None, **facts: Any) -> dict[str, Any]:
    """The decision on an idle Enterprise person beside somebody else."""
    return decided(person("cs_enterprise+voice", actions=1, **facts), other, large=large).row(0, named=True)


def test_professional_waits_for_an_environment_with_somebody_on_enterprise() -> None:
    busy = person("cs_enterprise", actions=1, copilot_cases=1)
    row = pair(busy)
    assert (row["target_products"], row["ready_target_products"]) == (["cs_professional"], ["cs_enterprise"])
    assert (row["status"], row["monthly_saving_ready"], row["monthly_saving_conditional"]) == ("conditional", 75, 55)
    elsewhere = pair(busy | {"environments": ["dev"]})
    assert (elsewhere["status"], elsewhere["ready_target_products"]) == ("ready", ["cs_professional"])
    both = pair(busy | {"environments": ["dev", "prod"]})
    assert both["status"] == "conditional"
    assert pair(busy | {"environments": ["dev"]}, environments=["dev", "prod"])["status"] == "conditional"
    assert pair(busy, environments=["dev", "prod"])["status"] == "conditional"
    assert pair(person("cs_premium", **BOTH))["status"] == "conditional"


def test_others_on_professional_or_gone_are_in_nobodys_way() -> None:
    assert pair(person("cs_enterprise", actions=1))["status"] == "ready"  # also to Professional
    assert pair(person("cs_enterprise", left=True))["status"] == "ready"
    assert pair(person("", actions=1, copilot_cases=1, licence_known="unknown"))["status"] == "ready"


@pytest.mark.parametrize(
    ("large", "status"),
    [
        ({"active_queues": 15, "custom_tables": 15}, "ready"),
        ({"active_queues": 16}, "conditional"),
        ({"custom_tables": 16}, "conditional"),
    ],
)
def test_professional_waits_for_a_large_environment_to_be_trimmed(large: dict[str, int], status: str) -> None:
    assert pair(person("cs_professional", actions=1), large)["status"] == status


def test_whoever_is_on_professional_today_need_not_wait() -> None:
    busy = person("cs_enterprise", actions=1, copilot_cases=1)
    row = decided(person("cs_professional", actions=1), busy).row(0, named=True)
    assert (row["status"], row["ready_target_products"]) == ("ready", ["cs_professional"])


def test_whoever_stays_above_professional_need_not_wait() -> None:
    busy = person("cs_enterprise", actions=1, copilot_cases=1)
    row = decided(person("cs_premium", actions=1, copilot_cases=1), busy).row(0, named=True)
    assert (row["status"], row["target_products"]) == ("ready", ["cs_enterprise"])


def test_nothing_is_taken_while_waiting_where_no_enterprise_set_has_a_price() -> None:
    euro = client(currency="EUR", prices={"cs_professional": 44.0, "team_members": 8.0})
    moved = person("team_members", other_cases=1, other_resolved_cases=1, actions=1)
    row = decided(moved, asked=euro, large={"active_queues": 16}).row(0, named=True)
    assert (row["target_products"], row["ready_target_products"]) == (["cs_professional"], ["team_members"])
    assert (row["status"], row["monthly_target"], row["monthly_saving_conditional"]) == ("conditional", None, None)


def test_a_missing_licence_waits_too() -> None:
    busy = person("cs_enterprise", actions=1, copilot_cases=1)
    row = decided(person("", actions=1), busy).row(0, named=True)
    assert (row["status"], row["ready_target_products"], row["target_products"]) == (
        "conditional",
        ["cs_enterprise"],
        ["cs_professional"],
    )


# -- prices ----------------------------------------------------------------------------------------------------


def test_a_product_without_a_price_is_kept_and_its_row_has_no_money() -> None:
    euro = client({"cs_enterprise": 90.0, "cs_professional": 40.0}, currency="EUR")
    row = verdict("cs_enterprise+voice", euro, **CASES)
    assert (row["target_products"], row["monthly_now"], row["monthly_withheld"]) == ("cs_enterprise+voice", None, None)
    row = verdict("cs_enterprise", euro, **CASES)
    assert (row["target_products"], row["monthly_saving_ready"], row["price_source"]) == (
        "cs_professional",
        50,
        "client",
    )
    assert verdict("cs_enterprise+voice", euro, left=True)["actions"] == "reclaim"


def test_a_need_that_nothing_with_a_price_covers_is_said_and_not_guessed() -> None:
    euro = client({"cs_enterprise": 90.0}, currency="EUR")
    row = verdict("cs_enterprise", euro, **VOICE)
    assert (row["target_products"], row["actions"], row["no_price_for"]) == (
        "cs_enterprise",
        "insufficient_data",
        "voice",
    )
    assert row["monthly_now"] is None
    row = verdict("", euro, **VOICE)
    assert (row["target_products"], row["actions"]) == (None, "license_needed")


def test_the_source_of_the_prices_is_named() -> None:
    assert verdict("cs_enterprise", **CASES)["price_source"] == "list"
    assert verdict("cs_enterprise", client({"cs_enterprise": 98.0}), **CASES)["price_source"] == "mixed"
    assert verdict("other_enterprise", **CASES)["price_source"] is None
    assert verdict("other_enterprise", client({"other_enterprise": 30.0}), **CASES)["monthly_now"] == 0


# -- disputed facts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "facts", "expected"),
    [
        ("cs_enterprise", {"sla_cases": 1}, "sla_on_professional"),
        ("cs_enterprise", {"sla_cases": 1, "copilot_cases": 1}, ""),
        ("cs_enterprise+voice", {"sla_cases": 1, "voice_handled": 1, "voice_days": 1}, ""),
        ("cs_professional", {"articles": 1}, "knowledge_on_professional"),
        ("cs_enterprise_attach", {"copilot_cases": 1}, "attach_price"),
        ("cs_enterprise+voice", {"copilot_cases": 1}, "unverified_price"),
        ("cs_enterprise+voice", {"voice_handled": 1, "voice_days": 1}, ""),
    ],
)
def test_disputed_facts_are_named_where_they_decide(held: str, facts: dict[str, int], expected: str) -> None:
    assert verdict(held, actions=1, **facts)["disputed_facts"] == expected


# -- decisions -------------------------------------------------------------------------------------------------

BEFORE, LATER = date(2026, 6, 1), date(2026, 6, 2)


def taken(*rows: tuple[Any, ...]) -> Any:
    return client(decisions=[(*row, BEFORE, None) for row in rows])


def test_keep_makes_every_right_of_the_product_needed() -> None:
    row = verdict("cs_enterprise+voice", taken(("ada", "voice", "keep")), **CASES, queue_voice=True)
    assert (row["needs"], row["holds"], row["target_products"]) == ("cases|voice", "", "cs_enterprise+voice")
    assert (row["actions"], row["monthly_withheld"], row["decision"]) == ("keep", 0, "keep:voice")
    row = verdict("cs_enterprise", taken(("ADA@EXAMPLE.TEST", "cs_enterprise", "keep")), left=True)
    assert (row["target_products"], row["needs"], row["actions"]) == ("cs_enterprise", "cases|enterprise", "keep")
    row = verdict("team_members", taken(("ada", "team_members", "keep")), articles=1, actions=1)
    assert row["target_products"] == "cs_professional+team_members"


def test_a_kept_product_stays_although_another_set_is_cheaper() -> None:
    own = {"cs_enterprise": 98.0, "digital_messaging": 75.0, "voice": 75.0, "digital_and_voice": 90.0}
    held, work = "cs_enterprise+digital_messaging+voice", {**VOICE, "digital_handled": 3, "digital_days": 2}
    assert verdict(held, client(prices=own), **work)["target_products"] == "cs_enterprise+digital_and_voice"
    kept = client(prices=own, decisions=[("ada", "voice", "keep", BEFORE, None)])
    assert "voice" in verdict(held, kept, **work)["target_products"].split("+")


def test_remove_releases_the_holds_on_the_products_rights() -> None:
    row = verdict(
        "cs_enterprise+voice", taken(("ada", "voice", "remove")), **CASES, queue_voice=True, queue_digital=True
    )
    assert (row["holds"], row["target_products"], row["contradicted"]) == ("", "cs_professional", "")
    facts = {**CASES, "season_enterprise": True}
    assert verdict("cs_enterprise", **facts)["target_products"] == "cs_enterprise"
    row = verdict("cs_enterprise", taken(("ada", "cs_enterprise", "remove")), **facts)
    assert (row["target_products"], row["actions"]) == ("cs_professional", "move_to_professional")


def test_remove_against_a_proved_need_is_not_applied() -> None:
    row = verdict("cs_enterprise+voice", taken(("ada", "voice", "remove")), **VOICE)
    assert (row["target_products"], row["contradicted"]) == ("cs_enterprise+voice", "voice")
    assert row["decision"] == "remove:voice (contradicted)"


def test_remove_of_what_has_no_price_is_applied_unless_it_is_needed() -> None:
    def asked(currency: str) -> Any:
        rows = [("ada", "voice", "remove", BEFORE, None)]
        return client({"cs_enterprise": 90.0}, currency=currency, decisions=rows)

    row = verdict("cs_enterprise+voice", asked("EUR"), **CASES, queue_voice=True)
    assert (row["target_products"], row["contradicted"]) == ("cs_enterprise", "")
    row = verdict("cs_enterprise+voice", asked("EUR"), **VOICE)
    assert (row["target_products"], row["contradicted"]) == ("cs_enterprise+voice", "voice")


def test_remove_binds_the_target_and_not_what_must_wait() -> None:
    asked = taken(("ada", "cs_enterprise", "remove"))
    busy = person("cs_enterprise", actions=1, copilot_cases=1)
    row = decided(person("cs_enterprise", **CASES, season_enterprise=True), busy, asked=asked).row(0, named=True)
    assert (row["target_products"], row["ready_target_products"]) == (["cs_professional"], ["cs_enterprise"])


def test_remove_of_team_members() -> None:
    asked = taken(("ada", "team_members", "remove"))
    assert verdict("team_members", asked)["actions"] == "reclaim"
    row = verdict("team_members", asked, own_cases=1, actions=1)
    assert (row["target_products"], row["contradicted"]) == ("team_members", "team_members")
    # monitoring is work as well, although no verdict looks at it
    row = verdict("team_members", asked, digital_monitored=1, actions=1)
    assert (row["target_products"], row["contradicted"]) == ("team_members", "team_members")
    row = verdict("cs_professional+team_members", asked, **CASES)
    assert (row["target_products"], row["actions"]) == ("cs_professional", "remove_redundant")


def test_exclude_leaves_the_person_alone() -> None:
    row = verdict("cs_enterprise+voice", taken(("ada", None, "exclude")), left=True)
    assert (row["target_products"], row["actions"], row["monthly_now"]) == ("cs_enterprise+voice", "out_of_scope", None)
    assert row["out_of_scope"]


def states(*rows: tuple[Any, ...], **facts: Any) -> list[str]:
    asked = client(decisions=list(rows))
    return decision_report(decided(person("cs_enterprise+voice", **facts), asked=asked), asked)["state"].to_list()


def test_every_decision_is_listed_with_what_became_of_it() -> None:
    assert states(
        ("ada", "voice", "remove", BEFORE, None),
        ("ada", "cs_enterprise", "remove", BEFORE, AS_OF),
        ("bob", "voice", "remove", BEFORE, None),
        ("bob", None, "exclude", BEFORE, None),
        ("ada", "digital_messaging", "remove", BEFORE, None),
        ("ada", "cs_enterprise", "keep", date(2026, 7, 2), None),
        **VOICE,
    ) == ["contradicted", "expired", "unmatched", "unmatched", "unmatched", "not_yet"]


def test_a_upn_of_two_people_names_nobody() -> None:
    people = evidence(
        person("cs_enterprise+voice", person_id="a1", upn="same@x"),
        person("cs_enterprise+voice", person_id="a2", upn="same@x"),
    )
    listed = standing(
        people, client(decisions=[("same@x", "voice", "keep", BEFORE, None), ("A2", "voice", "keep", BEFORE, None)])
    )
    assert listed["state"].to_list() == ["unmatched", "live"]


def test_a_decision_lives_from_its_day_until_before_it_expires() -> None:
    assert states(("ada", "voice", "keep", AS_OF, date(2026, 7, 2))) == ["live"]
    assert states(("ada", "voice", "keep", AS_OF, AS_OF)) == ["expired"]


def test_the_later_decision_wins_then_the_later_line() -> None:
    assert states(("ada", "voice", "keep", LATER, None), ("ada", "voice", "remove", BEFORE, None)) == [
        "live",
        "superseded",
    ]
    assert states(("ada", "voice", "keep", BEFORE, None), ("ADA", "voice", "remove", BEFORE, None)) == [
        "superseded",
        "live",
    ]
    assert states(("ada", "voice", "keep", BEFORE, None), ("ada", "voice", "remove", LATER, LATER)) == [
        "live",
        "expired",
    ]


# -- what must hold for any evidence -----------------------------------------------------------------------------

SETS = st.sampled_from(
    (
        *("", "cs_professional", "cs_enterprise", "cs_enterprise+voice", "cs_enterprise+digital_messaging+voice"),
        *("cs_premium", "cs_enterprise_attach+digital_and_voice", "cs_enterprise+chat", "other_enterprise+voice"),
        *("team_members", "cs_enterprise+team_members", "cs_enterprise+cs_professional", "voice"),
        *("cs_professional+digital_messaging", "contact_center"),
    )
)
FEW = st.sampled_from([0, 0, 1, 5])
FACTS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("digital_handled", "digital_days", "voice_handled", "voice_days", "voice_monitored"), FEW),
        **dict.fromkeys(
            ("own_cases", "other_cases", "other_case_days", "sla_cases", "copilot_cases", "queue_items"), FEW
        ),
        **dict.fromkeys(("articles", "unknown_sessions", "voice_season", "season_actions", "indirect_voice"), FEW),
        **dict.fromkeys(
            ("supervisor", "queue_voice", "queue_digital", "season_enterprise", "seen_in_window"), st.booleans()
        ),
        **dict.fromkeys(("left", "live_chat_only", "has_record", "last_seen_exported"), st.booleans()),
        **dict.fromkeys(
            ("coverage_voice", "coverage_cases", "season_coverage_digital"), st.sampled_from([0.0, 79.9, 80.0, 100.0])
        ),
        **dict.fromkeys(("tenure_record", "tenure_channel_voice"), st.sampled_from([None, 0, 59, 60, 900])),
        "environments": st.sampled_from([[], ["dev"], ["prod"], ["dev", "prod"]]),
    },
)
WORK = (
    *("digital_handled", "digital_days", "voice_handled", "voice_days", "voice_monitored", "own_cases", "other_cases"),
    *("other_case_days", "sla_cases", "copilot_cases", "queue_items", "articles", "unknown_sessions"),
)


@st.composite
def somebody(draw: st.DrawFn) -> dict[str, Any]:
    facts = draw(FACTS)
    return person(draw(SETS), **facts, actions=sum(facts.get(name, 0) for name in WORK))


CROWD = st.lists(somebody(), min_size=1, max_size=8)
SEARCH = Search(RULES, Prices(client(), RULES))
calm = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)


def rights(products: list[str], row: dict[str, Any]) -> frozenset[str]:
    return SEARCH.rights(frozenset(products), live_chat_only=row["live_chat_only"])


@calm
@given(CROWD)
def test_the_target_covers_what_is_proved_and_held(crowd: list[dict[str, Any]]) -> None:
    for row in decided(*crowd).iter_rows(named=True):
        judged = row["team_members_verdict"] in (None, "exceeds") and not row["out_of_scope"]
        if judged and row["target_products"] is not None:
            held = {hold.split(":")[0] for hold in row["holds"]}
            assert {*row["needs"], *held} <= rights(row["target_products"], row)
            assert {*row["needs"], *held} <= rights(row["ready_target_products"], row)


@calm
@given(CROWD)
def test_a_hold_never_saves_money(crowd: list[dict[str, Any]]) -> None:
    for row in decided(*crowd).iter_rows(named=True):
        if row["monthly_withheld"] is not None:
            assert row["monthly_withheld"] >= 0
            assert row["holds"] or row["monthly_withheld"] == 0
            assert row["monthly_saving_conditional"] >= 0
            now = row["monthly_ready_target"] + row["monthly_saving_ready"]
            assert now == pytest.approx(row["monthly_now"])


@calm
@given(CROWD)
def test_coverage_of_nothing_never_removes_a_right(crowd: list[dict[str, Any]]) -> None:
    blind = [row | dict.fromkeys(COVERAGE, 0.0) for row in crowd]
    for before, after in zip(decided(*crowd).iter_rows(named=True), decided(*blind).iter_rows(named=True), strict=True):
        if before["target_products"] is not None and not after["left"]:
            assert rights(before["target_products"], before) & rights(before["current_products"], before) <= rights(
                after["target_products"], after
            )


@calm
@given(CROWD, st.data())
def test_dropped_activity_never_makes_a_need(crowd: list[dict[str, Any]], data: st.DataObject) -> None:
    fewer = []
    for row in crowd:
        less = {name: data.draw(st.integers(0, row[name])) for name in WORK if row[name]}
        fewer.append(row | less | {"actions": sum(less.values())})
    for before, after in zip(decided(*crowd)["needs"], decided(*fewer)["needs"], strict=True):
        assert set(after) <= set(before)


@calm
@given(CROWD, st.randoms())
def test_the_order_of_people_never_matters(crowd: list[dict[str, Any]], random: Any) -> None:
    frame = evidence(*crowd)
    places = list(range(frame.height))
    random.shuffle(places)
    asked = (environments(), RULES, client(), resolve({}))
    shuffled = decide(frame[places], *asked).sort("person_id")
    assert shuffled.equals(decide(frame, *asked).sort("person_id"), null_equal=True)


@calm
@given(CROWD, st.integers(1, 6))
def test_a_higher_minimum_never_adds_a_need(crowd: list[dict[str, Any]], minimum: int) -> None:
    raised = {"voice_min_interactions": minimum, "digital_min_days": minimum, "sla_min_cases": minimum}
    for before, after in zip(decided(*crowd)["needs"], decided(*crowd, **raised)["needs"], strict=True):
        assert set(after) <= set(before)


# -- scale -----------------------------------------------------------------------------------------------------


def calls(people: int) -> int:
    """How many Python and C calls deciding so many people takes, all of them of the same few kinds."""
    kinds = [
        person(held, **facts)
        for held in ("cs_premium", "cs_enterprise+voice", "team_members", "")
        for facts in (CASES, VOICE, {})
    ]
    some = evidence(*kinds)
    frame = pl.concat([some] * (people // some.height)).with_columns(
        person_id=pl.int_range(people // some.height * some.height).cast(pl.String)
    )
    asked = (environments(), RULES, client(), resolve({}))
    decide(frame, *asked)
    counted = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        decide(frame, *asked)
    finally:
        sys.setprofile(None)
    return counted


def test_deciding_makes_no_call_per_person() -> None:
    few, many = calls(5_000), calls(50_000)
    assert many < few * 1.02 + 50


def test_nobody_is_decided_where_there_is_nobody() -> None:
    rows = decided()
    assert rows.height == 0
    assert {"target_products", "monthly_saving_ready", "holds"} <= set(rows.columns)


def test_holds_are_told_in_the_order_in_which_they_are_asked() -> None:
    assert HOLDS == (
        "insufficient_data",
        "confirm_indirect",
        "confirm_supervisor",
        "confirm_queue",
        "confirm_seasonal",
        "confirm_reader",
    )
