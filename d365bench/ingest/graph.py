"""Microsoft Graph as JSON: users with their licences, and the SKUs that the tenant subscribes to.

Raw pages, a bare array, one object per line, or what ConvertTo-Json makes of Get-MgUser: the case of keys says nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import polars as pl

from d365bench.ingest import directory, refusals, values
from d365bench.ingest.head import decode
from d365bench.ingest.reading import Head, Reading

SHAPE, SOURCE, PEOPLE_ONLY = "graph", "graph", "entra"
NO_LICENCES = (
    "no assignedLicenses in any user: this export has people but no licences. Export /users again with "
    "$select=id,userPrincipalName,displayName,accountEnabled,userType,department,proxyAddresses,assignedLicenses,"
    "licenseAssignmentStates, and signInActivity where the tenant has it."
)
ONE_USER = "This is one user, not the list of users; export /users."

CONTEXT = re.compile(r'"@odata\.context"\s*:\s*"[^"]*\$metadata#([^"]*)"', re.IGNORECASE)
# Not '#users('<id>')/…', which is something that belongs to one user.
USERS = re.compile(r"users(?:\((?!').*\))?(?:/\$entity)?", re.IGNORECASE)
SKUS = re.compile(r"subscribedskus(?:\((?!').*\))?(?:/\$entity)?", re.IGNORECASE)
KEY = re.compile(r'"([A-Za-z@.]+)"\s*:')
# Sign-in logs and devices carry a userPrincipalName too, but none of these.
USER_KEYS = frozenset(
    {"assignedlicenses", "licenseassignmentstates", "accountenabled", "usertype", "proxyaddresses", "signinactivity"}
    | {"businessphones", "mail"}
)
STRANGER_KEYS = frozenset({"appdisplayname", "devicename", "emailaddress"})

HOLDING, FAILED = frozenset({"active", "activewitherror"}), frozenset({"error", "disabled"})
SIGN_INS = ("lastsignindatetime", "lastnoninteractivesignindatetime", "lastsuccessfulsignindatetime")

Record = Mapping[str, Any]


class Refused(ValueError):
    """Why one record is quarantined: its reason code."""


@dataclass(frozen=True)
class Page:
    """One file of JSON: its records as they stand, and what it says about the answer that it belongs to."""

    records: list[Any]
    context: str | None = None
    has_next: bool = False
    total: int | None = None

    def frame(self, relative: str) -> pl.DataFrame:
        """The one row that tells which pages belong together."""
        folder = str(PurePosixPath(relative).parent)
        row = {"folder": folder, "context": self.context, "has_next": self.has_next, "total": self.total}
        return directory.rows("directory_page", [{"record": 0, **row}])


def matches(head: Head) -> bool:
    """Whether this is JSON of Graph users or subscribed SKUs."""
    return kind(head.text) is not None


def kind(text: str) -> str | None:
    """'users', 'subscribedSkus', or None for anything else, from the beginning of a JSON file."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    if context := CONTEXT.search(text):
        if USERS.fullmatch(context[1]):
            return "users"
        return "subscribedSkus" if SKUS.fullmatch(context[1]) else None
    keys = {key.lower() for key in KEY.findall(text)}
    if {"skupartnumber", "prepaidunits"} <= keys:
        return "subscribedSkus"
    if "userprincipalname" in keys and keys & USER_KEYS and not keys & STRANGER_KEYS:
        return "users"
    return None


def read(head: Head) -> Reading:
    """The users with their seats, or the SKUs, of one page."""
    table = kind(head.text)
    page = page_of(decode(head.path.read_bytes())[1])
    if page is None or table is None:
        return Reading(SHAPE, table, refused=refusals.BROKEN_JSON)
    return read_users(page, head.relative) if table == "users" else read_skus(page, head.relative)


def page_of(text: str) -> Page | None:
    """The records of a page, an array, a single object or one object per line; None where the JSON breaks off."""
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        return lines_of(text)
    if isinstance(whole, list):
        return Page(whole)
    answer = lowered(whole)
    if not isinstance(answer.get("value"), list):
        return Page([whole], context=answer.get("@odata.context"))
    total = answer.get("@odata.count")
    return Page(
        answer["value"],
        context=answer.get("@odata.context"),
        has_next=bool(answer.get("@odata.nextlink")),
        total=total if isinstance(total, int) else None,
    )


def lines_of(text: str) -> Page | None:
    """One object per line; a broken line is a broken record, a broken first one no such file."""
    records: list[Any] = []
    for line in filter(str.strip, text.split("\n")):
        try:
            records.append(json.loads(line))
        except (ValueError, RecursionError):
            records.append(None)
    return Page(records) if records and isinstance(records[0], dict) else None


def lowered(record: Any) -> dict[str, Any]:
    """An object with its keys in lower case; an empty one for anything else."""
    return {str(key).lower(): value for key, value in record.items()} if isinstance(record, dict) else {}


def listed(value: Any) -> list[Any]:
    """A collection as a list; PowerShell unwraps one that has a single element."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


# -- users -------------------------------------------------------------------------------------------------------


def read_users(page: Page, relative: str) -> Reading:
    """People and seats; a list without licences is refused, unless it tells when people signed in."""
    people = [lowered(record) for record in page.records]
    licensed = any(licences_exported(record) for record in page.records)
    signed = any(sign_in_exported(record) for record in page.records)
    if any(not isinstance(entry, dict) for person in people for entry in listed(person.get("assignedlicenses"))):
        return Reading(SHAPE, "users", refused=refusals.COLLAPSED, note=f"{len(people)} users in the file")
    if people and not licensed and not signed:
        return Reading(SHAPE, "users", refused=NO_LICENCES, note=f"{len(people)} users in the file")

    users: list[dict[str, Any]] = []
    licences: list[dict[str, Any]] = []
    quarantined: list[tuple[int, str]] = []
    source = SOURCE if licensed else PEOPLE_ONLY
    for number, person in enumerate(people, start=1):
        try:
            user = {"record": number, "source": source, **user_of(person)}
            held = [{"record": number, "source": source, **seat} for seat in seats(person)] if licensed else []
        except Refused as refused:
            quarantined.append((number, str(refused)))
            continue
        users.append({**user, "sign_in_exported": signed, "licences_exported": licensed})
        licences += held
    single = bool(page.context and page.context.lower().endswith("/$entity"))
    why = ONE_USER if single else refusals.MISSING_PAGE if page.has_next else None
    states = sum(len(listed(person.get("licenseassignmentstates"))) for person in people)
    return Reading(
        SHAPE,
        "users",
        rows_read=len(people),
        frames={
            "directory_user_row": directory.rows("directory_user_row", users),
            "licence_assignment_row": directory.rows("licence_assignment_row", licences),
            "directory_page": page.frame(relative),
        },
        quarantined=tuple(quarantined),
        complete=why is None,
        why_incomplete=why,
        note=f"{states} assignment states" if licensed else "people and sign-ins only, no licences",
    )


def licences_exported(record: Any) -> bool:
    """Whether licences were asked for: Graph leaves the key out where not, the SDK writes null or an empty list."""
    asked = isinstance(record, dict) and isinstance(record.get("assignedLicenses"), list)
    return asked or bool(lowered(record).get("assignedlicenses"))


def sign_in_exported(record: Any) -> bool:
    """Whether sign-ins were asked for: the SDK writes an empty object where they were not."""
    activity = lowered(record).get("signinactivity")
    asked = isinstance(record, dict) and "signInActivity" in record
    return asked or any(lowered(activity).get(key) for key in SIGN_INS)


def user_of(person: Record) -> dict[str, Any]:
    """One person; raises `Refused`."""
    if not person:
        raise Refused("bad_json")
    object_id, upn = values.guid(person.get("id")), values.text(person.get("userprincipalname"))
    if object_id is None and values.text(person.get("id")):
        raise Refused("bad_guid")
    if object_id is None and upn is None:
        raise Refused("no_key")
    activity = lowered(person.get("signinactivity"))
    return {
        "object_id": object_id,
        "upn": upn,
        "display_name": values.text(person.get("displayname")),
        "department": values.text(person.get("department")),
        "account_enabled": values.flag(person.get("accountenabled")),
        "user_type": values.text(person.get("usertype")),
        "proxy_addresses": values.smtp_addresses(listed(person.get("proxyaddresses"))),
        "last_sign_in": max((at for key in SIGN_INS if (at := instant(activity.get(key)))), default=None),
    }


def seats(person: Record) -> Iterator[dict[str, Any]]:
    """One row per SKU that holds a seat and path that gives it; a plan switched off is still a seat."""
    states: dict[str, list[Record]] = {}
    for entry in map(lowered, listed(person.get("licenseassignmentstates"))):
        states.setdefault(sku(entry), []).append(entry)
    assigned = [sku(lowered(licence)) for licence in listed(person.get("assignedlicenses"))]
    for sku_id in dict.fromkeys([*assigned, *states]):
        if sku_id not in states:
            yield {"sku_id": sku_id, "via": None, "assigned_at": None}
        for state in states.get(sku_id, []):
            named = str(state.get("state", "")).lower()
            if named in HOLDING or (sku_id in assigned and named not in FAILED):
                group = values.text(state.get("assignedbygroup"))
                yield {
                    "sku_id": sku_id,
                    "via": group.lower() if group else "direct",
                    "assigned_at": instant(state.get("lastupdateddatetime")),
                }


def sku(entry: Record) -> str:
    """The SKU id of a licence or an assignment state; raises `Refused`."""
    found = values.guid(entry.get("skuid"))
    if found is None:
        raise Refused("bad_guid")
    return found


def instant(value: Any) -> Any:
    """An instant, None for nothing or 'never' (year 1); raises `Refused` for what cannot be read."""
    if values.text(value) is None:
        return None
    at = values.instant(value)
    if at is None:
        raise Refused("bad_date")
    return at if at >= values.EPOCH else None


# -- subscribed SKUs ---------------------------------------------------------------------------------------------


def read_skus(page: Page, relative: str) -> Reading:
    """What the tenant has bought, and how much of it is assigned."""
    found: list[dict[str, Any]] = []
    quarantined: list[tuple[int, str]] = []
    for number, record in enumerate(page.records, start=1):
        try:
            found.append({"record": number, **sku_of(lowered(record))})
        except Refused as refused:
            quarantined.append((number, str(refused)))
    return Reading(
        SHAPE,
        "subscribedSkus",
        rows_read=len(page.records),
        frames={
            "subscribed_sku_row": directory.rows("subscribed_sku_row", found),
            "directory_page": page.frame(relative),
        },
        quarantined=tuple(quarantined),
        complete=not page.has_next,
        why_incomplete=refusals.MISSING_PAGE if page.has_next else None,
    )


def sku_of(record: Record) -> dict[str, Any]:
    """One SKU; raises `Refused`."""
    if not record:
        raise Refused("bad_json")
    plans = [values.guid(lowered(plan).get("serviceplanid")) for plan in listed(record.get("serviceplans"))]
    return {
        "sku_id": sku(record),
        "part_number": values.text(record.get("skupartnumber")),
        "purchased": units(lowered(record.get("prepaidunits")).get("enabled")),
        "consumed": units(record.get("consumedunits")),
        "applies_to": values.text(record.get("appliesto")),
        "plan_ids": [plan for plan in plans if plan],
    }


def units(value: Any) -> int | None:
    """A number of licences; raises `Refused` for anything but a whole number or nothing."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise Refused("bad_number")
