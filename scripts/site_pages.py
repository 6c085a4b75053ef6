"""A hook of MkDocs: takes pages that lie beside ``docs`` into the site, and leads links to them there.

In the repository a link such as ``../SECURITY.md`` leads to the file; in the site, to its page.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).parent.parent
_PLACES = {name: f"project/{name}" for name in ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE")}
_PLACES |= {f"docs_corpus/guide/{path.name}": f"guide/{path.name}" for path in ROOT.glob("docs_corpus/guide/*.md")}
"""Where what lies beside ``docs`` stands in the site."""
_HOMES = {place: name for name, place in _PLACES.items()}

_LINK = re.compile(r"(?<=\]\()(?![a-z+]+:|#)([^)#\s]+)")


def on_files(files: Any, config: Any) -> Any:  # noqa: ANN401 (MkDocs' own types)
    """Add the pages that lie beside ``docs``."""
    for name, place in _PLACES.items():
        files.append(File.generated(config, place, abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:  # noqa: ANN401
    """Turn each link, which is written for the repository, into one between pages of the site."""
    here = page.file.src_uri
    folder = posixpath.dirname(_HOMES.get(here, f"docs/{here}"))

    def in_site(link: re.Match[str]) -> str:
        name = posixpath.normpath(posixpath.join(folder, link[1]))
        place = _PLACES.get(name, name.removeprefix("docs/"))
        return posixpath.relpath(place, posixpath.dirname(here) or ".")

    return _LINK.sub(in_site, markdown)
