"""Who may write, and who reads for long: rows that are renewed for as long as their process lives.

The row of kind ``lock`` belongs to whoever writes, and is free when that process is gone or has been silent; those of
kind ``pin`` belong to long readers, such as a backup, and writers leave what those need.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from pincite.errors import IndexBusy, IndexProblem
from pincite.stores.milvus.commits import STRONG, control_row, control_rows, latest
from pincite.stores.milvus.connection import Connection

_SILENT = 60.0
"""Seconds without a sign of life after which a writer is taken for dead."""

_BEAT = 10.0
_SETTLING = 0.3
_RENEWED = 10.0
_FORGOTTEN = 120.0
"""Seconds after which a reader that has not renewed its pin is taken for dead."""


def overtaken(connection: Connection) -> IndexBusy:
    """What is raised where another process has written meanwhile."""
    return IndexBusy(f"{connection.address.name}: another process has updated it meanwhile; update again")


class Lease:
    """The right to write, held by one process at a time; a context manager.

    Attributes:
        number: under which this update writes; no other ever has the same.

    Raises:
        IndexBusy: on entering, when another process holds it.
    """

    def __init__(self, connection: Connection, *, wait: bool) -> None:
        self._call = connection
        self._wait = wait
        self._token = uuid.uuid4().hex
        self._ended = threading.Event()
        self._lost = False
        self._seen = 0.0
        self.number = 0

    def __enter__(self) -> Self:
        while not self._taken():
            time.sleep(1)
        self.number = self.next_number(latest(self._call, STRONG).number)
        self._beating = threading.Thread(target=self._beat, name="lease", daemon=True)
        self._beating.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._beating.join()
        with suppress(IndexProblem):  # it ends by itself as well
            if self._held():
                self._write(released=True)

    def next_number(self, last: int) -> int:
        """One that no update has had, and higher than the ``last``."""
        # The last digits tell apart writers that begin in the same moment.
        return max(time.time_ns() // 1000 * 1000 + secrets.randbelow(1000), last + 1)

    def _taken(self) -> bool:
        """Try to take it; False where it is worth another try."""
        if problem := self._problem():
            if not self._wait:
                raise IndexBusy(problem)
            return False
        self._since = datetime.now(UTC).isoformat(timespec="seconds")
        self._write()
        for _ in range(2):  # another may have looked before this was written, and write over it
            time.sleep(_SETTLING)
            if not self._held():
                return self._taken()
        return True

    def check(self, *, exactly: bool = True) -> None:
        """Find out whether it is still ours.

        Args:
            exactly: ask Milvus, and not only what was known a little while ago.

        Raises:
            IndexBusy: another process has taken it over.
        """
        # One that has slept for long, as a laptop does, must not write over what another has written meanwhile.
        if self._lost or time.time() - self._seen > _SILENT or (exactly and not self._held()):
            raise overtaken(self._call)

    def _held(self) -> bool:
        return (self._read() or {}).get("token") == self._token

    def _problem(self) -> str | None:
        """Who has it, unless it is free."""
        holder = self._read()
        if holder is None or holder["released"]:
            return None
        gone = holder["place"] == _place() and not _is_alive(holder["pid"])
        # One that lives may be another with its number, or have failed to say that it has ended.
        if gone or (time.time() - holder["seen"] > _SILENT and self._is_silent(holder)):
            return None
        who = f"process {holder['pid']} on {holder['host']} has been updating it since {holder['since']}"
        return f"{self._call.address.name}: {who}; wait for it (--wait), or end it"

    def _is_silent(self, holder: dict[str, Any]) -> bool:
        """By this machine's clock alone: theirs may differ."""
        time.sleep(2.5 * _BEAT)  # in which it would be renewed twice
        return self._read() == holder

    def _read(self) -> dict[str, Any] | None:
        found = control_rows(self._call, "lock", STRONG)
        return json.loads(found[0]["payload"]) if found else None

    def _write(self, *, released: bool = False) -> None:
        state = {"token": self._token, "host": socket.gethostname(), "place": _place(), "pid": os.getpid()}
        now = time.time()
        state |= {"since": self._since, "seen": now, "released": released}
        self._call("upsert", self._call.control, [control_row("lock", "lock", json.dumps(state))])
        self._seen = now

    def _beat(self) -> None:
        while not self._ended.wait(_BEAT):
            with suppress(IndexProblem):  # a server that is away: the commit finds out
                if not self._held():
                    self._lost = True
                    return
                self._write()


def _place() -> str:
    """Where process ids mean the same: a machine, or a container of one."""
    with suppress(OSError):
        return f"{socket.gethostname()} {os.readlink('/proc/self/ns/pid')}"  # noqa: PTH115 - no path
    return socket.gethostname()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True


class Pin:
    """Keeps a state readable for someone who is long at it; a context manager."""

    def __init__(self, connection: Connection) -> None:
        self._call = connection
        self._key = f"pin:{uuid.uuid4().hex}"
        self._written = 0.0

    def __enter__(self) -> Self:
        self.renew()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(IndexProblem):  # it ends by itself as well
            self._call("delete", self._call.control, ids=[self._key])

    def renew(self) -> None:
        """Say that it is still needed; to be called again and again."""
        if time.monotonic() - self._written > _RENEWED:
            self._written = time.monotonic()
            self._call("upsert", self._call.control, [control_row(self._key, "pin", json.dumps(time.time()))])


def pinned(connection: Connection) -> bool:
    """Whether someone is long at an older state."""
    pins = control_rows(connection, "pin", STRONG)
    return any(time.time() - json.loads(row["payload"]) < _FORGOTTEN for row in pins)
