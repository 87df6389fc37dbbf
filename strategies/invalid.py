"""Objects that the API must refuse, each with the rule that it breaks, and changes of Pods likewise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from attrs import frozen
from hypothesis import strategies as st

from strategies import replicas
from strategies.manifests import Manifest, container, pod, replica_set
from strategies.once import once
from strategies.quantities import NOT_QUANTITIES

POLICIES: Final = ("Nerver", "always", "ALWAYS", "Onfailure", "OnSuccess", " Always")
"""What a restartPolicy may not be; the first is the source document's own slip."""

RULE: Final[Manifest] = {"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}


@frozen
class Flaw:
    """An object that is wrong in one way, and the rule that wants it refused."""

    rule: str
    manifest: Manifest


@once
def flawed(rule: str) -> st.SearchStrategy[Flaw]:
    """One of the flawed objects that the rule wants refused under every profile in which it holds."""
    return st.sampled_from(FLAWS[rule])


@once
def several_flawed(rule: str, count: int = 5) -> st.SearchStrategy[list[Flaw]]:
    """So many different ones of them."""
    return st.permutations(FLAWS[rule]).map(lambda flaws: list(flaws[:count]))


def _with(rule: str, **more: Any) -> Flaw:
    return Flaw(rule, pod(containers=[container(**more)]))


def _restart_rules(*listed: Manifest, **more: Any) -> Flaw:
    return _with(
        "RESTART-007", restartPolicyRules=list(listed), **{"restartPolicy": "Never", **more}
    )


def _names() -> Iterator[Flaw]:
    yield from (Flaw("VALIDATION-001", pod(name)) for name in ("", "A", "a_b", "-a", "a" * 254))
    yield Flaw("VALIDATION-001", pod(metadata={"namespace": "No Namespace"}))
    yield Flaw("VALIDATION-001", pod(containers=[]))
    yield from (
        _with("VALIDATION-001", **more)
        for more in ({"image": ""}, {"name": ""}, {"image": " app:1"})
    )


def _templates() -> Iterator[Flaw]:
    kinds = ("ReplicationController", "ReplicaSet", "Deployment", "DaemonSet", "StatefulSet")
    for kind in kinds:
        for policy in ("Never", "OnFailure", "always"):
            yield Flaw("RESTART-006", templated(kind, policy))
    yield Flaw("RESTART-006", templated("Job", None))
    yield Flaw("RESTART-006", templated("Job", "Always"))


def templated(kind: str, policy: str | None) -> Manifest:
    """A controller of that kind whose Pods have that restartPolicy."""
    whole = replica_set("r", 1, pod(policy=policy), kind)
    spec = whole["spec"]
    if kind == "Job":
        kept = {"template": spec["template"]}
        return {**whole, "apiVersion": "batch/v1", "spec": kept}
    if kind == "DaemonSet":
        return {**whole, "spec": {key: spec[key] for key in ("selector", "template")}}
    return {**whole, "spec": {**spec, "serviceName": "r"}} if kind == "StatefulSet" else whole


def _container_policies() -> Iterator[Flaw]:
    yield from (_with("RESTART-007", restartPolicy=policy) for policy in ("never", "Sometimes", ""))
    yield _with("RESTART-007", restartPolicyRules=[RULE])
    yield _restart_rules(*[RULE] * 21)
    yield _restart_rules({**RULE, "action": "Stop"})
    yield _restart_rules({"action": "Restart"})
    yield _restart_rules({**RULE, "exitCodes": {"operator": "Equals", "values": [1]}})
    many = list(range(256))
    yield _restart_rules({**RULE, "exitCodes": {"operator": "In", "values": many}})


def _amounts() -> Iterator[Flaw]:
    for text in NOT_QUANTITIES:
        yield _with("RESOURCE-002", requests={"memory": text})
    yield _with("RESOURCE-002", limits={"cpu": "1core"})


def _bounds() -> Iterator[Flaw]:
    for more in (
        {"requests": {"cpu": "1001m"}, "limits": {"cpu": "1"}},
        {"requests": {"cpu": "300m"}, "limits": {"cpu": "200m"}},
        {"requests": {"memory": "65Mi"}, "limits": {"memory": "64Mi"}},
        {"requests": {"memory": "64.001Mi"}, "limits": {"memory": "64Mi"}},
        {"requests": {"cpu": "-1m"}},
        {"limits": {"memory": "-1"}},
        {"requests": {"cpu": "1"}, "limits": {"cpu": "0"}},
    ):
        yield _with("RESOURCE-003", **more)


def _mounts() -> Iterator[Flaw]:
    """Mounts of what is not there, without a path, or where another stands."""
    volumes: list[Manifest] = [{"name": "v", "emptyDir": {}}, {"name": "w", "emptyDir": {}}]
    for mounts in (
        [{"name": "other", "mountPath": "/a"}],
        [{"name": "", "mountPath": "/a"}],
        [{"name": "v", "mountPath": ""}],
        [{"name": "v"}],
        [{"name": "v", "mountPath": "/a"}, {"name": "w", "mountPath": "/a"}],
        [{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/a"}],
    ):
        yield Flaw("VOLUME-002", pod(containers=[container(volumeMounts=mounts)], volumes=volumes))
    lonely = container("i", volumeMounts=[{"name": "v", "mountPath": "/a"}])
    yield Flaw("VOLUME-002", pod(init=[lonely]))


def _host_paths() -> Iterator[Flaw]:
    """Host paths without a path, that lead upwards, or of no type."""
    for source in ({}, {"path": ""}, {"path": "/tmp/../etc"}, {"path": "/a", "type": "Folder"}):
        yield Flaw("VOLUME-007", pod(volumes=[{"name": "v", "hostPath": source}]))


def _ports(*ports: Manifest, **spec: Any) -> Flaw:
    return Flaw("NETWORK-004", pod(containers=[container(ports=list(ports))], **spec))


def _host_ports() -> Iterator[Flaw]:
    yield _ports({"containerPort": 80, "hostPort": 65536})
    yield _ports({"containerPort": 80, "hostPort": -1})
    yield _ports({"containerPort": 80, "hostPort": 8080}, hostNetwork=True)
    yield _ports({"containerPort": 80, "hostPort": 8080}, {"containerPort": 81, "hostPort": 8080})
    twice = [container(name, ports=[{"containerPort": 80, "hostPort": 80}]) for name in "cd"]
    yield Flaw("NETWORK-004", pod(containers=twice))
    shared = [container(name, ports=[{"containerPort": 80}]) for name in "cd"]
    yield Flaw("NETWORK-004", pod(containers=shared, hostNetwork=True))


def _deadlines() -> Iterator[Flaw]:
    for seconds in (0, -1, 2**31):
        yield Flaw("PHASE-012", pod(activeDeadlineSeconds=seconds))


def _hooks() -> Iterator[Flaw]:
    exec_ = {"exec": {"command": ["true"]}}
    for handler in (
        {},
        {**exec_, "sleep": {"seconds": 1}},
        {**exec_, "httpGet": {"port": 80}},
        {"sleep": {"seconds": 31}},
        {"sleep": {"seconds": -1}},
        {"tcpSocket": {"port": 0}},
    ):
        for hook in ("preStop", "postStart"):
            yield _with("TERM-005", lifecycle={hook: handler})


FLAWS: Final[Mapping[str, tuple[Flaw, ...]]] = {
    "VALIDATION-001": tuple(_names()),
    "RESTART-001": tuple(Flaw("RESTART-001", pod(policy=policy)) for policy in POLICIES),
    "RESTART-006": tuple(_templates()),
    "RESTART-007": tuple(_container_policies()),
    "RESOURCE-002": tuple(_amounts()),
    "RESOURCE-003": tuple(_bounds()),
    "PHASE-012": tuple(_deadlines()),
    "TERM-005": tuple(_hooks()),
    "REPLICA-001": tuple(Flaw("REPLICA-001", made) for made in replicas.with_deadlines()),
    "REPLICA-005": tuple(Flaw("REPLICA-005", made) for made in replicas.with_wrong_selectors()),
    "VOLUME-002": tuple(_mounts()),
    "VOLUME-007": tuple(_host_paths()),
    "NETWORK-004": tuple(_host_ports()),
}
"""By rule, objects that are wrong in one way each."""

BEYOND_SOURCE: Final = (
    _with("RESOURCE-003", requests={"example.com/gpu": "1"}),
    _with("RESOURCE-003", requests={"example.com/gpu": "1"}, limits={"example.com/gpu": "2"}),
    _with("RESOURCE-003", limits={"example.com/gpu": "500m"}),
    _with("RESOURCE-003", limits={"hugepages-2Mi": "2Mi"}),
    _with("RESOURCE-003", limits={"gpu": "1"}),
    _with(
        "RESOURCE-003", requests={"ephemeral-storage": "2Gi"}, limits={"ephemeral-storage": "1Gi"}
    ),
    Flaw(
        "RESOURCE-003",
        pod(
            containers=[container(requests={"cpu": "2"})],
            resources={"requests": {"cpu": "1"}, "limits": {"cpu": "4"}},
        ),
    ),
)
"""Flaws of resources that the source document does not know."""

FIXED: Final[tuple[Manifest, ...]] = (
    {"hostname": "other"},
    {"restartPolicy": "Never"},
    {"nodeSelector": {"disk": "ssd"}},
    {"terminationGracePeriodSeconds": 5},
    {"priority": 7},
    {"hostNetwork": True},
    {"schedulerName": "mine"},
    {"containers": []},
)
"""Changes of a Pod's spec, as merge patches, that VALIDATION-002 forbids."""
