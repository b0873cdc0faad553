"""From loaded tables to people, seats and daily activity: the SQL files of one roll-up, in their order.

The files under sql/activity/ are written in a dialect that DuckDB and Spark share; what they read and give is named
here for both engines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache

import polars as pl

from d365bench.store import Store, statement

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
)
LAST_SEEN = ("last_seen", "people/last_seen")
# Every act, then every touch of an object on a day: only needed while rolling up.
ACTS = (
    ("participation", "activity/participation"),
    ("act_session", "activity/act_session"),
    ("act_case", "activity/act_case"),
    ("act_desk", "activity/act_desk"),
    ("touch", "activity/touch"),
)
DAYS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("activity_day", "activity/day", {"kind": "action"}),
    ("indirect_day", "activity/day", {"kind": "indirect"}),
    ("offered_day", "activity/day", {"kind": "offered"}),
    ("activity_repeat", "activity/repeat", {}),
    ("case_touch", "activity/case_touch", {}),
    ("record_touch", "activity/record_touch", {}),
    ("unattributed_day", "activity/unattributed_day", {}),
    ("source_day", "activity/source_day", {}),
    ("joined_day", "activity/joined_day", {}),
    ("access_seen", "activity/access_seen", {}),
    ("case_stock", "activity/case_stock", {}),
    ("channel_record", "activity/channel_record", {}),
)
# The exported tables that the files under activity/ read, every version of them.
ACTIVITY_TABLES = (
    "msdyn_sessionparticipant",
    "msdyn_ocsession",
    "incident",
    "incidentresolution",
    "audit",
    "queueitem",
    "knowledgearticle",
)
# Small tables that they read beside those.
BESIDE = ("account_person", "object_person", "rule_channel", "file", "file_set")

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
        # a client may resolve no case: this table may be missing, but not one of its columns
        "incidentresolution": ("activityid", "incidentid", "createdby", "createdonbehalfby", "createdon"),
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


@cache
def sql_hash() -> str:
    """A hash over the text of every file that turns exported tables into daily activity."""
    names = sorted({name for _, name in ACTS} | {name for _, name, _ in DAYS})
    return hashlib.sha256("\n".join(name + statement(name) for name in names).encode()).hexdigest()


def people(store: Store, progress: Callable[[str], None] | None = None) -> None:
    """Who is who in a store whose export tables, rule-book tables and `licence_product` are loaded."""
    store.keep("source_need", source_needs())
    for table, name in PEOPLE:
        if progress:
            progress(table)
        store.create(table, name)


def people_hash(store: Store) -> str:
    """A hash over whose account is whose: activity that was rolled up under another answer does not fit."""
    return str(store.query("people/mapping").item())


def build(
    store: Store,
    progress: Callable[[str], None] | None = None,
    add: Callable[[Store], None] | None = None,
) -> None:
    """People and daily activity of a loaded store; `add` puts in what was rolled up elsewhere."""
    people(store, progress)
    steps = [*((table, name, {}) for table, name in ACTS), *DAYS]
    for table, name, params in steps:
        if progress:
            progress(table)
        store.create(table, name, **params)
    for table, _ in reversed(ACTS):
        store.drop(table)
    if add:
        add(store)
    store.create(*LAST_SEEN)
