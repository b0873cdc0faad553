"""What each file of exports/ is, told from its content; names and extensions are only reported.

Folder names count only where they are part of an export: time folders and table folders of Synapse Link, `_delta_log`.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

from d365bench.client import Client
from d365bench.errors import ExportError
from d365bench.ingest import (
    admin_centre,
    delta,
    entra_users,
    flat,
    get_mguser,
    graph,
    purview,
    refusals,
    rolled_up,
    synapse_link,
    web_api,
    workbook,
)
from d365bench.ingest.finding import Finding
from d365bench.ingest.head import DEFAULT_ENVIRONMENT, environment_of, look
from d365bench.ingest.reading import Head
from d365bench.store import Store

Progress = Callable[[str, int, int], None]
TEXT_SHAPES: tuple[ModuleType, ...] = (get_mguser, purview, admin_centre, entra_users)
# A Synapse Link file is recognised last, by the model.json above it.
HEADERLESS = "headerless"


def survey(client: Client, store: Store, progress: Progress) -> list[Finding]:
    """A finding for every file of the client's exports, sorted by path; nothing is read but the beginning of each file.

    The store lends its Parquet reader; nothing is written to it.
    """
    declared = tuple(environment.name for environment in client.environments)
    findings: list[Finding] = []
    places = sorted(walk(client.exports), key=lambda path: path.relative_to(client.exports).as_posix())
    for done, path in enumerate(places, start=1):
        relative = path.relative_to(client.exports).as_posix()
        progress("recognise", done, len(places))
        finding = Finding(path, relative, environment_of(relative, declared))
        findings.append(finding)
        if path.is_dir():
            manifest = rolled_up.manifest_of(path)
            if manifest is None:
                recognise_delta(finding, store)
            else:
                findings += rolled_up.describe(finding, manifest, declared or (DEFAULT_ENVIRONMENT,), store)[1:]
            continue
        try:
            if not path.is_file():
                raise OSError("no regular file")
            finding.head = look(path, relative, finding.environment)
        except OSError as exc:
            finding.refuse(refusals.UNREADABLE.format(reason=exc.strerror or str(exc)))
            continue
        finding.encoding = finding.head.encoding
        recognise(finding, finding.head, store)
    place_synapse_files(findings)
    for finding in findings:
        settle_environment(finding, declared)
    rolled_up.claim(findings)
    for file_id, finding in enumerate(findings, start=1):
        finding.file_id = file_id
    return findings


def walk(folder: Path) -> Iterator[Path]:
    """Every file below a folder, and instead of its files the folder of each Delta table or roll-up."""
    for parent, folders, files in os.walk(folder):
        if delta.is_table(Path(parent)) or rolled_up.manifest_of(Path(parent)):
            folders.clear()
            yield Path(parent)
            continue
        yield from (Path(parent, name) for name in files)


def recognise(finding: Finding, head: Head, store: Store) -> None:
    """Fill in shape and table of one file, or refuse it; the first hit wins."""
    reason = unusable(head)
    if reason:
        finding.refuse(reason)
    elif head.raw.startswith(b"PAR1"):
        recognise_parquet(finding, (finding.path,), flat.PARQUET, store)
    elif head.raw.startswith(b"PK\x03\x04"):
        recognise_zip(finding, head)
    elif head.encoding is None:
        finding.refuse(refusals.UNKNOWN_BINARY)
    elif head.text.lstrip()[:1] in ("{", "["):
        recognise_json(finding, head)
    else:
        recognise_text(finding, head)


def unusable(head: Head) -> str | None:
    """Why a file is no export at all, whatever it is called."""
    start = head.text.lstrip()[:200].lower()
    if not head.size or (head.encoding and not head.text.strip()):
        return refusals.EMPTY
    if start.startswith(("<!doctype html", "<html")):
        return refusals.HTML
    if start.startswith("version https://git-lfs"):
        return refusals.LFS_POINTER
    if head.raw.startswith(b"\xd0\xcf\x11\xe0"):
        return refusals.OLE2
    if head.raw.startswith(b"SQLite format 3") or head.raw[8:12] == b"DUCK":
        return refusals.DATABASE
    return None


def recognise_zip(finding: Finding, head: Head) -> None:
    try:
        with zipfile.ZipFile(finding.path) as archive:
            is_workbook = "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        is_workbook = False
    if not is_workbook:
        finding.refuse(refusals.ZIP)
    elif workbook.matches(head):
        take_by(finding, workbook)
    else:
        finding.refuse(refusals.WORKBOOK)


def recognise_json(finding: Finding, head: Head) -> None:
    text = head.text.lstrip()
    if re.match(r'\{\s*"error"\s*:', text):
        finding.shape = web_api.SHAPE
        finding.refuse(refusals.ERROR_BODY)
    elif graph.matches(head):
        take_by(finding, graph)
    elif entity_set := web_api.entity_set(head):
        web_api.describe(finding, entity_set)
    elif synapse_link.is_model(head):
        finding.shape = synapse_link.MODEL_SHAPE
    elif not (columns := flat.lines_columns(head)) or not flat.describe_lines(finding, columns):
        finding.refuse(refusals.UNKNOWN_JSON)


def recognise_text(finding: Finding, head: Head) -> None:
    module = next((module for module in TEXT_SHAPES if module.matches(head)), None)
    if module:
        take_by(finding, module)
    elif synapse_link.is_changelog(head):
        finding.shape = synapse_link.CHANGELOG_SHAPE
    elif flat.is_headerless(head):
        finding.shape = HEADERLESS
    else:
        flat.describe_text(finding, head)


def recognise_delta(finding: Finding, store: Store) -> None:
    finding.shape = delta.SHAPE
    try:
        version, paths = delta.active_files(finding.path)
    except ExportError as exc:
        finding.refuse(str(exc))
        return
    finding.note = f"Version {version}, {len(paths)} active files."
    recognise_parquet(finding, paths, delta.SHAPE, store)


def recognise_parquet(finding: Finding, paths: tuple[Path, ...], shape: str, store: Store) -> None:
    finding.shape = shape
    try:
        columns = store.parquet_columns(paths) if paths else {}
    except ExportError as exc:
        finding.refuse(f"The Parquet file cannot be read ({exc}). Export it again.")
        return
    if rolled_up.is_part(columns):
        finding.refuse(refusals.ROLL_UP_HALF)
        return
    flat.describe_parquet(finding, columns, paths, shape)


def take_by(finding: Finding, module: ModuleType) -> None:
    finding.shape, finding.reader = module.SHAPE, module


def place_synapse_files(findings: list[Finding]) -> None:
    """Give every headerless file the model.json above it, and every export its change log."""
    models = []
    for finding in findings:
        if finding.shape != synapse_link.MODEL_SHAPE or finding.head is None:
            continue
        try:
            models.append((finding, synapse_link.read_model(finding.head)))
        except (ValueError, KeyError, TypeError, AttributeError):
            finding.refuse(refusals.BROKEN_JSON)
    roots = synapse_link.find_roots(models)
    for finding in findings:
        root = synapse_link.root_of(finding, roots)
        if root is None:
            if finding.shape == HEADERLESS:
                finding.shape = "unknown"
                finding.refuse(refusals.HEADERLESS)
        elif finding.shape == HEADERLESS:
            root.files.append(finding)
        elif finding.shape == synapse_link.CHANGELOG_SHAPE and finding.head is not None:
            synapse_link.note_changelog(root, finding.head)
    for root in roots.values():
        synapse_link.plan(root)


def settle_environment(finding: Finding, declared: tuple[str, ...]) -> None:
    """Directory and licence files are the tenant's; a Dataverse file outside every environment is refused."""
    if finding.reader is not None:
        finding.environment = None
    elif finding.source is not None and finding.environment is None:
        finding.refuse(refusals.OUTSIDE.format(environments=", ".join(sorted(declared))))
        finding.delivery = None
