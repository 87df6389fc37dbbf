"""How a law is written down: a function that looks at one event and says whether a rule held.

A law names its rules and what it looks at. It returns None where its rule's condition is not met,
``HELD`` where what the rule demands is so, a ``Breach`` where it is not, an ``Obligation`` where it
must be seen later; or a tuple of those. Areas may also *note* what their laws need to remember.

    @law("PHASE-008", on="Pod")
    def terminal_phases_absorb(seen: Seen) -> Outcome | None:
        if seen.before is None or seen.before.phase not in TERMINAL:
            return None
        return expect(seen.now.phase == seen.before.phase, seen.before.phase, seen.now.phase)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any, Final, TypeAlias, TypeVar

from attrs import frozen

from spec_model import situations
from spec_model.rules import Decision
from spec_model.world import HELD, Breach, Done, Held, Obligation, Outcome, Seen, SeenContainer

Verdict: TypeAlias = Held | Breach | Obligation | tuple[Outcome, ...] | None
LawFunction: TypeAlias = Callable[[Any], Verdict]
F = TypeVar("F", bound=LawFunction)
N = TypeVar("N", bound=Callable[..., Any])
T = TypeVar("T")


@frozen
class Law:
    """A judging function, the rules it can blame, and what it looks at."""

    rules: tuple[str, ...]
    on: str
    judge: LawFunction
    when: frozenset[str] | None = None


@frozen
class Note:
    """A remembering function: ``(what was noted, the event) -> what is noted from now on``."""

    name: str
    on: str
    remember: Callable[[Any, Any], Any]
    when: frozenset[str] | None = None


LAWS: Final[dict[str, list[Law]]] = {}
"""By what they look at: an object's kind, a kind of container, or the verb of a stimulus."""

NOTES: Final[dict[str, list[Note]]] = {}


When: TypeAlias = "str | tuple[str, ...] | None"
"""The only situation in which a law is asked, or a note told; or several, of which one will do."""


def law(*rules: str, on: str, when: When = None) -> Callable[[F], F]:
    """Registers a law of these rules; the first is blamed unless the outcome names another.

    ``on`` is a kind of object, ``Event`` with a reason, or ``Pod with init containers`` (the function
    takes a ``Seen``), ``container``, ``app container``, ``init container``, ``sidecar`` or ``probed
    container`` (``SeenContainer``, for every such container of an observed Pod), ``stale`` (an
    observation that is no newer than what was seen of its object, ``Stale``), or a verb, by itself or
    with the kind of object that it is about, as ``create Pod`` (``Done``).
    ``when`` is the only situation of a Pod or a container in which it is asked, by
    ``spec_model.situations``; or several, of which one will do.
    """
    situation = _situation(when)

    def register(function: F) -> F:
        LAWS.setdefault(on, []).append(Law(rules, on, function, situation))
        return function

    return register


def note(name: str, *, on: str, when: When = None) -> Callable[[N], N]:
    """Registers a note; on a kind it is kept with each object, on a verb with the world.

    ``when`` is as for a law: in any other situation what was noted stays as it is.
    """
    situation = _situation(when)

    def register(function: N) -> N:
        listed = NOTES.setdefault(on, [])
        assert name not in {known.name for known in listed}, f"two notes {name!r} on {on!r}"
        listed.append(Note(name, on, function, situation))
        return function

    return register


def once(function: Callable[[Done], T]) -> Callable[[Done], T]:
    """A function that several laws ask of the same stimulus, and that looks only once."""

    def asked(done: Done) -> T:
        if function not in done.answers:
            done.answers[function] = function(done)
        found: T = done.answers[function]
        return found

    return wraps(function)(asked)


def _situation(when: When) -> frozenset[str] | None:
    if when is None:
        return None
    named = frozenset((when,) if isinstance(when, str) else when)
    assert named <= situations.KNOWN, named - situations.KNOWN
    return named


def expect(
    holds: bool, expected: object, seen: object, because: str = "", rule: str | None = None
) -> Held | Breach:
    """``Held`` if it holds, else the breach that says what was expected and what was seen."""
    if holds:
        return HELD if rule is None else held(rule)
    return Breach(str(expected), str(seen), because, rule)


@cache
def held(rule: str) -> Held:
    """A rule that held, by its id; one value for all that held."""
    return Held(rule)


def agree(decision: Decision[Any], seen: object, what: str = "") -> Held | Breach:
    """Whether what was seen is what was decided; blames the rule that decided."""
    if decision.value == seen:
        return held(decision.because)
    return Breach(f"{what}{decision.value}", f"{what}{seen}", rule=decision.because)


__all__ = (
    "LAWS", "NOTES", "Done", "Law", "Note", "Seen", "SeenContainer", "Verdict",
    "agree", "expect", "law", "note", "once",
)  # fmt: skip
