"""Channels: who makes what of a right, and that the page's slider says what the decision would."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import polars as pl
import pytest

from d365bench.analysis import channels
from d365bench.analysis.decide import decide
from d365bench.notebook import Run
from d365bench.thresholds import resolve
from people import RULES, client, decided, environments, evidence, person
from service_desk import opened


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with opened(tmp_path_factory.mktemp("data")) as run:
        yield run


def by_channel(run: Run) -> dict[tuple[str, str], int]:
    rows = run.ask(channels.agents_by_channel)
    return {(row["channel"], row["use"]): row["people"] for row in rows.iter_rows(named=True)}


def test_agents_by_channel_are_those_that_the_service_desk_was_made_of(run: Run) -> None:
    assert by_channel(run) == {
        ("digital", "live"): 13,  # both, premium and four of the chatty
        ("digital", "thin"): 4,  # thin, and the least chatty
        ("digital", "held"): 6,  # leads who only monitored, and the field that nobody can see
        ("digital", "idle"): 6,  # idle, and those who left
        ("voice", "live"): 6,
        ("voice", "thin"): 3,
        ("voice", "held"): 4,
        ("voice", "idle"): 16,
        ("voice", "worked without the right"): 2,
    }


def test_a_higher_thin_maximum_moves_people_from_live_to_thin(run: Run) -> None:
    before, after = by_channel(run), by_channel(run.under({**run.thresholds, "thin_max_interactions": 1000}))
    assert after["digital", "thin"] == before["digital", "live"] + before["digital", "thin"]
    assert ("digital", "live") not in after


@pytest.mark.parametrize("channel", ["digital", "voice"])
@pytest.mark.parametrize("minimum", [1, 2, 3, 10, 40, 200, 1500])
def test_the_slider_counts_what_a_new_decision_would(run: Run, channel: str, minimum: int) -> None:
    rows = channels.per_agent(run.channel_people, channel, minimum)
    # what the page sums when its slider stands on this minimum
    below = rows.filter(~pl.col("enough_days") | (pl.col("interactions") < minimum), pl.col("standing") != "kept")
    other = run.under({**run.thresholds, f"{channel}_min_interactions": minimum}).channel_people
    holders = other.filter((pl.col("channel") == channel) & pl.col("has_right"))
    assert below["people"].sum() == holders.filter(~pl.col("works")).height
    for standing, money in (("goes", "monthly_saving"), ("held", "monthly_withheld")):
        assert below.filter(standing=standing)["monthly_right"].sum() == pytest.approx(holders[money].sum())


def cost(products: str, channel: str) -> float | None:
    rows = decided(person(products))
    return channels.cost_of_right(rows, channel, RULES, client({"digital_messaging": 72.0, "voice": 75.0})).item()


def test_a_right_costs_what_its_add_on_costs() -> None:
    assert cost("cs_enterprise+digital_messaging+voice", "digital") == 72.0
    assert cost("cs_enterprise+digital_messaging+voice", "voice") == 75.0


def test_a_right_of_a_base_costs_the_difference_to_the_next_set() -> None:
    # Premium at 195 against Enterprise at 105 with one add-on
    assert cost("cs_premium", "voice") == 195.0 - 105.0 - 72.0
    assert cost("cs_premium", "digital") == 195.0 - 105.0 - 75.0


def test_an_add_on_without_its_base_is_no_right() -> None:
    assert cost("cs_professional+voice", "voice") is None
    assert cost("cs_enterprise", "voice") is None


def test_what_an_earlier_decision_keeps_is_never_idle() -> None:
    keep = client(decisions=[("ada@example.test", "voice", "keep", date(2026, 6, 1), None)])
    frame = evidence(person("cs_enterprise+voice", sla_cases=1))
    asked = (environments(), RULES, keep, resolve())
    people = channels.channel_people(frame, decide(frame, *asked), *asked)
    assert people.select("channel", "standing", "use").rows() == [("voice", "kept", "thin")]


def test_groups_without_anybody_are_shown_up_to_the_last_that_has_somebody(run: Run) -> None:
    rows = run.ask(channels.digital_per_agent)
    assert rows["bucket"].unique(maintain_order=True).to_list() == channels.bucket_names()[:8]
    assert rows["people"].sum() == 29


def test_the_names_of_the_groups() -> None:
    assert channels.bucket_names()[:5] == ["0", "1", "2", "3–5", "6–10"]
    assert channels.bucket_names()[-2:] == ["501–1,000", "over 1,000"]


def test_nobody_gives_no_group(run: Run) -> None:
    assert channels.per_agent(run.channel_people.clear(), "voice", 1).is_empty()


def test_idle_agents_are_the_dearest_first_and_held_ones_save_nothing(run: Run) -> None:
    rows = run.ask(channels.idle_agents)
    assert rows["monthly_saving"].is_sorted(descending=True)
    held = rows.filter(pl.col("use") == "held")
    assert held["monthly_saving"].sum() == 0.0
    assert held["hold"].null_count() == 0
    assert (held["monthly_withheld"] > 0).all()
    assert rows.filter(pl.col("use") == "idle")["hold"].null_count() == rows.height - held.height
