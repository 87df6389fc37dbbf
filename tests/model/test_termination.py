"""TERM-001, -004 to -006 and -014: what is granted, and how containers end in it."""

from __future__ import annotations

import math
from typing import Any

import pytest

from spec_model import objects
from spec_model.explain import explain
from spec_model.pod.termination import Begun, Ending, Manner, endings, granted, longest, shortened

IGNORES = Manner(None)


def pod(grace: int | None = None, node: str = "n", phase: str = "Running") -> objects.Pod:
    spec: dict[str, Any] = {"nodeName": node}
    if grace is not None:
        spec["terminationGracePeriodSeconds"] = grace
    return objects.pod({"spec": spec, "status": {"phase": phase}})


@pytest.mark.parametrize(
    ("given", "requested", "seconds"),
    [
        (pod(), None, 30),
        (pod(5), None, 5),
        (pod(5), 60, 60),
        (pod(5), -1, 1),
        (pod(-5), None, 1),
        (pod(0), None, 0),
        (pod(5, node=""), 60, 0),
        (pod(5, phase="Failed"), 60, 0),
    ],
)
def test_what_is_granted(given: objects.Pod, requested: int | None, seconds: int) -> None:
    assert granted(given, requested).value == seconds


@pytest.mark.parametrize(
    ("requested", "now", "grace", "end"),
    [
        (10, 5, 10, 10),
        (10, 20, 1, 20),
        (0, 20, 0, 20),
        (30, 5, 30, 30),
        (60, 5, 30, 30),
        (None, 5, 30, 30),
        (-3, 0, 1, 1),
    ],
)
def test_another_delete(requested: int | None, now: float, grace: int, end: float) -> None:
    decided = shortened(30, 30.0, requested, now).value
    assert (decided.grace, decided.end) == (grace, end)


def only(begun: list[Begun], hook: float, manner: Manner, slack: float = 0.0) -> Ending:
    (decision,) = endings(begun, hook, manner, slack)
    return decision.value


@pytest.mark.parametrize(
    ("grace", "hook", "manner", "at", "code"),
    [
        (30, 0.0, IGNORES, 30, 137),
        (1, 0.0, IGNORES, 2, 137),
        (10, 4.0, IGNORES, 10, 137),
        (10, 4.5, IGNORES, 10.5, 137),
        (10, 9.0, IGNORES, 11, 137),
        (10, math.inf, IGNORES, 12, 137),
        (30, 0.0, Manner(8, 3), 8, 3),
        (30, 4.0, Manner(8, 3), 12, 3),
        (30, 0.0, Manner(40, 3), 30, 137),
        (30, 0.0, Manner(0), 0, 143),
    ],
)
def test_how_a_container_ends(
    grace: int, hook: float, manner: Manner, at: float, code: int
) -> None:
    assert only([Begun(0, grace)], hook, manner) == Ending(at, at, code)


def test_a_close_race_may_end_either_way() -> None:
    ways = endings([Begun(0, 10)], 0.0, Manner(9, 3), 2.0)
    assert [way.value.exit_code for way in ways] == [3, 137]


def test_a_restart_of_the_kubelet_begins_anew() -> None:
    (way,) = endings([Begun(0, 10), Begun(8, 10, "TERM-014")], 4.0, IGNORES, 0.0)
    assert (way.value, way.because) == (Ending(18, 18, 137), "TERM-014")


def test_who_is_ending_goes_on_with_it() -> None:
    begun = [Begun(0, 20), Begun(8, 20, "TERM-014")]
    assert only(begun, 0.0, Manner(9, 3)) == Ending(9, 9, 3)
    assert only(begun, 10.0, Manner(9, 3)) == Ending(27, 27, 3)


def test_what_was_shortened_may_count_from_either_begin() -> None:
    assert only([Begun(0, 30), Begun(4, 10, "TERM-004")], 0.0, IGNORES) == Ending(10, 14, 137)


def test_nothing_outlives_the_grace_period_by_more_than_two_seconds() -> None:
    assert longest(Begun(5, 10)) == 17


def test_a_person_is_told_when_its_containers_are_killed() -> None:
    asleep = {"preStop": {"sleep": {"seconds": 4}}}
    spec = {
        "terminationGracePeriodSeconds": 10,
        "containers": [{"name": "c", "image": "app:1", "lifecycle": asleep}],
    }
    manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": spec}
    told = {each.about: (each.says, each.rule) for each in explain(manifest)}
    assert told["deleted now"] == ("10 s to end in", "TERM-001")
    kill = ("SIGTERM after 4 s, SIGKILL after 10 s", "TERM-006")
    assert told["container c, deleted now"] == kill
