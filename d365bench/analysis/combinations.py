"""Combinations: what people have in common as far as a decision goes."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from d365bench.analysis.decisions import by_person
from d365bench.analysis.holds import hold
from d365bench.analysis.needs import enterprise_beside_sla, proofs
from d365bench.analysis.settle import split
from d365bench.analysis.target import Search
from d365bench.analysis.team_members import TEAM_MEMBERS, verdict
from d365bench.client import Client
from d365bench.rulebook import RIGHTS

KEY = ("asked", "marks")  # a person's decisions, and everything else packed into one number
VALUES = 8  # no mark has more values than that


def combinations(evidence: pl.DataFrame, search: Search, client: Client, thresholds: Mapping[str, int]) -> pl.DataFrame:
    """What decides about each person: one row per person, what two people share in KEY is all the same."""
    proved = {right: proof & ~pl.col("left") for right, proof in proofs(thresholds).items()}
    complete = client.environments_complete
    narrow = [product.key for product in search.rulebook.products.values() if product.only_channel is not None]
    holds_narrow = pl.any_horizontal(pl.col("current_products").list.contains(product) for product in narrow)
    products = pl.col("current_products").list.join("+")
    people = with_decisions(evidence, client).with_columns(
        products=pl.when(pl.col("licence_known") != "unknown").then(products),
        # Where it cannot change the outcome it must not split a combination either.
        live_chat_only=pl.col("live_chat_only") | ~holds_narrow,
    )
    people = people.with_columns(
        in_complete_source=(pl.col("licence_known") == "found") | (pl.col("products") != "").fill_null(True),
        **{f"proved_{right}": proof for right, proof in proved.items()},
    )
    held = ["products", "live_chat_only"]
    people = people.join(rights_held(people, search), on=held, how="left", nulls_equal=True, maintain_order="left")
    judged = ~pl.col("left") & pl.col("human") & ~pl.col("excluded")
    nothing = pl.lit(0, dtype=pl.UInt8)
    marks = {
        **{name: pl.col(name) for name in ("excluded", "human", "left", "in_complete_source", "live_chat_only")},
        "sla_alone": pl.col("proved_enterprise") & ~enterprise_beside_sla(),
        "authored": pl.col("articles") > 0,
        **{f"proved_{right}": pl.col(f"proved_{right}") for right in RIGHTS},
        "verdict": pl.when((pl.col("products") == TEAM_MEMBERS) & judged)
        .then(verdict(thresholds, environments_complete=complete))
        .otherwise(nothing),
        **{
            f"hold_{right}": pl.when(judged & pl.col(f"has_{right}") & ~pl.col(f"proved_{right}"))
            .then(hold(right, thresholds, environments_complete=complete))
            .otherwise(nothing)
            for right in RIGHTS
        },
    }
    found = people.select("products", "keep", "remove", "asked", "holding", **marks)
    # One number instead of twenty columns: grouping and looking up cost a fifth. The sets held today come on top, as
    # only they have no bound.
    packed = (pl.col(name).cast(pl.UInt64) * VALUES**place for place, name in enumerate([*marks, "holding"]))
    return found.with_columns(marks=pl.sum_horizontal(packed))


def with_decisions(evidence: pl.DataFrame, client: Client) -> pl.DataFrame:
    """The evidence with each person's live decisions."""
    if client.decisions.is_empty():
        return evidence.with_columns(
            keep=pl.lit(""), remove=pl.lit(""), excluded=pl.lit(False), asked=pl.lit(0, dtype=pl.UInt32)
        )
    asked = by_person(evidence, client).with_row_index("asked", offset=1)
    return evidence.join(asked, on="person_id", how="left", maintain_order="left").with_columns(
        pl.col("keep", "remove").fill_null(""), pl.col("excluded").fill_null(False), pl.col("asked").fill_null(0)
    )


def rights_held(people: pl.DataFrame, search: Search) -> pl.DataFrame:
    """A number and the rights of each distinct set of products held today; none where they are not known."""
    held = people.select("products", "live_chat_only").unique()
    rights = [
        search.rights(split(products or ""), live_chat_only=live_chat_only)
        for products, live_chat_only in held.iter_rows()
    ]
    flags = [pl.Series(f"has_{right}", [right in granted for granted in rights], dtype=pl.Boolean) for right in RIGHTS]
    return held.with_columns(flags).with_row_index("holding")
