"""Renewal: what each reading of the target would cost over the term of the next contract."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import floor
from typing import NamedTuple

import polars as pl

from d365bench.analysis.contract import MONTHS
from d365bench.analysis.money import Prices
from d365bench.analysis.seats import seats
from d365bench.analysis.written import money
from d365bench.client import Client, Contract
from d365bench.rulebook import Rulebook

SCENARIOS = ("carry_forward", "verified_ready", "verified", "verified_protected")
SCHEMA = {
    "scenario": pl.String,
    "year": pl.Int64,
    "product": pl.String,
    "quantity": pl.Int64,
    "unit_price": pl.Float64,
    "annual_cost": pl.Float64,
    "present_value": pl.Float64,
}
NOISE = Fraction(1, 10**9)  # a smaller remainder is no seat


class RenewalPrice(NamedTuple):
    """The unit price at renewal of one product, today's, and where the former comes from."""

    at_renewal: Fraction | None
    today: Fraction | None
    source: str | None  # offered | list (assumed) | today


def renewal(
    decided: pl.DataFrame,
    subscribed: pl.DataFrame,
    client: Client,
    rulebook: Rulebook,
    thresholds: Mapping[str, int],
) -> pl.DataFrame:
    """One row per scenario, year and product; unrounded, no row without a contract; a null price: none is known."""
    contract = client.contract
    if contract is None:
        return pl.DataFrame(schema=SCHEMA)
    prices = renewal_prices(client, rulebook)
    counted = {row["product"]: row for row in seats(decided, subscribed, rulebook).iter_rows(named=True)}
    years = range(1, -(-contract.term_months // MONTHS) + 1)
    rows = []
    for product in sorted(counted.keys() | contract.quantities.keys()):
        held = counted.get(product, {"purchased": None, "assigned": 0, "ready_target": 0, "target": 0})
        quantities = {
            (scenario, year): quantity
            for year in years
            for scenario, quantity in quantities_of_year(product, held, contract, thresholds, year).items()
        }
        if not any(quantities.values()):
            continue
        for (scenario, year), quantity in quantities.items():
            price = unit_price(scenario, year, prices[product], contract)
            cost = None if price is None else quantity * price * months_of_year(contract, year)
            rows.append((scenario, year, product, quantity, price, cost, present_value(cost, year, contract)))
    rows.sort(key=lambda row: (SCENARIOS.index(row[0]), row[1], row[2]))
    numbers = [(*row[:4], *(None if value is None else float(value) for value in row[4:])) for row in rows]
    return pl.DataFrame(numbers, schema=SCHEMA, orient="row")


def renewal_prices(client: Client, rulebook: Rulebook) -> dict[str, RenewalPrice]:
    """The prices of every product: what is offered, else the list price on the renewal day, else today's."""
    contract = client.contract
    prices = Prices(client, rulebook)
    found = {}
    for product, quote in prices.quotes.items():
        today = None if quote is None else Fraction(quote.amount)
        offered = contract.renewal_prices.get(product) if contract else None
        listed = rulebook.price(product, client.currency, contract.end) if contract else None
        if offered is not None:
            found[product] = RenewalPrice(fraction(offered), today, "offered")
        elif listed is not None:
            found[product] = RenewalPrice(fraction(listed.amount), today, "list (assumed)")
        else:
            found[product] = RenewalPrice(today, today, None if today is None else "today")
    return found


def quantities_of_year(
    product: str, held: Mapping[str, int | None], contract: Contract, thresholds: Mapping[str, int], year: int
) -> dict[str, int]:
    """The quantity of each scenario in a year."""
    grown = (1 + percent(thresholds["headroom_percent"])) * (1 + percent(contract.growth_percent)) ** (year - 1)
    verified = rounded_up((held["target"] or 0) * grown)
    signed = contract.quantities.get(product)
    today = signed if signed is not None else max(held["purchased"] or 0, held["assigned"] or 0)
    return {
        "carry_forward": max(today, verified),
        "verified_ready": rounded_up((held["ready_target"] or 0) * grown),
        "verified": verified,
        "verified_protected": verified,
    }


def unit_price(scenario: str, year: int, price: RenewalPrice, contract: Contract) -> Fraction | None:
    """The unrounded unit price of a scenario in a year."""
    if price.at_renewal is None:
        return None
    steps = year - 1 if contract.price_step == "yearly" else 0
    uplift, cap = percent(contract.uplift_percent), percent(contract.cap_percent)
    if scenario != "verified_protected":
        return price.at_renewal * (1 + uplift) ** steps
    capped = price.at_renewal if price.today is None else min(price.at_renewal, price.today * (1 + cap))
    return capped * (1 + min(uplift, cap)) ** steps


def months_of_year(contract: Contract, year: int) -> int:
    """Twelve, in the last year what is left of the term."""
    return min(MONTHS, contract.term_months - MONTHS * (year - 1))


def present_value(cost: Fraction | None, year: int, contract: Contract) -> float | None:
    """The cost as of the renewal day, as if paid in the middle of its year."""
    if cost is None:
        return None
    discount: float = float(1 + percent(contract.discount_rate_percent)) ** (year - 0.5)
    return float(cost) / discount


def rounded_up(quantity: Fraction) -> int:
    whole = floor(quantity)
    return whole if quantity - whole < NOISE else whole + 1


def percent(value: float) -> Fraction:
    return fraction(value) / 100


def fraction(value: float) -> Fraction:
    """The number as it was written: 0.1 is a tenth."""
    return Fraction(repr(value))


def as_written(frame: pl.DataFrame) -> pl.DataFrame:
    """The renewal with its money in cents."""
    return frame.with_columns(money(column) for column in ("unit_price", "annual_cost", "present_value"))
