"""Changes: the seats that an administrator has to remove or add, one row each."""

from __future__ import annotations

import polars as pl

COLUMNS = ("person_id", "upn", "product", "action", "status", "assigned_via", "account_enabled", "department")
DIRECT = "direct"
STEPS = (
    ("current_products", "ready_target_products", "ready"),
    ("ready_target_products", "target_products", "conditional"),
)


def changes(decided: pl.DataFrame, seats: pl.DataFrame | None = None) -> pl.DataFrame:
    """One row per seat to remove or add: first what can be done now, then what waits for the environment.

    Args:
        decided: what `decide` gives.
        seats: person_id, product_key and assigned_via (list) of each seat; without it, all assignments of the person.
    """
    people = decided.filter(pl.col("target_products").is_not_null())
    steps = [
        seat_changes(people, before, after, action).with_columns(status=pl.lit(status))
        for before, after, status in STEPS
        for action, before, after in (("remove", before, after), ("add", after, before))
    ]
    rows = pl.concat(steps)
    if seats is None:
        rows = rows.join(decided.select("person_id", "assigned_via"), on="person_id", how="left")
    else:
        via = seats.select("person_id", "assigned_via", product="product_key")
        rows = rows.join(via, on=["person_id", "product"], how="left")
    rows = rows.join(decided.select("person_id", "upn", "account_enabled", "department"), on="person_id", how="left")
    order = pl.col("status").replace_strict({"ready": 0, "conditional": 1}), pl.col("action") != "remove"
    return (
        rows.with_columns(assigned_via=pl.when(pl.col("action") == "remove").then(how_assigned()))
        .sort("person_id", *order, "product")
        .select(COLUMNS)
    )


def seat_changes(people: pl.DataFrame, has: str, lacks: str, action: str) -> pl.DataFrame:
    """The products that stand in one set and not in the other."""
    return (
        people.select("person_id", product=pl.col(has).list.set_difference(pl.col(lacks)))
        .explode("product")
        .drop_nulls("product")
        .with_columns(action=pl.lit(action))
    )


def how_assigned() -> pl.Expr:
    """How the seat was given; one that a group gives cannot be taken from the person alone."""
    via = pl.col("assigned_via")
    groups = via.list.eval(
        pl.when(pl.element() == DIRECT)
        .then(pl.element())
        .otherwise(pl.lit("group ") + pl.element() + pl.lit(": the group must change"))
    )
    text = groups.list.sort().list.join("|")
    return pl.when(text != "").then(text)
