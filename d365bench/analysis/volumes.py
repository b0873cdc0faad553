"""Volumes: each product's seats as signed, bought, assigned and verified, and what the difference costs."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from d365bench.analysis.lines import in_order, with_line
from d365bench.analysis.money import Prices
from d365bench.analysis.renewal import percent, rounded_up
from d365bench.analysis.seats import seats
from d365bench.client import Client
from d365bench.rulebook import Rulebook

COUNTS = ("contract", "purchased", "assigned", "today", "ready", "verified", "proved", "ready_quantity", "quantity")
BASELINE = (
    *("product", "line", *COUNTS, "unassigned", "on_holds", "monthly_unassigned"),
    *("carried_cost", "verified_cost", "carrying_costs", "evidence"),
)


def volumes(
    decided: pl.DataFrame,
    subscribed: pl.DataFrame,
    client: Client,
    rulebook: Rulebook,
    thresholds: Mapping[str, int],
) -> pl.DataFrame:
    """One row per product: seats signed, purchased, assigned, of today, in both targets and proved; with headroom.

    `today` is what is paid for: what the contract says, else the larger of purchased and assigned. `proved` is the
    target with every hold answered "not needed". The quantities are those of the renewal's first year.
    """
    signed = client.contract.quantities if client.contract else {}
    held = decided.select(product=pl.col("proved_target_products").explode()).drop_nulls()
    proved = dict(held["product"].value_counts().iter_rows())
    counted = {row["product"]: row for row in seats(decided, subscribed, rulebook).iter_rows(named=True)}
    room = 1 + percent(thresholds["headroom_percent"])
    rows = []
    for product in (key for key in rulebook.products if key in counted.keys() | signed.keys()):
        found = counted.get(product, {"purchased": None, "assigned": 0, "ready_target": 0, "target": 0})
        contract, bought, assigned = signed.get(product), found["purchased"], found["assigned"]
        today = contract if contract is not None else max(bought or 0, assigned)
        ready, verified = found["ready_target"], found["target"]
        quantities = rounded_up(ready * room), rounded_up(verified * room)
        rows.append((product, contract, bought, assigned, today, ready, verified, proved.get(product, 0), *quantities))
    schema = {"product": pl.String, **dict.fromkeys(COUNTS, pl.Int64)}
    return with_line(pl.DataFrame(rows, schema=schema, orient="row"), rulebook)


def baseline(
    decided: pl.DataFrame,
    subscribed: pl.DataFrame,
    client: Client,
    rulebook: Rulebook,
    thresholds: Mapping[str, int],
    renewal: pl.DataFrame,
) -> pl.DataFrame:
    """One row per product by line: every count of its seats with its evidence, and the cost of carrying today's on.

    Money over the term is null where no price is known, and without a contract; `unassigned` are seats paid for that
    nobody holds, at today's price.
    """
    rows = volumes(decided, subscribed, client, rulebook, thresholds)
    quotes = Prices(client, rulebook).quotes
    today = {product: None if quote is None else float(quote.amount) for product, quote in quotes.items()}
    costs = cost_of_term(renewal)
    unassigned = (pl.col("today") - pl.col("assigned")).clip(lower_bound=0)
    return (
        rows.join(costs, on="product", how="left", maintain_order="left")
        .with_columns(
            unassigned=unassigned,
            on_holds=(pl.col("verified") - pl.col("proved")).clip(lower_bound=0),
            monthly_unassigned=unassigned * pl.col("product").replace_strict(today, return_dtype=pl.Float64),
            carrying_costs=pl.col("carried_cost") - pl.col("verified_cost"),
        )
        .with_columns(evidence=evidence_note(subscribed))
        .sort(in_order(), maintain_order=True)
        .select(BASELINE)
    )


def cost_of_term(renewal: pl.DataFrame) -> pl.DataFrame:
    """What each product costs over the term, carried forward and verified; null where its price is not known."""
    summed = pl.when(pl.col("annual_cost").null_count() == 0).then(pl.col("annual_cost").sum())
    costs = renewal.group_by("product", "scenario").agg(cost=summed)
    named = {"carried_cost": "carry_forward", "verified_cost": "verified"}
    table = renewal.select("product").unique()
    for name, scenario in named.items():
        chosen = costs.filter(pl.col("scenario") == scenario).select("product", pl.col("cost").alias(name))
        table = table.join(chosen, on="product", how="left")
    return table


def evidence_note(subscribed: pl.DataFrame) -> pl.Expr:
    """Where each count of a row comes from."""
    signed = (
        pl.when(pl.col("contract").is_null())
        .then(pl.lit("not in [contract.quantities]"))
        .otherwise(pl.lit("as signed, in client.toml"))
    )
    source = "no subscribedSkus were exported" if subscribed.is_empty() else "prepaid units of the tenant's SKUs"
    proved = pl.min_horizontal("proved", "verified")
    return pl.format(
        "contract: {}; purchased: {}; assigned: distinct people in the licence export; verified: {} stand"
        " however the open questions are answered, {} are kept because of them",
        signed,
        pl.lit(source),
        proved,
        pl.col("verified") - proved,
    )
