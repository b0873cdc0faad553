"""The page: all notebooks of one client in one file that asks the network for nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from d365bench.analysis.estate import headline
from d365bench.analysis.loaded import loaded
from d365bench.errors import ReportError
from d365bench.notebook import Run, changed

CHART = "application/vnd.vegalite.v5+json"
# JupyterLab draws the charts with Vega-Lite 5, this page with the last version, which goes with the Vega it brings.
VEGA_LITE = "6.4"
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
HEADING = re.compile(r"^(#+ )", re.MULTILINE)
ANCHOR = re.compile(r'<a class="anchor-link".*?</a>')


@dataclass
class Section:
    """One question: its prose, what its cells show, and their code."""

    prose: Markup
    title: str
    anchor: str
    outputs: list[dict[str, Any]] = field(default_factory=list)
    code: list[str] = field(default_factory=list)


@dataclass
class Chapter:
    """One notebook."""

    file: str
    sections: list[Section]


def write_page(run: Run, notebooks: Sequence[Path], path: Path) -> None:
    """Write report.html: the headline, then every notebook, its code folded away."""
    chapters = [read_notebook(notebook) for notebook in notebooks]
    page = environment().from_string(part("report.html.j2"))
    text = page.render(
        client=run.client,
        window_days=run.thresholds["window_days"],
        thresholds=changed(run.thresholds),
        figures=run.ask(headline).to_dicts(),
        summary=run.summary,
        refused=[row for row in run.ask(loaded) if row["refused"]],
        chapters=chapters,
        style=Markup(part("page.css")),
        script=Markup(part("page.js")),
        bundle=Markup(bundle()),
    )
    path.write_text(text, encoding="utf-8")


def environment() -> Environment:
    page = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    page.filters["json"] = in_script
    page.filters["amount"] = lambda value: f"{value:,.0f}"
    return page


def part(name: str) -> str:
    return (files("d365bench") / "templates" / "report" / name).read_text(encoding="utf-8")


def in_script(value: object) -> Markup:
    """JSON that may stand inside a script element: nothing in it can end the element or begin a comment."""
    return Markup(json.dumps(value, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c"))


@cache
def bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script."""
    import vl_convert

    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", VEGA_LITE).replace("</script", "<\\/script")


# -- notebooks -------------------------------------------------------------------------------------------------


def read_notebook(path: Path) -> Chapter:
    """The sections of an executed notebook."""
    sections: list[Section] = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            sections.append(section(source, path.stem, len(sections)))
        elif not sections:
            raise ReportError(f"{path.name}: the first cell has to be the title")
        else:
            sections[-1].code.append(source)
            sections[-1].outputs += outputs(cell)
    return Chapter(path.name, sections)


def section(source: str, notebook: str, number: int) -> Section:
    """A markdown cell; its headings go one level down, as the page has a title of its own."""
    from nbconvert.filters.markdown_mistune import markdown2html_mistune

    html = ANCHOR.sub("", markdown2html_mistune(HEADING.sub(r"#\1", source)))
    anchor = f"{notebook}-{number}"
    # the same question may be asked in two notebooks: an anchor of ours is unique on the page
    html = re.sub(r'<(h\d) id="[^"]*">', rf'<\1 id="{anchor}">', html, count=1)
    return Section(Markup(html), source.splitlines()[0].lstrip("# "), anchor)


def outputs(cell: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What a cell shows, by kind: a chart's spec, a table's HTML, or text."""
    for output in cell["outputs"]:
        data = output.get("data", {})
        if CHART in data:
            yield {"kind": "chart", "spec": {**data[CHART], "$schema": SCHEMA}}
        elif "text/html" in data:
            yield {"kind": "html", "html": Markup("".join(data["text/html"]))}
        elif text := data.get("text/plain") or output.get("text"):
            yield {"kind": "text", "text": "".join(text)}
