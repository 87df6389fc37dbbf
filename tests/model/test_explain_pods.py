"""What is said of a Pod: why it is not Ready, how it would end, what it waits for, where it is found."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.explain import explain
from spec_model.profiles import DOCUMENTED, V1_36, Profile
from strategies.manifests import config_map, container, from_key, mount, pod, service, sidecar

RUNS = {"running": {"startedAt": "2024-05-01T10:00:00Z"}}
ENDED = {"terminated": {"exitCode": 1, "reason": "Error"}}


def state(name: str = "c", state: Any = None, ready: bool = False, **more: Any) -> dict[str, Any]:
    shown = {"name": name, "state": state or RUNS, "ready": ready, "restartCount": 0}
    return {**shown, "started": True, **more}


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {"waiting": {"reason": reason, "message": message}}


def condition(type: str, status: str = "False", **more: str) -> dict[str, str]:
    return {"type": type, "status": status, **more}


def said(
    manifest: dict[str, Any],
    *others: dict[str, Any],
    profile: Profile = V1_36,
    **status: Any,
) -> dict[str, str]:
    """What is said of a Pod with that status, by what it is about, with the rule behind it."""
    made = {"apiVersion": "v1", **manifest, **({"status": status} if status else {})}
    told = explain(made, [made, *others], profile=profile)
    assert not any(each.fault for each in told), told
    return {each.about: f"{each.says} {each.rule}" for each in told}


# -- why it is not Ready ----------------------------------------------------------------------------


def test_of_a_pod_without_a_status_nothing_is_said() -> None:
    assert "Ready" not in said(pod())


def test_a_ready_pod_is_ready() -> None:
    told = said(
        pod(),
        phase="Running",
        conditions=[condition("Ready", "True")],
        containerStatuses=[state(ready=True)],
    )
    assert told["Ready"] == "yes: all containers are ready, all gates open CONDITION-004"


def test_each_false_condition_is_named_with_its_reason() -> None:
    lacking = condition("PodScheduled", reason="Unschedulable", message="0/1 nodes are available")
    told = said(pod(), phase="Pending", conditions=[lacking])
    expected = "False, Unschedulable: 0/1 nodes are available CONDITION-002"
    assert told["condition PodScheduled"] == expected


@pytest.mark.parametrize(
    ("reason", "rule"),
    [
        ("CrashLoopBackOff", "BACKOFF-006"),
        ("ImagePullBackOff", "BACKOFF-011"),
        ("ErrImageNeverPull", "REASON-004"),
        ("CreateContainerConfigError", "CONFIGMAP-003"),
        ("RunContainerError", "REASON-001"),
        ("PostStartHookError", "REASON-007"),
    ],
)
def test_each_reason_of_waiting_has_its_rule(reason: str, rule: str) -> None:
    told = said(pod(), phase="Pending", containerStatuses=[state(state=waiting(reason, "why"))])
    assert told["container c"].endswith(f"({reason}: why) {rule}")


def test_who_waits_for_an_init_container() -> None:
    statuses = {"initContainerStatuses": [state("i")]}
    told = said(
        pod(init=[container("i")]),
        phase="Pending",
        containerStatuses=[state(state=waiting("PodInitializing"))],
        **statuses,
    )
    assert told["container i"].endswith("INIT-001")
    assert told["container c"].endswith("(PodInitializing) INIT-002")


def test_a_gate_that_is_closed_or_absent() -> None:
    gated = pod(readinessGates=[{"conditionType": "example.com/lb"}])
    there = {"phase": "Running", "containerStatuses": [state(ready=True)]}
    assert said(gated, **there)["readiness gate example.com/lb"].startswith(
        "its condition is absent"
    )
    closed = said(gated, **there, conditions=[condition("example.com/lb")])
    assert closed["readiness gate example.com/lb"].startswith("its condition is False")
    assert closed["Ready"].startswith("no: ReadinessGatesNotReady")


def test_a_pod_that_is_over_is_never_ready_again() -> None:
    told = said(pod(policy="Never"), phase="Failed", containerStatuses=[state(state=ENDED)])
    assert told["phase"] == "Failed: such a Pod is never Ready again PHASE-008"


GOING = {"deletionTimestamp": "2024-05-01T10:00:30Z", "deletionGracePeriodSeconds": 30}


def test_a_deletion_alone_makes_nobody_unready() -> None:
    going = pod(metadata=GOING)
    shown: Any = {"phase": "Running", "containerStatuses": [state()]}
    assert said(going, **shown)["its deletion"].startswith("alone makes no Pod unready")
    documented = said(going, profile=DOCUMENTED, **shown)["its deletion"]
    assert documented == "makes it unready at once TERM-009"


@pytest.mark.parametrize(
    ("status", "message", "rule"),
    [
        ("Unknown", "", "IDENTITY-004"),
        ("False", "container runtime is down", "REASON-002"),
        ("False", "NetworkPluginNotReady", "REASON-002"),
        ("False", "something else", "IDENTITY-004"),
    ],
)
def test_its_node_is_asked_where_it_is_given(status: str, message: str, rule: str) -> None:
    ready = condition("Ready", status, message=message)
    node = {"kind": "Node", "metadata": {"name": "n"}, "status": {"conditions": [ready]}}
    shown: Any = {"phase": "Running", "containerStatuses": [state()]}
    assert said(pod(nodeName="n"), node, **shown)["node n"].endswith(rule)
    assert "node n" not in said(pod(nodeName="m"), node, **shown)


# -- how it would end -------------------------------------------------------------------------------


def test_a_hook_shares_the_grace_period_and_may_be_granted_two_seconds_more() -> None:
    hook = {"lifecycle": {"preStop": {"exec": {"command": ["x"]}}}}
    told = said(pod(containers=[container(**hook)], terminationGracePeriodSeconds=20))
    assert told["container c, deleted now"] == (
        "preStop at 0 s; SIGTERM when it ends, at 20 s at the latest; "
        "SIGKILL at 20 s, or 2 s after a SIGTERM so late TERM-006"
    )


def test_sidecars_end_last_and_the_last_one_first() -> None:
    told = said(pod(init=[sidecar("s"), sidecar("t")]))
    assert told["sidecar t, deleted now"].startswith("SIGTERM after c ended, at 30 s at the latest")
    assert told["sidecar s, deleted now"].startswith("SIGTERM after c, t ended")
    assert "sidecar s, deleted now" not in said(pod(init=[sidecar("s")]), profile=DOCUMENTED)


def test_who_does_not_run_is_not_stopped() -> None:
    told = said(pod(policy="Never"), phase="Running", containerStatuses=[state(state=ENDED)])
    assert "container c, deleted now" not in told


def test_who_is_over_goes_at_once() -> None:
    told = said(pod(policy="Never"), phase="Succeeded")
    assert told["deleted now"] == "goes at once TERM-001"


def test_who_is_going_already_has_what_it_was_given() -> None:
    told = said(pod(metadata={**GOING, "deletionGracePeriodSeconds": 5}), phase="Running")
    assert told["being deleted"] == "5 s to end in, until 10:00:30 UTC TERM-002"
    assert told["container c, being deleted"].startswith("SIGTERM after 0 s, SIGKILL after 5 s")


def test_who_holds_it_and_who_replaces_it() -> None:
    owner = {"kind": "ReplicaSet", "name": "r", "controller": True, "uid": "u"}
    metadata = {"finalizers": ["example.com/hold"], "ownerReferences": [owner]}
    made = {"apiVersion": "v1", **pod(metadata=metadata)}
    told = [(each.says, each.rule) for each in explain(made) if each.about == "deleted now"]
    assert ("ReplicaSet r makes another one at once", "TERM-010") in told
    assert ("stays as an object until nobody holds it: example.com/hold", "TERM-011") in told


# -- its probes -------------------------------------------------------------------------------------

LIVES: dict[str, Any] = {"exec": {"command": ["x"]}, "periodSeconds": 5}


def test_a_probe_that_kills_has_a_grace_period_of_its_own() -> None:
    own = {**LIVES, "terminationGracePeriodSeconds": 7}
    told = said(pod(containers=[container(livenessProbe=own)]))
    assert told["liveness probe, c, killed"] == "7 s to end in, then is restarted PROBE-011"
    never = said(pod(containers=[container(livenessProbe=LIVES)], policy="Never"))
    expected = "30 s to end in, then is not restarted: policy Never PROBE-011"
    assert never["liveness probe, c, killed"] == expected


def test_as_documented_one_timeout_is_enough() -> None:
    probed = pod(containers=[container(livenessProbe=LIVES)])
    told = said(probed, profile=DOCUMENTED)["liveness probe, c, timing out"]
    assert told.endswith("PROBE-010")
    assert "liveness probe, c, timing out" not in said(probed)


def test_as_documented_nobody_probes_a_static_pod() -> None:
    mirror = {"annotations": {"kubernetes.io/config.source": "file"}}
    probed = pod(containers=[container(livenessProbe=LIVES)], metadata=mirror)
    assert said(probed, profile=DOCUMENTED)["probes"].endswith("STATIC-005")
    assert "liveness probe, c" in said(probed)


# -- what it sees -----------------------------------------------------------------------------------

KEYED = pod(containers=[container(env=[from_key("K", "cfg", "k")])])
NEED = "ConfigMap cfg, key k, for container c"


def test_a_reference_that_nothing_is_known_of() -> None:
    assert said(KEYED)[NEED] == "must exist before it starts CONFIGMAP-003"
    documented = said(KEYED, profile=DOCUMENTED)[NEED]
    assert documented == "must exist before the Pod is created CONFIGMAP-003"


def test_a_reference_that_is_missing_blocks_the_pod() -> None:
    other = config_map("other", {"k": "1"})
    assert said(KEYED, other)[NEED].startswith("cfg is missing: the Pod waits")
    assert said(KEYED, config_map("cfg", {"l": "1"}))[NEED].startswith("k is missing")
    assert said(KEYED, config_map("cfg", {"k": "1"}))[NEED] == "is there CONFIGMAP-003"


def test_a_reference_that_is_optional_blocks_nobody() -> None:
    optional = pod(containers=[container(env=[from_key("K", "cfg", "k", optional=True)])])
    assert said(optional)[NEED].startswith("is optional")


def test_secrets_are_waited_for_like_config_maps() -> None:
    key = {"name": "K", "valueFrom": {"secretKeyRef": {"name": "s", "key": "p"}}}
    volumes = [{"name": "v", "secret": {"secretName": "s"}}]
    there = {"kind": "Secret", "metadata": {"name": "s"}, "data": {"p": "eA=="}}
    told = said(pod(containers=[container(env=[key])], volumes=volumes), there)
    assert told["Secret s, key p, for container c"] == "is there CONFIGMAP-003"
    assert told["Secret s, for its volumes"] == "is there CONFIGMAP-003"


def test_files_follow_their_source_but_single_ones_do_not() -> None:
    mounts = [mount("cfg", "/cfg"), mount("cfg", "/one", "k")]
    volumes = [{"name": "cfg", "configMap": {"name": "cfg"}}]
    made = pod(containers=[container(volumeMounts=mounts)], volumes=volumes)
    told = said(made)
    assert told["/cfg of container c"].startswith("updates within 60-90 s")
    assert told["/one of container c"].endswith("never updates CONFIGMAP-002")
    documented = said(made, profile=DOCUMENTED)["/one of container c"]
    assert documented == "cannot be: only directories are mounted CONFIGMAP-004"


def test_a_temporary_directory_is_shared() -> None:
    users = [container(each, volumeMounts=[mount("tmp", "/tmp")]) for each in ("c", "d")]
    told = said(pod(containers=users, volumes=[{"name": "tmp", "emptyDir": {}}]))
    assert told["emptyDir tmp"].startswith("shared by c, d")


# -- where it is found ------------------------------------------------------------------------------

BEHIND = pod(metadata={"labels": {"app": "web"}})
UP: dict[str, Any] = {"phase": "Running", "podIP": "10.0.0.7"}
READY: dict[str, Any] = {
    "conditions": [condition("Ready", "True")],
    "containerStatuses": [state(ready=True)],
}
WEB = service("web", {"app": "web"})


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({**UP, **READY}, "sends traffic to 10.0.0.7 PROBE-013"),
        (UP, "lists 10.0.0.7 as not ready: no traffic PROBE-013"),
        ({"phase": "Pending"}, "will list it once it has an address PROBE-013"),
        ({**UP, "phase": "Failed"}, "does not list it: it is over PROBE-013"),
    ],
)
def test_a_service_in_front_of_it(status: dict[str, Any], expected: str) -> None:
    assert said(BEHIND, WEB, **status)["Service web"] == expected


def test_as_documented_who_is_not_ready_is_not_listed() -> None:
    told = said(BEHIND, WEB, profile=DOCUMENTED, **UP)["Service web"]
    assert told == "does not list it: it is not ready PROBE-013"


def test_who_is_going_is_listed_as_terminating() -> None:
    going = pod(metadata={"labels": {"app": "web"}, **GOING})
    told = said(going, WEB, **UP, **READY)["Service web"]
    assert told == "lists 10.0.0.7 as terminating, not ready, serving TERM-008"
    documented = said(going, WEB, profile=DOCUMENTED, **UP, **READY)["Service web"]
    assert documented == "no longer lists it: it is being deleted TERM-008"


def test_a_service_of_others_is_not_spoken_of() -> None:
    assert "Service web" not in said(pod(), WEB, **UP)


def test_what_the_slices_say_is_shown() -> None:
    endpoint = {"addresses": ["10.0.0.7"], "conditions": {"ready": False}}
    part = {
        "kind": "EndpointSlice",
        "metadata": {"name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
        "endpoints": [endpoint],
    }
    assert said(BEHIND, WEB, part, **UP)["EndpointSlice web-1"] == "ready=false PROBE-013"


def test_a_port_of_the_host_that_another_pod_has() -> None:
    def on_port(name: str, **more: Any) -> dict[str, Any]:
        ports = [{"containerPort": 80, "hostPort": 8080}]
        return pod(name, [container(ports=ports)], **more)

    alone = said(on_port("a"))["host port 8080/TCP"]
    assert alone == "one Pod a node NETWORK-004"
    crowded = said(on_port("a"), on_port("b", nodeName="node1"))["host port 8080/TCP"]
    assert crowded == "only on a node without b on node1 NETWORK-004"
