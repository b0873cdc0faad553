"""Readings: the totals under the other reading of each disputed fact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from d365bench.analysis.contract import anniversary, earliest_saving_on
from d365bench.analysis.decide import decide
from d365bench.analysis.disputes import ATTACH_PRICE, KNOWLEDGE, SLA, UNVERIFIED_PRICE
from d365bench.analysis.money import cents
from d365bench.analysis.outcome import SUPERVISOR
from d365bench.analysis.summary import totals
from d365bench.client import Client
from d365bench.rulebook import ListPrice, Rulebook

EA_ANNIVERSARY = "ea_anniversary_reduction"
SHOWN = ("now", "ready_target", "target", "saving_ready", "saving_conditional", "withheld", "exposure")

# The evidence as it would count if the other reading were right.
OTHER_EVIDENCE = {
    SLA: [
        pl.lit(0, dtype=pl.Int64).alias("sla_cases"),
        # nor would cases with an SLA in the look-back, or worked by others, raise a doubt
        pl.col("season_beside_sla").alias("season_enterprise"),
        pl.col("indirect_beside_sla").alias("indirect_enterprise"),
    ],
    KNOWLEDGE: [
        pl.max_horizontal("entitlement_cases", (pl.col("articles") > 0).cast(pl.Int64)).alias("entitlement_cases")
    ],
    SUPERVISOR: [
        pl.lit(False).alias("supervisor"),
        pl.lit(0, dtype=pl.Int64).alias("digital_monitored"),
        pl.lit(0, dtype=pl.Int64).alias("voice_monitored"),
    ],
}


def other_readings(
    decided: pl.DataFrame,
    evidence: pl.DataFrame,
    environments: pl.DataFrame,
    rulebook: Rulebook,
    client: Client,
    thresholds: Mapping[str, int],
) -> dict[str, Any]:
    """For each disputed fact that decided a row: how many people, and the monthly totals under either reading."""
    people = dict(decided["disputed_facts"].explode(empty_as_null=False).drop_nulls().value_counts().iter_rows())
    told = {dispute.key: dispute for dispute in rulebook.disputes}
    readings: dict[str, Any] = {}
    for fact in sorted(people):
        readings[fact] = {"people": people[fact]}
        if fact in told:
            readings[fact] |= {"computed_with": told[fact].default, "other_reading": told[fact].other}
        if fact == UNVERIFIED_PRICE:  # an estimate has no other reading, only a better source
            continue
        changed = evidence.with_columns(OTHER_EVIDENCE.get(fact, []))
        rules = with_alternative_prices(rulebook) if fact == ATTACH_PRICE else rulebook
        other = decide(changed, environments, rules, client, thresholds)
        readings[fact] |= {"monthly": shown(decided), "monthly_other": shown(other)}
    return readings | contract_reading(client)


def shown(decided: pl.DataFrame) -> dict[str, float]:
    sums = totals(decided)
    return {name: cents(sums[name]) for name in SHOWN}


def with_alternative_prices(rulebook: Rulebook) -> Rulebook:
    """The rule book with the other reading's price of every attach licence."""
    attach = {product.key for product in rulebook.products.values() if product.attach}
    others = [price for price in rulebook.list_prices if price.product_key in attach and price.role == "alternative"]
    if not others:
        return rulebook
    amount = max(price.amount for price in others)

    def read(price: ListPrice) -> ListPrice:
        disputed = price.product_key in attach and price.role != "alternative"
        return replace(price, amount=amount) if disputed else price

    return replace(rulebook, list_prices=tuple(map(read, rulebook.list_prices)))


def contract_reading(client: Client) -> dict[str, Any]:
    """The other reading of when an Enterprise Agreement lets a quantity fall."""
    contract, settled = client.contract, earliest_saving_on(client)
    if contract is None or settled is None or (contract.kind, contract.reductions) != ("EA", "renewal"):
        return {}
    other = anniversary(contract, client.as_of)
    if other is None or other >= settled:
        return {}
    return {EA_ANNIVERSARY: {"earliest_saving_on": settled.isoformat(), "earliest_saving_on_other": other.isoformat()}}
