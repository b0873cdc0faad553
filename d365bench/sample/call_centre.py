"""A large call centre: add-ons bought for the whole roster, only live-queue people work a channel."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

from d365bench.sample import directory, shapes
from d365bench.sample.shapes import Delivered
from d365bench.sample.tenant import Tenant
from d365bench.sample.world import (
    CALL,
    CONSULT,
    LIVE_CHAT,
    MESSAGING_QUEUE,
    MONITOR,
    PREVIEW,
    PRIMARY,
    RECORDS,
    SMS,
    STREAM,
    TEAMS,
    VOICE_QUEUE,
    WHATSAPP,
    Human,
    Row,
    World,
)

AS_OF = date(2026, 7, 1)
WINDOW, SEASON = AS_OF - timedelta(180), AS_OF - timedelta(400)
SITE = "service"
TABLES = (
    *("systemuser", "role", "systemuserroles", "queue", "queuemembership", "queueitem", "incident"),
    *("incidentresolution", "msdyn_ocsession", "msdyn_sessionparticipant", "knowledgearticle"),
)
ENTERPRISE, PROFESSIONAL = "749742bf-0d37-4158-a120-33567104deeb", "1439b6e2-5d59-4873-8c59-d60e2a196e92"
DIGITAL, VOICE = "7e6e6091-1680-4532-9370-6cd4598483ac", "dadd2312-b5b1-4fa0-8c15-0903de3e2303"
BOTH, TEAM_MEMBERS = "39a78eb6-3a8a-4e1e-878a-575a5c8984e7", "7ac9fe77-66b7-4e5e-9e46-10eed1cff547"
TRIAL, OFFICE = "1e615a51-59db-4807-9957-aa83c3657351", "efccb6f7-5641-4e0e-bd10-b4976e1bf68e"
PRODUCTS: dict[str, str | None] = {
    ENTERPRISE: "cs_enterprise",
    PROFESSIONAL: "cs_professional",
    DIGITAL: "digital_messaging",
    VOICE: "voice",
    BOTH: "digital_and_voice",
    TEAM_MEMBERS: "team_members",
    TRIAL: None,
    OFFICE: None,
}


class CallCentre:
    """The estate under way; each method plants one kind of people."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.world = World(seed, AS_OF, "callcentre.example")
        settings = {
            "client": {"name": "A large call centre", "as_of": AS_OF, "currency": "USD", "environments_complete": True},
            "environment": [{"name": SITE, "kind": "production"}],
            "prices": {"cs_enterprise": 98.0},
            "contract": {
                "kind": "EA",
                "end": date(2026, 12, 31),
                "quantities": {"cs_enterprise": 450, "digital_messaging": 380},
            },
        }
        self.tenant = Tenant(
            self.world, folder, settings, products=dict(PRODUCTS), licence_source="graph", sign_in_exported=True
        )
        self.group = self.world.guid()
        self.agent_role = self.world.role(SITE, "Customer Service Representative")
        self.supervisor_role = self.world.role(SITE, "Omnichannel supervisor")
        self.chat_queue = self.world.queue(SITE, "Chat", MESSAGING_QUEUE)
        self.phone_queue = self.world.queue(SITE, "Phone", VOICE_QUEUE)
        self.sla = self.world.guid()

    def person(
        self,
        department: str,
        *licences: str,
        seen: date | None = None,
        since: date = date(2023, 3, 1),
        on: date = date(2024, 1, 15),
        role: bool = True,
    ) -> Human:
        human = self.world.human(SITE, since=since)
        account = self.world.hire(human, *licences, department=department, via=self.group, on=on)
        account.last_sign_in = self.world.moment(seen) if seen else self.world.moment(date(2025, 9, 1))
        if role:
            self.world.grant(SITE, human, self.agent_role)
        return human

    def team(self, count: int, department: str, *licences: str, seen: date | None = None) -> list[Human]:
        return [self.person(department, *licences, seen=seen) for _ in range(count)]

    def window_day(self) -> date:
        return WINDOW + timedelta(self.world.random.randrange(180))

    def season_day(self) -> date:
        return SEASON + timedelta(self.world.random.randrange(220))

    def rota(self, people: list[Human], channels: list[int], share: float) -> None:
        """Every day a few people of the team are on the queue, fewer at weekends."""
        pick = self.world.random
        for day in self.world.days(SEASON - timedelta(5), AS_OF - timedelta(1)):
            # what lies before the window is thinned out: the sample has to stay small
            wanted = 1 if day.weekday() > 4 or day < WINDOW else max(1, round(len(people) * share))
            for human in pick.sample(people, wanted):
                self.world.serve(SITE, human, day, pick.choice(channels), pick.randrange(4, 9) if day >= WINDOW else 2)

    def cases(self, people: list[Human], each: int, *, sla: bool = False, season: bool = True) -> list[Row]:
        """Cases that each of the people opens, works on later and mostly resolves."""
        pick = self.world.random
        made = []
        for human in people:
            for number in range(each + (1 if season else 0)):
                opened = self.world.moment(self.season_day() if number == each else self.window_day())
                case = self.world.open_case(SITE, human, opened, slaid=self.sla if sla else None)
                later = opened + timedelta(hours=pick.randrange(2, 60))
                if later.date() < AS_OF:
                    closes = pick.random() < 0.7
                    case = (
                        self.world.resolve_case(SITE, case, human, later)
                        if closes
                        else self.world.save_case(SITE, case, human, later)
                    )
                made.append(case)
        return made


def generate(folder: Path, seed: int) -> Tenant:
    """Make the client folder and give back what was planted."""
    estate = CallCentre(folder, seed)
    live_people(estate)
    doubtful_people(estate)
    idle_people(estate)
    other_people(estate)
    decisions(estate)
    write(estate)
    return estate.tenant


def live_people(estate: CallCentre) -> None:
    """Who works a channel: chat, phone, both, thinly, on an unusual channel, by consulting."""
    world, roster = estate.world, (ENTERPRISE, DIGITAL, VOICE)
    seen = AS_OF - timedelta(2)
    estate.rota(estate.team(52, "Chat desk", *roster, seen=seen), [LIVE_CHAT, LIVE_CHAT, WHATSAPP, SMS, TEAMS], 0.1)
    estate.rota(estate.team(34, "Phone desk", *roster, seen=seen), [CALL], 0.1)
    estate.rota(estate.team(10, "Blended desk", ENTERPRISE, BOTH, seen=seen), [CALL, LIVE_CHAT], 0.1)
    for human in estate.team(6, "Overflow", *roster, seen=seen):
        world.serve(SITE, human, estate.window_day(), LIVE_CHAT, world.random.randrange(1, 4))
    for human in estate.team(5, "Specialists", *roster, seen=seen):
        world.serve(SITE, human, estate.window_day(), CALL, 2, CONSULT)
    for human in estate.team(3, "Walk-in chat", PROFESSIONAL, seen=seen):
        world.serve(SITE, human, estate.window_day(), SMS, 3)


def doubtful_people(estate: CallCentre) -> None:
    """Whose absence of work proves nothing yet: supervisors, queue members, seasonal, new, indirect, unknown."""
    world, roster = estate.world, (ENTERPRISE, DIGITAL, VOICE)
    for number, human in enumerate(estate.team(12, "Supervision", *roster, seen=AS_OF - timedelta(3))):
        world.grant(SITE, human, estate.supervisor_role)
        if number % 2:
            when = world.moment(estate.window_day())
            world.join(
                SITE, world.session(SITE, CALL, when), human.users[SITE], when, MONITOR, object_id=human.object_id
            )
    for number, human in enumerate(estate.team(8, "Stand-by", *roster, seen=AS_OF - timedelta(9))):
        world.enlist(SITE, human, estate.phone_queue if number % 2 else estate.chat_queue)
    for human in estate.team(15, "Season help", *roster, seen=date(2025, 12, 20)):
        world.serve(SITE, human, date(2025, 11, 20) + timedelta(world.random.randrange(30)), LIVE_CHAT, 6)
        world.open_case(SITE, human, world.moment(date(2025, 12, 1)))
    for number in range(6):
        human = estate.person(
            "Joiners", *roster, since=date(2026, 5, 20), on=date(2026, 5, 21), seen=AS_OF - timedelta(1)
        )
        if number % 2:
            world.serve(SITE, human, date(2026, 6, 15), LIVE_CHAT, 4)
    robot = world.robot(SITE, "Flow runner", applicationid=world.guid())
    for human in estate.team(3, "Automation owners", *roster, seen=date(2025, 9, 2)):
        case = world.open_case(SITE, robot, world.moment(estate.window_day()), slaid=estate.sla)
        world.save_case(SITE, case, human, case["modifiedon"] + timedelta(minutes=30), modifiedonbehalfby=robot)
    for number, human in enumerate(estate.team(2, "New channel", *roster, seen=AS_OF - timedelta(4))):
        world.serve(SITE, human, estate.window_day(), None if number else 192999999, 1)


def idle_people(estate: CallCentre) -> None:
    """Add-ons without a channel: case workers under an SLA, back office, authors, readers, nobody at all, left."""
    world, roster = estate.world, (ENTERPRISE, DIGITAL, VOICE)
    seen = AS_OF - timedelta(5)
    estate.cases(estate.team(55, "Claims desk", *roster, seen=seen), 5, sla=True)
    office = estate.team(80, "Back office", ENTERPRISE, DIGITAL, seen=seen)
    cases = estate.cases(office, 4)
    for human, case in zip(office[:20], cases[:20], strict=True):
        world.take(SITE, human, case, case["modifiedon"] + timedelta(minutes=5), estate.chat_queue)
    for human in estate.team(8, "Knowledge", *roster, seen=seen):
        world.author(SITE, human, world.moment(estate.window_day()))
        world.author(SITE, human, world.moment(estate.window_day()), root=True)
    for human in estate.team(4, "Record routing", ENTERPRISE, seen=seen):
        world.serve(SITE, human, estate.window_day(), RECORDS, 2)
    for human in estate.team(3, "Assisted", ENTERPRISE, seen=seen):
        case = world.open_case(SITE, human, world.moment(estate.window_day()), msdyn_copilotengaged=True)
        world.save_case(SITE, case, human, case["modifiedon"] + timedelta(hours=1))
    estate.team(14, "Readers", *roster, seen=AS_OF - timedelta(20))
    estate.team(24, "Shelf", *roster)
    for human in estate.team(14, "Former staff", *roster):
        assert human.account is not None
        human.account.enabled = False
        world.write(SITE, "systemuser", world.moment(date(2026, 3, 2)), **user_of(world, human))


def user_of(world: World, human: Human) -> Row:
    """The last user record of a human, to be saved again as disabled."""
    row = next(row for row in reversed(world.rows[SITE, "systemuser"]) if row["systemuserid"] == human.users[SITE])
    return {
        name: value for name, value in row.items() if name not in ("modifiedon", "versionnumber", "sink", "deleted")
    } | {"isdisabled": True}


def other_people(estate: CallCentre) -> None:
    """Team Members, people without a product, trials, failed assignments, accounts that are no person, traps."""
    world, tenant = estate.world, estate.tenant
    estate.cases(estate.team(6, "Shops", TEAM_MEMBERS, seen=AS_OF - timedelta(6)), 2)
    estate.team(4, "Shops", TEAM_MEMBERS)
    desk = world.open_case(SITE, world.robot(SITE, "Mail intake", accessmode=4), world.moment(date(2026, 4, 2)))
    for human in estate.team(3, "Shops", TEAM_MEMBERS, seen=AS_OF - timedelta(6)):
        for day in (date(2026, 4, 9), date(2026, 4, 21)):
            world.save_case(SITE, desk, human, world.moment(day))
    for human in estate.team(3, "Visitors", seen=AS_OF - timedelta(6)):
        world.serve(SITE, human, estate.window_day(), LIVE_CHAT, 2)
    for human in estate.team(3, "Pilot", TRIAL, OFFICE, seen=AS_OF - timedelta(6)):
        estate.cases([human], 1)
    for human in estate.team(2, "Direct and group", ENTERPRISE, seen=AS_OF - timedelta(6)):
        assert human.account is not None
        human.account.licences += [
            (ENTERPRISE, "direct", date(2024, 6, 1), "Active"),
            (VOICE, estate.group, date(2026, 1, 1), "Error"),
        ]
        estate.cases([human], 2)
    bot = world.robot(SITE, "Front desk bot", msdyn_botapplicationid="b7", applicationid=world.guid())
    for day in world.days(SEASON, AS_OF - timedelta(1)):
        if day.day % 9 == 0:
            when = world.moment(day)
            world.join(SITE, world.session(SITE, LIVE_CHAT, when), bot, when)
    service = world.human(SITE, accessmode=4)
    world.hire(service, ENTERPRISE, department="Service accounts", via="direct").last_sign_in = world.moment(
        date(2026, 6, 1)
    )
    ghost = world.guid()
    when = world.moment(date(2026, 5, 5))
    world.join(SITE, world.session(SITE, LIVE_CHAT, when), ghost, when)
    traps(estate)
    tenant.accounts = world.accounts


def traps(estate: CallCentre) -> None:
    """What a careless reader gets wrong: invitations, previews, in-chat streams, retries, deletions."""
    world = estate.world
    (human,) = estate.team(1, "Chat desk", ENTERPRISE, DIGITAL, VOICE, seen=AS_OF - timedelta(2))
    when = world.moment(date(2026, 5, 12))
    chat = world.session(SITE, LIVE_CHAT, when)
    handled = world.join(SITE, chat, human.users[SITE], when, PRIMARY, object_id=human.object_id)
    world.join(SITE, chat, human.users[SITE], when + timedelta(days=1), PRIMARY, object_id=human.object_id)
    world.join(SITE, world.session(SITE, STREAM, when), human.users[SITE], when, PRIMARY, object_id=human.object_id)
    world.join(
        SITE, world.session(SITE, CALL, when), human.users[SITE], None, PRIMARY, added=when, object_id=human.object_id
    )
    world.join(SITE, world.session(SITE, CALL, when), human.users[SITE], when, PREVIEW, object_id=human.object_id)
    world.retry(SITE, "msdyn_sessionparticipant", handled)
    lost = world.join(SITE, world.session(SITE, LIVE_CHAT, when), None, when, PRIMARY, object_id=human.object_id)
    world.delete(SITE, "msdyn_sessionparticipant", lost["msdyn_sessionparticipantid"], when + timedelta(days=20))
    case = world.open_case(SITE, human, world.moment(date(2026, 5, 13)))
    world.delete(SITE, "incident", case["incidentid"], datetime(2026, 6, 2), numbered=False)


def decisions(estate: CallCentre) -> None:
    """Decisions of an earlier round: live, expired, naming nobody, against a proved need."""
    by_desk: dict[str, list[Human]] = {}
    for account in estate.world.accounts:
        by_desk.setdefault(account.department, []).append(Human(account.name, account.upn, account.object_id))

    def row(person: str, product: str, decision: str, on: str, expires: str = "") -> dict[str, str]:
        return {
            "person": person,
            "product": product,
            "decision": decision,
            "reason": "agreed",
            "by": "lead",
            "decided_on": on,
            "expires_on": expires,
        }

    estate.tenant.decisions = [
        row(by_desk["Supervision"][0].upn, "voice", "remove", "2026-06-01"),
        row(by_desk["Supervision"][1].upn, "digital_messaging", "keep", "2026-06-01"),
        row(by_desk["Shelf"][0].object_id, "cs_enterprise", "keep", "2026-05-01", "2027-01-01"),
        row(by_desk["Shelf"][1].upn, "cs_enterprise", "keep", "2025-05-01", "2026-07-01"),
        row(by_desk["Chat desk"][0].upn, "digital_messaging", "remove", "2026-06-01"),
        row(by_desk["Back office"][0].upn, "", "exclude", "2026-06-01"),
        row("nobody@callcentre.example", "voice", "keep", "2026-06-01"),
    ]


def write(estate: CallCentre) -> None:
    """Write the exports and settings."""
    tenant, site = estate.tenant, estate.tenant.exports / SITE
    cuts = [
        datetime(2025, 5, 20, 4),
        datetime(2025, 12, 31, 23, 30),
        datetime(2026, 4, 1, 4, 15),
        datetime(2026, 6, 30, 23, 45),
    ]
    tenant.delivered = shapes.synapse_link(estate.world, site, SITE, TABLES, cuts)
    broken = site / f"{cuts[-1]:%Y-%m-%dT%H.%M.%SZ}" / "incident" / "2026.csv"
    # the last record of a file that was copied while it was being written
    broken.write_bytes(broken.read_bytes() + b'f0e1d2c3-0000-4000-8000-000000000001,"6/30/2026 10:00:00 PM"\n')
    tenant.delivered = [
        Delivered(d.environment, d.table, d.rows, d.append_only, 1 if d.table == "incident" else 0)
        for d in tenant.delivered
    ]
    directory.graph_users(tenant.exports / "users.json", tenant.accounts)
    bought = {ENTERPRISE: 420, PROFESSIONAL: 10, DIGITAL: 380, VOICE: 300, BOTH: 12, TEAM_MEMBERS: 20, OFFICE: 50}
    directory.subscribed_skus(
        tenant.exports / "subscribedSkus.json",
        {sku: (f"SKU_{place}", count, count, []) for place, (sku, count) in enumerate(bought.items())},
    )
    tenant.purchased = {product: count for sku, count in bought.items() if (product := PRODUCTS[sku])}
    tenant.write_settings()
