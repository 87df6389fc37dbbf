"""Addresses, namespaces and ports of Pods: NETWORK-001 to 004.

What ``inspect`` shows of namespaces are texts: equal texts, same namespace. Ports that containers bind are
known from the stimuli ``listen``; who can reach them, from ``connect``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from spec_model.events import Manifest
from spec_model.law import Verdict, expect, held, law, note
from spec_model.laws.looks import Look, look
from spec_model.laws.node_loss import stopped_nodes
from spec_model.objects import EMPTY, Pod
from spec_model.pod.network import clashes, host_ports
from spec_model.world import HELD, Breach, Done, Known, Outcome, Seen, SeenContainer, World

ADDRESS: Final = "NETWORK-001"
NAMESPACES: Final = "NETWORK-002"
PORTS: Final = "NETWORK-003"
HOST_PORTS: Final = "NETWORK-004"
TERMINAL: Final = ("Succeeded", "Failed")
LOCALHOST: Final = ("localhost", "127.0.0.1")


def on_host(pod: Pod) -> bool:
    """Whether a Pod lives in the network of its node."""
    return bool(pod.spec.manifest.get("hostNetwork"))


def is_live(pod: Pod) -> bool:
    """Whether a Pod still holds what it was given."""
    return pod.phase not in TERMINAL


# -- NETWORK-001: addresses -------------------------------------------------------------------------


@law(ADDRESS, on="Pod", when="addressed")
def addresses_are_unique(seen: Seen) -> Verdict:
    """No two live Pods of the Pod network have one address; on the host's, it is that of the host."""
    pod: Pod = seen.now
    before = "" if seen.before is None else seen.before.pod_ip
    if not pod.pod_ip or pod.pod_ip == before or not is_live(pod) or seen.type == "DELETED":
        return None
    if on_host(pod):
        host = (pod.manifest.get("status") or {}).get("hostIP", "")
        return expect(pod.pod_ip == host, f"podIP {host}, the node's", f"podIP {pod.pod_ip}")
    others = [each.view for each in seen.world.of_kind("Pod") if each.view.uid != pod.uid]
    same = [each for each in others if each.pod_ip == pod.pod_ip and _has_network(each, seen.world)]
    what = f"an address that no other live Pod has, not {pod.pod_ip}"
    return expect(not same, what, f"that of {', '.join(each.key[2] for each in same)}")


def _has_network(pod: Pod, world: World) -> bool:
    """Whether an address that a Pod shows is certainly still its own."""
    ready = pod.conditions.get("PodReadyToStartContainers", {}).get("status")
    gone = pod.spec.node_name in stopped_nodes(world) or ready == "False"
    return is_live(pod) and not on_host(pod) and not gone


def inside(done: Done) -> Look | None:
    """What was seen in a container; None where it is not known which run that was."""
    found = look(done)
    return found if found is not None and found.is_running else None


Looks: TypeAlias = Mapping[str, Mapping[str, tuple[str, Mapping[str, Any]]]]
"""By UID of a Pod and container, the run that was last looked into, and the namespaces that it showed."""


@note("namespaces", on="inspect")
def namespaces(before: Looks | None, done: Done) -> Looks:
    """The namespaces of the containers that were looked into, of Pods that are there."""
    known, found = before or {}, inside(done)
    spaces = None if found is None else found.shown.get("namespaces")
    if found is None or not isinstance(spaces, Mapping):
        return known
    if len(known) > 32:
        alive = done.world.uids_of("Pod")
        known = {uid: looks for uid, looks in known.items() if uid in alive}
    uid, seen = found.pod.uid, {found.container.name: (found.container_id, spaces)}
    return {**known, uid: {**known.get(uid, EMPTY), **seen}}


@law(ADDRESS, NAMESPACES, on="inspect")
def namespaces_are_shared_as_asked(done: Done) -> Verdict:
    """Network and IPC are one in the Pod, PIDs one for each container, unless it asks for more."""
    found = inside(done)
    spaces = None if found is None else found.shown.get("namespaces")
    if found is None:
        return None
    verdicts: list[Outcome] = [*_own_address(found, done.world), *_own_process(found)]
    if isinstance(spaces, Mapping):
        known: Looks = done.world.notes.get("namespaces") or {}
        seen = ((pod.view, known[pod.uid]) for pod in done.world.of_kind("Pod") if pod.uid in known)
        for pod, looks in seen:
            for name, (run, others) in looks.items():
                other = _still_runs(done.world, pod, name, run)
                is_itself = other is found.pod and name == found.container.name
                if other is not None and not is_itself:
                    verdicts.extend(_compared(found, spaces, other, name, others))
    return tuple(verdicts) or None


def _own_address(found: Look, world: World) -> Iterator[Outcome]:
    shown = found.shown.get("ip")
    if shown is not None and found.pod.pod_ip and _has_network(found.pod, world):
        what = f"the address of the Pod in it, {found.pod.pod_ip}"
        yield expect(shown == found.pod.pod_ip, what, str(shown), rule=ADDRESS)


def _own_process(found: Look) -> Iterator[Outcome]:
    """PID 1 is the app, where the PID namespace is its own; else it is pause, or the node's init."""
    process = found.shown.get("pid")
    if isinstance(process, int):
        spec = found.pod.spec.manifest
        alone = not (spec.get("shareProcessNamespace") or spec.get("hostPID"))
        what = "PID 1" if alone else "another PID than 1"
        yield expect((process == 1) is alone, what, f"PID {process}", rule=NAMESPACES)


def _pods(world: World) -> Mapping[str, Pod]:
    """The Pods that there are, by UID."""
    return {known.uid: known.view for known in world.of_kind("Pod")}


def _still_runs(world: World, pod: Pod | None, name: str, run: str) -> Pod | None:
    status = None if pod is None else pod.statuses.get(name)
    if pod is None or status is None or status.state != "running" or status.container_id != run:
        return None
    return pod if pod.spec.node_name not in stopped_nodes(world) else None


def _compared(
    found: Look, own: Mapping[str, Any], other: Pod, name: str, others: Mapping[str, Any]
) -> Iterator[Outcome]:
    for space in ("network", "ipc", "pid"):
        if space in own and space in others:
            wanted = shares(found.pod, other, space)
            same = own[space] == others[space]
            rule = ADDRESS if space == "network" and other.uid != found.pod.uid else NAMESPACES
            if same is wanted:
                yield held(rule)
                continue
            whose = f"the {space} namespace of {name} in {other.key[2]}"
            what = whose if wanted else f"another one than {whose}"
            yield Breach(what, whose if same else "another one", rule=rule)


HOST_FIELDS: Final = {"network": "hostNetwork", "ipc": "hostIPC", "pid": "hostPID"}


def shares(one: Pod, other: Pod, space: str) -> bool:
    """Whether containers of two Pods, or two containers of one, are in the same namespace."""
    field, spec = HOST_FIELDS[space], one.spec.manifest
    if one.uid == other.uid:
        return bool(space != "pid" or spec.get(field) or spec.get("shareProcessNamespace"))
    on_node = spec.get(field) and other.spec.manifest.get(field)
    return bool(on_node) and one.spec.node_name == other.spec.node_name


# -- NETWORK-003: ports -----------------------------------------------------------------------------

Bound: TypeAlias = Mapping[tuple[str, str], tuple[str, frozenset[int]]]
"""By UID of a Pod and container, a run and the ports that it has bound."""


@note("bound ports", on="listen")
def bound_ports(before: Bound | None, done: Done) -> Bound:
    """Ports that containers have bound."""
    known, found = before or {}, inside(done)
    if found is None or not found.shown.get("bound"):
        return known
    key, port = (found.pod.uid, found.container.name), done.arguments["port"]
    run, ports = known.get(key, ("", frozenset()))
    held = ports if run == found.container_id else frozenset()
    return {**dict([*known.items()][-63:]), key: (found.container_id, held | {port})}


def _binders(found: Look, world: World, port: int) -> list[tuple[Pod, str]]:
    """The containers in the same network that have certainly bound a port."""
    known: Bound = world.notes.get("bound ports") or {}
    binders = []
    pods = _pods(world)
    for (uid, name), (run, ports) in known.items():
        other = _still_runs(world, pods.get(uid), name, run) if port in ports else None
        if other is not None and shares(found.pod, other, "network"):
            binders.append((other, name))
    return binders


@law(PORTS, on="listen")
def a_port_is_bound_once(done: Done) -> Verdict:
    """Of containers in one network only the first has a port; the others fail."""
    found = inside(done)
    if found is None or "bound" not in found.shown:
        return None
    port = done.arguments["port"]
    others = [each for each in _binders(found, done.world, port) if not _is(each, found)]
    bound = bool(found.shown["bound"])
    if others:
        holder = f"{others[0][1]} in {others[0][0].key[2]}"
        return expect(not bound, f"no port {port}: {holder} has it", "bound")
    if on_host(found.pod) or done.world.setting.clock == "real":
        return None  # who else listens is not known
    return expect(bound, f"port {port} bound: nobody else has it", "not bound")


def _is(binder: tuple[Pod, str], found: Look) -> bool:
    return binder[0].uid == found.pod.uid and binder[1] == found.container.name


@note("failed binds", on="listen")
def failed_binds(before: Mapping[str, str] | None, done: Done) -> Mapping[str, str]:
    """The runs that could not bind a port, with its number as text, by container id."""
    found = inside(done)
    if found is None or found.shown.get("bound") is not False:
        return before or {}
    kept = dict([*(before or {}).items()][-63:])
    return {**kept, found.container_id: str(done.arguments["port"])}


@law(PORTS, on="app container", when="ended")
def who_cannot_bind_exits(seen: SeenContainer) -> Verdict:
    """A container that could not have its port ends badly, and backs off as after any failure."""
    failed: Mapping[str, str] = seen.pod.world.notes.get("failed binds") or {}
    ended = seen.now.terminated or seen.now.last
    if not failed or ended is None or ended.container_id not in failed:
        return None
    if seen.before is not None and ended in (seen.before.terminated, seen.before.last):
        return None
    port = failed[ended.container_id]
    what = f"an exit code other than 0: port {port} was taken"
    return expect(ended.exit_code != 0, what, f"exit code {ended.exit_code}")


# -- NETWORK-001: reaching each other ----------------------------------------------------------------


@law(ADDRESS, on="connect")
def containers_reach_each_other(done: Done) -> Verdict:
    """What listens in the Pod is reached on localhost, and at the address of the Pod by everybody."""
    found = inside(done)
    if found is None or "connected" not in found.shown:
        return None
    host, port = done.arguments["host"], done.arguments["port"]
    reached = bool(found.shown["connected"])
    if host in LOCALHOST:
        if _binders(found, done.world, port):
            return expect(reached, f"port {port} of its own Pod reached on {host}", "not reached")
        if on_host(found.pod) or done.world.setting.clock == "real":
            return None
        return expect(not reached, f"nobody at port {port}: it is another Pod's", "reached")
    known: Bound = done.world.notes.get("bound ports") or {}
    pods = _pods(done.world)
    for (uid, name), (run, ports) in known.items():
        other = _still_runs(done.world, pods.get(uid), name, run) if port in ports else None
        if other is not None and other.pod_ip == host and _has_network(other, done.world):
            what = f"port {port} of {other.key[2]} reached at {host}"
            return expect(reached, what, "not reached")
    return None


# -- NETWORK-004: ports of the host ------------------------------------------------------------------


@law(HOST_PORTS, on="Pod", when="bound")
def host_ports_are_unique_on_a_node(seen: Seen) -> Verdict:
    """The scheduler puts no two Pods that want the same port of the host on one node."""
    pod: Pod = seen.now
    if seen.before is None or seen.before.spec.node_name or not pod.spec.node_name:
        return None
    wanted = host_ports(pod.spec.manifest)
    by_hand = seen.world.notes.get("bound by hand") or ()
    if not wanted or pod.key in by_hand:
        return None
    there = [each for each in seen.world.of_kind("Pod") if _is_on(each, pod)]
    taken = [each for each in there if clashes(wanted, host_ports(each.view.spec.manifest))]
    what = f"another node than {pod.spec.node_name}, where a port of the host is taken"
    return expect(not taken, what, ", ".join(each.view.key[2] for each in taken))


def _is_on(known: Known, pod: Pod) -> bool:
    other: Pod = known.view
    same = other.spec.node_name == pod.spec.node_name and other.uid != pod.uid
    return same and is_live(other)


@law(HOST_PORTS, on="Pod", when="unplaced")
def a_free_port_is_no_hindrance(seen: Seen) -> Verdict:
    """What only asks for ports of the host that are free somewhere is not told otherwise."""
    condition: Manifest = seen.now.conditions.get("PodScheduled", {})
    message = condition.get("message", "")
    if condition.get("status") != "False" or "free ports" not in message:
        return None
    wanted = host_ports(seen.now.spec.manifest)
    if not wanted:
        return Breach("scheduled: it asks for no port of a host", message)
    live = [each.view for each in seen.world.of_kind("Pod") if is_live(each.view)]
    if any(clashes(wanted, host_ports(each.spec.manifest)) for each in live if each.spec.node_name):
        return HELD
    if seen.world.setting.clock == "real":
        return None
    return Breach("scheduled: its ports are free on every node", message)
