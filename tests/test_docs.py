"""The pages cannot fall behind the code: generated parts are compared, lists are counted, links lead somewhere."""

from __future__ import annotations

import re
import tomllib
from importlib import util
from pathlib import Path
from types import ModuleType

import pytest
from typer.main import get_command

from d365bench.analysis import actions
from d365bench.analysis.holds import HOLDS
from d365bench.analysis.ledger import COLUMNS
from d365bench.analysis.target import LEVELS
from d365bench.cli import app

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "reports" / "README.md"])
COMMANDS = dict(get_command(app).commands)


def load_generator() -> ModuleType:
    """docs/generate.py as a module; docs/ is no package."""
    spec = util.spec_from_file_location("generate_docs", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATOR = load_generator()


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def anchors(text: str) -> set[str]:
    """What a heading is called in a link, as Git hosts build it."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", GENERATOR.pages(), ids=lambda path: path.name)
def test_a_generated_page_is_up_to_date(path: Path) -> None:
    written = path.read_text(encoding="utf-8")
    assert written == GENERATOR.generated(written), "run 'make docs'"


def test_every_generated_part_is_on_a_page() -> None:
    assert {
        found["name"] for path in GENERATOR.pages() for found in GENERATOR.MARKED.finditer(path.read_text("utf-8"))
    } == set(GENERATOR.PARTS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_command_is_documented_and_explains_itself(name: str) -> None:
    assert f"\n## d365bench {name}\n" in page("cli.md")
    assert COMMANDS[name].help
    silent = [p.name for p in COMMANDS[name].params if p.name != "help" and not getattr(p, "help", None)]
    assert not silent, "a parameter without a help text"


def test_the_commands_are_the_promised_ones() -> None:
    assert set(COMMANDS) == {
        "new",
        "inspect",
        "load",
        "rollup",
        "report",
        "explain",
        "lab",
        "sample",
        "forget",
    }


def test_every_dependency_has_its_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    entries = {
        "At run time": project["project"]["dependencies"],
        "Extra": project["project"]["optional-dependencies"]["spark"],
        "For developers": [*project["dependency-groups"]["dev"], *project["dependency-groups"]["build"]],
    }
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", page("dependencies.md"), re.MULTILINE | re.DOTALL))
    listed_above = set(re.findall(r"^\| `([\w.-]+)` \|", sections["Extra"], re.MULTILINE))
    for title, wanted in entries.items():
        listed = set(re.findall(r"^\| `([\w.-]+)` \| \S", sections[title], re.MULTILINE))
        names = {re.split(r"[<>=\[]", entry)[0] for entry in wanted}
        assert listed == (names - listed_above if title == "For developers" else names)


def test_every_column_hold_and_action_of_the_ledger_is_explained() -> None:
    rows = re.findall(r"^\| (`[^|]+`) \|", page("reading-the-ledger.md"), re.MULTILINE)
    explained = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    words = {
        value
        for name, value in vars(actions).items()
        if name.isupper() and isinstance(value, str) and value not in {actions.UNKNOWN}
    }
    changes = {f"{verb}_{channel}" for verb in ("add", "remove") for channel in ("digital", "voice")}
    moves = {f"move_to_{level}" for level in LEVELS}
    assert explained >= {*COLUMNS, *HOLDS, *words, *changes, *moves}


def test_the_changelog_begins_with_what_is_unreleased() -> None:
    assert re.findall(r"^## (.+)$", page("CHANGELOG.md"), re.MULTILINE)[0] == "Unreleased"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_link_leads_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("https:", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        linked = (path.parent / name).resolve() if name else path
        assert linked.exists(), target
        if anchor:
            assert anchor in anchors(linked.read_text(encoding="utf-8")), target


def test_every_page_is_reachable_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        current = waiting.pop()
        seen.add(current)
        for target in re.findall(r"\]\(([^)#\s]+\.md)[)#]", current.read_text(encoding="utf-8")):
            linked = (current.parent / target).resolve()
            if linked not in seen:
                waiting.append(linked)
    assert set(DOCS.rglob("*.md")) <= seen


def test_the_readme_begins_with_the_two_commands() -> None:
    first = (ROOT / "README.md").read_text(encoding="utf-8").split("```")[1]
    assert re.findall(r"^make (\w+)", first, re.MULTILINE) == ["demo", "test"]
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"demo", "lab", "test", "bench", "lock", "sample"} <= targets
