"""The Milvus store: an index on a server, on a cluster, or in a local file."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from pincite.errors import DamagedIndex, NoIndex
from pincite.stores.base import DocumentRecord, Manifest, copy
from pincite.stores.checks import wrong_passages, wrong_text
from pincite.stores.local.store import LocalStore
from pincite.stores.milvus.commits import BOUNDED, STRONG, Commit, latest
from pincite.stores.milvus.connection import MEND, Address, Connection, batches
from pincite.stores.milvus.reading import DOCUMENTS, Memory, MilvusSnapshot
from pincite.stores.milvus.writing import MilvusWriter

_log = logging.getLogger(__name__)

_BY_MEANING = "passages are compared by meaning alone"

FORMAT = 1
"""Counts up when rows or what they hold change."""


class MilvusStore:
    """An index in Milvus. Safe to use from several threads; one process writes at a time.

    Args:
        address: as `Address.of` reads it.

    Raises:
        UsageError: it is no address.
    """

    def __init__(self, address: str) -> None:
        self._call = Connection(Address.of(address))
        self._memory = Memory()
        self._seen: Commit | None = None
        self._said = False
        self.name = self._call.address.name
        self.format = FORMAT

    @cached_property
    def home(self) -> Path:
        """A folder of this machine for what can be made again."""
        caches = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser()
        what = f"{self._call.address.uri} {self._call.address.collection}"
        return caches / "pincite" / hashlib.sha256(what.encode()).hexdigest()[:16]

    @property
    def places(self) -> tuple[Path, ...]:
        """What of this machine is its own."""
        file = (Path(self._call.address.uri),) if self._call.address.is_file else ()
        return (self.home, *file)

    @property
    def limits(self) -> tuple[str, ...]:
        """What it cannot do."""
        if not self._call.has_words:
            return (f"Milvus {self._call.version} cannot search by words: {_BY_MEANING} (from 2.5 on it can)",)
        data = (self._seen or self._look()).data
        if data and not self._call.holds_words(data):
            mend = "`pincite update --rebuild` mends it"
            return (f"it was made when Milvus could not search by words: {_BY_MEANING}; {mend}",)
        return ()

    def exists(self) -> bool:
        """Whether anything was ever committed."""
        return self._newest().generation > 0

    def manifest(self) -> Manifest:
        """What the index says of itself."""
        return self._existing().manifest

    def snapshot(self) -> MilvusSnapshot:
        """The current state.

        Raises:
            NoIndex: nothing was ever committed.
        """
        return MilvusSnapshot(self._call, self._existing(), self._memory)

    def _existing(self) -> Commit:
        if not (commit := self._newest()).generation:
            raise NoIndex(f"{self.name}: no index here; make one with `pincite update CORPUS --index {self.name}`")
        return commit

    def _newest(self) -> Commit:
        found = self._look()
        self._say_limits()
        return found

    def _look(self) -> Commit:
        """First exactly, then quickly, which is at most five seconds behind; never older than what was seen before."""
        if self._seen is None and not self._is_there():
            return Commit()
        found = latest(self._call, STRONG if self._seen is None else BOUNDED)
        if self._seen is None or found.number >= self._seen.number:
            self._seen = found
        return self._seen

    def _is_there(self) -> bool:
        """Whether an index was ever begun; to look makes no file."""
        address = self._call.address
        if address.is_file and not Path(address.uri).exists():
            return False
        return bool(self._call("has_collection", self._call.control))

    def _say_limits(self) -> None:
        for limit in () if self._said else self.limits:
            _log.warning("%s: %s", self.name, limit)
        self._said = True

    def writer(self, *, fresh: bool = False, wait: bool = False) -> MilvusWriter:
        """Begin to write.

        Args:
            fresh: start from nothing, while readers keep the old state until the commit.
            wait: for another writer to end, however long that takes.
        """
        return MilvusWriter(self._call, self._see, fresh=fresh, wait=wait)

    def _see(self, commit: Commit) -> None:
        """One's own commits are seen at once."""
        self._seen = commit

    def sizes(self) -> dict[str, int]:
        """Nothing: Milvus does not say what its rows take."""
        return {}

    def verify(self) -> list[str]:
        """Everything that does not agree with the rest; empty where all is well."""
        with self.snapshot() as snapshot, snapshot.kept():
            wrong = [*self._miscounted(snapshot)]
            try:
                records = snapshot.records()
                wrong += self._without_file(snapshot, records)
            except DamagedIndex as error:
                return [*wrong, str(error), MEND]
            for some in batches(sorted(records), DOCUMENTS):
                wrong += _wrong(snapshot, some, records)
        return [*wrong, MEND] if wrong else []

    def _miscounted(self, snapshot: MilvusSnapshot) -> Iterator[str]:
        if (found := snapshot.counted()) != snapshot.count():
            yield f"{self.name}: holds {found} documents and passages, and says it were {snapshot.count()}"

    def _without_file(self, snapshot: MilvusSnapshot, records: Mapping[str, DocumentRecord]) -> Iterator[str]:
        if len(records) != (held := snapshot.count()[0]):
            yield f"{self.name}: says it were {held} documents, and has the records of {len(records)}"
        for path in sorted({record.path for record in records.values()} - snapshot.files().keys()):
            yield f"{self.name}: {path}: what its file was like is missing"

    def quarantine(self, *, wait: bool = False) -> Path | None:
        """Nothing can be put aside."""
        return None

    def backup(self, path: Path) -> None:
        """Write all of the current state into one file, which a store of any kind restores."""
        with TemporaryDirectory() as folder:
            local = LocalStore(Path(folder))
            copy(self, local)
            local.backup(path)
            local.close()

    def restore(self, path: Path) -> None:
        """Put what `backup` wrote in the place of the current state, while others read."""
        with TemporaryDirectory() as folder:
            local = LocalStore(Path(folder))
            local.restore(path)
            copy(local, self)
            local.close()

    def close(self) -> None:
        """Hang up."""
        self._call.close()
        self._memory = Memory()
        self._seen = None


def _wrong(snapshot: MilvusSnapshot, ids: Sequence[str], records: Mapping[str, DocumentRecord]) -> Iterator[str]:
    """What is wrong with documents; one that cannot be read hides none of the others."""
    try:
        held = list(snapshot.some_contents(ids, records))
    except DamagedIndex as error:
        if len(ids) == 1:
            yield str(error)
        else:
            for each in ids:
                yield from _wrong(snapshot, [each], records)
        return
    for content in held:
        yield from wrong_text(content.document)
        yield from wrong_passages(content.document, zip(content.passages, content.vectors, strict=True))
