"""Charts on two runs: what moved the saving between them."""

from __future__ import annotations

import altair as alt
import polars as pl

from d365bench.charts.theme import BLUE, GREY, VERMILLION, Chart, bars, finished, room, scale

KINDS = {"total": GREY, "more": BLUE, "less": VERMILLION}


def comparison_bridge(rows: pl.DataFrame, currency: str) -> Chart:
    """A bridge from the earlier run's saving to the later one's, a step per cause."""
    base = alt.Chart(rows.select("step", "kind", "low", "high", "change", "people"), height=bars(32)).encode(
        y=alt.Y("step:N", title=None, sort=rows["step"].to_list()),
        tooltip=[
            alt.Tooltip("step:N", title="Step"),
            alt.Tooltip("people:Q", title="People", format=","),
            alt.Tooltip("change:Q", title=f"{currency} a month", format="+,.2f"),
        ],
    )
    drawn = base.mark_bar(size=20).encode(
        x=alt.X("low:Q", title=f"{currency} a month", axis=alt.Axis(format=",.0f"), scale=room(rows["high"], 1.25)),
        x2="high:Q",
        color=alt.Color("kind:N", title="The saving grows or shrinks", scale=scale(KINDS)),
    )
    labels = (
        base.transform_calculate(
            label="datum.kind == 'total' ? format(datum.high, ',.0f') : format(datum.change, '+,.2f')"
        )
        .mark_text(align="left", dx=6)
        .encode(x=alt.X("high:Q"), text="label:N")
    )
    return finished(drawn + labels, rows, "What moved the saving since the earlier run")
