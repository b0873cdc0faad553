"""The manifest: what the outputs were made from, and with."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from d365bench import outputs
from d365bench.analysis.loaded import loaded
from d365bench.notebook import Run

PACKAGES = ("d365bench", "altair", "duckdb", "nbclient", "papermill", "polars", "vl-convert-python", "xlsxwriter")


def manifest(run: Run, parameters: Mapping[str, int], path: Path) -> None:
    """Write input hashes, rule book version, thresholds, parameters and package versions; no clock, no user."""
    settings = {
        name: hashlib.sha256((run.client.folder / name).read_bytes()).hexdigest()
        for name in ("client.toml", "decisions.csv")
        if (run.client.folder / name).is_file()
    }
    value = {
        "client": run.client.name,
        "as_of": run.client.as_of,
        "inputs": settings | {f"exports/{row['path']}": row["sha256"] for row in run.ask(loaded)},
        "rulebook": run.rulebook.version,
        "thresholds": dict(run.thresholds),
        "parameters": dict(parameters),
        "packages": {name: version(name) for name in PACKAGES},
    }
    outputs.write_json(value, path)
