"""Noticing that a folder of articles has changed."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Iterator
from pathlib import Path

from pincite.errors import CorpusError

QUIET = 1.0
"""Seconds in which a file must not change to be taken for finished."""

_LOOKS_MS = 500
"""How often it is looked whether the folder is still the same one."""


def bursts(folder: Path, owned_paths: Collection[Path], stop: threading.Event | None = None) -> Iterator[None]:
    """Yield once at the start, and then after each burst of changes until ``stop`` is set.

    What changes while the caller is at work is one burst, which comes next. So is a folder that goes, or comes.

    Args:
        folder: what is watched, with all folders below it.
        owned_paths: what lies in these is not counted.
        stop: ends the watch, within a second.

    Raises:
        CorpusError: there is no such folder, or it cannot be watched.
    """
    from watchfiles import watch

    if not folder.is_dir():
        raise CorpusError(f"{folder}: no such folder, so there is nothing to watch")
    stop, own = stop or threading.Event(), [place.resolve() for place in owned_paths]
    while not stop.is_set():
        if (identity := _identity(folder)) is None:
            stop.wait(_LOOKS_MS / 1000)
            continue
        changes = watch(
            folder.resolve(),
            watch_filter=lambda _, path: not any(map(Path(path).is_relative_to, own)),
            stop_event=stop,
            rust_timeout=_LOOKS_MS,
            yield_on_timeout=True,
        )
        try:  # the first look is taken when the watch stands, so that no change falls between the two
            for number, seen in enumerate(changes):
                if _identity(folder) != identity:  # what is watched is not the name
                    break
                if seen or number == 0:
                    yield
        except OSError as error:
            raise CorpusError(f"{folder}: cannot be watched ({error})") from error
        changes.close()  # else it goes on while the caller is at work
        if not stop.is_set():
            yield


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(folder)  # noqa: PTH116 - one that is looked at often
    except OSError:
        return None
    return status.st_dev, status.st_ino
