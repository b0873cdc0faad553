"""Comparison: what moved between two runs of one client, and why; the parts sum to the total to the cent.

A run leaves its ledger, summary and manifest behind, and that is all that this needs. A person's move is put down to
the first thing that differs in the row: licences, decisions, telemetry, thresholds, rules. What prices alone did is
taken out before, by pricing the earlier run's sets as the later run does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

LICENCES, DECISIONS, TELEMETRY = "licences", "decisions", "telemetry"
THRESHOLDS, RULES, BOTH, ROUNDING = "thresholds", "rule book and prices", "telemetry and thresholds", "rounding"
CAUSES = (TELEMETRY, LICENCES, DECISIONS, THRESHOLDS, BOTH, RULES, ROUNDING)
MONEY = ("monthly_now", "monthly_ready_target", "monthly_target", "monthly_withheld")
PRODUCTS = {
    "current_products": "monthly_now",
    "ready_target_products": "monthly_ready_target",
    "target_products": "monthly_target",
}
# What each cause shows in; reasons, money and decided columns follow from these.
OF_LICENCES = ("current_products", "assigned_via", "assigned_on", "account_enabled")
OF_DECISIONS = ("decision",)
COUNTED = (
    *(f"{channel}_{what}" for channel in ("digital", "voice") for what in ("handled", "consulted", "monitored")),
    *(f"{channel}_{what}" for channel in ("digital", "voice") for what in ("offered", "days", "last", "season")),
    *("unknown_sessions", "own_cases", "other_cases", "sla_cases", "entitlement_cases", "copilot_cases"),
    *("routed_records", "queue_items", "articles", "case_days", "last_activity", "last_seen", "tenure_days"),
    *("coverage_sessions", "coverage_cases", "environments"),
)
# Thresholds that the counts themselves depend on: under others they cannot be compared.
COUNTED_UNDER = ("window_days", "season_days", "gap_days")
SAVING = pl.col("monthly_now") - pl.col("monthly_ready_target")
PARTS: dict[str, pl.DataType] = {
    "cause": pl.String(),
    "people": pl.Int64(),
    "monthly_now": pl.Decimal(18, 2),
    "monthly_ready_target": pl.Decimal(18, 2),
    "monthly_saving": pl.Decimal(18, 2),
}
BRIDGE: dict[str, pl.DataType] = {
    "place": pl.Int64(),
    "step": pl.String(),
    "kind": pl.String(),  # total | more | less
    "low": pl.Float64(),
    "high": pl.Float64(),
    "change": pl.Float64(),
    "people": pl.Int64(),
}
CENTS = pl.Decimal(18, 2)


@dataclass(frozen=True)
class Written:
    """What a run left behind."""

    ledger: pl.DataFrame  # the columns of ledger.csv, in whatever form
    summary: Mapping[str, Any]
    manifest: Mapping[str, Any] = field(default_factory=dict)  # thresholds, rulebook, inputs, as_of


def read_written(folder: Path) -> Written | None:
    """The run in an output folder; None where there is no whole one."""
    paths = {name: folder / name for name in ("ledger.csv", "summary.json", "manifest.json")}
    if not all(path.is_file() for path in paths.values()):
        return None
    return Written(
        pl.read_csv(paths["ledger.csv"], infer_schema=False),
        json.loads(paths["summary.json"].read_text(encoding="utf-8")),
        json.loads(paths["manifest.json"].read_text(encoding="utf-8")),
    )


def comparison(before: Written, after: Written, under_earlier: pl.DataFrame | None = None) -> pl.DataFrame:
    """One row per cause: people it moved, and what it moved of today's cost, the ready target and the saving.

    The saving is today's cost less the ready target's, as in the summary; exposure counts against it.

    Args:
        under_earlier: the ledger of the later run's store under the earlier run's thresholds; with it the part of the
            thresholds is exact, without it rows that may have moved by both stand under 'telemetry and thresholds'.
    """
    people = moved_people(before, after, under_earlier)
    parts = (
        people.group_by("cause")
        .agg(
            people=pl.col("person_id").n_unique().cast(pl.Int64),
            **{name: pl.col(name).sum().cast(CENTS) for name in ("monthly_now", "monthly_ready_target")},
        )
        .with_columns(monthly_saving=SAVING.cast(CENTS))
        .select(*PARTS)
    )
    rounding = left_over(parts, before, after)
    found = pl.concat([parts, rounding]) if rounding.height else parts
    order = pl.col("cause").replace_strict(CAUSES, range(len(CAUSES)), return_dtype=pl.Int64)
    return found.sort(order)


def moved_people(before: Written, after: Written, under_earlier: pl.DataFrame | None = None) -> pl.DataFrame:
    """One row per person and cause with a move: what it moved, and actions before and after."""
    steps = [(before.ledger, after.ledger, False)]
    if under_earlier is not None:
        steps = [(before.ledger, under_earlier, False), (under_earlier, after.ledger, True)]
    rows = [
        row
        for earlier, later, only_thresholds in steps
        for row in moved_rows(texts(earlier), texts(later), before, after, only_thresholds=only_thresholds)
    ]
    found = pl.concat(rows)
    return found.filter(
        (pl.col("monthly_now") != 0)
        | (pl.col("monthly_ready_target") != 0)
        | pl.col("actions_before").ne_missing(pl.col("actions_after"))
    ).sort("person_id", "cause")


def moved_rows(
    earlier: pl.DataFrame, later: pl.DataFrame, before: Written, after: Written, *, only_thresholds: bool
) -> list[pl.DataFrame]:
    """The moves by prices, and the moves by everything else."""
    pairs = earlier.join(later, on="person_id", how="full", suffix="_later", coalesce=True)
    if only_thresholds:
        return [moves(pairs, pl.lit(THRESHOLDS), {name: pl.lit(0, dtype=CENTS) for name in MONEY})]
    prices = set_prices(later)
    repriced = {}
    for products, money in PRODUCTS.items():
        pairs = pairs.join(prices.rename({"set": products, "price": f"{money}_repriced"}), on=products, how="left")
        # a set that nobody has any more keeps its price, and its move stands under the other cause
        repriced[money] = (pl.col(f"{money}_repriced") - pl.col(money)).fill_null(0)
    by_price = pairs.select(
        "person_id",
        pl.lit(RULES).alias("cause"),
        *(repriced[name].cast(CENTS).alias(name) for name in ("monthly_now", "monthly_ready_target")),
        actions_before=pl.lit(None, dtype=pl.String),
        actions_after=pl.lit(None, dtype=pl.String),
    )
    return [by_price, moves(pairs, cause(before.manifest, after.manifest), repriced)]


def moves(pairs: pl.DataFrame, why: pl.Expr, taken_out: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """What moved in each row beside what is taken out, with its cause."""
    return pairs.select(
        "person_id",
        why.alias("cause"),
        *(
            (pl.col(f"{name}_later").fill_null(0) - pl.col(name).fill_null(0) - taken_out[name]).cast(CENTS).alias(name)
            for name in ("monthly_now", "monthly_ready_target")
        ),
        actions_before="actions",
        actions_after="actions_later",
    )


def cause(before: Mapping[str, Any], after: Mapping[str, Any]) -> pl.Expr:
    """The first thing that differs between the two rows of a person."""

    def differs(columns: tuple[str, ...]) -> pl.Expr:
        return pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_later")) for name in columns)

    thresholds = changed_thresholds(before, after)
    counted_otherwise = any(name in COUNTED_UNDER for name in thresholds)
    by_counts = BOTH if counted_otherwise and before.get("inputs") != after.get("inputs") else TELEMETRY
    if counted_otherwise and before.get("inputs") == after.get("inputs"):
        by_counts = THRESHOLDS
    rest = THRESHOLDS if thresholds else RULES if before.get("rulebook") != after.get("rulebook") else TELEMETRY
    # Whoever stands in one run only came or went with a product, or else with the work that was counted.
    alone = pl.col("actions").is_null() | pl.col("actions_later").is_null()
    held = pl.coalesce("current_products", "current_products_later").fill_null("") != ""
    return (
        pl.when(alone)
        .then(pl.when(held).then(pl.lit(LICENCES)).otherwise(pl.lit(by_counts)))
        .when(differs(OF_LICENCES))
        .then(pl.lit(LICENCES))
        .when(differs(OF_DECISIONS))
        .then(pl.lit(DECISIONS))
        .when(differs(COUNTED))
        .then(pl.lit(by_counts))
        .otherwise(pl.lit(rest))
    )


def left_over(parts: pl.DataFrame, before: Written, after: Written) -> pl.DataFrame:
    """What the rows, each rounded to cents, leave of the move of the summaries; no row where nothing is left."""
    left = {}
    for name, total in (("monthly_now", "now"), ("monthly_ready_target", "ready_target")):
        moved = amount(after.summary, total) - amount(before.summary, total)
        summed = parts[name].sum()
        left[name] = moved - (summed if isinstance(summed, Decimal) else Decimal(0))
    if not any(left.values()):
        return pl.DataFrame(schema=PARTS)
    saving = left["monthly_now"] - left["monthly_ready_target"]
    return pl.DataFrame([{"cause": ROUNDING, "people": 0, **left, "monthly_saving": saving}], schema=PARTS)


def comparison_bridge(comparison: pl.DataFrame, before: Written, after: Written) -> pl.DataFrame:
    """One row per step from the earlier saving to the later one."""
    level = saving_of(before.summary)
    rows: list[tuple[object, ...]] = [total_row(0, "Earlier run", before.summary)]
    for cause_name, people, change in comparison.select("cause", "people", "monthly_saving").iter_rows():
        if not change:
            continue
        low, high = sorted((level, level + change))
        kind = "more" if change > 0 else "less"
        rows.append((len(rows), f"By {cause_name}", kind, float(low), float(high), float(change), people))
        level += change
    rows.append(total_row(len(rows), "This run", after.summary))
    return pl.DataFrame(rows, schema=BRIDGE, orient="row")


def total_row(place: int, run: str, summary: Mapping[str, Any]) -> tuple[object, ...]:
    low, high = sorted((Decimal(0), saving_of(summary)))
    return (place, f"{run}, as of {summary['as_of']}", "total", float(low), float(high), None, summary["people"])


def settings_changed(before: Written, after: Written) -> pl.DataFrame:
    """One row per setting or kind of input that differs between the runs."""
    rows: list[tuple[str, str, str | None, str | None]] = [
        ("threshold", name, str(old), str(new))
        for name, (old, new) in changed_thresholds(before.manifest, after.manifest).items()
    ]
    for what in ("rulebook", "as_of"):
        old, new = before.manifest.get(what), after.manifest.get(what)
        if str(old) != str(new):
            rows.append((what, what, str(old), str(new)))
    old_inputs, new_inputs = (dict(one.manifest.get("inputs") or {}) for one in (before, after))
    for name in sorted(old_inputs.keys() | new_inputs.keys()):
        if old_inputs.get(name) != new_inputs.get(name):
            rows.append(("input", name, old_inputs.get(name), new_inputs.get(name)))
    schema = {"what": pl.String, "name": pl.String, "before": pl.String, "after": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


# -- parts -------------------------------------------------------------------------------------------------------


def changed_thresholds(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[object, object]]:
    """The thresholds that differ, with both values."""
    old, new = before.get("thresholds") or {}, after.get("thresholds") or {}
    return {name: (old.get(name), new.get(name)) for name in sorted({*old, *new}) if old.get(name) != new.get(name)}


def texts(ledger: pl.DataFrame) -> pl.DataFrame:
    """A ledger in one form, whether it was read from a file or has just been made: money exact, the rest text."""
    return ledger.with_columns(
        pl.col(name).cast(pl.String).cast(CENTS) if name in MONEY else pl.col(name).cast(pl.String)
        for name in ledger.columns
    )


def set_prices(ledger: pl.DataFrame) -> pl.DataFrame:
    """The price of every set of products in a ledger."""
    parts = [
        ledger.select(set=products, price=money).drop_nulls().filter(pl.col("set") != "")
        for products, money in PRODUCTS.items()
    ]
    return pl.concat(parts).unique("set", keep="first", maintain_order=True)


def saving_of(summary: Mapping[str, Any]) -> Decimal:
    """Today's cost less the ready target's."""
    return amount(summary, "now") - amount(summary, "ready_target")


def amount(summary: Mapping[str, Any], name: str) -> Decimal:
    """An amount of a summary, exactly as written."""
    return Decimal(str(summary["monthly"][name])).quantize(Decimal("0.01"))
