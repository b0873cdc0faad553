"""Products, channels, prices and thresholds, written down once more by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from itertools import combinations

DEFAULTS = {
    "window_days": 180,
    "season_days": 400,
    "digital_min_interactions": 1,
    "digital_min_days": 1,
    "voice_min_interactions": 1,
    "voice_min_days": 1,
    "sla_min_cases": 1,
    "team_members_min_other_cases": 1,
    "team_members_review_own_cases": 10,
    "tenure_min_days": 60,
    "coverage_min_percent": 80,
    "gap_days": 7,
}
CLASSES = {
    **dict.fromkeys((19241000, 192300000, 192310000, 192320000, 192330000, 192340000, 192350001, 192350002), "digital"),
    **dict.fromkeys((192360000, 192450000, 192450001), "digital"),
    **dict.fromkeys((192370000, 192380000, 192390000, 192400000), "secondary"),
    192350000: "record",
    192440000: "voice",
}
MODES = {192350002: "handled", 192350003: "consulted", 192350004: "monitored"}
CASES, ENTERPRISE, DIGITAL, VOICE = "cases", "enterprise", "digital", "voice"
GRANTS = {
    "cs_professional": {CASES},
    "cs_professional_attach": {CASES},
    "cs_enterprise": {CASES, ENTERPRISE},
    "cs_enterprise_attach": {CASES, ENTERPRISE},
    "cs_premium": {CASES, ENTERPRISE, DIGITAL, VOICE},
    "other_enterprise": {CASES, ENTERPRISE},
    "digital_messaging": {DIGITAL},
    "chat": {DIGITAL},
    "voice": {VOICE},
    "digital_and_voice": {DIGITAL, VOICE},
    "contact_center": {DIGITAL, VOICE},
    "contact_center_digital": {DIGITAL},
    "contact_center_voice": {VOICE},
    "team_members": set(),
}
BASES = (
    "cs_professional",
    "cs_professional_attach",
    "cs_enterprise",
    "cs_enterprise_attach",
    "cs_premium",
    "other_enterprise",
)
ENTERPRISE_BASES = {"cs_enterprise", "cs_enterprise_attach", "cs_premium", "other_enterprise"}
ATTACH = {"cs_professional_attach", "cs_enterprise_attach"}
ADD_ONS = ("digital_messaging", "voice", "digital_and_voice", "chat")
STANDALONE = {"contact_center", "contact_center_digital", "contact_center_voice"}
# USD per person and month as of mid 2026: the latest primary or historic list price.
LIST = {
    "cs_professional": 50,
    "cs_enterprise": 105,
    "cs_premium": 195,
    "cs_enterprise_attach": 20,
    "cs_professional_attach": 20,
    "team_members": 8,
    "digital_messaging": 75,
    "voice": 75,
    "digital_and_voice": 90,
    "chat": 60,
    "contact_center": 110,
    "contact_center_digital": 95,
    "contact_center_voice": 95,
}
HOLD_ORDER = (
    "insufficient_data",
    "confirm_indirect",
    "confirm_supervisor",
    "confirm_queue",
    "confirm_seasonal",
    "confirm_reader",
)
RIGHTS = (CASES, DIGITAL, ENTERPRISE, VOICE)
Products = frozenset[str]
NONE: Products = frozenset()


def cents(amount: Decimal) -> str:
    return str(amount.quantize(Decimal("0.01"), ROUND_HALF_UP))


def subsets(items: Iterable[str]) -> Iterator[Products]:
    known = list(items)
    for size in range(len(known) + 1):
        yield from map(frozenset, combinations(known, size))


def level(products: Products) -> str | None:
    if "cs_premium" in products:
        return "premium"
    if products & ENTERPRISE_BASES:
        return "enterprise"
    return "professional" if products & set(BASES) else None


def joined(products: Products | None) -> str:
    return "+".join(sorted(products or NONE))
