"""PHASE: the phase of a Pod as a function of what its containers do."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from strategies.manifests import Manifest, container, node, pod
from strategies.once import among
from strategies.pods import exit_codes, policies, two_containers
from strategies.statuses import ended, phase_questions


@focus("PHASE-001", "PHASE-003", "PHASE-004", "PHASE-006", "PHASE-007", "PHASE-008")
def test_phase_follows_the_containers(run: Session, draw: Draw) -> None:
    """Containers of a Pod end one after another, some twice; the phase follows."""
    names = draw(st.sampled_from([["c"], ["c", "d"], ["c", "d", "e"]]))
    policy = draw(policies)
    run.create(pod(containers=[container(name) for name in names], policy=policy))
    for name in (*draw(st.permutations(names)), draw(st.sampled_from(names))):
        run.exit("a", name, draw(exit_codes))
        run.advance(draw(among(0, 1, 12)))
    run.advance(2)
    run.patch("Pod", "a", {"metadata": {"labels": {"seen": "again"}}})


@focus("PHASE-003", "PHASE-004", "PHASE-005", "PHASE-006", "PHASE-007")
def test_the_phase_is_a_function_of_the_statuses(run: Session, draw: Draw) -> None:
    """The engine is asked for the phase of Pods whose containers are in any state."""
    for question in draw(st.lists(phase_questions(), min_size=12, max_size=12)):
        run.evaluate("pod.phase", question)


@focus("PHASE-009")
def test_the_reason_of_an_end_does_not_count(run: Session, draw: Draw) -> None:
    """The engine is asked for the phase of Pods whose containers ended with misleading reasons."""
    for question in draw(st.lists(phase_questions(ended), min_size=12, max_size=12)):
        run.evaluate("pod.phase", question)


@focus("PHASE-001")
def test_a_lost_node_leaves_the_phase(run: Session, draw: Draw) -> None:
    """The node of a running Pod falls silent, and is given up."""
    run.create(pod(policy=draw(policies)))
    found = run.view("Pod", "a")
    if run.can("node-fault") and found is not None and found.spec.node_name:
        run.do("stop-node", node=found.spec.node_name)
    run.advance(draw(among(60, 400)))


@focus("PHASE-002")
def test_a_created_pod_is_pending(run: Session, draw: Draw) -> None:
    """A client sends a status of its own; it is not believed."""
    phase = draw(among("Running", "Succeeded", "Failed", "Pending"))
    run.create({**pod(), "status": {"phase": phase}} if draw(st.booleans()) else pod())


@focus("PHASE-003")
def test_a_new_sandbox_makes_the_pod_pending_again(run: Session, draw: Draw) -> None:
    """The init container of a running Pod runs once more, because the sandbox was lost."""
    run.create(pod(init=[container("i")], policy=draw(policies)))
    run.exit("a", "i", 0)
    if run.can("sandbox-loss"):
        run.do("lose-sandbox", namespace="default", pod="a")
    run.advance(draw(among(1, 15)))


@focus("PHASE-003", "PHASE-005")
def test_a_container_that_never_started_keeps_the_pod_pending(run: Session, draw: Draw) -> None:
    """One container runs, or has ended; the other's image cannot be had."""
    broken, sound = draw(st.permutations(["c", "d"]))
    images = {broken: "gone:1", sound: "app:1"}
    run.do("set-image", image="gone:1", outcome=draw(among("missing", "invalid")))
    containers = [container(name, images[name]) for name in ("c", "d")]
    run.create(pod(containers=containers, policy=draw(policies)))
    run.advance(draw(among(1, 30)))
    run.exit("a", sound, draw(exit_codes))
    run.advance(1)


@focus("PHASE-008")
def test_a_pod_that_somebody_ended_stays_ended(run: Session, draw: Draw) -> None:
    """A final phase is written by another than the kubelet, while the containers still run."""
    run.create(pod(containers=two_containers(), policy=draw(policies)))
    if run.can("status-write"):
        phase = draw(among("Failed", "Succeeded"))
        run.do("write-status", namespace="default", pod="a", status={"phase": phase})
    run.advance(draw(among(1, 40)))


@focus("PHASE-009")
def test_only_the_exit_code_counts(run: Session, draw: Draw) -> None:
    """A container ends by running out of memory: its reason says OOMKilled, its code decides."""
    limit: Manifest = {"limits": {"memory": "64Mi"}}
    run.create(pod(containers=[container("c", **limit)], policy=draw(policies)))
    run.do("allocate", namespace="default", pod="a", container="c", bytes=65 * 1024 * 1024)
    run.advance(draw(among(1, 15)))


@focus("PHASE-010")
def test_nothing_runs_in_a_terminal_phase(run: Session, draw: Draw) -> None:
    """A Pod ends by itself, by its deadline or because it is deleted, with containers still running."""
    way = draw(among("exit", "deadline", "delete"))
    spec: Manifest = {"activeDeadlineSeconds": 5} if way == "deadline" else {}
    run.create(
        pod(
            containers=two_containers(),
            policy=draw(among("OnFailure", "Never")),
            **spec,
        )
    )
    run.exit("a", "c", draw(exit_codes))
    if way == "exit":
        run.exit("a", "d", 0)
    elif way == "delete":
        run.delete("Pod", "a")
    run.advance(60)


@focus("PHASE-011")
def test_a_deleted_pod_ends_before_it_goes(run: Session, draw: Draw) -> None:
    """A Pod is deleted with grace; it is Succeeded or Failed when it goes."""
    if draw(st.booleans()):
        run.do("set-image", image="gone:1", outcome="missing")
    containers = [container("c"), container("d", draw(among("app:1", "gone:1")))]
    run.create(pod(containers=containers, policy=draw(policies)))
    if draw(st.booleans()):
        run.exit("a", "c", draw(exit_codes))
    run.advance(draw(among(0, 1, 15)))
    run.delete("Pod", "a", grace=draw(among(None, 1, 30)))
    run.advance(60)


@focus("PHASE-012")
def test_a_deadline_fails_the_pod(run: Session, draw: Draw) -> None:
    """A Pod is still running, or still in its init containers, when its deadline passes."""
    deadline = draw(among(1, 2, 10, 61))
    init = [container("i")] if draw(st.booleans()) else []
    run.create(pod(init=init, activeDeadlineSeconds=deadline, policy=draw(policies)))
    run.advance(max(deadline - 1, 0))
    run.advance(40)


@focus("PHASE-012")
def test_a_deadline_runs_from_the_start(run: Session, draw: Draw) -> None:
    """A Pod has to wait for its node: that time does not count."""
    deadline = draw(among(5, 20))
    run.create(pod(nodeSelector={"disk": "fast"}, activeDeadlineSeconds=deadline))
    run.advance(draw(among(3, 10, 30)))
    if run.can("nodes"):
        run.create(node("late", disk="fast"))
    run.advance(deadline + 40)


@focus("PHASE-012")
def test_a_deadline_may_only_come_nearer(run: Session, draw: Draw) -> None:
    """The deadline of a Pod is set, lowered, raised and taken away."""
    seconds = among(None, 1, 60, 61, 2147483647, 0, -1, 2147483648)
    run.create(pod(activeDeadlineSeconds=draw(seconds)))
    run.patch("Pod", "a", {"spec": {"activeDeadlineSeconds": draw(seconds)}})
    run.patch("Pod", "a", {"spec": {"activeDeadlineSeconds": draw(seconds)}})


@focus("PHASE-013")
def test_a_rejected_pod_never_runs(run: Session, draw: Draw) -> None:
    """A Pod is put by hand on a node that has no room for it, or is not the node it asks for."""
    nodes = [known.view["metadata"]["name"] for known in run.world.of_kind("Node")]
    if not nodes:
        return
    home = draw(st.sampled_from(nodes))
    reason = draw(among("cpu", "memory", "selector"))
    if reason == "selector":
        manifest = pod(nodeName=home, nodeSelector={"disk": "none"})
    else:
        amount = {"cpu": "4000", "memory": "4000Gi"}[reason]
        manifest = pod(containers=[container(requests={reason: amount})], nodeName=home)
    run.create(manifest)
    run.advance(5)
