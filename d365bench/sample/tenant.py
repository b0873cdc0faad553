"""An invented tenant with all that was delivered of it: what a truth is told from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import tomlkit

from d365bench.sample.files import write_table, write_text
from d365bench.sample.shapes import Delivered
from d365bench.sample.world import Account, World

DECISION_COLUMNS = ("person", "product", "decision", "reason", "by", "decided_on", "expires_on")


@dataclass
class Tenant:
    """One client folder being made: its settings, its deliveries, its directory."""

    world: World
    folder: Path
    settings: dict[str, Any]
    delivered: list[Delivered] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    licence_source: str | None = None
    licence_complete: bool = True
    products: dict[str, str | None] = field(default_factory=dict)  # SKU id or name → product key; None: none of ours
    purchased: dict[str, int] = field(default_factory=dict)
    sign_in_exported: bool = False
    purview: list[tuple[str, datetime]] = field(default_factory=list)
    decisions: list[dict[str, str]] = field(default_factory=list)

    @property
    def exports(self) -> Path:
        return self.folder / "exports"

    @property
    def as_of(self) -> date:
        day: date = self.settings["client"]["as_of"]
        return day

    def write_settings(self) -> None:
        """Write client.toml and decisions.csv."""
        write_text(self.folder / "client.toml", tomlkit.dumps(self.settings))
        if self.decisions:
            rows = ([row.get(name, "") for name in DECISION_COLUMNS] for row in self.decisions)
            write_table(self.folder / "decisions.csv", DECISION_COLUMNS, rows, bom=False)
