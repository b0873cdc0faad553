"""The tree itself: what may lie where, how large it may be, and what no file may mention."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

TOP_LEVEL = {
    "pyproject.toml",
    "README.md",
    "Makefile",
    "requirements.lock",
    "requirements-dev.lock",
    "requirements-spark.lock",
    "notebooks",
    "d365bench",
    "data",
    "reports",
    "tests",
    "docs",
    "benchmarks",
}

# A path that exists on one machine only, or a page that the project does not have. Pieced together, so that this file
# passes its own test.
FOREIGN = re.compile(
    "|".join(rf"(?<![\w.~-])/{folder}/" for folder in ("home", "root", "Users", "work", "tmp", "mnt", "opt"))
    + r"|[A-Z]:\\\\?Users|(?<!https:)(?<!http:)//[a-z]+:[^ ]+@|\bshared/"
)


def tracked() -> list[Path]:
    """Every file that is, or is about to be, under version control."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [path for name in listing.split("\0") if name and (path := ROOT / name).is_file()]


def text_of(path: Path) -> str:
    """The file as text; empty where it is none."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def cells(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text(encoding="utf-8"))["cells"])


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def test_the_top_level_holds_only_what_belongs_there() -> None:
    names = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert {name for name in names if not name.startswith(".")} == TOP_LEVEL


def test_reports_hold_output_only() -> None:
    assert [path.name for path in tracked() if path.is_relative_to(ROOT / "reports")] == ["README.md"]


def test_no_client_but_the_invented_ones_is_committed() -> None:
    assert {path.relative_to(ROOT).parts[1] for path in tracked() if path.is_relative_to(ROOT / "data")} == {"sample"}


@pytest.mark.parametrize(
    "path", sorted((ROOT / "d365bench").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_a_module_is_one_thing(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_no_file_names_a_machine_or_a_place_outside_the_project() -> None:
    named = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in tracked()
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if FOREIGN.search(line)
    ]
    assert not named


def test_the_package_knows_no_client_and_no_person_of_the_samples() -> None:
    clients = {path.parent.name for path in (ROOT / "data" / "sample").glob("*/client.toml")}
    users = json.loads((ROOT / "tests" / "samples" / "graph" / "users.json").read_text(encoding="utf-8"))["value"]
    people = {user["displayName"] for user in users} | {user["userPrincipalName"].split("@")[0] for user in users}
    assert clients
    assert people
    words = re.compile("|".join(rf"(?<![\w-]){re.escape(name)}(?![\w-])" for name in sorted(clients | people)), re.I)
    named = [
        f"{path.relative_to(ROOT)}: {found[0]}"
        for path in tracked()
        if path.is_relative_to(ROOT / "d365bench") and (found := words.search(text_of(path)))
    ]
    assert not named


def test_the_lock_files_hold_no_pandas_and_no_place() -> None:
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-spark.lock"):
        text = text_of(ROOT / name)
        locked = set(re.findall(r"^([a-z0-9._-]+)==", text, re.M))
        assert locked
        # Spark Connect asks for both, which is why it has an environment of its own
        assert bool(locked & {"pandas", "numpy"}) == (name == "requirements-spark.lock")
        assert "://" not in text
        assert "--index" not in text
        assert "--find-links" not in text


def test_the_lock_files_satisfy_the_declared_dependencies() -> None:
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))
    runtime = set(project["project"]["dependencies"])
    developer = set(project["dependency-groups"]["dev"]) | runtime
    spark = set(project["dependency-groups"]["spark-test"]) | runtime
    locks = {"requirements.lock": runtime, "requirements-dev.lock": developer, "requirements-spark.lock": spark}
    for name, wanted in locks.items():
        locked = set(re.findall(r"^([a-z0-9._-]+)==", text_of(ROOT / name), re.M))
        assert {re.split(r"[<>=\[]", entry)[0].lower() for entry in wanted} <= locked


def test_what_is_imported_is_declared_and_the_other_way_round() -> None:
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))
    # Asked for by another library at run time: the kernel of the notebooks, the frame that DuckDB hands over.
    unseen = {"ipykernel", "jupyterlab", "pyarrow"}
    modules = {"vl-convert-python": "vl_convert"}
    names = {re.split(r"[<>=]", entry)[0] for entry in project["project"]["dependencies"]}
    declared = {modules.get(name, name.replace("-", "_")) for name in names}
    imported = {
        module
        for path in (ROOT / "d365bench").rglob("*.py")
        for node in ast.walk(ast.parse(text_of(path)))
        for module in imported_modules(node)
    } - {*sys.stdlib_module_names, "d365bench"}
    # the extra, and Java's side of it that it brings along
    assert imported - declared <= {"pyspark", "py4j"}
    assert declared - unseen <= imported


def imported_modules(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[0] for alias in node.names}
    return {(node.module or "").split(".")[0]} if isinstance(node, ast.ImportFrom) else set()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestNotebook:
    def test_it_is_committed_without_outputs(self, path: Path) -> None:
        for cell in cells(path):
            if cell["cell_type"] == "code":
                assert cell["outputs"] == []
                assert cell["execution_count"] is None
        assert json.loads(path.read_text(encoding="utf-8"))["metadata"]["kernelspec"]["name"] == "python3"

    def test_its_cells_are_short_and_hold_no_logic(self, path: Path) -> None:
        for cell in cells(path):
            if cell["cell_type"] == "code":
                # a parameter takes a line, however many there are
                assert len(source(cell).splitlines()) <= 8 or "parameters" in cell["metadata"].get("tags", [])
                assert not re.search(r"^\s*(def|class|async def) |\blambda\b|\b(SELECT|JOIN)\b", source(cell), re.M)

    def test_it_has_exactly_one_parameters_cell(self, path: Path) -> None:
        tagged = [cell for cell in cells(path) if "parameters" in cell["metadata"].get("tags", [])]
        assert len(tagged) == 1

    def test_a_parameter_is_one_assignment_a_line(self, path: Path) -> None:
        (parameters,) = (cell for cell in cells(path) if "parameters" in cell["metadata"].get("tags", []))
        for line in source(parameters).splitlines():
            # a second '=' hides the parameter from papermill
            assert re.fullmatch(r"[a-z_]+(: \w+)? = [^=]+  # [^=]+", line), line

    def test_it_imports_from_the_package_only(self, path: Path) -> None:
        for cell in cells(path):
            if cell["cell_type"] == "code":
                for module in re.findall(r"^\s*(?:import|from) (\w+)", source(cell), re.M):
                    assert module == "d365bench"

    def test_its_prose_states_no_figure(self, path: Path) -> None:
        for cell in cells(path):
            if cell["cell_type"] == "markdown":
                prose = re.sub(r"`[^`]*`|Dynamics 365|D365|[A-Za-z]*365", "", source(cell))
                assert not re.search(r"\b\d[\d.,]*\s*(%|percent|people|seats|USD|EUR)", prose)


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS
    assert all(re.fullmatch(r"\d\d_[a-z_]+", path.stem) for path in NOTEBOOKS)
