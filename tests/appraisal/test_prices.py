"""Published worked examples T3, T4, T6, T7, T14 and T15: uprating and discounting."""

import pytest

from evalkit.appraisal import Reference
from evalkit.appraisal.prices import (
    discount_factor,
    discounted,
    financial_year,
    payback_year,
    present_value,
    uprate,
    year_after,
    years_between,
)
from evalkit.errors import SpecError


def crime(reference: Reference, edition: str, offence: str) -> float:
    return next(row.unit_cost for row in reference.crime if (row.edition, row.offence_id) == (edition, offence))


@pytest.mark.parametrize(
    ("value", "start", "end", "expected"),
    [
        (15_720, "2019-20", "2024-25", 19_437.69),
        (15_440, "2019-20", "2024-25", 19_091.47),
        (14_050, "2015-16", "2024-25", 18_838.73),
        (3_217_740, "2015-16", "2024-25", 4_314_457.95),
        (3_346_680, "2019-20", "2024-25", 4_138_151.05),
        (34_015, "2016-17", "2024-25", 44_712.22),
        (920, "2015-16", "2024-25", 1_233.57),
    ],
)
def test_t4_uprating_by_the_deflator(reference, value, start, end, expected):
    assert uprate(value, start, end, reference.deflator.index) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("value", "year", "index", "expected"),
    [
        (593, "2006-07", 161.7389779129333, 718.50),
        (109, "2011-12", 183.12722095874093, 116.64),
        (3_152, "2008-09", 170.64989406287305, 3_619.67),
    ],
)
def test_t4_uprating_by_another_index(value, year, index, expected):
    indices = {year: index, "2015-16": 195.9696985671229}
    assert uprate(value, year, "2015-16", indices) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ("gmca_cr4_0", 4_715.76), ("gmca_cr7_0", 938.27), ("gmca_he4_0", 154.99), ("gmca_he3_0", 295.75),
        ("gmca_he3_0_2", 316.29), ("gmca_he7_0_2", 2_111.35), ("gmca_es2_0", 15_025.03),
        ("gmca_es2_0_economic", 862.16), ("gmca_ee10_0", 6_182.46), ("gmca_ee10_0_economic", 13_067.83),
        ("gmca_cr2_0", 3_695.41), ("gmca_cr2_0_economic", 2_203.78), ("gmca_cr2_0_social", 10_166.11),
        ("gmca_cr3_0", 46_259.47), ("gmca_ss1_0", 69_940.32), ("gmca_cr9_0", 52.62), ("gmca_cr8_6", 5_335.77),
        ("gmca_cr8_2", 27_024.48), ("gmca_cr8_5", 660.80), ("gmca_cr4_2", 129_775.71), ("gmca_cr6_10", 7_327.98),
    ],
)  # fmt: skip
def test_t4_services_in_2024_25_prices(reference, ids, expected):
    row = reference.services[ids]
    assert uprate(row.value, row.price_year, "2024-25", reference.deflator.index) == pytest.approx(expected, abs=0.01)


def test_t3_published_saving_and_the_price_bases_it_is_not(reference):
    saving = 8_000 * crime(reference, "2015/16", "violence_with_injury")
    saving += 41_000 * crime(reference, "2015/16", "violence_without_injury")
    assert saving == 355_530_000
    found = {year: uprate(saving, "2015-16", year, reference.deflator.index)
             for year in ("2016-17", "2017-18", "2018-19", "2019-20", "2020-21")}  # fmt: skip
    assert found["2019-20"] == pytest.approx(385_531_079, abs=1)
    others = {year: round(value / 1e6, 3) for year, value in found.items() if year != "2019-20"}
    assert others == {"2016-17": 362.657, "2017-18": 367.249, "2018-19": 375.620, "2020-21": 405.679}


def test_t15_later_national_figures(reference):
    saving = 136_000 * crime(reference, "2015/16", "violence_without_injury")
    assert saving == 806_480_000
    assert saving / 254_000_000 == pytest.approx(3.175, abs=0.0005)
    assert uprate(saving, "2015-16", "2021-22", reference.deflator.index) == pytest.approx(922.436e6, abs=500)


@pytest.mark.parametrize(
    ("offence", "old", "new", "change"),
    [
        ("homicide", 3_489_266, 3_346_680, -4.1), ("violence_with_injury", 15_236, 15_720, 3.2),
        ("violence_without_injury", 6_430, 7_150, 11.2), ("rape", 42_681, 48_000, 12.5),
        ("other_sexual_offences", 7_070, 6_540, -7.5), ("robbery", 12_275, 10_490, -14.5),
        ("domestic_burglary", 6_430, 7_720, 20.1),
    ],
)  # fmt: skip
def test_t14_change_between_editions(reference, offence, old, new, change):
    second = uprate(crime(reference, "2015/16", offence), "2015-16", "2019-20", reference.deflator.index)
    third = crime(reference, "2019/20", offence)
    assert second == pytest.approx(old, abs=1)
    assert third == new
    assert 100 * (third / second - 1) == pytest.approx(change, abs=0.05)


def test_t14_response_component(reference):
    rows = {(row.edition, row.offence_id): row for row in reference.crime}
    for offence, change in (("robbery", -71), ("violence_with_injury", -24)):
        second = rows["2015/16", offence].response
        third = rows["2019/20", offence].response
        real = uprate(second, "2015-16", "2019-20", reference.deflator.index)
        assert 100 * (third / real - 1) == pytest.approx(change, abs=0.5)
    row = rows["2019/20", "violence_with_injury"]
    assert 100 * row.response / row.unit_cost == pytest.approx(13.04, abs=0.005)


T6 = """
0 1 1 1
1 0.9662 0.9852 0.9709
2 0.9335 0.9707 0.9426
3 0.9019 0.9563 0.9151
4 0.8714 0.9422 0.8885
5 0.8420 0.9283 0.8626
10 0.7089 0.8617 0.7441
15 0.5969 0.7999 0.6419
20 0.5026 0.7425 0.5537
25 0.4231 0.6892 0.4776
30 0.3563 0.6398 0.4120
31 0.3459 0.6316 0.4017
50 0.1973 0.4951 0.2480
75 0.0942 0.3594 0.1315
76 0.0919 0.3556 0.1288
100 0.0508 0.2754 0.0775
125 0.0274 0.2111 0.0456
"""


@pytest.mark.parametrize("row", T6.split("\n")[1:-1])
def test_t6_discount_factors(reference, row):
    years, *expected = row.split()
    for schedule, value in zip(("standard", "health", "sensitivity"), expected, strict=True):
        found = discount_factor(int(years), schedule, reference.discounting)
        assert found == pytest.approx(float(value), abs=0.00005), schedule


def test_t6_step_and_outlay(reference):
    bands = reference.discounting
    step = discount_factor(30, "standard", bands) / 1.03
    assert discount_factor(31, "standard", bands) == pytest.approx(step, abs=1e-12)
    assert present_value([-100, 30, 30, 30, 30, 30], "standard", bands) == pytest.approx(35.4516, abs=0.0001)
    assert present_value([-100, 30, 30, 30, 30, 30], 0.035) == pytest.approx(35.4516, abs=0.0001)


def test_t7_programme_over_five_years(reference):
    bands = reference.discounting
    costs, benefits = [500_000, 500_000, 500_000, 0, 0], [200_000, 600_000, 900_000, 600_000, 300_000]
    cost, benefit = present_value(costs, "standard", bands), present_value(benefits, "standard", bands)
    assert cost == pytest.approx(1_449_847.14, abs=0.01)
    assert benefit == pytest.approx(2_422_468.07, abs=0.01)
    assert benefit - cost == pytest.approx(972_620.93, abs=0.01)
    assert benefit / cost == pytest.approx(1.6708, abs=0.0001)
    net = [gain - spent for gain, spent in zip(benefits, costs, strict=True)]
    running = [sum(discounted(net, "standard", bands)[: year + 1]) for year in range(5)]
    assert running == pytest.approx([-300_000.00, -203_381.64, 170_022.64, 711_188.26, 972_620.93], abs=0.01)
    assert payback_year(net, "standard", bands) == 2
    assert 1.1 * cost == pytest.approx(1_594_831.85, abs=0.01)
    assert 0.85 * benefit == pytest.approx(2_059_097.86, abs=0.01)
    assert 0.85 * benefit - 1.1 * cost == pytest.approx(464_266.01, abs=0.01)
    assert 0.85 * benefit / (1.1 * cost) == pytest.approx(1.2911, abs=0.0001)


def test_payback_never():
    assert payback_year([-10, 1, 1], 0.0) is None


@pytest.mark.parametrize("text", ["2023-24", "2023/24", "2023/2024", " 2023-24 "])
def test_financial_years_are_read(text):
    assert financial_year(text) == "2023-24"


@pytest.mark.parametrize("text", ["2023", 2023, "2023-25", "2023-04", "23-24", "", None, "2023-24-25"])
def test_what_is_no_financial_year_is_refused(text):
    with pytest.raises(ValueError, match="write it such as 2023-24"):
        financial_year(text)


def test_years_across_the_century():
    assert financial_year("1999-00") == "1999-00"
    assert years_between("1998-99", "2001-02") == 3
    assert year_after("1998-99", 1) == "1999-00"


def test_missing_year_and_negative_year():
    with pytest.raises(SpecError, match="no 1900-01"):
        uprate(1.0, "1900-01", "2020-21", {"2020-21": 1.0})
    with pytest.raises(ValueError, match="before the base year"):
        discount_factor(-1, 0.035)
    with pytest.raises(SpecError, match="no rate for year 1"):
        discount_factor(1, "standard", ())
