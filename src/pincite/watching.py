"""Noticing that a folder of articles has changed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from pincite.errors import CorpusError

QUIET = 1.0
"""Seconds in which a file must not change to be taken for finished."""

_FIRST_LOOK_MS = 500


def bursts(folder: Path, index: Path, stop: threading.Event | None = None) -> Iterator[None]:
    """Yield once at the start, and then after each burst of changes until ``stop`` is set.

    What changes while the caller is at work is one burst, which comes next.

    Args:
        folder: what is watched, with all folders below it.
        index: what lies in there is not counted: an update changes it.
        stop: ends the watch, within a second.

    Raises:
        CorpusError: there is no such folder.
    """
    from watchfiles import watch

    if not folder.is_dir():
        raise CorpusError(f"{folder}: no such folder, so there is nothing to watch")
    own = index.resolve()
    changes = watch(
        folder.resolve(),
        watch_filter=lambda _, path: not Path(path).is_relative_to(own),
        stop_event=stop,
        rust_timeout=_FIRST_LOOK_MS,
        yield_on_timeout=True,
    )
    # The first look is taken when the watch stands, so that no change falls between the two.
    for number, seen in enumerate(changes):
        if seen or number == 0:
            yield
