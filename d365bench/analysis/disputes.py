"""Disputes: which decisions rest on a fact that sources dispute, and what the other reading would come to."""

from __future__ import annotations

from d365bench.analysis.outcome import Outcome
from d365bench.analysis.target import ENTERPRISE, NO_PRODUCTS, PROFESSIONAL, Search

SLA = "sla_on_professional"
KNOWLEDGE = "knowledge_on_professional"
ATTACH_PRICE = "attach_price"
UNVERIFIED_PRICE = "unverified_price"


def facts(outcome: Outcome, search: Search, *, sla_alone: bool, authored: bool) -> set[str]:
    """The disputed facts that an outcome rests on, but for those that a hold names."""
    if outcome.target is None or outcome.today is None or outcome.out_of_scope:
        return set()
    level = search.level(outcome.target)
    wanted = outcome.needs | outcome.held
    sets = (outcome.target, outcome.shared_target, outcome.review_target, outcome.proved_target)
    shown = [products for products in sets if products is not None]
    ever = outcome.today.union(*shown)
    changed = NO_PRODUCTS.union(*(outcome.today ^ products for products in shown))
    rules, prices = search.rulebook.products, search.prices
    tests = {
        # a channel needs an Enterprise base anyway
        SLA: sla_alone and "enterprise" in outcome.needs and level == ENTERPRISE and not wanted & {"digital", "voice"},
        KNOWLEDGE: authored and level == PROFESSIONAL,
        ATTACH_PRICE: any(rules[product].attach and prices.is_listed(product) for product in ever),
        UNVERIFIED_PRICE: any(prices.is_estimate(product) for product in changed),
    }
    return {fact for fact, decides in tests.items() if decides}
