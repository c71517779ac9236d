"""Old and new data, old and new study file, each run with each by the code that is there: whom a move is owed to.

With two causes that can be run again, the share of each is the mean over both orders in which they can come about
(Shapley). Old code cannot be run: what is left over is owed to code and packages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from evalkit.errors import DataError, EvalkitError
from evalkit.flow import alone
from evalkit.gathering import Tables
from evalkit.history.causes import CONTENT, Causes, Run
from evalkit.records import Headline, Panel, Share
from evalkit.spec.loading import Spec, as_it_was

_SAID = ("label", "plain_label", "unit", "better", "role", "minimum_important_change", "measurement_affected")
_TAKEN = ("weights", "cluster", "covariates")
"""Options of a design that name columns of the data."""


@dataclass(frozen=True)
class Crossed:
    """The headline of each old one run with each new one, by the code that is there; None where it cannot be had."""

    old_old: float | None
    old_spec: float | None
    """Old study file, new data."""
    old_data: float | None
    """New study file, old data."""


def crossed(then: Run, spec: Spec, rows: Panel | None, now_rows: Panel | None, causes: Causes,
            ends: tuple[Headline, Headline]) -> Crossed:  # fmt: skip
    """Return the runs that tell causes apart; none is made that would give a number that is known.

    Parameters
    ----------
    then : Run
        The run before.
    spec : Spec
        The study as it is.
    rows, now_rows : Panel or None
        The rows that were used then, where they were kept, and those that are used now.
    causes : Causes
    ends : (Headline, Headline)
        Then and now, in one unit.
    """
    data, study, code = "data" in causes, "spec" in causes, "code" in causes or "packages" in causes
    first, last = (end.value for end in ends)
    if sum((data, study, code)) < 2:
        return Crossed(first, None, None)

    def value(chosen: Spec | None, panel: Panel | None, *, files: bool = False) -> float | None:
        return None if chosen is None else _attempt(lambda: _run(chosen, panel, files=files, unit=ends[0].unit))

    old = _attempt(lambda: _old_spec(spec, then)) if study else spec
    old_spec = value(old, None, files=True) if study else last
    if not data:
        return Crossed(old_spec if code else first, old_spec, last)
    old_old = value(old, rows) if code else first
    if not study:
        return Crossed(old_old, last, old_old)
    fits = rows is not None and now_rows is not None and same_columns(then, spec)
    return Crossed(old_old, old_spec, value(spec, _with_starts(rows, now_rows, then, spec)) if fits else None)


def _run(spec: Spec, panel: Panel | None, *, files: bool, unit: str) -> float | None:
    """Return the headline of a study file on given rows, or on the files that are there; None in another unit."""
    request = spec.requests[0]
    panel = Tables(spec).panel(request) if files else panel
    missing = [name for name in request.study.needed_data.covariates if panel and name not in panel.covariates]
    if panel is None or missing:
        raise DataError(f"the rows that were kept lack {', '.join(missing) or 'everything'}")
    result = alone(spec, panel).result
    shown = result.relative or result.effect
    return shown.value if ("percent" if result.relative else shown.unit) == unit else None


def shares(then: float, now: float, causes: Causes, found: Crossed) -> tuple[dict[str, float], list[str]]:
    """Return how much of a move is owed to what, and what could not be told apart; the shares add up to the move.

    Returns
    -------
    dict
        By cause: data, spec, and code (or packages, or both); causes that are not told apart stand together.
    list of str
        Sentences.
    """
    data, study = "data" in causes, "spec" in causes
    rest = causes.remainder
    code = "code" in causes or "packages" in causes
    total = now - then
    zero = {"data": 0.0, "spec": 0.0, rest: 0.0}
    names = [name for name, there in (("data", data), ("spec", study), (rest, code)) if there]
    if len(names) < 2:
        return {**zero, (names or [rest])[0]: total}, []
    if found.old_old is None:
        return _without_old_pair(then, now, zero, names, found)
    left = found.old_old - then
    if data and study:
        return _two(zero, rest, left, found, found.old_old, now)
    one = "data" if data else "spec"
    return {**zero, one: total - left, rest: left}, []


def _two(zero: dict[str, float], rest: str, left: float, found: Crossed, old_old: float, now: float
         ) -> tuple[dict[str, float], list[str]]:  # fmt: skip
    """Return the shares of data and study file, each the mean over the orders that could be run."""
    first, second = found.old_spec, found.old_data  # data changed first; study file changed first
    together = now - old_old
    if first is None and second is None:
        return ({**{key: value for key, value in zero.items() if key not in ("data", "spec")},
                 "data and spec": together, rest: left},
                ["Data and study file are told together: neither could be run with the other as it was."])  # fmt: skip
    by_order = [*([] if first is None else [first - old_old]), *([] if second is None else [now - second])]
    data = sum(by_order) / len(by_order)
    notes = [] if len(by_order) == 2 else [
        f"The share of the data is taken {'before' if first is not None else 'after'} that of the study file: the "
        "other order could not be run."]  # fmt: skip
    return {**zero, "data": data, "spec": together - data, rest: left}, notes


def _without_old_pair(then: float, now: float, zero: dict[str, float], names: list[str], found: Crossed
                      ) -> tuple[dict[str, float], list[str]]:  # fmt: skip
    """Return the shares where old data with the old study file cannot be run by the code that is there."""
    known: dict[str, float] = {}
    if "data" in names and "spec" in names:
        if found.old_spec is not None:
            known = {"spec": now - found.old_spec}
        elif found.old_data is not None:
            known = {"data": now - found.old_data}
    together = [name for name in names if name not in known]
    joined = " and ".join(together)
    shares = {**{name: value for name, value in zero.items() if name not in together}, **known,
              joined: now - then - sum(known.values())}  # fmt: skip
    return shares, [f"Told together, since the run before could not be repeated: {joined}."]


def rounded(owed: Mapping[str, float], decimals: int) -> tuple[Share, ...]:
    """Return shares with what is printed of each; what is printed adds up to the move as it is printed."""
    step = 10.0**-decimals
    steps = {cause: round(change / step) for cause, change in owed.items()}
    missing = round(sum(owed.values()) / step) - sum(steps.values())
    off = sorted(owed, key=lambda cause: owed[cause] / step - steps[cause], reverse=missing > 0)
    for cause in [cause for cause in off if owed[cause] != 0.0][: abs(missing)]:
        steps[cause] += 1 if missing > 0 else -1
    return tuple(Share(cause, change, round(steps[cause] * step, decimals)) for cause, change in owed.items())


def _attempt(run: Callable[[], Any]) -> Any:
    """Return what a run gives; None where study file and data do not go together."""
    try:
        return run()
    except EvalkitError:
        return None


def _old_spec(spec: Spec, then: Run) -> Spec:
    """Return the study file as it was, reading the data that are there now."""
    if not then.text:
        raise DataError("the study file was not kept")
    new = spec.document.data.get("data") or {}
    return as_it_was(spec, then.text.encode(), {key: new[key] for key in CONTENT if key in new})


def same_columns(then: Run, spec: Spec) -> bool:
    """Say whether the new study file takes the same things from the data as the old one, so that old rows fit it."""
    old, new = then.written, spec.document.data
    if old is None:
        return False
    return all(_taken(old, name) == _taken(new, name) for name in ("data", "outcome", "design"))


def _taken(study: Mapping[str, Any], name: str) -> Any:
    if name == "data":
        return {key: value for key, value in (study.get("data") or {}).items()
                if key not in (*CONTENT, "publisher", "licence", "note")}  # fmt: skip
    if name == "design":
        return {key: (study.get("design") or {}).get(key) for key in _TAKEN}
    outcomes: Mapping[str, Any] = study.get("outcomes") or {}
    primary = [{key: value for key, value in outcome.items() if key not in _SAID}
               for outcome in outcomes.values() if outcome.get("role", "primary") == "primary"]  # fmt: skip
    return primary[:1]


def _with_starts(rows: Panel | None, now: Panel | None, then: Run, spec: Spec) -> Panel:
    """Return old rows with the starts of the new study file; places that it does not know keep theirs."""
    assert rows is not None
    assert now is not None
    if (then.written or {}).get("intervention") == spec.document.data.get("intervention"):
        return rows
    frame = rows.frame.copy()
    known = now.frame.drop_duplicates("unit").set_index("unit")
    for name in ("first_time", "first_treated"):
        mapped = frame["unit"].map(known[name])
        frame[name] = mapped.where(frame["unit"].isin(known.index), frame[name])
    return replace(rows, frame=frame)
