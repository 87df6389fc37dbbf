"""EVICT: nodes that are short of memory, and who has to go."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from strategies.manifests import Manifest, container, node, pod, replica_set
from strategies.once import among
from strategies.scheduling import priority_class, rankings

MIB = 1024 * 1024
GUARANTEED: Manifest = {"limits": {"cpu": "100m", "memory": "700Mi"}}
BURSTABLE: Manifest = {"requests": {"memory": "300Mi"}}
HUNGRY: Manifest = {"requests": {"memory": "1200Mi"}}
PRESSED = "node.kubernetes.io/memory-pressure"


def small_node(run: Session) -> None:
    """One node of 2 Gi that only Pods of these scenarios go to."""
    run.create(node("small", memory="2Gi", disk="small"))
    run.advance(1)


def holds(run: Session, name: str, size: int) -> None:
    """The container of a Pod holds so many Mi from now on."""
    run.do("allocate", namespace="default", pod=name, container="c", bytes=size * MIB)


def here(name: str, asked: Manifest | None = None, **spec: Any) -> Manifest:
    """A Pod on the small node, put there by name."""
    return pod(name, [container("c", **(asked or {}))], nodeName="small", **spec)


@focus("EVICT-001")
def test_below_the_threshold_a_node_is_under_pressure(run: Session, draw: Draw) -> None:
    """A little more or less than 100 Mi is left; after a while there is enough again."""
    small_node(run)
    run.create(here("a", GUARANTEED | {"limits": {"cpu": "1", "memory": "2Gi"}}))
    run.advance(2)
    left = draw(among(99, 100, 101, 60, 150, 0))
    holds(run, "a", 2048 - left)
    run.advance(draw(among(15, 25)))
    run.advance(draw(among(200, 290)))
    run.advance(120)


@focus("EVICT-001")
def test_a_node_under_pressure_takes_only_who_asks_for_memory(run: Session, draw: Draw) -> None:
    """Pods of every class come to it, some of which tolerate that."""
    small_node(run)
    run.create(here("full"))
    run.advance(2)
    holds(run, "full", 2000)
    run.advance(15)
    tolerations = draw(
        st.sampled_from(
            [[], [{"key": PRESSED, "operator": "Exists"}], [{"key": "other", "operator": "Exists"}]]
        )
    )
    run.create(here("besteffort", tolerations=tolerations))
    run.create(here("burstable", BURSTABLE))
    run.create(here("guaranteed", GUARANTEED))
    run.create(pod("elsewhere", nodeSelector={"disk": "small"}))
    run.advance(20)


@focus("EVICT-002")
def test_who_goes_first(run: Session, draw: Draw) -> None:
    """By the function: priority, request, usage and class in every order."""
    run.evaluate("eviction.order", draw(rankings()))


@focus("EVICT-002")
def test_who_is_put_out_of_a_full_node(run: Session, draw: Draw) -> None:
    """Pods above and below their requests, of several classes and priorities, fill a node."""
    small_node(run)
    run.create(priority_class("high", 1000))
    crowd = draw(st.sampled_from(CROWDS))
    order = draw(st.permutations(sorted(crowd)))
    for name in order:
        asked, priority, _ = crowd[name]
        more: dict[str, Any] = {"priorityClassName": "high"} if priority else {}
        run.create(here(name, asked, **more))
    run.advance(2)
    for name in order:
        holds(run, name, crowd[name][2])
    run.advance(14)
    run.advance(20)


CROWDS: tuple[dict[str, tuple[Manifest, int, int]], ...] = (
    {"a": ({}, 0, 500), "b": (BURSTABLE, 0, 900), "g": (GUARANTEED, 0, 600)},
    {"a": ({}, 1, 500), "b": (BURSTABLE, 0, 700), "c": (BURSTABLE, 0, 790)},
    {"b": (BURSTABLE, 0, 800), "c": (HUNGRY, 0, 1180)},
    {"a": ({}, 1, 700), "c": (HUNGRY, 0, 1250)},
    {"a": ({}, 0, 300), "b": (BURSTABLE, 1, 1000), "g": (GUARANTEED, 1, 690)},
    {"c": (HUNGRY, 1, 1190), "g": (GUARANTEED, 0, 790 - 100), "a": ({}, 0, 90)},
)
"""By Pod, what it asks for, whether it matters much, and how many Mi it holds."""


@focus("EVICT-003")
def test_who_was_put_out_has_failed(run: Session, draw: Draw) -> None:
    """Pods of every restart policy, one of them critical, and some that have a controller."""
    small_node(run)
    policy = draw(among("Always", "OnFailure", "Never"))
    run.create(here("a", policy=policy))
    critical: dict[str, Any] = {"priorityClassName": "system-node-critical"}
    run.create(here("b", **(critical if draw(st.booleans()) else {})))
    run.create(here("c", policy=policy))
    if run.can("workloads"):
        template = pod(nodeSelector={"kubernetes.io/hostname": "small"})
        run.create(replica_set("r", 1, template))
    run.advance(2)
    sizes = draw(among((600, 700, 690), (100, 1800, 90), (650, 680, 650)))
    for name, size in zip("abc", sizes, strict=True):
        holds(run, name, size)
    run.advance(16)
    holds_again = run.view("Pod", "b")
    if holds_again is not None and holds_again.phase == "Running":
        holds(run, "b", 2000)
    run.advance(40)
    run.advance(400)
