"""NETWORK: addresses, namespaces, ports, and the sandbox that holds them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from strategies.invalid import several_flawed
from strategies.manifests import Manifest, container, pod
from strategies.once import among
from strategies.pods import two_containers

NAMES = ("a", "b", "c")


def look(run: Session, of: str, *names: str) -> None:
    """Looks into containers, where one can."""
    if run.can("inspect"):
        for each in names:
            run.do("inspect", namespace="default", pod=of, container=each)


def listen(run: Session, of: str, name: str, port: int) -> None:
    """A container binds a port."""
    run.do("listen", namespace="default", pod=of, container=name, port=port)


def connect(run: Session, of: str, name: str, host: str, port: int) -> None:
    """A container looks who answers."""
    run.do("connect", namespace="default", pod=of, container=name, host=host, port=port)


def exits(run: Session, of: str, name: str, code: int) -> None:
    """A container exits, where one can make it."""
    if run.can("container-exit"):
        run.exit(of, name, code)


def lose_sandbox(run: Session, of: str = "a") -> None:
    """The pause container of a Pod dies, where one can make it."""
    if run.can("sandbox-loss"):
        run.do("lose-sandbox", namespace="default", pod=of)


# -- NETWORK-001 ----------------------------------------------------------------------------------


@focus("NETWORK-001")
def test_every_pod_has_an_address_of_its_own(run: Session, draw: Draw) -> None:
    """Several Pods come, go and come again, one of them perhaps in the network of its node."""
    for name in draw(st.permutations(NAMES)):
        more: Manifest = draw(st.sampled_from([{}, {}, {"hostNetwork": True}]))
        run.create(pod(name, two_containers(), **more))
        run.advance(2)
        look(run, name, "c", "d")
    run.delete("Pod", draw(among(*NAMES)), grace=1)
    lose_sandbox(run, draw(among(*NAMES)))
    run.advance(20)
    run.create(pod("e"))
    run.advance(5)


@focus("NETWORK-001")
def test_a_new_node_has_addresses_of_its_own(run: Session, draw: Draw) -> None:
    """A node goes, another comes; Pods are on both."""
    if not run.can("nodes"):
        return
    nodes = [known.view["metadata"]["name"] for known in run.world.of_kind("Node")]
    for index, name in enumerate(nodes):
        run.create(pod(NAMES[index % 3], nodeName=name))
    run.advance(5)
    gone = draw(st.sampled_from(nodes))
    run.delete("Node", gone)
    size = {"cpu": "4", "memory": "8Gi", "pods": "110"}
    metadata = {"name": "fresh", "labels": {"kubernetes.io/hostname": "fresh"}}
    status = {"capacity": size, "allocatable": size}
    run.create({"apiVersion": "v1", "kind": "Node", "metadata": metadata, "status": status})
    for name in ("x", "y"):
        run.create(pod(name, nodeName="fresh"))
    run.advance(5)


@focus("NETWORK-001")
def test_containers_of_a_pod_reach_each_other(run: Session, draw: Draw) -> None:
    """On localhost in the Pod, at its address from another, and not on the localhost of another."""
    for name in ("a", "b"):
        run.create(pod(name, two_containers()))
    run.advance(5)
    listen(run, "a", "c", 8080)
    address = run.view("Pod", "a").pod_ip if run.view("Pod", "a") else ""
    steps = [
        ("a", "d", "localhost"),
        ("b", "c", "127.0.0.1"),
        ("b", "d", address),
        ("a", "c", address),
    ]
    for of, name, host in draw(st.permutations(steps)):
        connect(run, of, name, host, draw(among(8080, 8080, 9090)))


# -- NETWORK-002 ----------------------------------------------------------------------------------

SHARING: tuple[Manifest, ...] = (
    {},
    {"shareProcessNamespace": True},
    {"hostPID": True},
    {"hostIPC": True, "hostNetwork": True},
    {"shareProcessNamespace": False},
)


@focus("NETWORK-002")
def test_namespaces_are_shared_as_asked(run: Session, draw: Draw) -> None:
    """Two Pods of two containers that share more or less; one container restarts."""
    for name in ("a", "b"):
        run.create(pod(name, two_containers(), **draw(st.sampled_from(SHARING))))
    run.advance(5)
    for name in draw(st.permutations(["a", "b"])):
        look(run, name, "c", "d")
    exits(run, "a", "c", 1)
    run.advance(15)
    look(run, "a", "d", "c")


@focus("NETWORK-002")
def test_sharing_with_the_node_and_the_pod_exclude_each_other(run: Session, draw: Draw) -> None:
    """Both, either, or neither."""
    for shared in draw(st.permutations([True, False, None]))[:2]:
        for host in (True, False):
            made = pod(shareProcessNamespace=shared, hostPID=host)
            run.create(made, dry_run=True)
            run.evaluate("pod.validate", {"pod": made})


# -- NETWORK-003 ----------------------------------------------------------------------------------


def port(number: int, **more: Any) -> Manifest:
    """A port of a container."""
    return {"containerPort": number, **more}


@focus("NETWORK-003")
def test_two_containers_may_declare_a_port(run: Session, draw: Draw) -> None:
    """The same number, the same name, or both, in two containers."""
    ports = draw(st.sampled_from([port(80), port(80, name="http"), port(80, protocol="UDP")]))
    made = pod(containers=[container(name, ports=[ports]) for name in "cd"])
    if run.profile != "documented":  # there the host would have to give it twice
        run.create(made, dry_run=True)
        run.evaluate("pod.validate", {"pod": made})
    run.create(pod("b", [container("c", ports=[port(80)]), container("d", ports=[port(81)])]))


@focus("NETWORK-003")
def test_only_one_can_bind_it(run: Session, draw: Draw) -> None:
    """Two containers bind the same port, or not; the one that fails is restarted, and fails again."""
    run.create(pod("a", two_containers(), policy=draw(among("Always", "OnFailure"))))
    run.create(pod("b"))
    run.advance(2)
    first, second = draw(st.permutations(["c", "d"]))
    listen(run, "a", first, 8080)
    listen(run, "b", "c", 8080)
    listen(run, "a", second, draw(among(8080, 8080, 9090)))
    run.advance(2)
    listen(run, "a", second, 8080)
    run.advance(12)
    exits(run, "a", first, 1)
    listen(run, "a", second, 8080)
    run.advance(30)


# -- NETWORK-004 ----------------------------------------------------------------------------------


@focus("NETWORK-004")
def test_what_the_port_of_the_host_defaults_to(run: Session, draw: Draw) -> None:
    """With a port of the host, without, and in its network."""
    for given in draw(st.permutations([port(80), port(80, hostPort=8080), port(80, hostPort=80)])):
        more: Manifest = draw(st.sampled_from([{}, {"hostNetwork": True}]))
        made = pod(containers=[container(ports=[given])], **more)
        run.create(made, dry_run=True)
        run.evaluate("pod.validate", {"pod": made})


@focus("NETWORK-004")
def test_ports_of_the_host_that_are_refused(run: Session, draw: Draw) -> None:
    """No ports, two of one number, or not that of the container; and lawful ones on two addresses."""
    for flaw in draw(several_flawed("NETWORK-004")):
        run.create(flaw.manifest, dry_run=True)
    apart = [port(80, hostPort=80, hostIP="10.0.0.1"), port(81, hostPort=80, hostIP="10.0.0.2")]
    mixed = [port(80, hostPort=80), port(80, hostPort=80, protocol="UDP")]
    run.create(
        pod(containers=[container(ports=draw(st.sampled_from([apart, mixed])))]), dry_run=True
    )


@focus("NETWORK-004")
def test_a_port_of_a_host_is_given_once(run: Session, draw: Draw) -> None:
    """More Pods than nodes want the same port, or one of its neighbours; one ends, or goes."""
    more: tuple[Manifest, ...] = ({}, {}, {"protocol": "UDP"}, {"hostIP": "10.0.0.1"})
    for name in ("a", "b", "c", "d"):
        wanted = port(80, hostPort=draw(among(8080, 8080, 8081)))
        ports = [{**wanted, **draw(st.sampled_from(more))}]
        run.create(pod(name, [container(ports=ports)], policy="Never"))
        run.advance(2)
    gone = draw(among("a", "b"))
    if draw(st.booleans()):
        exits(run, gone, "c", 0)
    else:
        run.delete("Pod", gone, grace=1)
    run.advance(20)


@focus("NETWORK-004")
def test_other_protocols_and_numbers_are_free(run: Session, draw: Draw) -> None:
    """Every node gives its port 8080 of TCP; somebody wants that of UDP, or another one."""
    nodes = [known.view["metadata"]["name"] for known in run.world.of_kind("Node")]
    for index, name in enumerate(nodes):
        taken = [port(80, hostPort=8080)]
        run.create(pod(f"on-{index}", [container(ports=taken)], nodeName=name))
    run.advance(2)
    others: tuple[Manifest, ...] = (
        {"protocol": "UDP"},
        {"hostPort": 8081},
        {"hostIP": "10.0.0.1"},
        {"hostIP": "10.0.0.1", "protocol": "UDP"},
    )
    for index, other in enumerate(draw(st.permutations(others))):
        wanted = [{**port(80 + index, hostPort=8080), **other}]
        run.create(pod(f"p{index}", [container(ports=wanted)]))
        run.advance(1)


# -- NETWORK-005 ----------------------------------------------------------------------------------


@focus("NETWORK-005")
def test_the_address_outlives_containers(run: Session, draw: Draw) -> None:
    """Containers exit, again and again."""
    run.create(pod("a", two_containers()))
    run.advance(5)
    for name in draw(st.lists(among(*"cd"), min_size=2, max_size=4)):
        exits(run, "a", name, draw(among(0, 1, 137)))
        run.advance(30)


@focus("NETWORK-005")
def test_everything_goes_with_the_sandbox(run: Session, draw: Draw) -> None:
    """The sandbox is lost: with init containers, more than once, after a restart."""
    init = [container("i")] if draw(st.booleans()) else []
    policy = draw(among("Always", "OnFailure", "Never"))
    run.create(pod("a", two_containers(), init=init, policy=policy))
    run.advance(5)
    for _ in range(draw(st.integers(1, 2))):
        if init:
            exits(run, "a", "i", 0)
            run.advance(20)
        if draw(st.booleans()):
            exits(run, "a", "c", 1)
            run.advance(draw(among(1, 30)))
        lose_sandbox(run)
        run.advance(draw(among(5, 40)))
    if init:
        exits(run, "a", "i", 0)
    run.advance(400)
