"""Decisions: needs, holds and products of one person come to a target and actions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from d365bench.sample.tenant import Tenant
from oracle.estate import Person
from oracle.rules import CASES, DIGITAL, ENTERPRISE, GRANTS, NONE, STANDALONE, VOICE, Products, level
from oracle.targets import Targets


@dataclass
class Line:
    """One person's line under way."""

    person: Person
    products: Products | None
    kept: Products = NONE
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


class Decisions(Targets):
    """Everybody of a tenant, decided."""

    def __init__(self, tenant: Tenant) -> None:
        super().__init__(tenant)
        listed = [p for p in sorted(self.truth.people.values(), key=lambda p: p.person_id) if self.listed(p)]
        self.named = Counter(upn for person in listed for upn in self.truth.names_of(person))
        self.lines = [self.line(person) for person in listed]
        self.settle_ready_targets()

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
            self.team_member(line, keep, remove)
        else:
            self.with_products(line, held, keep, remove)
        if self.cost(line.products) is None or (line.products is not None and line.target is None):
            line.money = False
        return line

    def decisions_of(self, person: Person) -> tuple[Products, Products, bool, list[str]]:
        names = {person.person_id.lower(), *(upn for upn in self.truth.names_of(person) if self.named[upn] == 1)}
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

    def team_member(self, line: Line, keep: Products, remove: Products) -> None:
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
        if remove & seat and line.needs and line.verdict != "exceeds":
            self.contradict(line, seat)
        elif remove & seat and not line.needs:
            line.target = line.ready = NONE
            line.actions = ["reclaim"]
        would = self.search(person, NONE, line.needs | {CASES})
        if line.verdict == "exceeds":
            stays = keep & seat or self.price("team_members") is None
            line.target = line.ready = seat if would is None else would | (seat if stays else NONE)
            line.actions = ["reclassify_team_members"]
            if would is None:  # no priced set covers it: left as it is
                line.actions, line.money = ["insufficient_data"], False
                self.contradict(line, remove & seat)
        elif line.verdict == "review":
            line.to_confirm = self.cost(would) or Decimal(0)

    def with_products(self, line: Line, all_held: Products, keep: Products, remove: Products) -> None:
        person, seat = line.person, all_held & {"team_members"}
        held, chat_ok = all_held - seat, self.live_chat_only(line.person)
        wanted = remove & all_held
        # what has no price is kept, unless somebody decided to remove it and no proved need speaks against that
        released = frozenset(p for p in wanted if not GRANTS[p] & self.rights(held, chat_ok) & line.needs)
        kept = frozenset(p for p in held if p in keep or (self.price(p) is None and p not in released))
        if line.left:
            kept = keep & held
        line.needs |= {right for p in keep & held for right in GRANTS[p]}
        line.kept, fixed = kept, {right for p in kept for right in GRANTS[p] & self.rights(held, chat_ok)}
        bare = self.search(person, held, line.needs | fixed, kept)
        removed = wanted - (bare or NONE)
        self.contradict(line, wanted - removed)
        for right in sorted(self.rights(held, chat_ok) - line.needs) if not line.left else ():
            code = self.hold(person, right)
            if code and not any(right in GRANTS[p] for p in removed):
                line.holds[right] = code
        target = self.search(person, held, line.needs | set(line.holds) | fixed, kept, removed)
        line.target = line.ready = (held if target is None else target) | (seat & keep if line.left else seat - remove)
        if target is None:  # no priced set covers the needs: left as it is
            line.actions, line.money = sorted({"insufficient_data", *line.holds.values()}), False
            return
        now, proved = self.cost(target), self.cost(bare)
        if line.holds and now is not None and proved is not None:
            line.withheld = now - proved
        line.actions = self.actions(all_held, line.target, line, chat_ok)

    def contradict(self, line: Line, products: Products) -> None:
        """Mark the decisions to remove that stand against a proved need."""
        words = [w for w in line.decision.split("|") if w]
        against = {f"remove:{p}" for p in products}
        line.contradicted = bool(against)
        line.decision = "|".join(sorted(w + (" (contradicted)" if w in against else "") for w in words))

    def actions(self, held: Products, target: Products, line: Line, chat_ok: bool) -> list[str]:
        if held != target and not target - {"team_members"}:
            return ["reclaim"]
        had, gets, made = self.rights(held, chat_ok), self.rights(target, chat_ok), set(line.holds.values())
        if held != target:
            made |= {f"remove_{c}" for c in (DIGITAL, VOICE) if c in had - gets}
            made |= {f"add_{c}" for c in (DIGITAL, VOICE) if c in gets - had}
            if level(held) != level(target) and level(target):
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
                seat = line.target & {"team_members"}
                held = (line.products or NONE) - {"team_members"}
                needs = line.needs | set(line.holds) | {ENTERPRISE, CASES}
                ready = self.search(line.person, held, needs, line.kept)
                line.ready = line.products if ready is None else ready | seat
                line.money = line.money and ready is not None

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
