"""The truth about an invented tenant, told slowly: plain loops over people and rows, and a search by brute force.

Nothing of the product is imported but the containers of the sample generator. Slow and obvious on purpose: what this
page says about a person can be followed by eye, and the product has to say the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any

from d365bench.sample.shapes import Delivered
from d365bench.sample.tenant import Tenant
from d365bench.sample.world import KEYS, Account, Row

DEFAULTS = {
    "window_days": 180,
    "season_days": 400,
    "digital_min_interactions": 1,
    "digital_min_days": 1,
    "voice_min_interactions": 1,
    "voice_min_days": 1,
    "sla_min_cases": 1,
    "team_members_min_other_cases": 1,
    "team_members_review_own_cases": 10,
    "tenure_min_days": 60,
    "coverage_min_percent": 80,
    "gap_days": 7,
}
CLASSES = {
    **dict.fromkeys((19241000, 192300000, 192310000, 192320000, 192330000, 192340000, 192350001, 192350002), "digital"),
    **dict.fromkeys((192360000, 192450000, 192450001), "digital"),
    **dict.fromkeys((192370000, 192380000, 192390000, 192400000), "secondary"),
    192350000: "record",
    192440000: "voice",
}
MODES = {192350002: "handled", 192350003: "consulted", 192350004: "monitored"}
CASES, ENTERPRISE, DIGITAL, VOICE = "cases", "enterprise", "digital", "voice"
GRANTS = {
    "cs_professional": {CASES},
    "cs_professional_attach": {CASES},
    "cs_enterprise": {CASES, ENTERPRISE},
    "cs_enterprise_attach": {CASES, ENTERPRISE},
    "cs_premium": {CASES, ENTERPRISE, DIGITAL, VOICE},
    "other_enterprise": {CASES, ENTERPRISE},
    "digital_messaging": {DIGITAL},
    "chat": {DIGITAL},
    "voice": {VOICE},
    "digital_and_voice": {DIGITAL, VOICE},
    "contact_center": {DIGITAL, VOICE},
    "contact_center_digital": {DIGITAL},
    "contact_center_voice": {VOICE},
    "team_members": set(),
}
BASES = (
    "cs_professional",
    "cs_professional_attach",
    "cs_enterprise",
    "cs_enterprise_attach",
    "cs_premium",
    "other_enterprise",
)
ENTERPRISE_BASES = {"cs_enterprise", "cs_enterprise_attach", "cs_premium", "other_enterprise"}
ATTACH = {"cs_professional_attach", "cs_enterprise_attach"}
ADD_ONS = ("digital_messaging", "voice", "digital_and_voice", "chat")
STANDALONE = {"contact_center", "contact_center_digital", "contact_center_voice"}
# USD per person and month as of mid 2026: the latest primary or historic list price.
LIST = {
    "cs_professional": 50,
    "cs_enterprise": 105,
    "cs_premium": 195,
    "cs_enterprise_attach": 20,
    "cs_professional_attach": 20,
    "team_members": 8,
    "digital_messaging": 75,
    "voice": 75,
    "digital_and_voice": 90,
    "chat": 60,
    "contact_center": 110,
    "contact_center_digital": 95,
    "contact_center_voice": 95,
}
HOLD_ORDER = (
    "insufficient_data",
    "confirm_indirect",
    "confirm_supervisor",
    "confirm_queue",
    "confirm_seasonal",
    "confirm_reader",
)
RIGHTS = (CASES, DIGITAL, ENTERPRISE, VOICE)
Products = frozenset[str]


@dataclass
class Act:
    """One act of a person."""

    environment: str
    action: str
    object_id: Any
    at: datetime
    indirect: bool = False
    channel: int | None = None

    @property
    def day(self) -> date:
        return self.at.date()


@dataclass
class Person:
    """One person with everything known of them."""

    person_id: str
    accounts: list[Account] = field(default_factory=list)
    records: list[tuple[str, Row]] = field(default_factory=list)  # environment, user record
    acts: list[Act] = field(default_factory=list)
    offered: list[Act] = field(default_factory=list)
    last_seen: datetime | None = None
    environments: list[str] = field(default_factory=list)


def is_human(row: Row) -> bool:
    return (
        row.get("applicationid") is None
        and not row.get("msdyn_botapplicationid")
        and row.get("accessmode") not in (3, 4, 5)
        and str(row.get("fullname")).upper() not in ("SYSTEM", "INTEGRATION")
    )


class Truth:
    """Everything worked out about a tenant."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        settings = tenant.settings
        self.as_of: date = settings["client"]["as_of"]
        self.t = {**DEFAULTS, **settings.get("thresholds", {})}
        self.window = self.as_of - timedelta(self.t["window_days"])
        self.season = self.as_of - timedelta(self.t["season_days"])
        self.declared = {e["name"]: e for e in settings["environment"]}
        self.counted = [
            name
            for name, e in self.declared.items()
            if e.get("kind", "production") == "production" and e.get("service", True)
        ]
        self.versions: dict[tuple[str, str], list[Row]] = defaultdict(list)
        self.append_only: dict[tuple[str, str], bool] = {}
        for delivery in tenant.delivered:
            self.versions[delivery.environment, delivery.table] += delivery.rows
            self.append_only[delivery.environment, delivery.table] = delivery.append_only
        self.live = {place: dict(last_live(rows, place[1])) for place, rows in self.versions.items()}
        self.today = {place: standing_today(rows, place[1]) for place, rows in self.versions.items()}
        self.people = self.find_people()
        self.unattributed = 0
        self.collect_acts()
        self.find_last_seen()
        for person in self.people.values():
            person.environments = self.environments_of(person)
        self.coverage = {(e, s): self.cover(e, s) for e in self.declared for s in ("sessions", "cases", "case_history")}

    def rows(self, environment: str, table: str) -> list[Row]:
        """The rows that are live today."""
        return self.today.get((environment, table), [])

    # -- people ------------------------------------------------------------------------------------------------

    def find_people(self) -> dict[str, Person]:
        people: dict[str, Person] = {}
        self.by_record: dict[tuple[str, str], Person] = {}
        for account in self.tenant.accounts:
            people.setdefault(account.object_id, Person(account.object_id)).accounts.append(account)
        nameless: list[tuple[str, Row]] = []
        for environment in sorted(self.declared):
            for row in self.rows(environment, "systemuser"):
                object_id = row.get("azureactivedirectoryobjectid")
                if object_id:
                    person = people.setdefault(object_id.lower(), Person(object_id.lower()))
                    self.attach(person, environment, row)
                else:
                    nameless.append((environment, row))
        upns: dict[str, set[str]] = defaultdict(set)
        aliases: dict[str, set[str]] = defaultdict(set)
        for person in people.values():
            for account in person.accounts:
                upns[account.upn.lower()].add(person.person_id)
                for address in account.proxies:
                    aliases[address.lower()].add(person.person_id)
            for _, row in person.records:
                upns[str(row["domainname"]).lower()].add(person.person_id)
        alone: dict[str, list[tuple[str, Row]]] = defaultdict(list)
        for environment, row in nameless:
            upn = str(row["domainname"]).lower()
            same = [r for e, r in nameless if e == environment and str(r["domainname"]).lower() == upn]
            mails = {str(row["internalemailaddress"]).lower(), upn}
            named = set().union(*(aliases[mail] for mail in mails if mail in aliases))
            if len(same) == 1 and len(upns[upn]) == 1:
                self.attach(people[next(iter(upns[upn]))], environment, row)
            elif not upns[upn] and len(named) == 1:
                self.attach(people[next(iter(named))], environment, row)
            elif len(same) == 1 and not upns[upn]:
                alone[upn].append((environment, row))
            else:
                alone[row["systemuserid"]].append((environment, row))
        for group in alone.values():
            person_id = min(row["systemuserid"] for _, row in group)
            person = people.setdefault(person_id, Person(person_id))
            for environment, row in group:
                self.attach(person, environment, row)
        return people

    def attach(self, person: Person, environment: str, row: Row) -> None:
        person.records.append((environment, row))
        self.by_record[environment, row["systemuserid"]] = person

    def human(self, person: Person) -> bool:
        return not person.records or any(is_human(row) for _, row in person.records)

    # -- acts --------------------------------------------------------------------------------------------------

    def credit(self, environment: str, user: str | None, act: Act, other: Any = None, *, offered: bool = False) -> None:
        """Give an act to the person of a user id, or count it as nobody's."""
        if not user:
            return
        act.indirect = other is not None
        person = self.by_record.get((environment, user))
        if person is None:
            if not act.indirect and not offered and environment in self.counted and self.window <= act.day < self.as_of:
                self.unattributed += 1
            return
        row = next(row for place, row in person.records if place == environment and row["systemuserid"] == user)
        if is_human(row):
            (person.offered if offered else person.acts).append(act)

    def collect_acts(self) -> None:
        for environment in self.declared:
            self.collect_sessions(environment)
            self.collect_cases(environment)
            for row in self.versions.get((environment, "queueitem"), []):
                if not row["deleted"] and row["objecttypecode"] in ("incident", "112") and row["workeridmodifiedon"]:
                    act = Act(environment, "queue.worked", row["queueitemid"], row["workeridmodifiedon"])
                    self.credit(environment, row["workerid"], act)
            for row in self.live.get((environment, "knowledgearticle"), {}).values():
                if row.get("isrootarticle"):
                    continue
                made = Act(environment, "knowledge.authored", row["knowledgearticleid"], row["createdon"])
                self.credit(environment, row["createdby"], made, row["createdonbehalfby"])
                if row["modifiedon"] > row["createdon"]:
                    changed = Act(environment, "knowledge.authored", row["knowledgearticleid"], row["modifiedon"])
                    self.credit(environment, row["modifiedby"], changed, row["modifiedonbehalfby"])

    def class_of(self, environment: str, session: str) -> tuple[str, int | None]:
        row = self.live.get((environment, "msdyn_ocsession"), {}).get(session)
        channel = row["msdyn_channel"] if row else None
        return CLASSES.get(channel, "unknown") if channel is not None else "unknown", channel

    def collect_sessions(self, environment: str) -> None:
        for row in self.live.get((environment, "msdyn_sessionparticipant"), {}).values():
            user = row["msdyn_agentid"]
            if not user and row["msdyn_activedirectoryuserid"]:
                known = self.people.get(row["msdyn_activedirectoryuserid"])
                records = [r for e, r in known.records if e == environment] if known else []
                user = records[0]["systemuserid"] if records else row["msdyn_activedirectoryuserid"]
            kind, channel = self.class_of(environment, row["msdyn_omnichannelsession"])
            mode = MODES.get(row["msdyn_mode"])
            if mode is None:
                continue
            if row["msdyn_joinedon"] is None:
                if kind in (DIGITAL, VOICE):
                    act = Act(environment, f"{kind}.offered", row["msdyn_omnichannelsession"], row["createdon"])
                    self.credit(environment, user, act, offered=True)
                continue
            if kind in (DIGITAL, VOICE):
                action = f"{kind}.{mode}"
            elif kind == "record" and mode != "monitored":
                action = f"record.{mode}"
            elif kind == "unknown" and mode != "monitored":
                action = "unknown.handled"
            else:
                continue
            act = Act(environment, action, row["msdyn_omnichannelsession"], row["msdyn_joinedon"], channel=channel)
            self.credit(environment, user, act)

    def collect_cases(self, environment: str) -> None:
        for row in self.live.get((environment, "incident"), {}).values():
            made = Act(environment, "case.created", row["incidentid"], row["createdon"])
            self.credit(environment, row["createdby"], made, row["createdonbehalfby"])
        for row in self.versions.get((environment, "incident"), []):
            if not row["deleted"] and row["modifiedon"] > row["createdon"]:
                act = Act(environment, "case.worked", row["incidentid"], row["modifiedon"])
                # a retried delivery is the same act again
                if not any(
                    r is not row and same_version(r, row) and r["sink"] < row["sink"]
                    for r in self.same(environment, row)
                ):
                    self.credit(environment, row["modifiedby"], act, row["modifiedonbehalfby"])
        for row in self.live.get((environment, "audit"), {}).values():
            if row["operation"] == 2 and row["action"] != 11 and row["objecttypecode"] == "incident":
                act = Act(environment, "case.worked", row["objectid"], row["createdon"])
                self.credit(environment, row["userid"], act, row["callinguserid"])
        for row in self.live.get((environment, "incidentresolution"), {}).values():
            act = Act(environment, "case.resolved", row["incidentid"], row["createdon"])
            self.credit(environment, row["createdby"], act, row["createdonbehalfby"])

    def same(self, environment: str, row: Row) -> list[Row]:
        if not hasattr(self, "_by_case"):
            self._by_case: dict[tuple[str, str], list[Row]] = defaultdict(list)
            for (place, table), rows in self.versions.items():
                if table == "incident":
                    for each in rows:
                        self._by_case[place, each["incidentid"]].append(each)
        return self._by_case[environment, row["incidentid"]]

    def find_last_seen(self) -> None:
        def seen(person: Person | None, when: datetime | None) -> None:
            if person and when and (person.last_seen is None or when > person.last_seen):
                person.last_seen = when

        self.last_seen_exported = self.tenant.sign_in_exported or bool(self.tenant.purview)
        for person in self.people.values():
            for account in person.accounts:
                if self.tenant.sign_in_exported:
                    seen(person, account.last_sign_in)
        for environment in self.counted:
            for row in self.live.get((environment, "audit"), {}).values():
                if row["operation"] == 4:
                    self.last_seen_exported = True
                    person = self.by_record.get((environment, row["userid"]))
                    if person and row["callinguserid"] is None and self.human(person):
                        seen(person, row["createdon"])
        names = {a.upn.lower(): p for p in self.people.values() for a in p.accounts}
        for upn, when in self.tenant.purview:
            seen(names.get(upn.lower()), when)

    def environments_of(self, person: Person) -> list[str]:
        records = [(e, row) for e, row in person.records if e in self.counted and is_human(row)]
        enabled = [(e, row) for e, row in records if not row["isdisabled"]]
        found = set()
        for environment, _ in enabled or records:
            exported = (environment, "systemuserroles") in self.versions
            if not exported or self.roles_of(person, environment):
                found.add(environment)
        found |= {
            a.environment
            for a in person.acts
            if not a.indirect and a.environment in self.counted and self.season <= a.day < self.as_of
        }
        return sorted(found)

    def roles_of(self, person: Person, environment: str) -> set[str]:
        users = {row["systemuserid"] for e, row in person.records if e == environment}
        roles = {r["roleid"] for r in self.rows(environment, "systemuserroles") if r["systemuserid"] in users}
        teams = {r["teamid"] for r in self.rows(environment, "teammembership") if r["systemuserid"] in users}
        return roles | {r["roleid"] for r in self.rows(environment, "teamroles") if r["teamid"] in teams}

    # -- coverage ----------------------------------------------------------------------------------------------

    def record_days(self, environment: str, source: str) -> set[date]:
        days: set[date] = set()
        if source == "sessions":
            days |= {
                r["msdyn_joinedon"].date()
                for r in self.alive(environment, "msdyn_sessionparticipant")
                if r["msdyn_joinedon"]
            }
        elif source == "cases":
            for row in self.alive(environment, "incident"):
                days |= {row["createdon"].date(), row["modifiedon"].date()}
            days |= {r["createdon"].date() for r in self.alive(environment, "incidentresolution")}
        else:
            days |= {
                r["createdon"].date() for r in self.alive(environment, "audit") if r["objecttypecode"] == "incident"
            }
            if self.append_only.get((environment, "incident")):
                days |= {r["modifiedon"].date() for r in self.alive(environment, "incident")}
        return days

    def alive(self, environment: str, table: str) -> Iterator[Row]:
        return (row for row in self.versions.get((environment, table), []) if not row["deleted"])

    def cover(self, environment: str, source: str) -> tuple[Fraction, Fraction]:
        """The share of the window's and the look-back's days, in percent."""
        declared = self.declared[environment]
        if source == "sessions" and set(declared.get("not_provisioned", ())) >= {"digital", "voice", "record"}:
            return Fraction(100), Fraction(100)
        if source == "case_history" and "last_touch" in declared.get("accept", ()):
            return Fraction(100), Fraction(100)
        days = sorted(self.record_days(environment, source))
        if not days:
            return Fraction(0), Fraction(0)
        holes: set[date] = set()
        for one, following in pairwise(days):
            if (following - one).days - 1 >= self.t["gap_days"]:
                holes |= {one + timedelta(n) for n in range(1, (following - one).days)}

        def share(first: date, last: date, zero: bool) -> Fraction:
            asked = [first + timedelta(n) for n in range((last - first).days)]
            proved = [day for day in asked if days[0] <= day <= days[-1] and day not in holes]
            return Fraction(0) if zero else Fraction(100 * len(proved), len(asked))

        stale = (self.as_of - days[-1]).days >= self.t["gap_days"] and "stale" not in declared.get("accept", ())
        window_zero = stale or (source == "sessions" and self.too_unknown(environment, self.window, self.as_of))
        season_zero = source == "sessions" and self.too_unknown(environment, self.season, self.window)
        if source == "cases" and "filtered" not in declared.get("accept", ()) and self.filtered(environment):
            window_zero = True
        return share(self.window, self.as_of, window_zero), share(self.season, self.window, season_zero)

    def too_unknown(self, environment: str, first: date, last: date) -> bool:
        joined = unknown = 0
        for row in self.live.get((environment, "msdyn_sessionparticipant"), {}).values():
            when = row["msdyn_joinedon"]
            person = self.by_record.get((environment, row["msdyn_agentid"] or ""))
            if person and self.human(person) and when and first <= when.date() < last:
                joined += 1
                unknown += self.class_of(environment, row["msdyn_omnichannelsession"])[0] == "unknown"
        return unknown * 100 > joined

    def filtered(self, environment: str) -> bool:
        rows = self.rows(environment, "incident")
        if len(rows) >= 50 and len({r["ownerid"] for r in rows}) == 1:
            return True
        old = [r for r in rows if r["createdon"].date() < self.as_of - timedelta(90)]
        return len(old) >= 100 and (all(r["statecode"] == 0 for r in old) or all(r["statecode"] != 0 for r in old))


def same_version(one: Row, other: Row) -> bool:
    return bool(one.get("versionnumber") == other.get("versionnumber") and one["deleted"] == other["deleted"])


def order(row: Row) -> tuple[Any, ...]:
    version = row["versionnumber"]
    return (version is not None, version or 0, row["sink"], row["modifiedon"] or datetime.min, row["deleted"])


def grouped(rows: Iterable[Row], table: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[KEYS[table]]].append(row)
    return groups


def newest(rows: list[Row]) -> Row:
    """The latest version; a deletion without number beats everything that was written before it."""
    ends = [row["sink"] for row in rows if row["deleted"] and row["versionnumber"] is None]
    if ends:
        kept = [row for row in rows if row["sink"] > max(ends)]
        if not kept:
            return next(r for r in rows if r["deleted"] and r["versionnumber"] is None and r["sink"] == max(ends))
        rows = kept
    return max(rows, key=order)


def standing_today(rows: list[Row], table: str) -> list[Row]:
    return [row for group in grouped(rows, table).values() if not (row := newest(group))["deleted"]]


def last_live(rows: list[Row], table: str) -> Iterator[tuple[str, Row]]:
    for key, group in grouped(rows, table).items():
        living = [row for row in group if not row["deleted"]]
        if living:
            yield key, max(living, key=order)


def accounted(delivered: Delivered) -> dict[str, int]:
    """What becomes of the rows of one delivery that is alone for its table."""
    latest = [newest(group) for group in grouped(delivered.rows, delivered.table).values()]
    deleted = sum(row["deleted"] for row in latest)
    return {
        "rows_read": len(delivered.rows) + delivered.refused,
        "rows_latest": len(latest) - deleted,
        "rows_deleted": deleted,
        "rows_superseded": len(delivered.rows) - len(latest),
        "rows_quarantined": delivered.refused,
    }


def cents(amount: Decimal) -> str:
    return str(amount.quantize(Decimal("0.01"), ROUND_HALF_UP))


def subsets(items: Iterable[str]) -> Iterator[Products]:
    known = list(items)
    for size in range(len(known) + 1):
        yield from map(frozenset, combinations(known, size))
