"""A comparison made of weighted donors: synthetic control and synthetic difference in differences."""
