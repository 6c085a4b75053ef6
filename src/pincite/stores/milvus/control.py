"""Which update counts, and who may write: the rows of a collection of its own.

Milvus has no transactions. The newest row of kind ``commit`` decides what is seen, and it is written in one piece; the
row of kind ``lock`` is renewed by whoever writes, and is free when its process is gone or has been silent.
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

from pincite.errors import DamagedIndex, IndexBusy, IndexProblem
from pincite.stores.milvus.connection import MEND, Connection, one_of
from pincite.stores.milvus.reading import BOUNDED, STRONG, Commit
from pincite.stores.milvus.rows import divided, nowhere

_SILENT = 60.0
"""Seconds without a sign of life after which a writer on another machine is taken for dead."""

_BEAT = 10.0
_SETTLING = 0.3
_KEPT = 2
"""Commits that are kept, since a reader may be at the one before."""


def latest(connection: Connection, level: str = BOUNDED) -> Commit:
    """The newest commit; one of nothing where there is none."""
    newest = max(_rows(connection, "commit", level), key=lambda row: _order(row["pk"]), default=None)
    if newest is None:
        return Commit()
    keys = _parts(newest["pk"])
    pieces = _pieces(connection, keys, level) if keys else []
    return Commit.of(json.loads("".join((newest["payload"], *pieces))))


def _pieces(connection: Connection, keys: list[str], level: str) -> list[str]:
    found = connection("query", connection.control, filter=one_of("pk", keys), **_READ, consistency_level=level)
    pieces = {row["pk"]: row["payload"] for row in found}
    if lost := [key for key in keys if key not in pieces]:
        raise DamagedIndex(f"{connection.address.name}: a part of the last commit is missing ({lost[0]}); {MEND}")
    return [pieces[key] for key in keys]


def publish(connection: Connection, commit: Commit) -> None:
    """Make a commit the newest: nothing that is there is changed, and the row that makes it count is written last."""
    number, turn = str(commit.number), str(time.time_ns())
    first, *rest = divided(commit.as_json())
    parts = [_row(_part(number, turn, at), "part", piece) for at, piece in enumerate(rest, 1)]
    if parts:
        connection("upsert", connection.control, parts)
    connection("upsert", connection.control, [_row(f"commit:{number}:{turn}:{1 + len(rest)}", "commit", first)])


def forget_older(connection: Connection) -> None:
    """Delete all commits but the newest, and the one before, at which a reader may be."""
    found = sorted((row["pk"] for row in _rows(connection, "commit", STRONG)), key=_order)
    for key in found[:-_KEPT]:
        connection("delete", connection.control, ids=[key, *_parts(key)])


def _order(key: str) -> tuple[int, int]:
    _, number, turn, _ = key.split(":")
    return int(number), int(turn)


def _part(number: str, turn: str, at: int) -> str:
    return f"part:{number}:{turn}:{at}"


def _parts(key: str) -> list[str]:
    """The rows on which a commit goes on."""
    _, number, turn, count = key.split(":")
    return [_part(number, turn, at) for at in range(1, int(count))]


_READ = {"output_fields": ["pk", "payload"]}


def _rows(connection: Connection, kind: str, level: str) -> list[dict[str, Any]]:
    found = connection("query", connection.control, filter=f"kind == '{kind}'", **_READ, consistency_level=level)
    return [dict(row) for row in found]


def _row(key: str, kind: str, payload: str) -> dict[str, Any]:
    return {"pk": key, "kind": kind, "payload": payload, "vector": nowhere(2)}


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
        self.number = 0

    def __enter__(self) -> Self:
        while not self._taken():
            time.sleep(1)
        # Higher than all before; the last digits tell apart writers that begin in the same moment.
        now = time.time_ns() // 1000 * 1000 + secrets.randbelow(1000)
        self.number = max(now, latest(self._call, STRONG).number + 1)
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
        if self._lost or (exactly and not self._held()):
            raise overtaken(self._call)

    def _held(self) -> bool:
        return (self._read() or {}).get("token") == self._token

    def _problem(self) -> str | None:
        """Who has it, unless it is free."""
        holder = self._read()
        if holder is None or holder["released"]:
            return None
        if holder["place"] == _place():
            gone = not _is_alive(holder["pid"])
        else:
            gone = time.time() - holder["seen"] > _SILENT and self._is_silent(holder)
        if gone:
            return None
        who = f"process {holder['pid']} on {holder['host']} has been updating it since {holder['since']}"
        return f"{self._call.address.name}: {who}; wait for it (--wait), or end it"

    def _is_silent(self, holder: dict[str, Any]) -> bool:
        """By this machine's clock alone: theirs may differ."""
        time.sleep(2.5 * _BEAT)
        return self._read() == holder

    def _read(self) -> dict[str, Any] | None:
        found = _rows(self._call, "lock", STRONG)
        return json.loads(found[0]["payload"]) if found else None

    def _write(self, *, released: bool = False) -> None:
        state = {"token": self._token, "host": socket.gethostname(), "place": _place(), "pid": os.getpid()}
        state |= {"since": self._since, "seen": time.time(), "released": released}
        self._call("upsert", self._call.control, [_row("lock", "lock", json.dumps(state))])

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
