"""Charts on the renewal: the contract's days, the seats, the envelope, and what waiting costs."""

from __future__ import annotations

import altair as alt
import polars as pl

from d365bench.charts.theme import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    Chart,
    bars,
    finished,
    order,
    room,
    scale,
)

LINES = {
    "Base": BLUE,
    "Digital Messaging": SKY,
    "Voice": ORANGE,
    "Combined bundles": PURPLE,
    "Team Members": GREEN,
    "Contact Center": GREY,
}
DAYS = {"today": GREY, "notice": ORANGE, "quantities": BLUE, "renewal": PURPLE}
COUNTS = {"paid for today": GREY, "assigned": SKY, "verified, with headroom": BLUE, "of it beyond doubt": GREEN}
BRIDGE = {"total": GREY, "ready": BLUE, "conditional": SKY, "price": PURPLE}
STAGES = {"unassigned": GREY, "ready": BLUE, "conditional": SKY}


def of_lines(rows: pl.DataFrame) -> dict[str, str]:
    """The colours of the lines that occur; all of them where none does."""
    present = set(rows["line"])
    return {line: colour for line, colour in LINES.items() if line in present} or LINES


def contract_days(rows: pl.DataFrame) -> Chart:
    """Points on a line of time: from as_of over notice and the days on which quantities fall to the renewal."""
    base = alt.Chart(rows.select("day", "event", "kind"), height=bars(28)).encode(
        x=alt.X("day:T", title="Day", axis=alt.Axis(format="%b %Y"), scale=alt.Scale(padding=84)),
        y=alt.Y("event:N", title=None, sort=rows["event"].to_list(), axis=alt.Axis(grid=True)),
        tooltip=[alt.Tooltip("event:N", title="What"), alt.Tooltip("day:T", title="Day", format="%Y-%m-%d")],
    )
    points = base.mark_point(size=110, filled=True, opacity=1).encode(
        color=alt.Color("kind:N", title="Kind of day", scale=scale(DAYS))
    )
    labels = base.mark_text(align="left", dx=10).encode(text=alt.Text("day:T", format="%Y-%m-%d"))
    return finished(points + labels, rows, "What the contract allows, and when")


def baseline(rows: pl.DataFrame) -> Chart:
    """Bars of seats per product: paid for, assigned, verified with headroom, and of it beyond doubt."""
    names = dict(zip(("today", "assigned", "quantity", "proved"), COUNTS, strict=True))
    chosen = rows.with_columns(pl.min_horizontal("proved", "quantity")).select("product", *names).rename(names)
    long = chosen.unpivot(index="product", variable_name="count", value_name="seats")
    base = alt.Chart(long, height=bars(72)).encode(
        y=alt.Y("product:N", title=None, sort=rows["product"].to_list()),
        yOffset=alt.YOffset("count:N", sort=list(COUNTS)),
        x=alt.X("seats:Q", title="Seats", scale=room(long["seats"])),
    )
    drawn = base.mark_bar().encode(
        color=alt.Color("count:N", title="Seats", scale=scale(COUNTS)),
        tooltip=[
            alt.Tooltip("product:N", title="Product"),
            alt.Tooltip("count:N", title="Which"),
            alt.Tooltip("seats:Q", title="Seats", format=","),
        ],
    )
    labels = base.mark_text(align="left", dx=4, fontSize=11).encode(text=alt.Text("seats:Q", format=","))
    return finished(drawn + labels, rows, "Seats paid for, assigned and verified")


def scenario_costs(rows: pl.DataFrame, currency: str) -> Chart:
    """Stacked bars of cost by line, one panel a year, one bar a scenario."""
    chosen = rows.select("scenario", "year", "line", "annual_cost").with_columns(
        pl.col("scenario").str.replace_all("_", " "), year=pl.format("Year {}", "year")
    )
    totals = chosen.group_by("scenario", "year").agg(pl.col("annual_cost").sum())
    base = alt.Chart(chosen, height=bars(28)).encode(
        y=alt.Y("scenario:N", title=None, sort=chosen["scenario"].unique(maintain_order=True).to_list()),
    )
    drawn = (
        base.transform_calculate(**order("line", LINES))
        .mark_bar(cornerRadiusEnd=0)
        .encode(
            x=alt.X(
                "sum(annual_cost):Q",
                title=f"{currency} in the year",
                axis=alt.Axis(format=",.0f"),
                scale=room(totals["annual_cost"], 1.2),
            ),
            color=alt.Color("line:N", title="Line", scale=scale(of_lines(rows))),
            order=alt.Order("line_order:Q"),
            tooltip=[
                alt.Tooltip("line:N", title="Line"),
                alt.Tooltip("scenario:N", title="Scenario"),
                alt.Tooltip("sum(annual_cost):Q", title=currency, format=",.2f"),
            ],
        )
    )
    labels = base.mark_text(align="left", dx=5, fontSize=11).encode(
        x=alt.X("sum(annual_cost):Q"), text=alt.Text("sum(annual_cost):Q", format=",.0f")
    )
    panels = (drawn + labels).facet(row=alt.Row("year:N", title=None, header=alt.Header(labelAngle=0)))
    return finished(panels, rows, "What each scenario costs, year by year")


def envelope_bridge(rows: pl.DataFrame, currency: str) -> Chart:
    """A bridge over the term from what is carried forward to what is asked for."""
    base = alt.Chart(rows.select("step", "kind", "begins", "ends", "change"), height=bars(30)).encode(
        y=alt.Y("step:N", title=None, sort=rows["step"].to_list()),
        tooltip=[
            alt.Tooltip("step:N", title="Step"),
            alt.Tooltip("change:Q", title=f"{currency} over the term", format="+,.2f"),
            alt.Tooltip("ends:Q", title="Then", format=",.2f"),
        ],
    )
    drawn = base.mark_bar(size=19, cornerRadius=0).encode(
        x=alt.X(
            "begins:Q",
            title=f"{currency} over the term",
            axis=alt.Axis(format=",.0f"),
            scale=room(pl.concat([rows["begins"], rows["ends"]]), 1.2),
        ),
        x2="ends:Q",
        color=alt.Color("kind:N", title="Kind of step", scale=scale(BRIDGE)),
    )
    labels = (
        base.transform_calculate(
            label="datum.kind == 'total' ? format(datum.ends, ',.0f') : format(datum.change, '+,.0f')",
            right="max(datum.begins, datum.ends)",
        )
        .mark_text(align="left", dx=6)
        .encode(x=alt.X("right:Q"), text="label:N")
    )
    return finished(drawn + labels, rows, "From what is carried forward to what is asked for")


def cost_of_delay(rows: pl.DataFrame, currency: str) -> Chart:
    """A stepped area of the money lost by the day on which the seats are ready to go."""
    chosen = rows.select("stage", "ready_on", "falls_on", "lost")
    drawn = (
        alt.Chart(chosen, height=230)
        .transform_calculate(**order("stage", STAGES))
        .mark_area(interpolate="step-after", opacity=0.85)
        .encode(
            x=alt.X("ready_on:T", title="Seats are ready to fall on", axis=alt.Axis(format="%b %Y")),
            y=alt.Y("lost:Q", title=f"{currency} lost by then", axis=alt.Axis(format=",.0f"), stack="zero"),
            color=alt.Color("stage:N", title="Kind of seat", scale=scale(STAGES)),
            order=alt.Order("stage_order:Q"),
            tooltip=[
                alt.Tooltip("stage:N", title="Kind of seat"),
                alt.Tooltip("ready_on:T", title="Ready on", format="%Y-%m-%d"),
                alt.Tooltip("falls_on:T", title="Quantities fall on", format="%Y-%m-%d"),
                alt.Tooltip("lost:Q", title=f"{currency} lost", format=",.2f"),
            ],
        )
    )
    return finished(
        drawn, rows, "What waiting costs", "Nothing is lost before the first day on which quantities can fall"
    )
