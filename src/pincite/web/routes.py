"""The page's own routes: articles to read, files as they are, and the library."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.requests import ClientDisconnect

from pincite import text_anchors
from pincite.datatypes import Document, count
from pincite.errors import IndexBusy, NoIndex, PinciteError, UnknownDocument, UsageError
from pincite.index import Index
from pincite.text_anchors import ResolvedAnchor
from pincite.web import articles, judging, pdf_page, shelf
from pincite.web.guard import Access
from pincite.web.library import Library, TooLarge

_MOST_MARKED = 50
_DRAWN_AT_ONCE = 2
"""Pages of PDFs: each is a process of its own. Who asks for more of them waits, and hinders nobody else."""
_SCRIPTS = sorted(Path(str(files(__package__) / "script")).glob("*.js"))


def build(index: Index, library: Library, access: Access) -> APIRouter:
    """The routes over one index."""
    routes = APIRouter()
    for path in _SCRIPTS:
        routes.add_api_route(f"/script/{path.name}", partial(_script, path), response_class=FileResponse)
    _add_articles(routes, index)
    _add_pages(routes, index)
    _add_writing(routes, index, library, access)

    @routes.get("/status")
    def status() -> dict[str, Any]:
        """Whether all is well, for who looks again and again: it asks the index alone, and names no place."""
        held = index.status()
        return {"documents": held.documents, "passages": held.passages, "updated": held.updated}

    @routes.get("/manifest.json")
    def manifest() -> dict[str, Any]:
        """What a browser may install as: Gradio's own names an icon that is not served."""
        icon = {"src": "favicon.ico", "type": "image/svg+xml", "sizes": "any"}
        return {"name": "Pincite", "start_url": "./", "icons": [icon]}

    @routes.get("/library")
    def show(brief: bool = False) -> HTMLResponse:
        """What the library holds and does, as HTML; with ``brief`` only how far an update is, while one goes on."""
        running = library.state.running
        return HTMLResponse(shelf.progress(running) if brief and running else _library(index, library))

    return routes


def _script(path: Path) -> FileResponse:
    # Asked for again each time, and answered by "not modified".
    return FileResponse(path, media_type="text/javascript", headers={"Cache-Control": "no-cache"})


def _add_articles(routes: APIRouter, index: Index) -> None:
    @routes.get("/read")
    def read(cite: str | None = None, doc: str | None = None, also: Annotated[list[str], Query()] = []) -> HTMLResponse:  # noqa: B006
        """An article to be read, as HTML: at the quote that ``cite`` names, others marked too, or from the start."""
        if cite:
            resolved = text_anchors.resolve(index, cite)
            others = (text_anchors.resolve(index, anchor) for anchor in also[:_MOST_MARKED])
            spans = [other.span for other in others if other.span and other.document.digest == resolved.document.digest]
            return HTMLResponse(articles.article(resolved, cite, spans))
        document = _document(index, doc)
        return HTMLResponse(articles.article(ResolvedAnchor(document=document, span=None, same=True), None))

    @routes.get("/original")
    def original(doc: str) -> FileResponse:
        """The file of an indexed document: a PDF to be shown, any other to be saved."""
        path = index.original(doc)
        is_pdf = path.suffix.lower() == ".pdf"
        media_type = "application/pdf" if is_pdf else "application/octet-stream"
        disposition = "inline" if is_pdf else "attachment"
        return FileResponse(path, media_type=media_type, filename=path.name, content_disposition_type=disposition)


def _add_pages(routes: APIRouter, index: Index) -> None:
    at_once = CapacityLimiter(_DRAWN_AT_ONCE)

    @routes.get("/page.png")
    async def page_picture(page: int, cite: str | None = None, doc: str | None = None) -> Response:
        """A page of a PDF as a picture, with what of a quote stands on it marked."""
        return await to_thread.run_sync(draw, page, cite, doc, limiter=at_once)

    def draw(page: int, cite: str | None, doc: str | None) -> Response:
        if cite:
            resolved = text_anchors.resolve(index, cite)
            document, span = resolved.document, resolved.span
        else:
            document, span = _document(index, doc), None
        path, starts = index.original(document.doc_id), document.page_starts
        if path.suffix.lower() != ".pdf" or not 1 <= page <= len(starts):
            raise UsageError(f"page={page}: {document.doc_id} has {count(len(starts), 'page')} to be drawn")
        start, end = starts[page - 1], starts[page] if page < len(starts) else len(document.text)
        quote = document.text[max(start, span[0]) : min(end, span[1])] if span else ""
        png, place = pdf_page.picture(path, page, quote)
        headers = {"X-Place": "{:.4f} {:.4f}".format(*place)} if place else {}
        return Response(png, media_type="image/png", headers={"Cache-Control": "private, max-age=600", **headers})


def _document(index: Index, doc_id: str | None) -> Document:
    if not doc_id:
        raise UsageError("give cite=ANCHOR or doc=ID")
    return index.document(doc_id)


def _add_writing(routes: APIRouter, index: Index, library: Library, access: Access) -> None:
    """What only those may ask who may write."""

    def check(request: Request) -> None:
        if not access.allows(request.headers):
            raise HTTPException(403, access.refusal)

    writer = Depends(check)

    @routes.post("/judgements", dependencies=[writer])
    def judge(judged: judging.Judged) -> dict[str, str]:
        """Note what a visitor judges of an answer; nothing is trained by it."""
        return judging.note(index, judged)

    @routes.post("/library/uploads", dependencies=[writer])
    async def upload(name: str, request: Request) -> dict[str, str]:
        """Add a file, given as the body, to the folder of articles; it is indexed by the next update."""
        try:
            return {"name": await library.add(name, request.stream())}
        except ClientDisconnect as error:
            raise HTTPException(400, f"{name}: cut off") from error

    @routes.delete("/library/uploads", dependencies=[writer])
    def delete(name: str) -> dict[str, str]:
        """Delete a file that was added on the page; its articles go with the next update."""
        library.remove(name)
        return {"name": name}

    @routes.post("/library/update", dependencies=[writer], status_code=202)
    def update() -> dict[str, str]:
        """Begin an update; ``/library`` tells how it goes."""
        library.start()
        return {"state": "running"}


def handle(request: Request, error: Exception) -> Response:
    """The response to an error of ours, to a request that may not be made, and to arguments of the wrong kind."""
    if isinstance(error, HTTPException):
        return JSONResponse({"error": str(error.detail)}, error.status_code)
    if isinstance(error, RequestValidationError):
        wrong = ", ".join(f"{fault['loc'][-1]}: {fault['msg']}" for fault in error.errors())
        return JSONResponse({"error": f"{request.url.path}: {wrong}"}, 400)
    kinds = ((UnknownDocument, 404), (NoIndex, 404), (TooLarge, 413), (UsageError, 400), (IndexBusy, 409))
    status = next((status for kind, status in kinds if isinstance(error, kind)), 500)
    return JSONResponse({"error": str(error)}, status)


def _library(index: Index, library: Library) -> str:
    state = library.state
    try:
        status, held = index.status(), index.holdings()
        changes = None if state.running else library.changes(status.generation)
    except PinciteError as error:
        return shelf.holdings(None, "", None, replace(state, problem=state.problem or str(error)))
    return shelf.holdings(status, held, changes, state)
