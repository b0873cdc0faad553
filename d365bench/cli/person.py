"""What `explain` says: the ledger row of one person, whole or for one product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from d365bench.client import Client
from d365bench.errors import UnknownParameter, UsageError

if TYPE_CHECKING:
    import polars as pl


def decided_ledger(client: Client, thresholds: Mapping[str, int]) -> pl.DataFrame:
    """The client's ledger under these thresholds, a row per person."""
    from d365bench.analysis.decide import decide
    from d365bench.analysis.evidence import environments, evidence
    from d365bench.analysis.ledger import ledger
    from d365bench.analysis.reasons import with_reasons
    from d365bench.ingest.load import store_path
    from d365bench.rulebook import load_rulebook
    from d365bench.store import Store

    rulebook = load_rulebook()
    with Store.read(store_path(client)) as store:
        seen = evidence(store, client, thresholds)
        decided = decide(seen, environments(store), rulebook, client, thresholds)
    return ledger(with_reasons(decided, thresholds, rulebook, client), client)


def person_row(ledger: pl.DataFrame, person: str) -> dict[str, Any]:
    """The one row of the person with this UPN, id or display name, whatever the case."""
    import polars as pl

    wanted = person.strip().lower()
    for column in ("person_id", "upn", "display_name"):
        found = ledger.filter(pl.col(column).str.to_lowercase() == wanted)
        if found.height == 1:
            return found.row(0, named=True)
        if found.height > 1:
            listed = "\n".join(f"  {one['person_id']}  {one['upn'] or ''}" for one in found.iter_rows(named=True))
            raise UsageError(f"{found.height} people have the {column} '{person}'; ask for one by id:\n{listed}")
    raise UsageError(
        f"nobody to decide on is called '{person}': no UPN, id or display name in the ledger is equal to it"
    )


def product_rights(product: str) -> frozenset[str]:
    """The rights of a product of the rule book."""
    from d365bench.rulebook import load_rulebook

    products = load_rulebook().products
    if product not in products:
        raise UnknownParameter(product, products, kind="product")
    return products[product].rights


def about_product(row: Mapping[str, Any], product: str, rights: frozenset[str]) -> dict[str, Any]:
    """The part of a row that concerns one product: where it stands, and the holds and reasons of its rights."""

    def has(column: str) -> bool:
        return product in (row[column] or "").split("+")

    def of_rights(column: str, separator: str) -> str:
        parts = (row[column] or "").split(separator)
        return separator.join(part for part in parts if part.split(":")[0].lower() in {*rights, product})

    return {
        **{column: row[column] for column in ("person_id", "upn", "display_name")},
        "product": product,
        "grants": "|".join(sorted(rights)),
        "held_today": has("current_products"),
        "in_ready_target": has("ready_target_products"),
        "in_target": has("target_products"),
        "holds": of_rights("holds", "|"),
        "decision": row["decision"],
        "reasons": of_rights("reasons", " | "),
    }
