"""A folder of activity that was rolled up where the lake lies: its manifest, what it stands for, and taking it in.

A roll-up answers for every activity table of its environments, so their raw exports beside it are refused: work that
both of them hold would count twice. A folder without manifest is half-written and counts for nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from d365bench import rollup
from d365bench.errors import ClientError, ExportError
from d365bench.ingest import refusals
from d365bench.ingest.finding import Finding
from d365bench.ingest.ledger import set_ids
from d365bench.store import Store

SHAPE, MARK, VERSION, MANIFEST = "roll_up", "d365bench_roll_up", 1, "manifest"
TABLES = tuple(table for table, _, _ in rollup.DAYS)
# Only a roll-up has these side by side.
SIGNS = (
    frozenset({"person_id", "environment"}),
    frozenset({"environment", "source", "set_id"}),
    frozenset({"environment", "class"}),
    frozenset({"environment", "first_owner"}),
    frozenset({"environment", "day", "action"}),
)


@dataclass(frozen=True)
class Input:
    """One table of one environment that was rolled up: where it lay, what it carried, what became of its rows."""

    number: int  # its set_id in the roll-up's source_day
    environment: str
    table: str
    path: str
    columns: list[str]
    files: int
    listing: str
    standing: dict[str, int] = field(default_factory=dict)
    quarantine: dict[str, int] = field(default_factory=dict)
    filtered: int = 0
    append_only: bool = False
    complete: bool = True
    why: str | None = None

    @property
    def rows(self) -> int:
        return sum(self.standing.values()) + sum(self.quarantine.values()) + self.filtered


@dataclass(frozen=True)
class Output:
    """One table of a roll-up and what was written of it."""

    table: str
    rows: int
    files: int


@dataclass(frozen=True)
class Manifest:
    """What a roll-up was made by, of and into; written last."""

    engine: str
    engine_version: str
    sql_hash: str
    people_hash: str
    inputs: list[Input]
    outputs: list[Output]

    @property
    def environments(self) -> list[str]:
        return sorted({one.environment for one in self.inputs})


# -- recognising -----------------------------------------------------------------------------------------------


def manifest_of(folder: Path) -> Manifest | None:
    """The manifest of a roll-up's folder; None where the folder is something else."""
    for path in sorted((folder / MANIFEST).glob("part-*")):
        try:
            content: Any = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(content, dict) and content.pop(MARK, None) == VERSION:
            return parsed(content)
    return None


def parsed(content: dict[str, Any]) -> Manifest | None:
    try:
        inputs = [Input(**one) for one in content.pop("inputs")]
        outputs = [Output(**one) for one in content.pop("outputs")]
        return Manifest(**content, inputs=inputs, outputs=outputs)
    except (KeyError, TypeError):
        return None


def is_part(columns: Iterable[str]) -> bool:
    """Whether a Parquet file's columns are those of a roll-up's table, whose folder then lacks its manifest."""
    names = set(columns)
    return any(sign <= names for sign in SIGNS)


def describe(finding: Finding, manifest: Manifest, declared: Sequence[str], store: Store) -> list[Finding]:
    """A finding for the folder, and one for each table that it was made of."""
    finding.shape, finding.roll_up, finding.environment = SHAPE, manifest, None
    finding.note = f"{manifest.engine} {manifest.engine_version}, {len(manifest.inputs)} tables"
    why = why_unfit(finding.path, manifest, declared, store)
    if why:
        return [finding.refuse(why)]
    parts = []
    for one in manifest.inputs:
        part = Finding(finding.path, f"{finding.relative}/{one.environment}/{one.table}/{one.number}", one.environment)
        part.shape, part.table, part.rolled = SHAPE, one.table, one
        part.carried, part.append_only, part.note = tuple(one.columns), one.append_only, one.path
        part.complete, part.why_incomplete = one.complete, one.why
        part.delivery = (SHAPE, one.environment, part.relative, one.table)
        parts.append(part)
    return [finding, *parts]


def why_unfit(folder: Path, manifest: Manifest, declared: Sequence[str], store: Store) -> str | None:
    """Why a roll-up cannot be taken: another make, an environment that nobody declared, files that are missing."""
    if manifest.sql_hash != rollup.sql_hash():
        return refusals.ROLL_UP_OTHER_MAKE
    strange = sorted(set(manifest.environments) - set(declared))
    if strange:
        return refusals.ROLL_UP_STRANGE.format(environments=", ".join(strange))
    written = {output.table: output for output in manifest.outputs}
    for table in TABLES:
        paths = files(folder, table)
        rows = store.parquet_rows(paths)
        if table not in written or (written[table].files, written[table].rows) != (len(paths), rows):
            return refusals.ROLL_UP_CUT.format(table=table)
    return None


def files(folder: Path, table: str) -> list[Path]:
    """The Parquet files of one table of a roll-up."""
    return sorted(path for path in (folder / table).rglob("*.parquet") if not path.name.startswith(("_", ".")))


def all_files(folder: Path) -> list[Path]:
    """Every file that a roll-up is made of."""
    return [*sorted((folder / MANIFEST).glob("part-*")), *(path for table in TABLES for path in files(folder, table))]


def claim(findings: Sequence[Finding]) -> None:
    """Refuse what would count work twice: raw activity tables beside a roll-up, or a second roll-up."""
    claimed: dict[str, Finding] = {}
    for finding in findings:
        if finding.roll_up is None or finding.refused:
            continue
        twice = next((claimed[name] for name in finding.roll_up.environments if name in claimed), None)
        if twice is not None:
            finding.refuse(refusals.ROLL_UP_TWICE.format(other=twice.relative))
            for part in findings:
                if part.rolled is not None and part.path == finding.path:
                    part.refuse(refusals.ROLL_UP_TWICE.format(other=twice.relative)).delivery = None
            continue
        claimed |= dict.fromkeys(finding.roll_up.environments, finding)
    for finding in findings:
        if finding.rolled is None and finding.table in rollup.ACTIVITY_TABLES and finding.environment in claimed:
            finding.refuse(refusals.BESIDE_ROLL_UP.format(other=claimed[finding.environment].relative)).delivery = None


# -- taking in -------------------------------------------------------------------------------------------------


def take(store: Store, findings: Sequence[Finding]) -> None:
    """Count the rows behind every roll-up as if they had been read here, the refused ones by their reasons."""
    refused: list[pl.DataFrame] = []
    for finding in findings:
        if finding.rolled is None or finding.refused:
            continue
        one = finding.rolled
        finding.rows_read, finding.rows_filtered, finding.standing = one.rows, one.filtered, dict(one.standing)
        for reason, n in sorted(one.quarantine.items()):
            row = pl.DataFrame({"reason": [reason]})
            refused.append(
                row.select(
                    pl.lit(finding.file_id, pl.Int32).alias("file_id"),
                    pl.lit(None, pl.Int64).alias("record"),
                    pl.col("reason").repeat_by(n).explode(),
                )
            )
    if refused:
        store.append_frame("quarantine", "quarantine/refused", "refused_record", pl.concat(refused))


def append(store: Store, findings: Sequence[Finding]) -> None:
    """Put every roll-up's tables beside what was rolled up here; an ExportError where it tells of other people."""
    numbers = set_ids(findings)
    for finding in findings:
        if finding.roll_up is None or finding.refused:
            continue
        if finding.roll_up.people_hash != rollup.people_hash(store):
            raise ExportError(
                f"{finding.relative}: user records, directory or channel rules have changed since this roll-up was "
                f"made; run 'd365bench rollup' again into a new folder and take this one out of exports"
            )
        sets = {
            part.rolled.number: numbers[part.delivery]
            for part in findings
            if part.rolled is not None and part.path == finding.path and part.delivery in numbers and part.delivery
        }
        for table in TABLES:
            paths = files(finding.path, table)
            if not paths:
                continue
            if table == "source_day":
                store.name_relation("rolled_source_day", store.read_parquet(paths))
                schema = {"number": pl.Int32, "set_id": pl.Int32}
                frame = pl.DataFrame(list(sets.items()), schema=schema, orient="row")
                store.append_frame("source_day", "rolled_up/source_day", "rolled_set", frame)
                store.drop_view("rolled_source_day")
            else:
                store.append_parquet(table, paths)
    for environment, channel, sessions in store.query("rolled_up/unprovisioned").iter_rows():
        raise ClientError(
            f"client.toml: environment '{environment}' declares '{channel}' not provisioned, but its roll-up holds "
            f"{sessions} {channel} sessions; take '{channel}' out of not_provisioned"
        )


def roll_up_with(findings: Sequence[Finding]) -> Any:
    """The roll-up of a store that also takes in what was rolled up elsewhere."""
    return partial(rollup.build, add=partial(append, findings=findings))


def inputs_of(store: Store) -> list[Input]:
    """What a store's activity tables were loaded from, as a roll-up's inputs."""
    refused: dict[int, dict[str, int]] = defaultdict(dict)
    for number, reason, n in store.query("rolled_up/quarantine").iter_rows():
        refused[number][reason] = n
    return [
        Input(
            **{name: row[name] for name in ("number", "environment", "table", "path", "columns", "files", "listing")},
            standing={name: row[name] for name in ("latest", "superseded", "deleted")},
            quarantine=refused[row["number"]],
            filtered=row["filtered"],
            append_only=row["append_only"],
            complete=row["complete"],
            why=row["why"],
        )
        for row in store.query("rolled_up/inputs", tables=list(rollup.ACTIVITY_TABLES)).iter_rows(named=True)
    ]
