"""Which versions of an index count, and who may write the next.

Milvus has no transactions. The newest row of kind ``commit`` decides what is seen; it is written in one piece, after
all others. The lease saves two writers from working in vain: what keeps an index whole are the versions in its rows.
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from pincite.errors import IndexBusy, IndexProblem
from pincite.stores.base import Manifest
from pincite.stores.local.lock import lock
from pincite.stores.milvus.connection import STRONG, Connection
from pincite.stores.milvus.rows import PAYLOAD, payloads, rows

SILENT = 600.0
"""Seconds without a sign of life after which a writer on another machine is taken for dead."""

_RENEWED = 10.0
_SETTLING = 0.3
_LEASE = "kind == 'lease'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What an update has made the index.

    Attributes:
        version: of that update; rows bear those in which they were created and deleted.
        frozen: versions up to here are committed,
        committed: and these above it. What an update that was not finished has written bears none of them.
        generation: counts the updates that changed something.
        data: the collection that holds the passages; empty where there are none.
        documents, passages: how many there are.
        at: when it was made, seconds since the epoch.
        manifest: what the index says of itself.
    """

    version: int = 0
    frozen: int = 0
    committed: tuple[int, ...] = (0,)
    generation: int = 0
    data: str = ""
    documents: int = 0
    passages: int = 0
    at: float = 0.0
    manifest: Manifest = field(default_factory=lambda: Manifest(settings={}))

    @property
    def visible(self) -> str:
        """The condition that the rows of the index fulfil."""
        return f"{self.committed_in('created_at')} and not {self.committed_in('deleted_at')}"

    def committed_in(self, field_name: str) -> str:
        """The condition that a version in rows is one of those that are committed."""
        return f"({field_name} <= {self.frozen} or {field_name} in {list(self.committed)})"


def history(connection: Connection, level: str = STRONG) -> list[Commit]:
    """The commits that are kept, oldest first: the newest, and those by which is told what can be swept."""
    commits = [
        Commit(**payload | {"committed": tuple(payload["committed"]), "manifest": Manifest(**payload["manifest"])})
        for _, payload in payloads(connection.find(connection.articles, "kind == 'commit'", PAYLOAD, level))
    ]
    return sorted(commits, key=lambda commit: commit.version)


def latest(connection: Connection, level: str = STRONG) -> Commit:
    """The newest commit; one of nothing where there is none."""
    return [Commit(), *history(connection, level)][-1]


def overtaken(connection: Connection) -> IndexBusy:
    """What is raised where another process has written meanwhile."""
    return IndexBusy(f"{connection.name}: another process has updated it meanwhile; update again")


class Lease:
    """The right to write: on this machine a lock, and between machines a row that whoever writes renews.

    Args:
        home: a folder of this machine, where the lock lies.
        wait: for whoever writes to end, however long that takes.

    Raises:
        IndexBusy: on entering, when another process writes and ``wait`` is not given.
    """

    def __init__(self, connection: Connection, home: Path, *, wait: bool) -> None:
        self._call = connection
        self._home = home
        self._wait = wait
        host = socket.gethostname()
        self._me = {"token": uuid.uuid4().hex, "place": f"{host}:{home}", "who": f"process {os.getpid()} on {host}"}

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            try:
                opening.enter_context(lock(self._home, wait=self._wait))
            except IndexBusy as error:
                raise IndexBusy(f"{self._call.name}: {error}") from None
            self._me["since"] = datetime.now(UTC).isoformat(timespec="seconds")
            while not self._taken():
                time.sleep(1)
            self._open = opening.pop_all()
        return self

    def __exit__(self, *problem: object) -> None:
        with self._open, suppress(IndexProblem):  # it ends by itself as well
            if self._is_ours():
                self._call("delete", self._call.articles, filter=_LEASE)

    def _taken(self) -> bool:
        """Take it unless another has it; of two that look at once, one writes over the other."""
        holder = self._holder()
        # One of this place has ended without saying so, since the lock is ours.
        if holder and holder["place"] != self._me["place"] and time.time() - holder["seen"] < SILENT:
            if self._wait:
                return False
            who = f"{holder['who']} has been updating it since {holder['since']}"
            raise IndexBusy(f"{self._call.name}: {who}; wait for it (--wait), or end it")
        self._renew()
        time.sleep(_SETTLING)
        return self._is_ours()

    def check(self, *, exactly: bool = False) -> None:
        """Give a sign of life; to be called before anything is written.

        Args:
            exactly: ask Milvus whose it is, however little time has passed since.

        Raises:
            IndexBusy: another process has taken it over.
        """
        if exactly or time.time() - self._seen > _RENEWED:
            if not self._is_ours():
                raise overtaken(self._call)
            self._renew()

    def _is_ours(self) -> bool:
        return bool(self._holder().get("token") == self._me["token"])

    def _holder(self) -> dict[str, Any]:
        leases = payloads(self._call.find(self._call.articles, _LEASE, PAYLOAD))
        return next((holder for _, holder in leases), {})

    def _renew(self) -> None:
        self._seen = time.time()
        self._call("upsert", self._call.articles, rows("lease", "", self._me | {"seen": self._seen}, 0))
