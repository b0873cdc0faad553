"""What a notebook calls: parameters checked, the store found and only read, answers worked out once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from d365bench import notebook
from d365bench.errors import D365BenchError, OutOfRange, StoreError, UnknownClient, UnknownParameter, UsageError
from d365bench.notebook import Run
from d365bench.notebook.run import COUNTED_OVER
from d365bench.store import Store
from d365bench.thresholds import BY_NAME
from service_desk import CLIENT_TOML, folder, save


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("data")
    folder(data)
    unloaded = data / "also"  # before 'desk' in the alphabet, and without a store
    unloaded.mkdir()
    (unloaded / "client.toml").write_text(CLIENT_TOML + "[thresholds]\nwindow_days = 90\n", encoding="utf-8")
    return data


@pytest.fixture
def run(data: Path) -> Iterator[Run]:
    with notebook.start("desk", str(data)) as run:
        yield run


def test_the_default_client_is_the_first_that_is_loaded(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("D365BENCH_DATA", str(data))
    with notebook.start() as run:
        assert run.client.name == "desk"


def test_the_sample_is_found_from_any_working_directory(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("D365BENCH_DATA", raising=False)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sample").symlink_to(data)
    (tmp_path / "deep" / "down").mkdir(parents=True)
    monkeypatch.setattr(notebook, "PROJECT", tmp_path / "elsewhere")
    monkeypatch.chdir(tmp_path / "deep" / "down")
    with notebook.start() as run:
        assert run.client.name == "desk"


def test_none_is_the_clients_own_value_else_the_default(data: Path) -> None:
    with notebook.start("desk", str(data), window_days=None, gap_days=9) as run:
        assert (run.thresholds["window_days"], run.thresholds["gap_days"]) == (180, 9)
        assert notebook.changed(run.thresholds) == "gap_days 9 (default 7)"
        assert "gap_days 9 (default 7)" in run._repr_html_()


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        ({"voice_min_interaction": 3}, UnknownParameter, "did you mean 'voice_min_interactions'?"),
        ({"window_days": "90"}, OutOfRange, "a whole number is needed"),
        ({"window_days": 5}, OutOfRange, "outside 30 to 730"),
        ({"client": 7}, UsageError, "client = 7: a text in quotes is needed"),
        ({"client": "desk-2"}, UnknownClient, "did you mean 'desk'?"),
        ({"client": "also"}, StoreError, "d365bench load also --data"),
    ],
)
def test_what_is_wrong_is_refused_in_one_sentence(
    data: Path, asked: dict[str, object], error: type[D365BenchError], said: str
) -> None:
    with pytest.raises(error) as caught:
        notebook.start(**{"client": "desk", "data": str(data), **asked})  # type: ignore[arg-type]
    assert said in str(caught.value)
    # IPython shows this instead of a traceback.
    (shown,) = caught.value._render_traceback_()  # type: ignore[attr-defined]
    assert shown == f"{error.__name__}: {caught.value}"


def test_a_folder_without_a_loaded_client_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="d365bench new NAME"):
        notebook.start("", str(tmp_path))
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "client.toml").write_text(CLIENT_TOML, encoding="utf-8")
    with pytest.raises(StoreError, match="d365bench load --all"):
        notebook.start("", str(tmp_path))


def test_the_parameters_among_a_notebooks_variables() -> None:
    names = {"client": "desk", "window_days": None, "gap_days": 7, "_private": 3, "charts": pl, "rows": pl.DataFrame()}
    assert notebook.parameters(names) == {"client": "desk", "window_days": None, "gap_days": 7}


def test_a_mistyped_parameter_is_refused_by_the_first_cell() -> None:
    with pytest.raises(UnknownParameter, match="unknown parameter 'windw_days'; did you mean 'window_days'"):
        notebook.parameters({"client": "", "windw_days": 90})


def test_the_first_cell_may_run_again_and_sees_a_store_loaded_since(data: Path, tmp_path: Path) -> None:
    home = tmp_path / "data" / "desk"
    shutil.copytree(data / "desk", home)
    run = notebook.start("desk", str(home.parent))
    assert run.coverage.height == 6
    with Store.in_memory() as changed:
        changed.connection.execute(f"ATTACH '{home / '.d365bench' / 'store.duckdb'}' AS old (READ_ONLY)")
        changed.connection.execute("COPY FROM DATABASE old TO memory")
        changed.connection.execute("DELETE FROM memory.environment WHERE environment = 'field'")
        save(changed, home / ".d365bench" / "new.duckdb")
    (home / ".d365bench" / "new.duckdb").replace(home / ".d365bench" / "store.duckdb")
    run = notebook.start("desk", str(home.parent))
    assert run.coverage.height == 3


def test_every_name_that_a_question_may_ask_for_is_there(run: Run) -> None:
    for name in notebook.GIVEN:
        assert run.given(name) is not None


def test_a_question_gets_its_parameters_by_name_and_shares_what_was_worked_out(run: Run) -> None:
    def question(decided: pl.DataFrame, thresholds: dict[str, int]) -> tuple[int, int]:
        return id(decided), thresholds["gap_days"]

    assert run.ask(question) == run.ask(question) == (id(run.decided), BY_NAME["gap_days"].default)


def test_a_question_that_asks_for_something_else_is_refused(run: Run) -> None:
    with pytest.raises(UnknownParameter, match="unknown parameter of a question 'decisions'"):
        run.ask(lambda decisions: decisions)


def test_only_the_thresholds_that_count_change_the_evidence(run: Run) -> None:
    other = {name: min(t.default + t.step, t.high) for name, t in BY_NAME.items() if name not in COUNTED_OVER}
    shared = run.under({**run.thresholds, **other})
    assert shared.evidence is run.evidence
    fresh = Run(run.client, run.store, shared.thresholds)
    assert fresh.evidence.equals(run.evidence)
    assert fresh.coverage.equals(run.coverage)
    for name in COUNTED_OVER:
        assert run.under({**run.thresholds, name: run.thresholds[name] + 5}).evidence is not run.evidence


def test_the_same_client_under_other_thresholds(run: Run) -> None:
    stricter = run.under({**run.thresholds, "digital_min_interactions": 1000})
    assert run.under(run.thresholds) is run
    assert stricter.decided["monthly_target"].sum() < run.decided["monthly_target"].sum()
