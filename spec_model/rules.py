"""The registry: every rule with its sentence, its source and what is needed to see it.

The rules are data: one TOML file an area in ``spec_model/catalogue``. This module gives them types,
an order and a lookup that helps the person who mistyped an id.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final, Generic, TypeVar

from attrs import field, validators

from spec_model.values import frozen

T_co = TypeVar("T_co", covariant=True)


class Level(StrEnum):
    """How binding a rule is, in the sense of RFC 2119."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Kind(StrEnum):
    """What a rule speaks about, which decides how it is checked."""

    PURE = "pure"
    TRANSITION = "transition"
    TEMPORAL = "temporal"
    VALIDATION = "validation"


PROFILES: Final = ("documented", "v1.36")

AREAS: Final = (
    *("PHASE", "TRANS", "RESTART", "BACKOFF", "INIT", "PROBE", "TERM", "STATIC", "NETWORK"),
    *("VOLUME", "CONFIGMAP", "CONDITION", "REASON", "WATCH", "VALIDATION", "IDENTITY"),
    *("SCHED", "AFFINITY", "REPLICA", "DAEMON", "JOB", "GC", "HPA", "ROLLOUT", "DEPLOY"),
    *("STATEFUL", "RESOURCE", "QOS", "OOM", "EVICT", "PV"),
)
"""The areas of the catalogue, in its order: the life of a Pod first, what is built on Pods after."""


class UnknownRuleError(LookupError):
    """No rule has this id; the message names the nearest ones."""


@frozen
class Rule:
    """One normative sentence with an id: the unit of everything.

    Attributes:
        id: ``AREA-NNN``, never renamed or reused.
        sentence: the sentence as it holds under ``v1.36``.
        documented: the sentence as the source document has it, where that differs.
        quote: the words of the source document; empty where it is silent.
        section: the heading of the source document under which the quote stands.
        upstream: the function or page of Kubernetes 1.36 it was checked against.
        evidence: how it was checked: ``executed``, ``read``, ``documentation``.
        profiles: the profiles in which the rule holds.
        capabilities: the least an adapter must offer so that the rule can be seen.
        implementation: an accident of today's implementation: reported, never failed.
    """

    id: str
    title: str
    sentence: str
    level: Level = field(converter=Level)
    kind: Kind = field(converter=Kind)
    quote: str
    section: str
    upstream: str
    evidence: tuple[str, ...] = field(converter=tuple)
    profiles: tuple[str, ...] = field(
        converter=tuple, validator=validators.deep_iterable(validators.in_(PROFILES))
    )
    capabilities: tuple[str, ...] = field(converter=tuple)
    documented: str = ""
    difference: str = ""
    implementation: bool = False

    @property
    def area(self) -> str:
        """The part of the id before the number."""
        return self.id.rpartition("-")[0]

    def sentence_in(self, profile: str) -> str:
        """The normative sentence as it holds under ``profile``."""
        return self.documented if profile == "documented" and self.documented else self.sentence


@frozen
class Area:
    """Rules about one subject."""

    name: str
    title: str
    source: str
    rules: tuple[Rule, ...]


@frozen
class Decision(Generic[T_co]):
    """What a pure function decided, and the id of the rule that decided it."""

    value: T_co
    because: str


def _area(name: str) -> Area:
    document = tomllib.loads(
        files("spec_model").joinpath("catalogue", f"{name.lower()}.toml").read_text("utf-8")
    )
    return Area(
        name=document["area"],
        title=document["title"],
        source=document["source"],
        rules=tuple(_rule(entry) for entry in document["rule"]),
    )


def _rule(entry: Mapping[str, Any]) -> Rule:
    return Rule(**entry)


@cache
def areas() -> tuple[Area, ...]:
    """All areas in catalogue order."""
    return tuple(_area(name) for name in AREAS)


@cache
def registry() -> Mapping[str, Rule]:
    """Every rule by its id, in catalogue order."""
    return {rule.id: rule for area in areas() for rule in area.rules}


def rule(identifier: str) -> Rule:
    """The rule of that id, in any case.

    Raises:
        UnknownRuleError: naming the nearest ids.
    """
    found = registry().get(identifier.upper())
    if found is None:
        raise UnknownRuleError(
            f"no rule {identifier!r}{did_you_mean(identifier.upper(), registry())}"
        )
    return found


def did_you_mean(word: str, known: Mapping[str, object] | tuple[str, ...]) -> str:
    """``"; did you mean A or B?"``, or nothing where no known word is near."""
    near = difflib.get_close_matches(word, list(known), n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def rules_of(*names: str) -> Iterator[Rule]:
    """The rules of the named areas, in catalogue order; of all areas where none is named."""
    return (rule for rule in registry().values() if not names or rule.area in names)
