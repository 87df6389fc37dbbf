"""SCHED: to which node a Pod is bound, what it takes there, and what happens where it fits nowhere."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from strategies.init import requesting_pods
from strategies.manifests import Manifest, container, node, pod, replica_set, sidecar
from strategies.once import among
from strategies.scheduling import LABELS, crowds, labels, selections, sized

SMALL = {"cpu": "2", "memory": "2Gi", "pods": "5"}


def machines(run: Session, *labelled: dict[str, str], **size: str) -> None:
    """Nodes of one size, named n0 and so on, each with its labels."""
    for index, own in enumerate(labelled):
        run.create(node(f"n{index}", **{**SMALL, **size}, **own))
    run.advance(1)


def cordon(run: Session, name: str, closed: bool = True) -> None:
    """A node takes no more Pods, or takes them again."""
    run.patch("Node", name, {"spec": {"unschedulable": closed or None}})


def only_small_nodes(run: Session) -> None:
    """The nodes that were there before are closed, so that all is known of those that are left."""
    for known in run.world.of_kind("Node"):
        cordon(run, known.view["metadata"]["name"])


# -- SCHED-001 and 003 -----------------------------------------------------------------------------


@focus("SCHED-001")
def test_a_selector_is_matched_key_by_key(run: Session, draw: Draw) -> None:
    """One label or two, an empty value, a value that no node has; and no selector at all."""
    wanted = draw(
        st.sampled_from(
            [{"disk": "ssd"}, {"disk": "ssd", "gen": "5"}, {"empty": ""}, {"gen": "10"}]
        )
    )
    arguments = draw(selections())
    asked: Manifest = {"spec": {"nodeSelector": wanted}}
    run.evaluate("node_selector.matches", {"pod": asked, "node": arguments["node"]})
    machines(run, *draw(st.permutations(LABELS[1:4])))
    run.create(pod("a", nodeSelector=wanted))
    run.create(pod("b", nodeSelector={}))
    run.advance(20)


@focus("SCHED-001", "SCHED-002", "SCHED-003")
def test_roles_of_nodes(run: Session, draw: Draw) -> None:  # noqa: ARG001 - nothing is drawn
    """The source's own: role=frontend, backend and database; who asks for another role waits for it."""
    machines(run, {"role": "frontend"}, {"role": "frontend"}, {"role": "backend"})
    run.create(pod("web", nodeSelector={"role": "frontend"}))
    run.create(pod("api", nodeSelector={"role": "backend"}))
    run.create(pod("db", nodeSelector={"role": "database"}))
    run.advance(20)
    run.patch("Node", "n2", {"metadata": {"labels": {"role": "database"}}})
    run.advance(20)


@focus("SCHED-003")
def test_of_several_nodes_one_is_taken(run: Session, draw: Draw) -> None:
    """Some nodes are closed, some are tainted; a Pod may tolerate that."""
    machines(run, *[{}] * 3)
    shut = draw(among("n0", "n1", "n2"))
    cordon(run, shut)
    taint = {
        "key": "only",
        "value": "db",
        "effect": draw(among("NoSchedule", "NoExecute")),
    }
    tainted = draw(among("n0", "n1", "n2"))
    run.patch("Node", tainted, {"spec": {"taints": [taint]}})
    tolerations = draw(
        st.sampled_from(
            [
                [],
                [{"key": "only", "operator": "Exists"}],
                [{"key": "only", "value": "db", "effect": "NoSchedule"}],
                [{"key": "only", "value": "web"}],
            ]
        )
    )
    for name in ("a", "b", "c", "d"):
        run.create(pod(name, tolerations=tolerations))
    run.advance(20)


@focus("SCHED-003")
def test_where_one_node_is_left_it_is_taken(run: Session, draw: Draw) -> None:
    """All nodes are tainted or closed but one."""
    only_small_nodes(run)
    machines(run, *[{}] * 2)
    taint = {"key": "only", "effect": "NoSchedule"}
    run.patch("Node", "n0", {"spec": {"taints": [taint]}})
    for name in draw(among("a", "abc")):
        run.create(pod(name))
    run.advance(20)


# -- SCHED-002 ---------------------------------------------------------------------------------------


@focus("SCHED-002")
def test_who_fits_nowhere_waits_until_it_fits(run: Session, draw: Draw) -> None:
    """A label that no node has; a node gets it, or one comes that has it, or is opened."""
    run.create(sized("a", "1", nodeSelector={"disk": "ssd"}))
    run.advance(draw(among(5, 30)))
    match draw(among("label", "node", "open", "never")):
        case "label":
            machines(run, {})
            run.advance(5)
            run.patch("Node", "n0", {"metadata": {"labels": {"disk": "ssd"}}})
        case "node":
            machines(run, {"disk": "ssd"})
        case "open":
            run.create(node("n0", **SMALL, disk="ssd") | {"spec": {"unschedulable": True}})
            run.advance(5)
            cordon(run, "n0", closed=False)
        case _:
            machines(run, {"disk": "hdd"})
    run.advance(60)


# -- SCHED-004 to 007 --------------------------------------------------------------------------------


@focus("SCHED-004")
def test_what_is_requested_must_be_free(run: Session, draw: Draw) -> None:
    """By the function: equality, zero, terminal Pods, the number of Pods."""
    run.evaluate("scheduler.fits", draw(crowds()))


@focus("SCHED-004")
def test_a_node_is_filled_to_the_last_bit(run: Session, draw: Draw) -> None:
    """Pods of one node together request as much as it has, or a little more, or are one too many."""
    only_small_nodes(run)
    machines(run, {}, pods=draw(among("5", "2")))
    for name, asked in zip("abc", draw(st.sampled_from(FILLING)), strict=True):
        run.create(sized(name, **asked))
        run.advance(1)
    run.create(sized("d", draw(among("0", "1m"))))
    run.advance(20)


FILLING: tuple[tuple[dict[str, str], ...], ...] = (
    ({"cpu": "1"}, {"cpu": "1"}, {}),
    ({"cpu": "1500m"}, {"cpu": "501m"}, {"cpu": "500m"}),
    ({"memory": "1Gi"}, {"memory": "1025Mi"}, {"memory": "1Gi"}),
    ({"cpu": "2", "memory": "2Gi"}, {"cpu": "1m"}, {"memory": "1"}),
    ({"cpu": "1", "memory": "1Gi"}, {"cpu": "1", "memory": "1Gi"}, {"cpu": "1"}),
)


@focus("SCHED-005")
def test_the_request_of_a_pod_is_more_than_a_sum(run: Session, draw: Draw) -> None:
    """By the function: init containers, sidecars, overhead, the Pod as a whole."""
    asked = draw(requesting_pods())
    if run.profile != "documented":
        whole = draw(
            st.sampled_from([None, {"requests": {"cpu": "3"}}, {"limits": {"memory": "4Gi"}}])
        )
        if whole is not None:
            asked = {**asked, "spec": {**asked["spec"], "resources": whole}}
    overhead = draw(st.sampled_from([None, {"cpu": "250m", "memory": "120Mi"}]))
    if overhead is not None:
        asked = {**asked, "spec": {**asked["spec"], "overhead": overhead}}
    run.evaluate("pod.effective_requests", {"pod": asked})


@focus("SCHED-005")
def test_a_node_must_have_room_for_the_hungriest_moment(run: Session, draw: Draw) -> None:
    """An init container that wants more than is left, a sidecar, a request of the Pod as a whole."""
    only_small_nodes(run)
    machines(run, {})
    run.create(sized("a", draw(among("500m", "1"))))
    one = container("c", requests={"cpu": "500m"})
    shapes: list[dict[str, Any]] = [
        {"init": [container("i", requests={"cpu": "1500m"})]},
        {"init": [sidecar("s", requests={"cpu": "600m"})]},
        {"init": [sidecar("s", requests={"cpu": "1"}), container("i", requests={"cpu": "500m"})]},
    ]
    if run.profile != "documented":
        shapes.append({"resources": {"requests": {"cpu": "1500m"}}})
        shapes.append({"resources": {"requests": {"cpu": "1700m"}, "limits": {"cpu": "1700m"}}})
    run.create(pod("b", [one], **draw(st.sampled_from(shapes))))
    run.advance(20)


@focus("SCHED-006")
def test_limits_do_not_matter(run: Session, draw: Draw) -> None:
    """Limits add up to more than the node has, requests do not."""
    only_small_nodes(run)
    machines(run, {})
    much = draw(st.sampled_from([{"cpu": "2"}, {"memory": "2Gi"}, {"cpu": "4", "memory": "8Gi"}]))
    little = dict.fromkeys(much, "100m") if "memory" not in much else dict.fromkeys(much, "0")
    for name in "ab":
        run.create(pod(name, [container("c", limits=much, requests=little)]))
        run.advance(1)
    run.advance(20)


@focus("SCHED-007")
def test_what_is_requested_is_held_until_the_end(run: Session, draw: Draw) -> None:
    """A Pod that uses little and ends slowly; who waits for its room gets it when it has ended."""
    only_small_nodes(run)
    machines(run, {})
    run.create(sized("a", "1500m", "1Gi", policy="Never", terminationGracePeriodSeconds=20))
    run.advance(2)
    if run.can("memory"):
        small = 32 * 1024 * 1024
        run.do("allocate", namespace="default", pod="a", container="c", bytes=small)
    run.create(sized("b", "1", "1500Mi"))
    run.advance(15)
    if draw(st.booleans()) or not run.can("container-exit"):
        if run.can("stop-signals"):
            given = {"namespace": "default", "pod": "a", "container": "c", "seconds": 15}
            run.do("set-stop", **given, exitCode=0)
        run.delete("Pod", "a")
        run.advance(5)
        run.create(sized("d", "1"))
    else:
        run.exit("a", "c", draw(among(0, 1)))
    run.advance(60)
    run.create(sized("e", "700m"))
    run.advance(20)


# -- SCHED-008 to 010 ----------------------------------------------------------------------------------


@focus("SCHED-008")
def test_a_second_binding_is_refused(run: Session, draw: Draw) -> None:
    """A bound Pod, one that ends slowly, and one that waits; by a binding, a patch, or a PUT."""
    names = [known.view["metadata"]["name"] for known in run.world.of_kind("Node")]
    run.create(
        pod("a", terminationGracePeriodSeconds=20, metadata={"finalizers": ["example.com/x"]})
    )
    run.create(pod("b", nodeSelector={"disk": "none"}, metadata={"finalizers": ["example.com/x"]}))
    run.advance(2)
    other = draw(st.sampled_from([*names, "elsewhere"]))
    if draw(st.booleans()):
        run.delete("Pod", draw(among("a", "b")))
    for target in draw(st.permutations(["a", "b", "a"])):
        run.do("bind", namespace="default", pod=target, node=other)
    run.patch("Pod", "a", {"spec": {"nodeName": other}})
    found = run.view("Pod", "a")
    if found is not None:
        spec = {**found.manifest["spec"], "nodeName": other}
        run.do("replace", object={**found.manifest, "spec": spec})
    run.advance(5)
    for each in "ab":
        run.delete("Pod", each, grace=0)
        run.patch("Pod", each, {"metadata": {"finalizers": None}})
    run.advance(20)


@focus("SCHED-009")
def test_only_who_has_a_controller_is_replaced(run: Session, draw: Draw) -> None:
    """Pods with and without a controller are deleted, or fail for good."""
    kind = draw(among("ReplicaSet", "ReplicationController"))
    run.create(replica_set("r", draw(st.integers(1, 3)), kind=kind))
    run.create(pod("bare", policy="Never"))
    run.advance(5)
    for _ in range(draw(st.integers(1, 2))):
        mine = [
            known.view.key[2] for known in run.world.of_kind("Pod") if known.view.key[2] != "bare"
        ]
        if mine:
            run.delete("Pod", draw(st.sampled_from(mine)), grace=draw(among(None, 0, 1)))
            run.advance(3)
    run.delete("Pod", "bare", grace=draw(among(None, 0)))
    run.advance(40)
    run.advance(20)


@focus("SCHED-010")
def test_without_a_scheduler_everybody_waits(run: Session, draw: Draw) -> None:
    """The scheduler stops and starts again, or a Pod names one that does not exist."""
    run.create(pod("a"))
    run.create(pod("b", schedulerName="nobody"))
    run.advance(5)
    if run.can("scheduler-fault"):
        run.do("stop-scheduler")
    run.create(sized("c", "1"))
    run.advance(draw(among(15, 400)))
    run.advance(20)
    if run.can("scheduler-fault"):
        run.do("start-scheduler")
    run.advance(30)


@focus("SCHED-002")
def test_labels_come_and_go(run: Session, draw: Draw) -> None:
    """A node matches, no longer does, and does again, while somebody waits."""
    machines(run, draw(labels))
    run.create(pod("a", nodeSelector={"disk": "ssd"}))
    for _ in range(draw(st.integers(1, 3))):
        run.patch(
            "Node",
            "n0",
            {"metadata": {"labels": {"disk": draw(among("ssd", "hdd", None))}}},
        )
        run.advance(draw(among(1, 20)))
