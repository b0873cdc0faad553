"""Directory, licence and audit-search exports: what each file says, and what is left when all are settled."""

from __future__ import annotations

import csv
import io
import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import polars as pl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from d365bench.ingest import admin_centre, directory, entra_users, get_mguser, graph, purview, values, workbook
from d365bench.ingest.head import look
from d365bench.ingest.reading import Reading
from d365bench.store import Store

SAMPLES = Path(__file__).parent / "samples"
EXPECTED = json.loads((SAMPLES / "expected.json").read_text(encoding="utf-8"))
SHAPES: tuple[ModuleType, ...] = (graph, get_mguser, admin_centre, entra_users, purview, workbook)
ADMIN = tuple(sorted((SAMPLES / "m365_admin").glob("*.csv")))
SKU, OTHER_SKU = "11111111-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002"
GROUP = "33333333-0000-4000-8000-000000000003"


def user_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def read(path: Path, relative: str | None = None) -> Reading:
    """The reading by the one shape that knows the file."""
    head = look(path, relative or path.name, None)
    shapes = [shape for shape in SHAPES if shape.matches(head)]
    assert len(shapes) == 1, f"{path.name}: {[shape.__name__ for shape in shapes]}"
    reading: Reading = shapes[0].read(head)
    held = sum(frame.height for name, frame in reading.frames.items() if name in KEPT)
    assert reading.rows_read == held + len(reading.quarantined) + reading.filtered
    return reading


KEPT = ("directory_user_row", "subscribed_sku_row", "purview_row")


class Folder:
    """Files written with names that say nothing, read and settled together."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = Store.in_memory()
        directory.prepare(self.store)
        self.files = 0

    def add(self, content: str | bytes | Path, folder: str = "") -> Reading:
        if isinstance(content, Path):
            content = content.read_bytes()
        place = self.path / folder
        place.mkdir(exist_ok=True)
        file = place / f"{uuid4().hex}.dat"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        reading = read(file, file.relative_to(self.path).as_posix())
        self.files += 1
        directory.accept(self.store, self.files, reading)
        return reading

    def settle(self) -> Folder:
        directory.settle(self.store)
        return self

    def table(self, name: str) -> pl.DataFrame:
        return self.store.connection.table(name).pl()

    def user(self, upn: str, source: str = "graph") -> dict[str, Any]:
        return self.table("directory_user").row(
            by_predicate=(pl.col("upn") == upn) & (pl.col("source") == source), named=True
        )

    def seats(self, upn: str, source: str = "graph") -> list[tuple[str | None, str | None]]:
        row_no = self.user(upn, source)["row_no"]
        found = self.table("licence_assignment").filter(pl.col("row_no") == row_no)
        return sorted(found.select(pl.coalesce("sku_id", "sku_name"), "via").rows(), key=str)

    def standing(self) -> list[tuple[int, int, int]]:
        return directory.standing_counts(self.store).drop("file_id").rows()

    def complete(self) -> list[bool]:
        return directory.completeness(self.store).get_column("complete").to_list()

    def source(self) -> tuple[str | None, bool]:
        return self.table("licence_source").row(0)  # type: ignore[return-value]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    folder = Folder(tmp_path)
    yield folder
    folder.store.close()


def person(
    number: int, *skus: str, states: Sequence[tuple[str, str | None, str]] | None = None, **more: Any
) -> dict[str, Any]:
    """A Graph user; a state is (SKU, group, state)."""
    user = {"id": user_id(number), "userPrincipalName": f"p{number}@example.test", "accountEnabled": True, "mail": None}
    user["assignedLicenses"] = [{"skuId": sku, "disabledPlans": []} for sku in skus]
    if states is not None:
        user["licenseAssignmentStates"] = [
            {"skuId": sku, "assignedByGroup": group, "state": state, "lastUpdatedDateTime": "2026-03-01T10:00:00Z"}
            for sku, group, state in states
        ]
    return {**user, **more}


def page(*users: Mapping[str, Any], more: bool = False, context: str = "users(id)", **annotations: Any) -> str:
    answer: dict[str, Any] = {"@odata.context": f"https://graph.example.test/v1.0/$metadata#{context}", **annotations}
    if more:
        answer["@odata.nextLink"] = "https://graph.example.test/v1.0/users?$skiptoken=x"
    return json.dumps({**answer, "value": users})


def sheet(rows: Sequence[Mapping[str, object]], delimiter: str = ",") -> str:
    """A CSV of rows that share their columns."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def audit(**more: Any) -> dict[str, Any]:
    given = {"Id": str(uuid4()), "RecordType": 21, "UserId": "P1@Example.test", "CreationTime": "2026-05-01T08:00:00"}
    return {**given, "CorrelationId": str(uuid4()), "Message": "Update", "EntityId": user_id(9), **more}


def audits(*records: Mapping[str, Any] | str) -> str:
    return sheet(
        [{"CreationDate": "", "UserIds": "", "AuditData": r if isinstance(r, str) else json.dumps(r)} for r in records]
    )


# -- the sample files ---------------------------------------------------------------------------------------------


def test_graph_sample_gives_the_known_seats(folder: Folder) -> None:
    expected = EXPECTED["graph"]
    users = folder.add(SAMPLES / "graph" / "users.json")
    folder.add(SAMPLES / "graph" / "subscribedSkus.json")
    folder.settle()
    people, seats, skus = (folder.table(n) for n in ("directory_user", "licence_assignment", "subscribed_sku"))
    held = seats.select("row_no", "sku_id").unique()
    assert (users.shape, users.rows_read, people.height) == ("graph", expected["users"], expected["users"])
    assert people.filter(pl.col("user_type") == "Guest").height == expected["guests"]
    assert people.height - held.get_column("row_no").n_unique() == expected["users_without_licence"]
    assert held.height == expected["assigned_licences"]
    assert users.note == f"{expected['assignment_states']} assignment states"
    counted = held.join(skus, on="sku_id").group_by("part_number", "consumed").len("seats")
    assert dict(counted.select("part_number", "seats").rows()) == expected["seats"]
    unseen = {part: consumed - seats for part, consumed, seats in counted.rows() if consumed != seats}
    assert unseen == expected["consumed_minus_seats"]
    assert skus.get_column("purchased").sum() == 30
    assert folder.source() == ("graph", True)


def test_graph_sample_page_without_its_follower_is_incomplete(folder: Folder) -> None:
    reading = folder.add(SAMPLES / "graph" / "users_incomplete_page1.json")
    folder.settle()
    expected = EXPECTED["graph"]["users_incomplete_page1.json"]
    assert (reading.rows_read, reading.complete) == (expected["rows_read"], expected["complete"])
    assert folder.complete() == [False]
    assert folder.source() == ("graph", False)


def test_graph_sample_page_beside_a_whole_export_stays_incomplete_and_does_no_harm(folder: Folder) -> None:
    folder.add(SAMPLES / "graph" / "users_incomplete_page1.json")
    folder.add(SAMPLES / "graph" / "users.json")
    folder.settle()
    assert folder.complete() == [False, True]
    assert folder.standing() == [(0, 5, 0), (14, 0, 0)]
    assert folder.source() == ("graph", True)


def test_graph_sample_without_licences_is_refused(folder: Folder) -> None:
    reading = folder.add(SAMPLES / "graph" / "users_default_select.json")
    assert EXPECTED["graph"]["users_default_select.json"]["refused"] in (reading.refused or "")
    assert not reading.frames
    assert folder.settle().source() == (None, False)


@pytest.mark.parametrize("path", ADMIN, ids=lambda path: path.stem)
def test_admin_centre_sample_gives_the_known_licences(folder: Folder, path: Path) -> None:
    expected = EXPECTED["m365_admin"]
    reading = folder.add(path)
    folder.settle()
    people, seats = (folder.table(name) for name in ("directory_user", "licence_assignment"))
    held = seats.select("row_no", "sku_name").unique()
    assert reading.rows_read == people.height == expected["rows_each"]
    assert people.height - held.get_column("row_no").n_unique() == expected["unlicensed_each"]
    assert held.height == expected["licence_names_each"]
    assert sum(name.count("+") + 1 for name in held.get_column("sku_name")) == expected["naive_plus_split"]
    assert {"Chloé Specimen", "Gréta Specimen"} <= set(people.get_column("display_name"))
    assert people.filter(~pl.col("account_enabled")).get_column("upn").to_list() == ["hugo.specimen@contoso.example"]
    assert folder.source() == ("admin_centre", True)


def test_there_are_as_many_admin_centre_samples_as_known() -> None:
    assert len(ADMIN) == EXPECTED["m365_admin"]["files"]


def test_all_admin_centre_samples_together_are_one_list(folder: Folder) -> None:
    for path in ADMIN:
        folder.add(path)
    folder.add(SAMPLES / "refuse_misc" / "utf16_users.csv")
    folder.settle()
    assert folder.table("directory_user").height == EXPECTED["m365_admin"]["rows_each"]
    assert sum(latest for latest, _, _ in folder.standing()) == 14
    assert sum(superseded for _, superseded, _ in folder.standing()) == 43
    digital, enterprise, *_ = folder.seats("alba.specimen@contoso.example", "admin_centre")
    assert (digital[1], enterprise[1]) == ("group", "direct")


def test_utf16_sample_is_read(folder: Folder) -> None:
    reading = folder.add(SAMPLES / "refuse_misc" / "utf16_users.csv")
    assert (reading.shape, reading.rows_read, reading.refused) == ("m365_admin", 1, None)
    assert folder.settle().table("licence_assignment").is_empty()


def test_entra_sample_is_a_list_of_people_only(folder: Folder) -> None:
    reading = folder.add(SAMPLES / "entra_users" / "exportUsers.csv")
    people = folder.settle().table("directory_user")
    assert reading.rows_read == people.height == EXPECTED["entra_users"]["rows_read"]
    assert not people.get_column("licences_exported").any()
    assert people.get_column("user_type").to_list().count("Guest") == 1
    assert folder.source() == (None, False)


@pytest.mark.parametrize("name", ["audit_new_header.csv", "audit_classic_header.csv"])
def test_purview_sample_gives_the_known_acts(folder: Folder, name: str) -> None:
    expected = EXPECTED["purview"][name]
    reading = folder.add(SAMPLES / "purview" / name)
    acts = folder.settle().table("purview_act")
    ((latest, superseded, filtered),) = folder.standing()
    assert {
        "rows_read": reading.rows_read,
        "quarantined_bad_json": [reason for _, reason in reading.quarantined].count("bad_json"),
        "other_record_type": filtered,
        "crm_rows": latest + superseded,
        "duplicates": superseded,
        "distinct_ids": latest,
        "acts": acts.height,
        "read_acts": acts.filter(pl.col("message").str.starts_with("Retrieve")).height,
    } == expected


def test_both_purview_samples_fold_what_they_share(folder: Folder) -> None:
    for name in ("audit_new_header.csv", "audit_classic_header.csv"):
        folder.add(SAMPLES / "purview" / name)
    folder.settle()
    assert sum(latest for latest, _, _ in folder.standing()) == EXPECTED["purview"]["both"]["distinct_ids"]
    assert folder.table("purview_act").height == EXPECTED["purview"]["both"]["acts"]


def test_workbook_sample_is_counted_and_not_used(folder: Folder) -> None:
    expected = EXPECTED["excel_advanced_find"]
    reading = folder.add(next((SAMPLES / "excel_advanced_find").glob("*.xlsx")))
    assert (reading.rows_read, reading.filtered, reading.complete) == (
        expected["rows_read"],
        expected["rows_read"],
        True,
    )
    assert reading.note == f"{expected['hidden_columns']} hidden columns"
    assert folder.settle().standing() == [(0, 0, 11)]


@pytest.mark.parametrize("name", ["users.csv", "users_objects.csv"])
def test_collapsed_samples_are_refused(folder: Folder, name: str) -> None:
    reading = folder.add(SAMPLES / "get_mguser" / name)
    assert reading.shape == "get_mguser"
    assert "type names" in (reading.refused or "")
    assert reading.note == f"{EXPECTED['get_mguser'][name]['rows_in_file']} rows in the file"


@pytest.mark.parametrize(
    "name",
    [
        "analytics_visual.csv",
        "header_only_incident.csv",
        "headerless_no_model.csv",
        "signin_page.csv",
        "pointer.parquet",
    ],
)
def test_other_samples_are_none_of_these_shapes(name: str) -> None:
    head = look(SAMPLES / "refuse_misc" / name, name, None)
    assert not [shape for shape in SHAPES if shape.matches(head)]


# -- Graph --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("skus", "states", "held"),
    [
        pytest.param([SKU], [(SKU, None, "Active")], [(SKU, "direct")], id="direct"),
        pytest.param(
            [SKU],
            [(SKU, None, "Active"), (SKU, GROUP, "Active")],
            [(SKU, GROUP), (SKU, "direct")],
            id="one seat, two paths",
        ),
        pytest.param([], [(SKU, GROUP, "Error")], [], id="failed"),
        pytest.param([SKU], [(SKU, GROUP, "Error"), (SKU, None, "Disabled")], [], id="only failed ones"),
        pytest.param([SKU], [(SKU, GROUP, "Error"), (SKU, None, "Active")], [(SKU, "direct")], id="one of two failed"),
        pytest.param([], [(SKU, GROUP, "ActiveWithError")], [(SKU, GROUP)], id="active with error"),
        pytest.param([], [(SKU, GROUP, "Pending")], [], id="unknown state alone"),
        pytest.param([SKU], [], [(SKU, None)], id="assigned by an unknown path"),
        pytest.param([SKU], None, [(SKU, None)], id="states not exported"),
        pytest.param(
            [SKU, OTHER_SKU], [(SKU, None, "Active")], [(SKU, "direct"), (OTHER_SKU, None)], id="states in part"
        ),
    ],
)
def test_a_seat_is_what_graph_says_is_held(folder: Folder, skus: list[str], states: Any, held: Any) -> None:
    folder.add(page(person(1, *skus, states=states)))
    assert folder.settle().seats("p1@example.test") == sorted(held, key=str)


def test_a_plan_switched_off_a_blocked_account_and_a_guest_still_hold_a_seat(folder: Folder) -> None:
    off = {"assignedLicenses": [{"skuId": SKU.upper(), "disabledPlans": [OTHER_SKU]}]}
    folder.add(page(person(1, **off), person(2, SKU, accountEnabled=False), person(3, SKU, userType="Guest")))
    folder.settle()
    assert [folder.seats(f"p{n}@example.test") for n in (1, 2, 3)] == [[(SKU, None)]] * 3
    assert folder.user("p2@example.test")["account_enabled"] is False


def test_the_latest_sign_in_of_any_kind_counts(folder: Folder) -> None:
    activity = {
        "lastSignInDateTime": "2026-04-01T09:00:00Z",
        "lastNonInteractiveSignInDateTime": "2026-05-02T09:00:00.1234567+02:00",
        "lastSuccessfulSignInDateTime": "0001-01-01T00:00:00Z",
    }
    folder.add(page(person(1, SKU, signInActivity=activity), person(2, SKU)))
    folder.settle()
    assert folder.user("p1@example.test")["last_sign_in"] == datetime(2026, 5, 2, 7, 0, 0, 123456)
    assert folder.user("p2@example.test")["last_sign_in"] is None
    assert folder.user("p2@example.test")["sign_in_exported"] is True


def test_sign_ins_without_licences_make_a_list_of_people(folder: Folder) -> None:
    reading = folder.add(
        page(
            {
                "id": user_id(1),
                "userPrincipalName": "p1@example.test",
                "signInActivity": {"lastSignInDateTime": "2026-05-01T00:00:00Z"},
            }
        )
    )
    assert reading.refused is None
    folder.settle()
    assert folder.user("p1@example.test", "entra")["sign_in_exported"] is True
    assert folder.source() == (None, False)


def test_only_mail_addresses_are_kept_of_proxy_addresses(folder: Folder) -> None:
    folder.add(
        page(
            person(
                1,
                SKU,
                proxyAddresses=["SMTP:A.B@Example.test", "sip:x@example.test", "X500:/o=y", "smtp:c+d@example.test"],
            )
        )
    )
    assert folder.settle().user("p1@example.test")["proxy_addresses"] == ["a.b@example.test", "c+d@example.test"]


def sdk(value: Any) -> Any:
    """The same object as PowerShell's Graph SDK writes it: keys in PascalCase."""
    if isinstance(value, dict):
        return {key[0].upper() + key[1:]: sdk(item) for key, item in value.items()}
    return [sdk(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("form", ["array", "lines", "powershell", "wrapped", "bom", "utf16"])
def test_graph_users_are_the_same_in_every_form(folder: Folder, form: str) -> None:
    users = json.loads((SAMPLES / "graph" / "users.json").read_text(encoding="utf-8"))["value"]
    random.Random(form).shuffle(users)
    content: dict[str, str | bytes] = {
        "array": json.dumps(users),
        "lines": "\n".join(map(json.dumps, users)),
        "powershell": json.dumps(sdk(users), indent=4),
        "wrapped": json.dumps({"value": sdk(users), "Count": len(users)}),
        "bom": json.dumps(users).encode("utf-8-sig"),
        "utf16": json.dumps(users).encode("utf-16"),
    }
    folder.add(content[form])
    folder.settle()
    seats = folder.table("licence_assignment").select("row_no", "sku_id").unique()
    assert (folder.table("directory_user").height, seats.height) == (14, 16)
    assert folder.source() == ("graph", True)


def test_powershell_dates_and_empty_objects_are_understood(folder: Folder) -> None:
    user = sdk(person(1, SKU, states=[(SKU, None, "Active")]))
    user["LicenseAssignmentStates"][0]["LastUpdatedDateTime"] = "/Date(1772359200000)/"
    user["SignInActivity"] = {"LastSignInDateTime": None}
    folder.add(json.dumps([user]))
    folder.settle()
    assert folder.table("licence_assignment").get_column("assigned_at").to_list() == [datetime(2026, 3, 1, 10)]
    assert folder.user("p1@example.test")["sign_in_exported"] is False


@pytest.mark.parametrize("empty", [None, []])
def test_licences_that_powershell_did_not_ask_for_are_no_licence_source(folder: Folder, empty: Any) -> None:
    reading = folder.add(json.dumps([sdk(person(1, assignedLicenses=empty))]))
    assert "no assignedLicenses" in (reading.refused or "")


def test_graph_users_without_any_licence_are_still_a_licence_source(folder: Folder) -> None:
    folder.add(page(person(1), person(2)))
    assert folder.settle().source() == ("graph", True)


def test_json_cut_at_a_depth_is_refused_as_collapsed(folder: Folder) -> None:
    users = sdk([person(1, SKU)])
    users[0]["AssignedLicenses"] = ["Microsoft.Graph.PowerShell.Models.MicrosoftGraphAssignedLicense"]
    assert "type names" in (folder.add(json.dumps(users)).refused or "")


def test_a_page_that_breaks_off_is_refused(folder: Folder) -> None:
    assert folder.add(page(person(1, SKU), person(2, SKU))[:-30]).refused


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"id": "not-a-guid"}, "bad_guid"),
        ({"id": None, "userPrincipalName": None}, "no_key"),
        ({"assignedLicenses": [{"skuId": "x"}]}, "bad_guid"),
        ({"signInActivity": {"lastSignInDateTime": "31/12/2026"}}, "bad_date"),
    ],
)
def test_a_user_that_cannot_be_read_is_kept_aside_and_makes_absence_unproved(
    folder: Folder, more: Any, reason: str
) -> None:
    reading = folder.add(page(person(1, SKU), person(2, SKU, **more)))
    assert reading.quarantined == ((2, reason),)
    assert folder.settle().source() == ("graph", False)


def test_a_broken_line_is_kept_aside(folder: Folder) -> None:
    lines = [json.dumps(person(1, SKU)), json.dumps(person(2, SKU))[:-9], json.dumps(person(3, SKU))]
    assert folder.add("\n".join(lines)).quarantined == ((2, "bad_json"),)
    assert folder.settle().table("directory_user").height == 2


@pytest.mark.parametrize(
    "content",
    [
        page(person(1), context="systemusers"),
        page(person(1), context="users('x')/licenseDetails"),
        page(person(1), context="auditLogs/signIns"),
        json.dumps([{"userPrincipalName": "p1@example.test", "appDisplayName": "x", "signInActivity": {}}]),
        json.dumps([{"incidentid": user_id(1)}]),
        "[]",
    ],
)
def test_other_json_is_not_taken_for_users(tmp_path: Path, content: str) -> None:
    file = tmp_path / "users.json"
    file.write_text(content, encoding="utf-8")
    assert not graph.matches(look(file, file.name, None))


def test_one_user_is_not_the_list(folder: Folder) -> None:
    context = "https://graph.example.test/v1.0/$metadata#users(id,assignedLicenses)/$entity"
    folder.add(json.dumps({"@odata.context": context, **person(1, SKU)}))
    assert folder.settle().source() == ("graph", False)


def test_skus_that_are_no_skus_are_kept_aside(folder: Folder) -> None:
    good = {"skuId": SKU, "skuPartNumber": "A", "prepaidUnits": {"enabled": 3}, "consumedUnits": 1, "appliesTo": "User"}
    good["servicePlans"] = [{"servicePlanId": OTHER_SKU.upper()}]
    reading = folder.add(json.dumps([good, {**good, "skuId": "x"}, {**good, "consumedUnits": "one"}]))
    assert reading.quarantined == ((2, "bad_guid"), (3, "bad_number"))
    assert folder.settle().table("subscribed_sku").rows() == [(SKU, "A", 3, 1, "User", [OTHER_SKU])]


# -- pages and completeness -----------------------------------------------------------------------------------------


def numbered(first: int, last: int) -> list[dict[str, Any]]:
    return [person(number, SKU) for number in range(first, last + 1)]


def test_pages_with_their_last_page_are_complete_in_any_order(folder: Folder) -> None:
    folder.add(page(*numbered(5, 6)))
    folder.add(page(*numbered(3, 4), more=True))
    folder.add(page(*numbered(1, 2), more=True))
    assert folder.settle().complete() == [True, True, True]
    assert folder.source() == ("graph", True)
    assert folder.table("directory_user").height == 6


@pytest.mark.parametrize(("other", "complete"), [("", True), ("elsewhere", False)])
def test_a_last_page_completes_only_its_own_folder(folder: Folder, other: str, complete: bool) -> None:
    folder.add(page(*numbered(1, 2), more=True))
    folder.add(page(*numbered(3, 4)), other)
    assert folder.settle().complete() == [complete, True]
    assert folder.source() == ("graph", complete)


def test_a_last_page_of_another_answer_completes_nothing(folder: Folder) -> None:
    folder.add(page(*numbered(1, 2), more=True))
    folder.add(page(*numbered(3, 4), context="users(id,displayName)"))
    assert folder.settle().complete() == [False, True]


def test_a_page_missing_in_the_middle_shows_in_the_count(folder: Folder) -> None:
    folder.add(page(*numbered(1, 2), more=True, **{"@odata.count": 6}))
    folder.add(page(*numbered(5, 6)))
    assert folder.settle().complete() == [False, False]
    assert "6 rows" in directory.completeness(folder.store).get_column("why")[0]


def test_a_page_saved_twice_changes_nothing(folder: Folder) -> None:
    for _ in range(2):
        folder.add(page(*numbered(1, 2), more=True))
    folder.add(page(*numbered(3, 4)))
    assert folder.settle().complete() == [True, True, True]
    assert folder.standing() == [(2, 0, 0), (0, 2, 0), (2, 0, 0)]


# -- admin centre and Entra -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("A+B", ["A", "B"]),
        ("Enterprise Mobility + Security E3", ["Enterprise Mobility + Security E3"]),
        ("A+Enterprise Mobility + Security E3+B", ["A", "Enterprise Mobility + Security E3", "B"]),
        ("A+A", ["A"]),
        ("Unlicensed", []),
        ("", []),
        (None, []),
    ],
)
def test_licence_names_are_split_only_at_a_bare_plus(cell: str | None, names: list[str]) -> None:
    assert admin_centre.licence_names(cell) == names


@given(st.lists(st.sampled_from(["Enterprise Mobility + Security E3", "Plan 1", "A + B + C", "Voice"]), unique=True))
def test_licence_names_come_back_as_they_were_joined(names: list[str]) -> None:
    assert admin_centre.licence_names("+".join(names)) == names


def admin(number: int, licences: str, **more: object) -> dict[str, object]:
    given = {"User principal name": f"p{number}@example.test", "Display name": f"Zoë {number}", "Licenses": licences}
    return {**given, "Object Id": user_id(number), "Block credential": "False", **more}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_an_admin_centre_list_is_the_same_in_every_encoding(folder: Folder, encoding: str, delimiter: str) -> None:
    rows = [admin(1, "A+B"), admin(2, "Unlicensed", **{"Block credential": "True"})]
    folder.add(sheet(rows, delimiter).encode(encoding))
    folder.settle()
    assert folder.seats("p1@example.test", "admin_centre") == [("A", None), ("B", None)]
    assert folder.user("p2@example.test", "admin_centre")["account_enabled"] is False
    assert folder.user("p2@example.test", "admin_centre")["display_name"] == "Zoë 2"


def test_a_windows_letter_far_down_the_file_is_still_read(folder: Folder) -> None:
    rows = [admin(n, "A", **{"Display name": "x" * 300}) for n in range(1, 1000)] + [admin(1000, "A")]
    folder.add(sheet(rows).encode("cp1252"))
    assert folder.settle().user("p1000@example.test", "admin_centre")["display_name"] == "Zoë 1000"


@pytest.mark.parametrize("spell", [str.upper, lambda name: name.replace(" ", ""), lambda name: name.replace(" ", "_")])
def test_headers_are_compared_without_blanks_underscores_and_case(folder: Folder, spell: Any) -> None:
    folder.add(sheet([{spell(name): cell for name, cell in admin(1, "A", Department="Care").items()}]))
    user = folder.settle().user("p1@example.test", "admin_centre")
    assert (user["object_id"], user["department"], user["account_enabled"]) == (user_id(1), "Care", True)


def test_assignment_details_say_how_a_licence_is_given_but_not_that_it_is_held(folder: Folder) -> None:
    details = "direct A+group A+group Enterprise Mobility + Security E3+group Failed"
    folder.add(sheet([admin(1, "A+Enterprise Mobility + Security E3+B", **{"License assignment details": details})]))
    assert folder.settle().seats("p1@example.test", "admin_centre") == [
        ("A", "direct"),
        ("A", "group"),
        ("B", None),
        ("Enterprise Mobility + Security E3", "group"),
    ]


def test_details_in_other_words_leave_the_path_unknown(folder: Folder) -> None:
    folder.add(sheet([admin(1, "A", **{"License assignment details": "A (inherited)"})]))
    assert folder.settle().seats("p1@example.test", "admin_centre") == [("A", None)]


def test_an_object_id_spoilt_by_a_spreadsheet_leaves_the_person_by_upn(folder: Folder) -> None:
    folder.add(sheet([admin(1, "A", **{"Object Id": "7.16E+70"})]))
    assert folder.settle().user("p1@example.test", "admin_centre")["object_id"] is None


def test_a_record_cut_off_or_too_long_is_kept_aside(folder: Folder) -> None:
    text = sheet([admin(1, "A"), admin(2, "A"), admin(3, "A")]).splitlines()
    reading = folder.add("\r\n".join([text[0], text[1] + ",x", ",,,,", text[2], text[3][:12]]))
    assert reading.quarantined == ((1, "too_many_fields"), (3, "truncated"))
    assert folder.settle().source() == ("admin_centre", False)


def test_a_person_without_any_key_is_kept_aside(folder: Folder) -> None:
    nobody = admin(1, "A", **{"Object Id": "", "User principal name": ""})
    assert folder.add(sheet([nobody])).quarantined == ((1, "no_key"),)


def test_an_older_entra_header_is_read_and_a_formula_is_left_alone(folder: Folder) -> None:
    rows = [
        {
            "userPrincipalName": "p1@example.test",
            "displayName": "=1+1",
            "objectId": user_id(1).upper(),
            "accountEnabled": "False",
        }
    ]
    folder.add(sheet(rows))
    user = folder.settle().user("p1@example.test", "entra")
    assert (user["display_name"], user["object_id"], user["account_enabled"]) == ("=1+1", user_id(1), False)


def test_a_cell_may_hold_any_character(folder: Folder) -> None:
    name = "a\u2028b\x85c\x0bd\ne\r\nf"
    folder.add(sheet([admin(1, "A", **{"Display name": name}), admin(2, "A")]))
    assert folder.settle().user("p1@example.test", "admin_centre")["display_name"] == name


def test_a_type_line_above_good_rows_is_passed_over(folder: Folder) -> None:
    reading = folder.add("#TYPE Selected.User\r\n" + sheet([admin(1, "A")]))
    assert (reading.shape, reading.rows_read) == ("m365_admin", 1)


# -- settling -------------------------------------------------------------------------------------------------------


def test_graph_licences_come_before_those_of_the_admin_centre(folder: Folder) -> None:
    folder.add(sheet([admin(1, "A"), admin(2, "A")]))
    folder.add(page(person(1, SKU)))
    folder.settle()
    assert folder.source() == ("graph", True)
    assert Counter(folder.table("directory_user").get_column("source")) == {"admin_centre": 2, "graph": 1}
    assert folder.table("directory_user").get_column("row_no").to_list() == [1, 2, 3]


def test_one_account_of_two_files_is_one_row_whatever_their_order(tmp_path: Path) -> None:
    files = [
        page(person(1, SKU, displayName="Old")),
        page(
            person(
                1, displayName="New", department="Care", signInActivity={"lastSignInDateTime": "2026-05-01T00:00:00Z"}
            )
        ),
        page({**person(1, SKU, OTHER_SKU, displayName="Old"), "userPrincipalName": "P1@Example.test"}),
    ]
    seen = set()
    for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2)):
        folder = Folder(tmp_path)
        for place in order:
            folder.add(files[place], str(place))
        user = folder.settle().table("directory_user").drop("file_id").row(0)
        assert sum(latest for latest, _, _ in folder.standing()) == 1
        assert folder.table("licence_assignment").height == 2
        seen.add(str(user))
    assert len(seen) == 1
    assert "Care" in seen.pop()


def test_a_row_without_object_id_joins_the_only_account_of_its_upn(folder: Folder) -> None:
    folder.add(sheet([admin(1, "A")]))
    folder.add("User principal name,Licenses\r\nP1@Example.test,Unlicensed\r\nP2@Example.test,B\r\n")
    folder.settle()
    assert folder.table("directory_user").height == 2
    assert folder.seats("p1@example.test", "admin_centre") == [("A", None)]


def test_an_upn_of_two_accounts_joins_neither(folder: Folder) -> None:
    folder.add(sheet([admin(1, "A"), admin(2, "A", **{"User principal name": "p1@example.test"})]))
    folder.add("User principal name,Licenses\r\np1@example.test,B\r\n")
    assert folder.settle().table("directory_user").height == 3


def test_an_incomplete_list_with_somebody_new_makes_absence_unproved(folder: Folder) -> None:
    folder.add(page(*numbered(1, 4)), "whole")
    folder.add(page(*numbered(4, 5), more=True), "cut")
    assert folder.settle().source() == ("graph", False)


def test_nothing_at_all_settles_to_empty_tables(folder: Folder) -> None:
    folder.settle()
    assert folder.source() == (None, False)
    for name in ("directory_user", "licence_assignment", "subscribed_sku", "purview_act"):
        assert folder.table(name).is_empty()
    directory.clear(folder.store)
    assert not any(folder.store.has(table) for table in (*directory.STAGING, *directory.ON_THE_WAY))


@given(st.lists(st.tuples(st.integers(1, 6), st.booleans()), max_size=12), st.randoms())
def test_every_row_read_has_one_standing(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, bool]], dice: random.Random
) -> None:
    folder = Folder(tmp_path_factory.mktemp("exports"))
    users = [person(number, *([SKU] if licensed else [])) for number, licensed in rows]
    cut = dice.randint(0, len(users))
    readings = [folder.add(page(*part), str(place)) for place, part in enumerate((users[:cut], users[cut:]))]
    folder.settle()
    for reading, (latest, superseded, filtered) in zip(readings, folder.standing(), strict=True):
        assert reading.rows_read == latest + superseded + filtered
    assert folder.table("directory_user").height == len({number for number, _ in rows})
    assert folder.table("licence_assignment").height == len({number for number, licensed in rows if licensed})


# -- Purview --------------------------------------------------------------------------------------------------------


def test_an_act_is_told_by_its_json_alone(folder: Folder) -> None:
    folder.add(audits(audit(), audit(UserId=user_id(7).upper())))
    acts = folder.settle().table("purview_act")
    assert sorted(acts.get_column("user_id")) == [user_id(7), "p1@example.test"]
    assert set(acts.get_column("at_instant")) == {datetime(2026, 5, 1, 8)}


def test_an_act_is_one_correlation_message_entity_and_user(folder: Folder) -> None:
    one = audit(CorrelationId=GROUP)
    split = {**one, "Id": str(uuid4()), "CreationTime": "2026-05-01T08:00:01"}
    others = [
        {**one, "Id": str(uuid4()), **more} for more in ({"Message": "Merge"}, {"EntityId": SKU}, {"UserId": "x@y"})
    ]
    loose = [audit(CorrelationId=None), audit(CorrelationId=None)]
    folder.add(audits(one, split, one, *others, *loose))
    assert folder.settle().table("purview_act").height == 1 + len(others) + len(loose)
    assert folder.standing() == [(7, 1, 0)]
    assert folder.table("purview_act").get_column("at_instant").max() == datetime(2026, 5, 1, 8)


def test_audit_rows_that_cannot_be_read_are_kept_aside(folder: Folder) -> None:
    reading = folder.add(
        audits(audit(), "{", "[]", audit(Id=None), audit(CreationTime="soon"), audit(RecordType=15, Id=None))
    )
    assert reading.quarantined == ((2, "bad_json"), (3, "bad_json"), (4, "no_key"), (5, "bad_date"))
    assert reading.filtered == 1


@pytest.mark.parametrize(("rows", "complete"), [(49_999, True), (50_000, False)])
def test_a_search_of_exactly_the_row_limit_is_cut_off(folder: Folder, rows: int, complete: bool) -> None:
    reading = folder.add("AuditData\r\n" + '"{""RecordType"":15}"\r\n' * rows)
    assert (reading.rows_read, reading.complete) == (rows, complete)
    assert folder.settle().complete() == [complete]


# -- workbooks ------------------------------------------------------------------------------------------------------


def book(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    with xlsxwriter.Workbook(path / "book.xlsx", {"constant_memory": True}) as made:
        page = made.add_worksheet("Cases")
        for number, row in enumerate([header, *rows]):
            page.write_row(number, 0, row)
        hidden = made.add_worksheet("hiddenSheet")
        hidden.write_row(0, 0, ["(Do Not Modify) x", "y"])
        hidden.write_row(1, 0, [user_id(1), "y"])
        hidden.very_hidden()
    return (path / "book.xlsx").read_bytes()


@pytest.mark.parametrize("mark", ["(Do Not Modify)", "(Nicht ändern)"])
def test_a_workbook_of_the_app_is_known_by_its_own_columns(folder: Folder, tmp_path: Path, mark: str) -> None:
    header = [f"{mark} Case", f"{mark} Row Checksum", f"{mark} Modified On", "Case Title"]
    reading = folder.add(book(tmp_path, header, [[user_id(1), "x", 45000, "A"], [user_id(2), "x", 45000, "B"]]))
    assert (reading.rows_read, reading.filtered, reading.note) == (2, 2, "3 hidden columns")


def test_a_workbook_without_the_key_column_is_refused(folder: Folder, tmp_path: Path) -> None:
    reading = folder.add(book(tmp_path, ["Case Title", "Owner"], [["A", "B"]]))
    assert "(Do Not Modify)" in (reading.refused or "")


def test_a_damaged_workbook_is_refused(folder: Folder, tmp_path: Path) -> None:
    whole = book(tmp_path, ["(Do Not Modify) Case"], [[user_id(1)]])
    place = whole.index(b"xl/worksheets/sheet1.xml") + 40
    assert folder.add(whole[:place] + b"\0" * 60 + whole[place + 60 :]).refused


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "complete"), [(99_999, True), (100_000, False)])
def test_a_workbook_of_exactly_the_row_limit_is_cut_off(
    folder: Folder, tmp_path: Path, rows: int, complete: bool
) -> None:
    reading = folder.add(book(tmp_path, ["(Do Not Modify) Case"], [[user_id(1)]] * rows))
    assert (reading.rows_read, reading.complete) == (rows, complete)


# -- values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("2026-10-06T08:15:22", datetime(2026, 10, 6, 8, 15, 22)),
        ("2026-10-06T08:15:22.0000000Z ", datetime(2026, 10, 6, 8, 15, 22)),
        ("2026-10-06T08:15:22+02:00", datetime(2026, 10, 6, 6, 15, 22)),
        ("/Date(0)/", datetime(1970, 1, 1)),
        ("/Date(999999999999999)/", None),
        ("31/12/2026", None),
        ("", None),
        (5, None),
    ],
)
def test_an_instant_is_read_or_not_at_all(value: object, read: datetime | None) -> None:
    assert values.instant(value) == read


@pytest.mark.parametrize(
    ("cell", "addresses"),
    [
        ("SMTP:a@example.test+smtp:b@example.test", ["a@example.test", "b@example.test"]),
        ("smtp:a+tag@example.test+SIP:a@example.test", ["a+tag@example.test"]),
        ("a@example.test; B@example.test", ["a@example.test", "b@example.test"]),
        (None, []),
    ],
)
def test_addresses_of_one_cell_are_split_before_a_scheme(cell: str | None, addresses: list[str]) -> None:
    assert values.smtp_addresses(values.split_addresses(cell)) == addresses
