"""What is listed, what a filter by folder finds in every store, and what is said of a filter that fits nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import WordEmbedder, write_files
from pincite import Document, Filter, Index, Settings, listing
from pincite.datatypes import Listed
from pincite.errors import NothingFits, UnknownDocument, UsageError

NEWS = {
    "news/2022/a.md": "---\nsource: Bell News\nauthor: R. Penn\ndate: 2022-03\n---\n\nThe bell rang in the tower.\n",
    "news/2022b/b.md": "---\nsource: Bee Post\ndate: 2019-07-01\n---\n\nThe bell rang in the hive.\n",
    "news/(2022)+[x]/c é.md": "---\nsource: Mill Letters\n---\n\nThe bell rang in the mill.\n",
    "news.md": "The bell rang at home.\n",
    "Lines.jsonl": '{"_id": "a/b", "text": "The bell rang in a line."}\n',
}
FOLDERS = [
    ("news/2022", ["news/2022/a.md"]),
    ("./news//2022/", ["news/2022/a.md"]),
    (["news/2022", "news/2022b"], ["news/2022/a.md", "news/2022b/b.md"]),
    ("news/(2022)+[x]", ["news/(2022)+[x]/c é.md"]),
    ("news", ["news/(2022)+[x]/c é.md", "news/2022/a.md", "news/2022b/b.md"]),
    ("news/2022b/../2022/.", ["news/2022/a.md"]),
]


@pytest.fixture(scope="module", params=["local", "milvus file"])
def index(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    home = tmp_path_factory.mktemp("listing")
    write_files(home / "corpus", NEWS)
    place = home / "index" if request.param == "local" else f"milvus+file:{home / 'index.db'}"
    with Index.open(place, settings=Settings(model="words")) as made:
        made.use_embedder("words", WordEmbedder())
        made.update(home / "corpus")
        yield made


@pytest.mark.parametrize(("folders", "found"), FOLDERS, ids=str)
def test_a_folder_holds_what_lies_below_it(index: Index, folders: str | list[str], found: list[str]) -> None:
    where = Filter(folders=folders)
    assert sorted(hit.document.doc_id for hit in index.search("bell rang", k=9, where=where)) == found
    assert [document.doc_id for document in index.listed(where)] == found
    with index._store.snapshot() as snapshot:
        if not index._store.limits:
            assert {each.partition("@")[0] for each in snapshot.lexical(["bell"], 9, where)} == set(found)
        assert snapshot.count(where) == (len(found), len(found))
    documents = index.documents([each.doc_id for each in index.listed()])
    assert sorted(doc_id for doc_id, document in documents.items() if where.fits(document)) == found


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (Filter(source="Bel News"), "no article has the source 'Bel News'; there are: 'Bell News', '"),
        (Filter(author="X"), "no article has the author 'X'; there is: 'R. Penn'"),
        (Filter(doc_ids=["news/2022/b.md"]), "no article has the id 'news/2022/b.md'; there are: 'news/2022b/b.md'"),
        (Filter(folders="news/2022/a.md"), "no article has the folder 'news/2022/a.md'; there are: 'news/2022'"),
        (Filter(folders="new"), "(and 1 more)"),
        (Filter(folders=""), "no article has the folder '.'; there are: "),
        (Filter(folders="news/../.."), "no article has the folder '..'; there are: "),
        (Filter(after="2023"), "no article fits after='2023'; those are dated 2019-07-01 to 2022-03"),
        (Filter(source="Bee Post", after="2020"), "the only one that fits otherwise is dated 2019-07-01"),
        (Filter(source="Mill Letters", before="2020"), "the only one that fits otherwise has no date"),
        (Filter(source="Bee Post", folders="news/2022"), "none fits all of them: leave one out"),
        (Filter(source=["Y", "Z"]), "no article has the source 'Y' or 'Z'; there are: "),
    ],
    ids=str,
)
def test_a_filter_that_fits_nothing_names_what_there_is(index: Index, where: Filter, said: str) -> None:
    assert not index.listed(where)
    assert not index.search("bell", where=where)
    with pytest.raises(NothingFits) as told:
        index.check_fits(where)
    assert said in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (Filter(folders="NEWS/2022"), ["news/2022/a.md"]),
        (Filter(doc_ids="News/(2022)+[x]/C E.md"), ["news/(2022)+[x]/c é.md"]),
        (Filter(author="r penn"), ["news/2022/a.md"]),
        (Filter(author="Penn, R.", source="bell NEWS", folders="News"), ["news/2022/a.md"]),
    ],
    ids=str,
)
def test_a_filter_heeds_no_case_and_accents(index: Index, where: Filter, found: list[str]) -> None:
    assert [document.doc_id for document in index.listed(index.check_fits(where))] == found


def _listed(doc_id: str, author: str) -> Listed:
    return Listed(doc_id=doc_id, title="", source=None, author=author, date=None, url=None, digest="")


def test_initials_are_written_in_several_ways() -> None:
    lines = ["JR Halden", "Halden, J. R.; Ane Holt", "J.R. Halden and Bo Lind", "K. R. Halden", "Jr. Holt"]
    listed = [_listed(f"{number}.md", line) for number, line in enumerate(lines)]
    for asked in ("JR Halden", "J. R. Halden", "Halden, J.R.", "j r halden"):
        where = listing.with_held_names(Filter(author=asked), listed)
        assert [each.doc_id for each in listed if where.fits(each)] == ["0.md", "1.md", "2.md"]
    assert listing.counts("authors", listed)["Ane Holt"] == 1
    for asked, other in (("J. R. Holt", "Jr. Holt"), ("A. B. Lund", "Ab Lund")):
        assert not listing.with_held_names(Filter(author=asked), [_listed("a.md", other)]).fits(_listed("a.md", other))


def test_a_filter_that_asks_for_nothing_is_no_mistake(index: Index) -> None:
    assert index.search("bell", where=Filter(doc_ids=[])) == []
    assert index.listed(Filter(source=[])) == []


def test_what_there_is_is_counted(index: Index) -> None:
    listed = index.listed()
    assert listing.counts("sources", listed) == {"Bee Post": 1, "Bell News": 1, "Mill Letters": 1}
    assert listing.counts("authors", listed) == {"R. Penn": 1}
    assert listing.counts("folders", listed) == {"news": 3, "news/(2022)+[x]": 1, "news/2022": 1, "news/2022b": 1}
    whole = index.documents([document.doc_id for document in listed])
    assert [whole[each.doc_id].digest for each in listed] == [each.digest for each in listed]


def test_an_unknown_document_is_told_the_nearest(index: Index) -> None:
    assert index.document("news.md").text.startswith("The bell")
    with pytest.raises(UnknownDocument, match=r"doc_id='new.md': not in the index; there are: 'news.md', "):
        index.document("new.md")


@given(st.text("ab \n漢", min_size=1, max_size=60), st.data())
def test_the_surroundings_of_a_place_hold_it(text: str, data: st.DataObject) -> None:
    document = Document(doc_id="a", title="a", text=text)
    at, most = data.draw(st.integers(0, len(text) - 1)), data.draw(st.integers(1, 30))
    start, end = document.around(at, most)
    assert max(0, at - most) <= start <= at < end <= min(len(text), at + most)
    if start and " " in text[start:at]:
        assert text[start - 1].isspace()
    for wrong in (-1, len(text), True, "0"):
        with pytest.raises(UsageError, match="give 0 to "):
            document.around(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("doc_ids", "said"),
    [
        ([], "0 articles"),
        (["a.md"], "1 article"),
        (["a.md", "b.jsonl#1", "b.jsonl#2"], "3 articles"),  # a line is an article
        (["a.md", "t.csv#2"], "1 article and 1 row of 1 table"),
        (["t.csv#2", "t.csv#3", "x/T.TSV#2"], "3 rows of 2 tables"),
    ],
    ids=str,
)
def test_rows_of_tables_are_counted_apart(doc_ids: list[str], said: str) -> None:
    assert listing.in_words(doc_ids) == said
