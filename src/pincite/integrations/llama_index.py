"""A retriever for LlamaIndex: ``pip install llama-index-core``."""

import asyncio

from llama_index.core.callbacks import CallbackManager
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeRelationship, NodeWithScore, QueryBundle, RelatedNodeInfo, TextNode

from pincite import as_json
from pincite.datatypes import Filter
from pincite.index import Index


class PinciteRetriever(BaseRetriever):
    """The passages that fit a question best, as nodes of LlamaIndex.

    The text of a node is the passage to the letter; its metadata says where it stands, with the keys that a hit has in
    JSON. Of these a language model is shown title, author and date.

    Args:
        index: what is asked; it stays open.
        k: how many passages to return, from 1.
        where: which articles may be found.
        rerank: read the best passages, and order them by what was read as well, as answers do.
        callback_manager: of LlamaIndex.
    """

    def __init__(
        self,
        index: Index,
        *,
        k: int = 5,
        where: Filter | None = None,
        rerank: bool = True,
        callback_manager: CallbackManager | None = None,
    ) -> None:
        super().__init__(callback_manager)
        self._index, self._k, self._where, self._rerank = index, k, where, rerank

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        found = []
        for hit in self._index.search(query_bundle.query_str, k=self._k, where=self._where, rerank=self._rerank):
            said = as_json.hit(hit)
            node = TextNode(
                id_=hit.passage.passage_id,
                text=said.pop("text"),
                metadata=said,
                start_char_idx=hit.passage.start,
                end_char_idx=hit.passage.end,
                relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=hit.document.doc_id)},
                excluded_llm_metadata_keys=[key for key in said if key not in ("title", "author", "date")],
                excluded_embed_metadata_keys=list(said),
            )
            found.append(NodeWithScore(node=node, score=hit.score))
        return found

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await asyncio.to_thread(self._retrieve, query_bundle)
