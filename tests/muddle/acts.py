"""What robots and people do, at times through each other."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from d365bench.sample.world import Human
from muddle.chance import AS_OF, Muddle

CHANNELS = {
    "digital": (192360000, 192360000, 192300000, 19241000),
    "voice": (192440000,),
    "record": (192350000,),
    "secondary": (192370000,),
    "unknown": (None, 192999999),
}
MODES = (192350002, 192350002, 192350002, 192350003, 192350004, 192350005)


def background(muddle: Muddle, environment: str) -> None:
    """Robots that work every day, but for a hole in each source, or until the source ends."""
    world, chance = muddle.world, muddle.chance
    robots = [
        world.robot(environment, "Intake", accessmode=4),
        world.robot(environment, "Flow", applicationid=world.guid()),
        world.robot(environment, "SYSTEM"),
    ]
    muddle.robots[environment] = robots
    for number in range(chance.choice((2, 15, 16))):
        world.queue(environment, f"Records {number}", 192350001)
    world.queue(environment, "Closed", 192350001, active=False)
    gap = muddle.tenant.settings["thresholds"].get("gap_days", 7)
    quiet: dict[str, set[date]] = {}
    for source in ("sessions", "cases", "history"):
        first = AS_OF - timedelta(chance.randrange(20, 400))
        length = chance.choice((0, 0, 0, gap - 1, gap, 35, 90))
        end = AS_OF - timedelta(chance.choice((0, 0, 0, 0, gap - 1, gap)))
        quiet[source] = {first + timedelta(n) for n in range(length)} | {end + timedelta(n) for n in range(40)}
    closed = muddle.often(0.08)  # nothing is ever open: looks like a filtered view
    channels = [
        c for kind in ("digital", "voice", "record") if kind not in muddle.off[environment] for c in CHANNELS[kind]
    ]
    for day in world.days(muddle.season - timedelta(5), AS_OF - timedelta(1)):
        when = world.moment(day)
        if day not in quiet["sessions"] and channels:
            session = world.session(environment, chance.choice(channels), when)
            world.join(environment, session, robots[day.day % 2], when)
        if day not in quiet["cases"]:
            world.open_case(environment, robots[day.day % 2], when, statecode=1 if closed else chance.randrange(3))
        if day not in quiet["history"]:
            world.audit(environment, robots[0], when, 2, 11, objectid=world.guid())


def serve(muddle: Muddle, environment: str, human: Human) -> None:
    """Sessions: any channel and mode, invited only, joined twice, nobody's id."""
    world, chance = muddle.world, muddle.chance
    kinds = [
        kind
        for kind in CHANNELS
        if kind not in muddle.off[environment] and (kind != "unknown" or (muddle.unknown and muddle.often(0.15)))
    ]
    kind = chance.choice(kinds)
    user: str | None = human.users[environment]
    for _ in range(chance.choice((1, 1, 2, 5))):
        when = muddle.when()
        missing = kind == "unknown" and muddle.often(0.3)
        session = world.guid() if missing else world.session(environment, chance.choice(CHANNELS[kind]), when)
        for again in range(chance.choice((1, 1, 1, 2))):
            joined = when + timedelta(days=again)
            invited = muddle.often(0.12)
            named = not muddle.often(0.1)
            row = world.join(
                environment,
                session,
                user if named else None,
                None if invited else joined,
                chance.choice(MODES),
                added=joined if invited else None,
                object_id=human.object_id if muddle.often(0.9) else None,
            )
            if muddle.often(0.03):
                world.delete(
                    environment,
                    "msdyn_sessionparticipant",
                    row["msdyn_sessionparticipantid"],
                    when + timedelta(days=9),
                    numbered=muddle.often(0.5),
                )
            if muddle.often(0.03):
                world.retry(environment, "msdyn_sessionparticipant", row)


def care(muddle: Muddle, environment: str, human: Human) -> None:
    """Cases: opened, saved and resolved by this one and that, at times through another account."""
    world, chance = muddle.world, muddle.chance
    robots = muddle.robots[environment]
    others = [h.users[environment] for h in muddle.humans if environment in h.users]

    def actor() -> str:
        return chance.choice(
            (human.users[environment], human.users[environment], chance.choice(others), chance.choice(robots))
        )

    def behalf() -> str | None:
        return chance.choice(robots) if muddle.often(0.08) else None

    when = muddle.when()
    marks = chance.choices(
        ({}, {"slaid": world.guid()}, {"entitlementid": world.guid()}, {"msdyn_copilotengaged": True}), (6, 2, 1, 1)
    )[0]
    case = world.open_case(environment, actor(), when, createdonbehalfby=behalf(), **marks)
    for _ in range(chance.choice((0, 1, 1, 2))):
        when += timedelta(seconds=chance.choice((0, 60, 86400, 86400 * 3)))
        who = actor()
        if muddle.often(0.3):
            world.write(
                environment,
                "incidentresolution",
                when,
                incidentid=case["incidentid"],
                createdby=who,
                createdonbehalfby=behalf(),
                createdon=when,
            )
        case = world.save_case(environment, case, who, when, modifiedonbehalfby=behalf(), statecode=chance.randrange(3))
        if muddle.often(0.4):
            kind = chance.choice(("incident", "incident", "account"))
            world.audit(
                environment,
                actor(),
                when,
                chance.choice((2, 2, 1)),
                chance.choice((2, 2, 11)),
                objectid=case["incidentid"],
                objecttypecode=kind,
                callinguserid=behalf(),
            )
    if muddle.often(0.3):
        taken = when if muddle.often(0.9) else None
        kind = chance.choice(("incident", "incident", "email"))
        world.write(
            environment,
            "queueitem",
            when,
            queueid=None,
            objectid=case["incidentid"],
            objecttypecode=kind,
            workerid=actor(),
            workeridtype="systemuser",
            workeridmodifiedon=taken,
            createdon=when,
        )
    if muddle.often(0.05):
        world.delete(environment, "incident", case["incidentid"], when + timedelta(days=2), numbered=muddle.often(0.5))


def side(muddle: Muddle, environment: str, human: Human) -> None:
    """Articles, and signs of use that prove nothing."""
    world, chance = muddle.world, muddle.chance
    when = muddle.when()
    if muddle.often(0.5):
        world.author(environment, human, when, root=muddle.often(0.3))
        row = world.rows[environment, "knowledgearticle"][-1]
        if muddle.often(0.3):
            row["createdonbehalfby"] = muddle.robots[environment][0]
        if muddle.often(0.3):
            row["modifiedon"] = when + timedelta(days=1)
    else:
        caller = chance.choice((None, None, muddle.robots[environment][0]))
        world.audit(
            environment, human.users[environment], when, 4, 64, objecttypecode="systemuser", callinguserid=caller
        )


def strays(muddle: Muddle, environment: str) -> None:
    """Work of ids that nobody has, a record that was deleted, a case that was not delivered."""
    world, chance = muddle.world, muddle.chance
    ghost = world.guid()
    for _ in range(chance.randrange(3)):
        case = world.open_case(environment, muddle.robots[environment][0], muddle.when())
        world.save_case(environment, case, ghost, case["createdon"] + timedelta(hours=1))
    mine = [h for h in muddle.humans if environment in h.users]
    gone = chance.choice(mine)
    if muddle.often(0.5):
        world.delete(
            environment, "systemuser", gone.users[environment], datetime(2026, 6, 1), numbered=muddle.often(0.5)
        )
    for human in chance.sample(mine, min(3, len(mine))):
        when = muddle.when()
        world.write(
            environment,
            "incidentresolution",
            when,
            incidentid=world.guid(),
            createdby=human.users[environment],
            createdonbehalfby=None,
            createdon=when,
        )
