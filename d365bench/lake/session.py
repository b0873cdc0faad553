"""A Spark session with the settings under which both engines give the same answer; pyspark is imported only here."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from d365bench.errors import StoreError, UsageError
from d365bench.store import PARAMETER, chosen, statement

# Days are UTC days, and a number that does not fit is an error, never another number.
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    "spark.sql.parquet.mergeSchema": "true",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "false",
    # a file that vanishes or breaks must stop the run, not shorten the answer
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.files.ignoreCorruptFiles": "false",
    # small shuffles in few pieces, also where a result is kept
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.optimizer.canChangeCachedPlanOutputPartitioning": "true",
    # month=2026-05 stays text
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
}
# For a session on this machine alone; an existing Spark brings its own.
LOCAL: dict[str, Any] = {
    "spark.driver.memory": "4g",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": str(4 * (os.cpu_count() or 1)),
}
# With a Connect server that does not answer: half a minute for each call, where Spark's own default is ten.
PATIENCE: dict[str, Any] = {"max_retries": 10, "max_backoff": 4000}  # milliseconds
RPC_DETAILS = re.compile(r'details = "(.*)"')


@contextmanager
def spark(remote: str | None) -> Iterator[Any]:
    """A session: Spark Connect for sc://…, a master for spark://… and the like, else one of this process.

    A notebook's own session is used as it is and left open.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError as exc:
        raise UsageError("Spark is not installed here: pip install 'd365bench[spark]'") from exc
    found = None if remote else SparkSession.getActiveSession()
    where = f"Spark at {remote}" if remote else "Spark"
    unreachable: tuple[type[Exception], ...] = (*errors(), ImportError, RuntimeError)
    try:
        session = found or opened(remote)
        before = {name: session.conf.get(name, None) for name in SETTINGS}
    except unreachable as exc:
        raise StoreError(f"{where} cannot be reached: {first_line(exc)}") from exc
    try:
        for name, value in SETTINGS.items():
            session.conf.set(name, value)
        check_zone(session)
        yield session
    except errors() as exc:
        raise StoreError(f"{where}: {first_line(exc)}") from exc
    finally:
        close(session) if found is None else put_back(session, before)


def opened(remote: str | None) -> Any:
    """A session of our own."""
    from pyspark.sql import SparkSession

    if remote and remote.startswith("sc://"):
        from pyspark.sql.connect.client.retries import DefaultPolicy

        session = SparkSession.builder.remote(remote).getOrCreate()  # with a name it would call at once, patiently
        session.client.set_retry_policies([DefaultPolicy(**PATIENCE)])
        return session
    builder = SparkSession.builder.appName("d365bench roll-up")
    if remote is None:
        return builder.master("local[*]").config(map=LOCAL).getOrCreate()
    return builder.master(remote).config("spark.ui.showConsoleProgress", "false").getOrCreate()


def close(session: Any) -> None:
    """Stop a session of our own; one whose engine has gone is closed already, and nobody waits for its answer."""
    with suppress(*errors(), OSError, AttributeError):
        session.client.set_retry_policies([])
    with suppress(*errors(), OSError):
        session.stop()


def put_back(session: Any, before: dict[str, str | None]) -> None:
    """Leave somebody else's session as it was found."""
    for name, value in before.items():
        if value is None:
            session.conf.unset(name)
        else:
            session.conf.set(name, value)


def check_zone(session: Any) -> None:
    """Refuse a session that would cut days anywhere but at midnight UTC."""
    zone = session.sql("SELECT current_timezone() AS zone").collect()[0]["zone"]
    if zone != "UTC":
        raise StoreError(f"Spark keeps the session time zone {zone}; the roll-up needs UTC")


def ask(session: Any, name: str, /, **params: object) -> Any:
    """The answer of sql/<name>.sql as Spark's frame; Spark writes a named parameter with a colon."""
    lines = (line.split("--", 1)[0] for line in statement(name).splitlines())
    text = PARAMETER.sub(r":\1", "\n".join(lines))
    return session.sql(text, args=chosen(name, params))


def errors() -> tuple[type[Exception], ...]:
    """What Spark raises: its own errors, and those of Java that it does not translate."""
    from pyspark.errors import PySparkException

    try:
        from py4j.protocol import Py4JError
    except ImportError:  # a client for Spark Connect alone comes without Java's side
        return (PySparkException,)
    return (PySparkException, Py4JError)


def first_line(exc: BaseException) -> str:
    """What an engine's error says, without its stack."""
    if details := RPC_DETAILS.search(str(exc)):
        return details[1][:300]
    lines = (line.strip(" :") for line in str(exc).splitlines())
    said = (line for line in lines if line and not line.startswith("An error occurred while calling"))
    return next(said, type(exc).__name__)[:300]
