"""Team Members seats as shown: verdicts, counts and the very cases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from d365bench.analysis import team_members_view
from d365bench.notebook import Run
from service_desk import opened


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with opened(tmp_path_factory.mktemp("data")) as run:
        yield run


def test_verdicts_are_the_summarys(run: Run) -> None:
    rows = run.ask(team_members_view.people_by_verdict)
    assert dict(rows.select("verdict", "people").iter_rows()) == run.summary["team_members"]


def test_counts_behind_the_verdicts_cover_everybody(run: Run) -> None:
    rows = run.ask(team_members_view.verdicts_by_cases)
    assert rows["people"].sum() == sum(run.summary["team_members"].values())
    assert rows.select("verdict", "own_cases", "other_cases").is_duplicated().sum() == 0


def test_the_deciding_cases_are_others_and_resolved_ones_first(run: Run) -> None:
    rows = run.ask(team_members_view.deciding_cases)
    assert set(rows["verdict"]) == {"exceeds"}
    for _, cases in rows.group_by("person_id"):
        assert cases.height <= team_members_view.CASES_EACH
        assert cases["own"].is_sorted()
        assert cases["resolved"][0]
        assert cases["cases"].unique().to_list() == [cases["other_cases"][0]]


def test_no_case_is_read_for_nobody(run: Run) -> None:
    asked = (run.client, run.thresholds)
    assert team_members_view.deciding_cases(run.store, run.decided.clear(), *asked).is_empty()


def test_the_limits_are_the_thresholds(run: Run) -> None:
    assert team_members_view.limits(run.thresholds) == (10, 1)
