"""The Entra admin centre's 'Download users': a list of people without any licence."""

from __future__ import annotations

from typing import Any

from d365bench.ingest import directory, get_mguser, listing, values
from d365bench.ingest.reading import Head, Reading

SHAPE, SOURCE = "entra_users", "entra"
NOTE = "This list has people but no licence column; add Graph users with assignedLicenses."


def matches(head: Head) -> bool:
    """Whether the header lists users by UPN and object id, and no licences."""
    names = set(listing.columns(head.text))
    keyed = "userprincipalname" in names and not names.isdisjoint({"id", "objectid"})
    return keyed and "displayname" in names and "licenses" not in names and not get_mguser.matches(head)


def read(head: Head) -> Reading:
    """Every person of the list; text stays as it is, even where it begins like a formula."""
    users: list[dict[str, Any]] = []
    quarantined: list[tuple[int, str]] = []
    rows = 0
    for rows, cells in listing.records(head):
        if isinstance(cells, str):
            quarantined.append((rows, cells))
            continue
        user = user_row(rows, cells)
        if user["upn"] is None and user["object_id"] is None:
            quarantined.append((rows, "no_key"))
        else:
            users.append(user)
    return Reading(
        SHAPE,
        "users",
        rows_read=rows,
        frames={"directory_user_row": directory.rows("directory_user_row", users)},
        quarantined=tuple(quarantined),
        note=NOTE,
    )


def user_row(record: int, cells: listing.Cells) -> dict[str, Any]:
    return {
        "record": record,
        "source": SOURCE,
        "object_id": values.guid(cells.get("id") or cells.get("objectid")),
        "upn": values.text(cells.get("userprincipalname")),
        "display_name": values.text(cells.get("displayname")),
        "department": values.text(cells.get("department")),
        "account_enabled": values.flag(cells.get("accountenabled")),
        "user_type": values.text(cells.get("usertype")),
        "proxy_addresses": values.smtp_addresses(values.split_addresses(cells.get("proxyaddresses"))),
        "sign_in_exported": False,
        "licences_exported": False,
    }
