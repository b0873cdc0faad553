"""What was asked on the command line, checked before anything runs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from d365bench.client import client_folder, client_names, load_client
from d365bench.errors import D365BenchError, OutOfRange, UnknownClient, UnknownParameter, UsageError, nearest
from d365bench.thresholds import BY_NAME, resolve


def choose(data: Path, names: Sequence[str] | None, all_clients: bool) -> list[str]:
    """The clients of this run, each of which exists; raises UsageError where none is named."""
    if all_clients == bool(names):
        raise UsageError("name one client or several, or give --all")
    known = client_names(data)
    if all_clients and not known:
        raise UnknownClient(f"no client in {data}: 'd365bench new' makes one")
    for name in names or ():
        if not client_folder(data, name).is_dir():
            raise UnknownClient(f"no client '{name}' in {data}{nearest(name, known)}")
    return known if all_clients else list(dict.fromkeys(names or ()))


def read_parameters(pairs: Sequence[str]) -> dict[str, int]:
    """The thresholds of '-p name=value', each known, whole and within its bounds."""
    parameters: dict[str, int] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"-p {pair}: write name=value, for instance window_days=90")
        if name not in BY_NAME:
            raise UnknownParameter(name, BY_NAME)
        if name in parameters:
            raise UsageError(f"-p {name}: given twice")
        # not what Python also reads as a number: 010, 1_000, ' 9' or other digits than ours
        if not re.fullmatch(r"-?(0|[1-9][0-9]{0,9})", value):
            raise OutOfRange(f"{name} = {value!r}: a whole number is needed")
        parameters[name] = BY_NAME[name].check(int(value))
    return parameters


def check_client(data: Path, out: Path, name: str, parameters: Mapping[str, int]) -> None:
    """Refuse parameters that do not fit this client's own thresholds, before anything runs."""
    check_apart(client_folder(data, name), out / name)
    try:
        client = load_client(data, name)
    except D365BenchError:
        return  # a broken client.toml fails its own client, and not the others
    try:
        resolve(client.thresholds, parameters)
    except OutOfRange as exc:
        raise OutOfRange(f"{name}: {exc}") from exc


def check_apart(folder: Path, target: Path) -> None:
    """Refuse an output folder that holds, or lies in, the client's own folder: outputs are replaced as a whole."""
    ours, theirs = target.resolve(), folder.resolve()
    if ours == theirs or ours in theirs.parents or theirs in ours.parents:
        raise UsageError(f"{target}: outputs may not lie where the client's exports are; choose another --out")
