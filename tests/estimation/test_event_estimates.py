"""Event-study estimates as sensitivity analyses read them: order, targets, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from evalkit.errors import DesignError
from evalkit.estimation.parallel_trends.event_estimates import event_estimates, target_weights


class TestReading:
    def test_changes_pass_through_the_reference(self):
        study = event_estimates([-3, -2, 0, 1], [0.5, 0.2, 1.0, 1.4], np.eye(4))
        assert (study.before, study.after) == (2, 2)
        np.testing.assert_allclose(study.differences @ study.estimates, [-0.3, -0.2, 1.0, 0.4])

    def test_periods_of_anticipation_are_not_in_the_target(self):
        study = event_estimates([-4, -3, -1, 0, 1], np.zeros(5), np.eye(5), reference=-2)
        np.testing.assert_array_equal(target_weights(study, "first"), [0, 1, 0])
        np.testing.assert_array_equal(target_weights(study, "average"), [0, 0.5, 0.5])

    def test_the_first_treated_period_and_their_average(self):
        study = event_estimates([-2, 0, 1, 2], np.zeros(4), np.eye(4))
        np.testing.assert_array_equal(target_weights(study), [1, 0, 0])
        np.testing.assert_allclose(target_weights(study, "average"), [1 / 3] * 3)
        np.testing.assert_array_equal(target_weights(study, [0, 2, -1]), [0, 2, -1])


class TestRefusals:
    def test_no_periods_before(self):
        with pytest.raises(DesignError, match="no estimate lies before the reference"):
            event_estimates([0, 1], [1, 2], np.eye(2))

    def test_no_treated_period(self):
        with pytest.raises(DesignError, match="no estimate lies in a treated period"):
            event_estimates([-3, -2], [1, 2], np.eye(2))

    def test_a_hole_between_periods(self):
        with pytest.raises(DesignError, match=r"event times \[-3, 1\] are missing"):
            event_estimates([-4, -2, 0, 2], np.zeros(4), np.eye(4))

    @pytest.mark.parametrize(
        ("covariance", "message"),
        [
            ([[1, 2, 0], [2, 1, 0], [0, 0, 1]], "negative variance"),
            ([[1, 0.5, 0], [0, 1, 0], [0, 0, 1]], "not symmetric"),
            (np.eye(2), "2 rows for 3"),
            (np.diag([1.0, 0, 1]), r"event times \[-2\] have no variance"),
        ],
    )
    def test_a_covariance_that_is_none(self, covariance, message):
        with pytest.raises(DesignError, match=message):
            event_estimates([-3, -2, 0], [1, 2, 3], covariance)

    def test_times(self):
        with pytest.raises(DesignError, match="occurs twice"):
            event_estimates([-2, -2, 0], np.zeros(3), np.eye(3))
        with pytest.raises(DesignError, match="whole numbers"):
            event_estimates([-2.5, 0.0, 1.0], np.zeros(3), np.eye(3))
