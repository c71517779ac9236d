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
        if name.startswith("service:") and not reference.services[name.partition(":")[2]].price_year:
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


def lines_of(reference, *benefits):
    return [price_benefit(index, Benefit.model_validate({"item": f"line {index}"} | keys), reference)
            for index, keys in enumerate(benefits)]  # fmt: skip


def crime(offence, events=1.0, edition="2019/20"):
    return {"unit_cost": f"crime:{offence}", "edition": edition, "events_per_outcome": events, "outcome_is": "actual"}


def declared(**keys):
    return {"value": 280, "price_year": "2024-25", "source": "Trust", "gainer": "Families"} | keys


@pytest.mark.parametrize("shares", [(1.0, 1.0), (0.7, 0.31)])
def test_an_offence_is_one_or_the_other(block, shares):
    benefits = [{"item": "a", **crime("violence_with_injury", shares[0])},
                {"item": "b", **crime("violence_without_injury", shares[1])}]  # fmt: skip
    (problem,) = economics_problems(block(benefits=benefits))
    assert problem.where == "economics.benefits.1.events_per_outcome"
    assert "crime:violence_with_injury, 2019/20 edition" in problem.message
    assert "crime:violence_without_injury, 2019/20 edition" in problem.message
    assert f"as {sum(shares):g} offences" in problem.message
    assert "adding up to at most 1" in problem.mend


def test_shares_of_a_mix_are_taken(block):
    benefits = [{"item": "a", **crime("violence_with_injury", 0.7)},
                {"item": "b", **crime("violence_without_injury", 0.2)},
                {"item": "c", **crime("robbery", 0.1)}]  # fmt: skip
    assert economics_problems(block(benefits=benefits)) == []


def test_one_offence_alone_may_stand_more_than_once_behind_an_outcome(reference):
    assert overlapping(lines_of(reference, crime("robbery", 3.0)), reference.overlaps) == []


def test_parts_of_one_figure_are_one_share(reference):
    names = ("service:gmca_cr8_2", "service:gmca_cr8_2_social", "service:gmca_cr8_6", "service:gmca_cr8_6_social")
    half = [{"unit_cost": name, "events_per_outcome": 0.5} for name in names]
    assert overlapping(lines_of(reference, *half), reference.overlaps) == []
    whole = [{"unit_cost": name} for name in names]
    (finding,) = overlapping(lines_of(reference, *whole), reference.overlaps)
    assert (finding.action, finding.key) == ("error", "events_per_outcome")


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        (("crime:violence_with_injury@2019/20", "service:gmca_cr8_2_1"), "two valuations of the same offence type"),
        (("crime:violence_with_injury@2019/20", "service:gmca_cr8_2_6"), "two valuations"),
        (("crime:violence_with_injury@2019/20", "service:gmca_cr8_2_social"), "two valuations"),
        (("crime:violence_with_injury@2019/20", "service:gmca_cr8_3_economic"), "two valuations"),
        (("crime:homicide@2019/20", "service:gmca_cr8_1"), "two valuations"),
        (("crime:rape@2019/20", "service:gmca_cr8_4"), "two valuations"),
        (("crime:violence_without_injury@2015/16", "service:gmca_cr8_5"), "two valuations"),
        (("crime:commercial_robbery@2019/20", "service:gmca_cr8_13"), "two valuations"),
        (("crime:violence_with_injury@2019/20", "service:gmca_cr2_0_3"), "usually also a recorded offence"),
        (("crime:domestic_abuse_victim", "service:gmca_cr2_0_social"), "two valuations of domestic abuse"),
        (("crime:homicide@2019/20", "service:nhs_ae_attendance"), "holds £1,110 of health services (2015-16 prices)"),
        (("crime:rape@2019/20", "service:nhs_nonelective_long_stay"), "holds £1,110 of health services"),
        (("crime:other_sexual_offences@2015/16", "service:gmca_he4_1"), "holds £390 of health services"),
        (("crime:violence_without_injury@2019/20", "service:gmca_he3_1"), "holds £270 of health services"),
        (("crime:robbery@2019/20", "service:nhs_nonelective_short_stay"), "holds £760 of health services"),
        (("crime:domestic_abuse_victim", "service:nhs_ae_attendance"), "cost per victim includes health services"),
        (("crime:homicide@2019/20", "service:vpf_wtp"), "already values the death"),
        (("crime:homicide@2019/20", "service:tag_fatal_accident"), "already values the death"),
        (("crime:violence_with_injury@2019/20", "service:tag_serious_casualty"), "harm and lost output"),
        (("crime:robbery@2019/20", "service:gmca_es2_0_3"), "crime cost alone"),
    ],
)
def test_parts_of_the_same_money_are_refused(reference, pair, words):
    messages = [each.message for each in found(reference, *pair) if each.action == "error"]
    assert any(words in message for message in messages), messages
    assert {each.action for each in found(reference, *reversed(pair))} == {"error"}


@pytest.mark.parametrize(
    "pair",
    [
        ("crime:domestic_burglary@2019/20", "service:nhs_ae_attendance"),
        ("crime:violence_with_injury@2019/20", "service:gmca_he14_0"),
        ("crime:rape@2015/16", "service:gmca_he12_6"),
        ("crime:violence_with_injury@2019/20", "service:nhs_elective_inpatient"),
        ("crime:robbery@2019/20", "service:ashe_all"),
        ("crime:robbery@2019/20", "service:vpf_wtp"),
    ],
)
def test_what_may_be_the_same_money_is_a_caution(reference, pair):
    (finding,) = found(reference, *pair)
    assert finding.action == "warn"


def test_the_amount_is_that_of_the_offence_itself(reference):
    amounts = {row.line_a: row.amount for row in reference.overlaps
               if (row.id, row.line_b) == ("OV28", "service:gmca_he7_0_2")}  # fmt: skip
    assert amounts["service:gmca_cr8_2"] == reference.services["gmca_cr8_2_6"].value == 1598
    for number in (1, 3, 4, 5, 6):
        assert amounts[f"service:gmca_cr8_{number}"] == reference.services[f"gmca_cr8_{number}_6"].value
    printed = {f"crime:{row.offence_id}": row.parts["health_services"] for row in reference.crime
               if row.edition == "2015/16" and row.parts["health_services"]}  # fmt: skip
    held = {row.line_a: row.amount for row in reference.overlaps
            if row.component == "health_services" and row.amount is not None}  # fmt: skip
    assert held == printed


def priced_alone(reference, name):
    """Return one line of every unit cost that has a single value, with the declarations that it needs."""
    row = reference.services[name]
    keys = {} if row.price_year else {"price_year": "2019-20"}
    return {"unit_cost": f"service:{name}"} | keys


def test_every_pair_of_a_crime_and_a_service_is_refused_doubted_or_allowed(reference):
    allowed = {(row.line_a, row.line_b): row.why for row in reference.overlaps if row.action == "allow"}
    services = [name for name, row in reference.services.items() if row.value is not None]
    silent, permitted = [], set()
    for row in reference.crime:
        one = {"unit_cost": f"crime:{row.offence_id}", "edition": row.edition, "anticipation": "include",
               "outcome_is": "victims" if row.unit == "per victim" else "actual"}  # fmt: skip
        for name in services:
            pair = lines_of(reference, one, priced_alone(reference, name))
            findings = overlapping(pair, reference.overlaps)
            permit = (f"service:{name}", "crime:any") in allowed
            permitted |= {name} if permit else set()
            if bool(findings) == permit:
                silent.append((row.edition, row.offence_id, name))
    assert silent == []
    assert len(services) > 100
    assert permitted == {"gmca_ss1_0", "gmca_es2_0_1", "gmca_es2_0_2", "gmca_es2_0_4", "gmca_es2_0_economic"}
    assert all(why for why in allowed.values())


@pytest.mark.parametrize("gains", [{"value_type": "fiscal", "gainer": "A trust"}, {"gainer": "NHS"},
                                   {"gainer": "Local police", "value_type": "economic"}])  # fmt: skip
def test_a_declared_value_of_public_services_beside_a_crime_needs_its_reason(block, gains):
    crimes = {"item": "Violence", **crime("violence_with_injury")}
    attendances = {"item": "A&E attendances avoided", **declared(**gains)}
    (problem,) = economics_problems(block(benefits=[crimes, attendances]))
    assert problem.where == "economics.benefits.1.not_in_unit_cost"
    assert "“A&E attendances avoided” (declared value) may count money" in problem.message
    assert "not_in_unit_cost" in problem.mend
    reason = {"not_in_unit_cost": "Attendances of bystanders, who are no victims"}
    assert economics_problems(block(benefits=[crimes, attendances | reason])) == []
    assert economics_problems(block(benefits=[attendances])) == []
    (problem,) = economics_problems(block(benefits=[attendances | reason]))
    assert problem.mend == "leave it out"


def test_what_is_declared_beside_a_crime_is_a_caution(reference):
    reason = declared(gainer="NHS", not_in_unit_cost="Bystanders alone")
    for other, words in ((reason, "Bystanders alone"), (declared(), "holds harm, lost output and property already")):
        (finding,) = overlapping(lines_of(reference, crime("robbery"), other), reference.overlaps)
        assert finding.action == "warn"
        assert words in finding.message


def test_a_reason_is_for_a_declared_value_alone():
    with pytest.raises(ValueError, match="is for a declared `value`"):
        Benefit.model_validate({"item": "a", **crime("robbery"), "not_in_unit_cost": "because"})
