"""The registry: 260 rules, as data."""

from __future__ import annotations

import pytest

from spec_model.events import CAPABILITIES
from spec_model.rules import (
    AREAS,
    PROFILES,
    Rule,
    UnknownRuleError,
    areas,
    did_you_mean,
    registry,
    rule,
    rules_of,
)

EVERY = tuple(registry().values())
BUILT = ("PHASE", "TRANS", "RESTART", "BACKOFF", "INIT", "IDENTITY", "VALIDATION", "RESOURCE")
BUILT += ("QOS", "OOM", "PV", "HPA")


def test_there_are_260_rules() -> None:
    assert len(EVERY) == 260


def test_the_first_twelve_areas_hold_107() -> None:
    assert len(list(rules_of(*BUILT))) == 107


def test_every_area_is_there_in_order() -> None:
    assert tuple(area.name for area in areas()) == AREAS


def test_ids_count_from_one() -> None:
    for area in areas():
        expected = [f"{area.name}-{number:03}" for number in range(1, len(area.rules) + 1)]
        assert [each.id for each in area.rules] == expected


@pytest.mark.parametrize("each", EVERY, ids=lambda each: each.id)
def test_a_rule_is_whole(each: Rule) -> None:
    assert 0 < len(each.title) <= 70
    assert not each.title.endswith(".")
    assert each.sentence.strip()
    assert each.profiles
    assert set(each.profiles) <= set(PROFILES)
    assert set(each.capabilities) <= set(CAPABILITIES)
    assert bool(each.quote) == bool(each.section)


def test_titles_are_unique() -> None:
    assert len({each.title for each in EVERY}) == len(EVERY)


def test_the_documented_sentence_is_the_sources_where_it_differs() -> None:
    assert rule("BACKOFF-001").sentence_in("documented") != rule("BACKOFF-001").sentence


def test_a_rule_is_found_in_any_case() -> None:
    assert rule("backoff-001").id == "BACKOFF-001"


def test_a_mistyped_rule_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownRuleError, match="did you mean BACKOFF-001"):
        rule("BACKOF-001")


def test_nothing_near_suggests_nothing() -> None:
    assert did_you_mean("zzzz", AREAS) == ""
