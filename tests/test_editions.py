"""Editions: where bases go, and what keeps them."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from d365bench.analysis import editions
from d365bench.thresholds import resolve
from people import RULES, client, decided, environments, person

DIGITAL = {"digital_handled": 9, "digital_days": 3}
PROFESSIONAL_CASES = {"other_cases": 3, "other_case_days": 3, "case_days": 3, "actions": 9}


def outcomes(*rows: dict[str, Any]) -> dict[tuple[str, str], int]:
    frame = editions.seats_by_edition(decided(*rows), RULES, client())
    return {(row["edition"], row["outcome"]): row["people"] for row in frame.iter_rows(named=True)}


def blockers(*rows: dict[str, Any]) -> dict[str, str]:
    frame = editions.enterprise_blockers(decided(*rows), RULES, client(), resolve())
    return dict(frame.select("blocker", "alone").iter_rows())


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        ({**PROFESSIONAL_CASES, "sla_cases": 1}, "stays, proved by work"),
        ({**PROFESSIONAL_CASES, "coverage_cases": 10.0}, "stays until asked"),
        (PROFESSIONAL_CASES, "moves now"),
        ({}, "goes"),
    ],
)
def test_where_an_enterprise_base_goes(facts: dict[str, Any], outcome: str) -> None:
    assert outcomes(person("cs_enterprise", **facts)) == {("Enterprise", outcome): 1}


def test_beside_enterprise_people_a_move_waits_for_the_environment() -> None:
    both = outcomes(person("cs_enterprise", **PROFESSIONAL_CASES), person("cs_enterprise", sla_cases=1, actions=1))
    assert both == {
        ("Enterprise", "moves once the environment is ready"): 1,
        ("Enterprise", "stays, proved by work"): 1,
    }


def test_a_base_may_rise() -> None:
    assert outcomes(person("cs_professional", **DIGITAL, actions=9)) == {("Professional", "rises"): 1}


def test_people_without_a_base_are_not_counted() -> None:
    assert outcomes(person("team_members"), person("", **DIGITAL, actions=9)) == {}


def test_a_person_may_have_one_reason_or_several() -> None:
    assert blockers(person("cs_enterprise", sla_cases=2, actions=2)) == {"worked cases with an SLA": "the only reason"}
    assert blockers(person("cs_enterprise+digital_messaging", sla_cases=2, **DIGITAL, actions=9)) == {
        "worked cases with an SLA": "one of several",
        "worked digital channels": "one of several",
    }


def test_a_hold_is_a_reason_and_names_its_right() -> None:
    found = blockers(person("cs_enterprise+voice", sla_cases=2, actions=2, queue_voice=True))
    assert found == {"worked cases with an SLA": "one of several", "voice held: confirm queue": "one of several"}


def test_room_counts_both_editions_of_the_targets() -> None:
    rows = decided(person("cs_enterprise", **PROFESSIONAL_CASES), person("cs_enterprise", sla_cases=1, actions=1))
    room = editions.environment_room(rows, environments(), RULES, client()).row(0, named=True)
    assert (room["environment"], room["Professional"], room["Enterprise"], room["waiting"]) == ("prod", 1, 1, 1)
    assert room["active_queues"] == 3
    assert room["monthly_saving_conditional"] == rows["monthly_saving_conditional"].sum() > 0


def test_nobody_gives_no_row() -> None:
    nobody = decided(person("cs_enterprise")).clear()
    assert editions.seats_by_edition(nobody, RULES, client()).is_empty()
    assert editions.enterprise_blockers(nobody, RULES, client(), resolve()).is_empty()
    assert isinstance(editions.environment_room(nobody, environments(), RULES, client()), pl.DataFrame)
