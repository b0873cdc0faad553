"""Two engines, one text: what Spark rolls up is what a load makes of the same rows, to the last byte of the ledger."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

import spark_engines
from d365bench import ingest, outputs, rollup
from d365bench.analysis.decide import decide
from d365bench.analysis.evidence import environments, evidence
from d365bench.analysis.ledger import ledger
from d365bench.analysis.reasons import with_reasons
from d365bench.client import load_client
from d365bench.errors import D365BenchError, ExportError, UsageError
from d365bench.ingest.rolled_up import MANIFEST, MARK
from d365bench.lake import roll_up
from d365bench.lake.run import give
from d365bench.lake.session import ask
from d365bench.rulebook import load_rulebook
from d365bench.store import Store
from d365bench.thresholds import resolve
from lake import Lake

pytestmark = pytest.mark.spark
DOCS = Path(__file__).parents[1] / "docs"
TABLES = [table for table, _, _ in rollup.DAYS]
ENGINES = ("local", "standalone", "connect", "lost worker")
ZONE = "America/New_York"  # of the notebook's session; days are cut at midnight UTC all the same
# A delivery has another number in each store; what it is a delivery of is the same.
SOURCE_DAYS = """
(
    SELECT d.environment, d.source, s.table_name, d.day, d.n
    FROM {store}.source_day d JOIN {store}.file_set s USING (set_id)
)
"""


class World:
    """The same rows as exports of one client and as a lake beside another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        invented = Lake()
        invented.write_client(folder / "whole", everything=True)
        invented.write_client(folder / "apart", everything=False)
        self.lake = invented.write_lake(folder / "lake")
        load(folder / "whole")

    def apart(self, name: str) -> Path:
        """A data folder of its own whose client has no activity among its exports."""
        data = self.folder / name
        shutil.copytree(self.folder / "apart", data)
        return data

    def command(self, data: Path, *options: str) -> list[str]:
        to = str(data / "lake" / "exports" / "roll-up")
        return ["rollup", "lake", "--data", str(data), "--engine", "spark", "--to", to, *options]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("spark"))


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A notebook's own session on this machine, in a zone of its own."""
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("session")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in spark_engines.environment(folder / "conf").items():
            patch.setenv(name, value)
        patch.chdir(folder)
        session = SparkSession.builder.master("local[2]").getOrCreate()
        session.conf.set("spark.sql.session.timeZone", ZONE)
        yield session
        session.stop()


@pytest.fixture(scope="module", params=ENGINES)
def rolled(request: pytest.FixtureRequest, world: World) -> Path:
    """A data folder whose client has, instead of raw tables, what one engine rolled up of the lake."""
    if request.param == "local":
        return request.getfixturevalue("local")  # type: ignore[no-any-return]
    data = world.apart(request.param.replace(" ", "-"))
    logs = world.folder / f"logs-{data.name}"
    logs.mkdir()
    command = world.command(data, "--lake", str(world.lake))
    if request.param == "connect":
        with (
            spark_engines.connect_server(logs) as (remote, _),
            spark_engines.d365bench(logs, *command, "--remote", remote),
        ):
            pass
        return data
    with (
        spark_engines.standalone(logs) as (remote, workers),
        spark_engines.d365bench(logs, *command, "--remote", remote),
    ):
        if request.param == "lost worker":
            wait_for_output(data)
            workers[0].kill()
    return data


@pytest.fixture(scope="module")
def local(world: World, session: Any) -> Path:
    """What the notebook's session rolled up, by the cell that the documentation shows."""
    data = world.apart("local")
    [cell] = re.findall(r"```python\n(.*?)```", (DOCS / "lake.md").read_text(encoding="utf-8"), re.DOTALL)
    client = 'load_client(Path("/lakehouse/default/Files/clients"), "contoso")'
    places = {client: f'load_client(Path("{data}"), "lake")', '"abfss://…/Tables"': f'"{world.lake}"'}
    places['"abfss://…/contoso-roll-up"'] = f'"{data / "lake" / "exports" / "roll-up"}"'
    for documented, here in places.items():
        assert documented in cell
        cell = cell.replace(documented, here)
    exec(cell, {})
    return data


def wait_for_output(data: Path) -> None:
    """Until the first table is written: half of the work is done, and the rest needs what the workers keep."""
    first = data / "lake" / "exports" / "roll-up" / TABLES[0] / "_SUCCESS"
    deadline = time.monotonic() + spark_engines.PATIENCE
    while not first.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert first.exists()


def load(data: Path) -> ingest.LoadResult:
    return ingest.load(load_client(data, "lake"), load_rulebook())


def store(data: Path) -> Path:
    return data / "lake" / ".d365bench" / "store.duckdb"


def differing(one: Path, other: Path) -> dict[str, tuple[int, int]]:
    """Table → rows that only one of two stores has; nothing where they are the same."""
    found = {}
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{one}' AS one (READ_ONLY)")
        connection.execute(f"ATTACH '{other}' AS other (READ_ONLY)")
        for table in (*TABLES, "last_seen"):
            a, b = (
                SOURCE_DAYS.format(store=name) if table == "source_day" else f"{name}.{table}"
                for name in ("one", "other")
            )
            counts = [
                connection.sql(f"SELECT count(*) FROM (FROM {x} EXCEPT ALL FROM {y})").fetchall()[0][0]
                for x, y in ((a, b), (b, a))
            ]
            assert connection.sql(f"SELECT count(*) FROM {a}").fetchall()[0][0] > 0, f"{table}: the lake tries nothing"
            if any(counts):
                found[table] = (counts[0], counts[1])
    return found


def ledger_bytes(data: Path, to: Path) -> bytes:
    client, rulebook = load_client(data, "lake"), load_rulebook()
    thresholds = resolve(client.thresholds)
    with Store.read(store(data)) as opened:
        seen = evidence(opened, client, thresholds)
        decided = decide(seen, environments(opened), rulebook, client, thresholds)
    outputs.write_csv(ledger(with_reasons(decided, thresholds, rulebook, client), client), to)
    return to.read_bytes()


# -- equality --------------------------------------------------------------------------------------------------


def test_every_table_is_the_same_row_for_row(world: World, rolled: Path) -> None:
    assert load(rolled).built
    assert differing(store(world.folder / "whole"), store(rolled)) == {}


def test_the_ledger_is_the_same_byte_for_byte(world: World, rolled: Path, tmp_path: Path) -> None:
    load(rolled)
    expected = ledger_bytes(world.folder / "whole", tmp_path / "whole.csv")
    assert expected.count(b"\r\n") > 5
    assert ledger_bytes(rolled, tmp_path / "rolled.csv") == expected


def test_the_rows_behind_a_roll_up_are_counted_as_if_they_had_been_read(world: World, rolled: Path) -> None:
    counts = ["table", "environment", "rows_read", "rows_latest", "rows_superseded", "rows_deleted", "quarantine"]

    def counted(data: Path) -> pl.DataFrame:
        files = load(data).files
        return files.filter(pl.col("table").is_in(rollup.ACTIVITY_TABLES)).select(counts).sort("table", "environment")

    assert counted(rolled).equals(counted(world.folder / "whole"))
    assert counted(rolled)["quarantine"].list.len().sum() == 2


def test_what_a_store_has_loaded_rolls_up_to_the_same(world: World, session: Any) -> None:
    data = world.apart("from-store")
    whole = load_client(world.folder / "whole", "lake")
    roll_up(whole, load_rulebook(), str(data / "lake" / "exports" / "roll-up"))
    load(data)
    assert differing(store(world.folder / "whole"), store(data)) == {}


# -- one cell --------------------------------------------------------------------------------------------------

CELLS = (
    *(
        "6F0F3E0A-0000-4000-8000-00000000000A",
        "{6f0f3e0a-0000-4000-8000-00000000000a}",
        "6f0f3e0a00004000800000000000000a",
    ),
    *(
        "6f0f3e0a-0000-4000-8000-00000000000",
        "zf0f3e0a-0000-4000-8000-00000000000a",
        "{6f0f3e0a-0000-4000-8000-00000000000a",
    ),
    *(
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05.1234567Z",
        "2026-01-02T03:04:05.0000000+00:00",
        "2026-01-02 03:04:05",
    ),
    *(
        "2026-01-02T23:30:00-05:00",
        "2026-01-02T00:30:00+02:00",
        "2026-01-02 03:04:05+00",
        "2026-01-02",
        "2026-01-02 03:04",
    ),
    *(
        "2024-02-29T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01",
        "2026-01-02T25:00:00Z",
        "2026-01-02T03:04:05.9999999Z",
    ),
    *("1/2/2026 3:04:05 PM", "12/31/2026 12:00:00 AM", "31/12/2026 3:04:05 PM", "1/2/2026", "01/02/2026 12:59:59 pm"),
    *(
        "infinity",
        "now",
        "today",
        "2026",
        "10000-01-01",
        "0",
        "1",
        "-1",
        "+7",
        "007",
        "4.0",
        "4.",
        "1.6",
        "1e3",
        ".5",
        "-0",
    ),
    *(
        "9223372036854775807",
        "9223372036854775808",
        "192350002",
        " 5",
        "5 ",
        "5a",
        "NaN",
        "true",
        "TRUE",
        "False",
        "yes",
        "No",
    ),
    *("tru", "on", "2", "", " ", "null", "é", None),
)


@pytest.mark.parametrize("kind", ["guid", "instant", "whole", "flag"])
def test_both_engines_read_a_text_alike(session: Any, kind: str) -> None:
    texts = pl.DataFrame({"x": CELLS}, schema={"x": pl.String}).unique().sort("x")
    with Store.in_memory() as engine:
        engine.run(f"stage/as_{kind}")
        engine.register("texts", texts)
        ours = dict(engine.connection.sql(f"SELECT x, CAST(as_{kind}(x) AS VARCHAR) FROM texts").fetchall())
    give(session, "texts", texts)
    session.conf.set("spark.sql.session.timeZone", "UTC")
    ask(session, f"lake/as_{kind}")
    rows = session.sql(f"SELECT x, CAST(as_{kind}(x) AS STRING) AS y FROM texts").collect()
    session.conf.set("spark.sql.session.timeZone", ZONE)
    theirs = {row["x"]: row["y"] for row in rows}
    assert {x: (ours[x], theirs[x]) for x in ours if ours[x] != theirs[x]} == {}
    assert any(ours.values())


# -- what must not pass ----------------------------------------------------------------------------------------


@pytest.fixture
def copied(local: Path, tmp_path: Path) -> Path:
    """A fresh copy of a good roll-up, to be broken."""
    shutil.copytree(local, tmp_path / "copied")
    return tmp_path / "copied"


def refusals(data: Path) -> dict[str, str]:
    files = load(data).files.filter(pl.col("refused").is_not_null())
    return dict(files.select("path", "refused").iter_rows())


def test_a_roll_up_without_manifest_is_half_written(copied: Path) -> None:
    shutil.rmtree(copied / "lake" / "exports" / "roll-up" / MANIFEST)
    reasons = {why for path, why in refusals(copied).items() if path.endswith(".parquet")}
    assert reasons == {reason for reason in reasons if "manifest is missing" in reason}
    assert reasons


def test_a_roll_up_that_lost_a_file_is_refused(copied: Path) -> None:
    next((copied / "lake" / "exports" / "roll-up" / "case_touch").rglob("*.parquet")).unlink()
    assert "case_touch" in refusals(copied)["roll-up"]


def test_a_roll_up_of_another_make_is_refused(copied: Path) -> None:
    [path] = (copied / "lake" / "exports" / "roll-up" / MANIFEST).glob("part-*")
    manifest = json.loads(path.read_text(encoding="utf-8"))
    assert manifest[MARK] == 1
    path.write_text(json.dumps({**manifest, "sql_hash": "0"}), encoding="utf-8")
    assert "another version" in refusals(copied)["roll-up"]


def test_raw_tables_beside_a_roll_up_would_count_twice(copied: Path, world: World) -> None:
    shutil.copy(world.folder / "whole/lake/exports/north/audit.parquet", copied / "lake/exports/north")
    shutil.copytree(copied / "lake/exports/roll-up", copied / "lake/exports/second")
    found = refusals(copied)
    assert "count twice" in found["north/audit.parquet"]
    assert "count twice" in found["second"]


def test_a_roll_up_of_other_people_stops_the_load(copied: Path) -> None:
    path = copied / "lake" / "exports" / "north" / "systemuser.parquet"
    pl.read_parquet(path)[1:].write_parquet(path)
    with pytest.raises(ExportError, match="user records"):
        load(copied)


def test_the_session_of_a_notebook_is_left_as_it_was_found(local: Path, session: Any) -> None:
    assert session.conf.get("spark.sql.session.timeZone") == ZONE


def break_key(table: Path) -> None:
    for path in table.glob("*.parquet"):
        frame = pl.read_parquet(path)
        frame.drop(table.name + "id", "Id", strict=False).write_parquet(path)


def break_types(table: Path) -> None:
    path = table / "part-0.parquet"
    pl.read_parquet(path).with_columns(statecode=pl.lit("open")).write_parquet(path)


def break_columns(table: Path) -> None:
    path = table / "part-0.parquet"
    frame = pl.read_parquet(path)
    frame.with_columns(ownerid=frame["ownerid"].cast(pl.Binary)).write_parquet(path)
    for other in table.glob("part-1*"):
        other.unlink()


def break_file(table: Path) -> None:
    path = table / "part-1.parquet"
    path.write_bytes(path.read_bytes()[:-100])


def leave_unfinished(table: Path) -> None:
    (table / "_temporary" / "0").mkdir(parents=True)


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (break_key, "key column incidentid is missing"),
        (break_types, "incident: .*merg"),
        (break_columns, "ownerid must be text, numbers or times"),
        (break_file, "incident"),
        (leave_unfinished, "has not finished"),
    ],
)
def test_a_broken_table_of_the_lake_is_an_error_that_names_it(
    world: World, session: Any, tmp_path: Path, damage: Any, named: str
) -> None:
    shutil.copytree(world.lake / "north" / "incident", tmp_path / "lake" / "north" / "incident")
    damage(tmp_path / "lake" / "north" / "incident")
    client = load_client(world.folder / "apart", "lake")
    with pytest.raises(D365BenchError, match=named):
        roll_up(client, load_rulebook(), str(tmp_path / "to"), lake=str(tmp_path / "lake"))
    assert not (tmp_path / "to" / MANIFEST).exists()


def test_a_lake_without_our_tables_is_an_error(world: World, session: Any, tmp_path: Path) -> None:
    client = load_client(world.folder / "apart", "lake")
    with pytest.raises(ExportError, match="no table of ours"):
        roll_up(client, load_rulebook(), str(tmp_path / "to"), lake=str(tmp_path))


def test_a_missing_column_proves_nothing_instead_of_absence(world: World, session: Any, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(world.folder / "apart", data)
    for table in ("msdyn_sessionparticipant", "msdyn_ocsession"):
        shutil.copytree(world.lake / "north" / table, tmp_path / "lake" / "north" / table)
    for path in (tmp_path / "lake/north/msdyn_sessionparticipant").glob("*.parquet"):
        pl.read_parquet(path).drop("msdyn_mode").write_parquet(path)
    client = load_client(data, "lake")
    roll_up(client, load_rulebook(), str(client.exports / "roll-up"), lake=str(tmp_path / "lake"))
    load(data)
    with Store.read(store(data)) as opened:
        missing = opened.query("coverage/missing").filter(pl.col("environment") == "north")
    assert ("sessions", "msdyn_mode") in set(missing.select("source", "column_name").iter_rows())


def last_line(logs: Path) -> str:
    return (logs / "d365bench.log").read_text(encoding="utf-8").splitlines()[-1]


def test_a_spark_without_memory_is_an_error_that_says_so(world: World, tmp_path: Path) -> None:
    data = world.apart("no-memory")
    command = world.command(data, "--lake", str(world.lake), "--remote", "local[1]")
    little = {"spark.driver.memory": "128m"}
    with spark_engines.d365bench(tmp_path, *command, ends_with=1, settings=little):
        pass
    assert re.search("d365bench: Spark at local.1. cannot be reached: .*memory", last_line(tmp_path))
    assert not (data / "lake" / "exports" / "roll-up").exists()


def test_a_spark_that_goes_away_in_the_middle_leaves_nothing_that_counts(world: World, tmp_path: Path) -> None:
    data = world.apart("gone")
    command = world.command(data, "--lake", str(world.lake))
    with (
        spark_engines.connect_server(tmp_path) as (remote, server),
        spark_engines.d365bench(tmp_path, *command, "--remote", remote, ends_with=1),
    ):
        wait_for_output(data)
        server.kill()
    assert re.search(f"d365bench: Spark at {remote}: .*connect", last_line(tmp_path))
    assert not (data / "lake" / "exports" / "roll-up" / MANIFEST).exists()
    assert all("manifest is missing" in why for path, why in refusals(data).items() if path.endswith(".parquet"))


def test_an_existing_folder_is_never_written_into(world: World, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="exists already"):
        roll_up(load_client(world.folder / "apart", "lake"), load_rulebook(), str(tmp_path), lake="anywhere")
