"""Charts on editions: where the seats sit, and what keeps them there."""

from __future__ import annotations

import altair as alt
import polars as pl

from d365bench.charts.theme import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    SKY,
    VERMILLION,
    Chart,
    bars,
    finished,
    label_colour,
    order,
    room,
    scale,
)

EDITIONS = ("Premium", "Enterprise", "Professional", "no base")
# Where a seat goes, from "stays for good reason" to "goes now".
OUTCOMES = {
    "stays, proved by work": BLUE,
    "stays until asked": ORANGE,
    "moves once the environment is ready": SKY,
    "moves now": GREEN,
    "goes": GREY,
    "rises": VERMILLION,
}


def seats_by_edition(rows: pl.DataFrame) -> Chart:
    """Bars of people per edition held today, by where the decision takes them."""
    base = (
        alt.Chart(rows.select("edition", "outcome", "people"), height=bars(46))
        .transform_calculate(**order("outcome", OUTCOMES))
        .transform_joinaggregate(total="sum(people)", groupby=["edition"])
        .transform_joinaggregate(longest="max(total)")
        .encode(
            y=alt.Y("edition:N", title=None, sort=list(EDITIONS)),
            x=alt.X("people:Q", title="People with a base of this edition today", stack="zero"),
            order=alt.Order("outcome_order:Q"),
        )
    )
    drawn = base.mark_bar(size=28).encode(
        color=alt.Color("outcome:N", title="Decision", scale=scale(OUTCOMES), legend=alt.Legend(columns=3)),
        tooltip=[
            alt.Tooltip("edition:N", title="Edition today"),
            alt.Tooltip("outcome:N", title="Decision"),
            alt.Tooltip("people:Q", title="People", format=","),
        ],
    )
    labels = (
        base.transform_calculate(label="format(datum.people, ',')")
        .transform_calculate(fits="datum.people / datum.longest * width > 10 * length(datum.label)")
        .mark_text(fontWeight=600)
        .encode(
            x=alt.X("people:Q", stack="zero", bandPosition=0.5),
            text=alt.when("datum.fits").then("label:N").otherwise(alt.value("")),
            color=label_colour("outcome", OUTCOMES),
        )
    )
    return finished(drawn + labels, rows, "Editions held today, and where the decision takes them")


def enterprise_blockers(rows: pl.DataFrame) -> Chart:
    """Bars of people per reason that keeps them on Enterprise, those with this one reason alone told apart."""
    totals = rows.group_by("blocker").agg(pl.col("people").sum())["people"]
    alone = {"the only reason": BLUE, "one of several": SKY}
    base = (
        alt.Chart(rows.select("blocker", "alone", "people"), height=bars())
        .transform_calculate(**order("alone", alone))
        .encode(
            y=alt.Y("blocker:N", title=None, sort=rows["blocker"].unique(maintain_order=True).to_list()),
            x=alt.X("people:Q", title="People who stay on an Enterprise base", stack="zero", scale=room(totals)),
            order=alt.Order("alone_order:Q"),
        )
    )
    drawn = base.mark_bar().encode(
        color=alt.Color("alone:N", title="This reason is", scale=scale(alone)),
        tooltip=[
            alt.Tooltip("blocker:N", title="Reason"),
            alt.Tooltip("alone:N", title="This reason is"),
            alt.Tooltip("people:Q", title="People", format=","),
        ],
    )
    labels = (
        base.transform_aggregate(people="sum(people)", groupby=["blocker"])
        .mark_text(align="left", dx=4)
        .encode(x=alt.X("people:Q"), text=alt.Text("people:Q", format=","))
    )
    return finished(drawn + labels, rows, "What keeps people on Enterprise")


def environment_room(rows: pl.DataFrame) -> Chart:
    """Bars of people per environment and the edition of their target: where the two would have to share."""
    editions = {"Professional": GREEN, "Enterprise": BLUE}
    chosen = rows.select("environment", "Professional", "Enterprise").unpivot(
        index="environment", variable_name="edition", value_name="people"
    )
    drawn = (
        alt.Chart(chosen, height=bars(44))
        .mark_bar()
        .encode(
            y=alt.Y("environment:N", title=None),
            yOffset=alt.YOffset("edition:N", sort=list(editions)),
            x=alt.X("people:Q", title="People whose target has this base"),
            color=alt.Color("edition:N", title="Base of the target", scale=scale(editions)),
            tooltip=[
                alt.Tooltip("environment:N", title="Environment"),
                alt.Tooltip("edition:N", title="Base of the target"),
                alt.Tooltip("people:Q", title="People", format=","),
            ],
        )
    )
    return finished(
        drawn, rows, "Target editions in each environment", "The two editions may not share one environment"
    )
