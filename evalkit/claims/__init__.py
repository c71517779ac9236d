"""Published claims: recomputed from the numbers that they print, held against rules, and set beside a study.

`checking` does it for the claims that a study names; `published` reads a project's register of claims
(`data/claims.yaml`), `recomputing` makes the numbers, `rules` holds the rules R01 to R20, one small function each, and
`verdicts` says in a sentence what is left of a claim.
"""

from __future__ import annotations

from evalkit.claims.checking import check_claim
from evalkit.claims.published import FILE, ClaimsError, PublishedClaim, PublishedClaims, read_claims
from evalkit.claims.recomputing import Recomputed, recomputed
from evalkit.claims.rules import RULES, Finding, Rule, findings
from evalkit.claims.verdicts import Checked, checked, verdict

__all__ = ["FILE", "RULES", "Checked", "ClaimsError", "Finding", "PublishedClaim", "PublishedClaims", "Recomputed",
           "Rule", "check_claim", "checked", "findings", "read_claims", "recomputed", "verdict"]  # fmt: skip
