"""The summary: the ledger's rows added up."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from oracle.decisions import Line
from oracle.ledger import Ledger
from oracle.rules import HOLD_ORDER, NONE, cents, level

MONEY = (
    *("now", "ready_target", "target", "saving_ready", "saving_conditional", "saving_repricing", "withheld"),
    *("exposure", "exposure_to_confirm", "unassigned"),
)


def summary(ledger: Ledger) -> dict[str, Any]:
    """The figures of summary.json."""
    lines = ledger.lines
    total: dict[str, Decimal] = defaultdict(Decimal)
    held: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        money = ledger.money_of(line)
        saving = money["monthly_saving_ready"]
        if saving is None:
            continue
        for name in ("now", "ready_target", "target", "saving_conditional", "withheld"):
            total[name] += money[f"monthly_{name}"] or Decimal(0)
        kind = "exposure" if saving < 0 else "saving_repricing" if only_reprices(line) else "saving_ready"
        total[kind] += abs(saving)
        total["exposure_to_confirm"] += line.to_confirm
        if line.withheld:
            held[min(line.holds.values(), key=HOLD_ORDER.index)] += line.withheld
    seats = {
        "assigned": Counter(p for line in lines for p in line.products or NONE),
        "target": Counter(p for line in lines for p in line.target or NONE),
        "ready_target": Counter(p for line in lines for p in line.ready or NONE),
        "purchased": Counter(ledger.tenant.purchased),
    }
    for product, count in ledger.tenant.purchased.items():
        total["unassigned"] += max(0, count - seats["assigned"][product]) * (ledger.price(product) or Decimal(0))
    return {
        "people": len(lines),
        "unattributed": ledger.truth.unattributed,
        "monthly": {name: float(cents(total[name])) for name in MONEY},
        "withheld_by_hold": {code: float(cents(amount)) for code, amount in held.items()},
        "actions": dict(Counter(action for line in lines for action in line.actions)),
        "team_members": dict(Counter(line.verdict for line in lines if line.verdict)),
        "environment_conflicts": [name for name in sorted(ledger.truth.counted) if is_mixed(ledger, name)],
        "unpriced": sorted({p for line in lines for p in line.products or NONE if ledger.price(p) is None}),
        "earliest_saving_on": earliest_saving_on(ledger),
        **{name: {p: n for p, n in of.items() if n and p != "other_enterprise"} for name, of in seats.items()},
        "coverage": {place: round(float(window), 1) for place, (window, _) in ledger.truth.coverage.items()},
    }


def only_reprices(line: Line) -> bool:
    """Whether nothing changes but the form in which the same rights are bought; questions change nothing."""
    return set(line.actions) - {*HOLD_ORDER, "review_team_members"} == {"reprice"}


def is_mixed(ledger: Ledger, environment: str) -> bool:
    """Whether people on Professional and on Enterprise share an environment today."""
    levels = {level(line.products or NONE) for line in ledger.lines if environment in line.person.environments}
    return "professional" in levels and bool(levels & {"enterprise", "premium"})


def earliest_saving_on(ledger: Ledger) -> str | None:
    """The first day on which the contract lets a quantity fall."""
    contract = ledger.tenant.settings.get("contract")
    if contract is None:
        return None
    day: date = contract["end"]
    as_of = ledger.truth.as_of
    if contract.get("reductions") == "monthly":
        while (earlier := a_month_before(day)) >= as_of:
            day = earlier
    if contract.get("reductions") == "anniversary":
        years = (contract["start"].replace(year=year) for year in range(as_of.year, day.year + 1))
        day = min([year for year in years if year >= as_of] + [day])
    return f"{max(day, as_of)}"


def a_month_before(day: date) -> date:
    last = day.replace(day=1) - timedelta(days=1)
    return last.replace(day=min(day.day, last.day))
