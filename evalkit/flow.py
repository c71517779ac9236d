"""The flow, in the order in which it runs: read this first.

    Spec -> Panel -> Design.estimate -> Result -> checks -> Appraisal -> Evaluation

`evaluate` is the whole of it. Pages, comparison with the last release and the command line work on the Evaluation
and never ask which design ran.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from evalkit import archive, claims, evidence, multiplicity, planning, provenance, registration
from evalkit.diagnostics import falsification
from evalkit.diagnostics.regression_to_the_mean import HOW, stated_selection
from evalkit.diagnostics.start_dates import WrittenStart, start_dates
from evalkit.disclosure import (
    Counted,
    DisclosureRule,
    counted,
    differs_in_supplied,
    disclosed,
    rule_of,
    small_changes,
    without_numbers,
    without_small,
)
from evalkit.errors import DataError, DesignError, EvalkitError, SpecError
from evalkit.gathering import Tables, covered, inputs_of, packages_of
from evalkit.periods import format_period
from evalkit.records import Analysis, Appraisal, DataInput, Evaluation, Failure, Panel, Provenance, Result
from evalkit.sources import declared_gaps
from evalkit.spec.loading import AnalysisRequest, Spec, resolved

if TYPE_CHECKING:
    from pathlib import Path

    from evalkit.spec.blocks import Rollout

Progress = Callable[[str, int, int], None]
Gaps = Sequence[tuple[int, str, str | None]]
DEFAULT_SEED = 20_240_229


def evaluate(
    spec: Spec, progress: Progress | None = None, tables: Tables | None = None, results: Path | None = None
) -> Evaluation:
    """Return everything that a page may say about a study.

    Parameters
    ----------
    spec : Spec
        A study file, read and checked.
    progress : callable, optional
        Called with the label of the analysis that starts, its number from 1, and how many there are.
    tables : Tables, optional
        Where the rows are read, for one who wants to see afterwards what was read.
    results : Path, optional
        Folder of results, which show what earlier runs had seen; that of the project when left out.

    Returns
    -------
    Evaluation
        The primary analysis, then every other one that the study file asks for. One that cannot be computed is kept
        as a `Failure` with its reason; the primary one must be. A study without data (appraisal_only, theory_only) has
        no analyses: what it costs, what it rests on and what was planned are all there is.

    Raises
    ------
    DataError, DesignError
        When the data do not fit the study file, or cannot carry the primary analysis.
    ProtocolError
        When the study is locked, and its file is not what was fixed and amended.
    """
    protocol = registration.require(spec, results)
    tables, rule = tables or Tables(spec), disclosure_rule(spec)
    released = shape_before(spec)
    tables.before, tables.released = released or tables.before, released is not None
    analyses: list[Analysis] = []
    events: list[Counted] = []
    failures: list[Failure] = []
    for number, request in enumerate(spec.requests, start=1):
        if progress:
            progress(request.label, number, len(spec.requests))
        try:
            analysis, behind = _analyse(request, tables, rule)
            analyses.append(analysis)
            own = rule is not None and differs_in_supplied(request.study, spec.study, request.outcome)
            events.append(replace(behind, supplied=own))
        except (DataError, DesignError) as error:
            if request.role == "primary":
                if rule is not None and isinstance(error, DesignError):
                    error = without_small(error, rule)
                raise spec.located(error) from None
            failures.append(_failure(request, error, rule))
    if analyses:
        analyses = multiplicity.adjusted(analyses, spec.study, lambda each, level: _again(spec, tables, each, level))
        analyses[0] = _set_beside(analyses[0], analyses[1:], spec.study.rollout)
        gaps = {request.id: declared_gaps(request.study.needed_data) for request in spec.requests}
        analyses = [_with_starts(analysis, spec.study.rollout, gaps[analysis.id]) for analysis in analyses]
    study = registration.with_lock(resolved(spec.study), protocol)
    appraisal, computed = _appraise(spec, analyses), analyses
    if rule is not None and analyses:
        try:
            analyses, withheld = disclosed(list(zip(analyses, events, strict=True)), rule)
        except DataError as error:
            raise spec.located(error) from None
        failures += [_failure(each.analysis, each.reason) for each in withheld]
        if not analyses or analyses[0].role != "primary":
            raise spec.located(withheld[0].reason)
    coverage = covered(tables.primary, computed[0], analyses[0], rule) if analyses else None
    traced = trace(spec, tables)
    return Evaluation(
        id=spec.id, study=study, analyses=tuple(analyses), failures=tuple(failures),
        appraisal=appraisal,
        evidence=evidence.assess(study, analyses, failures, coverage, _fixed(spec, traced)) if analyses else {},
        claims=tuple(claims.check_claim(claim, analyses) for claim in study["claims"]),
        provenance=traced,
        protocol=protocol,
        coverage=coverage,
        guards=tables.findings,
        shape=tables.shape,
    )  # fmt: skip


def _set_beside(primary: Analysis, others: list[Analysis], rollout: Rollout | None) -> Analysis:
    """Return the primary analysis with what needs more than itself: what should not have moved, and who was chosen."""
    controls = [analysis for analysis in others if analysis.outcome_role == "negative_control"]
    pretend = [analysis for analysis in others if analysis.role == "falsification" and analysis not in controls]
    found = [check(group, primary.result) for check, group in ((falsification.negative_controls, controls),
                                               (falsification.pretend_starts, pretend)) if group]  # fmt: skip
    how = rollout.selected_on_outcome if rollout else None
    if how in HOW and primary.result.selection is None:
        alone = primary.design["kind"] == "before_after" and not primary.design.get("comparison")
        found.append(stated_selection(str(how), alone))
    result = replace(primary.result, diagnostics=(*primary.result.diagnostics, *found))
    return replace(primary, result=result)


def _with_starts(analysis: Analysis, rollout: Rollout | None, gaps: Gaps) -> Analysis:
    """Return an analysis of any outcome with the check of when places started, as exactly as the roll-out knows it."""
    dated = start_dates(_written_starts(rollout, gaps), analysis.frequency, analysis.design)
    if dated is None or analysis.role not in ("primary", "secondary", "subgroup"):
        return analysis
    result = replace(analysis.result, diagnostics=(*analysis.result.diagnostics, dated))
    return replace(analysis, result=result)


def _written_starts(rollout: Rollout | None, gaps: Gaps) -> list[WrittenStart]:
    """Return when each place of the roll-out started, as written; a precision that is not stated stays so."""
    return [WrittenStart(unit.name or unit.id, unit.start,
                         unit.date_precision if "date_precision" in unit.model_fields_set else None,
                         frozenset(time for time, _, whose in gaps if whose in (None, unit.id, unit.name)))
            for unit in (rollout.units if rollout else ()) if not str(unit.start).startswith("never")]  # fmt: skip


def disclosure_rule(spec: Spec) -> DisclosureRule | None:
    """Return by which rule a study's small numbers are hidden; None where it names none."""
    block = spec.study.disclosure
    return rule_of(None if block is None else block.model_dump())


def shape_before(spec: Spec, result: Path | None = None) -> Mapping[str, Any] | None:
    """Return the shape of a study's data as a result holds it, by default the last one that was published.

    A result that cannot be read tells nothing: the data are then held against no earlier run.
    """
    path = result or spec.folders.project / "reports" / "published" / f"{spec.id}.json"
    try:
        document = archive.read_document(path)
    except DataError:
        return None
    if any(analysis.get("simulated") for analysis in document["analyses"]):
        return None  # a rehearsal says nothing of the shape of the real data
    shape: Mapping[str, Any] | None = document.get("shape")
    return shape


def require_apart(spec: Spec, evaluation: Evaluation) -> None:
    """Check that no small number can be had by taking the last release from this result.

    Raises
    ------
    DataError
        Naming each count that the difference would give away, and how to hide it.
    """
    rule = disclosure_rule(spec)
    path = spec.folders.project / "reports" / "published" / f"{spec.id}.json"
    if rule is None or not path.is_file():
        return
    problems = small_changes(archive.to_document(evaluation), archive.read_document(path), rule)
    if problems:
        raise DataError(problems).in_file(spec.name)


def _failure(request: AnalysisRequest | Analysis, error: EvalkitError, rule: DisclosureRule | None = None) -> Failure:
    """Return an analysis that is not there with the reason; under a rule for small numbers, without the numbers."""
    reason = " ".join(problem.sentence() for problem in error.problems)
    return Failure(request.id, request.role, request.label, without_numbers(reason) if rule else reason)


def _analyse(request: AnalysisRequest, tables: Tables, rule: DisclosureRule | None) -> tuple[Analysis, Counted]:
    """Return one analysis, and the events behind it where small numbers are to be hidden."""
    panel = tables.panel(request)
    design = request.study.needed_design.resolve(panel)  # type: ignore[union-attr]
    tables.guard(request, panel, design.model_dump(mode="json", by_alias=True), rule)
    result = _estimated(design, panel, supplements=request.role in ("primary", "secondary"))
    if request.role == "primary":
        result = replace(result, power=_power(request.study.needed_design, panel))
    analysis, behind = _made(request, panel, design, result, rule)
    return replace(analysis, other_rows=tables.other_rows(request, panel)), behind


def _made(request: AnalysisRequest, panel: Panel, design: Any, result: Result, rule: DisclosureRule | None
          ) -> tuple[Analysis, Counted]:  # fmt: skip
    """Return a result as an analysis, and the events behind it where small numbers are to be hidden."""
    starts, dumped = panel.frame["first_time"].dropna(), design.model_dump(mode="json", by_alias=True)
    behind = Counted({}, {}) if rule is None or rule.national else counted(panel, result, dumped)
    if rule is not None and rule.national and len(panel.units) > 1:
        raise DataError(f"{len(panel.units)} units are not one national total", "leave `national` out",
                        "disclosure.national")  # fmt: skip
    return Analysis(
        id=request.id, role=request.role, label=request.label, outcome=panel.outcome,
        design=dumped, result=result, frequency=panel.frequency,
        first_treated=format_period(int(starts.min()), panel.frequency) if len(starts) else "",
        simulated=panel.simulated, origin=panel.origin, notes=panel.notes,
        outcome_role=request.study.outcomes[request.outcome].role, group=request.group,
        period_names=panel.period_names, unit_label=panel.unit_label,
    ), behind  # fmt: skip


def alone(spec: Spec, panel: Panel) -> Analysis:
    """Return the primary analysis of a panel as it may be seen, without what stands beside it.

    Raises
    ------
    DataError, DesignError
        When the panel does not carry it.
    """
    request, rule = spec.requests[0], disclosure_rule(spec)
    design = request.study.needed_design.resolve(panel)  # type: ignore[union-attr]
    analysis, behind = _made(request, panel, design, _estimated(design, panel, supplements=False), rule)
    if rule is None:
        return analysis
    shown, withheld = disclosed([(analysis, behind)], rule)
    if withheld:
        raise withheld[0].reason
    return shown[0]


def _again(spec: Spec, tables: Tables, analysis: Analysis, level: float) -> Result:
    """Return an analysis once more at another confidence level, which its own rule then knows of."""
    request = next(request for request in spec.requests if request.id == analysis.id)
    panel = tables.panel(request)
    design: Any = request.study.needed_design.model_copy(update={"level": level})
    return _estimated(design.resolve(panel), panel, supplements=False)


def _estimated(design: Any, panel: Panel, *, supplements: bool) -> Result:
    """Return what the design estimates; numbers that overflow are an error, not a warning and a result of nonsense.

    Raises
    ------
    DesignError
        Also when the numbers are of sizes that cannot be computed with.
    """
    import numpy

    try:
        with numpy.errstate(over="raise", divide="raise", invalid="raise"):
            result: Result = design.estimate(panel, supplements=supplements)
    except ArithmeticError as error:
        raise DesignError(f"the numbers differ too much in size to compute with ({error})",
                          "look for values, exposures or weights that are slips, or that hardly vary", "outcomes",
                          ) from None  # fmt: skip
    return result


def _power(design: Any, panel: Panel) -> dict[str, Any] | None:
    """Return what the design could have found, None where that is not worked out for it.

    The design is as written: what it leaves to the data is settled for each length of the grid by itself.
    """
    try:
        return planning.power(design, panel)
    except (DataError, DesignError):
        return None


def _appraise(spec: Spec, analyses: list[Analysis]) -> Appraisal | None:
    """Return costs and benefits, priced with the analysis that the study names."""
    economics = spec.study.economics
    if economics is None:
        return None
    from evalkit.appraisal import AppraisedEffect, appraise, without_data
    from evalkit.appraisal.countable import counted_in, uncounted
    from evalkit.appraisal.treated_time import averted_shares, years_treated

    project, level = spec.folders.project, spec.study.stated_level
    if not getattr(spec.study.design, "has_data", True):
        return appraise(economics, without_data(economics, level), project, DEFAULT_SEED)
    analysis = next((a for a in analyses if a.id == economics.analysis), None)
    if analysis is None:
        found = f"the analysis {economics.analysis!r} could not be computed, so there is no effect to price"
        raise spec.located(DesignError(found, "mend it, or name another", "economics.analysis"))
    result = analysis.result
    request = next(each for each in spec.requests if each.id == analysis.id)
    problem = uncounted(analysis, exposure=request.study.outcomes[request.outcome].exposure is not None)
    if economics.benefits and problem is not None:
        raise spec.located(SpecError(problem))
    effect = AppraisedEffect(
        averted=result.averted, relative=result.relative, better=analysis.outcome.better,
        averted_by_year=dict(averted_shares(analysis)), level=level, design=analysis.design["kind"],
        simulated=analysis.simulated, unit=counted_in(analysis), observed=(result.fit or {}).get("observed_total"),
        years_observed=years_treated(analysis), key_check=", ".join(dict.fromkeys(
            check.name.replace("_", " ") for check in result.diagnostics
            if check.key and check.verdict == "sign against")),
    )  # fmt: skip
    return appraise(economics, effect, project, int(analysis.design.get("seed", DEFAULT_SEED)))


def _fixed(spec: Spec, traced: Provenance) -> bool:
    """Return whether the list of published files fixes the copy of every file of the main analysis's data."""
    fixed = {item.name for item in traced.data if item.fixed}
    read = {item.name for item in spec.requests[0].study.needed_data.inputs(spec.folders)}
    return bool(read) and read <= fixed


def trace(spec: Spec, tables: Tables | None = None) -> Provenance:
    """Return what goes into a study; without `tables`, hashes alone (nothing is read as a table)."""
    inputs: dict[str, DataInput] = {}
    hashes = input_hashes(spec)
    fixed: frozenset[str] = frozenset()
    if tables is not None:
        tables.require_unchanged(hashes)
        fixed = fixed_inputs(spec, hashes)
    for name, digest in hashes.items():
        read = next((i for i in tables.inputs.values() if i.sha256 == digest), None) if tables else None
        inputs[name] = DataInput(name, digest, read.rows if read else 0, read.first if read else "",
                                 read.last if read else "", name in fixed)  # fmt: skip
    return Provenance(
        spec_sha256=provenance.sha256_of(spec.text),
        protocol_sha256=provenance.sha256_of(provenance.canonical(registration.plan_of(spec))),
        data=tuple(inputs[name] for name in sorted(inputs)), code_version=provenance.code_version(),
        packages=packages_of(spec), seed=getattr(spec.study.design, "seed", DEFAULT_SEED),
    )  # fmt: skip


def fixed_inputs(spec: Spec, hashes: Mapping[str, str]) -> frozenset[str]:
    """Return which inputs data/sources.yaml fixes; a list that is damaged fixes none, and `evalkit data` tells why."""
    from evalkit.fetching.fixed import fixed_tables

    try:
        return fixed_tables(spec.folders.project, hashes)
    except SpecError:
        return frozenset()


def input_hashes(spec: Spec) -> dict[str, str]:
    """Return the hash of every input of every analysis, by name: data, reference tables, the lock; reads no table.

    Raises
    ------
    DataError
        When an input is not there.
    """
    try:
        hashes = {item.name: item.sha256() for item in inputs_of(spec)}
    except EvalkitError as error:
        raise spec.located(error) from None
    return hashes | registration.lock_inputs(spec)
