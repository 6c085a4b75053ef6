"""A retriever for LangChain: ``pip install langchain-core``."""

from __future__ import annotations

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from pincite import as_json
from pincite.datatypes import Filter
from pincite.index import Index


class PinciteRetriever(BaseRetriever):
    """The passages that fit a question best, as documents of LangChain.

    ``page_content`` is the passage to the letter; ``metadata`` says where it stands, with the keys that a hit has in
    JSON: ``doc_id, title, author, date, url, start, end, page, score`` and more.

    Attributes:
        index: what is asked; it stays open.
        k: how many passages to return, from 1.
        where: which articles may be found.
        rerank: read the best passages, and order them by what was read as well, as answers do.
    """

    index: SkipJsonSchema[Index]
    k: int = Field(default=5, ge=1)
    where: Filter | None = None
    rerank: bool = True

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        found = []
        for hit in self.index.search(query, k=self.k, where=self.where, rerank=self.rerank):
            said = as_json.hit(hit)
            found.append(Document(page_content=said.pop("text"), id=hit.passage.passage_id, metadata=said))
        return found
