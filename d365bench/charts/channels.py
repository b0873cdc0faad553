"""Charts on channels: who works them against who holds the right to."""

from __future__ import annotations

import altair as alt
import polars as pl

from d365bench.charts.theme import (
    BLUE,
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
from d365bench.thresholds import Threshold

# What a person makes of the right to a channel, most used first.
USE = {
    "live": BLUE,
    "thin": SKY,
    "held": ORANGE,
    "idle": GREY,
    "worked without the right": VERMILLION,
}
# What becomes of a right under a minimum of work.
RIGHT = {"needed": BLUE, "held until asked": ORANGE, "not needed": GREY}
SLIDER_HIGH = 200


def agents_by_channel(rows: pl.DataFrame) -> Chart:
    """Bars of people per channel, by what they make of the right to it."""
    chosen = rows.select("channel", "use", "people")
    base = (
        alt.Chart(chosen, height=bars(54))
        .transform_calculate(**order("use", USE))
        .transform_joinaggregate(total="sum(people)", groupby=["channel"])
        .transform_joinaggregate(longest="max(total)")
        .encode(
            y=alt.Y("channel:N", title=None, sort=["digital", "voice"]),
            x=alt.X("people:Q", title="Agents", stack="zero"),
            order=alt.Order("use_order:Q"),
        )
    )
    drawn = base.mark_bar(size=34).encode(
        color=alt.Color("use:N", title="Use of the channel in the window", scale=scale(USE)),
        tooltip=[
            alt.Tooltip("channel:N", title="Channel"),
            alt.Tooltip("use:N", title="Use"),
            alt.Tooltip("people:Q", title="Agents", format=","),
        ],
    )
    # A piece too narrow for its label keeps its tooltip and its row in the table.
    labels = (
        base.transform_calculate(
            label="format(datum.people, ',') + ' ' + (datum.use_order == 4 ? 'no right' : datum.use)"
        )
        .transform_calculate(fits="datum.people / datum.longest * width > 8 * length(datum.label)")
        .mark_text(fontWeight=600)
        .encode(
            x=alt.X("people:Q", stack="zero", bandPosition=0.5),
            text=alt.when("datum.fits").then("label:N").otherwise(alt.value("")),
            color=label_colour("use", USE),
        )
    )
    return finished(drawn + labels, rows, "Agents by channel worked, against the right to work it")


def interactions_per_agent(rows: pl.DataFrame, minimum: Threshold, value: int, currency: str) -> Chart:
    """The distribution of counted interactions over the holders of a channel, with a slider for the minimum.

    The page itself counts again how many fall below it and what their rights cost.
    """
    chosen = rows.select("interactions", "bucket", "bucket_order", "enough_days", "standing", "people", "monthly_right")
    slider = alt.param(
        name="minimum",
        value=value,
        bind=alt.binding_range(
            min=minimum.low, max=max(SLIDER_HIGH, value), step=minimum.step, name="Minimum interactions "
        ),
    )
    # above the highest bar there is room for the sentence
    headroom = room(rows.group_by("bucket").agg(pl.col("people").sum())["people"], 1.4)
    proved = "datum.standing == 'kept' || (datum.enough_days && datum.interactions >= minimum)"
    need = f"{proved} ? 'needed' : datum.standing == 'held' ? 'held until asked' : 'not needed'"
    counted = alt.Chart(chosen, height=220).transform_calculate(need=need)
    drawn = (
        counted.transform_calculate(**order("need", RIGHT))
        .mark_bar()
        .encode(
            x=alt.X(
                "bucket:O",
                title="Counted interactions per agent in the window",
                sort=alt.EncodingSortField("bucket_order", op="min"),
                axis=alt.Axis(labelAngle=0, labelOverlap=True),
            ),
            y=alt.Y(
                "sum(people):Q",
                title="Agents with the right",
                axis=alt.Axis(tickMinStep=1, tickCount=6),
                scale=headroom,
            ),
            color=alt.Color("need:N", title="The right is", scale=scale(RIGHT)),
            order=alt.Order("need_order:Q"),
            tooltip=[
                alt.Tooltip("bucket:O", title="Interactions"),
                alt.Tooltip("need:N", title="The right is"),
                alt.Tooltip("sum(people):Q", title="Agents", format=","),
                alt.Tooltip("sum(monthly_right):Q", title=f"The right costs, {currency} a month", format=",.2f"),
            ],
        )
    )
    # What the slider's place means, summed by the page whenever it moves.
    sentence = (
        "[format(datum.idle, ',') + ' of ' + format(datum.holders, ',') + ' agents below ' + minimum, "
        f"'{currency} ' + format(datum.not_needed, ',.0f') + ' a month not needed', "
        f"'{currency} ' + format(datum.held, ',.0f') + ' held until asked']"
    )
    headline = (
        counted.transform_calculate(
            idle_people="datum.need == 'needed' ? 0 : datum.people",
            not_needed_money="datum.need == 'not needed' ? datum.monthly_right : 0",
            held_money="datum.need == 'held until asked' ? datum.monthly_right : 0",
        )
        .transform_aggregate(
            idle="sum(idle_people)",
            holders="sum(people)",
            not_needed="sum(not_needed_money)",
            held="sum(held_money)",
        )
        .transform_calculate(sentence=sentence)
        .mark_text(align="right", baseline="top", fontWeight=600, dx=-4, dy=4)
        .encode(x=alt.value("width"), y=alt.value(0), text="sentence:N")
    )
    channel = minimum.name.partition("_")[0].capitalize()
    return finished((drawn + headline).add_params(slider), rows, f"{channel} interactions per agent with the right")


def idle_agents(rows: pl.DataFrame, currency: str) -> Chart:
    """Bars of the money behind rights that nobody uses, per department, ready and held told apart."""
    by_department = rows.group_by("department").agg(
        pl.col("monthly_saving").sum().alias("not needed"), pl.col("monthly_withheld").sum().alias("held until asked")
    )
    chosen = by_department.unpivot(index="department", variable_name="money", value_name="monthly")
    colours = {"not needed": BLUE, "held until asked": ORANGE}
    drawn = (
        alt.Chart(chosen, height=bars())
        .transform_calculate(**order("money", colours))
        .mark_bar()
        .encode(
            y=alt.Y("department:N", title=None, sort=alt.EncodingSortField("monthly", op="sum", order="descending")),
            x=alt.X("sum(monthly):Q", title=f"{currency} a month", axis=alt.Axis(format=",.0f")),
            color=alt.Color("money:N", title="Money behind idle rights", scale=scale(colours)),
            order=alt.Order("money_order:Q"),
            tooltip=[
                alt.Tooltip("department:N", title="Department"),
                alt.Tooltip("money:N", title="Money"),
                alt.Tooltip("sum(monthly):Q", title=f"{currency} a month", format=",.2f"),
            ],
        )
    )
    return finished(drawn, rows, "Money behind idle channel rights, by department")
