"""The truth about the smallest of tenants: everything expected here was worked out on paper."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from d365bench.sample.shapes import Delivered
from d365bench.sample.tenant import Tenant
from d365bench.sample.world import CALL, LIVE_CHAT, MONITOR, VOICE_QUEUE, Human, World
from oracle.ledger import Ledger
from oracle.summary import summary

AS_OF = date(2026, 7, 1)
FIRST = date(2026, 1, 2)  # the first day of a window of 180 days
SITE = "site"
ENTERPRISE, PROFESSIONAL, DIGITAL, VOICE = "cs_enterprise", "cs_professional", "digital_messaging", "voice"
PREMIUM, BOTH, TEAM_MEMBERS = "cs_premium", "digital_and_voice", "team_members"
PRICES = {ENTERPRISE: 100.0, PROFESSIONAL: 50.0, DIGITAL: 70.0, VOICE: 60.0, TEAM_MEMBERS: 8.0, PREMIUM: 300.0}


class Tiny:
    """One environment in which robots work every day, so that silence of people is proved."""

    def __init__(self, **thresholds: int) -> None:
        self.world = World(1, AS_OF, "tiny.example")
        self.settings: dict[str, Any] = {
            "client": {"name": "Tiny", "as_of": AS_OF, "currency": "USD", "environments_complete": True},
            "environment": [{"name": SITE}],
            "prices": {**PRICES, BOTH: 500.0},
            "thresholds": thresholds,
        }
        self.decisions: list[dict[str, str]] = []
        self.robots = [self.world.robot(SITE, f"Intake {n}", accessmode=4) for n in (1, 2)]
        self.silent: set[date] = set()

    def person(self, *products: str, on: date = date(2024, 1, 15), **columns: Any) -> Human:
        human = self.world.human(SITE, **columns)
        self.world.hire(human, *products, department="Team", on=on)
        return human

    def told(self) -> Ledger:
        for day in self.world.days(AS_OF - timedelta(400), AS_OF - timedelta(1)):
            when = datetime(day.year, day.month, day.day, 12)
            if day not in self.silent:
                for channel in (LIVE_CHAT, CALL):
                    self.world.join(SITE, self.world.session(SITE, channel, when), self.robots[0], when)
            self.world.open_case(SITE, self.robots[day.day % 2], when, statecode=day.day % 2)
        delivered = [Delivered(place, table, rows, True) for (place, table), rows in self.world.rows.items()]
        tenant = Tenant(
            self.world, Path("tiny"), self.settings, delivered, self.world.accounts, "graph", sign_in_exported=True
        )
        tenant.products, tenant.decisions = {product: product for product in (*PRICES, BOTH)}, self.decisions
        return Ledger(tenant)

    def row(self, human: Human) -> dict[str, str]:
        return next(row for row in self.told().rows() if row["person_id"] == human.object_id)

    def decide(self, human: Human, product: str, decision: str) -> None:
        words = {"reason": "agreed", "by": "lead", "decided_on": "2026-06-01", "expires_on": ""}
        self.decisions.append({"person": human.upn, "product": product, "decision": decision, **words})


def serve(tiny: Tiny, human: Human, when: datetime, channel: int = LIVE_CHAT) -> None:
    tiny.world.join(SITE, tiny.world.session(SITE, channel, when), human.users[SITE], when)


@pytest.mark.parametrize(
    ("when", "handled", "season"),
    [
        (datetime(2026, 1, 1, 23, 59, 59), "0", "1"),
        (datetime(2026, 1, 2), "1", "0"),
        (datetime(2026, 6, 30, 23, 59, 59), "1", "0"),
        (datetime(2026, 7, 1), "0", "0"),
    ],
)
def test_the_window_ends_before_the_as_of_day_and_begins_on_its_first(
    when: datetime, handled: str, season: str
) -> None:
    tiny = Tiny()
    human = tiny.person(ENTERPRISE, DIGITAL)
    serve(tiny, human, when)
    row = tiny.row(human)
    assert (row["digital_handled"], row["digital_season"]) == (handled, season)


def test_absence_proved_in_complete_sources_makes_money() -> None:
    tiny = Tiny()
    human = tiny.person(ENTERPRISE, DIGITAL, VOICE)
    serve(tiny, human, datetime(2026, 3, 3, 9))
    row = tiny.row(human)
    # 100 + 70 + 60 today; voice and Enterprise's own rights were never used, but a channel needs an Enterprise base
    assert (row["target_products"], row["actions"], row["status"]) == (
        f"{ENTERPRISE}+{DIGITAL}",
        "remove_voice",
        "ready",
    )
    assert (row["monthly_now"], row["monthly_target"], row["monthly_saving_ready"]) == ("230.00", "170.00", "60.00")


def test_the_first_hold_that_applies_gives_the_name() -> None:
    tiny = Tiny()
    human = tiny.person(ENTERPRISE, VOICE)
    tiny.world.open_case(SITE, human, datetime(2026, 3, 1, 9), slaid=tiny.world.guid())
    case = tiny.world.rows[SITE, "incident"][-1]
    tiny.world.save_case(SITE, case, human, datetime(2026, 3, 2, 9))
    tiny.world.enlist(SITE, human, tiny.world.queue(SITE, "Phone", VOICE_QUEUE))
    assert tiny.row(human)["holds"] == "voice:confirm_queue"
    when = datetime(2026, 3, 3, 9)
    tiny.world.join(SITE, tiny.world.session(SITE, CALL, when), human.users[SITE], when, MONITOR)
    assert tiny.row(human)["holds"] == "voice:confirm_supervisor"
    row = tiny.row(human)
    assert (row["monthly_withheld"], row["monthly_saving_ready"], row["actions"]) == (
        "60.00",
        "0.00",
        "confirm_supervisor",
    )
    serve(tiny, human, datetime(2026, 3, 4, 9), 192999999)
    assert tiny.row(human)["holds"] == "voice:insufficient_data"


@pytest.mark.parametrize(("length", "percent"), [(6, "100.0"), (7, "96.1")])
def test_a_hole_is_so_many_whole_days_without_a_record(length: int, percent: str) -> None:
    tiny = Tiny()
    human = tiny.person(ENTERPRISE)
    tiny.silent = {date(2026, 3, 1) + timedelta(n) for n in range(length)}
    # 173 of 180 days
    assert tiny.row(human)["coverage_sessions"] == percent


def test_thin_coverage_holds_what_was_not_proved() -> None:
    tiny = Tiny()
    human = tiny.person(ENTERPRISE, DIGITAL)
    tiny.world.open_case(SITE, human, datetime(2026, 5, 5, 9))
    tiny.silent = {date(2026, 3, 1) + timedelta(n) for n in range(37)}
    row = tiny.row(human)
    assert row["coverage_sessions"] == "79.4"  # 143 of 180 days
    assert row["holds"] == "digital:insufficient_data|enterprise:insufficient_data"
    assert (row["monthly_withheld"], row["target_products"]) == ("120.00", f"{ENTERPRISE}+{DIGITAL}")


def test_at_equal_price_the_set_with_the_fewest_changes_wins() -> None:
    tiny = Tiny()
    tiny.settings["prices"] |= {BOTH: 130.0}  # as much as both singly
    one, other = tiny.person(ENTERPRISE, DIGITAL, VOICE), tiny.person(ENTERPRISE, BOTH)
    for human in (one, other):
        serve(tiny, human, datetime(2026, 3, 3, 9))
        serve(tiny, human, datetime(2026, 3, 3, 10), CALL)
    rows = {row["person_id"]: row for row in tiny.told().rows()}
    assert rows[one.object_id]["target_products"] == f"{ENTERPRISE}+{DIGITAL}+{VOICE}"
    assert rows[other.object_id]["target_products"] == f"{ENTERPRISE}+{BOTH}"
    assert {row["actions"] for row in rows.values()} == {"keep"}


def test_professional_waits_where_somebody_else_needs_enterprise() -> None:
    tiny = Tiny()
    clerk, expert = tiny.person(ENTERPRISE), tiny.person(ENTERPRISE)
    tiny.world.open_case(SITE, clerk, datetime(2026, 5, 5, 9))
    case = tiny.world.open_case(SITE, expert, datetime(2026, 5, 5, 9), slaid=tiny.world.guid())
    tiny.world.save_case(SITE, case, expert, datetime(2026, 5, 5, 10))
    row = tiny.row(clerk)
    assert (row["target_products"], row["ready_target_products"]) == (PROFESSIONAL, ENTERPRISE)
    assert (row["status"], row["monthly_saving_ready"], row["monthly_saving_conditional"]) == (
        "conditional",
        "0.00",
        "50.00",
    )
    assert summary(tiny.told())["monthly"]["saving_conditional"] == 50.0


def test_creating_a_case_with_an_sla_is_not_working_it() -> None:
    tiny = Tiny()
    human = tiny.person(ENTERPRISE)
    tiny.world.open_case(SITE, human, datetime(2026, 5, 5, 9), slaid=tiny.world.guid())
    row = tiny.row(human)
    assert (row["own_cases"], row["sla_cases"], row["target_products"]) == ("1", "0", PROFESSIONAL)


@pytest.mark.parametrize(
    ("days", "resolved", "verdict"), [((3,), False, "review"), ((3, 4), False, "exceeds"), ((3,), True, "exceeds")]
)
def test_team_members_exceed_by_resolving_or_on_a_second_day(
    days: tuple[int, ...], resolved: bool, verdict: str
) -> None:
    tiny = Tiny()
    human = tiny.person(TEAM_MEMBERS)
    case = tiny.world.open_case(SITE, tiny.robots[0], datetime(2026, 5, 1, 9))
    for day in days:
        case = tiny.world.save_case(SITE, case, human, datetime(2026, 5, day, 9))
    if resolved:
        tiny.world.resolve_case(SITE, case, human, datetime(2026, 5, days[-1], 10))
    ledger = tiny.told()
    (row,) = ledger.rows()
    assert row["team_members_verdict"] == verdict
    exceeds = verdict == "exceeds"
    assert row["target_products"] == (PROFESSIONAL if exceeds else TEAM_MEMBERS)
    assert row["monthly_saving_ready"] == ("-42.00" if exceeds else "0.00")
    assert summary(ledger)["monthly"]["exposure_to_confirm"] == (0.0 if exceeds else 50.0)


def test_a_decision_to_remove_releases_a_hold_but_not_a_proved_need() -> None:
    tiny = Tiny()
    held, proved = tiny.person(ENTERPRISE, VOICE), tiny.person(ENTERPRISE, VOICE)
    queue = tiny.world.queue(SITE, "Phone", VOICE_QUEUE)
    for human in (held, proved):
        case = tiny.world.open_case(SITE, human, datetime(2026, 5, 5, 9), slaid=tiny.world.guid())
        tiny.world.save_case(SITE, case, human, datetime(2026, 5, 6, 9))
        tiny.world.enlist(SITE, human, queue)
        tiny.decide(human, VOICE, "remove")
    serve(tiny, proved, datetime(2026, 5, 5, 9), CALL)
    rows = {row["person_id"]: row for row in tiny.told().rows()}
    assert (rows[held.object_id]["target_products"], rows[held.object_id]["holds"]) == (ENTERPRISE, "")
    assert rows[proved.object_id]["target_products"] == f"{ENTERPRISE}+{VOICE}"
    assert rows[proved.object_id]["decision"] == "remove:voice (contradicted)"


def test_work_by_another_account_is_no_action_but_holds() -> None:
    tiny = Tiny()
    human = tiny.person(PROFESSIONAL)
    case = tiny.world.open_case(SITE, tiny.robots[0], datetime(2026, 5, 1, 9))
    tiny.world.save_case(SITE, case, human, datetime(2026, 5, 2, 9), modifiedonbehalfby=tiny.robots[1])
    row = tiny.row(human)
    assert (row["other_cases"], row["last_activity"], row["holds"]) == ("0", "", "cases:confirm_indirect")


def test_a_deletion_does_not_undo_work() -> None:
    tiny = Tiny()
    human = tiny.person(ENTERPRISE, DIGITAL)
    serve(tiny, human, datetime(2026, 3, 3, 9))
    key = tiny.world.rows[SITE, "msdyn_sessionparticipant"][-1]["msdyn_sessionparticipantid"]
    tiny.world.delete(SITE, "msdyn_sessionparticipant", key, datetime(2026, 4, 1), numbered=False)
    assert tiny.row(human)["digital_handled"] == "1"


def test_whoever_left_gives_the_seat_back_whatever_they_did() -> None:
    tiny = Tiny()
    human = tiny.person(ENTERPRISE, DIGITAL)
    assert human.account is not None
    human.account.enabled = False
    serve(tiny, human, datetime(2026, 3, 3, 9))
    row = tiny.row(human)
    assert (row["actions"], row["target_products"], row["monthly_saving_ready"]) == ("reclaim", "", "170.00")


@pytest.mark.parametrize(("age", "action"), [(59, "insufficient_data"), (60, "reclaim")])
def test_a_young_seat_is_not_judged(age: int, action: str) -> None:
    tiny = Tiny()
    human = tiny.person(ENTERPRISE, on=AS_OF - timedelta(age))
    row = tiny.row(human)
    assert (row["actions"], row["tenure_days"]) == (action, str(age))
