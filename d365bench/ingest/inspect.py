"""What the exports are and what they cannot answer yet, without loading anything."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from d365bench.client import Client
from d365bench.ingest import web_api
from d365bench.ingest.delimited import records
from d365bench.ingest.finding import DelimitedSource, Finding, PageSource
from d365bench.ingest.head import DEFAULT_ENVIRONMENT
from d365bench.ingest.recognise import Progress, survey
from d365bench.ingest.tables import TABLES
from d365bench.store import Store

ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?=[T ])")
CREATED_ON = re.compile(r'"createdon"\s*:\s*"(\d{4}-\d{2}-\d{2})')
LOOK_BACK = timedelta(days=400)
FILES: dict[str, Any] = {
    "path": pl.String,
    "shape": pl.String,
    "table": pl.String,
    "environment": pl.String,
    "first_day": pl.Date,
    "last_day": pl.Date,
    "columns": pl.List(pl.String),
    "complete": pl.Boolean,
    "refused": pl.String,
    "note": pl.String,
}
MISSING: dict[str, Any] = {
    "question": pl.String,
    "environment": pl.String,
    "table": pl.String,
    "columns": pl.List(pl.String),
    "request": pl.String,
}


@dataclass(frozen=True)
class Question:
    """A question that the workbench answers and the tables that it needs, with their columns."""

    text: str
    tables: tuple[str, ...]
    extra: Mapping[str, tuple[str, ...]] | None = None  # columns that every table has, needed here


QUESTIONS = (
    Question("Who are the people?", ("systemuser", "businessunit")),
    Question("Who works on which channel?", ("msdyn_sessionparticipant", "msdyn_ocsession")),
    Question("Who works on cases?", ("incident", "incidentresolution"), {"incident": ("modifiedon",)}),
    Question("Who changed a case, and when?", ("audit",)),
    Question("Who works from queues?", ("queueitem", "queue", "queuemembership")),
    Question("Who supervises?", ("role", "systemuserroles", "teamroles", "teammembership")),
    Question("Who writes knowledge?", ("knowledgearticle",), {"knowledgearticle": ("modifiedon",)}),
)
# What licences and use can be told from, best first; one of them is enough.
TENANT_QUESTIONS = (
    (
        "Who holds which licence?",
        ("graph", "m365_admin"),
        "Graph /users as JSON, every page, with $select=id,userPrincipalName,displayName,accountEnabled,userType,"
        "department,proxyAddresses,assignedLicenses,licenseAssignmentStates,signInActivity; and /subscribedSkus.",
    ),
)


def inspect(client: Client, progress: Progress | None = None) -> pl.DataFrame:
    """A row per file: what it is, what it covers where that is cheap to say, or why it will not be read."""
    with Store.in_memory() as scratch:
        findings = survey(client, scratch, progress or (lambda _what, _done, _total: None))
    return pl.DataFrame([row(finding) for finding in findings], schema=FILES, orient="row")


def row(finding: Finding) -> tuple[object, ...]:
    first, last = days(finding)
    return (
        finding.relative,
        finding.shape,
        finding.table,
        finding.environment,
        first,
        last,
        list(finding.carried or carried_by_page(finding)),
        finding.complete,
        finding.refused,
        finding.note or finding.why_incomplete,
    )


def days(finding: Finding) -> tuple[date | None, date | None]:
    """First and last day of createdon, for a file that its head holds whole."""
    head, source = finding.head, finding.source
    if head is None or source is None or head.size > len(head.raw):
        return None, None
    found: list[str] = []
    if isinstance(source, DelimitedSource):
        names = [name.lower() for name in source.columns]
        if "createdon" in names:
            place = names.index("createdon")
            rows = records(head.text, source.delimiter, whole=True, most=1_000_000)[source.skip :]
            found = [day.group() for row in rows if len(row) > place and (day := ISO_DAY.match(row[place]))]
    else:
        found = CREATED_ON.findall(head.text)
    stamps = [date.fromisoformat(day) for day in found]
    return min(stamps, default=None), max(stamps, default=None)


def carried_by_page(finding: Finding) -> tuple[str, ...]:
    """The columns of a Web API page, seen in its head."""
    if finding.head is None or finding.canonical is None or not isinstance(finding.source, PageSource):
        return ()
    return web_api.columns_in(finding.head, finding.canonical)


def missing(client: Client, files: pl.DataFrame) -> pl.DataFrame:
    """A row per question, environment and table that the inspected files cannot answer, with the request to send."""
    usable = files.filter(pl.col("refused").is_null())
    rows: list[tuple[object, ...]] = []
    since = client.as_of - LOOK_BACK
    for environment in [environment.name for environment in client.environments] or [DEFAULT_ENVIRONMENT]:
        delivered = usable.filter(pl.col("environment") == environment)
        for question in QUESTIONS:
            for name in question.tables:
                lacking = lacking_columns(delivered, question, name)
                if lacking:
                    rows.append((question.text, environment, name, lacking, request(environment, name, lacking, since)))
    for text, shapes, export in TENANT_QUESTIONS:
        if not usable["shape"].is_in(shapes).any():
            rows.append((text, None, None, [], f"Please send {export}"))
    return pl.DataFrame(rows, schema=MISSING, orient="row")


def lacking_columns(delivered: pl.DataFrame, question: Question, name: str) -> list[str]:
    """The columns of a table that no delivered file carries, the key among them where there is no file at all."""
    table = TABLES[name]
    needed = {table.key, *table.columns, *(question.extra or {}).get(name, ())}
    carried = delivered.filter(pl.col("table") == name)["columns"].explode().drop_nulls()
    return sorted(needed - set(carried))


def request(environment: str, table: str, columns: Sequence[str], since: date) -> str:
    """The text to send to the client."""
    return (
        f"Please export the table {table} of the environment {environment} with the columns {', '.join(columns)}: "
        f"all rows of all owners, at least those created or changed since {since.isoformat()}, as Synapse Link folder, "
        f"Web API pages (JSON, every page), or CSV or Parquet with logical column names, not opened in Excel."
    )
