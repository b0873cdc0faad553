"""A store filled by hand: the loaded tables of a tiny estate, given as rows, and the roll-up run over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

import polars as pl

from d365bench import rollup
from d365bench.ingest.tables import COMMON, FLAG, GUID, INSTANT, TABLES, TEXT, WHOLE
from d365bench.store import Store

NAMESPACE = UUID("6f0f3e0a-0000-4000-8000-000000000000")
POLARS = {GUID: pl.String, TEXT: pl.String, WHOLE: pl.Int64, FLAG: pl.Boolean, INSTANT: pl.Datetime("us")}
DIGITAL, VOICE, RECORD, SECONDARY, WHATSAPP = 192360000, 192440000, 192350000, 192370000, 192300000
PRIMARY, CONSULT, MONITOR, PREVIEW = 192350002, 192350003, 192350004, 192350005


def guid(label: str) -> str:
    """A stable GUID for a readable label."""
    return str(uuid5(NAMESPACE, label))


def at(text: str) -> datetime:
    """An instant from '2026-05-01' or '2026-05-01 23:59:59'."""
    return datetime.fromisoformat(text)


class Estate:
    """Rows of exports, added with the least typing; `roll()` gives the rolled-up store."""

    def __init__(self, **environments: Mapping[str, Any]) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
        self.environments = environments or {"prod": {}}
        self.directory: list[dict[str, Any]] = []
        self.licences: list[dict[str, Any]] = []
        self.sets: list[dict[str, Any]] = []
        self.skus: list[dict[str, Any]] = []
        self.purview: list[dict[str, Any]] = []
        self.licence_complete = True
        self.append_only: set[str] = {"incident"}
        self.incomplete: set[str] = set()
        self.without_columns: dict[str, set[str]] = {}

    def add(self, table: str, key: str, environment: str = "prod", **columns: Any) -> str:
        row = {
            "environment": environment,
            "row_id": guid(key),
            "standing": "latest",
            "last_live": True,
            "deleted": False,
        }
        self.rows[table].append({**row, **columns})
        return guid(key)

    def user(self, name: str, environment: str = "prod", **columns: Any) -> str:
        """An enabled user record whose Entra object id is guid('oid:' + name)."""
        values = {
            "azureactivedirectoryobjectid": guid(f"oid:{name}"),
            "domainname": f"{name}@example.test",
            "fullname": name.title(),
            "isdisabled": False,
            "accessmode": 0,
            "createdon": at("2024-01-01"),
        }
        return self.add("systemuser", f"{environment}:{name}", environment, **{**values, **columns})

    def account(
        self, name: str, *products: str, via: str = "direct", on: str | None = "2024-01-01", **columns: Any
    ) -> None:
        """A Graph directory account that holds products, through the licences named after their product keys."""
        number = len(self.directory) + 1
        values = {
            "source": "graph",
            "file_id": 99,
            "row_no": number,
            "object_id": guid(f"oid:{name}"),
            "upn": f"{name}@example.test",
            "display_name": name.title(),
            "department": None,
            "account_enabled": True,
            "user_type": "Member",
            "proxy_addresses": [],
            "last_sign_in": None,
            "sign_in_exported": False,
            "licences_exported": True,
        }
        self.directory.append({**values, **columns})
        for product in products:
            self.licences.append(
                {
                    "source": "graph",
                    "row_no": number,
                    "sku_id": product,
                    "sku_name": None,
                    "via": via,
                    "assigned_at": at(on) if on else None,
                }
            )

    def session(self, key: str, channel: int | None, environment: str = "prod") -> str:
        return self.add("msdyn_ocsession", key, environment, msdyn_channel=channel, createdon=at("2026-01-01"))

    def joined(
        self,
        key: str,
        session: str,
        name: str | None,
        when: str | None,
        mode: int = PRIMARY,
        environment: str = "prod",
        **columns: Any,
    ) -> None:
        values = {
            "msdyn_omnichannelsession": guid(session),
            "msdyn_agentid": guid(f"{environment}:{name}") if name else None,
            "msdyn_mode": mode,
            "msdyn_joinedon": at(when) if when else None,
            "createdon": at(when) if when else at("2026-05-01"),
        }
        self.add("msdyn_sessionparticipant", key, environment, **{**values, **columns})

    def served(
        self, name: str, when: str, channel: int | None = DIGITAL, mode: int = PRIMARY, environment: str = "prod"
    ) -> None:
        """One session on a channel with one participant."""
        key = f"{environment}:{name}:{when}:{channel}:{mode}"
        self.session(f"s:{key}", channel, environment)
        self.joined(f"p:{key}", f"s:{key}", name, when, mode, environment)

    def case(self, key: str, creator: str | None, created: str, environment: str = "prod", **columns: Any) -> str:
        values = {
            "createdby": guid(f"{environment}:{creator}") if creator else None,
            "createdon": at(created),
            "modified_at": at(created),
            "modifiedby": guid(f"{environment}:{creator}") if creator else None,
            "ownerid": guid("owner"),
            "statecode": 0,
        }
        return self.add("incident", key, environment, **{**values, **columns})

    def worked(self, key: str, name: str, when: str, environment: str = "prod", **columns: Any) -> None:
        """A later version of a case that somebody saved, superseded since."""
        values = {
            "standing": "superseded",
            "last_live": False,
            "modifiedby": guid(f"{environment}:{name}"),
            "modified_at": at(when),
        }
        self.case(key, None, "2020-01-01", environment, **{**values, **columns})

    def resolved(self, key: str, name: str, when: str, environment: str = "prod", **columns: Any) -> None:
        values = {"incidentid": guid(key), "createdby": guid(f"{environment}:{name}"), "createdon": at(when)}
        self.add("incidentresolution", f"r:{key}:{when}", environment, **{**values, **columns})

    def roll(self) -> Store:
        store = Store.in_memory()
        sets, columns, files = [], [], []
        for number, (environment, table) in enumerate(((e, t) for e in self.environments for t in TABLES), start=1):
            rows = [row for row in self.rows[table] if row["environment"] == environment]
            for row in rows:
                row["file_id"] = number
            if not rows and table in ("systemuserroles", "audit"):
                continue
            complete = table not in self.incomplete
            sets.append(
                (
                    number,
                    environment,
                    table,
                    table in self.append_only,
                    complete,
                    None if complete else "a page is missing",
                )
            )
            files.append((number, number, table, environment, len(rows)))
            carried = {TABLES[table].key, *TABLES[table].columns, "modifiedon"} - self.without_columns.get(table, set())
            columns += [(number, column) for column in sorted(carried)]
        for name, table_ in TABLES.items():
            self._keep_version(store, name, {**COMMON, **table_.columns})
        store.keep(
            "file_set",
            pl.DataFrame(
                sets, schema=["set_id", "environment", "table_name", "append_only", "complete", "why"], orient="row"
            ).with_columns(pl.col("why").cast(pl.String)),
        )
        store.keep("set_column", pl.DataFrame(columns, schema=["set_id", "column_name"], orient="row"))
        store.keep(
            "file",
            pl.DataFrame(
                files, schema=["file_id", "set_id", "table_name", "environment", "rows_latest"], orient="row"
            ).with_columns(rows_superseded=pl.lit(0), rows_deleted=pl.lit(0)),
        )
        self._keep_directory(store)
        self._keep_rules(store)
        rollup.build(store)
        return store

    def _keep_version(self, store: Store, name: str, types: Mapping[str, str]) -> None:
        schema = {column: POLARS[kind] for column, kind in types.items()} | {
            "standing": pl.String,
            "last_live": pl.Boolean,
        }
        rows = [{column: row.get(column) for column in schema} for row in self.rows[name]]
        store.keep("landed", pl.DataFrame(rows, schema=schema))
        guids = [column for column, kind in types.items() if kind == GUID]
        relation = store.connection.sql("FROM landed")
        kept = [f'CAST("{c}" AS UUID) AS "{c}"' if c in guids else f'"{c}"' for c in relation.columns]
        relation.project(", ".join(kept)).create(f"{name}_version")
        store.drop("landed")

    def _keep_directory(self, store: Store) -> None:
        store.keep(
            "directory_user",
            pl.DataFrame(
                self.directory,
                schema={
                    "source": pl.String,
                    "file_id": pl.Int32,
                    "row_no": pl.Int32,
                    "object_id": pl.String,
                    "upn": pl.String,
                    "display_name": pl.String,
                    "department": pl.String,
                    "account_enabled": pl.Boolean,
                    "user_type": pl.String,
                    "proxy_addresses": pl.List(pl.String),
                    "last_sign_in": pl.Datetime("us"),
                    "sign_in_exported": pl.Boolean,
                    "licences_exported": pl.Boolean,
                },
            ),
        )
        store.keep(
            "licence_assignment",
            pl.DataFrame(
                self.licences,
                schema={
                    "source": pl.String,
                    "row_no": pl.Int32,
                    "sku_id": pl.String,
                    "sku_name": pl.String,
                    "via": pl.String,
                    "assigned_at": pl.Datetime("us"),
                },
            ),
        )
        source = "graph" if self.directory else None
        store.keep(
            "licence_source",
            pl.DataFrame(
                {"source": [source], "complete": [self.licence_complete]},
                schema={"source": pl.String, "complete": pl.Boolean},
            ),
        )
        store.keep(
            "purview_act", pl.DataFrame(self.purview, schema={"user_id": pl.String, "at_instant": pl.Datetime("us")})
        )

    def _keep_rules(self, store: Store) -> None:
        from d365bench.rulebook import load_rulebook

        rulebook = load_rulebook()
        for name, frame in rulebook.frames().items():
            store.keep(name, frame)
        keys = sorted(rulebook.products)
        store.keep(
            "licence_product",
            pl.DataFrame(
                {"licence": [f"sku:{key}" for key in keys], "product_key": keys, "note": [None] * len(keys)},
                schema_overrides={"note": pl.String},
            ),
        )
        defaults: dict[str, Any] = {
            "kind": "production",
            "service": True,
            "not_provisioned": [],
            "complete_from": None,
            "complete_to": None,
            "accept": [],
            "custom_tables": 0,
        }
        store.keep(
            "environment",
            pl.DataFrame(
                [{"environment": name, **defaults, **given} for name, given in self.environments.items()],
                schema={
                    "environment": pl.String,
                    "kind": pl.String,
                    "service": pl.Boolean,
                    "not_provisioned": pl.List(pl.String),
                    "complete_from": pl.Date,
                    "complete_to": pl.Date,
                    "accept": pl.List(pl.String),
                    "custom_tables": pl.Int64,
                },
            ),
        )


def days(first: str, count: int) -> Sequence[date]:
    """`count` days running from a day."""
    start = date.fromisoformat(first)
    return [date.fromordinal(start.toordinal() + offset) for offset in range(count)]
