"""Editions: which base people hold today, where the decision takes them, and what keeps them on Enterprise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from d365bench.analysis.money import Prices
from d365bench.analysis.target import LEVELS, NO_PRODUCTS, Holding, Search
from d365bench.client import Client
from d365bench.rulebook import Rulebook

NO_BASE = "no base"
HEIGHT = {NO_BASE: 0, **{level.capitalize(): place for place, level in enumerate(LEVELS, start=1)}}


def seats_by_edition(decided: pl.DataFrame, rulebook: Rulebook, client: Client) -> pl.DataFrame:
    """One row per edition held today and outcome: people, and the money of the two kinds of saving."""
    return (
        with_editions(decided, rulebook, client)
        .filter((pl.col("edition") != NO_BASE) & pl.col("target_edition").is_not_null() & ~pl.col("out_of_scope"))
        .with_columns(outcome())
        .group_by("edition", "outcome")
        .agg(
            pl.len().cast(pl.Int64).alias("people"),
            pl.col("monthly_saving_ready", "monthly_saving_conditional", "monthly_withheld").sum(),
        )
        .sort("edition", "people", "outcome", descending=[False, True, False])
    )


def enterprise_blockers(
    decided: pl.DataFrame, rulebook: Rulebook, client: Client, thresholds: Mapping[str, int]
) -> pl.DataFrame:
    """One row per reason that keeps people on an Enterprise base, and whether it is a person's only one."""
    works = {
        "worked cases with an SLA": pl.col("sla_cases") >= thresholds["sla_min_cases"],
        "worked cases with an entitlement": pl.col("entitlement_cases") > 0,
        "used Copilot on a case": pl.col("copilot_cases") > 0,
        "handled routed records": pl.col("routed_records") > 0,
        "worked digital channels": pl.col("needs").list.contains("digital"),
        "worked voice": pl.col("needs").list.contains("voice"),
        "shares an environment with Enterprise work": pl.col("status") == "conditional",
    }
    named = [pl.when(test).then(pl.lit(reason)) for reason, test in works.items()]
    holds = pl.col("holds").list.eval(
        pl.element().filter(~pl.element().str.starts_with("cases:")).str.replace_many([":", "_"], [" held: ", " "])
    )
    stays = pl.col("ready_edition").is_in(["Enterprise", "Premium"]) & pl.col("edition").is_in(
        ["Enterprise", "Premium"]
    )
    return (
        with_editions(decided, rulebook, client)
        .filter(stays & ~pl.col("out_of_scope"))
        .with_columns(pl.concat_list(*named).list.drop_nulls().list.concat(holds).alias("blocker"))
        .with_columns(
            pl.when(pl.col("blocker").list.len() == 0)
            .then(pl.lit(["kept by a decision or by price"]))
            .otherwise("blocker")
            .alias("blocker")
        )
        .with_columns(
            pl.when(pl.col("blocker").list.len() == 1)
            .then(pl.lit("the only reason"))
            .otherwise(pl.lit("one of several"))
            .alias("alone")
        )
        .explode("blocker")
        .group_by("blocker", "alone")
        .agg(pl.len().cast(pl.Int64).alias("people"))
        .sort("people", "blocker", "alone", descending=[True, False, False])
    )


def environment_room(
    decided: pl.DataFrame, environments: pl.DataFrame, rulebook: Rulebook, client: Client
) -> pl.DataFrame:
    """One row per environment with people: the editions of their targets, who waits, and its size."""
    people = (
        with_editions(decided, rulebook, client)
        .filter(~pl.col("out_of_scope"))
        .select("environments", "target_edition", "status", "monthly_saving_conditional")
        .explode("environments")
        .rename({"environments": "environment"})
        .drop_nulls("environment")
        .group_by("environment")
        .agg(
            (pl.col("target_edition") == "Professional").sum().cast(pl.Int64).alias("Professional"),
            pl.col("target_edition").is_in(["Enterprise", "Premium"]).sum().cast(pl.Int64).alias("Enterprise"),
            (pl.col("status") == "conditional").sum().cast(pl.Int64).alias("waiting"),
            pl.col("monthly_saving_conditional").filter(pl.col("status") == "conditional").sum(),
        )
    )
    sizes = environments.select("environment", "active_queues", "custom_tables")
    return people.join(sizes, on="environment", how="left").sort("waiting", "environment", descending=[True, False])


def with_editions(decided: pl.DataFrame, rulebook: Rulebook, client: Client) -> pl.DataFrame:
    """The decided frame with the edition of today's base, of both targets, and of what proved needs alone call for."""
    search = Search(rulebook, Prices(client, rulebook))
    keys = ("current_products", "target_products", "ready_target_products", "needs", "live_chat_only")
    told = decided.select(keys).unique()
    rows = []
    for today, target, ready, needs, live_chat_only in told.iter_rows():
        holding = Holding(frozenset(today or ()), live_chat_only)
        proved = search.target(holding, frozenset(needs or ())) if needs else NO_PRODUCTS
        rows.append([edition(search, products) for products in (today, target, ready, proved)])
    names = ("edition", "target_edition", "ready_edition", "proved_edition")
    editions = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    return decided.join(told.hstack(editions), on=list(keys), how="left", nulls_equal=True, maintain_order="left")


def edition(search: Search, products: Iterable[str] | None) -> str | None:
    """'Professional', 'Enterprise', 'Premium' or 'no base'; None where the products are not known."""
    if products is None:
        return None
    level = search.level(frozenset(products))
    return level.capitalize() if level else NO_BASE


def outcome() -> pl.Expr:
    """What becomes of the base that a person holds today."""
    today, target, proved = (
        pl.col(name).replace_strict(HEIGHT, default=None, return_dtype=pl.Int64)
        for name in ("edition", "target_edition", "proved_edition")
    )
    return (
        pl.when(target == 0)
        .then(pl.lit("goes"))
        .when(target > today)
        .then(pl.lit("rises"))
        .when((target < today) & (pl.col("status") == "conditional"))
        .then(pl.lit("moves once the environment is ready"))
        .when(target < today)
        .then(pl.lit("moves now"))
        .when(proved == today)
        .then(pl.lit("stays, proved by work"))
        .otherwise(pl.lit("stays until asked"))
        .alias("outcome")
    )
