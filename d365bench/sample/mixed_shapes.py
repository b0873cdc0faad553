"""A manufacturer that never switched on what it bought, with a hole in its telemetry and exports of every shape."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

from d365bench.sample import directory, shapes
from d365bench.sample.call_centre import BOTH, DIGITAL, ENTERPRISE, OFFICE, TEAM_MEMBERS, VOICE
from d365bench.sample.tenant import Tenant
from d365bench.sample.world import LIVE_CHAT, MESSAGING_QUEUE, WHATSAPP, Human, World

AS_OF = date(2026, 7, 1)
WINDOW, SEASON = AS_OF - timedelta(180), AS_OF - timedelta(400)
PLANT = "plant"
SILENT = (date(2026, 2, 20), date(2026, 4, 5))  # the archive of these days was lost
ATTACH = "eb18b715-ea9d-4290-9994-2ebf4b5042d2"
PREMIUM = "5a4f4f5e-33f5-4f3b-9c6c-6a5f6b0c9f10"  # not in any public list: only its service plans tell
PREMIUM_PLANS = [
    "99340b49-fb81-4b1e-976b-8f2ae8e9394f",
    "47c2b191-a5fb-4129-b690-00c474d2f623",
    "f6ec6dfa-2402-468d-a455-89be11116d43",
]
PRODUCTS: dict[str, str | None] = {
    ENTERPRISE: "cs_enterprise",
    ATTACH: "cs_enterprise_attach",
    PREMIUM: "cs_premium",
    DIGITAL: "digital_messaging",
    VOICE: "voice",
    BOTH: "digital_and_voice",
    TEAM_MEMBERS: "team_members",
    OFFICE: None,
}


class Manufacturer:
    """The estate under way."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.world = World(seed, AS_OF, "manufacturer.example")
        settings = {
            "client": {"name": "A manufacturer", "as_of": AS_OF, "currency": "EUR", "environments_complete": False},
            "environment": [{"name": PLANT, "kind": "production", "not_provisioned": ["voice"], "accept": ["season"]}],
            "prices": {
                "cs_enterprise": 92.0,
                "cs_professional": 44.0,
                "digital_messaging": 66.0,
                "voice": 66.0,
                "cs_enterprise_attach": 18.5,
            },
            "contract": {
                "kind": "CSP",
                "end": date(2026, 9, 30),
                "reductions": "monthly",
                "term": "P1M",
                "term_months": 12,
                "renewal_prices": {"cs_enterprise": 95.0},
            },
        }
        self.tenant = Tenant(self.world, folder, settings, products=dict(PRODUCTS), licence_source="graph")
        self.sla = self.world.guid()

    def team(self, count: int, department: str, *licences: str, on: date = date(2024, 5, 2)) -> list[Human]:
        made = []
        for _ in range(count):
            human = self.world.human(PLANT)
            self.world.hire(human, *licences, department=department, on=on)
            made.append(human)
        return made

    def window_day(self) -> date:
        return WINDOW + timedelta(self.world.random.randrange(180))


def generate(folder: Path, seed: int) -> Tenant:
    """Make the client folder and give back what was planted."""
    estate = Manufacturer(folder, seed)
    people(estate)
    background(estate)
    write(estate)
    return estate.tenant


def people(estate: Manufacturer) -> None:
    """A few who chat, many who only write cases, bought add-ons that nobody ever used."""
    world = estate.world
    chatters = estate.team(7, "Customer line", ENTERPRISE, DIGITAL, VOICE)
    for day in world.days(SEASON, AS_OF - timedelta(1)):
        if not SILENT[0] <= day <= SILENT[1]:
            human = chatters[day.toordinal() % len(chatters)]
            world.serve(
                PLANT,
                human,
                day,
                LIVE_CHAT if day.day % 4 else WHATSAPP,
                world.random.randrange(5, 8) if day >= WINDOW else 1,
            )
    for department, count, licences in (
        ("Warranty", 26, (ENTERPRISE, DIGITAL, VOICE)),
        ("Spare parts", 12, (ENTERPRISE, BOTH)),
        ("Field office", 9, (ATTACH, DIGITAL)),
        ("Key accounts", 5, (PREMIUM,)),
        ("Double bought", 4, (ENTERPRISE, ATTACH, VOICE)),
    ):
        for place, human in enumerate(estate.team(count, department, *licences)):
            for _ in range(3):
                opened = world.moment(estate.window_day(), 7, 12)
                case = world.open_case(PLANT, human, opened, slaid=estate.sla if place % 3 == 0 else None)
                world.save_case(PLANT, case, human, opened + timedelta(hours=4))
                world.audit(PLANT, human.users[PLANT], opened + timedelta(hours=4), 2, 2, objectid=case["incidentid"])
    estate.team(8, "Shelf", ENTERPRISE, VOICE)
    readers = estate.team(4, "Quality", ENTERPRISE)
    estate.tenant.purview = [(human.upn, world.moment(date(2026, 6, 3))) for human in readers]
    for human in estate.team(4, "Plants", TEAM_MEMBERS):
        world.open_case(PLANT, human, world.moment(estate.window_day()))
    absent = world.human()
    world.hire(absent, ENTERPRISE, DIGITAL, department="Another environment")
    for human in estate.team(3, "Former staff", ENTERPRISE):
        assert human.account is not None
        human.account.enabled = False


def background(estate: Manufacturer) -> None:
    """What keeps cases and their history alive day by day."""
    world = estate.world
    intake = [world.robot(PLANT, f"Mail intake {number}", accessmode=4) for number in (1, 2)]
    world.queue(PLANT, "Chat", MESSAGING_QUEUE)
    for day in world.days(SEASON - timedelta(3), AS_OF - timedelta(1)):
        case = world.open_case(PLANT, intake[day.day % 2], world.moment(day, 1, 5), statecode=day.day % 2)
        world.audit(PLANT, intake[0], world.moment(day, 5, 6), 2, 2, objectid=case["incidentid"])


def write(estate: Manufacturer) -> None:
    """Write one shape for each table, and settings."""
    world, tenant, place = estate.world, estate.tenant, estate.tenant.exports / PLANT
    tenant.delivered = [
        *shapes.parquet(world, place / "users.parquet", PLANT, "systemuser"),
        *shapes.ndjson(world, place / "sessions.ndjson", PLANT, "msdyn_ocsession", cut_off=True),
        *shapes.delta(world, place / "participants", PLANT, "msdyn_sessionparticipant"),
        *shapes.header_csv(world, place / "cases.csv", PLANT, "incident", words=True),
        *shapes.header_csv(world, place / "audit.csv", PLANT, "audit"),
        *shapes.header_csv(world, place / "queues.csv", PLANT, "queue"),
    ]
    tenant.accounts = world.accounts
    directory.graph_users(tenant.exports / "tenant" / "users.json", tenant.accounts, bare=True, sign_in=False)
    bought = {ENTERPRISE: 80, ATTACH: 15, PREMIUM: 5, DIGITAL: 60, VOICE: 60, BOTH: 20, TEAM_MEMBERS: 10, OFFICE: 100}
    directory.subscribed_skus(
        tenant.exports / "tenant" / "skus.json",
        {
            sku: (f"SKU_{n}", count, count, PREMIUM_PLANS if sku == PREMIUM else [])
            for n, (sku, count) in enumerate(bought.items())
        },
    )
    tenant.purchased = {product: count for sku, count in bought.items() if (product := PRODUCTS[sku])}
    directory.entra_users(tenant.exports / "tenant" / "people.csv", tenant.accounts)
    acts = [(upn, when, world.guid()) for upn, when in tenant.purview]
    others = [
        (acts[0][0], datetime(2026, 6, 20, 9), world.guid()),
        (acts[0][0], datetime(2026, 6, 21, 9), world.guid()),
    ]
    directory.purview(
        tenant.exports / "tenant" / "audit_search.csv", [others[0], *acts, others[1]], cut_off=1, others=1
    )
    directory.workbook(tenant.exports / "tenant" / "open cases.xlsx", world, PLANT)
    tenant.write_settings()
