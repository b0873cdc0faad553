"""The panel: sliders over thresholds, and a chart that follows a new decision; no data access of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from html import escape
from typing import Any

import polars as pl

from d365bench.charts import Chart, mime_bundle
from d365bench.errors import D365BenchError
from d365bench.thresholds import BY_NAME

Answer = Callable[[Mapping[str, int]], pl.DataFrame]
Draw = Callable[[pl.DataFrame], Chart]
PAUSE_SECONDS = 0.03  # what arrives meanwhile replaces what was asked before


class Panel:
    """A chart under thresholds that a reader may move; reads right when nobody does.

    `values` are the thresholds asked for now, `rows` the answer that the chart shows.
    """

    def __init__(self, names: Sequence[str], values: Mapping[str, int], answer: Answer, draw: Draw) -> None:
        self.values = dict(values)
        self.rows = answer(self.values)
        self._answer, self._draw = answer, draw
        self._spec = draw(self.rows).to_dict()
        self._waiting: asyncio.TimerHandle | None = None
        self._sliders = sliders(names, self.values)
        self._view = view_class()(spec=self._spec)
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
        try:
            self.rows = self._answer(self.values)
        except D365BenchError as error:
            self._message.value = f"<em>{escape(str(error))}</em>"
            return
        self._message.value = ""
        self.show(self._draw(self.rows).to_dict())

    def show(self, spec: dict[str, Any]) -> None:
        """Send the new rows alone where only they differ, else the whole chart."""
        if outline(spec) == outline(self._spec):
            # the view knows its data by the names of the first chart; the order is the same
            self._view.rows = dict(zip(self._spec["datasets"], spec["datasets"].values(), strict=True))
        else:
            self._spec = spec
            self._view.spec = spec

    def _repr_mimebundle_(self, **_: Any) -> Any:
        """Sliders and chart in JupyterLab; the chart alone wherever no kernel answers."""
        import ipywidgets

        box = ipywidgets.VBox([*self._sliders.values(), self._message, self._view])
        still, metadata = mime_bundle(self._draw(self.rows).to_dict())
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


SCRIPT = """
async function render({ model, el }) {
  let view;
  async function embed() {
    const autosize = { type: "fit-x", contains: "padding" };
    const spec = { ...structuredClone(model.get("spec")), width: "container", autosize };
    el.style.width = "100%";
    const result = await vegaEmbed(el, spec, { actions: false, renderer: "svg" });
    view = result.view;
  }
  await embed();
  model.on("change:spec", embed);
  model.on("change:rows", () => {
    for (const [name, rows] of Object.entries(model.get("rows"))) view.data(name, rows);
    view.runAsync();
  });
}
export default { render };
"""


@cache
def view_class() -> Any:
    """The widget that draws a chart and receives rows only; made late, as its libraries and its script take a while."""
    import anywidget
    import traitlets
    import vl_convert

    class View(anywidget.AnyWidget):
        """A chart in the notebook."""

        _esm = vl_convert.javascript_bundle(SCRIPT)
        spec = traitlets.Dict().tag(sync=True)
        rows = traitlets.Dict().tag(sync=True)

    return View
