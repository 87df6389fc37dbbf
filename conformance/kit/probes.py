"""One probe for every capability: the smallest thing that shows whether an engine really serves it.

A probe is a function of a fresh session. It returns what was seen, and raises ``MissingError`` where
what the capability promises does not happen. Nothing here judges a rule; the suite does that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from conformance.kit import storage
from conformance.kit.looking import (
    MissingError,
    ended,
    field,
    phase,
    running,
    served,
    some_node,
    state,
    until,
)
from conformance.session import Session
from spec_model.events import Manifest
from spec_model.quantity import nano_of, whole
from strategies.manifests import (
    autoscaler,
    container,
    node,
    pod,
    replica_set,
)
from strategies.rollouts import deployment, new_image, rolled

Probe: TypeAlias = Callable[[Session], str]

MEBI: Final = 1024 * 1024

IN_POD: Final = {"namespace": "default", "pod": "a"}
IN_CONTAINER: Final = {**IN_POD, "container": "c"}


def _kubelet(run: Session) -> str:
    return running(run)


def _scheduler(run: Session) -> str:
    some_node(run)
    served(run, "create", object=pod(policy="Never"))
    until(run, "Pod a got no spec.nodeName", lambda: run.need("Pod", "a").spec.node_name)
    return f"Pod a was bound to {run.need('Pod', 'a').spec.node_name}"


def _exit(run: Session) -> str:
    running(run)
    served(run, "exit", **IN_CONTAINER, exitCode=3)
    until(run, "the end of container c was not seen", lambda: ended(run))
    if ended(run).exit_code != 3:
        raise MissingError(f"container c ended with {ended(run).exit_code}, not with 3")
    return "container c ended with exit code 3"


def _status_write(run: Session) -> str:
    served(run, "create", object=pod(policy="Never"))
    served(run, "write-status", **IN_POD, status={"message": "checked"})
    return "the status of Pod a was written"


def _nodes(run: Session) -> str:
    served(run, "create", object=node("extra"))
    until(run, "Node extra was not seen", lambda: run.view("Node", "extra"))
    served(run, "delete", kind="Node", namespace="", name="extra")
    until(run, "Node extra was still seen", lambda: run.view("Node", "extra") is None)
    return "Node extra came and went"


def _memory(run: Session) -> str:
    running(run, containers=[container(limits={"memory": "64Mi"})])
    served(run, "allocate", **IN_CONTAINER, bytes=65 * MEBI)
    until(run, "a container over its memory limit was not seen to end", lambda: ended(run))
    return f"container c ended over its limit: {ended(run).reason}"


def _node_memory(run: Session) -> str:
    running(run)
    served(run, "allocate", **IN_CONTAINER, bytes=1 << 50)
    until(run, "no container ended for want of the node's memory", lambda: ended(run))
    return f"container c ended for want of memory: {ended(run).reason}"


def _cpu(run: Session) -> str:
    running(run)
    served(run, "burn", **IN_CONTAINER, milli=100)
    return "container c burns 100m"


def _inspect(run: Session) -> str:
    running(run)
    found = served(run, "inspect", **IN_CONTAINER)
    if not isinstance(found, Mapping) or not found:
        raise MissingError(
            f"inspect answered {found!r}, not an object with what the container sees"
        )
    return f"container c sees {', '.join(sorted(found))}"


def _images(run: Session) -> str:
    served(run, "set-image", image="gone:1", outcome="missing")
    served(run, "create", object=pod(containers=[container(image="gone:1")], policy="Never"))
    run.advance(30)
    if phase(run) != "Pending":
        raise MissingError(f"a Pod whose image is missing was {phase(run) or 'not seen'}")
    return "a Pod whose image is missing stays Pending"


def _sandbox(run: Session) -> str:
    running(run)
    served(run, "lose-sandbox", **IN_POD)
    return "Pod a lost its sandbox"


def _restart_kubelet(run: Session) -> str:
    name = some_node(run)
    served(run, "restart-kubelet", node=name)
    return f"the kubelet of {name} restarted"


def _configure(run: Session) -> str:
    name = some_node(run)
    configuration = {
        "crashLoopBackOff": {"maxContainerRestartPeriod": "10s"},
        "featureGates": {"KubeletCrashLoopBackOffMax": True},
    }
    served(run, "configure-kubelet", node=name, configuration=configuration)
    return f"the kubelet of {name} was configured"


def _node_fault(run: Session) -> str:
    name = some_node(run)
    served(run, "stop-node", node=name)
    run.advance(120)
    if _ready(run, name) == "True":
        raise MissingError(f"Node {name} was still Ready 120 s after it stopped")
    served(run, "start-node", node=name)
    until(run, f"Node {name} was not Ready again", lambda: _ready(run, name) == "True")
    return f"Node {name} stopped and came back"


def _ready(run: Session, name: str) -> str:
    conditions = field(run, "Node", name, "status", "conditions") or ()
    return next((each["status"] for each in conditions if each["type"] == "Ready"), "")


def _pods(run: Session) -> int:
    return len(run.world.of_kind("Pod"))


def _workloads(run: Session) -> str:
    served(run, "create", object=replica_set("web", 2))
    until(run, "a ReplicaSet of 2 did not make 2 Pods", lambda: _pods(run) == 2)
    return "a ReplicaSet of 2 made 2 Pods"


def _rollout(run: Session) -> str:
    served(run, "create", object=deployment("web", 1))
    until(run, "a Deployment made no Pod", lambda: _pods(run))
    served(run, "patch", **DEPLOYED, patch=new_image("app:2"))
    until(run, "a new template made no second ReplicaSet", lambda: _sets(run) == 2)
    served(run, "rollout-undo", namespace="default", name="web")
    until(run, "the first template was not restored", lambda: _image(run) == "app:1")
    return "a rollout was undone"


DEPLOYED: Final = {"kind": "Deployment", "namespace": "default", "name": "web"}


def _sets(run: Session) -> int:
    return len(run.world.of_kind("ReplicaSet"))


def _image(run: Session) -> Any:
    template = field(run, "Deployment", "web", "spec", "template", "spec") or {}
    return template["containers"][0]["image"]


def _rolling_update(run: Session) -> str:
    served(run, "create", object=rolled("old"))
    until(run, "a ReplicationController made no Pod", lambda: _pods(run))
    new = rolled("new", 1, "app:2", "2")
    served(run, "rolling-update", namespace="default", name="old", object=new)
    until(
        run,
        "a rolling update did not make the new ReplicationController",
        lambda: field(run, "ReplicationController", "new", "spec", "replicas") == 1,
    )
    return "a rolling update made a new ReplicationController grow"


def _of_template(kind: str, api: str, **spec: Any) -> Manifest:
    labels = {"app": "web"}
    template = {
        "metadata": {"labels": labels},
        "spec": pod(policy=spec.pop("policy", None))["spec"],
    }
    selector = {} if kind == "Job" else {"selector": {"matchLabels": labels}}
    metadata = {"name": "web", "namespace": "default"}
    inner = {"template": template, **selector, **spec}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": inner}


def _makes_pods(manifest: Manifest) -> Probe:
    def probe(run: Session) -> str:
        served(run, "create", object=manifest)
        until(run, f"a {manifest['kind']} made no Pod", lambda: _pods(run))
        return f"a {manifest['kind']} made {_pods(run)} Pod(s)"

    return probe


def _autoscaler(run: Session) -> str:
    served(run, "create", object=replica_set("web", 1, kind="Deployment"))
    served(run, "create", object=autoscaler("web", "web", minimum=2, maximum=3))
    until(
        run,
        "a Deployment of 1 was not scaled to the 2 that its autoscaler asks for",
        lambda: field(run, "Deployment", "web", "spec", "replicas") == 2,
    )
    return "a Deployment of 1 was scaled to the minimum of 2"


def _metrics(run: Session) -> str:
    running(run)
    served(run, "set-usage", **IN_POD, usage={"cpu": "100m"})
    served(run, "set-metrics", available=False)
    return "usage was set, and the metrics API taken away"


HELD: Final[Manifest] = {"finalizers": ["example.com/hold"]}
"""Keeps a Pod in sight when it has ended."""


def _stop_signals(run: Session) -> str:
    running(run, metadata=HELD)
    served(run, "set-stop", **IN_CONTAINER, seconds=0, exitCode=3)
    served(run, "delete", kind="Pod", namespace="default", name="a")
    until(
        run,
        "a container that exits with 3 on SIGTERM did not show it",
        lambda: (last := ended(run)) is not None and last.exit_code == 3,
    )
    return "a container exited with 3 on SIGTERM"


def _hooks(run: Session) -> str:
    hooked = container(lifecycle={"preStop": {"exec": {"command": ["true"]}}})
    running(run, containers=[hooked], metadata=HELD)
    served(run, "set-hook", **IN_CONTAINER, hook="preStop", seconds=8)
    served(run, "delete", kind="Pod", namespace="default", name="a")
    run.advance(4)
    if ended(run) is not None:
        raise MissingError("a container ended 4 s after its delete, while its hook takes 8 s")
    until(run, "the container did not end after its hook", lambda: ended(run) is not None)
    return "a container was stopped after its preStop hook"


def _static_pods(run: Session) -> str:
    node_name = some_node(run)
    manifest = pod("web")
    served(run, "write-manifest", node=node_name, file="web.yaml", manifest=manifest)
    name = f"web-{node_name.lower()}"
    until(run, f"no mirror Pod {name} was seen", lambda: run.view("Pod", name) is not None)
    return f"a file ran as Pod {name}"


def _probes(run: Session) -> str:
    asked = {"exec": {"command": ["true"]}, "periodSeconds": 1, "failureThreshold": 1}
    running(run, containers=[container(readinessProbe=asked)])
    until(run, "a container was not seen ready", lambda: (state(run) or None) and state(run).ready)
    served(run, "set-probe", **IN_CONTAINER, probe="readiness", answer=1)
    until(run, "a failed readiness probe changed nothing", lambda: not state(run).ready)
    return "a container became unready by its probe"


def _watch_stream(run: Session) -> str:
    served(run, "create", object=pod(containers=[container()]))
    found = served(run, "list", kind="Pod", namespace="default")
    if not isinstance(found, Mapping) or not found.get("items"):
        raise MissingError(
            f"list answered {found!r}, not an object with a resourceVersion and items"
        )
    seen = served(run, "watch", kind="Pod", namespace="default", resourceVersion="0")
    if not isinstance(seen, Mapping) or not seen.get("events"):
        raise MissingError(f"watch answered {seen!r}, not an object with events")
    return "a Pod was listed and watched"


def _networking(run: Session) -> str:
    running(run)
    if not run.view("Pod", "a").pod_ip:
        raise MissingError("a Pod that runs has no status.podIP")
    served(run, "listen", **IN_CONTAINER, port=80)
    return "a Pod has an address, and its container binds a port"


def _runtime_fault(run: Session) -> str:
    home = some_node(run)
    served(run, "set-runtime", node=home, part="runtime", works=False)
    until(run, f"node {home} stayed ready without a runtime", lambda: _ready(run, home) != "True")
    return "a node without a runtime is not ready"


def _eviction(run: Session) -> str:
    """A Pod that leaves its node 50 Mi is put out of it."""
    name = some_node(run)
    running(run, nodeName=name)
    capacity = field(run, "Node", name, "status", "capacity", "memory")
    size = whole(nano_of(capacity)) - 50 * MEBI
    served(run, "allocate", **IN_CONTAINER, bytes=size)
    evicted = "Pod a was not Evicted from a node with 50 Mi left"
    until(run, evicted, lambda: getattr(run.view("Pod", "a"), "reason", "") == "Evicted")
    return "a Pod was evicted from a node that was short of memory"


def _scheduler_fault(run: Session) -> str:
    served(run, "stop-scheduler")
    served(run, "create", object=pod())
    run.advance(15)
    if run.need("Pod", "a").spec.node_name:
        raise MissingError("Pod a was bound though the scheduler was stopped")
    served(run, "start-scheduler")
    bound = "Pod a was not bound when the scheduler was started again"
    until(run, bound, lambda: run.need("Pod", "a").spec.node_name)
    return "the scheduler stopped and came back"


def _controller_flags(run: Session) -> str:
    for name in ("a", "b"):
        served(run, "create", object=pod(name, schedulerName="nobody"))
    until(run, "two Pods are not shown", lambda: _pods(run) == 2)
    served(run, "configure-controllers", flags={"terminated-pod-gc-threshold": 1})
    if not (run.can("status-write") and run.profile == "v1.36"):
        return "the threshold of the Pod collector was set"
    for name in ("a", "b"):
        where = {"namespace": "default", "pod": name}
        served(run, "write-status", **where, status={"phase": "Failed"})
    until(run, "of two Pods that ended and one that is kept, both stayed", lambda: _pods(run) == 1)
    return "of two Pods that ended one was collected, for one is kept"


PROBES: Final[Mapping[str, Probe]] = {
    "kubelet": _kubelet,
    "scheduler": _scheduler,
    "container-exit": _exit,
    "status-write": _status_write,
    "nodes": _nodes,
    "memory": _memory,
    "node-memory": _node_memory,
    "cpu-load": _cpu,
    "inspect": _inspect,
    "images": _images,
    "hooks": _hooks,
    "stop-signals": _stop_signals,
    "static-pods": _static_pods,
    "probes": _probes,
    "watch-stream": _watch_stream,
    "networking": _networking,
    "file-write": storage.file_write,
    "host-paths": storage.host_paths,
    "runtime-fault": _runtime_fault,
    "controller-flags": _controller_flags,
    "sandbox-loss": _sandbox,
    "kubelet-restart": _restart_kubelet,
    "kubelet-config": _configure,
    "node-fault": _node_fault,
    "workloads": _workloads,
    "kubectl-rollout": _rollout,
    "kubectl-rolling-update": _rolling_update,
    "daemonsets": _makes_pods(_of_template("DaemonSet", "apps/v1")),
    "jobs": _makes_pods(_of_template("Job", "batch/v1", policy="Never")),
    "statefulsets": _makes_pods(_of_template("StatefulSet", "apps/v1", serviceName="web")),
    "autoscaler": _autoscaler,
    "metrics": _metrics,
    "volumes": storage.volumes,
    "provisioner": storage.provisioner,
    "reclaimer": storage.reclaimer,
    "eviction": _eviction,
    "scheduler-fault": _scheduler_fault,
}
"""By capability; ``api`` has steps of its own, and what no stimulus shows has none."""
