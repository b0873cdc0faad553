"""Loading: which version is the latest, what is refused, what is incomplete, and how a store is replaced."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any
from uuid import UUID

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from d365bench import ingest
from d365bench.errors import ClientError, StoreError
from d365bench.ingest.tables import TABLES
from d365bench.rulebook import load_rulebook
from d365bench.store import Store
from export_folder import SAMPLES, ExportFolder, Loaded, guid

SINK_START = datetime(2026, 1, 1)
CASE_COLUMNS = ("incidentid", "title", "createdby", "createdon", "modifiedon", "versionnumber", "IsDelete")


@pytest.fixture
def exports(tmp_path: Path) -> ExportFolder:
    return ExportFolder(tmp_path)


# -- Synapse Link, written here --------------------------------------------------------------------------------------


def model(columns: Sequence[str] = CASE_COLUMNS, table: str = "incident", partitions: Sequence[str] = ()) -> str:
    kinds = {"incidentid": "guid", "createdby": "guid", "versionnumber": "int64", "IsDelete": "boolean"}
    kinds |= {"createdon": "dateTimeOffset", "modifiedon": "dateTime"}
    names = ["Id", "SinkCreatedOn", "SinkModifiedOn", *columns]
    types = ["guid", "dateTime", "dateTime", *(kinds.get(column, "string") for column in columns)]
    return json.dumps(
        {
            "name": "cdm",
            "version": "1.0",
            "entities": [
                {
                    "name": table,
                    "attributes": [{"name": n, "dataType": t} for n, t in zip(names, types, strict=True)],
                    "partitions": [{"name": part, "location": f"https://lake.example/c/{part}"} for part in partitions],
                }
            ],
        }
    )


def sink(minute: int) -> str:
    at = SINK_START + timedelta(minutes=minute)
    return at.strftime("%m/%d/%Y %I:%M:%S %p").lstrip("0")


def version(key: int, number: int | None, minute: int, *, deleted: bool = False, title: str = "") -> str:
    """One exported row of a case, as Synapse Link writes it; a delete row is nearly empty."""
    stamps = f'{guid(key)},"{sink(minute)}","{sink(minute)}"'
    shown = "" if number is None else str(number)
    if deleted:
        return f"{stamps},,,,,,{shown},True\r\n"
    created = "2026-01-01T08:00:00.0000000+00:00,2026-01-02T08:00:00Z"
    return f'{stamps},{guid(key)},"{title}",{guid(99)},{created},{shown},\r\n'


Row = tuple[int, int | None, int, bool]  # key, version number, sink minute, deleted
row_lists = st.lists(
    st.tuples(st.integers(1, 3), st.one_of(st.none(), st.integers(1, 4)), st.integers(0, 5), st.booleans()),
    min_size=1,
    max_size=10,
)


def latest_by_the_book(rows: Sequence[Row]) -> dict[int, tuple[bool, int | None, int]]:
    """For each key whether its latest version is a deletion, its number and sink time; from the rules, row by row."""
    winners = {}
    for key in {row[0] for row in rows}:
        own = [row[1:] for row in rows if row[0] == key]
        reach = max((minute for number, minute, deleted in own if deleted and number is None), default=None)
        left = [
            row for row in own if reach is None or row[1] > reach or (row[2] and row[0] is None and row[1] == reach)
        ]
        # Only live rows carry modifiedon here, so "deleted before live" is never asked.
        number, minute, deleted = max(left, key=lambda row: (-1 if row[0] is None else row[0], row[1], not row[2]))
        winners[key] = (deleted, number, minute)
    return winners


@given(row_lists, st.integers(1, 3), st.randoms(use_true_random=False))
def test_the_latest_version_follows_the_rules_in_any_order_and_any_files(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], files: int, chance: random.Random
) -> None:
    folder = ExportFolder(tmp_path_factory.mktemp("client"))
    folder.write("root/2026-01-01T00.00.00Z/model.json", model())
    shuffled = list(rows)
    chance.shuffle(shuffled)
    for n in range(files):
        part = "".join(version(*row[:3], deleted=row[3]) for row in shuffled[n::files])
        if part:
            folder.write(f"root/2026-01-01T00.00.00Z/incident/{n}", part)
    loaded = folder.loaded()
    found = {
        int(str(key)[-12:]): (deleted, number, int((at - SINK_START).total_seconds() // 60))
        for key, deleted, number, at in loaded.rows(
            "SELECT row_id, deleted, version_no, sink_at FROM incident_version WHERE standing <> 'superseded'"
        )
    }
    assert found == latest_by_the_book(rows)
    counts = loaded.table("incident")
    assert counts["read"] == len(rows)
    assert counts["latest"] + counts["superseded"] + counts["deleted"] == len(rows)


def test_a_deletion_wins_a_tie_with_a_live_row(exports: ExportFolder) -> None:
    row = {"teamid": guid(1), "name": "A", "versionnumber": "7", "modifiedon": "2026-01-01T08:00:00Z"}
    exports.table("a.csv", [{**row, "IsDelete": "False"}, {**row, "IsDelete": "True"}])
    assert exports.loaded().rows("SELECT deleted FROM team_version WHERE standing <> 'superseded'") == [(True,)]


def test_exactly_one_live_version_of_a_key_is_the_last_live_one(exports: ExportFolder) -> None:
    rows = [version(1, 1, 0), version(1, 2, 1), version(1, 3, 2, deleted=True), version(2, 1, 0, deleted=True)]
    exports.write("root/2026-01-01T00.00.00Z/model.json", model())
    exports.write("root/2026-01-01T00.00.00Z/incident/a", "".join(rows))
    found = exports.loaded().rows(
        "SELECT version_no, standing, last_live FROM incident_version ORDER BY row_id, version_no"
    )
    assert found == [
        (1, "superseded", False),
        (2, "superseded", True),
        (3, "deleted", False),
        (1, "deleted", False),
    ]


def test_versions_that_tie_are_told_apart_by_content_not_by_file_names(tmp_path: Path) -> None:
    """Two tools exported the same case without version number; the fuller row is the one to keep."""
    poor = {"incidentid": guid(1), "createdby": guid(9), "createdon": "2026-01-01T08:00:00Z", "statecode": ""}
    full = {**poor, "statecode": "0"}
    winners = set()
    for n, order in enumerate(permutations((poor, full))):
        folder = ExportFolder(tmp_path / str(n))
        for name, row in zip("ab", order, strict=True):
            folder.table(f"{name}.csv", [row])
        winners |= set(folder.loaded().rows("SELECT statecode FROM incident_version WHERE standing = 'latest'"))
    assert winners == {(0,)}


def test_the_same_file_twice_counts_once(exports: ExportFolder) -> None:
    for name in ("a.csv", "b.csv"):
        exports.table(name, [{"teamid": guid(n), "name": f"Team {n}", "isdefault": "0"} for n in range(5)])
    counts = exports.loaded().table("team")
    assert (counts["read"], counts["latest"], counts["superseded"]) == (10, 5, 5)


def test_a_newer_model_explains_longer_rows_and_an_older_one_shorter_rows(exports: ExportFolder) -> None:
    exports.write("root/2026-01-01T00.00.00Z/model.json", model())
    exports.write("root/model.json", model((*CASE_COLUMNS, "msdyn_copilotengaged")))
    long = version(2, 1, 0).rstrip("\r\n") + ",True\r\n"
    exports.write("root/2026-01-01T00.00.00Z/incident/a", version(1, 1, 0) + long)
    exports.write("root/2026-02-01T00.00.00Z/model.json", model((*CASE_COLUMNS, "msdyn_copilotengaged")))
    exports.write("root/2026-02-01T00.00.00Z/incident/a", version(3, 1, 0) + version(4, 1, 0))
    loaded = exports.loaded()
    rows = loaded.rows("SELECT msdyn_copilotengaged FROM incident_version ORDER BY row_id")
    assert rows == [(None,), (True,), (None,), (None,)]
    assert loaded.table("incident")["quarantine"] == {}


def test_an_append_only_export_outside_time_folders_is_told_by_its_rows(tmp_path: Path) -> None:
    kept = ExportFolder(tmp_path / "kept")
    kept.write("root/model.json", model())
    kept.write("root/incident/2026.csv", version(1, 1, 0) + version(1, 2, 1))
    merged = ExportFolder(tmp_path / "merged")
    merged.write("root/model.json", model())
    merged.write("root/incident/2026.csv", version(1, 1, 0) + version(2, 2, 1))
    assert kept.loaded().rows("SELECT append_only FROM file_set") == [(True,)]
    assert merged.loaded().rows("SELECT append_only FROM file_set") == [(False,)]


def test_a_table_is_told_from_its_rows_and_a_delete_only_file_from_its_folder(exports: ExportFolder) -> None:
    both = json.loads(model())
    both["entities"] += json.loads(model(table="account"))["entities"]
    exports.write("root/2026-01-01T00.00.00Z/model.json", json.dumps(both))
    exports.write("root/2026-01-01T00.00.00Z/incident/a", version(1, 3, 5, deleted=True))
    exports.write("root/2026-01-01T00.00.00Z/account/a", version(1, 3, 5, deleted=True))
    report = exports.loaded().report()
    assert report["root/2026-01-01T00.00.00Z/incident/a"]["rows_deleted"] == 1
    assert report["root/2026-01-01T00.00.00Z/account/a"]["rows_filtered"] == 1


# -- values ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "good"),
    [
        (guid(1), True),
        (guid(1).upper(), True),
        ("{" + guid(1) + "}", True),
        (guid(1).replace("-", ""), False),
        (guid(1).replace("-", "", 1) + "-", False),
        ("{" + guid(1), False),
        (guid(1)[:-1] + "g", False),
        ("7", False),
    ],
)
def test_a_guid_has_one_form(exports: ExportFolder, text: str, good: bool) -> None:
    exports.table("a.csv", [{"teamid": text, "name": "x", "isdefault": "0"}])
    counts = exports.loaded().table("team")
    assert (counts["latest"], counts["quarantine"]) == ((1, {}) if good else (0, {"bad_guid": 1}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T08:00:00Z", "08:00"),
        ("2026-03-01T08:00:00.1230000+00:00", "08:00"),
        ("2026-03-01T10:00:00+02:00", "08:00"),
        ("2026-03-01T01:30:00-06:30", "08:00"),
        ("2026-03-01 08:00:00.000", "08:00"),
        ("2026-03-01 08:00:00", "08:00"),
        ("2026-03-01", "00:00"),
        ("3/1/2026 12:00:00 AM", "00:00"),
        ("3/1/2026 12:00:00 PM", "12:00"),
        ("31/12/2026 25:00:00", None),
        ("01.03.2026 08:00", None),
        ("3/1/2026 8:00", None),
        ("infinity", None),
        ("2026-13-01T08:00:00Z", None),
    ],
)
def test_instants_are_utc_and_never_guessed(exports: ExportFolder, text: str, expected: str | None) -> None:
    exports.table("a.csv", [{"incidentid": guid(1), "createdby": guid(2), "createdon": text}])
    loaded = exports.loaded()
    if expected is None:
        assert loaded.table("incident")["quarantine"] == {"bad_date": 1}
    else:
        assert loaded.rows("SELECT strftime(createdon, '%Y-%m-%d %H:%M') FROM incident_version") == [
            (f"2026-03-01 {expected}",)
        ]


@pytest.mark.parametrize(
    ("text", "expected"), [("1", 1), ("2.0", 2), ("-3", -3), ("1.6", None), ("1e3", None), ("Active", None)]
)
def test_whole_numbers_are_whole(exports: ExportFolder, text: str, expected: int | None) -> None:
    exports.table("a.csv", [{"incidentid": guid(1), "createdby": guid(2), "statecode": text}])
    loaded = exports.loaded()
    if expected is None:
        assert loaded.table("incident")["quarantine"] == {"bad_number": 1}
    else:
        assert loaded.rows("SELECT statecode FROM incident_version") == [(expected,)]


def test_an_entra_id_that_is_no_guid_is_nothing_but_the_row_is_kept(exports: ExportFolder) -> None:
    row = {"msdyn_sessionparticipantid": guid(1), "msdyn_activedirectoryuserid": "somebody", "msdyn_mode": "192350002"}
    exports.table("a.csv", [row])
    assert exports.loaded().rows("SELECT msdyn_activedirectoryuserid FROM msdyn_sessionparticipant_version") == [
        (None,)
    ]


def test_a_row_without_key_is_refused(exports: ExportFolder) -> None:
    exports.table("a.csv", [{"teamid": "NULL", "name": "x", "isdefault": "0"}])
    assert exports.loaded().table("team")["quarantine"] == {"no_key": 1}


@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(";", "utf-8-sig"), ("\t", "utf-16"), (",", "cp1252"), (";", "utf-16")]
)
def test_encodings_and_delimiters(exports: ExportFolder, delimiter: str, encoding: str) -> None:
    exports.write(
        "a",
        "\r\n".join(
            [delimiter.join(("teamid", "name", "isdefault")), delimiter.join((guid(1), "Gréta – 1", "Yes"))]
        ).encode(encoding),
    )
    assert exports.loaded().rows("SELECT name, isdefault FROM team_version") == [("Gréta – 1", True)]


def test_a_foreign_byte_far_behind_the_head_is_still_seen(exports: ExportFolder) -> None:
    rows = "".join(f"{guid(n)},Team {n},0\r\n" for n in range(10_000))
    exports.write("a.csv", ("teamid,name,isdefault\r\n" + rows + f"{guid(99_999)},Gréta,0\r\n").encode("cp1252"))
    loaded = exports.loaded()
    assert loaded.table("team")["latest"] == 10_001
    assert loaded.rows("SELECT count(*) FROM team_version WHERE name = 'Gréta'") == [(1,)]


# -- which table -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(set(TABLES) - {"msdyn_ocliveworkitem"}))
def test_a_header_with_the_columns_that_we_keep_names_its_table(exports: ExportFolder, name: str) -> None:
    table = TABLES[name]
    value = {"guid": guid(5), "text": "1", "whole": "1", "flag": "1", "instant": "2026-01-01T00:00:00Z"}
    exports.table("x", [{table.key: guid(1), **{column: value[kind] for column, kind in table.columns.items()}}])
    assert exports.loaded().table(name)["latest"] == 1


def test_an_activity_that_nothing_tells_apart_is_refused(exports: ExportFolder) -> None:
    exports.table("x", [{"activityid": guid(1), "createdon": "2026-01-01", "statecode": "0"}])
    (row,) = exports.loaded().report().values()
    assert "activityid" in row["refused"]


@pytest.mark.parametrize(
    "header", [("activityid", "subject", "phonenumber"), ("contactid", "createdon", "ownerid", "statecode")]
)
def test_tables_of_no_use_are_counted_as_filtered(exports: ExportFolder, header: tuple[str, ...]) -> None:
    exports.table("x", [dict.fromkeys(header, "1"), dict.fromkeys(header, "2")])
    (row,) = exports.loaded().report().values()
    assert (row["rows_read"], row["rows_filtered"], row["refused"]) == (2, 2, None)


def test_an_unknown_entity_set_is_filtered(exports: ExportFolder) -> None:
    exports.write("x", page("accounts", [{"accountid": guid(1)}, {"accountid": guid(2)}]))
    (row,) = exports.loaded().report().values()
    assert (row["table"], row["rows_filtered"]) == ("accounts", 2)


# -- Web API ---------------------------------------------------------------------------------------------------------


def page(entity_set: str, rows: Sequence[dict[str, Any]], link: str | None = None, **more: Any) -> str:
    context = f"https://org.example/api/data/v9.2/$metadata#{entity_set}"
    content = {"@odata.context": context, "value": list(rows), **more}
    return json.dumps(content | ({"@odata.nextLink": link} if link else {}))


def link(number: int) -> str:
    return f"https://org.example/teams?$skiptoken=%3Ccookie%20pagenumber=%22{number}%22%20/%3E"


def teams(*numbers: int) -> list[dict[str, Any]]:
    return [{"teamid": guid(n), "name": f"Team {n}", "isdefault": False, "versionnumber": n} for n in numbers]


@pytest.mark.parametrize(
    ("pages", "complete"),
    [
        ([page("teams", teams(1))], True),
        ([page("teams", teams(1), link(2)), page("teams", teams(2))], True),
        ([page("teams", teams(1), link(2))], False),
        ([page("teams", teams(1), link(2)), page("teams", teams(2), link(3))], False),
        ([page("teams", teams(2), link(3)), page("teams", teams(3))], False),
        ([page("teams", teams(1), link(2)), page("teams", teams(1), link(2)), page("teams", teams(2))], True),
        ([page("teams", teams(1), "https://org.example/teams?$skiptoken=abc"), page("teams", teams(2))], True),
        ([page("teams", teams(1), **{"@odata.count": 2})], False),
        ([page("teams", teams(1), **{"@odata.count": 5000})], True),
        ([page("teams", teams(1, 2), **{"@odata.count": 2})], True),
        ([page("teams", teams(1)), '{"@odata.context": "x/$metadata#teams", "value": [{"teamid"'], False),
    ],
)
def test_pages_tell_whether_one_is_missing(exports: ExportFolder, pages: list[str], complete: bool) -> None:
    for n, content in enumerate(pages):
        exports.write(f"teams/{n}", content)
    assert exports.loaded().rows("SELECT complete FROM file_set") == [(complete,)]


def test_an_absent_key_was_not_asked_for_and_null_is_empty(exports: ExportFolder) -> None:
    exports.write("x", page("teams", [{"teamid": guid(1), "name": None}]))
    assert [name for (name,) in exports.loaded().rows("SELECT column_name FROM set_column")] == ["name", "teamid"]


def test_lookups_and_their_kind_are_read_and_labels_are_not(exports: ExportFolder) -> None:
    row = {
        "queueitemid": guid(1),
        "_objectid_value": guid(2),
        "_workerid_value": guid(3),
        "_workerid_value@OData.Community.Display.V1.FormattedValue": "Somebody",
        "_workerid_value@Microsoft.Dynamics.CRM.lookuplogicalname": "team",
    }
    exports.write("x", page("queueitems", [row]))
    found = exports.loaded().rows("SELECT objectid, workerid, workeridtype FROM queueitem_version")
    assert [tuple(map(str, row)) for row in found] == [(guid(2), guid(3), "team")]


def test_a_delta_link_deletes(exports: ExportFolder) -> None:
    exports.write("x", page("teams", [{"teamid": guid(1), "name": "A"}, {"teamid": guid(2), "name": "B"}]))
    gone = {"@odata.context": "x/$metadata#teams/$deletedEntity", "id": guid(1), "reason": "deleted"}
    exports.write("y", page("teams", [gone], **{"@odata.deltaLink": "https://org.example/teams?$deltatoken=1"}))
    loaded = exports.loaded()
    assert loaded.rows("SELECT standing FROM team_version WHERE deleted") == [("deleted",)]
    assert loaded.rows("SELECT count(*) FROM team_version WHERE standing = 'latest'") == [(1,)]


# -- Parquet, Delta, JSON lines --------------------------------------------------------------------------------------


def binary(order: str, *numbers: int) -> list[bytes]:
    ids = [UUID(f"{number:08x}-1234-5678-9abc-def012345678") for number in numbers]
    return [one.bytes if order == "big" else one.bytes_le for one in ids]


@pytest.mark.parametrize("order", ["big", "little"])
@pytest.mark.parametrize("known", [True, False])
def test_sixteen_byte_guids_are_read_in_the_order_that_known_ids_tell(
    exports: ExportFolder, order: str, known: bool
) -> None:
    memberships = pl.DataFrame(
        {
            "teammembershipid": binary(order, 1, 2),
            "systemuserid": binary(order, 11, 12),
            "teamid": binary(order, 21, 21),
        }
    )
    memberships.write_parquet(exports.exports / "x")
    if known:
        exports.table(
            "users",
            [{"systemuserid": f"{11:08x}-1234-5678-9abc-def012345678", "domainname": "a", "createdon": "2026-01-01"}],
        )
    loaded = exports.loaded()
    if known:
        found = loaded.rows("SELECT systemuserid FROM teammembership_version ORDER BY ALL")
        assert [str(one) for (one,) in found] == [f"{n:08x}-1234-5678-9abc-def012345678" for n in (11, 12)]
    else:
        assert "byte order" in loaded.report()["x"]["refused"]


def test_parquet_instants_are_utc(exports: ExportFolder) -> None:
    at = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
    frame = pl.DataFrame({"incidentid": [guid(1)], "createdby": [guid(2)], "createdon": [at], "statecode": [1.0]})
    frame.with_columns(pl.col("createdon").dt.convert_time_zone("Europe/Vienna")).write_parquet(exports.exports / "x")
    rows = exports.loaded().rows("SELECT createdon, statecode FROM incident_version")
    assert rows == [(datetime(2026, 3, 1, 8, 0), 1)]


def test_a_broken_parquet_file_is_refused_and_the_others_are_read(exports: ExportFolder) -> None:
    exports.write("broken", b"PAR1" + b"\0" * 100 + b"PAR1")
    exports.table("good", [{"teamid": guid(1), "name": "A"}])
    report = exports.loaded().report()
    assert report["broken"]["refused"]
    assert report["good"]["rows_latest"] == 1


def test_broken_lines_of_json_are_counted(exports: ExportFolder) -> None:
    lines = [json.dumps({"teamid": guid(n), "name": f"Team\r\n{n}", "isdefault": n % 2 == 0}) for n in range(5)]
    lines[2:2] = ['{"teamid": "', "", "[1]"]
    exports.write("x", "\r\n".join(lines))
    loaded = exports.loaded()
    counts = loaded.table("team")
    assert (counts["read"], counts["latest"], counts["quarantine"]) == (7, 5, {"bad_json": 1, "no_key": 1})
    assert loaded.rows("SELECT count(*) FROM team_version WHERE isdefault") == [(3,)]


@pytest.mark.parametrize("spoil", ["features", "mapping", "cut", "file", "log"])
def test_a_delta_table_that_cannot_be_read_rightly_is_refused(exports: ExportFolder, spoil: str) -> None:
    exports.sample("delta_lake")
    folder = exports.exports / "delta_lake" / "msdyn_sessionparticipant"
    first = folder / "_delta_log" / f"{0:020}.json"
    entries = [json.loads(line) for line in first.read_text().splitlines()]
    for entry in entries:
        if "protocol" in entry and spoil == "features":
            entry["protocol"] = {
                "minReaderVersion": 3,
                "minWriterVersion": 7,
                "readerFeatures": ["deletionVectors"],
                "writerFeatures": ["deletionVectors"],
            }
        if "metaData" in entry and spoil == "mapping":
            entry["metaData"]["configuration"] = {"delta.columnMapping.mode": "name"}
        if "protocol" in entry and spoil == "mapping":
            entry["protocol"] = {"minReaderVersion": 2, "minWriterVersion": 5}
    first.write_text("\n".join(map(json.dumps, entries)))
    if spoil == "cut":
        first.unlink()
    if spoil == "file":
        for path in folder.glob("PartitionId=2025/*.parquet"):
            path.unlink()
    if spoil == "log":
        first.write_text("no log")
    (row,) = exports.loaded().report().values()
    assert row["refused"]
    assert row["rows_read"] == 0


# -- refusals --------------------------------------------------------------------------------------------------------


def archive(name: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as file:
            file.writestr(name, "x")

    return write


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 20, "password"),
        (b"SQLite format 3\0" + b"\0" * 20, "database"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "no file that I can read"),
        (b"just some words", "no export that I know"),
        (b'{"error": {"code": "1"}}', "error message"),
        (b'{"a": 1}', "JSON"),
        (b'{"entities": [{"name": 1}], "attributes": 2}', "JSON"),
        (b"   \n ", "empty"),
    ],
)
def test_what_is_no_export_is_refused_with_a_reason(exports: ExportFolder, content: bytes, words: str) -> None:
    exports.write("x.csv", content)
    (row,) = exports.loaded().report().values()
    assert words in row["refused"]


def test_archives_and_databases_are_refused(exports: ExportFolder) -> None:
    archive("data.csv")(exports.exports / "a")
    archive("xl/workbook.xml")(exports.exports / "b")
    shutil.copy(ExportFolder(exports.data / "other").load().path, exports.exports / "c")
    report = exports.loaded().report()
    assert [words in report[name]["refused"] for name, words in (("a", "Unpack"), ("b", "workbook"), ("c", "database"))]


@pytest.mark.skipif(os.name == "nt", reason="named pipes and modes are of POSIX")
def test_a_file_that_cannot_be_read_stops_nobody(exports: ExportFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(exports.exports / "pipe")
    (exports.exports / "nowhere").symlink_to("/does/not/exist")
    locked = exports.write("locked", "x")
    exports.table("good", [{"teamid": guid(1), "name": "A"}])
    real = Path.open

    def guarded(self: Path, *args: Any, **options: Any) -> Any:
        if self == locked:
            raise PermissionError(13, "Permission denied")
        return real(self, *args, **options)

    monkeypatch.setattr(Path, "open", guarded)
    report = exports.loaded().report()
    assert all(report[name]["refused"] for name in ("pipe", "nowhere", "locked"))
    assert report["good"]["rows_latest"] == 1


def test_odd_paths_are_only_paths(exports: ExportFolder) -> None:
    folder = 'o\'dd [x] a*b? "q" #1 %20 é/ta=1'
    exports.table(f"{folder}/f [1]*.csv", [{"teamid": guid(1), "name": "A"}])
    exports.table(f"{folder}/f 1.csv", [{"teamid": guid(2), "name": "B"}])
    exports.sample("delta_lake", below=folder)
    report = exports.loaded().report()
    assert report[f"{folder}/f [1]*.csv"]["rows_latest"] == 1
    assert report[f"{folder}/f 1.csv"]["rows_latest"] == 1
    assert report[f"{folder}/delta_lake/msdyn_sessionparticipant"]["rows_latest"] == 20


# -- environments ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("declared", "folder", "expected"),
    [
        ((), "", "default"),
        ((), "prod", "default"),
        (("prod",), "prod", "prod"),
        (("prod",), "elsewhere", "prod"),
        (("prod",), "", "prod"),
        (("prod", "test"), "test/deep", "test"),
        (("prod", "test"), "elsewhere", None),
        (("prod", "test"), "", None),
    ],
)
def test_the_first_folder_names_the_environment(
    tmp_path: Path, declared: tuple[str, ...], folder: str, expected: str | None
) -> None:
    exports = ExportFolder(tmp_path, declared)
    exports.table(f"{folder}/teams.csv".lstrip("/"), [{"teamid": guid(1), "name": "A"}])
    loaded = exports.loaded()
    rows = loaded.rows("SELECT environment FROM team_version")
    assert rows == ([(expected,)] if expected else [])
    (row,) = loaded.report().values()
    assert (row["refused"] is None) is (expected is not None)


def test_directory_files_are_the_tenants_wherever_they_lie(tmp_path: Path) -> None:
    exports = ExportFolder(tmp_path, ("prod", "test")).sample("m365_admin", below="elsewhere")
    exports.sample("graph", below="prod")
    loaded = exports.loaded()
    assert {row["environment"] for row in loaded.report().values()} == {None}
    assert loaded.rows("SELECT source FROM licence_source") == [("graph",)]


def test_a_list_of_subscriptions_says_also_what_was_not_bought(exports: ExportFolder) -> None:
    def purchased() -> dict[str, int]:
        with Store.read(ingest.load(exports.client, load_rulebook()).path) as store:
            return dict(store.query("person/purchased").iter_rows())

    assert purchased() == {}  # no list: nobody knows
    sample = json.loads((SAMPLES / "graph" / "subscribedSkus.json").read_text(encoding="utf-8"))
    listed = {sku["skuPartNumber"]: sku for sku in sample["value"]}
    sample["value"] = [listed.pop("DYN365_ENTERPRISE_CUSTOMER_SERVICE")]
    exports.write("skus.json", json.dumps(sample))
    bought = purchased()
    assert bought.pop("cs_enterprise") == 10
    assert {"voice", "digital_messaging", "cs_professional"} <= set(bought)
    assert set(bought.values()) == {0}
    sample["value"] = [
        {**sku, "skuId": "12345678-0000-4000-8000-000000000000", "servicePlans": []} for sku in sample["value"]
    ]
    exports.write("skus.json", json.dumps(sample))
    assert set(purchased().values()) == {0}  # a list with nothing of ours


def test_versions_of_two_environments_do_not_meet(tmp_path: Path) -> None:
    exports = ExportFolder(tmp_path, ("prod", "test"))
    for environment in ("prod", "test"):
        exports.table(f"{environment}/teams.csv", [{"teamid": guid(1), "name": environment}])
    assert exports.loaded().table("team")["latest"] == 2


def test_a_channel_declared_not_provisioned_must_have_no_session(exports: ExportFolder) -> None:
    exports.sample("synapse_link", below="prod")
    exports.declare('[[environment]]\nname = "prod"\nnot_provisioned = ["voice"]\n')
    with pytest.raises(ClientError, match=r"'prod' declares 'voice' not provisioned"):
        exports.load()
    assert not ingest.store_path(exports.client).exists()


# -- the store -------------------------------------------------------------------------------------------------------


def test_an_unchanged_client_is_not_loaded_again(exports: ExportFolder) -> None:
    exports.table("a.csv", [{"teamid": guid(1), "name": "A"}])
    first = exports.load()
    again = exports.load()
    assert (first.built, again.built) == (True, False)
    assert again.files.equals(first.files)
    assert exports.load(force=True).built


@pytest.mark.parametrize("change", ["file", "name", "declaration", "rules"])
def test_any_change_of_what_a_store_is_made_of_loads_again(
    exports: ExportFolder, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = exports.table("a.csv", [{"teamid": guid(1), "name": "A"}])
    exports.load()
    if change == "file":
        exports.table("a.csv", [{"teamid": guid(1), "name": "B"}])
    elif change == "name":
        path.rename(path.with_name("b.csv"))
    elif change == "declaration":
        exports.declare('[[environment]]\nname = "default"\nservice = false\n')
    else:
        monkeypatch.setattr(sys.modules["d365bench.ingest.inputs"], "code_version", lambda: "another")
    assert exports.load().built


def test_a_broken_store_is_built_anew(exports: ExportFolder) -> None:
    path = exports.load().path
    path.write_bytes(b"no database")
    assert exports.load().built


def test_a_failed_load_leaves_the_old_store_in_use(exports: ExportFolder) -> None:
    exports.table("a.csv", [{"teamid": guid(1), "name": "A"}])
    path = exports.load().path

    def fail(_: Store) -> None:
        raise StoreError("on purpose")

    exports.table("a.csv", [{"teamid": guid(2), "name": "B"}])
    with pytest.raises(StoreError):
        ingest.load(exports.client, load_rulebook(), roll_up=fail)
    assert Loaded(path).rows("SELECT name FROM team_version") == [("A",)]
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


KILLED = """
import os, signal, sys
from pathlib import Path
from d365bench import ingest
from d365bench.client import load_client
from d365bench.rulebook import load_rulebook
client = load_client(Path(sys.argv[1]), "tested")
ingest.load(client, load_rulebook(), roll_up=lambda _: os.kill(os.getpid(), signal.SIGKILL))
"""


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is of POSIX")
def test_a_killed_load_leaves_the_old_store_and_the_next_one_clears_up(exports: ExportFolder) -> None:
    exports.table("a.csv", [{"teamid": guid(1), "name": "A"}])
    path = exports.load().path
    exports.table("a.csv", [{"teamid": guid(2), "name": "B"}])
    subprocess.run([sys.executable, "-c", KILLED, str(exports.data)], check=False)
    assert len(list(path.parent.iterdir())) == 2
    assert Loaded(path).rows("SELECT name FROM team_version") == [("A",)]
    exports.load()
    assert Loaded(path).rows("SELECT name FROM team_version") == [("B",)]
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_exports_are_never_touched(exports: ExportFolder) -> None:
    exports.sample("synapse_link", "dataverse_csv", "m365_admin", "refuse_misc")
    before = {path: path.stat().st_mtime_ns for path in exports.exports.rglob("*")}
    exports.load()
    assert {path: path.stat().st_mtime_ns for path in exports.exports.rglob("*")} == before


def test_every_row_of_every_sample_is_in_exactly_one_kind(exports: ExportFolder) -> None:
    exports.sample(*(folder.name for folder in SAMPLES.iterdir() if folder.is_dir()))
    seen: list[tuple[str, int, int]] = []
    exports.load(progress=lambda what, done, total: seen.append((what, done, total)))
    report = exports.loaded().report()
    for path, row in report.items():
        kinds = ("latest", "superseded", "deleted", "filtered", "quarantined")
        assert row["rows_read"] == sum(row[f"rows_{kind}"] for kind in kinds), path
        assert sum(row["quarantine"].values()) == row["rows_quarantined"], path
    assert all(0 <= done <= total for _, done, total in seen)
    assert sum(row["rows_read"] for row in report.values()) > 400


def test_nothing_of_the_loading_stays_in_the_store(exports: ExportFolder) -> None:
    exports.sample("synapse_link", "graph")
    tables = {name for (name,) in exports.loaded().rows("SELECT table_name FROM information_schema.tables")}
    left = {
        "landed",
        "landing",
        "arrival",
        "staged",
        "counted",
        "candidate",
        "known_id",
        "contender",
        "verdict",
        "twin",
    }
    assert not tables & left


# -- inspect ---------------------------------------------------------------------------------------------------------


def test_inspect_says_what_files_are_without_loading(exports: ExportFolder) -> None:
    exports.sample("synapse_link", "dataverse_csv", "refuse_misc", "graph")
    files = ingest.inspect(exports.client).files
    assert not ingest.store_path(exports.client).exists()
    by_path = {row["path"]: row for row in files.iter_rows(named=True)}
    assert by_path["dataverse_csv/incident.csv"]["table"] == "incident"
    assert str(by_path["dataverse_csv/incident.csv"]["first_day"]) == "2025-11-03"
    assert by_path["graph/users.json"]["shape"] == "graph"
    assert "empty" in by_path["refuse_misc/empty.csv"]["refused"]


@pytest.mark.parametrize(
    ("path", "table", "first", "last"),
    [
        ("dataverse_csv/msdyn_sessionparticipant.parquet", "msdyn_sessionparticipant", "2025-12-11", "2026-01-25"),
        ("dataverse_csv/msdyn_ocsession.ndjson", "msdyn_ocsession", "2025-12-11", "2026-01-25"),
    ],
)
def test_inspect_says_which_days_a_file_spans(
    exports: ExportFolder, path: str, table: str, first: str, last: str
) -> None:
    exports.sample("dataverse_csv")
    row = next(row for row in ingest.inspect(exports.client).files.iter_rows(named=True) if row["path"] == path)
    assert (row["table"], str(row["first_day"]), str(row["last_day"])) == (table, first, last)


def test_a_long_file_is_dated_to_its_end(exports: ExportFolder) -> None:
    rows = [{"auditid": guid(n), "createdon": "2026-01-01T08:00:00Z", "operation": n % 5} for n in range(20_000)]
    exports.table("audit.csv", [*rows, {**rows[0], "auditid": guid(20_001), "createdon": "2026-06-30T23:59:59Z"}])
    row = ingest.inspect(exports.client).files.row(0, named=True)
    assert (str(row["first_day"]), str(row["last_day"])) == ("2026-01-01", "2026-06-30")


def test_missing_names_the_question_the_columns_and_a_request(exports: ExportFolder) -> None:
    exports.sample("dataverse_csv")
    missing = ingest.inspect(exports.client).missing
    rows = {row["table"]: row for row in missing.iter_rows(named=True)}
    assert rows["incident"]["columns"] == ["modifiedonbehalfby", "msdyn_copilotengaged"]
    assert "msdyn_sessionparticipantid" not in rows.get("msdyn_sessionparticipant", {"columns": []})["columns"]
    assert "auditid" in rows["audit"]["columns"]
    request = ingest.request(exports.client, missing)
    assert "From the Dataverse environment default please export" in request
    assert "- incident: modifiedonbehalfby, msdyn_copilotengaged" in request.splitlines()
    assert "all rows of all owners, at least those created or changed since 2025-05-27" in request
    assert request.splitlines()[-1].startswith("From the tenant please send Graph /users")


def test_nothing_is_asked_for_about_a_sandbox_or_an_empty_page(exports: ExportFolder) -> None:
    exports.declare(
        '[[environment]]\nname = "prod"\nkind = "production"\n[[environment]]\nname = "test"\nkind = "sandbox"\n'
    )
    context = "https://contoso.crm.example.test/api/data/v9.2/$metadata#knowledgearticles"
    exports.write("prod/articles.json", json.dumps({"@odata.context": context, "value": []}))
    missing = ingest.inspect(exports.client).missing
    assert set(missing["environment"].drop_nulls()) == {"prod"}
    assert "audit" in set(missing["table"])
    assert "knowledgearticle" not in set(missing["table"])


def test_nothing_is_missing_where_everything_was_delivered(exports: ExportFolder) -> None:
    value = {"guid": guid(5), "text": "1", "whole": "1", "flag": "1", "instant": "2026-01-01T00:00:00Z"}
    for name, table in TABLES.items():
        columns = {column: value[kind] for column, kind in table.columns.items()}
        exports.table(name, [{table.key: guid(1), **columns, "modifiedon": "2026-01-01T00:00:00Z"}])
    exports.sample("graph")
    missing = ingest.inspect(exports.client).missing
    assert missing.is_empty()
    assert ingest.request(exports.client, missing) == ""
