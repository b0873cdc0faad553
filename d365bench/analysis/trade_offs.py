"""Trade-offs: at equal cost over the term, how much of one concession is worth how much of another.

Every lever is pulled on the verified quantities at the prices offered, one at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

import polars as pl

from d365bench.analysis.contract import MONTHS
from d365bench.analysis.lines import BASE, BUNDLES, DIGITAL, LINES, VOICE, in_order, with_line
from d365bench.analysis.renewal import months_of_year, percent, renewal_prices, unit_price
from d365bench.analysis.renewal import renewal as renewal_of
from d365bench.client import Client, Contract
from d365bench.rulebook import Rulebook

DISCOUNTED = (BASE, DIGITAL, VOICE, BUNDLES)
ONE = 1.0  # percent or point: the unit in which levers are compared
WHOLE = 100.0
EXACT = 1e-9  # of a percent; a search stops where it is this narrow
RATES: dict[str, pl.DataType] = {
    "rank": pl.Int64(),
    "lever": pl.String(),
    "unit": pl.String(),
    "kind": pl.String(),  # quantities | price | term
    "worth": pl.Float64(),
    "present_value": pl.Float64(),
    "base_percent": pl.Float64(),
    "digital_percent": pl.Float64(),
    "voice_percent": pl.Float64(),
    "bundles_percent": pl.Float64(),
    "uplift_points": pl.Float64(),
    "equal_cap_percent": pl.Float64(),
}
COLUMNS = {BASE: "base_percent", DIGITAL: "digital_percent", VOICE: "voice_percent", BUNDLES: "bundles_percent"}
LEVERS: dict[str, pl.DataType] = {
    "position": pl.String(),
    "line": pl.String(),
    "cost": pl.Float64(),
    "cost_today": pl.Float64(),
    "steps": pl.Int64(),
    "uplift_percent": pl.Float64(),
    "cap_percent": pl.Float64(),
}
PROTECTION = "Price protection"
CARRIED, OFFERED, ASKED = "carried forward", "verified, as offered", "verified, with these levers"


class Lever(NamedTuple):
    """One thing to ask for, and what it saves over the term and in present value."""

    name: str
    unit: str
    kind: str
    worth: float
    present_value: float


class Position(NamedTuple):
    """The verified quantities of every year, and what they cost under any contract."""

    client: Client
    rulebook: Rulebook
    contract: Contract
    verified: pl.DataFrame

    def cost(self, contract: Contract, scenario: str = "verified") -> float:
        """The cost of the term under other prices of the contract; what has no price is left out."""
        prices = renewal_prices(replace(self.client, contract=contract), self.rulebook)
        total = 0.0
        for year, product, quantity in self.verified.select("year", "product", "quantity").iter_rows():
            price = unit_price(scenario, year, prices[product], contract)
            total += 0.0 if price is None else quantity * float(price) * months_of_year(contract, year)
        return total


def exchange_rates(
    decided: pl.DataFrame,
    subscribed: pl.DataFrame,
    client: Client,
    rulebook: Rulebook,
    thresholds: Mapping[str, int],
    renewal: pl.DataFrame,
) -> pl.DataFrame:
    """One row per lever, the one worth most first: its worth over the term, and what of each other lever equals it.

    An equivalent is null where no amount of the other lever reaches it, or where that lever moves nothing.
    """
    contract = client.contract
    verified = renewal.filter(pl.col("scenario") == "verified")
    if contract is None or verified.is_empty():
        return pl.DataFrame(schema=RATES)
    position = Position(client, rulebook, contract, verified)
    longer = renewal_of(decided, subscribed, client=longer_term(client), rulebook=rulebook, thresholds=thresholds)
    costs = {line: cost for line, (cost, _) in line_costs(verified, rulebook).items()}
    levers = [*quantity_levers(renewal), *price_levers(position, renewal), *term_levers(contract, verified, longer)]
    rows = []
    for rank, lever in enumerate(sorted(levers, key=lambda lever: -lever.worth), start=1):
        equal = {COLUMNS[line]: discount_worth(lever.worth, costs.get(line, 0.0)) for line in DISCOUNTED}
        equal["uplift_points"] = equal_points(position, lever.worth)
        equal["equal_cap_percent"] = equal_cap(position, lever.worth)
        rows.append(
            {
                **{"rank": rank, "lever": lever.name, "unit": lever.unit, "kind": lever.kind, "worth": lever.worth},
                **{"present_value": lever.present_value, **equal},
            }
        )
    return pl.DataFrame(rows, schema=RATES)


def longer_term(client: Client) -> Client:
    """The client with a year more in the renewed term."""
    contract = client.contract
    return client if contract is None else replace(client, contract=longer(contract))


def longer(contract: Contract) -> Contract:
    return replace(contract, term_months=contract.term_months + MONTHS)


# -- what a lever saves ------------------------------------------------------------------------------------------


def quantity_levers(renewal: pl.DataFrame) -> Iterator[Lever]:
    """Paying for verified seats alone: what can be done now, and what waits for an environment."""
    cost = {
        scenario: sums(renewal.filter(pl.col("scenario") == scenario))
        for scenario in ("carry_forward", "verified_ready", "verified")
    }
    steps = (
        ("Verified seats only", "what is ready", "carry_forward", "verified_ready"),
        ("Split or trimmed environments", "what is conditional", "verified_ready", "verified"),
    )
    for name, unit, dear, cheap in steps:
        worth, value = (cost[dear][place] - cost[cheap][place] for place in (0, 1))
        if worth:
            yield Lever(name, unit, "quantities", worth, value)


def price_levers(position: Position, renewal: pl.DataFrame) -> Iterator[Lever]:
    """A percent off each line, a point off the uplift, and the cap as asked for."""
    for line, (cost, value) in line_costs(position.verified, position.rulebook).items():
        if cost and line in DISCOUNTED:
            yield Lever(f"Discount on {line}", "1 percent", "price", cost * ONE / WHOLE, value * ONE / WHOLE)
    contract = position.contract
    point = min(ONE, contract.uplift_percent)
    cheaper = replace(contract, uplift_percent=contract.uplift_percent - point)
    worth = position.cost(contract) - position.cost(cheaper)
    if worth:
        yield Lever("Lower yearly uplift", f"{point:g} point", "price", worth, discounted(position, cheaper))
    capped = sums(renewal.filter(pl.col("scenario") == "verified_protected"))
    saved = [cost - less for cost, less in zip(sums(position.verified), capped, strict=True)]
    if saved[0]:
        yield Lever(PROTECTION, f"a cap of {contract.cap_percent:g} percent", "price", *saved)


def discounted(position: Position, cheaper: Contract) -> float:
    """The present value of what another uplift saves: each year's cost shrinks with that year's price."""
    contract, saved = position.contract, 0.0
    for year, value in position.verified.group_by("year").agg(pl.col("present_value").sum()).iter_rows():
        steps = year - 1 if contract.price_step == "yearly" else 0
        ratio = (1 + percent(cheaper.uplift_percent)) / (1 + percent(contract.uplift_percent))
        saved += value * (1 - float(ratio) ** steps)
    return saved


def term_levers(contract: Contract, verified: pl.DataFrame, longer: pl.DataFrame) -> Iterator[Lever]:
    """A year more at the term's price instead of one renewed with an uplift: worth something where the price holds."""
    extended = sums(longer.filter(pl.col("scenario") == "verified"))
    # inside a term of yearly steps the added year is dearer by the uplift as well
    share = contract.uplift_percent / WHOLE if contract.price_step == "term" else 0.0
    saved = [share * (more - less) for more, less in zip(extended, sums(verified), strict=True)]
    if saved[0]:
        yield Lever("One year more at this price", "12 months", "term", *saved)


def sums(rows: pl.DataFrame) -> tuple[float, float]:
    """Cost and present value of some rows of the renewal."""
    return float(rows["annual_cost"].sum()), float(rows["present_value"].sum())


def line_costs(verified: pl.DataFrame, rulebook: Rulebook) -> dict[str, tuple[float, float]]:
    """Cost and present value of each line over the term."""
    lines = with_line(verified, rulebook).partition_by("line", as_dict=True)
    return {line: sums(lines[line,]) for line in LINES if (line,) in lines}


# -- what of another lever equals it -----------------------------------------------------------------------------


def discount_worth(worth: float, cost: float) -> float | None:
    """The discount in percent that saves as much; None where all of the line does not."""
    return worth / cost * WHOLE if 0 <= worth <= cost and cost else None


def equal_points(position: Position, worth: float) -> float | None:
    """The points off the uplift that save as much."""
    contract, now = position.contract, position.cost(position.contract)

    def saved(points: float) -> float:
        return now - position.cost(replace(contract, uplift_percent=contract.uplift_percent - points))

    return found(saved, worth, contract.uplift_percent)


def equal_cap(position: Position, worth: float) -> float | None:
    """The cap in percent that saves as much; a lower cap saves more."""
    contract, now = position.contract, position.cost(position.contract)
    # above this no cap binds: neither the uplift nor what the renewal price adds to today's
    prices = renewal_prices(position.client, position.rulebook).values()
    rises = [price.at_renewal / price.today - 1 for price in prices if price.at_renewal and price.today]
    loosest = max([contract.uplift_percent, *(float(rise) * WHOLE for rise in rises)])

    def saved(below: float) -> float:
        return now - position.cost(replace(contract, cap_percent=loosest - below), "verified_protected")

    below = found(saved, worth, loosest)
    return None if below is None else loosest - below


def found(saved: Callable[[float], float], worth: float, most: float) -> float | None:
    """Where a saving that grows with its argument reaches a worth; None beyond the most that can be asked."""
    if not 0 < worth <= saved(most):
        return None
    low, high = 0.0, most
    while high - low > EXACT:
        middle = (low + high) / 2
        low, high = (middle, high) if saved(middle) < worth else (low, middle)
    return high


# -- all levers at once ------------------------------------------------------------------------------------------


def levers(renewal: pl.DataFrame, rulebook: Rulebook, client: Client) -> pl.DataFrame:
    """One row per position and line, and per product and price step of the position whose levers a chart pulls.

    `cost` of ASKED is at the renewal price before any uplift, which the chart adds `steps` times; `cost_today` is the
    same at today's price, from which a cap counts, null where there is none. The other positions stand as they are.
    The uplift and the cap are those of the contract, where the sliders begin.
    """
    contract = client.contract
    if contract is None:
        return pl.DataFrame(schema=LEVERS)
    prices = renewal_prices(client, rulebook)
    named = with_line(renewal.filter(pl.col("annual_cost") > 0), rulebook)
    scenarios = {"carry_forward": CARRIED, "verified": OFFERED}
    still = named.filter(pl.col("scenario").is_in(list(scenarios))).select(
        "line",
        pl.col("scenario").replace(scenarios).alias("position"),
        pl.col("annual_cost").alias("cost"),
        product=pl.lit(""),
        steps=pl.lit(0, pl.Int64),
        cost_today=pl.lit(None, pl.Float64),
    )
    rows = []
    for row in named.filter(pl.col("scenario") == "verified").iter_rows(named=True):
        price = prices[row["product"]]
        months = row["quantity"] * months_of_year(contract, row["year"])
        steps = row["year"] - 1 if contract.price_step == "yearly" else 0
        costs = (None if unit is None else float(months * unit) for unit in (price.at_renewal, price.today))
        rows.append((ASKED, row["product"], row["line"], steps, *costs))
    schema = {"position": pl.String, "product": pl.String, "line": pl.String, "steps": pl.Int64}
    asked = pl.DataFrame(rows, schema={**schema, "cost": pl.Float64, "cost_today": pl.Float64}, orient="row")
    place = pl.col("position").replace_strict([CARRIED, OFFERED, ASKED], [0, 1, 2], return_dtype=pl.Int64)
    today = pl.when(pl.col("cost_today").null_count() == 0).then(pl.col("cost_today").sum())
    return (
        pl.concat([still.select(asked.columns), asked])
        .group_by("position", "line", "product", "steps")
        .agg(pl.col("cost").sum(), today)
        .sort(place, in_order(), "product", "steps")
        .with_columns(
            uplift_percent=pl.lit(float(contract.uplift_percent)), cap_percent=pl.lit(float(contract.cap_percent))
        )
        .select(LEVERS.keys())
    )
