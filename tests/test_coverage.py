"""Coverage: which days a source can prove, and every reason why it proves nothing."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from d365bench import thresholds
from d365bench.analysis.coverage import coverage
from estate import DIGITAL, PRIMARY, Estate, days, guid

CLIENT: Any = SimpleNamespace(as_of=date(2026, 7, 1))
WINDOW = thresholds.resolve({"window_days": 30, "season_days": 60})  # 2026-06-01 … 06-30; look-back from 05-02


def busy(estate: Estate, *stretches: tuple[str, int], environment: str = "prod") -> None:
    """A session of ada's on every day of the stretches."""
    for first, count in stretches:
        for day in days(first, count):
            estate.served("ada", f"{day} 10:00", environment=environment)


def sessions(estate: Estate, values: dict[str, int] | None = None) -> dict[str, Any]:
    frame = coverage(estate.roll(), CLIENT, values or WINDOW)
    (row,) = [row for row in frame.to_dicts() if row["source"] == "sessions"]
    return row


def estate_with_ada(**environment: Any) -> Estate:
    estate = Estate(prod=environment)
    estate.user("ada")
    return estate


def test_daily_records_prove_every_day() -> None:
    estate = estate_with_ada()
    busy(estate, ("2026-05-02", 60))
    row = sessions(estate)
    assert (row["percent"], row["season_percent"], row["reason"], row["gaps"]) == (100.0, 100.0, None, [])


def test_days_before_the_first_record_are_not_proved() -> None:
    estate = estate_with_ada()
    busy(estate, ("2026-06-11", 20))
    row = sessions(estate)
    assert row["percent"] == pytest.approx(100 * 20 / 30)
    assert row["season_percent"] == 0
    assert (row["first_day"], row["last_day"]) == (date(2026, 6, 11), date(2026, 6, 30))


@pytest.mark.parametrize(("whole_days", "percent"), [(6, 100.0), (7, 100 * 23 / 30)])
def test_a_run_of_gap_days_whole_days_is_a_hole(whole_days: int, percent: float) -> None:
    estate = estate_with_ada()
    busy(
        estate, ("2026-05-01", 40), (str(date.fromordinal(date(2026, 6, 10).toordinal() + whole_days)), 21 - whole_days)
    )
    row = sessions(estate)
    assert row["percent"] == pytest.approx(percent)
    assert row["gaps"] == ([[date(2026, 6, 10), date(2026, 6, 16)]] if whole_days == 7 else [])


def test_a_hole_is_found_over_all_days_then_cut_to_the_window() -> None:
    estate = estate_with_ada()
    busy(estate, ("2026-05-01", 27), ("2026-06-05", 26))  # silent 05-28 … 06-04
    row = sessions(estate)
    assert row["percent"] == pytest.approx(100 * 26 / 30)
    assert row["season_percent"] == pytest.approx(100 * 26 / 30)
    assert row["gaps"] == [[date(2026, 6, 1), date(2026, 6, 4)]]


@pytest.mark.parametrize(
    ("last", "accept", "proved"), [("2026-06-25", [], True), ("2026-06-24", [], False), ("2026-06-24", ["stale"], True)]
)
def test_a_source_that_ends_gap_days_before_as_of_is_stale(last: str, accept: list[str], proved: bool) -> None:
    estate = estate_with_ada(accept=accept)
    busy(estate, ("2026-05-01", (date.fromisoformat(last) - date(2026, 5, 1)).days + 1))
    row = sessions(estate)
    assert (row["percent"] > 0) == proved
    assert ("stale" in row["declared"]) == bool(accept)
    assert (row["reason"] is None) == proved


def test_declared_days_are_no_holes() -> None:
    estate = estate_with_ada(complete_from=date(2026, 6, 1), complete_to=date(2026, 6, 30))
    busy(estate, ("2026-05-01", 40), ("2026-06-28", 3))
    row = sessions(estate)
    assert row["percent"] == 100.0
    assert row["declared"] == ["complete from 2026-06-01 to 2026-06-30"]


@pytest.mark.parametrize("table", ["msdyn_sessionparticipant", "msdyn_ocsession"])
def test_an_incomplete_delivery_proves_nothing(table: str) -> None:
    estate = estate_with_ada()
    busy(estate, ("2026-05-02", 60))
    estate.incomplete = {table}
    row = sessions(estate)
    assert row["percent"] == 0
    assert f"{table} is incomplete (a page is missing)" in row["reason"]


@pytest.mark.parametrize("column", ["msdyn_mode", "msdyn_joinedon", "msdyn_agentid", "msdyn_omnichannelsession"])
def test_a_column_that_was_not_exported_proves_nothing(column: str) -> None:
    estate = estate_with_ada()
    busy(estate, ("2026-05-02", 60))
    estate.without_columns = {"msdyn_sessionparticipant": {column}}
    row = sessions(estate)
    assert row["percent"] == row["season_percent"] == 0
    assert f"column {column} of msdyn_sessionparticipant was not loaded" in row["reason"]


@pytest.mark.parametrize(("unknown", "proved"), [(1, True), (2, False)])
def test_more_than_one_percent_of_unknown_channel_proves_nothing(unknown: int, proved: bool) -> None:
    estate = estate_with_ada()
    busy(estate, ("2026-05-02", 60))
    for number in range(100 - 30 - unknown):
        estate.served("ada", f"2026-06-15 11:{number // 60:02}:{number % 60:02}")
    for number in range(unknown):
        estate.served("ada", f"2026-06-16 12:00:0{number}", None)
    assert (sessions(estate)["percent"] > 0) == proved


def test_all_channels_not_provisioned_are_covered_fully() -> None:
    row = sessions(estate_with_ada(not_provisioned=["digital", "voice", "record"]))
    assert row["percent"] == row["season_percent"] == 100.0
    assert sessions(estate_with_ada(not_provisioned=["digital", "voice"]))["percent"] == 0


def cases(estate: Estate, source: str = "cases") -> dict[str, Any]:
    (row,) = [row for row in coverage(estate.roll(), CLIENT, WINDOW).to_dicts() if row["source"] == source]
    return row


def desk(
    estate: Estate, *, owners: int = 2, state: int | None = None, first: str = "2026-05-02", count: int = 60
) -> None:
    for number, day in enumerate(days(first, count)):
        estate.case(
            f"c{first}{number}",
            "ada",
            f"{day} 09:00",
            ownerid=guid(f"owner{number % owners}"),
            statecode=number % 2 if state is None else state,
        )


@pytest.mark.parametrize(
    ("owners", "count", "accept", "proved"),
    [(1, 50, [], False), (1, 49, [], True), (2, 60, [], True), (1, 60, ["filtered"], True)],
)
def test_all_cases_of_one_owner_look_filtered(owners: int, count: int, accept: list[str], proved: bool) -> None:
    estate = estate_with_ada(accept=accept)
    desk(estate, owners=owners, count=count, first=str(date.fromordinal(date(2026, 7, 1).toordinal() - count)))
    row = cases(estate)
    assert (row["percent"] > 0) == proved
    assert (row["reason"] is None) == proved


@pytest.mark.parametrize(("state", "proved"), [(0, False), (1, False), (2, False), (None, True)])
def test_an_old_stock_without_closed_or_without_active_cases_looks_filtered(state: int | None, proved: bool) -> None:
    estate = estate_with_ada()
    desk(estate, state=state, first="2025-10-01", count=100)
    desk(estate)
    assert (cases(estate)["percent"] > 0) == proved


def test_case_history_wants_versions_or_audit_rows_unless_waived() -> None:
    estate = estate_with_ada()
    desk(estate)
    assert cases(estate, "case_history")["percent"] == 100.0
    estate.append_only = set()
    assert cases(estate, "case_history")["percent"] == 0
    waived = estate_with_ada(accept=["last_touch"])
    waived.append_only = set()
    desk(waived)
    row = cases(waived, "case_history")
    assert (row["percent"], row["declared"]) == (100.0, ["last_touch"])


def test_audit_rows_make_a_history() -> None:
    estate = estate_with_ada()
    estate.append_only = set()
    desk(estate)
    for day in days("2026-05-02", 60):
        estate.add(
            "audit",
            f"a{day}",
            createdon=__import__("datetime").datetime.fromisoformat(f"{day} 08:00"),
            objecttypecode="incident",
            operation=1,
            userid=guid("x"),
        )
    assert cases(estate, "case_history")["percent"] == 100.0


def test_a_resolution_without_creator_proves_nothing_about_cases() -> None:
    estate = estate_with_ada()
    desk(estate)
    assert cases(estate)["percent"] == 100.0, "nobody need have resolved a case"
    estate.resolved("c2026-05-020", "ada", "2026-06-02")
    estate.without_columns = {"incidentresolution": {"createdby"}}
    assert cases(estate)["percent"] == 0


def test_cases_without_owner_are_not_of_one_owner() -> None:
    estate = estate_with_ada()
    desk(estate, owners=1)
    for row in estate.rows["incident"][1:]:
        row["ownerid"] = None
    assert cases(estate)["percent"] == 100.0


def test_a_declaration_makes_no_source_of_nothing() -> None:
    row = sessions(estate_with_ada(complete_from=date(2026, 5, 1), complete_to=date(2026, 6, 30)))
    assert (row["percent"], row["reason"]) == (0, "no record was loaded")


def test_an_empty_estate_proves_nothing() -> None:
    frame = coverage(Estate().roll(), CLIENT, WINDOW)
    assert frame["percent"].to_list() == [0.0, 0.0, 0.0]
    assert frame["reason"].null_count() == 0


def test_participants_of_bots_count_for_coverage_and_modes_do_not_matter() -> None:
    estate = estate_with_ada()
    estate.user("bot", msdyn_botapplicationid="b")
    estate.session("s", DIGITAL)
    for number, day in enumerate(days("2026-05-02", 60)):
        estate.joined(f"p{number}", "s", "bot", f"{day} 10:00", PRIMARY)
    assert sessions(estate)["percent"] == 100.0
