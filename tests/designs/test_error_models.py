"""Three error models side by side: each is what the study gives when it is registered, and failures are told."""

from __future__ import annotations

from collections.abc import Callable

import numpy
import pytest

from evalkit.designs import InterruptedTimeSeries
from evalkit.errors import DesignError
from evalkit.estimation.series import prais_winsten
from evalkit.records import ErrorModel, Panel

GAUSSIAN = ("autoregressive", "newey_west", "prais_winsten", "ordinary")


def models(panel: Panel, **options: object) -> dict[str, ErrorModel]:
    return {one.name: one for one in InterruptedTimeSeries(**options).estimate(panel).error_models}


class TestWhich:
    @pytest.mark.parametrize("errors", GAUSSIAN)
    def test_the_registered_one_comes_first_and_is_marked(self, monthly: Callable[..., Panel], errors: str) -> None:
        found = InterruptedTimeSeries(errors=errors).estimate(monthly()).error_models
        assert [one.name for one in found if one.registered] == [found[0].name] == [errors]
        assert {one.name for one in found} == {errors, "autoregressive", "newey_west", "prais_winsten"}

    @pytest.mark.parametrize("family", ["poisson", "quasi_poisson", "negative_binomial"])
    def test_counts(self, monthly: Callable[..., Panel], family: str) -> None:
        found = models(monthly(), family=family, errors="newey_west")
        assert set(found) == {"autoregressive", "newey_west", "ordinary"}
        assert not any(one.problem for one in found.values())
        assert found["autoregressive"].rule.startswith("quasi-Poisson")
        assert found["autoregressive"].label.endswith("quasi-Poisson") == (family != "quasi_poisson")

    def test_arima_stands_there_only_when_registered(self, monthly: Callable[..., Panel]) -> None:
        assert "arima" not in models(monthly())
        found = models(monthly(), errors="arima", order=[1, 0, 0])
        assert list(found) == ["arima", "autoregressive", "newey_west", "prais_winsten"]


class TestNumbers:
    @pytest.mark.parametrize("scale", ["log", "identity"])
    def test_each_is_the_headline_of_a_study_that_registers_it(self, monthly: Callable[..., Panel], scale: str) -> None:
        panel = monthly()
        beside = models(panel, scale=scale)
        for errors in ("autoregressive", "newey_west", "prais_winsten"):
            own = InterruptedTimeSeries(scale=scale, errors=errors).estimate(panel)
            shown = beside[errors]
            assert (shown.average, shown.average_low, shown.average_high) == pytest.approx(
                (own.relative.value, own.relative.low, own.relative.high), abs=1e-9
            )
            assert shown.average_p_value == pytest.approx(own.effect.p_value)
            assert shown.rule == own.inference["rule"]
            if scale == "log":
                at_once = own.fit["immediate"]
                assert (shown.immediate, shown.immediate_low, shown.immediate_high) == pytest.approx(
                    (at_once["value"], at_once["low"], at_once["high"])
                )

    def test_prais_winsten_by_itself(self, monthly: Callable[..., Panel]) -> None:
        panel = monthly()
        values, steps = numpy.log(panel.frame["value"].to_numpy()), numpy.arange(84)
        months = [(steps % 12 == month).astype(float) for month in range(1, 12)]
        post = steps >= 60
        matrix = numpy.column_stack([numpy.ones(84), steps, *months, post, numpy.where(post, steps - 60, 0)])
        fit = prais_winsten.iterated(values, matrix)
        shown = models(panel)["prais_winsten"]
        assert shown.immediate == pytest.approx(100 * numpy.expm1(fit.coefficients[-2]), abs=1e-6)
        assert shown.autocorrelation == pytest.approx(fit.extra["rho"])

    def test_a_slope_alone_has_no_change_at_once(self, monthly: Callable[..., Panel]) -> None:
        for one in models(monthly(), impact="slope").values():
            assert one.immediate is None
            assert one.average is not None

    def test_the_seed_of_the_headline_does_not_move(self, monthly: Callable[..., Panel]) -> None:
        """Fits beside the registered one leave it as it was."""
        design = InterruptedTimeSeries(errors="newey_west")
        first, second = design.estimate(monthly()), design.estimate(monthly())
        assert first.error_models == second.error_models
        assert first.inference["rule"].startswith("Newey-West")


def test_a_model_that_cannot_be_fitted_says_why(monthly: Callable[..., Panel], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise DesignError("the autocorrelation reaches 1", mend="use autoregressive")

    monkeypatch.setattr(prais_winsten, "iterated", refuse)
    found = models(monthly())["prais_winsten"]
    assert found.problem == "the autocorrelation reaches 1"
    assert found.average is None


def test_a_fault_is_not_taken_for_a_model_that_cannot_be_fitted(
    monthly: Callable[..., Panel], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(prais_winsten, "iterated", fault)
    with pytest.raises(ZeroDivisionError):
        InterruptedTimeSeries().estimate(monthly())
