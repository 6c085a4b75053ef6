"""Documents, dates and filters."""

from __future__ import annotations

import dataclasses
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pincite import Document, Filter
from pincite.datatypes import parse_date
from pincite.errors import FilterError


def _document(**values: str | None) -> Document:
    return Document(doc_id="a", title="A", text="text", **values)  # type: ignore[arg-type]


def test_digest_is_that_of_the_text() -> None:
    assert _document().digest == hashlib.sha256(b"text").hexdigest()


def test_documents_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        _document().title = "B"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("value", "days"),
    [
        ("2022", (20220101, 20221231)),
        ("2022-06", (20220601, 20220631)),
        ("2022-06-09", (20220609, 20220609)),
        ("2022-13", None),
        ("9 June 2022", None),
        ("", None),
    ],
)
def test_dates(value: str, days: tuple[int, int] | None) -> None:
    assert parse_date(value) == days


@pytest.mark.parametrize("value", ["yesterday", "2022-00", "22-01-01", "2022-1-1", 2022])
def test_a_bad_bound_is_named(value: str) -> None:
    with pytest.raises(FilterError, match="YYYY"):
        Filter(after=value)


def test_values_of_the_wrong_type_are_named() -> None:
    with pytest.raises(FilterError, match="source"):
        Filter(source=[1])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("where", "date", "fits"),
    [
        (Filter(after="2022"), "2022-06-09", True),
        (Filter(after="2022-06-10"), "2022-06-09", False),
        (Filter(after="2022-06-10"), "2022-06", True),
        (Filter(before="2022-06-09"), "2022-06-09", True),
        (Filter(before="2022-05"), "2022-06-09", False),
        (Filter(before="2022-05"), "2022", True),
        (Filter(after="1900"), None, False),
        (Filter(), None, True),
    ],
)
def test_date_bounds(where: Filter, date: str | None, fits: bool) -> None:
    assert where.fits(_document(date=date)) is fits


def test_one_value_or_several() -> None:
    assert Filter(source="x").fits(_document(source="x"))
    assert Filter(source=["x", "y"]).fits(_document(source="y"))
    assert not Filter(source=["x", "y"]).fits(_document())
    assert not Filter(doc_ids=[]).fits(_document())
    assert Filter(author="x", doc_ids="a").fits(_document(author="x"))


@given(st.dates().map(str))
def test_a_day_fits_its_own_bounds(day: str) -> None:
    assert Filter(after=day, before=day).fits(_document(date=day))
