"""The chart by time since the start says what is beyond it: nothing, later periods without a mark, or a bin."""

from dataclasses import replace

import demo_comparisons
import pytest

from evalkit.report import event_words


@pytest.mark.parametrize(
    ("periods", "estimator", "title", "said"),
    [
        (5, "callaway_santanna", "from the start on, 5 of 5", ""),
        (24, "callaway_santanna", "in the first 5 years from it on, 5 of 5", "Each mark stands for one period alone."),
        (24, "event_study", "from the start on, 5 of 5", "stand for all periods beyond them as well."),
    ],
)
def test_what_lies_beyond_the_chart(periods, estimator, title, said):
    made = demo_comparisons.staggered().primary
    named = {**(made.result.estimator or {}), "name": estimator}
    result = replace(made.result, n_post_periods=periods, estimator=named)
    analysis = replace(made, result=result)
    assert event_words.events_message(analysis).endswith(title)
    told = " ".join(event_words.events_sentences(analysis))
    assert said in told
    assert bool(said) == ("mark" in told)
