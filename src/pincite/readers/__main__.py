"""The worker process: ``python -m pincite.readers`` reads one file a request, and speaks JSON lines over its pipes.

A request is ``{"path": ..., "name": ...}``. The answers to it are any number of ``{"document": {...}}`` and
``{"skipped": {...}}``, then one ``{"done": problem or null}`` or ``{"duplicate": message}``.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from pincite.datatypes import Document
from pincite.errors import DuplicateIdError, UnreadableFile
from pincite.readers import Skipped, read

_MOST_MEMORY = 4 << 30
_STATED = [each.name for each in fields(Document) if each.init]


def main() -> None:
    """Serve requests until the pipe is closed."""
    _limit_memory()
    with os.fdopen(os.dup(1), "w", encoding="ascii") as answers, open(os.devnull, "w") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), 1)  # whatever a parser prints must not get into the protocol
        print(json.dumps({"ready": True}), file=answers, flush=True)
        os.dup2(nowhere.fileno(), 2)
        for line in sys.stdin.buffer:
            request = json.loads(line)
            for answer in _answers(Path(request["path"]), request["name"]):
                print(json.dumps(answer), file=answers, flush=True)


def _limit_memory() -> None:
    """A file that needs more than this fails by itself instead of taking the machine down."""
    try:
        import resource
    except ImportError:  # Windows
        return
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    limit = _MOST_MEMORY if most == resource.RLIM_INFINITY else min(most, _MOST_MEMORY)
    resource.setrlimit(resource.RLIMIT_AS, (limit, most))


def _answers(path: Path, name: str) -> Iterator[dict[str, Any]]:
    try:
        for event in read(path, name):
            if isinstance(event, Skipped):
                yield {"skipped": {"where": event.where, "reason": event.reason}}
            else:
                yield {"document": {field: getattr(event, field) for field in _STATED}}
        yield {"done": None}
    except UnreadableFile as error:
        yield {"done": str(error)}
    except DuplicateIdError as error:
        yield {"duplicate": str(error)}


if __name__ == "__main__":
    main()
