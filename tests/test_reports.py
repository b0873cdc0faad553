"""Reports: whole or not at all, offline, and nothing of a client can break out of the page."""

from __future__ import annotations

import csv
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from d365bench import reports
from d365bench.client import Client, load_client
from d365bench.errors import OutOfRange, ReportError, UnknownParameter
from d365bench.reports import notebooks as running
from d365bench.reports import page, swap
from service_desk import folder

FILES = {
    *("ledger.csv", "changes.csv", "renewal.csv", "brief.md", "summary.json", "load.json", "manifest.json"),
    *("ledger.xlsx", "report.html", "notebooks"),
}
EVIL = "</script><script>alert('client')</script>"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Client:
    home = folder(tmp_path_factory.mktemp("data"))
    settings = home / "client.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("A service desk", EVIL), encoding="utf-8")
    return load_client(home.parent, "desk")


@pytest.fixture(scope="module")
def out(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real notebooks' report, made once."""
    target = tmp_path_factory.mktemp("out")
    assert reports.render(client, target, {"gap_days": 9}) == target / "desk"
    return target


def notebook(*sources: str) -> dict[str, Any]:
    code: dict[str, Any] = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    parameters = {**code, "metadata": {"tags": ["parameters"]}, "source": 'client: str = ""\ndata: str = ""'}
    cells = [{"cell_type": "markdown", "metadata": {}, "source": "# Title"}, parameters]
    cells += [{**code, "source": source} for source in sources]
    for place, cell in enumerate(cells):
        cell["id"] = f"cell-{place}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one quick notebook instead of the real ones."""
    books = tmp_path / "books"
    books.mkdir()
    (books / "00_small.ipynb").write_text(json.dumps(notebook("6 * 7")), encoding="utf-8")
    monkeypatch.setattr(running, "NOTEBOOKS", books)
    return books


def listing(home: Path) -> dict[str, bytes]:
    return {path.relative_to(home).as_posix(): path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file()}


# -- what is there ---------------------------------------------------------------------------------------------


def test_a_report_is_these_files(out: Path) -> None:
    assert {path.name for path in (out / "desk").iterdir()} == FILES
    assert [path.name for path in out.iterdir()] == ["desk"]
    executed = [path.stem for path in sorted((out / "desk" / "notebooks").iterdir())]
    assert executed == [path.stem for path in sorted(running.NOTEBOOKS.glob("*.ipynb"))]


def test_ledger_and_summary_agree(out: Path) -> None:
    summary = json.loads((out / "desk" / "summary.json").read_text(encoding="utf-8"))
    with (out / "desk" / "ledger.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == summary["people"]
    assert sum(float(row["monthly_now"] or 0) for row in rows) == pytest.approx(summary["monthly"]["now"])
    assert [row["person_id"] for row in rows] == sorted(row["person_id"] for row in rows)


def test_the_manifest_says_what_it_was_made_from(out: Path, client: Client) -> None:
    manifest = json.loads((out / "desk" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["parameters"] == {"gap_days": 9}
    assert (manifest["thresholds"]["gap_days"], manifest["thresholds"]["window_days"]) == (9, 180)
    assert set(manifest["inputs"]) == {"client.toml", "exports/notes.docx", "exports/prod/participants.csv"}
    assert {"polars", "duckdb", "papermill"} <= set(manifest["packages"])


def test_what_was_loaded_is_told_file_by_file(out: Path) -> None:
    loaded = json.loads((out / "desk" / "load.json").read_text(encoding="utf-8"))
    assert [row["path"] for row in loaded] == ["notes.docx", "prod/participants.csv"]
    assert loaded[1]["quarantine"] == {"bad_date": 1}


def test_parameters_reach_every_notebook(out: Path) -> None:
    for path in (out / "desk" / "notebooks").iterdir():
        assert "gap_days 9 (default 7)" in path.read_text(encoding="utf-8")


# -- the page --------------------------------------------------------------------------------------------------


def elements(out: Path) -> str:
    """The page without its scripts."""
    text = (out / "desk" / "report.html").read_text(encoding="utf-8")
    return re.sub(r"<script.*?</script>", "<script></script>", text, flags=re.DOTALL)


def test_the_page_names_nothing_outside_itself_but_the_files_beside_it(out: Path) -> None:
    links = re.findall(r'(?:src|href|action|data-src)="([^"]*)"', elements(out))
    outside = {link for link in links if not link.startswith("#")}
    assert outside == {"ledger.csv", "changes.csv", "ledger.xlsx"}
    assert not re.search(r"@import|url\(", elements(out))


def test_every_link_inside_the_page_leads_somewhere(out: Path) -> None:
    text = elements(out)
    anchors = re.findall(r'id="([^"]*)"', text)
    assert len(anchors) == len(set(anchors))
    assert set(re.findall(r'href="#([^"]*)"', text)) <= set(anchors)


def test_a_clients_text_cannot_become_a_script(out: Path) -> None:
    text = (out / "desk" / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "&lt;/script&gt;&lt;script&gt;alert" in text


def test_a_chart_cannot_end_its_script() -> None:
    written = page.in_script({"title": "</script><!-- <script>"})
    assert "<" not in written
    assert json.loads(written) == {"title": "</script><!-- <script>"}


def test_the_bundle_is_there_once_and_cannot_end_its_script(out: Path) -> None:
    text = (out / "desk" / "report.html").read_text(encoding="utf-8")
    assert text.count("<script>") == text.count("</script>") - text.count('class="spec"') == 2
    assert text.count(page.bundle()[:500]) == 1


def test_code_is_there_on_a_click(out: Path) -> None:
    text = elements(out)
    assert text.count('<details class="code">') == text.count("</section>") - 1 - len(
        list(running.NOTEBOOKS.glob("*.ipynb"))
    )
    assert "run.ask(estate.people_by_action)" in text


def test_chapters_begin_with_a_title(tmp_path: Path) -> None:
    book = notebook("1")
    del book["cells"][0]
    path = tmp_path / "untitled.ipynb"
    path.write_text(json.dumps(book), encoding="utf-8")
    with pytest.raises(ReportError, match=r"untitled\.ipynb: the first cell has to be the title"):
        page.read_notebook(path)


# -- failing and being killed ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("asked", "error"), [({"windw_days": 90}, UnknownParameter), ({"window_days": 5}, OutOfRange)])
def test_wrong_parameters_are_refused_before_anything_runs(
    client: Client, tmp_path: Path, asked: dict[str, int], error: type[Exception]
) -> None:
    with pytest.raises(error):
        reports.render(client, tmp_path / "out", asked)
    assert not (tmp_path / "out").exists()


def test_a_failing_cell_leaves_the_previous_report_whole_and_is_kept_beside_it(
    client: Client, tmp_path: Path, small: Path
) -> None:
    home = reports.render(client, tmp_path / "out", {})
    before = listing(home)
    (small / "01_broken.ipynb").write_text(json.dumps(notebook("1 + 1", "1 / 0")), encoding="utf-8")
    with pytest.raises(ReportError, match=r"01_broken\.ipynb, cell 5: ZeroDivisionError: division by zero"):
        reports.render(client, tmp_path / "out", {})
    kept = home / "errors" / "01_broken.ipynb"
    assert "ZeroDivisionError" in kept.read_text(encoding="utf-8")
    kept.unlink()
    assert listing(home) == before
    (small / "01_broken.ipynb").unlink()
    reports.render(client, tmp_path / "out", {})
    assert not (home / "errors").exists()


def test_notebooks_do_not_see_each_others_variables(client: Client, tmp_path: Path, small: Path) -> None:
    (small / "00_small.ipynb").write_text(json.dumps(notebook("left_over = 1")), encoding="utf-8")
    (small / "01_next.ipynb").write_text(json.dumps(notebook("left_over")), encoding="utf-8")
    with pytest.raises(ReportError, match="NameError: name 'left_over' is not defined"):
        running.run_notebooks(client, {}, tmp_path / "notebooks", tmp_path / "errors")


def test_without_notebooks_the_report_says_why(client: Client, tmp_path: Path, small: Path) -> None:
    (small / "00_small.ipynb").unlink()
    with pytest.raises(ReportError, match="no notebook here"):
        running.run_notebooks(client, {}, tmp_path / "notebooks", tmp_path / "errors")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    target = tmp_path / "desk"
    target.mkdir()
    (target / "file").write_text("old", encoding="utf-8")
    return target


def interrupted(draft: Path) -> None:
    (draft / "file").write_text("new", encoding="utf-8")
    raise KeyboardInterrupt


def write(target: Path, text: str) -> None:
    with swap.draft_of(target) as draft:
        (draft.folder / "file").write_text(text, encoding="utf-8")
        assert (target / "file").read_text(encoding="utf-8") == "old"


def test_a_draft_takes_the_place_of_the_previous_one(target: Path) -> None:
    write(target, "new")
    assert (target / "file").read_text(encoding="utf-8") == "new"
    assert list(target.parent.iterdir()) == [target]


def test_a_draft_that_fails_leaves_nothing(target: Path) -> None:
    with pytest.raises(KeyboardInterrupt), swap.draft_of(target) as draft:
        interrupted(draft.folder)
    assert (target / "file").read_text(encoding="utf-8") == "old"
    assert list(target.parent.iterdir()) == [target]


def test_the_next_run_clears_what_a_killed_one_left_and_spares_a_living_one(target: Path) -> None:
    dead = target.with_name(".desk.draft-999999999-x")
    living = target.with_name(f".desk.draft-{os.getppid()}-x")
    dead.mkdir()
    living.mkdir()
    write(target, "new")
    assert sorted(path.name for path in target.parent.iterdir()) == sorted([living.name, "desk"])


def test_killed_between_the_two_renames_the_previous_outputs_come_back(target: Path) -> None:
    target.rename(swap.aside(target))
    with pytest.raises(KeyboardInterrupt), swap.draft_of(target) as draft:
        interrupted(draft.folder)
    assert (target / "file").read_text(encoding="utf-8") == "old"


def test_a_swap_that_fails_puts_the_previous_outputs_back(target: Path) -> None:
    with pytest.raises(ReportError, match="could not be moved here"):
        swap.swap(target.with_name("missing"), target)
    assert (target / "file").read_text(encoding="utf-8") == "old"
