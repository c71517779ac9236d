"""Windows: one period, open ends, and the way back to the words of the study file."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import TypeAdapter, ValidationError

from evalkit.designs.options import Window, WindowOption
from evalkit.designs.windows import Span, span_of, spans_around, window_of, words_of
from evalkit.errors import DesignError
from evalkit.records import Panel


@pytest.fixture
def data(panel: Callable[..., Panel]) -> Panel:
    return panel([("A", 480 + t, t) for t in range(24)], start="2011-01")


def read(value: object) -> Window:
    return TypeAdapter(WindowOption).validate_python(value)


def test_one_period_is_the_window_that_holds_it() -> None:
    assert read("2010-03") == read({"from": "2010-03", "to": "2010-03"})
    assert read(2010) == read({"from": 2010, "to": 2010})


@pytest.mark.parametrize("value", [{}, True, {"from": "2010-01", "until": "2010-02"}, ["2010-01"]])
def test_what_is_no_window(value: object) -> None:
    with pytest.raises(ValidationError):
        read(value)


def test_open_ends_reach_to_the_start_or_to_the_end_of_the_data(data: Panel) -> None:
    assert span_of(read({"from": "2010-06"}), data, "before") == Span(485, 491)
    assert span_of(read({"to": "2010-06"}), data, "before") == Span(480, 485)
    assert span_of(read({"to": "2011-06"}), data, "after") == Span(492, 497)
    assert span_of(read({"from": "2011-06"}), data, "after") == Span(497, 503)


def test_left_out_windows_are_all_there_is(data: Panel) -> None:
    assert spans_around(data, None, None) == (Span(480, 491), Span(492, 503))
    assert spans_around(data, read({"from": "2010-06"}), read({"to": "2011-03"})) == (Span(485, 491), Span(492, 494))


def test_back_to_words(data: Panel) -> None:
    span = Span(485, 491)
    assert span_of(window_of(span, data), data, "before") == span
    assert words_of(span, "month") == "June 2010 to December 2010"
    assert words_of(Span(485, 485), "month") == "June 2010"


def test_where_a_window_is_wrong_is_said(data: Panel) -> None:
    with pytest.raises(DesignError) as caught:
        span_of(read("2009-01"), data, "before")
    assert caught.value.problems[0].where == "design.before"
    assert "2010-01 to 2011-12" in caught.value.problems[0].mend
