"""The laws of INIT, on traces made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Accepted, Act, Cause, Observation, Rejected
from spec_model.laws.init_specs import FIELDS
from strategies import manifests
from tests.laws.traces import (
    Judged,
    done,
    judged,
    pod,
    running,
    seen,
    status,
    terminated,
    time_at,
    waiting,
)

INITIALIZING = waiting("PodInitializing")
UNINITIALIZED = {
    "conditions": [{"type": "Initialized", "status": "False", "reason": "ContainersNotInitialized"}]
}


def blamed(trace: Judged) -> set[str]:
    """The rules of this area that a trace breaks; other areas may have their own word on it."""
    return {rule for rule in trace.broken if rule.startswith("INIT-")}


def ok(start: float, finish: float) -> dict[str, Any]:
    """A run that succeeded."""
    return terminated(0, started=start, finished=finish)


def look(
    at: float,
    c: dict[str, Any] | None = None,
    phase: str = "Pending",
    *,
    kinds: str = "",
    image: str = "app:1",
    restarts: dict[str, int] | None = None,
    last: dict[str, Any] | None = None,
    more: dict[str, Any] | None = None,
    metadata: dict[str, Any] | None = None,
    policy: str = "Always",
    **inits: dict[str, Any],
) -> Observation:
    """A Pod with the app container ``c`` and these init containers; those named in ``kinds`` are sidecars."""
    counts = restarts or {}
    init = [
        {"name": name, "image": image, **({"restartPolicy": "Always"} if name in kinds else {})}
        for name in inits
    ]
    statuses = [
        status(name, state, restarts=counts.get(name, 0), started="running" in state, last=last)
        for name, state in inits.items()
    ]
    manifest = pod(
        phase,
        [status("c", c or INITIALIZING, restarts=counts.get("c", 0))],
        init=init,
        init_statuses=statuses,
        policy=policy,
        more=more,
        metadata=metadata,
    )
    return seen(at, manifest)


# -- the order -------------------------------------------------------------------------------------


def test_init_containers_one_after_another() -> None:
    trace = judged(
        look(0, i=running(0), j=INITIALIZING),
        look(5, i=ok(0, 5), j=running(5)),
        look(9, i=ok(0, 5), j=ok(5, 9)),
    )
    assert trace.held("INIT-001")


def test_two_init_containers_at_once() -> None:
    trace = judged(look(0, i=running(0), j=INITIALIZING), look(1, i=running(0), j=running(1)))
    assert blamed(trace) == {"INIT-001"}


def test_the_next_after_a_failure() -> None:
    trace = judged(
        look(0, i=running(0), j=INITIALIZING), look(5, i=terminated(1, finished=5), j=running(5))
    )
    assert "INIT-001" in blamed(trace)


def test_the_next_before_the_end_of_the_first() -> None:
    trace = judged(look(0, i=running(0), j=INITIALIZING), look(9, i=ok(0, 8), j=ok(5, 9)))
    assert blamed(trace) == {"INIT-001"}


def test_skipped_states_tell_by_their_times() -> None:
    trace = judged(look(0, i=INITIALIZING, j=INITIALIZING), look(9, i=ok(0, 5), j=ok(5, 9)))
    assert trace.held("INIT-001")


def test_an_app_container_after_initialization() -> None:
    trace = judged(
        look(0, i=running(0), more=UNINITIALIZED), look(5, running(5), "Running", i=ok(0, 5))
    )
    assert trace.held("INIT-002")


def test_an_app_container_too_soon() -> None:
    trace = judged(look(0, i=running(0)), look(5, running(5), i=running(0)))
    assert "INIT-002" in blamed(trace)


@pytest.mark.parametrize(
    "other",
    [
        {"c": waiting("ContainerCreating")},
        {"phase": "Running"},
        {"more": {"conditions": [{"type": "Initialized", "status": "True"}]}},
    ],
)
def test_an_uninitialized_pod_says_so(other: dict[str, Any]) -> None:
    assert "INIT-002" in blamed(judged(look(0, i=running(0), **other)))


def test_a_sidecar_that_crashes_later_does_not_undo_initialization() -> None:
    conditions = {"conditions": [{"type": "Initialized", "status": "True"}]}
    crashed = terminated(1, started=0, finished=5)
    trace = judged(
        look(0, s=running(0), i=running(0), kinds="s", more=UNINITIALIZED),
        look(4, waiting("ErrImagePull"), s=running(0), i=ok(0, 4), kinds="s", more=conditions),
        look(5, waiting("ErrImagePull"), s=crashed, i=ok(0, 4), kinds="s", more=conditions),
    )
    assert not blamed(trace)


def test_what_a_late_judge_finds_is_no_start() -> None:
    trace = judged(look(500, running(5), "Running", i=ok(0, 5)))
    assert "INIT-002" not in trace.exercised
    assert not blamed(trace)


# -- failure and success ---------------------------------------------------------------------------


FAILED = terminated(1, started=1, finished=3)


def failing() -> list[Observation]:
    """The second of two init containers fails."""
    return [look(0, i=ok(0, 1), j=running(1)), look(3, i=ok(0, 1), j=FAILED)]


def test_a_failed_init_container_runs_again() -> None:
    trace = failing()
    again = look(3, i=ok(0, 1), j=running(3), restarts={"j": 1}, last=FAILED)
    assert judged(*trace, again).held("INIT-003")


def test_a_failed_init_container_takes_another_along() -> None:
    trace = failing()
    again = look(4, i=ok(3, 4), j=running(4), restarts={"i": 1, "j": 1}, last=FAILED)
    assert {"INIT-003", "INIT-005"} <= blamed(judged(*trace, again))


def test_a_failed_init_container_that_is_left() -> None:
    assert "INIT-003" in blamed(judged(*failing(), until=60))


def test_a_pod_that_ends_owes_no_other_run() -> None:
    trace = failing()
    ended = look(4, phase="Failed", i=ok(0, 1), j=FAILED, more={"reason": "Evicted"})
    assert not blamed(judged(*trace, ended, until=600))


def never(at: float, phase: str, c: dict[str, Any] | None = None, **more: Any) -> Observation:
    """A Pod with policy Never whose first init container has failed."""
    return look(at, c, phase, i=terminated(3), j=INITIALIZING, policy="Never", **more)


def test_under_never_the_pod_fails() -> None:
    before = look(0, i=running(0), j=INITIALIZING, policy="Never")
    assert judged(before, never(1, "Failed")).held("INIT-004")
    before = look(0, i=running(0), j=INITIALIZING, policy="Never")
    assert judged(before, never(1, "Pending"), never(2, "Failed")).held("INIT-004")


def test_under_never_the_pod_does_not_fail() -> None:
    before = look(0, i=running(0), j=INITIALIZING, policy="Never")
    assert "INIT-004" in blamed(judged(before, never(1, "Pending"), until=60))


def test_under_never_something_starts_all_the_same() -> None:
    before = look(0, i=running(0), j=INITIALIZING, policy="Never")
    assert "INIT-004" in blamed(
        judged(before, never(1, "Pending"), never(2, "Pending", running(2)))
    )


def initialized(at: float, c: dict[str, Any], i: dict[str, Any], **more: Any) -> Observation:
    """A Pod that has been initialized."""
    return look(at, c, "Running", i=i, **more)


def test_what_succeeded_is_done() -> None:
    before = initialized(5, running(5), ok(0, 5))
    crashed = initialized(9, running(9), ok(0, 5), restarts={"c": 1})
    assert judged(before, crashed).held("INIT-005")


def test_what_succeeded_is_run_again() -> None:
    before = initialized(5, terminated(1, started=5, finished=6), ok(0, 5))
    again = initialized(9, terminated(1, started=5, finished=6), running(9), restarts={"i": 1})
    assert blamed(judged(before, again)) == {"INIT-005"}


def test_what_succeeded_waits_and_is_run_again() -> None:
    before = initialized(5, running(5), ok(0, 5))
    waits = initialized(8, running(5), INITIALIZING, restarts={"i": 0})
    again = initialized(9, running(5), running(9), restarts={"i": 1}, last=ok(0, 5))
    assert "INIT-005" in blamed(judged(before, waits, again))


def test_a_sandbox_may_have_been_lost_unseen() -> None:
    before = initialized(5, terminated(1, started=5, finished=6), ok(0, 5))
    again = initialized(9, terminated(1, started=5, finished=6), running(9), restarts={"i": 1})
    assert not blamed(judged(before, again, clock="real"))


def test_not_while_an_app_container_goes_on_running() -> None:
    before = initialized(5, running(5), ok(0, 5))
    again = initialized(9, running(5), running(9), restarts={"i": 1})
    assert "INIT-005" in blamed(judged(before, again, clock="real"))


# -- what may be asked for -------------------------------------------------------------------------


def created(manifest: dict[str, Any], *refused: str) -> Act:
    """The creation of a Pod, refused for these fields where there are any."""
    response = Rejected(422, "Invalid", "", tuple(Cause(field) for field in refused))
    return done(0, "create", response if refused else Accepted(manifest), object=manifest)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("profile", ["v1.36", "documented"])
def test_init_containers_are_not_probed(field: str, profile: str) -> None:
    probe: dict[str, Any] = {field: {"exec": {"command": ["x"]}}}
    manifest = manifests.pod(init=[manifests.container("i", **probe)])
    path = f"spec.initContainers[0].{field}"
    forbidden = profile == "v1.36" or field == "readinessProbe"
    assert judged(created(manifest, path), profile=profile).held("INIT-006") is forbidden
    accepted = judged(created(manifest), profile=profile)
    assert blamed(accepted) == ({"INIT-006"} if forbidden else set())


def test_what_is_refused_for_something_else_proves_nothing() -> None:
    probe: dict[str, Any] = {"livenessProbe": {"exec": {"command": ["x"]}}}
    manifest = manifests.pod(init=[manifests.container("i", **probe)])
    assert not blamed(judged(created(manifest, "spec.containers[0].image")))


@pytest.mark.parametrize(("name", "good"), [("c", False), ("C", False), ("d", True)])
def test_names_are_unique_labels(name: str, good: bool) -> None:
    manifest = manifests.pod(init=[manifests.container(name)])
    refused = created(manifest, "spec.initContainers[0].name")
    assert blamed(judged(created(manifest))) == (set() if good else {"INIT-007"})
    assert blamed(judged(refused)) == ({"INIT-007"} if good else set())


# -- again -----------------------------------------------------------------------------------------


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
