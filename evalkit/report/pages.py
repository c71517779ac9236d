"""Pages: what a study holds is put into the templates, and out come Quarto documents that run no code."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.records import Evaluation
from evalkit.report import (
    arrangements,
    exhibits,
    glossary,
    narrower,
    others,
    particulars,
    summary,
    supplement_figures,
    supplement_parts,
    theory_chart,
)
from evalkit.report.catalogue import read_settings, words
from evalkit.report.checklists import section as checklists
from evalkit.report.downloads import grouped
from evalkit.report.figures import paint_together
from evalkit.report.ladder import read
from evalkit.report.money_parts import leading_figure, money_card, money_figures, money_section
from evalkit.report.narrative import safe_markdown
from evalkit.report.parts import Room
from evalkit.report.provisional_words import provisional_words
from evalkit.report.result_tables import analyses_table, checks_table, failures_table, result_table, terms_table
from evalkit.report.selection import coverage_sentences
from evalkit.report.templates import escape_markdown, page_environment, raw_block, render_exhibit
from evalkit.report.texts import for_readers
from evalkit.report.told import (
    assurance,
    changes,
    data,
    delivery,
    emmie,
    fairness,
    grades,
    limits,
    plan,
    questions,
    recommendations,
    rollout,
    strategies,
)
from evalkit.report.words import capital, headline

if TYPE_CHECKING:
    from markupsafe import Markup

SECTIONS: dict[str, str] = dict(words(None)["sections"])
"""Sections of a study's page in their order, with their English titles; one with nothing behind it is left out."""

ROOMS: dict[str, Room] = {
    "strategies": strategies.parts,
    "questions": questions.parts,
    "plan": plan.parts,
    "rollout": rollout.parts,
    "data": data.parts,
    "delivery": delivery.parts,
    "others": others.parts,
    "fairness": fairness.parts,
    "emmie": emmie.parts,
    "recommendations": recommendations.parts,
    "assurance": assurance.parts,
    "grades": grades.parts,
    "changes": changes.parts,
    "checklists": checklists.parts,
}
"""Sections that are a list of parts and nothing else."""

STATED = ("glance", "theory", "strategies", "questions", "plan", "delivery", "recommendations", "assurance",
          "responsible")  # fmt: skip
"""Sections that print the study file's own words: they are marked so, since evalkit's rules of wording end there."""

_SUMMARY_KEYS = ("cannot_say", "cost", "reached", "changed", "next")


class Page:
    """One study's page in the making: exhibits are numbered as the sections ask for them."""

    def __init__(self, evaluation: Evaluation, project: Path | None) -> None:
        evaluation = for_readers(evaluation)  # checks write for the terminal too: here as all else on the page
        self.evaluation, self.project = evaluation, project
        self.reading = read(evaluation)
        self.words = words(project)
        self.exhibits = exhibits.Exhibits(evaluation.id, project, evaluation.simulated,
                                          provisional=bool(provisional_words(evaluation)))  # fmt: skip
        self._printed: Mapping[str, dict[str, Any]] = {}
        self._figures = self._made()

    def document(self) -> str:
        """Return the page as a Quarto document."""
        late = ("background", "notes", "checklists", "downloads", "words")  # they tell what the others hold
        titles: Mapping[str, str] = self.words["sections"]
        blocks: dict[str, dict[str, Any]] = {}
        for name in [*(n for n in SECTIONS if n not in late), *late]:
            self._printed = blocks
            blocks[name] = self._section(name)
            self.exhibits.sections |= {name: titles[name]} if blocks[name] else {}
        sections = [{"id": name, "title": titles[name], **blocks[name]} for name in SECTIONS if blocks[name]]
        answer = headline(self.evaluation)
        context = {
            "front": front_matter(self.project, self.evaluation.title, answer.text, "../"),
            "evaluation": self.evaluation,
            "reading": self.reading,
            "answer": answer,
            "sections": sections,
            "rooms": ROOMS,
            "stated": STATED,
            "status": self.exhibit(
                "status", badges=summary.badges(self.evaluation, self.words), facts=summary.facts(self.evaluation)
            ),
            "contents": self.exhibit("contents", sections=sections),
            "note": self._note,
            **self._summary(),
        }
        return page_environment(self.project).get_template("study.qmd").render(context)

    def exhibit(self, name: str, **values: Any) -> Markup:
        """Return an exhibit as a raw block."""
        return raw_block(render_exhibit(name, values, self.project))

    def _summary(self) -> dict[str, Any]:
        evaluation, reading = self.evaluation, self.reading
        numbers = summary.three_numbers(evaluation, reading)
        cannot = summary.cannot_say(evaluation, reading)
        return {
            "title": self.exhibit("title", title=summary.short_title(evaluation)),
            "numbers": self.exhibit("numbers", numbers=numbers) if numbers else "",
            "hundred": exhibits.hundred(evaluation, self.project) if evaluation.analyses else "",
            "scales": self.exhibit("scales", scales=summary.scales(evaluation, self.words)),
            "chart": self._figures.get(self._leading, ""),
            "cannot": [self._inline(text) for text in cannot[:3]],
            "money": money_card(evaluation),
            "cost": self._note("cost"),
            "people": particulars.people(evaluation.study),
            "asides": [
                (self.words["study"][key], self._note(key) or missing or f"{self.words['study']['not_stated']}.")
                for key, missing in (
                    ("reached", summary.reached(evaluation.study)),
                    ("changed", changes.aside(evaluation)),
                    ("next", summary.next_step(evaluation.study)),
                )
            ],
        }

    def _made(self) -> dict[str, Markup | str]:
        """Return the figures of the page, in the order of their numbers."""
        first = [("fig-headline", exhibits.headline_figure, 2)]
        result = [
            ("fig-power", supplement_figures.power_figure, 4),
            ("fig-donors", supplement_figures.donors_figure, 4),
            ("fig-series", exhibits.series_figure, 3),
            ("fig-totals", supplement_figures.totals_figure, 4),
            ("fig-starts", supplement_figures.starts_figure, 4),
            ("fig-calendar", supplement_figures.calendar_figure, 4),
        ]
        checked = [
            ("fig-analyses", exhibits.analyses_figure, 3),
            ("fig-baselines", supplement_figures.baseline_figure, 4),
            ("fig-pretend", supplement_figures.placebo_figure, 4),
            ("fig-places", supplement_figures.places_figure, 4),
            ("fig-pairs", supplement_figures.pairs_figure, 4),
            ("fig-events", exhibits.events_figure, 4),
            ("fig-departures", supplement_figures.departures_figure, 4),
            ("fig-bends", supplement_figures.bends_figure, 4),
        ]
        told = [drawn for room in (theory_chart, rollout, data, delivery) for drawn in room.FIGURES]
        if self.evaluation.analyses:  # in the order in which a reader meets them
            told = [*first, *told, *result, *others.FIGURES, *checked]
        drawn = [(name, make(self.evaluation), heading) for name, make, heading in told]
        drawn += [(name, figure, 2 if name == self._leading else 4) for name, figure in money_figures(self.evaluation)]
        drawn += [(name, make(self.evaluation), heading) for name, make, heading in changes.FIGURES]
        paint_together(figure for _, figure, _ in drawn)
        return {name: self.exhibits.figure(figure, name, heading) for name, figure, heading in drawn}

    def _section(self, name: str) -> dict[str, Any]:
        """Return what a section prints; empty when there is nothing behind it."""
        if name in ROOMS:
            found = ROOMS[name](self.evaluation, self.exhibits, self._figures)
            written = (self.evaluation.study.get("narrative") or {}).get(name)  # the authors' own words are not lost
            return {"parts": found} if found or written else {}
        made: dict[str, Any] = getattr(self, f"_{name}", dict)()
        return made if any(made.values()) else {}

    def _background(self) -> dict[str, Any]:
        return {"note": self._note("background")}

    def _glance(self) -> dict[str, Any]:
        return {"pairs": particulars.programme(self.evaluation.study)}

    def _theory(self) -> dict[str, Any]:
        steps = theory_chart.theory_list(self.evaluation.study)
        return {"figure": self._figures.get("fig-theory", ""), "steps": steps}

    def _responsible(self) -> dict[str, Any]:
        return {"pairs": arrangements.responsible(self.evaluation.study)}

    def _design(self) -> dict[str, Any]:
        return {
            "pairs": [
                *([("Title in full", self.evaluation.title)] if self._shortened else []),
                *particulars.design_pairs(self.evaluation),
            ],
            "assumptions": particulars.assumptions(self.evaluation),
            "power": supplement_parts.power(self.evaluation, self.exhibits, self._figures),
            "parts": supplement_parts.composition(self.evaluation, self.exhibits, self._figures),
            "options": self.exhibits.table(particulars.options_table(self.evaluation), folded=True),
        }

    def _result(self) -> dict[str, Any]:
        if not self.evaluation.analyses:
            return {}
        return {
            "figure": self._figures.get("fig-series", ""),
            "table": self.exhibits.table(result_table(self.evaluation)),
            "selection": supplement_parts.selection(self.evaluation),
            "inference": supplement_parts.inference(self.evaluation),
            "later": supplement_parts.later(self.evaluation, self.exhibits, self._figures),
            "parts": supplement_parts.in_other_ways(self.evaluation, self.exhibits, self._figures),
            "terms": self.exhibits.table(terms_table(self.evaluation.primary), folded=True),
        }

    def _checks(self) -> dict[str, Any]:
        if not self.evaluation.analyses:
            return {}
        return {"table": self.exhibits.table(checks_table(self.evaluation.primary))}

    def _analyses(self) -> dict[str, Any]:
        count = len(self.evaluation.analyses) + len(self.evaluation.failures)
        parts = {"parts": [*narrower.parts(self.evaluation),
                           *supplement_parts.robustness(self.evaluation, self.exhibits, self._figures)]}  # fmt: skip
        if count < 2:
            return {**parts, "count": 0, "failed": 0, "figure": "", "table": "", "failures": ""}
        return {
            "figure": self._figures.get("fig-analyses", ""),
            "table": self.exhibits.table(analyses_table(self.evaluation)),
            "failures": self.exhibits.table(failures_table(self.evaluation)),
            "count": count,
            "failed": len(self.evaluation.failures),
            **parts,
        }

    def _events(self) -> dict[str, Any]:
        return {"parts": supplement_parts.events(self.evaluation, self.exhibits, self._figures)}

    def _claims(self) -> dict[str, Any]:
        return {"claims": [arrangements.claim(shown) for shown in arrangements.claims(self.evaluation)]}

    def _limits(self) -> dict[str, Any]:
        return {
            "cannot": [self._inline(text) for text in summary.cannot_say(self.evaluation, self.reading, full=True)],
            "parts": limits.parts(self.evaluation, self.exhibits, self._figures),
        }

    def _money(self) -> dict[str, Any]:
        left = {name: figure for name, figure in self._figures.items() if name != self._leading}
        return money_section(self.evaluation, self.exhibits, left)

    @property
    def _leading(self) -> str:
        """Name of the chart on the first side."""
        return leading_figure(self.evaluation) or "fig-headline"

    @property
    def _shortened(self) -> bool:
        return summary.short_title(self.evaluation) != self.evaluation.title

    def _method(self) -> dict[str, Any]:
        if not self.evaluation.analyses:
            return {}
        result = self.evaluation.primary.result
        factor = (result.inference or {}).get("small_sample_factor")
        pairs = [
            ("What is estimated", capital(result.estimand)),
            ("Standard errors", capital(result.standard_errors)),
            ("Small-sample factor", f"{factor:.6g}" if isinstance(factor, float) else ""),
            ("How often such intervals hold the truth", " ".join(coverage_sentences(result.expected_coverage))),
        ]
        return {"pairs": [pair for pair in pairs if pair[1]]}

    def _notes(self) -> dict[str, Any]:
        narrative = self.evaluation.study.get("narrative") or {}
        titles: Mapping[str, str] = self.words["sections"]
        empty = [key for key, block in self._printed.items() if not block]  # what was written of them is not lost
        others = [key for key in narrative if key in empty or (key not in SECTIONS and key not in _SUMMARY_KEYS)]
        return {"notes": [(titles.get(key) or key.replace("_", " ").capitalize(), self._note(key)) for key in others]}

    def _provenance(self) -> dict[str, Any]:
        return {
            "table": self.exhibits.table(particulars.inputs_table(self.evaluation)),
            "pairs": particulars.origin_pairs(self.evaluation),
        }

    def _downloads(self) -> dict[str, Any]:
        files = [("result.json", "All results on this page (JSON)")]
        if self.project is not None and (self.project / "evaluations" / f"{self.evaluation.id}.yaml").is_file():
            files.append((f"{self.evaluation.id}.yaml", "The study file (YAML)"))
        listed = [(name, f"{title} (CSV)") for name, title in self.exhibits.downloads]
        groups = grouped(files, listed)
        told = self.words["downloads"]
        return {"groups": [(told[key], some) for key, some in groups.items() if some], "folder": self.evaluation.id}

    def _words(self) -> dict[str, Any]:
        kinds = {str(analysis.design["kind"]) for analysis in self.evaluation.analyses}
        caused = not self.reading.monitoring
        money = caused and self.evaluation.appraisal is not None
        known = {
            "expected": caused,
            "interval": True,
            "strength": True,
            "errors": any(analysis.result.error_models for analysis in self.evaluation.analyses[:1]),
            "pretend": bool(self._figures.get("fig-pretend")),
            "events": bool(self._figures.get("fig-events")),
            **dict.fromkeys(("break_even", "present_value", "switching_value"), money),
            **dict.fromkeys(kinds, True),
        }
        printed = {name: {key: part for key, part in block.items() if key != "options"}  # which names every method
                   for name, block in self._printed.items() if name not in ("checklists", "downloads")}  # fmt: skip
        return {"terms": glossary.terms(self.words["glossary"], printed, [key for key, used in known.items() if used])}

    def _note(self, key: str) -> Markup | str:
        """Return the author's own words for a section, made safe; empty when there are none."""
        from markupsafe import Markup

        text = (self.evaluation.study.get("narrative") or {}).get(key)
        if not text:
            return ""
        whole = "\n".join(f"- {item}" for item in text) if isinstance(text, list | tuple) else str(text)
        return Markup(safe_markdown(whole, self.project, self._names(), self._where(key)))  # noqa: S704 - made safe

    def _inline(self, text: str) -> Markup:
        """Return a sentence as Markdown prints it: the author's with its markup, ours as it stands."""
        from markupsafe import Markup

        said = (self.evaluation.study.get("narrative") or {}).get("cannot_say") or []
        if text not in ([said] if isinstance(said, str) else said):
            return escape_markdown(text)
        return Markup(safe_markdown(" ".join(text.split()), None, self._names(), self._where("cannot_say")))  # noqa: S704

    def _names(self) -> Mapping[str, str]:
        """Return the exhibits that the author may refer to: all are made before the author's text is read."""
        return self.exhibits.names

    def _where(self, key: str) -> str:
        return f"narrative.{key}"


def front_matter(project: Path | None, title: str, description: str, root: str) -> Markup:
    """Return the metadata of a page as lines of YAML; text is escaped, since metadata are read as Markdown."""
    from markupsafe import Markup

    settings = read_settings(project)
    site = settings.title
    described = description.replace('"', "”")  # it becomes an attribute, in which pandoc escapes no quotation mark
    values = {"pagetitle": f"{title}: {site}", "description": described, "site": site}
    lines = [f"{key}: {json.dumps(str(escape_markdown(value)), ensure_ascii=False)}" for key, value in values.items()]
    lines += [f"root: {json.dumps(root)}", f"lang: {json.dumps(settings.language)}"]
    lines += ["engine: markdown", "generated-by: evalkit"]
    return Markup("\n".join(lines))  # noqa: S704 - JSON of escaped text


def ordered(evaluations: Sequence[Evaluation]) -> list[Evaluation]:
    """Return studies by kind, then by the alphabet; never by size of the result."""
    kinds = ("impact", "monitoring", "appraisal", "protocol")
    return sorted(
        evaluations, key=lambda study: (kinds.index(summary.kind_of(study)), study.title.casefold(), study.id)
    )
