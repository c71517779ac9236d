"""What a reader meets on a page: valid, whole, honest, and nothing that the author typed runs."""

import dataclasses
import itertools
import os
import re
from pathlib import Path

import demo
import pytest

from evalkit.designs import DESIGNS
from evalkit.records import Measure, PathPoint

SNAPSHOTS = Path(__file__).resolve().parent / "snapshots"
STUDIES = ["portsmouth-robberies", "seat-belts", "castle-doctrine", "ae-navigators-rehearsal", "hot-spots",
           "hot-spots-plan"]  # fmt: skip
EVERY = [*STUDIES, "index"]
CAUSAL = re.compile(
    r"\b(?:impacts?|effects?|effective|prevent(?:ed|s)?|work(?:ed|s)|cut|cuts|saved?|due to|thanks to)\b",
    re.IGNORECASE,
)
HOSTILE = "<script>alert(1)</script> \"quoted\" & 'single' [link](javascript:alert(1)) `code` {{< env HOME >}} $x$ ŵŷ *"


@pytest.mark.parametrize("name", EVERY)
def test_structure(pages, name):
    page = pages[name]
    assert page.tree.get("lang") == "en-GB"
    assert len(page.all("h1")) == 1
    levels = [int(e.tag[1]) for e in page.tree.iter() if isinstance(e.tag, str) and re.fullmatch("h[1-6]", e.tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    identifiers = [e.get("id") for e in page.tree.iter() if e.get("id")]
    assert len(identifiers) == len(set(identifiers))
    skip = next(a for a in page.all("a") if a.get("class") == "skip")
    assert skip.get("href") == "#main"
    for table in page.all("table"):
        caption = table.find("caption")
        assert caption is not None
        assert "".join(caption.itertext()).strip()
        assert all(head.get("scope") in ("col", "row") for head in table.iter("th"))
        assert not any(cell.get("colspan") or cell.get("rowspan") for cell in table.iter())


@pytest.mark.parametrize("name", EVERY)
def test_links_lead_somewhere(pages, name, project):
    page = pages[name]
    identifiers = {e.get("id") for e in page.tree.iter()}
    folder = project / "_site" / ("" if name == "index" else "studies")
    for link in page.all("a"):
        target = link.get("href")
        if target.startswith("#"):
            assert target[1:] in identifiers
        else:
            assert (folder / target.split("#")[0]).is_file(), target


@pytest.mark.parametrize("name", EVERY)
def test_nothing_is_loaded_from_elsewhere(pages, name, project):
    page = pages[name]
    scripts = [(script.get("type"), script.get("src")) for script in page.all("script")]
    assert scripts == ([("application/json", None), (None, None)] if name == "index" else [])  # words, and site.js
    for element in page.tree.iter():
        assert element.tag not in ("iframe", "object", "embed", "base")
        for attribute, value in element.attrib.items():
            assert not str(attribute).startswith("on")
            if attribute in ("src", "srcset", "data", "action", "poster") or (
                attribute == "href" and element.tag == "link"
            ):
                assert not re.match(r"\w+:|//", value), value
            assert "url(" not in value
    assert "url(" not in (project / "_site" / "style.css").read_text()
    assert "@import" not in (project / "_site" / "style.css").read_text()
    assert len(page.source) < 500_000


@pytest.mark.parametrize("name", STUDIES)
def test_figures_are_whole(pages, name):
    for figure in (f for f in pages[name].all("figure") if "fig" in f.get("class").split()):
        text = " ".join("".join(figure.itertext()).split())
        assert "Source:" in text
        assert re.search(r"Figure \d data \(CSV\)", text)
        assert figure.find(".//details//table") is not None
        for drawing in (e for e in figure.iter() if e.get("role") == "img"):
            names = drawing.get("aria-labelledby").split()
            assert all(len("".join(pages[name].find(n).itertext())) > 10 for n in names)


@pytest.mark.parametrize("name", EVERY)
def test_house_words(pages, name):
    text = pages[name].text()
    assert not re.search(r"\bpassed\b", text, re.IGNORECASE)
    assert not re.search(r"(?<!statistically )\bsignificant", text, re.IGNORECASE)
    assert "{{" not in text
    assert ":::" not in text
    assert "\\" not in text


def test_monitoring_has_no_causal_verb(pages):
    text = pages["portsmouth-robberies"].text(without=("author",))
    for words in (
        *DESIGNS["before_after"].assumptions,
        "We cannot say whether the programme caused this.",
        "What Works Centre",
    ):
        text = text.replace(" ".join(words.split()), "")
    assert not CAUSAL.findall(text)
    whole = pages["portsmouth-robberies"].text()
    assert whole.count("We cannot say whether the programme caused this.") == 2  # the headline, and the copy for notes
    assert "The authors write:" in whole
    assert "prevented" in whole


def test_portsmouth_says_what_is_known(pages):
    text = pages["portsmouth-robberies"].text()
    for words in ("−45.9%", "−70.3 to −4.4", "−21.2%", "arithmetic slip", "would need 27", "Monitoring"):
        assert words in text


def test_a_rise_reads_as_a_rise(pages):
    text = pages["castle-doctrine"].text()
    assert "Evidence of an increase." in text
    assert "higher than expected" in text
    assert "0.0755" in text
    assert "0.0332" in text


def test_simulated_data_are_marked_on_every_exhibit(pages):
    page = pages["ae-navigators-rehearsal"]
    figures = page.all("figure")
    assert figures
    for figure in figures:
        assert "Simulated data" in "".join(figure.itertext())
    for table in page.all("table"):
        caption = "".join(table.find("caption").itertext())
        assert caption.startswith("Simulated data.") or "option" in caption or "Fingerprints" in caption
    for name in ("answer", "cost", "money"):
        assert "Simulated data" in "".join(page.find(name).itertext())
    assert "Rehearsal" in page.text()


def test_index(pages):
    page = pages["index"]
    rows = [e for e in page.all("li") if "study" in (e.get("class") or "").split()]
    assert [row.get("id") for row in rows] == [
        "study-castle-doctrine",
        "study-hot-spots",
        "study-seat-belts",
        "study-portsmouth-robberies",
        "study-hot-spots-plan",
        "study-ae-navigators-rehearsal",
    ]
    rehearsal = "".join(rows[-1].itertext())
    assert "Simulated data" in rehearsal
    assert "18" not in rehearsal
    assert "data/x.csv does not exist" in page.text()
    assert "−46%" in "".join(rows[3].itertext())
    assert "−21%" in "".join(rows[3].itertext())


def test_what_the_author_typed_never_runs(render_one):
    base = demo.portsmouth()
    outcome = Measure("main", HOSTILE, HOSTILE, "count", "lower")
    analyses = tuple(
        dataclasses.replace(a, outcome=outcome, label=HOSTILE, origin=HOSTILE, notes=(HOSTILE,)) for a in base.analyses
    )
    raw = (
        "```{=html}\n<script>alert(2)</script>\n```\n\n"
        '[x]{onclick="alert(3)"} [y](java&#115;cript:alert(4))\n\n```{python}\n1\n```'
    )
    meta = (
        "---\nheader-includes: '<script>alert(5)</script>'\nfilters: [evil.lua]\n---\n\n"
        ":::\n:::\n\n<img src=x onerror=alert(6)>"
    )
    study = {
        **base.study,
        "title": HOSTILE,
        "question": HOSTILE,
        "programme": {"name": HOSTILE, "why": HOSTILE},
        "narrative": {"cannot_say": [HOSTILE], "result": raw, "background": meta, HOSTILE: HOSTILE},
        "governance": {"analyst": HOSTILE},
        "outcomes": {"main": {"label": HOSTILE}},
    }
    page = render_one(demo.portsmouth(study=study, analyses=analyses, claims=({**base.claims[0], "text": HOSTILE},)))
    assert not page.all("script")
    assert not page.all("img")
    assert page.find("title") is not None
    for element in page.tree.iter():
        assert not any(str(attribute).startswith("on") for attribute in element.attrib)
        assert not str(element.get("href", "")).replace(" ", "").lower().startswith(("javascript", "java"))
    text = page.text()
    assert "<script>alert(1)</script>" in text
    assert "{{< env HOME >}}" in text
    assert "ŵŷ" in text
    assert len(page.all("main")) == 1
    assert page.find("words") in list(page.all("main")[0].iter())


def test_missing_blocks(render_one):
    base = demo.seat_belts()
    bare = {key: base.study[key] for key in ("title", "question", "level", "design", "outcomes")}
    result = dataclasses.replace(
        base.primary.result, relative=None, absolute=None, averted=None, coefficients=(), fit=None, diagnostics=()
    )
    page = render_one(
        demo.seat_belts(
            study={**bare, "status": "draft"},
            analyses=(dataclasses.replace(base.primary, result=result),),
            failures=(),
            evidence={},
            provenance=None,
        )
    )
    assert "Not scored" in page.text()


def test_a_plan_without_result(render_one):
    page = render_one(demo.seat_belts(analyses=(), failures=(), evidence={}))
    assert "Not studied yet." in page.text()


def test_unreliable_result_shows_no_events_and_no_benefit(render_one):
    base = demo.rehearsal()
    check = dataclasses.replace(demo.seat_belts().primary.result.diagnostics[1], key=True)
    result = dataclasses.replace(base.primary.result, diagnostics=(check,))
    page = render_one(demo.rehearsal(analyses=(dataclasses.replace(base.primary, result=result),)))
    text = page.text()
    assert "Not reliable:" in text
    assert "less fitted with it" not in text
    assert "£690,000" not in text
    assert "it is not priced" in text


def test_columns_of_a_series_have_no_sign_that_a_level_was_assumed(render_one):
    base = demo.rehearsal()
    money = {key: dataclasses.replace(getattr(base.appraisal, key), level=0.9)
             for key in ("benefit", "net_present_social_value", "ratio")}  # fmt: skip
    text = render_one(demo.rehearsal(appraisal=dataclasses.replace(base.appraisal, **money))).text()
    assert "What Estimate 90% interval Cost £412,000" in text
    assert "£1.67 of benefit (90% interval: £0.65 to £2.67)." in text
    claim = {**demo.portsmouth().claims[0], "level": 0.9}
    text = render_one(demo.portsmouth(claims=(claim,))).text()
    assert "−21.2% (90% interval: −55 to +36)" in text


@pytest.mark.parametrize("name", STUDIES)
def test_snapshot_of_what_readers_see(pages, name):
    """The summary and the headings, word for word; EVALKIT_UPDATE_SNAPSHOTS=1 writes them anew."""
    page = pages[name]
    text = page.text(without=("fig", "site", "skip", "foot", "body", "author"))
    headings = [" ".join("".join(e.itertext()).split()) for e in page.tree.iter() if e.tag in ("h2", "h3")]
    seen = "\n".join([*re.split(r"(?<=[.?!]) (?=[A-Z])", text), "", "Headings:", *headings]) + "\n"
    path = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("EVALKIT_UPDATE_SNAPSHOTS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(seen, encoding="utf-8")
    assert seen == path.read_text(encoding="utf-8")


def test_contrast_of_text():
    """Every text colour on every ground: at least 4.5 to 1, in light and in dark."""
    css = (Path(__file__).resolve().parents[2] / "reports" / "templates" / "style.css").read_text()
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#\w+)", block)) for block in re.findall(r":root \{(.*?)\}", css, re.DOTALL)[:2]
    )
    for colours in (light, {**light, **dark}):
        pairs = [(text, ground) for text in ("ink", "muted", "observed", "expected") for ground in ("paper", "wash")]
        pairs += [("on-observed", "observed"), ("on-notice", "notice"), ("ink", "band"), ("ink", "deep")]
        for text, ground in pairs:
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
        assert contrast(colours["edge"], colours["paper"]) >= 3
        for line, ground in (("expected", "deep"), ("expected", "band"), ("observed", "deep"), ("expected", "paper")):
            assert contrast(colours[line], colours[ground]) >= 3, (line, ground)


def contrast(first: str, second: str) -> float:
    def luminance(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(sign * 2 for sign in colour[1:])
        parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_windows_of_the_design_are_named_not_all_periods(render_one):
    base = demo.portsmouth()
    extra = [PathPoint("Portsmouth", "2020-01", 33), PathPoint("Portsmouth", "2023-01", 26)]
    path = (base.primary.result.path[0], extra[0], base.primary.result.path[1], extra[1])
    result = dataclasses.replace(base.primary.result, path=path)
    text = render_one(demo.portsmouth(analyses=(dataclasses.replace(base.primary, result=result),))).text()
    assert "in December 2022 than in December 2019." in text
    assert "Before 37 robberies, December 2019 After 20 robberies, December 2022" in text


def test_every_check_of_a_design_has_a_caution_in_words():
    from evalkit.designs import DESIGNS
    from evalkit.report.cautions import CAUTIONS

    never_against = {"no_comparison", "other_changes", "balance_of_levels", "unit_trends"}
    named = {check for design in DESIGNS.values() for check in getattr(design, "checks", ())}
    assert named - never_against <= set(CAUTIONS)
    assert {"negative_controls", "falsification"} <= set(CAUTIONS)


def test_figures_are_numbered_as_they_are_read(pages):
    for name, page in pages.items():
        figures = [each for each in page.all("figure") if "fig" in (each.get("class") or "").split()]
        found = [int(number) for each in figures
                 for number in re.findall(r"Figure (\d+) data", " ".join(each.itertext()))]  # fmt: skip
        assert found == sorted(found), name
