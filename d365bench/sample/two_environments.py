"""An insurer with two environments and a sandbox: back office on Enterprise, Team Members who serve customers."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from d365bench.sample import directory, shapes
from d365bench.sample.tenant import Tenant
from d365bench.sample.world import LIVE_CHAT, MESSAGING_QUEUE, RECORD_QUEUE, WHATSAPP, Human, Row, World

AS_OF = date(2026, 7, 1)
WINDOW, SEASON = AS_OF - timedelta(180), AS_OF - timedelta(400)
CLAIMS, POLICY, TRAINING = "claims", "policy", "training"
TABLES = (
    *("systemuser", "businessunit", "role", "systemuserroles", "team", "teammembership", "teamroles", "queue"),
    *("queuemembership", "queueitem", "incident", "incidentresolution", "msdyn_ocsession", "msdyn_sessionparticipant"),
    *("knowledgearticle", "audit"),
)
# The admin centre lists licences by name only.
ENTERPRISE = "Dynamics 365 Customer Service Enterprise"
PROFESSIONAL = "Dynamics 365 Customer Service Professional"
DIGITAL = "Dynamics 365 Contact Center Digital Add-on for Customer Service Enterprise"
VOICE = "Dynamics 365 Customer Service Voice Channel Add-in"
CHAT = "Chat for Dynamics 365 Customer Service"
TEAM_MEMBERS, OFFICE = "Dynamics 365 Team Members", "Enterprise Mobility + Security E3"
PRODUCTS: dict[str, str | None] = {
    ENTERPRISE: "cs_enterprise",
    PROFESSIONAL: "cs_professional",
    DIGITAL: "digital_messaging",
    VOICE: "voice",
    CHAT: "chat",
    TEAM_MEMBERS: "team_members",
    OFFICE: None,
}


class Insurer:
    """The estate under way; each method plants one kind of people."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.world = World(seed, AS_OF, "insurer.example")
        settings = {
            "client": {"name": "An insurer with two environments", "as_of": AS_OF, "currency": "USD"},
            "environment": [
                {"name": CLAIMS, "kind": "production"},
                {"name": POLICY, "kind": "production", "not_provisioned": ["voice"], "custom_tables": 4},
                {"name": TRAINING, "kind": "sandbox"},
            ],
            "prices": {
                "cs_enterprise": 101.5,
                "cs_professional": 47.0,
                "digital_messaging": 70.0,
                "voice": 72.5,
                "team_members": 8.0,
            },
            "contract": {
                "kind": "MCA-E",
                "end": date(2027, 3, 31),
                "reductions": "anniversary",
                "start": date(2025, 3, 31),
            },
            "thresholds": {"team_members_review_own_cases": 6},
        }
        self.tenant = Tenant(self.world, folder, settings, products=dict(PRODUCTS), licence_source="admin_centre")
        self.roles = {
            place: self.world.role(place, "Customer Service Representative") for place in (CLAIMS, POLICY, TRAINING)
        }
        self.units = {place: self.unit(place) for place in (CLAIMS, POLICY, TRAINING)}
        self.sla, self.entitlement = self.world.guid(), self.world.guid()

    def unit(self, place: str) -> str:
        return str(
            self.world.write(place, "businessunit", self.world.moment(date(2023, 1, 3)), name=f"{place.title()} unit")[
                "businessunitid"
            ]
        )

    def person(self, department: str, places: tuple[str, ...], *licences: str, **columns: Any) -> Human:
        human = self.world.human()
        for place in places:
            self.world.user(human, place, businessunitid=self.units[place], **columns)
            self.world.grant(place, human, self.roles[place])
            if place != TRAINING:
                self.access(place, human)
        if licences:
            self.world.hire(human, *licences, department=department, on=None)
        return human

    def access(self, place: str, human: Human) -> None:
        """An audited sign-in."""
        self.world.audit(
            place, human.users[place], self.world.moment(date(2026, 6, 18)), 4, 64, objecttypecode="systemuser"
        )

    def team(self, count: int, department: str, places: tuple[str, ...], *licences: str) -> list[Human]:
        return [self.person(department, places, *licences) for _ in range(count)]

    def window_day(self) -> date:
        return WINDOW + timedelta(self.world.random.randrange(180))

    def case(self, place: str, human: Human, day: date, **marks: object) -> Row:
        """A case that a human opens and saves again later; the second save is audited too."""
        opened = self.world.moment(day, 7, 12)
        case = self.world.open_case(place, human, opened, **marks)
        later = opened + timedelta(hours=3)
        self.world.audit(place, human.users[place], later, 2, 2, objectid=case["incidentid"])
        return self.world.save_case(place, case, human, later)


def generate(folder: Path, seed: int) -> Tenant:
    """Make the client folder and give back what was planted."""
    estate = Insurer(folder, seed)
    claims_people(estate)
    policy_people(estate)
    team_members(estate)
    odd_accounts(estate)
    background(estate)
    write(estate)
    return estate.tenant


def claims_people(estate: Insurer) -> None:
    """The environment with SLAs, entitlements, Copilot, chat, and more queues than Professional allows."""
    world = estate.world
    for number in range(18):
        world.queue(CLAIMS, f"Claims {number + 1}", RECORD_QUEUE)
    world.queue(CLAIMS, "Closed queue", MESSAGING_QUEUE, active=False)
    adjusters = estate.team(22, "Adjusters", (CLAIMS,), ENTERPRISE)
    for place, human in enumerate(adjusters):
        marks: dict[str, object] = (
            {"slaid": estate.sla}
            if place < 14
            else {"entitlementid": estate.entitlement}
            if place < 18
            else {"msdyn_copilotengaged": True}
        )
        for _ in range(5):
            estate.case(CLAIMS, human, estate.window_day(), **marks)
    chatters = estate.team(9, "Claims chat", (CLAIMS,), ENTERPRISE, DIGITAL, VOICE)
    for day in world.days(SEASON, AS_OF - timedelta(1)):
        human = chatters[day.toordinal() % len(chatters)]
        world.serve(
            CLAIMS,
            human,
            day,
            LIVE_CHAT if day.day % 3 else WHATSAPP,
            world.random.randrange(5, 9) if day >= WINDOW else 2,
        )
    for human in estate.team(3, "Web chat", (CLAIMS,), ENTERPRISE, CHAT):
        world.serve(CLAIMS, human, estate.window_day(), LIVE_CHAT, 3)
    (mixed,) = estate.team(1, "Web chat", (CLAIMS,), ENTERPRISE, CHAT)
    world.serve(CLAIMS, mixed, estate.window_day(), WHATSAPP, 2)
    clerks = estate.team(14, "Claims office", (CLAIMS,), ENTERPRISE, DIGITAL)
    for human in clerks:
        for _ in range(4):
            estate.case(CLAIMS, human, estate.window_day())


def policy_people(estate: Insurer) -> None:
    """The environment in which nobody needs Enterprise; some people work in both."""
    world = estate.world
    for number in range(5):
        world.queue(POLICY, f"Policy {number + 1}", RECORD_QUEUE)
    for human in estate.team(24, "Policy office", (POLICY,), ENTERPRISE):
        for _ in range(4):
            estate.case(POLICY, human, estate.window_day())
        world.author(POLICY, human, world.moment(estate.window_day()))
    for human in estate.team(6, "Policy desk", (POLICY,), PROFESSIONAL):
        case = estate.case(POLICY, human, estate.window_day())
        world.resolve_case(POLICY, case, human, case["modifiedon"] + timedelta(hours=1))
    for human in estate.team(4, "Both houses", (CLAIMS, POLICY), ENTERPRISE):
        estate.case(POLICY, human, estate.window_day())
        estate.case(CLAIMS, human, estate.window_day(), slaid=estate.sla)
    for human in estate.team(3, "Trainers", (POLICY, TRAINING), ENTERPRISE, DIGITAL):
        world.serve(TRAINING, human, estate.window_day(), LIVE_CHAT, 9)
        estate.case(POLICY, human, estate.window_day())
    estate.team(5, "Policy shelf", (POLICY,), PROFESSIONAL)


def team_members(estate: Insurer) -> None:
    """Team Members within their rights, beyond them, to be reviewed, and without a trace."""
    world = estate.world
    (clerk,) = estate.team(1, "Policy desk", (POLICY,), PROFESSIONAL)
    for human in estate.team(6, "Branches", (POLICY,), TEAM_MEMBERS):
        estate.case(POLICY, human, estate.window_day())
    for human in estate.team(3, "Branches", (POLICY,), TEAM_MEMBERS):
        for _ in range(7):
            estate.case(POLICY, human, estate.window_day())
    for human in estate.team(3, "Branches", (POLICY,), TEAM_MEMBERS):
        case = estate.case(POLICY, clerk, date(2026, 3, 10))
        world.save_case(POLICY, case, human, world.moment(date(2026, 3, 12)))
    for human in estate.team(3, "Branches", (POLICY,), TEAM_MEMBERS):
        case = estate.case(POLICY, clerk, date(2026, 4, 10))
        world.resolve_case(POLICY, case, human, world.moment(date(2026, 4, 12)))
    for human in estate.team(2, "Branches", (POLICY,), TEAM_MEMBERS):
        case = estate.case(POLICY, clerk, date(2026, 4, 14))
        for day in (date(2026, 4, 16), date(2026, 4, 20)):
            world.audit(POLICY, human.users[POLICY], world.moment(day), 2, 2, objectid=case["incidentid"])
    for human in estate.team(2, "Branches", (POLICY,), TEAM_MEMBERS):
        world.author(POLICY, human, world.moment(estate.window_day()))
    for human in estate.team(2, "Branches", (POLICY,), TEAM_MEMBERS):
        world.take(POLICY, human, estate.case(POLICY, clerk, date(2026, 5, 4)), world.moment(date(2026, 5, 5)))
    estate.team(5, "Branches", (POLICY,), TEAM_MEMBERS)
    for human in estate.team(2, "Agencies", (POLICY,), TEAM_MEMBERS, PROFESSIONAL):
        estate.case(POLICY, human, estate.window_day())


def odd_accounts(estate: Insurer) -> None:
    """Users without an Entra id, in capitals, known by an alias, twice; roles by a team; work by another account."""
    world = estate.world
    by_upn = estate.person("Claims office", (CLAIMS,), azureactivedirectoryobjectid=None)
    world.rows[CLAIMS, "systemuser"][-1]["domainname"] = by_upn.upn.upper()
    world.hire(by_upn, ENTERPRISE, department="Claims office", on=None)
    estate.case(CLAIMS, by_upn, estate.window_day())
    by_alias = estate.person("Claims office", (CLAIMS,), azureactivedirectoryobjectid=None)
    world.rows[CLAIMS, "systemuser"][-1] |= {
        "domainname": "gone@insurer.example",
        "internalemailaddress": "Alias.One@insurer.example",
    }
    world.hire(by_alias, ENTERPRISE, department="Claims office", on=None, proxies=["alias.one@insurer.example"])
    estate.case(CLAIMS, by_alias, estate.window_day(), slaid=estate.sla)
    twin = estate.person("Claims office", (CLAIMS,), azureactivedirectoryobjectid=None)
    double = estate.person("Claims office", (CLAIMS,), azureactivedirectoryobjectid=None)
    world.rows[CLAIMS, "systemuser"][-1]["domainname"] = twin.upn
    world.hire(twin, ENTERPRISE, department="Claims office", on=None)
    estate.case(CLAIMS, double, estate.window_day())
    by_team = world.human(POLICY)
    world.hire(by_team, PROFESSIONAL, OFFICE, department="Policy desk", on=None)
    team = world.write(POLICY, "team", world.moment(date(2023, 2, 1)), name="Night desk", isdefault=False)["teamid"]
    world.write(
        POLICY, "teammembership", world.moment(date(2023, 2, 2)), systemuserid=by_team.users[POLICY], teamid=team
    )
    world.write(POLICY, "teamroles", world.moment(date(2023, 2, 2)), teamid=team, roleid=estate.roles[POLICY])
    estate.case(POLICY, by_team, estate.window_day())
    robot = world.robot(POLICY, "Batch import", applicationid=world.guid())
    for human in estate.team(2, "Policy shelf", (POLICY,), ENTERPRISE):
        case = estate.case(POLICY, human, date(2025, 3, 1))
        world.audit(
            POLICY,
            human.users[POLICY],
            world.moment(date(2026, 4, 4)),
            2,
            2,
            objectid=case["incidentid"],
            callinguserid=robot,
        )
    for human in estate.team(4, "Former staff", (CLAIMS,), ENTERPRISE, DIGITAL):
        assert human.account is not None
        human.account.enabled = False
    for place in (CLAIMS, POLICY):
        gone = world.human(place, isdisabled=True)
        estate.case(place, gone, date(2026, 2, 3))


def background(estate: Insurer) -> None:
    """What keeps every source alive day by day: system jobs, mail intake, a bot in chats of the policy environment."""
    world = estate.world
    for place in (CLAIMS, POLICY):
        intake = world.robot(place, f"Mail intake {place}", accessmode=4)
        other = world.robot(place, f"Second intake {place}", accessmode=4)
        system = world.robot(place, "SYSTEM")
        for day in world.days(SEASON - timedelta(3), AS_OF - timedelta(1)):
            case = world.open_case(place, intake if day.day % 2 else other, world.moment(day, 1, 5))
            if day.day % 2:
                world.save_case(place, case, system, case["createdon"] + timedelta(hours=1), statecode=1)
            world.audit(place, system, world.moment(day, 2, 3), 2, 11, objectid=case["incidentid"])
            if place == POLICY:
                when = world.moment(day, 8, 10)
                world.join(place, world.session(place, LIVE_CHAT, when), intake, when)


def write(estate: Insurer) -> None:
    """Write the exports and settings."""
    tenant = estate.tenant
    for place in (CLAIMS, POLICY, TRAINING):
        tenant.delivered += shapes.web_api(estate.world, tenant.exports / place / "webapi", place, TABLES, page=900)
    tenant.accounts = estate.world.accounts
    directory.admin_centre(tenant.exports / "users_active.csv", tenant.accounts)
    pilot = [account for account in tenant.accounts if account.department == "Web chat"]
    tenant.decisions = [
        {
            "person": pilot[0].upn.upper(),
            "product": "chat",
            "decision": "keep",
            "reason": "contract of 2024",
            "by": "lead",
            "decided_on": "2026-02-01",
            "expires_on": f"{datetime(2026, 12, 31):%Y-%m-%d}",
        }
    ]
    tenant.write_settings()
