"""Make the articles of ``docs_corpus`` whose formats are binary, from the Markdown in ``scripts/documents``.

Run ``python scripts/make_documents.py`` (needs the extra ``dev``) after a change there. The same text gives the same
bytes, on any day.
"""

from __future__ import annotations

import html
import io
import os
import re
import uuid
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml
from docx import Document as Docx
from reportlab.lib.pagesizes import A5
from reportlab.lib.styles import StyleSheet1, getSampleStyleSheet
from reportlab.lib.units import cm
from reportlab.platypus import CondPageBreak, Flowable, Paragraph, SimpleDocTemplate

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "scripts" / "documents"
TARGET = ROOT / "docs_corpus" / "innovation-plans"


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, empty for the opening of an article, and the paragraphs below it."""

    heading: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Article:
    """An article and what it says of itself."""

    title: str
    author: str
    source: str
    date: datetime
    sections: tuple[Section, ...]


def parse(text: str) -> Article:
    """An article from YAML front matter, ``##`` headings and paragraphs set apart by empty lines."""
    _, front, body = text.split("---\n", 2)
    fields = yaml.safe_load(front)
    date = datetime.combine(fields["date"], datetime.min.time(), tzinfo=UTC)
    parts = re.split(r"^## ", f"## \n{body}", flags=re.MULTILINE)[1:]
    sections = tuple(_section(part) for part in parts)
    return Article(fields["title"], fields["author"], fields["source"], date, sections)


def _section(part: str) -> Section:
    heading, _, body = part.partition("\n")
    paragraphs = (" ".join(block.split()) for block in body.split("\n\n"))
    return Section(heading.strip(), tuple(filter(None, paragraphs)))


def make_pdf(article: Article) -> bytes:
    """Pages small enough that the text runs over from one to the next, in the middle of a paragraph."""
    os.environ["SOURCE_DATE_EPOCH"] = str(int(article.date.timestamp()))  # reportlab's way to set the creation date
    styles = _pdf_styles()
    flow: list[Flowable] = [Paragraph(html.escape(article.title), styles["Title"])]
    for section in article.sections:
        if section.heading:
            flow += [CondPageBreak(2 * cm), Paragraph(html.escape(section.heading), styles["Heading2"])]
        flow += [Paragraph(html.escape(each), styles["BodyText"]) for each in section.paragraphs]
    buffer = io.BytesIO()
    about = {"title": article.title, "author": article.author, "subject": article.source}
    margins = dict.fromkeys(("leftMargin", "rightMargin", "topMargin", "bottomMargin"), 1.7 * cm)
    SimpleDocTemplate(buffer, pagesize=A5, lang="en", invariant=1, **margins, **about).build(flow)
    return buffer.getvalue()


def _pdf_styles() -> StyleSheet1:
    styles = getSampleStyleSheet()
    styles["Title"].fontSize, styles["Title"].leading = 16, 20
    styles["BodyText"].fontSize, styles["BodyText"].leading = 11, 15
    return styles


def make_docx(article: Article) -> bytes:
    """A Word document with its title, headings and core properties."""
    document = Docx()
    document.add_heading(article.title, level=0)
    for section in article.sections:
        if section.heading:
            document.add_heading(section.heading, level=1)
        for paragraph in section.paragraphs:
            document.add_paragraph(paragraph)
    about = document.core_properties
    about.title, about.author, about.last_modified_by = article.title, article.author, article.author
    about.subject, about.comments, about.language = article.source, "", "en"
    about.created = about.modified = article.date.replace(tzinfo=None)
    buffer = io.BytesIO()
    document.save(buffer)
    with zipfile.ZipFile(buffer) as archive:
        return _zip({name: archive.read(name) for name in archive.namelist()}, article.date)


def make_epub(article: Article) -> bytes:
    """An EPUB 3 book with one chapter a section."""
    chapters = {f"chapter{n}.xhtml": section for n, section in enumerate(article.sections, 1)}
    entries = {"mimetype": "application/epub+zip", "META-INF/container.xml": _CONTAINER}
    entries["OEBPS/content.opf"] = _package(article, list(chapters))
    entries["OEBPS/nav.xhtml"] = _contents(article, chapters)
    for name, section in chapters.items():
        entries[f"OEBPS/{name}"] = _chapter(article, section)
    return _zip({name: text.encode() for name, text in entries.items()}, article.date)


_CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""

_PACKAGE = """<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">{identifier}</dc:identifier>
<dc:title>{title}</dc:title>
<dc:creator>{author}</dc:creator>
<dc:language>en</dc:language>
<dc:date>{date:%Y-%m-%d}</dc:date>
<dc:source>{source}</dc:source>
<meta property="dcterms:modified">{date:%Y-%m-%dT%H:%M:%SZ}</meta>
</metadata>
<manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
{items}
</manifest>
<spine>
{spine}
</spine>
</package>
"""

_PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" xml:lang="en" lang="en">
<head><title>{title}</title></head>
<body>
{body}
</body>
</html>
"""


def _package(article: Article, names: list[str]) -> str:
    ids = {Path(name).stem: name for name in names}
    items = (f'<item id="{id_}" href="{name}" media-type="application/xhtml+xml"/>' for id_, name in ids.items())
    return _PACKAGE.format(
        identifier=uuid.uuid5(uuid.NAMESPACE_URL, article.title).urn,
        title=html.escape(article.title),
        author=html.escape(article.author),
        source=html.escape(article.source),
        date=article.date,
        items="\n".join(items),
        spine="\n".join(f'<itemref idref="{id_}"/>' for id_ in ids),
    )


def _contents(article: Article, chapters: Mapping[str, Section]) -> str:
    links = (
        f'<li><a href="{name}">{html.escape(section.heading or article.title)}</a></li>'
        for name, section in chapters.items()
    )
    listed = "\n".join(links)
    body = f'<nav epub:type="toc"><h1>Contents</h1><ol>\n{listed}\n</ol></nav>'
    return _PAGE.format(title="Contents", body=body)


def _chapter(article: Article, section: Section) -> str:
    heading = html.escape(section.heading or article.title)
    level = "h2" if section.heading else "h1"
    paragraphs = "\n".join(f"<p>{html.escape(each)}</p>" for each in section.paragraphs)
    return _PAGE.format(title=heading, body=f"<{level}>{heading}</{level}>\n{paragraphs}")


def _zip(entries: Mapping[str, bytes], date: datetime) -> bytes:
    """An archive with ``date`` on every entry; the first is stored as it is, which an EPUB's ``mimetype`` must be."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, (name, data) in enumerate(entries.items()):
            info = zipfile.ZipInfo(name, date.timetuple()[:6])
            info.create_system = 3  # as on Unix: the platform's own would differ
            archive.writestr(info, data, zipfile.ZIP_DEFLATED if number else zipfile.ZIP_STORED)
    return buffer.getvalue()


MAKERS: dict[str, Callable[[Article], bytes]] = {
    "capability-ranking.epub": make_epub,
    "hubei.docx": make_docx,
    "shanghai-talent.pdf": make_pdf,
}


def main() -> None:
    """Write every article anew."""
    for name, make in MAKERS.items():
        article = parse((SOURCES / name).with_suffix(".md").read_text(encoding="utf-8"))
        (TARGET / name).write_bytes(make(article))
        print(TARGET / name)


if __name__ == "__main__":
    main()
