"""Reaching Milvus: addresses, the collections of an index, and errors that never show the token."""

from __future__ import annotations

import os
import re
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pincite.errors import IndexProblem, UsageError, installing

if TYPE_CHECKING:
    from pymilvus import MilvusClient

MEND = "`pincite update CORPUS --rebuild --no-cache` makes the index anew from the articles"

STRONG, BOUNDED = "Strong", "Bounded"
"""Reads that see all that was written before, and quicker ones that may be five seconds behind."""

HEAVY = 200
"""Rows with their payloads, or ids, that are asked for at a time: an answer must stay below 64 MB."""

MOST_FOUND = 16_384
"""What Milvus returns at most."""

TEXTS = {"pk": 100, "kind": 16, "name": 32, "doc": 32, "source": 32, "digest": 64, "key": 32, "payload": 65_535}
NUMBERS = ("created_at", "deleted_at", "first_day", "last_day", "rest")
FIELDS = (*TEXTS, *NUMBERS, "authors", "vector")
"""Of every collection; passages have ``words`` too, where Milvus can search by them."""

MOST_AUTHORS = 4096
"""Of an article, by whom it is found: an array of Milvus holds no more."""

_TOKEN = "MILVUS_TOKEN"
_SECONDS = 60  # for an answer of the server

_OPEN: Counter[str] = Counter()  # clients of each local file in this process
_LOCK = threading.Lock()

_SERVER = re.compile(r"milvus\+(https?://(?:[\w.-]+|\[[\da-fA-F:]+\])(?::\d{1,5})?)/([A-Za-z]\w{0,99})/?", re.ASCII)

Row = dict[str, Any]


class Connection:
    """A client of Milvus that connects when it is first used. Safe to use from several threads.

    Attributes:
        name: the address: ``milvus+http://host:port/collection``, ``milvus+https://...``, ``milvus+file:path.db``.
        uri: what pymilvus connects to.
        articles: the collection of all that has no vector: documents, what files were like, commits, the lease.

    Raises:
        UsageError: it is no address, or holds a password.
    """

    def __init__(self, address: str) -> None:
        if any(sign in address for sign in "@?#"):
            raise UsageError(f"an address with a password or other additions: put the token into {_TOKEN}")
        self.is_file = address.startswith("milvus+file:") and address.endswith(".db")
        server = _SERVER.fullmatch(address)
        if self.is_file:
            self.uri, collection = str(Path(address.removeprefix("milvus+file:")).absolute()), "pincite"
        elif server and "__" not in server[2]:
            self.uri, collection = server[1], server[2]
        else:
            form = "milvus+http://HOST:PORT/COLLECTION (without __), or milvus+file:PATH.db for a local file"
            raise UsageError(f"{address}: not an address of an index; write {form}")
        self.name = address
        self._prefix = f"{collection}__"
        self.articles = f"{self._prefix}articles"
        self._lock = threading.Lock()
        self._client: MilvusClient | None = None

    def __call__(self, method: str, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - as in pymilvus
        """Call a method of the client; raises `IndexProblem`, without the token, for errors of Milvus and gRPC."""
        try:
            from grpc import RpcError
            from pymilvus.exceptions import MilvusException
        except ImportError as error:
            raise IndexProblem(f"{self.name}: needs pymilvus; run {installing('pincite[milvus]')}") from error
        try:
            return getattr(self._connected(), method)(*arguments, **{"timeout": _SECONDS} | named)
        except (MilvusException, RpcError, ConnectionError) as error:
            message = " ".join(str(getattr(error, "message", error)).split())
            if token := os.environ.get(_TOKEN):
                message = message.replace(token, "***")
            running = f"is Milvus running there, {_TOKEN} right?"
            hint = "has another process opened it?" if self.is_file else running
            raise IndexProblem(f"{self.name}: {message[:300]}; {hint}") from None

    def _connected(self) -> MilvusClient:
        from pymilvus import MilvusClient

        with self._lock:
            if self._client is None:
                if self.is_file:
                    Path(self.uri).parent.mkdir(parents=True, exist_ok=True)
                self._client = MilvusClient(self.uri, token=os.environ.get(_TOKEN, ""), timeout=_SECONDS)
                with _LOCK:
                    _OPEN[self.uri] += 1
                for name in self._client.list_collections(timeout=_SECONDS):
                    if name.startswith(self._prefix):
                        self._client.load_collection(name, timeout=_SECONDS)
            return self._client

    def close(self) -> None:
        """Hang up; it connects again when it is used again."""
        with self._lock, _LOCK:
            if self._client is not None:
                self._client.close()
                self._client = None
                _OPEN[self.uri] -= 1
                if self.is_file and not _OPEN[self.uri]:  # so that other processes can open it
                    from milvus_lite.server_manager import server_manager_instance

                    server_manager_instance.release_server(self.uri)

    def find(self, collection: str, where: str, fields: Sequence[str], level: str = STRONG, **limit: int) -> list[Row]:
        """Rows that fulfil a condition, in one call."""
        return list(map(dict, self("query", collection, where, list(fields), consistency_level=level, **limit)))

    def every(
        self, collection: str, condition: str, fields: Sequence[str], level: str = STRONG, start: str = ""
    ) -> Iterator[Row]:
        """All rows that fulfil a condition and whose keys have this start; in one call if they are few."""
        most = HEAVY if "payload" in fields else MOST_FOUND
        page = self.find(collection, condition, fields, level, limit=most)
        if len(page) < most:
            yield from page
        elif "payload" in fields:
            for keys in batches([row["pk"] for row in self.every(collection, condition, ["pk"], level)]):
                yield from self.find(collection, one_of("pk", keys), fields, level)
        else:  # keys begin with hashes, so that these parts are even
            for part in (f"{start}{digit}" for digit in "0123456789abcdef"):
                yield from self.every(collection, f"{condition} and pk like '{part}%'", fields, level, part)

    @cached_property
    def has_words(self) -> bool:
        """Whether it searches by words (BM25), as servers from 2.5 on do; the scores of a file serve for nothing."""
        if self.is_file:
            return False
        version = re.match(r"v?(\d+)\.(\d+)", self("get_server_version"))
        return version is not None and (int(version[1]), int(version[2])) >= (2, 5)

    def passages(self) -> list[str]:
        """The collections of passages, also of models before; those that hold words, of a newer server, come first."""
        form = re.compile(rf"{self._prefix}(vectors|words)\d+")
        return sorted(filter(form.fullmatch, self("list_collections")), reverse=True)

    def make_passages(self, dimension: int) -> str:
        """Make the collection of passages with such vectors; its name says whether it can be searched by words."""
        name = f"{self._prefix}{'words' if self.has_words else 'vectors'}{dimension}"
        self.make(name, dimension)
        return name

    def make(self, name: str, dimension: int = 2) -> None:
        """Make a collection, unless it is there."""
        if self("has_collection", name):
            return
        from pymilvus import DataType, Function, FunctionType

        schema = self("create_schema", timeout=None, auto_id=False, enable_dynamic_field=False)
        indexes = self("prepare_index_params", timeout=None)
        for field, length in TEXTS.items():
            schema.add_field(field, DataType.VARCHAR, max_length=length, is_primary=field == "pk")
        for field in NUMBERS:
            schema.add_field(field, DataType.INT64)
        text, most = DataType.VARCHAR, MOST_AUTHORS
        schema.add_field("authors", DataType.ARRAY, element_type=text, max_length=32, max_capacity=most)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
        # A small server searches without it until a segment is full; with a filter, the file's own misses neighbours.
        kind, build = ("FLAT", {}) if self.is_file else ("HNSW", {"M": 16, "efConstruction": 200})
        indexes.add_index("vector", index_type=kind, metric_type="IP", params=build)
        if holds_words(name):
            schema.add_field("words", DataType.VARCHAR, max_length=65_535, enable_analyzer=True)
            schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
            schema.add_function(Function("bm25", FunctionType.BM25, ["words"], ["sparse"]))
            indexes.add_index("sparse", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
        self("create_collection", name, schema=schema, index_params=indexes, consistency_level=BOUNDED)


def holds_words(collection: str) -> bool:
    """Whether a collection of passages can be searched by words."""
    return "__words" in collection


def batches(items: Sequence[Any], size: int = HEAVY) -> Iterator[Sequence[Any]]:
    """The items, so many at a time."""
    return (items[at : at + size] for at in range(0, len(items), size))


def one_of(field: str, values: Sequence[str]) -> str:
    """A condition; the values are hexadecimal or keys, so that none has to be escaped."""
    return f"{field} in {list(values)}"
