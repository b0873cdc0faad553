"""Summary: the totals of one client, each the sum of ledger rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import polars as pl

from d365bench.analysis.actions import KEEP, OUT_OF_SCOPE, REPRICE, REVIEW
from d365bench.analysis.contract import earliest_saving_on
from d365bench.analysis.holds import HOLDS
from d365bench.analysis.money import NOTHING, Prices, cents, exact, total
from d365bench.analysis.seats import seats
from d365bench.analysis.target import PROFESSIONAL, Search
from d365bench.client import Client
from d365bench.rulebook import Rulebook

NO_CHANGE = (*HOLDS, REVIEW, OUT_OF_SCOPE, KEEP)


def summary(
    decided: pl.DataFrame,
    coverage: pl.DataFrame,
    subscribed: pl.DataFrame,
    unattributed: int,
    client: Client,
    rulebook: Rulebook,
    thresholds: Mapping[str, int],
    disputed: Mapping[str, Any] | None = None,
    ignored: pl.DataFrame | None = None,
) -> dict[str, Any]:
    """The client's totals; money in cents, days as ISO text.

    Args:
        decided: what `decide` gives.
        coverage: environment, source, percent, first_day, last_day, gaps, reason, declared.
        subscribed: product_key and purchased, as the tenant's subscribedSkus say.
        unattributed: acts by ids that no user record explains.
        disputed: what `readings.other_readings` gives; an addition of ours.
        ignored: licence and accounts of what is held and neither the rule book nor a service plan explains; ours too.
    """
    search = Search(rulebook, Prices(client, rulebook))
    table = seats(decided, subscribed, rulebook)
    saving_on = earliest_saving_on(client)
    return {
        "client": client.name,
        "as_of": client.as_of.isoformat(),
        "window_days": thresholds["window_days"],
        "currency": client.currency,
        "people": decided.height,
        "unattributed": unattributed,
        "seats": {row.pop("product"): row for row in table.iter_rows(named=True)},
        "monthly": monthly(decided, table, search.prices),
        "earliest_saving_on": None if saving_on is None else saving_on.isoformat(),
        "actions": counted(decided["actions"].explode(empty_as_null=False)),
        "team_members": counted(decided["team_members_verdict"]),
        "environment_conflicts": environment_conflicts(decided, search),
        "unpriced": unpriced(decided, search.prices),
        "coverage": [written_coverage(row) for row in coverage.iter_rows(named=True)],
        "disputed": dict(disputed or {}),
        "ignored_licences": {} if ignored is None else dict(ignored.iter_rows()),
    }


def totals(decided: pl.DataFrame) -> dict[str, Decimal]:
    """The exact sums of the money columns: now − ready_target = saving_ready + saving_repricing − exposure."""
    # What else a row has to change decides where its saving stands: repricing alone is the price list's, not ours.
    changes = pl.col("actions").list.set_difference(pl.lit(list(NO_CHANGE)))
    only_reprice = (changes.list.len() == 1) & changes.list.contains(REPRICE)
    saving = pl.col("monthly_saving_ready")
    parts = decided.select(
        "monthly_now",
        "monthly_ready_target",
        "monthly_target",
        "monthly_saving_conditional",
        "monthly_withheld",
        "exposure_to_confirm",
        saving_ready=pl.when((saving > 0) & ~only_reprice).then(saving),
        saving_repricing=pl.when((saving > 0) & only_reprice).then(saving),
        exposure=pl.when(saving < 0).then(-saving),
    )
    names = {name: name.removeprefix("monthly_") for name in parts.columns}
    return {names[name]: total(parts[name]) for name in parts.columns}


def monthly(decided: pl.DataFrame, table: pl.DataFrame, prices: Prices) -> dict[str, Any]:
    """The money of the summary in cents."""
    sums = {name: cents(amount) for name, amount in totals(decided).items()}
    return {
        **{name: sums[name] for name in ("now", "ready_target", "target", "saving_ready", "saving_conditional")},
        **{name: sums[name] for name in ("saving_repricing", "withheld")},
        "withheld_by_hold": {hold: cents(amount) for hold, amount in withheld_by_hold(decided).items()},
        **{name: sums[name] for name in ("exposure", "exposure_to_confirm")},
        "unassigned": cents(unassigned(table, prices)),
    }


def withheld_by_hold(decided: pl.DataFrame) -> dict[str, Decimal]:
    """The money withheld, each row's under the first of its holds in the order in which they are asked."""
    held = decided.filter(pl.col("monthly_withheld").is_not_null() & (pl.col("holds").list.len() > 0))
    codes = held["holds"].list.eval(pl.element().str.split(":").list.last())
    first = codes.list.eval(pl.element().replace_strict(list(HOLDS), range(len(HOLDS)))).list.min()
    groups = held.select("monthly_withheld", first=first).partition_by("first", as_dict=True)
    return {HOLDS[place]: total(rows["monthly_withheld"]) for (place,), rows in sorted(groups.items())}


def unassigned(table: pl.DataFrame, prices: Prices) -> Decimal:
    """What the seats cost that were bought and that nobody holds."""
    spare = table.select("product", spare=(pl.col("purchased") - pl.col("assigned")).clip(lower_bound=0)).drop_nulls()
    quotes = ((prices.quotes[product], seats) for product, seats in spare.iter_rows())
    return sum((quote.amount * seats for quote, seats in quotes if quote), NOTHING)


def counted(words: pl.Series) -> dict[str, int]:
    """How many people each word stands for, in alphabetical order."""
    return dict(words.drop_nulls().value_counts(name="people").sort(words.name).iter_rows())


def environment_conflicts(decided: pl.DataFrame, search: Search) -> list[str]:
    """The environments in which people on Professional and on Enterprise are mixed today."""
    held = decided.select("current_products", "environments").with_columns(
        key=pl.col("current_products").list.join("+")
    )
    known = held.unique("key").select("key", "current_products")
    levels = [search.level(frozenset(products)) for products in known["current_products"]]
    level = known.select("key", level=pl.Series(levels, dtype=pl.String))
    each = held.join(level, on="key").explode("environments").drop_nulls(["environments", "level"])
    is_professional = pl.col("level") == PROFESSIONAL
    mixed = each.group_by("environments").agg(mixed=is_professional.any() & (~is_professional).any())
    return mixed.filter("mixed")["environments"].sort().to_list()


def unpriced(decided: pl.DataFrame, prices: Prices) -> list[str]:
    """The products that somebody holds and that have no price."""
    held = decided["current_products"].explode(empty_as_null=False).drop_nulls().unique()
    return sorted(product for product in held if not prices.is_priced(product))


def written_coverage(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the coverage as JSON can hold it."""
    names = ("environment", "source", "percent", "first_day", "last_day", "gaps", "reason", "declared")
    return {name: plain(row[name]) for name in names}


def plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return round_tenth(value)
    if isinstance(value, dict):  # a struct of first and last day
        return [plain(part) for part in value.values()]
    return [plain(part) for part in value] if isinstance(value, list | tuple) else value


def round_tenth(value: float) -> float:
    return float(exact(value).quantize(Decimal("0.1"), ROUND_HALF_UP))
