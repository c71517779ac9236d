"""What was released before, what moved since, and to what that is owed: rows kept, runs crossed, records written.

Read `rows` (what is kept of the data), `cells` (which of them changed), `causes` (which of data, study file, code and
packages changed), `crossed` (old and new of each run together), `headlines`, `moves` and `record` in this order.
"""
