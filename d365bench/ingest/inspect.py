"""What the exports are and what they cannot answer yet, without loading anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import polars as pl

from d365bench.client import Client
from d365bench.ingest import web_api
from d365bench.ingest.finding import Finding, PageSource
from d365bench.ingest.head import DEFAULT_ENVIRONMENT
from d365bench.ingest.planning import Plan, plan
from d365bench.ingest.recognise import Progress, survey
from d365bench.ingest.span import span
from d365bench.ingest.tables import TABLES
from d365bench.store import Store

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


@dataclass(frozen=True)
class Inspection:
    """What a look at a client's exports says: a row per file, what is missing for which question, how to load."""

    files: pl.DataFrame
    missing: pl.DataFrame
    plan: Plan


def inspect(client: Client, progress: Progress | None = None) -> Inspection:
    """What each file is and covers or why it will not be read, and what they cannot answer together; loads nothing."""
    with Store.in_memory() as scratch:
        findings = survey(client, scratch, progress or (lambda _what, _done, _total: None))
        way = plan(findings, scratch, client.folder)
    files = pl.DataFrame([row(finding) for finding in findings], schema=FILES, orient="row")
    return Inspection(files, missing(client, files), way)


def row(finding: Finding) -> tuple[object, ...]:
    first, last = span(finding)
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


def carried_by_page(finding: Finding) -> tuple[str, ...]:
    """The columns of a Web API page, seen in its head."""
    if finding.head is None or finding.canonical is None or not isinstance(finding.source, PageSource):
        return ()
    return web_api.columns_in(finding.head, finding.canonical)


# -- what is missing ---------------------------------------------------------------------------------------------


def missing(client: Client, files: pl.DataFrame) -> pl.DataFrame:
    """A row per question, environment and table that the inspected files cannot answer, with the columns they lack.

    Sandboxes and environments without service work are not asked for: they are shown, and never counted.
    """
    usable = files.filter(pl.col("refused").is_null())
    rows: list[tuple[object, ...]] = []
    for environment in counted_environments(client):
        delivered = usable.filter(pl.col("environment") == environment)
        for question in QUESTIONS:
            for name in question.tables:
                if lacking := lacking_columns(delivered, question, name):
                    rows.append((question.text, environment, name, lacking))
    for text, shapes, _ in TENANT_QUESTIONS:
        if not usable["shape"].is_in(shapes).any():
            rows.append((text, None, None, []))
    return pl.DataFrame(rows, schema=MISSING, orient="row")


def counted_environments(client: Client) -> list[str]:
    """The environments whose work is counted."""
    named = [one.name for one in client.environments if one.kind == "production" and one.service]
    return named if client.environments else [DEFAULT_ENVIRONMENT]


def lacking_columns(delivered: pl.DataFrame, question: Question, name: str) -> list[str]:
    """The columns of a table that no delivered file carries, the key among them where there is no file at all."""
    columns = delivered.filter(pl.col("table") == name)["columns"]
    if any(carried.is_empty() for carried in columns):
        return []  # a page without a record shows no columns: nothing happened, or nobody had it switched on
    table = TABLES[name]
    needed = {table.key, *table.columns, *(question.extra or {}).get(name, ())}
    return sorted(needed - set(columns.explode().drop_nulls()))


def request(client: Client, missing: pl.DataFrame) -> str:
    """The text to send to the client for what is missing: tables, columns and format; empty where nothing is."""
    since = client.as_of - LOOK_BACK
    lines: list[str] = []
    for environment in missing["environment"].drop_nulls().unique(maintain_order=True):
        lines.append(
            f"From the Dataverse environment {environment} please export these tables: all rows of all owners, at "
            f"least those created or changed since {since}, as Synapse Link folder, Web API pages (JSON, every page), "
            f"or CSV or Parquet with logical column names, not opened in Excel."
        )
        tables = missing.filter(pl.col("environment") == environment)
        lines += [
            f"- {table}: {', '.join(columns)}" for table, columns in tables.select("table", "columns").iter_rows()
        ]
    for text, _, export in TENANT_QUESTIONS:
        if text in missing["question"]:
            lines.append(f"From the tenant please send {export}")
    return "\n".join(lines)
