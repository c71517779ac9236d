"""Reporting checklists: the items of each standard, and where on the page each of them stands."""
