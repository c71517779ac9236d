"""Who is compared with whom: comparison units by rule or name, periods without anybody untreated, the wide panel."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from evalkit.diagnostics.words import listed, several
from evalkit.errors import DesignError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy

    from evalkit.designs.difference_in_differences.adoption import Adoption
    from evalkit.estimation.staggered.staggered_panel import StaggeredPanel


class Compared(NamedTuple):
    """The rows of an estimate, and what was left out of them.

    Attributes
    ----------
    study : Adoption
    dropped : tuple of (str, str)
        Units and periods left out, each with the reason.
    """

    study: Adoption
    dropped: tuple[tuple[str, str], ...]


def compared(
    study: Adoption,
    comparison: str | Sequence[str] | None,
    exclude: Mapping[str, str],
    adjoining: Mapping[str, str] | None = None,
) -> Compared:
    """Return the rows with the comparison units that the study file wants.

    Parameters
    ----------
    study : Adoption
    comparison : str, sequence of str or None
        A rule (never_treated, not_yet_treated), which drops nobody, or the comparison units by name.
    exclude : mapping of str to str
        Comparison units left out, each with the reason.
    adjoining : mapping of str to str or None
        Comparison units left out as neighbours, each with the reason; see `neighbours_left_out`.

    Returns
    -------
    Compared
        `dropped` opens with the units that `study` itself left out.

    Raises
    ------
    DesignError
        When a named unit is not in the data or is treated, or nobody is left; the units are named.
    """
    gone = {unit: f"left out of the comparison: {reason}" for unit, reason in exclude.items()}
    named = [] if comparison is None or isinstance(comparison, str) else list(comparison)
    _require_untreated(study, {"exclude": list(exclude), "comparison": named})
    gone |= {unit: reason for unit, reason in (adjoining or {}).items() if unit not in gone}
    if comparison is not None and not isinstance(comparison, str):
        gone |= {u: "not among the named comparison units" for u in study.comparison if u not in {*comparison, *gone}}
    if not gone:
        return Compared(study, study.dropped)
    others = tuple(unit for unit in study.comparison if unit not in gone)
    if not others and (len(study.cohorts) == 1 or not isinstance(comparison, str | None)):
        raise DesignError(
            f"no comparison unit is left without {', '.join(list(gone)[:10])}", "keep some", "design.comparison"
        )
    kept = study.frame[~study.frame["unit"].isin(list(gone))].reset_index(drop=True)
    late = tuple(unit for unit in study.late if unit not in gone)
    return Compared(replace(study, frame=kept, comparison=others, late=late), (*study.dropped, *gone.items()))


def neighbours_left_out(
    study: Adoption, pairs: Sequence[tuple[str, str]], wanted: Literal["treated"] | Sequence[str]
) -> dict[str, str]:
    """Return the comparison units that adjoin some units, each with the reason.

    Parameters
    ----------
    study : Adoption
    pairs : sequence of (str, str)
        Units that adjoin one another (`Panel.neighbours`), each pair once.
    wanted : {'treated'} or sequence of str
        Whose neighbours: those of all units treated within the data (also of units that the estimate leaves out), or
        of these. Empty: nobody's.

    Raises
    ------
    DesignError
        When there is no table of neighbours, or a name is neither in the data nor in the table.
    """
    if not wanted:
        return {}
    if not pairs:
        raise DesignError(
            "there is no table of neighbours",
            "name one as `data: {neighbours: FILE}` (columns unit and neighbour), or name units under `exclude`",
            "design.exclude_neighbours_of",
        )
    have = treated_units(study) if wanted == "treated" else set(wanted)
    known = {*treated_units(study), *study.comparison, *(unit for pair in pairs for unit in pair)}
    unknown = sorted(have - known)
    if unknown:
        raise DesignError(
            f"no such units in the data: {', '.join(unknown[:10])}", _did_you_mean(unknown[0], known),
            "design.exclude_neighbours_of",
        )  # fmt: skip
    return {
        unit: f"neighbour of {listed(beside)}"
        for unit in study.comparison
        if unit not in have and (beside := [other for other in adjoining_units(unit, pairs) if other in have])
    }


def treated_units(study: Adoption) -> set[str]:
    """Return units treated within the data, also those that the estimate leaves out for want of a period before."""
    return {*study.starts, *(unit for unit, _ in study.dropped)}


def adjoining_units(unit: str, pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Return the units that adjoin a unit, in order of their names."""
    return sorted({other for pair in pairs if unit in pair for other in pair if other != unit})


def _did_you_mean(name: str, there: Iterable[str]) -> str:
    """Return the mend for a name that is not there."""
    there = sorted(there)
    same = [other for other in there if other.casefold() == name.casefold()]
    close = same or difflib.get_close_matches(name, there, n=1, cutoff=0.6)
    known = ", ".join(there[:10]) + (f" and {len(there) - 10} more" if len(there) > 10 else "")
    return (f"did you mean {close[0]!r}? " if close else "") + f"there are: {known or 'none'}"


def _require_untreated(study: Adoption, options: Mapping[str, Sequence[str]]) -> None:
    """Raise, with all that is wrong at once, unless the units of each option are in the data and untreated."""
    have, problems = treated_units(study), []
    for option, names in options.items():
        where = f"design.{option}"
        treated = [name for name in names if name in have]
        unknown = [name for name in names if name not in have and name not in study.comparison]
        if treated:
            found = f"treated units cannot be comparison units: {listed(treated)}"
            if option == "exclude":
                found = f"`exclude` takes units out of the comparison, and these are treated: {listed(treated)}"
            problems.append(Problem(found, "leave treated units out by `data.filter`" if option == "exclude" else
                                    "name others", where))  # fmt: skip
        problems += [Problem(f"no such untreated unit in the data: {name}",
                             _did_you_mean(name, [*study.comparison, *have]), where) for name in unknown]  # fmt: skip
    if problems:
        raise DesignError(problems)


def with_base(found: Compared, anticipation: int, one_period: bool, label: Callable[[int], str]) -> Compared:
    """Return the rows without the treated units that have no untreated period to set their later ones against.

    Parameters
    ----------
    found : Compared
    anticipation : int
        Periods before the start that do not count as untreated.
    one_period : bool
        Whether changes are taken from one period, the last before start and anticipation, so that a unit without a row
        there is in no effect. Else any untreated row will do.
    label : callable
        Writes a period.

    Returns
    -------
    Compared
        Its `dropped` names each unit with the reason.

    Raises
    ------
    DesignError
        When no treated unit is left; they are named.
    """
    study = found.study
    rows = {str(unit): set(times) for unit, times in study.frame.groupby("unit")["time"]}
    gone = {}
    for unit, start in study.starts.items():
        early = [time for time in study.times if time < start - anticipation]
        if one_period and early and early[-1] not in rows[unit]:
            gone[unit] = f"no row in {label(early[-1])}, the period from which all its changes would be taken"
        elif not rows[unit] & set(early):
            gone[unit] = _too_early(start, anticipation, label)
    if not gone:
        return found
    if len(gone) == len(study.starts):
        raise DesignError(
            f"no treated unit is left: {'; '.join(f'{unit}: {why}' for unit, why in list(gone.items())[:5])}",
            "bring earlier data or the periods that are missing, or use less anticipation",
            "design.anticipation" if anticipation else "data",
        )
    starts = {unit: start for unit, start in study.starts.items() if unit not in gone}
    frame = study.frame[~study.frame["unit"].isin(list(gone))].reset_index(drop=True)
    kept = replace(study, frame=frame, starts=starts, dropped=(*study.dropped, *gone.items()))
    return Compared(kept, (*found.dropped, *gone.items()))


def _too_early(start: int, anticipation: int, label: Callable[[int], str]) -> str:
    """Return why a unit without an untreated row is left out."""
    ahead = f", with {several(anticipation, 'period')} of anticipation" if anticipation else ""
    return f"treated from {label(start)} on{ahead}: no earlier row shows it without treatment"


def reachable(found: Compared, anticipation: int, label: Callable[[int], str]) -> Compared:
    """Return the rows without the periods in which no unit is untreated.

    Notes
    -----
    Only where there is no unit that stays untreated: then units that start last serve as comparison until they do, and
    have no effect of their own. Periods are left out for all units and said.

    Raises
    ------
    DesignError
        When fewer than two periods are left.
    """
    study = found.study
    if study.comparison:
        return found
    last = max(study.starts.values())
    times = tuple(time for time in study.times if time < last - anticipation)
    earlier = {unit: start for unit, start in study.starts.items() if start < last and start <= (times or (0,))[-1]}
    if len(times) < 2 or not earlier:
        raise DesignError(
            "there are no units that are never treated, and before the last of them starts nothing can be compared",
            "add comparison units", "intervention",
        )  # fmt: skip
    waiting = tuple(unit for unit in study.starts if unit not in earlier)
    frame = study.frame[study.frame["time"].isin(times)].reset_index(drop=True)
    frame.loc[frame["unit"].isin(waiting), "event_time"] = float("nan")
    reason = (
        f"no unit is untreated from {label(times[-1] + 1)} on; those that start last serve as comparison until then"
    )
    dropped = tuple((label(time), reason) for time in study.times if time not in times)
    return Compared(
        replace(study, frame=frame, starts=earlier, comparison=waiting, late=waiting, times=times),
        (*found.dropped, *dropped),
    )


def wide(
    study: Adoption,
    outcome: numpy.ndarray,
    clusters: numpy.ndarray,
    weights: numpy.ndarray | None = None,
    covariates: Sequence[str] = (),
    label: Callable[[int], str] = str,
) -> StaggeredPanel:
    """Return the rows as units by periods, for estimators of staggered adoption; `label` writes periods in messages."""
    import numpy
    import pandas

    from evalkit.estimation.staggered.staggered_panel import staggered_panel

    frame = study.frame
    extra = frame[list(covariates)].to_numpy(dtype=float) if covariates else None
    return staggered_panel(
        outcome,
        frame["unit"].to_numpy(dtype=str),
        frame["time"].to_numpy(),
        frame["unit"]
        .map({**study.starts, **dict.fromkeys(study.always, study.times[0])})
        .astype(float)
        .fillna(numpy.inf)
        .to_numpy(),
        extra,
        weights,
        pandas.factorize(clusters)[0],
        list(covariates),
        lambda period: label(int(period)),
    )
