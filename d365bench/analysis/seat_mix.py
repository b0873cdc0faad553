"""The seat mix as shown: the money and the seats between today and the target."""

from __future__ import annotations

import polars as pl

from d365bench.analysis.actions import REPRICE
from d365bench.analysis.holds import HOLDS
from d365bench.rulebook import LEGACY_ENTERPRISE, Rulebook

# The step that a saving is shown under is its first action in this order; what none names is 'Other changes'.
STEPS = {
    "reclaim": "Reclaim seats that nobody needs",
    "move_to_professional": "Move to Professional",
    "move_to_enterprise": "Move from Premium to Enterprise",
    "remove_digital": "Remove idle channel rights",
    "remove_voice": "Remove idle channel rights",
    "remove_redundant": "Remove what is held twice",
    REPRICE: "Same rights from cheaper products",
}
OTHER = "Other changes"
BRIDGE = {
    "place": pl.Int64,
    "step": pl.String,
    "kind": pl.String,
    "low": pl.Float64,
    "high": pl.Float64,
    "change": pl.Float64,
    "people": pl.Int64,
}


def money_bridge(decided: pl.DataFrame) -> pl.DataFrame:
    """One row per step from today's monthly cost to the target's, and on to what holds would still release."""
    people = decided.filter(pl.col("monthly_now").is_not_null())
    if people.is_empty():
        return pl.DataFrame(schema=BRIDGE)
    saving = pl.col("monthly_saving_ready")
    steps = people.with_columns(step=step_of_saving(), saving=saving)
    saved = grouped(steps.filter(saving > 0), sign=-1.0).with_columns(kind=pl.lit("ready"))
    exposed = pl.DataFrame(
        {"step": ["Rights that work calls for"], "change": [-float(steps.filter(saving < 0)["saving"].sum())]}
    ).with_columns(people=pl.lit(steps.filter(saving < 0).height, dtype=pl.Int64), kind=pl.lit("exposure"))

    bridge = Bridge(float(people["monthly_now"].sum()), people.height)
    for row in [*saved.iter_rows(named=True), *exposed.iter_rows(named=True)]:
        bridge.step(row["step"], row["kind"], row["change"], row["people"])
    bridge.total("Ready target: what can be done now")
    conditional = people.filter(pl.col("monthly_saving_conditional") != 0)
    bridge.step(
        "Once environments are split or trimmed",
        "conditional",
        -float(conditional["monthly_saving_conditional"].sum()),
        conditional.height,
    )
    bridge.total("Target")
    withheld = people.filter(pl.col("monthly_withheld") != 0)
    bridge.step(
        "If every hold is answered 'not needed'",
        "withheld",
        -float(withheld["monthly_withheld"].sum()),
        withheld.height,
    )
    return pl.DataFrame(bridge.rows, schema=BRIDGE)


class Bridge:
    """The rows of a bridge, each step beginning where the last one ended."""

    def __init__(self, start: float, people: int) -> None:
        self.level = start
        self.rows: list[dict[str, object]] = []
        self.people = people
        self.total("Today")

    def total(self, step: str) -> None:
        self.add(step, "total", 0.0, self.level, 0.0, self.people)

    def step(self, step: str, kind: str, change: float, people: int) -> None:
        low, high = sorted((self.level, self.level + change))
        self.add(step, kind, low, high, change, people)
        self.level += change

    def add(self, step: str, kind: str, low: float, high: float, change: float, people: int) -> None:
        row = {"step": step, "kind": kind, "low": low, "high": high, "change": change, "people": people}
        self.rows.append({"place": len(self.rows), **row})


def step_of_saving() -> pl.Expr:
    """The step of the bridge that a person's saving is shown under."""
    step = pl.lit(OTHER)
    for action, name in reversed(STEPS.items()):
        step = pl.when(pl.col("actions").list.contains(action)).then(pl.lit(name)).otherwise(step)
    return step


def grouped(people: pl.DataFrame, sign: float) -> pl.DataFrame:
    """People and money per step, in the order of STEPS."""
    order = {name: place for place, name in enumerate(dict.fromkeys([*STEPS.values(), OTHER]))}
    return (
        people.group_by("step")
        .agg((sign * pl.col("saving").sum()).alias("change"), pl.len().cast(pl.Int64).alias("people"))
        .sort(pl.col("step").replace_strict(order, return_dtype=pl.Int64))
    )


def seats_by_product(decided: pl.DataFrame, rulebook: Rulebook) -> pl.DataFrame:
    """One row per product with a seat today or in a target: seats assigned, in the ready target and in the target."""
    counts = [
        decided.select(pl.col(column).alias("product"))
        .explode("product")
        .drop_nulls()
        .group_by("product")
        .agg(pl.len().cast(pl.Int64).alias(name))
        for column, name in (
            ("current_products", "assigned"),
            ("ready_target_products", "ready_target"),
            ("target_products", "target"),
        )
    ]
    seats = counts[0].join(counts[1], on="product", how="full", coalesce=True)
    seats = seats.join(counts[2], on="product", how="full", coalesce=True).fill_null(0)
    order = {key: place for place, key in enumerate(rulebook.products)}
    return seats.filter(pl.col("product") != LEGACY_ENTERPRISE).sort(
        pl.col("product").replace_strict(order, return_dtype=pl.Int64)
    )


def withheld_by_hold(decided: pl.DataFrame) -> pl.DataFrame:
    """One row per hold: people whose first hold it is, and the money that it withholds."""
    place = {hold: number for number, hold in enumerate(HOLDS)}
    first = pl.col("holds").list.eval(
        pl.element().str.split(":").list.last().replace_strict(place, return_dtype=pl.Int64)
    )
    return (
        decided.filter(pl.col("holds").list.len() > 0)
        .with_columns(first.list.min().alias("first"))
        .group_by("first")
        .agg(pl.len().cast(pl.Int64).alias("people"), pl.col("monthly_withheld").sum())
        .with_columns(hold=pl.col("first").replace_strict(dict(enumerate(HOLDS)), return_dtype=pl.String))
        .drop("first")
        .sort("monthly_withheld", "hold", descending=[True, False])
    )
