"""Writing an invented estate down as exports, in the shapes that tenants hand over.

A writer returns the rows that it delivered, so that a truth can be told from what was written and not from what was
meant: a snapshot leaves superseded versions out, an append-only export keeps them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from d365bench.sample.files import json_value, write_json, write_table, write_text
from d365bench.sample.world import KEYS, Row, World

# Column → how an export types it; everything else is an id.
INSTANTS = {"createdon", "modifiedon", "msdyn_addedon", "msdyn_joinedon", "workeridmodifiedon"}
WHOLE = {
    "accessmode",
    "msdyn_queuetype",
    "statecode",
    "msdyn_channel",
    "msdyn_mode",
    "operation",
    "action",
    "versionnumber",
}
FLAGS = {"isdisabled", "isdefault", "msdyn_copilotengaged", "isrootarticle"}
TEXTS = {
    "domainname",
    "internalemailaddress",
    "fullname",
    "msdyn_botapplicationid",
    "name",
    "objecttypecode",
    "workeridtype",
    "ticketnumber",
    "msdyn_sessionid",
    "msdyn_activedirectoryuserid",
}
TIMELESS = {"teammembership", "systemuserroles", "teamroles", "queuemembership"}  # tables without creation or change
PLAIN_IDS = ("azureactivedirectoryobjectid", "applicationid", "roletemplateid")  # ids that are no lookups
LATE_COLUMNS = {"incident": "msdyn_copilotengaged"}  # added to the table after the first export
SET_NAMES = {"systemuserroles": "systemuserrolescollection", "teamroles": "teamrolescollection"}


class Delivered(NamedTuple):
    """What one writer put into one delivery of one table."""

    environment: str
    table: str
    rows: list[Row]
    append_only: bool
    refused: int = 0  # rows that no reader can accept, planted among them


def columns_of(rows: Iterable[Row], table: str) -> list[str]:
    """The columns of a table's rows in order of appearance, key first, housekeeping last."""
    seen = dict.fromkeys(name for row in rows for name in row)
    tail = ["versionnumber"] if table in TIMELESS else ["versionnumber", "createdon", "modifiedon"]
    own = [name for name in seen if name not in (KEYS[table], *tail, "sink", "deleted", "createdon", "modifiedon")]
    tail = [name for name in tail if name != "createdon" or "createdon" in seen]
    return [KEYS[table], *own, *tail]


def latest(rows: Sequence[Row], table: str) -> list[Row]:
    """The newest version of each row that is not deleted: what a query sees today."""
    newest: dict[str, Row] = {}
    for row in rows:
        newest[row[KEYS[table]]] = row
    return [row for row in newest.values() if not row["deleted"]]


# -- Synapse Link ----------------------------------------------------------------------------------------------------


def synapse_link(
    world: World, folder: Path, environment: str, tables: Sequence[str], cuts: Sequence[datetime]
) -> list[Delivered]:
    """Append-only timestamp folders with model.json, Changelog and one folder that is still being written."""
    delivered = []
    files: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    columns = {table: synapse_columns(world.rows.get((environment, table), []), table) for table in tables}
    stamps = [f"{cut:%Y-%m-%dT%H.%M.%SZ}" for cut in cuts]
    for table in tables:
        rows = world.rows.get((environment, table), [])
        for row in rows:
            place = next((number for number, cut in enumerate(cuts) if row["sink"] <= cut), len(cuts) - 1)
            late = LATE_COLUMNS.get(table)
            shown = [name for name in columns[table] if not (place == 0 and name == late)]
            year = row["createdon"].year if row.get("createdon") else 1900
            files[stamps[place]][f"{table}/{year}.csv"].append(synapse_line(row, table, shown))
        delivered.append(Delivered(environment, table, list(rows), append_only=True))
    for place, stamp in enumerate(stamps):
        for name, lines in files[stamp].items():
            write_text(folder / stamp / name, "".join(lines))
        schemas = {t: [c for c in columns[t] if not (place == 0 and c == LATE_COLUMNS.get(t))] for t in tables}
        write_json(folder / stamp / "model.json", model(schemas, {stamp: list(files[stamp])}))
    write_json(folder / "model.json", model(columns, {stamp: list(files[stamp]) for stamp in stamps}))
    writing = f"{cuts[-1].replace(minute=(cuts[-1].minute + 15) % 60):%Y-%m-%dT%H.%M.%SZ}"
    half = [line for lines in files[stamps[-1]].values() for line in lines][:2]
    write_text(folder / writing / "incident" / "2026.csv", "".join(half))
    write_text(folder / "Changelog" / "Synapse.log", "\n".join(stamps) + "\n")
    write_text(folder / "Changelog" / "changelog.info", writing)
    return delivered


def synapse_columns(rows: Sequence[Row], table: str) -> list[str]:
    own = columns_of(rows, table)
    late = LATE_COLUMNS.get(table)
    return [
        "Id",
        "SinkCreatedOn",
        "SinkModifiedOn",
        *(name for name in own if name != late),
        "IsDelete",
        *([late] if late else []),
    ]


def synapse_line(row: Row, table: str, columns: Sequence[str]) -> str:
    """One headerless line: texts and sink dates quoted, nothing escaped that needs none."""
    sink = f"{row['sink'].month}/{row['sink'].day}/{row['sink'].year} {row['sink']:%I:%M:%S %p}".replace(" 0", " ", 1)
    cells = []
    for name in columns:
        if name == "Id":
            cells.append(row[KEYS[table]])
        elif name in ("SinkCreatedOn", "SinkModifiedOn"):
            cells.append(f'"{sink}"')
        elif name == "IsDelete":
            cells.append("True" if row["deleted"] else "")
        elif row["deleted"] and name not in ("versionnumber",):
            cells.append("")
        else:
            cells.append(synapse_cell(name, row.get(name)))
    return ",".join(cells) + "\n"


def synapse_cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S}.0000000+00:00" if name == "createdon" else f"{value:%Y-%m-%dT%H:%M:%SZ}"
    if name in TEXTS:
        escaped = str(value).replace('"', '""')
        return f'"{escaped}"'
    return str(value)


def model(schemas: dict[str, list[str]], files: dict[str, list[str]]) -> dict[str, Any]:
    """A model.json: entities with attributes, and where their partitions lie."""
    return {
        "name": "cdm",
        "version": "1.0",
        "entities": [
            {
                "$type": "LocalEntity",
                "name": table,
                "annotations": [{"name": "Athena:PartitionGranularity", "value": "Year"}],
                "attributes": [{"name": name, "dataType": synapse_type(name), "maxLength": -1} for name in columns],
                "partitions": [
                    {
                        "name": Path(name).stem,
                        "location": f"https://lake.blob.example/dataverse/{stamp}/{name}",
                        "fileFormatSettings": {"$type": "CsvFormatSettings", "columnHeaders": False, "delimiter": ","},
                    }
                    for stamp, names in files.items()
                    for name in names
                    if name.startswith(f"{table}/")
                ],
            }
            for table, columns in schemas.items()
        ],
    }


def synapse_type(name: str) -> str:
    if name == "createdon":
        return "dateTimeOffset"
    if name in INSTANTS or name.startswith("Sink"):
        return "dateTime"
    if name in FLAGS or name == "IsDelete":
        return "boolean"
    return "int64" if name in WHOLE else "string" if name in TEXTS else "guid"


# -- Web API ---------------------------------------------------------------------------------------------------------


def web_api(world: World, folder: Path, environment: str, tables: Sequence[str], page: int = 5000) -> list[Delivered]:
    """Pages of JSON, each with a link to the next."""
    delivered = []
    for table in tables:
        rows = latest(world.rows.get((environment, table), []), table)
        entity_set = SET_NAMES.get(table, f"{table}s")
        pages = [rows[start : start + page] for start in range(0, len(rows), page)] or [[]]
        columns = columns_of(rows, table)
        for number, part in enumerate(pages, start=1):
            content: dict[str, Any] = {
                "@odata.context": f"https://org.crm.dynamics.example/api/data/v9.2/$metadata#{entity_set}"
            }
            if number < len(pages):
                content["@odata.nextLink"] = (
                    f"https://org.crm.dynamics.example/api/data/v9.2/{entity_set}?$skiptoken=p{number + 1}"
                )
            content["value"] = [web_api_row(row, table, columns) for row in part]
            write_json(folder / f"{entity_set}_{number}.json", content, indent=None)
        delivered.append(Delivered(environment, table, rows, append_only=False))
    return delivered


def web_api_row(row: Row, table: str, columns: Sequence[str]) -> dict[str, Any]:
    """A record as the Web API gives it: lookups as _x_value with their logical name beside them."""
    record: dict[str, Any] = {"@odata.etag": f'W/"{row["versionnumber"]}"'}
    for name in columns:
        value = row.get(name)
        if isinstance(value, datetime):
            record[name] = f"{value:%Y-%m-%dT%H:%M:%SZ}"
        elif table in TIMELESS or name in {KEYS[table], *PLAIN_IDS} | WHOLE | FLAGS | TEXTS:
            record[name] = value
        else:
            record[f"_{name}_value"] = value
            if value is not None and name in ("ownerid", "workerid"):
                record[f"_{name}_value@Microsoft.Dynamics.CRM.lookuplogicalname"] = "systemuser"
    return record


# -- header files ----------------------------------------------------------------------------------------------------


def header_csv(world: World, path: Path, environment: str, table: str, *, words: bool = False) -> list[Delivered]:
    """A CSV with logical names as a pipeline writes it, or with `words` a SQL client (NULL, 1/0, upper-case ids)."""
    rows = latest(world.rows.get((environment, table), []), table)
    columns = columns_of(rows, table)

    def cell(value: Any) -> str:
        if value is None:
            return "NULL" if words else ""
        if isinstance(value, bool):
            return str(int(value)) if words else str(value)
        if isinstance(value, datetime):
            return f"{value:%Y-%m-%d %H:%M:%S}.000" if words else f"{value:%Y-%m-%dT%H:%M:%SZ}"
        text = str(value)
        return text.upper() if words and len(text) == 36 and text.count("-") == 4 else text

    write_table(path, columns, ([cell(row.get(name)) for name in columns] for row in rows), bom=words)
    return [Delivered(environment, table, rows, append_only=False)]


def parquet(world: World, path: Path, environment: str, table: str) -> list[Delivered]:
    """A Parquet file with UTC instants."""
    rows = latest(world.rows.get((environment, table), []), table)
    path.parent.mkdir(parents=True, exist_ok=True)
    typed(rows, table).write_parquet(path)
    return [Delivered(environment, table, rows, append_only=False)]


def typed(rows: Sequence[Row], table: str) -> pl.DataFrame:
    """Rows as a frame with real types."""
    columns = columns_of(rows, table)
    schema = {
        name: pl.Datetime("us", "UTC")
        if name in INSTANTS
        else pl.Int64
        if name in WHOLE
        else pl.Boolean
        if name in FLAGS
        else pl.String
        for name in columns
    }
    naive = {name: pl.Datetime("us") if name in INSTANTS else dtype for name, dtype in schema.items()}
    frame = pl.DataFrame([{name: row.get(name) for name in columns} for row in rows], schema=naive)
    return frame.with_columns(pl.col(name).dt.replace_time_zone("UTC") for name in columns if name in INSTANTS)


def ndjson(world: World, path: Path, environment: str, table: str, *, cut_off: bool = False) -> list[Delivered]:
    """One JSON object a line; the last one may be cut off in the middle."""
    rows = latest(world.rows.get((environment, table), []), table)
    columns = columns_of(rows, table)
    lines = [json.dumps({name: json_value(row.get(name)) for name in columns}) for row in rows]
    if cut_off:
        lines.append(lines[-1][: len(lines[-1]) // 2])
    write_text(path, "\n".join(lines) + "\n")
    return [Delivered(environment, table, rows, append_only=False, refused=int(cut_off))]


def delta(world: World, folder: Path, environment: str, table: str) -> list[Delivered]:
    """A Delta table by year in two commits: the second removes the files of the first, which stay on disk.

    The log is written by hand, because the library gives files random names and the same seed has to give the same
    bytes.
    """
    rows = latest(world.rows.get((environment, table), []), table)
    frame = typed(rows, table).with_columns(
        Id=pl.col(KEYS[table]),
        SinkModifiedOn=pl.col("modifiedon"),
        IsDelete=pl.lit(None, dtype=pl.Boolean),
    )
    first = delta_files(folder, frame.head(frame.height // 2), "a")
    second = delta_files(folder, frame, "b")
    stamp = 1782000000000
    opening: list[dict[str, Any]] = [
        {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}},
        {
            "metaData": {
                "id": str(world.guid()),
                "format": {"provider": "parquet", "options": {}},
                "schemaString": json.dumps(
                    {"type": "struct", "fields": [*delta_fields(frame), delta_field("PartitionId", "string")]}
                ),
                "partitionColumns": ["PartitionId"],
                "configuration": {},
                "createdTime": stamp,
            }
        },
    ]
    removed = [
        {"remove": {"path": entry["add"]["path"], "deletionTimestamp": stamp + 1, "dataChange": True}}
        for entry in first
    ]
    for version, actions in enumerate(([*opening, *first], [*removed, *second])):
        write_text(
            folder / "_delta_log" / f"{version:020}.json", "\n".join(json.dumps(action) for action in actions) + "\n"
        )
    return [Delivered(environment, table, rows, append_only=False)]


def delta_files(folder: Path, frame: pl.DataFrame, commit: str) -> list[dict[str, Any]]:
    """One Parquet file per year of creation, and the log's words for each."""
    added = []
    for (year,), part in frame.group_by(pl.col("createdon").dt.year(), maintain_order=True):
        name = f"PartitionId={year}/part-{commit}.snappy.parquet"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_parquet(path, compression="snappy")
        added.append(
            {
                "add": {
                    "path": name,
                    "partitionValues": {"PartitionId": str(year)},
                    "size": path.stat().st_size,
                    "modificationTime": 1782000000000,
                    "dataChange": True,
                }
            }
        )
    return added


def delta_fields(frame: pl.DataFrame) -> list[dict[str, Any]]:
    words = {pl.String: "string", pl.Int64: "long", pl.Boolean: "boolean"}
    return [delta_field(name, words.get(type(dtype), "timestamp")) for name, dtype in frame.schema.items()]


def delta_field(name: str, kind: str) -> dict[str, Any]:
    return {"name": name, "type": kind, "nullable": True, "metadata": {}}
