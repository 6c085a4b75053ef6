"""Reaching Milvus: addresses, the two collections of an index, and errors that never show the token."""

from __future__ import annotations

import os
import re
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from pincite.errors import IndexProblem, UsageError

if TYPE_CHECKING:
    from pymilvus import MilvusClient

PREFIX = "milvus+"
TOKEN = "MILVUS_TOKEN"
"""The environment variable that holds the token, which has no place in an address."""

WORDS = "words"
"""The field of terms that is searched, where Milvus can."""

CONTROL, DATA = "__control", "__data"
"""How the collections of an index are called after its name; the data's also bears a number."""

PASSAGES, REST = "passages", "rest"
"""The partitions of the data: vectors that are searched for lie apart from rows that have none of their own."""

MEND = "`pincite update CORPUS --rebuild --no-cache` makes the index anew from the articles"

MOST_ROWS = 1000
"""Rows that Milvus takes at a time, and that are asked for at a time."""

MOST_BYTES = 60_000
"""Of a text in one row, in UTF-8; a VARCHAR holds 65,535."""

_LONGEST = 65_535
_SECONDS = 60
"""For an answer of the server."""

_OPEN: Counter[str] = Counter()
_LOCK = threading.Lock()
"""Clients of each local file in this process."""

_NAME = re.compile(r"[A-Za-z]\w{0,99}", re.ASCII)
_FORM = "write milvus+http://HOST:PORT/COLLECTION, or milvus+file:PATH.db for a local file"


class Address(NamedTuple):
    """Where an index lies.

    Attributes:
        name: what its users call it.
        uri: what pymilvus connects to.
        collection: the index's name there.
    """

    name: str
    uri: str
    collection: str

    @classmethod
    def of(cls, text: str) -> Address:
        """From ``milvus+http://host:port/collection``, ``milvus+https://...``, ``milvus+file:path.db``.

        Raises:
            UsageError: it is none, or holds a password.
        """
        try:
            parts = urlsplit(text.removeprefix(PREFIX))
            _ = parts.port
        except ValueError as error:
            raise UsageError(f"{text}: {error}; {_FORM}") from error
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise UsageError(f"an address with a password or other additions: put the token into the variable {TOKEN}")
        if parts.scheme == "file":
            path = Path(parts.netloc + parts.path)
            if path.suffix != ".db":
                raise UsageError(f"{text}: a local file of Milvus ends with .db; {_FORM}")
            return cls(text, str(path.absolute()), "pincite")
        collection = parts.path.strip("/")
        if parts.scheme not in ("http", "https") or not parts.netloc or not _NAME.fullmatch(collection):
            raise UsageError(f"{text}: not an address of an index; {_FORM}")
        if "__" in collection:
            raise UsageError(f"{text}: a collection's name must not hold __; name it otherwise")
        return cls(text, f"{parts.scheme}://{parts.netloc}", collection)

    @property
    def is_file(self) -> bool:
        """Whether it is a file, which one process at a time can open."""
        return not self.uri.startswith("http")


class Connection:
    """A client of Milvus that connects when it is first used. Safe to use from several threads."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._client: MilvusClient | None = None
        self._words: dict[str, bool] = {}

    @contextmanager
    def translating(self) -> Iterator[None]:
        """Raise Pincite's errors in the place of Milvus's and gRPC's; the token is in none of them."""
        try:
            from grpc import RpcError
            from pymilvus.exceptions import MilvusException
        except ImportError as error:
            needed = "needs pymilvus; install it with `pip install 'pincite[milvus]'`"
            raise IndexProblem(f"{self.address.name}: {needed}") from error
        try:
            yield
        except (MilvusException, RpcError, ConnectionError) as error:
            message = " ".join(str(getattr(error, "message", error)).split())
            if token := os.environ.get(TOKEN):
                message = message.replace(token, "***")
            message = message[:300]
            hint = (
                "has another process opened it?" if self.address.is_file else f"is Milvus running there, {TOKEN} right?"
            )
            raise IndexProblem(f"{self.address.name}: {message}; {hint}") from None

    def __call__(self, method: str, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - as in pymilvus
        """Call a method of the client."""
        # A local file takes one writer of a collection at a time.
        alone = self._writing if self.address.is_file and method in ("upsert", "delete") else nullcontext()
        with self.translating(), alone:
            return getattr(self._connected(), method)(*arguments, **{"timeout": _SECONDS} | named)

    def _connected(self) -> MilvusClient:
        with self._lock:
            if self._client is None:
                client = _client(self.address)
                for name in client.list_collections(timeout=_SECONDS):
                    if name.startswith((self.control, f"{self.address.collection}{DATA}")):
                        client.load_collection(name, timeout=_SECONDS)
                self._client = client
            return self._client

    def close(self) -> None:
        """Hang up; it connects again when it is used again."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()
            if self.address.is_file:
                _let_go(self.address.uri)

    @cached_property
    def version(self) -> str:
        """What answers there."""
        return str(self("get_server_version"))

    @property
    def has_words(self) -> bool:
        """Whether it searches by words (BM25), as servers from 2.5 on do."""
        if self.address.is_file:
            return True
        found = re.match(r"v?(\d+)\.(\d+)", self.version)
        return found is not None and (int(found[1]), int(found[2])) >= (2, 5)

    # ------------------------------------------------------------ collections

    @property
    def control(self) -> str:
        """The collection that says which rows of which collection make up the index."""
        return f"{self.address.collection}{CONTROL}"

    def data(self) -> list[str]:
        """The collections of rows, also those of updates that were not finished."""
        form = re.compile(rf"{re.escape(self.address.collection)}{DATA}\d+")
        return sorted(name for name in self("list_collections") if form.fullmatch(name))

    def make_control(self) -> None:
        """Make the collection of commits and locks, unless it is there."""
        if not self("has_collection", self.control):
            self._make(self.control, [("pk", 100), ("kind", 16), ("payload", _LONGEST)], dimension=2, partitions=())

    def fields(self, name: str) -> dict[str, int]:
        """The fields of a collection that are written, each with its dimension, 0 for all but vectors."""
        found = self("describe_collection", name)["fields"]
        return {each["name"]: int(each["params"].get("dim", 0)) for each in found if each["name"] != "sparse"}

    def holds_words(self, name: str) -> bool:
        """Whether a collection can be searched by words: one that an older server made cannot."""
        if name not in self._words:
            self._words[name] = self.has_words and WORDS in self.fields(name)
        return self._words[name]

    def make_data(self, name: str, dimension: int) -> None:
        """Make a collection of rows, unless it is there."""
        if self("has_collection", name):
            return
        texts = [("pk", 100), ("kind", 16), ("name", 32), ("doc", 32), ("source", 32), ("author", 32), ("digest", 64)]
        texts += [("key", 64), ("payload", _LONGEST)]
        numbers = ("born", "died", "first_day", "last_day", "parts")
        self._make(name, texts, numbers, dimension=dimension, partitions=(PASSAGES, REST), words=self.has_words)

    def point(self, data: str) -> None:
        """Have the index's own name stand for the collection of its rows, for whoever looks by other means."""
        name = self.address.collection
        known = name in self("list_aliases")["aliases"] or any(
            name in self("list_aliases", collection_name=each)["aliases"] for each in self.data()
        )
        self("alter_alias" if known else "create_alias", data, name)

    def _make(
        self,
        name: str,
        texts: Sequence[tuple[str, int]],
        numbers: Sequence[str] = (),
        *,
        dimension: int,
        partitions: Sequence[str],
        words: bool = False,
    ) -> None:
        from pymilvus import DataType

        schema = self("create_schema", timeout=None, auto_id=False, enable_dynamic_field=False)
        for field, length in texts:
            schema.add_field(field, DataType.VARCHAR, max_length=length, is_primary=field == "pk")
        for field in numbers:
            schema.add_field(field, DataType.INT64)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
        indexes = self("prepare_index_params", timeout=None)
        # A small server searches without it until a segment is full; with a filter, the file's own misses neighbours.
        kind, build = ("FLAT", {}) if self.address.is_file else ("HNSW", {"M": 16, "efConstruction": 200})
        indexes.add_index("vector", index_type=kind, metric_type="IP", params=build)
        if words:
            _add_words(schema, indexes)
        self("create_collection", name, schema=schema, index_params=indexes, consistency_level="Bounded")
        for partition in partitions:
            self("create_partition", name, partition)


def _add_words(schema: Any, indexes: Any) -> None:  # noqa: ANN401 - pymilvus has no public names for them
    from pymilvus import DataType, Function, FunctionType

    for field in ("lead", "body"):
        schema.add_field(field, DataType.VARCHAR, max_length=_LONGEST, enable_analyzer=True, enable_match=True)
    schema.add_field(WORDS, DataType.VARCHAR, max_length=_LONGEST, enable_analyzer=True)
    schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_function(
        Function(name="bm25", function_type=FunctionType.BM25, input_field_names=[WORDS], output_field_names=["sparse"])
    )
    indexes.add_index("sparse", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")


def _client(address: Address) -> MilvusClient:
    from pymilvus import MilvusClient

    if address.is_file:
        Path(address.uri).parent.mkdir(parents=True, exist_ok=True)
    client = MilvusClient(address.uri, token=os.environ.get(TOKEN, ""), timeout=_SECONDS)
    if address.is_file:
        with _LOCK:
            _OPEN[address.uri] += 1
    return client


def _let_go(path: str) -> None:
    """Stop this process's own server of a local file with its last client, so that other processes can open it."""
    from milvus_lite.server_manager import server_manager_instance

    with _LOCK:
        _OPEN[path] -= 1
        if not _OPEN[path]:
            server_manager_instance.release_server(path)


def batches(items: Sequence[Any], size: int = MOST_ROWS) -> Iterator[Sequence[Any]]:
    """The items, so many at a time."""
    return (items[at : at + size] for at in range(0, len(items), size))


def one_of(field: str, values: Sequence[str]) -> str:
    """A condition of Milvus; the values are hexadecimal, so that none has to be escaped."""
    return f"{field} in [{', '.join(f'{value!r}' for value in values)}]"
