"""Evidence per person: windows to the second, distinct counts, environments, tenure, holds' facts."""

from __future__ import annotations

from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from d365bench import thresholds
from d365bench.analysis.coverage import SCHEMA
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
    found = rows(estate, values)
    assert guid("oid:ada") in found, "not among the people to decide"
    return found[guid("oid:ada")]


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
    assert (row["season_enterprise"], row["indirect_enterprise"]) == (False, False)
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


@pytest.mark.parametrize(("marks", "expected"), [({"slaid": guid("sla")}, False), ({"entitlementid": guid("e")}, True)])
def test_doubts_about_enterprise_are_told_apart_by_what_they_would_be_without_slas(
    marks: dict[str, str], expected: bool
) -> None:
    estate = with_ada()
    estate.user("bob")
    estate.case("c", "bob", "2026-05-03", **marks)
    estate.worked("c", "ada", "2026-05-20", createdon=at("2026-05-03"))
    estate.worked("c", "ada", "2026-06-20", createdon=at("2026-05-03"), modifiedonbehalfby=guid("flow"))
    row = ada(estate)
    assert (row["season_enterprise"], row["indirect_enterprise"]) == (True, True)
    assert (row["season_beside_sla"], row["indirect_beside_sla"]) == (expected, expected)


def test_a_record_in_the_look_back_raises_a_doubt_whatever_an_slas_place_is() -> None:
    estate = with_ada()
    estate.served("ada", "2026-05-31", RECORD)
    assert ada(estate)["season_beside_sla"]


def test_acts_by_another_account_before_the_window_are_none_in_it() -> None:
    estate = with_ada()
    estate.user("bob")
    estate.case("c", "bob", "2026-05-03", slaid=guid("sla"))
    estate.worked("c", "ada", "2026-05-20", createdon=at("2026-05-03"), modifiedonbehalfby=guid("flow"))
    row = ada(estate)
    assert (row["indirect_enterprise"], row["indirect_actions"], row["season_enterprise"]) == (False, 0, False)


def test_a_record_before_the_window_is_of_the_look_back() -> None:
    estate = with_ada()
    estate.served("ada", "2026-05-31", RECORD)
    row = ada(estate)
    assert (row["routed_records"], row["season_enterprise"]) == (0, True)


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


@pytest.mark.parametrize(("when", "theirs"), [("2026-05-01 23:59", False), ("2026-05-02", True), ("2026-07-01", False)])
def test_acting_makes_an_environment_from_the_look_back_on_and_before_as_of(when: str, theirs: bool) -> None:
    estate = Estate(north={}, south={})
    estate.user("ada", "north")
    estate.user("ada", "south", isdisabled=True)
    estate.account("ada", "cs_enterprise")
    estate.served("ada", when, environment="south")
    assert ("south" in ada(estate)["environments"]) == theirs


def test_roles_of_yesterday_make_no_environment() -> None:
    estate = with_ada(north={}, south={})
    for side in ("north", "south"):
        estate.add("systemuserroles", side, side, systemuserid=guid(f"{side}:someone"), roleid=guid("r"))
    estate.add("systemuserroles", "x", "north", systemuserid=guid("north:ada"), roleid=guid("r"), standing="deleted")
    estate.add("teamroles", "tr", "south", teamid=guid("t"), roleid=guid("r"))
    estate.add("teammembership", "m", "south", systemuserid=guid("south:ada"), teamid=guid("t"), standing="deleted")
    assert ada(estate)["environments"] == []


@pytest.mark.parametrize(
    ("when", "environment", "decided"),
    [
        ("2026-06-01", "prod", True),
        ("2026-05-31 23:59", "prod", False),
        ("2026-07-01", "prod", False),
        ("2026-06-01", "sales", False),
    ],
)
def test_without_a_product_an_action_in_the_window_decides(when: str, environment: str, decided: bool) -> None:
    estate = Estate(prod={}, sales={"service": False})
    estate.user("ada", environment)
    estate.served("ada", when, environment=environment)
    assert bool(rows(estate)) == decided


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


def test_a_supervisors_role_is_known_by_its_template_under_any_name() -> None:
    estate = with_ada()
    estate.add("role", "r", name="Leitung", roletemplateid=guid("template"))
    estate.add("systemuserroles", "x", systemuserid=guid("prod:ada"), roleid=guid("r"))
    store = estate.roll()
    assert evidence(store, CLIENT, WINDOW)["supervisor"].to_list() == [False]
    store.connection.execute(
        "UPDATE rule_role SET template_id = upper(?) WHERE kind = 'supervisor'", [guid("template")]
    )
    assert evidence(store, CLIENT, WINDOW)["supervisor"].to_list() == [True]


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


def test_tenure_counts_from_the_first_record_the_last_assignment_and_the_channels_start() -> None:
    estate = Estate(north={}, south={}, play={"kind": "sandbox"})
    for side, created in (("north", "2026-05-01"), ("south", "2026-06-01"), ("play", "2025-01-01")):
        estate.user("ada", side, createdon=at(created))
    estate.account("ada", "cs_premium", on="2026-05-12")
    for number, product in enumerate(("cs_enterprise", "digital_messaging", "voice"), start=1):
        estate.licences.append(
            {**estate.licences[0], "sku_id": product, "assigned_at": at("2026-05-12").replace(day=12 + number)}
        )
    for side, day in (("north", 10), ("south", 20)):
        for channel in (DIGITAL, VOICE):
            for later in (0, 5):
                estate.served("ada", f"2026-06-{day + later}", channel, environment=side)
    row = ada(estate)
    rights = ("cases", "enterprise", "digital", "voice")
    assert row["tenure_record"] == 61
    assert [row[f"tenure_assigned_{right}"] for right in rights] == [49, 49, 48, 47]
    assert (row["tenure_channel_digital"], row["tenure_channel_voice"]) == (21, 21)


def test_what_shows_use_is_said_to_be_exported() -> None:
    audited, purview = with_ada(), with_ada()
    audited.add("audit", "a", userid=guid("prod:bob"), operation=4, createdon=at("2026-06-02"))
    purview.purview.append({"user_id": "bob@example.test", "at_instant": at("2026-06-02")})
    assert [ada(estate)["last_seen_exported"] for estate in (audited, purview)] == [True, True]


def test_access_by_another_account_is_no_use_of_ones_own() -> None:
    estate = with_ada()
    access = {"userid": guid("prod:ada"), "operation": 4, "createdon": at("2026-06-02")}
    estate.add("audit", "a", **access, callinguserid=guid("flow"))
    assert ada(estate)["last_seen"] is None
    estate.add("audit", "b", **access)
    assert ada(estate)["last_seen"] == datetime(2026, 6, 2)


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


def test_each_coverage_is_the_lowest_of_its_own_source() -> None:
    percents = {"sessions": 10.0, "cases": 20.0, "case_history": 30.0}
    covered = pl.DataFrame(
        [
            {"environment": side, "source": source, "percent": percent + more, "season_percent": percent + more + 5}
            for side, more in (("north", 0.0), ("south", 50.0))
            for source, percent in percents.items()
        ],
        schema=SCHEMA,
    )
    (row,) = evidence(with_ada(north={}, south={}).roll(), CLIENT, WINDOW, covered).to_dicts()
    sources = ("digital", "voice", "record", "any_channel", "cases", "history")
    lowest = [10.0, 10.0, 10.0, 10.0, 20.0, 30.0]
    assert row["coverage_sessions"] == 10.0
    assert [row[f"coverage_{source}"] for source in sources] == lowest
    assert [row[f"season_coverage_{source}"] for source in sources] == [percent + 5 for percent in lowest]


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
    estate.directory[0] |= {"account_enabled": False}
    assert ada(estate)["left"] is False, "only a person can leave"


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


def test_a_team_may_give_a_role_where_the_roles_of_teams_were_not_exported() -> None:
    estate = with_ada()
    estate.add("systemuserroles", "x", systemuserid=guid("prod:someone"), roleid=guid("r"))
    estate.add("teammembership", "m", systemuserid=guid("prod:ada"), teamid=guid("t"))
    store = estate.roll()
    assert evidence(store, CLIENT, WINDOW)["environments"].to_list() == [[]]
    store.connection.execute("DELETE FROM file_set WHERE table_name = 'teamroles'")
    assert evidence(store, CLIENT, WINDOW)["environments"].to_list() == [["prod"]]


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
