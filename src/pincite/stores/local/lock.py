"""The operating system's lock that one writer of an index holds, and who that is."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from pincite.errors import IndexBusy, IndexProblem

_LOCK, _HOLDER = "update.lock", "update.json"


@contextmanager
def lock(folder: Path, name: str = "", *, wait: bool = False) -> Iterator[None]:
    """Hold the lock; it goes with the process that holds it, however that ends.

    Args:
        folder: where it lies; made if need be.
        name: of the index, in errors; by default the folder.
        wait: for the holder to end, however long that takes.

    Raises:
        IndexBusy: on entering, when another holds it and ``wait`` is not given.
        IndexProblem: the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = FileLock(folder / _LOCK).acquire(timeout=-1 if wait else 0)
    except Timeout as error:
        raise IndexBusy(f"{name or folder}: {_holder(folder)}; wait for it to end") from error
    except OSError as error:
        raise IndexProblem(f"{folder}: cannot be written to ({error.strerror})") from error
    with held:
        # In a file of its own: whoever tries to take the lock empties its own file.
        holder = {"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}
        made = folder / f"{_HOLDER}.tmp"
        made.write_text(json.dumps(holder), "utf-8")
        made.replace(folder / _HOLDER)
        try:
            yield
        finally:
            (folder / _HOLDER).unlink(missing_ok=True)


def _holder(folder: Path) -> str:
    try:
        holder = json.loads((folder / _HOLDER).read_text("utf-8"))
        return f"process {holder['pid']} has been updating it since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):  # taken just now, and not signed yet
        return "another update is running"
