"""Contract days: when a signed contract first lets a quantity fall."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import count

from d365bench.client import Client, Contract

MONTHS = 12


def earliest_saving_on(client: Client) -> date | None:
    """The first day from as_of on which fewer seats can be paid for; None without a contract."""
    contract = client.contract
    if contract is None:
        return None
    # A contract that has run out binds nobody any more.
    end = max(contract.end, client.as_of)
    if contract.reductions == "anniversary":
        return min(end, anniversary(contract, client.as_of) or end)
    if contract.reductions == "monthly":
        return min(end, next_step(contract.end, client.as_of, 1))
    return end


def openings(client: Client) -> Iterator[date]:
    """The days from as_of on on which fewer seats can be paid for, without end; none without a contract.

    What the contract says of reductions is taken to hold in every renewed term as well.
    """
    contract, day = client.contract, earliest_saving_on(client)
    if contract is None or day is None:
        return
    end = max(contract.end, client.as_of)
    while day < end:
        yield day
        later = replace(client, as_of=day + timedelta(1))
        day = earliest_saving_on(later) or end
    term = contract.term_months
    step = {"anniversary": min(MONTHS, term), "monthly": 1}.get(contract.reductions, term)
    for terms in count():
        for months in range(0, term, step):
            yield add_months(end, terms * term + months)


def months_between(first: date, last: date) -> float:
    """Whole months from one day to another, and of the month begun the share of its days."""
    whole = (last.year - first.year) * MONTHS + last.month - first.month
    if add_months(first, whole) > last:
        whole -= 1
    begun, ends = add_months(first, whole), add_months(first, whole + 1)
    return whole + (last - begun) / (ends - begun)


def anniversary(contract: Contract, as_of: date) -> date | None:
    """The next anniversary of the contract's start, as_of included; None where the start is not known."""
    if contract.start is None:
        return None
    return next_step(contract.start, max(as_of, add_months(contract.start, MONTHS)), MONTHS)


def next_step(anchor: date, not_before: date, months: int) -> date:
    """The first day not before a day that lies a multiple of so many months from the anchor, on either side."""
    apart = (not_before.year - anchor.year) * MONTHS + not_before.month - anchor.month
    steps = apart // months
    while add_months(anchor, steps * months) < not_before:
        steps += 1
    return add_months(anchor, steps * months)


def add_months(day: date, months: int) -> date:
    """The same day some months later or earlier; the last of the month where it has no such day."""
    year, month = divmod(day.year * MONTHS + day.month - 1 + months, MONTHS)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
