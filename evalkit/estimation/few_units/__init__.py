"""Inference that holds with few clusters or few treated units."""
