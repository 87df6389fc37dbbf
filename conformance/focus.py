"""Focused properties: one scenario that meets one rule's condition, again and again.

    @focus("BACKOFF-001")
    def test_the_delay_doubles(run: Session, draw: Draw) -> None:
        run.create(pod("a", containers=[container("c")]))
        for _ in range(draw(st.integers(1, 9))):
            run.exit("a", "c", 1)
            run.advance(draw(seconds))

The scenario asserts nothing: the judge watches, and a property whose rule was not exercised is
skipped, never passed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest

from conformance.examine import Draw, Scenario
from conformance.session import Session

SCENARIOS: dict[str, list[Scenario]] = {}
"""Every focused scenario by the rule it examines; the kill table runs these against the mutants."""


def focus(*rules: str) -> Callable[[Scenario], Callable[..., None]]:
    """A test for each of these rules that examines the scenario."""

    def make(scenario: Scenario) -> Callable[..., None]:
        for rule in rules:
            SCENARIOS.setdefault(rule, []).append(scenario)

        @pytest.mark.parametrize(
            "rule", [pytest.param(rule, marks=pytest.mark.rules(rule)) for rule in rules]
        )
        def test(rule: str, kubelaws: Any) -> None:
            kubelaws.rule(rule, scenario, rules)

        test.__name__ = scenario.__name__
        test.__qualname__ = scenario.__qualname__
        test.__doc__ = scenario.__doc__
        test.__module__ = scenario.__module__
        test.scenario = scenario  # what a real clock must plan with
        made: Callable[..., None] = test
        return made

    return make


@cache
def load_suite() -> None:
    """Imports every module of the suite, so that each focused scenario is known."""
    suite = import_module("conformance.suite")
    for module in iter_modules(suite.__path__):
        if module.name.startswith("test_"):
            import_module(f"conformance.suite.{module.name}")


def built_rules() -> frozenset[str]:
    """The rules that a focused property examines; the others are planned."""
    load_suite()
    return frozenset(SCENARIOS)


__all__ = ("SCENARIOS", "Draw", "Session", "built_rules", "focus", "load_suite")
