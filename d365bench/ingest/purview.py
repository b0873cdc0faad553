"""Purview audit searches: who did something in the application when, as supporting evidence only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from d365bench.ingest import directory, listing, values
from d365bench.ingest.reading import Head, Reading

SHAPE = "purview"
CRM_RECORD_TYPES = frozenset({"21", "crm"})
MOST_ROWS = 50_000
ROW_CAP = "The file has exactly 50,000 rows, the export's limit; it is cut off. Export shorter date ranges."


def matches(head: Head) -> bool:
    """Whether the header has the column that every generation of this export has."""
    return "auditdata" in listing.columns(head.text)


def read(head: Head) -> Reading:
    """Every audit record of the application; the JSON counts, not the columns around it."""
    found: list[dict[str, Any]] = []
    quarantined: list[tuple[int, str]] = []
    rows = filtered = 0
    for rows, cells in listing.records(head):
        audit = cells if isinstance(cells, str) else audit_data(cells["auditdata"])
        if isinstance(audit, str):
            quarantined.append((rows, audit))
        elif str(audit.get("RecordType", "")).lower() not in CRM_RECORD_TYPES:
            filtered += 1
        elif isinstance(act := act_row(rows, audit), str):
            quarantined.append((rows, act))
        else:
            found.append(act)
    cut = rows == MOST_ROWS
    return Reading(
        SHAPE,
        None,
        rows_read=rows,
        frames={"purview_row": directory.rows("purview_row", found)},
        quarantined=tuple(quarantined),
        filtered=filtered,
        complete=not cut,
        why_incomplete=ROW_CAP if cut else None,
    )


def audit_data(cell: str) -> Mapping[str, Any] | str:
    """The JSON of one record, or why it cannot be used: a spreadsheet cuts long cells."""
    try:
        audit = json.loads(cell)
    except (ValueError, RecursionError):
        return "bad_json"
    return audit if isinstance(audit, dict) else "bad_json"


def act_row(record: int, audit: Mapping[str, Any]) -> dict[str, Any] | str:
    """What one audit record says, or why it is refused."""
    audit_id, user_id = values.text(audit.get("Id")), values.text(audit.get("UserId"))
    at_instant = values.instant(audit.get("CreationTime"))
    if audit_id is None or user_id is None:
        return "no_key"
    if at_instant is None:
        return "bad_date"
    return {
        "record": record,
        "audit_id": audit_id.lower(),
        "user_id": user_id.lower(),
        "at_instant": at_instant,
        "correlation_id": values.text(audit.get("CorrelationId")),
        "message": values.text(audit.get("Message")),
        "entity_id": values.text(audit.get("EntityId")),
    }
