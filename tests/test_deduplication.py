"""Which passages stand for others: one story in several papers is one, two reports that differ in a figure are two."""

from __future__ import annotations

import numpy as np
import pytest

from pincite.datatypes import Document, Passage
from pincite.ingest.chunking import split
from pincite.retrieval.deduplication import deduplicate
from pincite.retrieval.ranking import Candidate

STORY = (
    "The council voted to rebuild the tide mill after the storm. The work will begin in spring and is meant to last "
    "two years, said the mayor, who had asked for it since the dam broke. It will cost 4.1 million crowns. The old "
    "wheel of elm can be repaired. Nobody was hurt when the dam broke."
)
BUDGET = (
    "The province publishes its budget each year. Research is to get {share} percent more than the year before. The "
    "money goes to universities, to laboratories and to firms that work with them. Half of it is meant for the "
    "training of young engineers. Firms apply at the office of science and technology."
)
CHINESE = "浙江省今年将科技经费增加百分之四十。经费主要用于大学和实验室。一半用于培养青年工程师。"


def passage(doc_id: str, text: str) -> Passage:
    """The first of an article, whose first line is its headline where it begins with ``#``."""
    line = text.partition("\n")[0]
    headings = ((0, len(line) - 2),) if line.startswith("# ") else ()
    document = Document(doc_id=doc_id, title=doc_id, text=text.removeprefix("# "), headings=headings)
    return split(document, passage_tokens=400, tokens=lambda text: range(0, len(text), 5))[0]


def duplicates_of(*texts: str) -> list[int]:
    """How many texts stand behind each that is kept; to the vectors all are the same."""
    passages = [passage(f"{number}.md", text) for number, text in enumerate(texts)]
    vector = np.array([1.0], np.float32)
    kept = deduplicate([Candidate(each, 1.0, 1.0, 1.0, vector) for each in passages])
    assert sum(1 + len(each.duplicates) for each in kept) == len(texts)
    return [1 + len(each.duplicates) for each in kept]


@pytest.mark.parametrize(
    ("printed", "story"),
    [
        (("ALDHAVEN, March 4 (Agency) - ", "MARL HARBOUR, Friday -- ", "Bremnes, 5 March: "), STORY),
        (("LONDON (Reuters) - ", "BERLIN — ", "Aldhaven, 4. März (dpa) – "), STORY),
        (("Aldhaven, 4 March 2021\n\n", "Marl Harbour, Friday\n\n", "Bremnes, 2021-03-05\n\n"), STORY),
        (("# Mill to be rebuilt\n\n", "# After the gale\n\n", "# Aldhaven votes for its mill\n\n"), STORY),
        (("# After the gale\n\nMARL, March 4 - ", "# The mill\n\nBremnes, Friday: "), STORY),
        (("By Ann Lee\n\n", "By Ines Calder\n\n"), STORY),
        (("新华社杭州6月9日电 ", "本报杭州6月10日讯 "), CHINESE),
    ],
)
def test_one_story_in_several_papers_takes_one_place(printed: tuple[str, ...], story: str) -> None:
    assert duplicates_of(*(f"{line}{story}" for line in printed)) == [len(printed)]


def test_a_story_that_was_cut_or_signed_takes_one_place() -> None:
    cut = STORY.replace("The old wheel of elm can be repaired. ", "").replace(
        "The council", "Marl, Friday: The council"
    )
    signed = f"Bremnes, 5 March - {STORY} Reporting by Ann Lee, editing by Bo Dahl."
    assert duplicates_of(f"Aldhaven, 4 March: {STORY}", cut, signed) == [3]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (BUDGET.format(share=12), BUDGET.format(share=17)),
        (f"Hunan, 4 March: {BUDGET.format(share=12)}", f"Zhejiang, 4 March: {BUDGET.format(share=17)}"),
        (f"Hunan raises its budget. {STORY}", f"Zhejiang raises its budget. {STORY}"),
        (f"This is the report of 2021. {STORY}", f"This is the report of 2022. {STORY}"),
        (f"Report 2021: {STORY}", f"Report 2022: {STORY}"),
        (f"Monday: {STORY}", f"Tuesday: {STORY}"),
        (f"In 2021 it rained for 40 days. {STORY}", f"The year 2022 was dry, with rain on 3 days. {STORY}"),
        (f"Aldhaven met on Monday - as ever. {STORY}", f"Aldhaven met on Tuesday - as ever. {STORY}"),
        *(
            (f"Aldhaven, 4 March: {STORY}", f"Marl, Friday: {STORY.replace(old, new)}")
            for old, new in (
                ("4.1 million", "4.7 million"),
                ("will begin", "will not begin"),
                ("can be", "can't be"),
                ("two years", "3 years"),
                ("the mayor", "the priest"),
                ("Nobody was hurt", "Four were hurt"),
                ("voted to rebuild", "refused to rebuild"),
            )
        ),
    ],
)
def test_two_reports_that_differ_within_a_sentence_are_two(one: str, other: str) -> None:
    assert duplicates_of(one, other) == [1, 1]
    assert duplicates_of(other, one) == [1, 1]
