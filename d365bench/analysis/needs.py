"""Needs: the rights that a person's work in the window proves."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl


def proofs(thresholds: Mapping[str, int]) -> dict[str, pl.Expr]:
    """For each right, whether the work in the window proves that it is needed."""
    return {
        "cases": pl.col("actions") > 0,
        "digital": channel("digital", thresholds),
        "enterprise": (pl.col("sla_cases") >= thresholds["sla_min_cases"]) | enterprise_beside_sla(),
        "voice": channel("voice", thresholds),
    }


def channel(name: str, thresholds: Mapping[str, int]) -> pl.Expr:
    """Whether counted interactions of the channel reach both minimums."""
    enough = interactions(name) >= thresholds[f"{name}_min_interactions"]
    return enough & (pl.col(f"{name}_days") >= thresholds[f"{name}_min_days"])


def interactions(name: str) -> pl.Expr:
    """Counted interactions of a channel: handled and consulted."""
    return pl.col(f"{name}_handled") + pl.col(f"{name}_consulted")


def enterprise_beside_sla() -> pl.Expr:
    """Whether anything but an SLA proves `enterprise`: an entitlement, Copilot or a routed record."""
    return (pl.col("entitlement_cases") > 0) | (pl.col("copilot_cases") > 0) | (pl.col("routed_records") > 0)
