"""An invented estate as rows: what happened, version by version, before any export writes it down.

Nothing here knows a rule of the product: a row is a record as a tenant would hold it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

Row = dict[str, Any]
KEYS = {
    "systemuser": "systemuserid",
    "businessunit": "businessunitid",
    "team": "teamid",
    "teammembership": "teammembershipid",
    "role": "roleid",
    "systemuserroles": "systemuserroleid",
    "teamroles": "teamroleid",
    "queue": "queueid",
    "queuemembership": "queuemembershipid",
    "queueitem": "queueitemid",
    "incident": "incidentid",
    "incidentresolution": "activityid",
    "msdyn_ocsession": "activityid",
    "msdyn_sessionparticipant": "msdyn_sessionparticipantid",
    "knowledgearticle": "knowledgearticleid",
    "audit": "auditid",
}
# Option values as the tenant stores them.
LIVE_CHAT, WHATSAPP, SMS, TEAMS, CALL, RECORDS, STREAM = (
    192360000,
    192300000,
    192340000,
    19241000,
    192440000,
    192350000,
    192370000,
)
PRIMARY, CONSULT, MONITOR, PREVIEW = 192350002, 192350003, 192350004, 192350005
MESSAGING_QUEUE, RECORD_QUEUE, VOICE_QUEUE = 192350000, 192350001, 192350002
FIRST = (
    *("Ada", "Bela", "Cato", "Dora", "Emil", "Fenna", "Goro", "Hedda", "Ivo"),
    *("Jola", "Kano", "Lida", "Milo", "Nela", "Odo", "Pia", "Quin", "Runa"),
    *("Sanja", "Tito", "Ulla", "Vito", "Wanda", "Xeno", "Yara", "Zeno"),
)
LAST = (
    *("Arden", "Brook", "Corvin", "Dale", "Ember", "Fjord", "Grove", "Harrow", "Isle"),
    *("Juniper", "Knoll", "Larch", "Moor", "Norrland", "Oakes", "Pike", "Quill", "Rowan"),
    *("Stroud", "Thorne", "Umber", "Vale", "Wick", "Yarrow", "Zeller"),
)


@dataclass
class Account:
    """A directory account: its licences are (sku or product name, via, assigned on, state)."""

    object_id: str
    upn: str
    name: str
    department: str
    enabled: bool = True
    guest: bool = False
    proxies: list[str] = field(default_factory=list)
    licences: list[tuple[str, str, date | None, str]] = field(default_factory=list)
    last_sign_in: datetime | None = None


@dataclass
class Human:
    """One invented human: the account and the user record in each environment."""

    name: str
    upn: str
    object_id: str
    users: dict[str, str] = field(default_factory=dict)  # environment → systemuserid
    account: Account | None = None


class World:
    """The estate of one tenant; every method adds rows."""

    def __init__(self, seed: int, as_of: date, domain: str) -> None:
        self.random = Random(seed)
        self.as_of = as_of
        self.domain = domain
        self.rows: dict[tuple[str, str], list[Row]] = {}  # (environment, table) → versions in the order of writing
        self.accounts: list[Account] = []
        self.version = 10_000
        self.names: set[str] = set()

    # -- ids, days, rows -----------------------------------------------------------------------------------------

    def guid(self) -> str:
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def moment(self, day: date, first: int = 7, last: int = 18) -> datetime:
        """A second of a day's working hours."""
        seconds = self.random.randrange(first * 3600, last * 3600)
        return datetime.combine(day, time(), UTC).replace(tzinfo=None) + timedelta(seconds=seconds)

    def days(self, first: date, last: date) -> Iterable[date]:
        """Every day from first to last, both included."""
        return (first + timedelta(days=offset) for offset in range((last - first).days + 1))

    def write(self, environment: str, table: str, when: datetime, **columns: Any) -> Row:
        """Write a version of a row; `when` is when the tenant saved it."""
        self.version += 1
        row = {
            KEYS[table]: columns.pop(KEYS[table], None) or self.guid(),
            **columns,
            "modifiedon": when,
            "versionnumber": self.version,
            "sink": when + timedelta(minutes=self.random.randrange(2, 50), seconds=self.random.randrange(60)),
            "deleted": False,
        }
        self.rows.setdefault((environment, table), []).append(row)
        return row

    def delete(self, environment: str, table: str, key: str, when: datetime, *, numbered: bool = True) -> None:
        """Delete a row: the export knows its key, the time and mostly a version number."""
        self.version += 1
        self.rows[environment, table].append(
            {
                KEYS[table]: key,
                "versionnumber": self.version if numbered else None,
                "modifiedon": None,
                "sink": when + timedelta(minutes=5),
                "deleted": True,
            }
        )

    def retry(self, environment: str, table: str, row: Row) -> None:
        """Deliver a version once more, as a retried export does."""
        self.rows[environment, table].append({**row, "sink": row["sink"] + timedelta(hours=3)})

    # -- people --------------------------------------------------------------------------------------------------

    def human(self, *environments: str, since: date = date(2023, 3, 1), **columns: Any) -> Human:
        """A human with a user record in each environment."""
        for _ in range(1000):
            name = f"{self.random.choice(FIRST)} {self.random.choice(LAST)}"
            number = sum(1 for known in self.names if known.startswith(name))
            name = name if not number else f"{name} {'I' * (number + 1)}"
            if name not in self.names:
                break
        self.names.add(name)
        upn = f"{name.lower().replace(' ', '.')}@{self.domain}"
        human = Human(name, upn, self.guid())
        for environment in environments:
            self.user(human, environment, since=since, **columns)
        return human

    def user(self, human: Human, environment: str, *, since: date = date(2023, 3, 1), **columns: Any) -> Row:
        """A user record of a human."""
        values = {
            "azureactivedirectoryobjectid": human.object_id,
            "domainname": human.upn,
            "internalemailaddress": human.upn,
            "fullname": human.name,
            "isdisabled": False,
            "accessmode": 0,
            "applicationid": None,
            "msdyn_botapplicationid": None,
            "businessunitid": None,
            "createdon": self.moment(since),
            **columns,
        }
        row = self.write(environment, "systemuser", values["createdon"], **values)
        human.users[environment] = row["systemuserid"]
        return row

    def robot(self, environment: str, name: str, **columns: Any) -> str:
        """A user record that is no human."""
        robot = Human(name, f"{name.lower().replace(' ', '-')}@{self.domain}", self.guid())
        return str(self.user(robot, environment, **columns)["systemuserid"])

    def hire(
        self,
        human: Human,
        *licences: str,
        department: str,
        via: str = "direct",
        on: date | None = date(2024, 1, 15),
        **columns: Any,
    ) -> Account:
        """The directory account of a human, with licences."""
        account = Account(human.object_id, human.upn, human.name, department, **{"proxies": [human.upn], **columns})
        account.licences = [(licence, via, on, "Active") for licence in licences]
        human.account = account
        self.accounts.append(account)
        return account

    # -- work ----------------------------------------------------------------------------------------------------

    def session(self, environment: str, channel: int | None, when: datetime) -> str:
        row = self.write(
            environment, "msdyn_ocsession", when, msdyn_channel=channel, createdon=when, msdyn_sessionid=self.guid()
        )
        return str(row["activityid"])

    def join(
        self,
        environment: str,
        session: str,
        user: str | None,
        when: datetime | None,
        mode: int = PRIMARY,
        *,
        added: datetime | None = None,
        object_id: str | None = None,
    ) -> Row:
        """A participant: invited, and joined where `when` is given."""
        invited = added or (when - timedelta(seconds=self.random.randrange(5, 60)) if when else None)
        assert invited is not None
        return self.write(
            environment,
            "msdyn_sessionparticipant",
            (when or invited) + timedelta(minutes=self.random.randrange(3, 25)),
            msdyn_omnichannelsession=session,
            msdyn_agentid=user,
            msdyn_activedirectoryuserid=object_id,
            msdyn_mode=mode,
            msdyn_addedon=invited,
            msdyn_joinedon=when,
            createdon=invited,
        )

    def serve(
        self, environment: str, human: Human, day: date, channel: int | None, count: int = 1, mode: int = PRIMARY
    ) -> None:
        """So many sessions of a channel on a day."""
        for _ in range(count):
            when = self.moment(day)
            session = self.session(environment, channel, when - timedelta(minutes=1))
            self.join(environment, session, human.users[environment], when, mode, object_id=human.object_id)

    def open_case(self, environment: str, human: Human | str | None, when: datetime, **columns: Any) -> Row:
        """A new case."""
        creator = human.users[environment] if isinstance(human, Human) else human
        values = {
            "ticketnumber": f"CAS-{self.version:06}",
            "createdby": creator,
            "createdonbehalfby": None,
            "createdon": when,
            "modifiedby": creator,
            "modifiedonbehalfby": None,
            "ownerid": creator,
            "slaid": None,
            "entitlementid": None,
            "msdyn_copilotengaged": False,
            "statecode": 0,
            **columns,
        }
        return self.write(environment, "incident", when, **values)

    def save_case(self, environment: str, case: Row, human: Human | str, when: datetime, **columns: Any) -> Row:
        """A later version of a case."""
        user = human.users[environment] if isinstance(human, Human) else human
        kept = {
            name: value
            for name, value in case.items()
            if name not in ("modifiedon", "versionnumber", "sink", "deleted")
        }
        return self.write(
            environment, "incident", when, **{**kept, "modifiedby": user, "modifiedonbehalfby": None, **columns}
        )

    def resolve_case(self, environment: str, case: Row, human: Human, when: datetime) -> Row:
        """Resolve a case: a resolution and the version that closes it."""
        self.write(
            environment,
            "incidentresolution",
            when,
            incidentid=case["incidentid"],
            createdby=human.users[environment],
            createdonbehalfby=None,
            createdon=when,
        )
        return self.save_case(environment, case, human, when, statecode=1)

    def audit(
        self, environment: str, user: str | None, when: datetime, operation: int, action: int, **columns: Any
    ) -> None:
        """A row of the audit table."""
        values = {"userid": user, "callinguserid": None, "createdon": when, "operation": operation, "action": action}
        self.write(environment, "audit", when, **{**values, "objectid": None, "objecttypecode": "incident", **columns})

    def take(self, environment: str, human: Human, case: Row, when: datetime, queue: str | None = None) -> None:
        """A queue item on a case, worked by a human."""
        self.write(
            environment,
            "queueitem",
            when,
            queueid=queue,
            objectid=case["incidentid"],
            objecttypecode="incident",
            workerid=human.users[environment],
            workeridtype="systemuser",
            workeridmodifiedon=when,
            createdon=when - timedelta(minutes=9),
        )

    def author(self, environment: str, human: Human, when: datetime, *, root: bool = False) -> None:
        """A knowledge article."""
        self.write(
            environment,
            "knowledgearticle",
            when,
            isrootarticle=root,
            createdby=human.users[environment],
            createdonbehalfby=None,
            createdon=when,
            modifiedby=human.users[environment],
            modifiedonbehalfby=None,
        )

    def role(self, environment: str, name: str) -> str:
        return str(
            self.write(
                environment,
                "role",
                self.moment(date(2023, 1, 9)),
                name=name,
                parentrootroleid=None,
                roletemplateid=None,
            )["roleid"]
        )

    def queue(self, environment: str, name: str, kind: int, *, active: bool = True) -> str:
        when = self.moment(date(2023, 1, 10))
        return str(
            self.write(environment, "queue", when, name=name, msdyn_queuetype=kind, statecode=0 if active else 1)[
                "queueid"
            ]
        )

    def grant(self, environment: str, human: Human, role: str) -> None:
        self.write(
            environment,
            "systemuserroles",
            self.moment(date(2023, 2, 1)),
            systemuserid=human.users[environment],
            roleid=role,
        )

    def enlist(self, environment: str, human: Human, queue: str) -> None:
        self.write(
            environment,
            "queuemembership",
            self.moment(date(2025, 2, 1)),
            systemuserid=human.users[environment],
            queueid=queue,
        )
