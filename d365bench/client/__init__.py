"""A client folder: client.toml and decisions.csv, read and checked before anything runs."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import polars as pl

from d365bench.client.checks import (
    CURRENCY,
    DAY,
    FLAG,
    NUMBER,
    TEXT,
    Check,
    Place,
    is_folder_name,
    is_number,
    needs,
    product_keys,
    whole,
    word,
    words,
    zone,
)
from d365bench.client.decisions import read_decisions
from d365bench.errors import ClientError, UnknownClient, UsageError, nearest
from d365bench.thresholds import resolve

CLIENT_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
LEGACY_ENTERPRISE = "other_enterprise"  # paid elsewhere: costs nothing here and is never in quantities


@dataclass(frozen=True)
class Environment:
    """One Dataverse environment and what the client declares about it."""

    name: str
    kind: str = "production"
    service: bool = True
    not_provisioned: tuple[str, ...] = ()
    complete_from: date | None = None
    complete_to: date | None = None
    accept: tuple[str, ...] = ()
    custom_tables: int = 0


@dataclass(frozen=True)
class Contract:
    """What the client has signed, and what is assumed about its renewal."""

    kind: str
    end: date
    reductions: str = "renewal"
    start: date | None = None
    term: str | None = None
    term_months: int = 36
    price_step: str = "term"
    uplift_percent: float = 6.0
    cap_percent: float = 0.0
    growth_percent: float = 0.0
    discount_rate_percent: float = 8.0
    quantities: Mapping[str, int] = field(default_factory=dict)
    renewal_prices: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Client:
    """One client: who, when, in which money, what is declared and what was decided earlier."""

    name: str  # of the folder
    title: str
    as_of: date
    currency: str
    environments_complete: bool
    exports_timezone: str
    environments: tuple[Environment, ...]
    prices: Mapping[str, float]
    contract: Contract | None
    thresholds: Mapping[str, int]  # only the client's own
    folder: Path
    decisions: pl.DataFrame

    @property
    def exports(self) -> Path:
        """The folder of export files, which are read and never changed."""
        return self.folder / "exports"


# -- folders ---------------------------------------------------------------------------------------------------


def data_folder(option: str | Path | None) -> Path:
    """The folder of all clients: the option, else D365BENCH_DATA, else the sample."""
    return Path(option or os.environ.get("D365BENCH_DATA") or "data/sample")


def reports_folder(option: str | Path | None) -> Path:
    """The folder of all outputs: the option, else D365BENCH_REPORTS, else reports."""
    return Path(option or os.environ.get("D365BENCH_REPORTS") or "reports")


def client_names(data: Path) -> list[str]:
    """The clients of a data folder, sorted."""
    return sorted(path.parent.name for path in data.glob("*/client.toml") if CLIENT_NAME.fullmatch(path.parent.name))


def client_folder(data: Path, name: str) -> Path:
    """Where a client of this name lies or would lie; raises UnknownClient for a name that is not allowed."""
    if not CLIENT_NAME.fullmatch(name):
        raise UnknownClient(
            f"client name {name!r} is not allowed: lower-case letters, digits and hyphens only, 63 at most"
        )
    folder = data / name
    if folder.resolve().parent != data.resolve():  # a link would read, and forget would delete, somewhere else
        raise UnknownClient(f"client '{name}' is a link that leads out of {data}")
    return folder


def load_client(data: Path, name: str) -> Client:
    """The client in <data>/<name>, with every key, table, product and environment checked."""
    folder = client_folder(data, name)
    if not folder.is_dir():
        raise UnknownClient(f"no client '{name}' in {data}{nearest(name, client_names(data))}")
    source = folder / "client.toml"
    tables = read_toml(source)
    Place(source).known(tables, ("client", "environment", "prices", "contract", "thresholds"), "table")
    head = Place(source, "client").read(tables.get("client", {}), CLIENT_KEYS, required=("as_of", "currency"))
    return Client(
        name=name,
        title=head.get("name", name),
        as_of=head["as_of"],
        currency=head["currency"],
        environments_complete=head.get("environments_complete", False),
        exports_timezone=head.get("exports_timezone", "UTC"),
        environments=read_environments(source, tables.get("environment", [])),
        prices=read_prices(Place(source, "prices"), tables.get("prices", {})),
        contract=read_contract(source, tables["contract"]) if "contract" in tables else None,
        thresholds=read_thresholds(source, tables.get("thresholds", {})),
        folder=folder,
        decisions=read_decisions(folder / "decisions.csv"),
    )


# -- client.toml -----------------------------------------------------------------------------------------------


def read_toml(source: Path) -> dict[str, Any]:
    if not source.is_file():
        raise ClientError(f"{source}: missing; 'd365bench new' writes a commented one")
    try:
        return tomllib.loads(source.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise ClientError(f"{source}: not valid TOML in UTF-8: {exc}") from exc


CLIENT_KEYS: Mapping[str, Check] = {
    "name": TEXT,
    "as_of": DAY,
    "currency": CURRENCY,
    "environments_complete": FLAG,
    "exports_timezone": zone,
}
ENVIRONMENT_KEYS: Mapping[str, Check] = {
    "name": needs(is_folder_name, "the name of a folder directly under exports/"),
    "kind": word("production", "sandbox"),
    "service": FLAG,
    "not_provisioned": words("digital", "voice", "record"),
    "complete_from": DAY,
    "complete_to": DAY,
    "accept": words("last_touch", "season", "filtered", "stale"),
    "custom_tables": whole(0),
}
CONTRACT_KEYS: Mapping[str, Check] = {
    "kind": word("EA", "MCA-E", "CSP"),
    "end": DAY,
    "reductions": word("renewal", "anniversary", "monthly"),
    "start": DAY,
    "term": word("P1M", "P1Y", "P3Y"),
    "term_months": whole(1),
    "price_step": word("term", "yearly"),
    "uplift_percent": NUMBER,
    "cap_percent": NUMBER,
    "growth_percent": needs(lambda value: is_number(value, -100), "a number of at least -100"),
    "discount_rate_percent": NUMBER,
    "quantities": lambda place, value: read_quantities(Place(place.file, "contract.quantities"), value),
    "renewal_prices": lambda place, value: read_prices(Place(place.file, "contract.renewal_prices"), value),
}


def read_environments(source: Path, entries: object) -> tuple[Environment, ...]:
    """The declared environments; one production environment 'default' where none is."""
    if not isinstance(entries, list):
        raise Place(source, "environment").error("must be written [[environment]], one for each environment")
    environments: list[Environment] = []
    for entry in entries:
        place = Place(source, "environment")
        environment = Environment(**place.read(entry, ENVIRONMENT_KEYS, required=("name",)))
        place = Place(source, f"environment {environment.name}")
        if environment.name in (other.name for other in environments):
            raise place.error("is declared twice")
        first, last = environment.complete_from, environment.complete_to
        if (first is None) != (last is None):
            raise place.error("complete_from and complete_to need each other")
        if first is not None and last is not None and first > last:
            raise place.error("complete_from lies after complete_to")
        environments.append(environment)
    if len(environments) > 1:
        check_folders(source, [environment.name for environment in environments])
    return tuple(environments) or (Environment("default"),)


def check_folders(source: Path, declared: list[str]) -> None:
    """Refuse a misspelt environment: without a folder, while a folder of nearly that name belongs to nobody.

    One without a folder is otherwise fine, its exports are still to come; and a single environment needs none.
    """
    exports = source.parent / "exports"
    folders = [path.name for path in exports.iterdir() if path.is_dir()] if exports.is_dir() else []
    strays = [folder for folder in folders if folder not in declared]
    for name in declared:
        close = get_close_matches(name, strays, n=1)
        if name not in folders and close:
            raise Place(source, "environment").error(
                f"unknown environment '{name}': no such folder under exports/{nearest(name, close)}"
            )


def read_prices(place: Place, values: object) -> dict[str, float]:
    """Monthly unit prices by product key."""
    prices = {key: float(price) for key, price in by_product(place, values, NUMBER).items()}
    if prices.get(LEGACY_ENTERPRISE, 0.0) != 0.0:
        raise replace(place, key=LEGACY_ENTERPRISE).error("is paid elsewhere; its price is always 0")
    return prices


def read_quantities(place: Place, values: object) -> dict[str, int]:
    """Committed quantities by product key."""
    quantities = by_product(place, values, whole(0))
    if LEGACY_ENTERPRISE in quantities:
        raise replace(place, key=LEGACY_ENTERPRISE).error("is paid elsewhere; it has no quantity of its own here")
    return quantities


def by_product(place: Place, values: object, check: Check) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise place.error("must be a table of product keys")
    place.known(values, product_keys(), "product")
    return {key: check(replace(place, key=key), value) for key, value in values.items()}


def read_contract(source: Path, values: object) -> Contract:
    """The contract; what it leaves out is as renewals usually are (the defaults of `Contract`)."""
    place = Place(source, "contract")
    given = place.read(values, CONTRACT_KEYS, required=("kind", "end"))
    # Prices inside a long term are usually fixed; a term of a year or less is priced anew each time.
    term_months = given.get("term_months", Contract.term_months)
    contract = Contract(**{"price_step": "term" if term_months > 12 else "yearly", **given})
    if contract.reductions == "anniversary" and contract.start is None:
        raise place.error("reductions = 'anniversary' needs 'start', the first day of the contract")
    if contract.reductions == "monthly" and contract.term != "P1M":
        raise place.error("reductions = 'monthly' needs term = 'P1M'; a longer term cannot fall before it ends")
    if contract.start is not None and contract.start >= contract.end:
        raise place.error("start must lie before end")
    return contract


def read_thresholds(source: Path, values: object) -> dict[str, int]:
    """The client's own thresholds, each within its bounds."""
    place = Place(source, "thresholds")
    if not isinstance(values, dict):
        raise place.error("must be a table")
    try:
        checked = resolve(values)
    except UsageError as exc:  # wrong in the client's file, not in how the command was called
        raise place.error(str(exc)) from exc
    return {name: checked[name] for name in values}
