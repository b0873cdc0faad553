"""Charts on concurrency: agents at work at a time, against the people who hold the right."""

from __future__ import annotations

import altair as alt
import polars as pl

from d365bench.charts.theme import BLUE, GREY, ORANGE, SKY, Chart, bars, finished, room, scale

LEVELS = {
    "right held today": GREY,
    "verified by work": ORANGE,
    "peak of a day": BLUE,
    "peak of an hour": SKY,
}


def agents_at_a_time(rows: pl.DataFrame) -> Chart:
    """Bars per channel: who holds the right, who works it, and how many ever worked it in one day and one hour."""
    people = rows.unique("channel", maintain_order=True).select(
        "channel", pl.col("assigned").alias("right held today"), pl.col("verified").alias("verified by work")
    )
    peaks = rows.select(
        "channel",
        level=pl.format(
            "peak of a{} {}", pl.when(pl.col("span") == "hour").then(pl.lit("n")).otherwise(pl.lit("")), "span"
        ),
        agents="peak",
    )
    held = people.unpivot(index="channel", variable_name="level", value_name="agents")
    chosen = pl.concat([held, peaks.select(held.columns)])
    base = alt.Chart(chosen, height=bars(84)).encode(
        y=alt.Y("channel:N", title=None),
        yOffset=alt.YOffset("level:N", sort=list(LEVELS)),
        x=alt.X("agents:Q", title="Agents", scale=room(chosen["agents"])),
    )
    drawn = base.mark_bar().encode(
        color=alt.Color("level:N", title="Agents", scale=scale(LEVELS)),
        tooltip=[
            alt.Tooltip("channel:N", title="Channel"),
            alt.Tooltip("level:N", title="What"),
            alt.Tooltip("agents:Q", title="Agents", format=","),
        ],
    )
    labels = base.mark_text(align="left", dx=4, fontSize=11).encode(text=alt.Text("agents:Q", format=","))
    return finished(drawn + labels, chosen, "Agents at a time, against the rights held")


def agents_by_day(rows: pl.DataFrame) -> Chart:
    """Lines of distinct agents per day, and of the busiest hour of each day, one panel per channel."""
    by_day = (
        rows.with_columns(day=pl.col("span_from").dt.truncate("1d"))
        .group_by("channel", "span", "day")
        .agg(pl.col("agents").max())
        .with_columns(measure=pl.col("span").replace_strict({"day": "in the day", "hour": "in its busiest hour"}))
        .sort("channel", "span", "day")
        .select("channel", "measure", "day", "agents")
    )
    drawn = (
        alt.Chart(by_day, height=150)
        .mark_line(strokeWidth=1.5, interpolate="step")
        .encode(
            x=alt.X("day:T", title="Day (UTC)"),
            y=alt.Y("agents:Q", title="Agents", axis=alt.Axis(tickMinStep=1, tickCount=5)),
            color=alt.Color(
                "measure:N", title="Distinct agents", scale=scale({"in the day": BLUE, "in its busiest hour": SKY})
            ),
            tooltip=[
                alt.Tooltip("day:T", title="Day"),
                alt.Tooltip("measure:N", title="Agents"),
                alt.Tooltip("agents:Q", title="So many", format=","),
            ],
        )
    )
    panels = drawn.facet(row=alt.Row("channel:N", title=None))
    return finished(panels, by_day, "Agents at work, day by day")
