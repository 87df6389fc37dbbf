"""A miniature of everything a stream can hold: a few rules, two profiles, one broken engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import networkx as nx
from attrs import evolve

from reports.events import (
    EdgeTaken,
    KnownFailure,
    MutantTried,
    ResultEvent,
    RuleExercised,
    RunFinished,
    RunStarted,
    TestFinished,
    TestStarted,
    ViolationFound,
)
from spec_model.rules import Rule


def rule(name: str, title: str, **more: Any) -> Rule:
    """A rule with the fields a test does not care about filled in."""
    fields: dict[str, Any] = {
        "sentence": f"{title}, and it MUST do so within <5 s> & no later.",
        "level": "MUST",
        "kind": "temporal",
        "quote": "以五分钟为上限的指数退避延迟（10秒，20秒，40秒...）",
        "section": "7. Pod的生命周期",
        "upstream": "pkg/kubelet/kuberuntime/kuberuntime_manager.go:1908 doBackOff",
        "evidence": ["executed"],
        "profiles": ["documented", "v1.36"],
        "capabilities": [],
    }
    return Rule(id=name, title=title, **(fields | more))


RULES: Mapping[str, Rule] = {
    each.id: each
    for each in (
        rule("PHASE-001", "The phase is one of four words"),
        rule("PHASE-002", "A created Pod starts in phase Pending", quote="", section=""),
        rule("PHASE-003", "A Pod whose containers wait is Pending", capabilities=["kubelet"]),
        rule(
            "BACKOFF-001",
            "The restart delay doubles from 10 s to 300 s",
            documented="The delay MUST be 10, 20, 40, … s, the first restart included.",
            difference="Upstream the first restart is immediate.",
            capabilities=["kubelet", "container-exit"],
        ),
        rule("BACKOFF-008", "Restarts keep a jitter of their own", implementation=True),
        rule("HPA-001", "The autoscaler looks every 15 s", capabilities=["autoscaler", "metrics"]),
        rule("JOB-001", "A Job is complete after its completions"),
        rule("GC-001", "Terminated Pods are collected beyond the threshold"),
        rule("PV-012", "ReadWriteOncePod admits one Pod", profiles=["v1.36"]),
    )
}

KNOWN = KnownFailure(
    "JOB-001", "completions are counted twice", "https://issues.example/7", "2027-01-01"
)


def pod(phase: str, restarts: int, **state: Any) -> dict[str, Any]:
    """A Pod as a watch shows it."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "namespace": "default",
            "name": "a",
            "uid": "u1",
            "resourceVersion": str(restarts),
        },
        "spec": {"containers": [{"name": "c", "image": "puppet"}]},
        "status": {
            "phase": phase,
            "containerStatuses": [{"name": "c", "restartCount": restarts, "state": state}],
        },
    }


TRACE: tuple[Mapping[str, Any], ...] = (
    {"kubelaws": 1, "implementation": "toykube", "profile": "v1.36", "clock": "virtual", "seed": 7},
    {
        "at": 0.0,
        "stimulus": "create",
        "arguments": {"object": pod("", 0)},
        "response": {"accepted": None},
    },
    {
        "at": 0.0,
        "type": "ADDED",
        "object": pod("Pending", 0, waiting={"reason": "ContainerCreating"}),
    },
    {"at": 1.0, "type": "MODIFIED", "object": pod("Running", 0, running={"startedAt": "00:00:01"})},
    {
        "at": 1.0,
        "stimulus": "exit",
        "arguments": {"namespace": "default", "pod": "a", "container": "c", "exitCode": 1},
        "response": {"accepted": None},
    },
    {
        "at": 1.0,
        "type": "MODIFIED",
        "object": pod("Running", 0, waiting={"reason": "CrashLoopBackOff"}),
    },
    {
        "at": 1.0,
        "stimulus": "advance",
        "arguments": {"seconds": 600},
        "response": {"accepted": None},
    },
    {"at": 3.0, "type": "MODIFIED", "object": pod("Running", 1, running={"startedAt": "00:00:03"})},
)

VIOLATION = ViolationFound(
    rule="BACKOFF-001",
    test="suite/test_backoff.py::test_delay_doubles",
    subject="Pod default/a container c",
    expected="a second restart not before 10 s",
    seen="a restart after 2 s",
    because="the first back-off of a container is 10 s",
    at=3.0,
    operations=(
        'create Pod a with {"containers":[{"name":"c"}]}',
        "container c of Pod a exits with 1",
        "600 s pass",
    ),
    trace=TRACE,
    step=7,
    replay="kubelaws replay traces/BACKOFF-001-7.jsonl --adapter 'process:./toykube --fast'",
)

STARTED = RunStarted(
    implementation={
        "name": "toykube",
        "version": "0.3.1",
        "language": "Go",
        "homepage": "https://toykube.example",
        "clock": "virtual",
    },
    capabilities=("kubelet", "container-exit"),
    profile="v1.36",
    adapter="process:./toykube --fast",
    budget="default",
    seed=7,
    tool="kubelaws 0.1.0",
    started="2026-11-23T21:00:00+00:00",
    rules=tuple(name for name in RULES if name != "GC-001"),
    planned=("GC-001",),
    tests=5,
    known_failures=(KNOWN,),
)


def in_test(name: str, *events: ResultEvent, outcome: str = "passed") -> tuple[ResultEvent, ...]:
    """What one test says."""
    return (TestStarted(name), *events, TestFinished(name, outcome, 0.25))


def broken(name: str, **more: Any) -> ViolationFound:
    """A violation of that rule by the test that ``failing`` ends."""
    return evolve(VIOLATION, rule=name, test=f"test_{name}", **more)


def run(
    started: RunStarted = STARTED, *events: ResultEvent, end: bool = True
) -> tuple[ResultEvent, ...]:
    """One run with these events inside."""
    return (started, *events, *((RunFinished(12.5),) if end else ()))


def mutant(name: str, rule: str, *blamed: str, killed: bool = True) -> MutantTried:
    """A row of the kill table."""
    return MutantTried(name, f"{name}, on purpose", rule, killed, blamed, "test_machine", 0.4)


GOOD = (
    *in_test("test_phase", RuleExercised("PHASE-001", 412, "test_phase")),
    *in_test("test_pending", RuleExercised("PHASE-002", 100, "test_pending")),
)

BROKEN_RUN = run(
    STARTED,
    *GOOD,
    *in_test(
        VIOLATION.test,
        RuleExercised("BACKOFF-001", 93, VIOLATION.test),
        EdgeTaken("container", "Waiting", "Running", 412, VIOLATION.test),
        EdgeTaken("container", "Running", "Terminated", 93, VIOLATION.test),
        VIOLATION,
        outcome="failed",
    ),
    *in_test("test_JOB-001", broken("JOB-001"), outcome="failed"),
    *in_test("test_BACKOFF-008", broken("BACKOFF-008", implementation=True), outcome="failed"),
    mutant("restarts-at-once", "BACKOFF-001", "BACKOFF-001"),
    mutant("forgets-pending", "PHASE-002", "PHASE-001"),
    mutant("sleeps", "HPA-001", killed=False),
)
"""Under v1.36: every verdict there is, and mutants."""

GOOD_RUN = run(
    evolve(
        STARTED,
        profile="documented",
        rules=("PHASE-001", "PHASE-002", "BACKOFF-001", "HPA-001"),
        known_failures=(),
    ),
    *GOOD,
    *in_test("test_backoff", RuleExercised("BACKOFF-001", 80, "test_backoff")),
)
"""Under documented: a conforming run."""

STREAM = (*BROKEN_RUN, *GOOD_RUN)


def container() -> nx.MultiDiGraph[str]:
    """The lifecycle of a container, with two reasons for one transition."""
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    graph.add_edge("Waiting", "Running", rule="PHASE-003")
    graph.add_edge("Running", "Terminated", rule="PHASE-001")
    graph.add_edge("Terminated", "Waiting", rule="BACKOFF-001")
    graph.add_edge("Terminated", "Running", rule="BACKOFF-001")
    graph.add_edge("Waiting", "Terminated", rule="PHASE-002")
    graph.add_edge("Waiting", "Terminated", rule="PHASE-003")
    graph.add_edge("Waiting", "Waiting")
    return graph


LIFECYCLES: Mapping[str, nx.MultiDiGraph[str]] = {"container": container()}


ANSWER = ViolationFound(
    rule="PHASE-001",
    test="conformance/suite/test_functions.py::test_drawn_questions[pod.phase]",
    subject="function pod.phase",
    expected='"Running"',
    seen="\"Unknown\" (of the wrong shape: 'Unknown' is not one of ['Pending'])",
    because="The phase is one of four words, and it MUST do so within <5 s> & no later.",
    at=0.0,
    operations=('evaluate pod.phase of {"pod":{"spec":{}}}',),
    trace=(
        {"kubelaws": 1, "profile": "v1.36"},
        {
            "at": 0,
            "evaluate": "pod.phase",
            "arguments": {"pod": {"spec": {"containers": [{"name": "<c>"}]}}, "initialized": True},
            "result": "Unknown",
        },
    ),
    step=1,
    replay="kubelaws replay answer.jsonl",
)
"""A wrong answer to one question."""
