"""IDENTITY: who a Pod is, where it stays, and what becomes of it when its node is lost."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from strategies.manifests import Manifest, container, pod, replica_set
from strategies.once import among
from strategies.pods import policies


def nodes(run: Session) -> list[str]:
    """The names of the nodes there are."""
    return [known.view["metadata"]["name"] for known in run.world.of_kind("Node")]


def node_of(run: Session, name: str) -> str:
    """The node of a Pod; empty while it has none."""
    found = run.view("Pod", name)
    return found.spec.node_name if found is not None else ""


@focus("IDENTITY-001")
def test_a_name_and_a_uid_are_those_of_one_pod(run: Session, draw: Draw) -> None:
    """A Pod is created twice, deleted, created while it is going, and once more when it is gone."""
    metadata = {"finalizers": ["example.com/hold"]} if draw(st.booleans()) else {}
    run.create(pod(metadata=metadata))
    run.create(pod(), dry_run=draw(st.booleans()))
    run.delete("Pod", "a", grace=draw(among(None, 0, 1, 60)))
    run.create(pod())
    run.advance(draw(among(1, 70)))
    if metadata:
        run.create(pod())
        run.patch("Pod", "a", {"metadata": {"finalizers": None}})
        run.advance(1)
    run.create(pod())
    run.advance(1)


@focus("IDENTITY-002")
def test_a_pod_is_bound_at_most_once(run: Session, draw: Draw) -> None:
    """A Pod that has a node, has none yet, or is going, is bound or patched to a node."""
    known = nodes(run)
    if not known:
        return
    nowhere: Manifest = {"nodeSelector": {"disk": "none"}} if draw(st.booleans()) else {}
    metadata = {"finalizers": ["example.com/hold"]}
    run.create(pod(metadata=metadata, **nowhere))
    if draw(st.booleans()):
        run.delete("Pod", "a")
    for _ in range(2):
        run.do("bind", namespace="default", pod="a", node=draw(st.sampled_from(known)))
    run.patch("Pod", "a", {"spec": {"nodeName": draw(st.sampled_from([*known, "elsewhere"]))}})
    run.advance(40)
    run.patch("Pod", "a", {"metadata": {"finalizers": None}})
    run.advance(1)


@focus("IDENTITY-003")
def test_a_bare_pod_that_is_gone_stays_gone(run: Session, draw: Draw) -> None:
    """A Pod is deleted, its node is lost, or there is no node for it; time goes by."""
    way = draw(among("delete", "force", "node", "unschedulable"))
    selector: Manifest = {"nodeSelector": {"disk": "none"}} if way == "unschedulable" else {}
    run.create(pod(policy=draw(policies), **selector))
    run.advance(1)
    if way == "node":
        stopped = node_of(run, "a")
        run.do("stop-node", node=stopped)
        run.advance(400)
        run.do("delete", kind="Node", namespace="", name=stopped)
        run.advance(100)
    elif way != "unschedulable":
        run.delete("Pod", "a", grace=0 if way == "force" else None)
    for _ in range(2):
        run.advance(draw(among(11, 60, 400)))


@focus("IDENTITY-004")
def test_a_lost_node_and_its_pods(run: Session, draw: Draw) -> None:
    """A node stops while Pods run on it; it comes back, stays away, or its Node is deleted."""
    seconds = draw(among(None, 0, 30, 300))
    least = [] if seconds is None else [{**UNREACHABLE, "tolerationSeconds": seconds}]
    tolerations: Manifest = {"tolerations": least} if least else {}
    run.create(pod(containers=[container("c")], **tolerations))
    run.create(pod("b", tolerations=[UNREACHABLE]))
    run.advance(draw(among(0, 3, 15)))
    stopped = node_of(run, draw(among(*"ab")))
    run.do("stop-node", node=stopped)
    run.advance(draw(among(39, 49, 60)))
    way = draw(among("away", "away", "deleted", "back"))
    if way == "back":
        run.do("start-node", node=stopped)
    run.advance(20)
    run.advance(draw(among(280, 320)))
    run.advance(60)
    if way == "deleted":
        run.do("delete", kind="Node", namespace="", name=stopped)
        run.advance(39)
        run.advance(100)


UNREACHABLE = {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute"}


@focus("IDENTITY-004")
def test_a_controller_replaces_what_is_lost(run: Session, draw: Draw) -> None:
    """The Pods of a ReplicaSet lose their node."""
    if not run.can("workloads"):
        return
    run.create(replica_set("r", draw(st.integers(1, 3))))
    run.advance(1)
    run.do("stop-node", node=draw(st.sampled_from(nodes(run))))
    for seconds in (60, 310, 60):
        run.advance(seconds)
