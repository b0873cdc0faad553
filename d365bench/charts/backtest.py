"""Charts on the back-test: how often the rules would have been wrong, and what both errors cost."""

from __future__ import annotations

import altair as alt
import polars as pl

from d365bench.charts.theme import BLUE, GREEN, GREY, SKY, VERMILLION, Chart, finished, room, scale

HORIZONS = {"30 days": SKY, "90 days": BLUE, "180 days": GREEN}
# What is varied: the axis, and what it means.
FAMILIES = {
    "window": ("Window, days", "By window, with the look-back that holds what was worked before it."),
    "window_alone": ("Window, days", "By window alone: every doubt that the look-back raises answered 'not needed'."),
    "minimum": ("Minimum of work", "By the minimum of counted work in the window in force."),
}
RIGHTS = {"digital": "Digital", "voice": "Voice", "enterprise": "Enterprise, moved to Professional"}
COSTS = {"idle rights kept": GREY, "agents disturbed": VERMILLION, "both": BLUE}
PANEL = 150
PRICE_STEPS = 40


def error_rates(rows: pl.DataFrame, family: str) -> Chart:
    """Points with intervals: the share of removals that later work would have proved wrong, by threshold value."""
    chosen = (
        rows.filter(
            pl.col("decided_on").is_null() & (pl.col("family") == family) & pl.col("error_percent").is_not_null()
        )
        .with_columns(
            horizon=pl.format("{} days", "horizon_days"),
            right=pl.col("right").replace_strict(RIGHTS),
            value=pl.col("value").cast(pl.String),
        )
        .select("right", "value", "horizon", "error_percent", "low_percent", "high_percent", "misses", "removed")
    )
    values = sorted(chosen["value"].unique(), key=int)
    base = alt.Chart(chosen, width=PANEL, height=200).encode(
        x=alt.X("value:N", title=FAMILIES[family][0], sort=values, axis=alt.Axis(labelAngle=0)),
        xOffset=alt.XOffset("horizon:N", sort=list(HORIZONS)),
        color=alt.Color("horizon:N", title="Worked again within", scale=scale(HORIZONS)),
        tooltip=[
            alt.Tooltip("horizon:N", title="Within"),
            alt.Tooltip("value:N", title="Threshold"),
            alt.Tooltip("error_percent:Q", title="Wrong, percent", format=".1f"),
            alt.Tooltip("low_percent:Q", title="95 % from", format=".1f"),
            alt.Tooltip("high_percent:Q", title="95 % to", format=".1f"),
            alt.Tooltip("misses:Q", title="Wrong removals", format=","),
            alt.Tooltip("removed:Q", title="Removals", format=","),
        ],
    )
    spans = base.mark_rule(strokeWidth=1.5).encode(
        y=alt.Y("low_percent:Q", title="Removals that were wrong, percent", scale=room(chosen["high_percent"])),
        y2="high_percent:Q",
    )
    points = base.mark_point(filled=True, size=55).encode(y="error_percent:Q")
    layers = alt.layer(spans, points).facet(
        facet=alt.Facet("right:N", title=None, sort=list(RIGHTS.values())), columns=len(RIGHTS)
    )
    subtitle = f"{FAMILIES[family][1]} Each line spans the 95 % interval."
    return finished(layers, chosen, "How often the rules would have been wrong", subtitle)


def error_costs(rows: pl.DataFrame, family: str, currency: str) -> Chart:
    """Lines of what idle rights and disturbed agents cost by threshold value; a slider sets the price of disturbance.

    The page itself adds both up again; the price that the rows were made with is where the slider begins.
    """
    chosen = (
        rows.filter(pl.col("family") == family)
        .with_columns(right=pl.col("right").replace_strict(RIGHTS))
        .select("right", "value", "cost_idle", "misses_a_day", "disturbance")
    )
    start = round(float(str(chosen["disturbance"].mean() or 0)))
    price = alt.param(
        name="disturbance_price",
        value=start,
        bind=alt.binding_range(
            min=0,
            max=max(10 * start, 100),
            step=max(start // PRICE_STEPS, 1),
            name=f"Price of disturbing one agent, {currency} ",
        ),
    )
    values = sorted(chosen["value"].unique())
    base = (
        alt.Chart(chosen.drop("disturbance"), width=PANEL, height=200)
        .transform_calculate(
            **{
                "idle rights kept": "datum.cost_idle",
                "agents disturbed": "datum.misses_a_day * disturbance_price",
                "both": "datum.cost_idle + datum.misses_a_day * disturbance_price",
            }
        )
        .transform_joinaggregate(least="min(both)", groupby=["right"])
        .transform_fold(list(COSTS), as_=["error", "cost"])
        .encode(
            x=alt.X("value:O", title=FAMILIES[family][0], sort=values, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("cost:Q", title=f"{currency} for one day of decision", axis=alt.Axis(format=",.0f")),
            color=alt.Color("error:N", title="Cost of", scale=scale(COSTS)),
            tooltip=[
                alt.Tooltip("error:N", title="Cost of"),
                alt.Tooltip("value:O", title="Threshold"),
                alt.Tooltip("cost:Q", title=currency, format=",.2f"),
            ],
        )
    )
    # A diamond where the sum is least, wherever the slider stands.
    best = base.transform_filter("datum.error == 'both' && datum.cost == datum.least").mark_point(
        shape="diamond", size=160, filled=True
    )
    drawn = alt.layer(base.mark_line(point=True), best)
    panels = drawn.facet(facet=alt.Facet("right:N", title=None, sort=list(RIGHTS.values())), columns=len(RIGHTS))
    return finished(panels.add_params(price), chosen, "What both errors cost, by threshold", FAMILIES[family][1])
