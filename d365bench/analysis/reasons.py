"""Reasons: why each row says what it says, in sentences that can be read to a client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from d365bench.analysis.disputes import UNVERIFIED_PRICE
from d365bench.analysis.holds import CHANNELS
from d365bench.analysis.needs import interactions, proofs
from d365bench.analysis.sentences import evidence_of, said, when, why_held
from d365bench.analysis.team_members import TEAM_MEMBERS
from d365bench.client import Client
from d365bench.rulebook import RIGHTS, Rulebook

BETWEEN = " | "
VERDICTS = {
    "exceeds": "Team Members: the work goes beyond its rights",
    "review": "Team Members: cases of others, queue work or many own cases; does this person serve customers?",
    "within_rights": "Team Members: own cases only, as it allows",
    "cannot_tell": "Team Members: the telemetry cannot tell what it is used for",
    "no_trace": "Team Members: no work that it would be exceeded by",
}


def with_reasons(
    decided: pl.DataFrame,
    thresholds: Mapping[str, int],
    rulebook: Rulebook,
    client: Client,
    coverage: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The decided frame with `reasons`: a sentence per right and hold, and per thing to know or to ask.

    Args:
        coverage: environment, source, reason and declared: what a source cannot prove, and what the client declared.
    """
    if coverage is not None:
        decided = decided.join(coverage_notes(decided, coverage), on="person_id", how="left", maintain_order="left")
    parts = [
        *situation(),
        *(about(right, thresholds, client) for right in RIGHTS),
        *team_members(),
        *prices(client),
        *disputed(rulebook),
        when(
            pl.col("decision").is_not_null(),
            said("Decided earlier: ", pl.col("decision").str.replace_all("|", ", ", literal=True)),
        ),
        *(notes(column) for column in ("product_notes", "coverage_notes") if column in decided.columns),
    ]
    # `actions` counts acts in the evidence, on which the sentences are built
    facts = decided.drop("actions").rename({"acts": "actions"})
    return decided.with_columns(
        reasons=facts.select(pl.concat_str(parts, separator=BETWEEN, ignore_nulls=True)).to_series()
    )


def situation() -> Iterator[pl.Expr]:
    """What sets the row apart before any right is looked at."""
    yield when(pl.col("left"), pl.lit("Left: the account is disabled"))
    unknown = pl.col("licence_known") == "unknown"
    yield when(unknown, pl.lit("Products unknown: no complete licence export shows this person"))
    unmatched = (pl.col("licence_known") == "absent_complete") & (pl.col("current_products").list.len() == 0)
    yield when(
        unmatched & ~pl.col("left"), pl.lit("Works, but is not found in a complete licence export: under another name?")
    )
    yield when(~pl.col("human"), pl.lit("Not a person: a licence on a bot, application or service account"))
    standalone = pl.col("out_of_scope") & pl.col("human") & ~pl.col("decision").fill_null("").str.contains("exclude")
    yield when(standalone, pl.lit("Contact Center serves any application: left as is"))
    yield when(
        pl.col("status") == "conditional",
        pl.lit("Professional only once the environment holds no Enterprise people and is small enough"),
    )


def about(right: str, thresholds: Mapping[str, int], client: Client) -> pl.Expr:
    """The sentence on a right that the person has, needs or keeps."""
    answers = why_held(right, thresholds, environments_complete=client.environments_complete)
    held = pl.coalesce(
        when(pl.col("holds").list.contains(f"{right}:{hold}"), said(f"; kept ({hold}): ", answer))
        for hold, answer in answers.items()
    )
    needed = pl.col("needs").list.contains(right)
    ending = pl.when(needed).then(pl.lit("; needed")).otherwise(pl.lit("; not needed"))
    if right in CHANNELS:
        few = interactions(right) <= thresholds["thin_max_interactions"]
        ending = pl.when(needed & few).then(pl.lit("; needed, thinly used")).otherwise(ending)
    ending = pl.when(needed & ~proofs(thresholds)[right]).then(pl.lit("; kept by a decision")).otherwise(ending)
    # a Team Members seat has a verdict of its own
    judged_apart = pl.col("team_members_verdict").is_not_null() & (pl.col("team_members_verdict") != "exceeds")
    ending = pl.when(judged_apart).then(pl.lit("")).otherwise(ending)
    concerned = needed | pl.col("rights").list.contains(right)
    judged = ~pl.col("left") & ~pl.col("out_of_scope")
    return when(concerned & judged, evidence_of(right, thresholds) + pl.coalesce(held, ending))


def team_members() -> Iterator[pl.Expr]:
    """The verdict on a Team Members seat, or the question whether it is needed beside another product."""
    for verdict, text in VERDICTS.items():
        sentence = pl.lit(text)
        if verdict == "review":
            sentence = sentence + said(" If so: ", pl.col("team_members_target").list.join("+")).fill_null("")
        yield when(pl.col("team_members_verdict") == verdict, sentence)
    products = pl.col("current_products")
    beside = products.list.contains(TEAM_MEMBERS) & (products.list.len() > 1)
    yield when(beside, pl.lit("Team Members beside another product: does another application need it?"))


def prices(client: Client) -> Iterator[pl.Expr]:
    """What has no price."""
    missing = pl.col("no_price_for")
    yield when(
        missing.list.len() > 0,
        said(
            "Needed, but no product with a price grants it: ",
            missing.list.join(", "),
            f" (prices in {client.currency})",
        ),
    )
    known = pl.col("target_products").is_not_null() & (pl.col("licence_known") != "unknown")
    excluded = pl.col("decision").fill_null("").str.contains("exclude")
    unpriced = known & ~excluded & pl.col("monthly_now").is_null() & (missing.list.len() == 0)
    yield when(unpriced, pl.lit("A product held has no price: it is kept, and the row carries no money"))


def disputed(rulebook: Rulebook) -> Iterator[pl.Expr]:
    """The disputed facts that decided the row."""
    facts = {
        dispute.key: f"{dispute.fact}: computed with '{dispute.default}'; or {dispute.other}"
        for dispute in rulebook.disputes
    }
    facts[UNVERIFIED_PRICE] = "a list price that one secondary source gives: an estimate"
    for fact, text in facts.items():
        yield when(pl.col("disputed_facts").list.contains(fact), pl.lit(f"Depends on a disputed fact: {text}"))


def notes(column: str) -> pl.Expr:
    """Notes that the evidence brings along."""
    text = pl.col(column).list.join(BETWEEN)
    return when(text != "", text)


def coverage_notes(people: pl.DataFrame, coverage: pl.DataFrame) -> pl.DataFrame:
    """One row per person with notes: what his or her environments cannot prove, and what is declared for them."""
    where = pl.col("environment") + pl.lit(": ")
    failing = coverage.filter(pl.col("reason").is_not_null() & (pl.col("reason") != ""))
    reasons = failing.select("environment", note=where + pl.col("source") + pl.lit(": ") + pl.col("reason"))
    given = coverage.select("environment", declared="declared").explode("declared").drop_nulls().unique()
    declared = given.select("environment", note=where + pl.lit("declared by the client: ") + pl.col("declared"))
    notes = pl.concat([reasons, declared])
    each = people.select("person_id", environment="environments").explode("environment").drop_nulls()
    found = each.join(notes, on="environment").group_by("person_id").agg(coverage_notes=pl.col("note").sort())
    return people.select("person_id").join(found, on="person_id", how="left")
