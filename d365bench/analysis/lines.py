"""Lines: the parts of the envelope in which a renewal is talked about, each a group of products."""

from __future__ import annotations

import polars as pl

from d365bench.rulebook import Product, Rulebook

BASE, DIGITAL, VOICE, BUNDLES = "Base", "Digital Messaging", "Voice", "Combined bundles"
LINES = (BASE, DIGITAL, VOICE, BUNDLES, "Team Members", "Contact Center")
OF_CHANNELS = {
    frozenset[str](): BASE,
    frozenset({"digital"}): DIGITAL,
    frozenset({"voice"}): VOICE,
    frozenset({"digital", "voice"}): BUNDLES,
}
CHANNELS = frozenset({"digital", "voice"})


def line_of(product: Product) -> str:
    """The line of a product, by its kind and the channels that it grants; Premium is base and channels in one."""
    if product.kind == "limited":
        return "Team Members"
    if product.kind == "standalone":
        return "Contact Center"
    return OF_CHANNELS[product.rights & CHANNELS]


def with_line(rows: pl.DataFrame, rulebook: Rulebook) -> pl.DataFrame:
    """Rows of products with the line that each belongs to."""
    lines = {key: line_of(product) for key, product in rulebook.products.items()}
    return rows.with_columns(line=pl.col("product").replace_strict(lines, return_dtype=pl.String))


def in_order(column: str = "line") -> pl.Expr:
    """For sort: the lines as listed."""
    return pl.col(column).replace_strict(LINES, range(len(LINES)), return_dtype=pl.Int64)
