"""Tables that are brought to unit and period where they lie: which files, which database, and what is asked of them.

`source.table` in YAML reads `connections` (addresses, never in the study file), `files` (globs, headers), `engines`
(DuckDB, PostgreSQL, SQL Server, Spark, all through Ibis), `grouping` (alike rows brought together, with how many),
`faults` (what a database refused, in words, without its password).
"""
