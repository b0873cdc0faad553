"""Explain: ledger figures followed down to hashed files and recounted there with other code."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest

from d365bench import ingest
from d365bench.analysis.explain import explain, who
from d365bench.analysis.fired import CONFIDENCE
from d365bench.analysis.trace import FIGURES, INNER, PersonRows, trace
from d365bench.client import load_client
from d365bench.errors import UnknownParameter, UsageError
from d365bench.ingest.source_rows import CHANGED, GONE, UNCHANGED, locate
from d365bench.notebook import Run, start
from d365bench.rulebook import load_rulebook
from estate import Estate, guid
from people import client as hand_made_client

SAMPLES = Path(__file__).parents[1] / "data" / "sample"
NAMES = sorted(path.parent.name for path in SAMPLES.glob("*/client.toml"))
PRIMARY = "192350002"


@pytest.fixture(scope="module", params=NAMES)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Each sample client, loaded."""
    with loaded(request.param, tmp_path_factory.mktemp("data")) as run:
        yield run


def loaded(name: str, data: Path) -> Run:
    shutil.copytree(SAMPLES / name, data / name, ignore=shutil.ignore_patterns(".d365bench"))
    ingest.load(load_client(data, name), load_rulebook())
    return start(name, str(data))


def explained(run: Run, person: str, product: str | None = None, **more: Any) -> dict[str, Any]:
    return explain(
        run.store,
        run.client,
        run.thresholds,
        run.rulebook,
        person,
        product,
        decided=run.decided,
        coverage=run.coverage,
        locate=partial(locate, run.client),
        **more,
    )


def rows_of(answer: dict[str, Any]) -> list[dict[str, Any]]:
    figures = [figure for right in answer["rights"] for side in ("proof", "doubt") for figure in right[side]]
    return [row for figure in figures for row in figure["rows"]] + answer["standing"]


def one_for_each_code(decided: pl.DataFrame) -> dict[str, str]:
    """A person for every action, hold and verdict that occurs, as few as will do."""
    holds = pl.col("holds").list.eval(pl.element().str.split(":").list.last())
    codes = pl.concat_list("actions", holds, pl.concat_list(pl.col("team_members_verdict")))
    each = decided.select("person_id", code=codes.list.drop_nulls().list.unique()).explode("code").drop_nulls()
    return dict(each.group_by("code").agg(pl.col("person_id").min()).sort("code").iter_rows())


# -- figures and their rows ----------------------------------------------------------------------------------------


def test_every_figure_of_the_ledger_is_the_count_of_its_rows(run: Run) -> None:
    named = {**FIGURES, **INNER}
    figures = {name: figure for name, figure in named.items() if name in run.decided.columns}
    assert set(FIGURES) <= set(figures)
    people = run.decided.sample(25, seed=7).sort("person_id")
    for row in people.iter_rows(named=True):
        rows = PersonRows(run.store, run.client, run.thresholds, row["person_id"])
        for name, figure in figures.items():
            expected = row[name].date() if isinstance(row[name], datetime) else row[name]
            assert rows.figure(figure).value == expected, (row["person_id"], name)


def test_every_row_is_found_in_its_file(run: Run) -> None:
    people = list(one_for_each_code(run.decided).values())[:6]
    named = ("last_seen", "own_cases", "digital_handled", "voice_season", "case_days", "sla_cases")
    rows = pl.concat(
        [trace(run.store, run.client, run.thresholds, person, name).rows for person in people for name in named]
    ).unique(maintain_order=True)
    found = locate(run.client, rows)
    assert found["record"].null_count() == 0
    assert set(found["file_state"]) <= {UNCHANGED}
    for path, sha256 in found.select("path", "sha256").unique().iter_rows():
        file = run.client.exports / path
        if file.is_file():
            assert hashlib.sha256(file.read_bytes()).hexdigest() == sha256


def test_explain_on_every_action_hold_and_verdict(run: Run) -> None:
    for code, person in one_for_each_code(run.decided).items():
        answer = explained(run, person, most=3)
        json.dumps(answer, allow_nan=False)
        row = run.decided.row(by_predicate=pl.col("person_id") == person, named=True)
        told = {rule["rule"] for rule in answer["rules"] if rule["applies"]}
        assert answer["verdict"]["actions"] == "|".join(row["actions"]), code
        for hold in row["holds"]:
            right, name = hold.split(":")
            (naming,) = (r for r in answer["rules"] if r.get("names_the_hold") and r["right"] == right)
            assert (naming["rule"], naming["applies"]) == (name, True)
            assert naming["says"]
        for right in set(row["needs"]) & set(row["rights"]):
            proofs = [r for r in answer["rules"] if r["right"] == right and r["rule"].endswith(("need", "prove_need"))]
            assert any(r["applies"] for r in proofs) or "decided_earlier" in told, (code, right)
        assert all(rule["confidence"] in CONFIDENCE for rule in answer["rules"])
        assert all(entry["record"] for entry in rows_of(answer)), code
        assert {file["file_state"] for file in answer["files"]} <= {UNCHANGED}


def test_a_no_is_said_with_its_coverage_and_what_would_disprove_it(run: Run) -> None:
    idle = run.decided.filter(pl.col("actions").list.contains("remove_voice"))
    if idle.is_empty():
        pytest.skip("nobody loses voice here")
    answer = explained(run, idle["person_id"][0], "voice")
    (voice,) = (right for right in answer["rights"] if right["right"] == "voice")
    assert (voice["needed"], voice["held_by"], voice["proof"]) == (False, None, [])
    assert {one["source"] for one in voice["coverage"]} == {"sessions"}
    assert all(one["percent"] >= one["needed_percent"] for one in voice["coverage"])
    assert voice["doubt"][0]["figure"] == "last_before_the_window"


# -- recounted with other code -------------------------------------------------------------------------------------

VOICE_CALL, TEAMS, SECONDARY = 192440000, 19241000, {192370000, 192380000, 192390000, 192400000}
RECORDS = 192350000


class Raw(NamedTuple):
    """Records of one table as the files hold them, by path below exports, in reading order."""

    records: dict[str, list[dict[str, str]]]

    def versions(self) -> list[dict[str, str]]:
        whole = [record for records in self.records.values() for record in records if "versionnumber" in record]
        return [record for record in whole if not flag(record, "IsDelete")]

    def latest(self, key: str) -> dict[str, dict[str, str]]:
        """The live version with the highest number of each key."""
        best: dict[str, dict[str, str]] = {}
        for record in self.versions():
            name = record[key].lower()
            if name not in best or int(record["versionnumber"] or 0) > int(best[name]["versionnumber"] or 0):
                best[name] = record
        return best


def flag(record: dict[str, str], name: str) -> bool:
    return record.get(name, "").lower() in ("true", "1")


def web_api(exports: Path, environment: str, entity_set: str) -> Raw:
    """JSON pages; lookups under their logical names, every value as text."""
    records = {}
    for path in sorted((exports / environment / "webapi").glob(f"{entity_set}_[0-9].json")):
        rows = json.loads(path.read_text(encoding="utf-8"))["value"]
        records[path.relative_to(exports).as_posix()] = [
            {
                name.removeprefix("_").removesuffix("_value"): "" if value is None else str(value)
                for name, value in row.items()
            }
            for row in rows
        ]
    return Raw(records)


def synapse(exports: Path, environment: str, table: str) -> Raw:
    """Headerless files under the columns of the nearest model.json; what is no whole record stays empty."""
    records = {}
    for path in sorted((exports / environment).glob(f"*T*Z/{table}/*.csv")):
        model = path.parents[1] / "model.json"
        entities = json.loads((model if model.is_file() else exports / environment / "model.json").read_text("utf-8"))
        (entity,) = (entity for entity in entities["entities"] if entity["name"] == table)
        names = [attribute["name"] for attribute in entity["attributes"]]
        with path.open(encoding="utf-8", newline="") as file:
            rows = [dict(zip(names, row, strict=False)) for row in csv.reader(file) if row]
        records[path.relative_to(exports).as_posix()] = rows
    return Raw(records)


def day(text: str) -> date | None:
    """The UTC day of an instant in the forms that these exports write."""
    for form, length in (("%Y-%m-%dT%H:%M:%S", 19), ("%Y-%m-%d", 10)):
        try:
            return datetime.strptime(text[:length], form).date()
        except ValueError:
            continue
    return None


class Recount(NamedTuple):
    """Figures of one person counted from the records of one environment, with no code of the package."""

    raw: dict[str, Raw]
    user_ids: set[str]
    window: tuple[date, date]

    def within(self, text: str) -> bool:
        found = day(text)
        return found is not None and self.window[0] <= found < self.window[1]

    def mine(self, record: dict[str, str], field: str) -> bool:
        return record.get(field, "").lower() in self.user_ids

    def handled(self, voice: bool) -> int:
        sessions = self.raw["msdyn_ocsession"].latest("activityid")
        found = set()
        for record in self.raw["msdyn_sessionparticipant"].latest("msdyn_sessionparticipantid").values():
            session = record.get("msdyn_omnichannelsession", "").lower()
            channel = int(sessions.get(session, {}).get("msdyn_channel") or 0)
            is_digital = channel not in ({0, VOICE_CALL, RECORDS} | SECONDARY)
            if (
                self.mine(record, "msdyn_agentid")
                and record.get("msdyn_mode") == PRIMARY
                and self.within(record.get("msdyn_joinedon", ""))
                and (channel == VOICE_CALL if voice else is_digital)
            ):
                found.add(session)
        return len(found)

    def cases(self) -> dict[str, int]:
        """Own cases, cases of others and cases with an SLA."""
        created, worked = set(), set()
        incidents = self.raw["incident"].latest("incidentid")
        for key, record in incidents.items():
            if (
                self.mine(record, "createdby")
                and not record.get("createdonbehalfby")
                and self.within(record["createdon"])
            ):
                created.add(key)
        for record in self.raw["incident"].versions():
            own = self.mine(record, "modifiedby") and not record.get("modifiedonbehalfby")
            if own and self.within(record["modifiedon"]) and moment(record["modifiedon"]) > moment(record["createdon"]):
                worked.add(record["incidentid"].lower())
        for record in self.raw["audit"].latest("auditid").values():
            is_update = (
                record["operation"] == "2" and record["action"] != "11" and record["objecttypecode"] == "incident"
            )
            own = self.mine(record, "userid") and not record.get("callinguserid")
            if is_update and own and self.within(record["createdon"]):
                worked.add(record["objectid"].lower())
        for record in self.raw["incidentresolution"].latest("activityid").values():
            own = self.mine(record, "createdby") and not record.get("createdonbehalfby")
            if own and self.within(record["createdon"]):
                worked.add(record["incidentid"].lower())
        mine = {
            key
            for key, record in incidents.items()
            if self.mine(record, "createdby") and not record.get("createdonbehalfby")
        }
        known = worked & incidents.keys()
        return {
            "own_cases": len((created | worked) & mine),
            "other_cases": len(known - mine),
            "sla_cases": len({key for key in known if incidents[key].get("slaid")}),
        }


def moment(text: str) -> str:
    """An instant to the second, comparable."""
    return text[:19].replace(" ", "T")


@pytest.mark.parametrize(
    ("name", "environment", "read", "names"),
    [
        ("castellan", "claims", web_api, {"audit": "audits", "incident": "incidents", "systemuser": "systemusers"}),
        ("harborline", "service", synapse, {}),
    ],
)
def test_figures_recounted_in_the_files(
    name: str, environment: str, read: Any, names: dict[str, str], tmp_path: Path
) -> None:
    with loaded(name, tmp_path) as run:
        exports = run.client.exports
        tables = (
            "msdyn_ocsession",
            "msdyn_sessionparticipant",
            "incident",
            "incidentresolution",
            "audit",
            "systemuser",
        )
        plural = "s" if read is web_api else ""
        raw = {table: read(exports, environment, names.get(table, table + plural)) for table in tables}
        window = (run.client.as_of - timedelta(run.thresholds["window_days"]), run.client.as_of)
        # people who are known by the Entra id of their user record, and work nowhere else
        users: dict[str, set[str]] = {}
        for key, user in raw["systemuser"].latest("systemuserid").items():
            users.setdefault(user["azureactivedirectoryobjectid"].lower(), set()).add(key)
        only_here = pl.col("environments").list.eval(pl.element() == environment).list.all()
        here = run.decided.filter(only_here & pl.col("person_id").is_in(list(users)) & (pl.col("acts") > 0))
        counted = 0
        for row in here.sort("person_id").sample(12, seed=3).iter_rows(named=True):
            recount = Recount(raw, users[row["person_id"]], window)
            figures = {
                "digital_handled": recount.handled(voice=False),
                "voice_handled": recount.handled(voice=True),
                **recount.cases(),
            }
            assert {figure: row[figure] for figure in figures} == figures, row["person_id"]
            counted += sum(figures.values())
            follow(run, raw, row["person_id"], [figure for figure, value in figures.items() if value])
        assert counted > 20


def follow(run: Run, raw: dict[str, Raw], person_id: str, figures: list[str]) -> None:
    """Every row behind the figures is the record of that number in that file, and the file has that hash."""
    keys = {"incident": "incidentid", "audit": "auditid", "msdyn_sessionparticipant": "msdyn_sessionparticipantid"}
    for figure in figures:
        rows = locate(run.client, trace(run.store, run.client, run.thresholds, person_id, figure).rows)
        for row in rows.iter_rows(named=True):
            record = raw[row["table_name"]].records[row["path"]][row["record"] - 1]
            assert record[keys.get(row["table_name"], "activityid")].lower() == row["row_key"]
            assert hashlib.sha256((run.client.exports / row["path"]).read_bytes()).hexdigest() == row["sha256"]


# -- files that are no longer what they were -----------------------------------------------------------------------


def test_a_changed_file_and_a_lost_one_are_named(tmp_path: Path) -> None:
    with loaded("castellan", tmp_path) as run:
        worked = run.decided.filter(pl.col("digital_handled") > 0)["person_id"][0]
        rows = trace(run.store, run.client, run.thresholds, worked, "digital_handled").rows
        changed = run.client.exports / rows.filter(pl.col("role") == "act")["path"][0]
        lost = run.client.exports / rows.filter(pl.col("role") == "fact")["path"][0]
        changed.write_text(changed.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        lost.unlink()
        found = locate(run.client, rows)
        states = dict(found.select("path", "file_state").unique().iter_rows())
        assert states[changed.relative_to(run.client.exports).as_posix()] == CHANGED
        assert states[lost.relative_to(run.client.exports).as_posix()] == GONE
        assert found["record"].null_count() == found.filter(pl.col("file_state") != UNCHANGED).height


# -- who is meant --------------------------------------------------------------------------------------------------


def test_a_person_is_named_by_id_upn_or_display_name() -> None:
    estate = Estate()
    for name, shown in (("ada", "Ada Byron"), ("bob", "Sam Smith"), ("eve", "Sam Smith")):
        estate.user(name, fullname=shown)
        estate.account(name, "cs_enterprise", display_name=shown)
    with estate.roll() as store:
        ada = guid("oid:ada")
        for named in (ada.upper(), "ADA@example.test", " ada byron ", guid("prod:ada")):
            assert who(store, named) == ada
        with pytest.raises(UsageError, match="2 people have the display name") as several:
            who(store, "sam smith")
        assert guid("oid:bob") in str(several.value)
        assert guid("oid:eve") in str(several.value)
        with pytest.raises(UsageError, match="nobody is called 'nobody'"):
            who(store, "nobody")


def test_a_figure_that_does_not_exist_is_refused() -> None:
    thresholds = {"window_days": 180, "season_days": 400}
    with Estate().roll() as store, pytest.raises(UnknownParameter, match="did you mean 'digital_handled'"):
        trace(store, hand_made_client(), thresholds, guid("oid:ada"), "digital_handle")
