"""TRANS: the table of transition scenarios, row by row, under each restart policy."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from strategies.manifests import Manifest, container, pod
from strategies.once import among
from strategies.pods import failures, policies, two_containers

LIMITED: Final[Manifest] = {"limits": {"memory": "64Mi"}}
TOO_MUCH = 65 * 1024 * 1024


def overrun(run: Session, name: str) -> None:
    """The container allocates more than its limit."""
    run.do("allocate", namespace="default", pod="a", container=name, bytes=TOO_MUCH)


@focus("TRANS-001")
def test_one_container_exits_0(run: Session, draw: Draw) -> None:
    """Always: Running; OnFailure, Never: Succeeded."""
    run.create(pod(policy=draw(policies)))
    run.exit("a", "c", 0)
    run.advance(2)


@focus("TRANS-002")
def test_one_container_fails(run: Session, draw: Draw) -> None:
    """Always, OnFailure: Running; Never: Failed."""
    run.create(pod(policy=draw(policies)))
    run.exit("a", "c", draw(failures))
    run.advance(2)


@focus("TRANS-003")
def test_one_container_is_oom_killed(run: Session, draw: Draw) -> None:
    """Always, OnFailure: Running; Never: Failed."""
    run.create(pod(containers=[container("c", **LIMITED)], policy=draw(policies)))
    overrun(run, "c")
    run.advance(2)


@focus("TRANS-004")
def test_one_of_two_fails(run: Session, draw: Draw) -> None:
    """Running under every policy while the other runs."""
    run.create(pod(containers=two_containers(), policy=draw(policies)))
    run.exit("a", draw(among(*"cd")), draw(failures))
    run.advance(2)


@focus("TRANS-005")
def test_one_of_two_is_oom_killed(run: Session, draw: Draw) -> None:
    """Running under every policy while the other runs; the source document fails it under Never."""
    containers = [container("c", **LIMITED), container("d", **LIMITED)]
    run.create(pod(containers=containers, policy=draw(policies)))
    overrun(run, draw(among(*"cd")))
    run.advance(2)


@focus("TRANS-006")
def test_the_last_of_two_fails(run: Session, draw: Draw) -> None:
    """One has stopped for good; the other fails. Never: Failed."""
    policy = draw(among("OnFailure", "Never"))
    run.create(pod(containers=two_containers(), policy=policy))
    first, last = draw(st.permutations(["c", "d"]))
    run.exit("a", first, 0 if policy == "OnFailure" else draw(among(0, 1)))
    run.exit("a", last, draw(failures))
    run.advance(2)


@focus("TRANS-007")
def test_two_exit_0_one_after_the_other(run: Session, draw: Draw) -> None:
    """Running after the first; after both, Succeeded unless the policy is Always."""
    run.create(pod(containers=two_containers(), policy=draw(policies)))
    first, last = draw(st.permutations(["c", "d"]))
    run.exit("a", first, 0)
    run.advance(draw(among(0, 2)))
    run.exit("a", last, 0)
    run.advance(2)
