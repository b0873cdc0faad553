"""Invented clients without any plan: every rule meets every other one by chance.

The sample clients are believable; these are not. Sizes are small, edges are frequent: the second before the window,
the day on which a hole becomes one, prices that tie, records that nobody can join.
"""

from __future__ import annotations

import json
from pathlib import Path

from d365bench.sample.tenant import Tenant
from muddle.acts import background, care, serve, side, strays
from muddle.chance import THRESHOLDS, begin
from muddle.exports import write
from muddle.people import decide, people

__all__ = ["THRESHOLDS", "described", "generate"]


def generate(folder: Path, seed: int) -> Tenant:
    """Make a client folder by chance and give back what was planted."""
    muddle = begin(folder, seed)
    for environment in muddle.off:
        background(muddle, environment)
    people(muddle)
    for environment in muddle.off:
        for human in muddle.humans:
            if environment in human.users:
                for _ in range(muddle.chance.choice((0, 0, 1, 3, 6))):
                    muddle.chance.choice((serve, serve, serve, care, care, side))(muddle, environment, human)
        strays(muddle, environment)
    decide(muddle)
    write(muddle)
    return muddle.tenant


def described(tenant: Tenant) -> str:
    """The settings, for a failure's message."""
    return json.dumps(tenant.settings, default=str)
