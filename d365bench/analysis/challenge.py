"""The other side: what can be said against the position, what the client's own figures say, and what hangs on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import polars as pl

from d365bench.analysis.disputes import UNVERIFIED_PRICE
from d365bench.analysis.holds import CHANNELS
from d365bench.analysis.money import Prices
from d365bench.analysis.renewal import fraction, rounded_up
from d365bench.analysis.summary import withheld_by_hold
from d365bench.analysis.volumes import volumes
from d365bench.client import Client
from d365bench.rulebook import Rulebook

GROWING = "The service is growing"
GROWTH_PERCENT = 5.0  # a year of growth that nobody has told us of
ESTIMATE_PERCENT = 10  # how far a list price that no two sources agree on may lie off
SUPERVISOR, SEASON, MISSING = "confirm_supervisor", "confirm_seasonal", "insufficient_data"
OTHERS = ("confirm_indirect", "confirm_queue", "confirm_reader")
CHALLENGE: dict[str, pl.DataType] = {
    "argument": pl.String(),
    "for_them": pl.String(),
    "for_us": pl.String(),
    "people": pl.Int64(),
    "monthly_kept": pl.Float64(),
    "monthly_if_they_are_right": pl.Float64(),
    "monthly_if_we_are_right": pl.Float64(),
}


class Argument(NamedTuple):
    """One argument: the figures for either side, who is concerned, and how the monthly cost of the target moves."""

    argument: str
    for_them: str
    for_us: str
    people: int
    kept: float  # already in the position, as if they were right
    more: float  # what the position rises by if they are right
    less: float  # what it falls by, below zero, if we are


def counter_arguments(
    decided: pl.DataFrame,
    subscribed: pl.DataFrame,
    coverage: pl.DataFrame,
    disputed: Mapping[str, Any],
    client: Client,
    rulebook: Rulebook,
    thresholds: Mapping[str, int],
) -> pl.DataFrame:
    """One row per argument that the other side can bring, with the client's own figures for and against it.

    Money is of the target, a month, at today's prices: what is kept already, and what it moves by either way.
    """
    seats = volumes(decided, subscribed, client, rulebook, thresholds)
    prices = Prices(client, rulebook)
    rows = [
        *doubts(decided, coverage, thresholds),
        growth(seats, prices, client, thresholds),
        environments(decided),
        *readings(decided, disputed, rulebook),
        *estimates(seats, disputed, prices),
    ]
    return pl.DataFrame(rows, schema=CHALLENGE, orient="row")


# -- what holds answer for ---------------------------------------------------------------------------------------


def doubts(decided: pl.DataFrame, coverage: pl.DataFrame, thresholds: Mapping[str, int]) -> Iterator[Argument]:
    """Supervisors, the season, missing telemetry and work in the name of others: kept until somebody answers."""
    money = {hold: float(amount) for hold, amount in withheld_by_hold(decided).items()}
    watchers, seasonal, unknown = (held_by(decided, hold) for hold in (SUPERVISOR, SEASON, MISSING))
    watched = watchers.filter((pl.col("digital_monitored") + pl.col("voice_monitored")) > 0).height
    kept = money.get(SUPERVISOR, 0.0)
    yield Argument(
        "Supervisors need the channels",
        f"people who hold a supervisor role or watched conversations, and keep the channel here: {watchers.height:,}",
        f"of them without one watched conversation in the window: {watchers.height - watched:,}; with work of their own"
        " that would prove the channel: none",
        *(watchers.height, kept, 0.0, 0.0 - kept),
    )
    worked = seasonal.filter((pl.col("digital_season") + pl.col("voice_season")) > 0).height
    loses = {channel: pl.col("actions").list.contains(f"remove_{channel}") for channel in CHANNELS}
    losers = decided.filter(pl.any_horizontal(loses.values()))
    idle = losers.filter(
        pl.all_horizontal(~lost | (pl.col(f"{channel}_season") == 0) for channel, lost in loses.items())
    ).height
    kept = money.get(SEASON, 0.0)
    yield Argument(
        "The season is still to come",
        f"people kept because the look-back shows work, or cannot exclude it: {seasonal.height:,}; of them with counted"
        f" conversations in it: {worked:,}",
        f"people who lose a channel: {losers.height:,}; of them without one counted conversation on it in the look-back"
        f" of {thresholds['season_days']:,} days: {idle:,}",
        *(seasonal.height, kept, 0.0, 0.0 - kept),
    )
    counted = (pl.col("kind") == "production") & pl.col("service")
    below = coverage.filter(counted, pl.col("percent") < thresholds["coverage_min_percent"])
    named = ", ".join(
        f"{where} {source.replace('_', ' ')} {percent:.1f} %"
        for where, source, percent in below.select("environment", "source", "percent").iter_rows()
    )
    gone = float(decided.filter("left", pl.col("monthly_saving_ready") > 0)["monthly_saving_ready"].sum())
    kept = money.get(MISSING, 0.0)
    yield Argument(
        "The telemetry is missing",
        f"people who cannot be judged, and are kept: {unknown.height:,}; too thin to prove absence: {named or 'none'}",
        f"no saving is taken from a source that is too thin; {gone:,.2f} a month of the ready saving is of people who"
        " left, and needs no telemetry",
        *(unknown.height, kept, 0.0, 0.0 - kept),
    )
    others = decided.filter(pl.any_horizontal(has_hold(hold) for hold in OTHERS))
    kept = sum(money.get(hold, 0.0) for hold in OTHERS)
    yield Argument(
        "Others act in their name, or they only read",
        "people kept because somebody acts for them, because a queue lists them, or because they may only have read:"
        f" {others.height:,}",
        "of them with counted work of their own that would prove the right: none",
        *(others.height, kept, 0.0, 0.0 - kept),
    )


def has_hold(hold: str) -> pl.Expr:
    """Whether one of a person's holds is of this kind."""
    return pl.col("holds").list.eval(pl.element().str.ends_with(f":{hold}")).list.any().fill_null(False)


def held_by(decided: pl.DataFrame, hold: str) -> pl.DataFrame:
    return decided.filter(has_hold(hold))


# -- growth, environments, facts, prices -------------------------------------------------------------------------


def growth(seats: pl.DataFrame, prices: Prices, client: Client, thresholds: Mapping[str, int]) -> Argument:
    """A year of growth on the verified seats."""
    more = 0.0
    for product, quantity in seats.select("product", "quantity").iter_rows():
        quote = prices.quotes[product]
        grown = rounded_up(quantity * (1 + fraction(GROWTH_PERCENT) / 100))
        more += 0.0 if quote is None else (grown - quantity) * float(quote.amount)
    spare = int(seats.select((pl.col("today") - pl.col("verified")).clip(lower_bound=0).sum()).item())
    planned = client.contract.growth_percent if client.contract else 0.0
    return Argument(
        GROWING,
        f"with {GROWTH_PERCENT:g} % more people every verified quantity would rise as much",
        f"seats can be added at any time; seats of today above what is verified: {spare:,}; already in the position:"
        f" {thresholds['headroom_percent']} % headroom, {planned:g} % growth a year",
        *(0, 0.0, more, 0.0),
    )


def environments(decided: pl.DataFrame) -> Argument:
    """Professional and Enterprise people may not share an environment: what waits for a split may never come."""
    waiting = decided.filter(pl.col("status") == "conditional")
    places = waiting["environments"].explode(empty_as_null=False).drop_nulls().unique().sort().to_list()
    more = float(waiting["monthly_saving_conditional"].sum())
    return Argument(
        "Editions cannot share an environment",
        f"people who can move to Professional only once an environment is split or trimmed: {waiting.height:,};"
        f" environments: {', '.join(places) or 'none'}",
        "the ready target does without them; of them with work that needs Enterprise: none",
        *(waiting.height, 0.0, more, 0.0),
    )


def readings(decided: pl.DataFrame, disputed: Mapping[str, Any], rulebook: Rulebook) -> Iterator[Argument]:
    """Use rights on which sources conflict: the target under the other reading."""
    facts = {dispute.key: dispute for dispute in rulebook.disputes}
    for key, reading in disputed.items():
        if key not in facts or "monthly_other" not in reading:
            continue
        moved = reading["monthly_other"]["target"] - reading["monthly"]["target"]
        freed = reading["monthly_other"]["withheld"] - reading["monthly"]["withheld"]
        yield Argument(
            facts[key].fact,
            f"another reading: {facts[key].other}",
            f"the position is computed with: {facts[key].default}"
            + (f"; the other reading would put {freed:,.2f} more behind open questions" if freed > 0 else ""),
            *(reading["people"], 0.0, max(0.0, moved), min(0.0, moved)),
        )


def estimates(seats: pl.DataFrame, disputed: Mapping[str, Any], prices: Prices) -> Iterator[Argument]:
    """List prices that one source alone gives."""
    if UNVERIFIED_PRICE not in disputed:
        return
    estimated = [product for product in seats["product"] if prices.is_estimate(product)]
    counted = dict(seats.select("product", "quantity").iter_rows())
    cost = sum(counted[product] * float(quote.amount) for product in estimated if (quote := prices.quotes[product]))
    off = cost * ESTIMATE_PERCENT / 100
    yield Argument(
        "The prices are estimates",
        f"list prices that no two sources agree on: {', '.join(estimated)}; they may lie {ESTIMATE_PERCENT} % off",
        "the seats do not depend on them; the client's own price sheet settles it",
        *(disputed[UNVERIFIED_PRICE]["people"], 0.0, off, -off),
    )
