"""Target: the cheapest valid set of products that covers what a person needs.

Sets are few (at most four bases times sixteen sets of add-ons), so they are all listed, ranked once per holding and
then read from the top.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import combinations
from typing import NamedTuple

from d365bench.analysis.money import NOTHING, Prices
from d365bench.rulebook import LEGACY_ENTERPRISE, Rulebook

Products = frozenset[str]
Rights = frozenset[str]
NO_PRODUCTS: Products = frozenset()

PROFESSIONAL, ENTERPRISE, PREMIUM = "professional", "enterprise", "premium"
LEVELS = (PROFESSIONAL, ENTERPRISE, PREMIUM)


class Holding(NamedTuple):
    """What a search starts from: products held, whether all digital work is live chat, products fixed by a decision."""

    products: Products
    live_chat_only: bool
    kept: Products = NO_PRODUCTS
    removed: Products = NO_PRODUCTS
    left: bool = False  # whoever left keeps nothing but by a decision


class Candidate(NamedTuple):
    """A set that could be the target."""

    products: Products
    rights: Rights
    swaps_on_list_price: bool  # today's rights from other products, cheaper only by a price that is not the client's


class Search:
    """The sets of products that the rule book and the prices allow."""

    def __init__(self, rulebook: Rulebook, prices: Prices) -> None:
        self.rulebook = rulebook
        self.prices = prices
        self._levels: dict[Products, str | None] = {}
        self._ranked: dict[Holding, tuple[Candidate, ...]] = {}
        self._targets: dict[tuple[Holding, Rights], Products | None] = {}

    # -- rights ------------------------------------------------------------------------------------------------

    def grants(self, product: str, products: Products, *, live_chat_only: bool) -> Rights:
        """The rights that one product gives as part of a set."""
        rule = self.rulebook.products[product]
        if rule.beside and not rule.beside & products:
            return frozenset()
        if rule.only_channel is not None and not live_chat_only:
            return frozenset()
        return rule.rights

    def rights(self, products: Products, *, live_chat_only: bool) -> Rights:
        """The rights that a set gives."""
        granted = (self.grants(product, products, live_chat_only=live_chat_only) for product in products)
        return frozenset().union(*granted)

    def bases(self, products: Iterable[str]) -> Products:
        """The bases in a set."""
        return frozenset(product for product in products if self.rulebook.products[product].kind == "base")

    def level(self, products: Products) -> str | None:
        """The level of the highest base in a set; attach and full are the same."""
        if products not in self._levels:
            levels = [LEVELS.index(self.level_of(base)) for base in self.bases(products)]
            self._levels[products] = LEVELS[max(levels)] if levels else None
        return self._levels[products]

    def level_of(self, base: str) -> str:
        rights = self.rulebook.products[base].rights
        if "enterprise" not in rights:
            return PROFESSIONAL
        return PREMIUM if rights & {"digital", "voice"} else ENTERPRISE

    def priced_rights(self) -> Rights:
        """The rights that a product with a price can give."""
        priced = (rule.rights for key, rule in self.rulebook.products.items() if self.prices.is_priced(key))
        return frozenset().union(*priced)

    # -- search ------------------------------------------------------------------------------------------------

    def target(self, holding: Holding, needs: Rights) -> Products | None:
        """The cheapest valid set that covers the needs; None where no product with a price covers them."""
        key = (holding, needs)
        if key not in self._targets:
            self._targets[key] = self._find(holding, needs)
        return self._targets[key]

    def _find(self, holding: Holding, needs: Rights) -> Products | None:
        if not needs and not self.kept(holding):
            return NO_PRODUCTS
        covering = [candidate for candidate in self.ranked(holding) if needs <= candidate.rights]
        allowed = [candidate for candidate in covering if not candidate.swaps_on_list_price]
        # Where today's set is no valid one, the list price must not force rights on somebody who lacks and needs none.
        modest = self.rights(holding.products, live_chat_only=holding.live_chat_only) | needs
        if not any(candidate.rights <= modest for candidate in allowed):
            allowed = covering
        return allowed[0].products if allowed else None

    def kept(self, holding: Holding) -> Products:
        """What stays whatever the needs: kept by a decision, or held without a price to decide with."""
        if holding.left:
            return holding.kept
        unpriced = {product for product in holding.products if not self.prices.is_priced(product)}
        return (holding.kept | unpriced) - holding.removed

    def ranked(self, holding: Holding) -> tuple[Candidate, ...]:
        """Every candidate for a holding, best first."""
        if holding not in self._ranked:
            self._ranked[holding] = tuple(self._rank(holding))
        return self._ranked[holding]

    def _rank(self, holding: Holding) -> list[Candidate]:
        held, kept = holding.products, self.kept(holding)
        sets = {chosen | kept for chosen in self._combinations(holding)}
        if self.is_valid(held, holding):
            sets.add(held)
        today = self.rights(held, live_chat_only=holding.live_chat_only)
        ranked = []
        for products in sets:
            cost = self._cost(products - kept)
            if cost is None or products & holding.removed:
                continue
            rights = self.rights(products, live_chat_only=holding.live_chat_only)
            swaps = rights == today and not products <= held
            candidate = Candidate(products, rights, swaps and "list" in self.prices.sources(products | held))
            place = (not self.is_valid(products, holding), cost, len(products ^ held), "+".join(sorted(products)))
            ranked.append((place, candidate))
        return [candidate for _, candidate in sorted(ranked, key=lambda entry: entry[0])]

    def _cost(self, products: Products) -> Decimal | None:
        return self.prices.total(products) if products else NOTHING

    def _combinations(self, holding: Holding) -> Iterator[Products]:
        """No base or one base, each that carries add-ons with every set of them."""
        kept_bases = self.bases(self.kept(holding))
        add_ons = [product for product in self._add_ons(holding) if self.prices.is_priced(product)]
        for base in (NO_PRODUCTS, *(frozenset({base}) for base in self._bases(holding))):
            carries = any(self.level_of(product) != PROFESSIONAL for product in base | kept_bases)
            for size in range(len(add_ons) + 1 if carries else 1):
                for chosen in combinations(add_ons, size):
                    yield base | frozenset(chosen)

    def _bases(self, holding: Holding) -> list[str]:
        """The bases that a person may be given: the legacy plan of whoever holds it, attach for attach, else full."""
        rules = self.rulebook.products
        held = self.bases(holding.products)
        if LEGACY_ENTERPRISE in held - holding.removed:
            return [LEGACY_ENTERPRISE]
        # Attach needs a dearer base of another application, which only those who hold attach today are known to have.
        attach = bool(held) and all(rules[base].attach for base in held)
        return [base for base in self.bases(rules) if rules[base].attach == attach and base != LEGACY_ENTERPRISE]

    def _add_ons(self, holding: Holding) -> list[str]:
        """The add-ons that a person may be given; a form for one channel only to whoever holds and may use it."""
        return [
            product.key
            for product in self.rulebook.products.values()
            if product.kind == "add_on"
            and (product.only_channel is None or (product.key in holding.products and holding.live_chat_only))
        ]

    def is_valid(self, products: Products, holding: Holding) -> bool:
        """Whether a set may be held: at most one base, and every add-on grants what it was bought for."""
        if len(self.bases(products)) > 1:
            return False
        flags = {"live_chat_only": holding.live_chat_only}
        add_ons = [product for product in products if self.rulebook.products[product].kind == "add_on"]
        # What has no price and grants nothing today is kept as it stands, so it must not call for a base.
        idle = self.kept(holding) - holding.kept
        return all(
            self.grants(product, products, **flags)
            or (product in idle and not self.grants(product, holding.products, **flags))
            for product in add_ons
        )
