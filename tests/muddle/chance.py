"""A tenant under way, its settings drawn by chance."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

from d365bench.sample.tenant import Tenant
from d365bench.sample.world import Human, World

AS_OF = date(2026, 7, 1)
# Threshold → the values that chance picks from; what is not picked keeps its default.
THRESHOLDS: dict[str, tuple[int, ...]] = {
    "window_days": (30, 90, 181),
    "season_days": (200, 365, 401),
    "digital_min_interactions": (2, 3, 5),
    "digital_min_days": (2, 3),
    "voice_min_interactions": (2, 3, 5),
    "voice_min_days": (2, 3),
    "sla_min_cases": (2, 3),
    "team_members_min_other_cases": (2, 3),
    "team_members_review_own_cases": (1, 2, 4),
    "tenure_min_days": (0, 30, 120),
    "coverage_min_percent": (0, 50, 95, 100),
    "gap_days": (2, 5, 20),
}
PRICED = (
    *("cs_professional", "cs_professional_attach", "cs_enterprise", "cs_enterprise_attach", "cs_premium"),
    *("digital_messaging", "voice", "digital_and_voice", "chat", "team_members", "contact_center"),
)


@dataclass
class Muddle:
    """A tenant under way."""

    world: World
    tenant: Tenant
    off: dict[str, set[str]] = field(default_factory=dict)  # environment → channels never switched on
    groups: list[str] = field(default_factory=list)
    humans: list[Human] = field(default_factory=list)
    robots: dict[str, list[str]] = field(default_factory=dict)
    unknown: bool = False  # whether sessions of unknown channel occur

    @property
    def chance(self) -> Random:
        return self.world.random

    def often(self, share: float) -> bool:
        return self.chance.random() < share

    @property
    def is_priced(self) -> bool:
        """Whether every product has a price: what two bases of unknown price are worth is nobody's rule."""
        return bool(self.tenant.settings["client"]["currency"] == "USD")

    @property
    def window(self) -> date:
        return AS_OF - timedelta(self.tenant.settings["thresholds"].get("window_days", 180))

    @property
    def season(self) -> date:
        return AS_OF - timedelta(self.tenant.settings["thresholds"].get("season_days", 400))

    def when(self) -> datetime:
        """Mostly in the window or the look-back, at times to the second at an edge."""
        if self.often(0.1):
            edge = datetime.combine(self.chance.choice((AS_OF, self.window, self.season)), time())
            return edge - timedelta(seconds=self.chance.randrange(2))
        first, last = self.chance.choices(
            ((self.window, AS_OF), (self.season, self.window), (date(2024, 11, 1), self.season)), (12, 5, 1)
        )[0]
        return self.world.moment(first + timedelta(self.chance.randrange((last - first).days)), 0, 24)

    def about(self, days: int) -> date:
        """A day about so many days before the as-of day, or long ago."""
        return AS_OF - timedelta(days + self.chance.choice((-1, 0, 1, 300, 600, 900)))


def begin(folder: Path, seed: int) -> Muddle:
    """Settings by chance."""
    world = World(seed, AS_OF, "muddle.example")
    chance = world.random
    declared: list[dict[str, Any]] = []
    for number, name in enumerate(("east", "north", "west")[: chance.choice((1, 1, 2, 3))]):
        entry: dict[str, Any] = {"name": name, "kind": "production"}
        if number:
            entry |= chance.choice(({}, {}, {"kind": "sandbox"}, {"service": False}))
        entry["not_provisioned"] = [c for c in ("digital", "voice", "record") if chance.random() < 0.15]
        entry["accept"] = [a for a in ("last_touch", "season", "filtered", "stale") if chance.random() < 0.2]
        entry["custom_tables"] = chance.choice((0, 0, 0, 15, 16))
        if chance.random() < 0.15:
            first = AS_OF - timedelta(chance.randrange(60, 300))
            entry |= {"complete_from": first, "complete_to": first + timedelta(chance.randrange(20, 300))}
        declared.append(entry)
    # few different prices, so that sets often cost the same
    prices = {p: float(chance.choice((20, 50, 75, 90, 105, 150, 195))) for p in PRICED if chance.random() < 0.5}
    settings = {
        "client": {
            "name": "A muddle",
            "as_of": AS_OF,
            "currency": chance.choice(("USD", "USD", "EUR")),
            "environments_complete": chance.random() < 0.5,
        },
        "environment": declared,
        "prices": prices,
        "thresholds": {k: chance.choice(v) for k, v in THRESHOLDS.items() if chance.random() < 0.4},
    }
    muddle = Muddle(world, Tenant(world, folder, settings))
    muddle.off = {entry["name"]: set(entry["not_provisioned"]) for entry in declared}
    muddle.groups = [world.guid(), world.guid()]
    muddle.unknown = muddle.often(0.3)
    return muddle
