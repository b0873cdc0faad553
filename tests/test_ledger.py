"""The ledger and the changes as they are handed over."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl

from d365bench.analysis.changes import changes
from d365bench.analysis.ledger import COLUMNS, ledger
from d365bench.analysis.reasons import with_reasons
from d365bench.analysis.written import money
from d365bench.client import Client
from d365bench.rulebook import load_rulebook
from d365bench.thresholds import resolve
from people import client, decided, person

AGREED = [
    "client",
    "person_id",
    "upn",
    "display_name",
    "department",
    "business_unit",
    "account_enabled",
    "environments",
    "current_products",
    "target_products",
    "ready_target_products",
    "actions",
    "holds",
    "team_members_verdict",
    "status",
    "monthly_now",
    "monthly_ready_target",
    "monthly_target",
    "monthly_saving_ready",
    "monthly_saving_conditional",
    "monthly_withheld",
    "digital_handled",
    "digital_consulted",
    "digital_monitored",
    "digital_offered",
    "digital_days",
    "digital_last",
    "digital_season",
    "voice_handled",
    "voice_consulted",
    "voice_monitored",
    "voice_offered",
    "voice_days",
    "voice_last",
    "voice_season",
    "unknown_sessions",
    "own_cases",
    "other_cases",
    "sla_cases",
    "entitlement_cases",
    "copilot_cases",
    "routed_records",
    "queue_items",
    "articles",
    "case_days",
    "last_activity",
    "last_seen",
    "tenure_days",
    "coverage_sessions",
    "coverage_cases",
    "assigned_via",
    "assigned_on",
    "price_source",
    "disputed_facts",
    "decision",
    "reasons",
]


def rows_of(*people: dict[str, Any], asked: Client | None = None) -> pl.DataFrame:
    return with_reasons(decided(*people, asked=asked), resolve({}), load_rulebook(), asked or client())


def book(*people: dict[str, Any], asked: Client | None = None) -> pl.DataFrame:
    return ledger(rows_of(*people, asked=asked), asked or client())


def test_the_columns_are_the_agreed_ones_in_their_order() -> None:
    assert list(COLUMNS) == AGREED
    assert book(person("cs_enterprise")).columns == AGREED


def test_sets_and_lists_are_joined_and_sorted() -> None:
    facts = {"environments": ["b", "a"], "assigned_via": ["g1", "direct"], "tenure_record": 1}
    row = book(person("voice+cs_enterprise", **facts)).row(0, named=True)
    assert row["environments"] == "a|b"
    assert row["assigned_via"] == "direct|g1"
    assert row["current_products"] == row["target_products"] == "cs_enterprise+voice"
    assert row["holds"] == "cases:insufficient_data|enterprise:insufficient_data|voice:insufficient_data"


def test_what_is_absent_is_empty() -> None:
    idle = person("cs_enterprise", environments=[], last_seen=None, tenure_record=None)
    row = book(idle).row(0, named=True)
    for column in (
        "target_products",
        "holds",
        "environments",
        "assigned_on",
        "coverage_sessions",
        "last_seen",
        "decision",
    ):
        assert row[column] is None, column
    unknown = book(person("", actions=1, licence_known="unknown")).row(0, named=True)
    assert unknown["monthly_now"] is unknown["target_products"] is unknown["status"] is None


def test_money_is_rounded_here_and_half_a_cent_up() -> None:
    asked = client({"cs_professional": 10.005, "cs_enterprise": 20.015})
    text = book(person("cs_enterprise", actions=1), asked=asked).select("monthly_now", "monthly_target").write_csv()
    assert text == "monthly_now,monthly_target\n20.02,10.01\n"
    amounts = pl.DataFrame({"amount": [1.005, -0.005, 98.0, 0.1 + 0.2, None]})
    assert amounts.select(money("amount")).write_csv() == "amount\n1.01\n-0.01\n98.00\n0.30\n\n"


def test_days_and_percentages_in_their_written_form() -> None:
    facts = {"last_seen": datetime(2026, 5, 1, 23, 59), "voice_last": date(2026, 4, 2), "coverage_sessions": 97.25}
    row = book(person("cs_enterprise", **facts)).select(
        "last_seen", "voice_last", "coverage_sessions", "coverage_cases"
    )
    assert row.write_csv().splitlines()[1] == "2026-05-01,2026-04-02,97.3,100.0"


def test_tenure_is_the_shortest_that_is_known() -> None:
    facts = {"tenure_record": 700, "tenure_assigned_voice": 90, "tenure_channel_voice": 5}
    assert book(person("cs_enterprise+voice", **facts))["tenure_days"].item() == 90


def test_the_ledger_is_sorted_by_person() -> None:
    people = [person("cs_enterprise", person_id=name) for name in ("c", "a", "b")]
    assert book(*people)["person_id"].to_list() == ["a", "b", "c"]


# -- changes ---------------------------------------------------------------------------------------------------


def listed(*people: dict[str, Any], seats: pl.DataFrame | None = None) -> list[tuple[Any, ...]]:
    rows = changes(decided(*people), seats)
    return rows.select("product", "action", "status", "assigned_via").rows()


def test_each_seat_to_remove_or_add_is_a_row() -> None:
    row = person("cs_enterprise+voice", actions=1, assigned_via=["direct"])
    assert listed(row) == [
        ("cs_enterprise", "remove", "ready", "direct"),
        ("voice", "remove", "ready", "direct"),
        ("cs_professional", "add", "ready", None),
    ]
    assert listed(person("cs_professional", actions=1), person("contact_center")) == []


def test_what_waits_for_the_environment_comes_after_what_can_be_done() -> None:
    idle = person("cs_enterprise+voice", actions=1, assigned_via=["direct"])
    busy = person("cs_enterprise", actions=1, copilot_cases=1)
    assert listed(idle, busy) == [
        ("voice", "remove", "ready", "direct"),
        ("cs_enterprise", "remove", "conditional", "direct"),
        ("cs_professional", "add", "conditional", None),
    ]


def test_a_seat_by_group_says_that_the_group_must_change() -> None:
    row = person("cs_enterprise+voice", assigned_via=["direct", "g1"])
    seats = pl.DataFrame(
        {"person_id": ["ada", "ada"], "product_key": ["cs_enterprise", "voice"], "assigned_via": [["direct"], ["g1"]]}
    )
    assert listed(row, seats=seats) == [
        ("cs_enterprise", "remove", "ready", "direct"),
        ("voice", "remove", "ready", "group g1: the group must change"),
    ]
    assert listed(row)[0][3] == "direct|group g1: the group must change"


# -- reasons ---------------------------------------------------------------------------------------------------


def reasons(products: str, asked: Client | None = None, **facts: Any) -> list[str]:
    text: str = rows_of(person(products, **facts), asked=asked)["reasons"].item()
    return text.split(" | ")


def test_each_right_says_what_was_counted_and_what_follows() -> None:
    said = reasons("cs_enterprise+voice", actions=3, own_cases=1, other_cases=2, voice_last=date(2025, 11, 2))
    assert "Cases: 3 acts in 180 days; 1 own and 2 other cases worked; telemetry covers 100 % of them; needed" in said
    work = "Voice: 0 calls handled or consulted in 180 days; telemetry covers 100 % of them"
    assert f"{work}; last call 2025-11-02; not needed" in said
    thin = reasons("cs_enterprise+voice", actions=1, voice_handled=1, voice_days=1, coverage_voice=97.25)
    assert any(text.startswith("Voice: 1 call handled or consulted in 180 days on 1 day; ") for text in thin)
    assert any("telemetry covers 97.3 %" in text and text.endswith("needed, thinly used") for text in thin)


def test_each_hold_says_what_it_rests_on() -> None:
    def held(right: str, **facts: Any) -> str:
        (text,) = [text for text in reasons("cs_premium", **facts) if text.startswith(right)]
        return text.split("; kept ", 1)[1]

    assert held("Voice", coverage_voice=40.0) == (
        "(insufficient_data): telemetry covers 40 % of the window, 80 % are needed"
    )
    assert held("Cases", tenure_record=1) == "(insufficient_data): only 1 day old, 60 are needed"
    assert held("Cases", has_record=False, environments=[]) == (
        "(insufficient_data): no user record in any production environment"
    )
    assert held("Digital", unknown_sessions=2) == "(insufficient_data): 2 sessions of unknown channel"
    assert held("Voice", indirect_voice=1).startswith("(confirm_indirect): another account")
    assert held("Voice", voice_monitored=3, supervisor=True) == (
        "(confirm_supervisor): monitored 3 calls; holds a supervisor role: does watching need the channel?"
    )
    assert held("Digital", queue_digital=True) == "(confirm_queue): member of a messaging queue: is work expected?"
    assert held("Digital", digital_season=4) == "(confirm_seasonal): 4 conversations in the 220 days before: a season?"
    assert held("Enterprise", season_enterprise=True).startswith("(confirm_seasonal): work that needs Enterprise")
    assert (
        held("Voice", season_coverage_voice=12.5)
        == "(confirm_seasonal): the 220 days before are covered to 12.5 % only"
    )
    assert held("Cases", seen_in_window=True, last_seen=datetime(2026, 6, 1)) == (
        "(confirm_reader): last seen 2026-06-01: is reading cases part of the work?"
    )
    assert held("Cases", last_seen_exported=False) == "(confirm_reader): no export shows who opens the application"


def test_whatever_else_is_to_be_known_is_said() -> None:
    assert reasons("cs_enterprise", left=True) == ["Left: the account is disabled"]
    assert "Team Members beside another product: does another application need it?" in reasons(
        "cs_enterprise+team_members"
    )
    assert any("If so: cs_professional" in text for text in reasons("team_members", actions=1, queue_items=1))
    assert any("SLA" in text and "Professional" in text for text in reasons("cs_enterprise", actions=1, sla_cases=1))
    assert "cs_premium: probably Premium, confirm" in reasons(
        "cs_premium", product_notes=["cs_premium: probably Premium, confirm"]
    )
    euro = client({"cs_enterprise": 90.0}, currency="EUR")
    assert any(
        "grants it: voice" in text for text in reasons("cs_enterprise", euro, actions=1, voice_handled=1, voice_days=1)
    )
    assert any("no price" in text for text in reasons("cs_premium", euro))
    kept = client(decisions=[("ada", "voice", "keep", date(2026, 6, 1), None)])
    said = reasons("cs_enterprise+voice", kept, actions=1)
    assert "Decided earlier: keep:voice" in said
    assert any(text.startswith("Voice") and text.endswith("kept by a decision") for text in said)


def test_what_the_sources_cannot_prove_and_what_is_declared_is_said_to_whom_it_concerns() -> None:
    covered = pl.DataFrame(
        {
            "environment": ["prod", "prod", "dev"],
            "source": ["sessions", "cases", "cases"],
            "reason": ["table msdyn_ocsession was not loaded", None, "looks filtered"],
            "declared": [["season"], ["season", "stale"], []],
        }
    )
    rows = decided(person("cs_enterprise"), person("cs_enterprise", environments=[]))
    said = with_reasons(rows, resolve({}), load_rulebook(), client(), covered)["reasons"].to_list()
    assert said[0].split(" | ")[-3:] == [
        "prod: declared by the client: season",
        "prod: declared by the client: stale",
        "prod: sessions: table msdyn_ocsession was not loaded",
    ]
    assert "prod" not in said[1]
