"""What a look at a file gives (`Head`), and what reading a small file gives back (`Reading`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

HEAD_BYTES = 262_144


@dataclass(frozen=True)
class Head:
    """The beginning of one export file, decoded; recognition reads nothing else of a large file."""

    path: Path
    relative: str  # below exports/, with forward slashes
    raw: bytes  # the first HEAD_BYTES bytes
    size: int
    encoding: str | None  # 'utf-8', 'utf-16', 'cp1252'; None: not text
    text: str  # decoded, without BOM; '' where not text
    environment: str | None  # None: tenant-wide, or outside every declared environment


@dataclass(frozen=True)
class Reading:
    """One small export file, read whole: frames of rows, what was refused, and whether it is complete.

    `frames` maps a table of the store to rows without their `file_id`; each frame has a column `record`
    (1-based data record number). Every record read is in exactly one of: a frame of `counted`, quarantined, filtered.
    """

    shape: str
    table: str | None
    rows_read: int = 0
    frames: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    quarantined: tuple[tuple[int, str], ...] = ()
    filtered: int = 0
    complete: bool = True
    why_incomplete: str | None = None
    refused: str | None = None
    note: str | None = None
