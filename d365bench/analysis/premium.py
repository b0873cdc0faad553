"""The channel premium: what the channels cost on top of the base, and for each agent who works them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import polars as pl

from d365bench.analysis.holds import CHANNELS
from d365bench.analysis.lines import BASE, BUNDLES, DIGITAL, VOICE, line_of
from d365bench.analysis.money import Prices
from d365bench.analysis.needs import interactions
from d365bench.analysis.renewal import SCENARIOS
from d365bench.analysis.volumes import volumes
from d365bench.client import Client
from d365bench.rulebook import Rulebook

ENTERPRISE = "cs_enterprise"
TODAY = "today"
PREMIUM: dict[str, pl.DataType] = {
    "position": pl.String(),
    "monthly_base": pl.Float64(),
    "monthly_digital": pl.Float64(),
    "monthly_voice": pl.Float64(),
    "monthly_bundles": pl.Float64(),
    "monthly_add_ons": pl.Float64(),
    "share_percent": pl.Float64(),
    "live_agents": pl.Int64(),
    "monthly_per_live_agent": pl.Float64(),
    "unpriced_seats": pl.Int64(),
}


class Held(NamedTuple):
    """Some seats of a product at a monthly price; null: none is known."""

    product: str
    seats: int
    price: float | None


def channel_premium(
    decided: pl.DataFrame,
    subscribed: pl.DataFrame,
    client: Client,
    rulebook: Rulebook,
    thresholds: Mapping[str, int],
    renewal: pl.DataFrame,
) -> pl.DataFrame:
    """One row per position, today's first: money of base and add-ons a month, their ratio, and per live agent.

    A live agent is a person whose counted work proves a channel; the number is the same in every position. What
    Premium costs above Enterprise is add-on money. Without a contract the targets stand at today's prices.
    """
    agents = live_agents(decided)
    seats = volumes(decided, subscribed, client, rulebook, thresholds)
    rows = []
    for position, held in positions(seats, renewal, client, rulebook):
        enterprise = next((seat.price for seat in held if seat.product == ENTERPRISE), None)
        money = dict.fromkeys((BASE, DIGITAL, VOICE, BUNDLES), 0.0)
        for seat in held:
            product = rulebook.products[seat.product]
            line = line_of(product)
            if seat.price is None or line not in money:
                continue
            # without a price of Enterprise nobody can say what Premium's channels cost
            base = min(seat.price, enterprise or seat.price) if product.kind == "base" else 0.0
            money[BASE] += seat.seats * base
            money[line] += seat.seats * (seat.price - base)
        add_ons = sum(amount for line, amount in money.items() if line != BASE)
        share = add_ons / money[BASE] * 100 if money[BASE] else None
        unpriced = sum(
            seat.seats for seat in held if seat.price is None and line_of(rulebook.products[seat.product]) in money
        )
        per_agent = add_ons / agents if agents else None
        rows.append((position, *money.values(), add_ons, share, agents, per_agent, unpriced))
    return pl.DataFrame(rows, schema=PREMIUM, orient="row")


def live_agents(decided: pl.DataFrame) -> int:
    """People whose counted work in the window proves a channel."""
    works = pl.any_horizontal(
        pl.col("needs").list.contains(channel) & (interactions(channel) > 0) for channel in CHANNELS
    )
    return decided.filter(works & ~pl.col("out_of_scope")).height


def positions(
    seats: pl.DataFrame, renewal: pl.DataFrame, client: Client, rulebook: Rulebook
) -> Iterator[tuple[str, list[Held]]]:
    """Today's seats at today's prices, and each scenario's first year; both targets where there is no contract."""
    quotes = Prices(client, rulebook).quotes
    columns = (
        {TODAY: "today"} if client.contract else {TODAY: "today", "verified_ready": "ready", "verified": "verified"}
    )
    for position, column in columns.items():
        yield (
            position,
            [
                Held(product, count, None if (quote := quotes[product]) is None else float(quote.amount))
                for product, count in seats.select("product", column).iter_rows()
                if count
            ],
        )
    first = renewal.filter(pl.col("year") == 1, pl.col("quantity") > 0)
    for scenario in SCENARIOS if client.contract else ():
        rows = first.filter(pl.col("scenario") == scenario).select("product", "quantity", "unit_price")
        yield scenario, [Held(*row) for row in rows.iter_rows()]
