"""Every rule of the decision is held by a test: a copy of the package with one rule bent must not pass.

A row of the table names a rule, where it stands, and how it is bent. The old text has to occur, so that the table
cannot fall behind the code, and the selected tests have to pass on an unbent copy.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
DECIDE, TARGET, EVIDENCE, ROLLUP = "test_decide.py", "test_target.py", "test_evidence.py", "test_rollup.py"
# The properties take long and are not needed to notice a bent rule.
SLOW = "crowd or never or covers_what or hold_never or call_per_person or cheapest_valid"


class Bend(NamedTuple):
    """One rule and one way to break it."""

    rule: str
    file: str
    old: str
    new: str
    tests: str = DECIDE
    only: str = ""


BENDS = (
    # needs
    Bend("a channel needs its minimum interactions", "analysis/needs.py", ">= thresholds[f\"{name}_min_interactions\"]", "> thresholds[f\"{name}_min_interactions\"]"),
    Bend("a channel needs its minimum days", "analysis/needs.py", ">= thresholds[f\"{name}_min_days\"]", "> thresholds[f\"{name}_min_days\"]"),
    Bend("consulting counts", "analysis/needs.py", ' + pl.col(f"{name}_consulted")', ""),
    Bend("an SLA case needs enterprise", "analysis/needs.py", '>= thresholds["sla_min_cases"]', '> thresholds["sla_min_cases"]'),
    Bend("an entitlement needs enterprise", "analysis/needs.py", '(pl.col("entitlement_cases") > 0) | ', ""),
    Bend("Copilot needs enterprise", "analysis/needs.py", '(pl.col("copilot_cases") > 0) | ', ""),
    Bend("a routed record needs enterprise", "analysis/needs.py", ' | (pl.col("routed_records") > 0)', ""),
    Bend("any action needs cases", "analysis/needs.py", 'pl.col("actions") > 0', 'pl.col("actions") > 1'),
    # holds
    Bend("no user record holds", "analysis/holds.py", 'if environments_complete else pl.col("has_record"))', "if True else pl.lit(True))"),
    Bend("complete environments need no record", "analysis/holds.py", 'pl.col("records_complete") if environments_complete else', 'pl.lit(False) if environments_complete else'),
    Bend("but whole user records", "analysis/holds.py", 'pl.col("has_record") | pl.col("records_complete") if', 'pl.lit(True) if'),
    Bend("thin coverage holds", "analysis/holds.py", '(lowest < thresholds["coverage_min_percent"])', '(lowest <= thresholds["coverage_min_percent"])'),
    Bend("cases rest on their history", "analysis/holds.py", '"cases": ("any_channel", "cases", "history")', '"cases": ("any_channel", "cases")'),
    Bend("cases rest on all channels", "analysis/holds.py", '"cases": ("any_channel", "cases", "history")', '"cases": ("cases", "history")'),
    Bend("enterprise rests on routed records", "analysis/holds.py", '"enterprise": ("record", "cases", "history")', '"enterprise": ("cases", "history")'),
    Bend("a young record or seat is not judged", "analysis/holds.py", '(tenure(right) < thresholds["tenure_min_days"])', '(tenure(right) <= thresholds["tenure_min_days"])'),
    Bend("tenure counts from the assignment", "analysis/holds.py", 'since = ["tenure_record", f"tenure_assigned_{right}"]', 'since = ["tenure_record"]'),
    Bend("tenure counts from the user record", "analysis/holds.py", 'since = ["tenure_record", f"tenure_assigned_{right}"]', 'since = [f"tenure_assigned_{right}"]'),
    Bend("tenure counts from the channel's start", "analysis/holds.py", 'since.append(f"tenure_channel_{right}")', "pass"),
    Bend("unknown sessions hold a channel", "analysis/holds.py", 'doubts |= pl.col("unknown_sessions") > 0', "doubts |= pl.lit(False)"),
    Bend("indirect acts hold", "analysis/holds.py", "        INDIRECT[right],\n", "        never,\n"),
    Bend("monitoring holds", "analysis/holds.py", '(pl.col(f"{right}_monitored") > 0) | ', ""),
    Bend("a supervisor's role holds", "analysis/holds.py", ' | pl.col("supervisor")', ""),
    Bend("membership of a queue holds", "analysis/holds.py", 'pl.col(f"queue_{right}") if right in CHANNELS else never', "never"),
    Bend("the season holds", "analysis/holds.py", "SEASON[right] | uncovered", "uncovered"),
    Bend("an uncovered look-back holds", "analysis/holds.py", 'SEASON[right] | uncovered(right, thresholds, prefix="season_coverage")', "SEASON[right]"),
    Bend("a reader is held", "analysis/holds.py", 'may_read() if right == "cases" else never', "never"),
    Bend("nothing shows use: held", "analysis/holds.py", 'return unseen | pl.col("seen_in_window")', 'return pl.col("seen_in_window")'),
    Bend("seen in the window: held", "analysis/holds.py", 'return unseen | pl.col("seen_in_window")', "return unseen"),
    Bend("the first hold gives the name", "analysis/holds.py", '    "insufficient_data",\n    "confirm_indirect",\n', '    "confirm_indirect",\n    "insufficient_data",\n'),
    Bend("only rights held today are held", "analysis/combinations.py", 'judged & pl.col(f"has_{right}") & ~', "judged & ~"),
    Bend("whoever left needs nothing", "analysis/combinations.py", 'right: proof & ~pl.col("left")', "right: proof"),
    # target
    Bend("the cheapest set wins", "analysis/target.py", "holding), cost, len(products ^ held)", "holding), -cost, len(products ^ held)", TARGET),
    Bend("a tie goes to the nearest set", "analysis/target.py", "cost, len(products ^ held),", "cost, -len(products ^ held),", TARGET),
    Bend("then to the alphabet", "analysis/target.py", '"+".join(sorted(products)))', '[-ord(c) for c in "+".join(sorted(products))])', TARGET),
    Bend("attach for attach only", "analysis/target.py", "rules[base].attach == attach and", "True and", TARGET),
    Bend("the legacy plan stays the base", "analysis/target.py", "if LEGACY_ENTERPRISE in held - holding.removed:", "if False:", TARGET),
    Bend("only what has a price is proposed", "analysis/target.py", "if cost is None or products & holding.removed:", "if products & holding.removed:"),
    Bend("a list price swaps nothing", "analysis/target.py", 'if not candidate.swaps_on_list_price]', "]", TARGET),
    Bend("chat only for who holds it", "analysis/target.py", "product.key in holding.products and holding.live_chat_only", "holding.live_chat_only", TARGET),
    Bend("add-ons want an Enterprise base", "analysis/target.py", "if rule.beside and not rule.beside & products:", "if False:", TARGET),
    Bend("Contact Center is out of scope", "analysis/settle.py", "rules[product].kind == \"standalone\" for product in today", "False for product in today"),
    Bend("a seat on no person is out of scope", "analysis/settle.py", "elif not case.human or (", "elif (False) or ("),
    Bend("Team Members beside another stays", "analysis/settle.py", "today & SEAT - remove\n", "frozenset()\n"),
    # ready target
    Bend("Enterprise people take the room", "analysis/decide.py", "full = pl.concat([taken, too_large.cast(pl.String)])", "full = pl.concat([taken.clear(), too_large.cast(pl.String)])"),
    Bend("more than 15 queues", "analysis/decide.py", 'pl.col("active_queues") > PROFESSIONAL_MAX_QUEUES', 'pl.col("active_queues") >= PROFESSIONAL_MAX_QUEUES'),
    Bend("more than 15 custom tables", "analysis/decide.py", 'pl.col("custom_tables") > PROFESSIONAL_MAX_CUSTOM_TABLES', 'pl.col("custom_tables") >= PROFESSIONAL_MAX_CUSTOM_TABLES'),
    Bend("who is on Professional need not wait", "analysis/settle.py", "== PROFESSIONAL != search.level(today)", "== PROFESSIONAL"),
    Bend("the ready target keeps Enterprise", "analysis/settle.py", 'search.target(waiting, needs | {"enterprise"})', "search.target(waiting, needs)"),
    # Team Members
    Bend("a channel exceeds", "analysis/team_members.py", '(interactions("digital") > 0)', "pl.lit(False)"),
    Bend("a record exceeds", "analysis/team_members.py", '(pl.col("routed_records") > 0)', "pl.lit(False)"),
    Bend("an article exceeds", "analysis/team_members.py", '(pl.col("articles") > 0)', "pl.lit(False)"),
    Bend("resolving a case of others exceeds", "analysis/team_members.py", '(pl.col("other_resolved_cases") > 0) | ', ""),
    Bend("two days on cases of others exceed", "analysis/team_members.py", '(pl.col("other_case_days") >= 2)', '(pl.col("other_case_days") >= 3)'),
    Bend("the threshold of other cases", "analysis/team_members.py", '>= thresholds["team_members_min_other_cases"]', '> thresholds["team_members_min_other_cases"]'),
    Bend("another case is reviewed", "analysis/team_members.py", '(pl.col("other_cases") > 0)', '(pl.col("other_cases") > 1)'),
    Bend("a queue item is reviewed", "analysis/team_members.py", '(pl.col("queue_items") > 0)', "pl.lit(False)"),
    Bend("many own cases are reviewed", "analysis/team_members.py", '>= thresholds["team_members_review_own_cases"]', '> thresholds["team_members_review_own_cases"]'),
    Bend("doubt cannot tell", "analysis/team_members.py", 'insufficient("cases", thresholds, environments_complete=environments_complete)', "pl.lit(False)"),
    # no product, actions
    Bend("unmatched without a licence source's word", "analysis/settle.py", "elif not case.in_complete_source:", "elif False:"),
    Bend("left without products", "analysis/settle.py", "        outcome.actions = [actions.LEFT]\n", "        outcome.actions = [actions.KEEP]\n"),
    Bend("no target reclaims", "analysis/settle.py", "outcome.actions = [actions.RECLAIM]\n    else:\n        changed", "outcome.actions = [actions.KEEP]\n    else:\n        changed"),
    Bend("remove a channel", "analysis/actions.py", "if right in had - gets]", "if right in gets - had]"),
    Bend("add a channel", "analysis/actions.py", "if right in gets - had]", "if False]"),
    Bend("a part of today's set is redundant", "analysis/actions.py", "if target < today else", "if target > today else"),
    Bend("the base's level makes a move", "analysis/actions.py", "if level != search.level(today):", "if False:"),
    # decisions
    Bend("a decision ends on its day", "analysis/decisions.py", '(pl.col("expires_on") <= client.as_of)', '(pl.col("expires_on") < client.as_of)'),
    Bend("a decision starts on its day", "analysis/decisions.py", 'pl.col("decided_on") > client.as_of', 'pl.col("decided_on") >= client.as_of'),
    Bend("the later decision wins", "analysis/decisions.py", '["person_id", "product"], keep="last"', '["person_id", "product"], keep="first"'),
    Bend("keep needs the product's rights", "analysis/settle.py", " | rights_of(keep & held)\n", "\n"),
    Bend("keep keeps the product", "analysis/settle.py", "kept=keep & held, left", "kept=NO_PRODUCTS, left"),
    Bend("remove releases holds", "analysis/settle.py", "case.held() - needs - rights_of(removed)", "case.held() - needs"),
    Bend("remove against a proved need is refused", "analysis/settle.py", "removed = (remove & held) - outcome.contradicted", "removed = remove & held"),
    Bend("exclude leaves alone", "analysis/settle.py", "    if case.excluded:\n", "    if False:\n"),
    # who, and where
    Bend("an enabled record makes an environment", "sql/person/environment.sql", "(r.enabled OR NOT r.any_enabled)", "true", EVIDENCE, "environments"),
    Bend("roles make an environment", "sql/person/environment.sql", "EXISTS (SELECT 1 FROM person_role p WHERE", "EXISTS (SELECT 1 FROM person_role p WHERE true OR", EVIDENCE, "roles"),
    Bend("acting makes an environment", "sql/person/environment.sql", "a.day < $as_of::DATE", "a.day < $as_of::DATE AND false", EVIDENCE, "environment"),
    Bend("a sandbox is never counted", "sql/person/environment.sql", "kind = 'production' AND service", "service", EVIDENCE, "sandbox"),
    Bend("the window starts on its first day", "sql/person/activity.sql", "d.day >= q.window_from AS in_window", "d.day > q.window_from AS in_window", EVIDENCE, "second"),
    Bend("as_of lies outside", "sql/person/activity.sql", "WHERE d.day < q.as_of", "WHERE d.day <= q.as_of", EVIDENCE, "second"),
    Bend("a disabled account has left", "sql/people/person.sql", "coalesce(d.account_enabled = false, false) OR ", "", ROLLUP, "who_has_left"),
    Bend("all records disabled and no account: left", "sql/people/person.sql", " OR (d.person_id IS NULL AND NOT coalesce(u.enabled, true))", "", ROLLUP, "who_has_left"),
    Bend("only supervisors' roles hold", "sql/person/who.sql", "WHERE r.kind = 'supervisor'", "", EVIDENCE, "supervisor"),
    Bend("an interaction counts once in a window", "sql/person/activity.sql", "coalesce(c.digital_handled, 0) - coalesce(r.digital_handled, 0)", "coalesce(c.digital_handled, 0)", EVIDENCE, "several_days"),
)  # fmt: skip


def check(copy: Path, bend: Bend) -> subprocess.CompletedProcess[str]:
    """Run the tests of a rule against a copy of the package."""
    only = bend.only or f"not ({SLOW})"
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", only]
    environment = {**os.environ, "PYTHONPATH": f"{copy}{os.pathsep}{ROOT / 'tests'}", "PYTHONDONTWRITEBYTECODE": "1"}
    # from the copy's folder, or the package beside the tests would come first
    return subprocess.run(
        [*command, "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), str(ROOT / "tests" / bend.tests)],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def copied(folder: Path) -> Path:
    shutil.copytree(ROOT / "d365bench", folder / "d365bench", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.mark.parametrize("bend", BENDS, ids=lambda bend: bend.rule.replace(" ", "-"))
def test_a_bent_rule_is_noticed(bend: Bend, tmp_path: Path) -> None:
    source = copied(tmp_path) / "d365bench" / bend.file
    text = source.read_text(encoding="utf-8")
    assert text.count(bend.old) >= 1, f"{bend.file} no longer holds {bend.old!r}"
    source.write_text(text.replace(bend.old, bend.new, 1), encoding="utf-8")
    result = check(tmp_path, bend)
    assert result.returncode == 1, f"no test notices: {bend.rule}\n{result.stdout[-600:]}{result.stderr[-600:]}"


@pytest.mark.parametrize(("tests", "only"), sorted({(bend.tests, bend.only) for bend in BENDS}))
def test_the_same_tests_pass_on_rules_as_they_are(tests: str, only: str, tmp_path: Path) -> None:
    result = check(copied(tmp_path), Bend("none", "", "", "", tests, only))
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
    probe = "import d365bench; print(d365bench.__file__)"
    where = subprocess.run(
        [sys.executable, "-c", probe],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert where.stdout.startswith(str(tmp_path))
