"""A Spark session with the settings under which both engines give the same answer; pyspark is imported only here."""

from __future__ import annotations

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
    # month=2026-05 stays text
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
}
LOCAL_MEMORY = "4g"  # of a session in this process alone; an existing Spark brings its own


def open_session(remote: str | None) -> Any:
    """A session: Spark Connect for sc://…, a master for spark://… and the like, else the one of this process."""
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as exc:
        raise UsageError("Spark is not installed here: pip install 'd365bench[spark]'") from exc
    builder = SparkSession.builder.appName("d365bench roll-up")
    try:
        if remote is not None and remote.startswith("sc://"):
            builder = builder.remote(remote)
        elif remote is not None:
            builder = builder.master(remote)
        elif SparkSession.getActiveSession() is None:
            builder = builder.master("local[*]").config("spark.driver.memory", LOCAL_MEMORY)
            builder = builder.config("spark.ui.enabled", "false")
        session = builder.getOrCreate()
        for name, value in SETTINGS.items():
            session.conf.set(name, value)
        check_zone(session)
    except (PySparkException, ImportError, RuntimeError) as exc:
        raise StoreError(f"Spark at {remote or 'this machine'}: {first_line(exc)}") from exc
    return session


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


def first_line(exc: BaseException) -> str:
    """What an engine's error says, without its stack."""
    return next((line for line in str(exc).splitlines() if line.strip()), type(exc).__name__)[:300]
