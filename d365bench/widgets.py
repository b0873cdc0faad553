"""The panel: sliders over thresholds, and a chart that follows a new decision; no data access of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from html import escape
from typing import Any

import polars as pl

from d365bench.charts import Chart, mime_bundle
from d365bench.thresholds import BY_NAME

# The rows under some thresholds, or a sentence on why there cannot be any.
Answer = Callable[[Mapping[str, int]], pl.DataFrame | str]
Draw = Callable[[pl.DataFrame], Chart]
PAUSE_SECONDS = 0.03  # what arrives meanwhile replaces what was asked before


class Panel:
    """A chart under thresholds that a reader may move; reads right when nobody does.

    `values` are the thresholds asked for now, `rows` the answer that the chart shows.
    """

    def __init__(
        self, names: Sequence[str], values: Mapping[str, int], rows: pl.DataFrame, answer: Answer, draw: Draw
    ) -> None:
        self.values = dict(values)
        self.rows = rows
        self._answer, self._draw = answer, draw
        self._spec = self._first = draw(rows).to_dict()
        self._waiting: asyncio.TimerHandle | None = None
        self._sliders = sliders(names, self.values)
        self._view = view_class()()
        self._view.on_msg(lambda *_: self._view.send({"spec": self._spec}))
        self._message = message_line()
        for name, slider in self._sliders.items():
            slider.observe(lambda change, name=name: self.ask(name, change["new"]), names="value")

    def ask(self, name: str, value: int) -> None:
        """Ask for another value; of several in quick succession only the last one is decided."""
        self.values[name] = value
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # outside a kernel nothing else could arrive
            self.decide()
            return
        if self._waiting is not None:
            self._waiting.cancel()
        self._waiting = loop.call_later(PAUSE_SECONDS, self.decide)

    def decide(self) -> None:
        """Decide under the values asked for, and let the chart follow."""
        answer = self._answer(self.values)
        if isinstance(answer, str):
            self._message.value = f"<em>{escape(answer)}</em>"
            return
        self._message.value = ""
        self.rows = answer
        self.show(self._draw(answer).to_dict())

    def show(self, spec: dict[str, Any]) -> None:
        """Send the new rows alone where only they differ, else the whole chart."""
        if outline(spec) == outline(self._first):
            # the view knows its data by the names of the chart that it was given whole; the order is the same
            rows = dict(zip(self._first["datasets"], spec["datasets"].values(), strict=True))
            self._spec = {**self._first, "datasets": rows}
            self._view.send({"rows": rows})
        else:
            self._spec = self._first = spec
            self._view.send({"spec": spec})

    def _repr_mimebundle_(self, **_: Any) -> Any:
        """Sliders and chart in JupyterLab; the chart alone wherever no kernel answers."""
        import ipywidgets

        box = ipywidgets.VBox([*self._sliders.values(), self._message, self._view])
        still, metadata = mime_bundle(self._spec)
        live = box._repr_mimebundle_()
        return {**still, **(live or {})}, metadata


def outline(spec: Mapping[str, Any]) -> Any:
    """A chart without its rows and without the names that follow from them."""
    names = {name: f"data-{place}" for place, name in enumerate(spec.get("datasets", {}))}

    def named(part: Any) -> Any:
        if isinstance(part, Mapping):
            return {key: named(value) for key, value in part.items() if key != "datasets"}
        if isinstance(part, list):
            return [named(value) for value in part]
        return names.get(part, part) if isinstance(part, str) else part

    return named(spec)


def sliders(names: Sequence[str], values: Mapping[str, int]) -> dict[str, Any]:
    """A slider per threshold, from its declaration."""
    import ipywidgets

    return {
        name: ipywidgets.IntSlider(
            value=values[name],
            min=BY_NAME[name].low,
            max=BY_NAME[name].high,
            step=BY_NAME[name].step,
            description=name,
            tooltip=BY_NAME[name].doc,
            continuous_update=False,
            style={"description_width": "14em"},
            layout={"width": "40em"},
        )
        for name in names
    }


def message_line() -> Any:
    import ipywidgets

    return ipywidgets.HTML()


# Each view asks for the chart when it opens, so that one that opens late shows what the sliders say by then.
SCRIPT = """
function render({ model, el }) {
  let view;
  async function embed(chart) {
    const autosize = { type: "fit-x", contains: "padding" };
    el.style.width = "100%";
    view = (await vegaEmbed(el, { ...chart, width: "container", autosize }, { actions: false, renderer: "svg" })).view;
  }
  const hear = ({ spec, rows }) => {
    if (spec) return embed(spec);
    for (const [name, values] of Object.entries(rows)) view.data(name, values);
    view.runAsync();
  };
  model.on("msg:custom", hear);
  model.send({ ask: "spec" });
  return () => model.off("msg:custom", hear);
}
export default { render };
"""


@cache
def view_class() -> Any:
    """The widget that draws what it is sent; made late, as its libraries and its script take a while."""
    import anywidget
    import vl_convert

    class View(anywidget.AnyWidget):
        """A chart in the notebook."""

        _esm = vl_convert.javascript_bundle(SCRIPT)

    return View
