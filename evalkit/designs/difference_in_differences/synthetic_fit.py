"""Synthetic control and synthetic difference in differences on their way to a `Result`, with placebos in space."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalkit.designs.difference_in_differences.estimated import Estimated
from evalkit.designs.difference_in_differences.headline import with_bounds
from evalkit.designs.difference_in_differences.removal import Removal
from evalkit.designs.difference_in_differences.resampled import Tested
from evalkit.designs.difference_in_differences.two_way_checks import two_way_checks
from evalkit.designs.difference_in_differences.two_way_fit import TwoWay
from evalkit.designs.outcomes import events_seen
from evalkit.diagnostics.words import listed
from evalkit.errors import DesignError
from evalkit.records import Estimate, EventTime, Placebo, Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy

    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.designs.difference_in_differences.estimated import Again
    from evalkit.designs.difference_in_differences.roll_out import Compared
    from evalkit.estimation.synthetic.synthetic_did import SyntheticDid, Variance
    from evalkit.estimation.synthetic.synthetic_placebos import PlaceboRanks
    from evalkit.records import Panel

NO_LEADS = (
    "The weights are chosen so that paths before the start run alike, so gaps there are no independent check; "
    "the fit before the start is in the facts of the fit."
)
FEWEST_BEFORE = {"synthetic_control": 1, "synthetic_did": 2}
"""Periods before its start that a treated unit needs."""
FEWEST_DONORS = 2
MOST_NAMED = 3
"""Of a placebo of several units so many are named."""


@dataclass(frozen=True, eq=False)
class Gaps:
    """What a synthetic method found.

    Attributes
    ----------
    effect : float
    cohorts : tuple of (int, numpy.ndarray)
        Index of the first treated period, and observed less expected by period.
    tested : Tested
        Interval and p-value.
    ranks : PlaceboRanks or None
        None where the interval is of a jackknife or bootstrap.
    weights : tuple of (str, float)
        Of donors, averaged over treated unit-periods where starts differ; those at zero are left out.
    time_weights : tuple of (str, float)
    placebos : tuple of Placebo
    facts : dict
    """

    effect: float
    cohorts: tuple[tuple[int, numpy.ndarray], ...]
    tested: Tested
    ranks: PlaceboRanks | None
    weights: tuple[tuple[str, float], ...]
    time_weights: tuple[tuple[str, float], ...]
    placebos: tuple[Placebo, ...]
    facts: dict[str, Any]


class Synthetic(TwoWay):
    """One synthetic method on its way to a `Result`."""

    def __init__(self, design: DifferenceInDifferences, panel: Panel, found: Compared) -> None:
        import numpy

        super().__init__(design, panel, found.study)
        self.dropped = found.dropped
        if self.weights is not None:
            raise DesignError(
                f"{design.estimator} takes neither covariates nor weights",
                "leave them out, or choose another estimator",
                f"design.{'weights' if design.weights else 'estimator'}",
            )
        _require_carried(design.estimator, found, panel)
        _require_variance(design, found, panel)
        table = self.frame.assign(outcome=self.outcome).pivot_table(index="unit", columns="time", values="outcome")
        times, starts = [int(time) for time in table.columns], found.study.starts
        first = [bisect_left(times, starts[unit]) if unit in starts else len(times) for unit in map(str, table.index)]
        matrix = table.to_numpy(dtype=float)
        order = numpy.lexsort([*matrix.T[::-1], first])  # so that neither names nor the order of rows moves a draw
        self.names = [str(table.index[place]) for place in order]
        self.matrix, self.first = matrix[order], [first[place] for place in order]

    def result(self) -> Result:
        """Return the effect, the synthetic path and the ranks among placebos."""
        found = self._control() if self.design.estimator == "synthetic_control" else self._did()
        words: dict[str, Any] = {"label": f"{self.panel.outcome.label}: change while treated", "scale": self.scale,
                                 "unit": "log ratio" if self.scale == "log" else self.unit}  # fmt: skip
        effect, study = Estimate(found.effect, level=self.design.level, **words), self.study
        removal = self._out(found).headed(effect, self._shares() * self.observed, self.design.seed)
        absolute, first = self._absolute(removal), min(study.starts.values())
        bare = Result(
            estimand=f"{self._estimand()}. The comparison is a weighted average of units that are never treated",
            standard_errors=found.tested.rule,
            effect=effect,
            relative=self._relative(effect),
            absolute=absolute,
            averted=self._averted(removal),
            path=self._path(removal),
            event_study=self._by_event_time(found),
            weights=found.weights,
            time_weights=found.time_weights,
            placebos=found.placebos,
            inference=self._how(found),
            fit={"clusters": int(self.clusters.nunique()), "treated_clusters": self.treated_clusters,
                 "scale": self.scale, **self._averages(effect, absolute), **found.facts,
                 "observed_total": events_seen(self.frame, self.panel, study.treated_rows)},
            diagnostics=two_way_checks(self, NO_LEADS, (), found.effect),
            n_observations=len(self.frame),
            n_units=len(self.names),
            n_treated_units=len(study.starts),
            n_pre_periods=sum(time < first for time in study.times),
            n_post_periods=sum(time >= first for time in study.times),
            dropped=self.dropped,
        )  # fmt: skip
        return with_bounds(self.estimated(), bare, found.tested)

    def estimated(self) -> Estimated:
        """Return the estimate as inference and analyses of sensitivity read it."""
        return Estimated(
            panel=self.panel, study=self.study, scale=self.scale, unit=self.unit, observed=self.observed,
            outcome=self.outcome, weights=None, clusters=self.clusters, noun=self.noun, again=self._again(),
            own_inference=True,
        )  # fmt: skip

    def _again(self) -> Again:
        """Return the estimator on another outcome and roll-out, without its inference."""
        from evalkit.estimation.synthetic.synthetic_control import synthetic_control
        from evalkit.estimation.synthetic.synthetic_did import synthetic_did_effect

        if self.design.estimator == "synthetic_did":
            return synthetic_did_effect
        return lambda outcome, first_treated: synthetic_control(outcome, first_treated).effect

    def _ranked(self, ranks: PlaceboRanks, listed_all: bool, rule: str) -> Tested:
        """Return interval and p-value of ranks among placebos."""
        return Tested(
            low=ranks.low, high=ranks.high, p_value=ranks.p_value, smallest_p=ranks.smallest_p, rule=rule,
            kind="exact" if listed_all else "inversion", assignments=ranks.compared,
            seed=None if listed_all else self.design.seed, se=ranks.standard_error,
        )  # fmt: skip

    def _how(self, found: Gaps) -> dict[str, Any]:
        tested, ranks = found.tested, found.ranks
        how: dict[str, Any] = {
            "method": "placebo", "rule": tested.rule, "small_sample_factor": None, "assignments": tested.assignments,
            "smallest_p": tested.smallest_p, "draws": self.design.draws, "seed": tested.seed,
        }  # fmt: skip
        if ranks is None:
            return {**how, "method": self.design.inference, "smallest_p": None, "draws": tested.draws}
        return {**how, "rank": ranks.rank, "normal_low": ranks.normal_low, "normal_high": ranks.normal_high,
                "normal_p_value": ranks.normal_p_value}  # fmt: skip

    def _placebos(self, treated: numpy.ndarray, effect: float, units: Sequence[Any], values: Any) -> tuple[Any, ...]:
        """Return the effects of placebos, those of one unit by its name, the true one last."""
        measure = "log ratio" if self.scale == "log" else self.unit
        found = [Placebo("unit", self._who(places), "", float(value), measure=measure)
                 for places, value in zip(units, values, strict=True)]  # fmt: skip
        found.sort(key=lambda one: (one.unit, one.value or 0.0))
        return (*found, Placebo("unit", self._who(treated), "", effect, measure=measure, true=True))

    def _who(self, places: Any) -> str:
        """Return units by name, the first three where they are more."""
        return listed(sorted(self.names[place] for place in places), MOST_NAMED)

    def _control(self) -> Gaps:
        """Return the synthetic control and its placebos."""
        from evalkit.estimation.synthetic.synthetic_control import synthetic_control, synthetic_control_placebos

        fit = synthetic_control(self.matrix, self.first)
        others = synthetic_control_placebos(
            self.matrix, self.first, draws=self.design.draws, seed=self.design.seed, level=self.design.level
        )
        donors = [self.names[place] for place in fit.donors]
        perfect = fit.pre_rmse == 0.0
        facts = {"pre_rmse": fit.pre_rmse, "post_rmse": fit.post_rmse, "inside": fit.inside, "unique": fit.unique,
                 "optimality_gap": fit.optimality_gap, "ratio_rank": others.ratio_rank,
                 "ratio_p_value": others.ratio_p_value}  # fmt: skip
        words = ", effects as they are, since the fit before is exact" if perfect else ""
        ranks = others.effect_ranks if perfect else others.ranks
        return Gaps(
            fit.effect, ((fit.start, fit.gaps),),
            self._ranked(ranks, others.listed, f"{fit.rule}; {others.rule}{words}"), ranks,
            _shown(donors, fit.weights), (),
            self._placebos(fit.treated, fit.effect, others.units, others.effects), facts,
        )  # fmt: skip

    def _did(self) -> Gaps:
        """Return the synthetic difference in differences and its placebos."""
        import numpy

        from evalkit.estimation.synthetic.synthetic_did import synthetic_did

        named = self.design.inference
        variance: Variance = "jackknife" if named == "jackknife" else "bootstrap" if named == "bootstrap" else "placebo"
        fit = synthetic_did(
            self.matrix, self.first, variance, draws=self.design.draws, seed=self.design.seed, level=self.design.level
        )
        periods = self.matrix.shape[1]
        sizes = numpy.array([each.treated.size * (periods - each.start) for each in fit.cohorts], dtype=float)
        shares = sizes / sizes.sum()
        weights = sum(share * each.unit_weights for share, each in zip(shares, fit.cohorts, strict=True))
        before: numpy.ndarray = numpy.zeros(periods)
        for share, each in zip(shares, fit.cohorts, strict=True):
            before[: each.start] += share * each.time_weights
        labels = [self.panel.label(time) for time in self.study.times]
        facts = {"pre_rmse": float(numpy.sqrt(shares @ [each.pre_rmse**2 for each in fit.cohorts])),
                 "optimality_gap": max(each.optimality_gap for each in fit.cohorts)}  # fmt: skip
        treated = numpy.concatenate([each.treated for each in fit.cohorts])
        return Gaps(
            fit.effect, tuple((each.start, each.observed - each.counterfactual) for each in fit.cohorts),
            self._of_did(fit), fit.ranks,
            _shown([self.names[place] for place in fit.donors], numpy.asarray(weights)), _shown(labels, before),
            () if fit.ranks is None else self._placebos(treated, fit.effect, fit.placebo_units, fit.placebos), facts,
        )  # fmt: skip

    def _of_did(self, fit: SyntheticDid) -> Tested:
        """Return interval and p-value: ranks among placebos, or the normal ones of jackknife and bootstrap."""
        if fit.ranks is not None:
            rule = f"{fit.rule}; interval and p-value shown first: ranks among the placebos"
            return self._ranked(fit.ranks, fit.listed, rule)
        return Tested(
            low=fit.low, high=fit.high, p_value=fit.p_value, smallest_p=0.0, rule=fit.rule, kind="normal",
            draws=None if fit.listed else int(fit.placebos.size), seed=fit.seed, se=fit.standard_error,
        )  # fmt: skip

    def _out(self, found: Gaps) -> Removal:
        """Return the gaps by start and period, ready to be taken out of what was seen; bounds come from placebos."""
        import numpy

        times, columns, effects = self.study.times, [], []
        places = {unit: bisect_left(times, start) for unit, start in self.study.starts.items()}
        starts, when = self.frame["unit"].map(places).to_numpy(), self.frame["time"].to_numpy()
        for start, gaps in found.cohorts:
            for place in range(start, len(times)):
                columns.append(((starts == start) & (when == times[place])).astype(float))
                effects.append(gaps[place])
        return Removal(numpy.column_stack(columns), numpy.array(effects), None, self.scale, None, self.design.level)

    def _by_event_time(self, found: Gaps) -> tuple[EventTime, ...]:
        """Return the gap by time since the start, cohorts weighted by their units; without bounds.

        A period that everybody lacks is counted with the others; a start in such a hole is that of the next period.
        """
        times, gaps = list(self.study.times), dict(found.cohorts)
        low, high = -(self.design.leads or 1), self.design.lags or 0
        points = []
        for time in range(low, high + 1):
            have = [(size, float(gaps[bisect_left(times, start)][times.index(start + time)]))
                    for start, size in self.study.cohorts.items() if start + time in times]  # fmt: skip
            if have:
                total = sum(size for size, _ in have)
                points.append(EventTime(time, sum(size * gap for size, gap in have) / total))
        return tuple(points)


def _require_carried(estimator: str, found: Compared, panel: Panel) -> None:
    """Raise where donors, periods before or starts are not what a synthetic method needs; units are named."""
    study = found.study
    if len(study.comparison) < FEWEST_DONORS:
        have = listed(list(study.comparison)) or "none"
        raise DesignError(
            f"{estimator} needs two donors or more that are never treated, and there are: {have}",
            "add comparison units", "design.comparison",
        )  # fmt: skip
    if estimator == "synthetic_control" and len(study.cohorts) > 1:
        starts = [f"{unit} ({panel.label(start)})" for unit, start in study.starts.items()]
        raise DesignError(
            f"synthetic_control needs one start, and units start at {len(study.cohorts)}: {listed(starts[:10])}",
            "choose synthetic_did, which gives each start weights of its own, or study one start at a time",
            "design.estimator",
        )
    fewest = FEWEST_BEFORE[estimator]
    early = [unit for unit, start in study.starts.items() if bisect_left(study.times, start) < fewest]
    if early:
        raise DesignError(
            f"{estimator} needs {fewest} periods before the start, and there are fewer for {listed(early[:10])}",
            "bring earlier periods, or choose two_way_fixed_effects", "design.estimator",
        )  # fmt: skip


def _require_variance(design: DifferenceInDifferences, found: Compared, panel: Panel) -> None:
    """Raise where a jackknife or bootstrap is named that so few treated units cannot have."""
    if design.inference not in ("jackknife", "bootstrap"):
        return
    mend = "leave `inference` out: placebos can be had for any number of treated units"
    alone = [
        f"{unit} ({panel.label(start)})"
        for unit, start in found.study.starts.items()
        if found.study.cohorts[start] == 1
    ]
    if design.inference == "bootstrap" and len(found.study.starts) > 1:
        return
    if alone:
        raise DesignError(
            f"the {design.inference} needs two treated units at least"
            f"{' for each start' if design.inference == 'jackknife' else ''}; alone: {listed(alone)}",
            mend,
            "design.inference",
        )


def _shown(names: list[str], weights: numpy.ndarray) -> tuple[tuple[str, float], ...]:
    """Return weights above zero by name, the largest first."""
    pairs = [(name, float(weight)) for name, weight in zip(names, weights, strict=True) if weight > 1e-9]
    return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))
