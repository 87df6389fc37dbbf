"""INIT-008 to -011: what starts a Pod anew, room for it, and sidecars, on traces made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Accepted, Act, Cause, Observation, Rejected
from strategies import manifests
from tests.laws.initializing import (
    INITIALIZING,
    UNINITIALIZED,
    blamed,
    created,
    initialized,
    look,
    ok,
)
from tests.laws.traces import (
    Judged,
    done,
    judged,
    pod,
    running,
    seen,
    terminated,
    time_at,
    waiting,
)


def patched(response: Any, **change: Any) -> Act:
    """A patch of the init container ``i``."""
    patch = {"spec": {"initContainers": [{"name": "i", "image": "app:1", **change}]}}
    given = {"kind": "Pod", "namespace": "default", "name": "a", "patch": patch}
    return done(10, "patch", response, **given)


def test_only_the_image_may_change() -> None:
    before = initialized(5, running(5), ok(0, 5))
    stored = {"spec": {"initContainers": [{"name": "i", "image": "app:1", "command": ["x"]}]}}
    refused = Rejected(422, "Invalid", "", (Cause("spec"),))
    assert judged(before, patched(Accepted(), image="b:2")).held("INIT-008")
    assert judged(before, patched(refused, command=["x"])).held("INIT-008")
    assert blamed(judged(before, patched(refused, image="b:2"))) == {"INIT-008"}
    assert not blamed(judged(before, patched(refused, image=" b:2")))
    assert blamed(judged(before, patched(Accepted(stored), command=["x"]))) == {"INIT-008"}


def test_a_sandbox_lost_long_ago_is_not_forgotten() -> None:
    hour = 3600.0
    trace = judged(
        look(5, i=ok(0, 5), j=running(5)),
        done(10, "lose-sandbox", namespace="default", pod="a"),
        look(11, i=waiting("ErrImagePull"), j=INITIALIZING),
        done(2 * hour, "lose-sandbox", namespace="default", pod="another"),
        look(2 * hour + 1, i=running(2 * hour), j=INITIALIZING, restarts={"i": 1}, last=ok(0, 5)),
    )
    assert not blamed(trace)


def test_initialized_stays_true_in_a_new_sandbox() -> None:
    true = {"conditions": [{"type": "Initialized", "status": "True"}]}

    def trace(*before: Observation) -> Judged:
        again = look(11, i=running(10), restarts={"i": 1}, last=ok(0, 5), more=true)
        return judged(*before, losing(), again)

    assert not blamed(trace(look(6, waiting("ErrImagePull"), i=ok(0, 5), more=true)))
    assert not blamed(trace())
    assert "INIT-002" in blamed(trace(look(6, i=ok(0, 5), more=UNINITIALIZED)))


@pytest.mark.parametrize("profile", ["v1.36", "documented"])
def test_another_init_image(profile: str) -> None:
    def trace(*after: Observation) -> Judged:
        return judged(*after, profile=profile, until=200)

    one = initialized(5, running(5), ok(0, 5))
    other = initialized(10, running(5), ok(0, 5), image="b:2")
    quiet = initialized(60, running(5), ok(0, 5), image="b:2", more={"message": "x"})
    assert blamed(trace(one, other, quiet)) == (set() if profile == "v1.36" else {"INIT-008"})
    one = initialized(5, running(5), ok(0, 5))
    other = initialized(10, running(5), ok(0, 5), image="b:2")
    anew = look(12, i=running(12), image="b:2", restarts={"i": 1}, more=UNINITIALIZED)
    assert ("INIT-008" in blamed(trace(one, other, anew))) is (profile == "v1.36")


def losing() -> Act:
    """The Pod loses its sandbox."""
    return done(10, "lose-sandbox", namespace="default", pod="a")


def test_a_new_sandbox_starts_from_the_first() -> None:
    before = initialized(5, running(5), ok(0, 5))
    lost = losing()
    ended = terminated(137, started=5, finished=10)
    down = initialized(10, ended, ok(0, 5))
    again = look(11, ended, i=running(11), restarts={"i": 1})
    up = initialized(15, running(15), ok(11, 14), restarts={"i": 1, "c": 1})
    assert judged(before, lost, down, again, up).held("INIT-009")
    assert "INIT-009" in blamed(judged(before, lost, down, until=200))


def test_an_app_container_in_a_new_sandbox_without_its_init_containers() -> None:
    before = initialized(5, running(5), ok(0, 5))
    lost = losing()
    up = initialized(11, running(11), ok(0, 5), restarts={"c": 1})
    assert "INIT-009" in blamed(judged(before, lost, up))


def test_under_never_a_lost_sandbox_ends_it() -> None:
    before = look(5, running(5), "Running", i=ok(0, 5), policy="Never")
    lost = losing()
    ended = terminated(137, started=5, finished=10)
    failed = look(10, ended, "Failed", i=ok(0, 5), policy="Never")
    again = look(12, ended, "Failed", i=ok(0, 5), policy="Never", more={"message": "x"})
    assert judged(before, lost, failed, again).held("INIT-009")
    anew = look(13, ended, "Pending", i=running(13), restarts={"i": 1}, policy="Never")
    assert "INIT-009" in blamed(judged(before, lost, failed, anew))


@pytest.mark.parametrize(("outcome", "broken"), [("pullable", {"INIT-009"}), ("missing", set())])
def test_a_new_sandbox_may_have_to_wait_for_an_image(outcome: str, broken: set[str]) -> None:
    before = look(5, i=waiting("ErrImagePull"), j=INITIALIZING, policy="Never")
    image = done(9, "set-image", image="app:1", outcome=outcome)
    after = look(10, i=waiting("ImagePullBackOff"), j=INITIALIZING, policy="Never")
    assert blamed(judged(before, image, losing(), after, until=300)) == broken


# -- INIT-010 --------------------------------------------------------------------------------------


def asking(at: float, init: str, app: str, node: str = "", **more: Any) -> Observation:
    """A Pod whose init and app container request that much CPU."""
    containers = {
        "initContainers": [manifests.container("i", requests={"cpu": init})],
        "containers": [manifests.container("c", requests={"cpu": app})],
        "nodeName": node,
    }
    return seen(at, pod("Pending", spec=containers, more=more))


@pytest.mark.parametrize(
    ("init", "app", "exercised", "broken"),
    [
        ("4", "1", True, False),
        ("5", "1", True, True),
        ("1", "4", False, False),
        ("1", "5", False, False),
    ],
)
def test_an_init_container_needs_room(init: str, app: str, exercised: bool, broken: bool) -> None:
    node = seen(0, manifests.node("n", cpu="4"))
    trace = judged(node, asking(1, init, app), asking(2, init, app, "n"))
    assert ("INIT-010" in trace.exercised) is exercised
    assert ("INIT-010" in trace.broken) is broken


@pytest.mark.parametrize(("init", "broken"), [("4", True), ("5", False)])
def test_an_init_container_does_not_add_up_with_the_app(init: str, broken: bool) -> None:
    node = seen(0, manifests.node("n", cpu="4"))
    refused = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]
    trace = judged(node, asking(1, init, "3"), asking(2, init, "3", conditions=refused))
    assert "INIT-010" in trace.exercised
    assert ("INIT-010" in trace.broken) is broken


def test_something_else_may_keep_a_pod_from_a_node() -> None:
    tainted = manifests.node("n", cpu="4")
    tainted["spec"] = {"taints": [{"key": "k", "effect": "NoSchedule"}]}
    refused = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]
    node = seen(0, tainted)
    assert not blamed(judged(node, asking(1, "4", "3"), asking(2, "4", "3", conditions=refused)))


# -- INIT-011 --------------------------------------------------------------------------------------


def test_what_follows_waits_for_a_sidecar() -> None:
    first = look(0, s=running(0), i=INITIALIZING, kinds="s")
    assert judged(first, look(1, s=running(0), i=running(1), kinds="s")).held("INIT-011")
    first = look(0, s=INITIALIZING, i=INITIALIZING, kinds="s")
    assert blamed(judged(first, look(1, s=INITIALIZING, i=running(1), kinds="s"))) == {"INIT-011"}


def sidecar(
    at: float, s: dict[str, Any], c: dict[str, Any], phase: str = "Running", **more: Any
) -> Observation:
    """A Pod of policy Never with a sidecar."""
    return look(at, c, phase, s=s, kinds="s", policy="Never", **more)


def test_a_sidecar_always_restarts() -> None:
    ended = terminated(0, started=0, finished=5)
    trace = [sidecar(2, running(0), running(1)), sidecar(5, ended, running(1))]
    again = sidecar(5, running(5), running(1), restarts={"s": 1}, last=ended)
    assert judged(*trace, again).held("INIT-011")
    assert "INIT-011" in blamed(judged(*trace, until=60))


def test_a_sidecar_that_is_stopped_at_the_end_is_not_restarted() -> None:
    ended = terminated(0, started=1, finished=5)
    trace = [sidecar(2, running(0), running(1)), sidecar(5, running(0), ended)]
    stopped = sidecar(6, terminated(0, started=0, finished=6), ended)
    over = sidecar(7, terminated(0, started=0, finished=6), ended, "Succeeded")
    assert judged(*trace, stopped, over, until=600).held("INIT-011")
    assert "INIT-011" in blamed(judged(*trace, until=600))


def test_a_sidecar_counts_in_ready() -> None:
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    assert judged(sidecar(5, running(0), running(1), more=ready)).held("INIT-011")
    unready = sidecar(5, terminated(1, started=0, finished=5), running(1), more=ready)
    assert "INIT-011" in blamed(judged(unready))


def test_a_sidecar_may_be_probed() -> None:
    probe: dict[str, Any] = {
        "livenessProbe": {"exec": {"command": ["x"]}},
        "restartPolicy": "Always",
    }
    manifest = manifests.pod(init=[manifests.container("s", **probe)])
    assert judged(created(manifest)).held("INIT-011")
    refused = created(manifest, "spec.initContainers[0].livenessProbe")
    assert "INIT-011" in blamed(judged(refused))


def test_documented_knows_no_sidecars() -> None:
    ended = terminated(0, started=0, finished=5)
    trace = [sidecar(2, running(0), running(1)), sidecar(5, ended, running(1))]
    assert "INIT-011" not in judged(*trace, profile="documented", until=60).exercised


def test_a_deleted_pod_owes_nothing() -> None:
    ended = terminated(0, started=0, finished=5)
    trace = [sidecar(2, running(0), running(1))]
    deleted = sidecar(5, ended, running(1), metadata={"deletionTimestamp": time_at(35)})
    assert not blamed(judged(*trace, deleted, until=600))


def test_who_restarts_whatever_the_pods_policy_may_get_a_new_sandbox() -> None:
    """The Pod says Never, its sidecar Always: no rule says which of them a lost sandbox heeds."""
    never: Any = {"policy": "Never", "kinds": "s"}
    before = look(5, waiting("ErrImagePull"), s=running(5), **never)
    ended = look(10, waiting("ErrImagePull"), s=terminated(137, started=5, finished=10), **never)
    again = look(11, waiting("ErrImagePull"), s=running(11), restarts={"s": 1}, **never)
    assert not blamed(judged(before, losing(), ended, again, until=200))


def test_on_a_node_that_starts_nothing_nothing_runs_again() -> None:
    metadata = {"name": "node-1", "uid": "n", "creationTimestamp": time_at(0)}
    node = seen(0, {"kind": "Node", "metadata": metadata, "status": {}}, "ADDED")
    broken = done(1, "set-runtime", node="node-1", part="start", works=False)
    down = initialized(10, terminated(137, started=5, finished=10), ok(0, 5))
    trace = [node, broken, initialized(5, running(5), ok(0, 5)), losing(), down]
    assert not blamed(judged(*trace, until=300))
