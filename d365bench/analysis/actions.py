"""Actions: what has to change between today's products and the target, in words."""

from __future__ import annotations

from d365bench.analysis.target import LEVELS, Products, Search

RECLAIM = "reclaim"
LICENSE_NEEDED = "license_needed"
LEFT = "left"
UNMATCHED = "unmatched"
UNKNOWN = "insufficient_data"  # also a hold: either way there is not enough to decide on
RECLASSIFY = "reclassify_team_members"
REVIEW = "review_team_members"
OUT_OF_SCOPE = "out_of_scope"
REPRICE = "reprice"
KEEP = "keep"

REMOVE_REDUNDANT = "remove_redundant"

# Not a change: what is still to be answered, or that nothing is.
QUESTIONS = frozenset({REVIEW, OUT_OF_SCOPE, KEEP})


def changes(search: Search, today: Products, target: Products, *, live_chat_only: bool) -> list[str]:
    """The actions that lead from today's products to the target, Team Members left out of both."""
    if today == target:
        return []
    had = search.rights(today, live_chat_only=live_chat_only)
    gets = search.rights(target, live_chat_only=live_chat_only)
    actions = [f"remove_{right}" for right in ("digital", "voice") if right in had - gets]
    actions += [f"add_{right}" for right in ("digital", "voice") if right in gets - had]
    level = search.level(target)
    if level != search.level(today):
        # a target that is not empty stands on a base, unless an add-on alone is kept as it is
        return actions + ([f"move_to_{level}"] if level in LEVELS else [])
    if had == gets:
        actions.append(REMOVE_REDUNDANT if target < today else REPRICE)
    return actions
