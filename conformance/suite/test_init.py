"""INIT: init containers and sidecars, from the first to the last and again."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from strategies.init import (
    SIDECAR,
    init_containers,
    named_pods,
    probed_pods,
    requesting_pods,
)
from strategies.manifests import container, node, pod
from strategies.once import among
from strategies.pods import exit_codes, failures

moments = st.sampled_from([0, 1, 12])
"""Seconds between two things that a tester does."""


def initialize(run: Session, names: str) -> None:
    """Lets init containers succeed, one after another."""
    for name in names:
        run.exit("a", name, 0)
        run.advance(1)


def look_again(run: Session) -> None:
    """Makes the Pod appear once more in the watch."""
    run.patch("Pod", "a", {"metadata": {"labels": {"seen": f"at-{run.now:.0f}"}}})


@focus("INIT-001", "INIT-002")
def test_init_containers_run_in_order(run: Session, draw: Draw) -> None:
    """Two or three, some of which fail once before they succeed."""
    names = draw(among("ij", "ijk"))
    run.create(pod(init=init_containers(len(names)), policy=draw(among("Always", "OnFailure"))))
    for name in names:
        if draw(st.booleans()):
            run.exit("a", name, draw(failures))
            run.advance(2)
        run.advance(draw(moments))
        run.exit("a", name, 0)
    run.advance(2)


@focus("INIT-002")
def test_app_containers_wait_for_sidecars_too(run: Session, draw: Draw) -> None:
    """Sidecars and regular init containers, in front of one or two app containers."""
    init = init_containers(draw(st.integers(1, 2)), sidecars=draw(st.integers(0, 2)))
    run.create(pod(containers=[container("c"), container("d")], init=init))
    run.advance(draw(moments))
    initialize(run, "ij")
    run.advance(2)


@focus("INIT-003")
def test_a_failed_init_container_runs_again_alone(run: Session, draw: Draw) -> None:
    """The first or the second fails, once or several times."""
    run.create(pod(init=init_containers(2), policy=draw(among(None, "OnFailure"))))
    failing = draw(among(*"ij"))
    if failing == "j":
        run.exit("a", "i", 0)
    for wait in (2, 15, 30)[: draw(st.integers(1, 3))]:
        run.exit("a", failing, draw(failures))
        run.advance(wait)
    initialize(run, "ij")


@focus("INIT-004")
def test_under_never_a_failed_init_container_fails_the_pod(run: Session, draw: Draw) -> None:
    """The first or the second fails for good."""
    run.create(pod(init=init_containers(2), policy="Never"))
    if draw(st.booleans()):
        run.exit("a", "i", 0)
        run.advance(draw(moments))
        run.exit("a", "j", draw(failures))
    else:
        run.exit("a", "i", draw(failures))
    run.advance(30)
    look_again(run)


@focus("INIT-005")
def test_what_succeeded_is_not_run_again(run: Session, draw: Draw) -> None:
    """The app container crashes after initialization, under Always."""
    run.create(pod(init=init_containers(2), policy=draw(among("Always", "OnFailure"))))
    initialize(run, "ij")
    for wait in (2, 15, 30)[: draw(st.integers(1, 3))]:
        run.exit("a", "c", draw(failures))
        run.advance(wait)


@focus("INIT-006")
def test_init_containers_are_not_probed(run: Session, draw: Draw) -> None:
    """One of the four fields, on a regular init container or on a sidecar."""
    run.create(draw(probed_pods()), dry_run=True)


@focus("INIT-007")
def test_names_are_unique_labels(run: Session, draw: Draw) -> None:
    """A name that is taken, one that is no DNS-1123 label, and good ones."""
    run.create(draw(named_pods()), dry_run=True)


@focus("INIT-008")
def test_another_init_image_does_not_restart_the_pod(run: Session, draw: Draw) -> None:
    """After initialization the image of an init container changes, or something else of it."""
    run.create(pod(init=init_containers(2)))
    initialize(run, "ij")
    run.advance(draw(moments))
    change_of_init_container(run, draw)
    run.advance(60)
    look_again(run)


def change_of_init_container(run: Session, draw: Draw) -> None:
    """Patches the first or the second init container."""
    change: dict[str, Any] = draw(
        st.sampled_from([{"image": "other:2"}, {"image": "other:2"}, {"command": ["true"]}])
    )
    containers = [dict(each) for each in run.need("Pod", "a").spec.manifest["initContainers"]]
    containers[draw(st.integers(0, 1))].update(change)
    run.patch("Pod", "a", {"spec": {"initContainers": containers}})


@focus("INIT-009")
def test_a_new_sandbox_starts_from_the_first(run: Session, draw: Draw) -> None:
    """A Pod loses its sandbox before, during or after initialization, or when it has succeeded."""
    policy = draw(among("Never", "Always", "OnFailure"))
    apps = [container("c"), container("d")]
    if run.can("images") and draw(st.booleans()):  # one never starts, so that the Pod cannot end
        run.do("set-image", image="gone:1", outcome="missing")
        apps = [container("c"), container("d", "gone:1")]
    run.create(pod(containers=apps, init=init_containers(2), policy=policy))
    initialize(run, draw(among("ij", "i", "")))
    if draw(st.booleans()):
        run.exit("a", "c", draw(exit_codes))
    run.advance(draw(moments))
    run.do("lose-sandbox", namespace="default", pod="a")
    run.advance(40)
    look_again(run)
    initialize(run, "ij")
    run.advance(20)
    run.delete("Pod", "a", grace=1)


@focus("INIT-009")
def test_under_never_nothing_starts_in_a_new_sandbox(run: Session, draw: Draw) -> None:
    """Both init containers have run, and one of the app containers still could not be started."""
    if not run.can("images"):
        return
    run.do("set-image", image="gone:1", outcome="missing")
    apps = [container("c"), container("d", "gone:1")]
    run.create(pod(containers=apps, init=init_containers(2), policy="Never"))
    initialize(run, "ij")
    run.advance(draw(moments))
    run.do("lose-sandbox", namespace="default", pod="a")
    run.advance(40)
    look_again(run)


@focus("INIT-009")
def test_a_new_sandbox_before_anything_has_run(run: Session, draw: Draw) -> None:
    """The image of the first init container could not be had; it can when the sandbox is lost."""
    if not run.can("images"):
        return
    run.do("set-image", image="late:1", outcome="missing")
    policy = draw(among("Never", "OnFailure"))
    run.create(pod(init=[container("i", "late:1"), container("j")], policy=policy))
    run.advance(draw(moments))
    run.do("set-image", image="late:1", outcome="pullable")
    run.do("lose-sandbox", namespace="default", pod="a")
    look_again(run)
    run.advance(60)
    initialize(run, "ij")


@focus("INIT-010")
def test_the_effective_request_as_a_function(run: Session, draw: Draw) -> None:
    """The engine's own calculation, where it can be asked."""
    run.evaluate("pod.effective_requests", {"pod": draw(requesting_pods())})


@focus("INIT-010")
def test_init_containers_count_for_scheduling(run: Session, draw: Draw) -> None:
    """Two Pods, one after another, for which nodes may or may not have room."""
    if run.can("nodes"):
        run.create(node("roomy"))
    for name in "ab":
        run.create(draw(requesting_pods(name)))
        run.advance(1)


@focus("INIT-011")
def test_a_sidecar_starts_in_order_and_always_restarts(run: Session, draw: Draw) -> None:
    """A sidecar exits before, during and after initialization; in the end the app containers do."""
    policy = draw(among("Always", "OnFailure", "Never"))
    init = [
        container("s", restartPolicy=SIDECAR),
        container("i"),
        container("t", restartPolicy=SIDECAR),
    ]
    run.create(pod(init=init, policy=policy))
    when = draw(among("during", "after", "both"))
    if when != "after":
        run.exit("a", "s", draw(exit_codes))
        run.advance(2)
    initialize(run, "i")
    if when != "during":
        run.exit("a", draw(among(*"st")), draw(exit_codes))
        run.advance(20)
    run.exit("a", "c", 0)
    run.advance(60)


@focus("INIT-011")
def test_a_sidecar_may_be_probed(run: Session, draw: Draw) -> None:
    """One of the four fields, on a regular init container or on a sidecar."""
    run.create(draw(probed_pods()), dry_run=True)
