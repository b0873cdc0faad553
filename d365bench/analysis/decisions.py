"""Decisions that a person has taken earlier (decisions.csv): which of them stand, and for whom."""

from __future__ import annotations

import polars as pl

from d365bench.client import Client

STATES = ("live", "contradicted", "expired", "not_yet", "superseded", "unmatched")
COLUMNS = ("person_id", "person", "product", "decision", "reason", "by", "decided_on", "expires_on", "state")
SCHEMA = {column: pl.Date if column.endswith("_on") else pl.String for column in COLUMNS}


def standing(people: pl.DataFrame, client: Client) -> pl.DataFrame:
    """One row per decision with the person it names and its state, before anything is held against a need.

    Args:
        people: person_id, upn and current_products, as in the evidence.
    """
    given = client.decisions
    if given.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    named = given.with_columns(key=pl.col("person").str.to_lowercase())
    matched = named.join(identifiers(people, named["key"]), on="key", how="left", maintain_order="left")
    is_exclusion = pl.col("decision") == "exclude"
    held = pl.col("current_products").list.contains(pl.col("product")).fill_null(False)
    matched = matched.with_columns(
        product=pl.when(is_exclusion).then(None).otherwise("product"),
        state=pl.when(pl.col("decided_on") > client.as_of)
        .then(pl.lit("not_yet"))
        .when((pl.col("expires_on") <= client.as_of).fill_null(False))
        .then(pl.lit("expired"))
        .when(pl.col("person_id").is_null() | ~(is_exclusion | held))
        .then(pl.lit("unmatched"))
        .otherwise(pl.lit("live")),
    )
    # Of two live ones on the same person and product the later counts, then the one further down.
    live = matched.filter(pl.col("state") == "live").sort("decided_on", "line")
    last = live.unique(["person_id", "product"], keep="last").select("person_id", "line", last=pl.lit(True))
    return (
        matched.join(last, on=["person_id", "line"], how="left", maintain_order="left")
        .with_columns(
            state=pl.when((pl.col("state") == "live") & pl.col("last").is_null())
            .then(pl.lit("superseded"))
            .otherwise("state")
        )
        .select(COLUMNS)
    )


def identifiers(people: pl.DataFrame, keys: pl.Series) -> pl.DataFrame:
    """The people whom the keys name, by person_id or else by a UPN that only one of them has, whatever the case."""
    wanted = keys.unique().implode()
    found = [
        people.select(pl.col(column).str.to_lowercase().alias("key"), "person_id", "current_products").filter(
            pl.col("key").is_in(wanted)
        )
        for column in ("person_id", "upn")
    ]
    by_id, by_upn = found
    return pl.concat([by_id, by_upn.unique("key", keep="none").join(by_id, on="key", how="anti")])


def by_person(people: pl.DataFrame, client: Client) -> pl.DataFrame:
    """One row per person with a live decision: the products kept and removed ('+'-joined) and whether excluded."""
    live = standing(people, client).filter(pl.col("state") == "live")

    def products(decision: str) -> pl.Expr:
        return pl.col("product").filter(pl.col("decision") == decision).unique().sort().str.join("+").alias(decision)

    return live.group_by("person_id").agg(
        products("keep"), products("remove"), excluded=(pl.col("decision") == "exclude").any()
    )


def decision_report(decided: pl.DataFrame, client: Client) -> pl.DataFrame:
    """Every row of decisions.csv with what became of it, in file order: live, contradicted, expired, unmatched, …"""
    asked = standing(decided, client)
    refused = decided.select("person_id", product="contradicted").explode("product").drop_nulls()
    return (
        asked.join(
            refused.with_columns(refused=pl.lit(True)), on=["person_id", "product"], how="left", maintain_order="left"
        )
        .with_columns(
            state=pl.when((pl.col("state") == "live") & (pl.col("decision") == "remove") & pl.col("refused"))
            .then(pl.lit("contradicted"))
            .otherwise("state")
        )
        .select(COLUMNS)
    )
