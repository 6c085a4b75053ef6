"""The operating system's lock that one writer of an index holds, and who that is."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from pincite.errors import IndexBusy

_LOCK, _HOLDER = "update.lock", "update.json"


class Lock:
    """A context manager that holds the lock; it goes with the process that holds it, however that ends.

    Args:
        folder: the index; it is made.
        wait: for the holder to end, however long that takes.

    Raises:
        IndexBusy: on entering, when another holds it and ``wait`` is not given.
    """

    def __init__(self, folder: Path, *, wait: bool = False) -> None:
        self._folder = folder
        self._wait = wait

    def __enter__(self) -> Lock:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(self._folder / _LOCK)
        try:
            self._lock.acquire(timeout=-1 if self._wait else 0)
        except Timeout as error:
            raise IndexBusy(f"{self._folder}: {self._holder()}; wait for it to end") from error
        try:
            self._sign()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *problem: object) -> None:
        (self._folder / _HOLDER).unlink(missing_ok=True)
        self._lock.release()

    def _sign(self) -> None:
        """Say who holds it, in a file of its own: whoever tries to take the lock empties its own file."""
        holder = {"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}
        made = self._folder / f"{_HOLDER}.tmp"
        made.write_text(json.dumps(holder), "utf-8")
        made.rename(self._folder / _HOLDER)

    def _holder(self) -> str:
        try:
            holder = json.loads((self._folder / _HOLDER).read_text("utf-8"))
            return f"process {holder['pid']} has been updating it since {holder['since']}"
        except (OSError, ValueError, KeyError, TypeError):  # taken just now, and not signed yet
            return "another update is running"
