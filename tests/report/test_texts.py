"""Texts of checks on a page: dates, minus signs and digits are those of every other sentence."""

import re
from dataclasses import replace

import demo
import pytest

from evalkit.records import Diagnostic
from evalkit.report.texts import for_readers, plain


@pytest.mark.parametrize(
    ("written", "frequency", "read"),
    [
        ("Units start in 2022-04 and 2022-07.", "month", "Units start in April 2022 and July 2022."),
        ("Prices of 2022-23.", "financial_year", "Prices of 2022-23."),
        ("Prices of 2022-23.", "month", "Prices of 2022-23."),
        ("On 2022-04-11.", "month", "On 11 April 2022."),
        ("See file 2022-04.csv and a/2022-04.", "month", "See file 2022-04.csv and a/2022-04."),
        ("Shoplifting: -12.7% (-20.6 to -3.66).", "", "Shoplifting: −12.7% (−20.6 to −3.7)."),
        ("between −15% and −8.31% (−11.5% with all)", "", "between −15% and −8.3% (−11.5% with all)"),
        ("the largest is +0.824%, from 2020-04", "month", "the largest is +0.8%, from April 2020"),
        ("a 98.3333% interval", "", "a 98.3% interval"),
        ("autocorrelation -0.05, p = 0.001", "", "autocorrelation −0.05, p = 0.001"),
        ("0.012% of all", "", "0.012% of all"),
        ("first-order, 2-6, at 2019-2021", "month", "first-order, 2-6, at 2019-2021"),
    ],
)
def test_a_text_of_a_check_is_written_as_a_page_writes(written, frequency, read):
    assert plain(written, frequency) == read
    assert plain(read, frequency) == read


def test_every_sentence_of_a_check_on_the_page_is_written_so(render_one):
    study = demo.seat_belts()
    check = Diagnostic("placebo_dates", "Nothing began in 1979-02.", "sign against",
                       "In 1979-02 it is -1.77% (-10.6 to +7.95).", looked_at="The date 1979-02")  # fmt: skip
    primary = study.analyses[0]
    primary = replace(primary, result=replace(primary.result, diagnostics=(check,)))
    said = render_one(replace(study, analyses=(primary, *study.analyses[1:]))).text(without=("hash",))
    assert "In February 1979 it is −1.8% (−10.6 to +8.0)." in said
    assert not re.search(r"1979-02|-1\.77|-10\.6", said)


def test_rules_of_other_error_models_have_true_minus_signs():
    study = demo.seat_belts()
    model = replace(study.primary.result.error_models[0], rule="iterated (autocorrelation -0.65 from the residuals)")
    primary = replace(study.primary, result=replace(study.primary.result, error_models=(model,)))
    told = for_readers(replace(study, analyses=(primary, *study.analyses[1:]))).primary.result.error_models[0]
    assert told.rule == "iterated (autocorrelation −0.65 from the residuals)"


def test_numbers_stay_as_they_were_computed():
    study = demo.seat_belts()
    assert [analysis.result.effect for analysis in for_readers(study).analyses] == [
        analysis.result.effect for analysis in study.analyses
    ]
