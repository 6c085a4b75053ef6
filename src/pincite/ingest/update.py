"""Bringing a store up to date with a folder: scan, read, split, embed what is new, commit.

Files are read, divided and embedded at the same time, wherever that is done.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import fields
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from pincite import __version__, parsers
from pincite.analysis import terms
from pincite.datatypes import Changes, Document, Progress, UpdateReport, digest_of
from pincite.errors import RemovalRefused
from pincite.ingest import chunking
from pincite.ingest.scan import FileStat, Scan
from pincite.ingest.worker import Pending, Piece, Work, divide
from pincite.parsers import Skipped, ocr
from pincite.parsers.pool import FileDone
from pincite.retrieval.embedding import Embedder
from pincite.settings import Settings
from pincite.stores.base import DocumentRecord, FileRecord, Manifest, Snapshot, Writer

OnProgress = Callable[[Progress], None]

# A file may change within one tick of its file system's clock; the bytes of one modified this shortly before it was
# seen are compared again.
_RACY_NS = 2_000_000_000

_BATCH = 256
"""Passages embedded between two commits of vectors: with those in hand, what a killed update has to embed again."""

_GUARDED_FROM = 20
"""From so many documents on, an update may not remove more than half of them without being allowed to; from another
folder than before, of however few."""


class _Embedding:
    """Has batches of passages embedded and keeps their vectors."""

    def __init__(self, work: Work, writer: Writer) -> None:
        self._work = work
        self._writer = writer
        self._running: deque[tuple[list[bytes], Pending]] = deque()
        self.done = 0

    def begin(self, batch: dict[bytes, str]) -> None:
        """Embed a batch; waits while too many are on their way."""
        self.keep(self._work.ahead - 1)
        self._running.append((list(batch), self._work.embed(list(batch.values()))))

    def keep(self, waiting: int = 0) -> None:
        """Keep the vectors of the batches that are done, and wait until only so many are on their way."""
        while self._running and (len(self._running) > waiting or self._running[0][1].done()):
            keys, vectors = self._running.popleft()
            self._writer.put_vectors(keys, vectors.result())
            self.done += len(keys)


class Update:
    """One update of one store; use it once.

    Args:
        settings: those that the index is built with from now on.
        work: where files are read and texts embedded.
        progress: called with the stages ``read``, ``embed`` and ``write`` as they go on.
        rebuild: make the whole index anew, the old one answering meanwhile.
        allow_removals: remove however many documents are gone.
        cache: take vectors that are already there, where text and model are the same.
    """

    def __init__(
        self,
        writer: Writer,
        embedder: Embedder,
        settings: Settings,
        work: Work,
        progress: OnProgress,
        *,
        rebuild: bool,
        allow_removals: bool,
        cache: bool,
    ) -> None:
        self._writer = writer
        self._work = work
        self._embedder = embedder
        self._settings = settings
        self._progress = progress
        self._rebuild = rebuild
        self._allow_removals = allow_removals
        self._cache = cache
        self._added: dict[str, str] = {}  # with the digests, by which a document that moved is told
        self._changed: set[str] = set()
        self._unchanged: set[str] = set()
        self._skipped: dict[str, str] = {}
        self._files: list[FileRecord] = []
        self._places: dict[str, str] = {}
        self._left_out: dict[str, dict[str, str]] = {}
        self._embedding = _Embedding(work, writer)
        self._pending: dict[bytes, str] = {}
        self._queued: set[bytes] = set()
        self._staged: list[tuple[Document, DocumentRecord, Sequence[Piece]]] = []
        self._staged_pieces = 0
        self._in_doubt = False
        self._all_read = False
        self._again = False
        self._there: set[str] = set()
        self._clashing: set[str] = set()

    # Loaded when asked for, since an update that finds nothing new needs none of them.

    @cached_property
    def _known(self) -> dict[str, DocumentRecord]:
        return self._writer.records()

    @cached_property
    def _records(self) -> dict[str, FileRecord]:
        return self._writer.files()

    @cached_property
    def _by_path(self) -> dict[str, list[str]]:
        paths: dict[str, list[str]] = {}
        for doc_id, record in self._known.items():
            paths.setdefault(record.path, []).append(doc_id)
        return paths

    def run(self, folder: Path, scan: Scan) -> UpdateReport:
        """Do it all and commit.

        Raises:
            RemovalRefused: nothing was changed.
        """
        self._scanned_ns = time.time_ns()
        seen = scan.digest()
        if self._nothing_new(folder, seen):
            self._skipped.update(self._writer.manifest.skipped)
            self._write(folder, seen, gone=())
            return UpdateReport(unchanged=tuple(self._writer.doc_ids()), skipped=self._skipped)
        self._skipped.update(scan.skipped)
        known = {*self._by_path, *self._records}
        kept = {name for name in known if name in scan.skipped or name.startswith(scan.unlisted)}
        self._there = {*scan.files, *kept}
        gone = [doc_id for doc_id, record in self._known.items() if record.path not in self._there]
        self._in_doubt = self._too_many(gone, folder)
        with self._work:
            self._read(self._to_read(scan))
            self._keep_unseen(kept)
            removed = self._removed(folder)
            self._writer.remove(removed)
            self._embed()
        self._write(folder, seen if self._settled(scan) else "", self._records.keys() - self._there)
        return UpdateReport(
            added=tuple(sorted(self._added)),
            changed=tuple(sorted(self._changed)),
            removed=tuple(removed),
            unchanged=tuple(sorted(self._unchanged)),
            skipped=dict(sorted(self._skipped.items())),
            embedded=len(self._queued),
        )

    # ------------------------------------------------------------ which files to read

    def _nothing_new(self, folder: Path, seen: str) -> bool:
        before = self._writer.manifest
        same = (before.reading, before.corpus) == (self._program, str(folder)) and not self._rebuild
        return same and before.scan == seen

    def _settled(self, scan: Scan) -> bool:
        """Whether a file that will have the same stamp will be the same, and none has to be tried again."""
        last = max((found.stamp[1] for found in scan.files.values()), default=0)
        return not self._again and self._scanned_ns - last > _RACY_NS

    def _to_read(self, scan: Scan) -> dict[str, FileStat]:
        records = {} if self._rebuild or self._is_read_otherwise() else self._records
        other_program = self._writer.manifest.reading != self._program
        to_read = {}
        for name, stat in scan.files.items():
            record = records.get(name)
            if (
                record is None
                or not record.digest
                or (other_program and (record.problem or record.skipped))
                or not _same(record, stat)
            ):
                to_read[name] = stat
                continue
            if not _untouched(record, stat):
                self._files.append(record._replace(stamp=stat.stamp, scanned_ns=self._scanned_ns))
            self._unchanged.update(self._by_path.get(name, ()))
            self._skipped.update(record.skipped)
            if record.problem:
                self._skipped[name] = record.problem
        return to_read

    @property
    def _reading(self) -> str:
        """Names how files are read and texts divided; when it changes, everything is read and divided again."""
        return f"{parsers.VERSION}/{chunking.VERSION}/{terms.VERSION}/{self._settings.passage_tokens}"

    @property
    def _program(self) -> str:
        """Names this version as well, and OCR: they may read what others could not, which is then tried again."""
        return f"{self._reading} {__version__}{' ocr' if ocr.is_there() else ''}"

    def _is_read_otherwise(self) -> bool:
        return self._writer.manifest.reading.partition(" ")[0] != self._reading

    # ------------------------------------------------------------ reading and splitting

    def _read(self, files: dict[str, FileStat]) -> None:
        digests: dict[str, str] = {}

        def jobs() -> Iterator[tuple[str, Path]]:
            for name, stat in files.items():
                digests[name] = _digest(stat.path)  # before it is read: a later change is seen by the next update
                yield name, stat.path

        done = 0
        self._progress(Progress(stage="read", done=0, total=len(files)))
        with closing(self._work.read(jobs())) as events:
            for name, event in events:
                if isinstance(event, Document):
                    self._take(event, name)
                elif isinstance(event, Skipped):
                    self._left_out.setdefault(name, {})[event.where] = event.reason
                else:
                    self._file_done(name, files[name], digests[name], event)
                    done += 1
                    self._embedding.keep(self._work.ahead)
                    self._progress(Progress(stage="read", done=done, total=len(files)))

    def _file_done(self, name: str, stat: FileStat, digest: str, event: FileDone) -> None:
        left_out = self._left_out.pop(name, {})
        again = event.again or name in self._clashing
        self._again |= again or not digest
        self._skipped.update(left_out)
        self._files.append(
            FileRecord(
                path=name,
                stamp=stat.stamp,
                digest="" if again else digest,
                scanned_ns=self._scanned_ns,
                problem=event.problem,
                skipped=left_out,
            )
        )
        if event.problem:
            self._skipped[name] = event.problem
            self._keep([name])

    def _keep_unseen(self, paths: Collection[str]) -> None:
        """Keep files that cannot be looked at now, with what they were like; what was read otherwise is read again."""
        for path in paths:
            record = self._records.get(path, FileRecord(path, stamp=(), digest="", scanned_ns=0))
            self._files.append(record._replace(digest="") if self._is_read_otherwise() else record)
        self._keep(paths)

    def _keep(self, paths: Iterable[str]) -> None:
        """Keep the last good version of what cannot be read now, or not to its end."""
        known = [doc_id for path in paths for doc_id in self._by_path.get(path, ()) if doc_id not in self._places]
        for at in range(0, len(known), _BATCH):
            for document in self._writer.documents(known[at : at + _BATCH]).values():
                self._take(document, self._known[document.doc_id].path)

    def _take(self, document: Document, path: str) -> None:
        """Stage a document, unless it is already there just so."""
        if other := self._claimed(document.doc_id, path):
            reason = f"{other} has a document of this id as well: rename one of the files"
            self._skipped[document.doc_id] = reason
            self._clashing.add(path)
            return
        record = DocumentRecord(path=path, state=_state(document, self._reading), digest=document.digest)
        before = self._known.get(document.doc_id)
        if before is None:
            self._added[document.doc_id] = document.digest
        elif before == record:
            self._unchanged.add(document.doc_id)
        else:
            self._changed.add(document.doc_id)
        if before != record or self._rebuild:
            pieces = divide(document, self._embedder, self._settings)
            self._staged.append((document, record, pieces))
            self._staged_pieces += len(pieces)
            if self._staged_pieces >= _BATCH:
                self._replace_staged()

    def _claimed(self, doc_id: str, path: str) -> str | None:
        """The other file that has a document of this id: the one that had it before, or else came first."""
        known = self._known.get(doc_id)
        other = known.path if known and known.path in self._there else self._places.setdefault(doc_id, path)
        self._places.setdefault(doc_id, other)
        return None if other == path else other

    def _replace_staged(self) -> None:
        """Hand documents to the store, which is asked only once what of them has to be embedded."""
        staged, self._staged, self._staged_pieces = self._staged, [], 0
        keys = [piece.key for _, _, pieces in staged for piece in pieces]
        missing = self._writer.missing(keys) if self._cache else set(keys)
        for document, record, pieces in staged:
            for piece in pieces:
                if piece.key in missing and piece.key not in self._queued:
                    self._queued.add(piece.key)
                    self._pending[piece.key] = piece.text
                    # Where the update may be refused for what it would remove, that is found out first.
                    if len(self._pending) >= _BATCH and not self._in_doubt:
                        self._begin()
            self._writer.replace(document, [piece.passage for piece in pieces], [piece.key for piece in pieces], record)

    def _begin(self) -> None:
        keys = list(self._pending)
        for at in range(0, len(keys), _BATCH):
            self._embedding.begin({key: self._pending[key] for key in keys[at : at + _BATCH]})
            self._report_embedded()
        self._pending.clear()

    # ------------------------------------------------------------ removing

    def _removed(self, folder: Path) -> list[str]:
        removed = sorted(self._known.keys() - self._unchanged - self._changed)
        moved = set(self._added.values())
        lost = [doc_id for doc_id in removed if self._known[doc_id].digest not in moved]
        if self._too_many(lost, folder):
            raise RemovalRefused(
                f"{folder}: {len(lost)} of {len(self._known)} documents are gone; is it the right folder, and mounted? "
                "To remove them all the same: --allow-removals (allow_removals=True)"
            )
        return removed

    def _too_many(self, lost: Sequence[str], folder: Path) -> bool:
        """Whether to lose these documents is refused."""
        if not lost or self._allow_removals:
            return False
        elsewhere = self._writer.manifest.corpus not in (None, str(folder))
        known = len(self._known)
        return len(lost) == known or (len(lost) > known / 2 and (known >= _GUARDED_FROM or elsewhere))

    # ------------------------------------------------------------ embedding and writing

    def _embed(self) -> None:
        """Embed the rest and wait for what is on its way."""
        self._replace_staged()
        self._all_read = True
        self._report_embedded()
        self._begin()
        for waiting in reversed(range(self._work.ahead)):
            self._embedding.keep(waiting)
            self._report_embedded()

    def _report_embedded(self) -> None:
        if self._all_read:
            self._progress(Progress(stage="embed", done=self._embedding.done, total=len(self._queued)))

    def _write(self, folder: Path, scan: str, gone: Iterable[str]) -> None:
        self._progress(Progress(stage="write", done=0, total=1))
        self._writer.put_files(self._files, gone)
        self._writer.describe(
            Manifest(
                settings=self._settings.as_dict(),
                reading=self._program,
                fingerprint=self._embedder.fingerprint,
                corpus=str(folder),
                updated=datetime.now(UTC).isoformat(timespec="seconds"),
                skipped=self._skipped,
                scan=scan,
            )
        )
        self._writer.commit()
        self._progress(Progress(stage="write", done=1, total=1))


def changes(snapshot: Snapshot, scan: Scan) -> Changes:
    """How what lies in the folder differs from what the index was made of; what could not be read is left aside."""
    records = snapshot.files()
    known = {name: record for name, record in records.items() if record.digest}
    return Changes(
        new=tuple(name for name in scan.files if name not in records),
        changed=tuple(name for name, stat in scan.files.items() if name in known and not _same(known[name], stat)),
        gone=tuple(
            name
            for name in sorted(known.keys() - scan.files.keys() - scan.skipped.keys())
            if not name.startswith(scan.unlisted)
        ),
    )


def _same(record: FileRecord, stat: FileStat) -> bool:
    return _untouched(record, stat) or _digest(stat.path) == record.digest


def _untouched(record: FileRecord, stat: FileStat) -> bool:
    """Whether the stamp alone says that a file is as it was."""
    _, mtime_ns, *_ = stat.stamp
    return record.stamp == stat.stamp and record.scanned_ns - mtime_ns > _RACY_NS


def _digest(path: Path) -> str:
    """SHA-256 of the file's bytes; empty where it cannot be read, which is tried again at the next update."""
    try:
        return digest_of(path)
    except OSError:
        return ""


def _state(document: Document, reading: str) -> str:
    values = [getattr(document, field.name) for field in fields(document) if field.name != "text"]
    content = json.dumps([reading, *values], sort_keys=True, default=dict)
    return hashlib.blake2b(content.encode(), digest_size=16).hexdigest()
