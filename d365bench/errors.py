"""The errors of d365bench, drawn as one tree; each class carries the exit code of the command line.

D365BenchError                 1  something failed (never raised itself)
├── UsageError                 2  wrong usage: the call can be mended by whoever made it
│   ├── UnknownParameter       2  a parameter, threshold, key or product that does not exist
│   ├── OutOfRange             2  a threshold outside its declared bounds, or of another type
│   └── UnknownClient          2  no such client folder, or a name that is not allowed
├── ClientError                1  client.toml or decisions.csv: file, key, reason and cure
├── ExportError                1  an export that cannot be read
├── StoreError                 1  the client's store is missing, locked or broken
│   └── QueryError             1  a SQL file failed: its name and the engine's message
└── ReportError                1  a notebook cell or an output failed: which, and why
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class D365BenchError(Exception):
    """Base of every error that d365bench raises on purpose."""

    exit_code = 1


class UsageError(D365BenchError):
    """Wrong usage: nothing has been started."""

    exit_code = 2


class UnknownParameter(UsageError):
    """A name that does not exist; the message carries the nearest one that does."""

    def __init__(self, name: str, known: Iterable[str], *, kind: str = "parameter") -> None:
        self.name = name
        super().__init__(f"unknown {kind} '{name}'{nearest(name, known)}")


class OutOfRange(UsageError):
    """A threshold outside its bounds, or of another type."""


class UnknownClient(UsageError):
    """No such client folder, or a client name that the contract does not allow."""


class ClientError(D365BenchError):
    """client.toml or decisions.csv is wrong."""


class ExportError(D365BenchError):
    """An export cannot be read."""


class StoreError(D365BenchError):
    """The store is missing, locked or broken."""


class QueryError(StoreError):
    """A SQL file failed."""


class ReportError(D365BenchError):
    """A report failed: which notebook or output, and why."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The tail of a message: '; did you mean …?' with the nearest known name, else all of them."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known: {', '.join(names)}" if names else ""
