"""One series in time: its terms, its errors, one fit or many at once, and what follows from a fit."""
