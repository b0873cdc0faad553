"""Concurrency: how many agents work a channel at a time, against the people who hold the right to."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from d365bench.analysis.holds import CHANNELS
from d365bench.analysis.needs import interactions
from d365bench.client import Client
from d365bench.store import Store

SPANS = {"day": "concurrency/agent_day", "hour": "concurrency/agent_hour"}
LOAD: dict[str, pl.DataType] = {
    "span": pl.String(),  # day | hour
    "channel": pl.String(),
    "span_from": pl.Datetime("us"),
    "agents": pl.Int64(),
    "interactions": pl.Int64(),
    "thin_agents": pl.Int64(),
    "thin_interactions": pl.Int64(),
}


def agent_load(store: Store, client: Client, thresholds: Mapping[str, int], decided: pl.DataFrame) -> pl.DataFrame:
    """One row per channel and day or UTC hour of the window in which the channel was worked at all.

    `agents` are distinct people with a counted interaction then. An export tells when somebody joined a session and
    not how long it took, so an hour shows who joined in it: fewer than were on duty.
    """
    store.register("thin_agent", thin_agents(decided, thresholds))
    asked = {"as_of": client.as_of, **thresholds}
    parts = [store.query(name, **asked).select(pl.lit(span).alias("span"), pl.all()) for span, name in SPANS.items()]
    store.unregister("thin_agent")
    return pl.concat([pl.DataFrame(schema=LOAD), *parts])


def thin_agents(decided: pl.DataFrame, thresholds: Mapping[str, int]) -> pl.DataFrame:
    """One row per person and channel that is needed, but hardly worked."""
    parts = [
        decided.filter(
            pl.col("needs").list.contains(channel)
            & (interactions(channel) <= thresholds["thin_max_interactions"])
            & ~pl.col("out_of_scope")
        ).select("person_id", channel=pl.lit(channel))
        for channel in CHANNELS
    ]
    return pl.concat(parts)


def concurrency(store: Store, client: Client, thresholds: Mapping[str, int], decided: pl.DataFrame) -> pl.DataFrame:
    """One row per channel and span: agents at a time (median, 95th percentile, peak) against rights held and verified.

    `assigned` people hold the right to the channel today, `verified` ones need it by their work, `held` ones keep it
    by a doubt.
    """
    load = agent_load(store, client, thresholds, decided)
    agents = pl.col("agents")
    measured = load.group_by("channel", "span", maintain_order=True).agg(
        spans=pl.len().cast(pl.Int64),
        median=agents.median(),
        p95=agents.quantile(0.95, "higher").cast(pl.Int64),
        peak=agents.max(),
        peak_at=pl.col("span_from").sort_by("agents", "span_from", descending=[True, False]).first(),
    )
    return measured.join(people_by_channel(decided), on="channel", how="left").sort("channel", "span")


def people_by_channel(decided: pl.DataFrame) -> pl.DataFrame:
    """One row per channel: people with the right today, by need and by doubt."""
    rows = []
    for channel in CHANNELS:
        has = pl.col("rights").list.contains(channel) & ~pl.col("left")
        needs = pl.col("needs").list.contains(channel)
        held = pl.col("holds").list.eval(pl.element().str.starts_with(f"{channel}:")).list.any()
        rows.append(
            decided.select(
                channel=pl.lit(channel),
                assigned=pl.col("rights").list.contains(channel).sum().cast(pl.Int64),
                verified=needs.sum().cast(pl.Int64),
                held=(has & held).sum().cast(pl.Int64),
            )
        )
    return pl.concat(rows)


def thin_cohort(store: Store, client: Client, thresholds: Mapping[str, int], decided: pl.DataFrame) -> pl.DataFrame:
    """One row per channel: the thin agents, their interactions, and whether the others could take those over.

    In each hour (day, where instants are gone) with thin work the other agents then at work are asked to take it, each
    at most as many interactions as the others ever took on average in one span: the observed peak. What falls into
    spans without enough others is `not_absorbable`.
    """
    load = agent_load(store, client, thresholds, decided)
    has_hours = load.filter(pl.col("span") == "hour").select(hours=pl.len() > 0).item()
    others = pl.col("agents") - pl.col("thin_agents")
    work = pl.col("interactions") - pl.col("thin_interactions")
    spans = load.filter(pl.col("span") == ("hour" if has_hours else "day")).with_columns(others=others, work=work)
    peak = (
        spans.filter(pl.col("others") > 0).group_by("channel").agg(peak_rate=(pl.col("work") / pl.col("others")).max())
    )
    # a hair above: 3 × 7/3 is seven whole interactions
    room = (pl.col("others") * pl.col("peak_rate") - pl.col("work") + 1e-9).fill_null(0.0).floor().cast(pl.Int64)
    absorbed = pl.min_horizontal("thin_interactions", room.clip(lower_bound=0))
    counted = (
        spans.join(peak, on="channel", how="left")
        .with_columns(absorbed=absorbed)
        .group_by("channel")
        .agg(
            pl.col("span").first(),
            pl.col("peak_rate").first(),
            interactions=pl.col("interactions").sum(),
            thin_interactions=pl.col("thin_interactions").sum(),
            thin_spans=(pl.col("thin_interactions") > 0).sum().cast(pl.Int64),
            absorbable=pl.col("absorbed").sum(),
        )
    )
    thin = thin_agents(decided, thresholds).group_by("channel").agg(thin_agents=pl.len().cast(pl.Int64))
    return (
        pl.DataFrame({"channel": CHANNELS})
        .join(thin, on="channel", how="left")
        .join(counted, on="channel", how="left")
        .with_columns(
            pl.col("thin_agents", "interactions", "thin_interactions", "thin_spans", "absorbable").fill_null(0)
        )
        .with_columns(not_absorbable=pl.col("thin_interactions") - pl.col("absorbable"))
        .with_columns(could_absorb=pl.col("not_absorbable") == 0)
    )
