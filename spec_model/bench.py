"""What one step of the judge collects: what was said of an event, and of whom."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from spec_model.events import key_of
from spec_model.law import LawFunction, Verdict
from spec_model.world import HELD, Breach, Done, Finding, Held, Key, Obligation, Void

Subject: TypeAlias = "str | Done | tuple[Key] | tuple[Key, str]"
"""What a finding is about: a stimulus, an object, a container of it, or whatever a person calls it."""

Asked: TypeAlias = tuple[LawFunction, str]
"""A law, and the rule that is blamed unless its verdict names another."""


class Bench:
    """What one step collects before it becomes the next world. Lives no longer than the step."""

    __slots__ = ("at", "edges", "exercised", "findings", "owed")

    def __init__(self, at: float) -> None:
        self.at = at
        self.findings: list[Finding] = []
        self.exercised: list[str] = []
        self.owed: list[tuple[str, Obligation]] = []
        self.edges: list[tuple[str, str, str]] = []

    def hear(self, laws: Iterable[Asked], event: Any, subject: Subject) -> None:
        """Takes down what the laws say of an event; most of them have nothing to say of most."""
        for judge, rule in laws:
            verdict = judge(event)
            if verdict is None:
                continue
            if verdict is HELD:
                self.exercised.append(rule)
            else:
                self.take(rule, verdict, subject)

    def take(self, rule: str, verdict: Verdict | Void, subject: Subject) -> None:
        """Takes down a verdict; ``rule`` is blamed unless the verdict names another."""
        if isinstance(verdict, Held):
            self.exercised.append(verdict.rule or rule)
        elif isinstance(verdict, Breach):
            blamed = verdict.rule or rule
            self.exercised.append(blamed)
            self.findings.append(
                Finding(
                    blamed,
                    _named(subject),
                    verdict.expected,
                    verdict.seen,
                    verdict.because,
                    self.at,
                )
            )
        elif isinstance(verdict, Obligation):
            self.owed.append((verdict.rule or rule, verdict))
        elif isinstance(verdict, tuple):
            for part in verdict:
                if part.__class__ is Held:  # as most are
                    self.exercised.append(part.rule or rule)
                else:
                    self.take(rule, part, subject)


def _named(subject: Subject) -> str:
    """A subject as a person names it; only a finding needs the name."""
    if isinstance(subject, str):
        return subject
    if isinstance(subject, Done):
        return _act_of(subject)
    return " container ".join((subject_of(subject[0]), *subject[1:]))


def _act_of(done: Done) -> str:
    arguments = done.arguments
    if "object" in arguments:
        return f"{done.verb} {subject_of(key_of(arguments['object']))}"
    name = arguments.get("name") or arguments.get("pod") or arguments.get("node") or ""
    return f"{done.verb} {name}".strip()


def subject_of(key: Key) -> str:
    """An object as a person names it: ``Pod default/a``."""
    kind, namespace, name = key
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"
