"""Ledger: one row per person as it is handed over, every column in its written form."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from d365bench.analysis.written import money, percent
from d365bench.client import Client

COLUMNS = (
    *("client", "person_id", "upn", "display_name", "department", "business_unit", "account_enabled", "environments"),
    *("current_products", "target_products", "ready_target_products", "actions", "holds", "team_members_verdict"),
    *("status", "monthly_now", "monthly_ready_target", "monthly_target"),
    *("monthly_saving_ready", "monthly_saving_conditional", "monthly_withheld"),
    *("digital_handled", "digital_consulted", "digital_monitored", "digital_offered", "digital_days", "digital_last"),
    *("digital_season", "voice_handled", "voice_consulted", "voice_monitored", "voice_offered", "voice_days"),
    *("voice_last", "voice_season", "unknown_sessions", "own_cases", "other_cases", "sla_cases", "entitlement_cases"),
    *("copilot_cases", "routed_records", "queue_items", "articles", "case_days", "last_activity", "last_seen"),
    *("tenure_days", "coverage_sessions", "coverage_cases", "assigned_via", "assigned_on", "price_source"),
    *("disputed_facts", "decision", "reasons"),
)
PRODUCTS = ("current_products", "target_products", "ready_target_products")
LISTS = ("environments", "actions", "holds", "assigned_via", "disputed_facts")
MONEY = tuple(column for column in COLUMNS if column.startswith("monthly_"))
COVERAGE = ("coverage_sessions", "coverage_cases")
DAYS = ("digital_last", "voice_last", "last_activity", "last_seen", "assigned_on")
# The rights' tenures; the first record of a channel says how old the channel is, not the person.
TENURES = ("tenure_record", *(f"tenure_assigned_{right}" for right in ("cases", "digital", "enterprise", "voice")))


def ledger(decided: pl.DataFrame, client: Client) -> pl.DataFrame:
    """One row per person sorted by person_id: sets and lists joined, days without time, money in cents.

    Args:
        decided: what `decide` gives, with its reasons.
    """
    # Somebody without any environment has no coverage that could be shown.
    somewhere = pl.col("environments").list.len() > 0
    return (
        decided.with_columns(
            pl.lit(client.name).alias("client"),
            pl.min_horizontal(TENURES).alias("tenure_days"),
            *joined(PRODUCTS, "+"),
            *joined(LISTS, "|"),
            *(pl.col(day).cast(pl.Date) for day in DAYS),
            *(money(column) for column in MONEY),
            *(pl.when(somewhere).then(percent(column)).alias(column) for column in COVERAGE),
        )
        .select(COLUMNS)
        .sort("person_id")
    )


def joined(columns: Iterable[str], separator: str) -> list[pl.Expr]:
    """Lists as text, an empty one as nothing."""
    texts = {column: pl.col(column).list.sort().list.join(separator) for column in columns}
    return [pl.when(text != "").then(text).alias(column) for column, text in texts.items()]
