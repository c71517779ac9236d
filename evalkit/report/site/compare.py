"""One outcome in several places: each study with its interval and the strength of its design, in order of the alphabet.

Nothing is pooled and nothing is ranked. Monitoring stands apart, since it cannot say why; results of simulated data
are not shown at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evalkit.records import Analysis, Evaluation
from evalkit.report import figures, summary, windows
from evalkit.report.exhibits import Exhibits
from evalkit.report.ladder import change_of, read
from evalkit.report.numbers import number
from evalkit.report.row_chart import Row, Rows, describe_rows, draw_rows, read_rows, row_table
from evalkit.report.site.library import Library, SitePage, plain
from evalkit.report.site.measures_found import result_for
from evalkit.report.site.overlap import overlaps
from evalkit.report.svg import slug
from evalkit.report.tables import Column, Table
from evalkit.report.words import capital, interval_label

KINDS = ("impact", "monitoring")


@dataclass(frozen=True)
class Compared:
    """One study's result for an outcome that others have too."""

    evaluation: Evaluation
    analysis: Analysis
    row: Row
    percent: bool

    @property
    def title(self) -> str:
        """Short title of the study."""
        return summary.short_title(self.evaluation)

    @property
    def level(self) -> str:
        """Name of the interval, as in `98.3% interval`."""
        return interval_label(self.analysis.result.effect.level)


@dataclass(frozen=True)
class Shared:
    """An outcome that two or more studies have results for, and the rehearsals that tried it out."""

    label: str
    kind: str
    unit: str
    studies: tuple[Compared, ...]
    rehearsed: tuple[str, ...]


def compare_page(library: Library) -> SitePage:
    """Return the page of outcomes that several studies have; with none there is no page."""
    words = library.words["compare"]
    exhibits = Exhibits("compare", library.project, False)
    outcomes = _named(shared_outcomes(library.evaluations))
    drawn = {(name, kind): forest(studies, f"{name}-{kind}", words)
             for name, shared in outcomes.items() for kind, studies in _kinds(shared).items()}  # fmt: skip
    figures.paint_together(drawn.values())
    found = [_outcome(name, shared, drawn, exhibits, words) for name, shared in outcomes.items()]
    if not found:
        return SitePage("compare", "", linked=False)
    document = library.page(
        "compare",
        library.words["navigation"]["compare"],
        words["lead"],
        title=library.exhibit("title", title=words["title"]),
        outcomes=found,
    )
    files = {f"compare/{name}": text for name, text in exhibits.files.items()}
    return SitePage("compare", document, files=files)


def shared_outcomes(evaluations: Sequence[Evaluation]) -> list[Shared]:
    """Return the outcomes of the same name, kind and unit that at least two studies have results for.

    The name is the plain label where a study gives one, without regard to capitals and signs. A study's result is
    that of its primary analysis, or of the one secondary analysis of the outcome.
    """
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for evaluation in sorted(evaluations, key=lambda study: (summary.short_title(study).casefold(), study.id)):
        for outcome in dict.fromkeys(analysis.outcome.id for analysis in evaluation.analyses):
            analysis = result_for(evaluation, outcome)
            if analysis is None:
                continue
            label = _label(evaluation, analysis)
            key = (plain(label), analysis.outcome.kind, plain(analysis.outcome.unit))
            entry = found.setdefault(key, {"label": label, "unit": analysis.outcome.unit, "real": {}, "tried": []})
            if evaluation.simulated:
                entry["tried"].append(summary.short_title(evaluation))
            else:
                entry["real"].setdefault(evaluation.id, _compared(evaluation, analysis))
    return [
        Shared(entry["label"], key[1], entry["unit"], tuple(entry["real"].values()), tuple(entry["tried"]))
        for key, entry in sorted(found.items())
        if len(entry["real"]) > 1
    ]


def forest(studies: Sequence[Compared], name: str, words: Mapping[str, str]) -> figures.Figure | None:
    """Return the chart of studies of one kind, in the order given; None for one study, or for none with a change.

    Notes
    -----
    A diamond is an impact study whose key checks show no sign against it; every other study is a ring. Where some
    are in percent, the others stand in the table alone.
    """
    percent = any(study.percent for study in studies)
    drawn = [study for study in studies if study.percent == percent]
    if not drawn or len(studies) == 1:  # one line has nothing to stand beside: the table tells it
        return None
    kind, levels = drawn[0].analysis.outcome.kind, list(dict.fromkeys(study.level for study in drawn))
    unit = "" if percent else drawn[0].analysis.outcome.unit
    told = [study.row if len(levels) == 1 else replace(study.row, label=f"{study.row.label}: {study.level}")
            for study in drawn]  # fmt: skip
    rows = Rows(tuple(told), percent, drawn[0].analysis.result.effect.level, unit, words["study"])
    less, more = ("Fewer", "More") if kind == "count" else ("Lower", "Higher")
    before = summary.kind_of(drawn[0].evaluation) == "monitoring"
    heads = (f"{less} than {'before' if before else 'expected'}", more)
    lines = f"Lines: {levels[0]}." if any(study.row.low is not None for study in drawn) else ""
    own = words["own_levels"] if len(levels) > 1 else lines
    missing = words["in_own_unit"] if len(drawn) < len(studies) else ""
    label = _label(drawn[0].evaluation, drawn[0].analysis)
    sources = sorted({str((study.evaluation.study.get("data") or {}).get("publisher") or study.title)
                      for study in drawn})  # fmt: skip
    return figures.assembled(
        name, message(drawn), figures.sentences(words["figure_line"], *rows.notes(lines_named=True), own, missing),
        f"Source: {'; '.join(sources)}.", words["figure"].format(outcome=label), describe_rows(rows),
        _numbers(rows, levels), lambda size: draw_rows(rows, heads, size, simulated=False),
    )  # fmt: skip


def _numbers(rows: Rows, levels: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return the numbers of a chart; where studies have intervals of unlike levels, each row's label has its own."""
    (study, change, _), *body = row_table(rows)
    return ((study, change, levels[0] if len(levels) == 1 else "Interval"), *body)


def message(studies: Sequence[Compared]) -> str:
    """Return where the intervals lie, as the title of a chart; no study weighs more than another."""
    sides = [change_of(study.analysis).side for study in studies]
    where = {"below": "wholly below no change", "above": "wholly above no change", "across": "takes in no change"}
    if len(sides) == 1:
        return f"One study: the interval {'' if sides[0] == 'across' else 'lies '}{where[sides[0]]}"
    counts = [(sides.count(side), words) for side, words in where.items() if side in sides]
    if len(counts) == 1:
        return f"In each of the {number(len(sides))} studies the interval {_verb(counts[0][1])}"
    told = ", ".join(f"in {number(count)} it {_verb(words)}" for count, words in counts[1:])
    return f"In {number(counts[0][0])} of {number(len(sides))} studies the interval {_verb(counts[0][1])}; {told}"


def _verb(words: str) -> str:
    return words if words.startswith("takes") else f"lies {words}"


def _named(outcomes: Sequence[Shared]) -> dict[str, Shared]:
    """Return the outcomes by the name that their exhibits have, the only one of its kind."""
    found: dict[str, Shared] = {}
    for shared in outcomes:
        name = slug(shared.label)[:60].strip("-")
        while name in found:  # the same name in another unit
            name += "-again"
        found[name] = shared
    return found


def _kinds(shared: Shared) -> dict[str, list[Compared]]:
    """Return the studies of an outcome by their kind, in the order of a page; kinds without any are left out."""
    kinds = {kind: [study for study in shared.studies if _kind(study) == kind] for kind in KINDS}
    return {kind: studies for kind, studies in kinds.items() if studies}


def _outcome(
    name: str, shared: Shared, drawn: Mapping[tuple[str, str], figures.Figure | None], exhibits: Exhibits,
    words: Mapping[str, str],
) -> dict[str, Any]:  # fmt: skip
    """Return the exhibits of one outcome: a chart and a table for each kind of study."""
    from markupsafe import Markup

    parts = [{
        "title": words[f"{kind}_studies"],
        "note": words["monitoring"] if kind == "monitoring" else "",
        "figure": exhibits.figure(drawn[name, kind], f"fig-{name}-{kind}", 4),
        "table": exhibits.table(_table(shared, studies, f"tbl-{name}-{kind}", words[f"{kind}_studies"], words)),
        "studies": [(study.title, study.evaluation.id) for study in studies],
    } for kind, studies in _kinds(shared).items()]  # fmt: skip
    same = overlaps([(study.evaluation, study.analysis) for study in shared.studies])
    parts[0]["note"] = " ".join([*same, str(parts[0]["note"])])
    rehearsed = words["rehearsed"].format(text="; ".join(shared.rehearsed)) if shared.rehearsed else ""
    unit = "" if plain(shared.unit) in plain(shared.label) else f" ({shared.unit})"
    return {"id": Markup(name), "label": shared.label + unit, "parts": parts, "rehearsed": rehearsed}  # noqa: S704


def _table(shared: Shared, studies: Sequence[Compared], name: str, kind: str, words: Mapping[str, str]) -> Table:
    """Return each study with its change, its interval and the strength of its design."""
    heads = {"study": "text", "strength": "text", "doubt": "verdict", "change": "number", "interval": "number",
             "level": "text", "data": "text"}  # fmt: skip
    rows = []
    for study in studies:
        scale = study.evaluation.evidence.get("design") or {}
        score = scale.get("score")
        scored = words["scored"].format(score=number(score), of=number(scale.get("of") or 5))
        change, interval = row_table(Rows((study.row,), study.percent, 0.95, ""))[1][1:]
        rows.append((study.title, "Not scored" if score is None else scored, _checks(study, words), change, interval,
                     study.level, windows.last_period(study.analysis) or "Not stated"))  # fmt: skip
    columns = [Column(words[key], shape) for key, shape in heads.items()]
    return Table(name, words["caption"].format(outcome=shared.label, kind=kind), columns, rows, cards=True)


def _compared(evaluation: Evaluation, analysis: Analysis) -> Compared:
    """Return one study's result as a row: its title, the strength of its design, and whether a key check is against."""
    reading = read(evaluation, analysis)
    sound = summary.kind_of(evaluation) == "impact" and reading.reliable
    rows = read_rows([analysis], {}, lambda _: ("diamond" if sound else "ring", False))
    scale = evaluation.evidence.get("design") or {}
    score = scale.get("score")
    told = [] if score is None else [f"strength of design {number(score)} of {number(scale.get('of') or 5)}"]
    told += [] if reading.reliable else ["not reliable"]
    beside = f" ({', '.join(told)})" if told else ""
    label = f"{summary.short_title(evaluation)}{beside}"
    return Compared(evaluation, analysis, replace(rows.rows[0], label=label), rows.percent)


def _checks(study: Compared, words: Mapping[str, str]) -> str:
    """Return what the key checks say, and how many of the others have a sign against."""
    checks = study.analysis.result.diagnostics
    verdicts = {check.verdict for check in checks if check.key}
    others = sum(check.verdict == "sign against" for check in checks if not check.key)
    if "sign against" in verdicts:
        said = words["against"]
    else:
        said = words["no_against" if "no sign against" in verdicts else "no_checks"]
        if "too weak to tell" in verdicts:
            said = words["some_weak" if "no sign against" in verdicts else "weak"]
    return f"{said}. Of the other checks, {number(others, 0)} with a sign against" if others else said


def _kind(study: Compared) -> str:
    return "impact" if summary.kind_of(study.evaluation) == "impact" else "monitoring"


def _label(evaluation: Evaluation, analysis: Analysis) -> str:
    declared = (evaluation.study.get("outcomes") or {}).get(analysis.outcome.id) or {}
    return capital(str(declared.get("plain_label") or analysis.outcome.label or analysis.outcome.id).strip())
