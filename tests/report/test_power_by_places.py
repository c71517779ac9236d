"""Power by how many places are treated, on the page: sentences, table and chart."""

from __future__ import annotations

import dataclasses
from typing import Any

from evalkit.report.drawing import SLIM, WIDE, text_width
from evalkit.report.power_by_places import own_places
from evalkit.report.power_chart import (
    _height_of,
    against_margin,
    describe_power,
    draw_power,
    power_message,
    power_rows,
    power_table,
    read_power,
)
from evalkit.report.supplement_figures import power_figure
from tests.report import demo


def cell(treated: int, fall: float | None, **more: Any) -> dict[str, Any]:
    rise = None if fall is None else 100.0 * fall / (100.0 - fall)
    found = {
        "treated": treated, "units": 43, "before": 36, "after": 12, "drawn": True, "estimator": "two_way_fixed_effects",
        "inference": "wild_bootstrap", "smallest_p": 0.0005, "replications": 200, "smallest_change": 0.1,
        "smallest_change_percent": fall, "fall_percent": fall, "rise_percent": rise, "events_a_year": fall,
        "error_percent": 0.2, "problem": "",
    }  # fmt: skip
    return found | more


def power(own: float | None = 8.4) -> dict[str, Any]:
    return {
        "target": 0.8, "level": 0.95, "replications": 200, "seed": 1, "by": "treated", "noun": "unit", "planned": False,
        "measure": "fall, percent of what would be expected without it", "words": "Simulated 200 times.",
        "cells": [cell(1, None, problem="the smallest p-value that could come out is 0.1", estimator="synthetic_did",
                       inference="placebo", smallest_p=0.1), cell(3, 9.1), cell(10, 4.0), cell(21, 3.2)],
        "own": cell(3, own, drawn=False), "pre_period": {},
    }  # fmt: skip


def study(**fields: Any) -> Any:
    whole = demo.seat_belts()
    result = dataclasses.replace(whole.primary.result, power=power(**fields))
    return dataclasses.replace(whole, analyses=(dataclasses.replace(whole.primary, result=result), *whole.analyses[1:]))


def test_the_message_is_about_the_study_s_own_places() -> None:
    found = read_power(study().primary, 5.0)
    assert found is not None
    assert power_message(found) == "With its 3 treated units, a fall of 8.4% could be found four times in five"
    assert against_margin(found).endswith(
        "a study like this would miss a fall of that size more than one time in five."
    )
    wide = read_power(study().primary, 10.0)
    assert wide is not None
    assert against_margin(wide).endswith("a study like this could find it.")
    none = read_power(study(own=None).primary, None)
    assert none is not None
    assert power_message(none).startswith("With its 3 treated units, no fall was large enough")
    assert own_places(1, "unit") == "With its 1 treated unit"


def test_the_table_has_a_row_for_each_number_and_names_the_test() -> None:
    found = read_power(study().primary, None)
    assert found is not None
    table = power_table(found, power())
    rows = [[str(value) for value in row] for row in table.rows]
    assert rows[0][:2] == ["3, this study's own", "Two-way fixed effects, a wild bootstrap"]
    assert rows[1][3:] == ["none found", "none found", "none found"]
    assert rows[2][3] == "9.1%"
    assert [row[0] for row in rows[1:]] == ["1", "3", "10", "21"]
    assert "1 treated: the smallest p-value that could come out is 0.1" in table.note
    assert [row[0] for row in power_rows(found)[1:]] == ["3, this study's own", "1", "3", "10", "21"]


def test_the_chart_stands_over_numbers_of_places() -> None:
    figure = power_figure(study())
    assert figure is not None
    assert "by number of treated units, drawn at random" in figure.subtitle
    found = read_power(study().primary, None)
    assert found is not None
    assert describe_power(found).startswith("Treated units drawn at random: 9.1% with 3, 4% with 10, 3.2% with 21.")
    assert found.across(3) - found.across(1) == found.across(21) - found.across(10) == 1.0


def test_points_of_different_methods_stand_on_no_common_line_and_are_told_apart() -> None:
    other = power()
    other["cells"][0] = cell(1, 5.0, inference="ferman_pinto")
    whole = study()
    result = dataclasses.replace(whole.primary.result, power=other)
    changed = dataclasses.replace(whole, analyses=(dataclasses.replace(whole.primary, result=result),))
    found, figure = read_power(changed.primary, None), power_figure(changed)
    assert found is not None
    assert figure is not None
    for size in (WIDE, SLIM):
        drawing = draw_power(found, size, simulated=False)
        assert [point.shape for point in drawing.points] == ["square", "circle", "circle", "circle", "diamond"]
        joined = [line.positions for line in drawing.lines if line.paint == "muted" and len(line.positions) > 1]
        assert [[x for x, _ in positions] for positions in joined] == [[1.0, 2.0, 3.0]]
    assert "Squares: Two-way fixed effects, Ferman and Pinto" in figure.subtitle.replace("squares", "Squares")
    assert "Marks of different kinds are not to be compared" in figure.subtitle
    assert "by two-way fixed effects, Ferman and Pinto's test: 5% with 1." in describe_power(found)
    assert [row[1] for row in power_rows(found)[1:]] == ["Two-way fixed effects, a wild bootstrap",
        "Two-way fixed effects, Ferman and Pinto's test", *["Two-way fixed effects, a wild bootstrap"] * 3]  # fmt: skip


def test_the_words_at_the_study_s_point_lie_on_no_line() -> None:
    """The point lies on the line itself, which falls to the right: the words stand above it there."""
    own = 9.1  # the line's own value at three places
    found = read_power(study(own=own).primary, 12.0)
    assert found is not None
    for size in (WIDE, SLIM):
        drawing = draw_power(found, size, simulated=False)
        (words,) = [each for each in drawing.labels if each.words == "This study"]
        at = drawing.canvas
        row = [(at.across(found.across(n)), at.down(share)) for _, n, share in found.drawn if share is not None]
        width = text_width(words.words, words.size, bold=True)
        x, y = at.across(words.x), at.down(words.y)
        begin = x if words.anchor == "start" else x - width
        for part in range(9):
            height = _height_of(row, begin + width * part / 8)
            assert height is None or not y - words.size < height < y


def test_the_studys_own_length_has_a_tick_and_lies_on_the_scale() -> None:
    from evalkit.report.power_chart import Power

    power = Power(((12, 3, 39.5),), (12, 1, 45.8), None, "year", 0.8, "fall")
    drawn = draw_power(power, WIDE, simulated=False)
    written = [label.words for label in drawn.labels]
    assert {"1", "3"} <= set(written)
    top = max(float(text.rstrip("%")) for text in written if text.endswith("%") and text[:-1].isdigit())
    assert top >= 45.8
