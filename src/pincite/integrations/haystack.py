"""A component for Haystack: ``pip install haystack-ai``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from haystack import Document, component, default_to_dict

from pincite import as_json
from pincite.datatypes import Filter
from pincite.index import Index


@component
class PinciteRetriever:
    """The passages that fit a question best, as documents of Haystack.

    ``content`` is the passage to the letter; ``meta`` says where it stands, with the keys that a hit has in JSON.
    To read a pipeline from a file, Haystack wants to be told: ``allowed_modules=["pincite.integrations.haystack"]``.

    Args:
        index: the folder or address of the index, so that a pipeline can be written to a file and read again.
        k: how many passages to return, from 1, unless ``run`` is told.
        rerank: read the best passages, and order them by what was read as well, as answers do.
    """

    def __init__(self, index: str | Path = "index", k: int = 5, rerank: bool = True) -> None:
        self.index, self.k, self.rerank = str(index), k, rerank
        self._index = Index.open(index)

    def to_dict(self) -> dict[str, Any]:
        """What a pipeline writes down."""
        return default_to_dict(self, index=self.index, k=self.k, rerank=self.rerank)

    @component.output_types(documents=list[Document])
    def run(self, query: str, k: int | None = None, where: Filter | None = None) -> dict[str, list[Document]]:
        """Search; ``where`` says which articles may be found."""
        found = []
        for hit in self._index.search(query, k=self.k if k is None else k, where=where, rerank=self.rerank):
            said = as_json.hit(hit)
            found.append(Document(id=hit.passage.passage_id, content=said.pop("text"), meta=said, score=hit.score))
        return {"documents": found}
