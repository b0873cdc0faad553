"""How every chart looks, declared once, and how JupyterLab draws it without a network."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

Chart = alt.Chart | alt.LayerChart | alt.FacetChart

# JupyterLab bundles Vega-Lite 5 and draws this type offline. Altair's own output is of version 6, which Lab does not
# draw and nbformat refuses; what our charts use, both versions know.
MIME = "application/vnd.vegalite.v5+json"
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
EMBED = {"actions": {"export": True, "source": False, "compiled": False, "editor": False}, "renderer": "svg"}

# From the Okabe-Ito palette, told apart by people with any colour vision, on white and on black; grey is "no claim".
BLUE, SKY, ORANGE, VERMILLION, GREEN, PURPLE, GREY = (
    "#0072b2",
    "#56b4e9",
    "#e69f00",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#8c9196",
)
WIDTH = 560  # with the longest labels still inside a notebook beside an open side bar
STEP = 30  # height of one bar with its gap
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
INK = "#3c4148"

LETTERS = {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": 400, "labelColor": INK, "titleColor": INK}
LINES = {"gridColor": "#8c919640", "domainColor": "#8c9196", "tickColor": "#8c9196"}
CONFIG: dict[str, Any] = {
    "background": "transparent",
    "font": FONT,
    "view": {"continuousWidth": WIDTH, "stroke": None},
    "title": {
        "anchor": "start",
        "frame": "group",
        "fontSize": 14,
        "fontWeight": 600,
        "color": INK,
        "subtitleFontSize": 12,
        "subtitleColor": INK,
        "subtitlePadding": 4,
        "offset": 12,
    },
    "axis": {**LETTERS, **LINES, "titlePadding": 8, "labelLimit": 280},
    "axisQuantitative": {"tickCount": 7, "tickMinStep": 1},
    "legend": {
        **LETTERS,
        "orient": "top",
        "direction": "horizontal",
        "labelLimit": 280,
        "titleLimit": 500,
        "symbolSize": 110,
        "offset": 4,
    },
    "header": {**LETTERS, "labelLimit": 280},
    "text": {"fontSize": 12, "color": INK},
    "rule": {"color": INK},
    "bar": {"cornerRadiusEnd": 2},
}


def finished(chart: Chart, rows: pl.DataFrame, title: str, subtitle: str = "") -> Chart:
    """The chart with its title and look; a frame without rows says so in words."""
    shown = "Nothing to show: no row answers this question." if rows.is_empty() else subtitle
    heading = alt.Title(title, subtitle=shown) if shown else alt.Title(title)
    titled: Chart = chart.properties(title=heading, description=f"{title}. {shown}".strip())
    configured: Chart = titled.configure(**CONFIG)
    return configured


def scale(colours: dict[str, str]) -> alt.Scale:
    """Each value with a colour of its own, in the order of the legend."""
    return alt.Scale(domain=list(colours), range=list(colours.values()))


def order(field: str, values: list[str] | tuple[str, ...] | dict[str, Any]) -> dict[str, str]:
    """For transform_calculate: a field `<field>_order` by which values are stacked and sorted as listed."""
    return {f"{field}_order": f"indexof({list(values)!r}, datum.{field})"}


def label_colour(field: str, colours: dict[str, str]) -> Any:
    """Black or white letters, whichever can be read on the bar of that value."""
    light = [value for value, colour in colours.items() if colour in (SKY, ORANGE, GREY, PURPLE)]
    return alt.when(f"indexof({light!r}, datum.{field}) >= 0").then(alt.value("black")).otherwise(alt.value("white"))


def bars(step: int = STEP) -> alt.Step:
    """A height that grows with the number of bars."""
    # per bar with a name, however many bars stand side by side there
    return alt.Step(step, **{"for": "position"})


def room(values: pl.Series, share: float = 1.15) -> alt.Scale:
    """A scale from nothing that leaves room for what stands behind the longest bar."""
    longest = values.max()
    return alt.Scale(domain=[0, share * float(str(longest))]) if longest else alt.Scale()


def mime_bundle(spec: dict[str, Any], **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The output of a chart in a notebook, and how it is embedded."""
    title = spec.get("title") or {}
    return {MIME: {**spec, "$schema": SCHEMA}, "text/plain": f"[chart] {title.get('text', '')}"}, {
        MIME: {"embed_options": EMBED}
    }


def draw_in_jupyterlab() -> None:
    """Show charts as the notebook's own type from now on; Altair's default would ask the network for its scripts."""
    alt.renderers.register("d365bench", mime_bundle)
    alt.renderers.enable("d365bench")
