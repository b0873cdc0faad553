"""Writing a muddle down, each environment in a shape of its own, some tables left out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from d365bench.sample import directory, shapes
from d365bench.sample.shapes import Delivered
from d365bench.sample.world import KEYS, World
from muddle.chance import Muddle

PREMIUM = "5a4f4f5e-33f5-4f3b-9c6c-6a5f6b0c9f10"
PREMIUM_PLANS = [
    "99340b49-fb81-4b1e-976b-8f2ae8e9394f",
    "47c2b191-a5fb-4129-b690-00c474d2f623",
    "f6ec6dfa-2402-468d-a455-89be11116d43",
]
TABLES = tuple(KEYS)


def write(muddle: Muddle) -> None:
    """Write each environment in a shape of its own, some tables left out."""
    world, tenant = muddle.world, muddle.tenant
    chance = muddle.chance
    for environment in muddle.off:
        # who is in which team has to be known, or nobody can say who is without a role
        needed = {"systemuser", "teammembership"}
        tables = [t for t in TABLES if (environment, t) in world.rows and (t in needed or muddle.often(0.93))]
        folder = tenant.exports / environment
        tenant.delivered += chance.choice((by_link, by_link, by_pages, by_files))(world, folder, environment, tables)
    tenant.accounts = list(world.accounts)
    write_directory(muddle)
    acts = [(known.upn.upper(), muddle.when(), world.guid()) for known in tenant.accounts if muddle.often(0.2)]
    if acts and muddle.often(0.3):
        tenant.purview = [(upn, when) for upn, when, _ in acts]
        directory.purview(tenant.exports / "search.csv", acts)
    tenant.write_settings()


def by_link(world: World, folder: Path, environment: str, tables: Sequence[str]) -> list[Delivered]:
    cuts = [datetime(2025, 5, 1, 4), datetime(2025, 12, 31, 23, 30), datetime(2026, 6, 30, 23, 45)]
    return shapes.synapse_link(world, folder, environment, tables, cuts)


def by_pages(world: World, folder: Path, environment: str, tables: Sequence[str]) -> list[Delivered]:
    return shapes.web_api(world, folder, environment, tables, page=400)


def by_files(world: World, folder: Path, environment: str, tables: Sequence[str]) -> list[Delivered]:
    delivered: list[Delivered] = []
    for number, table in enumerate(tables):
        match number % 4:
            case 0:
                delivered += shapes.header_csv(world, folder / f"{table}.csv", environment, table)
            case 1:
                delivered += shapes.header_csv(world, folder / f"{table}.csv", environment, table, words=True)
            case 2:
                delivered += shapes.parquet(world, folder / f"{table}.parquet", environment, table)
            case _:
                delivered += shapes.ndjson(world, folder / f"{table}.ndjson", environment, table)
    return delivered


def write_directory(muddle: Muddle) -> None:
    """The directory with or without licences, at times with a page missing."""
    tenant, chance = muddle.tenant, muddle.chance
    path = tenant.exports / "tenant" / "users.json"
    if tenant.licence_source == "admin_centre":
        directory.admin_centre(path.with_suffix(".csv"), tenant.accounts)
    elif tenant.licence_source is None:
        if muddle.often(0.5):
            for known in tenant.accounts:
                known.proxies = [known.upn]  # this list knows no other address
            directory.entra_users(path.with_suffix(".csv"), tenant.accounts)
        else:
            tenant.accounts = []
    else:
        directory.graph_users(path, tenant.accounts, page=20, sign_in=tenant.sign_in_exported)
        bought = {sku: chance.randrange(60) for sku, product in tenant.products.items() if product}
        directory.subscribed_skus(
            path.with_name("skus.json"),
            {
                sku: (f"SKU_{n}", count, count, PREMIUM_PLANS if sku == PREMIUM else [])
                for n, (sku, count) in enumerate(bought.items())
            },
        )
        for sku, count in bought.items():
            product = str(tenant.products[sku])
            tenant.purchased[product] = tenant.purchased.get(product, 0) + count
        if muddle.often(0.2):
            # the last page: that one in the middle is missing can be seen from no page that is there
            last = (len(tenant.accounts) - 1) // 20
            path.with_stem(f"users_{last + 1}").unlink()
            tenant.licence_complete = False
            tenant.accounts = tenant.accounts[: 20 * last]
