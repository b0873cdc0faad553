"""A SQL file is a function with a signature: its header says what it reads, takes and returns, and tells the truth."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import duckdb
import polars as pl
import pytest

from d365bench import ingest, rollup
from d365bench.analysis.backtest import backtest
from d365bench.analysis.concurrency import concurrency
from d365bench.analysis.explain import explain
from d365bench.client import Client, load_client
from d365bench.ingest import rolled_up
from d365bench.notebook import GIVEN, start
from d365bench.rulebook import load_rulebook
from d365bench.store import Store, parameters, statement

TESTS = Path(__file__).parent
SQL = TESTS.parent / "d365bench" / "sql"
FILES = sorted(path.relative_to(SQL).with_suffix("").as_posix() for path in SQL.rglob("*.sql"))
SPARK = [name for name in FILES if name.startswith("lake/")]
DUCKDB = [name for name in FILES if name not in SPARK]
# What Spark runs as well, as it stands.
PORTABLE = [name for name in FILES if name.startswith("activity/")] + [f"stage/{t}" for t in rollup.ACTIVITY_TABLES]
HEADER = ("grain", "reads", "params", "returns")

# What Spark does not read, or reads otherwise: these files run on both engines as they stand.
NOT_PORTABLE = {
    "a cast by ::": r"::",
    "QUALIFY": r"\bQUALIFY\b",
    "EXCLUDE or REPLACE in a star": r"\*\s*(EXCLUDE|REPLACE)\b",
    "GROUP BY ALL": r"\bGROUP\s+BY\s+ALL\b",
    "ORDER BY ALL": r"\bORDER\s+BY\s+ALL\b",
    "a double-quoted name": r'"',
    "VARCHAR (say STRING)": r"\bVARCHAR\b",
    "a join that only DuckDB knows": r"\b(POSITIONAL|ASOF)\s+JOIN\b",
    "FROM without SELECT": r"(\A|\()\s*FROM\b",
    "FILTER without WHERE": r"\bFILTER\s*\(\s*(?!WHERE\b)",
    "a list literal": r"(?<![\w\]])\[",
    "a struct literal": r"\{",
    "a lambda": r"\blambda\b|->",
    "a DuckDB aggregate": r"\b(arg_max|arg_min|list|string_agg|list_sort|list_distinct|list_filter|unnest)\s*\(",
    "a column named at": r"\bAS\s+at\b",
    "a count over several columns": r"count\s*\(\s*DISTINCT\s+[^()]*,",
    "a day of the week": r"\b(dayofweek|isodow|weekday)\b",
    "concat with NULL": r"\bconcat\s*\(",
    "TRY_CAST on a UUID": r"\bUUID\b",
}


def header(name: str) -> dict[str, str]:
    """The header's entries; a line that does not begin with one of the four words goes on with the one before."""
    entries: dict[str, str] = {}
    for line in statement(name).splitlines():
        if not line.startswith("--"):
            break
        found = re.match(r"-- (\w+):\s+(.*)", line)
        if found and len(entries) < len(HEADER):
            entries[found[1]] = found[2].strip()
    return entries


def listed(entry: str) -> list[str]:
    return [] if entry == "none" else [part.strip() for part in entry.split(",")]


def without_comments(name: str) -> str:
    return "\n".join(line.split("--", 1)[0] for line in statement(name).splitlines())


def nodes(tree: Any) -> Iterator[Mapping[str, Any]]:
    """Every object of a serialised statement, outermost first."""
    if isinstance(tree, dict):
        yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for branch in tree:
            yield from nodes(branch)


def is_select(name: str) -> bool:
    return name in DUCKDB and duckdb.extract_statements(statement(name))[0].type == duckdb.StatementType.SELECT


def base_tables(name: str) -> set[str]:
    """The tables that a file reads or changes, less the names of its own WITH clauses."""
    # Spark's name for text, and the engine's serialiser does not know it
    sql = re.sub(r"\bAS STRING\)", "AS VARCHAR)", without_comments(name))
    if not is_select(name):
        return set(re.findall(r"\b(?:FROM|JOIN|UPDATE|INTO|TABLE)\s+([a-z_]+)", sql))
    tree = json.loads(duckdb.sql("SELECT json_serialize_sql($sql)", params={"sql": sql}).fetchall()[0][0])
    assert not tree["error"], f"{name}: {tree.get('error_message')}"
    found = list(nodes(tree))
    common = {entry["key"] for node in found for entry in node.get("cte_map", {}).get("map", [])}
    return {node["table_name"] for node in found if node.get("type") == "BASE_TABLE"} - common


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The columns of each SELECT file as it ran: the sample exports loaded twice, all notebook questions asked."""
    columns: dict[str, list[str]] = {}
    relation = Store._relation

    def noting(self: Store, name: str, params: Mapping[str, object]) -> duckdb.DuckDBPyRelation:
        answer = relation(self, name, params)
        columns[name] = answer.columns
        return answer

    data = tmp_path_factory.mktemp("clients")
    (data / "samples").mkdir()
    (data / "samples" / "client.toml").write_text('[client]\nas_of = 2026-07-01\ncurrency = "USD"\n')
    shutil.copytree(TESTS / "samples", data / "samples" / "exports")
    write_binary_parquet(data / "samples" / "exports" / "members.parquet")
    client = load_client(data, "samples")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "_relation", noting)
        for _ in range(2):  # the second one only looks whether it has to
            ingest.load(client, load_rulebook())
        ingest.load(rolled_up_client(client, data / "rolled-up"), load_rulebook())
        with start("samples", str(data)) as run:
            for question in questions():
                run.ask(question)
            for name in GIVEN:
                run.given(name)
            run.ask(backtest)
            run.ask(concurrency)
            somebody = run.decided["person_id"][0]
            explain(run.store, run.client, run.thresholds, run.rulebook, somebody)
    return columns


def rolled_up_client(client: Client, folder: Path) -> Client:
    """The same client with the activity of its store beside its exports, as a roll-up elsewhere would leave it."""
    shutil.copytree(client.folder, folder, ignore=shutil.ignore_patterns(".d365bench"))
    target = folder / "exports" / "roll-up"
    with Store.read(ingest.store_path(client)) as store:
        outputs = []
        for table in rolled_up.TABLES:
            rows = store.connection.table(table).pl()
            (target / table).mkdir(parents=True)
            rows.write_parquet(target / table / "part-0.parquet")
            outputs.append(rolled_up.Output(table, rows.height, 1))
        hashes = (rollup.sql_hash(), rollup.people_hash(store))
        manifest = rolled_up.Manifest("duckdb", duckdb.__version__, *hashes, rolled_up.inputs_of(store), outputs)
    (target / rolled_up.MANIFEST).mkdir()
    text = json.dumps({rolled_up.MARK: rolled_up.VERSION, **asdict(manifest)})
    (target / rolled_up.MANIFEST / "part-0").write_text(text, encoding="utf-8")
    return load_client(folder.parent, folder.name)


def write_binary_parquet(path: Path) -> None:
    """Queue members whose GUIDs are 16 bytes, as some writers keep them, of a user in the other samples."""
    users = json.loads((TESTS / "samples" / "dataverse_webapi" / "systemusers.json").read_text(encoding="utf-8"))
    known = UUID(users["value"][0]["systemuserid"])
    keys = {"queuemembershipid": uuid4(), "queueid": uuid4(), "systemuserid": known}
    pl.DataFrame({name: [key.bytes] for name, key in keys.items()}).write_parquet(path)


def questions() -> list[Callable[..., object]]:
    """Every analysis function that a notebook asks."""
    cells = "".join(path.read_text(encoding="utf-8") for path in (TESTS.parent / "notebooks").glob("*.ipynb"))
    named = sorted(set(re.findall(r"run\.ask\((\w+)\.(\w+)\)", cells)))
    return [getattr(import_module(f"d365bench.analysis.{module}"), name) for module, name in named]


@pytest.mark.parametrize("name", FILES)
def test_a_file_has_its_header(name: str) -> None:
    assert tuple(header(name)) == HEADER
    assert all(header(name).values())


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_one_statement(name: str) -> None:
    assert ";" not in without_comments(name)
    assert name in SPARK or len(duckdb.extract_statements(statement(name))) == 1


@pytest.mark.parametrize("name", FILES)
def test_a_file_takes_the_parameters_that_it_names(name: str) -> None:
    assert {entry.split()[0].removeprefix("$") for entry in listed(header(name)["params"])} == parameters(name)
    assert all(re.fullmatch(r"\$[a-z_]+ [A-Z]+(\[\])?", entry) for entry in listed(header(name)["params"]))


@pytest.mark.parametrize("name", FILES)
def test_a_file_reads_the_tables_that_it_names(name: str) -> None:
    assert set(listed(header(name)["reads"])) == base_tables(name)


@pytest.mark.parametrize("name", DUCKDB)
def test_a_file_returns_the_columns_that_it_names(name: str, answered: Mapping[str, list[str]]) -> None:
    if not is_select(name):
        assert header(name)["returns"] == "nothing"
        return
    assert name in answered, "nothing asks this file: it is dead, or no sample needs it"
    assert answered[name] == listed(header(name)["returns"])


@pytest.mark.parametrize("name", PORTABLE)
def test_a_portable_file_keeps_to_what_both_engines_read(name: str) -> None:
    text = without_comments(name)
    found = [what for what, pattern in NOT_PORTABLE.items() if re.search(pattern, text, re.IGNORECASE | re.MULTILINE)]
    assert not found


def test_no_file_is_left_over() -> None:
    package = SQL.parent
    code = "".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    named = set(re.findall(r'"([a-z_]+/[a-z_]+)"', code))
    built = {f"{folder}/" for folder in re.findall(r'f"([a-z_]+)/\{', code)}
    assert not [name for name in FILES if name not in named and f"{name.split('/')[0]}/" not in built]
