"""Writing down the directory of an invented tenant: accounts, licences, an audit search, a workbook."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from d365bench.sample.files import json_value, write_json, write_table
from d365bench.sample.shapes import latest
from d365bench.sample.world import Account, World


def graph_users(
    path: Path, accounts: Sequence[Account], page: int = 250, *, bare: bool = False, sign_in: bool = True
) -> None:
    """Graph users with licences, in pages of JSON or as one bare array."""
    people = [graph_user(account) for account in accounts]
    if not sign_in:
        people = [{name: value for name, value in person.items() if name != "signInActivity"} for person in people]
    if bare:
        write_json(path, people)
        return
    pages = [people[start : start + page] for start in range(0, len(people), page)]
    for number, part in enumerate(pages, start=1):
        content: dict[str, Any] = {
            "@odata.context": "https://graph.microsoft.example/v1.0/$metadata#users(id,userPrincipalName,assignedLicenses)"
        }
        if number < len(pages):
            content["@odata.nextLink"] = f"https://graph.microsoft.example/v1.0/users?$skiptoken=u{number + 1}"
        write_json(path.with_stem(f"{path.stem}_{number}"), {**content, "value": part}, indent=None)


def graph_user(account: Account) -> dict[str, Any]:
    held = list(dict.fromkeys(sku for sku, _, _, state in account.licences if state in ("Active", "ActiveWithError")))
    return {
        "id": account.object_id,
        "userPrincipalName": account.upn,
        "mail": account.upn,
        "displayName": account.name,
        "department": account.department,
        "accountEnabled": account.enabled,
        "userType": "Guest" if account.guest else "Member",
        "proxyAddresses": [f"smtp:{address}" for address in account.proxies],
        "assignedLicenses": [{"disabledPlans": [], "skuId": sku} for sku in held],
        "licenseAssignmentStates": [
            {
                "skuId": sku,
                "disabledPlans": [],
                "assignedByGroup": None if via == "direct" else via,
                "state": state,
                "error": "None" if state == "Active" else "CountViolation",
                "lastUpdatedDateTime": f"{on:%Y-%m-%d}T09:00:00Z" if on else None,
            }
            for sku, via, on, state in account.licences
        ],
        "signInActivity": {"lastSignInDateTime": json_value(account.last_sign_in)},
    }


def subscribed_skus(path: Path, bought: dict[str, tuple[str, int, int, list[str]]]) -> None:
    """Graph subscribedSkus: SKU id → part number, bought, consumed, service plans."""
    value = [
        {
            "appliesTo": "User",
            "capabilityStatus": "Enabled",
            "skuId": sku,
            "skuPartNumber": part,
            "consumedUnits": consumed,
            "prepaidUnits": {"enabled": enabled, "suspended": 0, "warning": 0, "lockedOut": 0},
            "servicePlans": [
                {"servicePlanId": plan, "servicePlanName": plan[:8], "appliesTo": "User"} for plan in plans
            ],
        }
        for sku, (part, enabled, consumed, plans) in bought.items()
    ]
    write_json(
        path, {"@odata.context": "https://graph.microsoft.example/v1.0/$metadata#subscribedSkus", "value": value}
    )


def admin_centre(path: Path, accounts: Sequence[Account]) -> None:
    """The admin centre's list of active users; licences by name, joined with plus signs."""
    columns = [
        "Block credential",
        "Department",
        "Display name",
        "Licenses",
        "Object Id",
        "Proxy addresses",
        "User principal name",
        "When created",
    ]
    rows = (
        [
            str(not account.enabled),
            account.department,
            account.name,
            "+".join(name for name, *_ in account.licences) or "Unlicensed",
            account.object_id,
            "+".join(f"smtp:{address}" for address in account.proxies),
            account.upn,
            "2023-01-15 07:15:02Z",
        ]
        for account in accounts
    )
    write_table(path, columns, rows, bom=True)


def entra_users(path: Path, accounts: Sequence[Account]) -> None:
    """Entra's download of users: people, no licences."""
    columns = ["userPrincipalName", "displayName", "mail", "id", "userType", "department", "accountEnabled"]
    rows = (
        [a.upn, a.name, a.upn, a.object_id, "Guest" if a.guest else "Member", a.department, str(a.enabled)]
        for a in accounts
    )
    write_table(path, columns, rows, bom=True)


def purview(path: Path, acts: Sequence[tuple[str, datetime, str]], *, cut_off: int = 0, others: int = 0) -> None:
    """An audit search: (UPN, instant, record id) per act; some cells are cut off, some acts are of other services."""
    columns = [
        "RecordId",
        "CreationDate",
        "RecordType",
        "Operation",
        "UserId",
        "AuditData",
        "AssociatedAdminUnits",
        "AssociatedAdminUnitsNames",
    ]
    rows = []
    for number, (upn, when, record) in enumerate(acts):
        kind = 21 if number >= others else 15
        data = json.dumps(
            {
                "CreationTime": f"{when:%Y-%m-%dT%H:%M:%S}",
                "Id": record,
                "Operation": "CrmDefaultActivity",
                "RecordType": kind,
                "UserId": upn,
                "Workload": "CRM",
                "CorrelationId": record,
                "EntityId": record,
                "Message": "Retrieve",
            }
        )
        if number >= len(acts) - cut_off:
            data = data[:60]
        rows.append([record, f"{when:%Y-%m-%dT%H:%M:%S}.0000000Z ", str(kind), "CrmDefaultActivity", upn, data, "", ""])
    write_table(path, columns, rows, bom=True)


def workbook(path: Path, world: World, environment: str) -> int:
    """An Excel export of open cases; gives back its number of rows."""
    import xlsxwriter

    cases = [row for row in latest(world.rows.get((environment, "incident"), []), "incident") if row["statecode"] == 0][
        :40
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(path) as book:
        # a fixed day, or the same seed would not give the same bytes
        book.set_properties({"created": datetime(2026, 7, 1)})
        sheet = book.add_worksheet("Active Cases")
        sheet.write_row(
            0,
            0,
            [
                "(Do Not Modify) Case",
                "(Do Not Modify) Row Checksum",
                "(Do Not Modify) Modified On",
                "Case Number",
                "Status",
            ],
        )
        for place, row in enumerate(cases, start=1):
            sheet.write_row(place, 0, [row["incidentid"], "x1", f"{row['modifiedon']}", row["ticketnumber"], "Active"])
    return len(cases)
