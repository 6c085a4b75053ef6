"""The worker process: ``python -m pincite.parsers FD`` reads one file a request; both sides speak JSON over the pipe.

A request is ``[path, name]``. The answers to it are any number of ``{"document": {...}}``, ``{"skipped": {...}}`` and
``{"working": {}}``, then one ``{"done": {"problem": ..., "again": ...}}``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

from pincite.datatypes import Document
from pincite.errors import UnreadableFile
from pincite.parsers import NotNow, Skipped, Working, read

if sys.platform == "win32":
    from multiprocessing.connection import PipeConnection as Connection
else:
    from multiprocessing.connection import Connection

_MOST_MEMORY = 4 << 30


def main() -> None:
    """Serve requests until the pipe is closed."""
    limit_memory()
    pipe = Connection(int(sys.argv[1]))
    with suppress(EOFError):
        while True:
            path, name = json.loads(pipe.recv_bytes())
            for kind, stated in _answers(Path(path), name):
                pipe.send_bytes(json.dumps({kind: stated}).encode())


def limit_memory() -> None:
    """A file that needs more than this fails by itself instead of taking the machine down."""
    try:
        import resource
    except ImportError:  # Windows has nothing of the kind
        return
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    limit = _MOST_MEMORY if most == resource.RLIM_INFINITY else min(most, _MOST_MEMORY)
    with suppress(ValueError, OSError):  # macOS has no such limit
        resource.setrlimit(resource.RLIMIT_AS, (limit, most))


def _answers(path: Path, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    kinds = {Document: "document", Skipped: "skipped", Working: "working"}
    try:
        for event in read(path, name):
            yield kinds[type(event)], {each.name: getattr(event, each.name) for each in fields(event) if each.init}
        yield "done", {}
    except UnreadableFile as error:
        yield "done", {"problem": str(error), "again": isinstance(error, NotNow)}


if __name__ == "__main__":
    main()
