"""Lean imports: importing this module leaves out what a library of others would load for seconds, unused.

JupyterLab brings a grammar of international URLs. jsonschema compiles it when altair, nbformat or papermill are
imported, which is most of the time that those take. It guards that import, so the grammar is marked as not installed
here, before any of them; only jsonschema's check of IRI formats is lost, which nothing of ours asks for.
"""

from __future__ import annotations

import sys

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None: the import system refuses it
