"""The rows of a rehearsal: every column that the study names, in every group that its filters tell apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from evalkit.periods import format_period
from evalkit.rehearsal.shape import Shape, Wishes
from evalkit.sources import Between, Excluding, SimulatedData, needed_columns
from evalkit.sources.simulated import SIMULATED_COLUMN
from evalkit.spec.loading import Spec

if TYPE_CHECKING:
    import numpy
    import pandas

DISPERSION, AUTOCORRELATION, LARGEST, OTHER = 1.5, 0.2, 1.6, "other"
"""Variance over mean and autocorrelation of the counts; largest over mean of places; a value that no filter names."""
PEOPLE = 10_000.0
"""Mean exposure of a place."""
Filter = dict[str, Any]


def rows_of(spec: Spec, shape: Shape, wishes: Wishes) -> pandas.DataFrame:
    """Return the rows of the study's data, with the column that marks them as simulated.

    Every group that the filters of the study's analyses tell apart has rows of its own. Outcomes are drawn as
    `source: simulated` draws them.
    """
    import pandas

    groups = _groups(spec)
    parts = [_group(spec, shape, wishes, group, groups, number) for number, group in enumerate(groups)]
    rows = pandas.concat([*parts, *_left_out(spec, parts[0], groups)], ignore_index=True)
    return rows.assign(**{SIMULATED_COLUMN: 1})


def exposure_rows(spec: Spec, shape: Shape, name: str) -> pandas.DataFrame:
    """Return the rows of an exposure table: the same value for a place in every period."""
    import pandas

    table, places = spec.study.needed_data.exposures[name], [*shape.starts]
    times = range(shape.first, shape.last + 1) if table.period is not None else [shape.first]
    theirs = table.frequency_in(shape.frequency)
    labels = list(dict.fromkeys(_carried(time, shape.frequency, theirs) for time in times))
    rows = pandas.DataFrame([(place, label, PEOPLE) for place in places for label in labels],
                            columns=["unit", "period", table.column])  # fmt: skip
    columns = {"unit": table.unit, "period": table.period_column}
    kept = rows.drop(columns=[own for own, theirs in columns.items() if theirs is None]).rename(
        columns={own: theirs for own, theirs in columns.items() if theirs is not None})  # fmt: skip
    filled = {column: _values(condition)[0] for column, condition in table.filter.items() if column not in kept}
    return kept.assign(**filled, **{SIMULATED_COLUMN: 1})


def pair_rows(spec: Spec, shape: Shape) -> pandas.DataFrame:
    """Return the rows of a table of neighbours: each place adjoins the next one."""
    import pandas

    table, places = spec.study.needed_data.neighbour_table, [*shape.starts]
    assert table is not None
    rows = pandas.DataFrame({table.unit: places[:-1], table.neighbour: places[1:]})
    return rows.assign(**{SIMULATED_COLUMN: 1})


def _carried(time: int, frequency: str, theirs: str) -> str:
    from evalkit.periods import first_date, parse_period

    if frequency == theirs:
        return format_period(time, frequency)
    return format_period(parse_period(first_date(time, frequency), theirs), theirs)


def _groups(spec: Spec) -> list[Filter]:
    """Return the filters of all analyses, each once; one whose rows another has as well is left out."""
    found: list[Filter] = []
    for request in spec.requests:
        data, outcome = request.study.needed_data, request.study.outcomes[request.outcome]
        keys = (data.unit_column, data.period_column)
        group = {column: condition for column, condition in {**data.filter, **outcome.filter}.items()
                 if column not in keys}  # fmt: skip
        if group not in found:
            found.append(group)
    held = [group for group in found if any(other != group and group.items() <= other.items() for other in found)]
    return [group for group in found if group not in held] or [{}]


def _group(
    spec: Spec, shape: Shape, wishes: Wishes, group: Filter, groups: list[Filter], number: int
) -> pandas.DataFrame:
    """Return the rows of one group."""
    import pandas

    data, study = spec.study.needed_data, spec.study
    drawn = {name: _drawn(spec, shape, wishes, name, 1000 * number + at) for at, name in enumerate(study.outcomes)}
    base = next(iter(drawn.values()))
    rows = pandas.DataFrame({str(data.unit_column or "unit"): base["unit"],
                             str(data.period_column or "period"): base["period"]})  # fmt: skip
    others = {column: condition for each in groups for column, condition in each.items()}
    for column, condition in {**others, **group}.items():
        values = _values(condition) if column in group else [_outside(condition)]
        rows[column] = [values[at % len(values)] for at in range(len(rows))]
    _add_outcomes(spec, rows, drawn)
    _add_columns(spec, shape, rows, number + wishes.seed)
    counted = next((name for name, outcome in study.outcomes.items() if outcome.count), None)
    if counted is not None:
        rows = rows.loc[rows.index.repeat(drawn[counted]["value"])].reset_index(drop=True)
    absent = [name for name in ("unit", "period") if getattr(data, f"{name}_column") is None]
    return rows.drop(columns=absent)


def _drawn(spec: Spec, shape: Shape, wishes: Wishes, name: str, number: int) -> pandas.DataFrame:
    """Return one outcome as counts by place and period."""
    outcome = spec.study.outcomes[name]
    mean, frequency = wishes.baseline, shape.frequency
    sizes = {"low": mean * (2 - LARGEST), "high": mean * LARGEST} if len(shape.starts) > 1 else mean
    treated = {unit or "series": format_period(start, frequency) for unit, start in shape.starts.items()
               if start is not None and start <= shape.last}  # fmt: skip
    model = SimulatedData.model_validate({
        "source": "simulated", "units": [unit or "series" for unit in shape.starts], "treated": treated,
        "periods": shape.last - shape.first + 1, "dispersion": DISPERSION, "autocorrelation": AUTOCORRELATION,
        "period": {"start": format_period(shape.first, frequency), "frequency": frequency}, "baseline": sizes,
        "effect": 0.0 if outcome.role == "negative_control" else wishes.effect, "seed": wishes.seed + 7919 * number,
    })  # fmt: skip
    return model.rows(spec.folders)


def _add_outcomes(spec: Spec, rows: pandas.DataFrame, drawn: dict[str, pandas.DataFrame]) -> None:
    """Add the column of every outcome, and of its exposure where that is a column of the data."""
    import numpy

    data = spec.study.needed_data
    for name, outcome in spec.study.outcomes.items():
        column, values = data.value_column(name, outcome), drawn[name]["value"].to_numpy()
        if column is not None:
            rows[column] = _of_kind(outcome.kind, values)
        if outcome.exposure is not None and outcome.exposure not in data.exposures:
            trials = outcome.kind in ("proportion", "binary") or outcome.per == 1
            rows[outcome.exposure] = numpy.full(len(rows), float(4 * values.max()) if trials else PEOPLE)


def _of_kind(kind: str, values: numpy.ndarray) -> numpy.ndarray:
    """Return counts as values of another kind, which rise and fall with them."""
    import numpy

    top = 2.0 * max(float(values.max()), 1.0)
    if kind == "proportion":
        return values / top
    if kind == "binary":
        return (numpy.random.Generator(numpy.random.PCG64(len(values))).random(len(values)) < values / top).astype(int)
    return values if kind in ("count", "rate") else values.astype(float)


def _add_columns(spec: Spec, shape: Shape, rows: pandas.DataFrame, seed: int) -> None:
    """Add every other column that an analysis names: covariates, weights, clusters, starts, treatment."""
    import numpy

    generator = numpy.random.Generator(numpy.random.PCG64(seed))
    units = [str(unit) for unit in rows.iloc[:, 0]]
    starts = [shape.starts.get(unit, shape.starts.get("")) for unit in units]
    labels = {time: format_period(time, shape.frequency) for time in range(shape.first, shape.last + 1)}
    time_of = {label: time for time, label in labels.items()}
    times = [time_of[label] for label in rows.iloc[:, 1]]
    for request in spec.requests:
        data, intervention = request.study.needed_data, request.study.intervention
        assert intervention is not None
        special: dict[str | None, Any] = {
            data.cluster: units, data.weight: [1.0] * len(rows),
            intervention.start_column: ["" if start is None else format_period(start, shape.frequency)
                                        for start in starts],
            intervention.treated_column: [int(start is not None and start <= time)
                                          for start, time in zip(starts, times, strict=True)],
        }  # fmt: skip
        for column in needed_columns(data, request.study.outcomes, intervention):
            if column not in rows:
                rows[column] = special.get(column, generator.normal(10, 1, len(rows)).round(3))


def _left_out(spec: Spec, rows: pandas.DataFrame, groups: list[Filter]) -> Iterator[pandas.DataFrame]:
    """Yield a row for each value that a filter leaves out by name: a filter must find the values that it names."""
    for group in groups:
        for column, condition in group.items():
            if isinstance(condition, Excluding):
                for value in condition.not_ if isinstance(condition.not_, list) else [condition.not_]:
                    yield rows.head(1).assign(**{column: value})


def _outside(condition: Any) -> Any:
    """Return a value that does not pass a condition, as far as one can be told."""
    if not isinstance(condition, Between):
        return OTHER
    numbers = [end for end in (condition.from_, condition.to) if isinstance(end, int | float)]
    return numbers[-1] + 1 if numbers and condition.to is not None else numbers[0] - 1 if numbers else condition.from_


def _values(condition: Any) -> list[Any]:
    """Return values that pass a condition: each one that it names."""
    if isinstance(condition, Between):
        return [condition.from_ if condition.from_ is not None else condition.to]
    if isinstance(condition, Excluding):
        return [OTHER]
    return condition if isinstance(condition, list) else [condition]
