"""The front door: a short list of names, and exactly those."""

from __future__ import annotations

import inspect
from importlib.metadata import version

import d365bench


def test_public_names_are_exactly_all() -> None:
    public = {
        name
        for name, value in vars(d365bench).items()
        if not name.startswith("_") and not inspect.ismodule(value) and name != "annotations"
    }
    assert public == set(d365bench.__all__) - {"__version__"}


def test_the_front_door_is_small() -> None:
    assert len(set(d365bench.__all__) - {"__version__"}) < 10
    assert len(d365bench.__all__) == len(set(d365bench.__all__))


def test_every_public_name_says_what_it_is() -> None:
    for name in set(d365bench.__all__) - {"__version__"}:
        assert inspect.getdoc(getattr(d365bench, name)), name


def test_the_version_is_the_installed_one() -> None:
    assert d365bench.__version__ == version("d365bench")
