"""Team Members and nothing else: what the person's work says about the seat."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from d365bench.analysis.holds import first_place, insufficient
from d365bench.analysis.needs import interactions

TEAM_MEMBERS = "team_members"
# In the order in which they are asked; the last is what is left.
VERDICTS = ("exceeds", "review", "within_rights", "cannot_tell", "no_trace")


def verdict(thresholds: Mapping[str, int], *, environments_complete: bool) -> pl.Expr:
    """The first verdict that applies to somebody who holds Team Members and nothing else: its place, from 1."""
    tests = (
        exceeds(thresholds),
        (pl.col("other_cases") > 0)
        | (pl.col("queue_items") > 0)
        | (pl.col("own_cases") >= thresholds["team_members_review_own_cases"]),
        pl.col("own_cases") > 0,
        insufficient("cases", thresholds, environments_complete=environments_complete),
    )
    return first_place(tests, default=len(VERDICTS))


def exceeds(thresholds: Mapping[str, int]) -> pl.Expr:
    """Whether the work lies beyond the rights of Team Members."""
    served_others = (pl.col("other_resolved_cases") > 0) | (pl.col("other_case_days") >= 2)
    return (
        (interactions("digital") > 0)
        | (interactions("voice") > 0)
        | (pl.col("routed_records") > 0)
        | (pl.col("articles") > 0)
        | ((pl.col("other_cases") >= thresholds["team_members_min_other_cases"]) & served_others)
    )
