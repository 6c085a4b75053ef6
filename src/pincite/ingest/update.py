"""Bringing a store up to date with a folder: scan, read, split, embed what is new, commit.

Files are read, divided and embedded at the same time, wherever the last is done.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from pincite import __version__, parsers
from pincite.analysis import terms
from pincite.datatypes import Changes, Document, Progress, UpdateReport, count, digest_of
from pincite.errors import RemovalRefused
from pincite.ingest import chunking
from pincite.ingest.cluster import Embedding
from pincite.ingest.scan import Scan, Stamp
from pincite.parsers import Skipped, ocr
from pincite.parsers.pool import FileDone, read_files
from pincite.retrieval.embedding import Embedder
from pincite.settings import Settings
from pincite.stores.base import DocumentRecord, FileRecord, Manifest, Snapshot, Writer

# A file may change within one tick of its file system's clock; the bytes of one modified this shortly before it was
# seen are compared again.
_RACY_NS = 2_000_000_000

_BATCH = 256
"""Passages embedded between two commits of vectors: with those in hand, what a killed update has to embed again."""

_GUARDED_FROM = 20
"""From so many documents on, an update may not remove more than half of them without being allowed to; from another
folder than before, of however few."""


@dataclass(eq=False)
class Update:
    """One update of one store with a folder; use it once.

    Attributes:
        settings: those that the index is built with from now on.
        executor: embeds; None for this process.
        progress: called with the stages ``read``, ``embed`` and ``write`` as they go on.
        rebuild: make the whole index anew, the old one answering meanwhile.
        allow_removals: remove however many documents are gone.
        cache: take vectors that are already there, where text and model are the same.
    """

    writer: Writer
    embedder: Embedder
    settings: Settings
    scan: Scan
    executor: Executor | None
    progress: Callable[[Progress], None]
    rebuild: bool
    allow_removals: bool
    cache: bool

    def __post_init__(self) -> None:
        reading = f"{parsers.VERSION}/{chunking.VERSION}/{terms.VERSION}/{self.settings.passage_tokens}"
        self._reading = reading  # names how files are read and texts divided; when it changes, all are, again
        # Names this version as well, and OCR: they may read what others could not, which is then tried again.
        self._program = f"{reading} {__version__}{' ocr' if ocr.is_there() else ''}"
        self._before = self.writer.manifest
        self._is_read_otherwise = self._before.reading.partition(" ")[0] != reading
        self._scanned_ns = time.time_ns()
        self._added: dict[str, str] = {}  # with the digests, by which a document that moved is told
        self._changed = set[str]()
        self._unchanged = set[str]()
        self._skipped: dict[str, str] = {}
        self._files: list[FileRecord] = []
        self._places: dict[str, str] = {}
        self._clashing = set[str]()
        self._staged: list[tuple[Document, DocumentRecord, Sequence[chunking.Piece]]] = []
        self._pending: dict[bytes, str] = {}
        self._queued = set[bytes]()
        self._all_read = False

    def run(self) -> UpdateReport:
        """Do it all and commit.

        Raises:
            RemovalRefused: nothing was changed.
        """
        scan, seen, before = self.scan, self.scan.digest(), self._before
        same = (before.reading, before.corpus, before.scan) == (self._program, str(scan.folder), seen)
        if same and not self.rebuild:
            self._skipped.update(sorted(before.skipped.items()))
            self._write(seen, gone=())
            return UpdateReport(unchanged=tuple(self.writer.doc_ids()), skipped=self._skipped)
        self._known, self._records = self.writer.records(), self.writer.files()
        self._by_path = defaultdict[str, list[str]](list)
        for doc_id, record in self._known.items():
            self._by_path[record.path].append(doc_id)
        self._skipped.update(scan.skipped)
        unseen = {
            name for name in {*self._by_path, *self._records} if name in scan.skipped or name.startswith(scan.unlisted)
        }
        self._there = {*scan.files, *unseen}
        self._in_doubt = self._too_many(
            [each for each, record in self._known.items() if record.path not in self._there]
        )
        with Embedding(self.embedder, self.executor, self.writer.put_vectors) as self._embedding:
            self._read(self._to_read())
            self._keep_unseen(unseen)
            removed = self._removed()
            self.writer.remove(removed)
            self._embed()
        self._write(seen if self._settled() else "", self._records.keys() - self._there)
        return UpdateReport(
            added=tuple(sorted(self._added)),
            changed=tuple(sorted(self._changed)),
            removed=tuple(removed),
            unchanged=tuple(sorted(self._unchanged)),
            skipped=dict(sorted(self._skipped.items())),
            embedded=len(self._queued),
        )

    # ------------------------------------------------------------ reading and splitting

    def _settled(self) -> bool:
        """Whether a file that will have the same stamp will be the same, and none has to be tried again."""
        last = max((mtime_ns for _, mtime_ns, *_ in self.scan.files.values()), default=0)
        return all(record.digest for record in self._files) and self._scanned_ns - last > _RACY_NS

    def _to_read(self) -> list[str]:
        records = {} if self.rebuild or self._is_read_otherwise else self._records
        other_program = self._before.reading != self._program
        to_read = []
        for name, stamp in self.scan.files.items():
            record = records.get(name)
            if (
                record is None
                or not record.digest
                or (other_program and (record.problem or record.skipped))
                or not _same(record, stamp, self.scan.folder)
            ):
                to_read.append(name)
                continue
            if not _untouched(record, stamp):
                self._files.append(record._replace(stamp=stamp, scanned_ns=self._scanned_ns))
            self._unchanged.update(self._by_path.get(name, ()))
            self._tell_problems(record)
        return to_read

    def _tell_problems(self, record: FileRecord) -> None:
        self._skipped.update(record.skipped)
        if record.problem:
            self._skipped[record.path] = record.problem

    def _read(self, names: Sequence[str]) -> None:
        digests: dict[str, str] = {}
        left_out = defaultdict[str, dict[str, str]](dict)

        def jobs() -> Iterator[tuple[str, Path]]:
            for name in names:
                path = self.scan.folder / name
                digests[name] = _digest(path)  # before it is read: a later change is seen by the next update
                yield name, path

        done = 0
        self.progress(Progress(stage="read", done=0, total=len(names)))
        with closing(read_files(jobs(), workers=os.cpu_count() or 1)) as events:
            for name, event in events:
                if isinstance(event, Document):
                    self._take(event, name)
                elif isinstance(event, Skipped):
                    left_out[name][event.where] = event.reason
                else:
                    self._file_done(name, digests[name], event, left_out.pop(name, {}))
                    done += 1
                    self._embedding.keep(self._embedding.ahead)
                    self.progress(Progress(stage="read", done=done, total=len(names)))

    def _file_done(self, name: str, digest: str, event: FileDone, left_out: dict[str, str]) -> None:
        again = event.again or name in self._clashing
        record = FileRecord(
            path=name,
            stamp=self.scan.files[name],
            digest="" if again else digest,
            scanned_ns=self._scanned_ns,
            problem=event.problem,
            skipped=left_out,
        )
        self._files.append(record)
        self._tell_problems(record)
        if event.problem:
            self._keep([name])

    def _keep_unseen(self, paths: Collection[str]) -> None:
        """Keep files that cannot be looked at now, with what they were like; what was read otherwise is read again."""
        for path in paths:
            record = self._records.get(path, FileRecord(path, stamp=(), digest="", scanned_ns=0))
            self._files.append(record._replace(digest="") if self._is_read_otherwise else record)
        self._keep(paths)

    def _keep(self, paths: Iterable[str]) -> None:
        """Keep the last good version of what cannot be read now, or not to its end."""
        known = [doc_id for path in paths for doc_id in self._by_path.get(path, ()) if doc_id not in self._places]
        for at in range(0, len(known), _BATCH):
            for document in self.writer.documents(known[at : at + _BATCH]).values():
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
        if before != record or self.rebuild:
            self._staged.append((document, record, [*chunking.divide(document, self.embedder, self.settings)]))
            if sum(len(pieces) for *_, pieces in self._staged) >= _BATCH:
                self._replace_staged()

    def _claimed(self, doc_id: str, path: str) -> str | None:
        """The other file that has a document of this id: the one that had it before, or else came first."""
        known = self._known.get(doc_id)
        other = known.path if known and known.path in self._there else self._places.setdefault(doc_id, path)
        self._places.setdefault(doc_id, other)
        return None if other == path else other

    def _replace_staged(self) -> None:
        """Hand documents to the store, which is asked only once what of them has to be embedded."""
        staged, self._staged = self._staged, []
        keys = [piece.key for *_, pieces in staged for piece in pieces]
        missing = self.writer.missing(keys) if self.cache else set(keys)
        for document, record, pieces in staged:
            for piece in pieces:
                if piece.key in missing and piece.key not in self._queued:
                    self._queued.add(piece.key)
                    self._pending[piece.key] = piece.text
                    # Where the update may be refused for what it would remove, that is found out first.
                    if len(self._pending) >= _BATCH and not self._in_doubt:
                        self._begin()
            self.writer.replace(document, [piece.passage for piece in pieces], [piece.key for piece in pieces], record)

    # ------------------------------------------------------------ removing

    def _removed(self) -> list[str]:
        removed = sorted(self._known.keys() - self._unchanged - self._changed)
        moved = set(self._added.values())
        lost = [doc_id for doc_id in removed if self._known[doc_id].digest not in moved]
        if self._too_many(lost):
            raise RemovalRefused(
                f"{self.scan.folder}: {len(lost)} of {count(len(self._known), 'document')} gone; is it the right "
                "folder, and mounted? An index is of one folder: for another, name another index (--index). To remove "
                "what is gone all the same: --allow-removals (allow_removals=True)"
            )
        return removed

    def _too_many(self, lost: Sequence[str]) -> bool:
        """Whether to lose these documents is refused."""
        if not lost or self.allow_removals:
            return False
        elsewhere = self._before.corpus not in (None, str(self.scan.folder))
        known = len(self._known)
        return len(lost) == known or (len(lost) > known / 2 and (known >= _GUARDED_FROM or elsewhere))

    # ------------------------------------------------------------ embedding and writing

    def _begin(self) -> None:
        keys = list(self._pending)
        for at in range(0, len(keys), _BATCH):
            self._embedding.begin({key: self._pending[key] for key in keys[at : at + _BATCH]})
            self._report_embedded()
        self._pending.clear()

    def _embed(self) -> None:
        """Embed the rest and wait for what is on its way."""
        self._replace_staged()
        self._all_read = True
        self._report_embedded()
        self._begin()
        for waiting in reversed(range(self._embedding.ahead)):
            self._embedding.keep(waiting)
            self._report_embedded()

    def _report_embedded(self) -> None:
        if self._all_read:
            self.progress(Progress(stage="embed", done=self._embedding.done, total=len(self._queued)))

    def _write(self, scan: str, gone: Iterable[str]) -> None:
        self.progress(Progress(stage="write", done=0, total=1))
        self.writer.put_files(self._files, gone)
        self.writer.describe(
            Manifest(
                settings=self.settings.as_dict(),
                reading=self._program,
                fingerprint=self.embedder.fingerprint,
                corpus=str(self.scan.folder),
                updated=datetime.now(UTC).isoformat(timespec="seconds"),
                skipped=dict(sorted(self._skipped.items())),
                scan=scan,
            )
        )
        self.writer.commit()
        self.progress(Progress(stage="write", done=1, total=1))


def changes(snapshot: Snapshot, scan: Scan) -> Changes:
    """How what lies in the folder differs from what the index was made of; what could not be read is left aside."""
    records = snapshot.files()
    known = {name: record for name, record in records.items() if record.digest}
    gone = sorted(known.keys() - scan.files.keys() - scan.skipped.keys())
    return Changes(
        new=tuple(name for name in scan.files if name not in records),
        changed=tuple(
            name for name, stamp in scan.files.items() if name in known and not _same(known[name], stamp, scan.folder)
        ),
        gone=tuple(name for name in gone if not name.startswith(scan.unlisted)),
    )


def _same(record: FileRecord, stamp: Stamp, folder: Path) -> bool:
    return _untouched(record, stamp) or _digest(folder / record.path) == record.digest


def _untouched(record: FileRecord, stamp: Stamp) -> bool:
    """Whether the stamp alone says that a file is as it was."""
    _, mtime_ns, *_ = stamp
    return record.stamp == stamp and record.scanned_ns - mtime_ns > _RACY_NS


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
