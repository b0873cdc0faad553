"""Every figure of the Dataverse samples, whatever the files are called and in whatever order they lie."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from d365bench.ingest.tables import TABLES
from d365bench.store import Store, statement
from export_folder import SAMPLES, TIME_FOLDER, ExportFolder, Loaded, shuffle, shuffle_rows

EXPECTED: Mapping[str, Any] = json.loads((SAMPLES / "expected.json").read_text(encoding="utf-8"))
SEEDS = (None, 1, 2, 3)


@pytest.fixture(scope="module", params=SEEDS, ids=lambda seed: "as delivered" if seed is None else f"renamed {seed}")
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return Folder(tmp_path_factory, request.param)


class Folder:
    """Sample folders as delivered, or moved deeper, every file renamed and the rows of CSV files shuffled."""

    def __init__(self, paths: pytest.TempPathFactory, seed: int | None) -> None:
        self.paths, self.seed = paths, seed
        self.stores: dict[tuple[str, ...], Loaded] = {}

    def load(self, *names: str) -> Loaded:
        """The store of these samples; each is loaded once, as nothing here changes it."""
        if names not in self.stores:
            self.stores[names] = self.fill(*names).loaded()
        return self.stores[names]

    def fill(self, *names: str) -> ExportFolder:
        folder = ExportFolder(self.paths.mktemp("data"))
        if self.seed is None:
            return folder.sample(*names)
        folder.sample(*names, below=f"delivery {self.seed}/as of July")
        for path in sorted(folder.exports.rglob("*.csv")):
            if any(TIME_FOLDER.fullmatch(part) for part in path.parts):
                shuffle_rows(path, self.seed, header=False)
            elif path.parent.name == "dataverse_csv":
                shuffle_rows(path, self.seed, header=True)
        shuffle(folder.exports, self.seed)
        return folder


# -- Synapse Link ----------------------------------------------------------------------------------------------------


def test_synapse_link_figures(folder: Folder) -> None:
    loaded = folder.load("synapse_link")
    for name, expected in EXPECTED["synapse_link"]["tables"].items():
        counts = loaded.table(name)
        assert counts["read"] == expected["rows_read"], name
        assert counts["quarantine"] == expected["quarantined"], name
        assert counts["read"] - counts["quarantined"] == expected["valid"], name
        assert counts["deleted"] == expected["deleted"], name
        assert counts["latest"] == expected["latest_live"], name
        assert counts["latest"] + counts["deleted"] == expected["distinct_ids"], name
        assert counts["filtered"] == 0
        assert counts["complete"]
    assert loaded.rows("SELECT DISTINCT append_only, complete FROM file_set") == [(True, True)]


def test_a_folder_that_was_still_being_written_is_not_read(folder: Folder) -> None:
    loaded = folder.load("synapse_link")
    (open_folder,) = EXPECTED["synapse_link"]["open_folders_not_read"]
    rows = [row for path, row in loaded.report().items() if open_folder in path]
    assert [(row["rows_read"], row["refused"]) for row in rows] == [(0, None)]
    (note,) = loaded.rows(f"SELECT note FROM file WHERE path LIKE '%{open_folder}%'")
    assert note == (f"Folder {open_folder} was still being written (no model.json); skipped.",)


def test_synapse_link_latest_rows(folder: Folder) -> None:
    loaded = folder.load("synapse_link")
    expected = EXPECTED["synapse_link"]
    live = "FROM incident_version WHERE standing = 'latest'"
    states = {str(state): n for state, n in loaded.rows(f"SELECT statecode, count(*) {live} GROUP BY ALL")}
    assert states == expected["incident"]["statecode"]
    (counts,) = loaded.rows(
        f"SELECT count(createdonbehalfby), count(slaid), count(*) FILTER (msdyn_copilotengaged), "
        f"count(*) FILTER (row_id NOT IN (SELECT row_id FROM systemuser_version)) {live}"
    )
    assert counts[:3] == (
        expected["incident"]["createdonbehalfby_set"],
        expected["incident"]["slaid_set"],
        expected["incident"]["copilot_true"],
    )
    person = (
        "applicationid IS NULL AND accessmode NOT IN (3, 4, 5) AND msdyn_botapplicationid IS NULL "
        "AND fullname NOT IN ('SYSTEM', 'INTEGRATION')"
    )
    (people,) = loaded.rows(
        f"SELECT count(*) FILTER ({person}), count(*) FROM systemuser_version WHERE standing = 'latest'"
    )
    assert people == (expected["systemuser"]["persons"], sum(expected["systemuser"].values()))


def test_a_late_older_version_does_not_win(folder: Folder) -> None:
    """Case CAS-01003 is resolved, though an older version of it arrives last; CAS-01013 was deleted and restored."""
    loaded = folder.load("synapse_link")
    rows = loaded.rows(
        "SELECT statecode, version_no FROM incident_version WHERE standing = 'latest' "
        "AND row_id IN ('ccf0f555-69a4-526f-ac0f-b620e55b8910', '01f2a2ac-bccf-5796-b95f-b121f6e92193') ORDER BY ALL"
    )
    assert [state for state, _ in rows] == [0, 1]
    assert (0, 2320) in rows


def test_a_delete_row_without_version_deletes_and_its_last_live_version_is_kept(folder: Folder) -> None:
    loaded = folder.load("synapse_link")
    rows = loaded.rows(
        "SELECT standing, last_live, deleted FROM queueitem_version "
        "WHERE row_id = '47c6a821-d3fe-58a7-be85-f6cf7cab49d5' ORDER BY deleted, last_live DESC"
    )
    assert rows[0] == ("superseded", True, False)
    assert rows[-1] == ("deleted", False, True)


def test_entity_type_columns_name_the_kind_of_a_lookup(folder: Folder) -> None:
    loaded = folder.load("synapse_link")
    kinds = loaded.rows("SELECT DISTINCT workeridtype FROM queueitem_version WHERE workerid IS NOT NULL ORDER BY ALL")
    assert kinds == [("systemuser",), ("team",)]


@pytest.mark.parametrize("name", [None, "log.bin"])
def test_a_finished_folder_that_was_not_delivered_makes_every_table_incomplete(
    tmp_path: Path, name: str | None
) -> None:
    exports = ExportFolder(tmp_path).sample("synapse_link")
    root = exports.exports / "synapse_link"
    for path in sorted((root / "2026-01-01T00.15.12Z").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (root / "2026-01-01T00.15.12Z").rmdir()
    if name:
        (root / "Changelog" / "Synapse.log").rename(root / "Changelog" / name)
    loaded = exports.loaded()
    assert loaded.rows("SELECT DISTINCT complete FROM file_set") == [(False,)]
    assert "2026-01-01T00.15.12Z" in loaded.rows("SELECT why FROM file_set")[0][0]


def test_without_a_change_log_the_partitions_tell_of_a_missing_folder(tmp_path: Path) -> None:
    exports = ExportFolder(tmp_path).sample("synapse_link")
    root = exports.exports / "synapse_link"
    for path in (*(root / "Changelog").iterdir(), *(root / "2026-01-01T00.15.12Z").rglob("*")):
        if path.is_file():
            path.unlink()
    assert exports.loaded().rows("SELECT DISTINCT complete FROM file_set") == [(False,)]


def test_in_place_snapshot_figures(folder: Folder) -> None:
    loaded = folder.load("synapse_link_inplace")
    expected = EXPECTED["synapse_link_inplace"]["incident"]
    report = loaded.report()
    snapshot = next(row for path, row in report.items() if "/Snapshot/" in path)
    live = [row for path, row in report.items() if row["rows_read"] and "/Snapshot/" not in path]
    assert snapshot["rows_read"] == snapshot["rows_latest"] == expected["snapshot_rows_read"]
    assert snapshot["complete"] is expected["complete"]
    cut = [row for row in live if row["rows_quarantined"]]
    assert [row["rows_read"] for row in cut] == [expected["live_2026_csv"]["records"]]
    assert cut[0]["quarantine"] == {"truncated": expected["live_2026_csv"]["cut_off"]}
    assert all(row["rows_filtered"] + row["rows_quarantined"] == row["rows_read"] for row in live)
    assert loaded.rows("SELECT append_only, complete FROM file_set") == [(False, False)]


# -- Web API ---------------------------------------------------------------------------------------------------------


def test_web_api_figures(folder: Folder) -> None:
    loaded = folder.load("dataverse_webapi")
    names = {table.entity_set: name for name, table in TABLES.items()}
    for entity_set, expected in EXPECTED["dataverse_webapi"].items():
        if "refused" in expected:
            continue
        counts = loaded.table(names[entity_set])
        assert counts["read"] == counts["latest"] == expected["rows_read"], entity_set
        assert counts["complete"] is expected["complete"], entity_set
    refused = [row["refused"] for row in loaded.report().values() if row["refused"]]
    assert len(refused) == 1
    assert EXPECTED["dataverse_webapi"]["queueitems"]["refused"].split(" instead")[0][:5] in refused[0]
    audits = EXPECTED["dataverse_webapi"]["audits"]
    (counts,) = loaded.rows("SELECT count(callinguserid), count(*) FILTER (operation = 4) FROM audit_version")
    assert counts == (audits["callinguserid_set"], audits["operation_access"])


def test_every_page_is_part_of_one_set(folder: Folder) -> None:
    loaded = folder.load("dataverse_webapi")
    sets = dict(loaded.rows("SELECT table_name, complete FROM file_set"))
    assert len(sets) == len(loaded.rows("SELECT * FROM file_set"))
    assert sets["msdyn_sessionparticipant"]
    assert not sets["incident"]


# -- flat and Delta --------------------------------------------------------------------------------------------------


def test_flat_figures(folder: Folder) -> None:
    loaded = folder.load("dataverse_csv")
    expected = EXPECTED["dataverse_csv"]
    for name in ("incident", "systemuser", "teammembership", "queueitem"):
        counts = loaded.table(name)
        assert counts["read"] == counts["latest"] == expected[f"{name}.csv"], name
    assert loaded.table("msdyn_sessionparticipant")["latest"] == expected["msdyn_sessionparticipant.parquet"]
    sessions = loaded.table("msdyn_ocsession")
    assert sessions["read"] == expected["msdyn_ocsession.ndjson"]["rows_read"]
    assert sessions["quarantine"] == {"bad_json": expected["msdyn_ocsession.ndjson"]["quarantined"]}
    (agents,) = loaded.rows("SELECT count(*) FILTER (msdyn_agentid IS NULL) FROM msdyn_sessionparticipant_version")
    assert agents == (1,)


def test_the_word_null_is_nothing_and_guids_lose_their_braces(folder: Folder) -> None:
    loaded = folder.load("dataverse_csv")
    assert loaded.rows("SELECT count(slaid), count(createdonbehalfby) FROM incident_version") == [(1, 1)]
    assert loaded.rows(
        "SELECT count(*) FROM incident_version i JOIN systemuser_version u ON u.row_id = i.createdby"
    ) == [(15,)]


def test_delta_figures(folder: Folder) -> None:
    loaded = folder.load("delta_lake")
    expected = EXPECTED["delta_lake"]
    counts = loaded.table("msdyn_sessionparticipant")
    assert counts["read"] == expected["rows"]
    assert counts["deleted"] == expected["deleted"]
    assert counts["latest"] == expected["live"]
    (row,) = loaded.report().values()
    assert row["path"].endswith("delta_lake/msdyn_sessionparticipant")
    (note,) = loaded.rows("SELECT note FROM file")
    assert note == (f"Version {expected['version']}, {expected['active_files']} active files.",)
    versions = loaded.rows(
        "SELECT version_no FROM msdyn_sessionparticipant_version WHERE version_no BETWEEN 4003 AND 4203 "
        "AND version_no % 100 = 3 ORDER BY ALL"
    )
    assert (4203,) in versions


# -- refusals --------------------------------------------------------------------------------------------------------

REFUSALS = {
    "signin_page.csv": "saved web page",
    "empty.csv": "empty",
    "pointer.parquet": "Git LFS pointer",
    "headerless_no_model.csv": "no column names and no model.json",
    "analytics_visual.csv": "aggregated report with display names",
}


def test_refusals_name_what_is_wrong(tmp_path: Path) -> None:
    report = ExportFolder(tmp_path).sample("refuse_misc").loaded().report()
    for name, words in REFUSALS.items():
        assert words in report[f"refuse_misc/{name}"]["refused"]
    header_only = report["refuse_misc/header_only_incident.csv"]
    assert (header_only["table"], header_only["rows_read"], header_only["refused"]) == ("incident", 0, None)
    assert report["refuse_misc/utf16_users.csv"]["rows_read"] == 1


def test_refusals_do_not_depend_on_names(folder: Folder) -> None:
    report = folder.load("refuse_misc", "maker_export", "get_mguser").report()
    refused = [row["refused"] for row in report.values() if row["refused"]]
    assert len(refused) == len(REFUSALS) + 1 + 2
    assert sum("leaves out owner and creator" in text for text in refused) == 1
    assert sum("type names" in text for text in refused) == 2


# -- tables ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(TABLES))
def test_the_stage_of_a_table_keeps_exactly_its_columns(name: str) -> None:
    returns = next(line for line in statement(f"stage/{name}").splitlines() if line.startswith("-- returns:"))
    columns = [column.strip() for column in returns.removeprefix("-- returns:").split(",")]
    common = ["environment", "file_id", "record", "row_id", "version_no", "sink_at", "modified_at", "deleted"]
    assert columns == [*common, *TABLES[name].columns, "standing", "last_live"]


def test_every_table_exists_with_its_types_even_without_files(tmp_path: Path) -> None:
    types = {"guid": "UUID", "text": "VARCHAR", "whole": "BIGINT", "flag": "BOOLEAN", "instant": "TIMESTAMP"}
    with Store.read(ExportFolder(tmp_path).load().path) as store:
        for name, table in TABLES.items():
            relation = store.connection.table(f"{name}_version")
            found = dict(zip(relation.columns, map(str, relation.types), strict=True))
            assert all(found[column] == types[kind] for column, kind in table.columns.items()), name
            assert found["row_id"] == "UUID"
            assert found["file_id"] == "INTEGER"
            assert "record" not in found
