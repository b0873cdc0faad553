"""Back-test: the client's own past, decided again as of earlier days and held against what followed.

decisions.csv is left out, for the rules are on trial. Whoever has left since is not judged: leaving ended the work.
`past` says what an earlier day can show.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from math import sqrt
from typing import NamedTuple

import polars as pl

from d365bench.analysis.channels import cost_of_right
from d365bench.analysis.decide import decide
from d365bench.analysis.holds import CHANNELS
from d365bench.analysis.money import Prices
from d365bench.analysis.past import RIGHTS, Look, Past
from d365bench.analysis.target import Holding, Search
from d365bench.client import Client
from d365bench.rulebook import Rulebook
from d365bench.store import Store

# Each window costs a count of all work for every earlier day.
WINDOWS = (90, 180, 270, 365)
MINIMUMS = (1, 2, 3, 5, 10, 20)
ALONE = "window_alone"
# Evidence as if every doubt that the look-back raises were answered "not needed".
NO_LOOK_BACK = [
    *(pl.lit(0, dtype=pl.Int64).alias(name) for name in ("digital_season", "voice_season", "season_actions")),
    pl.lit(False).alias("season_enterprise"),
]
ENTERPRISE = frozenset({"cases", "enterprise"})
PROFESSIONAL = frozenset({"cases"})
Z95 = 1.959963984540054  # the normal quantile of a two-sided 95 % interval
DAYS_PER_MONTH = 365 / 12
DISTURBED_MONTHS = 3  # unless stated: an agent disturbed costs so many months of the right that was taken
COST_HORIZON = 90

TRIALS: dict[str, pl.DataType] = {
    "right": pl.String(),
    "family": pl.String(),  # window | window_alone (no look-back) | minimum
    "threshold": pl.String(),
    "value": pl.Int64(),
    "is_current": pl.Boolean(),
    "horizon_days": pl.Int64(),
    "decided_on": pl.Date(),  # null: all days together
    "days": pl.Int64(),
    "removed": pl.Int64(),
    "people": pl.Int64(),
    "hits": pl.Int64(),
    "misses": pl.Int64(),
    "error_percent": pl.Float64(),
    "low_percent": pl.Float64(),
    "high_percent": pl.Float64(),
    "kept_working": pl.Int64(),
    "kept_idle": pl.Int64(),
    "held": pl.Int64(),
    "unobserved": pl.Int64(),
    "monthly_idle": pl.Float64(),
    "monthly_right": pl.Float64(),
}

# What a trial is of, but for its day; and what ties a decision to what followed it.
KEYS = ("right", "family", "threshold", "value", "horizon_days")
TRIED = ("person_id", "decided_on", "horizon_days")


class Setting(NamedTuple):
    """What is varied: the window (value None: whichever a row was counted under), or a minimum on the one in force."""

    family: str
    threshold: str
    value: int | None
    rights: tuple[str, ...]
    values: Mapping[str, int]


def backtest(
    store: Store, client: Client, thresholds: Mapping[str, int], rulebook: Rulebook, environments: pl.DataFrame
) -> pl.DataFrame:
    """One row per right, threshold value, horizon and day of decision, and one over all days (decided_on empty).

    `removed` people would have lost the right; `misses` of them worked it within the horizon, `hits` did not. `people`
    counts each of the removed once: the interval rests on people, for the same person on several days is no new
    evidence. `kept_idle` kept a right (`held` of them by a doubt) that they did not work within the horizon.
    """
    judge = Judge(store, client, thresholds, rulebook, environments)
    days: list[pl.DataFrame] = []
    lost: list[pl.DataFrame] = []
    for look in judge.past.looks():
        for setting in settings(thresholds):
            for people in judge.followed(setting, look):
                days.append(by_day(people))
                lost.append(people.filter("lost").select(*KEYS, "person_id").unique())
    if not days:
        return pl.DataFrame(schema=TRIALS)
    single = pl.concat(days)
    trials = pl.concat([single, all_days(single, pl.concat(lost))], how="diagonal")
    return with_rates(trials, thresholds).sort(*KEYS, "decided_on", nulls_last=True)


def windows(thresholds: Mapping[str, int]) -> list[int]:
    """The windows that are tried, the one in force among them."""
    return sorted({*WINDOWS, thresholds["window_days"]})


def settings(thresholds: Mapping[str, int]) -> Iterator[Setting]:
    """What is tried: the windows with and without their look-back, and on the window in force each minimum."""
    yield Setting("window", "window_days", None, RIGHTS, thresholds)
    yield Setting(ALONE, "window_days", None, RIGHTS, thresholds)
    minimums = {channel: f"{channel}_min_interactions" for channel in CHANNELS} | {"enterprise": "sla_min_cases"}
    for right, name in minimums.items():
        for value in sorted({*MINIMUMS, thresholds[name]}):
            yield Setting("minimum", name, value, (right,), {**thresholds, name: value})


class Judge:
    """Decides as of earlier days and looks at what followed."""

    def __init__(
        self,
        store: Store,
        client: Client,
        thresholds: Mapping[str, int],
        rulebook: Rulebook,
        environments: pl.DataFrame,
    ) -> None:
        self._thresholds, self._rulebook, self._environments = thresholds, rulebook, environments
        self._client = replace(client, decisions=client.decisions.clear())
        self.past = Past(store, self._client, thresholds, windows(thresholds))

    def followed(self, setting: Setting, look: Look) -> Iterator[pl.DataFrame]:
        """For each right of a setting, one row per holder, earlier day and horizon: what was decided, what followed."""
        for right, people in self._decided(setting, look.seen):
            # A channel stands on an Enterprise base: whoever works one uses the base as well.
            used = pl.sum_horizontal(RIGHTS) if right == "enterprise" else pl.col(right)
            later = self.past.later.select(*TRIED, (pl.col(right) > 0).alias("worked"), (used > 0).alias("used"))
            spans = look.observed.select("decided_on", "horizon_days").unique(maintain_order=True)
            observed = look.observed.select(*TRIED, pl.col(f"observed_{right}").alias("observed"))
            yield (
                people.join(spans, on="decided_on")
                .join(later, on=TRIED, how="left")
                .join(observed, on=TRIED, how="left")
                .with_columns(pl.col("worked", "used", "observed").fill_null(False))
                .with_columns(
                    right=pl.lit(right),
                    family=pl.lit(setting.family),
                    threshold=pl.lit(setting.threshold),
                    value=pl.col("window_days") if setting.value is None else pl.lit(setting.value, dtype=pl.Int64),
                    lost=pl.col("observed") & pl.col("removed"),
                    idle=pl.col("observed") & ~pl.col("removed") & ~pl.col("used"),
                )
            )

    def _decided(self, setting: Setting, seen: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
        """For each right of the setting: who holds it, who would have lost it, who keeps it by a doubt, its price.

        Several earlier days are decided at once: what one person's decision takes from others, the room for
        Professional in an environment, changes what is ready and not what is removed.
        """
        if setting.family == ALONE:
            seen = seen.with_columns(NO_LOOK_BACK)
        if setting.value is not None:
            seen = seen.filter(pl.col("window_days") == self._thresholds["window_days"])
        decided = decide(seen, self._environments, self._rulebook, self._client, setting.values)
        search = Search(self._rulebook, Prices(self._client, self._rulebook))
        on_trial = ~pl.col("left") & pl.col("human") & ~pl.col("out_of_scope") & pl.col("target_products").is_not_null()
        for right in setting.rights:
            if right == "enterprise":
                price = base_step(decided, search)
                removed: pl.Expr | pl.Series = pl.col("actions").list.contains("move_to_professional")
            else:
                price = cost_of_right(decided, right, self._rulebook, self._client)
                removed = ~granted(decided, search, right)
            yield (
                right,
                decided.with_columns(monthly_right=price, removed=removed)
                .filter(on_trial & pl.col("rights").list.contains(right))
                .select(
                    "person_id",
                    "decided_on",
                    "window_days",
                    "removed",
                    pl.col("holds").list.eval(pl.element().str.starts_with(f"{right}:")).list.any().alias("held"),
                    pl.col("monthly_right").fill_null(0.0),
                ),
            )


def by_day(people: pl.DataFrame) -> pl.DataFrame:
    """Trials counted over the people of each earlier day."""
    seen, lost, idle = pl.col("observed"), pl.col("lost"), pl.col("idle")
    return people.group_by(*KEYS, "decided_on", maintain_order=True).agg(
        days=pl.lit(1, dtype=pl.Int64),
        removed=lost.sum().cast(pl.Int64),
        people=pl.col("person_id").filter(lost).n_unique().cast(pl.Int64),
        hits=(lost & ~pl.col("worked")).sum().cast(pl.Int64),
        misses=(lost & pl.col("worked")).sum().cast(pl.Int64),
        kept_working=(seen & ~pl.col("removed") & pl.col("used")).sum().cast(pl.Int64),
        kept_idle=idle.sum().cast(pl.Int64),
        held=(idle & pl.col("held")).sum().cast(pl.Int64),
        unobserved=(~seen).sum().cast(pl.Int64),
        monthly_idle=pl.col("monthly_right").filter(idle).sum(),
        monthly_right=pl.col("monthly_right").mean(),
        holders=pl.len(),
    )


def all_days(days: pl.DataFrame, lost: pl.DataFrame) -> pl.DataFrame:
    """The trials of all earlier days together; a person who lost a right on several of them counts once in `people`."""
    summed = ("days", "removed", "hits", "misses", "kept_working", "kept_idle", "held", "unobserved", "monthly_idle")
    holders = pl.col("holders")
    return (
        days.group_by(*KEYS, maintain_order=True)
        .agg(pl.col(summed).sum(), monthly_right=(pl.col("monthly_right") * holders).sum() / holders.sum())
        .join(lost.group_by(*KEYS).agg(people=pl.col("person_id").n_unique().cast(pl.Int64)), on=KEYS, how="left")
        .with_columns(pl.col("people").fill_null(0))
    )


def with_rates(trials: pl.DataFrame, thresholds: Mapping[str, int]) -> pl.DataFrame:
    """The trials with their error rates, and whether the value is the one in force."""
    rates = [
        wilson(misses, removed, people)
        for misses, removed, people in trials.select("misses", "removed", "people").iter_rows()
    ]
    names = ("error_percent", "low_percent", "high_percent")
    in_force = pl.col("threshold").replace_strict(thresholds, return_dtype=pl.Int64)
    return trials.with_columns(
        *(pl.Series(name, [one[place] for one in rates], dtype=pl.Float64) for place, name in enumerate(names)),
        is_current=pl.col("value") == in_force,
    ).select(*TRIALS)


# -- errors in money ---------------------------------------------------------------------------------------------


def costs(trials: pl.DataFrame, disturbance: float | None = None, horizon_days: int = COST_HORIZON) -> pl.DataFrame:
    """Per right and threshold value what both errors cost, on average for one day of decision, and where least.

    Values are compared on the days that all of them can be tried on.

    Args:
        trials: what `backtest` gives.
        disturbance: the price of taking a right from one agent who worked it within the horizon; without one it is
            DISTURBED_MONTHS months of what the right costs.
    """
    months = horizon_days / DAYS_PER_MONTH
    groups = ["right", "family"]
    price = DISTURBED_MONTHS * pl.col("monthly_right").mean() if disturbance is None else pl.lit(float(disturbance))
    tried = trials.filter(pl.col("decided_on").is_not_null() & (pl.col("horizon_days") == horizon_days))
    shared = pl.col("value").n_unique().over([*groups, "decided_on"]) == pl.col("value").n_unique().over(groups)
    return (
        tried.filter(shared)
        .with_columns(disturbance=price.over(groups))
        .group_by(*groups, "threshold", "value", "is_current", "disturbance", maintain_order=True)
        .agg(
            days=pl.len().cast(pl.Int64),
            misses_a_day=pl.col("misses").mean(),
            cost_idle=months * pl.col("monthly_idle").mean(),
        )
        .with_columns(cost_disturbed=pl.col("misses_a_day") * pl.col("disturbance"))
        .with_columns(cost=pl.col("cost_idle") + pl.col("cost_disturbed"))
        .with_columns(is_least=pl.col("cost") == pl.col("cost").min().over(groups))
        .sort("right", "family", "value")
    )


# -- parts -------------------------------------------------------------------------------------------------------


def wilson(misses: int, removed: int, people: int) -> tuple[float, float, float] | tuple[None, None, None]:
    """The error rate in percent and its Wilson interval at 95 %, on so many independent people.

    E. B. Wilson, Journal of the American Statistical Association 22 (1927), 209–212.
    """
    if not removed or not people:
        return (None, None, None)
    rate = misses / removed
    spread = Z95**2 / people
    centre = (rate + spread / 2) / (1 + spread)
    half = Z95 * sqrt(rate * (1 - rate) / people + spread / (4 * people)) / (1 + spread)
    return 100 * rate, 100 * max(0.0, centre - half), 100 * min(1.0, centre + half)


def granted(decided: pl.DataFrame, search: Search, right: str) -> pl.Series:
    """For each person whether the target grants a right."""
    keys = ("target_products", "live_chat_only")
    told = decided.select(keys).unique()
    grants = [
        right in search.rights(frozenset(products or ()), live_chat_only=live_chat_only)
        for products, live_chat_only in told.iter_rows()
    ]
    found = told.with_columns(pl.Series("granted", grants, dtype=pl.Boolean))
    joined = decided.select(keys).join(found, on=keys, how="left", nulls_equal=True, maintain_order="left")
    return joined["granted"]


def base_step(decided: pl.DataFrame, search: Search) -> pl.Series:
    """For each person what an Enterprise base costs more than a Professional one of the same kind."""

    @cache
    def step(products: frozenset[str], live_chat_only: bool) -> float:
        holding = Holding(products, live_chat_only)
        totals = [
            None if target is None else search.prices.total(target)
            for target in (search.target(holding, rights) for rights in (ENTERPRISE, PROFESSIONAL))
        ]
        dear, cheap = totals
        return 0.0 if dear is None or cheap is None else max(0.0, float(dear - cheap))

    held: Iterable[tuple[list[str], bool]] = decided.select("current_products", "live_chat_only").iter_rows()
    return pl.Series([step(frozenset(products), live_chat_only) for products, live_chat_only in held], dtype=pl.Float64)
