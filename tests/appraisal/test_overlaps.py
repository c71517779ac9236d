"""The overlap guard, T11: what counts the same money twice is refused with the pair named."""

import pytest

from evalkit.appraisal import economics_problems
from evalkit.appraisal.economics import Benefit
from evalkit.appraisal.overlaps import overlapping
from evalkit.appraisal.unit_costs import price_benefit


def found(reference, *unit_costs):
    lines = []
    for index, name in enumerate(unit_costs):
        name, _, edition = name.partition("@")
        keys = {"item": f"line {index}", "unit_cost": name} | ({"edition": edition} if edition else {})
        if name.endswith("_victim"):
            keys |= {"anticipation": "include", "outcome_is": "victims"}
        if name.startswith("service:youth"):
            keys["price_year"] = "2019-20"
        lines.append(price_benefit(index, Benefit.model_validate(keys), reference))
    return overlapping(lines, reference.overlaps)


def test_t11_exclusion_with_a_crime_names_what_it_holds(reference):
    (finding,) = found(reference, "crime:robbery@2019/20", "service:gmca_es2_0")
    assert (finding.action, finding.index) == ("error", 1)
    assert "service:gmca_es2_0" in finding.message
    assert "crime:robbery, 2019/20 edition" in finding.message
    assert "£970.44 of crime cost" in finding.message
    assert "£63.69 of health cost" in finding.message
    assert "(2005-06 prices)" in finding.message


def test_t11_violence_with_attendance_is_refused(block, reference):
    benefits = [{"item": "Violence", "unit_cost": "crime:violence_with_injury", "edition": "2019/20"},
                {"item": "Attendances", "unit_cost": "service:nhs_ae_attendance"}]  # fmt: skip
    (problem,) = economics_problems(block(benefits=benefits))
    assert problem.where == "economics.benefits.1.unit_cost"
    assert "“Violence” (crime:violence_with_injury, 2019/20 edition) and “Attendances”" in problem.message
    assert "health services" in problem.message
    assert problem.mend == "keep one of the two"


def test_t11_attendance_and_long_stay_may_be_added(reference):
    assert found(reference, "service:nhs_ae_attendance", "service:nhs_nonelective_long_stay") == []
    costs = [reference.services[name].value for name in ("nhs_ae_attendance", "nhs_nonelective_long_stay")]
    assert 10 * costs[0] + 3 * costs[1] == 18_985


@pytest.mark.parametrize(
    ("pair", "action"),
    [
        (("crime:violence_with_injury@2019/20", "service:gmca_he4_0"), "error"),
        (("crime:violence_with_injury@2019/20", "service:gmca_he7_0_2"), "error"),
        (("crime:robbery@2015/16", "service:gmca_cr6_3"), "error"),
        (("service:youth_yoi", "crime:robbery@2015/16"), "error"),
        (("crime:robbery@2019/20", "crime:homicide@2015/16"), "error"),
        (("crime:fraud@2019/20", "crime:fraud@fraud 2023/24"), "error"),
        (("crime:domestic_abuse_victim", "crime:homicide@2019/20"), "error"),
        (("service:gmca_cr8_6", "service:gmca_he7_0_2"), "error"),
        (("service:gmca_cr8_2", "service:gmca_cr8_2_6"), "error"),
        (("service:nhs_ae_attendance", "service:nhs_ae_attendance"), "error"),
        (("service:gmca_es1_0", "service:gmca_es2_0"), "warn"),
        (("crime:rape@2019/20", "service:nhs_talking_therapies_contact"), "warn"),
    ],
)
def test_pairs(reference, pair, action):
    assert {each.action for each in found(reference, *pair)} == {action}
    assert {each.action for each in found(reference, *reversed(pair))} == {action}


def test_parts_of_different_kinds_may_be_added(reference):
    names = ("service:gmca_cr8_2", "service:gmca_cr8_2_economic", "service:gmca_cr8_2_social")
    assert found(reference, *names) == []


def test_transfers_are_a_caution_for_one_line_alone(reference):
    (finding,) = found(reference, "service:gmca_ee10_0")
    assert finding.action == "warn"
    assert "transfers" in finding.message
