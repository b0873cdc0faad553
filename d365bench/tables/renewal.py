"""Tables on the renewal."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from d365bench.tables.html import Table, as_written, count, day, money, percent, prose, table, text

NO_CONTRACT = (
    "Nothing to list without a contract: fill in [contract] in client.toml, 'kind' and 'end' at the least. The section"
    " on the contract lists what else is known of it."
)


def contract_terms(rows: pl.DataFrame) -> Table:
    """What client.toml says of the contract."""
    return table(
        rows,
        key=("Key of [contract]", as_written),
        value=("Value", prose),
        state=("State", text),
        meaning=("Meaning", prose),
    )


def baseline(rows: pl.DataFrame, currency: str) -> Table:
    """Every count of a product's seats, and what carrying today's on would cost."""
    return table(
        rows,
        line=("Line", as_written),
        product=("Product", as_written),
        contract=("In the contract", count),
        purchased=("Purchased", count),
        assigned=("Assigned", count),
        unassigned=("Held by nobody", count),
        ready=("Verified, ready", count),
        verified=("Verified", count),
        on_holds=("Of it in doubt", count),
        quantity=("With headroom", count),
        monthly_unassigned=(f"Held by nobody, {currency} a month", money),
        carrying_costs=(f"Carrying on costs, {currency} over the term", money),
        evidence=("Evidence", prose),
    )


def scenario_costs(rows: pl.DataFrame, currency: str) -> Table:
    """Each scenario's seats, cost and present value by year and line."""
    shown = table(
        rows,
        scenario=("Scenario", text),
        year=("Year", as_written),
        line=("Line", as_written),
        quantity=("Seats", count),
        unpriced=("Of them without a price", count),
        annual_cost=(f"{currency} in the year", money),
        present_value=(f"Worth on the renewal day, {currency}", money),
    )
    return replace(shown, nothing=NO_CONTRACT)


def calendar_of_moves(rows: pl.DataFrame, currency: str) -> Table:
    """The moves in the order of their days."""
    shown = table(
        rows,
        possible_on=("Possible on", day),
        stage=("Stage", text),
        move=("Move", text),
        product=("Product", as_written),
        seats=("Seats", count),
        monthly_change=(f"The bill changes by, {currency} a month", money),
        notice_from=("Notice from", day),
        notice_by=("Notice by", day),
        paid_until_then=(f"Paid until then, {currency}", money),
        missed_on=("If missed, on", day),
        missing_costs=(f"Missing it costs, {currency}", money),
        why=("Why", prose),
    )
    return replace(shown, nothing=NO_CONTRACT)


def exchange_rates(rows: pl.DataFrame, currency: str) -> Table:
    """Levers in the order of their worth, and what of each other lever equals them."""
    shown = table(
        rows,
        rank=("Rank", count),
        lever=("Lever", as_written),
        unit=("So much of it", as_written),
        worth=(f"Worth over the term, {currency}", money),
        present_value=(f"Worth on the renewal day, {currency}", money),
        base_percent=("Equals off the base", percent),
        digital_percent=("Equals off Digital Messaging", percent),
        voice_percent=("Equals off Voice", percent),
        bundles_percent=("Equals off combined bundles", percent),
        uplift_points=("Equals points off the uplift", percent),
        equal_cap_percent=("Equals a cap of", percent),
    )
    note = "A dash: no amount of that lever is worth as much, or it moves nothing under this contract."
    return replace(shown, nothing=NO_CONTRACT, note=note)


def channel_premium(rows: pl.DataFrame, currency: str) -> Table:
    """Base and channel money, their ratio, and the cost of a live agent."""
    return table(
        rows,
        position=("Position", text),
        monthly_base=(f"Base, {currency} a month", money),
        monthly_digital=("Digital Messaging", money),
        monthly_voice=("Voice", money),
        monthly_bundles=("Combined bundles", money),
        monthly_add_ons=(f"Channels together, {currency} a month", money),
        share_percent=("Channels to base", percent),
        live_agents=("Live agents", count),
        monthly_per_live_agent=(f"Channels per live agent, {currency} a month", money),
        unpriced_seats=("Seats without a price", count),
    )


def break_even(rows: pl.DataFrame, currency: str) -> Table:
    """The cost of the term with and without the cap, and what the cap may cost."""
    shown = table(
        rows,
        price_step=("Price step", text),
        growth_percent=("Growth a year", percent),
        uplift_percent=("Uplift a year", percent),
        unprotected=(f"Without the cap, {currency}", money),
        protected=(f"With the cap, {currency}", money),
        saved=(f"The cap saves, {currency}", money),
        break_even_percent=("It pays up to prices dearer by", percent),
    )
    return replace(shown, nothing=NO_CONTRACT)


def counter_arguments(rows: pl.DataFrame, currency: str) -> Table:
    """Each argument of the other side with the figures for and against it."""
    return table(
        rows,
        argument=("They say", prose),
        for_them=("For them", prose),
        for_us=("For us", prose),
        people=("People", count),
        monthly_kept=(f"In the position already, {currency} a month", money),
        monthly_if_they_are_right=(f"More if they are right, {currency} a month", money),
        monthly_if_we_are_right=(f"Less if we are right, {currency} a month", money),
    )
