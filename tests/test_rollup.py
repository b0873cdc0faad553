"""What becomes an action, and of whom: each rule with a case on each side."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from d365bench.store import Store
from estate import (
    CONSULT,
    DIGITAL,
    MONITOR,
    PREVIEW,
    PRIMARY,
    RECORD,
    SECONDARY,
    VOICE,
    WHATSAPP,
    Estate,
    at,
    guid,
)


def table(store: Store, name: str) -> list[dict[str, Any]]:
    return store.connection.sql(f"FROM {name}").pl().to_dicts()


def actions(store: Store, name: str = "activity_day") -> dict[tuple[str, str], int]:
    """(person, action) → distinct objects, over all days."""
    frame = (
        store.connection.sql(f"FROM {name}").pl().group_by("person_id", "action").agg(pl.col("distinct_objects").sum())
    )
    return {(row["person_id"], row["action"]): row["distinct_objects"] for row in frame.to_dicts()}


def person(name: str) -> str:
    return guid(f"oid:{name}")


@pytest.mark.parametrize(
    ("channel", "mode", "action"),
    [
        (DIGITAL, PRIMARY, "digital.handled"),
        (WHATSAPP, CONSULT, "digital.consulted"),
        (19241000, PRIMARY, "digital.handled"),  # Teams' eight-digit value
        (DIGITAL, MONITOR, "digital.monitored"),
        (VOICE, PRIMARY, "voice.handled"),
        (VOICE, CONSULT, "voice.consulted"),
        (VOICE, MONITOR, "voice.monitored"),
        (RECORD, PRIMARY, "record.handled"),
        (RECORD, CONSULT, "record.consulted"),
        (RECORD, MONITOR, None),
        (None, PRIMARY, "unknown.handled"),
        (192999999, CONSULT, "unknown.handled"),
        (None, MONITOR, None),
        (SECONDARY, PRIMARY, None),  # a voice stream inside a chat is not Voice
        (DIGITAL, PREVIEW, None),
        (DIGITAL, None, None),
    ],
)
def test_mode_and_channel_make_the_action(channel: int | None, mode: int | None, action: str | None) -> None:
    estate = Estate()
    estate.user("ada")
    estate.session("s", channel)
    estate.joined("p", "s", "ada", "2026-05-01 10:00", mode)  # type: ignore[arg-type]
    assert actions(estate.roll()) == ({(person("ada"), action): 1} if action else {})


def test_a_participant_whose_session_row_is_missing_is_of_unknown_channel() -> None:
    estate = Estate()
    estate.user("ada")
    estate.joined("p", "nowhere", "ada", "2026-05-01")
    assert actions(estate.roll()) == {(person("ada"), "unknown.handled"): 1}


def test_invited_is_not_joined_but_counted_as_offered() -> None:
    estate = Estate()
    estate.user("ada")
    estate.session("s", DIGITAL)
    estate.joined("p", "s", "ada", None)
    estate.joined("q", "s", "ada", None, PREVIEW)
    store = estate.roll()
    assert actions(store) == {}
    assert actions(store, "offered_day") == {(person("ada"), "digital.offered"): 1}


def test_a_participant_without_agent_is_attributed_by_the_entra_id() -> None:
    estate = Estate()
    estate.user("ada")
    estate.session("s", DIGITAL)
    estate.joined("p", "s", None, "2026-05-01", msdyn_activedirectoryuserid=person("ada"))
    assert actions(estate.roll()) == {(person("ada"), "digital.handled"): 1}


def test_work_by_an_id_without_user_record_is_unattributed() -> None:
    estate = Estate()
    estate.served("ghost", "2026-05-01")
    estate.case("c", "ghost", "2026-05-01")
    store = estate.roll()
    assert actions(store) == {}
    assert {(row["action"], row["n"]) for row in table(store, "unattributed_day")} == {
        ("digital.handled", 1),
        ("case.created", 1),
    }


@pytest.mark.parametrize(
    "columns",
    [
        {"applicationid": guid("app")},
        {"accessmode": 3},
        {"accessmode": 4},
        {"accessmode": 5},
        {"msdyn_botapplicationid": "b0"},
        {"fullname": "SYSTEM"},
        {"fullname": "Integration"},
    ],
)
def test_accounts_that_are_no_persons_have_no_actions(columns: dict[str, Any]) -> None:
    estate = Estate()
    estate.user("robot", **columns)
    estate.served("robot", "2026-05-01")
    estate.case("c", "robot", "2026-05-01")
    estate.add("knowledgearticle", "k", createdby=guid("prod:robot"), createdon=at("2026-05-01"))
    store = estate.roll()
    assert actions(store) == {}
    assert table(store, "unattributed_day") == []
    assert [row["joined"] for row in table(store, "joined_day")] == [1], "coverage counts anyone's rows"


@pytest.mark.parametrize("accessmode", [0, 1, 2, None])
def test_other_access_modes_are_persons(accessmode: int | None) -> None:
    estate = Estate()
    estate.user("ada", accessmode=accessmode)
    estate.served("ada", "2026-05-01")
    assert actions(estate.roll()) == {(person("ada"), "digital.handled"): 1}


def test_one_interaction_is_one_person_session_and_mode() -> None:
    estate = Estate()
    estate.user("ada")
    estate.session("s", DIGITAL)
    estate.joined("p", "s", "ada", "2026-05-01 09:00")
    estate.joined("q", "s", "ada", "2026-05-01 11:00")
    estate.joined("r", "s", "ada", "2026-05-03 11:00")
    estate.joined("t", "s", "ada", "2026-05-01 12:00", CONSULT)
    store = estate.roll()
    rows = [row for row in table(store, "activity_day") if row["action"] == "digital.handled"]
    assert sorted((row["n"], row["distinct_objects"]) for row in rows) == [(1, 1), (2, 1)]
    repeats = table(store, "activity_repeat")
    assert [(row["action"], row["objects"], (row["day"] - row["previous_day"]).days) for row in repeats] == [
        ("digital.handled", 1, 2)
    ]


def test_every_version_of_a_case_proves_work_and_a_deletion_does_not_undo_it() -> None:
    estate = Estate()
    for name in ("ada", "bob", "cyd"):
        estate.user(name)
    estate.case(
        "c", "ada", "2026-04-01", modifiedby=guid("prod:cyd"), modified_at=at("2026-05-03"), standing="superseded"
    )
    estate.worked("c", "bob", "2026-05-02", createdon=at("2026-04-01"))
    estate.add("incident", "c", standing="deleted", last_live=False, deleted=True)
    assert actions(estate.roll()) == {
        (person("ada"), "case.created"): 1,
        (person("bob"), "case.worked"): 1,
        (person("cyd"), "case.worked"): 1,
    }


def test_the_save_that_creates_a_case_is_no_further_work() -> None:
    estate = Estate()
    estate.user("ada")
    estate.case("c", "ada", "2026-05-01 10:00:00")
    assert actions(estate.roll()) == {(person("ada"), "case.created"): 1}


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"operation": 2, "action": 2}, 1),
        ({"operation": 2, "action": None}, 1),
        ({"operation": 2, "action": 11}, 0),
        ({"operation": 1, "action": 1}, 0),
        ({"operation": 4, "action": 64}, 0),
        ({"operation": 2, "action": 2, "objecttypecode": "112"}, 1),
        ({"operation": 2, "action": 2, "objecttypecode": "account"}, 0),
    ],
)
def test_an_audited_update_of_a_case_is_work(columns: dict[str, Any], expected: int) -> None:
    estate = Estate()
    estate.user("ada")
    values = {
        "userid": guid("prod:ada"),
        "objectid": guid("c"),
        "objecttypecode": "incident",
        "createdon": at("2026-05-01"),
    }
    estate.add("audit", "a", **{**values, **columns})
    assert sum(actions(estate.roll()).values()) == expected


def test_indirect_acts_are_no_actions_of_the_person() -> None:
    estate = Estate()
    estate.user("ada")
    other = guid("flow")
    estate.case("c", "ada", "2026-05-01", createdonbehalfby=other)
    estate.worked("c", "ada", "2026-05-02", modifiedonbehalfby=other)
    estate.resolved("c", "ada", "2026-05-03", createdonbehalfby=other)
    estate.add(
        "audit",
        "a",
        userid=guid("prod:ada"),
        callinguserid=other,
        objectid=guid("c"),
        objecttypecode="incident",
        operation=2,
        action=2,
        createdon=at("2026-05-04"),
    )
    store = estate.roll()
    assert actions(store) == {}
    assert actions(store, "indirect_day") == {
        (person("ada"), "case.created"): 1,
        (person("ada"), "case.worked"): 2,
        (person("ada"), "case.resolved"): 1,
    }
    touched = table(store, "case_touch")
    assert {row["own"] for row in touched} == {0}, "a case created through another account is not own"
    assert {row["day"].day: row["indirect_worked"] for row in touched} == {1: 0, 2: 1, 3: 1, 4: 1}


def test_queue_items_and_articles() -> None:
    estate = Estate()
    estate.user("ada")
    item = {
        "objectid": guid("c"),
        "objecttypecode": "112",
        "workerid": guid("prod:ada"),
        "workeridmodifiedon": at("2026-05-01"),
    }
    estate.add("queueitem", "q1", **item)
    estate.add("queueitem", "q2", **{**item, "objecttypecode": "email"})
    estate.add("queueitem", "q3", **{**item, "workeridtype": "team"})
    article = {
        "createdby": guid("prod:ada"),
        "createdon": at("2026-05-01"),
        "modifiedby": guid("prod:ada"),
        "modified_at": at("2026-05-02"),
    }
    estate.add("knowledgearticle", "k1", isrootarticle=False, **article)
    estate.add("knowledgearticle", "k2", isrootarticle=True, **article)
    store = estate.roll()
    found = {(row["action"], row["day"].isoformat(), row["distinct_objects"]) for row in table(store, "activity_day")}
    assert found == {
        ("queue.worked", "2026-05-01", 1),
        ("knowledge.authored", "2026-05-01", 1),
        ("knowledge.authored", "2026-05-02", 1),
    }


def test_a_day_is_a_utc_day() -> None:
    estate = Estate()
    estate.user("ada")
    estate.served("ada", "2026-05-01 23:59:59")
    estate.served("ada", "2026-05-02 00:00:00")
    assert sorted(row["day"].isoformat() for row in table(estate.roll(), "activity_day")) == [
        "2026-05-01",
        "2026-05-02",
    ]


def test_case_facts_come_from_the_last_live_version() -> None:
    estate = Estate()
    estate.user("ada")
    estate.user("bob")
    estate.case("c", "ada", "2026-04-01", slaid=guid("sla"), msdyn_copilotengaged=True)
    estate.worked("c", "bob", "2026-05-02", createdon=at("2026-04-01"))
    estate.resolved("nowhere", "bob", "2026-05-03")
    rows = {
        (row["person_id"], row["case_id"]): row
        for row in ({**r, "case_id": str(r["case_id"])} for r in table(estate.roll(), "case_touch"))
    }
    ada, bob, lost = (
        rows[person("ada"), guid("c")],
        rows[person("bob"), guid("c")],
        rows[person("bob"), guid("nowhere")],
    )
    assert (ada["own"], ada["sla"], ada["copilot"], ada["entitlement"]) == (1, 1, 1, 0)
    assert (bob["own"], bob["known"], bob["sla"], bob["worked"]) == (0, 1, 1, 1)
    assert (lost["known"], lost["own"], lost["sla"], lost["resolved"]) == (0, 0, 0, 1)


# -- people ------------------------------------------------------------------------------------------------------


def people(store: Store) -> set[str]:
    return {row["person_id"] for row in table(store, "person")}


def test_one_human_in_two_environments_is_one_person() -> None:
    estate = Estate(north={}, south={})
    estate.user("ada", "north", azureactivedirectoryobjectid=guid("oid:ada"))
    estate.user("ada", "south", domainname="OLD@example.test")
    assert people(estate.roll()) == {person("ada")}


def test_different_object_ids_are_never_one_person() -> None:
    estate = Estate()
    estate.user("ada", domainname="same@example.test")
    estate.user("bob", domainname="same@example.test")
    assert people(estate.roll()) == {person("ada"), person("bob")}


def test_a_record_without_object_id_joins_by_upn_in_any_case() -> None:
    estate = Estate()
    estate.user("ada", azureactivedirectoryobjectid=None, domainname="ADA@EXAMPLE.TEST")
    estate.account("ada", "cs_enterprise")
    assert people(estate.roll()) == {person("ada")}


def test_two_records_with_the_same_upn_are_not_joined() -> None:
    estate = Estate()
    estate.user("ada", azureactivedirectoryobjectid=None)
    estate.user("ada2", azureactivedirectoryobjectid=None, domainname="ada@example.test")
    estate.account("ada", "cs_enterprise")
    assert people(estate.roll()) == {person("ada"), guid("prod:ada"), guid("prod:ada2")}


def test_a_record_joins_by_a_proxy_address_where_the_upn_names_nobody() -> None:
    estate = Estate()
    estate.user(
        "ada",
        azureactivedirectoryobjectid=None,
        domainname="maiden@example.test",
        internalemailaddress="Alias@example.test",
    )
    estate.account("ada", proxy_addresses=["alias@example.test", "ada@example.test"])
    assert people(estate.roll()) == {person("ada")}


def test_an_address_of_two_accounts_joins_nobody() -> None:
    estate = Estate()
    estate.user(
        "ada",
        azureactivedirectoryobjectid=None,
        domainname="old@example.test",
        internalemailaddress="desk@example.test",
    )
    estate.account("bob", proxy_addresses=["desk@example.test"])
    estate.account("cyd", proxy_addresses=["desk@example.test"])
    assert people(estate.roll()) == {person("bob"), person("cyd"), guid("prod:ada")}


def test_a_second_record_with_the_upn_of_one_that_joined_by_address_is_the_same_human() -> None:
    estate = Estate(north={}, south={})
    old = {"azureactivedirectoryobjectid": None, "domainname": "maiden@example.test"}
    estate.user("ada", "north", **old, internalemailaddress="alias@example.test")
    estate.user("ada", "south", **old, internalemailaddress=None)
    estate.account("ada", proxy_addresses=["alias@example.test"])
    assert people(estate.roll()) == {person("ada")}


def test_a_directory_row_without_object_id_joins_by_its_own_addresses() -> None:
    estate = Estate()
    estate.user("ada", domainname="maiden@example.test")
    estate.account("ada", object_id=None, upn="ada@example.test", proxy_addresses=["maiden@example.test"])
    assert people(estate.roll()) == {person("ada")}


def test_the_same_version_delivered_twice_is_one_act() -> None:
    estate = Estate()
    for _ in range(2):
        estate.worked("c", "ghost", "2026-05-02", createdon=at("2026-04-01"))
    assert [row["n"] for row in table(estate.roll(), "unattributed_day")] == [1]


def test_without_object_ids_the_upn_joins_environments_and_the_smallest_user_id_names_the_person() -> None:
    estate = Estate(north={}, south={})
    ids = [estate.user("ada", side, azureactivedirectoryobjectid=None) for side in ("north", "south")]
    assert people(estate.roll()) == {min(ids)}


def test_directory_labels_win_else_the_first_production_environment() -> None:
    estate = Estate(aaa={"kind": "sandbox"}, bbb={}, ccc={})
    for side in ("aaa", "bbb", "ccc"):
        estate.user("ada", side, fullname=f"Ada of {side}")
        estate.user("bob", side, fullname=f"Bob of {side}")
    estate.account("ada", display_name="Ada Directory")
    labels = {row["person_id"]: row["display_name"] for row in table(estate.roll(), "person")}
    assert labels == {person("ada"): "Ada Directory", person("bob"): "Bob of bbb"}


@pytest.mark.parametrize(
    ("directory", "disabled_records", "gone"),
    [
        (False, [False], True),
        (True, [True], False),
        (None, [True], True),
        (None, [True, False], False),
        (None, [False], False),
    ],
)
def test_who_has_left(directory: bool | None, disabled_records: list[bool], gone: bool) -> None:
    estate = Estate(north={}, south={})
    for side, disabled in zip(("north", "south"), disabled_records, strict=False):
        estate.user("ada", side, isdisabled=disabled)
    if directory is not None:
        estate.account("ada", account_enabled=directory)
    assert [row["account_disabled"] for row in table(estate.roll(), "person")] == [gone]


def test_the_same_product_through_two_assignments_is_one_seat() -> None:
    estate = Estate()
    estate.account("ada", "cs_enterprise", on="2025-01-01")
    estate.licences.append({**estate.licences[0], "via": "group-1", "assigned_at": at("2025-06-01")})
    seats = table(estate.roll(), "seat")
    assert [(row["product_key"], row["assigned_via"], row["assigned_on"].isoformat()) for row in seats] == [
        ("cs_enterprise", ["direct", "group-1"], "2025-06-01")
    ]
