"""Whose rule it was: Pods that count otherwise than the rest, where that makes a difference."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from attrs import evolve

from spec_model.profiles import Profile
from spec_model.rules import Decision
from spec_model.workloads.hpa_metrics import PodSample, Proposal, is_set_aside

Question: TypeAlias = tuple[Sequence[PodSample], str]
"""Pods and the resource that they are asked about."""

Ask: TypeAlias = Callable[[Sequence[PodSample], str], Decision[Proposal]]


def attributed(
    ask: Ask, pods: Sequence[PodSample], resource: str, profile: Profile
) -> Decision[Proposal]:
    """What is decided of these Pods, because of the rule without which it would be something else.

    That is HPA-013 where Pods have failed or are ending, HPA-012 where Pods are not ready; where they
    make no difference it is the rule of the decision itself.
    """
    decision = ask(pods, resource)
    if not decision.value.refusal:
        for rule, question in _otherwise(pods, resource, profile):
            if ask(*question).value != decision.value:
                return Decision(decision.value, rule)
    return decision


def _otherwise(
    pods: Sequence[PodSample], resource: str, profile: Profile
) -> Iterator[tuple[str, Question]]:
    """By rule, the questions that one would ask who does not know it."""
    if any(pod.deleting or pod.phase == "Failed" for pod in pods):
        alive = [evolve(pod, deleting=False, phase=_alive(pod.phase)) for pod in pods]
        yield "HPA-013", (alive, resource)
    if any(pod.phase == "Pending" or is_set_aside(pod, profile) for pod in pods):
        yield "HPA-012", ([_ready(pod) for pod in pods], resource)
        yield "HPA-012", ([_unmeasured(pod) for pod in pods], resource)
        if resource != "cpu":
            yield "HPA-012", (pods, "cpu")
    elif resource == "cpu" and any(pod.ready is False for pod in pods):
        set_aside = [evolve(pod, phase="Pending") if not pod.ready else pod for pod in pods]
        yield "HPA-012", (set_aside, resource)


def _alive(phase: str) -> str:
    return "Running" if phase == "Failed" else phase


def _ready(pod: PodSample) -> PodSample:
    """The Pod as if it had been ready for ever."""
    phase = "Running" if pod.phase == "Pending" else pod.phase
    return evolve(
        pod, phase=phase, ready=True, start_age=math.inf, last_transition_age=math.inf, window=0.0
    )


def _unmeasured(pod: PodSample) -> PodSample:
    """A Pending Pod as one that runs and has no sample."""
    return evolve(pod, phase="Running", usage=None) if pod.phase == "Pending" else pod
