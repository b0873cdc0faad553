"""Channels: who works digital and voice, against who holds the right to."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from d365bench.analysis.decide import decide
from d365bench.analysis.money import Prices
from d365bench.analysis.target import NO_PRODUCTS, Holding, Search
from d365bench.client import Client
from d365bench.rulebook import Rulebook

CHANNELS = ("digital", "voice")
# Upper ends of the groups in which interactions are shown; the last group is open.
BUCKET_ENDS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
# Above what any slider asks for, exact counts tell nothing more.
MOST_TOLD_APART = 1000


def agents_by_channel(channel_people: pl.DataFrame) -> pl.DataFrame:
    """One row per channel and use (live, thin, held, idle, worked without the right), people counted."""
    return (
        channel_people.group_by("channel", "use")
        .agg(pl.len().cast(pl.Int64).alias("people"), pl.col("monthly_saving", "monthly_withheld").sum())
        .sort("channel", "people", "use", descending=[False, True, False])
    )


def digital_per_agent(channel_people: pl.DataFrame, thresholds: Mapping[str, int]) -> pl.DataFrame:
    """One row per number of counted digital interactions and enough days or not: holders and what their rights cost."""
    return per_agent(channel_people, "digital", thresholds["digital_min_interactions"])


def voice_per_agent(channel_people: pl.DataFrame, thresholds: Mapping[str, int]) -> pl.DataFrame:
    """One row per number of counted voice interactions and enough days or not: holders and what their rights cost."""
    return per_agent(channel_people, "voice", thresholds["voice_min_interactions"])


def idle_agents(channel_people: pl.DataFrame) -> pl.DataFrame:
    """One row per person and channel held without proved work, the dearest first."""
    return (
        channel_people.filter(pl.col("use").is_in(["idle", "held"]))
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
    evidence: pl.DataFrame,
    decided: pl.DataFrame,
    environments: pl.DataFrame,
    rulebook: Rulebook,
    client: Client,
    thresholds: Mapping[str, int],
) -> pl.DataFrame:
    """One row per channel and person who holds the right to it or works it, with what the right costs today.

    `standing` says what becomes of the right should the work count for nothing: 'goes', 'held' by a doubt, or 'kept'
    by an earlier decision. It is the decision itself, taken once more with no work on that channel.
    """
    rows = []
    for channel in CHANNELS:
        without = decide(without_work(evidence, channel), environments, rulebook, client, thresholds)
        people = decided.select(
            "person_id",
            "upn",
            "display_name",
            "department",
            "out_of_scope",
            "target_products",
            cost_of_right(decided, channel, rulebook, client),
            without.select(standing(channel)).to_series(),
            channel=pl.lit(channel),
            interactions=pl.col(f"{channel}_handled") + pl.col(f"{channel}_consulted"),
            enough_days=pl.col(f"{channel}_days") >= thresholds[f"{channel}_min_days"],
            last_day=pl.col(f"{channel}_last"),
            hold=hold_on(channel),
            works=pl.col("needs").list.contains(channel),
        )
        rows.append(people)
    has_right = pl.col("monthly_right").is_not_null()
    # What is left as it is makes no money here, and unknown products are neither a right nor the lack of one.
    judged = ~pl.col("out_of_scope") & pl.col("target_products").is_not_null() & (has_right | pl.col("works"))
    idle, held = pl.col("use") == "idle", pl.col("use") == "held"
    return (
        pl.concat(rows)
        .with_columns(has_right=has_right)
        .filter(judged)
        .with_columns(use=use_of_right(thresholds))
        .with_columns(
            monthly_saving=pl.when(idle).then("monthly_right").otherwise(0.0),
            monthly_withheld=pl.when(held).then("monthly_right").otherwise(0.0),
        )
    )


def use_of_right(thresholds: Mapping[str, int]) -> pl.Expr:
    """What a person makes of the right: live, thin, held, idle, or worked without it."""
    return (
        pl.when(~pl.col("has_right"))
        .then(pl.lit("worked without the right"))
        .when(pl.col("works") & (pl.col("interactions") > thresholds["thin_max_interactions"]))
        .then(pl.lit("live"))
        .when("works")
        .then(pl.lit("thin"))
        .when(pl.col("hold").is_not_null())
        .then(pl.lit("held"))
        .otherwise(pl.lit("idle"))
    )


def hold_on(right: str) -> pl.Expr:
    """The hold on one right, null where there is none."""
    of_right = pl.element().filter(pl.element().str.starts_with(f"{right}:"))
    return pl.col("holds").list.eval(of_right.str.strip_prefix(f"{right}:")).list.first()


def standing(channel: str) -> pl.Expr:
    """What is decided about a right that no work proves."""
    return (
        pl.when(pl.col("needs").list.contains(channel))
        .then(pl.lit("kept"))
        .when(hold_on(channel).is_not_null())
        .then(pl.lit("held"))
        .otherwise(pl.lit("goes"))
        .alias("standing")
    )


def without_work(evidence: pl.DataFrame, channel: str) -> pl.DataFrame:
    """The evidence as if nobody had worked a channel in the window."""
    nothing = pl.lit(0, dtype=pl.Int64)
    return evidence.with_columns(
        nothing.alias(name) for name in (f"{channel}_handled", f"{channel}_consulted", f"{channel}_days")
    )


def cost_of_right(decided: pl.DataFrame, channel: str, rulebook: Rulebook, client: Client) -> pl.Series:
    """For each person, what the right to a channel adds to the price of today's products; null without the right.

    That is today's price less the cheapest set for the rest of today's rights: the add-on's price where there is one,
    the difference between two bases where there is none.
    """
    prices = Prices(client, rulebook)
    search = Search(rulebook, prices)
    keys = ("current_products", "live_chat_only")
    told = decided.select(keys).unique()
    costs: list[float | None] = []
    for today, live_chat_only in told.iter_rows():
        products = frozenset(today)
        rights = search.rights(products, live_chat_only=live_chat_only)
        if channel not in rights:
            costs.append(None)
            continue
        rest = search.target(Holding(products, live_chat_only), rights - {channel})
        now, then = prices.total(products), prices.total(rest or NO_PRODUCTS)
        costs.append(max(0.0, float(now - then)) if now is not None and then is not None else 0.0)
    found = told.with_columns(pl.Series("monthly_right", costs, dtype=pl.Float64))
    joined = decided.select(keys).join(found, on=keys, how="left", nulls_equal=True, maintain_order="left")
    return joined["monthly_right"]


def per_agent(channel_people: pl.DataFrame, channel: str, minimum: int) -> pl.DataFrame:
    """The holders of a channel by their interactions, exact up to what a slider asks for; empty groups included."""
    counted = (
        channel_people.filter((pl.col("channel") == channel) & pl.col("has_right"))
        .with_columns(pl.col("interactions").clip(upper_bound=max(MOST_TOLD_APART, minimum) + 1))
        .group_by("interactions", "enough_days", "standing")
        .agg(pl.len().cast(pl.Int64).alias("people"), pl.col("monthly_right").sum())
    )
    most = counted["interactions"].max()
    starts = [0, *(end + 1 for end in BUCKET_ENDS)]
    empty = pl.DataFrame({"interactions": starts}, schema={"interactions": pl.Int64}).with_columns(
        enough_days=pl.lit(True),
        standing=pl.lit("goes"),
        people=pl.lit(0, dtype=pl.Int64),
        monthly_right=pl.lit(0.0),
    )
    reached = empty.filter(pl.col("interactions") <= most) if most is not None else empty.clear()
    rows = pl.concat([counted, reached])
    order = pl.Series(BUCKET_ENDS).search_sorted(rows["interactions"], side="left").cast(pl.Int64)
    named = order.replace_strict(range(len(starts)), bucket_names(), return_dtype=pl.String)
    return rows.with_columns(bucket=named, bucket_order=order).sort(
        "bucket_order", "interactions", "enough_days", "standing", "people"
    )


def bucket_names() -> list[str]:
    """The names of the groups: '0', '3–5', 'over 1,000'."""
    names = []
    for low, high in zip((-1, *BUCKET_ENDS[:-1]), BUCKET_ENDS, strict=True):
        names.append(f"{high:,}" if high == low + 1 else f"{low + 1:,}–{high:,}")
    return [*names, f"over {BUCKET_ENDS[-1]:,}"]
