"""What `inspect` says: the files, the days that each table spans, what is missing, and what to ask the client for."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from d365bench.cli.said import say, show
from d365bench.client import Client
from d365bench.ingest import Inspection
from d365bench.thresholds import resolve


def tell_inspection(client: Client, found: Inspection, request: str) -> None:
    """Print an inspection as tables, and the request as text to copy into a mail."""
    if found.files.is_empty():
        say(f"{client.exports}: no file yet; put the exports here, in any folders and under any names")
    else:
        show(f"{client.name}: {found.files.height} files in {client.exports}", FILE_HEADER, files(found.files))
        show("Days", ("environment", "table", "files", "first", "last", "remark"), days(client, found.files))
    if found.missing.is_empty():
        say("Nothing is missing: every question can be answered from these files.")
    else:
        show("Missing", ("question", "environment", "table", "columns"), lacking(found.missing))
        say("To send to the client:\n")
        say(request + "\n")
    say(f"load it {found.plan.way}: {found.plan.reason}")


FILE_HEADER = ("file", "what it is", "table", "environment", "first", "last", "remark")


def files(found: pl.DataFrame) -> Iterator[tuple[object, ...]]:
    for one in found.iter_rows(named=True):
        remark = one["refused"] or one["note"]
        yield *(one[name] for name in ("path", "shape", "table", "environment", "first_day", "last_day")), remark


def days(client: Client, found: pl.DataFrame) -> Iterator[tuple[object, ...]]:
    """The days of each table; one that ends well before the as-of day proves nothing about the days since."""
    gap_days = resolve(client.thresholds)["gap_days"]
    tables = (
        found.drop_nulls(["table", "last_day"])
        .group_by("environment", "table")
        .agg(pl.len().alias("files"), pl.col("first_day").min(), pl.col("last_day").max())
        .sort("environment", "table")
    )
    for environment, table, count, first, last in tables.iter_rows():
        old = (client.as_of - last).days
        remark = f"ends {old} days before the as-of day" if old >= gap_days and table in ACTIVITY else None
        yield environment, table, count, first, last, remark


# Tables that grow with the work of every day; a list of users or queues may well be old.
ACTIVITY = frozenset({"msdyn_sessionparticipant", "msdyn_ocsession", "incident", "incidentresolution", "audit"})


def lacking(missing: pl.DataFrame) -> Iterator[tuple[object, ...]]:
    for question, environment, table, columns in missing.iter_rows():
        yield question, environment, table or "licence export", ", ".join(columns)
