"""Invented clients and the truth about them: the product's ledger equals what slow and obvious code says."""

from __future__ import annotations

import csv
import json
import os
import random
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import muddle
from d365bench import ingest, notebook, sample
from d365bench.client import load_client
from d365bench.reports import write_files
from d365bench.rulebook import load_rulebook
from d365bench.sample.tenant import Tenant
from oracle.ledger import Ledger
from oracle.summary import summary
from oracle.versions import accounted

# What the truth does not tell: words for people.
UNTOLD = {"reasons", "disputed_facts"}
COMMITTED = {
    "call-centre": ("harborline", 11),
    "two-environments": ("castellan", 12),
    "mixed-shapes": ("ferrowerk", 13),
}
FRESH = random.SystemRandom().randrange(1, 10**6)
# Where product and truth once told a rule apart; a laptop looks for new ones at every run.
MUDDLES = (9, 25, 27, 30, 1049, 1062, 1089, 2095, 2104, 2161, 2184, 2202)
MORE = 0 if os.environ.get("CI") == "true" else 4


class Case(NamedTuple):
    """One client to be made: its kind and seed, and whether thresholds are drawn too."""

    name: str
    kind: str
    seed: int
    drawn: bool = False


CASES = [
    *(Case(kind, kind, seed) for kind, (_, seed) in COMMITTED.items()),
    *(Case(f"{kind}-fresh", kind, FRESH) for kind in COMMITTED),
    *(Case(f"{kind}-thresholds", kind, 365, drawn=True) for kind in COMMITTED),
    *(Case(f"muddle-{seed}", "muddle", seed) for seed in MUDDLES),
    *(Case(f"muddle-fresh-{n}", "muddle", FRESH + n) for n in range(MORE)),
]


def made(case: Case, folder: Path) -> Tenant:
    """The client's folder and what was planted in it."""
    if case.kind == "muddle":
        return muddle.generate(folder, case.seed)
    tenant = sample.generate(folder, case.kind, case.seed)
    if case.drawn:
        chance = random.Random(case.seed)
        tenant.settings["thresholds"] = {
            name: chance.choice(values) for name, values in muddle.THRESHOLDS.items() if chance.random() < 0.4
        }
        tenant.write_settings()
    return tenant


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def estate(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Ledger, Path]:
    """A client with its truth, and the files that the product wrote about it."""
    data = tmp_path_factory.mktemp("data")
    name = COMMITTED[request.param.kind][0] if request.param.kind in COMMITTED else "muddle"
    tenant = made(request.param, data / name)
    ingest.load(load_client(data, name), load_rulebook())
    (data / "out").mkdir()
    with notebook.open_run(name, str(data), {}) as run:
        write_files(run, data / "out")
    return Ledger(tenant), data / "out"


def said(truth: Ledger) -> str:
    """What a failure has to say to be repeated."""
    return f"fresh seeds from {FRESH}; {muddle.described(truth.tenant)}"


def test_every_line_of_the_ledger(estate: tuple[Ledger, Path]) -> None:
    truth, out = estate
    with (out / "ledger.csv").open(encoding="utf-8", newline="") as file:
        got = list(csv.DictReader(file))
    expected = truth.rows()
    assert [row["person_id"] for row in got] == [row["person_id"] for row in expected], said(truth)
    assert set(got[0]) - set(expected[0]) == UNTOLD
    differences = [
        (row["person_id"], row["current_products"], column, f"want {want[column]!r}", f"got {row[column]!r}")
        for row, want in zip(got, expected, strict=True)
        for column in want
        if written(column, row[column]) != written(column, want[column])
    ]
    columns = Counter(difference[2] for difference in differences)
    assert not differences, f"{columns}: {differences[:6]}; {said(truth)}"


def written(column: str, cell: str) -> str:
    # a UPN means the same in capitals; an apostrophe stands before what begins like a formula
    return cell.casefold() if column == "upn" else cell.removeprefix("'")


def test_the_summary(estate: tuple[Ledger, Path]) -> None:
    truth, out = estate
    got: dict[str, Any] = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    want = summary(truth)
    held = got["monthly"].pop("withheld_by_hold")
    for key in ("people", "unattributed", "monthly", "actions", "team_members", "environment_conflicts", "unpriced"):
        assert got[key] == want[key], (key, said(truth))
    assert got["earliest_saving_on"] == want["earliest_saving_on"]
    assert {code: amount for code, amount in held.items() if amount} == want["withheld_by_hold"], said(truth)
    for figure in ("purchased", "assigned", "target", "ready_target"):
        assert {p: seats[figure] for p, seats in got["seats"].items() if seats[figure]} == want[figure], said(truth)
    assert {(c["environment"], c["source"]): c["percent"] for c in got["coverage"]} == want["coverage"], said(truth)


def test_every_row_of_every_table_is_accounted_for(estate: tuple[Ledger, Path]) -> None:
    truth, out = estate
    got: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for entry in json.loads((out / "load.json").read_text(encoding="utf-8")):
        if entry["environment"]:
            got[entry["environment"], entry["table"]].update({k: v for k, v in entry.items() if k.startswith("rows_")})
    for delivery in truth.tenant.delivered:
        if delivery.rows:
            assert got[delivery.environment, delivery.table] == accounted(delivery), (delivery.table, said(truth))


@pytest.mark.parametrize("kind", COMMITTED)
def test_the_committed_client_is_what_its_seed_gives(kind: str, tmp_path: Path) -> None:
    name, seed = COMMITTED[kind]
    committed = Path(__file__).parents[1] / "data" / "sample" / name
    sample.generate(tmp_path / name, kind, seed)

    def bytes_of(folder: Path) -> dict[str, bytes]:
        files = (path for path in folder.rglob("*") if path.is_file() and ".d365bench" not in path.parts)
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    made, kept = bytes_of(tmp_path / name), bytes_of(committed)
    assert made.keys() == kept.keys()
    assert [path for path in made if made[path] != kept[path]] == []
