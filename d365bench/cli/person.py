"""What `explain` says: the decision on one person, down to the rows of the export files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from d365bench.cli.said import show
from d365bench.client import Client
from d365bench.errors import UnknownParameter

Row = Mapping[str, Any]


def check_product(product: str | None) -> None:
    """Refuse a product key that the rule book does not know."""
    from d365bench.rulebook import load_rulebook

    products = load_rulebook().products
    if product is not None and product not in products:
        raise UnknownParameter(product, products, kind="product")


def explained(client: Client, thresholds: Mapping[str, int], person: str, product: str | None) -> dict[str, Any]:
    """Everything behind the decision on one person, record numbers included, as JSON can hold it."""
    from d365bench.analysis.explain import explain
    from d365bench.ingest.load import store_path
    from d365bench.ingest.source_rows import locate
    from d365bench.rulebook import load_rulebook
    from d365bench.store import Store

    with Store.read(store_path(client)) as store:
        return explain(store, client, thresholds, load_rulebook(), person, product, locate=partial(locate, client))


def tell(answer: Row) -> None:
    """Print an explanation as tables: verdict, rules that fired, coverage, figures, and the rows behind them."""
    person, verdict = answer["person"], answer["verdict"]
    stretches = {name: "{first_day} to {last_day}".format(**answer[name]) for name in ("window", "look_back")}
    who = {**person, **stretches, **{name: value for name, value in verdict.items() if name != "reasons"}}
    name = person["display_name"] or person["upn"] or person["person_id"]
    show(f"{name} on {answer['as_of']}, rule book {answer['rulebook']}", ("", ""), said(who))
    show("In words", ("",), ([reason] for reason in verdict["reasons"]))
    show(
        "Rules that fired", ("rule", "right", "because", "thresholds", "confidence", "sources"), fired(answer["rules"])
    )
    show("Rights", ("right", "held today", "needed", "kept by"), rights(answer["rights"]))
    show("What the sources can prove", ("right", "environment", "source", "window", "needed", "why not", "holes"),
         coverage(answer["rights"]))  # fmt: skip
    columns = ("product", "today", "ready_target", "target", "price", "price_source", "confidence")
    show("Products", columns, ([product[column] for column in columns] for product in answer["products"]))
    show(
        "Rows of the export files: what proves a right, then what speaks for it without proving it",
        ("right", "figure", "what", "at", "file", "record", "key"),
        rows(answer),
    )
    show("Files", ("file", "sha256", "now"), ([f["path"], f["sha256"], f.get("file_state")] for f in answer["files"]))


def said(values: Row) -> Iterator[tuple[str, object]]:
    """What is there; an empty value says nothing, a false one does."""
    return ((name, value) for name, value in values.items() if value is False or value not in (None, "", 0))


def fired(rules: list[Row]) -> Iterator[tuple[object, ...]]:
    """The rules that applied; of the doubts about one right only the one that names its hold, where one does."""
    for rule in rules:
        if rule["applies"] and rule.get("names_the_hold", True):
            thresholds = ", ".join(f"{name} {one['value']}" for name, one in rule["thresholds"].items())
            sources = ", ".join(rule["sources"])
            yield rule["rule"], rule["right"], rule["says"], thresholds, rule["confidence"], sources


def rights(found: list[Row]) -> Iterator[tuple[object, ...]]:
    for one in found:
        yield one["right"], yes(one["has_today"]), yes(one["needed"]), one["held_by"]


def coverage(found: list[Row]) -> Iterator[tuple[object, ...]]:
    """Each source of each right, environment by environment."""
    for right in found:
        for one in right["coverage"]:
            holes = ", ".join(f"{first} to {last}" for first, last in one["gaps"])
            why = "; ".join([*filter(None, [one["reason"]]), *(f"declared: {what}" for what in one["declared"] or [])])
            percent, needed = f"{one['percent']:.1f} %", f"{one['needed_percent']} %"
            yield right["right"], one["environment"], one["source"], percent, needed, why, holes


def rows(answer: Row) -> Iterator[tuple[object, ...]]:
    """Every row shown, under the figure that it stands behind."""
    for right in answer["rights"]:
        for figure in (*right["proof"], *right["doubt"]):
            label = f"{figure['figure']}: {figure['value']}"
            for row in figure["rows"]:
                yield right["right"], label, *place(row)
    for row in answer["standing"]:
        yield "", "today", *place(row)


def place(row: Row) -> tuple[object, ...]:
    return row["act"], row["at_instant"], row["path"], row["record"], row["row_key"]


def yes(flag: bool) -> str:
    return "yes" if flag else "no"
