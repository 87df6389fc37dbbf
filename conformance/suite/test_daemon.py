"""DAEMON: a Pod on every node that is fit for it."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from conformance.suite.owned import at_work, pods_of
from strategies.manifests import container, daemon_set, node, pod
from strategies.once import among
from strategies.probes import probed

ROLLING = {"type": "RollingUpdate"}
IMAGE_2 = {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "app:2"}]}}}}
READY = {"readinessProbe": {"exec": {"command": ["true"]}, "periodSeconds": 1}}
DISK: dict[str, Any] = {"nodeSelector": {"disk": "ssd"}}
AFFINITY: dict[str, Any] = {
    "affinity": {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [
                    {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]}
                ]
            }
        }
    }
}


PLAIN: tuple[dict[str, Any], ...] = ({}, {"updateStrategy": {"type": "OnDelete"}})
NAMED: tuple[dict[str, Any], ...] = ({"nodeName": "node2"}, DISK, {})
AMOUNTS: tuple[dict[str, Any], ...] = (
    {},
    {"maxUnavailable": 2},
    {"maxUnavailable": "30%"},
    {"maxUnavailable": "40%"},
)
PAIRS: tuple[dict[str, Any], ...] = (
    {"maxUnavailable": 0},
    {"maxUnavailable": 0, "maxSurge": 0},
    {"maxUnavailable": 1, "maxSurge": 1},
    {"maxSurge": 1},
    {"maxUnavailable": 0, "maxSurge": "10%"},
    {"maxUnavailable": "101%"},
    {"maxUnavailable": -1},
    {"maxUnavailable": "x"},
    {"maxUnavailable": "50%"},
)


def rolling(**amounts: Any) -> dict[str, Any]:
    """An update strategy."""
    return {"updateStrategy": {**ROLLING, **({"rollingUpdate": amounts} if amounts else {})}}


def taint(run: Session, name: str, *effects: str) -> None:
    """A node gets these taints, and no others of its own."""
    taints = [{"key": "example.com/t", "value": "x", "effect": effect} for effect in effects]
    run.patch("Node", name, {"spec": {"taints": taints or None}})


# -- Nodes -------------------------------------------------------------------------------------------


@focus("DAEMON-001")
def test_every_node_has_one(run: Session, draw: Draw) -> None:
    """Nodes come and go, and somebody deletes a Pod."""
    run.create(daemon_set("d"))
    run.create(node("n3"))
    run.advance(10)
    if draw(st.booleans()):
        run.delete("Pod", draw(st.sampled_from(at_work(run, "d"))))
    run.advance(10)
    run.delete("Node", "n3")
    run.advance(80)


@focus("DAEMON-001")
def test_of_two_on_a_node_the_oldest_stays(run: Session, draw: Draw) -> None:
    """Somebody makes Pods that the DaemonSet takes for its own."""
    run.create(daemon_set("d", **draw(st.sampled_from(PLAIN))))
    run.advance(5)
    alike: dict[str, Any] = {"metadata": {"labels": {"daemon": "d"}}}
    run.create(pod("stray", nodeName="node1", **alike))
    run.advance(10)
    if draw(st.booleans()):
        run.patch("Pod", at_work(run, "d")[0], {"metadata": {"labels": {"daemon": None}}})
    run.advance(10)


@focus("DAEMON-002")
def test_who_is_eligible(run: Session, draw: Draw) -> None:
    """A node gets another label, a taint, or is cordoned; and back."""
    choosy = draw(st.sampled_from([DISK, AFFINITY, {}]))
    run.create(daemon_set("d", pod(**choosy)))
    run.advance(7)
    run.patch("Node", "node1", {"metadata": {"labels": {"disk": "ssd"}}})
    run.advance(7)
    for effects in draw(st.permutations([("NoSchedule",), ("NoExecute",), ()])):
        taint(run, "node1", *effects)
        run.advance(8)
    run.patch("Node", "node1", {"metadata": {"labels": {"disk": "hdd"}}})
    run.advance(8)


@focus("DAEMON-002")
def test_a_cordoned_node_is_eligible_and_a_taint_drives_nobody_away(
    run: Session, draw: Draw
) -> None:
    """A cordoned node and a tainted one, there before the DaemonSet or becoming so later."""
    early = draw(st.booleans())
    if not early:
        run.create(daemon_set("d"))
        run.advance(7)
    run.patch("Node", "node1", {"spec": {"unschedulable": True}})
    taint(run, "node2", "NoSchedule")
    run.advance(7)
    if early:
        run.create(daemon_set("d"))
        run.advance(7)
    for name in at_work(run, "d")[: draw(st.integers(0, 2))]:
        run.delete("Pod", name)
    run.advance(40)


@focus("DAEMON-002")
def test_a_template_may_name_its_node(run: Session, draw: Draw) -> None:
    """nodeName, a toleration, or a selector that changes."""
    spec = draw(st.sampled_from(NAMED))
    run.create(daemon_set("d", pod(**spec), **rolling()))
    run.advance(8)
    change = {"nodeSelector": {"kubernetes.io/hostname": "node1"}}
    run.patch("DaemonSet", "d", {"spec": {"template": {"spec": change}}})
    run.advance(20)


# -- Pods --------------------------------------------------------------------------------------------


@focus("DAEMON-003")
def test_daemons_put_up_with_trouble(run: Session, draw: Draw) -> None:
    """On the network of the host or not; and a node is lost for long."""
    run.create(daemon_set("d", pod(hostNetwork=draw(st.booleans()))))
    run.advance(2)
    if run.can("node-fault"):
        run.do("stop-node", node="node1")
        run.advance(450)
        run.do("start-node", node="node1")
        run.advance(20)


@focus("DAEMON-004")
def test_how_it_comes_to_its_node(run: Session, draw: Draw) -> None:
    """Daemons that fit, and some that are too large for a node."""
    big = draw(among("1", "5"))
    run.create(node("small", cpu="2"))
    run.create(daemon_set("d", pod(containers=[container(requests={"cpu": big})], **AFFINITY)))
    run.patch("Node", "small", {"metadata": {"labels": {"disk": "ssd"}}})
    run.advance(draw(among(3, 10)))


@focus("DAEMON-005")
def test_a_daemon_that_fails_makes_room(run: Session, draw: Draw) -> None:
    """A daemon Pod is Failed again and again, or Succeeded."""
    run.create(daemon_set("d"))
    run.advance(1)
    for phase in draw(
        st.sampled_from([["Failed"] * 4, ["Failed", "Succeeded"], ["Succeeded"] * 2])
    ):
        mine = pods_of(run, "d", lambda pod: pod.spec.node_name == "node1")
        if mine:
            run.do(
                "write-status", namespace="default", pod=mine[-1].key[2], status={"phase": phase}
            )
        run.advance(draw(among(0.5, 3, 9)))
    run.advance(20)


# -- Updates -----------------------------------------------------------------------------------------


@focus("DAEMON-006")
def test_how_it_is_updated_unless_it_says_so(run: Session, draw: Draw) -> None:
    """With a strategy, a part of one, or none."""
    given = draw(st.sampled_from([{}, rolling(), {"updateStrategy": {"type": "OnDelete"}}]))
    run.create(daemon_set("d", **given), dry_run=True)
    run.create(daemon_set("e"), dry_run=True)


@focus("DAEMON-007")
def test_on_delete_nothing_happens_by_itself(run: Session, draw: Draw) -> None:
    """The template changes; some of the old Pods are deleted by hand."""
    run.create(daemon_set("d", updateStrategy={"type": "OnDelete"}))
    run.advance(3)
    run.patch("DaemonSet", "d", IMAGE_2)
    run.advance(draw(among(8, 30)))
    for name in at_work(run, "d")[: draw(st.integers(1, 2))]:
        run.delete("Pod", name)
        run.advance(10)


@focus("DAEMON-008")
def test_an_update_rolls_over_the_nodes(run: Session, draw: Draw) -> None:
    """Three or four nodes, and Pods that are ready at once, late, or never."""
    amounts = draw(st.sampled_from(AMOUNTS))
    for name in ("n3", "n4")[: draw(st.integers(1, 2))]:
        run.create(node(name))
    minimum = draw(among(0, 8))
    run.create(daemon_set("d", minReadySeconds=minimum, **rolling(**amounts)))
    run.advance(12)
    if draw(st.booleans()):
        run.patch("DaemonSet", "d", _probed("app:2"))
        run.advance(draw(among(4, 30)))
        run.patch("DaemonSet", "d", IMAGE_2)
    else:
        run.patch("DaemonSet", "d", IMAGE_2)
    run.advance(60)


@focus("DAEMON-008")
def test_a_part_of_a_node_is_a_whole_one(run: Session, draw: Draw) -> None:
    """Of four nodes so many in a hundred, with Pods that never become ready."""
    for name in ("n3", "n4"):
        run.create(node(name))
    share = draw(among("30%", "40%"))
    run.create(daemon_set("d", **rolling(maxUnavailable=share)))
    run.advance(12)
    run.patch("DaemonSet", "d", _probed("app:2"))
    run.advance(40)


@focus("DAEMON-008")
def test_useless_pods_go_first(run: Session, draw: Draw) -> None:
    """Some Pods are not ready when the template changes."""
    run.create(node("n3"))
    run.create(
        daemon_set("d", pod(containers=[probed("c", readiness=_every_second())]), **rolling())
    )
    run.advance(12)
    bad = at_work(run, "d")[: draw(st.integers(1, 2))]
    if run.can("probes"):
        for name in bad:
            where = {"namespace": "default", "pod": name, "container": "c"}
            run.do("set-probe", **where, probe="readiness", answer=1)
    run.advance(20)
    run.patch("DaemonSet", "d", IMAGE_2)
    run.advance(40)


@focus("DAEMON-008")
def test_a_surge_puts_the_new_one_beside_the_old(run: Session, draw: Draw) -> None:
    """One or two nodes at a time have two Pods."""
    run.create(node("n3"))
    surge = draw(among(1, "50%", "100%"))
    template = pod(containers=[probed("c", readiness=_every_second())])
    run.create(daemon_set("d", template, **rolling(maxUnavailable=0, maxSurge=surge)))
    run.advance(15)
    run.patch("DaemonSet", "d", IMAGE_2)
    run.advance(60)


@focus("DAEMON-008")
def test_just_one_of_the_two_is_something(run: Session, draw: Draw) -> None:
    """Amounts, good and bad."""
    amounts = draw(st.sampled_from(PAIRS))
    run.create(daemon_set("d", **rolling(**amounts)), dry_run=True)


def _every_second() -> dict[str, Any]:
    return {"exec": {"command": ["true"]}, "periodSeconds": 1, "failureThreshold": 1}


def _probed(image: str) -> dict[str, Any]:
    """A template whose Pods never become ready: their probe fails."""
    probe = {"exec": {"command": ["false"]}, "periodSeconds": 1}
    changed = {"name": "c", "image": image, "readinessProbe": probe}
    return {"spec": {"template": {"spec": {"containers": [changed]}}}}
