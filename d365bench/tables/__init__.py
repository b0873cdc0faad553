"""Tables: a frame in, a formatted HTML table out, escaped; one per answer, named like it; nothing is counted here."""

from __future__ import annotations

import polars as pl

from d365bench.tables.document import document as document
from d365bench.tables.html import Table, as_written, count, day, money, of_people, percent, prose, table, text, yes_no
from d365bench.tables.renewal import baseline as baseline
from d365bench.tables.renewal import break_even as break_even
from d365bench.tables.renewal import calendar_of_moves as calendar_of_moves
from d365bench.tables.renewal import channel_premium as channel_premium
from d365bench.tables.renewal import contract_terms as contract_terms
from d365bench.tables.renewal import counter_arguments as counter_arguments
from d365bench.tables.renewal import exchange_rates as exchange_rates
from d365bench.tables.renewal import scenario_costs as scenario_costs


def headline(rows: pl.DataFrame) -> Table:
    """The figures that the estate comes down to."""
    return table(rows, figure=("Figure", as_written), value=("Value", as_written), meaning=("Meaning", prose))


def people_by_action(rows: pl.DataFrame, currency: str) -> Table:
    """People and money per action."""
    return table(
        rows,
        action=("Action", as_written),
        kind=("Asks for", text),
        people=("People", count),
        monthly_saving_ready=(f"Ready saving, {currency} a month", money),
        monthly_saving_conditional=(f"Conditional saving, {currency} a month", money),
        monthly_withheld=(f"Withheld, {currency} a month", money),
    )


def activity_by_week(rows: pl.DataFrame) -> Table:
    """Records per environment and kind of work over the weeks shown."""
    whole = (
        rows.group_by("environment", "work")
        .agg(
            pl.col("records").sum(),
            (pl.col("records") > 0).sum().cast(pl.Int64).alias("weeks"),
            pl.len().cast(pl.Int64).alias("weeks_shown"),
        )
        .sort("environment", "work")
    )
    return table(
        whole,
        environment=("Environment", as_written),
        work=("Work", text),
        records=("Records", count),
        weeks=("Weeks with records", count),
        weeks_shown=("Weeks shown", count),
    )


def coverage_spans(rows: pl.DataFrame) -> Table:
    """Each environment and source once: how much it proves, and why not more."""
    return table(
        rows.unique(["environment", "source"], keep="first", maintain_order=True),
        environment=("Environment", as_written),
        source=("Source", text),
        percent=("Window covered", percent),
        season_percent=("Look-back covered", percent),
        reason=("Why it proves less", prose),
        declared=("Declared by the client", prose),
    )


def agents_by_channel(rows: pl.DataFrame, currency: str) -> Table:
    """People per channel and use, with the money behind it."""
    return table(
        rows,
        channel=("Channel", text),
        use=("Use of the right", text),
        people=("Agents", count),
        monthly_saving=(f"Not needed, {currency} a month", money),
        monthly_withheld=(f"Held until asked, {currency} a month", money),
    )


def interactions_per_agent(rows: pl.DataFrame, currency: str) -> Table:
    """Holders per group of interaction counts, and what their rights cost today."""
    held = pl.col("standing") == "held"
    groups = rows.group_by("bucket", "bucket_order").agg(
        pl.col("people", "monthly_right").sum(), pl.col("people").filter(held).sum().alias("held")
    )
    return table(
        groups.filter(pl.col("people") > 0).sort("bucket_order"),
        bucket=("Interactions in the window", as_written),
        people=("Agents with the right", count),
        held=("Of them in doubt without this work", count),
        monthly_right=(f"Their rights cost, {currency} a month", money),
    )


def idle_agents(rows: pl.DataFrame, currency: str) -> Table:
    """Who holds a channel without proved work."""
    return of_people(
        rows,
        upn=("Person", as_written),
        display_name=("Name", as_written),
        department=("Department", as_written),
        channel=("Channel", text),
        use=("Use", text),
        interactions=("Interactions", count),
        last_day=("Last worked", day),
        hold=("Held because", text),
        monthly_saving=(f"Not needed, {currency} a month", money),
        monthly_withheld=(f"Held until asked, {currency} a month", money),
    )


def seats_by_edition(rows: pl.DataFrame, currency: str) -> Table:
    """People per edition and decision, with the money."""
    return table(
        rows,
        edition=("Edition today", as_written),
        outcome=("Decision", text),
        people=("People", count),
        monthly_saving_ready=(f"Ready saving, {currency} a month", money),
        monthly_saving_conditional=(f"Conditional saving, {currency} a month", money),
        monthly_withheld=(f"Withheld, {currency} a month", money),
    )


def enterprise_blockers(rows: pl.DataFrame) -> Table:
    """People per reason that keeps them on Enterprise."""
    return table(rows, blocker=("Reason", as_written), alone=("This reason is", text), people=("People", count))


def environment_room(rows: pl.DataFrame, currency: str) -> Table:
    """Each environment's targets, size and the money that waits for it."""
    return table(
        rows,
        environment=("Environment", as_written),
        Professional=("Professional targets", count),
        Enterprise=("Enterprise targets", count),
        active_queues=("Active queues", count),
        custom_tables=("Custom tables", count),
        waiting=("People waiting", count),
        monthly_saving_conditional=(f"Conditional saving, {currency} a month", money),
    )


def people_by_verdict(rows: pl.DataFrame, currency: str) -> Table:
    """Team Members seats per verdict, with today's cost and the target's."""
    return table(
        rows,
        verdict=("Verdict", as_written),
        people=("People", count),
        monthly_now=(f"Today, {currency} a month", money),
        monthly_target=(f"Target, {currency} a month", money),
        exposure_to_confirm=(f"If review confirms, {currency} a month", money),
    )


def verdicts_by_cases(rows: pl.DataFrame) -> Table:
    """The counts behind the verdicts, most cases of others first."""
    return of_people(
        rows,
        verdict=("Verdict", as_written),
        other_cases=("Others' cases", count),
        own_cases=("Own cases", count),
        people=("People", count),
        other_resolved_cases=("Others' cases resolved, at most", count),
        other_case_days=("Days on others' cases, at most", count),
        queue_items=("Queue items worked, at most", count),
        articles=("Articles written, at most", count),
    )


def deciding_cases(rows: pl.DataFrame, currency: str) -> Table:
    """The telling cases of each person whose seat is exceeded or to be reviewed."""
    return of_people(
        rows,
        upn=("Person", as_written),
        verdict=("Verdict", as_written),
        environment=("Environment", as_written),
        case_id=("Case", as_written),
        own=("Own", yes_no),
        days=("Days worked", count),
        resolved=("Resolved", yes_no),
        last_day=("Last worked", day),
        would_need=("Would need", as_written),
        monthly_more=(f"More, {currency} a month", money),
    )


def money_bridge(rows: pl.DataFrame, currency: str) -> Table:
    """The steps of the bridge."""
    return table(
        rows.with_columns(level=pl.when(pl.col("kind") == "total").then("high")),
        step=("Step", as_written),
        kind=("Kind", text),
        people=("People", count),
        change=(f"Change, {currency} a month", money),
        level=(f"Level, {currency} a month", money),
    )


def seats_by_product(rows: pl.DataFrame) -> Table:
    """Seats per product, today and in both targets."""
    return table(
        rows,
        product=("Product", as_written),
        assigned=("Assigned today", count),
        ready_target=("Ready target", count),
        target=("Target", count),
    )


def withheld_by_hold(rows: pl.DataFrame, currency: str) -> Table:
    """People and money per hold."""
    return table(
        rows,
        hold=("Hold", as_written),
        people=("People", count),
        monthly_withheld=(f"Withheld, {currency} a month", money),
    )
