"""Synthetic control and synthetic difference in differences on their way to a `Result`, with placebos in space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalkit.designs.difference_in_differences.estimated import Estimated
from evalkit.designs.difference_in_differences.headline import with_bounds
from evalkit.designs.difference_in_differences.removal import Removal
from evalkit.designs.difference_in_differences.resampled import Tested
from evalkit.designs.difference_in_differences.two_way_checks import two_way_checks
from evalkit.designs.difference_in_differences.two_way_fit import TwoWay
from evalkit.designs.outcomes import events_seen
from evalkit.errors import DesignError
from evalkit.records import Estimate, EventTime, Placebo, Result

if TYPE_CHECKING:
    import numpy

    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.designs.difference_in_differences.roll_out import Compared
    from evalkit.estimation.synthetic.synthetic_placebos import PlaceboRanks
    from evalkit.records import Panel

NO_LEADS = (
    "The weights are chosen so that paths before the start run alike, so gaps there are no independent check; "
    "the fit before the start is in the facts of the fit."
)


@dataclass(frozen=True, eq=False)
class Gaps:
    """What a synthetic method found.

    Attributes
    ----------
    effect : float
    cohorts : tuple of (int, numpy.ndarray)
        Index of the first treated period, and observed less expected by period.
    ranks : PlaceboRanks
    weights : tuple of (str, float)
        Of donors, averaged over treated unit-periods where starts differ; those at zero are left out.
    time_weights : tuple of (str, float)
    placebos : tuple of Placebo
    listed : bool
    rule : str
    facts : dict
    """

    effect: float
    cohorts: tuple[tuple[int, numpy.ndarray], ...]
    ranks: PlaceboRanks
    weights: tuple[tuple[str, float], ...]
    time_weights: tuple[tuple[str, float], ...]
    placebos: tuple[Placebo, ...]
    listed: bool
    rule: str
    facts: dict[str, Any]


class Synthetic(TwoWay):
    """One synthetic method on its way to a `Result`."""

    def __init__(self, design: DifferenceInDifferences, panel: Panel, found: Compared) -> None:
        super().__init__(design, panel, found.study)
        self.dropped = found.dropped
        if design.covariates or self.weights is not None:
            raise DesignError(
                f"{design.estimator} takes neither covariates nor weights", "leave them out", "design.covariates"
            )
        if not found.study.comparison:
            raise DesignError(
                f"{design.estimator} needs donors: units that are never treated", "add some", "design.comparison"
            )
        table = self.frame.assign(outcome=self.outcome).pivot_table(index="unit", columns="time", values="outcome")
        self.names = [str(unit) for unit in table.index]
        self.matrix = table.to_numpy(dtype=float)
        times = [int(time) for time in table.columns]
        self.first = [times.index(found.study.starts[u]) if u in found.study.starts else len(times) for u in self.names]

    def result(self) -> Result:
        """Return the effect, the synthetic path and the ranks among placebos."""
        found = self._control() if self.design.estimator == "synthetic_control" else self._did()
        removal = self._out(found)
        words: dict[str, Any] = {"label": f"{self.panel.outcome.label}: change while treated", "scale": self.scale,
                                 "unit": "log ratio" if self.scale == "log" else self.unit}  # fmt: skip
        effect, study = Estimate(found.effect, level=self.design.level, **words), self.study
        absolute, first = self._absolute(removal), min(study.starts.values())
        bare = Result(
            estimand=f"{self._estimand()}. The comparison is a weighted average of units that are never treated",
            standard_errors=found.rule,
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
        return with_bounds(self.estimated(), bare, self._tested(found))

    def estimated(self) -> Estimated:
        """Return the estimate as inference and analyses of sensitivity read it."""
        return Estimated(
            panel=self.panel, study=self.study, scale=self.scale, unit=self.unit, observed=self.observed,
            outcome=self.outcome, weights=None, clusters=self.clusters, noun=self.noun, own_inference=True,
        )  # fmt: skip

    def _tested(self, found: Gaps) -> Tested:
        ranks = found.ranks
        return Tested(
            low=ranks.low, high=ranks.high, p_value=ranks.p_value, smallest_p=ranks.smallest_p, rule=found.rule,
            kind="exact" if found.listed else "inversion", assignments=ranks.compared,
            seed=None if found.listed else self.design.seed, se=ranks.standard_error,
        )  # fmt: skip

    def _how(self, found: Gaps) -> dict[str, Any]:
        ranks = found.ranks
        return {
            "method": "placebo", "rule": found.rule, "small_sample_factor": None, "assignments": ranks.compared,
            "smallest_p": ranks.smallest_p, "rank": ranks.rank, "normal_low": ranks.normal_low,
            "normal_high": ranks.normal_high, "normal_p_value": ranks.normal_p_value, "draws": self.design.draws,
            "seed": None if found.listed else self.design.seed,
        }  # fmt: skip

    def _control(self) -> Gaps:
        """Return the synthetic control and its placebos."""
        from evalkit.estimation.synthetic.synthetic_control import synthetic_control, synthetic_control_placebos

        fit = synthetic_control(self.matrix, self.first)
        others = synthetic_control_placebos(
            self.matrix, self.first, draws=self.design.draws, seed=self.design.seed, level=self.design.level
        )
        donors = [self.names[place] for place in fit.donors]
        perfect = fit.pre_rmse == 0.0
        measure = "log ratio" if self.scale == "log" else self.unit
        placebos = [
            Placebo("unit", " and ".join(self.names[place] for place in units), "", float(value), measure=measure)
            for units, value in zip(others.units, others.effects, strict=True)
        ]
        who = " and ".join(self.names[place] for place in fit.treated)
        true = Placebo("unit", who, "", fit.effect, measure=measure, true=True)
        facts = {"pre_rmse": fit.pre_rmse, "post_rmse": fit.post_rmse, "inside": fit.inside, "unique": fit.unique,
                 "optimality_gap": fit.optimality_gap, "ratio_rank": others.ratio_rank,
                 "ratio_p_value": others.ratio_p_value}  # fmt: skip
        words = ", effects as they are, since the fit before is exact" if perfect else ""
        return Gaps(
            fit.effect, ((fit.start, fit.gaps),), others.effect_ranks if perfect else others.ranks,
            _shown(donors, fit.weights), (), (*placebos, true),
            others.listed, f"{fit.rule}; {others.rule}{words}", facts,
        )  # fmt: skip

    def _did(self) -> Gaps:
        """Return the synthetic difference in differences and its placebos."""
        import numpy

        from evalkit.estimation.synthetic.synthetic_did import synthetic_did

        fit = synthetic_did(
            self.matrix, self.first, draws=self.design.draws, seed=self.design.seed, level=self.design.level
        )
        if fit.ranks is None:
            raise DesignError("there are no placebos to rank the effect among", "add donors", "design.comparison")
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
        return Gaps(
            fit.effect, tuple((each.start, each.observed - each.counterfactual) for each in fit.cohorts), fit.ranks,
            _shown([self.names[place] for place in fit.donors], numpy.asarray(weights)), _shown(labels, before), (),
            fit.listed, f"{fit.rule}; interval and p-value shown first: ranks among the placebos", facts,
        )  # fmt: skip

    def _out(self, found: Gaps) -> Removal:
        """Return the gaps by start and period, ready to be taken out of what was seen; bounds come from placebos."""
        import numpy

        times, columns, effects = self.study.times, [], []
        starts, when = self.frame["unit"].map(self.study.starts).to_numpy(), self.frame["time"].to_numpy()
        for start, gaps in found.cohorts:
            for place in range(start, len(times)):
                columns.append(((starts == times[start]) & (when == times[place])).astype(float))
                effects.append(gaps[place])
        return Removal(numpy.column_stack(columns), numpy.array(effects), None, self.scale, None, self.design.level)

    def _by_event_time(self, found: Gaps) -> tuple[EventTime, ...]:
        """Return the gap by time since the start, cohorts weighted by their units; without bounds."""
        sizes = {self.study.times.index(start): size for start, size in self.study.cohorts.items()}
        low, high = -(self.design.leads or 1), self.design.lags or 0
        points = []
        for time in range(low, high + 1):
            have = [(sizes[start], float(gaps[start + time])) for start, gaps in found.cohorts
                    if 0 <= start + time < len(gaps)]  # fmt: skip
            if have:
                total = sum(size for size, _ in have)
                points.append(EventTime(time, sum(size * gap for size, gap in have) / total))
        return tuple(points)


def _shown(names: list[str], weights: numpy.ndarray) -> tuple[tuple[str, float], ...]:
    """Return weights above zero by name, the largest first."""
    pairs = [(name, float(weight)) for name, weight in zip(names, weights, strict=True) if weight > 1e-9]
    return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))
