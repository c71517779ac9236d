"""The decomposition of the two-way estimate: diff-diff, and the estimate that it must add up to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from staggered_cases import noise, numbers, panel, wide, without_some_rows

from evalkit.errors import DesignError
from evalkit.estimation.regression import two_way
from evalkit.estimation.staggered.decomposition import decompose


def estimate(data):
    treated = (data["period"] >= data["first_treated"]).astype(float)
    return two_way(data["outcome"], treated, data["unit"], data["period"]).coefficients[0]


def test_every_pair_agrees_with_diff_diff():
    found, expected = decompose(wide(panel())), numbers("staggered_regressions")["decomposition"]
    assert found.estimate == pytest.approx(expected["effect two_way"], abs=1e-10)
    assert len(found.pairs) == 9
    for pair in found.pairs:
        other = "never_treated" if np.isinf(pair.comparison) else f"{pair.comparison:.0f}"
        names = [name for name in expected if name.startswith(f"effect {pair.kind} {pair.treated:g} {other}")]
        assert pair.estimate == pytest.approx(expected[names[0]], abs=1e-10)
        assert pair.weight == pytest.approx(expected[names[0].replace("effect", "weight")], abs=1e-10)


@settings(max_examples=25, deadline=None)
@given(
    starts=st.lists(st.sampled_from([1.0, 2.0, 3.0, 5.0, 6.0, np.inf]), min_size=4, max_size=9),
    seed=st.integers(1, 10_000),
)
def test_the_pairs_add_up_to_the_two_way_estimate(starts, seed):
    starts = [2.0, np.inf, *starts]
    unit, period = np.repeat(np.arange(len(starts)), 6), np.tile(np.arange(1, 7), len(starts))
    data = {
        "unit": unit,
        "period": period,
        "first_treated": np.array(starts)[unit],
        "outcome": noise(unit.size, seed) + unit * period,
    }
    found = decompose(wide(data))
    assert found.estimate == pytest.approx(estimate(data), abs=1e-9)
    assert sum(pair.weight for pair in found.pairs) == pytest.approx(1.0, abs=1e-12)
    assert all(pair.weight > 0 for pair in found.pairs)
    late = sum(p.weight for p in found.pairs if p.kind in ("later_vs_earlier", "treated_vs_always"))
    assert found.under_treatment_weight == pytest.approx(late, abs=1e-12)
    kinds = found.by_kind()
    assert sum(weight * value for weight, value in kinds.values()) == pytest.approx(found.estimate, abs=1e-9)


def test_always_treated_units_are_a_comparison_named_by_the_first_period():
    data = panel()
    first = np.where(data["unit"] < 10, 1.0, data["first_treated"])
    kinds = {pair.kind: pair.comparison for pair in decompose(wide(data | {"first_treated": first})).pairs}
    assert kinds["treated_vs_always"] == 1.0


def test_refused():
    with pytest.raises(DesignError, match=r"periods are missing for \d+, "):
        decompose(wide(without_some_rows(panel())))
    with pytest.raises(DesignError, match="without weights"):
        decompose(wide(panel(), weights="weight"))
    with pytest.raises(DesignError, match="nothing to decompose"):
        decompose(wide(panel(never=False, cohorts=(4,))))
