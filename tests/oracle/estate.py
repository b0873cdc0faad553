"""An estate: who its people are, what they did, when they were seen, and where they belong."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from d365bench.sample.tenant import Tenant
from d365bench.sample.world import Account, Row
from oracle.rules import CLASSES, DEFAULTS, DIGITAL, MODES, VOICE
from oracle.versions import last_live, standing_today


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


def addresses(row: Row) -> set[str]:
    """What a user record without an Entra id can be known by."""
    return {str(row["domainname"]).lower(), str(row["internalemailaddress"]).lower()}


class Estate:
    """A tenant's people with their acts."""

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
            mails = addresses(row)
            named = set().union(*(aliases[mail] for mail in mails if mail in aliases))
            rivals = [r for e, r in nameless if e == environment and addresses(r) & mails]
            if len(same) == 1 and len(upns[upn]) == 1:
                self.attach(people[next(iter(upns[upn]))], environment, row)
            elif not upns[upn] and len(named) == 1 and len(rivals) == 1:
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

    def is_human_record(self, environment: str, user: str) -> bool:
        person = self.by_record[environment, user]
        records = [row for place, row in person.records if (place, row["systemuserid"]) == (environment, user)]
        return is_human(records[0]) if records else self.human(person)

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
        if self.is_human_record(environment, user):
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

    def agent(self, environment: str, row: Row) -> str | None:
        """The user id behind a participant; without one, the Entra id of somebody who has a user record somewhere."""
        entra = row["msdyn_activedirectoryuserid"]
        if row["msdyn_agentid"] or not entra:
            return row["msdyn_agentid"] or None
        known = self.people.get(entra)
        if known and known.records:
            self.by_record[environment, entra] = known
        return str(entra)

    def collect_sessions(self, environment: str) -> None:
        for row in self.live.get((environment, "msdyn_sessionparticipant"), {}).values():
            user = self.agent(environment, row)
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
        # who changed a case at one instant changed it once, however often that was delivered
        changes = {
            (row["incidentid"], row["modifiedby"], row["modifiedonbehalfby"], row["modifiedon"])
            for row in self.versions.get((environment, "incident"), [])
            if not row["deleted"] and row["modifiedon"] > row["createdon"]
        }
        for case, user, other, changed_at in changes:
            self.credit(environment, user, Act(environment, "case.worked", case, changed_at), other)
        for row in self.live.get((environment, "audit"), {}).values():
            if row["operation"] == 2 and row["action"] != 11 and row["objecttypecode"] in ("incident", "112"):
                act = Act(environment, "case.worked", row["objectid"], row["createdon"])
                self.credit(environment, row["userid"], act, row["callinguserid"])
        for row in self.live.get((environment, "incidentresolution"), {}).values():
            act = Act(environment, "case.resolved", row["incidentid"], row["createdon"])
            self.credit(environment, row["createdby"], act, row["createdonbehalfby"])

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
                    by = self.by_record.get((environment, row["userid"]))
                    if by and row["callinguserid"] is None and self.is_human_record(environment, row["userid"]):
                        seen(by, row["createdon"])
        # a name that several records share may be any of theirs: a sign of use speaks for each
        for upn, when in self.tenant.purview:
            for named in self.people.values():
                if upn.lower() in self.names_of(named):
                    seen(named, when)

    def names_of(self, person: Person) -> set[str]:
        """The UPNs that mean a person: the directory's, else those of the user records."""
        return {a.upn.lower() for a in person.accounts} or {str(r["domainname"]).lower() for _, r in person.records}

    def environments_of(self, person: Person) -> list[str]:
        records = [(e, row) for e, row in person.records if e in self.counted and is_human(row)]
        enabled = [(e, row) for e, row in records if not row["isdisabled"]]
        found = set()
        for environment, _ in enabled or records:
            exported = (environment, "systemuserroles") in self.versions
            if not exported or self.roles_of(person, environment) or self.may_have_a_role(person, environment):
                found.add(environment)
        found |= {
            a.environment
            for a in person.acts
            if not a.indirect and a.environment in self.counted and self.season <= a.day < self.as_of
        }
        return sorted(found)

    def may_have_a_role(self, person: Person, environment: str) -> bool:
        """Whether a team could give a role that was not exported: what was not seen is not absent."""
        delivered = {table for place, table in self.versions if place == environment}
        if "teammembership" not in delivered:
            return True
        users = {row["systemuserid"] for e, row in person.records if e == environment and is_human(row)}
        in_a_team = any(r["systemuserid"] in users for r in self.rows(environment, "teammembership"))
        return in_a_team and "teamroles" not in delivered

    def roles_of(self, person: Person, environment: str) -> set[str]:
        users = {row["systemuserid"] for e, row in person.records if e == environment and is_human(row)}
        roles = {r["roleid"] for r in self.rows(environment, "systemuserroles") if r["systemuserid"] in users}
        teams = {r["teamid"] for r in self.rows(environment, "teammembership") if r["systemuserid"] in users}
        return roles | {r["roleid"] for r in self.rows(environment, "teamroles") if r["teamid"] in teams}
