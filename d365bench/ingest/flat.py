"""Tables with logical column names in a header: CSV, Parquet and JSON lines from SQL endpoints, pipelines and tools."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from d365bench.ingest import refusals
from d365bench.ingest.delimited import GUID, delimiter_of, records
from d365bench.ingest.finding import DelimitedSource, Finding, LinesSource, ParquetSource, carried
from d365bench.ingest.reading import Head
from d365bench.ingest.synapse_link import MOMENT
from d365bench.ingest.tables import TABLES

CSV, PARQUET, LINES = "csv", "parquet", "ndjson"
NULL_WORDS = ("", "NULL", "null")
AUTHORSHIP = frozenset(
    {"ownerid", "createdby", "createdonbehalfby", "createdon", "overriddencreatedon"}
    | {"modifiedby", "modifiedonbehalfby", "modifiedon"}
)
# Which key decides where an export holds several: the keys of users, teams and queues also stand in other tables.
BY_KEY = (
    "queueitem",
    "queuemembership",
    "teammembership",
    "systemuserroles",
    "teamroles",
    "audit",
    "msdyn_sessionparticipant",
    "knowledgearticle",
    "incident",
    "systemuser",
    "team",
    "role",
    "queue",
    "businessunit",
)
BY_ACTIVITY = ("incidentresolution", "msdyn_ocliveworkitem", "msdyn_ocsession")
ACTIVITY_KEY = "activityid"
OTHER_ACTIVITY = frozenset(
    {"subject", "activitytypecode", "scheduledend", "directioncode", "phonenumber", "sender", "torecipients"}
)
REPORT_WORDS = re.compile(
    r"handled|avg\.|average|handle time|csat|sentiment|agent name|^agent$|representative", re.IGNORECASE
)
LOGICAL_NAME = re.compile(r"[a-z][a-z0-9_]*")
LONGEST_NAME = 60  # characters; what is longer is a sentence, not a column name
HEADER_ONLY = "The file has column names but no rows."


def canonical(columns: Iterable[str]) -> tuple[str, ...]:
    """Column names as Dataverse writes them: lower case, `_x_value` as x, without blanks around."""
    names = (column.strip().lower() for column in columns)
    return tuple(name[1:-6] if name.startswith("_") and name.endswith("_value") else name for name in names)


def table_of(columns: Iterable[str]) -> str | None:
    """The table that columns belong to, '' where they are ambiguous, None where no key of ours is among them."""
    names = set(canonical(columns))
    if ACTIVITY_KEY in names:
        matches = {name: len(TABLES[name].distinctive & names) for name in BY_ACTIVITY}
        best = max(BY_ACTIVITY, key=lambda name: matches[name])
        if matches[best]:
            return best
        if "msdyn_channel" in names:
            return "msdyn_ocsession"
        return "activitypointer" if names & OTHER_ACTIVITY else ""
    return next((name for name in BY_KEY if TABLES[name].key in names), None)


def foreign_table(columns: Iterable[str]) -> str | None:
    """The name of a Dataverse table that we have no use for, by its key column; None where this is no such table."""
    names = canonical(columns)
    keys = [name for name in names if name.endswith("id") and LOGICAL_NAME.fullmatch(name)]
    known = {"createdon", "modifiedon", "ownerid", "statecode", "versionnumber"} & set(names)
    return keys[0].removesuffix("id") or None if keys and len(known) >= 2 else None


def describe(finding: Finding, columns: tuple[str, ...], shape: str, *, authorship: bool = False) -> bool:
    """Fill in shape, table and set from the column names; False where they belong to no Dataverse table."""
    name = table_of(columns)
    if name is None:
        name = foreign_table(columns)
        if name is None:
            return False
    finding.shape, finding.table = shape, name or None
    if name == "":
        finding.refuse(refusals.AMBIGUOUS)
        return True
    table = TABLES.get(name)
    if table is None:
        return True
    names = set(canonical(columns))
    if authorship and "createdby" in table.columns and not AUTHORSHIP & names:
        finding.shape = "maker_export"
        finding.refuse(refusals.MAKER)
        return True
    finding.carried = carried(table, columns)
    finding.delivery = (shape, finding.environment or "", finding.relative, name)
    return True


# -- delimited text --------------------------------------------------------------------------------------------------


def is_headerless(head: Head) -> bool:
    """Whether the first record is data already: a GUID or an instant among its first cells."""
    first = next(iter(records(head.text, ",", whole=True, most=1)), [])
    return any(GUID.fullmatch(cell) or MOMENT.fullmatch(cell) for cell in first[:4])


def describe_text(finding: Finding, head: Head) -> None:
    """Fill in a finding for delimited text with a header, or refuse it."""
    text, skip = head.text, 0
    if text.startswith("#TYPE"):  # Export-Csv of older PowerShell
        text, skip = text.split("\n", 1)[-1], 1
    delimiter = delimiter_of(text)
    rows = records(text, delimiter, whole=head.size <= len(head.raw), most=2)
    header = tuple(rows[0]) if rows else ()
    if describe(finding, header, CSV, authorship=True):
        if finding.refused is None:
            finding.source = DelimitedSource(
                canonical(header), len(header), len(header), delimiter, skip=skip + 1, nulls=NULL_WORDS
            )
            if len(rows) == 1 and head.size <= len(head.raw):
                finding.note = HEADER_ONLY
        return
    if len(header) < 2 or any(len(name) > LONGEST_NAME for name in header):
        sample = " ".join(head.text.split())[:40]
        finding.refuse(refusals.UNKNOWN_TEXT.format(sample=sample))
    elif "Applied filters" in head.text or any(REPORT_WORDS.search(cell.strip()) for cell in header):
        finding.shape = "analytics_report"
        finding.refuse(refusals.ANALYTICS)
    else:
        finding.refuse(refusals.UNKNOWN_COLUMNS.format(columns=", ".join(header[:5])[:120]))


# -- JSON lines ------------------------------------------------------------------------------------------------------


def lines_columns(head: Head) -> tuple[str, ...] | None:
    """The keys of JSON lines; None where the text is not one object per line."""
    keys: dict[str, None] = {}
    for line in head.text.split("\n"):
        try:
            value: Any = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            keys.update(dict.fromkeys(value))
    return tuple(keys) or None


def describe_lines(finding: Finding, columns: tuple[str, ...]) -> bool:
    """Fill in a finding for JSON lines; False where they hold no Dataverse table."""
    if not describe(finding, columns, LINES):
        return False
    if finding.refused is None:
        finding.source = LinesSource(columns)
    return True


# -- Parquet ---------------------------------------------------------------------------------------------------------


def describe_parquet(finding: Finding, columns: dict[str, str], paths: tuple[Path, ...], shape: str = PARQUET) -> None:
    """Fill in a finding for Parquet files of one schema (column → engine type), or refuse it."""
    id_column = {"id", "sinkmodifiedon"} <= {column.lower() for column in columns}
    names = tuple(columns)
    if not describe(finding, names, shape):
        finding.refuse(refusals.UNKNOWN_COLUMNS.format(columns=", ".join(names[:5])[:120]))
        return
    if finding.refused is None:
        binary = tuple(column for column, kind in columns.items() if kind == "BLOB")
        finding.source = ParquetSource(paths, names, binary, id_column)
