"""Evidence: what the store knows about each person under one set of thresholds, counted in SQL.

Nothing here compares a count with a minimum; `decide` alone does.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
from polars import selectors as cs

from d365bench.analysis.coverage import coverage
from d365bench.client import Client
from d365bench.store import Store

PARTS = ("activity", "offered", "indirect", "cases", "records", "coverage")


def evidence(
    store: Store, client: Client, thresholds: Mapping[str, int], covered: pl.DataFrame | None = None
) -> pl.DataFrame:
    """One row per person with one of our products or any action in the window, sorted by person_id.

    Counts are 0 and lists empty where there is nothing; dates, tenures, labels and the coverage of nobody's
    environment are null.
    """
    asked = {"as_of": client.as_of, **thresholds}
    store.register("coverage_now", covered if covered is not None else coverage(store, client, thresholds))
    return counted(store, asked, standing(store, asked))


def standing(store: Store, asked: Mapping[str, object]) -> pl.DataFrame:
    """Who is to be decided and what they are and hold; the store remembers which environments are theirs.

    Args:
        asked: as_of and thresholds.
    """
    store.register("person_environment", store.query("person/environment", **asked))
    tenure = store.query("person/tenure", **asked)
    return store.query("person/who", **asked).join(tenure, on="person_id", how="left")


def counted(store: Store, asked: Mapping[str, object], people: pl.DataFrame) -> pl.DataFrame:
    """The people with what is counted about them in the environments that are theirs."""
    for part in PARTS:
        people = people.join(store.query(f"person/{part}", **asked), on="person_id", how="left")
    return (
        people.with_columns(
            pl.col(pl.Int64).exclude("^tenure_.*$").fill_null(0),
            pl.col("environments").fill_null([]),
            pl.col("live_chat_only").fill_null(True),
        )
        .with_columns(
            (pl.col(f"{stretch}_{cases}_cases") > 0).or_(pl.col(f"{stretch}_records") > 0).alias(f"{stretch}_{cases}")
            for stretch in ("season", "indirect")
            for cases in ("enterprise", "beside_sla")  # the second: were an SLA no matter of Enterprise
        )
        .drop(cs.matches("^(season|indirect)_((enterprise|beside_sla)_cases|records)$"))
        .sort("person_id")
    )


def environments(store: Store) -> pl.DataFrame:
    """One row per environment: kind, service, active queues, custom tables, declarations."""
    return store.query("person/environments")
