"""The laws of addresses, namespaces, ports and sandboxes, on traces made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Accepted, Act, Observation
from strategies.manifests import container
from tests.laws.nodes import inside, runs
from tests.laws.traces import done, judged, pod, seen, status, terminated, waiting


def live(
    name: str = "a", ip: str = "10.1.0.1", at: float = 0, number: int = 0, **more: Any
) -> Observation:
    """A Pod of two running containers."""
    spec = {"containers": [container("c"), container("d")], **more.pop("spec", {})}
    shown = [runs(each, name, number, **more.pop("status", {})) for each in "cd"]
    told = {"podIP": ip, "hostIP": "192.168.0.1", **more}
    manifest = pod("Running", shown, name=name, uid=f"uid-{name}", spec=spec, more=told)
    return seen(at, manifest, "ADDED" if number == 0 else "MODIFIED")


# -- NETWORK-001 -----------------------------------------------------------------------------------


def test_live_pods_have_addresses_of_their_own() -> None:
    assert judged(live(), live("b", "10.1.0.2")).held("NETWORK-001")
    assert judged(live(), live("b")).broken == {"NETWORK-001"}


def test_an_address_may_be_used_again() -> None:
    over = pod(
        "Succeeded", [status("c", terminated(0))], more={"podIP": "10.1.0.1"}, policy="Never"
    )
    assert "NETWORK-001" not in judged(seen(0, over, "ADDED"), live("b")).broken
    lost = {"conditions": [{"type": "PodReadyToStartContainers", "status": "False"}]}
    assert "NETWORK-001" not in judged(live(**lost), live("b")).broken


def test_a_pod_on_the_host_has_the_address_of_the_host() -> None:
    on_host = {"hostNetwork": True}
    assert judged(live(ip="192.168.0.1", spec=on_host)).held("NETWORK-001")
    assert judged(live(spec=on_host)).broken == {"NETWORK-001"}


def spaces(name: str = "a", of: str = "c", pid: int = 1, **names: str) -> Act:
    own = {"network": name, "ipc": name, "pid": f"{name}-{of}", **names}
    return inside({"namespaces": own, "pid": pid, "ip": f"10.1.0.{'_ab'.index(name)}"}, name, of)


PODS = live(), live("b", "10.1.0.2")


def test_namespaces_are_those_of_the_pod() -> None:
    trace = judged(*PODS, spaces(), spaces(of="d"), spaces("b"))
    assert trace.held("NETWORK-001")
    assert trace.held("NETWORK-002")
    assert judged(*PODS, spaces(), spaces(of="d", network="x")).broken == {"NETWORK-002"}
    assert judged(*PODS, spaces(), spaces(of="d", ipc="x")).broken == {"NETWORK-002"}
    assert judged(*PODS, spaces(), spaces(of="d", pid="a-c")).exercised.count("NETWORK-002")
    assert "NETWORK-001" in judged(*PODS, spaces(), spaces("b", network="a")).broken


def test_processes_are_alone_unless_asked() -> None:
    assert judged(*PODS, spaces(pid=2)).broken == {"NETWORK-002"}
    shared = live(spec={"shareProcessNamespace": True})
    one = {"pid": 7}
    both = spaces(**one), inside({"namespaces": {"pid": "a-c"}, "pid": 8}, "a", "d")
    assert judged(shared, *both).held("NETWORK-002")
    assert judged(shared, spaces(pid=1)).broken == {"NETWORK-002"}
    apart = inside({"namespaces": {"pid": "a-d"}, "pid": 8}, "a", "d")
    assert judged(shared, spaces(**one), apart).broken == {"NETWORK-002"}


# -- ports -----------------------------------------------------------------------------------------


def listens(bound: bool, of: str = "c", name: str = "a", port: int = 80) -> Act:
    where = {"namespace": "default", "pod": name, "container": of}
    return done(4, "listen", Accepted({"bound": bound}), **where, port=port)


def connects(reached: bool, of: str = "d", name: str = "a", host: str = "localhost") -> Act:
    where = {"namespace": "default", "pod": name, "container": of}
    return done(5, "connect", Accepted({"connected": reached}), **where, host=host, port=80)


def test_a_port_is_bound_once_in_a_pod() -> None:
    assert judged(*PODS, listens(True), listens(False, "d")).held("NETWORK-003")
    assert judged(*PODS, listens(True), listens(True, "d")).broken == {"NETWORK-003"}
    assert judged(*PODS, listens(True), listens(True, "c", "b")).held("NETWORK-003")
    assert judged(*PODS, listens(True), listens(False, "c", "b")).broken == {"NETWORK-003"}
    assert judged(*PODS, listens(True), listens(True, "d", port=81)).held("NETWORK-003")


def test_who_else_listens_is_not_known_of_a_real_node() -> None:
    assert not judged(*PODS, listens(False), clock="real").findings


@pytest.mark.parametrize(("code", "broken"), [(1, set()), (0, {"NETWORK-003"})])
def test_who_cannot_bind_fails(code: int, broken: set[str]) -> None:
    state = terminated(code, finished=4)
    state["terminated"]["containerID"] = "cri://a-d-0"
    shown = [runs("c", "a"), status("d", state, containerID="cri://a-d-0")]
    spec = {"containers": [container("c"), container("d")]}
    before = live(), listens(True), listens(False, "d")
    ended = seen(4, pod("Running", shown, spec=spec, more={"podIP": "10.1.0.1"}))
    trace = judged(*before, ended)
    assert trace.broken & {"NETWORK-003"} == broken


def test_containers_reach_what_listens_in_their_pod() -> None:
    assert judged(*PODS, listens(True), connects(True)).held("NETWORK-001")
    assert judged(*PODS, listens(True), connects(False)).broken == {"NETWORK-001"}
    assert judged(*PODS, listens(True), connects(True, "c", "b")).broken == {"NETWORK-001"}
    assert judged(*PODS, listens(True), connects(True, "c", "b", "10.1.0.1")).held("NETWORK-001")
    assert judged(*PODS, listens(True), connects(False, "c", "b", "10.1.0.1")).broken == {
        "NETWORK-001"
    }


# -- NETWORK-004 -----------------------------------------------------------------------------------


def wants(
    name: str, node: str = "", number: int = 80, message: str = "", **more: Any
) -> Observation:
    ports = [{"containerPort": 80, "hostPort": number, "protocol": "TCP", **more}]
    spec = {"containers": [container(ports=ports)], "nodeName": node}
    told = {"status": "True"} if node else {"status": "False", "message": message}
    conditions = [{"type": "PodScheduled", **told}]
    manifest = pod("Pending", [], name=name, uid=f"uid-{name}", spec=spec)
    manifest["status"]["conditions"] = conditions
    return seen(0, manifest, "MODIFIED" if node else "ADDED")


FIRST = wants("a"), wants("a", "node-1")


def test_a_port_of_the_host_is_given_once() -> None:
    assert judged(*FIRST, wants("b"), wants("b", "node-2")).held("NETWORK-004")
    assert "NETWORK-004" in judged(*FIRST, wants("b"), wants("b", "node-1")).broken


@pytest.mark.parametrize("more", [{"number": 81}, {"protocol": "UDP"}])
def test_another_port_is_not_in_the_way(more: dict[str, Any]) -> None:
    assert judged(*FIRST, wants("b", **more), wants("b", "node-1", **more)).held("NETWORK-004")


def test_one_that_is_bound_by_hand_is_nobodys_fault() -> None:
    bind = done(0, "bind", namespace="default", pod="b", node="node-1")
    assert "NETWORK-004" not in judged(*FIRST, wants("b"), bind, wants("b", "node-1")).broken


def test_who_waits_for_a_port_has_a_reason() -> None:
    message = (
        "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports."
    )
    assert judged(*FIRST, wants("b", message=message)).held("NETWORK-004")
    assert "NETWORK-004" in judged(wants("b", message=message)).broken


# -- NETWORK-005 -----------------------------------------------------------------------------------

LOST = done(5, "lose-sandbox", namespace="default", pod="a")


def changed(at: float) -> Observation:
    about = {"kind": "Pod", "namespace": "default", "name": "a", "uid": "uid-a"}
    metadata = {"name": f"a.{at}", "namespace": "default", "uid": f"event-{at}"}
    event = {"kind": "Event", "metadata": metadata, "involvedObject": about}
    return seen(at, {**event, "reason": "SandboxChanged"}, "ADDED")


def other(at: float) -> Observation:
    found = changed(at)
    return Observation(at, "ADDED", {**found.object, "reason": "Started"})


def test_another_address_means_another_sandbox() -> None:
    assert "NETWORK-005" in judged(live(), live(ip="10.1.0.9", at=1, number=0)).broken
    gone = judged(live(), live(ip="10.1.0.9", at=60, number=1))
    assert "NETWORK-005" not in gone.broken
    assert judged(live(), live(at=60, number=1)).held("NETWORK-005")


def test_everything_goes_with_the_sandbox() -> None:
    first = live()
    again = live(ip="10.1.0.9", at=20, number=1)
    assert "NETWORK-005" not in judged(first, other(1), LOST, changed(6), again).broken
    assert "NETWORK-005" in judged(first, other(1), LOST, changed(6), until=600).broken
    assert "NETWORK-005" in judged(first, other(1), LOST, again).broken
    assert "NETWORK-005" not in judged(first, LOST, again).broken  # nobody watches Events
    waiting_for_init = pod(
        "Pending", [runs("i", "a", 1), status("c", terminated(137)), status("d", terminated(137))]
    )
    assert "NETWORK-005" in judged(first, other(1), LOST, seen(6, waiting_for_init)).broken
    silent = judged(first, other(1), LOST, again, profile="documented")
    assert "NETWORK-005" not in silent.broken


@pytest.mark.parametrize(("phase", "breaks"), [("Running", False), ("Failed", True)])
def test_the_phase_is_not_that_of_pause(phase: str, breaks: bool) -> None:
    def with_sandbox(there: str, phase: str = "Running") -> Observation:
        conditions = [{"type": "PodReadyToStartContainers", "status": there}]
        shown = [status("c", waiting("x"), last=terminated(137))]
        more = {"podIP": "10.1.0.1", "conditions": conditions}
        return seen(0, pod(phase, shown, more=more), "ADDED")

    trace = judged(with_sandbox("True"), with_sandbox("False", phase))
    assert ("NETWORK-005" in trace.broken) is breaks
