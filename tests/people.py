"""Evidence written by hand: people of whom everything is known and proved, but for what a test says."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from d365bench.analysis.decide import decide
from d365bench.client import Client, Contract
from d365bench.client.decisions import DECISIONS
from d365bench.rulebook import load_rulebook
from d365bench.thresholds import resolve

AS_OF = date(2026, 7, 1)
RULES = load_rulebook()
LABELS = ("upn", "display_name", "department", "business_unit")
LISTS = ("environments", "current_products", "assigned_via", "product_notes")
COUNTS = (
    *(f"{channel}_{what}" for channel in ("digital", "voice") for what in ("handled", "consulted", "monitored")),
    *("digital_offered", "voice_offered", "digital_days", "voice_days", "unknown_sessions", "routed_records"),
    *("own_cases", "other_cases", "other_resolved_cases", "other_case_days", "sla_cases", "entitlement_cases"),
    *("copilot_cases", "queue_items", "articles", "case_days", "actions", "digital_season", "voice_season"),
    *("season_actions", "indirect_digital", "indirect_voice", "indirect_actions", "ignored_skus"),
)
FLAGS = {
    "account_enabled": True,
    "human": True,
    "left": False,
    "has_record": True,
    "records_complete": True,
    "live_chat_only": True,
    "season_enterprise": False,
    "indirect_enterprise": False,
    "season_beside_sla": False,
    "indirect_beside_sla": False,
    "supervisor": False,
    "queue_digital": False,
    "queue_voice": False,
    "last_seen_exported": True,
    "seen_in_window": False,
}
SOURCES = ("digital", "voice", "record", "any_channel", "cases", "history")
COVERAGE = (
    "coverage_sessions",
    *(f"{prefix}_{source}" for prefix in ("coverage", "season_coverage") for source in SOURCES),
)
TENURE = (
    "record",
    "assigned_digital",
    "assigned_voice",
    "assigned_enterprise",
    "assigned_cases",
    "channel_digital",
    "channel_voice",
)
SCHEMA: dict[str, Any] = {
    "person_id": pl.String,
    **dict.fromkeys(LABELS, pl.String),
    "licence_known": pl.String,
    **dict.fromkeys(LISTS, pl.List(pl.String)),
    **dict.fromkeys(COUNTS, pl.Int64),
    **dict.fromkeys(FLAGS, pl.Boolean),
    **dict.fromkeys(COVERAGE, pl.Float64),
    **dict.fromkeys((f"tenure_{what}" for what in TENURE), pl.Int64),
    **dict.fromkeys(("digital_last", "voice_last", "last_activity", "assigned_on"), pl.Date),
    "last_seen": pl.Datetime("us"),
}
DEFAULTS: dict[str, Any] = {
    "person_id": "ada",
    "upn": "ada@example.test",
    "display_name": "Ada",
    "licence_known": "found",
    **{name: [] for name in LISTS},
    "environments": ["prod"],
    **dict.fromkeys(COUNTS, 0),
    **FLAGS,
    **dict.fromkeys(COVERAGE, 100.0),
    "last_seen": datetime(2025, 1, 1),
    "tenure_record": 1000,
}


def person(products: str = "", **facts: Any) -> dict[str, Any]:
    """One row of evidence: no work at all, and nothing to doubt, but for the facts given."""
    held = sorted(products.split("+")) if products else []
    row = {**DEFAULTS, "current_products": held, **facts}
    unknown = row.keys() - SCHEMA.keys()
    assert not unknown, unknown
    return row


def evidence(*rows: dict[str, Any]) -> pl.DataFrame:
    """A frame of evidence; people without an id of their own are numbered."""
    named = [
        {**row, "person_id": f"p{place}", "upn": f"p{place}@example.test"}
        if row["person_id"] == "ada" and place
        else row
        for place, row in enumerate(rows)
    ]
    return pl.DataFrame(named, schema=SCHEMA, orient="row")


def environments(**over: Any) -> pl.DataFrame:
    """The one environment 'prod', and 'dev' beside it."""
    row = {"kind": "production", "service": True, "active_queues": 3, "custom_tables": 0, "accept": [], **over}
    schema = {"environment": pl.String, "kind": pl.String, "service": pl.Boolean, "active_queues": pl.Int64}
    return pl.DataFrame(
        [{"environment": "prod", **row}, {"environment": "dev", **row, "active_queues": 0, "custom_tables": 0}],
        schema={**schema, "custom_tables": pl.Int64, "accept": pl.List(pl.String)},
        orient="row",
    )


def client(
    prices: dict[str, float] | None = None,
    *,
    currency: str = "USD",
    contract: Contract | None = None,
    decisions: list[tuple[Any, ...]] | None = None,
    environments_complete: bool = False,
) -> Client:
    """A client on AS_OF; decisions as (person, product, decision, decided_on, expires_on)."""
    rows = [
        (line, who, product, what, "asked", "lead", decided_on, expires_on)
        for line, (who, product, what, decided_on, expires_on) in enumerate(decisions or [], start=2)
    ]
    return Client(
        name="test",
        title="Test",
        as_of=AS_OF,
        currency=currency,
        environments_complete=environments_complete,
        exports_timezone="UTC",
        environments=(),
        prices=prices or {},
        contract=contract,
        thresholds={},
        folder=Path("test"),
        decisions=pl.DataFrame(rows, schema=DECISIONS, orient="row"),
    )


def decided(
    *rows: dict[str, Any], asked: Client | None = None, large: dict[str, Any] | None = None, **thresholds: int
) -> pl.DataFrame:
    """The decision on a few people."""
    return decide(evidence(*rows), environments(**(large or {})), RULES, asked or client(), resolve(thresholds))


def verdict(products: str = "", asked: Client | None = None, **facts: Any) -> dict[str, Any]:
    """The decision on one person, sets '+'-joined, lists '|'-joined."""
    row = decided(person(products, **facts), asked=asked).row(0, named=True)
    plus = ("target_products", "ready_target_products", "current_products", "team_members_target")
    for name, value in row.items():
        if isinstance(value, list):
            row[name] = ("+" if name in plus else "|").join(value)
    return row
