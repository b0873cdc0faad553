"""Swapping a finished folder in: the previous one stays whole until the new one is."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from d365bench.errors import ReportError


@dataclass(frozen=True)
class Draft:
    """A folder in the making, and where to leave what explains a failure."""

    folder: Path
    errors: Path


@contextmanager
def draft_of(target: Path) -> Iterator[Draft]:
    """A draft beside the target that takes its place when the block ends without an error."""
    target.parent.mkdir(parents=True, exist_ok=True)
    tidy(target)
    folder = Path(tempfile.mkdtemp(prefix=f"{prefix(target)}{os.getpid()}-", dir=target.parent))
    folder.chmod(0o755)  # mkdtemp keeps others out; outputs are read by whoever may read their parent
    try:
        yield Draft(folder, target / "errors")
        swap(folder, target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def swap(folder: Path, target: Path) -> None:
    """Put the folder in the place of the target."""
    previous = aside(target)
    try:
        if target.exists():
            os.rename(target, previous)
        os.rename(folder, target)
    except OSError as exc:
        if previous.exists() and not target.exists():
            os.rename(previous, target)
        raise ReportError(f"{target}: the finished outputs could not be moved here ({exc})") from exc
    shutil.rmtree(previous, ignore_errors=True)


def tidy(target: Path) -> None:
    """Clear what a killed run left behind; killed between two renames, the previous outputs go back first."""
    previous = aside(target)
    if previous.exists():
        if target.exists():
            shutil.rmtree(previous)
        else:
            os.rename(previous, target)
    for leftover in target.parent.glob(f"{prefix(target)}*"):
        owner = leftover.name.removeprefix(prefix(target)).split("-")[0]
        if owner.isdecimal() and not is_running(int(owner)):
            shutil.rmtree(leftover, ignore_errors=True)


def prefix(target: Path) -> str:
    # a client's name cannot begin with a dot, so nothing of ours can be a client's
    return f".{target.name}.draft-"


def aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.previous")


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's
    return True
