"""Here, here out of core, or on Spark: told from file sizes and heads, before anything is loaded."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from d365bench import rollup
from d365bench.errors import UsageError
from d365bench.ingest.load import load
from d365bench.ingest.planning import DISK_PER_ROW, GIB, MEMORY_PER_ROW, OUT_OF_CORE_ROWS, decide, plan
from d365bench.ingest.recognise import survey
from d365bench.rulebook import load_rulebook
from d365bench.store import Store
from export_folder import ExportFolder, guid


@pytest.mark.parametrize(
    ("rows", "memory", "disk", "way"),
    [
        (0, GIB, GIB, "here"),
        (GIB // MEMORY_PER_ROW, GIB, 100 * GIB, "here"),
        (GIB // MEMORY_PER_ROW + 1, GIB, 100 * GIB, "here, out of core"),
        (OUT_OF_CORE_ROWS, 16 * GIB, OUT_OF_CORE_ROWS * DISK_PER_ROW, "here, out of core"),
        (OUT_OF_CORE_ROWS, 16 * GIB, OUT_OF_CORE_ROWS * DISK_PER_ROW - 1, "on Spark"),
        (OUT_OF_CORE_ROWS + 1, 16 * GIB, 10**15, "on Spark"),
        (OUT_OF_CORE_ROWS + 1, 10**15, 10**15, "here"),  # a machine that takes it in memory needs no cluster
    ],
)
def test_memory_then_disk_then_patience_decide(rows: int, memory: int, disk: int, way: str) -> None:
    planned = decide(rows, memory, disk)
    assert planned.way == way
    assert f"{rows:,} rows" in planned.reason


def test_rows_are_exact_for_parquet_and_near_for_text(tmp_path: Path) -> None:
    exports = ExportFolder(tmp_path)
    rows = [{"auditid": guid(n), "createdon": "2026-01-01T08:00:00Z", "operation": n % 5} for n in range(20_000)]
    exports.table("audit.csv", rows)
    pl.DataFrame(rows).write_parquet(exports.exports / "audit.parquet")
    exports.write("notes.txt", "no export")
    with Store.in_memory() as store:
        findings = survey(exports.client, store, lambda *_: None)
        of = {one.relative: plan([one], store, tmp_path).rows for one in findings}
        whole = plan(findings, store, tmp_path)
    assert of["audit.parquet"] == 20_000
    assert of["audit.csv"] == pytest.approx(20_000, rel=0.02)
    assert of["notes.txt"] == 0
    assert whole.rows == sum(of.values())
    assert whole.way == "here"


def test_a_load_reads_under_the_limit_that_was_asked_for(tmp_path: Path) -> None:
    exports = ExportFolder(tmp_path)
    exports.table("audit.csv", [{"auditid": guid(1), "createdon": "2026-01-01T08:00:00Z", "operation": 2}])
    used: list[int] = []

    def roll_up(store: Store) -> None:
        used.append(store.memory_limit())
        rollup.build(store)

    load(exports.client, load_rulebook(), roll_up=roll_up, memory_limit="2GiB", threads=1)
    assert used == [2 * GIB]


@pytest.mark.parametrize("amount", ["lots", "0GB", "-1GB", "2", "2GB;", "50%"])
def test_what_is_no_amount_of_memory_is_refused_before_anything_is_started(tmp_path: Path, amount: str) -> None:
    exports = ExportFolder(tmp_path)
    with pytest.raises(UsageError, match="no amount of memory"):
        load(exports.client, load_rulebook(), memory_limit=amount)
    assert not (exports.client.folder / ".d365bench").exists()
