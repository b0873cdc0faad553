"""The ledger: a decided person as a row of ledger.csv."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from oracle.coverage import Truth
from oracle.decisions import Decisions, Line
from oracle.estate import Person
from oracle.rules import DIGITAL, NONE, RIGHTS, VOICE, cents, joined


class Ledger(Decisions):
    """Everybody of a tenant, decided and written down."""

    def rows(self) -> list[dict[str, str]]:
        return [self.written(line) for line in self.lines]

    def written(self, line: Line) -> dict[str, str]:
        person, acts = line.person, self.window_acts(line.person)
        account = person.accounts[0] if person.accounts else None
        first = first_record(person, self.truth)
        touched, served, _, case_days = self.touched(acts)
        seats = self.seats(person)
        tenure = self.record_tenure(person) + [d for r in RIGHTS for d in self.assigned_tenure(person, r)]
        money = self.money_of(line)
        row: dict[str, Any] = {
            "client": self.tenant.folder.name,
            "person_id": person.person_id,
            "upn": account.upn if account else first["domainname"],
            "display_name": account.name if account else first["fullname"],
            "department": account.department if account else "",
            "business_unit": self.unit_of(person),
            "account_enabled": account.enabled if account else any(not r["isdisabled"] for _, r in person.records),
            "environments": "|".join(person.environments),
            "current_products": joined(line.products),
            "target_products": joined(line.target),
            "ready_target_products": joined(line.ready),
            "actions": "|".join(sorted(line.actions)),
            "holds": "|".join(sorted(f"{right}:{code}" for right, code in line.holds.items())),
            "team_members_verdict": line.verdict,
            "status": "" if line.target is None else "conditional" if line.conditional else "ready",
            **{name: "" if amount is None else cents(amount) for name, amount in money.items()},
        }
        for channel in (DIGITAL, VOICE):
            counted = [
                a
                for a in person.acts
                if not a.indirect and a.environment in person.environments and a.day < self.truth.as_of
            ]
            mine = [a for a in counted if a.action in (f"{channel}.handled", f"{channel}.consulted")]
            for mode in ("handled", "consulted", "monitored"):
                row[f"{channel}_{mode}"] = self.count(person, f"{channel}.{mode}")
            row[f"{channel}_offered"] = len(
                {
                    (a.environment, a.object_id)
                    for a in person.offered
                    if a.action == f"{channel}.offered"
                    and a.environment in person.environments
                    and self.truth.window <= a.day < self.truth.as_of
                }
            )
            row[f"{channel}_days"] = self.days(person, channel)
            row[f"{channel}_last"] = max((a.day for a in mine), default="")
            season = [a for a in self.season_acts(person) if a.action in (f"{channel}.handled", f"{channel}.consulted")]
            row[f"{channel}_season"] = len({(a.environment, a.object_id, a.action) for a in season})
        before = [
            a.day
            for a in person.acts
            if not a.indirect and a.environment in person.environments and a.day < self.truth.as_of
        ]
        row |= {
            "unknown_sessions": self.count(person, "unknown.handled"),
            "own_cases": len({p for p in touched if self.is_own(person, p)}),
            "other_cases": len({p for p in served if self.case(p) and not self.is_own(person, p)}),
            "sla_cases": len(self.marked(served, "slaid")),
            "entitlement_cases": len(self.marked(served, "entitlementid")),
            "copilot_cases": len(self.marked(served, "msdyn_copilotengaged")),
            "routed_records": len({(a.environment, a.object_id) for a in acts if a.action.startswith("record.")}),
            "queue_items": self.count(person, "queue.worked"),
            "articles": self.count(person, "knowledge.authored"),
            "case_days": len(case_days),
            "last_activity": max(before, default=""),
            "last_seen": person.last_seen.date() if person.last_seen else "",
            "tenure_days": min(tenure, default=""),
            "coverage_sessions": self.lowest(person, "sessions"),
            "coverage_cases": self.lowest(person, "cases"),
            "assigned_via": "|".join(
                sorted(
                    {via for ways in seats.values() for via, _ in ways if via}
                    if self.tenant.licence_source == "graph"
                    else set()
                )
            ),
            "assigned_on": max((on for ways in seats.values() for _, on in ways if on), default=""),
            "price_source": self.price_source(line),
            "decision": line.decision,
        }
        return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in row.items()}

    def price_source(self, line: Line) -> str:
        shown = (line.products or NONE) | (line.ready or NONE) | (line.target or NONE)
        sources = {"client" if p in self.own_prices else "list" for p in shown - {"other_enterprise"}}
        if not line.money or not sources:
            return ""
        return sources.pop() if len(sources) == 1 else "mixed"

    def unit_of(self, person: Person) -> str:
        for environment, row in sorted(
            person.records, key=lambda r: (self.truth.declared[r[0]].get("kind") == "sandbox", r[0])
        ):
            names = {u["businessunitid"]: u["name"] for u in self.truth.rows(environment, "businessunit")}
            if row["businessunitid"] in names:
                return str(names[row["businessunitid"]])
        return ""

    def lowest(self, person: Person, source: str) -> str:
        shares = [self.truth.coverage[e, source][0] for e in person.environments]
        return f"{float(min(shares)):.1f}" if shares else ""

    def money_of(self, line: Line) -> dict[str, Decimal | None]:
        names = ("now", "ready_target", "target", "saving_ready", "saving_conditional", "withheld")
        now, ready, target = self.cost(line.products), self.cost(line.ready), self.cost(line.target)
        if not line.money or now is None or ready is None or target is None:
            return {f"monthly_{name}": None for name in names}
        amounts = (now, ready, target, now - ready, ready - target, line.withheld)
        return {f"monthly_{name}": amount for name, amount in zip(names, amounts, strict=True)}


def first_record(person: Person, truth: Truth) -> dict[str, Any]:
    records = sorted(person.records, key=lambda r: (r[0] not in truth.counted, r[0]))
    return records[0][1] if records else {}
