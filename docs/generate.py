"""Writes the generated parts of docs/: what stands between '<!-- begin NAME -->' and '<!-- end NAME -->'.

Run `make docs` after a change of a threshold, a command or the rule book; a test compares page and source.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from typer.main import get_command

from d365bench.cli import app
from d365bench.rulebook import load_rulebook
from d365bench.thresholds import THRESHOLDS

DOCS = Path(__file__).parent


def table(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table; a bar inside a cell is escaped."""
    lines = [[str(cell).replace("|", "\\|") for cell in row] for row in rows]
    names = list(header)
    return "\n".join(f"| {' | '.join(line)} |" for line in [names, ["---"] * len(names), *lines])


# -- thresholds ------------------------------------------------------------------------------------------------


def thresholds() -> str:
    return table(
        ("name", "default", "range", "unit", "meaning"),
        ((f"`{t.name}`", t.default, f"{t.low} to {t.high}", t.unit, t.doc) for t in THRESHOLDS),
    )


# -- commands --------------------------------------------------------------------------------------------------


def commands() -> str:
    program = get_command(app)
    listed: Mapping[str, Any] = program.commands
    return "\n\n".join(f"## d365bench {name}\n\n{command(listed[name])}" for name in listed)


def command(of: Any) -> str:
    """A command's help text and a table of what it takes."""
    text = re.sub(r"\s*\n\s*(?=\S)", " ", (of.help or "").strip().replace("\n\n", "\0")).replace("\0", "\n\n")
    rows = list(parameters(of))
    return "\n\n".join([text, table(("argument or option", "meaning", "default"), rows)] if rows else [text])


def parameters(of: Any) -> Iterator[tuple[str, str, str]]:
    for parameter in of.params:
        if parameter.name == "help":
            continue
        named = getattr(parameter, "help", None) or ""
        if parameter.param_type_name == "argument":
            label = parameter.metavar or parameter.name.upper()
        else:
            label = ", ".join([*parameter.opts, *parameter.secondary_opts])
        given = parameter.default
        if isinstance(parameter.show_default, str):  # what it is when nobody says it, in words
            yield f"`{label}`", " ".join(named.split()), parameter.show_default
            continue
        shown = "" if given in (None, False, (), []) or callable(given) else f"`{given}`"
        yield f"`{label}`", " ".join(named.split()), "required" if parameter.required else shown


# -- rule book -------------------------------------------------------------------------------------------------


def products() -> str:
    return table(
        ("product key", "what it is", "kind", "rights", "confidence", "note"),
        (
            (
                f"`{p.key}`",
                p.display_name,
                p.kind.replace("_", "-"),
                ", ".join(sorted(p.rights)) or "none",
                p.confidence,
                p.note,
            )
            for p in load_rulebook().products.values()
        ),
    )


def disputes() -> str:
    return table(
        ("key", "question", "computed with", "the other reading", "sources"),
        ((f"`{d.key}`", d.fact, d.default, d.other, ", ".join(d.sources)) for d in load_rulebook().disputes),
    )


def list_prices() -> str:
    return table(
        ("product key", "price", "from", "role", "confidence", "source"),
        (
            (
                f"`{p.product_key}`",
                f"{p.amount:.2f} {p.currency}",
                p.effective_from or "",
                p.role,
                p.confidence,
                p.source,
            )
            for p in load_rulebook().list_prices
        ),
    )


def channels() -> str:
    return table(("value", "channel", "class"), load_rulebook().channels.select("value", "label", "class").iter_rows())


def sources() -> str:
    return table(("key", "source"), sorted(load_rulebook().sources.items()))


PARTS: Mapping[str, Callable[[], str]] = {
    "thresholds": thresholds,
    "commands": commands,
    "products": products,
    "disputes": disputes,
    "list prices": list_prices,
    "channels": channels,
    "sources": sources,
}
MARKED = re.compile(r"(<!-- begin (?P<name>[a-z ]+) -->\n).*?(\n<!-- end (?P=name) -->)", re.DOTALL)


def generated(page: str) -> str:
    """The page with its generated parts written anew."""
    return MARKED.sub(lambda found: f"{found[1]}\n{PARTS[found['name']]()}\n{found[3]}", page)


def pages() -> list[Path]:
    """The pages that have a generated part."""
    return [path for path in sorted(DOCS.rglob("*.md")) if MARKED.search(path.read_text(encoding="utf-8"))]


if __name__ == "__main__":
    for path in pages():
        path.write_text(generated(path.read_text(encoding="utf-8")), encoding="utf-8")
        print(path.relative_to(DOCS.parent))
