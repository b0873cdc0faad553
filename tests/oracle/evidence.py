"""Evidence: what a person's acts prove, and what keeps their absence from being proved."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

from d365bench.sample.tenant import Tenant
from oracle.coverage import Truth
from oracle.estate import Act, Person, is_human
from oracle.rules import CASES, DIGITAL, ENTERPRISE, GRANTS, HOLD_ORDER, LIST, VOICE, Products


class Evidence:
    """The questions that a decision puts to a tenant's truth."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.truth = Truth(tenant)
        self.t = self.truth.t
        self.own_prices = {k: Decimal(str(v)) for k, v in tenant.settings["prices"].items()}
        self.is_usd = tenant.settings["client"]["currency"] == "USD"
        self.complete_environments = tenant.settings["client"].get("environments_complete", False)

    # -- money -------------------------------------------------------------------------------------------------

    def price(self, product: str) -> Decimal | None:
        if product == "other_enterprise":
            return Decimal(0)
        if product in self.own_prices:
            return self.own_prices[product]
        return Decimal(LIST[product]) if self.is_usd and product in LIST else None

    def cost(self, products: Products | None) -> Decimal | None:
        if products is None or any(self.price(p) is None for p in products):
            return None
        return sum((self.price(p) or Decimal(0) for p in products), Decimal(0))

    # -- who, products -----------------------------------------------------------------------------------------

    def window_acts(self, person: Person, *, indirect: bool = False) -> list[Act]:
        return [
            a
            for a in person.acts
            if a.indirect == indirect
            and self.truth.window <= a.day < self.truth.as_of
            and a.environment in person.environments
        ]

    def season_acts(self, person: Person) -> list[Act]:
        return [
            a
            for a in person.acts
            if not a.indirect
            and self.truth.season <= a.day < self.truth.window
            and a.environment in person.environments
        ]

    def seats(self, person: Person) -> dict[str, list[tuple[str, date | None]]]:
        """Product → its assignments that hold."""
        held: dict[str, list[tuple[str, date | None]]] = defaultdict(list)
        for account in person.accounts:
            for licence, via, on, state in account.licences:
                product = self.tenant.products[licence]
                if product and state in ("Active", "ActiveWithError"):
                    held[product].append((via, on))
        return held

    def listed(self, person: Person) -> bool:
        return bool(self.seats(person)) or (self.truth.human(person) and bool(self.window_acts(person)))

    def is_left(self, person: Person) -> bool:
        if not self.truth.human(person):
            return False
        if person.accounts:
            return any(not account.enabled for account in person.accounts)
        return bool(person.records) and all(row["isdisabled"] for _, row in person.records)

    # -- evidence ----------------------------------------------------------------------------------------------

    def count(self, person: Person, *actions: str) -> int:
        """Distinct interactions or objects of actions in the window."""
        return len({(a.environment, a.object_id, a.action) for a in self.window_acts(person) if a.action in actions})

    def days(self, person: Person, channel: str) -> int:
        return len(
            {a.day for a in self.window_acts(person) if a.action in (f"{channel}.handled", f"{channel}.consulted")}
        )

    def touched(self, acts: list[Act]) -> tuple[set[Any], set[Any], set[Any], set[date]]:
        """Cases: own (created, worked, resolved), served by anybody, of others served, days with a case action."""
        return (
            {(a.environment, a.object_id) for a in acts if a.action.startswith("case.")},
            {(a.environment, a.object_id) for a in acts if a.action in ("case.worked", "case.resolved")},
            {(a.environment, a.object_id) for a in acts if a.action == "case.resolved"},
            {a.day for a in acts if a.action.startswith("case.")},
        )

    def case(self, place: tuple[str, Any]) -> dict[str, Any] | None:
        return self.truth.live.get((place[0], "incident"), {}).get(place[1])

    def is_own(self, person: Person, place: tuple[str, Any]) -> bool:
        row = self.case(place)
        creator = row and self.truth.by_record.get((place[0], row["createdby"] or ""))
        return bool(row and creator is person and row["createdonbehalfby"] is None)

    def marked(self, places: set[Any], *columns: str) -> set[Any]:
        return {p for p in places if (row := self.case(p)) and any(row.get(c) for c in columns)}

    def enterprise_proof(self, person: Person, acts: list[Act], sla_minimum: int) -> bool:
        served = self.touched(acts)[1]
        return (
            len(self.marked(served, "slaid")) >= sla_minimum
            or bool(self.marked(served, "entitlementid", "msdyn_copilotengaged"))
            or any(a.action in ("record.handled", "record.consulted") for a in acts)
        )

    def proved(self, person: Person) -> set[str]:
        acts, needs = self.window_acts(person), set()
        for channel in (DIGITAL, VOICE):
            interactions = self.count(person, f"{channel}.handled", f"{channel}.consulted")
            if (
                interactions >= self.t[f"{channel}_min_interactions"]
                and self.days(person, channel) >= self.t[f"{channel}_min_days"]
            ):
                needs.add(channel)
        if self.enterprise_proof(person, acts, self.t["sla_min_cases"]):
            needs.add(ENTERPRISE)
        if acts:
            needs.add(CASES)
        return needs

    # -- holds -------------------------------------------------------------------------------------------------

    def coverage(self, person: Person, environment: str, source: str, *, season: bool = False) -> Any:
        return self.truth.coverage[environment, source][1 if season else 0]

    def channel_coverage(self, person: Person, environment: str, channel: str, *, season: bool = False) -> Any:
        if channel in self.truth.declared[environment].get("not_provisioned", ()):
            return 100
        return self.coverage(person, environment, "sessions", season=season)

    def thin(self, person: Person, right: str, *, season: bool = False) -> bool:
        for environment in person.environments:
            if season and "season" in self.truth.declared[environment].get("accept", ()):
                continue
            sources = []
            if right in (DIGITAL, VOICE):
                sources = [self.channel_coverage(person, environment, right, season=season)]
            else:
                sessions = (
                    self.channel_coverage(person, environment, "record", season=season)
                    if right == ENTERPRISE
                    else self.coverage(person, environment, "sessions", season=season)
                )
                rest = (self.coverage(person, environment, s, season=season) for s in ("cases", "case_history"))
                sources = [sessions, *rest]
            if any(value < self.t["coverage_min_percent"] for value in sources):
                return True
        return False

    def record_tenure(self, person: Person) -> list[int]:
        days = [row["createdon"].date() for e, row in person.records if e in self.truth.counted]
        return [(self.truth.as_of - min(days)).days] if days else []

    def assigned_tenure(self, person: Person, right: str) -> list[int]:
        on = [on for p, ways in self.seats(person).items() if right in GRANTS[p] for _, on in ways if on]
        return [(self.truth.as_of - max(on)).days] if on else []

    def channel_tenure(self, person: Person, right: str) -> list[int]:
        if right not in (DIGITAL, VOICE):
            return []
        first = [
            row["msdyn_joinedon"].date()
            for e in person.environments
            for row in self.truth.live.get((e, "msdyn_sessionparticipant"), {}).values()
            if row["msdyn_joinedon"] and self.truth.class_of(e, row["msdyn_omnichannelsession"])[0] == right
        ]
        return [(self.truth.as_of - min(first)).days] if first else []

    def insufficient(self, person: Person, right: str) -> bool:
        has_record = any(e in self.truth.counted and is_human(row) for e, row in person.records)
        tenure = self.record_tenure(person) + self.assigned_tenure(person, right) + self.channel_tenure(person, right)
        return (
            (not has_record and not self.complete_environments)
            or self.thin(person, right)
            or any(days < self.t["tenure_min_days"] for days in tenure)
            or (right in (DIGITAL, VOICE) and self.count(person, "unknown.handled") > 0)
        )

    def hold(self, person: Person, right: str) -> str | None:
        indirect = self.window_acts(person, indirect=True)
        season = self.season_acts(person)
        channel = right in (DIGITAL, VOICE)

        def test(acts: list[Act]) -> bool:
            if channel:
                return any(a.action in (f"{right}.handled", f"{right}.consulted") for a in acts)
            return self.enterprise_proof(person, acts, 1) if right == ENTERPRISE else bool(acts)

        account_enabled = all(a.enabled for a in person.accounts)
        answers = (
            self.insufficient(person, right),
            test(indirect),
            channel and (self.count(person, f"{right}.monitored") > 0 or self.is_supervisor(person)),
            channel and self.is_member(person, right),
            test(season) or self.thin(person, right, season=True),
            right == CASES
            and (
                (account_enabled and not self.truth.last_seen_exported)
                or (person.last_seen is not None and person.last_seen.date() >= self.truth.window)
            ),
        )
        return next((name for name, answer in zip(HOLD_ORDER, answers, strict=True) if answer), None)

    def is_supervisor(self, person: Person) -> bool:
        names = {"omnichannel supervisor", "customer service manager", "csr manager"}
        for environment in self.truth.counted:
            roles = {r["roleid"]: r["name"].lower() for r in self.truth.rows(environment, "role")}
            if any(roles.get(role) in names for role in self.truth.roles_of(person, environment)):
                return True
        return False

    def is_member(self, person: Person, right: str) -> bool:
        kind = {DIGITAL: 192350000, VOICE: 192350002}[right]
        for environment in self.truth.counted:
            users = {row["systemuserid"] for e, row in person.records if e == environment and is_human(row)}
            queues = {q["queueid"] for q in self.truth.rows(environment, "queue") if q["msdyn_queuetype"] == kind}
            for row in self.truth.rows(environment, "queuemembership"):
                if row["systemuserid"] in users and row["queueid"] in queues:
                    return True
        return False
