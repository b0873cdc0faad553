"""Written: how figures leave the analysis, rounded half away from zero and with fixed decimals."""

from __future__ import annotations

import polars as pl


def money(column: str) -> pl.Expr:
    """Money in cents."""
    return rounded(column, 2)


def percent(column: str | pl.Expr) -> pl.Expr:
    """A percentage with one decimal."""
    return rounded(column, 1)


def rounded(column: str | pl.Expr, decimals: int) -> pl.Expr:
    expr = pl.col(column) if isinstance(column, str) else column
    # The detour over nine decimals removes binary noise: 1.005 is a tie, although its float lies below it.
    exact = expr.cast(pl.Decimal(38, 9)).round(decimals, mode="half_away_from_zero")
    return exact.cast(pl.Decimal(18, decimals))
