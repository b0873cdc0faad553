"""People with records, accounts and licences in every state, and earlier decisions about them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from d365bench.sample.world import Account, Human
from muddle.chance import AS_OF, Muddle

SKUS: dict[str, str | None] = {
    "749742bf-0d37-4158-a120-33567104deeb": "cs_enterprise",
    "65758a5f-2e16-43b3-a8cb-296cd8f69e09": "cs_enterprise",
    "eb18b715-ea9d-4290-9994-2ebf4b5042d2": "cs_enterprise_attach",
    "1439b6e2-5d59-4873-8c59-d60e2a196e92": "cs_professional",
    "19dec69d-d9f3-4792-8a39-d8ecdf51937b": "cs_professional_attach",
    "7ac9fe77-66b7-4e5e-9e46-10eed1cff547": "team_members",
    "7e6e6091-1680-4532-9370-6cd4598483ac": "digital_messaging",
    "dadd2312-b5b1-4fa0-8c15-0903de3e2303": "voice",
    "39a78eb6-3a8a-4e1e-878a-575a5c8984e7": "digital_and_voice",
    "7d7af6c2-0be6-46df-84d1-c181b0272909": "chat",
    "dfb1700c-013e-4132-8bce-0d319c43a95d": "contact_center",
    "59d3d0bf-df39-4b8b-8601-ea6c09a7fd66": "contact_center_digital",
    "ea126fc5-a19e-42e2-a731-da9d437bffcf": "other_enterprise",
    "1e615a51-59db-4807-9957-aa83c3657351": None,  # a trial
    "efccb6f7-5641-4e0e-bd10-b4976e1bf68e": None,  # another product
    "5a4f4f5e-33f5-4f3b-9c6c-6a5f6b0c9f10": "cs_premium",  # told by its plans only
}
NAMES: dict[str, str | None] = {
    "Dynamics 365 Customer Service Enterprise": "cs_enterprise",
    "Dynamics 365 Customer Service Enterprise Attach": "cs_enterprise_attach",
    "Dynamics 365 Customer Service Professional": "cs_professional",
    "Dynamics 365 Customer Service Professional Attach": "cs_professional_attach",
    "Dynamics 365 Customer Service Premium": "cs_premium",
    "Dynamics 365 Team Members": "team_members",
    "Dynamics 365 Contact Center Digital Add-on for Customer Service Enterprise": "digital_messaging",
    "Dynamics 365 Customer Service Voice Channel Add-in": "voice",
    "Dynamics 365 Contact Center Add-on for Customer Service Enterprise": "digital_and_voice",
    "Dynamics 365 for Customer Service Chat": "chat",
    "Dynamics 365 Contact Center": "contact_center",
    "Dynamics 365 Customer Engagement Plan": "other_enterprise",
    "Enterprise Mobility + Security E3": None,
}
BASES = ("cs_enterprise", "cs_enterprise_attach", "cs_professional", "cs_professional_attach", "cs_premium")
ENTERPRISE = {"cs_enterprise", "cs_enterprise_attach", "cs_premium", "other_enterprise"}
ADD_ONS = {"digital_messaging", "voice", "digital_and_voice", "chat"}


def people(muddle: Muddle) -> None:
    """People with records and accounts in every state."""
    world, chance, tenant = muddle.world, muddle.chance, muddle.tenant
    roles = {
        e: {n: world.role(e, n) for n in ("Customer Service Representative", "OMNICHANNEL Supervisor", "CSR Manager")}
        for e in muddle.off
    }
    queues = {
        e: [world.queue(e, f"Line {kind}", kind) for kind in (192350000, 192350001, 192350002)] for e in muddle.off
    }
    teams = {
        e: world.write(e, "team", world.moment(date(2023, 1, 2)), name="Team", isdefault=False)["teamid"]
        for e in muddle.off
    }
    tenure = tenant.settings["thresholds"].get("tenure_min_days", 60)
    tenant.licence_source = chance.choice(("graph", "graph", "graph", "admin_centre", "admin_centre", None))
    tenant.sign_in_exported = tenant.licence_source == "graph" and muddle.often(0.5)
    tenant.products = dict(NAMES if tenant.licence_source == "admin_centre" else SKUS)
    for environment, team in teams.items():
        row = {"systemuserid": muddle.robots[environment][0], "teamid": team}
        world.write(environment, "teammembership", world.moment(date(2023, 4, 2)), **row)
        if muddle.often(0.5):
            world.write(
                environment,
                "teamroles",
                world.moment(date(2023, 1, 3)),
                teamid=team,
                roleid=roles[environment]["CSR Manager"],
            )
    for _ in range(45):
        human = world.human()
        has_id = muddle.often(0.88)
        alias = f"{human.upn.split('@')[0]}.alias@muddle.example"
        for environment in muddle.off:
            if not muddle.often(0.75):
                continue
            columns: dict[str, Any] = {"isdisabled": muddle.often(0.15)}
            if has_id:
                columns |= chance.choices(({}, {"domainname": human.upn.title()}), (8, 1))[0]
            else:
                columns["azureactivedirectoryobjectid"] = None
                columns |= chance.choice(
                    (
                        {},
                        {"domainname": human.upn.upper()},
                        {"domainname": "old." + human.upn, "internalemailaddress": alias.title()},
                    )
                )
            columns |= chance.choices(
                ({}, {"accessmode": 1}, {"accessmode": 4}, {"msdyn_botapplicationid": "b1"}), (30, 4, 1, 1)
            )[0]
            world.user(human, environment, since=muddle.about(tenure), **columns)
            if muddle.often(0.75):
                world.grant(environment, human, chance.choices(list(roles[environment].values()), (8, 1, 1))[0])
            elif muddle.often(0.3):
                world.write(
                    environment,
                    "teammembership",
                    world.moment(date(2023, 4, 2)),
                    systemuserid=human.users[environment],
                    teamid=teams[environment],
                )
            if muddle.often(0.12):
                world.enlist(environment, human, chance.choice(queues[environment]))
        if human.users:
            muddle.humans.append(human)
        if muddle.often(0.88) or not human.users:
            account(muddle, human, alias, tenure)
    # two humans under one name: nobody can say whose record it is
    for environment in muddle.off:
        one, two = (
            world.human(environment, azureactivedirectoryobjectid=None),
            world.human(environment, azureactivedirectoryobjectid=None),
        )
        world.rows[environment, "systemuser"][-1]["domainname"] = one.upn
        account(muddle, one, one.upn, tenure)
        muddle.humans += [one, two]


def account(muddle: Muddle, human: Human, alias: str, tenure: int) -> Account:
    """A directory account with licences by chance."""
    world, chance, source = muddle.world, muddle.chance, muddle.tenant.licence_source
    made = world.hire(
        human,
        department=chance.choice(("Red", "Blue", "Green")),
        proxies=[human.upn, alias],
        enabled=muddle.often(0.88),
    )
    made.last_sign_in = muddle.when() if muddle.often(0.4) else None
    if source is None:
        return made
    by_product: dict[str | None, list[str]] = {}
    for sku, product in muddle.tenant.products.items():
        by_product.setdefault(product, []).append(sku)
    wanted: list[str | None] = []
    if muddle.often(0.75):
        wanted += chance.choices(BASES, (10, 3, 6, 2, 3))
        if muddle.is_priced and muddle.often(0.2):
            wanted += (
                ["cs_enterprise", "cs_enterprise_attach"]
                if wanted != ["cs_professional_attach"]
                else ["cs_enterprise_attach"]
            )
    wanted += [
        p
        for p, share in (("digital_messaging", 0.4), ("voice", 0.35), ("digital_and_voice", 0.1), ("chat", 0.12))
        if muddle.often(share) and (set(wanted) & ENTERPRISE if not muddle.is_priced else wanted)
    ]
    wanted += [
        p
        for p, share in (
            ("other_enterprise", 0.05 * (muddle.is_priced and "cs_premium" not in wanted)),
            ("contact_center", 0.04),
            ("contact_center_digital", 0.03),
        )
        if muddle.often(share)
    ]
    wanted += ["team_members"] if muddle.often(0.25 if not wanted else 0.08) else []
    wanted += [None] if muddle.often(0.2) else []
    for product in wanted:
        if product not in by_product:
            continue
        licence = chance.choice(by_product[product])
        for _ in range(chance.choice((1, 1, 1, 2)) if source == "graph" else 1):
            if any(known == licence and source != "graph" for known, *_ in made.licences):
                continue
            ways = ["direct", *muddle.groups] if source == "graph" else ["direct"]
            on = muddle.about(tenure) if source == "graph" and muddle.often(0.8) else None
            # a failed base would leave its add-ons alone: what these are worth without a price is nobody's rule
            states = ("Active", "ActiveWithError", "Error", "Disabled") if muddle.is_priced else ("Active",) * 4
            state = chance.choices(states, (20, 2, 1, 1))[0] if source == "graph" else "Active"
            via = chance.choice(ways)
            if not any(known == licence and way == via for known, way, *_ in made.licences):
                made.licences.append((licence, via, on, state))
    return made


def decide(muddle: Muddle) -> None:
    """Decisions by chance, many of them dead."""
    chance, tenant = muddle.chance, muddle.tenant
    days = [f"{AS_OF + timedelta(n)}" for n in (-200, -30, -1, 0, 1)]
    for known in chance.sample(muddle.world.accounts, 10):
        held = [tenant.products[licence] for licence, *_ in known.licences]
        # what grants nothing beside its base is not worth a decision
        useful = [p for p in held if p and (p not in ADD_ONS or ENTERPRISE & set(held))]
        product = chance.choice(useful or ["voice"])
        decision = chance.choices(("keep", "remove", "exclude"), (4, 4, 1))[0]
        tenant.decisions.append(
            {
                "person": chance.choice((known.upn, known.upn.upper(), known.object_id)),
                "product": "" if decision == "exclude" else product,
                "decision": decision,
                "reason": "agreed",
                "by": "lead",
                "decided_on": chance.choice(days),
                "expires_on": chance.choice(("", "", "", *days)),
            }
        )
