"""A service desk of some fifty people in two environments, among whom every kind of finding occurs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from d365bench.ingest.ledger import FILE
from d365bench.notebook import Run, start
from d365bench.store import Store
from estate import DIGITAL, MONITOR, RECORD, VOICE, Estate, guid

AS_OF = date(2026, 7, 1)
CLIENT_TOML = """
[client]
name = "A service desk"
as_of = 2026-07-01
currency = "USD"
environments_complete = true

[[environment]]
name = "prod"
kind = "production"
accept = ["last_touch", "season"]

[[environment]]
name = "field"
kind = "production"
accept = ["last_touch", "season"]

[prices]
cs_enterprise = 98.0
digital_messaging = 72.0
voice = 75.0
"""
FULL = ("cs_enterprise", "digital_messaging", "voice")
SEEN = {"sign_in_exported": True}


def service_desk() -> Estate:
    """The estate, not yet rolled up."""
    estate = Estate(prod={"accept": ["last_touch", "season"]}, field={"accept": ["last_touch", "season"]})
    daily(estate, "prod", lambda day: False)
    daily(estate, "field", lambda day: date(2026, 3, 3) <= day <= date(2026, 4, 20))
    hire(
        estate,
        "both",
        6,
        FULL,
        lambda name, place: (serve(estate, name, DIGITAL, 40 + 9 * place), serve(estate, name, VOICE, 30 + place)),
    )
    hire(estate, "chatty", 5, FULL, lambda name, place: serve(estate, name, DIGITAL, 12 * place + 3))
    hire(estate, "idle", 4, FULL, lambda name, _: write(estate, name, sla=True))
    hire(
        estate,
        "thin",
        3,
        FULL,
        lambda name, place: (serve(estate, name, VOICE, 1 + place), serve(estate, name, DIGITAL, 2 + place)),
    )
    hire(estate, "premium", 3, ("cs_premium",), lambda name, place: serve(estate, name, DIGITAL, 25 + place))
    hire(estate, "plain", 6, ("cs_enterprise",), lambda name, _: write(estate, name))
    hire(estate, "sla", 4, ("cs_enterprise",), lambda name, _: write(estate, name, sla=True))
    hire(estate, "router", 2, ("cs_enterprise",), lambda name, place: serve(estate, name, RECORD, 4 + place))
    hire(estate, "lead", 2, FULL, lambda name, _: serve(estate, name, DIGITAL, 5, mode=MONITOR))
    hire(estate, "bare", 2, (), lambda name, place: serve(estate, name, VOICE, 6 + place))
    hire(estate, "reader", 3, ("team_members",), lambda name, _: None)
    hire(estate, "owner", 3, ("team_members",), lambda name, place: own(estate, name, 1 + place))
    hire(estate, "beyond", 3, ("team_members",), lambda name, _: write(estate, name))
    hire(estate, "field", 4, FULL, lambda name, _: None, environment="field")
    hire(estate, "gone", 2, FULL, lambda name, _: None, account_enabled=False)
    return estate


def daily(estate: Estate, environment: str, is_missing: Callable[[date], bool]) -> None:
    """A bot's session and a case of nobody's on each of 400 days, so that the sources cover them."""
    for offset in range(1, 401):
        day = AS_OF - timedelta(offset)
        if is_missing(day):
            continue
        key = f"{environment}:{day}"
        estate.session(f"s:{key}", DIGITAL, environment)
        estate.joined(f"p:{key}", f"s:{key}", None, f"{day} 08:00", environment=environment)
        estate.case(f"c:{key}", None, f"{day} 08:00", environment, statecode=offset % 2, ownerid=guid(f"o{offset % 3}"))


def hire(
    estate: Estate,
    kind: str,
    count: int,
    products: tuple[str, ...],
    works: Callable[[str, int], object],
    environment: str = "prod",
    *,
    account_enabled: bool = True,
) -> None:
    for place in range(count):
        name = f"{kind}{place}"
        estate.user(name, environment)
        estate.account(
            name, *products, account_enabled=account_enabled, department=("North", "South")[place % 2], **SEEN
        )
        works(name, place)


def serve(estate: Estate, name: str, channel: int, count: int, mode: int = 192350002) -> None:
    for turn in range(count):
        day = AS_OF - timedelta(1 + 5 * turn % 170)  # from early on: a young channel would be judged by nobody
        key = f"{name}:{channel}:{mode}:{turn}"
        estate.session(f"s:{key}", channel)
        estate.joined(f"p:{key}", f"s:{key}", name, f"{day} 09:00", mode)


def write(estate: Estate, name: str, *, sla: bool = False) -> None:
    """Worked on three days on other people's cases, and resolved one."""
    for turn in range(3):
        key = f"case:{name}:{turn}"
        estate.case(key, None, "2026-05-01", slaid=guid("sla") if sla else None)
        estate.worked(key, name, f"2026-05-{10 + turn} 10:00", createdon=None)
    estate.resolved(f"case:{name}:0", name, "2026-05-20 10:00")


def own(estate: Estate, name: str, count: int) -> None:
    for turn in range(count):
        estate.case(f"own:{name}:{turn}", name, f"2026-05-{1 + turn:02} 10:00")


def opened(data: Path, **thresholds: int | None) -> Run:
    """A run on a fresh service desk, as a notebook gets it."""
    folder(data)
    return start("desk", str(data), **thresholds)


def folder(data: Path, name: str = "desk") -> Path:
    """A client folder whose store is loaded."""
    home = data / name
    (home / ".d365bench").mkdir(parents=True)
    (home / "exports").mkdir()
    (home / "client.toml").write_text(CLIENT_TOML, encoding="utf-8")
    with service_desk().roll() as store:
        save(with_files(store), home / ".d365bench" / "store.duckdb")
    return home


def with_files(store: Store) -> Store:
    """The rolled-up store with what loading files leaves beside the tables: a file, a refused one, SKUs."""
    whole = {"sha256": "0" * 64, "rows_read": 40, "rows_latest": 40, "complete": True}
    files = [
        {
            "file_id": 1,
            "path": "prod/participants.csv",
            "shape": "flat",
            "table_name": "msdyn_sessionparticipant",
            **whole,
        },
        {"file_id": 2, "path": "notes.docx", "sha256": "1" * 64, "complete": False, "refused": "not a table"},
    ]
    counts = {name: 0 for name, kind in FILE.items() if kind == pl.Int64}
    store.drop("file")
    store.keep("file", pl.DataFrame([{**dict.fromkeys(FILE), **counts, **file} for file in files], schema=FILE))
    quarantine = {"file_id": pl.Int32, "record": pl.Int64, "reason": pl.String}
    store.keep("quarantine", pl.DataFrame([{"file_id": 1, "record": 7, "reason": "bad_date"}], schema=quarantine))
    bought = {"cs_enterprise": 60, "digital_messaging": 30, "voice": 30, "team_members": 12}
    store.keep("subscribed_sku", pl.DataFrame({"sku_id": list(bought), "purchased": list(bought.values())}))
    return store


def save(store: Store, path: Path) -> None:
    """Write a store in memory to a file."""
    store.connection.execute(f"ATTACH '{path}' AS saved")
    store.connection.execute("COPY FROM DATABASE memory TO saved")
    store.connection.execute("DETACH saved")
