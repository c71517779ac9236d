"""Words used on a page: each word of method that the page holds, with its meaning, and no other."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

SEEN: dict[str, tuple[str, ...]] = {
    "p_value": (
        "p-value",
        "p = ",
        "p under ",
    ),
    "standard_error": ("standard error",),
    "clusters": ("cluster",),
    "randomisation": (
        "randomisation inference",
        "with randomisation",
    ),
    "wild_bootstrap": (
        "wild cluster bootstrap",
        "wild bootstrap",
    ),
    "placebo": ("placebo",),
    "inversion": ("test inversion",),
    "holm": (
        "holm",
        "adjusted interval",
        "adjusted p-value",
    ),
    "simultaneous": (
        "for all together",
        "simultaneous",
    ),
    "parallel": ("parallel",),
    "counterfactual": ("counterfactual",),
    "two_way": ("two-way fixed effects",),
    "callaway": ("callaway and sant",),
    "sun": ("sun and abraham",),
    "imputation": ("imputation",),
    "synthetic": (
        "synthetic control",
        "synthetic difference",
    ),
    "departures": ("rambachan and roth",),
    "log_scale": ("log scale",),
    "likelihood": ("restricted maximum likelihood",),
    "kenward_roger": ("kenward",),
    "overdispersion": ("overdispers",),
    "information": ("expected value of perfect information",),
    "annual_cost": ("equivalent annual cost",),
    "regression_to_the_mean": ("regression to the mean",),
}
"""Words by which a page is known to use an entry of the catalogue; they are English, as sentences on results are."""
_MARKUP = re.compile(r"<[^>]*>|\\(?=\W)")


def terms(entries: Mapping[str, Mapping[str, Any]], shown: Any, known: Collection[str]) -> list[tuple[str, str]]:
    """Return the terms to explain, in the order of the catalogue.

    Parameters
    ----------
    entries : mapping
        Of the catalogue: `term` and `meaning`, by key.
    shown : any
        What the page prints, in lists and mappings of texts.
    known : collection of str
        Keys of entries that the page uses, of those that `SEEN` does not name.
    """
    text = " ".join(" ".join(_texts(shown)).split()).casefold()
    return [(str(entry["term"]), str(entry["meaning"])) for key, entry in entries.items()
            if (key in known if key not in SEEN else any(_stands(word, text) for word in SEEN[key]))]  # fmt: skip


def _texts(shown: Any) -> Iterator[str]:
    """Yield every text without its markup."""
    if isinstance(shown, str):
        yield _MARKUP.sub("", shown)
    elif isinstance(shown, Mapping):
        for part in shown.values():
            yield from _texts(part)
    elif isinstance(shown, list | tuple):
        for part in shown:
            yield from _texts(part)


def _stands(word: str, text: str) -> bool:
    """Say whether a word stands in a text by itself; its end may be bent: cluster, clusters, clustered."""
    word, place = word.casefold(), -1
    while (place := text.find(word, place + 1)) >= 0:
        if place == 0 or not text[place - 1].isalnum():
            return True
    return False
