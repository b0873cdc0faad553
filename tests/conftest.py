"""What every test can ask for, and how a run behaves on a laptop and in CI."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from d365bench.store import Store

IN_CI = os.environ.get("CI") == "true"

# A laptop looks for new counter-examples at every run; CI repeats the same ones, and more of them.
settings.register_profile("dev", max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("dev"), max_examples=100, derandomize=True)
settings.load_profile("ci" if IN_CI else "dev")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """In CI a skipped test is a failed one: what a machine lacks there is for CI to install."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr[-1]}"
    return report


@pytest.fixture
def store() -> Iterator[Store]:
    """An empty store in memory."""
    with Store.in_memory() as store:
        yield store
