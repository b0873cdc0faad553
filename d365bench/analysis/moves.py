"""Moves: what can be done with which seats, on which day the contract allows it, and what waiting costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import islice, takewhile
from typing import NamedTuple

import polars as pl

from d365bench.analysis.contract import add_months, months_between, openings
from d365bench.analysis.renewal import percent, renewal_prices, rounded_up
from d365bench.analysis.volumes import volumes
from d365bench.client import Client
from d365bench.rulebook import Rulebook

# In the order in which they are asked for: the surer ones first.
STAGES = ("now", "unassigned", "ready", "conditional", "held")
WHY = {
    "now": "needed today: seats are added at any time",
    "reassign": "a freed seat changes hands; it is not ordered anew",
    "unassigned": "paid for and held by nobody",
    "ready": "not needed, proved by complete, current sources",
    "conditional": "once the environment is split or trimmed for Professional",
    "held": "only if every open question is answered 'not needed'",
}
CALENDAR: dict[str, pl.DataType] = {
    "possible_on": pl.Date(),
    "stage": pl.String(),
    "move": pl.String(),  # reassign | order | give back
    "product": pl.String(),
    "seats": pl.Int64(),
    "monthly_change": pl.Float64(),
    "notice_from": pl.Date(),
    "notice_by": pl.Date(),
    "paid_until_then": pl.Float64(),
    "missed_on": pl.Date(),
    "missing_costs": pl.Float64(),
    "why": pl.String(),
}
DELAY: dict[str, pl.DataType] = {
    "stage": pl.String(),
    "ready_on": pl.Date(),
    "falls_on": pl.Date(),
    "lost": pl.Float64(),
}
BEYOND_MONTHS = 6  # so far past the first opening the cost of delay is shown, and a year from as_of at least
YEAR_MONTHS = 12


class Opening(NamedTuple):
    """A day on which quantities can fall, the next one, and between which days notice is given."""

    day: date
    following: date
    notice_from: date | None
    notice_by: date | None


def calendar_of_moves(
    decided: pl.DataFrame,
    subscribed: pl.DataFrame,
    client: Client,
    rulebook: Rulebook,
    thresholds: Mapping[str, int],
) -> pl.DataFrame:
    """One row per move in the order of their days; no row without a contract.

    `monthly_change` is what the bill changes by (negative: falls), at today's price before the renewal and at the
    renewal's from then on; `paid_until_then` is what is paid up to that day for seats that could go, `missing_costs`
    what missing it costs until quantities can fall the next time. Orders that wait for a fall wait for its day.
    """
    first = first_opening(client, rulebook)
    if first is None:
        return pl.DataFrame(schema=CALENDAR)
    seats = volumes(decided, subscribed, client, rulebook, thresholds)
    prices, end = renewal_prices(client, rulebook), client.contract.end if client.contract else first.day
    room = 1 + percent(thresholds["headroom_percent"])
    rows: list[tuple[object, ...]] = []
    for row in seats.iter_rows(named=True):
        price = prices[row["product"]]
        for stage, change in changes(row, rounded_up(row["proved"] * room)):
            day = client.as_of if stage == "now" else first.day
            unit = price.at_renewal if day >= end else price.today
            monthly = None if unit is None else float(change * unit)
            if change > 0:
                told: tuple[object, ...] = (None, None, None, None, None)
                move = "order"
            else:
                paid = None if price.today is None else -change * float(price.today)
                told = (
                    *(first.notice_from, first.notice_by),
                    None if paid is None else paid * months_between(client.as_of, day),
                    first.following,
                    None if monthly is None else -monthly * months_between(day, first.following),
                )
                move = "give back"
            rows.append((day, stage, move, row["product"], abs(change), monthly, *told, WHY[stage]))
    for product, free_on, count in reassignments(decided, rulebook, client):
        rows.append((free_on, "now", "reassign", product, count, 0.0, *[None] * 5, WHY["reassign"]))
    stages = pl.col("stage").replace_strict(STAGES, range(len(STAGES)), return_dtype=pl.Int64)
    keys = ("possible_on", stages, pl.col("move") == "order", "product")
    return pl.DataFrame(rows, schema=CALENDAR, orient="row").sort(keys, nulls_last=True)


def changes(row: Mapping[str, int], proved: int) -> Iterator[tuple[str, int]]:
    """The changes of one product's seats from what is paid for down to what is proved, by stage; none of nothing.

    What a later stage orders is not given back before: both happen on the same day.
    """
    at, asked = row["today"], row["quantity"]
    spare = max(0, at - max(row["assigned"], row["ready_quantity"], asked))
    levels = {"ready": max(row["ready_quantity"], min(at, asked)), "conditional": asked, "held": proved}
    if spare:
        yield "unassigned", -spare
    at -= spare
    for stage, level in levels.items():
        if level != at:
            yield "now" if stage == "ready" and level > at else stage, level - at
        at = level


def first_opening(client: Client, rulebook: Rulebook) -> Opening | None:
    """The first day on which quantities can fall, with the one after it; None without a contract."""
    contract = client.contract
    if contract is None:
        return None
    day, following = islice(openings(client), 2)
    notice = [
        day - timedelta(deadline.days) if (deadline := rulebook.deadlines[name]).kind == contract.kind else None
        for name in ("notice_from", "notice_by")
    ]
    return Opening(day, following, *notice)


def reassignments(decided: pl.DataFrame, rulebook: Rulebook, client: Client) -> Iterator[tuple[str, date | None, int]]:
    """Freed seats that others need: product, the day from which so many can change hands (None: not known), how many.

    A seat may change hands so many days after it was assigned, at once where its holder has left.
    """
    wait = timedelta(rulebook.deadlines["reassignment"].days)
    sets = decided.select(
        "assigned_on",
        "left",
        frees=pl.col("current_products").list.set_difference("ready_target_products"),
        wants=pl.col("ready_target_products").list.set_difference("current_products"),
    )
    wanted = dict(sets["wants"].explode().drop_nulls().value_counts(sort=False).iter_rows())
    freed = sets.explode("frees").filter(pl.col("frees").is_not_null())
    for product in sorted(wanted):
        free_on = sorted(
            (
                client.as_of if left else None if assigned is None else max(client.as_of, assigned + wait)
                for assigned, left in freed.filter(pl.col("frees") == product).select("assigned_on", "left").iter_rows()
            ),
            key=lambda day: day or date.max,
        )[: wanted[product]]
        for day in dict.fromkeys(free_on):
            yield product, day, free_on.count(day)


def cost_of_delay(
    decided: pl.DataFrame,
    subscribed: pl.DataFrame,
    client: Client,
    rulebook: Rulebook,
    thresholds: Mapping[str, int],
) -> pl.DataFrame:
    """One row per stage and day on which its seats would be ready to go: when they fall then, and the money lost.

    Lost is what is paid between the first day on which they could have fallen and the day on which they then do.
    """
    calendar = calendar_of_moves(decided, subscribed, client, rulebook, thresholds)
    if calendar.is_empty():
        return pl.DataFrame(schema=DELAY)
    first = next(openings(client))
    last = max(add_months(first, BEYOND_MONTHS), add_months(client.as_of, YEAR_MONTHS))
    days = {add_months(client.as_of, months) for months in range(round(months_between(client.as_of, last)) + 1)}
    falls = list(takewhile(lambda day: day <= last, openings(client)))
    falls.append(next(day for day in openings(client) if day > last))
    days |= {day for fall in falls for day in (fall, fall + timedelta(1)) if day <= last}
    # an open question is nobody's saving yet, so waiting for its answer loses nothing that could be counted on
    saved = calendar.filter(pl.col("stage").is_in(["unassigned", "ready", "conditional"]))
    rows = []
    for stage, monthly in saved.group_by("stage", maintain_order=True).agg(-pl.col("monthly_change").sum()).iter_rows():
        if monthly <= 0:
            continue
        for day in sorted(days):
            fall = next(fall for fall in falls if fall >= day)
            rows.append((stage, day, fall, monthly * months_between(first, fall)))
    return pl.DataFrame(rows, schema=DELAY, orient="row")
