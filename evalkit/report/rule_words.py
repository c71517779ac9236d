"""The rules that chose estimator and inference, and their reasons, in words for a reader who knows neither."""

from __future__ import annotations

import re

DOES = {
    "two_way_fixed_effects": "It compares how treated places changed with how the others changed over the same time.",
    "event_study": "It compares changes of treated places with those of others, for each period before and after the "
    "start.",
    "callaway_santanna": "It compares each group of places that start together with places not treated by then, and "
    "averages the results.",
    "sun_abraham": "It estimates a change for each start and each time since then in one regression, and averages "
    "them.",
    "imputation": "It predicts from untreated places and times what treated places would have had, and averages the "
    "gaps.",
    "poisson": "It compares counts as ratios, so that a change is in percent also where there are zeros.",
    "synthetic_control": "It sets the treated place beside a weighted mix of others that was like it before.",
    "synthetic_did": "It compares changes with those of a weighted mix of other places, which moved like the treated "
    "before.",
}
"""What each estimator does, by the word of the study file."""
GIVEN = "in thought the programme was given to other places"
WHY = {
    " and a synthetic method: placebos in space": ". It is set beside a mix of other places, so how sure that is comes "
    "from trying the same on each of them (placebos in space)",
    " and rows that are others in each period: classical (nothing to cluster)": ". Two groups are too few to tell how "
    "much groups differ, so how sure it is comes from the single rows (classical)",
    ": Ferman and Pinto (one treated)": ". How much a single place moves by itself was read off the places without the "
    "programme (Ferman and Pinto)",
    ": placebos in space (too few for Ferman and Pinto)": ". Those are too few to tell how much places vary, so other "
    "places were put in its place (placebos in space)",
    ": randomisation (no clustered error)": f". How much such places differ cannot be seen, so {GIVEN} (randomisation)",
    ": cluster-robust (50 clusters or more)": ". With 50 places or more, how much they differ can be read off them "
    "(cluster-robust)",
    ": wild bootstrap (fewer than 50 clusters)": ". Fewer than 50 are too few for the usual clustered errors, so the "
    "study was repeated on made-up data without an effect (wild bootstrap)",
    ": randomisation (fewer than 50, no regression to bootstrap)": ". Fewer than 50 are too few for the usual "
    "clustered errors, and this estimator has no regression that could be repeated on made-up data, so "
    f"{GIVEN} (randomisation)",
}
"""Reasons of the rule for inference as the result has them, and what they mean."""
_FEW = re.compile(r": randomisation \(at most (\d+) treated\)")
_COUNT = re.compile(r"([\d,]+) treated clusters? of ([\d,]+)")
_NOUNS = (
    ("treated clusters", "treated places"), ("treated cluster", "treated place"), ("treated unit", "treated place"),
    ("comparison unit", "comparison place"), ("donors", "comparison places"), ("Units that", "Places that"),
    ("every unit", "every place"), ("per unit", "per place"), ("larger than units", "larger than places"),
)  # fmt: skip


def plain_reason(reason: str) -> str:
    """Return why an inference was chosen in plain words; what a rule does not know stays as it is."""
    for short, words in WHY.items():
        reason = reason.replace(short, words)
    reason = _FEW.sub(lambda found: f". With {found[1]} or fewer the usual clustered errors find effects where there "
                      f"are none, so {GIVEN} (randomisation)", reason)  # fmt: skip
    return plain_nouns(_COUNT.sub(_counted, reason))


def plain_nouns(text: str) -> str:
    """Return a sentence about units, clusters and donors as one about places."""
    for noun, place in _NOUNS:
        text = text.replace(noun, place)
    return text


def _counted(found: re.Match[str]) -> str:
    return f"{found[1]} of {found[2]} places {'was' if found[1] == '1' else 'were'} treated"
