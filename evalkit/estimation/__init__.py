"""Numerics alone: arrays in, numbers out. No files, no tables, no words of a study.

One idea a file; import from the file that holds it. `regression` is the only door to statsmodels and linearmodels,
and every library that is slow to import is imported inside the function that needs it.
"""
