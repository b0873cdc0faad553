"""Evidence per person: windows to the second, distinct counts, environments, tenure, holds' facts."""

from __future__ import annotations

from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from d365bench import thresholds
from d365bench.analysis.evidence import environments, evidence
from estate import CONSULT, DIGITAL, MONITOR, RECORD, VOICE, WHATSAPP, Estate, at, guid

CLIENT: Any = SimpleNamespace(as_of=date(2026, 7, 1))
WINDOW = thresholds.resolve(
    {"window_days": 30, "season_days": 60}
)  # window 2026-06-01 … 06-30, look-back 05-02 … 05-31


def rows(estate: Estate, values: dict[str, int] | None = None) -> dict[str, dict[str, Any]]:
    frame = evidence(estate.roll(), CLIENT, values or WINDOW)
    return {row["person_id"]: row for row in frame.to_dicts()}


def ada(estate: Estate, values: dict[str, int] | None = None) -> dict[str, Any]:
    return rows(estate, values)[guid("oid:ada")]


def with_ada(**environments_: Any) -> Estate:
    estate = Estate(**environments_)
    for name in environments_ or {"prod": {}}:
        estate.user("ada", name)
    estate.account("ada", "cs_enterprise")
    return estate


@pytest.mark.parametrize(
    ("when", "window", "season"),
    [
        ("2026-07-01 00:00:00", 0, 0),
        ("2026-06-30 23:59:59", 1, 0),
        ("2026-06-01 00:00:00", 1, 0),
        ("2026-05-31 23:59:59", 0, 1),
        ("2026-05-02 00:00:00", 0, 1),
        ("2026-05-01 23:59:59", 0, 0),
    ],
)
def test_window_and_look_back_to_the_second(when: str, window: int, season: int) -> None:
    estate = with_ada()
    estate.served("ada", when)
    row = ada(estate)
    assert (row["digital_handled"], row["digital_season"]) == (window, season)
    assert row["digital_last"] == (None if when.startswith("2026-07") else date.fromisoformat(when[:10]))


def test_an_object_touched_on_several_days_counts_once_in_any_window() -> None:
    estate = with_ada()
    estate.session("s", DIGITAL)
    for number, when in enumerate(("2026-05-20", "2026-06-02", "2026-06-05", "2026-06-05")):
        estate.joined(f"p{number}", "s", "ada", when)
    estate.joined("q", "s", "ada", "2026-06-06", CONSULT)
    row = ada(estate)
    assert (row["digital_handled"], row["digital_consulted"], row["digital_days"], row["digital_season"]) == (
        1,
        1,
        3,
        1,
    )


def test_counts_by_class_and_mode() -> None:
    estate = with_ada()
    estate.served("ada", "2026-06-02 09:00", DIGITAL)
    estate.served("ada", "2026-06-02 10:00", WHATSAPP, CONSULT)
    estate.served("ada", "2026-06-02 11:00", VOICE)
    estate.served("ada", "2026-06-03 11:00", VOICE, MONITOR)
    estate.served("ada", "2026-06-03 12:00", RECORD)
    estate.served("ada", "2026-06-03 13:00", None)
    row = ada(estate)
    assert {
        key: row[key]
        for key in (
            "digital_handled",
            "digital_consulted",
            "voice_handled",
            "voice_monitored",
            "routed_records",
            "unknown_sessions",
        )
    } == {
        "digital_handled": 1,
        "digital_consulted": 1,
        "voice_handled": 1,
        "voice_monitored": 1,
        "routed_records": 1,
        "unknown_sessions": 1,
    }
    assert (row["digital_days"], row["voice_days"], row["live_chat_only"], row["actions"]) == (1, 1, False, 6)


def test_a_routed_record_handled_and_consulted_is_one_record() -> None:
    estate = with_ada()
    estate.session("s", RECORD)
    estate.joined("p", "s", "ada", "2026-06-02")
    estate.joined("q", "s", "ada", "2026-06-03", CONSULT)
    assert ada(estate)["routed_records"] == 1


def test_cases_own_other_and_their_marks() -> None:
    estate = with_ada()
    estate.user("bob")
    estate.case("own", "ada", "2026-06-02", slaid=guid("sla"))
    estate.case("other", "bob", "2026-06-02", slaid=guid("sla"), entitlementid=guid("e"))
    estate.case("other2", "bob", "2026-06-02", msdyn_copilotengaged=True)
    estate.worked("other", "ada", "2026-06-03", createdon=at("2026-06-02"))
    estate.worked("other", "ada", "2026-06-04", createdon=at("2026-06-02"))
    estate.resolved("other2", "ada", "2026-06-04")
    estate.resolved("lost", "ada", "2026-06-05")
    row = ada(estate)
    keys = (
        "own_cases",
        "other_cases",
        "other_resolved_cases",
        "other_case_days",
        "sla_cases",
        "entitlement_cases",
        "copilot_cases",
        "case_days",
    )
    # the own case was only created: it counts as own, but nobody worked its SLA
    assert tuple(row[key] for key in keys) == (1, 2, 1, 2, 1, 1, 1, 4)


def test_enterprise_marks_in_the_look_back_and_by_another_account() -> None:
    estate = with_ada()
    estate.user("bob")
    estate.case("c", "bob", "2026-05-03", slaid=guid("sla"))
    estate.worked("c", "ada", "2026-05-20", createdon=at("2026-05-03"))
    estate.worked("c", "ada", "2026-06-20", createdon=at("2026-05-03"), modifiedonbehalfby=guid("flow"))
    row = ada(estate)
    assert (row["sla_cases"], row["season_enterprise"], row["indirect_enterprise"], row["indirect_actions"]) == (
        0,
        True,
        True,
        1,
    )


def test_sandbox_and_serviceless_environments_are_never_counted() -> None:
    estate = with_ada(prod={}, play={"kind": "sandbox"}, sales={"service": False})
    for environment in ("play", "sales"):
        estate.served("ada", "2026-06-02", environment=environment)
    row = ada(estate)
    assert (row["digital_handled"], row["actions"], row["environments"]) == (0, 0, ["prod"])


def test_a_person_acting_only_in_a_sandbox_is_not_decided() -> None:
    estate = Estate(prod={}, play={"kind": "sandbox"})
    estate.user("ada", "play")
    estate.served("ada", "2026-06-02", environment="play")
    assert rows(estate) == {}


def test_the_persons_environments() -> None:
    estate = Estate(north={}, south={}, west={})
    estate.account("ada", "cs_enterprise")
    estate.user("ada", "north")
    estate.user("ada", "south", isdisabled=True)
    assert ada(estate)["environments"] == ["north"]
    estate.served("ada", "2026-05-10", environment="south")
    assert ada(estate)["environments"] == ["north", "south"]


def test_where_roles_were_exported_an_environment_needs_a_role_or_an_action() -> None:
    estate = with_ada(north={}, south={}, west={}, east={})
    estate.add("systemuserroles", "x", "north", systemuserid=guid("north:someone"), roleid=guid("r"))
    estate.add("systemuserroles", "y", "south", systemuserid=guid("south:ada"), roleid=guid("r"))
    estate.add("systemuserroles", "z", "west", systemuserid=guid("west:someone"), roleid=guid("r"))
    estate.add("teammembership", "m", "west", systemuserid=guid("west:ada"), teamid=guid("t"))
    estate.add("teamroles", "tr", "west", teamid=guid("t"), roleid=guid("r"))
    assert ada(estate)["environments"] == ["east", "south", "west"]
    estate.served("ada", "2026-06-02", environment="north")
    assert ada(estate)["environments"] == ["east", "north", "south", "west"]


def test_only_disabled_records_keep_their_environments() -> None:
    estate = Estate(north={}, south={})
    estate.user("ada", "north", isdisabled=True)
    estate.account("ada", "cs_enterprise")
    row = ada(estate)
    assert (row["environments"], row["left"], row["account_enabled"]) == (["north"], False, True)


@pytest.mark.parametrize(
    ("role", "template", "supervisor"),
    [
        ("Omnichannel Supervisor", None, True),
        ("omnichannel supervisor ", None, True),
        ("Omnichannel agent", None, False),
    ],
)
def test_supervisor_roles_are_compared_in_folded_case(role: str, template: str | None, supervisor: bool) -> None:
    estate = with_ada()
    estate.add("role", "r", name=role)
    estate.add("systemuserroles", "x", systemuserid=guid("prod:ada"), roleid=guid("r"))
    assert ada(estate)["supervisor"] is supervisor


@pytest.mark.parametrize(
    ("kind", "digital", "voice"), [(192350000, True, False), (192350001, False, False), (192350002, False, True)]
)
def test_queue_membership_today(kind: int, digital: bool, voice: bool) -> None:
    estate = with_ada()
    estate.add("queue", "q", msdyn_queuetype=kind, statecode=0)
    estate.add("queuemembership", "m", queueid=guid("q"), systemuserid=guid("prod:ada"))
    row = ada(estate)
    assert (row["queue_digital"], row["queue_voice"]) == (digital, voice)


def test_a_membership_that_ended_is_none_today() -> None:
    estate = with_ada()
    estate.add("queue", "q", msdyn_queuetype=192350000)
    estate.add("queuemembership", "m", queueid=guid("q"), systemuserid=guid("prod:ada"), standing="superseded")
    assert ada(estate)["queue_digital"] is False


def test_tenure_counts_days_to_as_of() -> None:
    estate = Estate()
    estate.user("ada", createdon=at("2026-06-01 15:00"))
    estate.account("ada", "cs_enterprise", on="2026-05-02")
    estate.licences.append({**estate.licences[0], "sku_id": "voice", "assigned_at": at("2026-06-11")})
    estate.served("ada", "2026-06-21", VOICE)
    row = ada(estate)
    assert row["tenure_record"] == 30
    assert (
        row["tenure_assigned_enterprise"],
        row["tenure_assigned_cases"],
        row["tenure_assigned_voice"],
        row["tenure_assigned_digital"],
    ) == (60, 60, 20, None)
    assert (row["tenure_channel_voice"], row["tenure_channel_digital"]) == (10, None)


def test_last_seen_is_the_latest_of_sign_in_access_and_purview() -> None:
    estate = with_ada()
    assert (ada(estate)["last_seen"], ada(estate)["last_seen_exported"]) == (None, False)
    estate.directory[0] |= {"last_sign_in": at("2026-05-01 08:00"), "sign_in_exported": True}
    row = ada(estate)
    assert (row["last_seen"], row["last_seen_exported"], row["seen_in_window"]) == (
        datetime(2026, 5, 1, 8),
        True,
        False,
    )
    estate.add("audit", "a", userid=guid("prod:ada"), operation=4, createdon=at("2026-05-31 23:59:59"))
    assert ada(estate)["seen_in_window"] is False
    estate.purview.append({"user_id": "ada@example.test", "at_instant": at("2026-06-01")})
    assert (ada(estate)["last_seen"], ada(estate)["seen_in_window"]) == (datetime(2026, 6, 1), True)


def test_coverage_is_the_lowest_among_the_persons_environments() -> None:
    estate = with_ada(north={"not_provisioned": ["digital"]}, south={"not_provisioned": ["digital", "voice", "record"]})
    row = ada(estate)
    assert (row["coverage_sessions"], row["coverage_digital"], row["coverage_voice"], row["coverage_any_channel"]) == (
        0.0,
        100.0,
        0.0,
        0.0,
    )


def test_the_look_back_leaves_out_accepted_seasons() -> None:
    assert ada(with_ada(prod={"accept": ["season"]}))["season_coverage_cases"] == 100.0
    assert ada(with_ada())["season_coverage_cases"] == 0.0


def test_a_holder_without_user_record_is_decided_without_record() -> None:
    estate = Estate()
    estate.account("ada", "voice")
    row = ada(estate)
    assert (row["has_record"], row["environments"], row["coverage_voice"], row["current_products"]) == (
        False,
        [],
        None,
        ["voice"],
    )


@pytest.mark.parametrize(
    ("directory", "complete", "products", "known"),
    [
        (True, True, ["cs_enterprise"], "found"),
        (True, True, [], "found"),
        (True, False, [], "absent_complete"),
        (False, True, [], "absent_complete"),
        (False, False, [], "unknown"),
    ],
)
def test_whether_the_licences_of_a_person_are_known(
    directory: bool, complete: bool, products: list[str], known: str
) -> None:
    estate = Estate()
    estate.user("ada")
    estate.served("ada", "2026-06-02")
    estate.account("bob")
    if directory:
        estate.account("ada", *products)
    estate.licence_complete = complete
    assert ada(estate)["licence_known"] == known


def test_without_licence_source_products_are_unknown() -> None:
    estate = Estate()
    estate.user("ada")
    estate.served("ada", "2026-06-02")
    assert ada(estate)["licence_known"] == "unknown"


def test_a_licence_on_an_account_that_is_no_person_is_listed() -> None:
    estate = Estate()
    estate.user("ada", accessmode=4)
    estate.account("ada", "cs_enterprise")
    row = ada(estate)
    assert (row["human"], row["left"], row["environments"]) == (False, False, [])


def test_environments_count_active_queues() -> None:
    estate = Estate()
    for number, state in enumerate((0, 0, 1, None)):
        estate.add("queue", f"q{number}", statecode=state)
    assert environments(estate.roll())["active_queues"].to_list() == [3]


# -- absence that the exports do not prove -----------------------------------------------------------------------


def test_roles_count_as_exported_only_where_they_prove_their_absence() -> None:
    def estate_with_roles() -> Estate:
        estate = with_ada()
        estate.add("systemuserroles", "x", systemuserid=guid("prod:someone"), roleid=guid("r"))
        return estate

    assert ada(estate_with_roles())["environments"] == []
    for table in ("systemuserroles", "teammembership", "teamroles"):
        estate = estate_with_roles()
        estate.incomplete = {table}
        assert ada(estate)["environments"] == ["prod"], table
    estate = estate_with_roles()
    estate.rows["systemuserroles"][0]["standing"] = "deleted"
    assert ada(estate)["environments"] == ["prod"], "an export without a role proves nothing"


def test_user_records_are_complete_only_as_whole_deliveries() -> None:
    estate = with_ada(prod={}, other={})
    assert ada(estate)["records_complete"] is True
    estate.incomplete = {"systemuser"}
    assert ada(estate)["records_complete"] is False
    lonely = Estate(prod={}, other={})
    lonely.user("ada")
    lonely.account("ada", "cs_enterprise")
    assert ada(lonely)["records_complete"] is False, "an environment without user records"
    sales = Estate(sales={"service": False})
    sales.account("ada", "cs_enterprise")
    assert ada(sales)["records_complete"] is False, "no environment to look at"


def test_a_list_without_licences_finds_nobody() -> None:
    estate = Estate()
    estate.user("ada")
    estate.served("ada", "2026-06-02")
    estate.account("bob", "cs_enterprise")
    estate.account("ada", licences_exported=False)
    assert ada(estate)["licence_known"] == "absent_complete"


def test_a_purview_act_under_an_alias_is_the_persons() -> None:
    estate = with_ada()
    estate.directory[0]["proxy_addresses"] = ["maiden@example.test"]
    estate.purview.append({"user_id": "maiden@example.test", "at_instant": at("2026-06-01")})
    assert ada(estate)["seen_in_window"] is True
