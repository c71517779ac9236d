"""A share of 1 is told in percent and percentage points, and is nothing a year."""

from dataclasses import replace

import demo
import demo_comparisons

from evalkit.records import Estimate
from evalkit.report import result_tables, summary
from evalkit.report.ladder import read
from evalkit.report.words import headline


def survey():
    study = demo_comparisons.staggered()
    primary = study.primary
    absolute = Estimate(-0.0519, unit="feels unsafe", low=-0.086, high=-0.018)
    result = replace(
        primary.result, effect=absolute, absolute=absolute, averted=None, n_treated_units=5,
        relative=Estimate(-17.15, unit="percent", low=-25.6, high=-6.75),
        fit={"averages": {"expected": 0.3027, "expected_low": 0.2688, "expected_high": 0.3367, "observed": 0.2506,
                          "unit": "feels unsafe"}},
    )  # fmt: skip
    outcome = replace(primary.outcome, label="Feels unsafe after dark", unit="", kind="binary", better="lower")
    return replace(study, analyses=(replace(primary, result=result, outcome=outcome),))


def test_tiles_of_a_share():
    study = survey()
    expected, observed, difference = summary.three_numbers(study, read(study))
    assert (expected["big"], expected["range"]) == ("30.3%", "average of 5 places (26.9% to 33.7%)")
    assert (observed["big"], observed["range"]) == ("25.1%", "")
    assert difference["big"] == "5.2 percentage points lower"
    assert difference["range"] == "95% interval: \u22128.6 to \u22121.8 points"


def test_headline_says_percent_of_what_and_the_table_has_points():
    study = survey()
    assert "in percentage points it is 5.2 lower" in headline(study).text
    rows = {row[0]: row[1:] for row in result_tables.result_table(study).rows}
    assert rows["Difference, percentage points"] == ("\u22125.2", "\u22128.6 to \u22121.8")
    assert not any("a year" in label for label in rows)


def test_a_share_with_a_unit_of_its_own_keeps_it():
    study = demo.castle()
    assert "percentage points" not in headline(study).text


def test_checks_say_points_and_not_the_label():
    from evalkit.diagnostics.words import SHARE, change

    assert change(-0.0519, "identity", SHARE) == "5.19 percentage points lower"


def test_three_numbers_of_a_share_add_up_or_say_that_they_are_rounded():
    study = survey()
    primary = study.primary
    for expected, observed in ((0.30342, 0.25006), (0.3034, 0.2495), (0.12349, 0.12251), (0.5, 0.3996)):
        averages = {"expected": expected, "expected_low": 0.1, "expected_high": 0.6, "observed": observed}
        absolute = replace(primary.result.absolute, value=observed - expected)
        changed = replace(primary, result=replace(primary.result, absolute=absolute, fit={"averages": averages}))
        shown = summary.three_numbers(replace(study, analyses=(changed,)), read(study))
        first, second, third = (float(each["big"].split()[0].rstrip("%")) for each in shown)
        assert abs(first - second - third) < 1e-9 or shown[2]["range"].endswith("rounded")
