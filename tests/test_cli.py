"""The command line: what it refuses, what it says, and with which exit code it leaves."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest

from d365bench import __version__
from d365bench.cli import app, main
from d365bench.cli.asked import read_parameters
from d365bench.cli.person import fired
from d365bench.client import load_client
from d365bench.errors import OutOfRange, UnknownParameter, UsageError

COMMANDS = ("new", "inspect", "load", "rollup", "report", "explain", "lab", "sample", "forget")


@dataclass(frozen=True)
class Answer:
    """What a run of the command printed, and its exit code."""

    returncode: int
    stdout: str
    stderr: str


def d365bench(*arguments: str, data: Path | None = None) -> Answer:
    """The command run in this process, on this data folder."""
    stdout, stderr = StringIO(), StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(stdout), redirect_stderr(stderr):
        patch.setattr(sys, "argv", ["d365bench", *arguments])
        patch.setattr(sys, "stdin", StringIO())
        patch.setenv("COLUMNS", "200")
        for name, value in folders(data).items():
            patch.setenv(name, value)
        with pytest.raises(SystemExit) as left:
            main()
    return Answer(int(left.value.code or 0), stdout.getvalue(), stderr.getvalue())


def folders(data: Path | None) -> dict[str, str]:
    return {} if data is None else {"D365BENCH_DATA": str(data), "D365BENCH_REPORTS": str(data / "out")}


@pytest.fixture
def contoso(tmp_path: Path) -> Path:
    """A data folder with one client that has no exports."""
    assert d365bench("new", "contoso", data=tmp_path).returncode == 0
    return tmp_path


# -- help and version ------------------------------------------------------------------------------------------


def test_the_commands_are_those_of_the_documentation() -> None:
    named = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
    assert named == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    answer = d365bench(command, "--help")
    assert answer.returncode == 0
    assert "Usage:" in answer.stdout


def test_version() -> None:
    assert d365bench("--version") == Answer(0, f"d365bench {__version__}\n", "")


# -- as a process ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--version"], 0), (["report", "contoso"], 1), (["report", "nobody"], 2), (["reprot"], 2)],
)
def test_the_process_leaves_with_the_exit_code(tmp_path: Path, arguments: list[str], code: int) -> None:
    (tmp_path / "contoso").mkdir()
    ended = subprocess.run(
        [sys.executable, "-m", "d365bench", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | folders(tmp_path),
    )
    assert ended.returncode == code
    assert "Traceback" not in ended.stderr
    assert bool(ended.stderr) == bool(code)


# -- wrong usage: exit code 2, before anything runs ------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["reprot", "contoso"], "No such command"),
        (["report"], "--all"),
        (["report", "contoso", "--all"], "--all"),
        (["report", "contosso"], "did you mean 'contoso'?"),
        (["report", "../contoso"], "not allowed"),
        (["report", "contoso", "-p", "window_day=90"], "did you mean 'window_days'?"),
        (["report", "contoso", "-p", "window_days"], "name=value"),
        (["report", "contoso", "-p", "window_days=abc"], "a whole number"),
        (["report", "contoso", "-p", "window_days=1"], "outside 30 to 730"),
        (["report", "contoso", "-p", "window_days=400"], "contoso: season_days"),
        (["report", "contoso", "--jobs", "0"], "--jobs"),
        (["report", "contoso", "--shard", "3/2"], "i/N"),
        (["load", "contosso"], "did you mean 'contoso'?"),
        (["load", "contoso", "--memory-limit", "lots"], "no amount of memory"),
        (["inspect", "contosso"], "did you mean 'contoso'?"),
        (["explain", "contosso", "ana"], "did you mean 'contoso'?"),
        (["new", "contoso"], "exists already"),
        (["new", "Contoso"], "not allowed"),
        (["new", "fabrikam", "--currency", "dollar"], "three capital letters"),
        (["new", "fabrikam", "--as-of", "July"], "not valid TOML"),
        (["forget", "fabrikam", "--yes"], "nothing was made"),
    ],
)
def test_wrong_usage_is_named_and_nothing_is_started(contoso: Path, arguments: list[str], named: str) -> None:
    before = sorted(contoso.rglob("*"))
    answer = d365bench(*arguments, data=contoso)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert named in answer.stderr
    assert "Traceback" not in answer.stderr
    assert sorted(contoso.rglob("*")) == before


@pytest.mark.parametrize("out", [".", "contoso", "contoso/exports"])
def test_outputs_may_not_lie_over_the_exports(contoso: Path, out: str) -> None:
    for command in (["report", "contoso"], ["forget", "contoso", "--yes"]):
        answer = d365bench(*command, "--out", str(contoso / out), data=contoso)
        assert answer.returncode == 2
        assert "exports" in answer.stderr
    assert (contoso / "contoso" / "exports").is_dir()


# -- parameters ------------------------------------------------------------------------------------------------


def test_parameters_are_read_as_whole_numbers() -> None:
    assert read_parameters(["window_days=90", "gap_days=10", "tenure_min_days=0"]) == {
        "window_days": 90,
        "gap_days": 10,
        "tenure_min_days": 0,
    }


@pytest.mark.parametrize(
    "value", ["", " 90", "090", "9_0", "90.0", "9e1", "+90", "true", "\uff19\uff10", "90=1", "1" * 5000]
)
def test_a_number_in_any_other_form_is_mistyped(value: str) -> None:
    with pytest.raises(OutOfRange):
        read_parameters([f"window_days={value}"])


def test_an_unknown_or_repeated_parameter_is_refused() -> None:
    with pytest.raises(UnknownParameter):
        read_parameters(["windowdays=90"])
    with pytest.raises(UsageError, match="twice"):
        read_parameters(["window_days=90", "window_days=91"])


# -- new and forget --------------------------------------------------------------------------------------------


def test_a_new_client_is_one_that_can_be_read(contoso: Path) -> None:
    answer = d365bench("new", "fabrikam", "--currency", "EUR", "--as-of", "2026-07-01", data=contoso)
    assert answer.returncode == 0
    assert "exports/" in answer.stdout
    client = load_client(contoso, "fabrikam")
    assert (client.title, client.currency, client.as_of.isoformat()) == ("fabrikam", "EUR", "2026-07-01")
    assert list(client.exports.iterdir()) == []


def test_every_commented_line_of_a_new_client_is_true(contoso: Path) -> None:
    source = contoso / "contoso" / "client.toml"
    lines = source.read_text(encoding="utf-8").splitlines()
    examples = [
        line.removeprefix("# ") if line.startswith(("# [", "# ")) and ("=" in line or "# [" in line) else line
        for line in lines
    ]
    source.write_text("\n".join(line for line in examples if not line.startswith(("One ", "With"))), encoding="utf-8")
    client = load_client(contoso, "contoso")
    assert [one.name for one in client.environments] == ["prod"]
    assert client.contract is not None
    assert client.prices
    assert client.thresholds


def test_forget_deletes_what_was_made_and_never_the_exports(contoso: Path) -> None:
    folder, target = contoso / "contoso", contoso / "out" / "contoso"
    for path in (folder / ".d365bench" / "store.duckdb", folder / "exports" / "users.csv", target / "ledger.csv"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", encoding="utf-8")
    unanswered = d365bench("forget", "contoso", data=contoso)
    assert unanswered.returncode == 1
    assert target.exists()
    assert d365bench("forget", "contoso", "--yes", data=contoso).returncode == 0
    assert not target.exists()
    assert sorted(path.name for path in folder.rglob("*")) == ["client.toml", "exports", "users.csv"]


def test_forget_cuts_a_link_and_leaves_what_it_leads_to(contoso: Path) -> None:
    elsewhere = contoso / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept.txt").write_text("x", encoding="utf-8")
    (contoso / "contoso" / ".d365bench").symlink_to(elsewhere)
    assert d365bench("forget", "contoso", "--yes", data=contoso).returncode == 0
    assert (elsewhere / "kept.txt").exists()
    assert not (contoso / "contoso" / ".d365bench").is_symlink()


# -- explain: what is shown ------------------------------------------------------------------------------------


def test_of_several_doubts_only_the_one_that_names_the_hold_is_shown() -> None:
    rule = {"applies": True, "right": "voice", "says": "x", "thresholds": {}, "confidence": "confirmed", "sources": {}}
    rules = [
        {**rule, "rule": "work_proves_need", "applies": False},
        {**rule, "rule": "confirm_queue", "names_the_hold": True, "thresholds": {"gap_days": {"value": 7}}},
        {**rule, "rule": "confirm_seasonal", "names_the_hold": False},
    ]
    assert [row[:4] for row in fired(rules)] == [("confirm_queue", "voice", "x", "gap_days 7")]


# -- with exports ----------------------------------------------------------------------------------------------

SAMPLES = Path(__file__).parent / "samples"


@pytest.fixture
def specimen(tmp_path: Path) -> Path:
    """A data folder with one client whose exports are samples, and one whose client.toml is broken."""
    assert d365bench("new", "contoso", "--as-of", "2026-07-01", data=tmp_path).returncode == 0
    for shape in ("graph", "refuse_misc"):
        shutil.copytree(SAMPLES / shape, tmp_path / "contoso" / "exports" / shape, copy_function=shutil.copyfile)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "client.toml").write_text("[client]\n", encoding="utf-8")
    return tmp_path


def test_inspect_names_each_file_and_loads_nothing(specimen: Path) -> None:
    answer = d365bench("inspect", "contoso", data=specimen)
    assert answer.returncode == 0
    assert "graph/users.json" in answer.stdout
    assert "refuse_misc/signin_page.csv" in answer.stdout
    assert "Who works on which channel?" in answer.stdout
    assert "- msdyn_ocsession: " in answer.stdout
    assert "load it here: " in answer.stdout
    assert not (specimen / "contoso" / ".d365bench").exists()


def test_one_broken_client_fails_and_the_other_is_loaded(specimen: Path) -> None:
    answer = d365bench("load", "--all", data=specimen)
    assert answer.returncode == 1
    assert (specimen / "contoso" / ".d365bench" / "store.duckdb").is_file()
    last = answer.stderr.strip().splitlines()
    assert last[-2] == "1 of 2 clients done, 1 failed:"
    assert last[-1].startswith("  broken: ")
    assert last[-1].endswith("[client]: 'as_of' is missing")
    assert "Traceback" not in answer.stderr


def test_a_second_load_finds_nothing_to_do_unless_forced(specimen: Path) -> None:
    first, second, forced = (d365bench("load", "contoso", *more, data=specimen) for more in ([], [], ["--force"]))
    assert [one.returncode for one in (first, second, forced)] == [0, 0, 0]
    assert ["nothing has changed" in one.stdout for one in (first, second, forced)] == [False, True, False]


def test_explain_loads_first_and_says_everything_as_json(specimen: Path) -> None:
    answer = d365bench("explain", "contoso", "dario.specimen@contoso.example", "--json", data=specimen)
    assert answer.returncode == 0
    told = json.loads(answer.stdout)
    assert told["person"]["display_name"] == "Dario Specimen"
    assert told["verdict"]["current_products"] == "cs_professional"
    assert told["verdict"]["monthly_now"] == 50.0
    assert told["verdict"]["reasons"]
    (licence,) = (row for row in told["standing"] if row["act"].startswith("licence: cs_professional"))
    exported = json.loads((SAMPLES / "graph" / "users.json").read_text(encoding="utf-8"))["value"]
    assert licence["path"] == "graph/users.json"
    assert exported[licence["record"] - 1]["displayName"] == "Dario Specimen"
    assert {file["file_state"] for file in told["files"]} == {"unchanged"}


def test_explain_takes_thresholds_and_a_product(specimen: Path) -> None:
    answer = d365bench(
        "explain", "contoso", "Dario Specimen", "-p", "window_days=365", "--product", "cs_professional", data=specimen
    )
    assert answer.returncode == 0
    assert "Rules that fired" in answer.stdout
    assert "2025-07-01 to 2026-06-30" in answer.stdout
    assert "graph/users.json" in answer.stdout
    assert d365bench("explain", "contoso", "Dario Specimen", "--product", "voce", data=specimen).returncode == 2


def test_explain_lists_nobody_it_does_not_know(specimen: Path) -> None:
    answer = d365bench("explain", "contoso", "Nobody", data=specimen)
    assert answer.returncode == 2
    assert "nobody is called 'Nobody'" in answer.stderr
