"""Interrupted time series: one series, its own past carried forward as the counterfactual."""
