"""Lean imports: leave out what a library of others loads for seconds and that nothing here uses."""

from __future__ import annotations

import sys


def skip_iri_grammar() -> None:
    """Before altair, nbformat or papermill is imported: mark the grammar of international URLs as not installed.

    JupyterLab brings it, and jsonschema compiles it at import, which is most of the time that those three take.
    jsonschema guards the import; only its check of IRI formats is lost.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None: the import system refuses it
