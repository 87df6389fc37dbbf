"""TERM: how Pods are deleted, and how their containers end."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from strategies.endings import (
    EXEC,
    HELD,
    delete_options,
    graced,
    graces,
    printed_pods,
    sleeping,
    slow_manners,
    spec_graces,
)
from strategies.invalid import flawed
from strategies.manifests import container, pod, replica_set
from strategies.once import among


def stops(run: Session, name: str, seconds: float | None, pod: str = "a", **more: Any) -> None:
    """From now on that is how a container takes SIGTERM; nothing where the engine cannot be told."""
    if run.can("stop-signals"):
        given = {"namespace": "default", "pod": pod, "container": name, "seconds": seconds}
        run.do("set-stop", **given, **more)


def hook_lasts(run: Session, name: str, seconds: float | None) -> None:
    """From now on that is how long the preStop hook of a container takes, where it can be told."""
    if run.can("hooks"):
        given = {"namespace": "default", "pod": "a", "container": name, "seconds": seconds}
        run.do("set-hook", **given, hook="preStop")


# -- the API ----------------------------------------------------------------------------------------


@focus("TERM-001")
def test_the_grace_period_is_asked_for_or_the_pods_own(run: Session, draw: Draw) -> None:
    """A Pod is deleted with and without a grace period; it may have run, or never."""
    run.create(graced(draw(spec_graces), policy="Never"))
    if draw(st.booleans()) and run.can("container-exit"):
        run.exit("a", "c", draw(among(0, 1)))
    stops(run, "c", 2, exitCode=0)
    run.delete("Pod", "a", grace=draw(graces))
    run.advance(100)


@focus("TERM-001")
def test_a_pod_without_a_node_goes_at_once(run: Session, draw: Draw) -> None:
    """A Pod that fits nowhere is deleted."""
    run.create(pod("a", nodeSelector={"disk": "none"}))
    run.delete("Pod", "a", grace=draw(graces))
    run.advance(60)


@focus("TERM-002")
def test_a_delete_marks_the_pod(run: Session, draw: Draw) -> None:
    """A Pod is deleted that takes its time to end."""
    run.create(graced(draw(spec_graces), metadata=HELD))
    stops(run, "c", draw(among(None, 8)), exitCode=0)
    run.advance(draw(among(0, 3)))
    run.delete("Pod", "a", grace=draw(graces))
    run.advance(100)


@focus("TERM-003")
def test_what_kubectl_shows(run: Session, draw: Draw) -> None:
    """Pods in every state, deleted or not."""
    run.evaluate("kubectl_status", {"pod": draw(printed_pods())})


@focus("TERM-004")
def test_another_delete_can_only_shorten(run: Session, draw: Draw) -> None:
    """A Pod that ignores SIGTERM is deleted, and after a while deleted again."""
    run.create(graced(draw(among(None, 30, 20)), metadata=HELD))
    stops(run, "c", None)
    run.delete("Pod", "a")
    for _ in range(draw(st.integers(1, 2))):
        run.advance(draw(among(0, 3, 19)))
        run.delete("Pod", "a", grace=draw(among(10, 40, None, 1, -1, 25)))
    run.advance(100)


@focus("TERM-004")
def test_what_was_shortened_is_over_sooner(run: Session, draw: Draw) -> None:
    """The second delete comes early enough to make a difference of more than lateness."""
    run.create(graced(60, metadata=HELD))
    stops(run, "c", None)
    run.delete("Pod", "a")
    run.advance(draw(among(1, 4)))
    run.delete("Pod", "a", grace=draw(among(10, 20)))
    run.advance(100)


@focus("TERM-012")
def test_kubectl_deletes_by_force_only_when_told_so(run: Session, draw: Draw) -> None:
    """Options of kubectl delete, in every combination."""
    run.evaluate("kubectl_delete.grace", draw(delete_options()))


# -- the node ---------------------------------------------------------------------------------------


@focus("TERM-005")
def test_the_hook_comes_first(run: Session, draw: Draw) -> None:
    """A container with a preStop hook, and one that ends in its own time after it."""
    handler = draw(st.sampled_from([sleeping(10), EXEC, EXEC]))
    run.create(graced(30, container(**handler), metadata=HELD))
    hook_lasts(run, "c", draw(among(12, 8, 0, None)))
    stops(run, "c", draw(among(1, 8)), exitCode=draw(among(0, 3)))
    run.delete("Pod", "a")
    run.advance(100)


@focus("TERM-005")
def test_a_hook_is_one_thing_and_sleeps_no_longer_than_the_grace_period(
    run: Session, draw: Draw
) -> None:
    """A handler that is none, or two; one that sleeps too long."""
    run.create(draw(flawed("TERM-005")).manifest, dry_run=True)
    asleep = draw(st.sampled_from([sleeping(30), sleeping(0)]))
    run.create(graced(30, container(**asleep)), dry_run=True)


@focus("TERM-006")
def test_who_ignores_term_is_killed(run: Session, draw: Draw) -> None:
    """With no hook, one that ends in time, and one that does not."""
    handler = draw(st.sampled_from([{}, {}, EXEC]))
    run.create(graced(draw(among(1, 2, 20, 30)), container(**handler), metadata=HELD))
    if handler:
        hook_lasts(run, "c", draw(among(3.5, 9, None)))
    stops(run, "c", None)
    run.delete("Pod", "a")
    run.advance(100)


@focus("TERM-006")
def test_who_knows_no_signals_dies_of_term(run: Session, draw: Draw) -> None:
    """A process without a handler."""
    run.create(graced(draw(among(10, 30)), metadata=HELD))
    stops(run, "c", 0)
    run.delete("Pod", "a")
    run.advance(60)


@focus("TERM-007")
def test_app_containers_stop_side_by_side(run: Session, draw: Draw) -> None:
    """Two or three containers that all take their time."""
    names = draw(among("cd", "cde"))
    run.create(graced(40, *(container(name) for name in names), metadata=HELD))
    for name in names:
        stops(run, name, draw(among(10, 12, 15)), exitCode=0)
    run.delete("Pod", "a")
    run.advance(100)


@focus("TERM-007")
def test_sidecars_stop_last_and_in_reverse(run: Session, draw: Draw) -> None:
    """Two sidecars around an app container, each with its own time to end."""
    sidecars = [container(name, restartPolicy="Always") for name in ("s", "t")]
    run.create(graced(draw(among(40, 8)), init=sidecars, metadata=HELD))
    for name in ("c", "s", "t"):
        stops(run, name, draw(among(1, 4, 10)), exitCode=0)
    run.delete("Pod", "a")
    run.advance(100)


@focus("TERM-008")
def test_a_terminating_pod_is_no_ready_endpoint(run: Session, draw: Draw) -> None:
    """A Pod behind a Service is deleted and takes its time to go."""
    run.create(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "web", "namespace": "default"},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
        }
    )
    run.create(graced(40, metadata={"labels": {"app": "web"}}))
    run.advance(5)
    stops(run, "c", draw(among(12, 25)), exitCode=0)
    run.delete("Pod", "a")
    run.advance(100)


@focus("TERM-009")
def test_readiness_while_it_ends(run: Session, draw: Draw) -> None:
    """A ready Pod is deleted, and one of its containers ends before the other."""
    run.create(graced(40, container("c"), container("d"), metadata=HELD))
    run.advance(2)
    manner = draw(slow_manners)
    stops(run, "c", **manner)
    stops(run, "d", 20, exitCode=0)
    run.delete("Pod", "a", grace=draw(among(None, 15)))
    run.advance(100)


@focus("TERM-010")
def test_a_controller_replaces_who_is_being_deleted(run: Session, draw: Draw) -> None:
    """One Pod of several is deleted, and takes its time to go."""
    kind = draw(among("ReplicaSet", "ReplicationController"))
    template = pod(containers=[container()], metadata={"labels": {"app": "web"}})
    run.create(replica_set("web", draw(st.integers(1, 3)), template, kind))
    run.advance(5)
    owned = [known.view.key[2] for known in run.world.of_kind("Pod")]
    if not owned:
        return
    name = draw(st.sampled_from(sorted(owned)))
    stops(run, "c", draw(among(None, 20)), pod=name, exitCode=0)
    run.delete("Pod", name)
    run.advance(60)


@focus("TERM-011")
def test_it_goes_when_nothing_is_left(run: Session, draw: Draw) -> None:
    """A Pod with and without a finalizer ends in its own time, and is let go later."""
    held = draw(st.booleans())
    run.create(graced(30, container("c"), container("d"), metadata=HELD if held else {}))
    stops(run, "c", **draw(slow_manners))
    stops(run, "d", 3, exitCode=0)
    run.delete("Pod", "a")
    run.advance(draw(among(20, 60)))
    if held:
        run.advance(40)
        run.patch("Pod", "a", {"metadata": {"finalizers": None}})
    run.advance(60)


@focus("TERM-013")
def test_by_force_it_goes_at_once(run: Session, draw: Draw) -> None:
    """A Pod that ignores SIGTERM is deleted by force, maybe after a delete with grace; the name is free."""
    run.create(graced(draw(among(None, 0)), container(**EXEC)))
    stops(run, "c", None)
    if draw(st.booleans()):
        run.delete("Pod", "a", grace=20)
        run.advance(draw(among(0, 5)))
    run.delete("Pod", "a", grace=0)
    run.create(graced(None))
    run.advance(10)


@focus("TERM-013")
def test_on_the_node_there_is_a_short_stop(run: Session, draw: Draw) -> None:
    """A finalizer keeps a Pod that is deleted by force in sight, maybe within its grace period."""
    handler = draw(st.sampled_from([{}, EXEC]))
    run.create(graced(20, container(**handler), metadata=HELD))
    if handler:
        hook_lasts(run, "c", draw(among(None, 0)))
    stops(run, "c", draw(among(None, 0)), exitCode=0)
    if draw(st.booleans()):
        run.delete("Pod", "a")
        run.advance(draw(among(5, 0)))
    run.delete("Pod", "a", grace=0)
    run.advance(30)


@focus("TERM-014")
def test_a_kubelet_that_restarts_grants_it_all_again(run: Session, draw: Draw) -> None:
    """The kubelet restarts once or twice while a container ignores SIGTERM, or its hook runs."""
    handler = draw(st.sampled_from([{}, EXEC]))
    run.create(graced(20, container(**handler), metadata=HELD))
    if handler:
        hook_lasts(run, "c", draw(among(4, 15)))
    stops(run, "c", draw(among(None, None, 18)), exitCode=0)
    run.delete("Pod", "a")
    for _ in range(draw(st.integers(1, 2))):
        run.advance(draw(among(8, 12)))
        node = run.view("Pod", "a").spec.node_name
        run.do("restart-kubelet", node=node)
    run.advance(100)
