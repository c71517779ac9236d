"""A path of months that would tell small numbers is drawn by quarter, or as the lines of the model."""

import csv
import io
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.archive import from_document, to_document
from evalkit.disclosure import Cell, Counted, DisclosureRule, disclosed
from evalkit.errors import DataError, EvalkitError
from evalkit.flow import evaluate
from evalkit.periods import format_period
from evalkit.records import Analysis, Estimate, Evaluation, Measure, PathPoint, Result
from evalkit.report.downloads import csv_text
from evalkit.report.exhibits import headline_figure
from evalkit.spec.loading import load_spec
from tests.disclosure.conftest import PANEL, SERIES, TIMES, WINDOWS, Study, usual

POLICE = DisclosureRule("police", 5)
JANUARY = (2018 - 1970) * 12


def series(counts: list[int], start: int, *, first: int = JANUARY, lines: bool = True,
           rule: DisclosureRule = POLICE) -> Result:  # fmt: skip
    """Return what may be seen of a series of monthly counts with its start at a position."""
    labels = [format_period(first + at, "month") for at in range(len(counts))]
    path = tuple(
        PathPoint("series", label, count, 20.0 if at >= start else None, fitted=20.0 if lines else None)
        for at, (label, count) in enumerate(zip(labels, counts, strict=True))
    )
    cells = {("series", label): Cell("series", label, at < start, count, (), count, 1.0)
             for at, (label, count) in enumerate(zip(labels, counts, strict=True))}  # fmt: skip
    halves = (float(sum(counts[:start])), float(sum(counts[start:])))
    result = Result("", "", Estimate(0.0, scale="log"), path=path, n_units=1, n_treated_units=1)
    analysis = Analysis("primary", "primary", "", Measure("y", "Y", kind="count"), {"kind": "made_up"}, result,
                        "month", labels[start])  # fmt: skip
    kept, withheld = disclosed([(analysis, Counted(cells, {"series": halves}))], rule)
    if withheld:
        raise withheld[0].reason
    return kept[0].result


def quarters(result: Result) -> dict[str, float | None]:
    assert result.disclosure is not None
    return {point["period"]: point["observed"] for point in result.disclosure["path"]}


def how(result: Result) -> str:
    assert result.disclosure is not None
    return str(result.disclosure["drawn_by"])


def test_without_small_months_months_are_shown() -> None:
    found = series([20] * 24, 12)
    assert how(found) == "period"
    assert [point.observed for point in found.path] == [20] * 24


def test_quarters_are_sums_by_hand() -> None:
    counts = [20, 21, 22, 3, 24, 25, *range(26, 32), *range(10, 22)]
    found = series(counts, 12)
    assert how(found) == "quarter"
    sums = [sum(counts[at : at + 3]) for at in range(0, 24, 3)]
    assert quarters(found) == {f"{year}-Q{at}": sums[4 * (year - 2018) + at - 1]
                               for year in (2018, 2019) for at in (1, 2, 3, 4)}  # fmt: skip
    assert all(point.observed is None for point in found.path)
    assert all(point.fitted == 20.0 for point in found.path)
    assert found.disclosure is not None
    assert {point["fitted"] for point in found.disclosure["path"]} == {60.0}
    assert found.disclosure["hidden"] == []


def test_incomplete_quarters_and_that_of_the_start_are_left_out() -> None:
    counts = [20] * 27
    counts[5] = 3
    found = series(counts, 13, first=JANUARY + 1)  # February 2018 to April 2020, start in March 2019
    assert list(quarters(found)) == ["2018-Q2", "2018-Q3", "2018-Q4", "2019-Q2", "2019-Q3", "2019-Q4", "2020-Q1"]


def test_what_totals_leave_over_is_protected() -> None:
    counts = [20] * 24
    counts[12] = 2  # January 2019, alone before a start in February: the total before less the quarters is 2
    found = series(counts, 13)
    hidden = [quarter for quarter, seen in quarters(found).items() if seen is None]
    assert hidden == ["2018-Q1"]
    words = found.disclosure and found.disclosure["drawn_words"]
    assert words == ("Shown by quarter, since single months hold small numbers. 1 of 7 quarters is not shown: small "
                     "numbers.")  # fmt: skip


def test_small_quarters_leave_the_lines_of_the_model() -> None:
    found = series([1, 0, 2] * 12, 24)
    assert how(found) == "lines"
    assert quarters(found) == {}
    assert all(point.observed is None and point.fitted is not None for point in found.path)
    assert found.disclosure is not None
    assert found.disclosure["hidden"] == []


def test_without_lines_months_stay_with_holes() -> None:
    counts = [1, 0, 2] * 11 + [20] * 6
    found = series(counts, 36, lines=False)
    assert how(found) == "period"
    assert [point.observed for point in found.path][-3:] == [20, 20, 20]
    assert found.disclosure is not None
    assert found.disclosure["drawn_words"].endswith("of 39 months are not shown: small numbers.")


def test_counts_are_rounded_after_they_are_summed() -> None:
    counts = [11, 12, 13] * 8
    counts[4] = 3
    found = series(counts, 12, rule=DisclosureRule("hes", 8, 5))
    assert quarters(found)["2018-Q1"] == 35  # 36; each month rounded by itself would give 10 + 10 + 15
    assert quarters(found)["2018-Q2"] == 25  # 27


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=12, max_size=12), st.integers(0, 2), st.integers(10, 16))
def test_no_list_of_months_that_fits_pins_a_small_one(before: list[int], first: int, start: int) -> None:
    """List every value of a month's piece that fits the quarters and the totals of both sides."""
    counts = [*before, *([7] * 14)]
    try:
        found = series(counts, start, first=JANUARY + first)
    except DataError:  # withheld as a whole
        return
    if how(found) != "quarter":
        return
    shown = {quarter: seen for quarter, seen in quarters(found).items() if seen is not None}
    for side in (range(start), range(start, len(counts))):
        pieces: dict[str, list[int]] = {}
        for at in side:
            pieces.setdefault(format_period((JANUARY + first + at) // 3, "quarter"), []).append(counts[at])
        known = {name for name, months in pieces.items() if name in shown and len(months) == 3}
        hidden = {name: sum(months) for name, months in pieces.items() if name not in known}
        total = sum(hidden.values())
        small = {name for name, seen in hidden.items() if POLICE.hides(seen)}
        for name in known:
            assert not POLICE.hides(sum(pieces[name]))
        ranges = [range(1, 5) if name in small else [0] if hidden[name] == 0 else range(5, total + 1)
                  for name in hidden]  # fmt: skip
        fits = [values for values in itertools.product(*ranges) if sum(values) == total]
        for place, name in enumerate(hidden):
            assert name not in small or len({values[place] for values in fits}) >= 2


@pytest.mark.parametrize("design", [SERIES, PANEL, WINDOWS])
def test_the_chart_says_so_and_its_table_marks_what_is_hidden(small_study: Study, design: str) -> None:
    small = {"2018-04": 1, "2018-05": 0, "2018-06": 1, "2021-05": 2}
    found = evaluate(load_spec(small_study(design, "{profile: police}", small=small)))
    figure = headline_figure(found)
    assert figure is not None
    assert "by quarter" in figure.subtitle
    assert "Each dot is one quarter." in figure.subtitle
    words = "of 16 quarters are not shown: small numbers."
    assert words in figure.subtitle
    assert words in figure.alt_description
    assert "[c] stands for a hidden number" in figure.subtitle
    rows = list(csv.DictReader(io.StringIO(csv_text(figure.table).removeprefix("\ufeff"))))
    (gone,) = [row for row in rows if row["Period"] == "April to June 2018" and row.get("Group") != "comparison"]
    assert gone["Observed"] == "[c]"
    assert sum(row["Observed"] == "[c]" for row in rows) >= 2
    whole = [row for row in rows if row["Period"] == "October to December 2020" and row.get("Group") != "comparison"]
    month = TIMES.index("2020-10")
    assert float(whole[0]["Observed"]) == sum(usual(0, month + at) for at in range(3))


def test_the_chart_of_lines_alone(small_study: Study) -> None:
    small = {time: (at % 3) + 1 for at, time in enumerate(TIMES)}
    small |= {time: 0 for at, time in enumerate(TIMES) if at % 2}
    found = evaluate(load_spec(small_study(SERIES, "{profile: custom, min_cell: 8}", small=small)))
    assert how(found.primary.result) == "lines"
    figure = headline_figure(found)
    assert figure is not None
    assert "Counts are not shown, since they are small: the lines are those of the model." in figure.subtitle
    assert "Each dot" not in figure.subtitle
    assert figure.alt_description.startswith("Lines from January 2018 to December 2021. The fitted line runs from")
    assert "points between" not in figure.alt_description
    assert {row[1] for row in figure.table[1:]} == {"[c]"}
    assert "<circle" not in figure.wide_svg


def test_the_record_of_a_quarterly_path_is_read_back(small_study: Study) -> None:
    found = evaluate(load_spec(small_study(PANEL, "{profile: police}")))
    again: Evaluation = from_document(to_document(found))
    assert headline_figure(again).table == headline_figure(found).table  # type: ignore[union-attr]


def test_a_count_that_is_hidden_by_name_must_be_there(small_study: Study) -> None:
    wrong = "{profile: police, also_hidden: [{group: serie, period: 2019-03}]}"
    with pytest.raises(EvalkitError, match="there is no count of 'serie' in '2019-03'") as caught:
        evaluate(load_spec(small_study(SERIES, wrong)))
    assert isinstance(caught.value, DataError)
    assert "groups are: series" in caught.value.problems[0].mend
