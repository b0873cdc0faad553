"""Fired: every rule of the decision as it was asked about one person, with its thresholds, figures and sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import polars as pl

from d365bench.analysis.disputes import KNOWLEDGE, SLA
from d365bench.analysis.holds import CHANNELS, HOLDS, INDIRECT, SEASON, SOURCES, insufficient, may_read, uncovered
from d365bench.analysis.needs import channel
from d365bench.analysis.outcome import SUPERVISOR
from d365bench.analysis.reasons import VERDICTS
from d365bench.analysis.sentences import evidence_of, why_held
from d365bench.analysis.team_members import TEAM_MEMBERS
from d365bench.client import Client
from d365bench.rulebook import Rulebook
from d365bench.thresholds import BY_NAME

# Confidence of the rule book, the surest first: a rule is as sure as the least sure thing that it rests on.
CONFIDENCE = ("confirmed", "disputed", "unverified")
ENTERPRISE_PROOFS = {
    "sla_cases": ("sla_min_cases",),
    "entitlement_cases": (),
    "copilot_cases": (),
    "routed_records": (),
}
FIGURES = {
    "insufficient_data": ("has_record", "unknown_sessions", "tenure_record"),
    "confirm_seasonal": ("season_actions", "season_enterprise"),
    "confirm_reader": ("last_seen", "last_seen_exported", "seen_in_window", "account_enabled"),
}
Row = Mapping[str, Any]


class Asked(NamedTuple):
    """What rules are asked about: one person's decided row, under one client's thresholds."""

    facts: pl.DataFrame  # one row: the evidence, with `actions` counting acts
    row: Row  # the same person as decided
    thresholds: Mapping[str, int]
    client: Client
    rulebook: Rulebook

    def holds_true(self, test: pl.Expr) -> bool:
        return bool(self.facts.select(test.fill_null(False).any()).item())

    def text(self, sentence: pl.Expr) -> str | None:
        value = self.facts.select(sentence.first()).item()
        return None if value is None else str(value)


def rules(asked: Asked, rights: Iterable[str]) -> list[dict[str, Any]]:
    """Every rule that was asked, in the order of asking; `applies` says which fired."""
    found = [*situation(asked)]
    if not asked.row["left"] and not asked.row["out_of_scope"]:
        for right in rights:
            found += [*proofs(asked, right), *holds(asked, right)]
        found += [*team_members(asked)]
    return [*found, *target(asked), *decisions(asked)]


def rule(
    asked: Asked,
    name: str,
    applies: bool,
    says: str | None,
    *,
    right: str | None = None,
    thresholds: Iterable[str] = (),
    figures: Iterable[str] = (),
    sources: Iterable[str] = (),
    confidence: str = "confirmed",
) -> dict[str, Any]:
    """One rule as JSON can hold it; the client's own data has no source in the rule book."""
    return {
        "rule": name,
        "right": right,
        "applies": applies,
        "says": says,
        "thresholds": {
            name: {"value": asked.thresholds[name], "default": BY_NAME[name].default} for name in thresholds
        },
        "figures": {name: asked.facts[name][0] for name in figures if name in asked.facts.columns},
        "sources": {key: asked.rulebook.sources.get(key, key) for key in sorted(set(sources))},
        "confidence": confidence,
    }


# -- who ---------------------------------------------------------------------------------------------------------


def situation(asked: Asked) -> Iterator[dict[str, Any]]:
    """What sets a person apart before any right is looked at."""
    row = asked.row
    yield rule(
        asked, "left", row["left"], "The account is disabled, or no directory row and every user record is disabled.",
        figures=("account_enabled", "has_record"),
    )  # fmt: skip
    yield rule(
        asked, "licences_known", row["licence_known"] == "found",
        {
            "found": "The licence export shows this person.",
            "absent_complete": "A complete licence export does not show this person.",
            "unknown": "No complete licence export shows this person: products are unknown.",
        }[row["licence_known"]],
        figures=("licence_known",),
    )  # fmt: skip
    if row["out_of_scope"]:
        held = [product for product in row["current_products"] if product in asked.rulebook.products]
        says = "Not a person, excluded by a decision, or a product that serves any application: left as is."
        yield rule(asked, "out_of_scope", True, says, figures=("human",), **source_of(asked.rulebook, held))


# -- needs and holds ---------------------------------------------------------------------------------------------


def proofs(asked: Asked, right: str) -> Iterator[dict[str, Any]]:
    """What proves that a right is needed."""
    where = source_of(asked.rulebook, granting(asked, right))
    says = asked.text(evidence_of(right, asked.thresholds))
    if right in CHANNELS:
        minimums = (f"{right}_min_interactions", f"{right}_min_days")
        figures = (f"{right}_handled", f"{right}_consulted", f"{right}_days")
        proved = asked.holds_true(channel(right, asked.thresholds))
        by_channel = asked.rulebook.channels.filter(pl.col("class") == right)
        where["sources"] = [*where["sources"], *by_channel["source"].unique()]
        yield rule(
            asked, "work_proves_need", proved, says, right=right, figures=figures,
            thresholds=("window_days", *minimums), **where,
        )  # fmt: skip
    elif right == "enterprise":
        for figure, minimum in ENTERPRISE_PROOFS.items():
            least = asked.thresholds[minimum[0]] if minimum else 1
            disputed = disputed_by(asked, SLA) if figure == "sla_cases" else {}
            yield rule(
                asked, f"{figure}_prove_need", asked.row[figure] >= least, says, right=right, figures=(figure,),
                thresholds=("window_days", *minimum), **(where | disputed),
            )  # fmt: skip
    else:
        yield rule(
            asked, "any_act_proves_need", asked.facts["actions"][0] > 0, says, right=right,
            figures=("actions", "own_cases", "other_cases"), thresholds=("window_days",),
            **(where | (disputed_by(asked, KNOWLEDGE) if asked.row["articles"] else {})),
        )  # fmt: skip


def holds(asked: Asked, right: str) -> Iterator[dict[str, Any]]:
    """Each doubt in its order; the first that applies to a right held and not proved names the hold."""
    complete, values = asked.client.environments_complete, asked.thresholds
    tests = {
        "insufficient_data": insufficient(right, values, environments_complete=complete),
        "confirm_indirect": INDIRECT[right],
        "confirm_seasonal": SEASON[right] | uncovered(right, values, prefix="season_coverage"),
    }
    thresholds = {
        "insufficient_data": ("coverage_min_percent", "gap_days", "tenure_min_days"),
        "confirm_seasonal": ("season_days", "coverage_min_percent", "gap_days"),
    }
    figures = {
        **FIGURES,
        "insufficient_data": (*FIGURES["insufficient_data"], *(f"coverage_{one}" for one in SOURCES[right])),
        "confirm_indirect": (f"indirect_{'actions' if right == 'cases' else right}",),
        "confirm_supervisor": ("supervisor", f"{right}_monitored"),
        "confirm_queue": (f"queue_{right}",),
    }
    if right in CHANNELS:
        tests["confirm_supervisor"] = (pl.col(f"{right}_monitored") > 0) | pl.col("supervisor")
        tests["confirm_queue"] = pl.col(f"queue_{right}")
        figures["confirm_seasonal"] = (f"{right}_season", f"season_coverage_{right}")
    if right == "cases":
        tests["confirm_reader"] = may_read()
    sentences = why_held(right, values, environments_complete=complete)
    named = dict(hold.split(":") for hold in asked.row["holds"])
    for hold in HOLDS:
        if hold not in tests:
            continue
        is_true = asked.holds_true(tests[hold])
        found = rule(
            asked, hold, is_true, asked.text(sentences[hold]) if is_true else None, right=right,
            thresholds=thresholds.get(hold, ()), figures=figures[hold],
            **(disputed_by(asked, SUPERVISOR) if hold == "confirm_supervisor" else {}),
        )  # fmt: skip
        yield {**found, "names_the_hold": named.get(right) == hold}


def team_members(asked: Asked) -> Iterator[dict[str, Any]]:
    """The verdict on a Team Members seat."""
    verdict = asked.row["team_members_verdict"]
    if verdict is None:
        return
    yield rule(
        asked, f"team_members_{verdict}", True, VERDICTS[verdict],
        thresholds=("team_members_min_other_cases", "team_members_review_own_cases"),
        figures=("own_cases", "other_cases", "other_resolved_cases", "other_case_days", "queue_items", "articles"),
        **source_of(asked.rulebook, [TEAM_MEMBERS]),
    )  # fmt: skip


# -- what follows ------------------------------------------------------------------------------------------------


def target(asked: Asked) -> Iterator[dict[str, Any]]:
    """The cheapest set, and the environment that has no room for it yet."""
    row = asked.row
    if row["target_products"] is None:
        return
    products = {*row["current_products"], *row["target_products"], *(row["ready_target_products"] or [])}
    known = sorted(products & set(asked.rulebook.products))
    rights = [*row["needs"], *(hold.split(":")[0] for hold in row["holds"])]
    says = f"Cheapest valid set for {', '.join(rights) or 'no need'}: {'+'.join(row['target_products']) or 'nothing'}."
    yield rule(asked, "cheapest_set", True, says, **source_of(asked.rulebook, known))
    if row["status"] == "conditional":
        says = "Professional waits: an environment still holds Enterprise people, or is too large for Professional."
        yield rule(asked, "environment_waits", True, says, **source_of(asked.rulebook, ["cs_professional"]))
    for fact in row["disputed_facts"]:
        told = next((one for one in asked.rulebook.disputes if one.key == fact), None)
        says = f"{told.fact}: computed with '{told.default}'; or {told.other}" if told else "an estimated list price"
        yield rule(
            asked, f"disputed:{fact}", True, says, sources=told.sources if told else (),
            confidence="disputed" if told else "unverified",
        )  # fmt: skip


def decisions(asked: Asked) -> Iterator[dict[str, Any]]:
    """What a person decided earlier, as it was applied."""
    for decision in (asked.row["decision"] or "").split("|"):
        if decision:
            yield rule(asked, "decided_earlier", True, decision)


# -- sources -----------------------------------------------------------------------------------------------------


def granting(asked: Asked, right: str) -> list[str]:
    """The products of today and of the target that grant a right; where none does, every product that would."""
    products = asked.rulebook.products
    near = {*asked.row["current_products"], *(asked.row["target_products"] or [])} & set(products)
    found = [product for product in sorted(near) if right in products[product].rights]
    return found or [product.key for product in products.values() if right in product.rights]


def source_of(rulebook: Rulebook, products: Iterable[str]) -> dict[str, Any]:
    """Where the rights of products were read, and how sure the least sure of them is."""
    told = [rulebook.products[product] for product in products]
    confidence = max((one.confidence for one in told), key=CONFIDENCE.index, default="confirmed")
    return {"sources": [source for one in told for source in one.sources], "confidence": confidence}


def disputed_by(asked: Asked, fact: str) -> dict[str, Any]:
    """The sources of a disputed fact."""
    dispute = next(one for one in asked.rulebook.disputes if one.key == fact)
    return {"sources": [*dispute.sources], "confidence": "disputed"}
