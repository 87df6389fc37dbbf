"""CONDITION: what a Pod says of itself beside its phase."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from strategies.manifests import container, node, pod, sidecar
from strategies.once import among
from strategies.pods import exit_codes, policies, two_containers
from strategies.statuses import GATE, condition_questions

NO_NODE: Any = {"nodeSelector": {"disk": "fast"}}


@focus("CONDITION-001", "CONDITION-006")
def test_conditions_through_a_life(run: Session, draw: Draw) -> None:
    """A Pod is scheduled, initialized, ready, restarted and deleted, with pauses between."""
    pauses = among(0, 3, 12)
    init = [container("i")] if draw(st.booleans()) else []
    run.create(pod(init=init, policy=draw(policies)))
    if init:
        run.advance(draw(pauses))
        run.exit("a", "i", draw(exit_codes))
    for _ in range(3):
        run.advance(draw(pauses))
        run.exit("a", "c", draw(exit_codes))
    run.advance(draw(pauses))
    run.delete("Pod", "a")
    run.advance(40)


@focus("CONDITION-001", "CONDITION-002")
def test_a_pod_waits_for_its_node(run: Session, draw: Draw) -> None:
    """No node will do at first, then a new one does; or the Pod is held back, and set free."""
    held_back = draw(st.booleans())
    spec = {"schedulingGates": [{"name": "example.com/wait"}]} if held_back else NO_NODE
    run.create(pod(**spec))
    run.advance(draw(among(0, 1, 30)))
    if held_back:
        run.patch("Pod", "a", {"spec": {"schedulingGates": []}})
    elif run.can("nodes"):
        run.create(node("late", disk="fast"))
    run.advance(6)


@focus("CONDITION-002")
def test_a_pod_gets_its_node(run: Session, draw: Draw) -> None:
    """The scheduler, or somebody else, binds a Pod."""
    run.create(pod(**draw(st.sampled_from([{}, {}, NO_NODE]))))
    nodes = [known.view["metadata"]["name"] for known in run.world.of_kind("Node")]
    if nodes and not run.need("Pod", "a").spec.node_name:
        run.do("bind", namespace="default", pod="a", node=draw(st.sampled_from(nodes)))
    run.advance(6)


@focus("CONDITION-003")
def test_a_pod_initializes(run: Session, draw: Draw) -> None:
    """Init containers and sidecars end or start, one after another; then the sandbox may be lost."""
    init = draw(
        st.sampled_from(
            [[], [container("i")], [container("i"), sidecar()], [sidecar(), container("i")]]
        )
    )
    run.create(pod(init=init, policy=draw(policies)))
    for code in (1, 0) if draw(st.booleans()) else (0,):
        run.exit("a", "i", code)
        run.advance(draw(among(0, 12)))
    if run.can("sandbox-loss") and draw(st.booleans()):
        run.do("lose-sandbox", namespace="default", pod="a")
    run.advance(15)


@focus("CONDITION-003", "CONDITION-004")
def test_conditions_are_a_function_of_the_statuses(run: Session, draw: Draw) -> None:
    """The engine is asked for the conditions of Pods whose containers are in any state."""
    for question in draw(st.lists(condition_questions(), min_size=12, max_size=12)):
        run.evaluate("pod.conditions", question)


@focus("CONDITION-004")
def test_a_pod_is_ready_when_its_containers_are(run: Session, draw: Draw) -> None:
    """Containers and a sidecar end and start again; the Pod is ready when all of them are."""
    init = [sidecar()] if draw(st.booleans()) else []
    run.create(pod(containers=two_containers(), init=init, policy=draw(policies)))
    names = ["c", "d", *(each["name"] for each in init)]
    for name in draw(st.lists(st.sampled_from(names), min_size=1, max_size=3)):
        run.exit("a", name, draw(exit_codes))
        run.advance(draw(among(0, 1, 12)))


@focus("CONDITION-004")
def test_readiness_waits_for_its_gates(run: Session, draw: Draw) -> None:
    """A readiness gate is opened and closed, while the containers are ready or not."""
    run.create(pod(readinessGates=[{"conditionType": GATE}]))
    if not run.can("status-write"):
        return
    for status in draw(st.lists(among("True", "False", "Unknown"), min_size=1, max_size=3)):
        turn_gate(run, status)
        run.advance(draw(among(1, 7)))
        if draw(st.booleans()):
            run.exit("a", "c", 1)
            run.advance(draw(among(1, 7)))


def turn_gate(run: Session, status: str) -> None:
    """Writes the condition of the gate beside all the others, as a controller would."""
    found = run.need("Pod", "a")
    kept = [each for type_, each in found.conditions.items() if type_ != GATE]
    conditions = [*kept, {"type": GATE, "status": status}]
    run.do("write-status", namespace="default", pod="a", status={"conditions": conditions})


@focus("CONDITION-005")
def test_conditions_come_true_in_order(run: Session, draw: Draw) -> None:
    """A Pod comes to be ready, at once or slowly: its image or its init containers take time."""
    init = draw(st.sampled_from([[], [container("i")], [container("i"), container("j")]]))
    late = draw(st.booleans())
    if late:
        run.do("set-image", image="app:2", outcome="missing")
    run.create(pod(containers=[container("c", "app:2")], init=init))
    for each in init:
        run.advance(draw(among(0, 2)))
        run.exit("a", each["name"], 0)
    run.advance(draw(among(1, 3)))
    if late:
        run.do("set-image", image="app:2", outcome="pullable")
    run.advance(40)


@focus("CONDITION-006")
def test_a_reason_may_change_without_the_time(run: Session, draw: Draw) -> None:
    """A Pod that is not ready, or not scheduled, stays so for another reason or with another message."""
    if draw(st.booleans()):
        run.create(pod(containers=two_containers(), policy=draw(among("Never", "OnFailure"))))
        run.advance(draw(among(0, 5)))
        run.exit("a", "c", draw(exit_codes))
        run.advance(5)
        run.exit("a", "d", draw(exit_codes))
    else:
        run.create(pod(**NO_NODE))
        run.advance(5)
        if run.can("nodes"):
            run.create(node("slow", disk="slow"))
    run.advance(20)
