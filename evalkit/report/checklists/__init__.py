"""Reporting checklists: the items of each standard (`items`, `standards`), and where on the page each of them stands.

`facts` says which apply, `keys` whether something is filled, `state` what became of an item, `section` prints it.
"""
