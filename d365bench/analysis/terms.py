"""The contract as shown: what client.toml says of it, what is assumed or missing, and its days."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, timedelta

import polars as pl

from d365bench.analysis.contract import add_months
from d365bench.analysis.moves import first_opening
from d365bench.client import Client, Contract
from d365bench.rulebook import Rulebook

MEANING = {
    "kind": "EA, MCA-E or CSP",
    "end": "the renewal day",
    "start": "the first day of the contract; needed where reductions are 'anniversary'",
    "reductions": "when quantities can fall: renewal, anniversary, or monthly with term 'P1M'",
    "term": "the term of a CSP subscription: P1M, P1Y or P3Y",
    "term_months": "months of the renewed term",
    "price_step": "term: one price for the term; yearly: the uplift applies every year",
    "uplift_percent": "yearly, where prices are not protected",
    "cap_percent": "with the price protection that is asked for",
    "growth_percent": "of people, yearly",
    "discount_rate_percent": "what money is worth less a year later",
    "quantities": "seats that the contract commits to, by product",
    "renewal_prices": "unit prices offered for the renewal, by product; else the list price on the renewal day",
}
REQUIRED = ("kind", "end")
TERMS: dict[str, pl.DataType] = {
    "key": pl.String(),
    "value": pl.String(),
    "state": pl.String(),  # given | default | not given | fill in
    "meaning": pl.String(),
}
DAYS: dict[str, pl.DataType] = {"day": pl.Date(), "event": pl.String(), "kind": pl.String()}


def contract_terms(client: Client) -> pl.DataFrame:
    """One row per key of [contract]: its value, and whether it was given, is the default, or has to be filled in."""
    contract = client.contract
    rows = []
    for field in fields(Contract):
        name = field.name
        value = None if contract is None else getattr(contract, name)
        given = value not in (None, {})
        if given:
            same = field.default == value
            state = "the default" if same else "given"
        else:
            state = "fill in" if contract is None and name in REQUIRED else "not given"
        rows.append((name, written(value) if given else None, state, MEANING[name]))
    return pl.DataFrame(rows, schema=TERMS, orient="row")


def written(value: object) -> str:
    """A value of client.toml as one line."""
    if isinstance(value, dict):
        return ", ".join(f"{product} {amount:,}" for product, amount in value.items())
    return value.isoformat() if isinstance(value, date) else str(value)


def contract_days(client: Client, rulebook: Rulebook) -> pl.DataFrame:
    """One row per day that matters: as_of, notice, the first two days on which quantities fall, the renewal."""
    contract, opening = client.contract, first_opening(client, rulebook)
    if contract is None or opening is None:
        return pl.DataFrame(schema=DAYS)
    back = rulebook.deadlines["decrease_within"]
    taken_back = contract.end + timedelta(back.days) if back.kind == contract.kind else None
    rows: list[tuple[date | None, str, str]] = [
        (client.as_of, "the figures are as of", "today"),
        (opening.notice_from, "notice can be given from", "notice"),
        (opening.notice_by, "notice is due by", "notice"),
        (opening.day, "quantities can fall first", "quantities"),
        (opening.following, "and then again", "quantities"),
        (contract.end, "the contract ends", "renewal"),
        (taken_back, "renewed seats can be taken back until", "notice"),
        (add_months(contract.end, contract.term_months), "the renewed term ends", "renewal"),
    ]
    return pl.DataFrame(rows, schema=DAYS, orient="row").drop_nulls("day").sort("day", maintain_order=True)
