"""A batch finishes whatever one client does, and its page is always whole."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from d365bench.batch import Result, run, shard, write_index
from d365bench.errors import ClientError, UsageError

CLIENTS = ["alpha", "beta", "gamma", "delta"]


def work(client: str) -> str:
    """A unit that fails on purpose for beta, and by a defect for gamma."""
    if client == "beta":
        raise ClientError("client.toml: [client] 'as_of' is missing")
    if client == "gamma":
        raise ZeroDivisionError("a defect")
    return f"{client} is written"


def killed(client: str) -> str:
    """A unit whose process the system kills for beta."""
    if client == "beta":
        os.kill(os.getpid(), signal.SIGKILL)
    return ""


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_fails_in_one_client_is_a_value_and_the_others_finish(jobs: int) -> None:
    results = {result.client: result for result in run(CLIENTS, work, jobs)}
    assert results.keys() == set(CLIENTS)
    assert [name for name in CLIENTS if not results[name].is_done] == ["beta", "gamma"]
    assert results["beta"].error == "client.toml: [client] 'as_of' is missing"
    assert results["beta"].traceback is None
    assert results["alpha"].note == "alpha is written"
    assert results["gamma"].error == "ZeroDivisionError: a defect"
    assert "in work" in (results["gamma"].traceback or "")


def test_a_killed_process_costs_only_its_own_client() -> None:
    results = {result.client: result for result in run(CLIENTS, killed, 2)}
    assert [name for name in CLIENTS if not results[name].is_done] == ["beta"]
    assert "killed" in (results["beta"].error or "")


def test_shards_part_the_clients_without_loss_or_overlap() -> None:
    parts = [shard(CLIENTS, f"{part}/3") for part in (1, 2, 3)]
    assert sorted(client for part in parts for client in part) == sorted(CLIENTS)
    assert shard(CLIENTS, "1/1") == CLIENTS
    assert shard(CLIENTS[:1], "2/2") == []


@pytest.mark.parametrize("part", ["", "1", "0/2", "3/2", "1/0", "a/b", "-1/2", "1/2/3"])
def test_a_shard_that_is_none_is_refused(part: str) -> None:
    with pytest.raises(UsageError, match="i/N"):
        shard(CLIENTS, part)


def summary(out: Path, client: str) -> None:
    (out / client).mkdir(parents=True)
    monthly = {"now": 1234.5, "saving_ready": 0, "saving_conditional": None, "withheld": 10, "exposure": 0}
    text = json.dumps({"as_of": "2026-07-01", "people": 12, "currency": "EUR", "monthly": monthly})
    (out / client / "summary.json").write_text(text, encoding="utf-8")
    (out / client / "report.html").write_text("", encoding="utf-8")


def test_the_page_lists_every_report_and_every_failure(tmp_path: Path) -> None:
    for client in ("alpha", "beta"):
        summary(tmp_path, client)
    (tmp_path / "Not-A-Client").mkdir()
    results = [
        Result("alpha", 1.0),
        Result("beta", 1.0, error="<b>broken</b>"),
        Result("gamma", 0.1, error="no exports"),
    ]
    page = write_index(tmp_path, results).read_text(encoding="utf-8")
    assert 'href="alpha/report.html"' in page
    assert "1,234.50 EUR" in page
    assert "ledger.xlsx" not in page
    assert "&lt;b&gt;broken&lt;/b&gt;" in page
    assert "last run that finished" in page
    assert "no exports" in page
    assert "Not-A-Client" not in page
    assert "http" not in page
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["index.html"]


def test_the_page_over_nothing_says_so(tmp_path: Path) -> None:
    assert "No client has a report" in write_index(tmp_path / "new", []).read_text(encoding="utf-8")
