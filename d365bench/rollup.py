"""From loaded tables to people, seats and daily activity: the SQL files of one roll-up, in their order.

The files under sql/activity/ are written in a dialect that DuckDB and Spark share.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from d365bench.store import Store

PEOPLE = (
    ("account_record", "people/record"),
    ("account_identity", "people/identity"),
    ("person_record", "people/person_record"),
    ("person", "people/person"),
    ("account_person", "people/account_person"),
    ("object_person", "people/object_person"),
    ("seat", "people/seat"),
    ("person_role", "people/person_role"),
    ("queue_member", "people/queue_member"),
    ("last_seen", "people/last_seen"),
)
# Every act, then every touch of an object on a day: only needed while rolling up.
ACTS = (
    ("participation", "activity/participation"),
    ("act_session", "activity/act_session"),
    ("act_case", "activity/act_case"),
    ("act_desk", "activity/act_desk"),
    ("touch", "activity/touch"),
)
DAYS = (
    ("activity_day", "activity/day", {"kind": "action"}),
    ("indirect_day", "activity/day", {"kind": "indirect"}),
    ("offered_day", "activity/day", {"kind": "offered"}),
    ("activity_repeat", "activity/repeat", {}),
    ("case_touch", "activity/case_touch", {}),
    ("record_touch", "activity/record_touch", {}),
    ("unattributed_day", "activity/unattributed_day", {}),
    ("source_day", "activity/source_day", {}),
    ("joined_day", "activity/joined_day", {}),
)

# What coverage reads: without one of these columns a source cannot prove absence.
SOURCE_NEEDS: dict[str, dict[str, tuple[str, ...]]] = {
    "sessions": {
        "msdyn_sessionparticipant": (
            "msdyn_sessionparticipantid",
            "msdyn_omnichannelsession",
            "msdyn_agentid",
            "msdyn_activedirectoryuserid",
            "msdyn_mode",
            "msdyn_joinedon",
        ),
        "msdyn_ocsession": ("activityid", "msdyn_channel"),
    },
    "cases": {
        "incident": (
            "incidentid",
            "createdby",
            "createdonbehalfby",
            "createdon",
            "modifiedby",
            "modifiedonbehalfby",
            "modifiedon",
            "ownerid",
            "slaid",
            "entitlementid",
            "msdyn_copilotengaged",
            "statecode",
        ),
    },
    "case_history": {
        "audit": (
            "auditid",
            "createdon",
            "userid",
            "callinguserid",
            "operation",
            "action",
            "objectid",
            "objecttypecode",
        ),
    },
}


def source_needs() -> pl.DataFrame:
    """One row per source, table and column that proving absence needs."""
    return pl.DataFrame(
        [
            (source, table, column)
            for source, tables in SOURCE_NEEDS.items()
            for table, columns in tables.items()
            for column in columns
        ],
        schema={"source": pl.String, "table_name": pl.String, "column_name": pl.String},
        orient="row",
    )


def build(store: Store, progress: Callable[[str], None] | None = None) -> None:
    """Fill a store whose export tables, rule-book tables and `licence_product` are loaded."""
    say = progress or (lambda _: None)
    store.keep("source_need", source_needs())
    for table, name in PEOPLE:
        say(table)
        store.create(table, name)
    for table, name in ACTS:
        say(table)
        store.create(table, name)
    for table, name, params in DAYS:
        say(table)
        store.create(table, name, **params)
    for table, _ in reversed(ACTS):
        store.drop(table)
