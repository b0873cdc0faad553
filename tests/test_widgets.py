"""The panel: a moved slider decides again, sends rows only, and the last value wins."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import altair as alt
import polars as pl

from d365bench.charts import Chart
from d365bench.charts.theme import MIME
from d365bench.thresholds import resolve
from d365bench.widgets import Panel

NAMES = ("window_days", "gap_days")


class Asked:
    """A question that remembers what it was asked."""

    def __init__(self) -> None:
        self.days: list[int] = []

    def __call__(self, values: Mapping[str, int]) -> pl.DataFrame | str:
        self.days.append(values["window_days"])
        if values["window_days"] >= values["season_days"]:
            return "season_days = 400: must be above window_days = 500"
        return rows(values["window_days"])


def rows(days: int) -> pl.DataFrame:
    return pl.DataFrame({"step": ["a"], "days": [days]})


def draw(answer: pl.DataFrame) -> Chart:
    mark = alt.Chart(answer).mark_bar() if answer["days"][0] < 300 else alt.Chart(answer).mark_point()
    return mark.encode(x="days:Q", y="step:N")


def panel() -> tuple[Panel, Asked]:
    asked = Asked()
    return Panel(NAMES, resolve(), rows(180), asked, draw), asked


def overheard(shown: Panel) -> list[dict[str, Any]]:
    """What the view is sent from now on."""
    sent: list[dict[str, Any]] = []
    shown._view.send = sent.append
    return sent


def test_a_view_that_opens_is_sent_the_chart() -> None:
    shown, _ = panel()
    sent = overheard(shown)
    shown._view._msg_callbacks(shown._view, {"ask": "spec"}, [])
    assert sent == [{"spec": shown._spec}]


def test_a_panel_reads_right_when_nobody_moves_anything() -> None:
    shown, asked = panel()
    assert (shown.values, asked.days) == (resolve(), [])
    bundle, _ = shown._repr_mimebundle_()
    assert bundle[MIME]["mark"]["type"] == "bar"
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_a_slider_is_its_thresholds_declaration() -> None:
    slider = panel()[0]._sliders["gap_days"]
    assert (slider.value, slider.min, slider.max, slider.step) == (7, 2, 60, 1)
    assert slider.tooltip == "So many whole days running without a record are a hole in the source."


def test_a_moved_slider_decides_again_and_sends_rows_only() -> None:
    shown, _ = panel()
    sent = overheard(shown)
    (name,) = shown._spec["datasets"]
    shown._sliders["window_days"].value = 90
    assert shown.values["window_days"] == 90
    assert shown.rows["days"].to_list() == [90]
    assert sent == [{"rows": {name: [{"step": "a", "days": 90}]}}]
    assert shown._repr_mimebundle_()[0][MIME]["datasets"] == sent[0]["rows"]


def test_another_chart_is_sent_whole() -> None:
    shown, _ = panel()
    sent = overheard(shown)
    shown._sliders["window_days"].value = 350
    assert [list(message) for message in sent] == [["spec"]]
    assert sent[0]["spec"]["mark"]["type"] == "point"


def test_a_value_that_cannot_be_is_said_and_the_chart_stays() -> None:
    shown, _ = panel()
    shown.ask("window_days", 500)
    assert "must be above window_days" in shown._message.value
    assert shown.rows["days"].to_list() == [180]
    shown.ask("window_days", 120)
    assert shown._message.value == ""


def test_of_several_values_in_quick_succession_only_the_last_is_decided() -> None:
    shown, asked = panel()

    async def drag() -> None:
        for days in (100, 110, 120, 130):
            shown.ask("window_days", days)
        await asyncio.sleep(0.1)

    asyncio.run(drag())
    assert asked.days == [130]
