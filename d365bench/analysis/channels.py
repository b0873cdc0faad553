"""Channels: who works digital and voice, against who holds the right to."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from d365bench.analysis.combinations import rights_held
from d365bench.analysis.decide import decide
from d365bench.analysis.money import Prices
from d365bench.analysis.target import Search
from d365bench.client import Client
from d365bench.rulebook import Rulebook
from d365bench.thresholds import BY_NAME

CHANNELS = ("digital", "voice")
# Upper ends of the groups in which interactions are shown; the last group is open.
BUCKET_ENDS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
# Above what any slider asks for, exact counts tell nothing more.
MOST_TOLD_APART = 1000


def agents_by_channel(
    evidence: pl.DataFrame,
    decided: pl.DataFrame,
    environments: pl.DataFrame,
    rulebook: Rulebook,
    client: Client,
    thresholds: Mapping[str, int],
) -> pl.DataFrame:
    """One row per channel and use (live, thin, held, idle, worked without the right), people counted."""
    rows = [
        channel_people(channel, evidence, decided, environments, rulebook, client, thresholds)
        .group_by("channel", "use")
        .agg(pl.len().cast(pl.Int64).alias("people"), pl.col("monthly_saving", "monthly_withheld").sum())
        for channel in CHANNELS
    ]
    return pl.concat(rows).sort("channel", "people", "use", descending=[False, True, False])


def digital_per_agent(
    evidence: pl.DataFrame,
    decided: pl.DataFrame,
    environments: pl.DataFrame,
    rulebook: Rulebook,
    client: Client,
    thresholds: Mapping[str, int],
) -> pl.DataFrame:
    """One row per number of counted digital interactions and enough days or not: holders, and money by it."""
    return per_agent(channel_people("digital", evidence, decided, environments, rulebook, client, thresholds))


def voice_per_agent(
    evidence: pl.DataFrame,
    decided: pl.DataFrame,
    environments: pl.DataFrame,
    rulebook: Rulebook,
    client: Client,
    thresholds: Mapping[str, int],
) -> pl.DataFrame:
    """One row per number of counted voice interactions and enough days or not: holders, and money by it."""
    return per_agent(channel_people("voice", evidence, decided, environments, rulebook, client, thresholds))


def idle_agents(
    evidence: pl.DataFrame,
    decided: pl.DataFrame,
    environments: pl.DataFrame,
    rulebook: Rulebook,
    client: Client,
    thresholds: Mapping[str, int],
) -> pl.DataFrame:
    """One row per person and channel held without proved work, the dearest first."""
    people = [
        channel_people(channel, evidence, decided, environments, rulebook, client, thresholds) for channel in CHANNELS
    ]
    return (
        pl.concat(people)
        .filter(pl.col("use").is_in(["idle", "held"]))
        .with_columns(pl.col("department").fill_null("no department"))
        .select(
            "person_id",
            "upn",
            "display_name",
            "department",
            "channel",
            "use",
            "interactions",
            "last_day",
            "hold",
            "monthly_saving",
            "monthly_withheld",
        )
        .sort("monthly_saving", "monthly_withheld", "person_id", "channel", descending=[True, True, False, False])
    )


def channel_people(
    channel: str,
    evidence: pl.DataFrame,
    decided: pl.DataFrame,
    environments: pl.DataFrame,
    rulebook: Rulebook,
    client: Client,
    thresholds: Mapping[str, int],
) -> pl.DataFrame:
    """One row per person who holds the right to a channel or works it, with what rests on the need for it.

    `monthly` is by how much the person's target is cheaper without the need, `monthly_withheld_without` how much more
    is then withheld: the same decision taken twice, once with the need proved for everybody and once for nobody.
    """
    proved, absent = (
        decide(with_work(evidence, channel, much), environments, rulebook, client, thresholds) for much in (True, False)
    )
    minimum_days = thresholds[f"{channel}_min_days"]
    works = pl.col("needs").list.contains(channel)
    held = pl.col("hold").is_not_null()
    use = (
        pl.when(~pl.col("has_right"))
        .then(pl.lit("worked without the right"))
        .when(works & (pl.col("interactions") > thresholds["thin_max_interactions"]))
        .then(pl.lit("live"))
        .when(works)
        .then(pl.lit("thin"))
        .when(held)
        .then(pl.lit("held"))
        .otherwise(pl.lit("idle"))
    )
    holds = pl.col("holds").list.eval(
        pl.element().filter(pl.element().str.starts_with(f"{channel}:")).str.strip_prefix(f"{channel}:")
    )
    return (
        decided.with_columns(
            has_right(decided, channel, rulebook, client),
            monthly=proved["monthly_target"] - absent["monthly_target"],
            monthly_withheld_without=absent["monthly_withheld"] - proved["monthly_withheld"],
            channel=pl.lit(channel),
            interactions=pl.col(f"{channel}_handled") + pl.col(f"{channel}_consulted"),
            enough_days=pl.col(f"{channel}_days") >= minimum_days,
            last_day=pl.col(f"{channel}_last"),
            hold=holds.list.first(),
        )
        # What is left as it is makes no money here, and unknown products are neither a right nor the lack of one.
        .filter(~pl.col("out_of_scope") & pl.col("target_products").is_not_null() & (pl.col("has_right") | works))
        .with_columns(use.alias("use"))
        .with_columns(
            pl.when(pl.col("use") == "idle").then("monthly").otherwise(0.0).fill_null(0.0).alias("monthly_saving"),
            pl.when(pl.col("use") == "held")
            .then("monthly_withheld_without")
            .otherwise(0.0)
            .fill_null(0.0)
            .alias("monthly_withheld"),
        )
    )


def with_work(evidence: pl.DataFrame, channel: str, much: bool) -> pl.DataFrame:
    """The evidence as if everybody, or nobody, had met the minimums of a channel in the window."""
    interactions = BY_NAME[f"{channel}_min_interactions"].high if much else 0
    days = BY_NAME[f"{channel}_min_days"].high if much else 0
    return evidence.with_columns(
        pl.lit(interactions, dtype=pl.Int64).alias(f"{channel}_handled"),
        pl.lit(0, dtype=pl.Int64).alias(f"{channel}_consulted"),
        pl.lit(days, dtype=pl.Int64).alias(f"{channel}_days"),
    )


def has_right(decided: pl.DataFrame, channel: str, rulebook: Rulebook, client: Client) -> pl.Series:
    """For each person, whether today's products grant the right to a channel."""
    today = decided.select(pl.col("current_products").list.sort().list.join("+").alias("products"), "live_chat_only")
    held = rights_held(today, Search(rulebook, Prices(client, rulebook)))
    joined = today.join(held, on=["products", "live_chat_only"], how="left", maintain_order="left")
    return joined[f"has_{channel}"].fill_null(False).alias("has_right")


def per_agent(people: pl.DataFrame) -> pl.DataFrame:
    """The holders of a channel by their interactions, exact up to what a slider asks for; empty groups included."""
    names = bucket_names()
    buckets = pl.DataFrame(
        {
            "bucket": names,
            "bucket_order": range(len(names)),
            "interactions": [end_before + 1 for end_before in (-1, *BUCKET_ENDS)],
        },
        schema_overrides={"bucket_order": pl.Int64, "interactions": pl.Int64},
    )
    counted = (
        people.filter("has_right")
        .with_columns(pl.col("interactions").clip(upper_bound=MOST_TOLD_APART + 1))
        .group_by("interactions", "enough_days")
        .agg(
            pl.len().cast(pl.Int64).alias("people"),
            pl.col("monthly").sum(),
            pl.col("monthly_withheld_without").sum().alias("monthly_withheld"),
        )
        .with_columns(
            pl.col("interactions").cut(list(BUCKET_ENDS), labels=names).cast(pl.String).alias("bucket"),
        )
        .join(buckets.select("bucket", "bucket_order"), on="bucket")
    )
    reached = buckets.filter(pl.col("bucket_order") <= (counted["bucket_order"].max() if counted.height else -1))
    empty = reached.join(counted, on="bucket", how="anti").with_columns(
        enough_days=pl.lit(True), people=pl.lit(0, dtype=pl.Int64), monthly=pl.lit(0.0), monthly_withheld=pl.lit(0.0)
    )
    return pl.concat([counted, empty.select(counted.columns)]).sort("bucket_order", "interactions", "enough_days")


def bucket_names() -> list[str]:
    """The names of the groups: '0', '3–5', 'over 1,000'."""
    names = []
    for low, high in zip((-1, *BUCKET_ENDS[:-1]), BUCKET_ENDS, strict=True):
        names.append(f"{high:,}" if high == low + 1 else f"{low + 1:,}–{high:,}")
    return [*names, f"over {BUCKET_ENDS[-1]:,}"]
