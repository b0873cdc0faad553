"""Seats: how many of each product were bought, are held, and would be held."""

from __future__ import annotations

import polars as pl

from d365bench.rulebook import LEGACY_ENTERPRISE, Rulebook

COUNTS = {"assigned": "current_products", "ready_target": "ready_target_products", "target": "target_products"}


def seats(decided: pl.DataFrame, subscribed: pl.DataFrame, rulebook: Rulebook) -> pl.DataFrame:
    """One row per product in rule-book order: purchased (null without subscribedSkus), assigned, ready_target, target.

    Args:
        subscribed: product_key and purchased, as the tenant's subscribedSkus say; no row at all: none were exported.
    """
    # Legacy plans are paid and counted elsewhere.
    products = pl.DataFrame({"product": [key for key in rulebook.products if key != LEGACY_ENTERPRISE]})
    bought = subscribed.group_by(product="product_key").agg(pl.col("purchased").cast(pl.Int64).sum())
    table = products.join(bought, on="product", how="left", maintain_order="left")
    if not subscribed.is_empty():
        table = table.with_columns(pl.col("purchased").fill_null(0))
    for name, column in COUNTS.items():
        held = decided.select(product=pl.col(column).explode()).drop_nulls()
        counted = held.group_by("product").agg(pl.len().cast(pl.Int64).alias(name))
        table = table.join(counted, on="product", how="left", maintain_order="left")
    return table.with_columns(pl.col(*COUNTS).fill_null(0)).filter(pl.max_horizontal("purchased", *COUNTS) > 0)
