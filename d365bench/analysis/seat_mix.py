"""The seat mix as shown: the money and the seats between today and the target."""

from __future__ import annotations

import polars as pl

from d365bench.analysis import summary
from d365bench.analysis.actions import REPRICE
from d365bench.analysis.holds import HOLDS
from d365bench.analysis.seats import seats
from d365bench.rulebook import Rulebook

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
        self.add(step, "total", 0.0, self.level, None, self.people)

    def step(self, step: str, kind: str, change: float, people: int) -> None:
        if not people:
            return
        low, high = sorted((self.level, self.level + change))
        self.add(step, kind, low, high, change, people)
        self.level += change

    def add(self, step: str, kind: str, low: float, high: float, change: float | None, people: int) -> None:
        row = {"step": step, "kind": kind, "low": low, "high": high, "change": change, "people": people}
        self.rows.append({"place": len(self.rows), **row})


def step_of_saving() -> pl.Expr:
    """The step of the bridge that a person's ready saving is shown under."""
    step = pl.lit(OTHER)
    waits = pl.col("status") == "conditional"
    for action, name in reversed(STEPS.items()):
        # whoever waits for the environment has not moved yet: what is ready comes from elsewhere
        applies = pl.col("actions").list.contains(action) & ~(waits & pl.lit(action.startswith("move_to_")))
        step = pl.when(applies).then(pl.lit(name)).otherwise(step)
    return step


def grouped(people: pl.DataFrame, sign: float) -> pl.DataFrame:
    """People and money per step, in the order of STEPS."""
    order = {name: place for place, name in enumerate(dict.fromkeys([*STEPS.values(), OTHER]))}
    return (
        people.group_by("step")
        .agg((sign * pl.col("saving").sum()).alias("change"), pl.len().cast(pl.Int64).alias("people"))
        .sort(pl.col("step").replace_strict(order, return_dtype=pl.Int64))
    )


def seats_by_product(decided: pl.DataFrame, subscribed: pl.DataFrame, rulebook: Rulebook) -> pl.DataFrame:
    """One row per product: purchased (null without subscribedSkus), assigned, in the ready target and in the target."""
    return seats(decided, subscribed, rulebook)


def withheld_by_hold(decided: pl.DataFrame) -> pl.DataFrame:
    """One row per hold: people whose first hold it is, and the money that it withholds, the most first."""
    money = summary.withheld_by_hold(decided)
    codes = decided["holds"].list.eval(pl.element().str.split(":").list.last())
    place = codes.list.eval(pl.element().replace_strict(HOLDS, range(len(HOLDS)), return_dtype=pl.Int64)).list.min()
    people = {hold: (place == number).sum() for number, hold in enumerate(HOLDS)}
    rows = [(hold, people[hold], float(amount)) for hold, amount in money.items()]
    schema = {"hold": pl.String, "people": pl.Int64, "monthly_withheld": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("monthly_withheld", "hold", descending=[True, False])
