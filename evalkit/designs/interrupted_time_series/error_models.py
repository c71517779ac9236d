"""The same series with other assumptions about its errors, side by side."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from evalkit.designs.interrupted_time_series.reported import Reported
from evalkit.designs.interrupted_time_series.series import COUNT_FAMILIES
from evalkit.errors import DesignError
from evalkit.records.supplement import ErrorModel

if TYPE_CHECKING:
    from evalkit.designs.interrupted_time_series.segmented_fit import Segmented

LABELS = {
    "autoregressive": "first-order autoregressive (restricted likelihood)",
    "newey_west": "Newey-West",
    "prais_winsten": "Prais-Winsten",
    "arima": "ARIMA",
    "ordinary": "independent",
}
GAUSSIAN = ("autoregressive", "newey_west", "prais_winsten")
COUNTS = ("autoregressive", "newey_west", "ordinary")
"""Three that treat neighbouring periods differently; counts have no Prais-Winsten."""


def error_models(model: Segmented) -> tuple[ErrorModel, ...]:
    """Return the effect under three error models and the registered one.

    Parameters
    ----------
    model : Segmented

    Returns
    -------
    tuple of ErrorModel
        The registered one first. Without it: autoregressive, newey_west and prais_winsten for gaussian, and
        autoregressive (with quasi_poisson, which alone has it), newey_west and ordinary for counts. One that cannot be
        fitted says why in `problem`.

    Notes
    -----
    Only the errors differ: terms, rows and scale are those of the registered model. Bounds and p-values are by each
    model's own rule; see `evalkit.designs.interrupted_time_series.reported` for the unit.
    """
    registered = str(model.design.errors)
    usual = COUNTS if model.design.family in COUNT_FAMILIES else GAUSSIAN
    return tuple(_fitted(model, name, name == registered) for name in dict.fromkeys([registered, *usual]))


def with_errors(model: Segmented, name: str) -> Segmented:
    """Return the same terms and rows fitted with other errors.

    Parameters
    ----------
    model : Segmented
    name : str
        A value of the option `errors`.

    Raises
    ------
    DesignError
        When it cannot be fitted.
    """
    if name == model.design.errors:
        return model
    update: dict[str, Any] = {"errors": name, "lags": None}
    if name == "autoregressive" and model.design.family in COUNT_FAMILIES:
        update["family"] = "quasi_poisson"
    other = copy.copy(model)
    other.design, other.lags = model.design.model_copy(update=update), None
    other.fit = other.regress(model.terms.matrix, model.frame)
    return other


def _fitted(model: Segmented, name: str, registered: bool) -> ErrorModel:
    """Return one error model, or the reason why it could not be fitted."""
    label = _label(model, name)
    try:
        other = with_errors(model, name)
    except DesignError as error:
        return ErrorModel(name, label, registered, problem=error.problems[0].message)
    seen, terms = Reported(other), model.terms
    average = seen.over(terms.acting)
    first = int(terms.post.nonzero()[0][0])
    found = ErrorModel(
        name, label, registered, average.value, average.low, average.high, average.p_value,
        unit=seen.unit, autocorrelation=_autocorrelation(other), rule=other.fit.rule,
    )  # fmt: skip
    if not seen.changes[first].any():
        return found
    rows = terms.post.copy()
    rows[first + 1 :] = False
    at_once = seen.over(rows)
    return replace(
        found, immediate=at_once.value, immediate_low=at_once.low, immediate_high=at_once.high,
        immediate_p_value=at_once.p_value,
    )  # fmt: skip


def _autocorrelation(model: Segmented) -> float | None:
    """Return the autocorrelation in the model, else that of its residuals, None where there are too few."""
    from evalkit.estimation.residuals import lag_one_autocorrelation

    if "rho" in model.fit.extra:
        return float(model.fit.extra["rho"])
    try:
        return lag_one_autocorrelation(model.fit.standardised, model.frame["time"].to_numpy())
    except DesignError:
        return None


def _label(model: Segmented, name: str) -> str:
    """Return the errors in words, with the family where it is another one."""
    other_family = name == "autoregressive" and model.design.family in ("poisson", "negative_binomial")
    if name == "ordinary" and model.design.family in COUNT_FAMILIES:
        return "independent (variance by the family)"
    return f"{LABELS[name]}{', quasi-Poisson' if other_family else ''}"
