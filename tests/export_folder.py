"""Clients made of samples or of texts written in a test, loaded without the roll-up."""

from __future__ import annotations

import csv
import io
import random
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from d365bench import ingest
from d365bench.analysis.loaded import loaded
from d365bench.client import Client, load_client
from d365bench.rulebook import load_rulebook
from d365bench.store import Store

SAMPLES = Path(__file__).parent / "samples"
TIME_FOLDER = re.compile(r"\d{4}-\d{2}-\d{2}T.*Z")


def nothing(_: Store) -> None:
    """A roll-up that leaves the loaded tables as they are."""


class ExportFolder:
    """One client's folder, with helpers to fill its exports/ and to look into its store."""

    def __init__(self, data: Path, environments: Sequence[str] = ()) -> None:
        self.data, self.name = data, "tested"
        self.folder = data / self.name
        self.exports = self.folder / "exports"
        self.exports.mkdir(parents=True)
        self.declare("".join(f'[[environment]]\nname = "{name}"\n' for name in environments))

    def declare(self, text: str = "") -> None:
        head = '[client]\nname = "Tested"\nas_of = 2026-07-01\ncurrency = "USD"\n'
        (self.folder / "client.toml").write_text(head + text, encoding="utf-8")

    def sample(self, *names: str, below: str = "") -> ExportFolder:
        for name in names:
            shutil.copytree(SAMPLES / name, self.exports / below / name)
        return self

    def write(self, relative: str, content: str | bytes) -> Path:
        path = self.exports / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def table(self, relative: str, rows: Iterable[Mapping[str, object]], **dialect: Any) -> Path:
        rows = list(rows)
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, list(rows[0]), **dialect)
        writer.writeheader()
        writer.writerows(rows)
        return self.write(relative, out.getvalue())

    @property
    def client(self) -> Client:
        return load_client(self.data, self.name)

    def load(self, **options: Any) -> ingest.LoadResult:
        return ingest.load(self.client, load_rulebook(), roll_up=nothing, **options)

    def loaded(self) -> Loaded:
        return Loaded(self.load().path)


class Loaded:
    """A loaded store's answers."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def ask(self, sql: str) -> pl.DataFrame:
        with Store.read(self.path) as store:
            return store.connection.sql(sql).pl()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.ask(sql).rows()

    def report(self) -> dict[str, dict[str, Any]]:
        with Store.read(self.path) as store:
            return {row["path"]: row for row in loaded(store)}

    def table(self, name: str) -> dict[str, Any]:
        """Counts of one table over all its files."""
        rows = [row for row in self.report().values() if row["table"] == name]
        counts: dict[str, Any] = {
            key: sum(row[f"rows_{key}"] for row in rows)
            for key in ("read", "latest", "superseded", "deleted", "filtered", "quarantined")
        }
        reasons: dict[str, int] = {}
        for row in rows:
            for reason, n in row["quarantine"].items():
                reasons[reason] = reasons.get(reason, 0) + n
        return {**counts, "quarantine": reasons, "complete": all(row["complete"] for row in rows)}


def shuffle(folder: Path, seed: int) -> None:
    """Rename every file at random, in an order of its own; folders of an export and Delta files keep their names."""
    chance = random.Random(seed)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if any((parent / "_delta_log").is_dir() for parent in path.parents):
            continue
        name = f"{chance.randrange(16**8):08x}" + chance.choice(["", ".csv", ".json", ".txt", ".dat", " (1).CSV"])
        path.rename(path.with_name(name))


def shuffle_rows(path: Path, seed: int, *, header: bool) -> None:
    """Put the records of a CSV file into another order; one that is cut off must stay last."""
    text = path.read_bytes().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    first, rest = (rows[:1], rows[1:]) if header else ([], rows)
    random.Random(seed).shuffle(rest)
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(first + rest)
    path.write_bytes(out.getvalue().encode())


def guid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"
