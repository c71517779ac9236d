"""How to read these pages. Sentences, scales and marks are made by what makes them on a study's page.

Each rung of the ladder is told by an example: a made-up result goes through the same function as every real one, so
that the sentence printed here is the sentence printed there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalkit.evidence import BESIDE, STRENGTH, WHY
from evalkit.records import Analysis, Better, Diagnostic, Estimate, Evaluation, Measure, PathPoint, Result
from evalkit.report import figures
from evalkit.report.particulars import design_title
from evalkit.report.site.library import Library, SitePage
from evalkit.report.summary import SCALES
from evalkit.report.words import headline

MARGIN = 5.0
"""The smallest change that matters in the examples, in percent."""
FINAL_LOOK = "31 March 2027"


@dataclass(frozen=True)
class Example:
    """A made-up result: the words that say when its sentence stands, the change with its interval, and what else."""

    name: str
    value: float
    low: float
    high: float
    level: str = "impact"
    better: Better = "lower"
    against: bool = False
    simulated: bool = False

    @property
    def evaluation(self) -> Evaluation:
        """The study that would have this result."""
        return Evaluation("example", _study(self), (_analysis(self),))


EXAMPLES = (
    Example("V2", -20, -30, -10),
    Example("V4", -12, -22, -2),
    Example("V3", 0, -4, 4),
    Example("V3_small", -2, -3, -1),
    Example("V5", -6, -30, 25),
    Example("V6", 12, 2, 22),
    Example("V6_clear", 20, 10, 30),
    Example("V1", -12, -22, -2, better="neither"),
    Example("V0", -12, -22, -2, level="monitoring"),
    Example("unreliable", -20, -30, -10, against=True),
    Example("interim", -12, -22, -2, level="interim"),
    Example("simulated", -20, -30, -10, simulated=True),
)
"""In the order of the page: V and the number of the rung, or the name of what is put before or after its sentence."""
VERDICTS = (("clear", "No sign against"), ("against", "Sign against"), ("weak", "Too weak to tell"),
            ("notrun", "Not run"))  # fmt: skip
"""Class and words of the four verdicts of a check, as tables print them."""


def reading_page(library: Library) -> SitePage:
    """Return the page that says how to read the others."""
    words = library.words["reading"]
    rungs = [_rung(example, words) for example in EXAMPLES]
    rungs.append({"sentence": headline(Evaluation("example", _study(EXAMPLES[0]), ())).sentence,
                  "when": words["none"], "strip": ""})  # fmt: skip
    square = figures.of_every_hundred(-15.0, -21.0, -8.0, name="example-hundred")
    document = library.page(
        "reading",
        words["title"],
        words["lead"],
        title=library.exhibit("title", title=words["title"]),
        rungs=library.exhibit("rungs", rungs=rungs),
        hundred=library.exhibit("hundred", svg=square, happened="85", ends=["79", "92"], simulated=False),
        scales=_scales(words, library.words["scales"]),
        verdicts=library.exhibit("verdicts", verdicts=_verdicts(words)),
        legend=library.exhibit("legend", strip=figures.interval_strip(-20.0, -45.0, 10.0, "impact", name="example",
                                                                      note="an example")),
    )  # fmt: skip
    return SitePage("reading", document)


def sentence_of(example: Example) -> str:
    """Return the answer that a page gives for an example, with what is put before or after it."""
    return headline(example.evaluation).sentence


def _rung(example: Example, words: Mapping[str, str]) -> dict[str, str]:
    kind = "monitoring" if example.level == "monitoring" else "impact"
    strip = figures.interval_strip(example.value, example.low, example.high, kind, name=f"example-{example.name}",
                                   simulated=example.simulated)  # fmt: skip
    return {"sentence": sentence_of(example), "when": words[example.name], "strip": strip}


def _scales(words: Mapping[str, str], scales: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what each scale counts, in the words of what scores it."""
    designs = [words["score"].format(score=score, of=5, design=f"{design_title(kind)}. {WHY[kind]}")
               for kind, score in STRENGTH.items()]  # fmt: skip
    designs += [words["score"].format(score=STRENGTH[kind] + 1, of=5, design=f"{design_title(kind)}. {why}")
                for kind, why in BESIDE.items()]  # fmt: skip
    conditions = {key: words[f"{key}_conditions"].split("; ") for key in ("data", "repeating")}
    return [{"title": scales[key], "text": words[key], "items": sorted(designs) if key == "design" else conditions[key]}
            for key in SCALES]  # fmt: skip


def _verdicts(words: Mapping[str, str]) -> list[dict[str, str]]:
    said = {"clear": "check_clear", "against": "check_against", "weak": "check_weak", "notrun": "check_not_run"}
    return [{"class": name, "text": text, "means": words[said[name]]} for name, text in VERDICTS]


def _study(example: Example) -> dict[str, Any]:
    margin = None if example.level == "monitoring" else MARGIN
    return {
        "title": "An example",
        "question": "",
        "level": example.level,
        "design": {"kind": _kind(example)},
        "outcomes": {"main": {"label": "Thefts", "minimum_important_change": margin}},
        "registration": {"final_look": FINAL_LOOK},
    }


def _kind(example: Example) -> str:
    return "before_after" if example.level == "monitoring" else "interrupted_time_series"


def _analysis(example: Example) -> Analysis:
    """Return the made-up analysis: two years for monitoring, one series with what was expected otherwise."""
    windows: dict[str, Any] = {}
    if example.level == "monitoring":
        windows = {"before": {"from": "2022", "to": "2022"}, "after": {"from": "2024", "to": "2024"}}
    after = 100 + example.value
    path = (PathPoint("Example", "2022", 100.0), PathPoint("Example", "2024", after, 100.0))
    check = Diagnostic("steady_before", "The line before the start was steady.", "sign against",
                       "It was already falling.", key=True, short="the line was falling before the start")  # fmt: skip
    low, value, high = (math.log1p(x / 100) for x in (example.low, example.value, example.high))
    result = Result(
        estimand="",
        standard_errors="",
        effect=Estimate(value, low=low, high=high, scale="log"),
        relative=Estimate(example.value, unit="percent", low=example.low, high=example.high),
        path=path,
        fit={} if windows else {"averages": {"observed": after, "expected": 100.0}, "minimum_detectable": 9.0},
        diagnostics=(check,) if example.against else (),
        n_observations=2,
        n_units=1,
        n_treated_units=1,
        n_pre_periods=1,
        n_post_periods=1,
    )
    return Analysis("primary", "primary", "Main analysis", Measure("main", "Thefts", "thefts", "count", example.better),
                    {"kind": _kind(example), **windows}, result, "year", "2024", example.simulated)  # fmt: skip
