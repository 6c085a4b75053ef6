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
        committed: versions of updates, ascending, each with the time of its commit (seconds since the epoch). Rows bear
            those in which they were created and deleted. The first stands for all before it as well: nothing else has
            been left of them, but -1 is before all others. What an update that was not finished has written bears none.
        generation: counts the updates that changed something.
        data: the collection that holds the passages; empty where there are none.
        documents, passages: how many there are.
        manifest: what the index says of itself.
    """

    committed: tuple[tuple[int, float], ...] = ((0, 0.0),)
    generation: int = 0
    data: str = ""
    documents: int = 0
    passages: int = 0
    manifest: Manifest = field(default_factory=lambda: Manifest(settings={}))

    @property
    def version(self) -> int:
        """That of the update which made it."""
        return self.committed[-1][0]

    @property
    def at(self) -> float:
        """When it was made, seconds since the epoch."""
        return self.committed[-1][1]

    @property
    def created(self) -> str:
        """The condition that rows fulfil which a committed update has created."""
        return f"(created_at <= {self.committed[0][0]} or created_at in {self._versions})"

    @property
    def visible(self) -> str:
        """The condition that the rows of the index fulfil."""
        return f"{self.created} and deleted_at not in {self._versions}"

    @property
    def _versions(self) -> list[int]:
        return [version for version, _ in self.committed]


def latest(connection: Connection, level: str = STRONG) -> Commit:
    """The newest commit; one of nothing where there is none."""
    found = connection.find(connection.articles, "kind == 'commit'", (*PAYLOAD, "created_at"), level)
    newest = max((row["created_at"] for row in found), default=None)
    for _, payload in payloads(row for row in found if row["created_at"] == newest):
        committed = tuple((version, at) for version, at in payload["committed"])
        return Commit(**payload | {"committed": committed, "manifest": Manifest(**payload["manifest"])})
    return Commit()


def overtaken(connection: Connection) -> IndexBusy:
    """What is raised where another process has written meanwhile."""
    return IndexBusy(f"{connection.name}: another process has updated it meanwhile; update again")


class Lease:
    """The right to write: on this machine a lock in ``home``, between machines a row that whoever writes renews.

    Raises:
        IndexBusy: on entering, when another process writes and is not to be waited for.
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
        """Give a sign of life before anything is written; ``exactly``: however little time has passed since.

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
