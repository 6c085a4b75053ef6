"""The Milvus store: an index on a server, on a cluster, or in a local file."""

from __future__ import annotations

import logging
from pathlib import Path

from platformdirs import user_data_path

from pincite.errors import DamagedIndex, NoIndex, OtherFormat
from pincite.settings import cache_folder
from pincite.stores.base import Manifest, pour, problems
from pincite.stores.local import backups
from pincite.stores.milvus.connection import BOUNDED, MEND, STRONG, Connection, holds_words
from pincite.stores.milvus.reading import FORMAT, Commit, MilvusSnapshot, latest
from pincite.stores.milvus.rows import hashed
from pincite.stores.milvus.writing import MilvusWriter

_log = logging.getLogger(__name__)


class MilvusStore:
    """An index in Milvus, at an address of `Connection`. Safe to use from several threads; one process writes."""

    format = FORMAT

    def __init__(self, address: str) -> None:
        self._call = Connection(address)
        self._current: MilvusSnapshot | None = None
        self._said = False
        self.name = self._call.name
        key = hashed(self._call.uri, self._call.articles)[:16]
        self.home = cache_folder() / key  # for what can be made again
        self.owned_paths: tuple[Path, ...] = (self.home, Path(self._call.uri)) if self._call.is_file else (self.home,)
        # In the user's folder for data, since this machine may hold nothing else of it.
        self.judgements = user_data_path("pincite", appauthor=False) / f"judgements-{key}.jsonl"

    @property
    def limits(self) -> tuple[str, ...]:
        """What it cannot do."""
        limit = "passages are compared by meaning alone"
        if self._call.is_file:
            return (f"a file of Milvus is for trying out, and cannot search by words: {limit} (a server can)",)
        if not self._call.has_words:
            return (f"this Milvus cannot search by words: {limit} (from 2.5 on it can)",)
        if (data := self._look().base.data) and not holds_words(data):
            mend = "`pincite update --rebuild` mends it"
            return (f"it was made when Milvus could not search by words: {limit}; {mend}",)
        return ()

    def exists(self) -> bool:
        """Whether anything was ever committed."""
        try:
            return self._look().generation > 0
        except OtherFormat:
            return True

    def manifest(self) -> Manifest:
        """What the index says of itself."""
        return self.snapshot().manifest

    def snapshot(self) -> MilvusSnapshot:
        """The current state.

        Raises:
            NoIndex: nothing was ever committed.
        """
        state = self._look()
        if not state.generation:
            raise NoIndex(f"{self.name}: no index here; make one with `pincite update CORPUS --index {self.name}`")
        for limit in () if self._said else self.limits:
            _log.warning("%s: %s", self.name, limit)
        self._said = True
        return state

    def _look(self) -> MilvusSnapshot:
        """First exactly, then quickly, which is at most five seconds behind; never older than what was seen before."""
        last = self._current
        no_file = self._call.is_file and not Path(self._call.uri).exists()  # to look makes none
        if last is None and (no_file or not self._call("has_collection", self._call.articles)):
            return MilvusSnapshot(self._call, Commit())
        newest = latest(self._call, BOUNDED if last else STRONG)
        return last if last and last.base.version >= newest.version else self._take_up(newest)

    def _take_up(self, commit: Commit) -> MilvusSnapshot:
        """Have this commit read from now on, as one's own are at once; all who read it share what was read."""
        self._current = MilvusSnapshot(self._call, commit)
        return self._current

    def writer(self, *, fresh: bool = False, wait: bool = False) -> MilvusWriter:
        """The writer, as `pincite.stores.base.Store.writer` says."""
        return MilvusWriter(self._call, self.home, self._take_up, fresh=fresh, wait=wait)

    def sizes(self) -> dict[str, int]:
        """Nothing: Milvus does not say what its rows take."""
        return {}

    def verify(self) -> list[str]:
        """Everything that does not agree with the rest; empty where all is well."""
        wrong: list[str] = []
        try:
            wrong.extend(problems(self.snapshot()))
        except DamagedIndex as error:  # a row cannot be read, nor what stands behind it
            wrong.append(str(error))
        return [*(f"{self.name}: {problem}" for problem in wrong), MEND] if wrong else []

    def quarantine(self, *, wait: bool = False) -> Path | None:
        """Drop an index of another format, beside whose rows nothing can be written; nothing can be put aside."""
        try:
            self._look()
        except OtherFormat:
            for collection in (*self._call.passages(), self._call.articles):
                self._call("drop_collection", collection)
        return None

    def backup(self, path: Path) -> None:
        """Write all of the current state into one file, which a store of any kind restores."""
        with self.snapshot() as state:
            backups.write_all(state, self.name, path)

    def restore(self, path: Path) -> None:
        """Put what `backup` wrote in the place of the current state, while others read."""
        with backups.opened(path) as state, self.writer(fresh=True) as writer:
            pour(state, str(path), writer)

    def close(self) -> None:
        """Hang up."""
        self._call.close()
        self._current = None
