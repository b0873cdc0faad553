"""Settle: the outcome of one combination of products, needs and holds, whoever and however many share it."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from d365bench.analysis import actions
from d365bench.analysis.disputes import facts
from d365bench.analysis.outcome import Outcome
from d365bench.analysis.target import NO_PRODUCTS, PROFESSIONAL, Holding, Products, Rights, Search
from d365bench.analysis.team_members import TEAM_MEMBERS, VERDICTS
from d365bench.rulebook import RIGHTS

SEAT: Products = frozenset({TEAM_MEMBERS})


class Case(NamedTuple):
    """What the people of one combination have in common: everything that decides, and nothing else."""

    products: str | None  # '+'-joined; None: unknown
    keep: str
    remove: str
    excluded: bool
    human: bool
    left: bool
    in_complete_source: bool
    live_chat_only: bool
    verdict: int  # its place in VERDICTS, from 1; 0 for none
    sla_alone: bool  # nothing but an SLA proves `enterprise`
    authored: bool  # wrote knowledge
    proved_cases: bool
    proved_digital: bool
    proved_enterprise: bool
    proved_voice: bool
    held_cases: bool
    held_digital: bool
    held_enterprise: bool
    held_voice: bool

    def proved(self) -> Rights:
        return frozenset(right for right in RIGHTS if getattr(self, f"proved_{right}"))

    def held(self) -> Rights:
        """The rights that a hold keeps, whichever it is."""
        return frozenset(right for right in RIGHTS if getattr(self, f"held_{right}"))


def split(products: str) -> Products:
    return frozenset(products.split("+")) if products else NO_PRODUCTS


def needs_split(search: Search, today: Products, target: Products | None) -> bool:
    """Whether the target brings a Professional person into an environment in which he or she was none."""
    return target is not None and search.level(target) == PROFESSIONAL != search.level(today)


def settle(case: Case, search: Search) -> Outcome:
    """The outcome of a case: the first kind of person that fits decides."""
    today = None if case.products is None else split(case.products)
    rights = search.rights(today or NO_PRODUCTS, live_chat_only=case.live_chat_only)
    outcome = Outcome(today, rights, needs=case.proved())
    outcome.decisions = [f"keep:{product}" for product in split(case.keep)]
    outcome.decisions += [f"remove:{product}" for product in split(case.remove)]
    rules = search.rulebook.products
    if case.excluded:
        outcome.decisions.append("exclude")
        outcome.has_money = False
        leave_as_is(outcome)
    elif today is None:
        outcome.actions = [actions.LEFT if case.left else actions.UNKNOWN]
    elif not case.human or (not case.left and any(rules[product].kind == "standalone" for product in today)):
        leave_as_is(outcome)
    elif not today:
        settle_unlicensed(outcome, case, search)
    elif today == SEAT and not case.left:
        settle_team_members(outcome, case, search)
    else:
        settle_licensed(outcome, case, search, today)
    outcome.facts = facts(outcome, search, sla_alone=case.sla_alone, authored=case.authored)
    return outcome


def leave_as_is(outcome: Outcome) -> None:
    """Listed, not judged."""
    outcome.target = outcome.shared_target = outcome.today
    outcome.actions = [actions.OUT_OF_SCOPE]
    outcome.out_of_scope = True


def settle_unlicensed(outcome: Outcome, case: Case, search: Search) -> None:
    """No product: what the needs call for, where the licence source would have shown a product."""
    if case.left:
        outcome.target = outcome.shared_target = NO_PRODUCTS
        outcome.actions = [actions.LEFT]
    elif not case.in_complete_source:
        outcome.actions = [actions.UNMATCHED]
    else:
        aim(outcome, search, Holding(NO_PRODUCTS, case.live_chat_only), outcome.needs)
        outcome.actions = [actions.LICENSE_NEEDED if outcome.needs else actions.KEEP]


def settle_team_members(outcome: Outcome, case: Case, search: Search) -> None:
    """Team Members and nothing else: the seat goes only where the work lies beyond it, or a decision says so."""
    outcome.verdict = VERDICTS[case.verdict - 1] if case.verdict else None
    needs = outcome.needs | {"cases"}
    holding = Holding(NO_PRODUCTS, case.live_chat_only)
    if outcome.verdict == "exceeds":
        # as any product without a price, the seat is kept where nobody knows what it costs
        kept = SEAT if not search.prices.is_priced(TEAM_MEMBERS) else SEAT & split(case.keep)
        aim(outcome, search, holding, needs)
        if outcome.target is None:
            stay(outcome, SEAT)
            outcome.actions = [actions.UNKNOWN]
        else:
            outcome.target |= kept
            outcome.shared_target = None if outcome.shared_target is None else outcome.shared_target | kept
            outcome.actions = [actions.RECLASSIFY]
    elif SEAT & split(case.remove) and not outcome.needs:
        outcome.target = outcome.shared_target = NO_PRODUCTS
        outcome.actions = [actions.RECLAIM]
    else:
        stay(outcome, SEAT)
        outcome.actions = [actions.KEEP]
        if outcome.verdict == "review":
            outcome.actions = [actions.REVIEW]
            outcome.review_target = search.target(holding, needs)
    # Whoever works needs some seat, so a decision to remove the only one stands against what is proved.
    if outcome.target == SEAT:
        contradict(outcome, SEAT & split(case.remove))


def settle_licensed(outcome: Outcome, case: Case, search: Search, today: Products) -> None:
    """At least one product beside Team Members, or products of somebody who left."""
    held = today - SEAT
    keep, remove = split(case.keep) & today, split(case.remove) & today

    def rights_of(products: Collection[str]) -> Rights:
        granted = (search.grants(product, held, live_chat_only=case.live_chat_only) for product in products)
        return frozenset().union(*granted)

    # A hold on a right that a decision keeps needs no answer any more; whoever left needs nothing but what is kept.
    needs = case.proved() | rights_of(keep & held)
    holding = Holding(held, case.live_chat_only, kept=keep & held, left=case.left)
    outcome.needs = needs
    outcome.proved_target = search.target(holding, needs)
    # What the proved needs alone call for cannot be decided away; what merely has no price can.
    called_for = remove & (outcome.proved_target or NO_PRODUCTS)
    contradict(
        outcome,
        frozenset(
            product for product in called_for if search.prices.is_priced(product) or rights_of({product}) & needs
        ),
    )
    removed = (remove & held) - outcome.contradicted
    outcome.held = case.held() - needs - rights_of(removed)
    aim(outcome, search, holding._replace(removed=removed), needs | outcome.held)
    # beside other products the seat stays, for another application may need it
    seat = today & SEAT & keep if case.left else today & SEAT - remove
    if outcome.target is None:
        stay(outcome, held)
        outcome.actions = [actions.UNKNOWN]
    elif not outcome.target and (held or not seat):
        outcome.actions = [actions.RECLAIM]
    else:
        changed = actions.changes(search, held, outcome.target, live_chat_only=case.live_chat_only)
        if not changed and today & SEAT != seat:
            changed = [actions.REMOVE_REDUNDANT]
        outcome.actions = changed if changed or outcome.held else [actions.KEEP]
    outcome.target = (outcome.target or NO_PRODUCTS) | seat
    outcome.shared_target = None if outcome.shared_target is None else outcome.shared_target | seat
    outcome.proved_target = None if outcome.proved_target is None else outcome.proved_target | seat


def aim(outcome: Outcome, search: Search, holding: Holding, needs: Rights) -> None:
    """Set the target, and the one for an environment that has no room for Professional."""
    outcome.target = outcome.shared_target = search.target(holding, needs)
    if outcome.target is None:
        outcome.no_price_for = needs - search.priced_rights() or needs
        outcome.has_money = False
    elif needs_split(search, holding.products, outcome.target):
        # A decision against a product binds the target, not what is left until the environment has been split.
        waiting = holding._replace(removed=NO_PRODUCTS)
        outcome.shared_target = search.target(waiting, needs | {"enterprise"})


def stay(outcome: Outcome, products: Products) -> None:
    outcome.target = outcome.shared_target = products


def contradict(outcome: Outcome, products: Products) -> None:
    """Note the decisions to remove that are not applied."""
    outcome.contradicted = products
    outcome.decisions = [
        f"{decision} (contradicted)" if decision.removeprefix("remove:") in products else decision
        for decision in outcome.decisions
    ]
