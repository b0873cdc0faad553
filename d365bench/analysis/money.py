"""Prices and sums: exact decimals inside, floats in frames, cents only where something is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import NamedTuple

import polars as pl

from d365bench.client import Client
from d365bench.rulebook import LEGACY_ENTERPRISE, Rulebook

NOTHING = Decimal(0)
CENT = Decimal("0.01")


class Quote(NamedTuple):
    """A monthly unit price: the amount, whose it is ('client', 'list' or 'fixed') and how sure a list price is."""

    amount: Decimal
    source: str
    confidence: str


@dataclass(frozen=True)
class Prices:
    """Every product's price for one client on its day."""

    client: Client
    rulebook: Rulebook
    _totals: dict[frozenset[str], Decimal | None] = field(default_factory=dict, repr=False)

    @cached_property
    def quotes(self) -> Mapping[str, Quote | None]:
        """The price of each product key; None where neither the client nor the list of its currency has one."""
        return {product: self.quote(product, self.client.as_of) for product in self.rulebook.products}

    def quote(self, product: str, on: date) -> Quote | None:
        """The client's own price, else the list's on that day."""
        own = self.client.prices.get(product)
        # A legacy plan is paid elsewhere: its price is a rule, not an opinion of either price sheet.
        if own is not None and product != LEGACY_ENTERPRISE:
            return Quote(exact(own), "client", "confirmed")
        listed = self.rulebook.price(product, self.client.currency, on)
        if listed is None:
            return None
        return Quote(exact(listed.amount), "fixed" if product == LEGACY_ENTERPRISE else "list", listed.confidence)

    def is_priced(self, product: str) -> bool:
        return self.quotes[product] is not None

    def total(self, products: frozenset[str]) -> Decimal | None:
        """The monthly price of a set; None where one of them has no price."""
        if products not in self._totals:
            self._totals[products] = self._total(products)
        return self._totals[products]

    def _total(self, products: Iterable[str]) -> Decimal | None:
        quotes = [self.quotes[product] for product in products]
        if any(quote is None for quote in quotes):
            return None
        return sum((quote.amount for quote in quotes if quote), NOTHING)

    def sources(self, products: Iterable[str]) -> set[str]:
        """Whose prices a set rests on: 'client', 'list'; what has a fixed price or none says nothing."""
        return {quote.source for product in products if (quote := self.quotes[product])} - {"fixed"}

    def is_listed(self, product: str) -> bool:
        quote = self.quotes[product]
        return quote is not None and quote.source == "list"

    def is_estimate(self, product: str) -> bool:
        """Whether the price is a list price that no two sources agree on."""
        quote = self.quotes[product]
        return quote is not None and quote.source == "list" and quote.confidence == "unverified"


def exact(amount: float) -> Decimal:
    """The number as it was written: 0.1 is a tenth here, so equal prices compare equal."""
    return Decimal(repr(amount))


def total(amounts: pl.Series) -> Decimal:
    """The exact sum of a money column, nulls left out: few amounts occur, each many times."""
    counts = amounts.drop_nulls().value_counts(name="people")
    return sum((exact(amount) * people for amount, people in counts.iter_rows()), NOTHING)


def cents(amount: Decimal) -> float:
    """An amount as it is written, half a cent away from zero."""
    return float(amount.quantize(CENT, ROUND_HALF_UP))
