"""Charts on Team Members seats: the verdicts, and the cases that decide them."""

from __future__ import annotations

import altair as alt
import polars as pl

from d365bench.charts.theme import GREEN, GREY, ORANGE, SKY, VERMILLION, Chart, bars, finished, room, scale

VERDICTS = {
    "exceeds": VERMILLION,
    "review": ORANGE,
    "within_rights": GREEN,
    "cannot_tell": SKY,
    "no_trace": GREY,
}
SHAPES = ["diamond", "triangle-up", "circle", "square", "cross"]


def people_by_verdict(rows: pl.DataFrame) -> Chart:
    """Bars of Team Members seats per verdict."""
    base = alt.Chart(rows.select("verdict", "people"), height=bars()).encode(
        y=alt.Y("verdict:N", title=None, sort=list(VERDICTS)),
        x=alt.X("people:Q", title="People with a Team Members seat and nothing else", scale=room(rows["people"])),
    )
    drawn = base.mark_bar().encode(
        color=alt.Color("verdict:N", legend=None, scale=scale(VERDICTS)),
        tooltip=[alt.Tooltip("verdict:N", title="Verdict"), alt.Tooltip("people:Q", title="People", format=",")],
    )
    labels = base.mark_text(align="left", dx=4).encode(text=alt.Text("people:Q", format=","))
    return finished(drawn + labels, rows, "Team Members seats by verdict")


def verdicts_by_cases(rows: pl.DataFrame, review_own_cases: int, min_other_cases: int) -> Chart:
    """Bubbles of people by own and others' cases, with the thresholds that part the verdicts."""
    # Most people have few cases and some have very many; half a case is nothing.
    room = alt.Scale(type="sqrt", padding=18, nice=False)
    whole = alt.Axis(labelExpr="datum.value % 1 || datum.value < 0 ? '' : format(datum.value, ',')")
    people = (
        alt.Chart(rows.select("own_cases", "other_cases", "verdict", "people"), height=280)
        .mark_point(filled=True, opacity=0.8)
        .encode(
            x=alt.X("own_cases:Q", title="Own cases in the window", scale=room, axis=whole),
            y=alt.Y("other_cases:Q", title="Others' cases worked or resolved", scale=room, axis=whole),
            size=alt.Size("people:Q", title="People", scale=alt.Scale(range=[60, 900]), legend=None),
            color=alt.Color("verdict:N", title="Verdict", scale=scale(VERDICTS)),
            shape=alt.Shape("verdict:N", title="Verdict", scale=alt.Scale(domain=list(VERDICTS), range=SHAPES)),
            tooltip=[
                alt.Tooltip("verdict:N", title="Verdict"),
                alt.Tooltip("own_cases:Q", title="Own cases", format=","),
                alt.Tooltip("other_cases:Q", title="Others' cases", format=","),
                alt.Tooltip("people:Q", title="People", format=","),
            ],
        )
    )
    limits = pl.DataFrame({"own_cases": [review_own_cases], "other_cases": [min_other_cases]})
    lines = alt.Chart(limits)
    review = lines.mark_rule(strokeDash=[4, 4]).encode(x="own_cases:Q")
    exceeds = lines.mark_rule(strokeDash=[4, 4]).encode(y="other_cases:Q")
    subtitle = "Dashed: from here on own cases are reviewed, and others' cases go beyond the seat"
    return finished(people + review + exceeds, rows, "The cases behind each verdict", subtitle)


def deciding_cases(rows: pl.DataFrame, currency: str) -> Chart:
    """Bars of what each would-be set of products adds in money, people counted once, exceeded and reviewed apart."""
    verdicts = {name: VERDICTS[name] for name in ("exceeds", "review")}
    people = (
        rows.unique("person_id")
        .group_by("would_need", "verdict")
        .agg(pl.len().cast(pl.Int64).alias("people"), pl.col("monthly_more").sum())
    )
    drawn = (
        alt.Chart(people, height=bars(40))
        .mark_bar()
        .encode(
            y=alt.Y(
                "would_need:N", title=None, sort=alt.EncodingSortField("monthly_more", op="sum", order="descending")
            ),
            yOffset=alt.YOffset("verdict:N", sort=list(verdicts)),
            x=alt.X("monthly_more:Q", title=f"{currency} a month more than Team Members", axis=alt.Axis(format=",.0f")),
            color=alt.Color("verdict:N", title="Verdict", scale=scale(verdicts)),
            tooltip=[
                alt.Tooltip("would_need:N", title="Would need"),
                alt.Tooltip("verdict:N", title="Verdict"),
                alt.Tooltip("people:Q", title="People", format=","),
                alt.Tooltip("monthly_more:Q", title=f"{currency} a month more", format=",.2f"),
            ],
        )
    )
    return finished(drawn, rows, "What the work behind these cases would need instead")
