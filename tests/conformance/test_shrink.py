"""Shrinking: leaving operations out, then parts of what they carry."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.shrink import Step, shrink
from spec_model.events import Stimulus, stimulus

NEEDED = (2, 3, 5, 7, 11, 13)


def steps(number: int) -> list[Step]:
    return [stimulus("advance", seconds=index) for index in range(number)]


def seconds(of: Sequence[Step]) -> list[int]:
    return [step.arguments["seconds"] for step in of if isinstance(step, Stimulus)]


def test_only_what_is_needed_is_left() -> None:
    found = shrink(steps(40), lambda tried: set(NEEDED) <= set(seconds(tried)))
    assert seconds(found) == list(NEEDED)


def test_order_is_kept() -> None:
    def fails(tried: Sequence[Step]) -> bool:
        kept = [each for each in seconds(tried) if each in NEEDED]
        return kept == list(NEEDED)

    assert seconds(shrink(steps(40), fails)) == list(NEEDED)


def test_it_costs_no_more_than_its_budget() -> None:
    calls = 0

    def fails(tried: Sequence[Step]) -> bool:
        nonlocal calls
        calls += 1
        return set(range(0, 200, 2)) <= set(seconds(tried))

    shrink(steps(200), fails, budget=50)
    assert calls == 50


def test_manifests_lose_what_does_not_matter() -> None:
    manifest = {
        "kind": "Pod",
        "metadata": {"name": "a", "labels": {"x": "y"}},
        "spec": {"hostname": "h"},
    }
    step = stimulus("create", object=manifest)
    (found,) = shrink([step], lambda tried: bool(tried))
    assert isinstance(found, Stimulus)
    assert found.arguments["object"] == {"kind": "Pod", "metadata": {"name": "a"}, "spec": {}}


def test_what_fails_alone_is_left_alone() -> None:
    assert shrink(steps(1), lambda tried: bool(tried)) == steps(1)
