"""What files of office programs share: the package of Word and PowerPoint, raised text, equations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from pincite.errors import UnreadableFile
from pincite.parsers.markup import Block, Element, as_one, collapse
from pincite.parsers.metadata import is_no_title

FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
"""A second copy, for programs that do not know the first."""
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/")


def open_package(path: Path, old: str) -> BytesIO:
    """A file's package, with the names that "transitional" files have where it is a "strict" one (ISO/IEC 29500).

    Files of the ``old`` format are at times named as the new ones.
    """
    data = path.read_bytes()
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        locked = "EncryptedPackage".encode("utf-16-le") in data
        raise UnreadableFile("encrypted: needs a password" if locked else f"an old {old}: save it as {old}x")
    with ZipFile(BytesIO(data)) as package:
        if _STRICT.search(package.read("_rels/.rels")) is None:
            return BytesIO(data)
        renamed = BytesIO()
        with ZipFile(renamed, "w") as copy:
            for member in package.namelist():
                content = package.read(member)
                if member.endswith((".xml", ".rels")):
                    content = _STRICT.sub(rb"http://schemas.openxmlformats.org/\1/2006/", content)
                copy.writestr(member, content)
    renamed.seek(0)
    return renamed


def stated_in(
    properties: Any,  # noqa: ANN401 - of python-docx or python-pptx
    blocks: Sequence[Block],
    *filled_in: str,
) -> dict[str, str | None]:
    """What core properties state, but for what programs fill in; the title else by the heading that begins the text."""
    keys = ("title", "author", "created", "subject", "keywords", "category")
    stated = {key: str(getattr(properties, key)) for key in keys}
    heading = blocks[0].text if blocks and blocks[0].kind == "heading" else None
    stated = {key: each for key, each in stated.items() if each not in ("", "None", *filled_in)}
    if is_no_title(stated.get("title", "")):
        del stated["title"]
    return {"title": heading} | stated


def join_scripts(tree: Element) -> None:
    """Make one of raised or lowered texts that follow on one another, as ``-`` and ``6`` of 10⁻⁶ may."""
    for script in list(tree.iter("sup", "sub")):
        before = script.getprevious()
        if before is None or before.tag != script.tag or before.tail:
            continue
        words = script.makeelement("span")
        words.text = script.text
        before.append(words)
        before.extend(list(script))
        before.tail = script.tail
        script.getparent().remove(script)


def write_equations(tree: Element, tag: str) -> None:
    """Put the text of each equation in its place, in an element of this name."""
    for equation in list(tree.iter(f"{_MATH}oMath")):
        text = collapse(_written(equation)) or "[formula]"
        equation.clear()
        equation.tag, equation.text = tag, text


def _written(element: Element) -> str:
    name = element.tag.removeprefix(_MATH)
    if name == "t":
        return element.text or ""
    parts = [(each.tag.removeprefix(_MATH), _written(each)) for each in element if each.tag.startswith(_MATH)]
    part = dict(parts)
    within = part.get("e", "")
    match name:
        case "f":
            return f"{as_one(part.get('num', ''))}/{as_one(part.get('den', ''))}"
        case "sSup" | "sSub" | "sSubSup":
            return as_one(within) + _scripts(part)
        case "rad":
            return f"({within})^(1/{part['deg']})" if part.get("deg") else f"√({within})"
        case "nary":
            return f"{_sign(element, 'chr', '∫')}{_scripts(part)} {within}"
        case "d":
            between = _sign(element, "sepChr", "|").join(text for key, text in parts if key == "e")
            return f"{_sign(element, 'begChr', '(')}{between}{_sign(element, 'endChr', ')')}"
        case "func":
            return f"{part.get('fName', '')} {within}"
        case "m" | "mr" | "eqArr":
            return f"[{'; '.join(text for _, text in parts)}]" if name == "m" else ", ".join(text for _, text in parts)
    return "".join(text for _, text in parts)


def _scripts(part: dict[str, str]) -> str:
    return "".join(sign + as_one(part[key]) for key, sign in (("sub", "_"), ("sup", "^")) if part.get(key))


def _sign(element: Element, name: str, usual: str) -> str:
    stated = element.find(f"{_MATH}{element.tag.removeprefix(_MATH)}Pr/{_MATH}{name}")
    return usual if stated is None else str(stated.get(f"{_MATH}val", ""))
