"""Cluster-robust standard errors that hold up with few clusters: CR1, CR2, CR3 and Satterthwaite's degrees of freedom.

For regressions with unit and period effects. The effects are part of the design: what they cost each cluster is in
the corrections, as it would be if every effect were a column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.few_units.two_way_basis import TwoWayBasis, two_way_basis
from evalkit.estimation.fit import Contrasts, Fit
from evalkit.estimation.inputs import Array, as_matrix, require_choice
from evalkit.estimation.two_way_kernel import two_way_kernel
from evalkit.estimation.within import SmallSample, cluster_factor

Correction = Literal["CR1", "CR2", "CR3"]
Reference = Literal["satterthwaite", "clusters"]

LEVERAGE_CUT = 1e-10
"""Directions of a cluster in which less than this share of a residual's variance is left count as having none."""


@dataclass(frozen=True, eq=False)
class ClusterRobustFit:
    """Coefficients with a cluster-robust covariance and degrees of freedom of their own.

    Attributes
    ----------
    coefficients : ndarray, shape (k,)
        In the order of the regressors' columns.
    covariance : ndarray, shape (k, k)
        By `rule`, small-sample factor included.
    degrees_of_freedom : ndarray, shape (k,)
        Of the t reference of each coefficient; of other combinations ask `cluster_robust_contrasts`.
    correction : str
        CR1, CR2 or CR3.
    reference : str
        `satterthwaite`, or `clusters` (number of clusters less one).
    factor : float
        The small-sample factor on the covariance: of CR1 by `small_sample`, of CR2 1, of CR3 (G - 1) / G.
    clusters : int
        Number of clusters.
    residuals : ndarray, shape (n,)
        Outcome less fitted, effects included.
    rule : str
        The rule in words.
    own : ndarray, shape (clusters, k, k)
    shared : ndarray, shape (clusters, k, p)
        What `cluster_robust_contrasts` needs for degrees of freedom: the working covariance of the score contributions
        of clusters g and h is ``own_g [g = h] - shared_g shared_h'``. Empty where the reference is not Satterthwaite's.
    """

    coefficients: Array
    covariance: Array
    degrees_of_freedom: Array
    correction: str
    reference: str
    factor: float
    clusters: int
    residuals: Array
    rule: str
    own: Array
    shared: Array

    @property
    def standard_errors(self) -> Array:
        """Standard error of each coefficient: the root of the covariance's diagonal."""
        return np.sqrt(np.diag(self.covariance))


def cluster_robust(
    outcome: ArrayLike,
    regressors: ArrayLike,
    unit: ArrayLike,
    period: ArrayLike,
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    correction: Correction = "CR2",
    small_sample: SmallSample = "effects_nested",
    reference: Reference | None = None,
    trend: ArrayLike | None = None,
) -> ClusterRobustFit:
    """Return the linear regression with unit and period effects and a cluster-robust covariance.

    Parameters
    ----------
    outcome : array_like, shape (n,)
        Outcome.
    regressors : array_like, shape (n, k)
        Regressors that vary within units and periods; no constant.
    unit, period : array_like of int, shape (n,)
        Codes. A unit may have several observations in a period.
    weights : array_like, shape (n,), or None
        Weights, above zero: the working model is variance inverse to the weight.
    cluster : array_like of int, shape (n,), or None
        Groups within which errors may be related. None: the unit.
    correction : {"CR1", "CR2", "CR3"}
        How residuals are corrected for the part that the regression took from them; see Notes.
    small_sample : {"effects_nested", "effects_counted", "no_cluster_factor"}
        The factor of CR1; see `evalkit.estimation.within.cluster_factor`. CR2 and CR3 take none of it.
    reference : {"satterthwaite", "clusters"} or None
        Degrees of freedom. None: Satterthwaite's for CR2 and CR3, clusters less one for CR1.
    trend : array_like, shape (n,), or None
        Periods as numbers, where each unit has a straight line of its own in them.

    Returns
    -------
    ClusterRobustFit

    Raises
    ------
    DesignError
        As `evalkit.estimation.regression.two_way`; with CR2 and CR3 also if one cluster alone carries a coefficient, as
        with one treated cluster (its position among the sorted codes is named): no correction finds a variance in
        residuals that are zero.

    Notes
    -----
    With rows times root weight, U the regressors and every effect, M the inverse of U'U, and for cluster g
    ``B_g = I - U_g M U_g'``:

        ``V = f M [sum_g U_g' A_g e_g e_g' A_g U_g] M``

    CR1: A = I, f the small-sample factor. CR2 (Bell and McCaffrey): A = B^(-1/2), symmetric, pseudo-inverse where a
    direction has nothing left and no coefficient needs it; f = 1; unbiased if errors are independent with equal
    variance. CR3: A = B^(-1) and f = (G - 1) / G, the jackknife over clusters about the full estimate. Satterthwaite's
    degrees of freedom of c'b under the same working model, with ``p_g = (I - H)_g' A_g U_g M c``:

        ``df = (sum_g p_g'p_g)^2 / sum_g sum_h (p_g'p_h)^2``.

    Effects nested in clusters need no columns (Pustejovsky and Tipton, theorem 2); period effects have theirs.

    References
    ----------
    Bell and McCaffrey (2002), Survey Methodology 28, 169-181. Pustejovsky and Tipton (2018), Journal of Business and
    Economic Statistics 36, 672-683. MacKinnon, Nielsen and Webb (2023), Journal of Econometrics 232, 272-299.
    Checked against sandwich (vcovCL, vcovJK), pyfixest and diff-diff.
    """
    require_choice(correction, Correction, "the correction")
    reference = reference or ("clusters" if correction == "CR1" else "satterthwaite")
    require_choice(reference, Reference, "the reference")
    if correction == "CR1" and reference == "clusters" and trend is None:
        return _uncorrected(two_way_kernel(outcome, regressors, unit, period, weights, cluster, small_sample))
    design = two_way_basis(outcome, regressors, unit, period, weights, cluster, trend)
    within, left = design.regressors, design.outcome
    bread = np.linalg.inv(within.T @ within)
    coefficients = bread @ (within.T @ left)
    residuals = left - within @ coefficients
    groups = int(design.clusters.max()) + 1
    adjusted = _adjusted(design, within @ bread, correction)
    scores = np.zeros((groups, within.shape[1]))
    np.add.at(scores, design.clusters, adjusted * residuals[:, None])
    factor, words = _factor(design, correction, small_sample, trend is not None)
    covariance = factor * scores.T @ scores
    satterthwaite = reference == "satterthwaite"
    own, shared = _working_covariance(design, adjusted) if satterthwaite else (np.zeros((0, 0, 0)), np.zeros((0, 0, 0)))
    every = np.eye(within.shape[1])
    return ClusterRobustFit(
        coefficients=coefficients,
        covariance=covariance,
        degrees_of_freedom=_satterthwaite(own, shared, every) if satterthwaite else np.full(len(every), groups - 1.0),
        correction=correction,
        reference=reference,
        factor=factor,
        clusters=groups,
        residuals=residuals / design.root,
        rule=f"cluster-robust {correction} ({groups} clusters), {words}; {_reference_words(reference, groups)}",
        own=own,
        shared=shared,
    )


def cluster_robust_contrasts(fit: ClusterRobustFit, weights: ArrayLike) -> Contrasts:
    """Return linear combinations of coefficients, each with degrees of freedom of its own.

    Parameters
    ----------
    fit : ClusterRobustFit
        With k coefficients.
    weights : array_like, shape (m, k)
        Weight of each coefficient in each combination.

    Returns
    -------
    Contrasts
        values, se, df, each of shape (m,).

    Raises
    ------
    DesignError
        If the number of columns is not k.

    Notes
    -----
    ``c'b``, ``sqrt(c'Vc)``, and the degrees of freedom of `cluster_robust` for c.
    """
    matrix = as_matrix(weights, "contrast weights")
    if matrix.shape[1] != fit.coefficients.size:
        raise DesignError(f"contrast weights have {matrix.shape[1]} columns for {fit.coefficients.size} coefficients")
    variance = np.einsum("mi,ij,mj->m", matrix, fit.covariance, matrix)
    df = np.full(matrix.shape[0], fit.clusters - 1.0)
    if fit.reference == "satterthwaite":
        df = _satterthwaite(fit.own, fit.shared, matrix)
    return Contrasts(matrix @ fit.coefficients, np.sqrt(np.maximum(variance, 0.0)), df)


def _uncorrected(fit: Fit) -> ClusterRobustFit:
    """Return CR1 with clusters less one degrees of freedom, for which no effect has to be held as a column."""
    groups = int(fit.extra["clusters"])
    factor = fit.rule.removeprefix(f"clustered ({groups} clusters), ").partition("; ")[0]
    return ClusterRobustFit(
        coefficients=fit.coefficients,
        covariance=fit.covariance,
        degrees_of_freedom=np.full(fit.coefficients.size, groups - 1.0),
        correction="CR1",
        reference="clusters",
        factor=fit.extra["factor"],
        clusters=groups,
        residuals=fit.residuals,
        rule=f"cluster-robust CR1 ({groups} clusters), {factor}; {_reference_words('clusters', groups)}",
        own=np.zeros((0, 0, 0)),
        shared=np.zeros((0, 0, 0)),
    )


def _factor(design: TwoWayBasis, correction: str, small_sample: SmallSample, trends: bool) -> tuple[float, str]:
    """Return the small-sample factor and the rule in words."""
    groups = int(design.clusters.max()) + 1
    if correction == "CR1":
        terms = design.regressors.shape[1]
        factor, words = cluster_factor(terms, design.units, design.periods, design.clusters, small_sample, trends)
        return factor, f"factor {words}"
    if correction == "CR2":
        return 1.0, "residuals of a cluster times (I-H)^(-1/2), effects included in H, no further factor"
    return (groups - 1) / groups, "jackknife over clusters, residuals times (I-H)^(-1), factor (G-1)/G"


def _reference_words(reference: str, groups: int) -> str:
    """Return the reference distribution in words."""
    if reference == "clusters":
        return f"t with G-1 = {groups - 1} degrees of freedom"
    return "t with Satterthwaite's degrees of freedom"


def _adjusted(design: TwoWayBasis, influence: Array, correction: str) -> Array:
    """Return A_g times the influence of each row, for all clusters: shape (n, k)."""
    if correction == "CR1":
        return influence
    power = -0.5 if correction == "CR2" else -1.0
    adjusted = np.empty_like(influence)
    basis = design.full_basis()
    for group in range(int(design.clusters.max()) + 1):
        rows = np.flatnonzero(design.clusters == group)
        units = design.unit_basis(rows)
        left = np.eye(rows.size) - basis[rows] @ basis[rows].T
        if not design.nested:  # nested unit effects leave residuals and influence orthogonal to themselves
            left -= units @ units.T
        values, vectors = np.linalg.eigh(left)
        kept = values > LEVERAGE_CUT
        turned = vectors.T @ influence[rows]
        lost = np.linalg.norm(turned[~kept], axis=0) > np.sqrt(LEVERAGE_CUT) * np.linalg.norm(influence, axis=0)
        if lost.any():
            raise DesignError(
                f"cluster {group} alone carries regressor columns {np.flatnonzero(lost).tolist()}: its own residuals "
                f"are zero there, and {correction} finds no variance in it",
                mend="with so few treated clusters use randomisation inference, or Ferman and Pinto's test",
            )
        scale = np.where(kept, np.where(kept, values, 1.0) ** power, 0.0)
        adjusted[rows] = vectors @ (turned * scale[:, None])
    return adjusted


def _working_covariance(design: TwoWayBasis, adjusted: Array) -> tuple[Array, Array]:
    """Return `own` and `shared` of the covariance p_g'p_h of the clusters' contributions."""
    terms = adjusted.shape[1]
    own = np.zeros((int(design.clusters.max()) + 1, terms, terms))
    np.add.at(own, design.clusters, adjusted[:, :, None] * adjusted[:, None, :])
    shared = design.cluster_products(adjusted, design.full_basis())
    if not design.nested:
        shared = np.concatenate([shared, design.unit_products(adjusted)], axis=2)
    return own, shared


def _satterthwaite(own: Array, shared: Array, weights: Array) -> Array:
    """Return the degrees of freedom of each row of weights."""
    alone = np.einsum("mi,gij,mj->mg", weights, own, weights, optimize=True)
    together = np.einsum("mi,gip->mgp", weights, shared, optimize=True)
    lengths = np.sum(together**2, axis=2)
    cross = np.einsum("mgp,mgq->mpq", together, together, optimize=True)
    squares = np.sum(alone**2 - 2.0 * alone * lengths, axis=1) + np.sum(cross**2, axis=(1, 2))
    return np.asarray(np.sum(alone - lengths, axis=1) ** 2 / squares)
