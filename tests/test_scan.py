"""What a folder of articles is taken to hold."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conftest import write_files
from pincite.datatypes import digest_of
from pincite.errors import CorpusError
from pincite.ingest.scan import list_files


def test_files_are_named_by_their_path_and_sorted(tmp_path: Path) -> None:
    write_files(tmp_path, {"z.txt": "z", "b/c/d.MD": "d", "b/A.jsonl.gz": "a", "höhe (1)#2.pdf": "h"})
    found = list_files(tmp_path)
    assert list(found.files) == ["b/A.jsonl.gz", "b/c/d.MD", "höhe (1)#2.pdf", "z.txt"]
    assert (tmp_path / "b/c/d.MD").read_text() == "d"
    assert not found.skipped
    assert not found.unlisted


def test_the_stamp_tells_a_changed_file(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.txt": "one"})
    before = list_files(tmp_path).files["a.txt"]
    assert list_files(tmp_path).files["a.txt"] == before
    os.utime(tmp_path / "a.txt", ns=(1, 1))
    size, mtime_ns, _, inode = list_files(tmp_path).files["a.txt"]
    assert (size, mtime_ns, inode) == (3, 1, before[3])
    assert list_files(tmp_path).files["a.txt"] != before


def test_hidden_files_and_folders_and_unknown_kinds_are_reported(tmp_path: Path) -> None:
    write_files(tmp_path, {".git/a.txt": "", "b/.draft.md": "", "c.xyz": "", "README": "", "d.gz": "", "e.txt.bak": ""})
    found = list_files(tmp_path)
    assert not found.files
    assert found.skipped.pop(".git/") == found.skipped.pop("b/.draft.md") == "hidden"
    assert found.skipped["c.xyz"].startswith("unknown kind .xyz: Pincite reads .txt, .md, ")
    assert found.skipped["README"].startswith("unknown kind (no suffix): Pincite reads")
    assert set(found.skipped) == {"c.xyz", "README", "d.gz", "e.txt.bak"}


def test_only_links_to_files_within_the_folder_are_read(tmp_path: Path) -> None:
    root = tmp_path / "corpus"
    write_files(root, {"sub/real.txt": "real"})
    write_files(tmp_path, {"outside.txt": "out", "elsewhere/x.txt": "x"})
    links = {
        "within.txt": root / "sub/real.txt",
        "leaves.txt": tmp_path / "outside.txt",
        "broken.txt": root / "gone.txt",
        "loop.txt": root / "loop.txt",
        "folder": root / "sub",
        "sub/up": root,
        "away": tmp_path / "elsewhere",
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
    found = list_files(root)
    assert list(found.files) == ["sub/real.txt", "within.txt"]
    assert {name: reason.split(":")[0] for name, reason in found.skipped.items()} == {
        "leaves.txt": "a link that leaves the folder",
        "away/": "a link that leaves the folder",
        "broken.txt": "a broken link",
        "loop.txt": "a broken link",
        "folder/": "a link to a folder",
        "sub/up/": "a link to a folder",
    }


def test_a_folder_may_itself_be_a_link(tmp_path: Path) -> None:
    write_files(tmp_path / "real", {"a.txt": "a"})
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert list(list_files(tmp_path / "link").files) == ["a.txt"]


def test_what_is_no_regular_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    assert list_files(tmp_path).skipped == {"pipe.txt": "not a regular file"}


def test_a_name_that_is_not_utf8_is_skipped(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/caf\xe9.txt", "wb"):  # noqa: PTH123
        pass
    found = list_files(tmp_path)
    assert not found.files
    assert found.skipped == {"caf\ufffd.txt": "its name is not UTF-8: rename it"}


def test_a_folder_that_cannot_be_listed_is_unknown_and_not_empty(tmp_path: Path) -> None:
    """A path longer than the system takes: the one such folder that root cannot list either."""
    write_files(tmp_path, {"a.txt": "a"})
    here = os.open(tmp_path, os.O_RDONLY)
    name = "d" * 250
    for _ in range(17):
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    found = list_files(tmp_path)
    assert list(found.files) == ["a.txt"]
    [unlisted] = found.unlisted
    assert unlisted.endswith("d/")
    assert found.skipped[unlisted] == "cannot be listed: File name too long"


@pytest.mark.parametrize("name", ["gone", "file.txt"])
def test_a_folder_that_is_none_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "file.txt").touch()
    with pytest.raises(CorpusError, match=r"give the folder that holds the articles$") as caught:
        list_files(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert digest_of(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
