"""Dataverse Web API pages: JSON with `@odata.context`, a `value` array and perhaps a link to the next page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

import polars as pl

from d365bench.errors import ExportError
from d365bench.ingest import refusals
from d365bench.ingest.finding import Finding, PageSource, carried, positions
from d365bench.ingest.head import decode
from d365bench.ingest.reading import Head
from d365bench.ingest.tables import TABLES, Table

SHAPE = "web_api"
CONTEXT = re.compile(r'"@odata\.context"\s*:\s*"[^"]*\$metadata#([A-Za-z_]\w*)')
PAGE_NUMBER = re.compile(r'pagenumber="(\d+)"')
KEY = re.compile(r'"([^"@]+)"\s*:')
COUNT_LIMIT = 5_000  # the service counts no further, so this very number proves nothing
BY_ENTITY_SET = {table.entity_set: table for table in TABLES.values()}


@dataclass(frozen=True)
class Page:
    """One page, read whole."""

    rows: list[dict[str, Any]]
    next_link: str | None
    count: int | None


def entity_set(head: Head) -> str | None:
    """The entity set that a page belongs to."""
    found = CONTEXT.search(head.text)
    return found.group(1) if found and '"value"' in head.text else None


def describe(finding: Finding, name: str) -> None:
    """Fill in a finding: pages of one entity set in one folder are one set."""
    table = BY_ENTITY_SET.get(name)
    finding.shape, finding.table, finding.source = SHAPE, table.name if table else name, PageSource()
    folder = str(PurePosixPath(finding.relative).parent)
    finding.delivery = (SHAPE, finding.environment or "", folder, finding.table)


def read(finding: Finding) -> Page:
    """One page of rows; an ExportError says that it breaks off."""
    _, text = decode(finding.path.read_bytes())
    try:
        content = json.loads(text)
        rows = [row for row in content["value"] if isinstance(row, dict)]
    except (ValueError, KeyError, TypeError) as exc:
        raise ExportError(refusals.BROKEN_JSON) from exc
    count = content.get("@odata.count")
    if content.get("@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"):
        count = None
    return Page(
        rows, content.get("@odata.nextLink"), count if isinstance(count, int) and count != COUNT_LIMIT else None
    )


def columns_of(rows: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The union of the rows' keys, in order of appearance: pages and rows may differ in what was selected."""
    return tuple(dict.fromkeys(key for row in rows for key in row))


def columns_in(head: Head, table: Table) -> tuple[str, ...]:
    """The logical names of what a page carries of a table, as far as its head shows."""
    return carried(table, tuple(dict.fromkeys(KEY.findall(head.text))))


def frame(finding: Finding, table: Table, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """The rows as text columns of the table; a `reason: deleted` entry of a delta link becomes a delete row."""
    columns = columns_of(rows)
    finding.carried = carried(table, columns)
    places = positions(table, columns)
    texts = {name: [as_text(row.get(columns[place])) for row in rows] for name, place in places.items()}
    gone = [deleted_id(row) for row in rows]
    if any(gone):
        keys = texts.get("row_id", [None] * len(rows))
        texts["row_id"] = [lost or key for lost, key in zip(gone, keys, strict=True)]
        texts["deleted"] = ["true" if lost else None for lost in gone]
    return pl.DataFrame(
        {"record": range(1, len(rows) + 1), **texts},
        schema={"record": pl.Int64, **dict.fromkeys(texts, pl.String)},
    )


def deleted_id(row: Mapping[str, Any]) -> str | None:
    """The id of a row that a delta link reports as deleted."""
    if "$deletedEntity" not in str(row.get("@odata.context", "")) and row.get("reason") != "deleted":
        return None
    return str(row["id"]).rsplit("(", 1)[-1].rstrip(")") if row.get("id") else None


def as_text(value: object) -> str | None:
    """A JSON value as the text that a CSV would hold; an empty text is nothing."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


def why_incomplete(pages: list[Page], keys: int) -> str | None:
    """What is missing from the pages of one folder, where that can be told."""
    links = {page.next_link for page in pages if page.next_link}
    if links and all(page.next_link for page in pages):
        return refusals.MISSING_PAGE
    numbers = {int(found.group(1)) for link in links if (found := PAGE_NUMBER.search(unquote(link)))}
    # The link to page n stands on page n - 1, so links must run from page 2 on without a gap.
    lost = next((number for number in range(2, max(numbers, default=1) + 1) if number not in numbers), None)
    if lost is not None:
        return refusals.EARLIER_PAGE.format(page=lost - 1)
    count = max((page.count for page in pages if page.count is not None), default=None)
    if count is not None and keys < count:
        return refusals.FEWER_ROWS.format(count=count, rows=keys)
    return None
