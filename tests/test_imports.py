"""Who may import whom: every import of the package against one table. A module that is not placed cannot pass."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "d365bench"

# Module or sub-package → what of ours it may import. Inside a sub-package, imports are free.
MAY_IMPORT: dict[str, set[str]] = {
    "__init__": {"store", "thresholds", "errors"},
    "__main__": {"cli"},
    "cli": {
        "batch",
        "reports",
        "ingest",
        "lake",
        "rollup",
        "sample",
        "analysis",
        "client",
        "store",
        "rulebook",
        "thresholds",
        "errors",
    },
    "batch": {"reports", "client", "errors"},
    "reports": {"notebook", "lean", "analysis", "outputs", "client", "store", "rulebook", "thresholds", "errors"},
    "notebook": {
        "analysis",
        "ingest.source_rows",  # a figure is followed into its files, which no analysis reads
        "charts",
        "tables",
        "widgets",
        "client",
        "rulebook",
        "store",
        "thresholds",
        "errors",
    },
    "widgets": {"thresholds", "charts", "tables", "errors"},
    "charts": {"thresholds", "lean"},
    "tables": set(),
    "outputs": {"errors"},
    "analysis": {"store", "rulebook", "client", "thresholds", "errors"},
    "ingest": {"store", "rollup", "rulebook", "client", "errors"},
    "rollup": {"store", "errors"},
    "sample": {"ingest.tables", "errors"},
    "client": {"thresholds", "errors"},
    "rulebook": {"thresholds", "errors"},
    "store": {"errors"},
    "thresholds": {"errors"},
    "errors": set(),
    "lake": {"ingest", "rollup", "rulebook", "client", "store", "errors"},
    "lean": set(),
}

MODULES = sorted(PACKAGE.rglob("*.py"))


def module_name(path: Path) -> str:
    """Dotted name below d365bench: 'ingest.tables', 'store', '__init__'."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts if parts == ("__init__",) or parts[-1] != "__init__" else parts[:-1])


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, at its top or inside a function; 'from package import module' as both."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_module(name: str) -> bool:
    """Whether 'ingest.tables' is a module or package of ours, not a name inside one."""
    path = PACKAGE.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def ours(path: Path) -> set[str]:
    """The modules of d365bench that a file imports, as dotted names below the package."""
    below = {name.removeprefix("d365bench.") for name in imports(path) if name.startswith("d365bench.")}
    modules = {name for name in below if is_module(name)}
    # 'from d365bench.ingest import tables' is an import of ingest.tables alone
    packages = {name for name in modules if any(other.startswith(f"{name}.") for other in modules)}
    return modules - packages


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_a_module_imports_only_what_stands_below_it(path: Path) -> None:
    name = module_name(path)
    place = name.split(".")[0]
    assert place in MAY_IMPORT, f"{name} is a new module: place it in MAY_IMPORT"
    allowed = MAY_IMPORT[place] | {place}
    strangers = {other for other in ours(path) if not any(other == a or other.startswith(f"{a}.") for a in allowed)}
    assert not strangers


def test_every_place_is_a_module() -> None:
    places = {module_name(path).split(".")[0] for path in MODULES}
    assert set(MAY_IMPORT) <= places, "a module is gone: take it out of MAY_IMPORT"


def test_the_table_has_no_circle() -> None:
    below = {place: {allowed.split(".")[0] for allowed in names} for place, names in MAY_IMPORT.items()}
    placed: set[str] = set()
    while len(placed) < len(below):
        ready = {place for place, names in below.items() if place not in placed and names <= placed}
        assert ready, f"these import each other: {sorted(set(below) - placed)}"
        placed |= ready


@pytest.mark.parametrize(
    ("library", "owners"),
    [
        ("duckdb", "store"),
        ("altair", "charts"),
        ("ipywidgets", "widgets"),
        ("typer", "cli"),
        ("papermill", "reports"),
        ("xlsxwriter", "outputs sample"),  # what is handed over, and exports that are invented
        ("deltalake", "ingest"),
        ("python_calamine", "ingest"),
    ],
)
def test_a_library_has_its_owner(library: str, owners: str) -> None:
    users = {
        module_name(path).split(".")[0]
        for path in MODULES
        if any(name.split(".")[0] == library for name in imports(path))
    }
    assert users <= set(owners.split())


def test_importing_the_package_stays_light() -> None:
    heavy = ["pandas", "numpy", "altair", "papermill", "IPython"]
    code = f"import sys, d365bench; print(*sorted(set({heavy}) & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not loaded
