"""A study rehearsed before its data exist: simulated rows of the shape that it names, in files as it names them.

`shape` is which places, which periods and which starts; `draws` the rows; `files` writes them. A rehearsal stands in a
folder of its own (data/simulated/ID), where files are looked for that are nowhere else: the study file is the one that
will run on the real data, and a lock holds for both. Every file has a column that says that it is simulated, and a
table with that column is marked as simulated by whatever runs it.
"""

from __future__ import annotations

from evalkit.rehearsal.files import absent_data, rehearse
from evalkit.rehearsal.shape import Wishes

__all__ = ["Wishes", "absent_data", "rehearse"]
