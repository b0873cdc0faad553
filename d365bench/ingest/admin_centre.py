"""The Microsoft 365 admin centre's list of active users: people, and licences by their display names."""

from __future__ import annotations

import re
from typing import Any

from d365bench.ingest import directory, get_mguser, listing, values
from d365bench.ingest.reading import Head, Reading

SHAPE, SOURCE = "m365_admin", "admin_centre"
UNLICENSED = "unlicensed"
# 'Enterprise Mobility + Security E3' is one licence: only a plus without blanks beside it separates.
SEPARATOR = re.compile(r"(?<!\s)\+(?!\s)")
ASSIGNMENT = re.compile(r"(direct|group)\s+(.+)", re.IGNORECASE | re.DOTALL)


def matches(head: Head) -> bool:
    """Whether the header is one of the generations of this list."""
    return {"userprincipalname", "licenses"} <= set(listing.columns(head.text)) and not get_mguser.matches(head)


def read(head: Head) -> Reading:
    """Every person of the list with the licences that the list names."""
    users: list[dict[str, Any]] = []
    licences: list[dict[str, Any]] = []
    quarantined: list[tuple[int, str]] = []
    rows = 0
    for rows, cells in listing.records(head):
        if isinstance(cells, str):
            quarantined.append((rows, cells))
            continue
        user = user_row(rows, cells)
        if user["upn"] is None and user["object_id"] is None:
            quarantined.append((rows, "no_key"))
            continue
        users.append(user)
        licences += licence_rows(rows, cells)
    return Reading(
        SHAPE,
        "users",
        rows_read=rows,
        frames={
            "directory_user_row": directory.rows("directory_user_row", users),
            "licence_assignment_row": directory.rows("licence_assignment_row", licences),
        },
        quarantined=tuple(quarantined),
    )


def user_row(record: int, cells: listing.Cells) -> dict[str, Any]:
    """One person; an object id that a spreadsheet has spoilt is left out, the UPN still names the person."""
    blocked = values.flag(cells.get("blockcredential"))
    return {
        "record": record,
        "source": SOURCE,
        "object_id": values.guid(cells.get("objectid")),
        "upn": values.text(cells.get("userprincipalname")),
        "display_name": values.text(cells.get("displayname")),
        "department": values.text(cells.get("department")),
        "account_enabled": None if blocked is None else not blocked,
        "proxy_addresses": values.smtp_addresses(values.split_addresses(cells.get("proxyaddresses"))),
        "sign_in_exported": False,
        "licences_exported": True,
    }


def licence_rows(record: int, cells: listing.Cells) -> list[dict[str, Any]]:
    """One row per licence and known path; a failed assignment stands among the details only and is none."""
    paths: dict[str, list[str]] = {}
    for detail in licence_names(cells.get("licenseassignmentdetails")):
        if found := ASSIGNMENT.fullmatch(detail):
            paths.setdefault(found[2].casefold(), []).append(found[1].lower())
    return [
        {"record": record, "source": SOURCE, "sku_name": name, "via": via}
        for name in licence_names(cells.get("licenses"))
        for via in paths.get(name.casefold(), [None])
    ]


def licence_names(cell: str | None) -> list[str]:
    """The licences that one cell names, each once; none for 'Unlicensed'."""
    names = [name.strip() for name in SEPARATOR.split(cell or "")]
    return list(dict.fromkeys(name for name in names if name and name.casefold() != UNLICENSED))
