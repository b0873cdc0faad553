"""Outcome: the decision on one combination, and the columns that every person of that combination receives."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from d365bench.analysis.money import NOTHING, Prices
from d365bench.analysis.target import NO_PRODUCTS, Products, Rights

TEXTS = pl.List(pl.String())
BETWEEN = "|"
CONFIRM_SUPERVISOR = "confirm_supervisor"
SUPERVISOR = "supervisor_monitoring"  # the disputed fact behind that hold
COLUMNS: dict[str, pl.DataType] = {
    "rights": TEXTS,
    "needs": TEXTS,
    "target_products": TEXTS,
    "ready_target_products": TEXTS,
    "proved_target_products": TEXTS,  # the target if every hold were answered "not needed"
    "team_members_verdict": pl.String(),
    "team_members_target": TEXTS,
    "status": pl.String(),
    "monthly_now": pl.Float64(),
    "monthly_ready_target": pl.Float64(),
    "monthly_target": pl.Float64(),
    "monthly_saving_ready": pl.Float64(),
    "monthly_saving_conditional": pl.Float64(),
    "monthly_withheld": pl.Float64(),
    "exposure_to_confirm": pl.Float64(),
    "price_source": pl.String(),
    "decision": pl.String(),
    "contradicted": TEXTS,
    "no_price_for": TEXTS,
    "out_of_scope": pl.Boolean(),
}
NAMED_COLUMNS: dict[str, pl.DataType] = {
    "holds": TEXTS,
    "actions": TEXTS,
    "disputed_facts": TEXTS,
}  # which hold it is stands in these alone


@dataclass
class Outcome:
    """What was decided; a set that is None was not, for want of licences, of a directory row or of prices."""

    today: Products | None
    rights: Rights = frozenset()  # today's
    needs: Rights = frozenset()
    held: Rights = frozenset()
    target: Products | None = None
    shared_target: Products | None = None  # the ready target where the environment has no room for Professional
    proved_target: Products | None = None  # the target if every hold were answered "not needed"
    actions: list[str] = field(default_factory=list)  # without the holds
    verdict: str | None = None
    review_target: Products | None = None  # what a Team Members seat under review would become
    facts: set[str] = field(default_factory=set)
    decisions: list[str] = field(default_factory=list)
    contradicted: Products = frozenset()
    no_price_for: Rights = frozenset()  # needs that no product with a price covers
    has_money: bool = True
    out_of_scope: bool = False

    def row(self, prices: Prices, *, waits: bool) -> tuple[object, ...]:
        """The values of COLUMNS, for people who must wait for their environment or need not; money is unrounded."""
        # without a price for any Enterprise set nobody knows what could be done before the environment is split
        stuck = waits and self.shared_target is None
        ready = self.today if stuck else self.shared_target if waits else self.target
        return (
            joined(self.rights),
            joined(self.needs),
            listed(self.target),
            listed(ready),
            listed(self.proved_target if self.held and self.proved_target is not None else self.target),
            self.verdict,
            listed(self.review_target),
            None if self.target is None else "conditional" if waits else "ready",
            *self.money(prices, None if stuck else ready),
            BETWEEN.join(sorted(self.decisions)) or None,
            joined(self.contradicted),
            joined(self.no_price_for),
            self.out_of_scope,
        )

    def named_row(self, holds: Mapping[str, str]) -> tuple[str, str, str]:
        """The values of NAMED_COLUMNS, given what the hold on each right would be."""
        codes = {right: holds[right] for right in self.held}
        facts = self.facts | ({SUPERVISOR} if CONFIRM_SUPERVISOR in codes.values() else set())
        return (
            joined([f"{right}:{code}" for right, code in codes.items()]),
            joined({*self.actions, *codes.values()}),
            joined(facts),
        )

    def money(self, prices: Prices, ready: Products | None) -> tuple[float | str | None, ...]:
        """Now, ready target, target, both savings, withheld, to confirm, and whose prices these are."""
        sets = (self.today, ready, self.target)
        now, ready_cost, cost = (None if products is None else prices.total(products) for products in sets)
        if now is None or ready_cost is None or cost is None or not self.has_money:
            return (None,) * 8
        # whatever is held covers more than the proved needs alone, so both sets exist and have a price
        proved_cost = prices.total(self.proved_target) if self.held and self.proved_target is not None else None
        withheld = NOTHING if proved_cost is None else cost - proved_cost
        to_confirm = None if self.review_target is None else prices.total(self.review_target)
        amounts = (now, ready_cost, cost, now - ready_cost, ready_cost - cost, withheld)
        sources = prices.sources(NO_PRODUCTS.union(*(products for products in sets if products)))
        source = "mixed" if len(sources) > 1 else next(iter(sources), None)
        return (*map(float, amounts), None if to_confirm is None else float(to_confirm), source)


def joined(words: Collection[str]) -> str:
    return BETWEEN.join(sorted(words))


def listed(products: Products | None) -> str | None:
    return None if products is None else joined(products)


def columns(schema: Mapping[str, pl.DataType], rows: Sequence[tuple[object, ...]]) -> pl.DataFrame:
    """Rows as columns; lists stand in them as text."""
    # Polars takes Python lists in one by one, and texts in one go.
    flat = {name: pl.String() if dtype == TEXTS else dtype for name, dtype in schema.items()}
    values = list(zip(*rows, strict=True)) or [()] * len(flat)
    frame = pl.DataFrame(
        [pl.Series(name, column, dtype=dtype) for (name, dtype), column in zip(flat.items(), values, strict=True)]
    )
    return frame.with_columns(
        pl.when(pl.col(name) == "").then(pl.lit([], dtype=TEXTS)).otherwise(pl.col(name).str.split(BETWEEN)).alias(name)
        for name, dtype in schema.items()
        if dtype == TEXTS
    )
