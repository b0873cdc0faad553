"""A client of any size: Synapse Link CSV in two deliveries and a Graph directory, the same bytes for the same sizes.

The engine writes the files: five million rows by a Python loop would take longer than everything that is measured.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template

import duckdb

from d365bench.rulebook import load_rulebook

AS_OF = "2026-07-01"
DAYS = 400  # the rows lie in so many days before AS_OF
DELIVERIES = ("2026-06-29T23.00.00Z", "2026-06-30T23.00.00Z")  # the initial load, then what changed in a day
ENVIRONMENT = "prod"


@dataclass(frozen=True)
class Size:
    """How many of each."""

    people: int = 50_000
    participants: int = 5_000_000
    sessions: int = 2_500_000
    incidents: int = 1_000_000


# Number i → a row, the same one in every run.
MACROS = """
CREATE OR REPLACE MACRO guid(kind, i) AS CAST(CAST(md5(kind || i) AS UUID) AS VARCHAR);
CREATE OR REPLACE MACRO spread(i, salt) AS hash(i * 31 + salt) % 1000003 / 1000003.0;
CREATE OR REPLACE MACRO us(t) AS strftime(t, '%-m/%-d/%Y %-I:%M:%S %p');
CREATE OR REPLACE MACRO iso(t) AS strftime(t, '%Y-%m-%dT%H:%M:%SZ');
CREATE OR REPLACE MACRO long_iso(t) AS strftime(t, '%Y-%m-%dT%H:%M:%S.0000000+00:00');
"""
# Row i in its first version, and the first $more of them once more: the link writes a changed row as a new version.
ROWS = Template("""
SELECT
    i,
    version,
    TIMESTAMP '2026-06-28 22:00:00' + version * INTERVAL 1 DAY AS sink,
    TIMESTAMP '$as_of' - to_seconds(CAST(1 + $days * 86399 * spread(i, 1) AS BIGINT)) AS made
FROM (
    SELECT range AS i, 1 AS version FROM range($first)
    UNION ALL
    SELECT range, 2 FROM range($more)
)
""")
# Table → its columns in the order of model.json; which size counts its rows; how many of them are later versions.
TABLES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "msdyn_sessionparticipant": (
        """
        SELECT
            version, guid('participant', i) AS "Id", us(sink) AS "SinkCreatedOn", us(sink) AS "SinkModifiedOn",
            guid('participant', i) AS msdyn_sessionparticipantid,
            guid('session', i % $sessions) AS msdyn_omnichannelsession,
            guid('user', CAST($people * spread(i, 2) * spread(i, 3) AS BIGINT)) AS msdyn_agentid,
            guid('entra', CAST($people * spread(i, 2) * spread(i, 3) AS BIGINT)) AS msdyn_activedirectoryuserid,
            CASE WHEN i % 17 = 0 THEN 192350003 WHEN i % 41 = 0 THEN 192350004 ELSE 192350002 END AS msdyn_mode,
            iso(made) AS msdyn_addedon,
            CASE WHEN i % 9 > 0 THEN iso(made + INTERVAL 20 SECOND) END AS msdyn_joinedon,
            CASE WHEN i % 9 > 0 THEN iso(made + INTERVAL 15 MINUTE) END AS msdyn_lefton,
            NULL AS msdyn_leftonreason, i % 900 AS msdyn_activetime, guid('team', i % 20) AS ownerid, 1 AS statecode,
            i * 2 + version AS versionnumber, long_iso(made) AS createdon,
            iso(made + INTERVAL 15 MINUTE + (version - 1) * INTERVAL 1 MINUTE) AS modifiedon, NULL AS "IsDelete"
        FROM rows
        """,
        ("participants", "0.1"),
    ),
    "msdyn_ocsession": (
        """
        SELECT
            version, guid('session', i) AS "Id", us(sink) AS "SinkCreatedOn", us(sink) AS "SinkModifiedOn",
            guid('session', i) AS activityid, 'S' || i AS msdyn_sessionid, guid('item', i) AS msdyn_liveworkitemid,
            [192360000, 192360000, 192300000, 192440000, 192340000, 192350000][1 + i % 6] AS msdyn_channel,
            iso(made) AS msdyn_agentacceptedon, iso(made) AS msdyn_sessioncreatedon,
            iso(made + INTERVAL 15 MINUTE) AS msdyn_sessionclosedon, 192350000 AS msdyn_closurereason,
            NULL AS msdyn_primarysession, NULL AS regardingobjectid, guid('team', i % 20) AS ownerid, 1 AS statecode,
            i * 2 + version AS versionnumber, long_iso(made) AS createdon,
            iso(made + INTERVAL 15 MINUTE) AS modifiedon, NULL AS "IsDelete"
        FROM rows
        """,
        ("sessions", "0"),
    ),
    "incident": (
        """
        SELECT
            version, guid('incident', i) AS "Id", us(sink) AS "SinkCreatedOn", us(sink) AS "SinkModifiedOn",
            guid('incident', i) AS incidentid, 'CAS-' || i AS ticketnumber, 'Request no. ' || i AS title,
            'The customer wrote, called, and asked "when?"' || CASE WHEN i % 1000 = 0 THEN chr(10) ELSE '' END
                || repeat(' again', CAST(i % 20 AS INTEGER)) AS description,
            guid('user', CAST($people * spread(i, 4) AS BIGINT)) AS ownerid, 'systemuser' AS ownerid_entitytype,
            guid('user', CAST($people * spread(i, 5) AS BIGINT)) AS createdby, NULL AS createdonbehalfby,
            guid('user', CAST($people * spread(i, 5 + version) AS BIGINT)) AS modifiedby, NULL AS modifiedonbehalfby,
            CASE WHEN i % 3 = 0 THEN 0 ELSE 1 END AS statecode, 5 AS statuscode,
            CASE WHEN i % 11 = 0 THEN guid('sla', i % 4) END AS slaid,
            CASE WHEN i % 23 = 0 THEN guid('entitlement', i % 9) END AS entitlementid,
            i * 2 + version AS versionnumber, long_iso(made) AS createdon,
            iso(made + version * INTERVAL 2 HOUR) AS modifiedon, NULL AS "IsDelete",
            CASE WHEN i % 13 = 0 THEN 'True' END AS msdyn_copilotengaged
        FROM rows
        """,
        ("incidents", "0.3"),
    ),
    "systemuser": (
        """
        SELECT
            version, guid('user', i) AS "Id", us(sink) AS "SinkCreatedOn", us(sink) AS "SinkModifiedOn",
            guid('user', i) AS systemuserid, guid('entra', i) AS azureactivedirectoryobjectid,
            'person' || i || '@volume.example' AS domainname,
            'person' || i || '@volume.example' AS internalemailaddress,
            'Person ' || i AS fullname, 'False' AS isdisabled, 0 AS accessmode, NULL AS applicationid,
            NULL AS msdyn_botapplicationid, guid('unit', i % 12) AS businessunitid, i * 2 + version AS versionnumber,
            '2024-01-01T08:00:00.0000000+00:00' AS createdon, '2025-01-01T08:00:00Z' AS modifiedon, NULL AS "IsDelete"
        FROM rows
        """,
        ("people", "0"),
    ),
}
DIRECTORY = """
SELECT
    guid('entra', i) AS id,
    'person' || i || '@volume.example' AS userPrincipalName,
    'Person ' || i AS displayName,
    'Department ' || i % 12 AS department,
    i % 211 > 0 AS accountEnabled,
    'Member' AS userType,
    ['SMTP:person' || i || '@volume.example'] AS proxyAddresses,
    [{'skuId': sku, 'disabledPlans': []::VARCHAR[]} FOR sku IN skus] AS assignedLicenses,
    [
        {
            'skuId': sku, 'assignedByGroup': CASE WHEN i % 5 > 0 THEN guid('group', i % 7) END, 'state': 'Active',
            'error': 'None', 'lastUpdatedDateTime': '2025-01-15T08:00:00Z'
        } FOR sku IN skus
    ] AS licenseAssignmentStates
FROM (
    SELECT range AS i, CASE range % 20
        WHEN 0 THEN [$$team] WHEN 1 THEN [$$professional] WHEN 2 THEN [$$professional] WHEN 3 THEN []::VARCHAR[]
        ELSE list_filter(
            [$$enterprise, CASE WHEN range % 2 = 0 THEN $$digital END, CASE WHEN range % 7 = 0 THEN $$voice END],
            lambda sku: sku IS NOT NULL
        ) END AS skus
    FROM range($people)
)
"""
PRODUCTS = {
    "enterprise": "cs_enterprise",
    "professional": "cs_professional",
    "team": "team_members",
    "digital": "digital_messaging",
    "voice": "voice",
}
CLIENT_TOML = f"""[client]
name = "Volume"
as_of = {AS_OF}
currency = "USD"

[[environment]]
name = "{ENVIRONMENT}"
"""


def make(folder: Path, size: Size) -> Path:
    """The client folder of that size, written once."""
    done = folder / "size.json"
    if done.is_file() and json.loads(done.read_text(encoding="utf-8")) == asdict(size):
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    link = folder / "exports" / ENVIRONMENT / "link"
    link.mkdir(parents=True, exist_ok=True)
    connection = engine()
    for table in TABLES:
        view_rows(connection, table, size)
        write_deliveries(connection, link, table)
    write_models(link)
    write_directory(connection, folder / "exports", size.people)
    (folder / "client.toml").write_text(CLIENT_TOML, encoding="utf-8")
    done.write_text(json.dumps(asdict(size)), encoding="utf-8")
    return folder


def engine() -> duckdb.DuckDBPyConnection:
    """An engine that knows how row i looks."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone='UTC'; SET preserve_insertion_order=false; SET enable_progress_bar=false")
    connection.execute(MACROS)
    return connection


def view_rows(connection: duckdb.DuckDBPyConnection, table: str, size: Size) -> None:
    """The rows of a table, as the link writes them, under the name `answer`."""
    query, (count, share) = TABLES[table]
    first = getattr(size, count)
    names = {"sessions": size.sessions, "people": size.people, "as_of": AS_OF, "days": DAYS}
    # `first` counts exported rows: later versions are among them
    more = int(first * float(share))
    connection.execute(f"CREATE OR REPLACE VIEW rows AS {ROWS.substitute(names, first=first - more, more=more)}")
    connection.execute(f"CREATE OR REPLACE VIEW answer AS {Template(query).substitute(names)}")


def write_deliveries(connection: duckdb.DuckDBPyConnection, link: Path, table: str) -> None:
    """A file per delivery and year of createdon, headerless, as the link writes them."""
    for version, delivery in enumerate(DELIVERIES, start=1):
        folder = link / delivery / table
        folder.mkdir(parents=True, exist_ok=True)
        for year in ("2024", "2025", "2026"):
            path = folder / f"{year}.csv"
            chosen = f"FROM answer SELECT * EXCLUDE (version) WHERE version = {version} AND createdon[:4] = '{year}'"
            options = 'FORMAT csv, HEADER false, FORCE_QUOTE ("SinkCreatedOn", "SinkModifiedOn")'
            connection.execute(f"COPY ({chosen}) TO '{path}' ({options})")
            if path.stat().st_size == 0:
                path.unlink()


def columns(table: str) -> list[str]:
    """The column names of a table's files, in their order."""
    connection = duckdb.connect()
    connection.execute(MACROS)
    names = {"sessions": 1, "people": 1, "as_of": AS_OF, "days": DAYS}
    connection.execute(f"CREATE VIEW rows AS {ROWS.substitute(names, first=1, more=0)}")
    return connection.sql(Template(TABLES[table][0]).substitute(names)).columns[1:]


def write_models(link: Path) -> None:
    """model.json at the root and in each delivery, and the change log."""
    model = {
        "name": "cdm",
        "version": "1.0",
        "entities": [
            {"$type": "LocalEntity", "name": table, "attributes": [{"name": name} for name in columns(table)]}
            for table in TABLES
        ],
    }
    for folder in (link, *(link / delivery for delivery in DELIVERIES)):
        (folder / "model.json").write_text(json.dumps(model), encoding="utf-8")
    (link / "Changelog").mkdir(exist_ok=True)
    (link / "Changelog" / "Synapse.log").write_text("\n".join(DELIVERIES) + "\n", encoding="utf-8")


def write_directory(connection: duckdb.DuckDBPyConnection, exports: Path, people: int) -> None:
    """Graph users with licences, one page."""
    seats = [sku for sku in load_rulebook().skus.values() if sku.counts_as_seat]
    skus = {name: next(s.sku_id for s in seats if s.product_key == product) for name, product in PRODUCTS.items()}
    query = Template(DIRECTORY).substitute(people=people)
    rows = connection.sql(f"SELECT to_json(u) FROM ({query}) u", params=skus).fetchall()
    users = ",\n".join(row[0] for row in rows)
    context = '"@odata.context": "https://graph.example/v1.0/$metadata#users"'
    (exports / "users.json").write_text(f'{{{context}, "value": [\n{users}\n]}}', encoding="utf-8")


def csv_files(folder: Path, table: str) -> list[str]:
    """The table's files, for the bare engine."""
    return sorted(str(path) for path in (folder / "exports" / ENVIRONMENT / "link").glob(f"*/{table}/*.csv"))
