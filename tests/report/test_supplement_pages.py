"""What stands beside the headline as a reader meets it on a page: where it is, folded or open, marked, or not there."""

import dataclasses
import re

import demo
from test_supplement_words import EMPTY

PARTS = {
    "design": ["How small a change could be found"],
    "result": ["Soon after the start, and later"],
    "analyses": ["Other assumptions about the errors", "Pretend dates", "Without some of the data"],
}


def section(page, name: str) -> str:
    """Return the source of one section."""
    begin = page.source.index(f'id="{name}"')
    end = page.source.find('class="sect"', begin)
    return page.source[begin : end if end > 0 else len(page.source)]


def headings(source: str) -> list[str]:
    return [
        re.sub(r"\s+", " ", re.sub("<.*?>", "", found)) for found in re.findall(r"<h3[^>]*>(.*?)</h3>", source, re.S)
    ]


def test_each_part_stands_in_its_section(pages):
    page = pages["seat-belts"]
    for name, parts in PARTS.items():
        found = headings(section(page, name))
        assert [heading for heading in found if heading in parts] == parts


def test_figures_have_their_tables_and_downloads(pages, project):
    page = pages["seat-belts"]
    for name in ("power", "totals", "pretend"):
        figure = page.find(f"fig-{name}")
        assert figure.find(".//details//table") is not None
        assert (project / "_site" / "studies" / "seat-belts" / f"{name}.csv").is_file()
    for name in ("horizons", "errors", "error-rules", "left-out", "power"):
        assert page.find(f"tbl-{name}") is not None
        assert (project / "_site" / "studies" / "seat-belts" / f"{name}-table.csv").is_file()
    assert (project / "_site" / "studies" / "portsmouth-robberies" / "baselines-table.csv").is_file()


def test_long_tables_are_folded_and_the_answer_is_open(pages):
    source = pages["seat-belts"].source
    folded = " ".join(re.findall(r'<details class="folded">(.*?)</details>', source, re.S))
    for name in ("tbl-power", "tbl-left-out", "tbl-error-rules"):
        assert f'id="{name}"' in folded
    for name in ("tbl-horizons", "tbl-errors"):
        assert f'id="{name}"' not in folded


def test_expected_coverage_stands_beside_the_statement_of_method(pages):
    text = re.sub("<.*?>", " ", section(pages["seat-belts"], "method"))
    text = re.sub(r"\s+", " ", text)
    assert "How often such intervals hold the truth" in text
    assert (
        "held the true average change in 94.6%. Held in simulation: average change 94.6%, change at once 94.1%." in text
    )


def test_words_that_are_used_are_explained(pages):
    assert "Errors, autocorrelation What a model leaves over" in pages["seat-belts"].text()
    assert "Pretend date An earlier date" in pages["seat-belts"].text()
    assert "Pretend date" not in pages["castle-doctrine"].text()


def test_the_note_on_selection_is_a_callout_of_the_monitoring_page(pages):
    page = pages["portsmouth-robberies"]
    notes = [element for element in page.tree.iter() if element.get("role") == "note"]
    text = " ".join(" ".join("".join(note.itertext()).split()) for note in notes)
    assert "Chosen for a high number" in text
    assert "a rate 21% to 33% lower would be expected afterwards" in text
    assert "Selection alone would give 46% to 72% of the fall." in text


def test_simulated_sentences_are_marked_as_their_exhibits_are(pages):
    page = pages["ae-navigators-rehearsal"]
    for heading in [*(part for parts in PARTS.values() for part in parts), "Other windows before"]:
        after = page.source[page.source.index(f">{heading}</h3>") :]
        first = re.search(r"<p>(.*?)</p>", after, re.S)
        assert re.sub(r"\s+", " ", first.group(1)).startswith("Simulated data. ")
    notes = [element for element in page.tree.iter() if element.get("role") == "note"]
    assert "Simulated data." in " ".join("".join(note.itertext()) for note in notes)


def test_without_records_there_is_no_heading(render_one):
    base = demo.seat_belts()
    result = dataclasses.replace(base.primary.result, **EMPTY)
    page = render_one(demo.seat_belts(analyses=(dataclasses.replace(base.primary, result=result),), failures=()))
    for parts in PARTS.values():
        for part in parts:
            assert part not in page.text()
    assert 'id="analyses"' not in page.source
    assert "How often such intervals" not in page.text()


def test_one_analysis_alone_still_shows_what_stands_beside_it(render_one):
    base = demo.seat_belts()
    page = render_one(demo.seat_belts(analyses=(base.primary,), failures=()))
    assert "Would other choices change the answer?" in page.text()
    assert "analyses were asked for" not in page.text()
    assert "Other assumptions about the errors" in page.text()


def test_the_summary_keeps_its_length(pages):
    for name in ("seat-belts", "portsmouth-robberies", "castle-doctrine", "ae-navigators-rehearsal"):
        text = pages[name].text(without=("fig", "site", "skip", "foot", "body", "status"))
        assert 100 < len(text.split()) <= 350, name
