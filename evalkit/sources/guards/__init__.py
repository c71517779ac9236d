"""Guards: what stops a study before its numbers are believed. A file for each; `held` runs them in order.

`blocks` is what the study file may say of them, `rules` their names and sentences.
"""
