"""The laws of REASON, on traces made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Accepted, Observation
from tests.laws.traces import done, judged, pod, running, seen, status, terminated, waiting

HOOK = {"postStart": {"exec": {"command": ["false"]}}}
INIT: Any = {"init": [{"name": "i", "image": "app:1"}]}


def waits(at: float, reason: str, message: str = "", *, last: Any = None, **more: Any) -> Any:
    """A Pod whose only container waits."""
    shown = status(state=waiting(reason, message), last=last, restarts=1 if last else 0)
    return seen(at, pod("Running" if last else "Pending", [shown], **more))


def runs(at: float, since: float = 0, restarts: int = 0, **more: Any) -> Any:
    last = terminated(1) if restarts else None
    return seen(
        at, pod("Running", [status(state=running(since), restarts=restarts, last=last)], **more)
    )


def ended(at: float, code: int, reason: str) -> Any:
    shown = status(state=terminated(code, reason=reason))
    return seen(at, pod("Succeeded" if code == 0 else "Failed", [shown], policy="Never"))


def event(at: float, reason: str, message: str = "", type_: str = "Normal") -> Any:
    """An Event about the Pod."""
    return Observation(
        at,
        "ADDED",
        {
            "kind": "Event",
            "metadata": {
                "name": f"a.{reason}.{at}",
                "namespace": "default",
                "uid": f"{reason}{at}",
            },
            "involvedObject": {"kind": "Pod", "namespace": "default", "name": "a", "uid": "uid-a"},
            "reason": reason,
            "message": message,
            "type": type_,
        },
    )


def spec(**fields: Any) -> Any:
    """The spec of a Pod whose container has these fields."""
    return {"spec": {"containers": [{"name": "c", "image": "app:1", **fields}]}}


def image(outcome: str) -> Any:
    return done(0, "set-image", image="app:1", outcome=outcome)


def node(runtime: str, **condition: Any) -> Any:
    """The node of the Pod, by its container runtime."""
    return seen(
        0,
        {
            "kind": "Node",
            "metadata": {"name": "node-1", "uid": "n"},
            "status": {
                "nodeInfo": {"containerRuntimeVersion": f"{runtime}://1.0"},
                "conditions": [{"type": "Ready", "status": "True", **condition}],
            },
        },
    )


# REASON-001


@pytest.mark.parametrize(
    "reason", ["CrashLoopBackOff", "CreateContainerConfigError", "RestartingAllContainers"]
)
def test_a_container_waits_for_a_known_reason(reason: str) -> None:
    assert judged(waits(1, reason, last=terminated(1))).held("REASON-001")


def test_a_reason_of_a_condition_is_none_of_a_container() -> None:
    assert "REASON-001" in judged(waits(1, "ContainersNotReady")).broken
    assert "REASON-001" not in judged(waits(1, "ContainersNotReady"), profile="documented").broken


# REASON-002


def test_a_runtime_that_is_down_is_no_reason_of_a_pod() -> None:
    down = node("containerd", status="False", message="container runtime is down")
    assert judged(down, waits(1, "ContainerCreating")).held("REASON-002")
    assert "REASON-002" in judged(down, waits(1, "DockerDaemonNotReady")).broken


def test_as_documented_the_pod_says_so() -> None:
    down = node("docker", status="False", message="container runtime is down")
    assert judged(down, waits(1, "DockerDaemonNotReady"), profile="documented").held("REASON-002")


# REASON-003


@pytest.mark.parametrize(
    ("runtime", "reason", "holds"),
    [
        ("cri-o", "RegistryUnavailable", True),
        ("cri-o", "ErrImagePull", False),
        ("containerd", "ErrImagePull", True),
        ("containerd", "RegistryUnavailable", False),
        ("another", "ErrImagePull", True),
        ("another", "RegistryUnavailable", True),
    ],
)
def test_the_runtime_has_the_word(runtime: str, reason: str, holds: bool) -> None:
    trace = judged(node(runtime), image("unavailable"), waits(1, reason))
    assert trace.held("REASON-003") is holds
    assert ("REASON-003" in trace.broken) is not holds


def test_as_documented_there_is_one_word_for_it() -> None:
    events = (node("docker"), image("unavailable"), waits(1, "ErrImagePull"))
    assert "REASON-003" in judged(*events, profile="documented").broken


def test_of_an_image_of_which_nothing_is_known_nothing_is_asked() -> None:
    assert "REASON-003" not in judged(node("cri-o"), waits(1, "ErrImagePull")).exercised


# REASON-004


def created(policy: str, **container: Any) -> Any:
    sent = {"name": "c", "image": "app", **container}
    manifest: Any = {"kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [sent]}}
    stored = {**manifest, "spec": {"containers": [{**sent, "imagePullPolicy": policy}]}}
    return done(0, "create", Accepted(stored), object=manifest)


def test_no_tag_means_always() -> None:
    assert judged(created("Always")).held("REASON-004")
    assert "REASON-004" in judged(created("IfNotPresent")).broken


def test_a_policy_that_was_given_is_nobodys_default() -> None:
    assert "REASON-004" not in judged(created("Never", imagePullPolicy="Never")).broken


def test_under_never_nothing_is_pulled() -> None:
    never = spec(imagePullPolicy="Never")
    assert judged(waits(1, "ErrImageNeverPull", **never)).held("REASON-004")
    assert "REASON-004" in judged(waits(1, "ErrImagePull", **never)).broken
    trace = judged(
        waits(1, "ContainerCreating", **never), event(2, "Pulling", 'Pulling image "app:1"')
    )
    assert trace.broken == {"REASON-004"}


def test_only_never_forbids_a_pull() -> None:
    assert "REASON-004" in judged(waits(1, "ErrImageNeverPull")).broken


def test_an_image_that_is_there_is_no_error_under_never() -> None:
    trace = judged(image("present"), waits(1, "ErrImageNeverPull", **spec(imagePullPolicy="Never")))
    assert "REASON-004" in trace.broken


def test_what_is_there_is_not_pulled_if_not_present() -> None:
    pulling = event(2, "Pulling", 'Pulling image "app:1"')
    start = waits(1, "ContainerCreating", **spec(imagePullPolicy="IfNotPresent"))
    assert judged(image("present"), start, pulling).broken == {"REASON-004"}
    again = waits(1, "ContainerCreating", **spec(imagePullPolicy="IfNotPresent"))
    assert judged(image("pullable"), again, pulling).held("REASON-004")


def test_always_asks_on_every_start() -> None:
    always = spec(imagePullPolicy="Always")
    pulling = event(0, "Pulling", 'Pulling image "app:1"')
    first = (runs(1, **always), waits(9, "CrashLoopBackOff", last=terminated(1), **always))
    assert "REASON-004" not in judged(pulling, *first).broken
    again = (runs(30, 30, 1, **always), waits(40, "CrashLoopBackOff", last=terminated(1), **always))
    assert "REASON-004" in judged(pulling, *again).broken


def test_without_events_nobody_knows_what_was_pulled() -> None:
    always = spec(imagePullPolicy="Always")
    trace = judged(runs(1, **always), waits(9, "CrashLoopBackOff", last=terminated(1), **always))
    assert "REASON-004" not in trace.broken


# REASON-005


def test_a_back_off_says_which_error_came_before() -> None:
    said = 'Back-off pulling image "app:1"'
    assert judged(waits(1, "ImagePullBackOff", f"{said}: ErrImagePull: none")).held("REASON-005")
    assert "REASON-005" in judged(waits(1, "ImagePullBackOff", said)).broken


def test_a_failed_pull_is_told_with_a_warning() -> None:
    failed = waits(1, "ErrImagePull")
    later = waits(12, "ErrImagePull", "again")
    warned = judged(event(1, "Failed", "Failed to pull", "Warning"), failed, later)
    assert warned.held("REASON-005")


def test_a_failed_pull_that_is_not_told_is_a_breach() -> None:
    scheduled = event(0, "Scheduled")
    failed = waits(1, "ErrImagePull")
    later = waits(12, "ErrImagePull", "again")
    assert "REASON-005" in judged(scheduled, failed, later).broken


def test_a_real_cluster_may_drop_events() -> None:
    scheduled = event(0, "Scheduled")
    failed = waits(1, "ErrImagePull")
    later = waits(12, "ErrImagePull", "again")
    assert "REASON-005" not in judged(scheduled, failed, later, clock="real").broken


def test_a_name_that_cannot_be_parsed_is_no_failed_pull() -> None:
    assert judged(image("invalid"), waits(1, "InvalidImageName")).held("REASON-005")
    assert "REASON-005" in judged(image("invalid"), waits(1, "ErrImagePull")).broken


# REASON-006


def test_a_container_is_being_created() -> None:
    assert judged(waits(1, "ContainerCreating")).held("REASON-006")
    assert judged(waits(1, "PodInitializing")).broken == {"REASON-006"}


def test_with_init_containers_a_pod_is_being_initialized() -> None:
    assert judged(waits(1, "PodInitializing", **INIT)).held("REASON-006")
    assert "REASON-006" in judged(waits(1, "ContainerCreating", **INIT)).broken


# REASON-007


@pytest.mark.parametrize(
    ("code", "reason", "broken"),
    [
        (0, "Completed", False),
        (1, "Error", False),
        (137, "OOMKilled", False),
        (137, "ContainerStatusUnknown", False),
        (128, "StartError", False),
        (0, "Error", True),
        (1, "Completed", True),
        (1, "ContainerStatusUnknown", True),
        (2, "Crashed", True),
    ],
)
def test_an_end_has_its_reason(code: int, reason: str, broken: bool) -> None:
    assert judged(ended(1, code, reason)).held("REASON-007") is not broken


def test_a_hook_error_without_a_hook_is_a_breach() -> None:
    hooked = spec(lifecycle=HOOK)
    assert "REASON-007" in judged(waits(1, "PostStartHookError", last=terminated(137))).broken
    stopped = waits(1, "PostStartHookError", last=terminated(137), **hooked)
    assert judged(stopped).held("REASON-007")


def test_a_container_whose_hook_failed_is_stopped() -> None:
    fails = {"namespace": "default", "pod": "a", "container": "c", "hook": "postStart"}
    chosen = done(0, "set-hook", **fails, seconds=2, fails=True)
    hooked = spec(lifecycle=HOOK)
    stopped = [
        runs(1, 1, **hooked),
        waits(20, "PostStartHookError", last=terminated(137), **hooked),
    ]
    assert judged(chosen, *stopped, until=90).held("REASON-007")
    assert judged(chosen, runs(1, 1, **hooked), until=90).broken == {"REASON-007"}


def test_a_hook_that_does_not_fail_changes_nothing() -> None:
    chosen = {"namespace": "default", "pod": "a", "container": "c", "hook": "postStart"}
    hook = done(0, "set-hook", **chosen, seconds=2)
    assert not judged(hook, runs(1, 1, **spec(lifecycle=HOOK)), until=90).broken


def test_what_was_told_of_a_static_pod_outlives_its_mirror() -> None:
    """Its Events have the UID that its file has, whatever that of the mirror."""
    own = {
        "annotations": {"kubernetes.io/config.mirror": "hash", "kubernetes.io/config.hash": "hash"}
    }
    told = Observation(1, "ADDED", {**event(1, "Failed", "", "Warning").object})
    told.object["involvedObject"]["uid"] = "hash"
    later = event(4000, "Failed", "", "Warning")
    later.object["involvedObject"]["uid"] = "another"
    trace = [told, waits(1, "ErrImagePull", metadata=own), later]
    shown = waits(4001, "ImagePullBackOff", 'Back-off pulling image "app:1": x', metadata=own)
    assert "REASON-005" not in judged(*trace, shown).broken


# -- REASON-004: images that are not for everybody ---------------------------------------------------

PRIVATE = done(0, "set-image", image="app:1", outcome="private")
OWNER: Any = {
    "spec": {"imagePullSecrets": [{"name": "s"}], "containers": [{"name": "c", "image": "app:1"}]}
}


@pytest.mark.parametrize("reason", ["ErrImagePull", "ErrImageNeverPull"])
def test_who_has_no_credentials_does_not_get_a_private_image(reason: str) -> None:
    policy = spec(imagePullPolicy="Never") if reason == "ErrImageNeverPull" else spec()
    before = waits(1, "ContainerCreating", **policy)
    assert judged(PRIVATE, before, waits(2, reason, **policy)).held("REASON-004")


def test_who_has_no_credentials_does_not_run_one_that_is_there() -> None:
    before = waits(1, "ContainerCreating")
    assert "REASON-004" in judged(PRIVATE, before, runs(2)).broken
    before = waits(1, "ContainerCreating")
    assert "REASON-004" not in judged(PRIVATE, before, runs(2), profile="documented").broken
    before = waits(1, "ContainerCreating", **OWNER)
    assert "REASON-004" not in judged(PRIVATE, before, runs(2, **OWNER)).broken


def test_an_image_that_was_public_once_may_be_had_since() -> None:
    public = done(0, "set-image", image="app:1", outcome="pullable")
    before = waits(1, "ContainerCreating")
    assert "REASON-004" not in judged(public, PRIVATE, before, runs(2)).broken
