"""Each word of method that a page uses is explained on it, and no other is."""

import demo
import demo_comparisons
import demo_money
import pytest

from evalkit.report import glossary, painting
from evalkit.report.catalogue import words
from evalkit.report.pages import Page

ENTRIES = {
    "interval": {"term": "Interval", "meaning": "A range."},
    "clusters": {"term": "Cluster", "meaning": "Rows."},
    "holm": {"term": "Holm", "meaning": "Many."},
}


@pytest.mark.parametrize(
    ("shown", "known", "explained"),
    [
        ({"table": "Adjusted\n p-value"}, (), ["Holm"]),
        (["<b>Clustered</b> errors", ("none",)], ("interval",), ["Interval", "Cluster"]),
        ("Stockholm, uncluster", (), []),
        ('<td class="cluster">x</td>', (), []),
        ("Holm\\'s", (), ["Holm"]),
        ({"number": 3, "nothing": None}, ("interval",), ["Interval"]),
    ],
)
def test_a_term_is_explained_where_it_is_seen(shown, known, explained):
    assert [term for term, _ in glossary.terms(ENTRIES, shown, known)] == explained


@pytest.mark.parametrize(
    ("study", "there", "absent"),
    [
        (demo.portsmouth, ("Before and after",), ("Expected", "Cluster", "Holm's procedure, adjusted interval")),
        (demo.seat_belts, ("p-value", "Restricted maximum likelihood", "Pretend date"), ("Callaway and Sant'Anna",)),
        (demo_comparisons.staggered, ("Callaway and Sant'Anna", "Parallel paths", "Interval for all together"),
         ("Wild bootstrap", "Break-even", "Restricted maximum likelihood")),
        (demo_money.hot_spots, ("Expected value of perfect information", "Break-even"), ("Sun and Abraham",)),
    ],
)  # fmt: skip
def test_the_words_of_a_page(study, there, absent, monkeypatch):
    monkeypatch.setattr(painting, "paint", lambda drawings: [""] * len(drawings))
    page = Page(study(), None)
    document = page.document()
    told = document[document.index("{#words}") :]
    for term in there:
        assert f"\n{term}\n:" in told.replace("\\", ""), term
    for term in absent:
        assert f"\n{term}\n:" not in told.replace("\\", ""), term


def test_every_entry_of_the_catalogue_can_be_reached():
    known = {"expected", "interval", "strength", "errors", "pretend", "events", "break_even", "present_value",
             "switching_value", "before_after", "interrupted_time_series", "difference_in_differences"}  # fmt: skip
    for key, entry in words(None)["glossary"].items():
        assert (key in glossary.SEEN) != (key in known), key
        assert len(str(entry["meaning"]).split()) <= 60
    assert set(glossary.SEEN) <= set(words(None)["glossary"])
