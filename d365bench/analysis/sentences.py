"""Sentences: what the evidence says about one right of a person, each as a vectorised text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from d365bench.analysis.holds import CHANNELS, SOURCES, tenure
from d365bench.analysis.needs import interactions
from d365bench.analysis.written import percent

NOTHING = pl.lit(None, dtype=pl.String)


class Words(NamedTuple):
    """How a channel's work is called."""

    name: str
    one: str
    many: str
    queue: str


WORDS = {
    "digital": Words("Digital", "conversation", "conversations", "messaging"),
    "voice": Words("Voice", "call", "calls", "voice"),
}


def evidence_of(right: str, thresholds: Mapping[str, int]) -> pl.Expr:
    """What was counted for a right, how well that is covered, and since when there was nothing."""
    days = thresholds["window_days"]
    if right in CHANNELS:
        words = WORDS[right]
        work = said(
            f"{words.name}: ",
            count(interactions(right), words.one, words.many),
            f" handled or consulted in {days} days",
        )
        work = work + when(
            interactions(right) > 0, said(" on ", count(pl.col(f"{right}_days"), "day", "days"))
        ).fill_null("")
        return joined(work, covered(right), day(f"last {words.one} ", f"{right}_last"))
    if right == "enterprise":
        proofs = {
            "sla_cases": ("case with an SLA", "cases with an SLA"),
            "entitlement_cases": ("with an entitlement", "with an entitlement"),
            "copilot_cases": ("with Copilot", "with Copilot"),
            "routed_records": ("routed record", "routed records"),
        }
        counts = [count(pl.col(column), *words) for column, words in proofs.items()]
        work = pl.concat_str(
            [pl.lit("Enterprise: "), pl.concat_str(counts, separator=", "), pl.lit(f" in {days} days")]
        )
        return joined(work, covered(right))
    work = said("Cases: ", count(pl.col("actions"), "act", "acts"), f" in {days} days")
    cases = said(pl.col("own_cases"), " own and ", count(pl.col("other_cases"), "other case", "other cases"), " worked")
    return joined(work, cases, covered(right), day("last activity ", "last_activity"))


def covered(right: str) -> pl.Expr:
    """How much of the window the sources of a right cover; nothing where there is no environment to cover."""
    lowest = pl.min_horizontal(f"coverage_{source}" for source in SOURCES[right])
    return when(pl.col("environments").list.len() > 0, said("telemetry covers ", percentage(lowest), " % of them"))


def why_held(right: str, thresholds: Mapping[str, int], *, environments_complete: bool) -> dict[str, pl.Expr]:
    """For each hold, what it rests on and what would answer it."""
    answers = {
        "insufficient_data": doubts(right, thresholds, environments_complete=environments_complete),
        "confirm_indirect": pl.lit("another account did such work in this person's name: whose work is it?"),
        "confirm_seasonal": season(right, thresholds),
    }
    if right in CHANNELS:
        words = WORDS[right]
        monitored = pl.col(f"{right}_monitored")
        answers["confirm_supervisor"] = joined(
            when(monitored > 0, said("monitored ", count(monitored, words.one, words.many))),
            when(pl.col("supervisor"), pl.lit("holds a supervisor role")),
        ) + pl.lit(": does watching need the channel?")
        answers["confirm_queue"] = pl.lit(f"member of a {words.queue} queue: is work expected?")
    if right == "cases":
        seen = said("last seen ", pl.col("last_seen").dt.date().cast(pl.String), ": is reading cases part of the work?")
        answers["confirm_reader"] = (
            pl.when(pl.col("seen_in_window")).then(seen).otherwise(pl.lit("no export shows who opens the application"))
        )
    return answers


def doubts(right: str, thresholds: Mapping[str, int], *, environments_complete: bool) -> pl.Expr:
    """Why absence of work on a right cannot be proved."""
    lowest = pl.min_horizontal(f"coverage_{source}" for source in SOURCES[right])
    minimum, age = thresholds["coverage_min_percent"], thresholds["tenure_min_days"]
    parts = [
        when(
            (lowest < minimum) & (pl.col("environments").list.len() > 0),
            said("telemetry covers ", percentage(lowest), f" % of the window, {minimum} % are needed"),
        ),
        when(tenure(right) < age, said("only ", count(tenure(right), "day", "days"), f" old, {age} are needed")),
    ]
    if not environments_complete:
        parts.insert(0, when(~pl.col("has_record"), pl.lit("no user record in any production environment")))
    if right in CHANNELS:
        unknown = pl.col("unknown_sessions")
        parts.append(when(unknown > 0, said(count(unknown, "session", "sessions"), " of unknown channel")))
    return joined(*parts)


def season(right: str, thresholds: Mapping[str, int]) -> pl.Expr:
    """What the look-back says: work then, or too little coverage to tell."""
    before = f" in the {thresholds['season_days'] - thresholds['window_days']} days before"
    lowest = pl.min_horizontal(f"season_coverage_{source}" for source in SOURCES[right])
    if right in CHANNELS:
        words = WORDS[right]
        worked, how = pl.col(f"{right}_season") > 0, count(pl.col(f"{right}_season"), words.one, words.many)
    elif right == "enterprise":
        worked, how = pl.col("season_enterprise"), pl.lit("work that needs Enterprise")
    else:
        worked, how = pl.col("season_actions") > 0, count(pl.col("season_actions"), "act", "acts")
    thin = said("the ", before.removeprefix(" in the "), " are covered to ", percentage(lowest), " % only")
    return pl.when(worked).then(how + pl.lit(before) + pl.lit(": a season?")).otherwise(thin)


# -- words -------------------------------------------------------------------------------------------------------


def said(*parts: str | pl.Expr) -> pl.Expr:
    """Text and columns run together; null where a column is."""
    return pl.concat_str([pl.lit(part) if isinstance(part, str) else part for part in parts])


def joined(*parts: pl.Expr) -> pl.Expr:
    """The parts that are there, with semicolons between."""
    return pl.concat_str(parts, separator="; ", ignore_nulls=True)


def when(condition: pl.Expr, text: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(text).otherwise(NOTHING)


def count(number: pl.Expr, one: str, many: str) -> pl.Expr:
    return said(number, pl.when(number == 1).then(pl.lit(f" {one}")).otherwise(pl.lit(f" {many}")))


def day(label: str, column: str) -> pl.Expr:
    return said(label, pl.col(column).cast(pl.Date).cast(pl.String))


def percentage(number: pl.Expr) -> pl.Expr:
    """A percentage as elsewhere, but without the decimal of a whole one."""
    return percent(number).cast(pl.String).str.strip_suffix(".0")
