"""What a store is made of: the content of every export file, and one fingerprint over all of it."""

from __future__ import annotations

import codecs
import hashlib
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

from d365bench.client import Client
from d365bench.ingest import refusals, rolled_up
from d365bench.ingest.delimited import newline_kind
from d365bench.ingest.finding import Finding, ParquetSource
from d365bench.ingest.head import CHUNK
from d365bench.ingest.recognise import Progress
from d365bench.rulebook import Rulebook


def hash_all(findings: list[Finding], say: Progress) -> None:
    """The sha256 of every file, and what only a look at the whole file can tell: its encoding and its line breaks."""
    readable = [one for one in findings if one.head or one.roll_up or isinstance(one.source, ParquetSource)]
    with ThreadPoolExecutor() as pool:  # hashing lets go of the interpreter lock
        for done, finding in enumerate(pool.map(look_through, readable), start=1):
            say("hash", done, len(readable))
            if finding.sha256 == "":
                finding.refuse(refusals.UNREADABLE.format(reason="it changed or vanished while it was read"))


def look_through(finding: Finding) -> Finding:
    """The finding with the hash of its whole content; of a folder read as one, over its files' sorted hashes."""
    try:
        if finding.head is None:
            read = finding.source.paths if isinstance(finding.source, ParquetSource) else None
            paths = rolled_up.all_files(finding.path) if read is None else read
            hashes = sorted(digest_of(path).sha256 for path in paths)
            finding.sha256 = hashlib.sha256("".join(hashes).encode()).hexdigest()
            return finding
        content = digest_of(finding.path, as_text=finding.encoding == "utf-8")
    except OSError:
        return finding
    finding.sha256 = content.sha256
    if finding.encoding == "utf-8":
        finding.newlines = content.newlines
        finding.encoding = "utf-8" if content.is_utf8 else "cp1252"
    return finding


class Content(NamedTuple):
    """What a whole file is: its hash, its line breaks, whether it is UTF-8 to the end."""

    sha256: str
    newlines: str
    is_utf8: bool


def digest_of(path: Path, *, as_text: bool = False) -> Content:
    digest, decoder = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")()
    line_feeds = carriage_returns = both = 0
    is_utf8, last, only_line_feeds = True, b"", False
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            if not as_text:
                continue
            if b"\r" in chunk or carriage_returns:
                carriage_returns += chunk.count(b"\r")
                both += chunk.count(b"\r\n") + (last == b"\r" and chunk.startswith(b"\n"))
                line_feeds += chunk.count(b"\n")
            else:
                only_line_feeds = only_line_feeds or b"\n" in chunk
            last = chunk[-1:]
            if is_utf8 and not (chunk.isascii() and not decoder.getstate()[0]):
                is_utf8 = decodes(decoder, chunk)
    # Line feeds before the first carriage return need no count: one of them makes the file mixed already.
    return Content(digest.hexdigest(), newline_kind(line_feeds + only_line_feeds, carriage_returns, both), is_utf8)


def decodes(decoder: codecs.IncrementalDecoder, chunk: bytes) -> bool:
    try:
        decoder.decode(chunk)
    except UnicodeDecodeError:
        return False
    return True


def fingerprint(client: Client, rulebook: Rulebook, findings: list[Finding]) -> str:
    """One hash over everything that a store is made of: inputs, declarations, rules and code."""
    parts = [
        code_version(),
        str(rulebook.version),
        repr((client.as_of, client.exports_timezone, client.environments_complete, client.environments)),
        *(repr((finding.relative, finding.sha256, finding.refused)) for finding in findings),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@cache
def code_version() -> str:
    """A hash of the package's own Python, SQL and rules: an edited roll-up must not meet an old store."""
    digest = hashlib.sha256()
    for name, file in sorted(sources(files("d365bench"), "")):
        digest.update(name.encode() + file.read_bytes())
    return digest.hexdigest()


def sources(folder: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    """The package's source files below a folder, with their names."""
    found: list[tuple[str, Traversable]] = []
    for entry in folder.iterdir():
        name = f"{prefix}/{entry.name}"
        if entry.is_dir():
            found += sources(entry, name)
        elif entry.name.endswith((".py", ".sql", ".toml", ".csv")):
            found.append((name, entry))
    return found
