"""Channels: who makes what of a right, and that the page's slider says what the decision would."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pytest

from d365bench.analysis import channels
from d365bench.notebook import Run
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
def test_the_sliders_money_is_the_decisions(run: Run, channel: str, minimum: int) -> None:
    other = run.under({**run.thresholds, f"{channel}_min_interactions": minimum})
    holders = run.channel_people.filter((pl.col("channel") == channel) & pl.col("has_right"))
    rows = channels.per_agent(holders, channel, minimum)
    # what the page sums when its slider stands on this minimum
    below = rows.filter(~pl.col("enough_days") | (pl.col("interactions") < minimum))
    nothing_idle = run.under({**run.thresholds, f"{channel}_min_interactions": 1})
    decided = {
        name: asked.decided.filter(pl.col("person_id").is_in(holders["person_id"].implode()))
        for name, asked in (("at", other), ("one", nothing_idle))
    }
    needed = {name: frame["needs"].list.contains(channel) for name, frame in decided.items()}
    assert below["people"].sum() == (~needed["at"]).sum()
    # between two minimums the difference in the page is the difference between two decisions
    idle_at_one = rows.filter(~pl.col("enough_days") | (pl.col("interactions") < 1))
    saved = below["monthly"].sum() - idle_at_one["monthly"].sum()
    assert saved == pytest.approx(decided["one"]["monthly_target"].sum() - decided["at"]["monthly_target"].sum())


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
