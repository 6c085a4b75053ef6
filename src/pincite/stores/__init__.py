"""Where an index is kept."""

from __future__ import annotations

from pathlib import Path

from pincite.errors import UsageError
from pincite.stores.base import Store


def opened(place: str | Path) -> Store:
    """The store of a folder, or of an address that begins with ``milvus+``.

    Raises:
        UsageError: an address that is none.
    """
    if str(place).startswith("milvus+"):
        from pincite.stores.milvus.store import MilvusStore

        return MilvusStore(str(place))
    if "://" in str(place):
        raise UsageError(f"{place}: not an address of an index; write milvus+http://HOST:PORT/COLLECTION")
    from pincite.stores.local.store import LocalStore

    return LocalStore(Path(place))
