"""Sensitivity: how far the saving moves with each disputed fact, each threshold and each source of telemetry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

import polars as pl

from d365bench.analysis.coverage import coverage as coverage_of
from d365bench.analysis.decide import decide
from d365bench.analysis.disputes import ATTACH_PRICE, UNVERIFIED_PRICE
from d365bench.analysis.evidence import evidence as evidence_of
from d365bench.analysis.money import Prices, cents
from d365bench.analysis.readings import OTHER_EVIDENCE, with_alternative_prices
from d365bench.analysis.summary import totals
from d365bench.client import Client
from d365bench.errors import OutOfRange
from d365bench.rulebook import ListPrice, Rulebook
from d365bench.store import Store
from d365bench.thresholds import THRESHOLDS, Threshold, resolve

# An estimated price has no other reading; it is moved by so much to either side.
ESTIMATE_PERCENT = 10
# Thresholds that the evidence is counted under; the others only compare what was counted.
COUNTED_UNDER = ("window_days", "season_days", "gap_days")
# Thresholds that show or renew, and decide nothing.
UNDECIDING = ("thin_max_interactions", "headroom_percent")
SOURCES = {"sessions": "sessions", "cases": "cases", "case_history": "case history"}
FULL, NOTHING = 100.0, 0.0
SCHEMA: dict[str, pl.DataType] = {
    "kind": pl.String(),  # fact | threshold | coverage
    "name": pl.String(),
    "change": pl.String(),
    "setting": pl.String(),
    "monthly_saving": pl.Float64(),
    "monthly_moved": pl.Float64(),
    "monthly_saving_ready": pl.Float64(),
    "monthly_saving_conditional": pl.Float64(),
    "monthly_withheld": pl.Float64(),
    "monthly_exposure": pl.Float64(),
    "people": pl.Int64(),
}


class Question(NamedTuple):
    """What the decision is taken on, as it stands."""

    store: Store
    client: Client
    thresholds: Mapping[str, int]
    rulebook: Rulebook
    environments: pl.DataFrame
    evidence: pl.DataFrame
    coverage: pl.DataFrame

    def decided(self) -> pl.DataFrame:
        return decide(self.evidence, self.environments, self.rulebook, self.client, self.thresholds)

    def counted_again(self) -> Question:
        """The same with the evidence counted anew, under its thresholds and coverage."""
        return self._replace(evidence=evidence_of(self.store, self.client, self.thresholds, self.coverage))


class Change(NamedTuple):
    """One thing taken otherwise."""

    kind: str
    name: str
    change: str
    setting: str
    question: Question | None  # None: it moves no monthly figure, only a day or a sentence


def sensitivity(
    store: Store,
    client: Client,
    thresholds: Mapping[str, int],
    rulebook: Rulebook,
    environments: pl.DataFrame,
    evidence: pl.DataFrame,
    coverage: pl.DataFrame,
    decided: pl.DataFrame,
) -> pl.DataFrame:
    """One row per thing taken otherwise, the largest move first: the saving then, and by how much it moves.

    The saving is what is ready and what is conditional; `people` counts those on whom something else is decided.
    """
    question = Question(store, client, thresholds, rulebook, environments, evidence, coverage)
    point = totals(decided)
    rows = [row_of(change, decided, point) for change in changes(question)]
    size = pl.col("monthly_moved").abs().max().over("kind", "name")
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort(
        size, "kind", "name", "change", descending=[True, False, False, False], nulls_last=True, maintain_order=True
    )


def row_of(change: Change, decided: pl.DataFrame, point: Mapping[str, Decimal]) -> tuple[object, ...]:
    if change.question is None:
        return (*change[:4], *[None] * 6, 0)
    other = change.question.decided()
    sums = totals(other)
    return (
        *change[:4],
        cents(saving(sums)),
        cents(saving(sums) - saving(point)),
        *(cents(sums[name]) for name in ("saving_ready", "saving_conditional", "withheld", "exposure")),
        decided_otherwise(decided, other),
    )


def saving(sums: Mapping[str, Decimal]) -> Decimal:
    """What can be saved now and once environments are split or trimmed."""
    return sums["saving_ready"] + sums["saving_conditional"]


def decided_otherwise(decided: pl.DataFrame, other: pl.DataFrame) -> int:
    """How many people have another target or other actions; whoever stands in one frame only counts too."""
    columns = ("person_id", "target_products", "ready_target_products", "actions")
    pairs = decided.select(columns).join(other.select(columns), on="person_id", how="full", suffix="_other")
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_other")) for name in columns)
    return int(pairs.select(differs.sum()).item())


def range_of_saving(sensitivity: pl.DataFrame, decided: pl.DataFrame) -> dict[str, Any]:
    """The saving as a point and as ranges: one thing taken otherwise at a time, by kind; and what holds keep back."""
    sums = totals(decided)
    point = cents(saving(sums))
    ranges: dict[str, Any] = {"point": point}
    for kind in ("fact", "threshold", "coverage"):
        moved = sensitivity.filter(pl.col("kind") == kind)["monthly_saving"].drop_nulls().to_list()
        ranges[kind] = [min([point, *moved]), max([point, *moved])]
    everything = [value for kind in ("fact", "threshold", "coverage") for value in ranges[kind]]
    ranges["low"], ranges["high"] = min(everything), max(everything)
    ranges["with_every_hold_released"] = cents(saving(sums) + sums["withheld"])
    return ranges


# -- what is taken otherwise -------------------------------------------------------------------------------------


def changes(question: Question) -> Iterator[Change]:
    """Every disputed fact read the other way, every threshold a step aside, every source gone and whole."""
    yield from facts(question)
    for threshold in THRESHOLDS:
        if threshold.name not in UNDECIDING:
            yield from steps(question, threshold)
    for source in SOURCES:
        yield from withheld(question, source)


def facts(question: Question) -> Iterator[Change]:
    """The other reading of each disputed fact, and estimated prices a step aside."""
    other: Question | None
    for dispute in question.rulebook.disputes:
        if dispute.key in OTHER_EVIDENCE:
            other = question._replace(evidence=question.evidence.with_columns(OTHER_EVIDENCE[dispute.key]))
        elif dispute.key == ATTACH_PRICE:
            other = question._replace(rulebook=with_alternative_prices(question.rulebook))
        else:
            other = None
        yield Change("fact", dispute.key, "other reading", dispute.other, other)
    prices = Prices(question.client, question.rulebook)
    held = set(question.evidence["current_products"].explode().drop_nulls())
    estimated = sorted(product for product in question.rulebook.products if prices.is_estimate(product))
    if not held & set(estimated):
        return
    for sign, change in ((-1, "lower"), (1, "higher")):
        rulebook = with_scaled_prices(question.rulebook, estimated, 1 + sign * ESTIMATE_PERCENT / 100)
        setting = f"estimated list prices {ESTIMATE_PERCENT} % {change}"
        yield Change("fact", UNVERIFIED_PRICE, change, setting, question._replace(rulebook=rulebook))


def with_scaled_prices(rulebook: Rulebook, products: list[str], factor: float) -> Rulebook:
    """The rule book with the list prices of some products multiplied."""

    def scaled(price: ListPrice) -> ListPrice:
        return replace(price, amount=price.amount * factor) if price.product_key in products else price

    return replace(rulebook, list_prices=tuple(map(scaled, rulebook.list_prices)))


def steps(question: Question, threshold: Threshold) -> Iterator[Change]:
    """A threshold one step down and up, where its bounds and the others allow that."""
    now = question.thresholds[threshold.name]
    for change, value in (("down", now - threshold.step), ("up", now + threshold.step)):
        try:
            values = resolve(question.thresholds, {threshold.name: value})
        except OutOfRange:
            continue
        other = question._replace(thresholds=values)
        if threshold.name in COUNTED_UNDER:
            covered = coverage_of(question.store, question.client, values)
            other = other._replace(coverage=covered).counted_again()
        yield Change("threshold", threshold.name, change, f"{value} instead of {now} {threshold.unit}", other)


def withheld(question: Question, source: str) -> Iterator[Change]:
    """A source that proves nothing, as if it had not been delivered, and one that proves every day."""
    for change, percent in (("not delivered", NOTHING), ("complete", FULL)):
        applies = pl.col("source") == source
        if change == "not delivered":  # what the client has answered for is no matter of delivery
            applies &= ~pl.col("declared").list.contains("last_touch")
        otherwise = pl.when(applies).then(percent)
        covered = question.coverage.with_columns(
            otherwise.otherwise(pl.col(name)).alias(name) for name in ("percent", "season_percent")
        )
        other = question._replace(coverage=covered).counted_again()
        yield Change("coverage", source, change, f"{SOURCES[source]} {change}", other)
