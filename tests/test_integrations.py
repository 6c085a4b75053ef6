"""Pincite inside other frameworks: the real packages, each imported where it is needed, since that takes seconds."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import ValidationError

from pincite import Filter, Index
from pincite.errors import QueryError

QUESTION = "When did the night ferry leave Aldhaven?"


@pytest.mark.slow
def test_langchain_retrieves_passages_with_their_places(real_index: Index) -> None:
    from pincite.integrations import langchain

    retriever = langchain.PinciteRetriever(index=real_index, k=2)
    first, *_ = found = retriever.invoke(QUESTION)
    assert len(found) == 2
    document = real_index.document(first.metadata["doc_id"])
    assert document.text[first.metadata["start"] : first.metadata["end"]] == first.page_content
    assert (first.id, first.metadata["title"], first.metadata["date"]) == (
        first.metadata["passage_id"],
        "Night ferry",
        "2021-03-04",
    )
    assert set(retriever.model_json_schema()["properties"]) >= {"k", "rerank"}
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        langchain.PinciteRetriever(index=real_index, k=0)
    only = langchain.PinciteRetriever(index=real_index, where=Filter(author="R. Penn"))
    assert {each.metadata["doc_id"] for each in only.invoke(QUESTION)} == {"mill/tide.md"}


@pytest.mark.slow
def test_llama_index_retrieves_nodes_of_which_a_model_is_shown_little(real_index: Index) -> None:
    from llama_index.core.schema import MetadataMode, TextNode

    from pincite.integrations import llama_index

    first, *_ = found = llama_index.PinciteRetriever(real_index, k=2).retrieve(QUESTION)
    assert len(found) == 2
    document = real_index.document(first.node.metadata["doc_id"])
    assert document.text[first.node.metadata["start"] : first.node.metadata["end"]] == first.node.get_content()
    shown = first.node.get_content(metadata_mode=MetadataMode.LLM)
    assert "Night ferry" in shown
    assert "passage_id" not in shown
    assert first.score == first.node.metadata["score"]
    assert isinstance(first.node, TextNode)
    assert (first.node.start_char_idx, first.node.ref_doc_id) == (first.node.metadata["start"], document.doc_id)


@pytest.mark.slow
def test_llama_index_may_be_awaited(real_index: Index) -> None:
    from pincite.integrations import llama_index

    retriever = llama_index.PinciteRetriever(real_index, k=1)
    with ThreadPoolExecutor(1) as apart:  # Playwright may have left a loop running here
        (only,) = apart.submit(lambda: asyncio.run(retriever.aretrieve(QUESTION))).result()
    assert "left Aldhaven" in only.node.get_content()


@pytest.mark.slow
def test_a_pipeline_of_haystack_is_written_read_and_run(real_index: Index) -> None:
    from haystack import Pipeline

    from pincite.integrations import haystack

    pipeline = Pipeline()
    pipeline.add_component("retriever", haystack.PinciteRetriever(real_index.status().path, k=2))
    again = Pipeline.loads(pipeline.dumps(), allowed_modules=[haystack.__name__])
    first, *_ = found = again.run({"retriever": {"query": QUESTION}})["retriever"]["documents"]
    assert len(found) == 2
    document = real_index.document(first.meta["doc_id"])
    assert document.text[first.meta["start"] : first.meta["end"]] == first.content
    told = {"query": QUESTION, "k": 1, "where": Filter(doc_ids="bees.txt")}
    (only,) = again.run({"retriever": told})["retriever"]["documents"]
    assert only.meta["doc_id"] == "bees.txt"
    with pytest.raises(QueryError):
        haystack.PinciteRetriever(Path(real_index.status().path)).run(QUESTION, k=0)


def test_no_framework_is_loaded_unasked() -> None:
    frameworks = {"langchain_core", "llama_index", "haystack"}
    code = f"import sys, pincite.assistant, pincite.integrations; print({frameworks} & {{*sys.modules}})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
