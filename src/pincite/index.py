"""The index of a folder of articles: updating it and searching it."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, Self, get_args

from pincite import listing, stores
from pincite.analysis.terms import only_stop_words, query_terms
from pincite.datatypes import (
    Changes,
    Document,
    Filter,
    Hit,
    Listed,
    Passage,
    Progress,
    Span,
    Status,
    UpdateReport,
    count,
    passage_id,
    replace_surrogates,
    table_of,
)
from pincite.errors import (
    CorpusError,
    DamagedCatalogue,
    EmptyIndex,
    IndexProblem,
    ModelMismatch,
    OtherFormat,
    QueryError,
    UnknownDocument,
    UsageError,
)
from pincite.ingest.scan import Scan, scan_corpus
from pincite.ingest.update import Update, changes
from pincite.reading.evidence import READ, Evidence, weigh
from pincite.reading.key_sentences import MOST_PASSAGES, key_sentences
from pincite.reading.named import asked_name
from pincite.reading.reader import opened as opened_reader
from pincite.reading.spelling import corrections
from pincite.retrieval import onnx_export
from pincite.retrieval.deduplication import deduplicate
from pincite.retrieval.embedding import Embedder, SentenceTransformerEmbedder, reads
from pincite.retrieval.ranking import (
    CANDIDATES,
    DENSE_SHARE,
    DENSE_SHARE_OF_ASKED_NAMES,
    DENSE_SHARE_OF_NAMES,
    DENSE_SHARE_OF_UNREAD,
    Candidate,
    Query,
    rank,
    rank_by_meaning,
    rank_by_words,
)
from pincite.settings import Settings
from pincite.stores.base import FileRecord, Manifest, Snapshot, Store, copy

_log = logging.getLogger(__name__)

SearchMode = Literal["hybrid", "dense", "lexical"]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Everything that was found for a question, best first.

    Attributes:
        hits: the passages.
        terms: the question's analysed terms, each with its inverse document frequency among all passages, from 0.
        all_terms: those of its other wordings as well.
        settings: those in force when it was made.
    """

    hits: tuple[Hit, ...]
    terms: dict[str, float]
    all_terms: dict[str, float]
    settings: Settings


class Index:
    """An index in a folder. Safe to use from several threads.

    Made with `Index.open`; as a context manager it closes itself.

    Raises:
        IndexProblem: on whatever reads or writes, where there is no index, or it is damaged.
    """

    def __init__(self, store: Store, settings: Settings | None) -> None:
        self._store = store
        self._asked = settings
        self._lock = threading.Lock()
        self._embedders: dict[str, Embedder] = {}
        self._asking: dict[str, Any] = {}
        self._holdings = 0, "", False  # of which generation, what, and whether there are rows of tables

    @classmethod
    def open(cls, path: str | Path, *, settings: Settings | None = None) -> Self:
        """Name an index; nothing is read or made before it is used.

        Args:
            path: its folder, or an address in Milvus: ``milvus+http://host:19530/collection``, or
                ``milvus+file:path.db``. A token is taken from the variable MILVUS_TOKEN.
            settings: how to build and question it; by default as it was built, or the default settings for a new one.
        """
        return cls(stores.opened(path), settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of files; using the index again opens them again."""
        self._store.close()

    def update(
        self,
        corpus: str | Path | None = None,
        *,
        rebuild: bool = False,
        allow_removals: bool = False,
        cache: bool = True,
        wait: bool = False,
        quiet: float = 0.0,
        executor: Executor | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> UpdateReport:
        """Bring the index up to date with a folder; only passages whose text is new are embedded.

        Readers see the old state until all is done, and if this raises. A catalogue that is damaged is made anew.

        Args:
            corpus: the folder of articles; by default the one of the last update.
            rebuild: make everything anew, also for another model or over an index of another format.
            allow_removals: remove documents even if they are most of the index.
            cache: take vectors that are there already, where text and model are the same.
            wait: for another update to end, however long that takes, instead of raising.
            quiet: leave alone, this time, files that change within so many seconds, as while they are being written.
            executor: embeds, such as that of a Dask cluster (`pincite.ingest.cluster.dask`); by default this process.
            progress: called as the work goes on.
        """
        folder = self.folder(corpus)
        there = self._store.exists()
        look = partial(scan_corpus, folder, self._store.owned_paths, may_be_empty=allow_removals and there, quiet=quiet)
        if not there:
            look()  # so that nothing is made for a folder that cannot be read
        options = {"rebuild": rebuild, "allow_removals": allow_removals, "cache": cache}
        run = partial(self._update, look, executor, progress or (lambda _: None), options, wait)
        try:
            return run(self._asked)
        except (DamagedCatalogue, OtherFormat) as error:
            if isinstance(error, OtherFormat) and not rebuild:
                raise
            return run(self._set_aside(error, wait))

    def _set_aside(self, error: IndexProblem, wait: bool) -> Settings | None:
        """Put away an index that cannot be read; the settings that it was built with, if these still can be."""
        settings = self._asked
        with suppress(IndexProblem):
            settings = self.settings
        if place := self._store.quarantine(wait=wait):
            _log.warning("%s; what was there is now %s, which is yours to delete", error, place)
        return settings

    def _update(
        self,
        look: Callable[[], Scan],
        executor: Executor | None,
        progress: Callable[[Progress], None],
        options: dict[str, bool],
        wait: bool,
        asked: Settings | None,
    ) -> UpdateReport:
        with self._store.writer(fresh=options["rebuild"], wait=wait) as writer:
            scan = look()  # not before: another update may have ended meanwhile
            settings = asked or Settings(**writer.manifest.settings)
            embedder = self._embedder(settings.model)
            if not options["rebuild"]:
                _check_model(writer.manifest, settings, embedder, self._store.name)
            return Update(writer, embedder, settings, scan, executor, progress, **options).run()

    def folder(self, corpus: str | Path | None = None) -> Path:
        """The folder of articles: the one named, else that of the last update, absolute.

        Raises:
            CorpusError: none is named, and the index does not know of one.
        """
        if corpus is None and self._store.exists():
            corpus = self._store.manifest().corpus
        if corpus is None:
            raise CorpusError("no folder of articles was named, and the index does not know of one yet: name one")
        return Path(corpus).absolute()

    def verify(self) -> tuple[str, ...]:
        """Check every passage and every byte: what is wrong, and last how to mend it; nothing where all is well.

        Damage that the next update can mend is noted in the index, so that it does.
        """
        return tuple(self._store.verify())

    def backup(self, path: str | Path) -> None:
        """Write the whole index into one file, as it is at this moment, while others read and write.

        A file that is there is replaced when all is written.
        """
        self._store.backup(Path(path))

    def restore(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Make the index of what `backup` wrote, here or on another machine; nothing is embedded.

        What is there answers until all is done; if it has documents, it goes only with ``overwrite``.
        """
        self._check_free(overwrite)
        try:
            self._store.restore(Path(path))
        except DamagedCatalogue:
            self._store.quarantine()
            self._store.restore(Path(path))

    def copy(self, target: Index, *, overwrite: bool = False) -> tuple[int, int]:
        """Put all that this index holds in the place of what another, of any kind, does; nothing is embedded.

        That answers as before until all is done; if it has documents, they go only with ``overwrite``.

        Returns:
            How many documents and passages were copied.
        """
        if [place.resolve() for place in target.owned_paths] == [place.resolve() for place in self.owned_paths]:
            raise UsageError(f"{self._store.name}: an index cannot be copied onto itself; name another")
        target._check_free(overwrite)
        return copy(self._store, target._store)

    def _check_free(self, overwrite: bool) -> None:
        if not overwrite and self._store.exists() and (held := self.status().documents):
            raise UsageError(
                f"{self._store.name}: holds {count(held, 'document')}, which --overwrite (overwrite=True) replaces"
            )

    @property
    def owned_paths(self) -> tuple[Path, ...]:
        """Folders of this machine that are the index's own: no articles, and changed by updates."""
        return self._store.owned_paths

    @property
    def judgements(self) -> Path:
        """The file, there or not, of what readers judge of its answers: in its folder or, in Milvus, the user's."""
        return self._store.judgements

    def search(
        self,
        question: str,
        *,
        k: int = 10,
        where: Filter | None = None,
        mode: SearchMode = "hybrid",
        deduplicate: bool = True,
        rerank: bool = False,
    ) -> list[Hit]:
        """The passages that fit a question best.

        Args:
            question: in natural language; what of it does not fit the model counts lexically alone.
            k: how many to return, from 1; fewer come back only where fewer exist.
            where: which documents may be found.
            mode: by meaning and words; by the cosine alone; or by words alone (BM25), which needs no model.
            deduplicate: let one of several passages with nearly the same text stand for all (`Hit.duplicates`).
            rerank: read the best passages and order them by what was read as well, as answers do.

        Raises:
            UsageError: a value is not allowed (`QueryError`), or the store cannot search by words.
            ReaderError: the reader cannot be loaded.
            IndexProblem: there is no index, it is empty or damaged, or it was built with another model.

        Examples:
            >>> [hit.document.title for hit in index.search("When did the ferry leave?", k=1)]
            ['Night ferry']
        """
        if isinstance(k, bool) or not isinstance(k, int) or k < 1:
            raise QueryError(f"k={k!r}: give a whole number from 1")
        if mode not in get_args(SearchMode):
            raise UsageError(f"mode={mode!r}: give one of {', '.join(get_args(SearchMode))}")
        if mode != "hybrid":
            if rerank:
                raise UsageError(f"mode={mode!r} and rerank=True (--mode, --rerank): choose one")
            return self._by_one_side(checked_question(question), k, where, mode, deduplicate)
        most = max(k, READ) if rerank else k
        ranking = self.rank([(question, 1.0)], passages=most, where=where, deduplicated=deduplicate, most=most)
        return list(self.read(question, ranking).hits[:k] if rerank else ranking.hits)

    def rank(
        self,
        questions: Sequence[tuple[str, float]],
        *,
        passages: int,
        documents: int = 1,
        where: Filter | None = None,
        deduplicated: bool = True,
        most: int | None = None,
    ) -> Ranking:
        """The whole ranking for a question that may be put in several ways.

        Args:
            questions: the question, then other wordings of it, each with the weight of its scores, above 0.
            passages: at least so many are ranked, where they exist,
            documents: and of at least so many documents.
            where: which documents may be found.
            deduplicated: as for `search`.
            most: return no more than so many.
        """
        asked = [(checked_question(question), weight) for question, weight in questions]
        if not asked:
            raise QueryError("questions=[]: ask something")
        with self._searched(where) as snapshot:
            queries = self._queries(snapshot, asked)
            propose = partial(rank, snapshot, queries, where=where)
            candidates = _enough(snapshot, propose, passages, documents, where, deduplicated)[:most]
            _, total = snapshot.count()
            frequencies = snapshot.frequencies([*dict.fromkeys(term for query in queries for term in query.terms)])
            # As in BM25; removed passages may still be counted.
            rarity = {term: math.log(1 + (max(total - n, 0) + 0.5) / (n + 0.5)) for term, n in frequencies.items()}
            return Ranking(
                hits=tuple(_hits(snapshot, candidates)),
                terms={term: rarity[term] for term in dict.fromkeys(queries[0].terms)},
                all_terms=rarity,
                settings=replace(self._settings(snapshot.manifest), **self._asking),
            )

    def _by_one_side(
        self, question: str, k: int, where: Filter | None, mode: SearchMode, deduplicated: bool
    ) -> list[Hit]:
        """The best passages by words or by meaning alone."""
        if mode == "lexical" and (limits := self._store.limits):
            raise UsageError(f"{self._store.name}: mode='lexical' (--mode lexical): {'; '.join(limits)}")
        with self._searched(where) as snapshot:
            if mode == "lexical":
                propose = partial(rank_by_words, snapshot, query_terms(question), where=where)
            else:
                (query,) = self._queries(snapshot, [(question, 1.0)])
                propose = partial(rank_by_meaning, snapshot, query.vector, where=where)
            return _hits(snapshot, _enough(snapshot, propose, k, 1, where, deduplicated)[:k])

    @contextmanager
    def _searched(self, where: Filter | None) -> Iterator[Snapshot]:
        """The state to search, where there is something to find."""
        if where is not None and not isinstance(where, Filter):
            raise QueryError(f"where={where!r}: give a pincite.Filter")
        with self._store.snapshot() as snapshot:
            if not snapshot.count()[1]:
                raise EmptyIndex(f"{self._store.name}: the index is empty; add articles with `pincite update CORPUS`")
            yield snapshot

    def _queries(self, snapshot: Snapshot, questions: Sequence[tuple[str, float]]) -> list[Query]:
        settings = self._settings(snapshot.manifest)
        embedder = self._embedder(settings.model)
        _check_model(snapshot.manifest, settings, embedder, self._store.name)
        vectors = embedder.encode_query([text for text, _ in questions])
        return [
            Query(vector, query_terms(text), weight, _dense_share(text, settings.model))
            for (text, weight), vector in zip(questions, vectors, strict=True)
        ]

    def corrections(self, text: str) -> dict[str, str]:
        """Words of a question that are in no passage and look misspelt, each with the nearest one that is."""
        with self._searched(None) as snapshot:
            return corrections(snapshot, text)

    def read(self, question: str, ranking: Ranking) -> Evidence:
        """Read the best passages of a ranking: which of their sentences answer, and how surely.

        Raises:
            ReaderError: the reader cannot be loaded.
        """
        embedder = self._embedder(ranking.settings.model)
        return weigh(replace_surrogates(question), ranking.hits, ranking.terms, ranking.settings, embedder)

    def count(self, where: Filter | None = None) -> tuple[int, int]:
        """How many documents and passages there are (that fit ``where``)."""
        with self._store.snapshot() as snapshot:
            return snapshot.count(where)

    def holdings(self, where: Filter | None = None) -> str:
        """How many articles there are (that fit ``where``), in words; rows of tables are counted apart.

        Examples:
            >>> index.holdings()
            '3 articles'
        """
        with self._store.snapshot() as snapshot:
            if self._holdings[0] != snapshot.generation:
                ids = snapshot.doc_ids()
                self._holdings = snapshot.generation, listing.in_words(ids), any(map(table_of, ids))
            _, held, has_rows = self._holdings
            if where is None:
                return held
            if has_rows:
                return listing.in_words(each.doc_id for each in snapshot.listed(where))
            return count(snapshot.count(where)[0], "article")

    def beginnings(self, documents: Collection[Document]) -> dict[str, Passage]:
        """The first passage of each of these documents by its id; those without one are left out."""
        firsts = (passage_id(each.doc_id, each.digest, len(each.text) - len(each.text.lstrip())) for each in documents)
        with self._store.snapshot() as snapshot:
            return {passage.doc_id: passage for passage in snapshot.passages(list(firsts)).values()}

    def documents(self, doc_ids: Collection[str]) -> dict[str, Document]:
        """The indexed documents with these ids, whole; unknown ids are left out."""
        with self._store.snapshot() as snapshot:
            return snapshot.documents(doc_ids)

    def document(self, doc_id: str) -> Document:
        """One indexed document, whole.

        Raises:
            UnknownDocument: no such document is indexed; the message names those whose ids are nearest.
        """
        with self._store.snapshot() as snapshot:
            found = snapshot.documents([doc_id]) if isinstance(doc_id, str) else {}
            if doc_id in found:
                return found[doc_id]
            known = listing.there_are(str(doc_id), snapshot.doc_ids())
        raise UnknownDocument(f"doc_id={doc_id!r}: not in the index; {known}")

    def listed(self, where: Filter | None = None) -> list[Listed]:
        """The indexed documents (that fit ``where``) without their texts, in the order of their ids."""
        with self._store.snapshot() as snapshot:
            return snapshot.listed(where)

    def check_fits(self, where: Filter | None) -> Filter | None:
        """Say of a filter that leaves no document to be found why, and what there is.

        Returns:
            The filter; where it fits nothing as it is, with the names that there are for those that it has in part, as
            "Holt", or in another case; and with all ways in which the initials of an author are written.

        Raises:
            NothingFits: no document fits; the message names values or dates that some have.

        Examples:
            >>> index.check_fits(Filter(source="Mill Letter"))
            Traceback (most recent call last):
            pincite.errors.NothingFits: no article has the source 'Mill Letter'; there is: 'Mill Letters'
        """
        if where is None:
            return None
        with self._searched(where) as snapshot:
            fits = snapshot.count(where)[1] > 0
            if fits and not any(map(listing.has_initials, where.author or ())):
                return where
            held = snapshot.listed()
            meant = listing.with_held_names(where, held)
            if not fits and not snapshot.count(meant)[1]:
                raise listing.nothing_fits(where, held)
            return meant

    def files(self) -> dict[str, FileRecord]:
        """The file of each document as the last update saw it, by the document's id."""
        with self._store.snapshot() as snapshot:
            files = snapshot.files()
            records = snapshot.records().items()
            return {doc_id: files[record.path] for doc_id, record in records if record.path in files}

    def status(self) -> Status:
        """What the index holds.

        Examples:
            >>> index.status().documents
            3
        """
        with self._store.snapshot() as snapshot:
            manifest = snapshot.manifest
            documents, passages = snapshot.count()
            export = onnx_export.made(manifest.fingerprint)
            indexed = {record.path for record in snapshot.records().values()} if manifest.skipped else set()
            stale = {path: why for path, why in manifest.skipped.items() if _holds(path, indexed)}
            return Status(
                path=self._store.name,
                corpus=manifest.corpus,
                model=str(manifest.settings.get("model", self._settings(manifest).model)),
                # By what stands in the index alone, so that this can be said where the model is missing.
                query_backend="onnxruntime" if export else "sentence-transformers",
                export=str(export) if export else None,
                format=self._store.format,
                generation=snapshot.generation,
                documents=documents,
                passages=passages,
                updated=manifest.updated,
                stale=stale,
                skipped={path: why for path, why in manifest.skipped.items() if path not in stale},
                limits=self._store.limits,
                bytes=self._store.sizes(),
            )

    def changes(self) -> Changes | None:
        """How the folder of articles differs from the index; None where it is gone or cannot be listed."""
        try:
            scan = scan_corpus(self.folder(), self._store.owned_paths, may_be_empty=True)
        except CorpusError:
            return None
        with self._store.snapshot() as snapshot:
            return changes(snapshot, scan)

    def original(self, doc_id: str) -> Path:
        """The file that a document was read from; for a line of a ``.jsonl`` file, that file.

        Raises:
            UnknownDocument: no such document is indexed, or its file is gone or now a link that leaves the folder.
        """
        with self._store.snapshot() as snapshot:
            record, folder = snapshot.records([doc_id]).get(doc_id), snapshot.manifest.corpus
        if record is None or folder is None:
            raise UnknownDocument(f"{doc_id}: not in the index")
        path = Path(folder, record.path)
        if not path.is_file() or not path.resolve().is_relative_to(Path(folder).resolve()):
            raise UnknownDocument(f"{record.path}: no longer in the folder of articles; run `pincite update`")
        return path

    def with_digest(self, prefix: str) -> Document | None:
        """A document whose text's SHA-256 begins with these 16 or more hexadecimal digits; None where there is none."""
        with self._store.snapshot() as snapshot:
            return snapshot.with_digest(prefix)

    def key_sentences(self, document: Document) -> list[tuple[Hit, Span]]:
        """Three to five sentences that stand for a document, in its order, each with the passage that holds it."""
        only = Filter(doc_ids=document.doc_id)
        passages = self.search(document.title, k=MOST_PASSAGES, where=only, mode="dense", deduplicate=False)
        return key_sentences(passages, self._embedder(self.settings.model))

    @property
    def settings(self) -> Settings:
        """The settings in force: those given to `open`, otherwise those that built the index."""
        return self._settings(self._store.manifest()) if self._store.exists() else self._asked or Settings()

    def _settings(self, manifest: Manifest) -> Settings:
        return self._asked or Settings(**manifest.settings)

    def use_embedder(self, model: str, embedder: Embedder) -> None:
        """Have texts embedded by something of one's own wherever the settings name ``model``."""
        with self._lock:
            self._embedders[model] = embedder

    def use_reader(self, reader: str | None) -> None:
        """Answer by this reader, as in `Settings`, from now on; what the index has as its own stays, also in an update.

        Raises:
            ReaderError: it cannot be loaded.
        """
        wanted = Settings(reader=reader).reader
        if wanted is not None:
            opened_reader(wanted)
        self._asking = {"reader": wanted}

    def _embedder(self, model: str) -> Embedder:
        with self._lock:
            return self._embedders.setdefault(model, SentenceTransformerEmbedder(model))


def _dense_share(question: str, model: str) -> float:
    if only_stop_words(question):
        return DENSE_SHARE_OF_NAMES
    if asked_name(question, typed=True):
        return DENSE_SHARE_OF_ASKED_NAMES
    return DENSE_SHARE if reads(model, question) else DENSE_SHARE_OF_UNREAD


def _holds(path: str, indexed: set[str]) -> bool:
    """Whether a file, or a folder with ``/`` behind it, is or holds something that is indexed."""
    return path in indexed or (path.endswith("/") and any(held.startswith(path) for held in indexed))


def checked_question(question: str) -> str:
    """The question, without halves of characters.

    Raises:
        QueryError: it is no text, or says nothing.
    """
    if not isinstance(question, str) or not question.strip():
        raise QueryError(f"question={question!r}: ask something")
    return replace_surrogates(question)


def _check_model(manifest: Manifest, settings: Settings, embedder: Embedder, index: str) -> None:
    built = manifest.fingerprint
    if not built:
        return
    name = manifest.settings["model"]
    if name != settings.model or built != embedder.fingerprint:
        now = settings.model if name != settings.model else f"{name} with other weights or settings"
        raise ModelMismatch(
            f"{index}: built with the model {name}, asked for is {now}: use the same, "
            f"or build anew with `pincite update --index {index} --rebuild --model {settings.model}`"
        )


def _enough(
    snapshot: Snapshot,
    propose: Callable[[int], list[Candidate]],
    passages: int,
    documents: int,
    where: Filter | None,
    deduplicated: bool,
) -> list[Candidate]:
    """Rank more and more candidates until there are as many passages and documents as asked for, or all."""
    held, most = snapshot.count(where)
    n = max(CANDIDATES, min(passages, most))
    while True:
        candidates = propose(n)
        kept = deduplicate(candidates) if deduplicated else candidates
        different = len({candidate.passage.doc_id for candidate in kept})
        enough = len(kept) >= passages and different >= min(documents, held)
        if enough or n >= most or len(candidates) < n:
            return kept
        n *= 4


def _hits(snapshot: Snapshot, candidates: Sequence[Candidate]) -> list[Hit]:
    documents = snapshot.documents({candidate.passage.doc_id for candidate in candidates})
    return [
        Hit(
            passage=candidate.passage,
            document=documents[candidate.passage.doc_id],
            score=candidate.score,
            rank=place,
            scores=candidate.scores,
            duplicates=candidate.duplicates,
        )
        for place, candidate in enumerate(candidates, 1)
    ]
