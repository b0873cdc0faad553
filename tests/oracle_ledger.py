"""The ledger and the summary that a tenant's truth calls for, person by person."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from d365bench.sample.tenant import Tenant
from oracle import (
    ADD_ONS,
    ATTACH,
    BASES,
    CASES,
    DIGITAL,
    ENTERPRISE,
    ENTERPRISE_BASES,
    GRANTS,
    HOLD_ORDER,
    LIST,
    RIGHTS,
    STANDALONE,
    VOICE,
    Act,
    Person,
    Products,
    Truth,
    cents,
    is_human,
    subsets,
)

NONE: Products = frozenset()


@dataclass
class Line:
    """One person's line under way."""

    person: Person
    products: Products | None
    target: Products | None = None
    ready: Products | None = None
    needs: set[str] = field(default_factory=set)
    holds: dict[str, str] = field(default_factory=dict)
    actions: list[str] = field(default_factory=list)
    verdict: str = ""
    money: bool = True
    withheld: Decimal = Decimal(0)
    to_confirm: Decimal = Decimal(0)
    decision: str = ""
    contradicted: bool = False
    conditional: bool = False
    left: bool = False


class Ledger:
    """Decides everybody of a tenant."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.truth = Truth(tenant)
        self.t = self.truth.t
        self.own_prices = {k: Decimal(str(v)) for k, v in tenant.settings["prices"].items()}
        self.is_usd = tenant.settings["client"]["currency"] == "USD"
        self.complete_environments = tenant.settings["client"].get("environments_complete", False)
        self.lines = [
            self.line(p) for p in sorted(self.truth.people.values(), key=lambda p: p.person_id) if self.listed(p)
        ]
        self.settle_ready_targets()

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
            users = {row["systemuserid"] for e, row in person.records if e == environment}
            queues = {q["queueid"] for q in self.truth.rows(environment, "queue") if q["msdyn_queuetype"] == kind}
            for row in self.truth.rows(environment, "queuemembership"):
                if row["systemuserid"] in users and row["queueid"] in queues:
                    return True
        return False

    # -- target ------------------------------------------------------------------------------------------------

    def live_chat_only(self, person: Person) -> bool:
        return all(
            a.channel == 192360000
            for a in self.window_acts(person)
            if a.action in ("digital.handled", "digital.consulted")
        )

    def rights(self, products: Products, chat_ok: bool) -> set[str]:
        granted: set[str] = set()
        for product in products:
            if product in ADD_ONS and not products & ENTERPRISE_BASES:
                continue
            if product == "chat" and not chat_ok:
                continue
            granted |= GRANTS[product]
        return granted

    def is_valid(self, products: Products, chat_ok: bool) -> bool:
        bases = products & set(BASES)
        add_ons = products & set(ADD_ONS)
        if add_ons and not bases & ENTERPRISE_BASES:
            return False
        return len(bases) <= 1 and not ("chat" in products and not chat_ok)

    def search(
        self, person: Person, held: Products, needs: set[str], keep: Products = NONE, remove: Products = NONE
    ) -> Products | None:
        """The cheapest valid set, among all sets there are."""
        keep = (keep | {p for p in held if self.price(p) is None}) - remove
        if not needs and not keep:
            return NONE
        chat_ok = self.live_chat_only(person)
        bases = held & set(BASES)
        if "other_enterprise" in bases:
            allowed = ["other_enterprise"]
        elif bases and bases <= ATTACH:
            allowed = [b for b in BASES if b in ATTACH]
        else:
            allowed = [b for b in BASES if b not in ATTACH and b != "other_enterprise"]
        options = {held} if self.is_valid(held, chat_ok) else set()
        for base in (None, *allowed):
            for extra in subsets(ADD_ONS):
                if "chat" in extra and not ("chat" in held and chat_ok):
                    continue
                options.add(frozenset(extra | ({base} if base else set())))
        today = self.rights(held, chat_ok)
        best = None
        for option in options | {o | keep for o in options}:
            if not keep <= option or option & remove or not self.is_valid(option, chat_ok):
                continue
            price = self.cost(option - keep)
            if price is None or not needs <= self.rights(option, chat_ok):
                continue
            swap = self.rights(option, chat_ok) == today and not option <= held
            if swap and not all(p in self.own_prices or p == "other_enterprise" for p in option | held):
                continue
            rank = (price, len(option ^ held), "+".join(sorted(option)))
            if best is None or rank < best[0]:
                best = (rank, option)
        return best[1] if best else None

    # -- one person --------------------------------------------------------------------------------------------

    def line(self, person: Person) -> Line:
        seats = self.seats(person)
        known = (
            bool(seats)
            or bool(person.accounts)
            or (self.tenant.licence_source is not None and self.tenant.licence_complete)
        )
        line = Line(person, frozenset(seats) if known and self.tenant.licence_source else None)
        line.left = self.is_left(person)
        keep, remove, exclude, said = self.decisions_of(person)
        line.decision = "|".join(sorted(said))
        if not line.left:
            line.needs = self.proved(person)
        held = line.products or NONE
        if exclude:
            line.target = line.ready = line.products
            line.actions, line.money = ["out_of_scope"], False
        elif line.products is None:
            line.actions, line.money = (["left"] if line.left else ["insufficient_data"]), False
        elif not self.truth.human(person) or (held & STANDALONE and not line.left):
            line.target = line.ready = held
            line.actions = ["out_of_scope"]
        elif not held:
            self.without_products(line)
        elif held == {"team_members"} and not line.left:
            self.team_member(line)
        else:
            self.with_products(line, held, keep, remove)
        if self.cost(line.products) is None or (line.products is not None and line.target is None):
            line.money = False
        return line

    def decisions_of(self, person: Person) -> tuple[Products, Products, bool, list[str]]:
        names = {person.person_id.lower(), *(a.upn.lower() for a in person.accounts)}
        last: dict[str, dict[str, str]] = {}
        for row in self.tenant.decisions:
            live = row["decided_on"] <= f"{self.truth.as_of}" and (
                not row["expires_on"] or row["expires_on"] > f"{self.truth.as_of}"
            )
            held = row["decision"] == "exclude" or row["product"] in self.seats(person)
            if live and held and row["person"].lower() in names:
                before = last.get(row["product"])
                if before is None or row["decided_on"] >= before["decided_on"]:
                    last[row["product"]] = row
        by = {
            kind: frozenset(p for p, row in last.items() if row["decision"] == kind)
            for kind in ("keep", "remove", "exclude")
        }
        said = [f"{row['decision']}:{p}" if p else row["decision"] for p, row in last.items()]
        return by["keep"], by["remove"], bool(by["exclude"]), said

    def without_products(self, line: Line) -> None:
        if line.left:
            line.target = line.ready = NONE
            line.actions = ["left"]
        elif line.person.accounts and self.tenant.licence_complete:
            line.target = line.ready = self.search(line.person, NONE, line.needs)
            line.actions = ["license_needed"]
        else:
            line.actions, line.money = ["unmatched"], False

    def team_member(self, line: Line) -> None:
        person, acts = line.person, self.window_acts(line.person)
        touched, served, resolved, _ = self.touched(acts)
        own = {p for p in touched if self.is_own(person, p)}
        others = {p for p in served if self.case(p) and not self.is_own(person, p)}
        days = {
            a.day
            for a in acts
            if a.action in ("case.worked", "case.resolved") and (a.environment, a.object_id) in others
        }
        beyond = len(others) >= self.t["team_members_min_other_cases"] and (bool(resolved & others) or len(days) >= 2)
        counted = (
            "digital.handled",
            "digital.consulted",
            "voice.handled",
            "voice.consulted",
            "record.handled",
            "record.consulted",
        )
        if beyond or self.count(person, *counted, "knowledge.authored"):
            line.verdict = "exceeds"
        elif others or self.count(person, "queue.worked") or len(own) >= self.t["team_members_review_own_cases"]:
            line.verdict = "review"
        elif own:
            line.verdict = "within_rights"
        else:
            line.verdict = "cannot_tell" if self.insufficient(person, CASES) else "no_trace"
        seat = frozenset({"team_members"})
        line.target = line.ready = seat
        line.actions = ["review_team_members"] if line.verdict == "review" else ["keep"]
        would = self.search(person, NONE, line.needs | {CASES})
        if line.verdict == "exceeds":
            line.target = line.ready = would
            line.actions = ["reclassify_team_members"]
        elif line.verdict == "review":
            line.to_confirm = self.cost(would) or Decimal(0)

    def with_products(self, line: Line, all_held: Products, keep: Products, remove: Products) -> None:
        person, seat = line.person, all_held & {"team_members"}
        held, chat_ok = all_held - seat, self.live_chat_only(line.person)
        kept = keep & held
        for product in kept:
            line.needs |= GRANTS[product] if product in BASES or held & ENTERPRISE_BASES else set()
        bare = self.search(person, held, line.needs, kept)
        refused = remove & (bare or NONE)
        removed = (remove & held) - refused
        line.contradicted = bool(refused)
        line.decision = "|".join(
            sorted(
                d + (" (contradicted)" if d.removeprefix("remove:") in refused else "")
                for d in line.decision.split("|")
                if d
            )
        )
        if not line.left:
            for right in sorted(self.rights(held, chat_ok) - line.needs):
                code = self.hold(person, right)
                if code and not any(right in GRANTS[p] for p in removed):
                    line.holds[right] = code
        covered = line.needs | set(line.holds)
        target = self.search(person, held, covered, kept, removed)
        assert target is not None
        line.target = line.ready = target | seat
        now, proved = self.cost(target), self.cost(bare)
        if line.holds and now is not None and proved is not None:
            line.withheld = now - proved
        line.actions = self.actions(held, target, line, chat_ok)
        if line.left:
            line.target = line.ready = frozenset(target)
            line.actions = ["reclaim"]

    def actions(self, held: Products, target: Products, line: Line, chat_ok: bool) -> list[str]:
        if held and not target:
            return ["reclaim"]
        had, gets, made = self.rights(held, chat_ok), self.rights(target, chat_ok), set(line.holds.values())
        if held != target:
            made |= {f"remove_{c}" for c in (DIGITAL, VOICE) if c in had - gets}
            made |= {f"add_{c}" for c in (DIGITAL, VOICE) if c in gets - had}
            if level(held) != level(target):
                made.add(f"move_to_{level(target)}")
            elif had == gets:
                made.add("remove_redundant" if target < held else "reprice")
        return sorted(made) or ["keep"]

    # -- ready targets -----------------------------------------------------------------------------------------

    def settle_ready_targets(self) -> None:
        for line in self.lines:
            if line.target is None or "out_of_scope" in line.actions or level(line.target) != "professional":
                continue
            if level(line.products or NONE) == "professional":
                continue
            if any(self.has_no_room(environment, line) for environment in line.person.environments):
                line.conditional = True
                seat = line.target & {"team_members"} if line.products != {"team_members"} else NONE
                held = (line.products or NONE) - {"team_members"}
                needs = line.needs | set(line.holds) | {ENTERPRISE, CASES}
                line.ready = (self.search(line.person, held, needs) or NONE) | seat

    def has_no_room(self, environment: str, line: Line) -> bool:
        queues = [q for q in self.truth.rows(environment, "queue") if q["statecode"] == 0]
        if len(queues) > 15 or self.truth.declared[environment].get("custom_tables", 0) > 15:
            return True
        return any(
            other is not line
            and environment in other.person.environments
            and level(other.target or NONE) in ("enterprise", "premium")
            for other in self.lines
        )

    # -- written -----------------------------------------------------------------------------------------------

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
            "decision": line.decision,
        }
        return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in row.items()}

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

    # -- summary -----------------------------------------------------------------------------------------------

    def summary(self) -> dict[str, Any]:
        rows = [(line, money) for line in self.lines if (money := self.money_of(line))["monthly_now"] is not None]
        total: dict[str, Decimal] = Counter()  # type: ignore[assignment]
        held: dict[str, Decimal] = defaultdict(Decimal)
        for line, money in rows:
            saving = money["monthly_saving_ready"] or Decimal(0)
            for name in ("now", "ready_target", "target", "saving_conditional", "withheld"):
                total[name] += money[f"monthly_{name}"] or Decimal(0)
            kind = "exposure" if saving < 0 else "saving_repricing" if line.actions == ["reprice"] else "saving_ready"
            total[kind] += abs(saving)
            total["exposure_to_confirm"] += line.to_confirm
            if line.withheld:
                held[min(line.holds.values(), key=HOLD_ORDER.index)] += line.withheld
        assigned = Counter(p for line in self.lines for p in line.products or NONE)
        unassigned = sum(
            (max(0, count - assigned[p]) * (self.price(p) or Decimal(0)) for p, count in self.tenant.purchased.items()),
            Decimal(0),
        )
        names = ("now", "ready_target", "target", "saving_ready", "saving_conditional", "saving_repricing", "withheld")
        monthly = {name: float(cents(total[name] + Decimal(0))) for name in (*names, "exposure", "exposure_to_confirm")}
        return {
            "people": len(self.lines),
            "unattributed": self.truth.unattributed,
            "monthly": {**monthly, "unassigned": float(cents(unassigned))},
            "withheld_by_hold": {code: float(cents(amount)) for code, amount in held.items() if amount},
            "actions": dict(Counter(action for line in self.lines for action in line.actions)),
            "team_members": dict(Counter(line.verdict for line in self.lines if line.verdict)),
            "assigned": {p: n for p, n in assigned.items() if p != "other_enterprise"},
            "target": dict(Counter(p for line in self.lines for p in line.target or NONE)),
            "ready_target": dict(Counter(p for line in self.lines for p in line.ready or NONE)),
            "coverage": {place: round(float(window), 1) for place, (window, _) in self.truth.coverage.items()},
        }


def level(products: Products) -> str | None:
    if "cs_premium" in products:
        return "premium"
    if products & ENTERPRISE_BASES:
        return "enterprise"
    return "professional" if products & set(BASES) else None


def joined(products: Products | None) -> str:
    return "+".join(sorted(products or NONE))


def first_record(person: Person, truth: Truth) -> dict[str, Any]:
    records = sorted(person.records, key=lambda r: (r[0] not in truth.counted, r[0]))
    return records[0][1] if records else {}
