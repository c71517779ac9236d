"""Difference in differences: places with the programme against places without."""
