import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pincite.analysis.terms import LONGEST_TERM, MOST_QUERY_TERMS, analyse, mostly_latin, only_stop_words, query_terms

LETTERS = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=0x4FF, exclude_characters="ŉı"))
"""Latin, Greek, Cyrillic; without the two letters whose capital is that of another one."""


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("The boats were sailing", "the boat were sail"),
        ("the miller's wheel, the miller’s wheel", "the miller wheel the miller wheel"),
        ("don't, don’t, DON`T", "dont dont dont"),
        ("O'Neill", "oneil neill"),
        ("l’église", "leglis eglis"),
        ("12,500 t; 12500 t", "12500 t 12500 t"),
        ("1,000,000 or 1.000.000", "1000000 or 1000000"),
        ("3.5 % of 40%", "3.5 percent of 40 percent"),
        ("40 per cent, 40 percent, 40％", "40 percent 40 percent 40 percent"),
        ("Twenty-one tugs, 21 tugs, twelve of ninety", "21 tug 21 tug 12 of 90"),
        ("one of two", "one of 2"),
        ("1.2 million is 1,200,000", "1.2 million 1200000 is 1200000"),
        ("3,500 thousand, 1.23456 thousand", "3500 thousand 3500000 1.23456 thousand"),
        ("2022-06-09 is 9 June 2022 or June 9th", "2022 june 9 20220609 is 9 june 2022 or june 9"),
        ("2022-13-09", "2022 13 09 20221309"),
        ("09.06.2022, 2022/6/9", "2022 june 9 20220609 2022 june 9 20220609"),
        ("31.13.2022 and 10.12.2022.1", "31.13.2022 31 13 2022 and 10.12.2022.1 10 12 2022 1"),
        ("2022年6月9日", "2022 年 6 月 9 日 2022 june 9 20220609"),
        ("9 Jun 2022, Sept. 9th, Jan Brandt", "9 june 2022 septemb 9 jan brandt"),
        ("In 1998 Jan Brandt, 40 Dec, Trojan 5", "in 1998 jan brandt 40 dec trojan 5"),
        ("on 09.06.2022.", "on 2022 june 9 20220609"),
        ("v1.2.2020", "v1.2.2020 v1 2 2020"),
        ("7 MN, wait 5 mn, 3 tn", "7 mn wait 5 mn 3 tn"),
        ("twenty-one tugs, twenty one tugs, twenty tugs", "21 tug 21 tug 20 tug"),
        ("the 21st, the twenty-first, the third, the first", "the 21 the 21 the 3 the first"),
        ("a thirty second pause, a thirty-second one", "a 30 second paus a 30 second thirtysecond one"),
        ("twenty five-year-olds, a twenty-five-year-old", "20 5 year old fiveyearold a 25 year old twentyfiveyearold"),
        ("third party, third-party, 3rd-party", "3 parti 3 parti thirdparti 3 parti 3rdparty"),
        ("a third, two-thirds, tenth-century", "a 3 2 3 twothird 10 centuri tenthcenturi"),
        ("twelfth of the twentieth", "12 of the 20"),
        ("three million or half a million", "3 million 3000000 or half a million 500000"),
        ("a dozen, two dozen, 300 hundred", "a dozen 12 2 dozen 24 300 hundr 30000"),
        ("two hundred and five, two hundred thousand", "2 hundr and 5 2 hundr thousand"),
        ("2.5bn, €3 mln, $2.5m, 2.5m", "2.5 billion 2500000000 3 million 3000000 2.5 million 2500000 2.5m 2 5m"),
        ("1 200 000 or 1'200'000 or 1\u00a0200 or 12 300", "1200000 or 1200000 or 1200 or 12 300"),
        ("40km or 40 km", "40 km or 40 km"),
        ("J. R. Halden, JR Halden, J.R. Halden, J. Halden", "jr halden jr halden jr halden j halden"),
        ("7,25", "7 25"),
        ("release 1.2.3", "releas 1.2.3 1 2 3"),
        ("e-mail", "e mail email"),
        ("KX-3081", "kx 3081 kx3081"),
        ("R&D", "r d rd"),
        ("U.S. and u.s.a.", "us and usa"),
        ("a Ph.D.", "a phd ph d"),
        ("rope.The tar,Canvas", "rope the tar canva"),
        ("Brézé BRE\u0301ZE\u0301 breze", "breze breze breze"),
        ("Łódź, Ørsted, Straße", "lodz orst strass"),
        ("ё Ώρα", "е ωρα"),
        ("ＨＡＲＢＯＵＲ ７", "harbour 7"),
        ("light\u00adhouse light\u200bhouse \ufefflight", "lighthous lighthous light"),
        ("m² 6½ note¹ Brand™", "m 2 6 1 2 note 1 brand"),
        ("青岚灯塔", "青岚 岚灯 灯塔"),
        ("第7号", "第 7 号"),
        ("カメラ ｶﾒﾗ", "カメ メラ カメ メラ"),
        ("바다를", "바다 다를"),
        ("เรือ", "เร รื ือ"),
        ("नदी में", "नदी में"),
        ("🚢 — … !? 👩‍🚀", ""),
    ],
)
def test_terms(text: str, terms: str) -> None:
    assert analyse(text) == terms.split()


def test_the_work_for_numbers_grows_as_the_text_does() -> None:
    for words in ("the city of thirty towers ", "5 of 1 200 towers, 9 Jun 2022, ", "1.1.1.1.", "000 ", "5 million "):
        began = time.perf_counter()
        analyse(words * (200_000 // len(words)))
        assert time.perf_counter() - began < 3


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("What is the tonnage of the Petrel?", "tonnag petrel"),
        ("What's the Petrel's tonnage?", "petrel tonnag"),
        ("The Who", "the who"),
        ("Who are the Who", "who are the who"),
        ("rope, tar and more rope", "rope tar more rope"),
        ("Does the U.S. ship in May?", "us ship may"),
        ('title:"KX-3081" AND (', "titl kx 3081 kx3081"),
        ("", ""),
        ("?! 🚢", ""),
    ],
)
def test_query_terms(question: str, terms: str) -> None:
    assert query_terms(question) == terms.split()


@pytest.mark.parametrize(
    ("text", "only"),
    [
        ("The Who", True),
        ("Who's that?", True),
        ("The U.S.", False),
        ("The Petrel", False),
        ("", False),
        ("?! 🚢", False),
    ],
)
def test_only_stop_words(text: str, *, only: bool) -> None:
    assert only_stop_words(text) is only


def test_a_long_question_has_a_bounded_number_of_terms() -> None:
    assert query_terms(" ".join(map(str, range(20_000)))) == [str(n) for n in range(MOST_QUERY_TERMS)]


def test_a_chain_of_words_gives_each_once_and_few_joined_forms() -> None:
    terms = analyse("a-" * 10_000)
    assert terms.count("a") == 10_000
    assert len(terms) < 11_000


def test_many_different_words_are_the_same_whenever_they_come() -> None:
    words = [f"w{n}x" for n in range(60_000)]
    assert analyse(" ".join(words)) == words
    assert analyse(words[0]) == [words[0]]


def test_threads_have_their_own_stemmer() -> None:
    texts = [f"sailing boats of harbour{n % 7} organisations nationally" * 50 for n in range(64)]
    expected = [analyse(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(analyse, texts)) == expected


@given(st.text())
def test_terms_are_bounded_and_without_white_space(text: str) -> None:
    for term in analyse(text):
        assert 1 <= len(term) <= LONGEST_TERM
        assert term.split() == [term]


@given(st.text())
def test_composed_and_decomposed_text_have_the_same_terms(text: str) -> None:
    assert analyse(unicodedata.normalize("NFC", text)) == analyse(unicodedata.normalize("NFD", text))


@given(LETTERS)
def test_case_makes_no_difference(text: str) -> None:
    assert analyse(text.upper()) == analyse(text.lower()) == analyse(text)


@given(st.text(), st.text())
def test_white_space_divides(left: str, right: str) -> None:
    assert analyse(f"{left}\n{right}") == analyse(left) + analyse(right)


@given(st.text())
def test_query_terms_are_terms_of_the_text(text: str) -> None:
    terms = query_terms(text)
    assert set(terms) <= set(analyse(text))
    assert bool(terms) == bool(analyse(text))


@pytest.mark.parametrize(
    ("text", "latin"),
    [
        ("Où est la gare?", True),
        ("浙江省增加了多少经费?", False),
        ("Что это?", False),
        ("GDP 增长", True),
        ("2022?", True),
    ],
)
def test_mostly_latin(text: str, latin: bool) -> None:
    assert mostly_latin(text) is latin
