"""Building a client's store from its exports: beside the old one, which stays in use until the new one is whole."""

from __future__ import annotations

import codecs
import hashlib
import os
import shutil
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from d365bench.client import Client
from d365bench.errors import ClientError, StoreError
from d365bench.ingest import delta, directory, refusals
from d365bench.ingest.delimited import newline_kind
from d365bench.ingest.finding import Finding, ParquetSource
from d365bench.ingest.head import CHUNK, DEFAULT_ENVIRONMENT
from d365bench.ingest.intake import QUARANTINE, Intake
from d365bench.ingest.ledger import file_frame, file_set_frame, set_column_frame, set_ids
from d365bench.ingest.recognise import Progress, survey
from d365bench.ingest.tables import TABLES
from d365bench.rulebook import Rulebook
from d365bench.store import Store

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
) -> LoadResult:
    """Build the client's store, unless nothing that it is made of has changed."""
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
        with Store.build(fresh) as store:
            fill(store, client, rulebook, findings, workspace, say, roll_up or default_roll_up())
            store.keep("fingerprint", pl.DataFrame({"fingerprint": [print_of_inputs]}))
            report = store.query("stage/report")
        os.replace(fresh, target)
    finally:
        shutil.rmtree(workspace, ignore_errors=True)
    return LoadResult(target, True, report)


def default_roll_up() -> RollUp:
    """The roll-up that every analysis reads."""
    from d365bench import rollup

    return rollup.build


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
        intake.take(TABLES[name], by_table[name])
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


def hash_all(findings: list[Finding], say: Progress) -> None:
    """The sha256 of every file, and what only a look at the whole file can tell: its encoding and its line breaks."""
    readable = [finding for finding in findings if finding.head or isinstance(finding.source, ParquetSource)]
    with ThreadPoolExecutor() as pool:  # hashing lets go of the interpreter lock
        for done, finding in enumerate(pool.map(look_through, readable), start=1):
            say("hash", done, len(readable))
            if finding.sha256 == "":
                finding.refuse(refusals.UNREADABLE.format(reason="it changed or vanished while it was read"))


def look_through(finding: Finding) -> Finding:
    """The finding with the hash of its whole content; of a Delta table, over its active files' sorted hashes."""
    try:
        if finding.shape == delta.SHAPE and isinstance(finding.source, ParquetSource):
            hashes = sorted(digest_of(path).sha256 for path in finding.source.paths)
            finding.sha256 = hashlib.sha256("".join(hashes).encode()).hexdigest()
            return finding
        content = digest_of(finding.path, as_text=finding.encoding == "utf-8")
    except OSError:
        return finding
    finding.sha256 = content.sha256
    if finding.encoding == "utf-8":
        finding.newlines = content.newlines
        finding.encoding = "utf-8" if content.is_utf8 else "cp1252"
    return finding


class Content(NamedTuple):
    """What a whole file is: its hash, its line breaks, whether it is UTF-8 to the end."""

    sha256: str
    newlines: str
    is_utf8: bool


def digest_of(path: Path, *, as_text: bool = False) -> Content:
    digest, decoder = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")()
    line_feeds = carriage_returns = both = 0
    is_utf8, last, only_line_feeds = True, b"", False
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            if not as_text:
                continue
            if b"\r" in chunk or carriage_returns:
                carriage_returns += chunk.count(b"\r")
                both += chunk.count(b"\r\n") + (last == b"\r" and chunk.startswith(b"\n"))
                line_feeds += chunk.count(b"\n")
            else:
                only_line_feeds = only_line_feeds or b"\n" in chunk
            last = chunk[-1:]
            if is_utf8 and not (chunk.isascii() and not decoder.getstate()[0]):
                is_utf8 = decodes(decoder, chunk)
    # Line feeds before the first carriage return need no count: one of them makes the file mixed already.
    return Content(digest.hexdigest(), newline_kind(line_feeds + only_line_feeds, carriage_returns, both), is_utf8)


def decodes(decoder: codecs.IncrementalDecoder, chunk: bytes) -> bool:
    try:
        decoder.decode(chunk)
    except UnicodeDecodeError:
        return False
    return True


def fingerprint(client: Client, rulebook: Rulebook, findings: list[Finding]) -> str:
    """One hash over everything that a store is made of: inputs, declarations, rules and code."""
    parts = [
        code_version(),
        str(rulebook.version),
        repr((client.as_of, client.exports_timezone, client.environments_complete, client.environments)),
        *(repr((finding.relative, finding.sha256, finding.refused)) for finding in findings),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@cache
def code_version() -> str:
    """A hash of the package's own Python, SQL and rules: an edited roll-up must not meet an old store."""
    digest = hashlib.sha256()
    for name, file in sorted(sources(files("d365bench"), "")):
        digest.update(name.encode() + file.read_bytes())
    return digest.hexdigest()


def sources(folder: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    """The package's source files below a folder, with their names."""
    found: list[tuple[str, Traversable]] = []
    for entry in folder.iterdir():
        name = f"{prefix}/{entry.name}"
        if entry.is_dir():
            found += sources(entry, name)
        elif entry.name.endswith((".py", ".sql", ".toml", ".csv")):
            found.append((name, entry))
    return found


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
