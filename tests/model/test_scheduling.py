"""Which nodes a Pod may go to: selectors, preferences, taints and room."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.profiles import DOCUMENTED, V1_36
from spec_model.rules import Decision
from spec_model.scheduling.affinity import normalized, preferred_score
from spec_model.scheduling.fit import fits
from spec_model.scheduling.node_selector import admits, term_matches
from spec_model.scheduling.taints import tolerates, turned_away
from strategies.manifests import container, pod
from strategies.scheduling import EVICTING, expression, preferred, required, sized, term

NODE = {"metadata": {"name": "n", "labels": {"k": "5", "s": "abc", "e": ""}}}


@pytest.mark.parametrize(
    ("key", "operator", "values", "holds"),
    [
        ("k", "In", ["5", "6"], True),
        ("zz", "In", ["5"], False),
        ("k", "NotIn", ["5"], False),
        ("zz", "NotIn", ["5"], True),
        ("e", "Exists", [], True),
        ("zz", "DoesNotExist", [], True),
        ("k", "Gt", ["4"], True),
        ("k", "Gt", ["5"], False),
        ("k", "Lt", ["6"], True),
        ("s", "Gt", ["1"], False),
        ("zz", "Lt", ["1"], False),
        ("k", "Gt", ["x"], False),
        ("k", "Gt", ["-1"], False),  # no label value, so nobody can read it
        ("k", "Lt", ["9223372036854775808"], False),
        ("k", "Exists", ["5"], False),
        ("k", "Equals", ["5"], False),
    ],
)
def test_operators(key: str, operator: str, values: list[str], holds: bool) -> None:
    assert term_matches(term(expression(key, operator, *values)), NODE) is holds


def test_terms_are_alternatives_and_an_empty_one_matches_nothing() -> None:
    good, bad = term(expression("k", "Exists")), term(expression("k", "Gt", "x"))
    assert admits({"affinity": required(bad, {}, good)}, NODE) == Decision(True, "AFFINITY-002")
    assert admits({"affinity": required({})}, NODE) == Decision(False, "AFFINITY-002")
    both = term(expression("k", "Exists"), expression("s", "In", "x"))
    assert admits({"affinity": required(both)}, NODE).value is False


def test_a_node_can_be_selected_by_its_name() -> None:
    field = {"key": "metadata.name", "operator": "In", "values": ["n"]}
    assert term_matches(term(fields=(field,)), NODE)
    assert not term_matches(term(fields=({**field, "operator": "NotIn"},)), NODE)
    assert not term_matches(term(fields=({**field, "operator": "Exists"},)), NODE)


def test_who_decides_is_named() -> None:
    plain = {"affinity": required(term(expression("k", "Exists")))}
    assert admits({}, NODE) == Decision(True, "SCHED-001")
    assert admits({"nodeSelector": {"k": "5", "s": "x"}}, NODE) == Decision(False, "SCHED-001")
    assert admits(plain, NODE) == Decision(True, "AFFINITY-001")
    assert admits({**plain, "nodeSelector": {"k": "4"}}, NODE) == Decision(False, "AFFINITY-006")


def test_the_third_type_counts_as_documented_alone() -> None:
    spec = {"affinity": required(term(expression("k", "In", "6")), kind=EVICTING)}
    assert admits(spec, NODE, DOCUMENTED).value is False
    assert admits(spec, NODE, V1_36).value is True


def test_preferences_add_up() -> None:
    spec = {
        "affinity": preferred(
            (10, term(expression("k", "Exists"))), (5, {}), (80, term(expression("z", "Exists")))
        )
    }
    assert preferred_score(spec, NODE) == Decision(10, "AFFINITY-004")
    with pytest.raises(ValueError, match="invalid_term"):
        preferred_score({"affinity": preferred((1, term(expression("k", "Gt", "x"))))}, NODE)


def test_scores_are_shares_of_the_best() -> None:
    assert normalized([250, 249, 0]).value == (100, 99, 0)
    assert normalized([0, 0]).value == (0, 0)
    assert normalized([]).value == ()


TAINT = {"key": "only", "value": "db", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    ("toleration", "covers"),
    [
        ({"key": "only", "operator": "Exists"}, True),
        ({"operator": "Exists"}, True),
        ({"key": "only", "value": "db"}, True),
        ({"key": "only", "value": "web"}, False),
        ({"key": "only", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "other", "operator": "Exists"}, False),
        ({}, False),
    ],
)
def test_tolerations(toleration: dict[str, Any], covers: bool) -> None:
    assert tolerates(toleration, TAINT) is covers


def test_a_cordon_is_a_taint_and_a_preference_is_none() -> None:
    cordoned = {"spec": {"unschedulable": True}}
    assert turned_away({}, cordoned).value is not None
    key = "node.kubernetes.io/unschedulable"
    assert (
        turned_away({"tolerations": [{"key": key, "operator": "Exists"}]}, cordoned).value is None
    )
    soft = {"spec": {"taints": [{**TAINT, "effect": "PreferNoSchedule"}]}}
    assert turned_away({}, soft).value is None


def room(has: dict[str, str], *bound: dict[str, Any], asks: str | None = "1") -> Any:
    node = {"metadata": {"name": "n"}, "status": {"allocatable": has}}
    return fits(sized("p", asks), node, bound).value


def test_equality_fits_and_nothing_asks_for_nothing() -> None:
    full = sized("b", "1")
    assert room({"cpu": "2", "pods": "3"}, full) == {"fits": True, "reasons": []}
    assert room({"cpu": "1", "pods": "3"}, full)["reasons"] == ["Insufficient cpu"]
    over = sized("b", "9")
    assert room({"cpu": "2", "pods": "3"}, over, asks="0")["fits"] is True
    assert room({"cpu": "2", "pods": "1"}, over, asks="0")["reasons"] == ["Too many pods"]
    assert room({"cpu": "2"}, asks=None)["reasons"] == ["Too many pods"]


def test_who_has_ended_holds_nothing() -> None:
    ended = {**sized("b", "2"), "status": {"phase": "Failed"}}
    assert room({"cpu": "2", "pods": "1"}, ended)["fits"] is True


def test_limits_do_not_matter() -> None:
    node = {"status": {"allocatable": {"cpu": "1", "pods": "9"}}}
    asked = pod("p", [container("c", limits={"cpu": "9"}, requests={"cpu": "1"})])
    assert fits(asked, node, []).value["fits"] is True
