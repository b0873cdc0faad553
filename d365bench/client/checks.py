"""Checks of what a client has written: each value with the place where it stands."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from d365bench.errors import ClientError, nearest


@dataclass(frozen=True)
class Place:
    """Where a value stands: the file, its table and its key."""

    file: Path
    table: str | None = None
    key: str | None = None

    def error(self, reason: str) -> ClientError:
        """An error that says where, and why."""
        where = " ".join(filter(None, (self.table and f"[{self.table}]", self.key)))
        return ClientError(": ".join(filter(None, (str(self.file), where, reason))))

    def known(self, names: Collection[str], allowed: Collection[str], kind: str) -> None:
        """Refuse the first name that is not allowed, with the nearest one that is."""
        for name in names:
            if name not in allowed:
                raise self.error(f"unknown {kind} '{name}'{nearest(name, allowed)}")

    def read(self, values: object, keys: Mapping[str, Check], required: Collection[str] = ()) -> dict[str, Any]:
        """The table's values, each checked by its key's check."""
        if not isinstance(values, dict):
            raise self.error("must be a table")
        self.known(values, keys, "key")
        for key in required:
            if key not in values:
                raise self.error(f"'{key}' is missing")
        return {key: keys[key](replace(self, key=key), value) for key, value in values.items()}


Check = Callable[[Place, Any], Any]


def needs(fits: Callable[[Any], bool], what: str) -> Check:
    """A check that gives the value back where it fits, and else says what is needed."""

    def check(place: Place, value: object) -> object:
        if not fits(value):
            raise place.error(f"{value!r}: {what} is needed")
        return value

    return check


def is_number(value: object, low: float = 0.0) -> bool:
    # TOML's true is Python's 1, and TOML knows inf and nan
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value < math.inf


def is_folder_name(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip(". ")) and not re.search(r"[/\\\x00-\x1f]", value)


def whole(low: int) -> Check:
    return needs(lambda value: isinstance(value, int) and is_number(value, low), f"a whole number of at least {low}")


def word(*allowed: str) -> Check:
    def check(place: Place, value: object) -> object:
        if value not in allowed:
            raise place.error(f"unknown value {value!r}{nearest(str(value), allowed)}")
        return value

    return check


def words(*allowed: str) -> Check:
    def check(place: Place, value: object) -> tuple[object, ...]:
        listed = needs(lambda value: isinstance(value, list), f"a list out of {', '.join(allowed)}")(place, value)
        return tuple(dict.fromkeys(word(*allowed)(place, item) for item in listed))

    return check


def zone(place: Place, value: object) -> object:
    zones = available_timezones() | {"UTC"}  # UTC also where the machine carries no time zone data
    if value not in zones:
        raise place.error(f"unknown time zone {value!r}{nearest(str(value), get_close_matches(str(value), zones))}")
    return value


TEXT = needs(lambda value: isinstance(value, str) and bool(value.strip()), "a text")
FLAG = needs(lambda value: isinstance(value, bool), "true or false")
DAY = needs(
    lambda value: isinstance(value, date) and not isinstance(value, datetime),
    "a date without quotes or time, for instance 2026-07-01,",
)
NUMBER = needs(is_number, "a number of at least 0")
CURRENCY = needs(lambda value: bool(re.fullmatch(r"[A-Z]{3}", str(value))), "a code of three capital letters like USD")


@cache
def product_keys() -> tuple[str, ...]:
    """The product keys that client.toml may use: those of the rule book's data."""
    rules = tomllib.loads((files("d365bench") / "rulebook.toml").read_text(encoding="utf-8"))
    return tuple(product["key"] for product in rules["product"])
