"""Which update counts: the newest row of kind ``commit`` in a collection of its own.

Milvus has no transactions. That row decides what is seen, and it is written in one piece, after all others.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from pincite.errors import DamagedIndex
from pincite.stores.base import Manifest
from pincite.stores.milvus.connection import MEND, Connection, one_of
from pincite.stores.milvus.rows import divided, nowhere

STRONG, BOUNDED = "Strong", "Bounded"

SETTLED_AFTER = 10.0
"""Seconds after a commit from which on all of it is seen by the quicker reads as well, which may be five behind."""

_KEPT = 2
"""Commits that are kept, since a reader may be at the one before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What an update has made the index.

    Attributes:
        number: of that update; rows bear the numbers of those in which they were born and died.
        floor: numbers up to here count,
        admitted: and these above it. What an update that was not finished has written bears none of them.
        generation: counts the updates that changed something.
        data: the collection that holds the rows; empty where there are none.
        documents, passages, terms: how many there are; terms in the texts of all passages together.
        at: when it was made, seconds since the epoch.
        manifest: what the index says of itself.
    """

    number: int = 0
    generation: int = 0
    data: str = ""
    documents: int = 0
    passages: int = 0
    terms: int = 0
    floor: int = 0
    admitted: tuple[int, ...] = ()
    at: float = 0.0
    manifest: Manifest = field(default_factory=lambda: Manifest(settings={}))

    @classmethod
    def of(cls, payload: dict[str, Any]) -> Commit:
        """From JSON."""
        manifest = Manifest(**payload["manifest"])
        return cls(**payload | {"admitted": tuple(payload["admitted"]), "manifest": manifest})

    def as_json(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @property
    def alive(self) -> str:
        """The condition that the rows of the index fulfil."""
        return f"{self.counts('born')} and not ({self.counts('died')})"

    def counts(self, field_name: str) -> str:
        """The condition that a number of rows is one of those that count."""
        return f"({field_name} <= {self.floor} or {field_name} in {list(self.admitted)})"


def settled(commit: Commit) -> bool:
    """Whether a commit is so old that all of it is seen by the quicker reads as well."""
    return time.time() - commit.at > SETTLED_AFTER


def latest(connection: Connection, level: str = BOUNDED) -> Commit:
    """The newest commit; one of nothing where there is none."""
    newest = max(control_rows(connection, "commit", level), key=lambda row: _order(row["pk"]), default=None)
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
    parts = [control_row(_part(number, turn, at), "part", piece) for at, piece in enumerate(rest, 1)]
    if parts:
        connection("upsert", connection.control, parts)
    connection("upsert", connection.control, [control_row(f"commit:{number}:{turn}:{1 + len(rest)}", "commit", first)])


def forget_older(connection: Connection) -> None:
    """Delete all commits but the newest, and the one before, at which a reader may be."""
    found = sorted((row["pk"] for row in control_rows(connection, "commit", STRONG)), key=_order)
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


def control_rows(connection: Connection, kind: str, level: str) -> list[dict[str, Any]]:
    """All rows of a kind in the collection of commits."""
    found = connection("query", connection.control, filter=f"kind == '{kind}'", **_READ, consistency_level=level)
    return [dict(row) for row in found]


def control_row(key: str, kind: str, payload: str) -> dict[str, Any]:
    """A row for the collection of commits, which has no use for vectors but has to have them."""
    return {"pk": key, "kind": kind, "payload": payload, "vector": nowhere(2)}
