"""Real servers for tests: Milvus and a Dask cluster, each on this machine, in a folder of its own, ended by pid."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from milvus import MilvusServer, MilvusServerConfig
from pymilvus import MilvusClient
from pymilvus.exceptions import MilvusException

_UNTIL_READY = 120


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


class _Config(MilvusServerConfig):  # type: ignore[misc]
    def try_bind_port(self, port: int) -> socket.socket | None:
        """A socket there, though connections of a server that was killed have not quite gone."""
        found = socket.socket()
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind(("127.0.0.1", port))
        except OSError:
            found.close()
            return None
        return found


class Milvus:
    """A server of Milvus that can be killed and started again on its data.

    Args:
        folder: holds its data.
        tick_ms: what an exact read waits for; 200 by default.
    """

    def __init__(self, folder: Path, tick_ms: int = 200) -> None:
        self._folder = folder
        self._tick_ms = tick_ms
        self._port = free_port()
        self._pid = 0
        self.start()

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        server = MilvusServer(_Config())
        server.set_base_dir(str(self._folder))
        server.config.set("proxy.timeTickInterval", self._tick_ms)
        server.listen_port = self._port
        server.start()
        self._port, self._pid = server.listen_port, server.server_proc.pid
        self._server = server
        until = time.monotonic() + _UNTIL_READY
        while True:
            try:
                MilvusClient(self.address, timeout=5).list_collections()
                return
            except MilvusException:
                if time.monotonic() > until:
                    raise
                time.sleep(0.5)

    def cpu_seconds(self) -> float:
        """What it has used of the processor so far."""
        ticks = Path(f"/proc/{self._pid}/stat").read_text("utf-8").rpartition(")")[2].split()[11:13]
        return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """End it as a power cut would."""
        os.kill(self._pid, signal.SIGKILL)
        self._server.server_proc.wait()


@dataclass
class DaskCluster:
    """A scheduler and its workers, each a process of its own with one thread."""

    address: str
    folder: Path
    environment: dict[str, str]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add_worker(self, core: int | None = None) -> subprocess.Popen[bytes]:
        """Start one more, on one core if it is named."""
        command = [
            sys.executable,
            "-m",
            "distributed.cli.dask_worker",
            self.address,
            "--nthreads",
            "1",
            "--no-dashboard",
        ]
        command += ["--host", "127.0.0.1", "--no-nanny", "--local-directory", str(self.folder)]
        if core is not None:
            command = ["taskset", "-c", str(core), *command]
        with (self.folder / "workers.log").open("ab") as log:
            self.workers.append(subprocess.Popen(command, env=self.environment, stdout=log, stderr=log))
        return self.workers[-1]


@contextmanager
def dask_cluster(folder: Path, workers: int, path: Path | None = None) -> Iterator[DaskCluster]:
    """Start a scheduler with so many workers.

    Args:
        path: where workers find modules of the caller's own.
    """
    places = os.pathsep.join(filter(None, (str(path or ""), os.environ.get("PYTHONPATH"))))
    environment = dict(os.environ, PYTHONPATH=places, OMP_NUM_THREADS="1")
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "scheduler.log").open("wb") as log:
        scheduler = subprocess.Popen([*command, "--no-dashboard"], env=environment, stdout=log, stderr=log)
    cluster = DaskCluster(f"tcp://127.0.0.1:{port}", folder, environment)
    try:
        for _ in range(workers):
            cluster.add_worker()
        _wait_for(cluster, workers)
        yield cluster
    finally:
        for process in (*cluster.workers, scheduler):
            with suppress(ProcessLookupError):
                process.kill()
            process.wait()


def _wait_for(cluster: DaskCluster, workers: int) -> None:
    from distributed import Client

    with Client(cluster.address, timeout=_UNTIL_READY, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        if workers:
            client.wait_for_workers(workers, timeout=_UNTIL_READY)
