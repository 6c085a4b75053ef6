"""Readers that are long at one state, as a backup is: writers leave what that needs."""

from __future__ import annotations

import json
import time
import uuid
from contextlib import suppress
from types import TracebackType
from typing import Self

from pincite.errors import IndexProblem
from pincite.stores.milvus.connection import Connection
from pincite.stores.milvus.rows import nowhere

_RENEWED = 10.0
_FORGOTTEN = 120.0
"""Seconds after which a reader that has not renewed its pin is taken for dead."""


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
            row = {"pk": self._key, "kind": "pin", "payload": json.dumps(time.time()), "vector": nowhere(2)}
            self._call("upsert", self._call.control, [row])


def pinned(connection: Connection) -> bool:
    """Whether someone is long at an older state."""
    found = connection(
        "query", connection.control, filter="kind == 'pin'", output_fields=["payload"], consistency_level="Strong"
    )
    return any(time.time() - json.loads(row["payload"]) < _FORGOTTEN for row in found)
