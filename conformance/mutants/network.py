"""NETWORK: kubelets that mix up addresses, namespaces and ports, and what holds them."""

from __future__ import annotations

from typing import Any, Final

from attrs import evolve

from conformance.adapters.simulator.kubelet.machine import places
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS, turned

KUBELET: Final = f"{SIMULATOR}.kubelet"
NETWORK: Final = f"{KUBELET}.network"
WORKER: Final = f"{KUBELET}.worker:PodWorker"
STATUS: Final = f"{KUBELET}.status:pod_status"


# NETWORK-001: addresses.


@mutant("NETWORK-001", f"{KUBELET}:Kubelet.new_ip")
def addresses_are_used_twice(_: Any) -> Any:
    """A node has one address for all its Pods."""
    return lambda kubelet: f"10.16.0.{kubelet.number}"


@mutant("NETWORK-001", f"{SIMULATOR}.engine:Engine.new_number")
def nodes_are_numbered_anew(_: Any) -> Any:
    """A new node gets the addresses of one that is still there."""
    return lambda engine: len(engine.kubelets) + 1


@mutant("NETWORK-001", STATUS)
def a_pod_on_the_host_has_its_own_address(original: Any) -> Any:
    """A Pod with hostNetwork reports the address of its sandbox."""

    def pod_status(view: Any) -> Any:
        spec = {**view.pod["spec"], "hostNetwork": False}
        return original(evolve(view, pod={**view.pod, "spec": spec}))

    return pod_status


@mutant("NETWORK-001", f"{NETWORK}:neighbours", profile="documented")
def containers_are_alone(_: Any) -> Any:
    """localhost is that of the container, not of the Pod."""
    return lambda _, place: iter([place[2]])


@mutant("NETWORK-001", f"{NETWORK}:namespaces")
def all_pods_of_a_node_share_its_network(original: Any) -> Any:
    """Every Pod is in the network of its node, whatever address it reports."""
    return lambda kubelet, place: {
        **original(kubelet, place),
        "network": f"node:{kubelet.name}",
    }


# NETWORK-002: namespaces.


@mutant("NETWORK-002", f"{NETWORK}:namespaces")
def ipc_is_of_the_container(original: Any) -> Any:
    """Every container has an IPC namespace of its own."""
    return lambda kubelet, place: {**original(kubelet, place), "ipc": place[2].id}


@mutant("NETWORK-002", f"{NETWORK}:pid_namespace", f"{NETWORK}:process_id")
def processes_are_always_shared(original: Any) -> Any:
    """All containers of a Pod are in one PID namespace, in which PID 1 is pause."""
    if original.__name__ == "process_id":
        return lambda _: 7
    return lambda _, pod, *__: pod


@mutant("NETWORK-002", f"{NETWORK}:pid_namespace")
def processes_are_never_shared(_: Any) -> Any:
    """shareProcessNamespace is overlooked."""
    return lambda *given: given[2].id


@mutant("NETWORK-002", f"{NETWORK}:process_id", profile="documented")
def the_app_is_never_the_first_process(_: Any) -> Any:
    """PID 1 is an init process in every container."""
    return lambda _: 2


@mutant("NETWORK-002", f"{SIMULATOR}.api.security:_validate_process_namespaces")
def both_may_be_asked_for(_: Any) -> Any:
    """shareProcessNamespace and hostPID may stand together."""
    return lambda *_: None


# NETWORK-003: ports.


@mutant("NETWORK-003", f"{NETWORK}:is_taken")
def a_port_is_bound_by_all(_: Any) -> Any:
    """Two containers of a Pod bind one port."""
    return lambda *_: False


@mutant("NETWORK-003", f"{NETWORK}:is_taken")
def a_port_is_bound_once_on_a_node(_: Any) -> Any:
    """A port that a container of another Pod listens on is taken, too."""
    return lambda kubelet, place, port: any(
        port in run.ports for _, _, run in places(kubelet) if run is not place[2]
    )


@mutant("NETWORK-003", f"{NETWORK}:BIND_FAILED", profile="documented")
def who_cannot_bind_exits_well(_: Any) -> Any:
    """A container that cannot have its port exits with 0."""
    return 0


@mutant("NETWORK-003", f"{SIMULATOR}.api.containers:_validate_ports")
def ports_are_unique_in_the_pod(original: Any) -> Any:
    """Two containers must not declare one port."""
    seen: dict[int, str] = {}

    def validate(ports: Any, path: str, problems: Any) -> None:
        original(ports, path, problems)
        group, _, _ = path.partition("[")
        if path.endswith("[0].ports"):
            seen.clear()
        for index, each in enumerate(ports):
            if each.get("containerPort") in seen and group == "spec.containers":
                problems.duplicate(f"{path}[{index}].containerPort", each["containerPort"])
            seen[each.get("containerPort")] = path

    return validate


# NETWORK-004: ports of the host.


@mutant("NETWORK-004", SETTINGS)
def the_host_gives_every_port(original: Any) -> Any:
    """hostPort defaults to containerPort, as the source document has it."""
    return turned(original, host_port_follows=True)


@mutant("NETWORK-004", SETTINGS, profile="documented")
def the_host_gives_no_port(original: Any) -> Any:
    """hostPort stays unset, as it does today."""
    return turned(original, host_port_follows=False)


@mutant("NETWORK-004", f"{SIMULATOR}.api.containers:_validate_host_ports")
def a_pod_may_want_a_port_twice(_: Any) -> Any:
    """Ports of the host are not compared in a Pod."""
    return lambda *_: None


@mutant("NETWORK-004", f"{SIMULATOR}.scheduler:Scheduler.port_conflict")
def the_scheduler_overlooks_ports(_: Any) -> Any:
    """Two Pods with one port of the host are put on one node."""
    return lambda *_: False


@mutant("NETWORK-004", f"{SIMULATOR}.predicates:ports_clash")
def protocols_are_not_compared(_: Any) -> Any:
    """A port of UDP is in the way of the same number of TCP."""
    return lambda wanted, used: bool({each[2] for each in wanted} & {each[2] for each in used})


@mutant("NETWORK-004", f"{SIMULATOR}.predicates:ports_clash")
def every_address_is_another(_: Any) -> Any:
    """A port on one address is not in the way of the same port on all of them."""
    return lambda wanted, used: bool(wanted & used)


# NETWORK-005: the sandbox.


@mutant("NETWORK-005", f"{WORKER}.launch")
def a_restart_brings_another_address(original: Any) -> Any:
    """A container that restarts gives the Pod a new address."""

    def launch(worker: Any, container: Any) -> None:
        again = container["name"] in worker.runtime.runs
        original(worker, container)
        if again:
            worker.runtime.sandbox.ip = worker.kubelet.new_ip()

    return launch


@mutant("NETWORK-005", f"{WORKER}.report")
def nobody_tells_of_the_sandbox(original: Any) -> Any:
    """There is no Event SandboxChanged."""

    def report(worker: Any, reason: str, *given: Any) -> None:
        if reason != "SandboxChanged":
            original(worker, reason, *given)

    return report


@mutant("NETWORK-005", f"{WORKER}.lose_sandbox")
def containers_outlive_the_sandbox(_: Any) -> Any:
    """What runs goes on in a new sandbox."""

    def lose_sandbox(worker: Any) -> None:
        worker.runtime.sandbox.ip = worker.kubelet.new_ip()
        worker.again()

    return lose_sandbox


@mutant("NETWORK-005", f"{WORKER}.lose_sandbox", profile="documented")
def the_sandbox_is_of_no_matter(_: Any) -> Any:
    """Nothing happens when pause dies."""
    return lambda worker: worker.again()


@mutant("NETWORK-005", STATUS)
def the_phase_is_that_of_pause(original: Any) -> Any:
    """A Pod without its sandbox is Failed."""

    def pod_status(view: Any) -> Any:
        status, decided = original(view)
        lost = view.runtime.sandbox is not None and not view.runtime.has_sandbox
        return ({**status, "phase": "Failed"}, "Failed") if lost else (status, decided)

    return pod_status
