"""What goes into a study's analyses: tables read once each, panels made of them, and what they hold and lack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from evalkit import provenance
from evalkit.designs.options import Window
from evalkit.designs.windows import first_start, span_of
from evalkit.disclosure import DisclosureRule
from evalkit.errors import DataError, EvalkitError, Problem
from evalkit.records import Analysis, Coverage, DataInput, GuardFinding, OtherRows, Panel
from evalkit.sources import (
    Exposure,
    Input,
    Neighbours,
    RollOutTable,
    build_panel,
    coverage_of,
    exposure_inputs,
    load,
    needed_columns,
    neighbour_inputs,
    read_exposure,
    read_neighbours,
    read_roll_out,
    readers_of,
    roll_out_inputs,
    told_apart,
    with_neighbours,
    with_open_zeros,
    with_starts,
    without_zeros,
)
from evalkit.sources.guards.held import hold, require_expected
from evalkit.sources.guards.schema import drifted, schema_of
from evalkit.sources.repeated import number_of_rows
from evalkit.spec.loading import AnalysisRequest, Spec

if TYPE_CHECKING:
    import pandas

    from evalkit.sources import Intervention, NeighbourTable
    from evalkit.sources.guards.rules import Looked
    from evalkit.spec.study import Study

Notes = tuple[str, ...]


class Tables:
    """Rows as read, each source once, however many analyses use it; the panel of the primary one is kept."""

    def __init__(self, spec: Spec) -> None:
        self.folders = spec.folders
        self._read: dict[str, tuple[pandas.DataFrame, str, str]] = {}
        self._exposures: dict[str, Exposure] = {}
        self._neighbours: dict[str, Neighbours] = {}
        self._roll_outs: dict[str, RollOutTable] = {}
        self._hashes: dict[str, str] = {}
        self.inputs: dict[str, DataInput] = {}
        self.primary: Panel | None = None
        self._main: tuple[frozenset[str], Mapping[str, Any]] | None = None
        """The units of the main analysis, and the rows that the study file keeps for it."""
        self.before: Mapping[str, Any] | None = None
        """Shape of the data at the last run, for the guards; none where there was no run."""
        self.released = False
        """Whether that was the last release: an input of the study, so that a result may say what was compared."""
        self.shape: Mapping[str, Any] | None = None
        self.findings: tuple[GuardFinding, ...] = ()

    def panel(self, request: AnalysisRequest) -> Panel:
        """Return the panel of one analysis; columns that the design names are loaded with it."""
        study = request.study
        assert study.data is not None
        assert study.intervention is not None
        data = study.needed_data
        rows, origin, sha256 = self._rows(data, needed_columns(data, study.outcomes, study.intervention))
        outcome = study.outcomes[request.outcome]
        exposure = self._exposure(data, outcome.exposure)
        intervention, notes = self._begun(study.intervention, data, rows)
        panel = build_panel(data, rows, request.outcome, outcome, intervention, origin, sha256, exposure)
        require_expected(panel, data)
        panel = replace(panel, notes=(*panel.notes, *notes))
        table = data.neighbour_table
        if table is not None:
            panel = with_neighbours(panel, self._adjoining(table), data, rows)
        first, last = panel.times[0], panel.times[-1]
        self.inputs.setdefault(f"{origin} {sha256}", DataInput(origin, sha256, number_of_rows(rows),
                                                               panel.label(first), panel.label(last)))  # fmt: skip
        if request.role == "primary":
            self._main = (frozenset(panel.units), data.filter)
        if request.role == "primary" and data.person_level is None:
            self.primary = panel
        return panel

    def other_rows(self, request: AnalysisRequest, panel: Panel) -> OtherRows:
        """Return whether a sensitivity analysis is of other places than the main one, or of other rows of the same."""
        if request.role != "sensitivity" or self._main is None:
            return ""
        units, kept = self._main
        if units != frozenset(panel.units):
            return "places"
        return "rows" if request.study.needed_data.filter != kept else ""

    def guard(
        self, request: AnalysisRequest, panel: Panel, design: Mapping[str, Any], rule: DisclosureRule | None
    ) -> None:
        """Hold the data of an analysis against the guards; what they found in the primary one is kept.

        Raises
        ------
        DataError
            With the unit and dates of all that was found and is not waived.
        """
        study, primary = request.study, request.role == "primary"
        data, careful = study.needed_data, rule is not None and not rule.national
        drift: tuple[Looked, ...] = ()
        if primary:
            assert study.intervention is not None
            rows, _, _ = self._rows(data, needed_columns(data, study.outcomes, study.intervention))
            self.shape = schema_of(data, rows, study.outcomes[request.outcome], panel, careful=careful)
            drift = drifted(self.shape, self.before, released=self.released)
        found = hold(panel, data, _used(panel, design), drift=drift, events=_events(study, design),
                     steps=primary or request.role == "secondary", careful=careful)  # fmt: skip
        if primary:
            self.findings = found

    def _rows(self, data: Any, columns: dict[str, str]) -> tuple[pandas.DataFrame, str, str]:
        key = provenance.canonical([data.model_dump(mode="json", by_alias=True), sorted(columns)])
        if key not in self._read:
            self._read[key] = load(data, self.folders, columns)
            self._hashes |= {item.name: self._read[key][2] for item in data.inputs(self.folders)
                             if item.text is None}  # what the study file itself holds cannot change meanwhile
        return self._read[key]

    def _exposure(self, data: Any, name: str | None) -> Exposure | None:
        """Return the exposure table of a name; None where the name is a column of the data, or there is none."""
        if name is None or name not in data.exposures:
            return None
        table = data.exposures[name]
        key = provenance.canonical([name, table.model_dump(mode="json", by_alias=True), data.frequency])
        if key not in self._exposures:
            found = self._exposures[key] = read_exposure(data, name, self.folders)
            self._hashes[table.path] = found.sha256
            self.inputs.setdefault(table.path, DataInput(table.path, found.sha256, len(found.values), *found.ends()))
        return self._exposures[key]

    def _adjoining(self, table: NeighbourTable) -> Neighbours:
        """Return the table of units that adjoin one another."""
        key = provenance.canonical(table.model_dump(mode="json", by_alias=True))
        if key not in self._neighbours:
            found = self._neighbours[key] = read_neighbours(table, self.folders)
            self._hashes[table.path] = found.sha256
            self.inputs.setdefault(table.path, DataInput(table.path, found.sha256, found.rows, "", ""))
        return self._neighbours[key]

    def _begun(self, intervention: Intervention, data: Any, rows: pandas.DataFrame) -> tuple[Intervention, Notes]:
        """Return the intervention with the starts of its roll-out table, where it names one, and notes."""
        table = intervention.start_table
        if table is None:
            return intervention, ()
        key = provenance.canonical([table.model_dump(mode="json", by_alias=True), data.frequency])
        if key not in self._roll_outs:
            found = self._roll_outs[key] = read_roll_out(table, data.frequency, self.folders)
            self._hashes[table.path] = found.sha256
            self.inputs.setdefault(table.path, DataInput(table.path, found.sha256, found.rows, "", ""))
        return with_starts(intervention, self._roll_outs[key], data, rows)

    def require_unchanged(self, hashes: Mapping[str, str]) -> None:
        """Check that nothing was written to the data while they were read.

        Parameters
        ----------
        hashes : mapping of str to str
            Hash of each input as it is now, by name.

        Raises
        ------
        DataError
            Naming each input that is not what was read.
        """
        problems = [Problem("it changed while the study ran", "run again once nobody writes to it", file=name)
                    for name, digest in hashes.items() if self._hashes.get(name, digest) != digest]  # fmt: skip
        if problems:
            raise DataError(problems)


def _events(study: Study, design: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the dates at which a study itself says that something changed: a step there is no surprise."""
    yield from (each.date for each in (study.data_notes.breaks if study.data_notes else ()))
    yield from (each["start"] for each in design.get("interruptions") or ())
    if study.rollout is not None:
        others: list[Any] = [*study.rollout.shocks, *study.rollout.co_interventions]
        yield from (date for other in others for date in (other.from_, other.to) if date is not None)
        yield from (unit.stop for unit in study.rollout.units if unit.stop is not None)


def covered(panel: Panel | None, computed: Analysis, shown: Analysis, rule: DisclosureRule | None) -> Coverage | None:
    """Return what the data of the primary analysis hold for each place and period, as it may be told.

    Parameters
    ----------
    panel : Panel or None
        None where single rows are people, who are not told one by one.
    computed, shown : Analysis
        The primary analysis as computed, and as it may be seen.
    rule : DisclosureRule or None
        A run of zeros is told where the rule shows zeros and no number of its periods is hidden: a zero that is
        known could give away what is hidden beside it.
    """
    if panel is None:
        return None
    found = coverage_of(panel, _used(panel, computed.design))
    if found is None or rule is None or rule.national:
        return found
    return with_open_zeros(found, _open_periods(computed, shown)) if rule.zeros else without_zeros(found)


def _used(panel: Panel, design: Mapping[str, Any]) -> set[int]:
    """Return the periods within the windows of a design; one that is left out runs to the start, or from it on."""
    start, times = first_start(panel), panel.times
    everything = range(times[0], times[-1] + 1)
    windows = {key: design.get(key) for key in ("before", "after")}
    if start is None and None in windows.values():
        return set(everything)
    used: set[int] = set()
    for key, window in windows.items():
        if window is None:
            used |= {time for time in everything if (time < (start or 0)) is (key == "before")}
        else:
            span = span_of(Window.model_validate(window), panel, key)
            used |= set(range(span.first, span.last + 1))
    return used


def _open_periods(computed: Analysis, shown: Analysis) -> set[str]:
    """Return the periods of which every number that was observed may be seen."""
    seen = {(point.unit, point.period) for point in shown.result.path if point.observed is not None}
    known = [point for point in computed.result.path if point.observed is not None]
    hidden = {point.period for point in known if (point.unit, point.period) not in seen}
    return {point.period for point in known} - hidden


def inputs_of(spec: Spec) -> list[Input]:
    """Return every input of every analysis as it would be read now: data and reference tables; reads no table.

    Raises
    ------
    DataError
        When one is not there.
    """
    found: list[tuple[str, Input]] = []
    try:
        for request in spec.requests:
            data = request.study.needed_data
            found += [(request.id, item) for item in (
                *data.inputs(spec.folders), *exposure_inputs(data, spec.folders),
                *neighbour_inputs(data, spec.folders),
                *roll_out_inputs(request.study.intervention, spec.folders))]  # fmt: skip
    except EvalkitError as error:
        raise spec.located(error) from None
    if spec.study.economics is not None:
        from evalkit.appraisal.tables import reference_files

        found += [("", Input(f"reference/{path.name}", path=path))
                  for path in reference_files(spec.study.economics, spec.folders.project)]  # fmt: skip
    return told_apart(found)


def packages_of(spec: Spec) -> dict[str, str]:
    """Return versions of Python and of the packages that can move a number of a study, also by reading its data."""
    readers = {name for request in spec.requests
               for name in readers_of(request.study.needed_data, request.study.intervention, spec.folders)}  # fmt: skip
    return {**provenance.package_versions(), **provenance.reader_versions(sorted(readers))}
