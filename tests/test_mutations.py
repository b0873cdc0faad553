"""Every rule of the decision is held by a test: a copy of the package with one rule broken must not pass.

`mutations.txt` names the rules, by the files in which they stand (`==`). Below what a rule says come the test that holds
it (`?`, left out where it is that of the rule before), the rule's text in the file (`-`, line by line) and the text of
the broken rule (`+`).
"""

from __future__ import annotations

import compileall
import importlib
import io
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from multiprocessing import get_context
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import NamedTuple

import pytest

TESTS = Path(__file__).parent
PACKAGE = "d365bench"
SECONDS = 300  # a broken rule may never come to an end


class Mutation(NamedTuple):
    """One rule, the test that holds it, and one way to break it."""

    rule: str
    file: str
    test: str
    old: str
    new: str


def mutations() -> Iterator[Mutation]:
    """The rules of the table in its order."""
    file = rule = test = ""
    texts: dict[str, list[str]] = {}
    for line in [*(TESTS / "mutations.txt").read_text(encoding="utf-8").splitlines(), ""]:
        if line.startswith(("- ", "+")):
            texts.setdefault(line[0], []).append(line[2:])
            continue
        if texts:
            yield Mutation(rule, file, test, "\n".join(texts.pop("-")), "\n".join(texts.pop("+")))
        if line.startswith("== "):
            file = line.removeprefix("== ")
        elif line.startswith("? "):
            test = line.removeprefix("? ")
        elif line:
            rule = line


MUTATIONS = tuple(mutations())
NAMED = sorted({mutation.test for mutation in MUTATIONS})
Runner = Callable[[Sequence[str]], tuple[int, str]]


def run(copy: Path, tests: Sequence[str]) -> tuple[int, str]:
    """How tests end on a copy of the package, and what they say; for a process of its own.

    Starting Python, Polars and DuckDB anew for each rule would take longer than everything else; only what a rule
    can change is loaded again.
    """
    if sys.path[0] != str(copy):
        sys.path.insert(0, str(copy))
    reloaded = {PACKAGE, *(path.stem for path in TESTS.glob("*.py"))} - {__name__}
    for name in [name for name in sys.modules if name.partition(".")[0] in reloaded]:
        del sys.modules[name]
    importlib.invalidate_caches()
    package = importlib.import_module(PACKAGE)
    assert Path(str(package.__file__)).is_relative_to(copy), package.__file__
    with redirect_stdout(io.StringIO()) as said:
        # plain: nobody reads how an assertion came to fail, and preparing to tell takes as long as most of the tests
        options = ("-x", "-q", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:xdist")
        code = pytest.main([*options, *(str(TESTS / test) for test in tests)])
    return int(code), said.getvalue()


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a copy of the package, to break and to mend."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(TESTS.parent / PACKAGE, folder / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    # By time and size alone Python might take one broken rule for another.
    compileall.compile_dir(folder, quiet=1, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
    return folder


@pytest.fixture(scope="module")
def runner(copy: Path) -> Iterator[Runner]:
    """Runs tests on the copy, in one process for all rules."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        yield lambda tests: process.submit(run, copy, tests).result(SECONDS)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: f"{Path(mutation.file).stem}: {mutation.rule}")
def test_a_broken_rule_is_noticed(mutation: Mutation, copy: Path, runner: Runner) -> None:
    source = copy / PACKAGE / mutation.file
    text = source.read_text(encoding="utf-8")
    assert text.count(mutation.old) == 1, f"{mutation.file} has to hold exactly once: {mutation.old}"
    source.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
    try:
        code, said = runner([mutation.test])
    finally:
        source.write_text(text, encoding="utf-8")
    assert code == pytest.ExitCode.TESTS_FAILED, (
        f"the test does not notice that this is broken: {mutation.rule}\n{said}"
    )
    assert "AssertionError" in said, f"the broken rule has to give a wrong answer, not an error\n{said}"


@pytest.mark.parametrize("file", sorted({test.partition("::")[0] for test in NAMED}))
def test_the_same_tests_pass_on_the_rules_as_they_are(file: str, runner: Runner) -> None:
    code, said = runner([test for test in NAMED if test.startswith(file)])
    assert code == pytest.ExitCode.OK, said
