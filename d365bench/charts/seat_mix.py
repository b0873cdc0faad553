"""Charts on the seat mix: from today's money and seats to the target's."""

from __future__ import annotations

import altair as alt
import polars as pl

from d365bench.charts.theme import BLUE, GREY, ORANGE, SKY, VERMILLION, Chart, bars, finished, room, scale

# How sure a step is; the label of each bar says it in words as well.
STEPS = {
    "total": GREY,
    "ready": BLUE,
    "conditional": SKY,
    "withheld": ORANGE,
    "exposure": VERMILLION,
}


def money_bridge(rows: pl.DataFrame, currency: str) -> Chart:
    """A bridge from today's monthly cost to the target's, ready, conditional and withheld steps told apart."""
    base = alt.Chart(rows.select("step", "kind", "low", "high", "change"), height=bars(32)).encode(
        y=alt.Y("step:N", title=None, sort=rows["step"].to_list()),
        tooltip=[
            alt.Tooltip("step:N", title="Step"),
            alt.Tooltip("kind:N", title="Kind"),
            alt.Tooltip("change:Q", title=f"{currency} a month", format="+,.2f"),
        ],
    )
    drawn = base.mark_bar(size=20, strokeWidth=1.5).encode(
        x=alt.X("low:Q", title=f"{currency} a month", axis=alt.Axis(format=",.0f"), scale=room(rows["high"], 1.25)),
        x2="high:Q",
        color=alt.Color("kind:N", title="Kind of step", scale=scale(STEPS)),
        stroke=alt.when("datum.kind == 'withheld'")
        .then(alt.value(ORANGE))
        .when("datum.kind == 'conditional'")
        .then(alt.value(SKY))
        .otherwise(alt.value("transparent")),
        # Hollow: nothing that may be counted on yet.
        fillOpacity=alt.when("datum.kind == 'withheld'")
        .then(alt.value(0.1))
        .when("datum.kind == 'conditional'")
        .then(alt.value(0.45))
        .otherwise(alt.value(1.0)),
    )
    labels = (
        base.transform_calculate(
            label="datum.kind == 'total' ? format(datum.high, ',.0f')"
            " : format(datum.change, '+,.0f') + (datum.kind == 'ready' ? '' : ' ' + datum.kind)"
        )
        .mark_text(align="left", dx=6)
        .encode(x=alt.X("high:Q"), text="label:N")
    )
    return finished(drawn + labels, rows, "From today's cost to the target's")


def seats_by_product(rows: pl.DataFrame) -> Chart:
    """Bars of seats per product: assigned today, in the ready target and in the target."""
    mixes = {"assigned today": GREY, "ready target": BLUE, "target": SKY}
    chosen = rows.select("product", "assigned", "ready_target", "target").rename(
        {"assigned": "assigned today", "ready_target": "ready target"}
    )
    long = chosen.unpivot(index="product", variable_name="mix", value_name="seats")
    base = alt.Chart(long, height=bars(56)).encode(
        y=alt.Y("product:N", title=None, sort=rows["product"].to_list()),
        yOffset=alt.YOffset("mix:N", sort=list(mixes)),
        x=alt.X("seats:Q", title="Seats", scale=room(long["seats"])),
    )
    drawn = base.mark_bar().encode(
        color=alt.Color("mix:N", title="Seats", scale=scale(mixes)),
        tooltip=[
            alt.Tooltip("product:N", title="Product"),
            alt.Tooltip("mix:N", title="Mix"),
            alt.Tooltip("seats:Q", title="Seats", format=","),
        ],
    )
    labels = base.mark_text(align="left", dx=4, fontSize=11).encode(text=alt.Text("seats:Q", format=","))
    return finished(drawn + labels, rows, "Seats today, when ready, and in the target")


def withheld_by_hold(rows: pl.DataFrame, currency: str) -> Chart:
    """Bars of the money that each kind of doubt holds back."""
    base = alt.Chart(rows.select("hold", "monthly_withheld", "people"), height=bars()).encode(
        y=alt.Y("hold:N", title=None, sort=rows["hold"].to_list()),
        x=alt.X(
            "monthly_withheld:Q",
            title=f"{currency} a month withheld",
            axis=alt.Axis(format=",.0f"),
            scale=room(rows["monthly_withheld"], 1.25),
        ),
    )
    drawn = base.mark_bar(color=ORANGE, fillOpacity=0.25, stroke=ORANGE, strokeWidth=1.5).encode(
        tooltip=[
            alt.Tooltip("hold:N", title="Hold"),
            alt.Tooltip("people:Q", title="People", format=","),
            alt.Tooltip("monthly_withheld:Q", title=f"{currency} a month", format=",.2f"),
        ],
    )
    labels = base.mark_text(align="left", dx=4).encode(text=alt.Text("monthly_withheld:Q", format=",.0f"))
    return finished(drawn + labels, rows, "Money held back, by what would have to be asked")
