"""Delta tables: read through the log, never by collecting the Parquet files that lie about."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote

from d365bench.errors import ExportError
from d365bench.ingest import refusals

SHAPE, LOG = "delta", "_delta_log"
VERSION_FILE = re.compile(r"(\d{20})\.json")
CHECKPOINT = re.compile(r"\d{20}\.checkpoint.*\.parquet")
# What plain Parquet readers read rightly; anything else in the protocol changes which rows count or what columns mean.
READABLE_FEATURES = frozenset({"timestampNtz", "v2Checkpoint", "vacuumProtocolCheck"})


def is_table(folder: Path) -> bool:
    return (folder / LOG).is_dir()


def active_files(folder: Path) -> tuple[int, tuple[Path, ...]]:
    """Version and active files of a Delta table; an ExportError says why it must not be read."""
    log = [path.name for path in (folder / LOG).iterdir()]
    versions = sorted(int(found.group(1)) for name in log if (found := VERSION_FILE.fullmatch(name)))
    if versions and versions[0] > 0 and not any(CHECKPOINT.fullmatch(name) for name in log):
        raise ExportError(refusals.DELTA_CUT.format(version=versions[0]))
    from deltalake import DeltaTable  # needed by nobody without Delta tables, and slow to import
    from deltalake.exceptions import DeltaError

    try:
        with readable(folder) as place:
            table = DeltaTable(place)
            protocol = table.protocol()
            configuration = table.metadata().configuration
            names = [str(name) for name in table.get_add_actions(flatten=True).column("path").to_pylist()]
    except (DeltaError, OSError, ValueError) as exc:
        raise ExportError(refusals.DELTA_BROKEN.format(reason=str(exc).splitlines()[0][:120])) from exc
    features = set(protocol.reader_features or ()) - READABLE_FEATURES
    if configuration.get("delta.columnMapping.mode", "none") != "none":
        features.add("columnMapping")
    if features:
        raise ExportError(refusals.DELTA_FEATURES.format(features=", ".join(sorted(features))))
    paths = tuple(sorted(on_disk(folder, name) for name in names))
    missing = sum(not path.is_file() for path in paths)
    if missing:
        raise ExportError(refusals.DELTA_FILES.format(missing=missing, active=len(paths)))
    return table.version(), paths


@contextmanager
def readable(folder: Path) -> Iterator[str]:
    """A folder with the table's log under a path that the library understands: it decodes per cent signs in names."""
    if "%" not in str(folder.resolve()):
        yield str(folder)
        return
    with TemporaryDirectory() as copy:
        shutil.copytree(folder / LOG, Path(copy) / LOG)
        yield copy


def on_disk(folder: Path, name: str) -> Path:
    """A file of the log, whose name the log may have encoded like a URL."""
    plain = folder / name
    return plain if plain.exists() else folder / unquote(name)
