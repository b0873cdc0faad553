"""What a person sees: the report without a network, and a notebook in JupyterLab, looked at in Chromium."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from d365bench import reports
from d365bench.client import load_client
from d365bench.reports.notebooks import NOTEBOOKS
from service_desk import folder

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt-get install chromium"),
]
ALL_DRAWN = """() => document.querySelectorAll('script.spec').length > 0
    && document.querySelectorAll('script.spec').length === document.querySelectorAll('figure[data-drawn]').length"""


@dataclass
class Seen:
    """A page, and what it said and asked for."""

    page: Any
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("data")
    folder(data)
    return data


@pytest.fixture(scope="module")
def report(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reports.render(load_client(data, "desk"), tmp_path_factory.mktemp("out"), {}) / "report.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # in a container there is no user namespace for the sandbox
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@contextmanager
def looking(browser: Any, **context: Any) -> Iterator[Seen]:
    with browser.new_context(**context) as opened:
        seen = Seen(opened.new_page())
        seen.page.on("console", lambda said: seen.errors.append(said.text) if said.type == "error" else None)
        seen.page.on("pageerror", lambda error: seen.errors.append(str(error)))
        seen.page.on("request", lambda request: seen.requests.append(request.url))
        yield seen


@pytest.mark.parametrize("width", [1280, 390], ids=["desk", "telephone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_draws_every_chart_without_a_network(browser: Any, report: Path, width: int, scheme: str) -> None:
    shape = {"width": width, "height": 900}
    with looking(browser, viewport=shape, color_scheme=scheme, offline=True) as seen:
        seen.page.goto(report.as_uri())
        seen.page.wait_for_function(ALL_DRAWN)
        assert seen.errors == []
        assert seen.requests == [report.as_uri()]
        charts = seen.page.locator("figure.chart svg.marks")
        assert charts.count() == seen.page.locator("script.spec").count()
        assert all(box["width"] > 200 and box["height"] > 60 for box in boxes(charts))
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width


def boxes(found: Any) -> list[dict[str, float]]:
    return [found.nth(place).bounding_box() for place in range(found.count())]


def test_the_slider_counts_again_in_the_page(browser: Any, report: Path) -> None:
    with looking(browser, offline=True) as seen:
        seen.page.goto(report.as_uri())
        seen.page.wait_for_function(ALL_DRAWN)
        chart = seen.page.locator("figure.chart", has=seen.page.locator("input[type=range]")).first
        sentence = chart.locator("svg.marks text", has_text=re.compile(r"agents below"))
        before = sentence.text_content()
        chart.locator("input[type=range]").fill("50")
        seen.page.wait_for_timeout(300)
        assert sentence.text_content() != before
        assert "agents below 50" in str(sentence.text_content())
        assert seen.errors == []


def test_a_table_sorts_by_its_headings(browser: Any, report: Path) -> None:
    with looking(browser, offline=True) as seen:
        seen.page.goto(report.as_uri())
        table = seen.page.locator("table.answer").first
        heading = table.get_by_role("columnheader", name="People")
        heading.click()
        assert heading.get_attribute("aria-sort") == "descending"
        place = 3
        column = table.locator(f"tbody td:nth-child({place})").all_inner_texts()
        assert column == sorted(column, key=int, reverse=True)


def test_code_opens_on_a_click(browser: Any, report: Path) -> None:
    with looking(browser, offline=True) as seen:
        seen.page.goto(report.as_uri())
        code = seen.page.locator("details.code").nth(1)
        assert not code.locator("pre").first.is_visible()
        code.locator("summary").click()
        assert code.locator("pre").first.is_visible()


@contextmanager
def jupyterlab(data: Path, home: Path) -> Iterator[str]:
    """A JupyterLab of its own on a copy of the notebooks; gives its address."""
    shutil.copytree(NOTEBOOKS, home / "notebooks")
    places = {f"JUPYTER_{what}_DIR": str(home / what) for what in ("CONFIG", "DATA", "RUNTIME")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", "--port=0", "--allow-root"]
    command += ["--IdentityProvider.token=look", f"--ServerApp.root_dir={home / 'notebooks'}"]
    environment = {**os.environ, **places, "HOME": str(home), "D365BENCH_DATA": str(data)}
    log = home / "lab.log"
    with log.open("w") as said, subprocess.Popen(command, env=environment, stdout=said, stderr=said) as server:
        try:
            for _ in range(600):
                found = re.search(r"http://127\.0\.0\.1:\d+/", log.read_text())
                if found or server.poll() is not None:
                    break
                time.sleep(0.1)
            assert found, log.read_text()
            yield found[0]
        finally:
            server.terminate()


def test_a_notebook_runs_in_jupyterlab_and_draws_its_charts(browser: Any, data: Path, tmp_path: Path) -> None:
    with (
        jupyterlab(data, tmp_path) as address,
        looking(browser, viewport={"width": 1280, "height": 1200}) as seen,
    ):
        seen.page.goto(f"{address}lab/tree/04_seat_mix.ipynb?token=look")
        seen.page.wait_for_selector(".jp-Notebook", timeout=60_000)
        # asked to run before there is a kernel, JupyterLab would ask back which one
        seen.page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=60_000)
        seen.page.get_by_role("menuitem", name="Run", exact=True).click()
        seen.page.get_by_text("Run All Cells", exact=True).click()
        failed = ".jp-RenderedText[data-mime-type='application/vnd.jupyter.error']"
        ended = f"document.querySelectorAll('svg.marks').length >= 3 || document.querySelector(\"{failed}\")"
        seen.page.wait_for_function(ended, timeout=90_000)
        assert seen.page.locator(failed).all_inner_texts() == []
        # the panel is alive: a moved slider draws another picture
        panel = seen.page.locator(".jp-OutputArea-output", has=seen.page.locator(".widget-slider")).first
        before = panel.locator("svg.marks").inner_html()
        panel.get_by_role("slider").nth(1).press("Home")
        seen.page.wait_for_function(
            "before => document.querySelector('.widget-vbox svg.marks').innerHTML !== before",
            arg=before,
            timeout=20_000,
        )
        assert {url.split("/")[2] for url in seen.requests if url.startswith("http")} == {address.split("/")[2]}
