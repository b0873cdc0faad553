"""A first look at a file: its beginning, its encoding, and the environment that its folder names."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from d365bench.ingest.reading import HEAD_BYTES, Head

DEFAULT_ENVIRONMENT = "default"
CHUNK = 1 << 20
# The order matters: a UTF-8 BOM is the only sign that tells 'utf-8-sig' from plain UTF-8.
BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def look(path: Path, relative: str, environment: str | None) -> Head:
    """The head of one file; an OSError says that it cannot be read."""
    size = path.stat().st_size
    with path.open("rb") as file:
        raw = file.read(HEAD_BYTES)
    encoding, text = decode(raw, whole=size <= len(raw))
    return Head(path, relative, raw, size, encoding, text, environment)


def decode(raw: bytes, *, whole: bool = True) -> tuple[str | None, str]:
    """Encoding and text of the first bytes of a file; (None, '') where they are no text."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if raw.startswith(mark):
            text = codecs.getincrementaldecoder(encoding)("replace").decode(raw, whole)
            return encoding, text.removeprefix("\ufeff")
    if b"\0" in raw:
        return None, ""
    try:
        # Not final: the last character may be cut in two by the length of the head.
        return "utf-8", codecs.getincrementaldecoder("utf-8")().decode(raw, whole)
    except UnicodeDecodeError:
        return "cp1252", raw.decode("cp1252", "replace")


def transcoded(path: Path, encoding: str) -> Iterator[bytes]:
    """The file's text as UTF-8 without BOM, piece by piece: the engine's readers know UTF-8 only."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    first = True
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            text = decoder.decode(chunk)
            yield (text.removeprefix("\ufeff") if first else text).encode()
            first = False
    yield decoder.decode(b"", True).encode()


def environment_of(relative: str, declared: tuple[str, ...]) -> str | None:
    """The environment that a path below exports/ belongs to; None: outside every one of several."""
    if not declared:
        return DEFAULT_ENVIRONMENT
    folder = relative.split("/", 1)[0] if "/" in relative else ""
    if folder in declared:
        return folder
    return declared[0] if len(declared) == 1 else None
