"""People, seats, SKUs and audit acts of all directory and licence exports, settled into one row each.

`prepare` makes the staging tables, `accept` lands one file, `settle` makes the tables that the roll-up reads,
`standing_counts` and `completeness` say what became of each file, and `clear` removes the staging tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from d365bench.ingest import refusals
from d365bench.ingest.reading import Reading
from d365bench.store import Store

INSTANT = pl.Datetime("us")
STAGING: Mapping[str, Mapping[str, pl.DataType | type[pl.DataType]]] = {
    "directory_file": {"quarantined": pl.Int64, "filtered": pl.Int64, "complete": pl.Boolean, "why": pl.String},
    "directory_page": {
        "record": pl.Int64,
        "folder": pl.String,
        "context": pl.String,
        "has_next": pl.Boolean,
        "total": pl.Int64,
    },
    "directory_user_row": {
        "record": pl.Int64,
        "source": pl.String,
        "object_id": pl.String,
        "upn": pl.String,
        "display_name": pl.String,
        "department": pl.String,
        "account_enabled": pl.Boolean,
        "user_type": pl.String,
        "proxy_addresses": pl.List(pl.String),
        "last_sign_in": INSTANT,
        "sign_in_exported": pl.Boolean,
        "licences_exported": pl.Boolean,
    },
    "licence_assignment_row": {
        "record": pl.Int64,
        "source": pl.String,
        "sku_id": pl.String,
        "sku_name": pl.String,
        "via": pl.String,
        "assigned_at": INSTANT,
    },
    "subscribed_sku_row": {
        "record": pl.Int64,
        "sku_id": pl.String,
        "part_number": pl.String,
        "purchased": pl.Int64,
        "consumed": pl.Int64,
        "applies_to": pl.String,
        "plan_ids": pl.List(pl.String),
    },
    "purview_row": {
        "record": pl.Int64,
        "audit_id": pl.String,
        "user_id": pl.String,
        "at_instant": INSTANT,
        "correlation_id": pl.String,
        "message": pl.String,
        "entity_id": pl.String,
    },
}
# Made on the way by `settle`: the verdict on each file, and the place of each row among those of the same thing.
ON_THE_WAY = ("directory_verdict", "directory_choice", "subscribed_sku_choice", "purview_choice")
FILE_ID = {"file_id": pl.Int32}


def rows(table: str, found: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows of one staging table as a frame; what a row does not say is NULL."""
    schema = STAGING[table]
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in found], schema=schema)


def prepare(store: Store) -> None:
    """Make the staging tables, empty."""
    for table, schema in STAGING.items():
        store.keep(table, pl.DataFrame(schema={**FILE_ID, **schema}))


def accept(store: Store, file_id: int, reading: Reading) -> None:
    """Land one file; of a refused one nothing is kept."""
    if reading.refused:
        return
    file = {
        "quarantined": len(reading.quarantined),
        "filtered": reading.filtered,
        "complete": reading.complete,
        "why": reading.why_incomplete,
    }
    for table, frame in {"directory_file": rows("directory_file", [file]), **reading.frames}.items():
        store.register("landing", frame.select(pl.lit(file_id, pl.Int32).alias("file_id"), pl.all()))
        store.connection.view("landing").insert_into(table)
        store.connection.unregister("landing")


def settle(store: Store) -> None:
    """Make directory_user, licence_assignment, subscribed_sku, purview_act and licence_source."""
    store.keep("directory_verdict", verdicts(store))
    store.create("directory_choice", "directory/user_choice")
    store.create("subscribed_sku_choice", "directory/subscribed_sku_choice")
    store.create("purview_choice", "directory/purview_choice")
    store.create("directory_user", "directory/user")
    store.create("licence_assignment", "directory/licence_assignment")
    store.create("subscribed_sku", "directory/subscribed_sku")
    store.create("purview_act", "directory/purview_act")
    store.create("licence_source", "directory/licence_source")


def verdicts(store: Store) -> pl.DataFrame:
    """For each file whether all pages of its answer are there, and why not."""
    pages = store.query("directory/page").to_dicts()
    repeated = set(store.query("directory/repeated_page").get_column("file_id"))
    complete, short = completed(pages, repeated), fewer_rows(pages)
    own = {row["file_id"]: (row["complete"], row["why"]) for row in store.query("directory/file").to_dicts()}
    found = {
        file_id: (False, short[file_id]) if file_id in short else (True, None) if file_id in complete else verdict
        for file_id, verdict in own.items()
    }
    return pl.DataFrame(
        [(file_id, *verdict) for file_id, verdict in found.items()],
        schema={**FILE_ID, "complete": pl.Boolean, "why": pl.String},
        orient="row",
    )


def completed(pages: Sequence[Mapping[str, Any]], repeated: set[int]) -> set[int]:
    """The pages with a nextLink whose last page is there: k of them need k + 1 pages in the same folder.

    A last page that repeats the people of another page is an answer of its own and completes nobody else's.
    """
    ended = {
        (page["folder"], page["context"]) for page in pages if not page["has_next"] and page["file_id"] not in repeated
    }
    return {page["file_id"] for page in pages if page["has_next"] and (page["folder"], page["context"]) in ended}


def fewer_rows(pages: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Why pages are incomplete whose answer counts more rows than all its pages hold."""
    return {
        page["file_id"]: refusals.FEWER_ROWS.format(count=page["total"], rows=page["delivered"])
        for page in pages
        if page["total"] is not None and page["delivered"] < page["total"]
    }


def completeness(store: Store) -> pl.DataFrame:
    """For each file accepted: file_id, complete, why; judged over all pages. After `settle`."""
    return store.query("directory/completeness")


def standing_counts(store: Store) -> pl.DataFrame:
    """For each file accepted: file_id, rows_latest, rows_superseded, rows_filtered. After `settle`."""
    return store.query("directory/standing")


def clear(store: Store) -> None:
    """Remove the staging tables: they hold personal data that nothing reads any more."""
    for table in (*STAGING, *ON_THE_WAY):
        store.drop(table)
