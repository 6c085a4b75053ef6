"""The same over HTTP and MCP, and what the server refuses."""

from __future__ import annotations

import errno
import http.client
import inspect
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import gradio_client
import httpx
import pytest
from anyio import CapacityLimiter
from fastapi import FastAPI
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.server.fastmcp.exceptions import ToolError
from mcp.types import CallToolResult, TextContent, Tool
from PIL import Image

from browsing import TOKEN_OF_GUARDED, Own
from conftest import WordEmbedder, write_files
from pincite import Assistant, Index, as_json
from pincite.datatypes import Changes, Progress, UpdateReport
from pincite.errors import CorpusError, IndexBusy, UnknownDocument, UnreadableFile, UsageError
from pincite.parsers import SUFFIXES
from pincite.web import is_local, pdf_page, routes, tools
from pincite.web.chat import Chat
from pincite.web.guard import Access
from pincite.web.library import MOST_BYTES, UNEXPECTED, Library, State, TooLarge
from pincite.web.page import frame, head
from pincite.web.service import Service
from serving import Server, chat, make_index, serving

ARTICLES = {
    "ferry.md": "---\ntitle: The night ferry\nsource: Harbour Letters\ndate: 2021-03-04\n---\n\n"
    "The night ferry left Aldhaven at ten and carried forty carts of salt.\n",
    "bees.md": "---\ntitle: Grey bees\nsource: Hive & Home\ndate: 2019-07\n---\n\n"
    "A hive of the grey bee needs eighteen kilograms of honey for the winter.\n",
}
FERRY = "What did the night ferry carry when it left Aldhaven at ten?"
TOKEN = "correct horse"
DOCS = Path(__file__).parent.parent / "docs" / "http.md"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def small_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_index(tmp_path_factory.mktemp("http"), ARTICLES)


@pytest.fixture(scope="module")
def server(small_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server"), *chat(small_index, "--token", TOKEN)) as started:
        yield started


@pytest.fixture(scope="module")
def answer(small_index: Path) -> dict[str, Any]:
    with Index.open(small_index) as index:
        made: dict[str, Any] = json.loads(json.dumps(as_json.answer(FERRY, Assistant(index).ask(FERRY))))
        return made


# ---------------------------------------------------------------- HTTP


def call(server: Server, name: str, headers: dict[str, str] | None = None, **arguments: object) -> Any:  # noqa: ANN401 (JSON)
    """What a function returns, or the message of its error."""
    address = f"{server.address}/gradio_api/call"
    # Written here, since httpx cannot send half a character.
    sent = {"Content-Type": "application/json", **(headers or {})}
    began = httpx.post(f"{address}/v2/{name}", content=json.dumps(arguments), headers=sent)
    if began.status_code != 200:
        return began.json()["error"]
    ended = httpx.get(f"{address}/{name}/{began.json()['event_id']}", timeout=60).text
    data = json.loads(ended.partition("data: ")[2].splitlines()[0])
    return data["error"] if ended.startswith("event: error") else data[0]


def test_ask_and_search_return_what_the_command_prints(server: Server, answer: dict[str, Any]) -> None:
    assert answer["answered"]
    assert call(server, "ask", question=FERRY) == answer
    hits = call(server, "search", question=FERRY, k=2)["hits"]
    assert hits[0]["doc_id"] == answer["hits"][0]["doc_id"]
    assert len(call(server, "ask", question=FERRY, hits=2, texts=True)["hits"]) == len(hits) == 2


def test_what_is_sent_is_small(server: Server) -> None:
    for question in (FERRY, "How much honey does a hive need?", "Which team won the ice hockey cup?"):
        assert len(json.dumps(call(server, "ask", question=question))) < 8000
        sent = use_tool(server, "ask", question=question).model_dump_json()
        assert len(sent) < 10_000  # JSON within JSON: its quotation marks are escaped
        assert sent.count('\\"citations\\"') + sent.count('"citations"') == 1


def test_beyond_the_queue_is_told_and_the_rest_is_answered(server: Server) -> None:
    # The server stands still until all have asked: how fast it answers must not matter.
    asked = [http.client.HTTPConnection(httpx.URL(server.address).netloc.decode(), timeout=60) for _ in range(110)]
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        for number, connection in enumerate(asked):
            question = json.dumps({"question": f"{FERRY} {number}"})
            connection.request("POST", "/gradio_api/call/v2/ask", question, {"Content-Type": "application/json"})
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    replies = [connection.getresponse() for connection in asked]
    answers = [(reply.status, reply.read().decode()) for reply in replies]
    assert {status for status, _ in answers} == {200, 503}
    assert all("Queue is full" in text for status, text in answers if status == 503)
    last = [json.loads(text)["event_id"] for status, text in answers if status == 200][-1]
    assert "forty carts" in httpx.get(f"{server.address}/gradio_api/call/ask/{last}", timeout=60).text


@pytest.mark.slow
def test_a_watching_chat_takes_up_what_is_put_into_the_folder(serve: Callable[..., Server], tmp_path: Path) -> None:
    index = make_index(tmp_path, ARTICLES)
    server = serve(*chat(index, "--watch"))
    (tmp_path / "corpus/owl.md").write_text("# The owl\n\nThe barn owl of Aldhaven sleeps in the tide mill.\n")
    until = time.monotonic() + 180
    while call(server, "search", question="barn owl", k=1)["hits"][0]["doc_id"] != "owl.md":
        assert time.monotonic() < until
        time.sleep(0.2)
    assert call(server, "status")["documents"] == 3


def test_filters_and_history(server: Server) -> None:
    only = call(server, "search", question="carts of salt", sources=["Hive & Home"])
    assert {hit["source"] for hit in only["hits"]} == {"Hive & Home"}
    old = call(server, "search", question="carts of salt", before="2019-07-01")
    assert {hit["date"] for hit in old["hits"]} == {"2019-07"}
    named = call(server, "search", question="carts of salt", doc_ids=["bees.md"])
    assert {hit["doc_id"] for hit in named["hits"]} == {"bees.md"}
    assert call(server, "ask", question=FERRY, threshold=1)["answered"] is False
    assert call(server, "ask", question=FERRY, threshold=0, sources=[])["answered"] is True
    history = [{"role": "user", "content": FERRY}]
    alone, told = (call(server, "ask", question="And its salt?", history=turns) for turns in ([], history))
    assert told["confidence"] > alone["confidence"]


def test_document_is_the_text_that_ranges_count_in(server: Server, answer: dict[str, Any]) -> None:
    for citation in answer["citations"]:
        document = call(server, "document", doc_id=citation["doc_id"])
        assert document["text"][citation["start"] : citation["end"]] == citation["quote"]
        assert document["digest"] == citation["digest"]


def test_documents_are_listed_and_shown_in_parts(server: Server, answer: dict[str, Any]) -> None:
    listed = call(server, "documents")
    assert (listed["total"], [document["doc_id"] for document in listed["documents"]]) == (2, ["bees.md", "ferry.md"])
    assert call(server, "documents", k=1, first=1)["documents"] == listed["documents"][1:]
    assert call(server, "documents", kind="sources") == {
        "total": 2,
        "sources": {"Harbour Letters": 1, "Hive & Home": 1},
    }
    assert call(server, "documents", before="2020")["total"] == 1
    part = call(server, "document", doc_id="ferry.md", around=answer["citations"][0]["start"])
    assert answer["citations"][0]["quote"] in part["text"]
    assert json.loads(said_by(use_tool(server, "documents", kind="folders"))) == {"total": 0, "folders": {}}


def test_a_health_check_needs_no_client(server: Server) -> None:
    told = httpx.get(f"{server.address}/status")
    held = call(server, "status")
    assert (told.status_code, told.json()) == (200, {name: held[name] for name in ("documents", "passages", "updated")})


@pytest.mark.slow
def test_status_tells_what_changed_on_disk(server: Server, small_index: Path) -> None:
    new = small_index.parent / "corpus" / "new.md"
    new.write_text("Something new.\n", encoding="utf-8")
    try:
        wait_until(lambda: bool(call(server, "status")["changes"]["new"]))
        status = call(server, "status")
    finally:
        new.unlink()
    assert status["documents"] == 2
    assert status["index"] == str(small_index)
    assert status["changes"] == {"new": ["new.md"], "changed": [], "gone": []}


def test_the_folder_is_looked_through_once_for_all_who_ask(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    index, look = library._index, library._index.changes

    def changes() -> Changes | None:
        looks.append(1)
        return look()

    monkeypatch.setattr(index, "changes", changes)
    assistant = Assistant(index)
    service, page = Service(index, assistant, library), Chat(index, assistant, library)
    with ThreadPoolExecutor(8) as pool:
        for _ in range(4):
            pool.submit(service.status)
            pool.submit(page.welcome)
            pool.submit(routes._library, index, library)
    assert len(looks) == 1


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("search", {}, r"missing a required argument: 'question'; give an object with \(question: str, k: int = 10"),
        ("search", {"question": "x", "frage": "x"}, "unexpected keyword argument 'frage'; give an object with"),
        ("search", {"question": ""}, "question='': ask something"),
        ("search", {"question": 7}, "question=7: ask something"),
        ("search", {"question": "x" * 4001}, "question: 4,001 characters; give up to 4,000"),
        ("search", {"question": "x", "k": "ten"}, "k='ten': give a whole number from 1 to 100"),
        ("search", {"question": "x", "k": True}, "k=True: give a whole number from 1 to 100"),
        ("search", {"question": "x", "after": "2021", "before": "2019"}, "no article can fit"),
        ("search", {"question": "x", "sources": 5}, "source=5: give a string or several"),
        ("search", {"question": "x", "k": 101}, "k=101: give a whole number from 1 to 100"),
        ("search", {"question": "x", "after": "soon"}, "after='soon' is not a date: give YYYY, YYYY-MM or YYYY-MM-DD"),
        ("search", {"question": "x", "sources": [1]}, r"source=\[1\]: give a string or several"),
        ("ask", {"question": "x", "history": [{"role": "cook"}]}, "history"),
        ("ask", {"question": "x", "history": "before"}, "history: give a list of up to 50 turns"),
        ("search", {"question": "x", "folders": ["a"]}, "no article has the folder 'a'; there is none"),
        ("search", {"question": "x", "authors": "Penn"}, "no article has the author 'Penn'; there is none"),
        ("ask", {"question": "x", "sources": ["Hive"]}, "'Hive'; there are: 'Hive & Home', 'Harbour Letters'"),
        ("ask", {"question": "x", "after": "2030"}, "after='2030'; those are dated 2019-07 to 2021-03-04"),
        ("ask", {"question": "x", "hits": -1}, "hits=-1: give a whole number from 0 to 100"),
        ("ask", {"question": "x", "hits": "all"}, "hits='all': give a whole number from 0 to 100"),
        ("ask", {"question": "x", "texts": "yes"}, "texts='yes': give true or false"),
        ("ask", {"question": "x", "threshold": 2}, "threshold=2: give a number from 0 to 1"),
        ("ask", {"question": "x", "threshold": "high"}, "threshold='high': give a number from 0 to 1"),
        ("documents", {"kind": "titles"}, "kind='titles': give one of documents, sources, authors, folders"),
        ("documents", {"first": -1}, "first=-1: give a whole number from 0"),
        ("document", {"doc_id": "ferry.md", "around": 9999}, "around=9999: ferry.md has 69 characters; give 0 to 68"),
        ("document", {"doc_id": "ferry.md", "around": "x"}, "around='x': ferry.md has"),
        ("document", {"doc_id": "fery.md"}, "doc_id='fery.md': not in the index; there are: 'ferry.md', 'bees.md'"),
        ("document", {"doc_id": 3}, "doc_id=3: not in the index"),
        ("update", {}, "wrong or missing token: send the header"),
        ("uptade", {}, "uptade: there is search, ask, document, documents, status, update"),
    ],
)
def test_wrong_arguments_are_told_what_is_allowed(
    server: Server, name: str, arguments: dict[str, Any], said: str
) -> None:
    assert re.search(said, call(server, name, **arguments))


def test_update_needs_the_token(server: Server, small_index: Path) -> None:
    assert call(server, "update", {"Authorization": "Bearer wrong"}).startswith("wrong or missing token")
    report = call(server, "update", BEARER)
    assert report["unchanged"] == sorted(ARTICLES)


def test_functions_are_documented_from_their_docstrings(server: Server) -> None:
    paths = httpx.get(f"{server.address}/gradio_api/openapi.json").json()["paths"]
    for name in ("search", "ask", "document", "documents", "status", "update"):
        described = paths[f"/gradio_api/call/v2/{name}"]["post"]
        assert described["description"].startswith(inspect.getdoc(getattr(Service, name)))
    assert not [path for path in paths if "/call/" in path and not re.search("search|ask|document|status|update", path)]


def test_gradio_client_calls_them(server: Server, answer: dict[str, Any]) -> None:
    client = gradio_client.Client(server.address, verbose=False)
    try:
        assert client.predict(question=FERRY, api_name="/ask") == answer
        assert client.predict(api_name="/status")["documents"] == 2
        assert client.predict(doc_id="bees.md", api_name="/document")["title"] == "Grey bees"
        with pytest.raises(Exception, match="give a whole number from 1 to 100"):
            client.predict(question=FERRY, k=1000, api_name="/search")
    finally:
        client.close()


# ---------------------------------------------------------------- MCP


def with_session(server: Server, use: Callable[[ClientSession], Any], headers: dict[str, str] | None = None) -> Any:  # noqa: ANN401
    async def connected() -> Any:  # noqa: ANN401 (what `use` returns)
        async with (
            httpx.AsyncClient(headers=headers) as client,
            streamable_http_client(f"{server.address}/mcp", http_client=client) as (receive, send, _),
            ClientSession(receive, send) as session,
        ):
            await session.initialize()
            return await use(session)

    return run_apart(connected)


def run_apart(function: Callable[..., Awaitable[Any]], *arguments: object) -> Any:  # noqa: ANN401 (what it returns)
    """Run it in a thread of its own: this one may have the browser's event loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(anyio.run, function, *arguments).result()


def use_tool(server: Server, name: str, headers: dict[str, str] | None = None, **arguments: object) -> CallToolResult:
    async def use(session: ClientSession) -> CallToolResult:
        return await session.call_tool(name, arguments)

    result: CallToolResult = with_session(server, use, headers)
    return result


def said_by(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


def test_mcp_lists_the_tools(server: Server) -> None:
    async def use(session: ClientSession) -> list[Tool]:
        return (await session.list_tools()).tools

    tools = {tool.name: tool for tool in with_session(server, use)}
    assert list(tools) == ["search", "ask", "document", "documents", "status", "update"]
    for name, tool in tools.items():
        assert tool.description == inspect.getdoc(getattr(Service, name))
        assert list(tool.inputSchema["properties"]) == list(inspect.signature(getattr(Service, name)).parameters)[1:]
        assert tool.annotations is not None
        assert tool.annotations.readOnlyHint is (True if name != "update" else None)


def test_mcp_results_are_json(server: Server, answer: dict[str, Any]) -> None:
    result = use_tool(server, "ask", question=FERRY)
    assert not result.isError
    assert json.loads(said_by(result)) == answer
    assert result.structuredContent is None  # it would be the same once more
    assert len(json.loads(said_by(use_tool(server, "search", question=FERRY, k=1)))["hits"]) == 1


@pytest.mark.parametrize(
    ("arguments", "said"), [({"question": ""}, "ask something"), ({"question": "x", "k": 0}, "k=0"), ({}, "question")]
)
def test_mcp_tells_what_is_wrong(server: Server, arguments: dict[str, Any], said: str) -> None:
    result = use_tool(server, "search", **arguments)
    assert result.isError
    assert said in said_by(result)


def test_mcp_says_nothing_of_an_unexpected_error(small_index: Path, caplog: pytest.LogCaptureFixture) -> None:
    def fail(question: str) -> None:
        raise RuntimeError(f"private {question}")

    with pytest.raises(ToolError) as told:
        run_apart(partial(tools._in_thread(fail, CapacityLimiter(1)), question="detail"))
    assert str(told.value) == UNEXPECTED
    assert "private detail" in caplog.text


def test_half_a_character_is_no_crash(server: Server) -> None:
    assert call(server, "search", question="salt \ud800")["question"] == "salt \ufffd"


def test_mcp_update_needs_the_token(server: Server) -> None:
    assert "wrong or missing token" in said_by(use_tool(server, "update"))
    report = json.loads(said_by(use_tool(server, "update", BEARER)))
    assert report["unchanged"] == sorted(ARTICLES)


# ---------------------------------------------------------------- what is refused


def test_other_host_names_are_refused(server: Server) -> None:
    for path in ("/", "/mcp", "/library", "/gradio_api/info"):
        for host in ("rebound.example", "rebound.example:80", "127.0.0.1.rebound.example", ""):
            answer = httpx.get(f"{server.address}{path}", headers={"Host": host})
            assert answer.status_code == 400, (path, host)
    for host in ("localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:80"):
        assert httpx.get(f"{server.address}/library", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", ["", "config", "library", "read?doc=ferry.md", "gradio_api/info", "assets/nothing.js"])
@pytest.mark.parametrize("origin", ["http://localhost:3000", "https://evil.example", "null", "http://["])
def test_pages_of_other_sites_cannot_read(server: Server, path: str, origin: str) -> None:
    answer = httpx.get(f"{server.address}/{path}", headers={"Origin": origin})
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_own_page_reads_and_is_not_kept_by_caches(server: Server) -> None:
    answer = httpx.get(server.address, headers={"Origin": server.address})
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "file=http://example.com/",
        "file=/etc/passwd",
        "file%3Dhttp://example.com/",
        "proxy=http://example.com/",
        "file/etc/passwd",
        "upload",
        "upload_progress",
        "deep_link",
        "vibe-code/",
        "dev/reload",
        "stream/a/b/c/playlist-file",
        "../gradio_api/file=http://example.com/",
        "/file=http://example.com/",
    ],
)
def test_routes_that_fetch_or_hand_out_files_are_refused(server: Server, path: str) -> None:
    for method in ("GET", "POST"):
        answer = httpx.request(method, f"{server.address}/gradio_api/{path}")
        assert (answer.status_code, answer.json()) == (404, {"error": "not served here"})


def file_at(address: str) -> dict[str, Any]:
    return {"path": address, "url": address, "orig_name": "a.txt", "meta": {"_type": "gradio.FileData"}}


@pytest.mark.parametrize("address", ["http://93.184.215.14/a.txt", "https://example.com/a", "file:///etc/passwd"])
def test_nobody_makes_the_server_fetch_an_address(server: Server, address: str) -> None:
    api = f"{server.address}/gradio_api"
    file = file_at(address)
    hidden = json.dumps(file).replace("gradio.FileData", "\\u0067radio.FileData").encode()
    twice = b'{"question": {"meta": {"_type": "gradio.FileData"}, "meta": {}, "path": "http://93.184.215.14/"}}'
    bodies = [{"question": file}, {"question": "x", "sources": [file]}, {"question": {"a": [[file]]}}]
    for body in (*(json.dumps(each).encode() for each in bodies), b'{"question": %s}' % hidden, twice):
        answer = httpx.post(f"{api}/call/v2/search", content=body)
        assert (answer.status_code, answer.json()["error"]) == (400, "files are not taken here")
    for name in ("queue/join", "call/search"):
        joined = {"data": [file], "fn_index": 0, "session_hash": "s"}
        assert httpx.post(f"{api}/{name}", json=joined).status_code == 400
    client = gradio_client.Client(server.address, verbose=False)
    try:
        with pytest.raises(Exception, match=r"400|404|does not exist"):  # what the client makes of the refusal
            client.predict(question=gradio_client.handle_file(address), api_name="/search")
    finally:
        client.close()
    for path in (f"file={address}", f"proxy={address}"):
        assert httpx.get(f"{api}/{path}").status_code == 404
    for query in ("/original?doc=", "/read?cite=", "/read?doc="):
        assert httpx.get(f"{server.address}{query}{address}").status_code in (400, 404)
    assert call(server, "document", doc_id=address).startswith(f"doc_id='{address}': not in the index; ")
    assert use_tool(server, "document", doc_id=address).isError
    assert server.watched.read_text(encoding="utf-8") == ""


@pytest.mark.parametrize(
    ("body", "status"), [(b"nonsense", 400), (b"[" * 100_000, 400), (b'"' + b"x" * 1_000_001 + b'"', 413)]
)
def test_bodies_that_are_not_json_or_too_large_are_refused(server: Server, body: bytes, status: int) -> None:
    for name in ("call/v2/search", "queue/join"):
        assert httpx.post(f"{server.address}/gradio_api/{name}", content=body).status_code == status


@pytest.mark.parametrize(
    "path", ["mcp", "library/update", "library", "read?doc=ferry.md", "config", "gradio_api/queue/join", "assets/x.js"]
)
def test_a_body_is_read_up_to_a_megabyte_whatever_the_route(server: Server, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = httpx.request(method, f"{server.address}/{path}", content=b" " * 1_000_001)
        assert (answer.status_code, answer.json()) == (413, {"error": "more than 1,000,000 bytes"})


@pytest.mark.parametrize("path", ["library/update", "library/uploads?name=a.txt", "mcp", "gradio_api/queue/join"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://["])
def test_pages_of_other_sites_cannot_write(server: Server, path: str, origin: str) -> None:
    answer = httpx.post(f"{server.address}/{path}", content=b"{}", headers={"Origin": origin, **BEARER})
    assert (answer.status_code, answer.json()["error"]) == (403, "asked by a page of another site")


def test_page_may_load_from_nowhere_else(server: Server) -> None:
    for path in ("/", "/library", "/read?doc=ferry.md", "/original?doc=ferry.md"):
        headers = httpx.get(f"{server.address}{path}").headers
        assert headers["content-security-policy"].startswith("default-src 'self';")
        assert "http" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


# ---------------------------------------------------------------- files of the index


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("read", 400, "give cite=ANCHOR or doc=ID"),
        ("read?cite=x", 400, "not a link to a quote"),
        ("read?doc=x", 404, "doc_id='x': not in the index; there are:"),
        ("original", 400, "/original: doc: Field required"),
    ],
)
def test_requests_that_name_nothing_are_told(server: Server, path: str, status: int, said: str) -> None:
    answer = httpx.get(f"{server.address}/{path}")
    assert (answer.status_code, said in answer.json()["error"]) == (status, True)


SCAN = Path(__file__).parent.parent / "docs_corpus" / "innovation-plans" / "shanghai-talent.pdf"


def test_pages_are_drawn_two_at_once_and_others_are_answered_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_index(tmp_path, ARTICLES)
    shutil.copy(SCAN, tmp_path / "corpus/scan.pdf")
    drawing, most, go_on = 0, 0, threading.Event()

    def picture(*_: object) -> tuple[bytes, None]:
        nonlocal drawing, most
        drawing += 1
        most = max(most, drawing)
        go_on.wait(60)
        drawing -= 1
        return b"png", None

    monkeypatch.setattr(pdf_page, "picture", picture)
    with Index.open(tmp_path / "index") as index:
        index.update()
        app = FastAPI()
        app.include_router(routes.build(index, Library(index), Access(TOKEN, local=True)))

        async def ask() -> None:
            async with (
                httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here", timeout=60) as client,
                anyio.create_task_group() as group,
            ):
                for _ in range(60):
                    group.start_soon(client.get, "/page.png?doc=scan.pdf&page=1")
                with anyio.move_on_after(60):
                    while drawing < 2:
                        await anyio.sleep(0.01)
                await anyio.sleep(0.2)
                assert (await client.get("/read?doc=scan.pdf")).status_code == 200
                go_on.set()

        with anyio.from_thread.start_blocking_portal() as portal:
            portal.call(ask)
    assert most == 2


def test_a_page_that_is_no_longer_there_is_not_drawn(tmp_path: Path) -> None:
    path = Path(shutil.copy(SCAN, tmp_path / "scan.pdf"))
    assert pdf_page.picture(path, 1, "")[0].startswith(b"\x89PNG")
    path.write_bytes(b"%PDF-1.4 no more")
    with pytest.raises(UnreadableFile, match=r"^scan\.pdf: page 1 cannot be drawn"):
        pdf_page.picture(path, 1, "")
    path.unlink()
    with pytest.raises(UnreadableFile, match=r"^scan\.pdf: cannot be read"):
        pdf_page.picture(path, 1, "")


def test_why_a_page_is_not_drawn_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "bad.pdf"
    path.write_bytes(b"no PDF")
    with caplog.at_level(logging.WARNING), pytest.raises(UnreadableFile, match="cannot be drawn"):
        pdf_page.picture(path, 1, "")
    assert "PdfiumError" in caplog.text
    Image.new("1", (300, 300)).save(tmp_path / "vast.pdf")
    monkeypatch.setattr("pincite.parsers.pdf._MOST_PIXELS", 80_000)
    with pytest.raises(SystemExit, match="too large"):
        pdf_page._draw(str(tmp_path / "vast.pdf"), 1, "")


def test_originals_of_the_index_are_served_and_nothing_else(server: Server, small_index: Path) -> None:
    answer = httpx.get(f"{server.address}/original", params={"doc": "ferry.md"})
    assert answer.content == (small_index.parent / "corpus" / "ferry.md").read_bytes()
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["content-type"] == "application/octet-stream"
    for name in ("../index/catalog.sqlite", "/etc/passwd", "nope.md", "", "ferry.md/../ferry.md"):
        refused = httpx.get(f"{server.address}/original", params={"doc": name})
        assert (refused.status_code, "not in the index" in refused.json()["error"]) == (404, True)


def test_original_that_became_a_link_elsewhere_is_not_served(tmp_path: Path) -> None:
    path = make_index(tmp_path, {"a.txt": "Salt was carried by the ferry.\n", "b.txt": "Bees need honey.\n"})
    secret = tmp_path / "secret.txt"
    secret.write_text("secret", encoding="utf-8")
    (tmp_path / "corpus" / "a.txt").unlink()
    (tmp_path / "corpus" / "a.txt").symlink_to(secret)
    (tmp_path / "corpus" / "b.txt").unlink()
    with Index.open(path) as index:
        for name in ("a.txt", "b.txt"):
            with pytest.raises(UnknownDocument, match="no longer in the folder of articles"):
                index.original(name)


# ---------------------------------------------------------------- adding files


async def pieces(*data: bytes) -> AsyncIterator[bytes]:
    for each in data:
        yield each


@pytest.fixture
def library(tmp_path: Path, open_index: Callable[..., Index]) -> Library:
    write_files(tmp_path / "corpus", {"a.txt": "Salt was carried by the ferry.\n"})
    index = open_index(WordEmbedder())
    index.update(tmp_path / "corpus")
    return Library(index)


def add(library: Library, name: str, *data: bytes) -> str:
    added: str = run_apart(library.add, name, pieces(*data))
    return added


def test_nothing_is_overwritten(library: Library, tmp_path: Path) -> None:
    assert add(library, "new.txt", b"on", b"e") == "uploads/new.txt"
    assert add(library, "new.txt", b"two") == "uploads/new (2).txt"
    assert add(library, "new.txt", b"two") == "uploads/new (2).txt"
    assert add(library, "data.jsonl.gz", b"1") == "uploads/data.jsonl.gz"
    assert add(library, "data.jsonl.gz", b"2") == "uploads/data (2).jsonl.gz"
    folder = tmp_path / "corpus" / "uploads"
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == {
        "new.txt": b"one", "new (2).txt": b"two", "data.jsonl.gz": b"1", "data (2).jsonl.gz": b"2",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../a.txt", "a.txt"),
        ("C:\\texts\\a.txt", "a.txt"),
        ("/etc/a.txt", "a.txt"),
        (".hidden.md", "hidden.md"),
        ("...txt", "article.txt"),
        ("a\0\nb?.txt", "a__b_.txt"),
        ("x" * 300 + ".md", "x" * 180 + ".md"),
        ("a\u202etxt.md", "atxt.md"),
        ("报" * 100 + ".md", "报" * 60 + ".md"),
        ("报告.PDF", "报告.PDF"),
    ],
)
def test_names_cannot_lead_out_of_the_folder(library: Library, tmp_path: Path, name: str, kept: str) -> None:
    assert add(library, name, b"x") == f"uploads/{kept}"
    assert [each.name for each in (tmp_path / "corpus" / "uploads").iterdir()] == [kept]


@pytest.mark.parametrize("name", ["a.exe", "a", "", "..", "a.txt/", "a.txt/.."])
def test_other_kinds_are_refused(library: Library, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="unknown kind"):
        add(library, name, b"x")
    assert not (tmp_path / "corpus" / "uploads").exists()


def test_large_and_empty_files_leave_nothing_behind(library: Library, tmp_path: Path) -> None:
    with pytest.raises(TooLarge, match="more than 20 MB"):
        add(library, "a.txt", *[b"x" * 1_000_000] * (MOST_BYTES // 1_000_000), b"x")
    with pytest.raises(UsageError, match="an empty file"):
        add(library, "a.txt")
    assert list((tmp_path / "corpus" / "uploads").iterdir()) == []


def test_folder_that_is_gone_or_leads_elsewhere_is_told(library: Library, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    (tmp_path / "elsewhere").mkdir()
    (corpus / "uploads").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CorpusError, match="a link that leaves the folder"):
        add(library, "a.txt", b"x")
    (corpus / "uploads").unlink()
    (corpus / "uploads").write_text("a file", encoding="utf-8")
    with pytest.raises(CorpusError, match="nothing was added"):
        add(library, "a.txt", b"x")
    corpus.rename(tmp_path / "moved")
    with pytest.raises(CorpusError, match="the folder of articles is gone"):
        add(library, "a.txt", b"x")


def test_a_file_is_added_where_there_are_no_links(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    assert add(library, "new.txt", b"one") == "uploads/new.txt"
    assert add(library, "new.txt", b"two") == "uploads/new (2).txt"
    assert (tmp_path / "corpus" / "uploads" / "new.txt").read_bytes() == b"one"


@pytest.mark.parametrize(
    "name",
    [
        "a.txt",
        "uploads",
        "uploads/",
        "uploads/..",
        "uploads/../a.txt",
        "uploads/gone.txt",
        "/etc/passwd",
        "uploads//b.txt",
        "uploads/c/../b.txt",
        "uploads\\b.txt",
        "uploads/b.txt\x00",
        "../corpus/uploads/b.txt",
    ],
)
def test_only_what_was_added_is_deleted(library: Library, tmp_path: Path, name: str) -> None:
    add(library, "b.txt", b"x")
    with pytest.raises(UsageError, match="no file that was added here"):
        library.remove(name)
    assert (tmp_path / "corpus" / "a.txt").is_file()
    assert (tmp_path / "corpus" / "uploads" / "b.txt").is_file()


def test_what_cannot_be_deleted_is_told(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    add(library, "b.txt", b"x")

    def fail(_: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "unlink", fail)
    with pytest.raises(CorpusError, match=r"^uploads/b.txt: Permission denied; it was not deleted$"):
        library.remove("uploads/b.txt")


def test_what_was_deleted_here_may_be_all_there_is_and_what_is_gone_otherwise_not(
    library: Library, tmp_path: Path
) -> None:
    add(library, "b.txt", b"Bells need oil.")
    assert library.update().added == ("uploads/b.txt",)
    article = (tmp_path / "corpus" / "a.txt").rename(tmp_path / "a.txt")  # as when a disk is not there
    library.remove("uploads/b.txt")
    with pytest.raises(CorpusError):
        library.update()
    article.rename(tmp_path / "corpus" / "a.txt")
    assert library.update().removed == ("uploads/b.txt",)
    add(library, "b.txt", b"Bells need oil.")
    library.update()
    (tmp_path / "corpus" / "a.txt").unlink()
    assert library.update().removed == ("a.txt",)
    library.remove("uploads/b.txt")
    assert library.update().removed == ("uploads/b.txt",)
    assert library._index.status().documents == 0


def test_an_update_asked_for_during_another_follows_it(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on, runs = threading.Event(), threading.Event(), list[int]()

    def update(**_: object) -> UpdateReport:
        runs.append(1)
        begun.set()
        assert go_on.wait(30)
        return UpdateReport(embedded=len(runs))

    monkeypatch.setattr(library._index, "update", update)
    library.start()
    assert library.state.running is not None
    assert begun.wait(30)
    library.start()
    with pytest.raises(IndexBusy, match="another update is running"):
        library.update()
    go_on.set()
    wait_until(lambda: library.state.report == UpdateReport(embedded=2))
    assert len(runs) == 2


class Intruded(Library):
    """A library that is asked for an update at the very moment at which one has ended."""

    intruder: threading.Thread | None = None

    @property
    def state(self) -> State:
        return self._state

    @state.setter
    def state(self, state: State) -> None:
        self._state = state
        if state.report and not self.intruder:
            self.intruder = threading.Thread(target=self.start)
            self.intruder.start()
            self.intruder.join(0.5)


def test_two_updates_never_run_at_once(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    intruded, both, runs, met = Intruded(library._index), threading.Barrier(2), list[int](), list[int]()

    def update(**_: object) -> UpdateReport:
        runs.append(1)
        if len(runs) == 1:
            intruded.start()
        else:
            with suppress(threading.BrokenBarrierError):
                both.wait(0.5)
                met.append(1)
        return UpdateReport()

    monkeypatch.setattr(library._index, "update", update)
    intruded.start()
    wait_until(lambda: len(runs) == 3 and intruded.state.running is None)
    assert not met


def wait_until(done: Callable[[], bool]) -> None:
    """Wait for a state that comes about in another thread."""
    until = time.monotonic() + 60
    while not done():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.fixture
def watching(library: Library, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    """A library that watches, in a thread, a folder that is not there yet."""
    monkeypatch.setattr("pincite.web.library._TRIES_AGAIN", 0.01)
    folder, stop = library._index.folder(), threading.Event()
    folder.rename(folder.with_name("moved"))
    thread = threading.Thread(target=library.watch, args=[stop])
    thread.start()
    yield library
    stop.set()
    thread.join(30)
    assert not thread.is_alive()


def test_watching_goes_on_when_the_folder_is_there_again(watching: Library, tmp_path: Path) -> None:
    wait_until(lambda: "nothing to watch" in str(watching.state.unwatched))
    (tmp_path / "moved").rename(tmp_path / "corpus")
    wait_until(lambda: watching.state.report is not None)
    assert watching.state == State(report=UpdateReport(unchanged=("a.txt",)))


def test_what_is_not_watched_leaves_a_running_update_as_it_is(library: Library, tmp_path: Path) -> None:
    (tmp_path / "corpus").rename(tmp_path / "moved")
    library._set(running=(progress := Progress(stage="embed", done=1, total=2)))
    stop = threading.Event()
    thread = threading.Thread(target=library.watch, args=[stop])
    thread.start()
    wait_until(lambda: library.state.unwatched is not None)
    stop.set()
    thread.join(30)
    assert library.state.running == progress


@pytest.mark.parametrize(
    ("error", "said"), [(CorpusError("gone: why"), "gone: why"), (ValueError("private"), UNEXPECTED)]
)
def test_an_update_that_fails_can_be_tried_again(
    library: Library, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def fail(**_: object) -> UpdateReport:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(library._index, "update", fail)
        with pytest.raises(type(error)):
            library.update()
    assert library.state == State(problem=said)
    assert library.update().unchanged == ("a.txt",)


def test_upload_and_update_over_http(server: Server, small_index: Path) -> None:
    uploads, folder = f"{server.address}/library/uploads", small_index.parent / "corpus" / "uploads"
    assert httpx.post(uploads, params={"name": "b.txt"}, content=b"x").status_code == 403
    assert httpx.post(f"{server.address}/library/update").status_code == 403
    assert not folder.exists()
    added = httpx.post(uploads, params={"name": "b.txt"}, content=b"Bells need oil.\n", headers=BEARER)
    assert added.json() == {"name": "uploads/b.txt"}
    refused = httpx.post(uploads, params={"name": "b.exe"}, content=b"x", headers=BEARER)
    assert (refused.status_code, "unknown kind .exe" in refused.json()["error"]) == (400, True)
    try:
        assert httpx.post(f"{server.address}/library/update", headers=BEARER).status_code == 202
        updated(server)
        assert call(server, "document", doc_id="uploads/b.txt")["text"].strip() == "Bells need oil."
        assert httpx.delete(uploads, params={"name": "uploads/b.txt"}).status_code == 403
        gone = httpx.delete(uploads, params={"name": "uploads/c.txt"}, headers=BEARER)
        assert (gone.status_code, "no file that was added here" in gone.json()["error"]) == (400, True)
        assert httpx.delete(uploads, params={"name": "uploads/b.txt"}, headers=BEARER).status_code == 200
        assert not (folder / "b.txt").exists()
    finally:
        shutil.rmtree(folder)
        assert updated(server)["removed"] == ["uploads/b.txt"]


def updated(server: Server) -> dict[str, Any]:
    """What an update reports that could begin after the one that runs."""
    report = call(server, "update", BEARER)
    while isinstance(report, str):
        assert "another update is running" in report
        report = call(server, "update", BEARER)
    return dict(report)


def test_page_offers_the_kinds_that_are_read() -> None:
    (accepted,) = re.findall('accept="([^"]*)"', frame())
    assert set(accepted.split(",")) == {*SUFFIXES, ".gz"}


def test_page_names_the_limit_of_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pincite.web.page.MOST_BYTES", 5_000_000)
    assert "up to 5 MB each" in frame()
    assert '"most_bytes": 5000000' in head("none")


# ---------------------------------------------------------------- who may write


@pytest.mark.parametrize(
    ("token", "local", "given", "allowed"),
    [
        (None, True, "", False),
        (None, False, "", False),
        (None, False, "None", False),
        ("t", False, "t", True),
        ("t", True, "t", True),
        ("t", True, "", False),
        ("t", False, "T", False),
    ],
)
def test_only_who_has_a_token_may_write(token: str | None, local: bool, given: str, allowed: bool) -> None:
    access = Access(token, local=local)
    assert access.allows({"authorization": f"Bearer {given}"}) is allowed
    assert not access.allows({})


@pytest.mark.parametrize("token", ["", " t", "é", "a\nb"])
def test_a_token_that_no_header_carries_is_refused(token: str) -> None:
    with pytest.raises(UsageError, match="printable ASCII"):
        Access(token, local=True)


def test_page_of_this_machine_has_a_token_of_its_own() -> None:
    access = Access(None, local=True)
    assert access.allows({"authorization": f"Bearer {access.page_token}"})
    assert "start `pincite chat --token TOKEN`" in access.refusal
    assert Access("t", local=False).page_token is None


def test_serving_others_without_a_token_is_loud_and_read_only(shown: Server) -> None:
    address = shown.address
    assert "without --token nobody can add any or update" in shown.log.read_text(encoding="utf-8")
    assert '"access": "none"' in httpx.get(address).text.replace("\\", "")
    assert httpx.post(f"{address}/library/update", headers={"Authorization": "Bearer none"}).status_code == 403
    assert httpx.get(f"{address}/library").status_code == 200
    assert httpx.get(f"{address}/library", headers={"Host": "rebound.example"}).status_code == 400


def test_serving_others_with_a_token_asks_for_it(guarded: Own) -> None:
    page = httpx.get(guarded.address).text
    assert '"access": "ask"' in page.replace("\\", "")
    assert TOKEN_OF_GUARDED not in page
    update = f"{guarded.address}/library/update"
    assert httpx.post(update, headers={"Authorization": "Bearer wrong"}).status_code == 403
    assert httpx.post(update, headers={"Authorization": f"Bearer {TOKEN_OF_GUARDED}"}).status_code == 202


# ---------------------------------------------------------------- serving


def test_busy_port_is_one_line(server: Server, small_index: Path) -> None:
    port = server.address.rsplit(":", 1)[1]
    command = [sys.executable, *chat(small_index, "--port", port)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.stderr == f"pincite: port {port} is in use: choose another with --port or PORT=...\n"
    assert ended.returncode == 2


def test_address_that_cannot_be_listened_on_is_one_line(small_index: Path) -> None:
    command = [sys.executable, *chat(small_index, "--host", "203.0.113.7", "--token", "t")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert re.fullmatch(r"pincite: cannot listen on .*\n", ended.stderr)
    assert ended.returncode == 2


@pytest.mark.slow
def test_a_further_name_may_be_allowed_and_ctrl_c_ends_it_cleanly(
    serve: Callable[..., Server], small_index: Path
) -> None:
    server = serve(*chat(small_index, "--host", "::1", "--allow-host", "Pincite.Example"))
    for host, status in (("pincite.example", 200), ("pincite.example:443", 200), ("other.example", 400)):
        assert httpx.get(f"{server.address}/library", headers={"Host": host}).status_code == status
    foreign = httpx.get(server.address, headers={"Origin": "http://evil.example"})
    assert foreign.status_code == 403
    with httpx.stream("GET", f"{server.address}/gradio_api/heartbeat/visitor", timeout=60) as heartbeat:
        assert heartbeat.status_code == 200  # a page that is open keeps a connection
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(timeout=30) == 0
    said = server.log.read_text(encoding="utf-8")
    assert said.count("\n") == 2
    assert "without --token nobody can add any" in said


@pytest.mark.parametrize("names", [(), ("pincite.example",)])
def test_behind_a_proxy_the_page_holds_no_token_of_its_own(names: tuple[str, ...]) -> None:
    assert is_local("127.0.0.1", names) is (not names)
    assert not is_local("0.0.0.0", names)


def test_the_example_of_an_answer_is_what_is_answered(server: Server) -> None:
    example = re.search(r"^data: (\[.*\])$", DOCS.read_text("utf-8"), re.MULTILINE)
    assert example
    (shown,) = json.loads(example[1].replace(", ...", ""))
    answer = call(server, "ask", question=shown["question"])
    assert list(shown) == list(answer)[: len(shown)]
    assert {name: type(value) for name, value in shown.items()} == {name: type(answer[name]) for name in shown}


def test_snippets_of_the_docs_work(server: Server) -> None:
    page = DOCS.read_text("utf-8")
    (snippet,) = re.findall(r"^```python\n(from gradio_client.*?)^```$", page, re.MULTILINE | re.DOTALL)
    found: dict[str, Any] = {}
    exec(snippet.replace("http://127.0.0.1:7860", server.address), found)
    assert found["answer"]["question"] == "How do I add texts?"
    (settings,) = re.findall(r"^```json\n(.*?mcpServers.*?)^```$", page, re.MULTILINE | re.DOTALL)
    address = json.loads(settings)["mcpServers"]["pincite"]["url"]
    assert address == "http://127.0.0.1:7860/mcp"


# ---------------------------------------------------------------- judging


def judge(server: Server, headers: dict[str, str] = BEARER, **judged: object) -> tuple[int, Any]:
    """The status and what is said to a judgement."""
    answer = httpx.post(f"{server.address}/judgements", json=judged, headers=headers)
    return answer.status_code, answer.json()


def test_only_who_has_the_token_judges(server: Server, small_index: Path, answer: dict[str, Any]) -> None:
    noted, cite = small_index / "judgements.jsonl", answer["citations"][0]["text_anchor"]
    judged = {"asked": {"question": FERRY}, "verdict": "right", "cite": cite}
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        assert judge(server, headers, **judged)[0] == 403
    assert httpx.get(f"{server.address}/judgements").status_code == 404
    assert not noted.exists()
    try:
        status, said = judge(server, **judged, history=["Hello?"])
        assert (status, said) == (200, {"noted_in": "index/judgements.jsonl", "quote": answer["citations"][0]["quote"]})
        line = json.loads(noted.read_text("utf-8"))
        assert (line["question"], line["verdict"], line["text_anchor"]) == (FERRY, "right", cite)
        assert line["history"] == ["Hello?"]
    finally:
        noted.unlink()


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"asked": {"question": "x" * 4001}}, 400, "question: give one of up to 4,000 characters"),
        ({"asked": {"question": " "}}, 400, "question: give one of up to 4,000 characters"),
        ({"asked": {}}, 400, "question: Field required"),
        ({"asked": {"question": FERRY, "after": "soon"}}, 400, "after='soon' is not a date"),
        ({"asked": {"question": FERRY, "sources": ["x" * 100_000]}}, 400, "up to 100,000 are noted"),
        ({"asked": {"question": "x" * 1_000_000}}, 413, "more than 1,000,000 bytes"),
        ({"history": ["x"] * 21}, 400, "/judgements: history: List should have at most 20 items"),
        ({"history": ["x" * 4001]}, 400, "/judgements: 0: String should have at most 4000 characters"),
        ({"verdict": "good"}, 400, "/judgements: verdict: Input should be 'right', 'wrong', 'instead' or 'nothing'"),
        ({"verdict": "instead"}, 400, "verdict='instead': give selected, not cite"),
        ({"verdict": "nothing"}, 400, "verdict='nothing': give no place, not cite"),
        ({"cite": None}, 400, "verdict='right': give cite, not none"),
        ({"cite": "x"}, 400, "not a link to a quote"),
        ({"cite": "gone.md@0123456789abcdef:0-3:0123456789abcdef"}, 404, "gone.md: not in the index any more"),
        ({"cite": "ferry.md@0123456789abcdef:0-3:0123456789abcdef"}, 400, "ferry.md: was changed"),
        ({"learn": True}, 400, "/judgements: learn: Extra inputs are not permitted"),
    ],
)
def test_what_is_no_judgement_is_refused(
    server: Server, small_index: Path, answer: dict[str, Any], change: dict[str, object], status: int, said: str
) -> None:
    judged = {"asked": {"question": FERRY}, "verdict": "right", "cite": answer["citations"][0]["text_anchor"]}
    refused, reason = judge(server, **{**judged, **change})
    assert refused == status
    assert said in reason["error"]
    assert not (small_index / "judgements.jsonl").exists()


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"doc_id": "gone.md"}, 404, "not in the index"),
        ({"digest": "0"}, 400, "ferry.md: was changed since it was opened"),
        ({"start": 1}, 400, "ferry.md: holds something else at 1-3"),
        ({"start": -1}, 400, "/judgements: start: Input should be greater than or equal to 0"),
        ({"start": 10**30, "end": 10**30, "text": ""}, 400, "no sentence is selected"),
        ({"text": "\ud83d"}, 400, "ferry.md: holds something else at 0-3"),
    ],
)
def test_what_is_no_selection_is_refused(
    server: Server, small_index: Path, change: dict[str, object], status: int, said: str
) -> None:
    article = call(server, "document", doc_id="ferry.md")
    selected = {"doc_id": "ferry.md", "digest": article["digest"], "start": 0, "end": 3, "text": "The"} | change
    judged = {"asked": {"question": FERRY}, "verdict": "instead", "selected": selected}
    sent = {"Content-Type": "application/json", **BEARER}
    refused = httpx.post(f"{server.address}/judgements", content=json.dumps(judged), headers=sent)
    assert refused.status_code == status
    assert said in refused.json()["error"]
    assert not (small_index / "judgements.jsonl").exists()


def test_a_judgement_that_cannot_be_written_is_told(server: Server, small_index: Path) -> None:
    noted = small_index / "judgements.jsonl"
    noted.mkdir()
    try:
        status, said = judge(server, asked={"question": FERRY}, verdict="nothing")
    finally:
        noted.rmdir()
    assert (status, said) == (500, {"error": f"{noted}: Is a directory; nothing was noted"})
