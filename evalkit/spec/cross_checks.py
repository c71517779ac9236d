"""What must hold between the blocks of a study file, checked before any data are read."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

from pydantic import TypeAdapter, ValidationError

from evalkit.appraisal.countable import counting_problem
from evalkit.appraisal.economics import economics_problems
from evalkit.disclosure import DisclosureRule, rule_of
from evalkit.errors import EvalkitError, Problem
from evalkit.periods import format_period, parse_period
from evalkit.sources import (
    AnySource,
    Outcome,
    SimulatedData,
    exposure_problems,
    needed_columns,
    neighbour_problems,
    person_level_problems,
    roll_out_problems,
)
from evalkit.sources.columns import Stretch
from evalkit.sources.files import FileData
from evalkit.sources.folders import Folders
from evalkit.sources.inputs import did_you_mean, nearest
from evalkit.spec.blocks import NARRATIVE, Governance, Person
from evalkit.spec.expected_data import data_problems, expected_periods
from evalkit.spec.reading import Document, Path
from evalkit.spec.study import Study
from evalkit.spec.undated import undated_problems

BY_ROW = ("difference_in_differences",)
"""Designs that carry rows that are observations of their own."""


def sound_part(document: Document) -> Study:
    """Return what is sound of a study file with faults, so that its dates and files are checked in the same go."""
    sound: dict[str, Any] = {}
    for key in ("data", "intervention", "design", "economics"):
        value = _sound(Study.model_fields[key].annotation, document.data.get(key))
        sound |= {} if value is None else {key: value}
    outcomes = document.data.get("outcomes")
    named = outcomes.items() if isinstance(outcomes, dict) else ()
    sound["outcomes"] = {name: found for name, value in named if (found := _sound(Outcome, value)) is not None}
    return Study.model_construct(**{"design": None, **sound})


def _sound(kind: Any, value: Any) -> Any:
    """Return a block as its model, None when it has faults (these are reported already)."""
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return None


def cross_problems(
    study: Study, document: Document, folders: Folders, *, whole: bool = True, planned: bool = False
) -> list[Problem]:
    """Return everything that is wrong between blocks, each with its place in the file.

    Parameters
    ----------
    study : Study
    document : Document
    folders : Folders
    whole : bool
        False: the study is the sound part of a file with faults, so what is missing is not looked for.
    planned : bool
        True: files of the data that are not there yet are no problem.
    """
    problems = list(_shape(study, document)) if whole else []
    if whole and not planned:  # a plan may wait for its dates; it is not locked without them
        problems += undated_problems(study, document)
    if study.data is not None:
        problems += list(_periods(study, document)) or list(_planted(study, document))
        problems += data_problems(study, document)
        data, there = _there(study.data, folders) if planned else (study.data, True)
        found = data.preflight(folders, named_columns(study)) if there else []
        looked = [_or_table(problem, study) for problem in found]
        joined = exposure_problems(data, study.outcomes, folders)
        beside = [*neighbour_problems(data, folders),
                  *roll_out_problems(study.intervention, study.data, folders)]  # fmt: skip
        people = person_level_problems(study.data, folders)
        problems += [_placed(problem, document) for problem in [*looked, *joined, *beside, *people]]
    if study.economics is not None:
        found = [*economics_problems(study.economics, folders.project), *_uncounted(study), *_numbered(study)]
        problems += [_placed(problem, document) for problem in found]
    return problems


def _there(data: AnySource, folders: Folders) -> tuple[AnySource, bool]:
    """Return the data with those tables beside them that are there already, and whether their own file is."""

    def absent(path: str) -> bool:
        return not FilePath(path).is_absolute() and not folders.holds(path)

    tables = {name: table for name, table in data.exposures.items() if not absent(table.path)}
    beside = data.neighbour_table
    neighbours = None if beside is None or absent(beside.path) else beside
    kept = data.model_copy(update={"exposures": tables, "neighbours": neighbours})
    return kept, not (isinstance(data, FileData) and absent(data.path))


def _uncounted(study: Study) -> Iterator[Problem]:
    """Yield benefits on a primary outcome of which no data could make events.

    A proportion or yes/no outcome may still get its exposure from the rows that it is made of.
    """
    if study.economics is None or not study.economics.benefits or study.economics.analysis != "primary":
        return
    for outcome in study.outcomes.values():
        if outcome.role == "primary" and outcome.kind in ("rate", "continuous"):
            problem = counting_problem(outcome.kind, exposure=outcome.exposure is not None, per=outcome.per)
            if problem is not None:
                yield problem


def _numbered(study: Study) -> Iterator[Problem]:
    """Yield benefits of an effect in periods that carry no dates: nobody knows in which financial years it falls."""
    if study.economics is None or study.data is None or not study.economics.benefits:
        return
    if study.data.frequency == "number":
        yield Problem("the periods are numbered and carry no dates, so it is not known in which financial years the "
                      "effect falls, nor how long it lasted", "give the data dates, such as `period: {start: 2022-04, "
                      "frequency: month}`, or leave the benefits out: what it costs is told without them",
                      "economics.benefits")  # fmt: skip


def named_columns(study: Study) -> dict[str, str]:
    """Return every column that the study names, with the dotted key that names it."""
    design = {column: f"design.{key}" for key, column in study.design_columns()}
    return {**needed_columns(study.needed_data, study.outcomes, study.intervention), **design}


def _shape(study: Study, document: Document) -> Iterator[Problem]:
    """Yield blocks that the design needs and that are not there, and the other way round."""
    borrowed = study.economics is not None and study.economics.effect is not None
    if borrowed and study.design.kind != "appraisal_only":
        yield document.problem(f"a {study.design.kind} study prices its own effect", "leave it out, or use kind: "
                               "appraisal_only", ("economics", "effect"), at_key=True)  # fmt: skip
    if study.design.kind == "appraisal_only" and study.economics is None:
        yield document.problem("is missing", "appraisal_only prices a programme: give its costs", ("economics",),
                               at_key=True)  # fmt: skip
    yield from _checked_by_another(study, document)
    if not getattr(study.design, "has_data", True):
        return
    for key in ("data", "intervention"):
        if getattr(study, key) is None:
            yield document.problem("is missing", f"{study.design.kind} needs it", (key,), at_key=True)
    primary = [name for name, outcome in study.outcomes.items() if outcome.role == "primary"]
    if not study.outcomes:
        yield document.problem("is missing", "name at least one outcome", ("outcomes",), at_key=True)
    elif len(primary) != 1:
        found = f"{len(primary)} outcomes have role primary"
        yield document.problem(found, "exactly one must; give the others role: secondary", ("outcomes",), at_key=True)
    if study.design.kind == "before_after" and study.level in ("impact", "interim"):
        yield document.problem(f"a before_after study cannot be {study.level}", "a comparison of before and after is "
                               "monitoring: leave level out", ("level",))  # fmt: skip
    yield from _hidden(study, document)
    yield from _family(study, document)
    if study.data is not None and study.data.sampling != "panel" and study.design.kind not in BY_ROW:
        mend = "leave `sampling` out, so that rows of a unit and period are brought together, or use " + BY_ROW[0]
        found = f"{study.design.kind} reads one row per unit and period"
        yield document.problem(found, mend, ("data", "sampling"))
    if getattr(study.design, "exclude_neighbours_of", None) and study.data and study.data.neighbour_table is None:
        yield document.problem("there is no table of neighbours", "name one as `data: {neighbours: FILE}`, with the "
                               "columns unit and neighbour", ("design", "exclude_neighbours_of"))  # fmt: skip
    yield from _rolled_out(study, document)
    yield from _roll_out_units(study, document)
    yield from _measures(study, document)
    for key in study.narrative:
        meant = difflib.get_close_matches(key.lower(), NARRATIVE, n=1, cutoff=0.8)
        if meant and key not in NARRATIVE:  # own sections are welcome; one that is nearly ours is a slip
            yield document.problem(f"the page has no section {key!r}", f"did you mean {meant[0]!r}? A section of your "
                                   "own needs a name less like it", ("narrative", key), at_key=True)  # fmt: skip
    variants = [*study.sensitivity, *study.falsification, *study.subgroups]
    analyses = {"primary", *study.outcomes, *(variant.id for variant in variants)}
    for index, claim in enumerate(study.claims):
        if claim.analysis and claim.analysis not in analyses:
            yield document.problem(f"{claim.analysis!r} is not an analysis of this study",
                                   f"one of {', '.join(sorted(analyses))}", ("claims", index, "analysis"))  # fmt: skip


def _family(study: Study, document: Document) -> Iterator[Problem]:
    """Yield ids of the family of secondary outcomes that are no such outcome."""
    others = [name for name, outcome in study.outcomes.items() if outcome.role != "primary"]
    for index, name in enumerate(study.multiplicity.family if study.multiplicity else ()):
        if name not in others:
            yield document.problem(f"{name!r} is not an outcome beside the primary one", did_you_mean(name, others),
                                   ("multiplicity", "family", index))  # fmt: skip


def _measures(study: Study, document: Document) -> Iterator[Problem]:
    """Yield measures of success that name an outcome which the study does not have."""
    for index, measure in enumerate(study.strategies):
        if measure.outcome is not None and measure.outcome not in study.outcomes:
            yield document.problem(f"{measure.outcome!r} is not an outcome of this study",
                                   did_you_mean(measure.outcome, study.outcomes),
                                   ("strategies", index, "outcome"))  # fmt: skip


def _checked_by_another(study: Study, document: Document) -> Iterator[Problem]:
    """Yield those who are to check an analysis that is their own."""
    people = study.governance or Governance()
    checking = {("governance", "assurer"): people.assurer,
                ("assurance", "reviewer"): study.assurance.reviewer if study.assurance else None}  # fmt: skip
    for path, person in checking.items():
        if person is not None and people.analyst is not None and _alike(person, people.analyst):
            yield document.problem(f"{_name(person)!r} is the analyst as well", "name somebody else: whoever checks an "
                                   "analysis must not be the one who made it; leave it out until there is one",
                                   path)  # fmt: skip


def _name(person: Person | str) -> str:
    """Return the name of a person, given alone or with a role."""
    return person if isinstance(person, str) else person.name


def _alike(one: Person | str, other: Person | str) -> bool:
    """Say whether two names are the same but for capitals and spaces."""
    first, second = (" ".join(_name(person).split()).casefold() for person in (one, other))
    return first == second


def _hidden(study: Study, document: Document) -> Iterator[Problem]:
    """Yield what keeps the small numbers of a study from being hidden."""
    rule = rule_of(None if study.disclosure is None else study.disclosure.model_dump())
    if rule is None or rule.national:
        return
    if study.data is not None and study.data.source == "counts":
        yield document.problem("the numbers stand in this file, which is published with the page, so none of them can "
                               "be hidden", "put them into a file of their own", ("data", "values"))  # fmt: skip
    reference = getattr(getattr(study.design, "selection", None), "reference", None)
    for at, each in enumerate(reference if isinstance(reference, list) else [reference]):
        if getattr(each, "counts", None):
            item: tuple[str | int, ...] = (at, "counts") if isinstance(reference, list) else ("counts",)
            yield document.problem("counts of single places stand in this file, which is published with the page, so "
                                   "none of them can be hidden", "give their mean and variance instead",
                                   ("design", "selection", "reference", *item))  # fmt: skip
    yield from _small_steps(study, rule, document)
    for at, claim in enumerate(study.claims):
        for key in ("before", "after", "n"):
            printed = getattr(claim.printed, key)
            if printed is not None and rule.hides(printed):
                yield document.problem("the study's own rule for small numbers hides such a count, whoever printed it "
                                       "first", "leave it out, and say in `reading` that it is too small to print",
                                       ("claims", at, "printed", key))  # fmt: skip


def _small_steps(study: Study, rule: DisclosureRule, document: Document) -> Iterator[Problem]:
    """Yield steps of the reach whose number, or whose difference from the step before, is one that the rule hides."""
    before: int | None = None
    for at, step in enumerate(study.process.reach if study.process else ()):
        if step.number is None:
            continue
        lost = None if before is None else before - step.number
        if rule.hides(step.number) or (lost is not None and rule.hides(lost)):
            what = "number" if rule.hides(step.number) else "difference from the step before"
            yield document.problem(f"this {what} is one that the study's own rule for small numbers hides, and this "
                                   "file is published with the page", "leave the number out, and say in `note` that "
                                   "it is too small to show", ("process", "reach", at, "number"))  # fmt: skip
        before = step.number


def _rolled_out(study: Study, document: Document) -> Iterator[Problem]:
    """Yield what the roll-out says of its months before and from the start and the design does not do."""
    if study.rollout is None or study.data is None or study.data.frequency != "month":
        return
    for key, option in (("phase_in_months", "phase_in"), ("anticipation_months", "anticipation")):
        said, done = getattr(study.rollout, key), getattr(study.design, option, None)
        if said and done is not None and said != done:
            yield document.problem(f"the roll-out has {said}, and the design leaves out {done}",
                                   f"write `{option}: {said}` under design, or mend it here",
                                   ("rollout", key))  # fmt: skip


def _roll_out_units(study: Study, document: Document) -> Iterator[Problem]:
    """Yield units of the roll-out whose name or start is another under `intervention.starts`, and the other way round.

    A unit of the roll-out goes by its id or its name; one that started nowhere in it need not be among the starts.
    """
    if study.rollout is None or study.data is None or study.intervention is None or not study.intervention.starts:
        return
    starts = {name: start for name, start in study.intervention.starts.items() if _dated(start)}
    places = study.rollout.units
    names = [place.id if place.id in starts or place.name not in starts else str(place.name) for place in places]
    for index, (place, name) in enumerate(zip(places, names, strict=True)):
        if not _dated(place.start):
            continue
        if name not in starts:
            yield document.problem(f"{name!r} starts in the roll-out, and intervention.starts has no such unit",
                                   did_you_mean(name, starts), ("rollout", "units", index, "id"))  # fmt: skip
        elif _differ(place.start, starts[name], study.data.frequency):
            yield document.problem(f"{name!r} starts {place.start} here and {starts[name]} in intervention.starts",
                                   "say the same in both", ("rollout", "units", index, "start"))  # fmt: skip
    for name in starts if places else ():
        if name not in names:
            yield document.problem(f"{name!r} is not among the units of the roll-out", did_you_mean(name, names),
                                   ("intervention", "starts", name), at_key=True)  # fmt: skip


def _dated(start: Any) -> bool:
    """Say whether a start is a period, and not none or never."""
    return start is not None and not str(start).startswith("never")


def _differ(one: Any, other: Any, frequency: str) -> bool:
    """Say whether two starts are different periods; what cannot be read as one is reported elsewhere, or is words."""
    try:
        return parse_period(one, frequency) != parse_period(other, frequency)
    except EvalkitError:
        return False


def _periods(study: Study, document: Document) -> Iterator[Problem]:
    """Yield every period in the file that does not fit the frequency of the data."""
    assert study.data is not None
    frequency = study.data.frequency
    intervention = study.intervention
    written: list[tuple[Path, Any]] = []
    if intervention is not None:
        written += [(("intervention", "start"), intervention.start)]
        written += [(("intervention", "starts", unit), start) for unit, start in (intervention.starts or {}).items()]
    for index, gap in enumerate(study.data.gaps):
        places = (("from",), ("to",)) if isinstance(gap.period, Stretch) else ((), ())
        written += dict.fromkeys((("data", "gaps", index, "period", *place), end)
                                 for place, end in zip(places, gap.ends, strict=True))  # fmt: skip
    written += expected_periods(study.data)
    excluded = getattr(study.design, "exclude", ())
    for index, exclusion in enumerate(() if isinstance(excluded, dict) else excluded):  # units by name have no period
        written += [(("design", "exclude", index, "from"), exclusion.from_),
                    (("design", "exclude", index, "to"), exclusion.to)]  # fmt: skip
    for index, other in enumerate(getattr(study.design, "interruptions", ())):
        written.append((("design", "interruptions", index, "start"), other.start))
    for window in ("before", "after"):
        limits = getattr(study.design, window, None)
        if limits is not None:
            written += [(("design", window, end), getattr(limits, attribute)) for end, attribute in
                        (("from", "from_"), ("to", "to"))]  # fmt: skip
    for path, value in written:
        if value is None or (isinstance(value, str) and value.startswith("never")):
            continue
        try:
            parse_period(value, frequency)
        except EvalkitError as error:
            found = error.problems[0]
            yield document.problem(found.message, found.mend, path)


def _planted(study: Study, document: Document) -> Iterator[Problem]:
    """Yield a planted effect that starts at another time than the study says."""
    data, intervention = study.data, study.intervention
    if not isinstance(data, SimulatedData) or intervention is None or intervention.start is None:
        return
    planted = set(data.first_times().values())
    if planted and data.effect and planted != {parse_period(intervention.start, data.frequency)}:
        first = format_period(min(planted), data.frequency)
        yield document.problem(f"the effect is planted from {first}", "say the same here and in data.treated_from",
                               ("intervention", "start"))  # fmt: skip


def _or_table(problem: Problem, study: Study) -> Problem:
    """Return a problem; where an outcome's exposure is no column but nearly a table of data.exposures, that is said."""
    for name, outcome in study.outcomes.items():
        if outcome.exposure and study.data and problem.where == f"outcomes.{name}.exposure":
            close = nearest(outcome.exposure, study.data.exposures)
            return replace(problem, mend=f"did you mean {close!r} of data.exposures?") if close else problem
    return problem


def _placed(problem: Problem, document: Document) -> Problem:
    """Return a problem that names a dotted key with its place in the file."""
    if problem.line is not None:
        return problem
    parts = (int(part) if part.isdigit() else part for part in problem.where.split("."))
    return document.problem(problem.message, problem.mend, tuple(parts))
