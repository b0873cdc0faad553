"""Single cells and JSON values as typed values: GUIDs, instants, flags, addresses; None where one cannot be read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from d365bench.ingest.delimited import GUID

EPOCH = datetime(1970, 1, 1)
# How PowerShell 5 writes an instant as JSON: milliseconds since 1970.
POWERSHELL_INSTANT = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/")
WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
SCHEME = re.compile(r"[a-z0-9]+:", re.IGNORECASE)
# A '+' separates addresses only before the next scheme: mail addresses may hold one themselves.
ADDRESS_SEPARATOR = re.compile(r"\+(?=[a-z0-9]+:)|[;,\s]+", re.IGNORECASE)


def text(value: object) -> str | None:
    """The text without surrounding blanks; None where there is none."""
    return value.strip() or None if isinstance(value, str) else None


def guid(value: object) -> str | None:
    """A GUID in lower case and without braces."""
    found = text(value)
    return found.strip("{}").lower() if found and GUID.fullmatch(found) else None


def flag(value: object) -> bool | None:
    """True or False, however an export writes it."""
    return value if isinstance(value, bool) else WORDS.get((text(value) or "").lower())


def instant(value: object) -> datetime | None:
    """An ISO or PowerShell instant in UTC, without zone; one that names no zone is UTC already."""
    found = text(value)
    if not found:
        return None
    try:
        if match := POWERSHELL_INSTANT.fullmatch(found):
            return EPOCH + timedelta(milliseconds=int(match[1]))
        read = datetime.fromisoformat(found)
        return read.astimezone(UTC).replace(tzinfo=None) if read.tzinfo else read
    except (ValueError, OverflowError):
        return None


def smtp_addresses(entries: Iterable[object]) -> list[str]:
    """The mail addresses among proxy addresses, in lower case, without 'smtp:', each once and sorted."""
    found = set()
    for entry in map(text, entries):
        scheme = SCHEME.match(entry) if entry else None
        if entry and (scheme is None or scheme[0].lower() == "smtp:"):
            found.add(entry[scheme.end() if scheme else 0 :].lower())
    return sorted(address for address in found if "@" in address)


def split_addresses(cell: str | None) -> list[str]:
    """The proxy addresses that one cell of a CSV holds, joined by '+'."""
    return [part for part in ADDRESS_SEPARATOR.split(cell or "") if part]
