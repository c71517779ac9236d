"""Checks as values: numbers or a panel in, a `Diagnostic` out, worded for a commissioner. One idea a file.

A check cannot prove an assumption: its verdict is that there is no sign against it, a sign against it, or that it
was not run, with the reason. Sizes and intervals are said beside every p-value.
"""
