"""The estate at a glance: coverage as runs of days, activity by week, people by action."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest

from d365bench.analysis import estate
from d365bench.analysis.coverage import SCHEMA
from d365bench.client import Environment
from d365bench.notebook import Run
from d365bench.thresholds import resolve
from people import client, decided, person
from service_desk import opened

WINDOW = resolve({"window_days": 30, "season_days": 60})  # 2026-06-01 … 2026-06-30
SOURCE: dict[str, Any] = {
    "environment": "prod",
    "kind": "production",
    "service": True,
    "source": "sessions",
    "percent": 100.0,
    "season_percent": 100.0,
    "first_day": date(2026, 1, 1),
    "last_day": date(2026, 6, 30),
    "gaps": [],
    "reason": None,
    "declared": [],
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with opened(tmp_path_factory.mktemp("data")) as run:
        yield run


def spans(environment: Environment | None = None, **facts: Any) -> list[tuple[str, str, str]]:
    covered = pl.DataFrame([{**SOURCE, **facts}], schema={name: SCHEMA.get(name) for name in SOURCE})
    asked = replace(client(), environments=(environment or Environment("prod"),))
    rows = estate.coverage_spans(covered, asked, WINDOW)
    return [
        (state, str(first), str(end)) for state, first, end in rows.select("state", "first_day", "end_day").iter_rows()
    ]


def test_a_source_that_covers_the_window_is_one_run() -> None:
    assert spans() == [("days with records", "2026-06-01", "2026-07-01")]


def test_a_hole_parts_the_runs() -> None:
    found = spans(gaps=[[date(2026, 6, 5), date(2026, 6, 14)]], percent=66.7)
    assert found == [
        ("days with records", "2026-06-01", "2026-06-05"),
        ("hole", "2026-06-05", "2026-06-15"),
        ("days with records", "2026-06-15", "2026-07-01"),
    ]


def test_a_source_may_begin_and_end_inside_the_window() -> None:
    found = spans(first_day=date(2026, 6, 10), last_day=date(2026, 6, 20), percent=36.7)
    assert found == [
        ("outside the export", "2026-06-01", "2026-06-10"),
        ("days with records", "2026-06-10", "2026-06-21"),
        ("outside the export", "2026-06-21", "2026-07-01"),
    ]


def test_days_of_a_source_that_proves_nothing_are_no_proof() -> None:
    assert spans(percent=0.0, reason="looks filtered") == [("proves nothing", "2026-06-01", "2026-07-01")]


def test_without_a_record_every_day_lies_outside() -> None:
    found = spans(first_day=None, last_day=None, percent=0.0)
    assert found == [("outside the export", "2026-06-01", "2026-07-01")]


def test_a_declaration_is_shown_as_one() -> None:
    declared = Environment("prod", complete_from=date(2026, 6, 10), complete_to=date(2026, 6, 19))
    assert spans(declared, first_day=None, last_day=None, percent=33.3) == [
        ("outside the export", "2026-06-01", "2026-06-10"),
        ("covered by declaration", "2026-06-10", "2026-06-20"),
        ("outside the export", "2026-06-20", "2026-07-01"),
    ]
    accepted = {"first_day": None, "last_day": None, "declared": ["last_touch"]}
    assert spans(**accepted) == [("covered by declaration", "2026-06-01", "2026-07-01")]


def test_what_is_never_counted_says_so() -> None:
    rows = pl.DataFrame(
        [{**SOURCE, "kind": "sandbox"}, {**SOURCE, "service": False}], schema_overrides={"gaps": SCHEMA["gaps"]}
    )
    found = estate.coverage_spans(rows, client(), WINDOW)
    assert found["environment"].to_list() == ["prod (sandbox)", "prod (no service)"]


def test_weeks_are_counted_back_from_the_day_and_all_are_there(run: Run) -> None:
    rows = run.ask(estate.activity_by_week)
    weeks = rows.filter(pl.col("work") == "digital")["week_day"]
    assert (weeks.len(), weeks.min(), weeks.max()) == (25, date(2026, 1, 7), date(2026, 6, 24))
    assert rows["records"].min() == 0
    # every act of the 25 weeks, counted by hand from the rolled-up table
    days = run.store.connection.sql("FROM activity_day").pl()
    shown = days.filter(pl.col("day").is_between(date(2026, 1, 7), date(2026, 6, 30)))
    assert rows["records"].sum() == shown["n"].sum()


def test_gaps_leave_out_the_case_history_that_was_waived(run: Run) -> None:
    gaps = run.ask(estate.activity_gaps)
    assert set(gaps.iter_rows()) == {
        ("field", source, date(2026, 3, 3), date(2026, 4, 21)) for source in ("cases", "sessions")
    }


def test_people_by_action_puts_what_changes_first() -> None:
    rows = decided(
        person("cs_enterprise"),
        person("cs_enterprise", sla_cases=1, actions=1),
        person("cs_enterprise+voice", sla_cases=1, actions=1, queue_voice=True),
    )
    found = estate.people_by_action(rows)
    assert found.select("action", "kind", "people").rows() == [
        ("reclaim", "change", 1),
        ("confirm_queue", "ask first", 1),
        ("keep", "nothing to do", 1),
    ]


def test_the_headline_is_the_summarys(run: Run) -> None:
    rows = {row["figure"]: row["value"] for row in run.ask(estate.headline).iter_rows(named=True)}
    assert rows["Ready saving"] == run.summary["monthly"]["saving_ready"]
    assert rows["Seats assigned"] == sum(seat["assigned"] for seat in run.summary["seats"].values())
