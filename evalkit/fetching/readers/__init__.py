"""Readers of published files: one file for each kind of publication, each from a file to a tidy table.

A reader is a block of data/sources.yaml: its fields are its options. A new one is a new file, and a line in
`AnyReader` and `READERS`. `tried_on` names the publisher's own file on which it was tried; without one, `evalkit data
list` says so.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from evalkit.fetching.readers.block import Reader
from evalkit.fetching.readers.extract import Extract
from evalkit.fetching.readers.hospital_admissions import HospitalAdmissions
from evalkit.fetching.readers.london_boroughs import LondonBoroughs
from evalkit.fetching.readers.police_force_areas import PoliceForceAreas
from evalkit.fetching.readers.population import Population
from evalkit.fetching.readers.recorded_crime import RecordedCrime
from evalkit.fetching.readers.street_crime import StreetCrime

AnyReader = Annotated[
    Extract | HospitalAdmissions | LondonBoroughs | PoliceForceAreas | Population | RecordedCrime | StreetCrime,
    Field(discriminator="kind"),
]
READERS: tuple[type[Reader], ...] = (
    PoliceForceAreas, RecordedCrime, StreetCrime, HospitalAdmissions, LondonBoroughs, Population, Extract,
)  # fmt: skip

__all__ = ["READERS", "AnyReader", "Extract", "HospitalAdmissions", "LondonBoroughs", "PoliceForceAreas",
           "Population", "Reader", "RecordedCrime", "StreetCrime"]  # fmt: skip
