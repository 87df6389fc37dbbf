"""REPLICA: as many Pods as are wanted, and whose they are."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from conformance.session import accepted
from strategies.invalid import flawed
from strategies.manifests import Manifest, container, pod, replica_set
from strategies.once import among
from strategies.replicas import (
    COST,
    REDIS_SLAVE,
    deletion_questions,
    kinds,
    labelled,
    owned,
    probed_template,
    quota,
    selector_of,
    unfit,
)


@focus("REPLICA-001")
def test_templates_restart_always_and_have_no_deadline(run: Session, draw: Draw) -> None:
    """One that is refused, and one that is not."""
    run.create(draw(flawed("REPLICA-001")).manifest, dry_run=True)
    run.create(replica_set("r", 1, kind=draw(kinds)), dry_run=True)


@focus("REPLICA-002")
def test_who_is_lost_is_replaced(run: Session, draw: Draw) -> None:
    """Pods are deleted, fail, or are too few or too many from the beginning."""
    kind = draw(kinds)
    run.create(replica_set("r", draw(st.integers(1, 4)), kind=kind))
    run.advance(10)
    for _ in range(draw(st.integers(1, 2))):
        names = owned(run)
        if not names:
            return
        if draw(st.booleans()) and run.can("status-write"):
            status = {"phase": "Failed"}
            run.do("write-status", namespace="default", pod=names[0], status=status)
        else:
            run.delete("Pod", names[-1], grace=draw(among(None, 0)))
        run.advance(draw(among(0, 10)))
    run.patch(kind, "r", {"spec": {"replicas": draw(st.integers(0, 5))}})
    run.advance(10)


@focus("REPLICA-003")
def test_creations_that_fail_end_their_batch(run: Session, draw: Draw) -> None:
    """No Pod can be made of a template, or only some for a quota; later they can."""
    kind = draw(kinds)
    template = pod(priorityClassName="none") if draw(st.booleans()) else None
    run.create(quota(draw(st.integers(0, 4))))
    run.create(replica_set("r", draw(among(9, 16)), template, kind))
    run.advance(draw(among(1, 20)))
    run.delete("ResourceQuota", "q")
    run.advance(100)


@focus("REPLICA-003")
def test_a_sync_has_an_end(run: Session, draw: Draw) -> None:
    """One Pod more than may be made in a sync, none of which anybody schedules; then none."""
    if run.implementation.clock != "virtual":
        return
    template = pod(schedulerName="nobody")
    run.create(replica_set("r", draw(st.just(501)), template))
    run.patch("ReplicaSet", "r", {"spec": {"replicas": 0}})


@focus("REPLICA-004")
def test_the_order_of_deletion(run: Session, draw: Draw) -> None:
    """Pods of every age and state."""
    run.evaluate("replicaset.deletion_order", draw(deletion_questions()))


@focus("REPLICA-004")
def test_who_goes_first(run: Session, draw: Draw) -> None:
    """Some Pods are unready, cheap, or restarted more often than others when the number goes down."""
    kind = draw(kinds)
    run.create(replica_set("r", 4, probed_template(), kind))
    run.advance(20)
    names = owned(run)
    for name in names:
        way = draw(among("well", "cheap", "unready", "restarted"))
        if way == "cheap":
            patch = {"metadata": {"annotations": {COST: str(draw(among(-5, 7)))}}}
            run.patch("Pod", name, patch)
        elif way == "unready" and run.can("probes"):
            answer = {"container": "c", "probe": "readiness", "answer": 1}
            run.do("set-probe", namespace="default", pod=name, **answer)
        elif way == "restarted" and run.can("container-exit"):
            run.exit(name, "c", 1)
    run.advance(60)
    run.patch(kind, "r", {"spec": {"replicas": draw(st.integers(1, 3))}})
    run.advance(40)


@focus("REPLICA-004")
def test_the_crowded_node_gives_first(run: Session, draw: Draw) -> None:
    """Three Pods on one node and one on another; one of them goes."""
    if not run.can("nodes"):
        return
    kind, replicas = draw(kinds), draw(among(3, 4))
    run.create(replica_set("r", replicas, pod(schedulerName="nobody"), kind))
    known = sorted(known.view["metadata"]["name"] for known in run.world.of_kind("Node"))
    names = owned(run)
    if len(known) < 2 or len(names) < replicas:
        return
    alone = draw(st.integers(0, replicas - 1))
    for index, name in enumerate(names):
        run.do("bind", namespace="default", pod=name, node=known[index == alone])
    run.advance(20)
    run.patch(kind, "r", {"spec": {"replicas": replicas - 1}})
    run.advance(40)


@focus("REPLICA-004")
def test_the_younger_goes_first(run: Session, draw: Draw) -> None:
    """One is Ready for much longer than the others; who was never placed goes before all."""
    kind = draw(kinds)
    run.create(replica_set("r", 1, kind=kind))
    run.advance(200)
    run.patch(kind, "r", {"spec": {"replicas": draw(among(2, 3))}})
    run.advance(20)
    run.patch(kind, "r", {"spec": {"replicas": 1}})
    run.advance(40)


@focus("REPLICA-004")
def test_who_has_no_node_goes_before_all(run: Session, draw: Draw) -> None:
    """There is room for some of the Pods only."""
    kind = draw(kinds)
    run.create(replica_set("r", 5, pod(containers=[container(requests={"cpu": "2500m"})]), kind))
    run.advance(30)
    run.patch(kind, "r", {"spec": {"replicas": draw(st.integers(2, 4))}})
    run.advance(40)


@focus("REPLICA-005")
def test_selectors_match_and_stay(run: Session, draw: Draw) -> None:
    """One that is refused; one that is changed; a ReplicationController that names none."""
    run.create(draw(flawed("REPLICA-005")).manifest, dry_run=True)
    kind = draw(among("ReplicaSet", "ReplicationController", "DaemonSet", "Deployment"))
    made = replica_set("r", 0, kind=kind)
    if kind == "DaemonSet":
        del made["spec"]["replicas"]
        made["spec"]["template"]["spec"]["nodeSelector"] = {"disk": "none"}
    elif kind == "ReplicationController" and draw(st.booleans()):
        del made["spec"]["selector"]
    run.create(made)
    labels = {"app": "r", "tier": "web"}
    template = {"metadata": {"labels": labels}}
    run.patch(kind, "r", {"spec": {"selector": selector_of(kind, labels), "template": template}})


@focus("REPLICA-006")
def test_orphans_are_adopted(run: Session, draw: Draw) -> None:
    """Pods that match are there before, come later, or come to match; some belong to another."""
    kind = draw(kinds)
    run.create(labelled("before", app="r"))
    run.create(labelled("other", app="x"))
    run.create(labelled("held", metadata={"finalizers": ["example.com/hold"]}, app="r"))
    run.delete("Pod", "held")
    run.advance(1)
    run.create(replica_set("r", draw(st.integers(1, 3)), kind=kind))
    run.advance(10)
    if draw(st.booleans()):
        run.create(labelled("after", app="r"))
    else:
        run.patch("Pod", "other", {"metadata": {"labels": {"app": "r"}}})
    run.advance(10)
    run.patch("Pod", "held", {"metadata": {"finalizers": None}})
    run.advance(10)


@focus("REPLICA-006")
def test_who_no_longer_matches_is_released(run: Session, draw: Draw) -> None:
    """A Pod of a workload gets another label; another workload may want it then."""
    kind = draw(kinds)
    run.create(replica_set("r", draw(st.integers(1, 3)), kind=kind))
    if draw(st.booleans()):
        run.create(replica_set("x", 1, kind=kind))
    run.advance(10)
    names = owned(run, "r")
    if names:
        run.patch("Pod", names[0], {"metadata": {"labels": {"app": "x"}}})
    run.advance(40)


@focus("REPLICA-006")
def test_nobody_takes_what_is_anothers(run: Session, draw: Draw) -> None:
    """Two workloads with the same selector."""
    one, other = draw(kinds), draw(kinds)
    labels = {"app": "shared"}
    for name, kind in (("r", one), ("s", other)):
        made = replica_set(name, draw(st.integers(1, 2)), kind=kind)
        made["spec"]["selector"] = selector_of(kind, labels)
        made["spec"]["template"]["metadata"]["labels"] = labels
        run.create(made)
    run.advance(20)


@focus("REPLICA-007")
def test_the_status_counts(run: Session, draw: Draw) -> None:
    """Pods become ready, cease to be, and are available after a while."""
    kind = draw(kinds)
    made = replica_set("r", draw(st.integers(1, 3)), probed_template(), kind)
    made["spec"]["minReadySeconds"] = draw(among(0, 20, 30))
    run.create(made)
    run.advance(draw(among(10, 60)))
    names = owned(run)
    if names and run.can("probes"):
        for answer in (1, 0):
            given = {"container": "c", "probe": "readiness", "answer": answer}
            run.do("set-probe", namespace="default", pod=names[0], **given)
            run.advance(draw(among(15, 70)))


@focus("REPLICA-007")
def test_a_template_is_for_new_pods(run: Session, draw: Draw) -> None:
    """The template changes, and later a Pod is deleted."""
    kind = draw(kinds)
    run.create(replica_set("r", draw(st.integers(1, 3)), kind=kind))
    run.advance(10)
    image = draw(among("app:2", "app:3"))
    template: Manifest = {"spec": {"containers": [container(image=image)]}}
    run.patch(kind, "r", {"spec": {"template": template}})
    run.advance(20)
    names = owned(run)
    if names:
        run.delete("Pod", names[0])
    run.advance(40)


@focus("REPLICA-008")
def test_scaling_by_hand(run: Session, draw: Draw) -> None:
    """By the subresource and by the spec, up, down, to nothing, and to what cannot be."""
    kind = draw(among("ReplicaSet", "ReplicationController", "Deployment"))
    run.create(replica_set("r", draw(st.integers(0, 2)), kind=kind))
    for wanted in draw(st.lists(among(3, 0, 1, -1), min_size=2, max_size=3)):
        more = {"subresource": "scale"} if draw(st.booleans()) else {}
        where = {"kind": kind, "namespace": "default", "name": "r", **more}
        run.do("patch", **where, patch={"spec": {"replicas": wanted}})
        run.advance(10)
    run.create(unfit(kind), dry_run=True)


@focus("REPLICA-008")
def test_the_redis_slaves_of_the_source_document(run: Session, draw: Draw) -> None:
    """kubectl scale rc redis-slave --replicas=3, pinned."""
    run.create(draw(st.just(REDIS_SLAVE)))
    run.advance(10)
    where = {"kind": "ReplicationController", "namespace": "default", "name": "redis-slave"}
    made = run.do("patch", **where, patch={"spec": {"replicas": 3}}, subresource="scale")
    if accepted(made):
        run.advance(20)
