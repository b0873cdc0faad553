"""Invented clients and the truth about them: the product's ledger equals what slow and obvious code says."""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from d365bench import sample
from oracle import accounted
from oracle_ledger import Ledger

UNTOLD = ("reasons", "disputed_facts", "price_source")
FRESH = random.SystemRandom().randrange(1, 10**6)
COMMITTED = {
    "call-centre": ("harborline", 11),
    "two-environments": ("castellan", 12),
    "mixed-shapes": ("ferrowerk", 13),
}


def run(*words: object) -> None:
    subprocess.run([sys.executable, "-m", "d365bench", *map(str, words)], check=True, capture_output=True)


@pytest.fixture(
    scope="module",
    params=[(kind, seed) for kind in COMMITTED for seed in ("committed", "fresh")],
    ids=lambda p: "-".join(p),
)
def estate(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """A generated client with its truth, and the outputs that the product made of it."""
    kind, which = request.param
    name, seed = COMMITTED[kind] if which == "committed" else ("fresh", FRESH)
    folder = tmp_path_factory.mktemp("data")
    tenant = sample.generate(folder / name, kind, seed)
    run("report", name, "--data", folder, "--out", folder / "out")
    return Ledger(tenant), folder / "out" / name


def test_every_line_of_the_ledger(estate: tuple[Ledger, Path]) -> None:
    truth, out = estate
    with (out / "ledger.csv").open(encoding="utf-8", newline="") as file:
        got = list(csv.DictReader(file))
    expected = truth.rows()
    assert [row["person_id"] for row in got] == [row["person_id"] for row in expected], f"seed {FRESH}"
    differences = [
        (row["upn"], want["department"], column, f"want {want[column]!r}", f"got {row[column]!r}")
        for row, want in zip(got, expected, strict=True)
        for column in want
        if row[column].removeprefix("'") != want[column]
    ]
    assert set(got[0]) - set(expected[0]) == set(UNTOLD)
    assert not differences, (
        f"seed {FRESH}: {len(differences)} differ, {Counter(d[2] for d in differences)}: {differences[:6]}"
    )


def test_the_summary(estate: tuple[Ledger, Path]) -> None:
    truth, out = estate
    got = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    want = truth.summary()
    assert (got["people"], got["unattributed"]) == (want["people"], want["unattributed"])
    assert {k: v for k, v in got["monthly"].items() if k != "withheld_by_hold"} == want["monthly"]
    assert {k: v for k, v in got["monthly"]["withheld_by_hold"].items() if v} == want["withheld_by_hold"]
    assert (got["actions"], got["team_members"]) == (want["actions"], want["team_members"])
    for figure in ("assigned", "target", "ready_target"):
        assert {p: seats[figure] for p, seats in got["seats"].items() if seats[figure]} == want[figure]
    assert {(c["environment"], c["source"]): c["percent"] for c in got["coverage"]} == want["coverage"]


def test_every_row_of_every_table_is_accounted_for(estate: tuple[Ledger, Path]) -> None:
    truth, out = estate
    got: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for entry in json.loads((out / "load.json").read_text(encoding="utf-8")):
        if entry["environment"]:
            got[entry["environment"], entry["table"]].update({k: v for k, v in entry.items() if k.startswith("rows_")})
    for delivery in truth.tenant.delivered:
        if delivery.rows:
            counts = got[delivery.environment, delivery.table]
            assert {k: counts[k] for k in accounted(delivery)} == accounted(delivery), (
                delivery.environment,
                delivery.table,
            )


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
