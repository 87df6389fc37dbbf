"""REASON: why containers wait, and how they ended."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from conformance.session import AbsentError
from strategies.manifests import Manifest, container, pod, sidecar
from strategies.once import among
from strategies.pods import exit_codes, policies, two_containers

FAILING = st.sampled_from(
    ["missing", "unavailable", "unsigned", "invalid", "unreadable", "uncreatable"]
)


def using(image: str, policy: str | None, **more: Manifest) -> Manifest:
    """A container of that image, pulled by that policy; None leaves it to the default."""
    return container("c", image, **({"imagePullPolicy": policy} if policy else {}), **more)


@focus("REASON-001")
def test_a_container_waits_for_a_known_reason(run: Session, draw: Draw) -> None:
    """An image cannot be had or used, and then it can; the container ends and waits for its restart."""
    run.do("set-image", image="gone:1", outcome=draw(FAILING))
    init = [container("i", "gone:1")] if draw(st.booleans()) else []
    run.create(pod(containers=[container("c", "gone:1")], init=init))
    run.advance(draw(among(1, 12)))
    run.do("set-image", image="gone:1", outcome="present")
    run.advance(40)
    for name in [*(each["name"] for each in init), "c", "c"]:
        run.exit("a", name, 0 if name == "i" else 1)
        run.advance(1)


def a_node(run: Session, draw: Draw) -> str:
    """The name of a node whose parts can be broken; a scenario without one ends."""
    nodes = [known.view["metadata"]["name"] for known in run.world.of_kind("Node")]
    if not nodes or not run.can("runtime-fault"):
        raise AbsentError("no node whose parts can be broken")
    return str(draw(st.sampled_from(nodes)))


@focus("REASON-002")
def test_a_node_is_not_ready(run: Session, draw: Draw) -> None:
    """The runtime or the network of a node breaks; one Pod is there, others come, and it is mended."""
    home, part = a_node(run, draw), draw(among("network", "runtime"))
    run.create(pod("there", nodeName=home))
    run.do("set-runtime", node=home, part=part, works=False)
    if draw(st.booleans()):
        run.exit("there", "c", 1)
    run.advance(10)
    run.create(pod(nodeName=home))
    run.create(pod("host", nodeName=home, hostNetwork=True))
    run.advance(10)
    if part == "runtime":
        run.advance(40)
    run.do("set-runtime", node=home, part=part, works=True)
    run.advance(10)


@focus("REASON-003")
def test_a_registry_cannot_be_reached(run: Session, draw: Draw) -> None:
    """Pods on several nodes want an image that no registry gives them."""
    run.do(
        "set-image",
        image="far:1",
        outcome=draw(among("unavailable", "unsigned", "unavailable")),
    )
    nodes = [known.view["metadata"]["name"] for known in run.world.of_kind("Node")]
    for name, home in zip("abc", draw(st.permutations(nodes)), strict=False):
        run.create(pod(name, [container("c", "far:1")], nodeName=home))
    run.advance(draw(among(1, 15)))


@focus("REASON-004")
def test_the_policy_decides_on_a_pull(run: Session, draw: Draw) -> None:
    """An image is there or not; a Pod wants it by any policy, twice."""
    policy = draw(among(None, "Never", "IfNotPresent", "Always"))
    image = draw(among("app:1", "app", "app:latest", "app@sha256:" + 64 * "a", "reg:5000/app"))
    run.do("set-image", image=image, outcome=draw(among("present", "pullable", "missing")))
    run.create(pod(containers=[using(image, policy)]))
    for _ in range(2):
        run.advance(draw(among(1, 25)))
        run.exit("a", "c", 1)
    run.advance(25)
    run.exit("a", "c", 0)
    run.advance(1)
    run.delete("Pod", "a")
    run.advance(40)


@focus("REASON-004")
def test_a_private_image(run: Session, draw: Draw) -> None:
    """One Pod has pulled it with its secrets; another one on that node has none, under any policy."""
    run.do("set-image", image="own:1", outcome="private")
    nodes = [known.view["metadata"]["name"] for known in run.world.of_kind("Node")]
    where: Manifest = {"nodeName": nodes[0]} if nodes else {}
    own = container("c", "own:1")
    if draw(st.booleans()):
        run.create(pod("owner", [own], imagePullSecrets=[{"name": "registry"}], **where))
        run.advance(1)
    policy = draw(among("IfNotPresent", "Never", "Always"))
    run.create(pod("other", [using("own:1", policy)], **where))
    run.advance(15)


@focus("REASON-005")
def test_a_pull_fails(run: Session, draw: Draw) -> None:
    """An image cannot be pulled, or not even named; later it may be had after all."""
    run.do("set-image", image="gone:1", outcome=draw(among("missing", "invalid")))
    run.create(pod(containers=[container("c", "gone:1")], policy=draw(policies)))
    for pause in draw(st.lists(among(1, 12, 30), min_size=1, max_size=4)):
        run.advance(pause)
    if draw(st.booleans()):
        run.do("set-image", image="gone:1", outcome="pullable")
        run.advance(60)
    run.delete("Pod", "a")
    run.advance(40)


@focus("REASON-006")
def test_a_container_waits_for_its_start(run: Session, draw: Draw) -> None:
    """Containers wait for their node's first word, for init containers, or for a sidecar."""
    init = draw(st.sampled_from([[], [container("i")], [sidecar(), container("i")]]))
    run.create(pod(containers=two_containers(), init=init, policy=draw(policies)))
    run.advance(1)
    run.exit("a", "i", draw(exit_codes))
    run.advance(draw(among(1, 15)))


@focus("REASON-007")
def test_a_container_ends(run: Session, draw: Draw) -> None:
    """By itself, by its memory, by its deletion, with its sandbox or with its node."""
    limited = container("c", limits={"memory": "64Mi"})
    run.create(pod(containers=[limited, container("d")], policy=draw(policies)))
    way = draw(among("exit", "memory", "delete", "sandbox", "node"))
    if way == "exit":
        run.exit("a", "c", draw(exit_codes))
        run.exit("a", "d", draw(exit_codes))
    elif way == "memory" and run.can("memory"):
        run.do("allocate", namespace="default", pod="a", container="c", bytes=65 * 1024 * 1024)
    elif way == "delete":
        run.delete("Pod", "a")
    elif way == "sandbox" and run.can("sandbox-loss"):
        run.do("lose-sandbox", namespace="default", pod="a")
    elif way == "node" and run.can("node-fault") and (node := run.need("Pod", "a").spec.node_name):
        run.do("stop-node", node=node)
        run.advance(20)
        run.do("start-node", node=node)
    run.advance(draw(among(1, 15)))


@focus("REASON-007")
def test_the_hook_after_the_start_fails(run: Session, draw: Draw) -> None:
    """At once or after a while; whether the container starts again is up to the restart policy."""
    if not run.can("hooks"):
        return
    hook = {"postStart": {"exec": {"command": ["false"]}}}
    seconds = draw(among(0, 3))
    where = {"namespace": "default", "pod": "a", "container": "c", "hook": "postStart"}
    run.do("set-hook", **where, seconds=seconds, fails=True)
    run.create(pod(containers=[container("c", lifecycle=hook)], policy=draw(policies)))
    for _ in range(draw(st.integers(1, 3))):
        run.advance(draw(among(1, 5, 20)))
    run.do("set-hook", **where, seconds=0, fails=False)
    run.advance(60)
    run.delete("Pod", "a")
    run.advance(40)


@focus("REASON-001")
def test_a_step_of_a_start_fails(run: Session, draw: Draw) -> None:
    """RunContainerError, PreCreateHookError, PreStartHookError; in the end the node is mended."""
    home, part = a_node(run, draw), draw(among("start", "pre-start", "pre-create"))
    run.do("set-image", image="app:1", outcome="present")
    run.do("set-runtime", node=home, part=part, works=False)
    run.create(pod(containers=two_containers(), policy=draw(policies), nodeName=home))
    run.advance(draw(among(1, 12, 25)))
    run.do("set-runtime", node=home, part=part, works=True)
    run.advance(60)


# The source document's list, one by one, each where it can occur.


@focus("REASON-001")
def test_the_list_of_the_source_document(run: Session, draw: Draw) -> None:
    """CrashLoopBackOff, InvalidImageName, ImageInspectError, ErrImageNeverPull and the others."""
    draw(st.just(None))
    outcomes = {
        "invalid": "IfNotPresent", "unreadable": "IfNotPresent", "missing": "Never",
        "unavailable": "IfNotPresent", "uncreatable": "Always",
    }  # fmt: skip
    for outcome, policy in outcomes.items():
        run.do("set-image", image=f"{outcome}:1", outcome=outcome)
        run.create(pod(outcome, [using(f"{outcome}:1", policy)]))
    run.create(pod("crashes", init=[container("i")]))
    run.exit("crashes", "i", 0)
    for _ in range(2):
        run.exit("crashes", "c", 1)
    if run.can("hooks"):
        where = {"namespace": "default", "pod": "hooked", "container": "c", "hook": "postStart"}
        run.do("set-hook", **where, seconds=0, fails=True)
        hook = {"postStart": {"exec": {"command": ["false"]}}}
        run.create(pod("hooked", [container("c", lifecycle=hook)]))
    if run.can("runtime-fault"):
        home = a_node(run, draw)
        for part in ("pre-create", "pre-start", "start", "network", "runtime"):
            run.do("set-runtime", node=home, part=part, works=False)
            run.create(pod(part, nodeName=home))
            run.advance(1)
            run.do("set-runtime", node=home, part=part, works=True)
    run.advance(12)
