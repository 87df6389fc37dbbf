"""GC: how long Pods stay, what is collected, and what becomes of those whose node is lost."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from strategies.manifests import Manifest, container, node, pod, replica_set
from strategies.once import among

HELD: Manifest = {"finalizers": ["example.com/hold"]}
LOST = ("node.kubernetes.io/unreachable", "node.kubernetes.io/not-ready")


def nodes(run: Session) -> list[str]:
    """The names of the nodes there are."""
    return [known.view["metadata"]["name"] for known in run.world.of_kind("Node")]


def node_of(run: Session, name: str) -> str:
    """The node of a Pod."""
    found: str = run.need("Pod", name).spec.node_name
    return found


def ends(run: Session, name: str, phase: str, reason: str = "") -> None:
    """A Pod has ended, as if its kubelet said so."""
    run.do("write-status", namespace="default", pod=name, status={"phase": phase, "reason": reason})


def keep(run: Session, threshold: int) -> None:
    """So many Pods that have ended are kept from now on, where that can be chosen."""
    if run.can("controller-flags"):
        run.do("configure-controllers", flags={"terminated-pod-gc-threshold": threshold})


def tolerating(seconds: int | None, key: str = LOST[0], **more: str) -> Manifest:
    """Tolerations of a taint for some time, or for ever."""
    limit: Manifest = {} if seconds is None else {"tolerationSeconds": seconds}
    return {"tolerations": [{"key": key, "operator": "Exists", **limit, **more}]}


# -- Pods that have ended ----------------------------------------------------------------------------


@focus("GC-001")
def test_who_has_ended_stays(run: Session, draw: Draw) -> None:
    """The containers of a Pod exit for good, and time goes by until it is deleted."""
    run.create(pod(policy=draw(among("Never", "OnFailure"))))
    run.exit("a", "c", 0)
    run.create(pod("b"))
    for _ in range(2):
        run.advance(draw(among(61, 400, 4000)))
    run.delete("Pod", draw(among(*"ab")))
    run.advance(40)


@focus("GC-001")
def test_who_is_too_old_stays(run: Session, draw: Draw) -> None:
    """A Pod runs for long, and its node is lost for a while that it tolerates."""
    run.create(pod(**tolerating(None)))
    run.create(pod("b", policy="Never"))
    run.exit("b", "c", 1)
    run.advance(draw(among(1000, 5000)))
    if run.can("node-fault"):
        run.do("stop-node", node=node_of(run, "a"))
        run.advance(400)


@focus("GC-002")
def test_those_beyond_the_threshold_are_collected(run: Session, draw: Draw) -> None:
    """More Pods end than are kept; the threshold is lowered, or switched off."""
    names = [f"p{index}" for index in range(draw(st.integers(2, 5)))]
    if run.profile == "v1.36":
        keep(run, draw(among(2, 1, 0, -1)))
    elif run.can("controller-flags"):
        flags = {"terminated-pod-gc-seconds": draw(among(60, 300))}
        run.do("configure-controllers", flags=flags)
    for name in names:
        run.create(pod(name, schedulerName="nobody"))
        ends(run, name, draw(among("Failed", "Succeeded")))
        run.advance(draw(among(0, 7)))
    run.advance(draw(among(100, 400)))
    if run.profile == "v1.36":
        keep(run, draw(among(1, 2)))
    run.advance(400)


@focus("GC-003")
def test_who_is_collected_first(run: Session, draw: Draw) -> None:
    """Some were evicted, some are older, some have only another name."""
    keep(run, 3)
    for name in draw(st.permutations("abcd")):
        run.create(pod(name, schedulerName="nobody"))
        run.advance(draw(among(0, 0, 3)))
    ended = draw(st.permutations("abcd"))
    for name in ended[:3]:
        ends(run, name, "Failed", draw(among("Evicted", "", "Error")))
    run.advance(30)
    keep(run, draw(among(1, 2)))
    ends(run, ended[3], draw(among("Failed", "Succeeded")), "Evicted")
    run.advance(60)


@focus("GC-007")
def test_who_never_had_a_node_goes_without_one(run: Session, draw: Draw) -> None:
    """A Pod that fits nowhere is deleted, maybe while somebody holds it."""
    metadata = HELD if draw(st.booleans()) else {}
    run.create(pod(nodeSelector={"disk": "none"}, metadata=metadata))
    run.delete("Pod", "a", grace=draw(among(None, 30)))
    run.advance(draw(among(1, 40)))
    if metadata:
        run.patch("Pod", "a", {"metadata": {"finalizers": None}})
    run.advance(60)


# -- Lost nodes --------------------------------------------------------------------------------------


@focus("GC-004")
def test_a_silent_node_is_noticed(run: Session, draw: Draw) -> None:
    """A node stops; it may come back in time."""
    run.create(pod())
    run.advance(draw(among(0, 3, 17)))
    stopped = node_of(run, "a")
    run.do("stop-node", node=stopped)
    run.advance(draw(among(25, 60, 60)))
    if draw(st.booleans()):
        run.do("start-node", node=stopped)
    run.advance(60)


@focus("GC-005")
def test_pods_leave_a_lost_node(run: Session, draw: Draw) -> None:
    """Pods with and without tolerations on a node that stops, and may come back in time."""
    wait = draw(among(0, 30, 60, None))
    run.create(pod("a", [container()]))
    run.create(pod("b", **tolerating(wait, effect="NoExecute")))
    stopped = node_of(run, draw(among(*"ab")))
    run.do("stop-node", node=stopped)
    run.advance(draw(among(70, 120, 200)))
    if draw(among(True, False, False)):
        run.do("start-node", node=stopped)
    run.advance(320)


@focus("GC-005")
def test_pods_leave_a_tainted_node(run: Session, draw: Draw) -> None:
    """A node is tainted by hand, and later no longer is."""
    if run.profile != "v1.36":
        return
    run.create(pod("a"))
    run.create(pod("b", **tolerating(draw(among(20, 60, -1)), "broken")))
    run.create(pod("c", **tolerating(None, "broken")))
    run.advance(5)
    taints = [{"key": "broken", "effect": "NoExecute"}]
    for name in nodes(run):
        run.patch("Node", name, {"spec": {"taints": taints}})
    run.advance(draw(among(10, 40)))
    for name in nodes(run):
        run.patch("Node", name, {"spec": {"taints": None}})
    run.advance(90)


@focus("GC-006")
def test_the_phase_of_a_lost_pod(run: Session, draw: Draw) -> None:
    """A Pod is given up while its node is lost; the Node is deleted, or declared out of service."""
    run.create(pod(**tolerating(draw(among(0, 30)), effect="NoExecute")))
    run.create(pod("b", **tolerating(None)))
    run.advance(3)
    stopped = node_of(run, "a")
    run.do("stop-node", node=stopped)
    run.advance(200)
    way = draw(among("deleted", "out of service", "lost"))
    if way == "deleted":
        run.do("delete", kind="Node", namespace="", name=stopped)
    elif way == "out of service" and run.profile == "v1.36":
        known = (run.need("Node", stopped).get("spec") or {}).get("taints") or []
        taint = {"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"}
        run.patch("Node", stopped, {"spec": {"taints": [*known, taint]}})
    run.advance(39)
    run.advance(300)


@focus("GC-008")
def test_many_lost_nodes_are_not_given_up(run: Session, draw: Draw) -> None:
    """Of three to five nodes one after another, some at once, or all are lost."""
    for index in range(draw(st.integers(1, 3))):
        run.create(node(f"extra{index}"))
    run.create(replica_set("r", 3))
    run.advance(12)
    there = nodes(run)
    count = draw(among(2, 3, 3, 4, 5))
    for name in there[:count]:
        run.do("stop-node", node=name)
        run.advance(draw(among(0, 0, 20)))
    run.advance(100)
    for name in there[count:]:
        run.do("stop-node", node=name)
    run.advance(120)
