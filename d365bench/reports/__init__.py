"""Reports: one client's outputs, made in a folder of their own and swapped in at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from d365bench import notebook, outputs
from d365bench.analysis.brief import brief
from d365bench.analysis.changes import changes
from d365bench.analysis.ledger import ledger
from d365bench.analysis.loaded import loaded
from d365bench.client import Client
from d365bench.notebook import Run
from d365bench.reports.manifest import manifest
from d365bench.reports.notebooks import NOTEBOOKS, run_notebooks
from d365bench.reports.page import write_page
from d365bench.reports.swap import draft_of
from d365bench.reports.workbook import write_workbook
from d365bench.thresholds import resolve

__all__ = ["NOTEBOOKS", "render"]


def render(client: Client, out: Path, parameters: Mapping[str, int]) -> Path:
    """Write everything about a loaded client to <out>/<client>/, which is returned; whole, or not at all.

    Args:
        parameters: thresholds by name, over the client's own.
    """
    resolve(client.thresholds, parameters)  # before anything runs
    with draft_of(out / client.name) as draft:
        notebooks = run_notebooks(client, parameters, draft.folder / "notebooks", draft.errors)
        with notebook.open_run(client.name, str(client.folder.parent), dict(parameters)) as run:
            write_files(run, draft.folder)
            write_workbook(run, draft.folder / "ledger.xlsx")
            write_page(run, notebooks, draft.folder / "report.html")
            manifest(run, parameters, draft.folder / "manifest.json")  # last: what has one is complete
    return out / client.name


def write_files(run: Run, folder: Path) -> None:
    """Write ledger, changes, renewal, brief, summary and what was loaded."""
    outputs.write_csv(ledger(run.reasoned, run.client), folder / "ledger.csv")
    outputs.write_csv(run.ask(changes), folder / "changes.csv")
    outputs.write_csv(run.renewal, folder / "renewal.csv")
    (folder / "brief.md").write_text(run.ask(brief), encoding="utf-8")
    outputs.write_json(run.summary, folder / "summary.json")
    outputs.write_json(run.ask(loaded), folder / "load.json")
