"""Charts on sensitivity: what the saving hangs on."""

from __future__ import annotations

import altair as alt
import polars as pl

from d365bench.charts.theme import BLUE, ORANGE, PURPLE, Chart, bars, finished, scale

KINDS = {"fact": ORANGE, "threshold": BLUE, "coverage": PURPLE}


def tornado(rows: pl.DataFrame, currency: str) -> Chart:
    """Bars of how far the saving moves to either side with each thing taken otherwise, the furthest on top."""
    moving = pl.col("monthly_moved").fill_null(0.0) != 0
    chosen = (
        rows.filter(moving.any().over("kind", "name"))
        .with_columns(what=pl.col("name").str.replace_all("_", " "))
        .select("what", "kind", "setting", "monthly_moved", "monthly_saving", "people")
    )
    base = alt.Chart(chosen, height=bars(26)).encode(
        y=alt.Y("what:N", title=None, sort=chosen["what"].unique(maintain_order=True).to_list()),
        x=alt.X("monthly_moved:Q", title=f"The saving moves by {currency} a month", axis=alt.Axis(format="+,.0f")),
        tooltip=[
            alt.Tooltip("what:N", title="Taken otherwise"),
            alt.Tooltip("setting:N", title="As"),
            alt.Tooltip("monthly_moved:Q", title=f"{currency} a month", format="+,.2f"),
            alt.Tooltip("monthly_saving:Q", title="The saving then", format=",.2f"),
            alt.Tooltip("people:Q", title="People decided otherwise", format=","),
        ],
    )
    drawn = base.mark_bar(size=16, cornerRadius=0).encode(
        color=alt.Color("kind:N", title="Kind of doubt", scale=scale(KINDS))
    )
    middle = alt.Chart(pl.DataFrame({"zero": [0]})).mark_rule().encode(x="zero:Q")
    return finished(drawn + middle, chosen, "What the saving hangs on")
