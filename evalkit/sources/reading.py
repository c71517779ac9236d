"""Rows as numbers: units, periods, values and whatever else the study names, with every fault found at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evalkit.errors import Problem
from evalkit.periods import format_period, parse_period
from evalkit.sources.cells import LARGEST, Numbers, Places, column_of, marked_cells, numbers_of, text_of
from evalkit.sources.columns import Period
from evalkit.sources.dates import can_be_written, times_of
from evalkit.sources.repeated import TIMES, times_of_rows
from evalkit.sources.request import Request

if TYPE_CHECKING:
    import numpy
    import pandas


def read_keys(request: Request, rows: pandas.DataFrame) -> tuple[pandas.DataFrame, list[Problem]]:
    """Return `row`, `unit` (categorical, categories in order) and `time` of every row, and what could not be read."""
    import numpy
    import pandas

    data, problems = request.data, []
    keys = pandas.DataFrame({"row": rows.index.to_numpy()})
    if data.unit_column is None:
        one_series = numpy.zeros(len(rows), dtype="int64")
        keys["unit"] = pandas.Categorical.from_codes(one_series, pandas.Index([""], dtype="object"))
    else:
        keys["unit"], empty = _texts(rows, data.unit_column)
        if empty.any():
            mend = ("fill in the unit's name (merged cells hold it in their first row only), or leave these rows out: "
                    f"filter: {{{data.unit_column}: {{not: null}}}}")  # fmt: skip
            show = Places(keys["row"].to_numpy()).show
            problems.append(marked_cells("empty name", empty, show, mend, data.unit_column, "rows"))
    if data.period_column is None:
        assert isinstance(data.period, Period), "checked before"
        start = parse_period(data.period.start, data.frequency)
        keys["time"] = start + keys.groupby("unit", observed=True, sort=False).cumcount()
        if not can_be_written(int(keys["time"].max()), data.frequency):
            problems.append(Problem("the rows run past the year 9999", "name the `period` column", "data.period"))
    else:
        keys["time"], faults = times_of(column_of(rows, data.period_column), data.frequency)
        problems += faults
    return keys, problems


def read_values(
    request: Request, rows: pandas.DataFrame, kept: numpy.ndarray, keys: pandas.DataFrame, *, named: bool
) -> tuple[pandas.DataFrame, list[Problem]]:
    """Return the keys with value, exposure, weight, cluster and covariates, and every fault of their cells.

    Parameters
    ----------
    kept : numpy.ndarray
        Rows that pass the outcome's filter: those that count, where rows are counted.
    named : bool
        Units and periods can be read, so that messages can name them.
    """
    table, problems = keys.copy(), []
    times = times_of_rows(rows)
    if times is not None:
        table[TIMES] = times
    place = Places(keys["row"].to_numpy(), _names(keys, request.data.frequency) if named else None)
    if request.value_column is None:
        table["value"] = kept.astype("float64")
    else:
        read = numbers_of(rows, request.value_column, request.data.decimal_mark, request.outcome.suppressed,
                          truth=request.outcome.kind == "binary")  # fmt: skip
        table["value"] = read.values
        problems += read.problems(place, request.outcome_id) + _value_faults(request, read)
        request.notes.extend(_suppressed_notes(request, read))
        if named and read.suppressed.any():
            ranges = keys.loc[read.suppressed, ["unit", "time"]]
            request.bounded |= {(str(unit), int(time)) for unit, time in ranges.itertuples(index=False)}
    for name, column in (("exposure", request.exposure_column), ("weight", request.data.weight)):
        table[name], faults = _positive(request, rows, column, place)
        problems += faults
    table["cluster"], faults = _clusters(request, rows, keys)
    problems += faults
    for name in request.covariates:
        read = numbers_of(rows, name, request.data.decimal_mark)
        table[name] = read.values
        problems += read.problems(place)
    return table, problems


def _texts(rows: pandas.DataFrame, name: str) -> tuple[pandas.Categorical, numpy.ndarray]:
    """Return a column as text, and which cells are empty."""
    import numpy
    import pandas

    column = column_of(rows, name)
    texts = [text_of(cell) for cell in column.distinct]
    used = {texts[code] for code in numpy.unique(column.codes) if code >= 0}
    order = sorted(used)
    position = {text: at for at, text in enumerate(order)}
    codes = column.spread([position.get(text, -1) for text in texts], -1, "int64")
    empty = (codes == -1) | (codes == position.get("", -2))
    return pandas.Categorical.from_codes(codes, pandas.Index(order, dtype="object")), empty


def _names(keys: pandas.DataFrame, frequency: str) -> Any:
    units, times = keys["unit"], keys["time"]
    return lambda at: f"{units.iloc[at]} {format_period(int(times.iloc[at]), frequency)}".strip()


def _value_faults(request: Request, read: Numbers) -> list[Problem]:
    """Return what numbers of this kind cannot be."""
    import numpy

    kind, values, exact = request.outcome.kind, read.values, ~read.suppressed
    finite = numpy.isfinite(values)
    rules = {
        "negative": (kind in ("count", "rate"), values < 0,
                     "a count or a rate cannot be below 0: mend the cells, or use `kind: continuous`"),
        "not a whole number": (kind == "count", (values != numpy.floor(values)) & exact,
                               "counts are whole numbers: use `kind: rate` or `kind: continuous` for others"),
        "outside 0 to 1": (kind == "proportion", (values < 0) | (values > 1),
                           "give shares of 1; for cases out of trials use `kind: rate` with `exposure` and `per: 1`"),
        "neither 0 nor 1": (kind == "binary", (values != 0) & (values != 1), "a binary outcome is 0 or 1"),
    }  # fmt: skip
    found = []
    for words, (applies, wrong, mend) in rules.items():
        bad = wrong & finite
        if applies and bad.any():
            found.append(marked_cells(words, bad, read.column.show, mend, read.column.name))
    if len(values) and finite.all() and not values.any():
        found.append(Problem("every value is 0", "check the column and the filters", read.column.name))
    return found


def _suppressed_notes(request: Request, read: Numbers) -> list[str]:
    """Return how many cells stood for a range, and what was taken for them."""
    notes = []
    for text, (low, high) in request.outcome.suppressed.items():
        same = [text_of(cell) == text.strip() for cell in read.column.distinct]
        number = int(read.column.spread(same, False, "bool").sum())
        if number:
            stands = f"stand for {low:g} to {high:g}; the middle, {(low + high) / 2:g}, was taken"
            notes.append(f'{number:,} cells "{text}" {stands if low < high else f"were taken as {low:g}"}.')
    return notes


def _positive(
    request: Request, rows: pandas.DataFrame, name: str | None, place: Places
) -> tuple[numpy.ndarray | float, list[Problem]]:
    """Return exposure or weight, 1 where it is not declared, and what keeps it from being above zero."""
    import numpy

    if name is None:
        return 1.0, []
    read = numbers_of(rows, name, request.data.decimal_mark)
    problems, values = read.problems(place), numpy.where(numpy.isfinite(read.values), read.values, 1.0)
    mend = "it must be above 0: mend these cells, or leave the rows out by `filter`"
    for words, bad in (("zero or negative", values <= 0), ("next to zero", (values > 0) & (values < 1 / LARGEST))):
        if bad.any():
            problems.append(marked_cells(words, bad, read.column.show, mend, name))
    return read.values, problems


def _clusters(
    request: Request, rows: pandas.DataFrame, keys: pandas.DataFrame
) -> tuple[pandas.Series[Any] | pandas.Categorical, list[Problem]]:
    """Return the cluster of every row, its unit where none is declared."""
    name = request.data.cluster
    if name is None:
        return keys["unit"], []
    texts, empty = _texts(rows, name)
    if not empty.any():
        return texts, []
    show = Places(keys["row"].to_numpy()).show
    return texts, [marked_cells("empty", empty, show, "fill in the cluster", name, "rows")]
