"""Get-MgUser written with Export-Csv: collections collapsed to type names, so the licences are lost. Refused."""

from __future__ import annotations

import re

from d365bench.ingest import listing, refusals
from d365bench.ingest.reading import Head, Reading

SHAPE = "get_mguser"
TYPE_NAME = re.compile(
    r"Microsoft\.Graph\.PowerShell\.Models\.|Microsoft\.Online\.Administration\.|System\.(?:Object|String)\[\]"
    r"|System\.Collections\.Generic"
)


def matches(head: Head) -> bool:
    """Whether this is a list of users with type names where collections were."""
    return "userprincipalname" in listing.columns(head.text) and bool(
        TYPE_NAME.search(listing.TYPE_LINE.sub("", head.text))
    )


def read(head: Head) -> Reading:
    """A refusal that says how many rows are lost, and how to export them."""
    rows = sum(1 for _ in listing.records(head))
    return Reading(SHAPE, "users", refused=refusals.COLLAPSED, note=f"{rows} rows in the file")
