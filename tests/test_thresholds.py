"""Each threshold is declared once, with a default inside its own bounds."""

from __future__ import annotations

import pytest

from d365bench.errors import OutOfRange, UnknownParameter
from d365bench.thresholds import BY_NAME, THRESHOLDS, Threshold, resolve


def test_names_are_unique_and_defaults_lie_inside_the_bounds() -> None:
    assert len(BY_NAME) == len(THRESHOLDS)
    for threshold in THRESHOLDS:
        assert threshold.check(threshold.default) == threshold.default
        assert threshold.doc.endswith(".")


@pytest.mark.parametrize("threshold", THRESHOLDS, ids=lambda one: one.name)
def test_both_bounds_are_included_and_their_neighbours_are_not(threshold: Threshold) -> None:
    assert threshold.check(threshold.low) == threshold.low
    assert threshold.check(threshold.high) == threshold.high
    for outside in (threshold.low - 1, threshold.high + 1):
        with pytest.raises(OutOfRange, match=threshold.name):
            threshold.check(outside)


@pytest.mark.parametrize("value", [True, 90.0, "90", None])
def test_only_a_whole_number_is_a_threshold(value: object) -> None:
    with pytest.raises(OutOfRange):
        BY_NAME["window_days"].check(value)


def test_the_last_layer_wins_and_none_leaves_the_value_alone() -> None:
    values = resolve({"window_days": 90, "gap_days": 5}, {"window_days": 60, "gap_days": None})
    assert (values["window_days"], values["gap_days"], values["season_days"]) == (60, 5, 400)
    assert values.keys() == BY_NAME.keys()


def test_an_unknown_threshold_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownParameter, match=r"'window_day'.*'window_days'"):
        resolve({"window_day": 90})


@pytest.mark.parametrize("window_days", [400, 401])
def test_the_look_back_lies_before_the_window(window_days: int) -> None:
    with pytest.raises(OutOfRange, match="season_days"):
        resolve({"window_days": window_days})
    assert resolve({"window_days": window_days, "season_days": window_days + 1})["window_days"] == window_days
