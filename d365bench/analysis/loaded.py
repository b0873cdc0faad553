"""What was loaded: the exports of a client, file by file."""

from __future__ import annotations

from typing import Any

from d365bench.store import Store


def loaded(store: Store) -> list[dict[str, Any]]:
    """A row per file, sorted by path: what it is, what became of each of its rows, and why it was refused."""
    return [
        {**row, "quarantine": {entry["reason"]: entry["rows"] for entry in row["quarantine"]}}
        for row in store.query("stage/report").iter_rows(named=True)
    ]
