"""Secondary outcomes on the page: each by itself and as one of several, read by the ladder on the adjusted interval."""

import dataclasses

import demo
import pytest

from evalkit.records import Family
from evalkit.report.ladder import read
from evalkit.report.others import others_figure, others_table
from evalkit.report.words import headline


def outcome(name: str, numbers: tuple[float, float, float], wider: tuple[float, float] | None, role: str = "secondary"):
    base = demo.seat_belts().primary
    measure = dataclasses.replace(base.outcome, id=name, label=f"Outcome {name}")
    relative = demo.percent(*numbers)
    result = dataclasses.replace(base.result, relative=relative, diagnostics=(), power=None,
                                 effect=dataclasses.replace(base.result.effect, p_value=0.01))  # fmt: skip
    family = wider and Family(2, 0.02, 0.975, result.effect,
                              dataclasses.replace(relative, low=wider[0], high=wider[1], level=0.975))  # fmt: skip
    return dataclasses.replace(base, id=name, role="secondary", outcome_role=role, label=measure.label,
                               outcome=measure, result=result, family=family)  # fmt: skip


@pytest.fixture
def study():
    base = demo.seat_belts()
    found = (outcome("front", (-12, -20, -2), (-22, 1)), outcome("rear", (-30, -40, -20), (-42, -16)),
             outcome("vans", (4, -3, 12), None, "harm"))  # fmt: skip
    declared = {name: {"label": f"Outcome {name}", "minimum_important_change": 5} for name in ("front", "rear", "vans")}
    outcomes = {**base.study["outcomes"], **declared}
    return dataclasses.replace(base, analyses=(base.primary, *found), study={**base.study, "outcomes": outcomes})


def test_the_reading_rests_on_the_adjusted_interval(study):
    front = study.analysis("front")
    assert read(study, front).change.high == 1
    assert headline(study, front).sentence.startswith("Too uncertain to say.")
    alone = dataclasses.replace(front, family=None)
    assert headline(study, alone).sentence.startswith("Evidence of a reduction")
    assert "97.5% interval: 22% fewer to 1% more" in headline(study, front).detail


def test_table_shows_both(study):
    rows = {row[0]: row for row in others_table(study).rows}
    assert list(rows) == ["Outcome front", "Outcome rear", "Outcome vans"]
    assert [str(cell) for cell in rows["Outcome front"][2:7]] == ["−12.0%", "−20.0 to −2.0", "0.010",
                                                                 "−22.0 to +1.0", "0.020"]  # fmt: skip
    assert rows["Outcome vans"][1] == "Harm"
    assert rows["Outcome vans"][5:7] == ["not in it", "not in it"]


def test_figure_draws_two_intervals_and_says_so(study):
    figure = others_figure(study)
    assert figure.title == "1 of 2 secondary outcomes moved clearly, once adjusted for their number"
    assert "Thin lines: adjusted for there being 2." in figure.subtitle
    assert "Outcome front (other outcome): −12% (−20 to −2), adjusted −22 to +1" in figure.alt_description
    assert figure.table[0][-1] == "Adjusted interval"


@pytest.mark.parametrize(("ends", "told"), [((-40, -20), "moved clearly"), ((-22, 1), "did not move clearly")])
def test_one_secondary_outcome_is_told_as_one(study, ends, told):
    one = outcome("front", (-12, *ends), None)
    figure = others_figure(dataclasses.replace(study, analyses=(study.primary, one, study.analysis("vans"))))
    assert figure.title == f"The one secondary outcome {told}"


def test_page_names_the_method_and_keeps_them_out_of_the_other_choices(study, render_one):
    page = render_one(study)
    text = page.text()
    assert "2 secondary outcomes were named." in text
    assert "p-values by Holm's procedure, and 97.5% intervals, which hold for all of them at once." in text
    assert "Harms, process measures and outcomes that should not move stand outside this" in text
    assert page.find("others").tag == "section"


def test_one_outcome_alone_has_no_section(render_one):
    page = render_one(demo.seat_belts(analyses=(demo.seat_belts().primary,)))
    assert not [each for each in page.tree.iter() if each.get("id") == "others"]


def test_no_adjustment_is_said_with_its_reason(study, render_one):
    base = dataclasses.replace(study, analyses=tuple(dataclasses.replace(a, family=None) for a in study.analyses),
                               study={**study.study, "multiplicity": {"method": "none", "why": "Asked apart."}})
    assert "without adjustment for how many there are: Asked apart." in render_one(base).text()
