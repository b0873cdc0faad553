"""Explain: one person's decision with every rule that fired, its coverage and the exported rows that prove it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from d365bench.analysis.coverage import coverage as coverage_of
from d365bench.analysis.decide import decide
from d365bench.analysis.evidence import environments, evidence
from d365bench.analysis.fired import Asked, rules
from d365bench.analysis.holds import CHANNELS, SOURCES
from d365bench.analysis.ledger import ledger
from d365bench.analysis.money import Prices, cents
from d365bench.analysis.reasons import with_reasons
from d365bench.analysis.trace import DIGITAL, FIGURES, INNER, VOICE, Figure, Locate, PersonRows, Traced, spans
from d365bench.client import Client
from d365bench.errors import UnknownParameter, UsageError
from d365bench.rulebook import RIGHTS, Rulebook
from d365bench.store import Store

MOST_ROWS = 20  # shown of each figure, the latest; the total is always said
# The figures behind each right: what proves it, then what speaks for it without proving it.
PROOFS = {
    "cases": ("own_cases", "other_cases", "queue_items", "articles", "acts"),
    "digital": ("digital_handled", "digital_consulted"),
    "enterprise": ("sla_cases", "entitlement_cases", "copilot_cases", "routed_records"),
    "voice": ("voice_handled", "voice_consulted"),
}
DOUBTS = {
    "cases": ("season_actions", "indirect_actions", "last_seen"),
    "digital": ("digital_season", "digital_monitored", "digital_offered", "indirect_digital", "unknown_sessions"),
    "enterprise": ("season_enterprise_cases", "season_records", "indirect_enterprise_cases"),
    "voice": ("voice_season", "voice_monitored", "voice_offered", "indirect_voice", "unknown_sessions"),
}
LAST = {
    "cases": Figure((), "last", "before"),
    "digital": Figure(DIGITAL, "last", "before"),
    "voice": Figure(VOICE, "last", "before"),
}
# What a source of the decision is called in the coverage.
SOURCE_NAMES = {"cases": "cases", "history": "case_history"}
VERDICT = (
    *("current_products", "target_products", "ready_target_products", "actions", "holds", "team_members_verdict"),
    *("status", "monthly_now", "monthly_ready_target", "monthly_target", "monthly_saving_ready"),
    *("monthly_saving_conditional", "monthly_withheld", "price_source", "disputed_facts", "decision"),
)
LABELS = ("person_id", "upn", "display_name", "department", "business_unit", "account_enabled", "environments")
BETWEEN_REASONS = " | "
ROLLED_UP_ELSEWHERE = "The activity was rolled up elsewhere: its rows never came here."


def explain(
    store: Store,
    client: Client,
    thresholds: Mapping[str, int],
    rulebook: Rulebook,
    person: str,
    product: str | None = None,
    *,
    locate: Locate | None = None,
    decided: pl.DataFrame | None = None,
    coverage: pl.DataFrame | None = None,
    most: int = MOST_ROWS,
) -> dict[str, Any]:
    """Everything behind the decision on one person, as JSON can hold it.

    Args:
        person: id, UPN or display name, whatever the case; several that match are an error that lists them.
        product: only the rights that this product grants.
        locate: finds the record numbers of exported rows in their files; without it `record` stays empty.
        decided: what `decide` gives under these thresholds, where it is there already; coverage likewise.
        most: so many rows are shown of each figure.
    """
    if product is not None and product not in rulebook.products:
        raise UnknownParameter(product, rulebook.products, kind="product")
    person_id = who(store, person)
    if coverage is None:
        coverage = coverage_of(store, client, thresholds)
    if decided is None:
        seen = evidence(store, client, thresholds, coverage)
        decided = decide(seen, environments(store), rulebook, client, thresholds)
    own = decided.filter(pl.col("person_id") == person_id)
    if own.is_empty():
        raise UsageError(f"'{person}' holds no product of ours and did nothing in the window: there is nothing decided")
    row = own.row(0, named=True)
    rights = [right for right in RIGHTS if product is None or right in rulebook.products[product].rights]
    asked = Asked(own.drop("actions").rename({"acts": "actions"}), row, thresholds, client, rulebook)
    rows = PersonRows(store, client, thresholds, person_id)
    behind = Behind(locate, most)
    written = ledger(with_reasons(own, thresholds, rulebook, client, coverage), client).row(0, named=True)
    answer = {
        "client": client.name,
        "as_of": client.as_of,
        "currency": client.currency,
        "rulebook": rulebook.version,
        **stretches(client.as_of, thresholds),
        "person": {name: written[name] for name in LABELS},
        "verdict": {name: written[name] for name in VERDICT}
        | {"reasons": (written["reasons"] or "").split(BETWEEN_REASONS)},
        "rules": rules(asked, rights),
        "rights": [about_right(right, row, rows, behind, coverage, thresholds, client) for right in rights],
        "products": [*about_products(row, product, client, rulebook)],
        "standing": behind.rows(rows.seen("licence", "account", "user_record", "supervisor_role", "queue_member")),
    }
    behind.fill()
    plain_answer = plain(answer)
    assert isinstance(plain_answer, dict)
    return {**plain_answer, "files": plain(behind.files())}


def who(store: Store, person: str) -> str:
    """The person_id of the one person whom a text names; a UsageError lists several, or says that there is none."""
    found = store.query("trace/person", named=person)
    if found.height == 1:
        return str(found["person_id"][0])
    if found.is_empty():
        raise UsageError(f"nobody is called '{person}': no id, UPN or display name in the exports is equal to it")
    listed = "\n".join(f"  {one['person_id']}  {one['upn'] or ''}" for one in found.iter_rows(named=True))
    raise UsageError(f"{found.height} people have the {found['matched'][0]} '{person}'; ask for one by id:\n{listed}")


def stretches(as_of: date, thresholds: Mapping[str, int]) -> dict[str, Any]:
    """First and last day of the window and of the look-back."""
    return {
        name: {"first_day": first, "last_day": date.fromordinal(before.toordinal() - 1)}
        for name, (first, before) in spans(as_of, thresholds).items()
        if name != "before"
    }


# -- rights ------------------------------------------------------------------------------------------------------


def about_right(
    right: str,
    row: Mapping[str, Any],
    rows: PersonRows,
    behind: Behind,
    coverage: pl.DataFrame,
    thresholds: Mapping[str, int],
    client: Client,
) -> dict[str, Any]:
    """A right as it stands: held, needed, kept; what was counted, how well that is covered, and the rows behind it."""
    figures = {**FIGURES, **INNER}
    proof = [*traced(PROOFS[right], figures, row, rows, behind)]
    doubt = [*traced(DOUBTS[right], figures, row, rows, behind)]
    if right in LAST and not any(one["value"] for one in proof):
        doubt.insert(0, behind.figure("last_before_the_window", rows.figure(LAST[right])))
    return {
        "right": right,
        "has_today": right in row["rights"],
        "needed": right in row["needs"],
        "held_by": next((hold.split(":")[1] for hold in row["holds"] if hold.startswith(f"{right}:")), None),
        "counts": {name: row[name] for name in counted(right, row)},
        "coverage": [*covering(right, row["environments"], coverage, thresholds, client)],
        "proof": proof,
        "doubt": doubt,
    }


def traced(
    names: Iterable[str], figures: Mapping[str, Figure], row: Mapping[str, Any], rows: PersonRows, behind: Behind
) -> Iterator[dict[str, Any]]:
    """The figures that are not nothing, each with the rows behind it."""
    for name in names:
        found = rows.figure(figures[name])
        if found.value:
            yield behind.figure(name, found)
        elif row.get(name):
            yield {"figure": name, "value": row[name], "rows_in_all": 0, "rows": [], "note": ROLLED_UP_ELSEWHERE}


def counted(right: str, row: Mapping[str, Any]) -> list[str]:
    """The counts of the evidence that concern a right."""
    more = [f"{right}_days", f"{right}_last"] if right in CHANNELS else ["case_days", "last_activity"]
    return [name for name in (*PROOFS[right], *DOUBTS[right], *more) if name in row]


def covering(
    right: str, where: Iterable[str], coverage: pl.DataFrame, thresholds: Mapping[str, int], client: Client
) -> Iterator[dict[str, Any]]:
    """For each of the person's environments how far a source of the right can prove absence, and why it cannot."""
    sources = {SOURCE_NAMES.get(source, "sessions") for source in SOURCES[right]}
    # A channel that was never switched on needs no telemetry: its absence is declared.
    channel = "record" if right == "enterprise" else right
    absent = {environment.name for environment in client.environments if channel in environment.not_provisioned}
    theirs = coverage.filter(pl.col("environment").is_in(list(where)) & pl.col("source").is_in(list(sources)))
    for row in theirs.sort("environment", "source").iter_rows(named=True):
        declared_absent = row["source"] == "sessions" and row["environment"] in absent
        yield {
            **{name: row[name] for name in ("environment", "source")},
            **{name: 100.0 if declared_absent else row[name] for name in ("percent", "season_percent")},
            "needed_percent": thresholds["coverage_min_percent"],
            **{name: row[name] for name in ("first_day", "last_day", "gaps", "reason", "declared")},
        }


def about_products(
    row: Mapping[str, Any], product: str | None, client: Client, rulebook: Rulebook
) -> Iterator[dict[str, Any]]:
    """Each product of today and of the targets: what it grants, what it costs, and where that was read."""
    prices = Prices(client, rulebook)
    places = {
        "today": row["current_products"],
        "ready_target": row["ready_target_products"] or [],
        "target": row["target_products"] or [],
    }
    for key in sorted({one for products in places.values() for one in products} | ({product} if product else set())):
        told, quote = rulebook.products[key], prices.quotes[key]
        if product not in (None, key):
            continue
        yield {
            "product": key,
            "display_name": told.display_name,
            "grants": sorted(told.rights),
            **{place: key in products for place, products in places.items()},
            "price": cents(quote.amount) if quote else None,
            "price_source": quote.source if quote else None,
            "price_confidence": quote.confidence if quote else None,
            "sources": {source: rulebook.sources.get(source, source) for source in told.sources},
            "confidence": told.confidence,
            "note": told.note,
        }


# -- rows --------------------------------------------------------------------------------------------------------


class Behind:
    """The exported rows that an answer shows; their files are looked into once, when all are known."""

    def __init__(self, locate: Locate | None, most: int) -> None:
        self._locate, self._most = locate, most
        self._frames: list[pl.DataFrame] = []
        self._lists: list[list[dict[str, Any]]] = []
        self._found: pl.DataFrame | None = None

    def figure(self, name: str, found: Traced) -> dict[str, Any]:
        """A figure with its latest rows, which `fill` completes."""
        acts = found.rows.filter(pl.col("role") == "act")
        latest = acts.tail(self._most)
        facts = found.rows.filter(pl.col("role") == "fact").join(
            latest.select("environment", "object_id").unique(), on=["environment", "object_id"], how="semi"
        )
        shown = pl.concat([latest, facts])
        return {"figure": name, "value": found.value, "rows_in_all": acts.height, "rows": self.rows(shown)}

    def rows(self, frame: pl.DataFrame) -> list[dict[str, Any]]:
        """A list that `fill` puts these rows into."""
        shown: list[dict[str, Any]] = []
        self._frames.append(frame.with_columns(shown_in=pl.lit(len(self._lists), dtype=pl.Int64)))
        self._lists.append(shown)
        return shown

    def fill(self) -> None:
        """Put every row into its list, with its record number where files are looked into."""
        frame = pl.concat(self._frames)
        if self._locate is not None:
            frame = self._locate(frame)
        self._found = frame
        names = ("role", "act", "environment", "table_name", "row_key", "at_instant", "object_id", "path", "record")
        for row in frame.iter_rows(named=True):
            self._lists[row["shown_in"]].append({name: row.get(name) for name in names})

    def files(self) -> list[dict[str, Any]]:
        """Each file that a shown row comes from, with the hash that it was loaded with, and whether it still has it."""
        assert self._found is not None
        state = ["file_state"] if "file_state" in self._found.columns else []
        return self._found.select("path", "sha256", *state).drop_nulls("path").unique().sort("path").to_dicts()


def plain(value: Any) -> Any:
    """A value as JSON can hold it: days and instants as text, money as a number."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list | tuple) else value
