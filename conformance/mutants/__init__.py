"""Mutants: the simulator with one named fault each. The suite must catch each, and blame its rule.

    @mutant("BACKOFF-001", f"{KUBELET}.backoff:next_delay")
    def the_delay_does_not_grow(original):
        '''Every restart waits 10 s.'''
        return lambda *arguments: 10.0

A mutant is a function from the simulator's own function (or class, or constant) to the faulty one;
it is patched in while the mutant is tried, and the simulator's code knows nothing of it. One module
an area.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final, TypeAlias
from unittest.mock import patch

from attrs import frozen

from spec_model.rules import registry

SIMULATOR: Final = "conformance.adapters.simulator"
Fault: TypeAlias = Callable[[Any], Any]


@frozen
class Mutant:
    """The simulator with one fault.

    Attributes:
        name: what the fault is called.
        fault: what it does wrong, one sentence.
        rule: the rule that must be blamed.
        targets: what is replaced, as ``module:attribute.path``.
        profile: the profile under which it is tried.
    """

    name: str
    fault: str
    rule: str
    targets: tuple[str, ...]
    make: Fault
    profile: str

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The simulator has the fault while this lasts."""
        with ExitStack() as stack:
            for target in self.targets:
                owner, name = _locate(target)
                stack.enter_context(patch.object(owner, name, self.make(getattr(owner, name))))
            yield


MUTANTS: Final[list[Mutant]] = []


def mutant(rule: str, *targets: str, profile: str | None = None) -> Callable[[Fault], Fault]:
    """Registers a fault; the function's name and docstring say what it is.

    Without ``profile`` it is tried under v1.36, or under the only profile in which the rule holds.
    """

    def register(make: Fault) -> Fault:
        holds_in = registry()[rule].profiles
        chosen = profile or ("v1.36" if "v1.36" in holds_in else holds_in[0])
        fault = " ".join((make.__doc__ or "").split())
        MUTANTS.append(Mutant(make.__name__, fault, rule, targets, make, chosen))
        return make

    return register


@cache
def all_mutants() -> tuple[Mutant, ...]:
    """Every mutant of every area, in catalogue order of their rules."""
    for module in iter_modules(__path__):
        if module.name != "table":
            import_module(f"{__name__}.{module.name}")
    order = {rule: position for position, rule in enumerate(registry())}
    return tuple(sorted(MUTANTS, key=lambda found: (order[found.rule], found.name)))


def _locate(target: str) -> tuple[Any, str]:
    """The object that holds the attribute a target names, and the attribute's name."""
    module, _, path = target.partition(":")
    *owners, name = path.split(".")
    owner: Any = import_module(module)
    for step in owners:
        owner = getattr(owner, step)
    return owner, name
