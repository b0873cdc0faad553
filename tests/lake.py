"""An invented lake with every trap in it: versions, ties, deletions, empty cells, edges of days, two environments.

The same rows are written twice: as exports that are loaded whole, and as a lake beside exports that tell who is who.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from d365bench.ingest.tables import FLAG, INSTANT, TABLES, WHOLE
from estate import CONSULT, DIGITAL, MONITOR, PREVIEW, PRIMARY, RECORD, SECONDARY, VOICE, WHATSAPP, guid

AS_OF = datetime(2026, 7, 1)
ENVIRONMENTS = ("north", "south")
PEOPLE = 14
CLIENT_TOML = """
[client]
name = "A lake"
as_of = 2026-07-01
currency = "USD"
environments_complete = true

[[environment]]
name = "north"

[[environment]]
name = "south"
accept = ["season"]
"""
ENTERPRISE, DIGITAL_ADD_ON = "749742bf-0d37-4158-a120-33567104deeb", "7e6e6091-1680-4532-9370-6cd4598483ac"
CHANNELS = (DIGITAL, DIGITAL, WHATSAPP, VOICE, RECORD, SECONDARY, 192999999, None)
MODES = (PRIMARY, PRIMARY, PRIMARY, CONSULT, MONITOR, PREVIEW, None)
Row = dict[str, Any]


class Lake:
    """Rows of every table in both environments, the same ones for the same seed."""

    def __init__(self, seed: int = 1, size: int = 400) -> None:
        self.chance, self.size = random.Random(seed), size
        self.rows: dict[tuple[str, str], list[Row]] = {}
        for environment in ENVIRONMENTS:
            self.fill(environment)

    # -- values ------------------------------------------------------------------------------------------------

    def instant(self) -> datetime:
        """An instant of the last 420 days: often at an edge of a day, sometimes with a fraction of a second."""
        day = AS_OF - timedelta(days=self.chance.randint(1, 420))
        edge = self.chance.choice((None, None, None, timedelta(0), timedelta(days=1) - timedelta(microseconds=1)))
        return day + (edge if edge is not None else timedelta(seconds=self.chance.randint(0, 86399)))

    def user(self, environment: str, *, odds: float = 0.1) -> str | None:
        """The id of a user record; sometimes nobody's, sometimes none."""
        if self.chance.random() < odds:
            return self.chance.choice((None, guid("nobody")))
        return guid(f"{environment}:{self.chance.randrange(PEOPLE)}")

    def maybe(self, value: object, odds: float) -> Any:
        return value if self.chance.random() < odds else None

    def versions(self, table: str, rows: Sequence[Row]) -> list[Row]:
        """Each row in one or more versions: later ones, ties that only content breaks, deletions of both kinds."""
        key, written = TABLES[table].key, []
        for number, row in enumerate(rows):
            first = row.get("createdon") or AS_OF - timedelta(days=100)
            base = {"versionnumber": number * 10 + 1, "SinkModifiedOn": first, "modifiedon": first, "IsDelete": None}
            written.append({**row, **base})
            fate = self.chance.random()
            if fate < 0.3:  # changed later, by somebody else where the table says by whom
                later = min(first + timedelta(days=self.chance.randint(0, 30), hours=1), AS_OF - timedelta(hours=1))
                changed = {**base, "versionnumber": number * 10 + 2, "SinkModifiedOn": later, "modifiedon": later}
                written.append({**row, **changed, **self.change(table, row)})
            if 0.2 < fate < 0.4:  # the same version in two contents, and once more word by word
                written.append({**written[-1], **self.change(table, row)})
                written.append(dict(written[-1]))
            if 0.35 < fate < 0.5:
                sink = first + timedelta(days=self.chance.choice((0, 40)))
                has_number = self.chance.random() < 0.5
                gone = {"versionnumber": number * 10 + 5 if has_number else None, "SinkModifiedOn": sink}
                written.append({key: row[key], **gone, "modifiedon": None, "IsDelete": True})
            if fate > 0.9:
                written[-1] |= {"versionnumber": None, "SinkModifiedOn": None}
        self.chance.shuffle(written)
        return written

    def change(self, table: str, row: Row) -> Row:
        environment = row["environment"]
        columns = TABLES[table].columns
        changes: Row = {}
        if "modifiedby" in columns:
            changes["modifiedby"] = self.user(environment)
        if "msdyn_mode" in columns:
            changes["msdyn_mode"] = self.chance.choice(MODES)
        if "workerid" in columns:
            changes |= {"workerid": self.user(environment), "workeridmodifiedon": self.instant()}
        return changes

    # -- tables ------------------------------------------------------------------------------------------------

    def fill(self, environment: str) -> None:
        def rows(table: str, count: int, make: Callable[[int], Row]) -> None:
            key = TABLES[table].key
            # both environments use the same ids: an id alone is nobody's
            own = [{key: guid(f"{table}:{n}"), "environment": environment, **make(n)} for n in range(count)]
            self.rows[environment, table] = self.versions(table, own)

        chance, size = self.chance, self.size
        rows("msdyn_ocsession", size, lambda n: {"msdyn_channel": chance.choice(CHANNELS), "createdon": self.instant()})
        rows("msdyn_sessionparticipant", size * 3, lambda n: self.participant(environment))
        rows("incident", size, lambda n: self.case(environment))
        rows(
            "incidentresolution",
            size // 4,
            lambda n: {
                "incidentid": guid(f"incident:{chance.randrange(size + 20)}"),
                "createdby": self.user(environment),
                "createdonbehalfby": self.maybe(guid(f"{environment}:0"), 0.1),
                "createdon": self.instant(),
            },
        )
        rows(
            "audit",
            size,
            lambda n: {
                "createdon": self.instant(),
                "userid": self.user(environment),
                "callinguserid": self.maybe(guid(f"{environment}:1"), 0.1),
                "operation": chance.choice((2, 2, 4, 1)),
                "action": chance.choice((None, 2, 11)),
                "objectid": guid(f"incident:{chance.randrange(size + 20)}"),
                "objecttypecode": chance.choice(("incident", "112", "account", None)),
            },
        )
        rows(
            "queueitem",
            size // 4,
            lambda n: {
                "objectid": guid(f"incident:{n}"),
                "objecttypecode": chance.choice(("Incident", "112", "email")),
                "workerid": self.user(environment),
                "workeridtype": chance.choice((None, "systemuser", "team")),
                "workeridmodifiedon": self.maybe(self.instant(), 0.9),
            },
        )
        rows(
            "knowledgearticle",
            size // 10,
            lambda n: {
                "isrootarticle": chance.choice((True, False, None)),
                "createdby": self.user(environment),
                "createdonbehalfby": None,
                "createdon": self.instant(),
                "modifiedby": self.user(environment),
                "modifiedonbehalfby": self.maybe(guid(f"{environment}:2"), 0.2),
            },
        )
        # two rows that nobody can read: quarantine must count them on both ways
        self.rows[environment, "incident"] += [
            {"incidentid": "no id at all", "createdby": None},
            {"incidentid": guid("odd"), "createdby": "somebody"},
        ]

    def participant(self, environment: str) -> Row:
        joined = self.maybe(self.instant(), 0.8)
        session = guid(f"msdyn_ocsession:{self.chance.randrange(self.size + 4)}")  # a few have no row
        return {
            "msdyn_omnichannelsession": self.maybe(session, 0.98),
            "msdyn_agentid": self.user(environment),
            "msdyn_activedirectoryuserid": self.maybe(guid(f"oid:{self.chance.randrange(PEOPLE)}"), 0.5),
            "msdyn_mode": self.chance.choice(MODES),
            "msdyn_joinedon": joined,
            "msdyn_addedon": self.maybe(self.instant(), 0.5),
            "createdon": self.maybe(joined or self.instant(), 0.9),
        }

    def case(self, environment: str) -> Row:
        return {
            "createdby": self.user(environment),
            "createdonbehalfby": self.maybe(guid(f"{environment}:3"), 0.1),
            "createdon": self.instant(),
            "modifiedby": self.user(environment),
            "modifiedonbehalfby": self.maybe(guid(f"{environment}:3"), 0.1),
            "ownerid": self.maybe(guid(f"owner:{self.chance.randrange(3)}"), 0.9),
            "slaid": self.maybe(guid("sla"), 0.2),
            "entitlementid": self.maybe(guid("entitlement"), 0.1),
            "msdyn_copilotengaged": self.chance.choice((True, False, None)),
            "statecode": self.chance.choice((0, 1, 2)),
        }

    # -- writing -----------------------------------------------------------------------------------------------

    def frame(self, table: str, rows: Sequence[Row]) -> pl.DataFrame:
        """Rows as a pipeline writes them: cases as Synapse Link's Delta with times in a zone, participants as text."""
        kinds: Mapping[str, str] = {
            TABLES[table].key: "guid",
            **TABLES[table].columns,
            "versionnumber": WHOLE,
            "SinkModifiedOn": INSTANT,
            "modifiedon": INSTANT,
            "IsDelete": FLAG,
        }
        types: dict[str, Any] = {WHOLE: pl.Int64, FLAG: pl.Boolean, INSTANT: pl.Datetime("us")}
        frame = pl.DataFrame(
            [{name: row.get(name) for name in kinds} for row in rows],
            schema={name: types.get(kind, pl.String) for name, kind in kinds.items()},
        )
        instants = [name for name, kind in kinds.items() if kind == INSTANT]
        if table == "incident":
            frame = frame.with_columns(
                *(pl.col(name).dt.replace_time_zone("UTC") for name in instants), pl.col("incidentid").alias("Id")
            )
        if table == "msdyn_sessionparticipant":
            frame = frame.with_columns(pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ") for name in instants)
        return frame

    def write_lake(self, folder: Path) -> Path:
        """<folder>/<environment>/<table>/, in two files: the older lacks its empty columns, the other turns them."""
        for (environment, table), rows in self.rows.items():
            place = folder / environment / table
            place.mkdir(parents=True)
            frame, half = self.frame(table, rows), len(rows) // 2
            older = frame[:half]
            filled = [name for name in older.columns if older[name].null_count() < older.height]
            older.select(filled).write_parquet(place / "part-0.parquet")
            frame[half:].select(reversed(frame.columns)).write_parquet(place / "part-1.parquet")
        return folder

    def write_client(self, data: Path, *, everything: bool) -> Path:
        """The client `lake` below a data folder; with everything, the lake's tables are among its exports."""
        home = data / "lake"
        (home / "exports").mkdir(parents=True)
        (home / "client.toml").write_text(CLIENT_TOML, encoding="utf-8")
        (home / "exports" / "users.json").write_text(json.dumps(directory()), encoding="utf-8")
        for environment in ENVIRONMENTS:
            place = home / "exports" / environment
            place.mkdir()
            users(environment).write_parquet(place / "systemuser.parquet")
            for table in TABLES:
                if everything and (environment, table) in self.rows:
                    self.frame(table, self.rows[environment, table]).write_parquet(place / f"{table}.parquet")
        return home


def users(environment: str) -> pl.DataFrame:
    """The user records of an environment; the last one is a bot's."""
    rows = [
        {
            "systemuserid": guid(f"{environment}:{n}"),
            "azureactivedirectoryobjectid": guid(f"oid:{n}"),
            "domainname": f"person{n}@example.test",
            "fullname": f"Person {n}",
            "isdisabled": False,
            "accessmode": 4 if n == PEOPLE - 1 else 0,
            "createdon": datetime(2024, 1, 1, tzinfo=UTC),
        }
        for n in range(PEOPLE)
    ]
    return pl.DataFrame(rows)


def directory() -> dict[str, Any]:
    value = [
        {
            "id": guid(f"oid:{n}"),
            "userPrincipalName": f"person{n}@example.test",
            "displayName": f"Person {n}",
            "accountEnabled": True,
            "userType": "Member",
            "department": ("Care", "Sales")[n % 2],
            "proxyAddresses": [],
            "assignedLicenses": [{"disabledPlans": [], "skuId": sku} for sku in (ENTERPRISE, DIGITAL_ADD_ON)[: n % 3]],
        }
        for n in range(PEOPLE)
    ]
    return {"@odata.context": "https://graph.microsoft.example/v1.0/$metadata#users", "value": value}
