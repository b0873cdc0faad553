"""Every number that a reader may argue with, declared once.

The declaration feeds SQL parameters, `decide`, sliders, the command line, client.toml and docs/thresholds.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from d365bench.errors import OutOfRange, UnknownParameter


@dataclass(frozen=True)
class Threshold:
    """One number: its default, bounds (both included), step, unit and meaning."""

    name: str
    default: int
    low: int
    high: int
    unit: str
    doc: str
    step: int = 1

    def check(self, value: object) -> int:
        """The value as an integer within the bounds; raises OutOfRange."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise OutOfRange(
                f"{self.name} = {value!r}: a whole number is needed ({self.low} to {self.high} {self.unit})"
            )
        if not self.low <= value <= self.high:
            raise OutOfRange(f"{self.name} = {value}: outside {self.low} to {self.high} {self.unit}")
        return value


THRESHOLDS: tuple[Threshold, ...] = (
    Threshold("window_days", 180, 30, 730, "days", "The window is [as_of − window_days, as_of).", 10),
    Threshold(
        "season_days",
        400,
        31,
        1460,
        "days",
        "The look-back is [as_of − season_days, as_of − window_days); above window_days.",
        10,
    ),
    Threshold(
        "digital_min_interactions",
        1,
        1,
        10_000,
        "interactions",
        "Counted digital interactions in the window that make digital needed.",
    ),
    Threshold("digital_min_days", 1, 1, 365, "days", "And on at least so many days."),
    Threshold(
        "voice_min_interactions",
        1,
        1,
        10_000,
        "interactions",
        "Counted voice interactions in the window that make voice needed.",
    ),
    Threshold("voice_min_days", 1, 1, 365, "days", "And on at least so many days."),
    Threshold(
        "sla_min_cases", 1, 1, 10_000, "cases", "Distinct cases with an SLA that the person worked, to need enterprise."
    ),
    Threshold(
        "team_members_min_other_cases",
        1,
        1,
        10_000,
        "cases",
        "Distinct cases of others that put a Team Members seat beyond its rights.",
    ),
    Threshold(
        "team_members_review_own_cases",
        10,
        1,
        10_000,
        "cases",
        "So many own cases look like serving customers: review.",
    ),
    Threshold("tenure_min_days", 60, 0, 365, "days", "What is younger than this is not judged."),
    Threshold("coverage_min_percent", 80, 0, 100, "percent", "Below it the source cannot prove absence."),
    Threshold("gap_days", 7, 2, 60, "days", "So many whole days running without a record are a hole in the source."),
    Threshold(
        "thin_max_interactions",
        5,
        0,
        1_000,
        "interactions",
        "A needed channel with at most so many interactions is shown as thin.",
    ),
    Threshold("headroom_percent", 0, 0, 100, "percent", "Renewal quantities above the verified count."),
)
BY_NAME: Mapping[str, Threshold] = {threshold.name: threshold for threshold in THRESHOLDS}


def resolve(*layers: Mapping[str, object]) -> dict[str, int]:
    """Every threshold's value: the default, overridden by each layer in turn (None in a layer: not given).

    Raises UnknownParameter for a name that is no threshold, OutOfRange for a value outside its bounds or a
    season_days that is not above window_days.
    """
    values = {threshold.name: threshold.default for threshold in THRESHOLDS}
    for layer in layers:
        for name, value in layer.items():
            if name not in BY_NAME:
                raise UnknownParameter(name, BY_NAME, kind="threshold")
            if value is not None:
                values[name] = BY_NAME[name].check(value)
    if values["season_days"] <= values["window_days"]:
        raise OutOfRange(
            f"season_days = {values['season_days']}: must be above window_days = {values['window_days']},"
            " the look-back lies before the window"
        )
    return values
