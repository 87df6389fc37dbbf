"""OOM: adjustments, scores, and who is killed when memory runs out."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from strategies.manifests import Manifest, container, node, pod
from strategies.once import among
from strategies.pods import policies, two_containers
from strategies.resources import (
    ADJUSTMENTS,
    CLASSES,
    GUARANTEED,
    MIB,
    classed_pods,
    node_memories,
    processes,
    resources,
)

NODE: Manifest = {"nodeSelector": {"disk": "small"}}


ALONE = tuple(
    pod(containers=[container("c", **asked)])
    for asked in (
        GUARANTEED,
        *({"requests": {"memory": amount}} for amount in ("1", "1Mi", "1Gi", "8Gi")),
    )
)
"""A Guaranteed Pod, and Pods that request next to nothing of a node's memory, or all of it."""

SHARING = tuple(
    pod(containers=two_containers(), resources={"requests": {"memory": amount}})
    for amount in ("200Mi", "1Gi")
)
"""Pods that request what none of their containers does."""


@focus("OOM-001")
def test_class_and_request_make_the_adjustment(run: Session, draw: Draw) -> None:
    """By the function, and inside every container that runs."""
    knows_more = run.profile != "documented"
    others = st.sampled_from(ALONE + SHARING if knows_more else ALONE)
    for _ in range(3):
        asked = draw(classed_pods(pod_level=knows_more) | others)
        name = draw(st.sampled_from([each["name"] for each in asked["spec"]["containers"]]))
        arguments = {"container": name, "node_memory_bytes": draw(node_memories)}
        run.evaluate("container.oom_score_adj", {**arguments, "pod": asked})
    run.create(
        pod(containers=[container("c", **draw(resources)), container("d", **draw(resources))])
    )
    run.advance(1)
    for each in "cd":
        run.do("inspect", namespace="default", pod="a", container=each)


@focus("OOM-001")
def test_who_is_critical_is_protected_like_the_guaranteed(run: Session, draw: Draw) -> None:
    """system-node-critical, by the function; as a sidecar, a container is protected like the apps."""
    priority = draw(among(2_000_001_000, 2_000_000_000, 0))
    spec: Manifest = {"priorityClassName": "system-node-critical", "priority": priority}
    if run.profile != "documented":
        arguments = {"container": "c", "node_memory_bytes": draw(node_memories)}
        run.evaluate("container.oom_score_adj", {**arguments, "pod": pod(**spec)})
    sidecar = container("s", restartPolicy="Always", **draw(resources))
    apps = [container(each, **draw(resources)) for each in "cd"]
    run.create(pod(containers=apps, init=[sidecar]))
    run.advance(1)
    for each in "cds":
        run.do("inspect", namespace="default", pod="a", container=each)


def fill(run: Session, pods: dict[str, Manifest], sizes: dict[str, int]) -> None:
    """Pods with these resources hold that many Mi on one small node, one after another."""
    if run.can("nodes"):
        run.create(node("small", memory="2Gi", disk="small"))
        run.advance(1)
    where = NODE if run.can("nodes") else {}
    for name, asked in pods.items():
        run.create(pod(name, [container("c", **asked)], **where))
    run.advance(1)
    for name, size in sizes.items():
        run.do("allocate", namespace="default", pod=name, container="c", bytes=size * MIB)
    run.advance(30)


@focus("OOM-002")
def test_the_highest_score_is_killed_first(run: Session, draw: Draw) -> None:
    """Pods of every class fill a node; the same asked of the function."""
    adjustments = draw(among(ADJUSTMENTS, ADJUSTMENTS[:3], LAST))
    arguments = {"node_memory_bytes": 8192 * MIB, "processes": draw(processes(adjustments))}
    run.evaluate("oom.victim", arguments)
    order = draw(st.permutations(list(CLASSES)))
    sizes = draw(among((900, 800, 700), (1000, 1023, 300), (100, 1000, 1000)))
    fill(
        run,
        {name.lower(): SMALLER[name] for name in order},
        dict(zip(map(str.lower, order), sizes, strict=True)),
    )


LAST = (-997, -1000)
"""Of a Guaranteed container, and of a process that cannot be killed."""

SMALLER: dict[str, Manifest] = {
    "BestEffort": {},
    "Burstable": {"requests": {"memory": "512Mi"}},
    "Guaranteed": {"limits": {"cpu": "100m", "memory": "1Gi"}},
}


@focus("OOM-003")
def test_within_a_class_the_excess_decides(run: Session, draw: Draw) -> None:
    """Two Pods of one class fill a node; the same asked of the function."""
    adjustments = draw(among((1000,), (999, 900, 500, 100), (-997,)))
    arguments = {"node_memory_bytes": 8192 * MIB, "processes": draw(processes(adjustments))}
    run.evaluate("oom.victim", arguments)
    asked = draw(
        st.sampled_from(
            [
                ({}, {}),
                ({"requests": {"memory": "100Mi"}}, {"requests": {"memory": "1000Mi"}}),
                ({"requests": {"memory": "1000Mi"}}, {"requests": {"memory": "200Mi"}}),
            ]
        )
    )
    sizes = draw(among((900, 1200), (1500, 600), (700, 1400), (300, 1800)))
    fill(run, {"a": asked[0], "b": asked[1]}, {"a": sizes[0], "b": sizes[1]})


@focus("OOM-004")
def test_a_breach_kills_only_inside_its_cgroup(run: Session, draw: Draw) -> None:
    """A Guaranteed container exceeds its own limits, of CPU too, beside neighbours of every class."""
    policy = draw(policies)
    run.create(pod("a", [container("c", limits={"cpu": "100m", "memory": "64Mi"}), container("d")]))
    for name, asked in CLASSES.items():
        run.create(pod(name.lower(), [container("c", **asked)], policy=policy))
    run.advance(1)
    whole = container("c", limits={"cpu": "100m", "memory": "64Mi"})
    run.create(pod("g", [whole], policy=policy))
    run.advance(1)
    if run.can("cpu-load"):
        run.do("burn", namespace="default", pod="g", container="c", milli=200)
    for name in draw(st.permutations(["a", "g", "besteffort"])):
        size = draw(among(65, 512, 63))
        run.do("allocate", namespace="default", pod=name, container="c", bytes=size * MIB)
    run.advance(20)
