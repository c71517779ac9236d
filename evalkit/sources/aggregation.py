"""From many rows to one for each unit and period, where it is clear what that means; else an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evalkit.errors import DataError, Problem
from evalkit.periods import format_period, words_for
from evalkit.records import OutcomeKind
from evalkit.sources.exposure import with_exposure
from evalkit.sources.gaps import declared_gaps
from evalkit.sources.repeated import TIMES, each_by_itself
from evalkit.sources.request import Request

if TYPE_CHECKING:
    import numpy
    import pandas

_KEY = ["unit", "time"]
_LARGEST = 20_000_000


def one_row_per_cell(
    request: Request, table: pandas.DataFrame, keys: pandas.DataFrame
) -> tuple[pandas.DataFrame, OutcomeKind]:
    """Return the table with one row for each unit and period, in order, and the kind that its values now have.

    Parameters
    ----------
    table : pandas.DataFrame
        `row`, `unit`, `time`, `value`, `exposure`, `weight`, `cluster` and covariates of every row.

    Raises
    ------
    DataError
        When rows repeat a unit and period and no rule says what they come to.
    """
    if request.keeps_rows:
        table = table.rename(columns={"row": "observation"}).sort_values([*_KEY, "observation"])
        return _per_exposure(request, table), request.outcome.kind
    repeated = table.duplicated(_KEY, keep=False).to_numpy()
    if TIMES in table:
        repeated = repeated | (table[TIMES] > 1).to_numpy()
    kind: OutcomeKind = request.outcome.kind
    if repeated.any():
        _refuse_ambiguous(request, table, repeated)
        table = _merged(request, table)
        kind = "proportion" if kind == "binary" else kind
    else:
        table = table.sort_values(_KEY)
    if request.counts_rows:
        table = _with_zeros(request, table)
    if request.joined is not None:
        table = with_exposure(request.joined, table, request.data.frequency)
        request.notes.append(request.joined.note(request.data.frequency))
    return _per_exposure(request, table), kind


def _per_exposure(request: Request, table: pandas.DataFrame) -> pandas.DataFrame:
    """Return the table with cases per exposure as values, where the outcome is such a rate."""
    outcome = request.outcome
    if outcome.kind != "rate" or outcome.exposure is None:
        return table
    return table.assign(value=outcome.per * table["value"] / table["exposure"])


def _refuse_ambiguous(request: Request, table: pandas.DataFrame, repeated: numpy.ndarray) -> None:
    """Check that repeated rows can be brought together.

    Raises
    ------
    DataError
        When values cannot be added and have no exposure as weight, or a few repeated rows stand in a table that
        otherwise has exactly one for each unit and period.
    """
    frequency, outcome = request.data.frequency, request.outcome
    summed = outcome.kind in ("count", "binary") or outcome.exposure is not None
    if summed and not (outcome.kind == "count" and not request.counts_rows and _looks_mistaken(table)):
        return
    first = table[repeated].sort_values([*_KEY, "row"], kind="stable").iloc[:2]
    stands = f"stands in rows {int(first.iloc[0]['row']):,} and {int(first.iloc[-1]['row']):,}"
    if TIMES in table:
        stands = "stands in several rows"
    cells = len(table[repeated].drop_duplicates(_KEY))
    name = _place(first.iloc[0]["unit"], int(first.iloc[0]["time"]), frequency)
    more = f" ({cells - 1:,} more units and periods are repeated)" if cells > 1 else ""
    message = f"{name} {stands}{more}"
    mend = ("all others stand in one row: remove one of them, or leave it out by `filter`" if summed else
            f"a {outcome.kind} cannot be added: leave rows out by `filter`, name `data.unit`, name an `exposure` to "
            "weight by, or say `sampling: repeated_cross_section`")  # fmt: skip
    raise DataError(message, mend, "unit x period")


def _looks_mistaken(table: pandas.DataFrame) -> bool:
    """Say whether repeated rows look like a mistake: a full table of single rows, but for a few.

    Rows that are meant to be added repeat everywhere, or in every period of some units (places that were merged).
    """
    groups = table.groupby(_KEY, observed=True, sort=False)
    sizes = groups[TIMES].sum() if TIMES in table else groups.size()
    full = len(sizes) == table["unit"].nunique() * (table["time"].max() - table["time"].min() + 1)
    steady = bool((sizes.groupby("unit", observed=True).nunique() == 1).all())
    return full and not steady and len(sizes) >= 20 and float((sizes == 1).mean()) >= 0.95


def _merged(request: Request, table: pandas.DataFrame) -> pandas.DataFrame:
    """Return one row per unit and period: values, exposure and covariates brought together by kind."""
    outcome, covariates = request.outcome, list(request.covariates)
    declared = request.exposure_column is not None
    summed = ["value", "exposure", *covariates]
    written = table
    if TIMES in table:
        table = _each_counted(request, table)
    if not all(_is_whole(table[name]) for name in summed):
        # Sums of fractions depend on their order: with the rows in one order the same data give the same bytes.
        table = table.sort_values([*_KEY, *summed], kind="stable")
    weighted = ["value", *covariates] if _is_mean(request) else covariates
    for name in weighted:
        table[name] = table[name] * table["exposure"]
    _require_same(table, "weight", request.data.weight)
    _require_same(table, "cluster", request.data.cluster)
    if request.counts_rows:
        _require_same(table, "exposure", request.exposure_column)
    groups = table.groupby(_KEY, observed=True, sort=True)
    together = groups[["value", "exposure", *covariates]].sum()
    for name in weighted:
        together[name] = together[name] / together["exposure"]
    together[["weight", "cluster"]] = groups[["weight", "cluster"]].first()
    if request.counts_rows:
        together["exposure"] = groups["exposure"].first()
    elif not declared and outcome.kind == "count":
        together["exposure"] = 1.0
    request.notes.extend(_merged_notes(request, written, len(together)))
    return together.reset_index()


def _each_counted(request: Request, table: pandas.DataFrame) -> pandas.DataFrame:
    """Return the table with values and exposure of all the rows that each row stands for.

    Whole numbers are multiplied, which is exact; fractions are taken one by one, as in a table of single rows.
    """
    sums = {name: table[name] * table[TIMES] for name in ("value", "exposure")}
    whole = all(_is_whole(table[name]) and _is_whole(numbers) for name, numbers in sums.items())
    if request.covariates or not whole:
        return each_by_itself(table)
    if request.counts_rows:  # their exposure is that of the unit and period, the same on each row
        del sums["exposure"]
    elif _is_mean(request):  # values are weighted by the exposure of all their rows
        del sums["value"]
    return table.assign(**sums)


def _is_whole(numbers: pandas.Series[float]) -> bool:
    """Say whether all are whole numbers of which no sum is rounded, so that it is the same in any order."""
    import numpy

    values = numbers.to_numpy()
    return bool((values == numpy.floor(values)).all() and numpy.abs(values).sum() < 2.0**53)


def _is_mean(request: Request) -> bool:
    """Say whether values are averaged; others are added (a rate as cases, before it is divided by exposure)."""
    return request.outcome.kind in ("proportion", "continuous", "binary")


def _merged_notes(request: Request, table: pandas.DataFrame, cells: int) -> list[str]:
    outcome, frequency = request.outcome, request.data.frequency
    verb = "counted" if request.counts_rows else "averaged" if _is_mean(request) else "added"
    weight = f", weighted by {outcome.exposure}" if _is_mean(request) and outcome.exposure else ""
    units = "" if request.data.unit_column is None else "units and "
    number = int(table[TIMES].sum()) if TIMES in table else len(table)
    notes = [f"{number:,} rows were {verb} to {cells:,} {units}{words_for(frequency, 2)}{weight}."]
    if outcome.kind == "binary":
        notes.append("Shares of ones are analysed as a proportion.")
    if request.covariates:
        notes.append(f"Covariates ({', '.join(request.covariates)}) were averaged over the rows of a unit and period.")
    if request.exposure_column and not request.counts_rows and _repeats_exposure(table):
        notes.append(f"{outcome.exposure} was added too, and is the same on all rows of a unit and period: if each row "
                     "repeats one total, it is counted more than once.")  # fmt: skip
    return notes


def _repeats_exposure(table: pandas.DataFrame) -> bool:
    ends = table.groupby(_KEY, observed=True, sort=False)["exposure"].agg(["min", "max"])
    return bool((ends["min"] == ends["max"]).all())


def _require_same(table: pandas.DataFrame, name: str, column: str | None) -> None:
    """Check that the rows of a unit and period agree on a column that can be neither added nor averaged."""
    if column is None:
        return
    pairs = table.drop_duplicates([*_KEY, name])
    differing = pairs[pairs.duplicated(_KEY, keep=False)]
    if len(differing):
        rows = " and ".join(f"{int(row):,}" for row in sorted(differing["row"].iloc[:2]))
        raise DataError(f"rows {rows} are one unit and period but differ",
                        "give them the same value, name a finer unit, or, where each row is an "
                        "observation of its own, say `sampling: repeated_cross_section`", column)  # fmt: skip


def _with_zeros(request: Request, table: pandas.DataFrame) -> pandas.DataFrame:
    """Return the table with a zero for each unit and period that the data cover but that no row falls in.

    Covered is every period from the first to the last of the data, for every unit in them, whatever the outcome's
    filter keeps. Declared gaps are not covered.
    """
    import pandas

    first, last = int(table["time"].min()), int(table["time"].max())
    units = table["unit"].cat.categories
    _refuse_too_long(request, first, last, len(units))
    gaps = _gap_cells(request)
    wanted = pandas.MultiIndex.from_product([units, range(first, last + 1)], names=_KEY)
    absent = wanted.difference(pandas.MultiIndex.from_arrays([table["unit"].astype(object), table["time"]]))
    added = absent.to_frame(index=False).set_axis(_KEY, axis=1)
    added = added[[(None, time) not in gaps and (unit, time) not in gaps for unit, time in absent]]
    if added.empty:
        return table
    _refuse_unknown(request, added)
    covered = set(table["time"])
    nowhere = [format_period(time, request.data.frequency) for time in sorted(set(added["time"]) - covered)]
    request.notes.append(_zero_note(len(added), nowhere, request))
    added = added.assign(value=0.0, exposure=1.0, weight=1.0, cluster=added["unit"])
    frame = pandas.concat([table.astype({"unit": object, "cluster": object}), added], ignore_index=True)
    frame["unit"] = pandas.Categorical(frame["unit"], categories=units)
    return frame.sort_values(_KEY)


def _gap_cells(request: Request) -> set[tuple[str | None, int]]:
    return {(unit, time) for time, _, unit in declared_gaps(request.data)}


def _refuse_too_long(request: Request, first: int, last: int, units: int) -> None:
    if (last - first + 1) * units > _LARGEST:
        run = f"{format_period(first, request.data.frequency)} to {format_period(last, request.data.frequency)}"
        raise DataError(f"the data run from {run}: too long a time to fill with zeros",
                        "check the dates, or leave rows out by `filter`",
                        request.data.period_column or "period")  # fmt: skip


def _refuse_unknown(request: Request, added: pandas.DataFrame) -> None:
    """Check that nothing but the count must be known for a period without rows."""
    data = request.data
    unknown: list[Any] = [name for name in (request.exposure_column, data.weight, data.cluster, *request.covariates)
                          if name]  # fmt: skip
    if unknown:
        name = _place(added.iloc[0]["unit"], int(added.iloc[0]["time"]), data.frequency)
        raise DataError([Problem(f"{name} and {len(added) - 1:,} others have no row, so nothing says what it is there",
                                 "give one row per unit and period with the count in a column", column)
                         for column in unknown])  # fmt: skip


def _zero_note(number: int, nowhere: list[str], request: Request) -> str:
    text = f"{number:,} units and periods without rows were taken as 0"
    if nowhere:
        shown = ", ".join(nowhere[:6]) + (f" and {len(nowhere) - 6} more" if len(nowhere) > 6 else "")
        return f"{text}; no unit at all has rows in {shown}."
    return f"{text}."


def _place(unit: object, time: int, frequency: str) -> str:
    return f"{unit} {format_period(time, frequency)}".strip()
