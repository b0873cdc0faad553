"""Charts on the estate: what is to be done, what was going on, and how much of it can be seen."""

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
    VERMILLION,
    Chart,
    bars,
    finished,
    room,
    scale,
)

WORK = {"digital": BLUE, "voice": ORANGE, "routed records": PURPLE, "cases": GREEN}
SEEN = {
    "days with records": BLUE,
    "covered by declaration": SKY,
    "hole": ORANGE,
    "outside the export": GREY,
    "proves nothing": VERMILLION,
}
ASK = {"change": BLUE, "ask first": ORANGE, "nothing to do": GREY}


def people_by_action(rows: pl.DataFrame) -> Chart:
    """Bars of people per action; one person may have several."""
    base = alt.Chart(rows.select("action", "kind", "people"), height=bars(26)).encode(
        y=alt.Y("action:N", title=None, sort=rows["action"].to_list()),
        x=alt.X("people:Q", title="People (one person may have several actions)", scale=room(rows["people"])),
    )
    drawn = base.mark_bar().encode(
        color=alt.Color("kind:N", title="What it asks for", scale=scale(ASK)),
        tooltip=[
            alt.Tooltip("action:N", title="Action"),
            alt.Tooltip("kind:N", title="Asks for"),
            alt.Tooltip("people:Q", title="People", format=","),
        ],
    )
    labels = base.mark_text(align="left", dx=4).encode(text=alt.Text("people:Q", format=","))
    return finished(drawn + labels, rows, "People by what the decision asks for")


def activity_by_week(rows: pl.DataFrame, gaps: pl.DataFrame) -> Chart:
    """Lines of records per week and kind of work, a panel per environment and source, with its holes shaded."""
    panel = pl.format("{} · {}", "environment", "source").alias("panel")
    work = rows.select(panel, "week_day", "work", "records").with_columns(pl.lit("work").alias("what"))
    holes = gaps.select(panel, "first_day", "end_day").with_columns(pl.lit("hole").alias("what"))
    holes = holes.filter(pl.col("panel").is_in(work["panel"].unique().implode()))
    # One frame for both layers: a chart in panels has one source of data.
    data = pl.concat([work, holes], how="diagonal")
    shade = (
        alt.Chart()
        .transform_filter("datum.what == 'hole'")
        .mark_rect(color=GREY, opacity=0.3)
        .encode(
            x=alt.X("first_day:T"),
            x2="end_day:T",
            tooltip=[
                alt.Tooltip("first_day:T", title="Missing from", format="%Y-%m-%d"),
                alt.Tooltip("end_day:T", title="Before", format="%Y-%m-%d"),
            ],
        )
    )
    lines = (
        alt.Chart()
        .transform_filter("datum.what == 'work'")
        .mark_line(point={"size": 18}, strokeWidth=1.5)
        .encode(
            x=alt.X(
                "week_day:T", title="Week beginning", axis=alt.Axis(format="%d %b %Y", labelOverlap=True, tickCount=6)
            ),
            y=alt.Y("records:Q", title="Records a week", axis=alt.Axis(tickCount=3)),
            color=alt.Color("work:N", title="Work", scale=scale(WORK)),
            strokeDash=alt.StrokeDash("work:N", title="Work", scale=alt.Scale(domain=list(WORK))),
            tooltip=[
                alt.Tooltip("week_day:T", title="Week of", format="%Y-%m-%d"),
                alt.Tooltip("work:N", title="Work"),
                alt.Tooltip("records:Q", title="Records", format=","),
            ],
        )
    )
    panels = (
        alt.layer(shade, lines, data=data)
        .properties(height=90)
        .facet(
            row=alt.Row(
                "panel:N",
                title=None,
                header=alt.Header(labelAnchor="start", labelAngle=0, labelOrient="top", labelFontWeight=600),
            )
        )
        .resolve_scale(y="independent")
    )
    return finished(panels, rows, "Activity over time", "Shaded: days from which the export holds no record")


def coverage_spans(rows: pl.DataFrame, minimum: int) -> Chart:
    """Bars of days per environment and source: what can be seen, where it has holes, and what proves nothing."""
    chosen = rows.select(
        pl.format("{} · {}", "environment", "source").alias("where"), "first_day", "end_day", "state", "percent"
    )
    base = alt.Chart(chosen, height=bars(28)).encode(y=alt.Y("where:N", title=None, sort=alt.SortField("where")))
    spans = base.mark_bar(size=14, cornerRadiusEnd=0).encode(
        x=alt.X(
            "first_day:T",
            title="Day of the window",
            axis=alt.Axis(format="%d %b %Y", labelOverlap=True, tickCount=6),
        ),
        x2="end_day:T",
        color=alt.Color("state:N", title="What the days show", scale=scale(SEEN)),
        tooltip=[
            alt.Tooltip("where:N", title="Environment and source"),
            alt.Tooltip("state:N", title="What the days show"),
            alt.Tooltip("first_day:T", title="From", format="%Y-%m-%d"),
            alt.Tooltip("end_day:T", title="Before", format="%Y-%m-%d"),
        ],
    )
    percents = (
        base.transform_aggregate(percent="min(percent)", groupby=["where"])
        .transform_calculate(
            label=f"format(datum.percent, '.0f') + ' %' + (datum.percent < {minimum} ? ' – too little' : '')"
        )
        .mark_text(align="left", dx=6)
        .encode(x=alt.value("width"), text="label:N")
    )
    subtitle = f"Share of the window's days for which absence can be proved; {minimum} % are needed"
    return finished(spans + percents, rows, "What the exports let us see", subtitle)
