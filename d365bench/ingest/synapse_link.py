"""Synapse Link for Dataverse as CSV: headerless files whose columns stand in a model.json beside or above them.

Append-only exports come in folders named by their time; in-place exports have one row per key and snapshots. The names
of table folders, time folders, Snapshot and Changelog belong to the export; files may have been renamed.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlparse

from d365bench.ingest import refusals
from d365bench.ingest.delimited import GUID, records
from d365bench.ingest.finding import DelimitedSource, Finding, carried
from d365bench.ingest.reading import Head
from d365bench.ingest.tables import TABLES

SHAPE = "synapse_link"
MODEL_SHAPE, CHANGELOG_SHAPE = "synapse_link_model", "synapse_link_changelog"
TIME_FOLDER = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}\.\d{2}\.\d{2}Z")
MOMENT = re.compile(r"(\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2}:\d{2} [AP]M|\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}.*)")
TYPES = {
    "guid": GUID,
    "datetime": MOMENT,
    "datetimeoffset": MOMENT,
    "int64": re.compile(r"[+-]?\d+"),
    "boolean": re.compile(r"true|false|0|1", re.IGNORECASE),
    "decimal": re.compile(r"[+-]?[\d.]+(E[+-]?\d+)?", re.IGNORECASE),
    "double": re.compile(r"[+-]?[\d.]+(E[+-]?\d+)?", re.IGNORECASE),
}
SAMPLE_RECORDS = 40


@dataclass(frozen=True)
class Entity:
    """One table in a model.json: its columns in file order and the files that hold its rows."""

    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    partitions: tuple[str, ...]
    delimiter: str

    @property
    def lower_columns(self) -> tuple[str, ...]:
        return tuple(column.lower() for column in self.columns)

    @property
    def key_place(self) -> int | None:
        known = TABLES.get(self.name)
        keys = (known.key,) if known else (f"{self.name}id", "activityid")
        return next((self.lower_columns.index(key) for key in keys if key in self.lower_columns), None)


@dataclass
class Root:
    """One export: its model.json files by time folder ('' is the root's own), its files, its change log."""

    folder: PurePosixPath
    models: dict[str, dict[str, Entity]] = field(default_factory=dict)
    files: list[Finding] = field(default_factory=list)
    finished: set[str] = field(default_factory=set)
    current: set[str] = field(default_factory=set)

    def inside(self, finding: Finding) -> PurePosixPath:
        return PurePosixPath(finding.relative).relative_to(self.folder)

    def time_folder(self, finding: Finding) -> str:
        first = self.inside(finding).parts[0]
        return first if TIME_FOLDER.fullmatch(first) else ""

    def is_open(self, time_folder: str) -> bool:
        """Whether a time folder was still being written when the export was copied."""
        if not time_folder or time_folder in self.finished:
            return False
        return time_folder in self.current or time_folder not in self.models

    def governing(self, time_folder: str) -> dict[str, Entity]:
        """The model of the folder itself, else the root's, else the first one after it."""
        later = sorted(name for name in self.models if name and name >= time_folder)
        earlier = sorted(name for name in self.models if name)
        name = next(name for name in (time_folder, "", *later, *earlier) if name in self.models)
        return self.models[name]

    def versions(self, entity: str, since: str = "") -> list[Entity]:
        """Every published shape of a table, at or after a time folder; the root's model counts as the newest."""
        names = [name for name in self.models if not name or name >= since]
        return [self.models[name][entity] for name in names if entity in self.models[name]]


# -- recognising -----------------------------------------------------------------------------------------------------


def is_model(head: Head) -> bool:
    """Whether JSON is a model.json: tables with attributes and partitions."""
    return all(f'"{word}"' in head.text for word in ("entities", "attributes"))


def is_changelog(head: Head) -> bool:
    """Whether a text is nothing but names of time folders, one a line."""
    lines = head.text.split()
    return bool(lines) and all(TIME_FOLDER.fullmatch(line) for line in lines)


def read_model(head: Head) -> dict[str, Entity]:
    """The tables of a model.json by name; a ValueError says that it is broken."""
    content: dict[str, Any] = json.loads(head.path.read_text(encoding="utf-8-sig"))
    entities: dict[str, Entity] = {}
    for entity in content["entities"]:
        attributes = entity.get("attributes", [])
        partitions = entity.get("partitions", [])
        formats = [part.get("fileFormatSettings", {}).get("delimiter", ",") for part in partitions]
        name = str(entity["name"]).lower()
        entities[name] = Entity(
            name,
            tuple(str(attribute["name"]) for attribute in attributes),
            tuple(str(attribute.get("dataType", "string")).lower() for attribute in attributes),
            tuple(str(part["location"]) for part in partitions if part.get("location")),
            formats[0] if formats else ",",
        )
    if not any(entity.columns for entity in entities.values()):
        raise ValueError("no table has columns")
    return entities


def find_roots(models: Iterable[tuple[Finding, dict[str, Entity]]]) -> dict[PurePosixPath, Root]:
    """The exports that the model.json files belong to; time folders share the root above them."""
    roots: dict[PurePosixPath, Root] = {}
    for finding, entities in models:
        folder = PurePosixPath(finding.relative).parent
        time_folder = folder.name if TIME_FOLDER.fullmatch(folder.name) else ""
        root = roots.setdefault(
            folder.parent if time_folder else folder, Root(folder.parent if time_folder else folder)
        )
        root.models.setdefault(time_folder, {}).update(entities)
    return roots


def root_of(finding: Finding, roots: dict[PurePosixPath, Root]) -> Root | None:
    """The nearest export above a file."""
    return next((roots[folder] for folder in PurePosixPath(finding.relative).parents if folder in roots), None)


def note_changelog(root: Root, head: Head) -> None:
    """Take in one file of the Changelog folder: the log of finished folders, or the name of the one being written.

    The log ends every entry with a line break; the note of the current folder is one bare name.
    """
    names = head.text.split()
    if len(names) > 1 or head.text.endswith("\n"):
        root.finished.update(names)
    else:
        root.current.update(names)


# -- planning --------------------------------------------------------------------------------------------------------


def plan(root: Root) -> list[tuple[str, str]]:
    """Say for every headerless file of an export which table it holds and how to read it; known gaps come back.

    The answer lists (table, why) for what is named in the export but was not delivered.
    """
    gaps = missing_folders(root) + missing_partitions(root)
    readable: list[tuple[Finding, Entity]] = []
    for finding in root.files:
        time_folder = root.time_folder(finding)
        finding.shape = SHAPE
        if root.is_open(time_folder):
            finding.note = refusals.OPEN_FOLDER.format(folder=time_folder)
            continue
        entity = fit(root, finding, time_folder)
        if entity is None:
            finding.refuse(refusals.NO_FIT)
            continue
        finding.table = entity.name
        readable.append((finding, entity))
    present = {(entity.name, str(root.inside(finding).parent).casefold()) for finding, entity in readable}
    for finding, entity in readable:
        describe(root, finding, entity, present)
        whys = [why for table, why in gaps if table in ("", entity.name)]
        if whys:
            finding.complete, finding.why_incomplete = False, whys[0]
    return gaps


def describe(root: Root, finding: Finding, entity: Entity, present: set[tuple[str, str]]) -> None:
    """Fill in how a file is read: its columns, its set, and whether it is only counted beside a snapshot."""
    time_folder = root.time_folder(finding)
    newest = max(
        (v for v in root.versions(entity.name, time_folder) if v.columns[: len(entity.columns)] == entity.columns),
        key=lambda version: len(version.columns),
        default=entity,
    )
    columns = newest.columns
    shortest = min(len(version.columns) for version in root.versions(entity.name))
    head = finding.head
    assert head is not None
    widths = Counter(len(row) for row in sample(head, entity.delimiter) if shortest <= len(row) <= len(columns))
    width = widths.most_common(1)[0][0] if widths else len(entity.columns)
    snapshot = "snapshot" in str(root.inside(finding)).casefold().split("/")
    table = TABLES.get(entity.name)
    finding.source = DelimitedSource(
        columns,
        width,
        shortest,
        entity.delimiter,
        counted_only=is_beside(root, finding, entity, present),
        id_column=True,
    )
    if table and not finding.source.counted_only:
        finding.carried = carried(table, columns, id_column=True)
    finding.delivery = (SHAPE, finding.environment or "", str(root.folder), entity.name)
    deletes = "isdelete" in (column.lower() for column in columns)
    finding.append_only = deletes if time_folder else (False if snapshot else None)
    if snapshot:
        finding.note = "A snapshot of an in-place export: deleted rows leave no trace."
    if finding.source.counted_only:
        finding.note = "Not named in model.json beside the files that are; counted only."


def fit(root: Root, finding: Finding, time_folder: str) -> Entity | None:
    """The table whose columns the file's rows fit best; the folder's name only breaks a tie."""
    head = finding.head
    assert head is not None
    entities = root.governing(time_folder)
    folders = {part.casefold() for part in root.inside(finding).parts[:-1]}
    scores = {name: fitting(root, entity, head, time_folder) for name, entity in entities.items()}
    best = max(scores.values(), default=0)
    candidates = sorted(name for name, score in scores.items() if score == best)
    named = [name for name in candidates if name.casefold() in folders]
    if named:
        return entities[named[0]]
    return entities[candidates[0]] if best and candidates else None


def fitting(root: Root, entity: Entity, head: Head, time_folder: str) -> int:
    """How many of the first records fit a table: number of fields, key equal to Id, types."""
    if not entity.columns:
        return 0
    shortest = min(len(version.columns) for version in root.versions(entity.name))
    longest = max(root.versions(entity.name, time_folder) or [entity], key=lambda version: len(version.columns))
    key = entity.key_place
    kinds = [TYPES.get(kind) for kind in longest.types]
    score = 0
    for row in sample(head, entity.delimiter):
        if not shortest <= len(row) <= len(longest.columns) or not GUID.fullmatch(row[0]):
            continue
        if key is not None and row[key] and row[key].casefold() != row[0].casefold():
            continue
        score += all(
            not value or kind is None or kind.fullmatch(value) for value, kind in zip(row, kinds, strict=False)
        )
    return score


def sample(head: Head, delimiter: str) -> list[list[str]]:
    return records(head.text, delimiter, whole=head.size <= len(head.raw), most=SAMPLE_RECORDS)


# -- completeness ----------------------------------------------------------------------------------------------------


def is_beside(root: Root, finding: Finding, entity: Entity, present: set[tuple[str, str]]) -> bool:
    """Whether model.json names other files of this table: this is a live file beside a snapshot, or an old snapshot."""
    folder = str(root.inside(finding).parent).casefold()
    named = named_files(entity)
    delivered = {place for place in named if (entity.name, place) in present}
    if not delivered:
        return False
    if folder not in delivered:
        return True
    on_disk = {root.inside(file).name for file in root.files if str(root.inside(file).parent).casefold() == folder}
    known = named[folder] & on_disk
    return "snapshot" in folder.split("/") and bool(known) and root.inside(finding).name not in known


def named_files(entity: Entity) -> dict[str, set[str]]:
    """The file names that model.json gives for a table, by folder below the export's root."""
    named: dict[str, set[str]] = {}
    for location in entity.partitions:
        parts = [unquote(part) for part in urlparse(location).path.split("/") if part]
        starts = (
            place
            for place, part in enumerate(parts[:-1])
            if TIME_FOLDER.fullmatch(part) or part.casefold() in (entity.name.casefold(), "snapshot")
        )
        start = next(starts, len(parts) - 1)
        named.setdefault("/".join(parts[start:-1]).casefold(), set()).add(parts[-1])
    return named


def missing_folders(root: Root) -> list[tuple[str, str]]:
    """Time folders that the log lists as finished but that were not delivered: a gap in every table."""
    delivered = {root.time_folder(file) for file in root.files} | set(root.models)
    return [("", refusals.MISSING_FOLDER.format(folder=name)) for name in sorted(root.finished - delivered)]


def missing_partitions(root: Root) -> list[tuple[str, str]]:
    """Files that a model.json names but that are not there; renamed ones are only counted."""
    on_disk: dict[str, set[str]] = {}
    for file in root.files:
        inside = root.inside(file)
        on_disk.setdefault(str(inside.parent).casefold(), set()).add(inside.name)
    written = {root.time_folder(file) for file in root.files}
    gaps: dict[tuple[str, str], None] = {}
    for entities in root.models.values():
        for entity in entities.values():
            for folder, names in named_files(entity).items():
                first = folder.split("/", 1)[0].upper()  # folders are compared without case; T and Z are capitals
                if first in root.current or (first in written and root.is_open(first)):
                    continue
                there = on_disk.get(folder, set())
                lost = sorted(names - there)
                if not lost or (not names & there and len(there) >= len(names)):
                    continue
                if there and not names & there:
                    what = f"{len(names) - len(there)} of {len(names)} files of {entity.name}"
                else:
                    what = f"{entity.name}: partition {', '.join(lost)}"
                gaps[entity.name, refusals.MISSING_PARTITION.format(missing=what)] = None
    return list(gaps)
