"""The roll-up on a Spark that is already there: over a lake, or over what a store has loaded."""

from d365bench.lake.run import Rolled, roll_up

__all__ = ["Rolled", "roll_up"]
