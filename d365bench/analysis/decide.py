"""Decide: evidence, rules, prices and thresholds in, one decision per person out; nothing else decides.

People are not decided one by one. They collapse to the distinct combinations of what decides (products held, rights
proved and held, …), each combination is settled once, and the outcome is looked up again for every person.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from d365bench.analysis.combinations import KEY, combinations
from d365bench.analysis.holds import HOLDS
from d365bench.analysis.money import Prices
from d365bench.analysis.outcome import COLUMNS, NAMED_COLUMNS, columns
from d365bench.analysis.settle import Case, needs_split, settle
from d365bench.analysis.target import ENTERPRISE, NO_PRODUCTS, PREMIUM, Search
from d365bench.client import Client
from d365bench.rulebook import RIGHTS, Rulebook

# What Professional allows in one environment; above it the environment has to be trimmed first.
PROFESSIONAL_MAX_QUEUES = 15
PROFESSIONAL_MAX_CUSTOM_TABLES = 15


def decide(
    evidence: pl.DataFrame,
    environments: pl.DataFrame,
    rulebook: Rulebook,
    client: Client,
    thresholds: Mapping[str, int],
) -> pl.DataFrame:
    """The evidence with the decision on each person: needs, holds, targets, actions and money (unrounded)."""
    search = Search(rulebook, Prices(client, rulebook))
    people = combinations(evidence, search, client, thresholds)
    seen = people.unique(KEY).with_row_index("place")
    place = people.select(KEY).join(seen, on=KEY, how="left", nulls_equal=True, maintain_order="left")["place"]
    rows = settled(seen, search)
    asks, takes = (rows[share].gather(place) for share in ("asks", "takes"))
    waits = must_wait(evidence["environments"], asks, takes, environments)
    # `actions` counts acts in the evidence; in a decision the word means what is to be done.
    return evidence.rename({"actions": "acts"}).hstack(
        rows.drop("asks", "takes")[place + waits.cast(pl.UInt32) * seen.height]
    )


# -- outcomes ------------------------------------------------------------------------------------------------------


def settled(seen: pl.DataFrame, search: Search) -> pl.DataFrame:
    """The decision on each combination seen, twice over: for people who need not wait for their environment, then for
    those who must; with whether it asks for room for Professional there (`asks`) or takes it from others (`takes`).
    """
    # Which hold it is names things, and changes nothing: the cases to settle are fewer than the combinations.
    held = [(pl.col(f"hold_{right}") > 0).alias(f"held_{right}") for right in RIGHTS]
    keys = seen.with_columns(held).select(Case._fields)
    cases = keys.unique().with_row_index("case")
    case = keys.join(cases, on=list(Case._fields), how="left", nulls_equal=True, maintain_order="left")["case"]
    outcomes = [settle(Case(*row), search) for row in cases.select(Case._fields).iter_rows()]

    asks = [needs_split(search, outcome.today or NO_PRODUCTS, outcome.target) for outcome in outcomes]
    takes = [search.level(outcome.target or NO_PRODUCTS) in (ENTERPRISE, PREMIUM) for outcome in outcomes]
    ready = [outcome.row(search.prices, waits=False) for outcome in outcomes]
    waiting = [
        outcome.row(search.prices, waits=True) if asked else row
        for outcome, row, asked in zip(outcomes, ready, asks, strict=True)
    ]
    numbers = seen.select(f"hold_{right}" for right in RIGHTS).iter_rows()
    named = [outcomes[place].named_row(hold_names(row)) for place, row in zip(case, numbers, strict=True)]
    shares = pl.DataFrame({"asks": asks, "takes": takes}, schema={"asks": pl.Boolean, "takes": pl.Boolean})
    by_case = [columns(COLUMNS, rows).hstack(shares)[case] for rows in (ready, waiting)]
    by_seen = columns(NAMED_COLUMNS, named)
    return pl.concat([frame.hstack(by_seen) for frame in by_case], rechunk=True)


def hold_names(numbers: tuple[int, ...]) -> dict[str, str]:
    """The hold on each right, by its place in HOLDS, from 1."""
    return {right: HOLDS[number - 1] for right, number in zip(RIGHTS, numbers, strict=True) if number}


# -- the ready target ----------------------------------------------------------------------------------------------


def must_wait(where: pl.Series, asks: pl.Series, takes: pl.Series, environments: pl.DataFrame) -> pl.Series:
    """For each person, whether one of the environments has no room yet for the Professional target that is asked for.

    Either somebody takes an Enterprise base there (never the person who asks, whose own base is Professional), or the
    environment is larger than Professional allows.
    """
    people = pl.DataFrame({"environment": where, "asks": asks, "takes": takes}).with_row_index("person")
    too_large = environments.filter(
        (pl.col("active_queues") > PROFESSIONAL_MAX_QUEUES) | (pl.col("custom_tables") > PROFESSIONAL_MAX_CUSTOM_TABLES)
    )["environment"]
    taken = people.filter("takes")["environment"].explode(empty_as_null=False).unique()
    full = pl.concat([taken, too_large.cast(pl.String)]).unique()
    crowded = people.filter("asks").explode("environment").filter(pl.col("environment").is_in(full.implode()))
    return people["person"].is_in(crowded["person"].unique().implode())
