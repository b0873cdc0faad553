"""The notebooks: their structure, and that every one runs."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from d365bench.client import load_client
from d365bench.reports.notebooks import NOTEBOOKS, run_notebooks
from d365bench.thresholds import BY_NAME
from service_desk import folder

PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
OTHER = {name: min(threshold.default + threshold.step, threshold.high) for name, threshold in BY_NAME.items()}
each_notebook = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("data")
    folder(data)
    return data


def cells(path: Path, kind: str | None = None) -> list[dict[str, Any]]:
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in found if kind in (None, cell["cell_type"])]


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def parameters(path: Path) -> list[str]:
    (cell,) = [cell for cell in cells(path) if "parameters" in cell["metadata"].get("tags", [])]
    return source(cell).splitlines()


def test_there_are_notebooks() -> None:
    assert len(PATHS) >= 5
    assert all(re.fullmatch(r"\d\d_[a-z_]+", path.stem) for path in PATHS)


@each_notebook
def test_a_notebook_is_committed_without_outputs(path: Path) -> None:
    book = json.loads(path.read_text(encoding="utf-8"))
    assert book["metadata"]["kernelspec"]["name"] == "python3"
    assert set(book["metadata"]) == {"kernelspec", "language_info"}
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells(path, "code"))


@each_notebook
def test_the_parameters_are_one_assignment_a_line_that_papermill_reads(path: Path) -> None:
    lines = parameters(path)
    assert [line.split(":")[0] for line in lines[:2]] == ["client", "data"]
    assert all(re.fullmatch(r'(client|data): str = ""  # [^=]+|[a-z_]+ = None  # int[^=]+', line) for line in lines)
    # A decision rests on every threshold but the headroom, which is the renewal's.
    used = [name for name in BY_NAME if name != "headroom_percent" or path.stem == "05_renewal"]
    assert [line.split(" ")[0] for line in lines[2:]] == used


@each_notebook
def test_a_notebook_follows_the_order(path: Path) -> None:
    kinds = [cell["cell_type"] for cell in cells(path)]
    assert kinds[:3] == ["markdown", "code", "code"]
    assert source(cells(path)[0]).startswith("# ")
    assert "notebook.start(" in source(cells(path)[2])
    assert kinds[3:] == ["markdown", "code", "code"] * ((len(kinds) - 4) // 3) + ["markdown"]
    titles = [source(cell).splitlines()[0] for cell in cells(path, "markdown")[1:]]
    assert all(re.fullmatch(r"## .+\?", title) for title in titles[:-1]), "a section asks one question"
    assert titles[-1] == "## What this does not show"


@each_notebook
def test_a_cell_is_short_and_holds_no_logic(path: Path) -> None:
    for cell in cells(path, "code"):
        text = source(cell)
        assert not re.search(r"\b(def|class|lambda|SELECT|JOIN)\b|%", text)
        # The parameters are a list of declarations, a line for each threshold.
        assert len(text.splitlines()) <= 8 or "parameters" in cell["metadata"].get("tags", [])
        tree = ast.parse(text)
        modules = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
        assert all(str(module).split(".")[0] == "d365bench" for module in modules)


@each_notebook
def test_prose_states_no_figure(path: Path) -> None:
    for cell in cells(path, "markdown"):
        assert not re.search(r"\d", source(cell)), source(cell)


@each_notebook
def test_an_answer_has_one_name(path: Path) -> None:
    for cell in cells(path, "code"):
        for variable, question in re.findall(r"^(\w+) = run\.ask\(\w+\.(\w+)\)$", source(cell), re.MULTILINE):
            assert variable == question


# -- running ---------------------------------------------------------------------------------------------------


def errors_and_charts(path: Path) -> tuple[list[str], int]:
    outputs = [output for cell in cells(path, "code") for output in cell["outputs"]]
    complaints = [output["output_type"] for output in outputs if output["output_type"] in ("error", "stream")]
    return complaints, sum("application/vnd.vegalite.v5+json" in output.get("data", {}) for output in outputs)


@pytest.mark.slow
@pytest.mark.parametrize("asked", [{}, OTHER], ids=["defaults", "other values"])
def test_every_notebook_runs_and_draws_a_chart_per_question(data: Path, tmp_path: Path, asked: dict[str, int]) -> None:
    client = load_client(data, "desk")
    for path in run_notebooks(client, asked, tmp_path / "notebooks", tmp_path / "errors"):
        complaints, drawn = errors_and_charts(path)
        assert complaints == []
        assert drawn == (len(cells(path, "markdown")) - 2)


@pytest.mark.slow
def test_a_notebook_runs_by_itself_from_any_folder(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import papermill

    monkeypatch.setenv("D365BENCH_DATA", str(data))
    executed = tmp_path / "executed.ipynb"
    papermill.execute_notebook(str(PATHS[0]), str(executed), cwd=str(tmp_path), progress_bar=False)
    assert errors_and_charts(executed)[0] == []


@pytest.mark.slow
def test_a_mistyped_parameter_stops_the_notebook_in_its_first_cell(data: Path, tmp_path: Path) -> None:
    import papermill

    with pytest.raises(papermill.PapermillExecutionError) as caught:
        papermill.execute_notebook(
            str(PATHS[0]),
            str(tmp_path / "executed.ipynb"),
            parameters={"data": str(data), "windw_days": 90},
            progress_bar=False,
        )
    assert caught.value.evalue == "unknown parameter 'windw_days'; did you mean 'window_days'?"
    assert "Traceback" not in "".join(caught.value.traceback)
