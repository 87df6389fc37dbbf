"""QOS: API servers that put Pods into the wrong class, and kubelets that do not honour it."""

from __future__ import annotations

from typing import Any, Final

from conformance.adapters.simulator import resources
from conformance.adapters.simulator.kubelet import Kubelet, machine
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS, turned

RESOURCES: Final = f"{SIMULATOR}.resources"
CHANGES: Final = f"{SIMULATOR}.api.pod_changes"
KUBELET: Final = f"{SIMULATOR}.kubelet"


# QOS-001: the class.


@mutant("QOS-001", f"{RESOURCES}:_counted")
def cpu_alone_guarantees(original: Any) -> Any:
    """A Pod is Guaranteed when its CPU is, whatever it says of memory."""
    return lambda held: original({**held, "memory": 1} if held.get("cpu") else held)


@mutant("QOS-001", f"{RESOURCES}:_counted")
def zero_counts(_: Any) -> Any:
    """A request or limit of zero counts as one."""
    return lambda held: {name: held[name] for name in resources.QOS_RESOURCES if name in held}


@mutant("QOS-001", f"{RESOURCES}:_counted")
def storage_counts(original: Any) -> Any:
    """A Pod that asks for nothing but ephemeral storage is Burstable."""

    def counted(held: resources.Amounts) -> resources.Amounts:
        own: resources.Amounts = original(held)
        return own or {name: held[name] for name in held if name == "ephemeral-storage"}

    return counted


@mutant("QOS-001", f"{RESOURCES}:_qos_holders")
def init_containers_do_not_count(original: Any) -> Any:
    """What init containers and sidecars ask for does not count."""
    return lambda spec: original({**spec, "initContainers": ()})


@mutant("QOS-001", f"{RESOURCES}:_qos_holders")
def containers_without_resources_do_not_count(original: Any) -> Any:
    """A Pod is Guaranteed although one of its containers has no limits at all."""
    return lambda spec: [holder for holder in original(spec) if holder.get("resources")]


@mutant("QOS-001", f"{RESOURCES}:_qos_holders")
def the_pods_own_resources_do_not_count(original: Any) -> Any:
    """The class of a Pod with spec.resources is that of its containers."""
    return lambda spec: original({key: spec[key] for key in spec if key != "resources"})


# QOS-002: for life.


@mutant("QOS-002", f"{CHANGES}:validate_class_kept")
def a_resize_may_change_the_class(_: Any) -> Any:
    """An in-place resize that makes another class of the Pod is accepted."""
    return lambda *_: None


@mutant("QOS-002", f"{CHANGES}:validate_class_kept")
def best_effort_may_be_left(original: Any) -> Any:
    """A BestEffort Pod becomes Burstable by a resize that gives it requests."""
    return lambda after, before, problems: (
        None if before == resources.BEST_EFFORT else original(after, before, problems)
    )


@mutant("QOS-002", f"{SIMULATOR}.store:Store.resize", f"{CHANGES}:validate_class_kept")
def the_class_follows_a_resize(original: Any) -> Any:
    """status.qosClass is computed anew when a Pod is resized."""
    if original.__name__ != "resize":
        return lambda *_: None

    def resize(store: Any, manifest: Any) -> Any:
        pod = original(store, manifest)
        status = {**pod["status"], "qosClass": resources.qos_class(pod)}
        return store.update_status({**pod, "status": status})

    return resize


# QOS-003: what it is good for.


@mutant("QOS-003", SETTINGS)
def best_effort_has_no_adjustment(original: Any) -> Any:
    """BestEffort containers keep the oom_score_adj that every process has, 0."""
    return turned(original, oom_besteffort_adj=0)


@mutant("QOS-003", f"{KUBELET}.oom:score_adj")
def guaranteed_is_protected_by_its_request(original: Any) -> Any:
    """The oom_score_adj of Guaranteed containers follows their memory request, as for Burstable ones."""

    def score_adj(pod: Any, *given: Any) -> Any:
        status = pod.get("status") or {}
        if status.get("qosClass") == resources.GUARANTEED:
            status = {**status, "qosClass": resources.BURSTABLE}
        return original({**pod, "status": status}, *given)

    return score_adj


@mutant("QOS-003", f"{KUBELET}:Kubelet.burn")
def busy_nodes_kill_best_effort(original: Any) -> Any:
    """When its node runs out of CPU, a BestEffort container that wants some is killed."""

    def burn(kubelet: Kubelet, namespace: str, pod: str, container: str, milli: int) -> None:
        original(kubelet, namespace, pod, container, milli)
        worker, _, run = machine.place_of(kubelet, namespace, pod, container)
        wanted = sum(other.cpu_milli for _, _, other in machine.places(kubelet))
        quality = worker.pod["status"].get("qosClass")
        if quality == resources.BEST_EFFORT and wanted > machine.node_cpu(kubelet):
            worker.finish(run, 137)

    return burn
