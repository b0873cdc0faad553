"""The rule book: products and their rights, SKUs, service plans, list prices, channels and roles, read from data.

The rules themselves are rulebook.toml and rules/*.csv; nothing about a product is written in Python but the order in
which service plans explain a SKU that nobody has seen before.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import polars as pl

RIGHTS = ("cases", "digital", "enterprise", "voice")
PRICE_ROLES = ("primary", "historic")  # 'alternative' prices are for sensitivity, never for a decision
LEGACY_ENTERPRISE = "other_enterprise"

NO_SEAT = "trial or test: no seat"
PREMIUM = "probably Premium, confirm"
BY_PLANS = "known by its service plans only, confirm"
EITHER_FORM = "Contact Center or its add-on for Enterprise (same service plans), confirm"


@dataclass(frozen=True)
class Product:
    """One product: what it grants, beside which bases, and where that was read."""

    key: str
    display_name: str
    kind: str  # base | add_on | standalone | limited
    rights: frozenset[str]
    beside: frozenset[str]  # empty: grants its rights alone
    attach: bool
    only_channel: int | None  # grants only where all counted digital interactions came by this channel
    fixed_price: float | None  # not bought by us: no list price, no quantity
    also_named: tuple[str, ...]
    sources: tuple[str, ...]
    confidence: str
    note: str


@dataclass(frozen=True)
class Dispute:
    """A fact on which sources conflict: what is computed with, and the other reading."""

    key: str
    fact: str
    default: str
    other: str
    products: frozenset[str]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Sku:
    """What is sold: a SKU with the product of ours that it is a seat of, if any."""

    sku_id: str
    part_number: str
    display_name: str
    product_key: str | None
    flavour: str
    counts_as_seat: bool  # false also for the legacy plans: paid, but never in our quantities
    sources: tuple[str, ...]
    confidence: str
    as_of: str


@dataclass(frozen=True)
class Plan:
    """A service plan and what it grants: a product key, or 'trial:', 'capability:', 'other:', 'marker:', 'none'."""

    plan_id: str
    name: str
    grants: str
    ambiguous: bool
    sources: tuple[str, ...]
    confidence: str
    as_of: str


@dataclass(frozen=True)
class ListPrice:
    """A dated list price of one user and month, annual term."""

    product_key: str
    currency: str
    amount: float
    effective_from: date | None  # None: start unknown, earlier than every known one
    role: str
    source: str
    confidence: str
    as_of: str


class Deadline(NamedTuple):
    """So many days around a contract day, for one kind of contract or 'any'."""

    kind: str
    days: int
    meaning: str
    sources: tuple[str, ...]


class Price(NamedTuple):
    """A price and how far it can be trusted."""

    amount: float
    confidence: str
    source: str


@dataclass(frozen=True)
class Rulebook:
    """All rules of one version."""

    version: str
    as_of: date
    products: Mapping[str, Product]
    skus: Mapping[str, Sku]
    plans: Mapping[str, Plan]
    channels: pl.DataFrame  # value, label, class, source, confidence, as_of, note
    roles: pl.DataFrame  # role_name, template_id, kind, source, confidence, as_of, note
    list_prices: tuple[ListPrice, ...]
    disputes: tuple[Dispute, ...]
    deadlines: Mapping[str, Deadline]
    sources: Mapping[str, str]  # source key → title

    def price(self, product_key: str, currency: str, on: date) -> Price | None:
        """The list price in force on a day, in the list's own currency only; None where there is none."""
        product = self.products[product_key]
        if product.fixed_price is not None:
            return Price(product.fixed_price, product.confidence, "|".join(product.sources))
        in_force = [
            price
            for price in self.list_prices
            if price.product_key == product_key
            and price.currency == currency
            and price.role in PRICE_ROLES
            and (price.effective_from or date.min) <= on
        ]
        if not in_force:
            return None
        latest = max(in_force, key=lambda price: price.effective_from or date.min)
        return Price(latest.amount, latest.confidence, latest.source)

    def product_of_plans(self, plan_ids: Iterable[str]) -> tuple[str | None, str | None]:
        """The product of a SKU that is not in the rule book, by its service plans, and what to confirm about it.

        No product and no note: the plans explain nothing. No product but a note: they explain why it is none of ours.
        """
        grants = {self.plans[plan].grants for plan in map(str.lower, plan_ids) if plan in self.plans}
        if any(grant.startswith(("trial:", "marker:trial")) for grant in grants):
            return None, NO_SEAT
        if {"cs_enterprise", "digital_messaging", "voice"} <= grants:
            return "cs_premium", PREMIUM
        # A base says more than the plans beside it; Contact Center SKUs carry the add-ins' plans as well, so it comes
        # before them, and so do both add-ins together before one alone.
        for product_key in ("cs_enterprise", "cs_enterprise_attach", "cs_professional", "cs_professional_attach"):
            if product_key in grants:
                return product_key, BY_PLANS
        for product_key in ("contact_center", "contact_center_digital", "contact_center_voice"):
            if product_key in grants:
                return product_key, EITHER_FORM
        if {"digital_messaging", "voice"} <= grants:
            return "digital_and_voice", BY_PLANS
        for product_key in ("digital_messaging", "voice", "chat", "team_members"):
            if product_key in grants:
                return product_key, BY_PLANS
        if "capability:customer_engagement_plan" in grants:
            return LEGACY_ENTERPRISE, BY_PLANS
        others = sorted(grant.removeprefix("other:") for grant in grants if grant.startswith("other:"))
        return (None, f"another product: {', '.join(others)}") if others else (None, None)

    def sku_products(self, subscribed: pl.DataFrame) -> pl.DataFrame:
        """A row per SKU that the rule book knows or the tenant's service plans explain.

        `product_key` is NULL for what is known to be no product of ours; a SKU without a row is unknown.

        Args:
            subscribed: the tenant's SKUs, with sku_id and plan_ids.
        """
        rows: list[tuple[str, str | None, str | None]] = [
            (sku.sku_id, sku.product_key, None) for sku in self.skus.values()
        ]
        for sku_id, plan_ids in subscribed.select("sku_id", "plan_ids").unique("sku_id").iter_rows():
            if sku_id is not None and sku_id.lower() not in self.skus:
                product_key, note = self.product_of_plans(plan_ids or [])
                if product_key or note:
                    rows.append((sku_id.lower(), product_key, note))
        return pl.DataFrame(
            rows, schema={"sku_id": pl.String, "product_key": pl.String, "note": pl.String}, orient="row"
        ).sort("sku_id")

    def licence_names(self) -> pl.DataFrame:
        """A row per folded name under which an admin centre export may list a SKU or product."""
        names: dict[str, tuple[str | None, str | None]] = {}
        for product in self.products.values():
            for name in (product.display_name, *product.also_named):
                names[folded(name)] = (product.key, None)
        for sku in self.skus.values():
            for name in (sku.display_name, sku.part_number):
                # the same name may be both a product's and one of its SKUs'; it says the product either way
                names.setdefault(folded(name), (sku.product_key, sku.sku_id))
        return pl.DataFrame(
            [(name, *what) for name, what in sorted(names.items())],
            schema={"name_folded": pl.String, "product_key": pl.String, "sku_id": pl.String},
            orient="row",
        )

    def licence_products(self, subscribed: pl.DataFrame) -> pl.DataFrame:
        """A row per licence as an export may write it, 'sku:<id>' or 'name:<folded name>', with its product and note.

        Args:
            subscribed: the tenant's SKUs, with sku_id and plan_ids.
        """
        by_sku = self.sku_products(subscribed).select(
            licence=pl.lit("sku:") + pl.col("sku_id"), product_key="product_key", note="note"
        )
        by_name = self.licence_names().select(
            licence=pl.lit("name:") + pl.col("name_folded"),
            product_key="product_key",
            note=pl.lit(None, dtype=pl.String),
        )
        return pl.concat([by_sku, by_name])

    def frames(self) -> dict[str, pl.DataFrame]:
        """The rules that SQL reads, by the name of their table in the store."""
        return {
            "rule_channel": self.channels.select("value", "class"),
            "rule_role": self.roles.select(
                name_folded=pl.col("role_name").str.to_lowercase(), kind="kind", template_id="template_id"
            ),
            "rule_product": pl.DataFrame(
                [(product.key, product.display_name) for product in self.products.values()],
                schema={"product_key": pl.String, "display_name": pl.String},
                orient="row",
            ),
            "rule_right": pl.DataFrame(
                [(product.key, right) for product in self.products.values() for right in sorted(product.rights)],
                schema={"product_key": pl.String, "right_name": pl.String},
                orient="row",
            ),
            "rule_sku": pl.DataFrame(
                [
                    (sku.sku_id, sku.product_key, sku.counts_as_seat, sku.display_name, sku.part_number)
                    for sku in self.skus.values()
                ],
                schema={
                    "sku_id": pl.String,
                    "product_key": pl.String,
                    "counts_as_seat": pl.Boolean,
                    "display_name": pl.String,
                    "part_number": pl.String,
                },
                orient="row",
            ),
            "rule_plan": pl.DataFrame(
                [(plan.plan_id, plan.grants, plan.ambiguous) for plan in self.plans.values()],
                schema={"plan_id": pl.String, "grants": pl.String, "ambiguous": pl.Boolean},
                orient="row",
            ),
            "rule_licence_name": self.licence_names(),
        }


def folded(name: str) -> str:
    """A name as it is compared: without case and outer blanks, as SQL's lower(trim(…)) does."""
    return name.strip().lower()


@cache
def load_rulebook() -> Rulebook:
    """The rule book that this version of d365bench carries."""
    data = tomllib.loads((files("d365bench") / "rulebook.toml").read_text(encoding="utf-8"))
    return Rulebook(
        version=data["version"],
        as_of=data["as_of"],
        products={entry["key"]: read_product(entry) for entry in data["product"]},
        skus={row["sku_id"]: read_sku(row) for row in rows_of("skus")},
        plans={row["service_plan_id"]: read_plan(row) for row in rows_of("plans")},
        channels=frame_of("channels").with_columns(pl.col("value").cast(pl.Int64)),
        roles=frame_of("roles"),
        list_prices=tuple(read_price(row) for row in rows_of("list_prices")),
        disputes=tuple(
            Dispute(
                key=entry["key"],
                fact=entry["fact"],
                default=entry["default"],
                other=entry["other"],
                products=frozenset(entry["products"]),
                sources=tuple(entry["sources"]),
            )
            for entry in data["dispute"]
        ),
        deadlines={
            row["deadline"]: Deadline(row["kind"], int(row["days"]), row["meaning"], tuple(row["source"].split("|")))
            for row in rows_of("deadlines")
        },
        sources={row["source_key"]: row["title"] for row in rows_of("sources")},
    )


def rows_of(name: str) -> list[dict[str, str]]:
    """The rows of rules/<name>.csv as text."""
    text = (files("d365bench") / "rules" / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def frame_of(name: str) -> pl.DataFrame:
    """The rows of rules/<name>.csv as a frame of text, an empty cell being NULL."""
    rows = rows_of(name)
    return pl.DataFrame(
        {column: [row[column] or None for row in rows] for column in rows[0]},
        schema=dict.fromkeys(rows[0], pl.String),  # a column without any value is text as well
    )


def read_product(entry: Mapping[str, Any]) -> Product:
    return Product(
        key=entry["key"],
        display_name=entry["display_name"],
        kind=entry["kind"],
        rights=frozenset(entry["rights"]),
        beside=frozenset(entry.get("beside", ())),
        attach=entry.get("attach", False),
        only_channel=entry.get("only_channel"),
        fixed_price=entry.get("fixed_price"),
        also_named=tuple(entry.get("also_named", ())),
        sources=tuple(entry["sources"]),
        confidence=entry["confidence"],
        note=entry["note"],
    )


def read_sku(row: Mapping[str, str]) -> Sku:
    # Trial, test, partner and Multi-app SKUs name the product whose rights they carry, but are no seat of it. The
    # legacy plans are no Customer Service seat either, yet somebody pays for their Enterprise rights: they stay.
    is_ours = row["counts_as_seat"] == "yes" or row["product_key"] == LEGACY_ENTERPRISE
    return Sku(
        sku_id=row["sku_id"],
        part_number=row["sku_part_number"],
        display_name=row["display_name"],
        product_key=row["product_key"] if is_ours else None,
        flavour=row["flavour"],
        counts_as_seat=row["counts_as_seat"] == "yes",
        sources=tuple(row["source"].split("|")),
        confidence=row["confidence"],
        as_of=row["as_of"],
    )


def read_plan(row: Mapping[str, str]) -> Plan:
    return Plan(
        plan_id=row["service_plan_id"],
        name=row["service_plan_name"],
        grants=row["grants"],
        ambiguous=row["ambiguous"] == "yes",
        sources=tuple(row["source"].split("|")),
        confidence=row["confidence"],
        as_of=row["as_of"],
    )


def read_price(row: Mapping[str, str]) -> ListPrice:
    return ListPrice(
        product_key=row["product_key"],
        currency=row["currency"],
        amount=float(row["monthly_price"]),
        effective_from=date.fromisoformat(row["effective_from"]) if row["effective_from"] else None,
        role=row["role"],
        source=row["source"],
        confidence=row["confidence"],
        as_of=row["as_of"],
    )
