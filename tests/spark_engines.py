"""Sparks for tests, all from the pip package and on loopback: a master with two workers, and a Connect server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

LOOPBACK = "127.0.0.1"
# Started for a minute's work: what the second compiler and parallel collectors gain comes too late for it.
JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
# What a small machine has; the defaults are for a cluster.
DEFAULTS = {
    "spark.driver.extraJavaOptions": JAVA_OPTIONS,
    "spark.executor.extraJavaOptions": JAVA_OPTIONS,
    "spark.driver.memory": "1g",
    "spark.driver.host": LOOPBACK,
    "spark.executor.memory": "512m",
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
}
PATIENCE = 400  # seconds; a busy machine is no failure


def environment(folder: Path, settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables that give every Spark started with them the defaults above, and what else is set."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = (f"{name} {value}\n" for name, value in {**DEFAULTS, **(settings or {})}.items())
    (folder / "spark-defaults.conf").write_text("".join(lines), encoding="utf-8")
    own = {"SPARK_CONF_DIR": str(folder), "SPARK_LOCAL_IP": LOOPBACK, "SPARK_DAEMON_JAVA_OPTS": JAVA_OPTIONS}
    return {**os.environ, **own, "SPARK_NO_DAEMONIZE": "1"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(folder: Path, name: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Java process of Spark's, ended with the test."""
    import pyspark

    command = [str(Path(pyspark.__file__).parent / "bin" / "spark-class"), *arguments]
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment(folder), stdout=log, stderr=log, cwd=folder)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert server.poll() is None, f"ended with {server.returncode} before it answered"
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, port)) == 0:
                return
        time.sleep(0.2)
    raise TimeoutError(f"nothing answers at {LOOPBACK}:{port}")


def wait_for_line(log: Path, line: str, count: int = 1) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if log.exists() and log.read_text(encoding="utf-8", errors="replace").count(line) >= count:
            return
        time.sleep(0.2)
    raise TimeoutError(f"'{line}' never came into {log}")


@contextmanager
def standalone(folder: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """The address of a master, and its two workers."""
    port = free_port()
    master = f"spark://{LOOPBACK}:{port}"
    deploy = "org.apache.spark.deploy"
    with ExitStack() as stack:
        web = ("--webui-port", str(free_port()))
        options = ("--host", LOOPBACK, "--port", str(port), *web)
        server = stack.enter_context(started(folder, "master", f"{deploy}.master.Master", *options))
        wait_for(port, server)
        workers = []
        for n in (1, 2):
            options = ("--host", LOOPBACK, "--cores", "1", "--memory", "1g", "--work-dir", str(folder / f"work{n}"))
            web = ("--webui-port", str(free_port()))
            workers.append(
                stack.enter_context(started(folder, f"worker{n}", f"{deploy}.worker.Worker", *options, *web, master))
            )
        wait_for_line(folder / "master.log", "Registering worker", 2)
        yield master, workers


@contextmanager
def connect_server(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The address of a Spark Connect server, and its process."""
    port = free_port()
    with started(
        folder,
        "connect",
        "org.apache.spark.deploy.SparkSubmit",
        *("--class", "org.apache.spark.sql.connect.service.SparkConnectServer"),
        *("--master", "local[2]"),
        *("--conf", f"spark.connect.grpc.binding.port={port}"),
        *("--conf", f"spark.connect.grpc.binding.address={LOOPBACK}"),
        "spark-internal",
    ) as server:
        wait_for(port, server)
        yield f"sc://{LOOPBACK}:{port}", server


@contextmanager
def d365bench(
    folder: Path, *arguments: str, ends_with: int = 0, settings: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """The command line in a process of its own, with its exit code: one process holds one kind of Spark session."""
    log = folder / "d365bench.log"
    command = [sys.executable, "-m", "d365bench", *arguments]
    with log.open("wb") as said:
        process = subprocess.Popen(command, env=environment(folder, settings), stdout=said, stderr=said)
        try:
            yield process
            process.wait(timeout=PATIENCE)
        finally:
            process.kill()
            process.wait()
    assert process.returncode == ends_with, log.read_text(encoding="utf-8", errors="replace")[-3000:]
