"""Building a client's store from its exports: beside the old one, which stays in use until the new one is whole."""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from d365bench.client import Client
from d365bench.errors import ClientError, StoreError
from d365bench.ingest import directory, rolled_up
from d365bench.ingest.finding import Finding, ParquetSource
from d365bench.ingest.head import DEFAULT_ENVIRONMENT
from d365bench.ingest.inputs import fingerprint, hash_all
from d365bench.ingest.intake import QUARANTINE, Intake
from d365bench.ingest.ledger import file_frame, file_set_frame, set_column_frame, set_ids
from d365bench.ingest.recognise import Progress, survey
from d365bench.ingest.tables import TABLES
from d365bench.rulebook import Rulebook
from d365bench.store import Store, check_memory

RollUp = Callable[[Store], None]
WORKSPACE = "building-"


@dataclass(frozen=True)
class LoadResult:
    """What became of a load: the store, whether it was built anew, and how many files were read or refused."""

    path: Path
    built: bool
    files: pl.DataFrame  # a row per file, as in load.json


def store_path(client: Client) -> Path:
    """Where a client's store lies or will lie."""
    return client.folder / ".d365bench" / "store.duckdb"


def load(
    client: Client,
    rulebook: Rulebook,
    progress: Progress | None = None,
    force: bool = False,
    roll_up: RollUp | None = None,
    *,
    memory_limit: str | None = None,
    threads: int | None = None,
) -> LoadResult:
    """Build the client's store, unless nothing that it is made of has changed.

    `memory_limit` ('2GB') and `threads` are for the engine; without them it takes up to four fifths of the memory of
    the machine or container and every core, and beyond that it spills to the disk.
    """
    check_memory(memory_limit)
    say = progress or (lambda _what, _done, _total: None)
    target = store_path(client)
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(target.parent)
    with Store.in_memory() as scratch:
        findings = survey(client, scratch, say)
    hash_all(findings, say)
    print_of_inputs = fingerprint(client, rulebook, findings)
    if not force and target.exists() and fingerprint_of(target) == print_of_inputs:
        with Store.read(target) as store:
            return LoadResult(target, False, store.query("stage/report"))
    workspace = target.parent / f"{WORKSPACE}{os.getpid()}"
    workspace.mkdir()
    try:
        fresh = workspace / target.name
        with Store.build(fresh, memory_limit=memory_limit, threads=threads) as store:
            fill(store, client, rulebook, findings, workspace, say, roll_up or rolled_up.roll_up_with(findings))
            store.keep("fingerprint", pl.DataFrame({"fingerprint": [print_of_inputs]}))
            report = store.query("stage/report")
        os.replace(fresh, target)
    finally:
        shutil.rmtree(workspace, ignore_errors=True)
    return LoadResult(target, True, report)


def fill(
    store: Store,
    client: Client,
    rulebook: Rulebook,
    findings: list[Finding],
    workspace: Path,
    say: Progress,
    roll_up: RollUp,
) -> None:
    """Everything that a store holds, in order."""
    take_tables(store, findings, workspace, say)
    take_directory(store, findings, say)
    rolled_up.take(store, findings)
    refused = dict(store.query("quarantine/count").iter_rows())
    for finding in findings:
        finding.rows_quarantined = refused.get(finding.file_id, 0)
    sets = set_ids(findings)
    store.keep("file", file_frame(findings, sets))
    store.keep("file_set", file_set_frame(findings, sets))
    store.keep("set_column", set_column_frame(findings, sets))
    check_balance(store)
    for name, frame in rulebook.frames().items():
        store.keep(name, frame)
    store.keep("environment", environments(client))
    check_provisioned(store)
    store.keep("licence_product", rulebook.licence_products(store.query("stage/subscribed")))
    say("roll up", 0, 1)
    roll_up(store)
    say("roll up", 1, 1)


def take_tables(store: Store, findings: list[Finding], workspace: Path, say: Progress) -> None:
    """Every Dataverse table; those with 16-byte GUIDs last, when other files have made ids known."""
    by_table: dict[str, list[Finding]] = defaultdict(list)
    unused: list[Finding] = []
    for finding in findings:
        if finding.source is not None:
            (by_table[finding.canonical.name] if finding.canonical else unused).append(finding)
    binary = {name for name, group in by_table.items() if any(is_binary(finding) for finding in group)}
    intake = Intake(store, workspace, remember_ids=bool(binary))
    for done, name in enumerate(sorted(TABLES, key=lambda name: (name in binary, name)), start=1):
        say(f"read {name}", done, len(TABLES))
        have_read = partial(say, f"latest versions of {name}", done, len(TABLES))
        intake.take(TABLES[name], by_table[name], have_read)
    intake.count(unused)
    intake.close()
    refused = [(finding.file_id, record, reason) for finding in findings for record, reason in finding.refused_records]
    store.register("refused_record", pl.DataFrame(refused, schema=QUARANTINE, orient="row"))
    store.append("quarantine", "quarantine/refused")


def is_binary(finding: Finding) -> bool:
    return isinstance(finding.source, ParquetSource) and bool(finding.source.binary)


def take_directory(store: Store, findings: list[Finding], say: Progress) -> None:
    """Directory and licence files, settled into one row per person, seat and act."""
    directory.prepare(store)
    own = {finding.file_id: finding for finding in findings if finding.reader is not None}
    refused: list[tuple[int, int, str]] = []
    for done, finding in enumerate(own.values(), start=1):
        say("read directory", done, len(own))
        assert finding.reader is not None
        reading = finding.reader.read(finding.head)
        finding.shape, finding.table, finding.note = reading.shape, reading.table, reading.note
        if reading.refused:
            finding.refuse(reading.refused)
            continue
        finding.rows_read = reading.rows_read
        refused += [(finding.file_id, record, reason) for record, reason in reading.quarantined]
        finding.refused_records = list(reading.quarantined)
        directory.accept(store, finding.file_id, reading)
    store.register("refused_record", pl.DataFrame(refused, schema=QUARANTINE, orient="row"))
    store.append("quarantine", "quarantine/refused")
    directory.settle(store)
    for file_id, complete, why in directory.completeness(store).iter_rows():
        own[file_id].complete, own[file_id].why_incomplete = complete, why
    for file_id, latest, superseded, filtered in directory.standing_counts(store).iter_rows():
        own[file_id].standing = {"latest": latest, "superseded": superseded}
        own[file_id].rows_filtered = filtered
    directory.clear(store)


# -- checks ----------------------------------------------------------------------------------------------------------


def check_balance(store: Store) -> None:
    """Each row read is in exactly one of the five kinds; anything else is our own mistake and must not go on."""
    for path, rows_read, accounted in store.query("stage/unbalanced").iter_rows():
        raise StoreError(f"{path}: {rows_read} rows were read but {accounted} are accounted for")


def check_provisioned(store: Store) -> None:
    """A channel declared never switched on must not have a record."""
    for environment, channel, sessions in store.query("stage/unprovisioned").iter_rows():
        raise ClientError(
            f"client.toml: environment '{environment}' declares '{channel}' not provisioned, but its exports hold "
            f"{sessions} {channel} sessions; take '{channel}' out of not_provisioned"
        )


# -- what a store is made of -----------------------------------------------------------------------------------------


def environments(client: Client) -> pl.DataFrame:
    """The client's environments as SQL reads them; with none declared one productive `default`."""
    rows = [
        (
            environment.name,
            environment.kind,
            environment.service,
            list(environment.not_provisioned),
            environment.complete_from,
            environment.complete_to,
            list(environment.accept),
            environment.custom_tables,
        )
        for environment in client.environments
    ] or [(DEFAULT_ENVIRONMENT, "production", True, [], None, None, [], 0)]
    schema: dict[str, Any] = {
        "environment": pl.String,
        "kind": pl.String,
        "service": pl.Boolean,
        "not_provisioned": pl.List(pl.String),
        "complete_from": pl.Date,
        "complete_to": pl.Date,
        "accept": pl.List(pl.String),
        "custom_tables": pl.Int64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def fingerprint_of(path: Path) -> str | None:
    """What an existing store was made of; None where it is broken or of an older make."""
    try:
        with Store.read(path) as store:
            return str(store.query("stage/fingerprint").item()) if store.has("fingerprint") else None
    except StoreError:
        return None


def remove_leftovers(folder: Path) -> None:
    """Remove what a killed load left behind; a load that still runs keeps its own."""
    for leftover in folder.glob(f"{WORKSPACE}*"):
        if not is_running(leftover.name.removeprefix(WORKSPACE)):
            shutil.rmtree(leftover, ignore_errors=True)


def is_running(process: str) -> bool:
    if not process.isdigit() or int(process) == os.getpid():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
