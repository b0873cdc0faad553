"""Invented clients: seeded exports in the shapes that tenants hand over, for trying out, testing and measuring.

It knows export formats and nothing of the rules: what is decided on its people has to be worked out elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from d365bench.errors import UnknownParameter
from d365bench.sample import call_centre, mixed_shapes, two_environments
from d365bench.sample.tenant import Tenant

KINDS: Mapping[str, Callable[[Path, int], Tenant]] = {
    "call-centre": call_centre.generate,
    "two-environments": two_environments.generate,
    "mixed-shapes": mixed_shapes.generate,
}


def generate(folder: Path, kind: str, seed: int) -> Tenant:
    """Make a client folder of one kind; the same seed gives the same bytes again."""
    if kind not in KINDS:
        raise UnknownParameter(kind, KINDS, kind="kind of sample client")
    return KINDS[kind](folder, seed)
