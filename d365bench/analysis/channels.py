"""Channels: who works digital and voice, against who holds the right to."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from d365bench.analysis.combinations import rights_held
from d365bench.analysis.decide import decide
from d365bench.analysis.money import Prices
from d365bench.analysis.target import NO_PRODUCTS, Holding, Search
from d365bench.client import Client
from d365bench.rulebook import Rulebook
from d365bench.thresholds import BY_NAME

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
    """One row per number of counted digital interactions and enough days or not: holders, and money by it."""
    return per_agent(channel_people, "digital", thresholds["digital_min_interactions"])


def voice_per_agent(channel_people: pl.DataFrame, thresholds: Mapping[str, int]) -> pl.DataFrame:
    """One row per number of counted voice interactions and enough days or not: holders, and money by it."""
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
    """One row per channel and person who holds the right to it or works it, with the money that rests on the need.

    `monthly` is by how much the target is cheaper without the need: the same decision taken twice, once with the need
    proved for everybody and once for nobody. `monthly_if_released` is what would go as well if the hold on it, and no
    other one, were answered 'not needed'.
    """
    rows = []
    for channel in CHANNELS:
        proved, absent = (
            decide(with_work(evidence, channel, much), environments, rulebook, client, thresholds)
            for much in (True, False)
        )
        people = decided.select(
            "person_id",
            "upn",
            "display_name",
            "department",
            "out_of_scope",
            "target_products",
            has_right(decided, channel, rulebook, client),
            released(absent, channel, rulebook, client),
            monthly=proved["monthly_target"] - absent["monthly_target"],
            channel=pl.lit(channel),
            interactions=pl.col(f"{channel}_handled") + pl.col(f"{channel}_consulted"),
            enough_days=pl.col(f"{channel}_days") >= thresholds[f"{channel}_min_days"],
            last_day=pl.col(f"{channel}_last"),
            hold=hold_on(channel),
            works=pl.col("needs").list.contains(channel),
        )
        rows.append(people)
    idle, held = pl.col("use") == "idle", pl.col("use") == "held"
    # What is left as it is makes no money here, and unknown products are neither a right nor the lack of one.
    judged = ~pl.col("out_of_scope") & pl.col("target_products").is_not_null() & (pl.col("has_right") | pl.col("works"))
    return (
        pl.concat(rows)
        .filter(judged)
        .with_columns(use=use_of_right(thresholds))
        .with_columns(
            monthly_saving=pl.when(idle).then("monthly").otherwise(0.0).fill_null(0.0),
            monthly_withheld=pl.when(held).then("monthly_if_released").otherwise(0.0).fill_null(0.0),
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


def released(decided: pl.DataFrame, channel: str, rulebook: Rulebook, client: Client) -> pl.Series:
    """For each person, by how much the target would be cheaper were the hold on a channel answered 'not needed'."""
    prices = Prices(client, rulebook)
    search = Search(rulebook, prices)
    rights = pl.col("holds").list.eval(pl.element().str.split(":").list.first())
    keys = ("current_products", "target_products", "live_chat_only", "covered")
    people = decided.with_columns(
        covered=pl.when(rights.list.contains(channel)).then(pl.col("needs").list.concat(rights).list.sort())
    ).select(keys)
    told = people.unique()
    money: list[float | None] = []
    for today, target, live_chat_only, covered in told.iter_rows():
        if covered is None or target is None:
            money.append(0.0)
            continue
        rest = search.target(Holding(frozenset(today), live_chat_only), frozenset(covered) - {channel})
        now, then = prices.total(frozenset(target)), prices.total(rest or NO_PRODUCTS)
        money.append(float(now - then) if now is not None and then is not None else None)
    found = told.with_columns(pl.Series("monthly_if_released", money, dtype=pl.Float64))
    joined = people.join(found, on=keys, how="left", nulls_equal=True, maintain_order="left")
    return joined["monthly_if_released"]


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


def per_agent(channel_people: pl.DataFrame, channel: str, minimum: int) -> pl.DataFrame:
    """The holders of a channel by their interactions, exact up to what a slider asks for; empty groups included."""
    counted = (
        channel_people.filter((pl.col("channel") == channel) & pl.col("has_right"))
        .with_columns(pl.col("interactions").clip(upper_bound=max(MOST_TOLD_APART, minimum) + 1))
        .group_by("interactions", "enough_days")
        .agg(
            pl.len().cast(pl.Int64).alias("people"),
            pl.col("monthly").sum(),
            pl.col("monthly_if_released").sum().alias("monthly_withheld"),
        )
    )
    most = counted["interactions"].max()
    starts = [0, *(end + 1 for end in BUCKET_ENDS)]
    empty = pl.DataFrame({"interactions": starts}, schema={"interactions": pl.Int64}).with_columns(
        enough_days=pl.lit(True), people=pl.lit(0, dtype=pl.Int64), monthly=pl.lit(0.0), monthly_withheld=pl.lit(0.0)
    )
    reached = empty.filter(pl.col("interactions") <= most) if most is not None else empty.clear()
    rows = pl.concat([counted, reached])
    order = pl.Series(BUCKET_ENDS).search_sorted(rows["interactions"], side="left").cast(pl.Int64)
    named = order.replace_strict(range(len(starts)), bucket_names(), return_dtype=pl.String)
    return rows.with_columns(bucket=named, bucket_order=order).sort("bucket_order", "interactions", "people")


def bucket_names() -> list[str]:
    """The names of the groups: '0', '3–5', 'over 1,000'."""
    names = []
    for low, high in zip((-1, *BUCKET_ENDS[:-1]), BUCKET_ENDS, strict=True):
        names.append(f"{high:,}" if high == low + 1 else f"{low + 1:,}–{high:,}")
    return [*names, f"over {BUCKET_ENDS[-1]:,}"]
