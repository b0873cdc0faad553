"""The negotiation brief: the renewal position on one page, every number of it taken from the other answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from importlib.resources import files
from typing import Any

import polars as pl
from jinja2 import Environment, StrictUndefined

from d365bench.analysis.challenge import GROWING, counter_arguments
from d365bench.analysis.envelope import scenario_costs, term_totals
from d365bench.analysis.lines import in_order
from d365bench.analysis.moves import calendar_of_moves, cost_of_delay, first_opening
from d365bench.analysis.premium import TODAY, channel_premium
from d365bench.analysis.trade_offs import PROTECTION, exchange_rates
from d365bench.analysis.volumes import baseline
from d365bench.client import Client
from d365bench.rulebook import Rulebook

SPECIAL = re.compile(r"([\\`*_\[\]<>#|~$&])")
MOST_COUNTERS = 4
WHOLE = Decimal(1)
GIVE_AWAYS: dict[str, pl.DataType] = {"give_away": pl.String(), "costs": pl.Float64(), "meaning": pl.String()}


def brief(
    decided: pl.DataFrame,
    subscribed: pl.DataFrame,
    coverage: pl.DataFrame,
    disputed: Mapping[str, Any],
    summary: Mapping[str, Any],
    client: Client,
    rulebook: Rulebook,
    thresholds: Mapping[str, int],
    renewal: pl.DataFrame,
) -> str:
    """The brief as Markdown: position, evidence, asks in order, give-aways, walk-away figure.

    Without a contract it has the volumes, and says what to fill in.
    """
    given = (decided, subscribed, client, rulebook, thresholds)
    seats = baseline(*given, renewal)
    counters = counter_arguments(decided, subscribed, coverage, disputed, client, rulebook, thresholds)
    offers = exchange_rates(*given, renewal)
    asked_for = (pl.col("kind") != "price") | pl.col("lever").is_in([PROTECTION, dearest_line(offers)])
    page = environment().from_string((files("d365bench") / "templates" / "brief.md.j2").read_text(encoding="utf-8"))
    return page.render(
        client=client,
        contract=client.contract,
        thresholds=thresholds,
        summary=summary,
        lines=volumes_by_line(seats).to_dicts(),
        unassigned=float(seats["monthly_unassigned"].sum()),
        totals=term_totals(renewal),
        unpriced=unpriced(renewal, rulebook),
        premium={row["position"]: row for row in channel_premium(*given, renewal).iter_rows(named=True)},
        today=TODAY,
        asks=offers.filter(asked_for).to_dicts(),
        give_aways=give_aways(*given, renewal, counters).to_dicts(),
        opening=first_opening(client, rulebook),
        missed=cost_of_missing(*given),
        counters=strongest(counters).to_dicts(),
    )


def dearest_line(offers: pl.DataFrame) -> str:
    """The discount that is worth most a percent: the only one to ask for beside the cap."""
    return next((lever for lever in offers["lever"] if lever.startswith("Discount on ")), "")


def cost_of_missing(
    decided: pl.DataFrame,
    subscribed: pl.DataFrame,
    client: Client,
    rulebook: Rulebook,
    thresholds: Mapping[str, int],
) -> float:
    """What is paid between the first day on which quantities can fall and the next, for seats that could go."""
    lost = cost_of_delay(decided, subscribed, client, rulebook, thresholds).filter(pl.col("lost") > 0)
    return float(lost.filter(pl.col("falls_on") == pl.col("falls_on").min()).unique("stage")["lost"].sum())


def volumes_by_line(baseline: pl.DataFrame) -> pl.DataFrame:
    """Seats and the term's cost by line; null where not one of its products has a price."""
    counts = ("today", "assigned", "ready_quantity", "quantity", "unassigned", "on_holds")
    costs = [pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()) for name in ("carried_cost", "verified_cost")]
    return baseline.group_by("line").agg(pl.col(*counts).sum(), *costs).sort(in_order())


def unpriced(renewal: pl.DataFrame, rulebook: Rulebook) -> int:
    """Seats carried into the first year that have no price, and so stand in no money."""
    first = scenario_costs(renewal, rulebook).filter(pl.col("year") == 1, pl.col("scenario") == "carry_forward")
    return int(first["unpriced"].sum())


def strongest(counters: pl.DataFrame) -> pl.DataFrame:
    """The arguments on which most money hangs."""
    size = pl.max_horizontal("monthly_if_they_are_right", -pl.col("monthly_if_we_are_right"))
    return counters.filter(size > 0).sort(size, descending=True, maintain_order=True).head(MOST_COUNTERS)


def give_aways(
    decided: pl.DataFrame,
    subscribed: pl.DataFrame,
    client: Client,
    rulebook: Rulebook,
    thresholds: Mapping[str, int],
    renewal: pl.DataFrame,
    counters: pl.DataFrame,
) -> pl.DataFrame:
    """One row per concession that can be offered, the cheapest first, with what it costs over the term."""
    contract = client.contract
    if contract is None or renewal.is_empty():
        return pl.DataFrame(schema=GIVE_AWAYS)
    calendar = calendar_of_moves(decided, subscribed, client, rulebook, thresholds)
    held = float(-calendar.filter(pl.col("stage") == "held")["monthly_change"].sum()) * contract.term_months
    year = {
        scenario: float(cost)
        for scenario, cost in renewal.filter(pl.col("year") == 1)
        .group_by("scenario")
        .agg(pl.col("annual_cost").sum())
        .iter_rows()
    }
    growth = counters.filter(pl.col("argument") == GROWING)["monthly_if_they_are_right"].sum()
    rows = [
        ("Seats in doubt stay", held, "they are in the position already; asking the open questions would free them"),
        (
            "A year's time for splitting environments",
            year["verified_ready"] - year["verified"],
            "those people stay on Enterprise for the first year",
        ),
        ("Room for growth from the first day", float(growth) * contract.term_months, "seats that nobody needs yet"),
    ]
    costly = [row for row in rows if row[1] > 0]
    return pl.DataFrame(sorted(costly, key=lambda row: row[1]), schema=GIVE_AWAYS, orient="row")


# -- writing -----------------------------------------------------------------------------------------------------


def environment() -> Environment:
    """How the template writes values: a text can never become markup."""
    page = Environment(
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        finalize=plain,
    )
    page.filters["amount"] = amount
    page.filters["percent"] = lambda value: "more than all" if value is None else f"{value:,.1f} %"
    return page


def amount(value: float | None) -> str:
    """A whole number of seats or of money, half away from zero."""
    return "unknown" if value is None else f"{Decimal(repr(value)).quantize(WHOLE, ROUND_HALF_UP):,}"


def plain(value: object) -> object:
    """A value as Markdown shows it: no character of a text means anything."""
    if isinstance(value, date):
        return value.isoformat()
    return SPECIAL.sub(r"\\\1", value) if isinstance(value, str) else value
