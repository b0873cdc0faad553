"""Team Members seats as shown: verdicts, the counts behind them, and the very cases."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from d365bench.client import Client
from d365bench.store import Store

CASES_EACH = 3  # enough to open and look; the counts are in the ledger


def people_by_verdict(decided: pl.DataFrame) -> pl.DataFrame:
    """One row per verdict: people, and what the seats cost today, then, and if confirmed."""
    return (
        judged(decided)
        .group_by("verdict")
        .agg(
            pl.len().cast(pl.Int64).alias("people"),
            pl.col("monthly_now", "monthly_target", "exposure_to_confirm").sum(),
        )
        .sort("people", "verdict", descending=[True, False])
    )


def verdicts_by_cases(decided: pl.DataFrame) -> pl.DataFrame:
    """One row per verdict and pair of own and others' cases."""
    return (
        judged(decided)
        .group_by("verdict", "own_cases", "other_cases")
        .agg(
            pl.len().cast(pl.Int64).alias("people"),
            pl.col("other_resolved_cases", "other_case_days", "queue_items", "articles").max(),
        )
        .sort("other_cases", "own_cases", "verdict", descending=[True, True, False])
    )


def deciding_cases(store: Store, decided: pl.DataFrame, client: Client, thresholds: Mapping[str, int]) -> pl.DataFrame:
    """One row per telling case of everybody whose seat is exceeded or to be reviewed, the clearest first."""
    people = judged(decided).filter(pl.col("verdict").is_in(["exceeds", "review"]))
    store.register("asked_person", people.select("person_id"))
    cases = store.query("view/deciding_cases", as_of=client.as_of, cases_each=CASES_EACH, **thresholds)
    labels = people.select(
        "person_id",
        "upn",
        "display_name",
        "verdict",
        "other_cases",
        pl.col("team_members_target").fill_null(pl.col("target_products")).list.join(" + ").alias("would_need"),
        (pl.coalesce("exposure_to_confirm", "monthly_target") - pl.col("monthly_now")).alias("monthly_more"),
    )
    return labels.join(cases, on="person_id", how="left").sort(
        "verdict", "other_cases", "person_id", descending=[False, True, False], maintain_order=True
    )


def limits(thresholds: Mapping[str, int]) -> tuple[int, int]:
    """From how many own cases on a seat is reviewed, and from how many of others it is exceeded."""
    return thresholds["team_members_review_own_cases"], thresholds["team_members_min_other_cases"]


def judged(decided: pl.DataFrame) -> pl.DataFrame:
    """The people with a Team Members seat and nothing else."""
    return decided.filter(pl.col("team_members_verdict").is_not_null()).rename({"team_members_verdict": "verdict"})
