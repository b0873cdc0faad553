"""Price protection: what a cap is worth as prices and numbers rise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from d365bench.analysis.renewal import renewal
from d365bench.client import Client
from d365bench.rulebook import Rulebook

# Tried beside what the client expects.
UPLIFTS = (0.0, 3.0, 6.0, 9.0)
GROWTHS = (0.0, 5.0, 10.0)
PRICE_STEPS = ("term", "yearly")
BY_YEAR: dict[str, pl.DataType] = {
    "price_step": pl.String(),
    "agreed": pl.Boolean(),
    "growth_percent": pl.Float64(),
    "uplift_percent": pl.Float64(),
    "expected": pl.Boolean(),
    "year": pl.Int64(),
    "unprotected": pl.Float64(),
    "protected": pl.Float64(),
}


def price_protection(
    decided: pl.DataFrame,
    subscribed: pl.DataFrame,
    client: Client,
    rulebook: Rulebook,
    thresholds: Mapping[str, int],
) -> pl.DataFrame:
    """One row per price step, growth, uplift and year: the verified seats' cost without and with the cap.

    `agreed` marks the price step of the contract, `expected` the uplift and the growth that client.toml expects.
    """
    contract = client.contract
    if contract is None:
        return pl.DataFrame(schema=BY_YEAR)
    parts = []
    for step in PRICE_STEPS:
        for growth in sorted({*GROWTHS, float(contract.growth_percent)}):
            for uplift in sorted({*UPLIFTS, float(contract.uplift_percent)}):
                changed = replace(contract, price_step=step, growth_percent=growth, uplift_percent=uplift)
                costs = renewal(decided, subscribed, replace(client, contract=changed), rulebook, thresholds)
                expected = (growth, uplift) == (contract.growth_percent, contract.uplift_percent)
                parts.append(
                    costs.group_by("year")
                    .agg(unprotected=cost_of("verified"), protected=cost_of("verified_protected"))
                    .sort("year")
                    .select(
                        pl.lit(step).alias("price_step"),
                        pl.lit(step == contract.price_step).alias("agreed"),
                        pl.lit(growth).alias("growth_percent"),
                        pl.lit(uplift).alias("uplift_percent"),
                        pl.lit(expected).alias("expected"),
                        "year",
                        "unprotected",
                        "protected",
                    )
                )
    return pl.concat(parts)


def cost_of(scenario: str) -> pl.Expr:
    return pl.col("annual_cost").filter(pl.col("scenario") == scenario).sum()


def break_even(
    decided: pl.DataFrame,
    subscribed: pl.DataFrame,
    client: Client,
    rulebook: Rulebook,
    thresholds: Mapping[str, int],
) -> pl.DataFrame:
    """One row per price step, growth and uplift: the cost of the term without and with the cap, and what it may cost.

    `break_even_percent` is how much dearer every protected price may be before the cap no longer pays.
    """
    by_year = price_protection(decided, subscribed, client, rulebook, thresholds)
    keys = ("price_step", "agreed", "growth_percent", "uplift_percent", "expected")
    saved = pl.col("unprotected") - pl.col("protected")
    share = pl.when(pl.col("protected") > 0).then(saved / pl.col("protected") * 100)
    return (
        by_year.group_by(keys, maintain_order=True)
        .agg(pl.col("unprotected", "protected").sum())
        .with_columns(saved=saved, break_even_percent=share)
        .sort("agreed", descending=True, maintain_order=True)
    )
