"""Charts on the negotiation: levers to pull, the channel premium, the cap, and what the other side can say."""

from __future__ import annotations

import altair as alt
import polars as pl

from d365bench.charts.renewal import LINES, of_lines
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
    order,
    scale,
)

DISCOUNTED = {"Base": "base", "Digital Messaging": "digital", "Voice": "voice", "Combined bundles": "bundles"}
MOST_DISCOUNT = 30
MOST_UPLIFT = 15
LEVERS_PULLED = "verified, with these levers"
PARTS = {"base": BLUE, "Digital Messaging": SKY, "Voice": ORANGE, "combined bundles": PURPLE}
ABOVE_TOO = alt.Scale(paddingOuter=0.35)  # words stand above the bars, above the first one as well
SIDES = {"rises if they are right": VERMILLION, "falls if we are right": BLUE}
UPLIFTS = (GREEN, SKY, BLUE, ORANGE, VERMILLION, PURPLE, GREY)


def levers(rows: pl.DataFrame, currency: str) -> Chart:
    """Stacked bars of the term's cost: carried forward, verified, and verified under the levers of the sliders."""
    uplift_percent, cap_percent = (first(rows[name]) for name in ("uplift_percent", "cap_percent"))
    sliders = [
        alt.param(
            name=name,
            value=0,
            bind=alt.binding_range(min=0, max=MOST_DISCOUNT, step=0.5, name=f"Percent off {line}: "),
        )
        for line, name in DISCOUNTED.items()
    ]
    most = max(MOST_UPLIFT, uplift_percent)
    sliders.append(
        alt.param(
            name="uplift",
            value=uplift_percent,
            bind=alt.binding_range(min=0, max=most, step=0.5, name="Yearly uplift, percent: "),
        )
    )
    sliders.append(alt.param(name="capped", value=False, bind=alt.binding_checkbox(name="Prices protected by a cap ")))
    sliders.append(
        alt.param(
            name="cap",
            value=cap_percent,
            bind=alt.binding_range(min=0, max=max(MOST_UPLIFT, cap_percent), step=0.5, name="The cap, percent: "),
        )
    )
    chosen = rows.select("position", "line", "cost", "cost_today", "steps")
    off = "".join(f"datum.line == '{line}' ? {name} : " for line, name in DISCOUNTED.items()) + "0"
    pulled = f"datum.position == '{LEVERS_PULLED}'"
    base = alt.Chart(chosen, height=bars(54)).encode(
        y=alt.Y(
            "position:N",
            title=None,
            sort=chosen["position"].unique(maintain_order=True).to_list(),
            scale=ABOVE_TOO,
        ),
    )
    counted = base.transform_calculate(
        # as in the contract: the smaller of the renewal price and today's with the cap, then the smaller of both rises
        capped_cost="capped && isValid(datum.cost_today)"
        " ? min(datum.cost, datum.cost_today * (1 + cap / 100)) : datum.cost",
        rise="pow(1 + (capped ? min(uplift, cap) : uplift) / 100, datum.steps)",
        discount=off,
    ).transform_calculate(
        paid=f"{pulled} ? datum.capped_cost * datum.rise * (1 - datum.discount / 100) : datum.cost",
        **order("line", LINES),
    )
    drawn = counted.mark_bar(size=24, cornerRadius=0).encode(
        x=alt.X("sum(paid):Q", title=f"{currency} over the term", axis=alt.Axis(format=",.0f")),
        color=alt.Color("line:N", title="Line", scale=scale(of_lines(rows))),
        order=alt.Order("line_order:Q"),
        tooltip=[
            alt.Tooltip("line:N", title="Line"),
            alt.Tooltip("sum(paid):Q", title=f"{currency} over the term", format=",.2f"),
        ],
    )
    # the second bar is what is offered for the same seats: the difference is what the levers are worth together
    totals = (
        counted.transform_calculate(
            base_cost=f"datum.line == 'Base' && !({pulled}) && datum.position != 'carried forward' ? datum.cost : 0",
            offered=f"!({pulled}) && datum.position != 'carried forward' ? datum.cost : 0",
        )
        .transform_aggregate(
            total="sum(paid)", base_cost="sum(base_cost)", offered="sum(offered)", groupby=["position"]
        )
        .transform_joinaggregate(all_base="sum(base_cost)", all_offered="sum(offered)")
        .transform_calculate(
            saved="datum.all_offered - datum.total",
            label=f"format(datum.total, ',.0f') + ({pulled} && datum.saved > 0.5"
            " ? ' (saves ' + format(datum.saved, ',.0f') + ', as much as '"
            " + format(100 * datum.saved / datum.all_base, '.1f') + ' % off the base)' : '')",
        )
        .mark_text(align="left", dx=4, dy=-20, x=0)
        .encode(text="label:N")
    )
    return finished((drawn + totals).add_params(*sliders), rows, "What the levers are worth together")


def first(values: pl.Series) -> float:
    """The value that all rows have; none: nothing."""
    return 0.0 if values.is_empty() else float(values[0])


def channel_premium(rows: pl.DataFrame, currency: str) -> Chart:
    """Stacked bars of base and channel money a month per position, with the ratio and the cost of a live agent."""
    names = dict(zip(("monthly_base", "monthly_digital", "monthly_voice", "monthly_bundles"), PARTS, strict=True))
    named = rows.with_columns(pl.col("position").str.replace_all("_", " "))
    long = (
        named.select("position", *names)
        .rename(names)
        .unpivot(index="position", variable_name="part", value_name="monthly_cost")
    )
    share = pl.col("share_percent").round(1)
    notes = named.with_columns(
        note=pl.when(share.is_not_null())
        .then(pl.format("channels {} % of the base", share))
        .otherwise(pl.lit("no base")),
        agent=pl.when(pl.col("monthly_per_live_agent").is_not_null())
        .then(
            pl.format(
                ", {} {} per live agent", pl.lit(currency), pl.col("monthly_per_live_agent").round(0).cast(pl.Int64)
            )
        )
        .otherwise(pl.lit("")),
    ).select("position", note=pl.col("note") + pl.col("agent"))
    positions = named["position"].to_list()
    drawn = (
        alt.Chart(long, height=bars(50))
        .transform_calculate(**order("part", PARTS))
        .mark_bar(size=18, cornerRadius=0)
        .encode(
            y=alt.Y("position:N", title=None, sort=positions, scale=ABOVE_TOO),
            x=alt.X("sum(monthly_cost):Q", title=f"{currency} a month", axis=alt.Axis(format=",.0f")),
            color=alt.Color("part:N", title="Money of", scale=scale(PARTS)),
            order=alt.Order("part_order:Q"),
            tooltip=[
                alt.Tooltip("part:N", title="Money of"),
                alt.Tooltip("sum(monthly_cost):Q", title=f"{currency} a month", format=",.2f"),
            ],
        )
    )
    labels = (
        alt.Chart(notes)
        .mark_text(align="left", dx=4, dy=-17, x=0, fontSize=11)
        .encode(y=alt.Y("position:N", sort=positions, scale=ABOVE_TOO), text="note:N")
    )
    return finished(drawn + labels, rows, "What the channels add to the base")


def price_protection(rows: pl.DataFrame, currency: str) -> Chart:
    """Lines of cost by year: one for each uplift without the cap, dashed ones with it; one panel per price step."""
    # in a term of one year there is no step between years, and nothing to compare
    comparable = pl.col("agreed") | (pl.col("year").max() > 1)
    expected = pl.col("growth_percent") == first(rows.filter("expected")["growth_percent"])
    known = rows.filter(expected).filter(comparable)
    years = known["year"].unique().sort().to_list()
    agreed = pl.when("agreed").then(pl.lit(" (as agreed)")).otherwise(pl.lit(" (for comparison)"))
    steps = pl.col("price_step").replace({"term": "One price for the term", "yearly": "A new price every year"})
    chosen = (
        known.with_columns(panel=steps + agreed, uplift=pl.format("{} %", pl.col("uplift_percent")))
        .sort("agreed", "uplift_percent", descending=[True, False], maintain_order=True)
        .rename({"unprotected": "without the cap", "protected": "with the cap"})
        .select("panel", "uplift", "year", "without the cap", "with the cap")
    )
    long = chosen.unpivot(index=["panel", "uplift", "year"], variable_name="cap", value_name="annual_cost")
    uplifts = chosen["uplift"].unique(maintain_order=True).to_list()
    colours = dict(zip(uplifts, UPLIFTS[: len(uplifts)], strict=True))
    base = alt.Chart(long, height=190).encode(
        x=alt.X(
            "year:Q",
            title="Year of the term",
            axis=alt.Axis(format="d", values=years),
            scale=alt.Scale(nice=False, padding=12),
        ),
        y=alt.Y(
            "annual_cost:Q",
            title=f"{currency} in the year",
            axis=alt.Axis(format=",.0f", tickCount=5),
            scale=alt.Scale(zero=False, nice=True),
        ),
        color=alt.Color("uplift:N", title="Yearly uplift", scale=scale(colours)),
        tooltip=[
            alt.Tooltip("uplift:N", title="Yearly uplift"),
            alt.Tooltip("cap:N", title="Prices"),
            alt.Tooltip("annual_cost:Q", title=currency, format=",.2f"),
        ],
    )
    caps = ["without the cap", "with the cap"]
    lines = base.mark_line(strokeWidth=2).encode(
        strokeDash=alt.StrokeDash("cap:N", title="Prices", scale=alt.Scale(domain=caps, range=[[1, 0], [5, 4]])),
    )
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        shape=alt.Shape("cap:N", title="Prices", scale=alt.Scale(domain=caps, range=["circle", "diamond"])),
    )
    drawn = lines + points
    header = alt.Header(labelOrient="top", labelAnchor="start")
    order_of_panels = chosen["panel"].unique(maintain_order=True).to_list()
    panels = drawn.facet(row=alt.Row("panel:N", title=None, sort=order_of_panels, header=header))
    return finished(panels, rows, "What a cap on prices is worth")


def counter_arguments(rows: pl.DataFrame, currency: str) -> Chart:
    """Bars to either side: by how much the position's cost rises if they are right, and falls if we are."""
    sides = dict(zip(("monthly_if_they_are_right", "monthly_if_we_are_right"), SIDES, strict=True))
    long = (
        rows.select("argument", *sides)
        .rename(sides)
        .unpivot(index="argument", variable_name="side", value_name="monthly_moved")
    )
    base = alt.Chart(long, height=bars(30)).encode(
        y=alt.Y("argument:N", title=None, sort=rows["argument"].to_list(), axis=alt.Axis(labelLimit=340)),
        x=alt.X(
            "monthly_moved:Q",
            title=f"The position moves by {currency} a month",
            axis=alt.Axis(format="+,.0f", tickCount=5),
            scale=alt.Scale(padding=42),
        ),
    )
    drawn = base.mark_bar(size=16, cornerRadius=0).encode(
        color=alt.Color("side:N", title="The position", scale=scale(SIDES)),
        tooltip=[
            alt.Tooltip("argument:N", title="Argument"),
            alt.Tooltip("side:N", title="The position"),
            alt.Tooltip("monthly_moved:Q", title=f"{currency} a month", format="+,.2f"),
        ],
    )
    more = base.transform_filter(alt.datum.monthly_moved > 0).mark_text(align="left", dx=4, fontSize=11)
    less = base.transform_filter(alt.datum.monthly_moved < 0).mark_text(align="right", dx=-4, fontSize=11)
    written = alt.Text("monthly_moved:Q", format="+,.0f")
    middle = alt.Chart(pl.DataFrame({"zero": [0]})).mark_rule().encode(x="zero:Q")
    return finished(
        drawn + middle + more.encode(text=written) + less.encode(text=written),
        rows,
        "What hangs on each argument",
    )
