"""Which nodes a Pod prefers (AFFINITY-004).

After ``nodeaffinity.PreferredSchedulingTerms.Score`` and ``helper.DefaultNormalizeScore``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from spec_model.events import Manifest
from spec_model.rules import Decision
from spec_model.scheduling.node_selector import (
    PREFERRED,
    is_parsable,
    node_affinity,
    term_matches,
)

RULE: Final = "AFFINITY-004"
LARGEST: Final = 100


def preferences(spec: Manifest) -> Sequence[Manifest]:
    """The preferred terms of a Pod's spec, those that weigh nothing or are empty left out."""
    listed = node_affinity(spec).get(PREFERRED) or ()
    return [each for each in listed if each.get("weight") and _says_something(each)]


def _says_something(weighed: Manifest) -> bool:
    preference = weighed.get("preference") or {}
    return bool(preference.get("matchExpressions") or preference.get("matchFields"))


def preferred_score(spec: Manifest, node: Manifest) -> Decision[int]:
    """The sum of the weights of the preferred terms that a node matches, before normalization.

    Raises:
        ValueError: ``invalid_term``; one that cannot be parsed spoils all of them.
    """
    terms = preferences(spec)
    if not all(is_parsable(each["preference"]) for each in terms):
        raise ValueError("invalid_term")
    score = sum(each["weight"] for each in terms if term_matches(each["preference"], node))
    return Decision(score, RULE)


def normalized(scores: Sequence[int]) -> Decision[tuple[int, ...]]:
    """The scores of the feasible nodes, 0 to 100, the best of them 100; all 0 where all are 0."""
    best = max(scores, default=0)
    return Decision(tuple(LARGEST * each // best if best else 0 for each in scores), RULE)
