"""What a reader meets where money is concerned: what leads, what is withheld, no word that figures cannot bear."""

import dataclasses
import json
import re
from pathlib import Path

import demo
import demo_money
import pytest
from test_pages import CAUSAL, HOSTILE

from evalkit import report
from evalkit.appraisal import AppraisedEffect, appraise
from evalkit.archive import from_document, to_text
from evalkit.designs import DESIGNS
from evalkit.errors import SpecError
from evalkit.records import Estimate
from evalkit.report.cheers import ITEMS, cheers_table
from evalkit.report.money_costs import payers_figure
from evalkit.report.money_parts import money_card
from evalkit.report.money_reading import read_money
from evalkit.report.money_words import (
    expected_net_sentence,
    information_sentence,
    money_lead,
    net_range,
    other_cautions,
    rests_on,
)
from evalkit.report.narrative import safe_markdown
from evalkit.report.pages import Page

ROOT = Path(__file__).resolve().parents[2]
GRADES = re.compile(
    r"\b(?:high|low|medium|poor|good|excellent|outstanding|acceptable|great)[ -]value(?: for money| category| band)?\b",
    re.IGNORECASE,
)
SAVED = re.compile(r"\b(?:sav(?:es?|ed|ings?)|pays? for itself|return on investment)\b", re.IGNORECASE)
RATIO = re.compile(r"For each £1|for each £1 of cost|per £1", re.IGNORECASE)


def section(page) -> str:
    """Return the words of the section on money."""
    start = page.find("money")
    parent = next(element for element in page.tree.iter() if start in list(element))
    return " ".join("".join(parent.itertext()).split())


class TestWhatLeads:
    def test_clear_result_gives_cost_break_even_and_ratio_with_its_range(self):
        card = money_card(demo_money.hot_spots())
        assert re.match(r"It cost £[\d.]+m in 2024-25 prices \(95% interval: £[\d.]+m to £[\d.]+m\)\.", card[0])
        assert card[1].startswith("Benefits would equal costs at 54.8 fewer offences in 2023-24 and 2024-25 (")
        assert card[1].endswith("% of the 1,200 expected), if it goes on as assumed.")
        ratio = r"For each £1 of cost the estimate is £3\.28 of benefit \(95% interval: £[\d.]+ to £[\d.]+\)\. "
        ratio += r"The probability that benefits exceed costs is \S+%\. "
        ratio += r"Unit costs of crime: 2019/20 edition, 2024-25 prices, discounted to 2023-24\."
        assert re.fullmatch(ratio, card[2])

    def test_unclear_result_leads_with_break_even_and_range_and_prints_no_ratio(self, render_one):
        evaluation = demo_money.unclear()
        card = money_card(evaluation)
        assert card[0].startswith("Benefits would equal costs at")
        assert card[1].startswith("It cost")
        assert re.fullmatch(
            r"Benefits less costs may lie anywhere from −£[\d.]+m to £[\d.]+m \(95% interval\)\.", card[2]
        )
        page = render_one(evaluation)
        text = section(page)
        assert not RATIO.search(page.text())
        assert not SAVED.search(page.text())
        assert "No ratio is given. The interval of the effect includes no effect at all" in text
        assert text.index("Benefits would equal costs") < text.index("It cost")
        assert "What one event fewer or more would be worth" in text
        assert not [e for e in page.tree.iter() if e.get("id") == "fig-waterfall"]
        assert "made up for costs" not in text
        assert "Cost for one unit" not in text

    def test_monitoring_gives_break_even_and_unit_costs_and_claims_nothing(self, render_one):
        page = render_one(demo_money.monitored())
        whole = page.text(without=("author",))
        for words in (
            *DESIGNS["before_after"].assumptions,
            "What Works Centre",
            "a change over time does not show what the programme caused",
            "This comparison cannot tell us whether the programme caused the change.",
        ):
            whole = whole.replace(" ".join(words.split()), "")
        assert not CAUSAL.findall(whole)
        text = section(page)
        assert "This outcome alone cannot pay for it, even if all " in text  # more than all would have to be avoided
        assert text.index("This outcome alone cannot pay") < text.index("It cost")
        assert "What one event fewer or more would be worth" in text
        assert not RATIO.search(page.text())
        for shown in ("fig-waterfall", "fig-net", "fig-tornado", "fig-choices", "fig-acceptability"):
            assert not [e for e in page.tree.iter() if e.get("id") == shown]

    def test_a_key_check_against_the_result_leaves_costs_and_the_break_even(self, render_one):
        base = demo_money.hot_spots()
        check = dataclasses.replace(demo.seat_belts().primary.result.diagnostics[1], key=True)
        result = dataclasses.replace(base.primary.result, diagnostics=(check,))
        page = render_one(dataclasses.replace(base, analyses=(dataclasses.replace(base.primary, result=result),)))
        text = section(page)
        assert "a key check speaks against the result, so it is not priced" in text
        assert not RATIO.search(text)
        assert "Benefits would equal costs at 54.8 fewer offences" in text
        assert "£6.5m" not in text

    def test_the_analysis_that_is_priced_decides(self):
        base = demo_money.hot_spots()
        check = dataclasses.replace(demo.seat_belts().primary.result.diagnostics[1], key=True)
        doubtful = dataclasses.replace(base.primary, id="second", role="secondary", result=dataclasses.replace(
            base.primary.result, diagnostics=(check,)))  # fmt: skip
        found = dataclasses.replace(base, analyses=(base.primary, doubtful), appraisal=dataclasses.replace(
            base.appraisal, analysis="second"))  # fmt: skip
        assert read_money(base).priced
        assert not read_money(found).priced


class TestWithoutData:
    def test_it_says_so_first_and_prices_by_the_same_rules(self, pages):
        page = pages["hot-spots-plan"]
        text = page.text()
        assert text.index("Appraisal without own data") < text.index("Nothing was estimated here")
        assert "Nothing was estimated here: the change that is priced was found elsewhere." in text
        assert "It would cost £863,000" in text
        assert "For each £1 of cost the assumed change would give" in text
        assert "the estimate is" not in text
        told = section(page)
        assert told.index(
            "−14% of 420 offences of violence with injury a year (95% interval: −23% to −4%)"
        ) < told.index("£")
        assert "25% is taken off for carrying it here: Found in larger cities with more officers." in told
        assert "Figure 1" in page.text()

    def test_an_effect_without_interval_gives_no_ratio(self, render_one):
        page = render_one(demo_money.borrowed(interval=False))
        assert not RATIO.search(page.text())
        assert "no interval is given" in page.text()
        assert not [e for e in page.tree.iter() if e.get("id") in ("fig-net", "fig-acceptability", "fig-waterfall")]

    def test_index_and_terminal_do_not_call_it_a_plan(self, pages):
        assert "Appraisals 1" in pages["index"].text()
        lines = "\n".join(report.terminal_summary(demo_money.borrowed()))
        assert "appraisal only" in lines
        assert "with no result" not in lines
        assert "Benefits would equal costs" in lines


class TestWhatTheBreakEvenRestsOn:
    def block(self, **changes):
        benefits = [
            {
                "item": "Years in good health",
                "unit_cost": "service:qaly",
                "events_per_outcome": 0.004,
                "price_year": "2022-23",
            }
        ]
        return demo_money.economics(benefits=benefits, income_weights=None, **changes)

    def test_monitoring_prints_all_that_enters_it_and_no_amount_of_benefits(self):
        additional = {"displacement": 0.1, "source": "Survey"}
        averted = Estimate(17.0, unit="robberies", low=2.0, high=30.0, rule="profile")
        found = appraise(self.block(additionality=additional), AppraisedEffect(
            averted, level="monitoring", design="before_after", unit="robberies"))  # fmt: skip
        read = read_money(demo.portsmouth(appraisal=demo_money.stored(found)))
        assert read.break_even
        told = " ".join(rests_on(read))
        assert "assumed to go on for one more year" in told
        assert re.search(r"multiplied by 0\.90* for additionality: displacement 10% \(Survey\)", told)
        assert "Benefits are adjusted for optimism: −5% by declaration." in told
        assert "events priced for each unit of the outcome”: 0.004." in told
        assert "not known" not in told
        assert any("assumed to go on" in text for text in found.cautions)


class TestWords:
    @pytest.mark.parametrize("make", [demo_money.hot_spots, demo_money.unclear, demo_money.monitored,
                                      demo_money.borrowed])  # fmt: skip
    def test_no_threshold_and_no_saving_on_any_page(self, make, tmp_path):
        page = Page(make(), tmp_path)
        text = page.document() + "".join(page.exhibits.files.values())
        assert not GRADES.findall(text)
        assert not SAVED.findall(text)

    def test_no_threshold_in_templates_or_code(self):
        files = [*(ROOT / "reports" / "templates").rglob("*.*"), *(ROOT / "evalkit" / "report").glob("*.py"),
                 *(ROOT / "evalkit" / "appraisal").glob("*.py")]  # fmt: skip
        assert len(files) > 60
        assert not {file.name: GRADES.findall(file.read_text("utf-8")) for file in files
                    if GRADES.search(file.read_text("utf-8"))}  # fmt: skip

    @pytest.mark.parametrize(
        "text", ["This is high value for money.", "Good value for money", "a very high-value band"]
    )
    def test_an_author_who_grades_is_refused_with_the_mend(self, text):
        with pytest.raises(SpecError, match="does not endorse") as caught:
            safe_markdown(text, None, {}, "narrative.money")
        assert "block quote" in str(caught.value.problems[0].mend)
        assert safe_markdown(f"> {text}", None, {}, "narrative.money")

    def test_the_review_of_the_green_book_is_named(self, pages):
        assert "HM Treasury's review of the Green Book (2025) does not endorse them" in pages["hot-spots"].text()

    def test_each_adjustment_is_said_once_and_before_any_amount(self):
        for make in (demo_money.hot_spots, demo_money.borrowed):
            found = read_money(make())
            told = rests_on(found)
            others = other_cautions(found.appraisal)
            assert len(found.appraisal.cautions) == len(others) + sum(
                bool(block) for block in (found.appraisal.persistence, found.appraisal.additionality,
                                          found.appraisal.borrowed))  # fmt: skip
            for mapping, word in (("borrowed", "taken from"), ("persistence", "assumed to go on"),
                                  ("optimism", "adjusted for optimism")):  # fmt: skip
                if getattr(found.appraisal, mapping):
                    assert sum(word in text for text in told) == 1
                    assert not any(word in text for text in others if "drawn over a range" not in text)

    def test_additionality_is_said_with_its_factor(self):
        made = {"factor": 0.405, "words": "leakage 10%, displacement 55%", "source": "Survey", "override_reason": ""}
        appraisal = dataclasses.replace(demo_money.priced(), additionality=made)
        told = rests_on(read_money(demo_money.hot_spots(appraisal=appraisal)))
        assert any(
            "multiplied by 0.405 for additionality: leakage 10%, displacement 55% (Survey)." in text for text in told
        )

    @pytest.mark.parametrize(("mean", "shown"), [(101.0, False), (101.1, True), (98.9, True), (100.0, False)])
    def test_mean_of_the_draws_only_where_it_differs(self, mean, shown):
        appraisal = dataclasses.replace(
            demo_money.priced(), net_present_social_value=Estimate(100.0), expected_net=mean
        )
        assert bool(expected_net_sentence(appraisal)) is shown

    def test_worth_of_certainty_in_one_sentence(self):
        appraisal = dataclasses.replace(demo_money.priced(), information_value=288_946.0)
        assert information_sentence(appraisal).startswith(
            "Before deciding, it would be worth up to £289,000 to be certain"
        )
        assert "next to nothing" in information_sentence(dataclasses.replace(appraisal, information_value=0.2))

    def test_an_unknown_cost_is_never_a_number(self):
        appraisal = dataclasses.replace(demo_money.priced(), cost=Estimate(float("nan")), break_even=None,
                                        ratio=None, ratio_withheld="Not every cost is known (x).",
                                        net_present_social_value=None)  # fmt: skip
        found = read_money(demo_money.hot_spots(appraisal=appraisal))
        assert money_lead(found) == ["What it cost is not known in full."]
        assert net_range(found) == ""


def test_what_the_author_typed_of_money_never_runs(render_one):
    base = demo_money.priced()
    hostile = dataclasses.replace(
        base, unpriced=(HOSTILE,), cautions=(HOSTILE,), acceptability_unit=HOSTILE,
        lines=tuple(dataclasses.replace(one, item=HOSTILE, payer=HOSTILE, source=HOSTILE, note=HOSTILE)
                    for one in base.lines),
        parameters=tuple(dataclasses.replace(one, name=HOSTILE, source=HOSTILE) for one in base.parameters),
        scenarios=tuple(dataclasses.replace(one, name=HOSTILE) for one in base.scenarios),
        costs_by_payer=tuple(dataclasses.replace(one, item=HOSTILE, payer=HOSTILE) for one in base.costs_by_payer),
        by_payer=((HOSTILE, 5.0, 0.0), ("b", 3.0, 1.0)),
        persistence={**base.persistence, "source": HOSTILE},
    )  # fmt: skip
    page = render_one(demo_money.hot_spots(appraisal=hostile))
    assert not page.all("script")
    assert not page.all("img")
    for element in page.tree.iter():
        assert not any(str(attribute).startswith("on") for attribute in element.attrib)
        assert not str(element.get("href", "")).replace(" ", "").lower().startswith("javascript")
    assert "<script>alert(1)</script>" in section(page)


def unknown() -> demo.Evaluation:
    """Return the study with a cost that nobody knows."""
    costs = [{"item": "Team", "payer": "Police", "amount": None},
             {"item": "Rooms", "payer": "College", "kind": "in_kind", "price_year": "2023-24", "source": "Rent",
              "amount": 9_000, "year": "2023-24"}]  # fmt: skip
    effect = AppraisedEffect(Estimate(180.0, unit="offences", low=70.0, high=290.0, rule="profile"), unit="offences")
    found = appraise(demo_money.economics(costs=costs, optimism_bias=None), effect)
    return demo_money.hot_spots(appraisal=demo_money.stored(found))


@pytest.mark.parametrize("make", [demo_money.hot_spots, demo_money.monitored, demo_money.borrowed, unknown])
def test_a_result_read_back_gives_the_same_page(make, tmp_path):
    """What is not known is no number in memory and null in the file: the page says the same of both."""
    evaluation = make()
    again = from_document(json.loads(to_text(evaluation)))
    assert Page(again, tmp_path).document() == Page(evaluation, tmp_path).document()


def test_a_cost_of_which_nothing_is_known_is_not_known_in_part():
    lines = tuple(dataclasses.replace(line, present_value=None) if line.side == "cost" else line
                  for line in unknown().appraisal.lines)  # fmt: skip
    bare = dataclasses.replace(unknown().appraisal, lines=lines)
    assert money_card(demo_money.hot_spots(appraisal=bare)) == ["What it cost is not known."]


def test_an_unknown_cost_withholds_and_is_said():
    card = money_card(unknown())
    assert card == ["What it cost is not known in full."]
    found = read_money(unknown())
    assert payers_figure(found) is None
    assert "Not every cost is known (Team): the total is at least £9" in " ".join(other_cautions(found.appraisal))


class TestChecklist:
    def test_28_items_in_order_and_silence_is_said(self):
        evaluation = demo_money.hot_spots()
        table = cheers_table(evaluation, read_money(evaluation))
        rows = {int(item.split(".")[0]): text for item, text in table.rows}
        assert list(rows) == list(range(1, 29))
        assert len(ITEMS) == 28
        assert {number for number, text in rows.items() if text == "not stated"} == {4, 18, 21, 25, 27}
        assert rows[5] == "People in them"
        assert rows[8] == "police, NHS and society"
        assert rows[9] == "2023-24 to 2025-26"
        assert rows[15].startswith("Pounds, 2024-25 prices")
        assert "Decision: whether to go on in 2026." in rows[3]
        assert "Husereau" in table.note
        assert table.note.startswith("5 of 28 items are not stated")

    def test_a_bare_study_is_mostly_silent(self):
        evaluation = demo_money.hot_spots(study=demo.castle().study)
        rows = dict(cheers_table(evaluation, read_money(evaluation)).rows)
        assert rows["5. Who was studied"] == "not stated"
        assert rows["28. Interests of the authors"] == "not stated"

    def test_what_is_not_reported_is_not_counted_as_stated(self):
        base = demo_money.hot_spots()
        ran = dataclasses.replace(base.primary, id="men", role="subgroup", group="men")
        plan = {"locked_at": None, "data_seen_before_lock": "aggregate_press_figures"}
        study = {**base.study, "registration": plan, "programme": {"name": "P", "funder": "Home Office"},
                 "governance": {"commissioner": {"name": "Home Office"}}}  # fmt: skip
        evaluation = dataclasses.replace(base, analyses=(*base.analyses, ran), study=study)
        rows = {int(item.split(".")[0]): text for item, text in cheers_table(evaluation, read_money(evaluation)).rows}
        assert rows[4] == "not stated"  # what had been seen is no plan
        assert rows[27] == "not stated"  # who asked for the study, or paid for the programme, is another matter
        assert rows[18].anchor == "tbl-groups"
        fixed = dataclasses.replace(base, study={**study, "registration": {**plan, "locked_at": "2024-01-02"}})
        rows = dict(cheers_table(fixed, read_money(fixed)).rows)
        assert rows["4. Plan of the economic analysis"].startswith("Fixed on 2 January 2024")

    def test_its_links_lead_to_what_is_on_the_page(self):
        evaluation = demo_money.hot_spots()
        ran = dataclasses.replace(evaluation.primary, id="men", role="subgroup", group="men")
        for study in (evaluation, dataclasses.replace(evaluation, analyses=(*evaluation.analyses, ran))):
            document = Page(study, None).document()
            cells = [cell for _, cell in cheers_table(study, read_money(study)).rows]
            anchors = [cell.anchor for cell in cells if hasattr(cell, "anchor")]
            assert len(anchors) >= 3
            for anchor in anchors:
                assert f'id="{anchor}"' in document or f"{{#{anchor}" in document, anchor

    def test_it_is_folded_on_the_page(self, pages):
        page = pages["hot-spots"]
        folded = [e for e in page.all("details") if "CHEERS 2022" in "".join(e.find("summary").itertext())]
        assert len(folded) == 1
        assert len(list(folded[0].iter("tr"))) == 29
