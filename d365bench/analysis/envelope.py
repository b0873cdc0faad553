"""The envelope: all lines of the renewal together, and the bridge from what is carried on to what is asked for."""

from __future__ import annotations

import polars as pl

from d365bench.analysis.lines import LINES, in_order, with_line
from d365bench.analysis.renewal import SCENARIOS
from d365bench.rulebook import Rulebook

ENVELOPE = ("scenario", "year", "line", "quantity", "annual_cost", "present_value", "unpriced")
BRIDGE: dict[str, pl.DataType] = {
    "step": pl.String(),
    "kind": pl.String(),  # total | ready | conditional | price
    "begins": pl.Float64(),
    "ends": pl.Float64(),
    "change": pl.Float64(),
}


def scenario_costs(renewal: pl.DataFrame, rulebook: Rulebook) -> pl.DataFrame:
    """One row per scenario, year and line: seats, cost and present value; `unpriced` seats stand in no money."""
    known = pl.col("unit_price").is_not_null()
    money = pl.when(known.any()).then(pl.col("annual_cost", "present_value").sum())
    return (
        with_line(renewal, rulebook)
        .group_by("scenario", "year", "line")
        .agg(pl.col("quantity").sum(), money, unpriced=pl.col("quantity").filter(~known).sum())
        .sort(scenario_order(), "year", in_order())
        .select(ENVELOPE)
    )


def scenario_order() -> pl.Expr:
    return pl.col("scenario").replace_strict(SCENARIOS, range(len(SCENARIOS)), return_dtype=pl.Int64)


def term_totals(renewal: pl.DataFrame) -> dict[str, tuple[float, float]]:
    """Cost and present value of each scenario over the term; empty without a contract."""
    summed = renewal.group_by("scenario").agg(pl.col("annual_cost", "present_value").sum())
    return {scenario: (cost, value) for scenario, cost, value in summed.iter_rows()}


def envelope_bridge(renewal: pl.DataFrame, rulebook: Rulebook) -> pl.DataFrame:
    """One row per step over the term: carried forward, what is ready by line, what is conditional, the protection."""
    costs = with_line(renewal, rulebook).group_by("scenario", "line").agg(pl.col("annual_cost").sum())
    cost = {(scenario, line): amount for scenario, line, amount in costs.iter_rows()}
    if not cost:
        return pl.DataFrame(schema=BRIDGE)
    total = {scenario: sum((cost.get((scenario, line)) or 0.0) for line in LINES) for scenario in SCENARIOS}
    rows: list[tuple[str, str, float, float, float | None]] = []

    def level(step: str, scenario: str) -> None:
        rows.append((step, "total", 0.0, total[scenario], None))

    def change(step: str, kind: str, begins: float, amount: float) -> float:
        if amount:
            rows.append((step, kind, begins, begins + amount, amount))
        return begins + amount

    level("Carried forward", "carry_forward")
    reached = total["carry_forward"]
    for line in LINES:
        moved = cost.get(("verified_ready", line), 0.0) - cost.get(("carry_forward", line), 0.0)
        reached = change(f"{line}: verified seats only", "ready", reached, moved)
    level("Verified, ready", "verified_ready")
    change(
        "Once environments are split or trimmed",
        "conditional",
        total["verified_ready"],
        total["verified"] - total["verified_ready"],
    )
    level("Verified", "verified")
    change("Price protection", "price", total["verified"], total["verified_protected"] - total["verified"])
    level("Verified, protected", "verified_protected")
    return pl.DataFrame(rows, schema=BRIDGE, orient="row")
