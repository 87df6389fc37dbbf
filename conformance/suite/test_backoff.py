"""BACKOFF: how long a container that has ended waits for its next start."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from strategies.backoff import (
    backoff_arguments,
    caps,
    caps_out_of_range,
    cut_runs,
    kubelet_configuration,
    long_runs,
    quick_runs,
)
from strategies.manifests import container, pod
from strategies.once import among
from strategies.pods import exit_codes, failures

PATIENCE = (1, 2, 4, 8, 16, 32, 64, 128, 128)
"""Seconds to wait, again and again, for a container that is due within 300 s and its lateness."""


def crash(
    run: Session, code: int = 1, name: str = "c", *, pod_name: str = "a", after: int = 0
) -> None:
    """Lets a container run that long, exit, and waits until it runs again."""
    since = started_at(run, name, pod_name)
    if since is not None:
        age = run.world.setting.epoch + run.now - since
        run.advance(max(after - age, 0))
    run.exit(pod_name, name, code)
    await_start(run, name, pod_name)


def await_start(run: Session, name: str = "c", pod_name: str = "a") -> None:
    """Waits until a container runs."""
    run.wait_until(lambda: started_at(run, name, pod_name) is not None, PATIENCE)


def started_at(run: Session, name: str, pod_name: str) -> float | None:
    """Since when it runs, seconds since 1970; None while it does not."""
    view = run.view("Pod", pod_name)
    status = None if view is None else view.statuses.get(name)
    return None if status is None else status.started_at


def node_of(run: Session, pod_name: str = "a") -> str:
    """The node on which a Pod runs."""
    name: str = run.need("Pod", pod_name).spec.node_name
    return name


WHOLE_LADDER = (0, 1, 0, 1, 0, 1, 0, 1, 601, 0, 1)
"""Seconds of runs: up to the cap and beyond, one that resets the delay, and the first steps again."""


@focus("BACKOFF-001", "BACKOFF-003")
def test_the_whole_ladder_and_its_reset(run: Session, draw: Draw) -> None:
    """0, 10, 20, 40, 80, 160, 300, 300 s, then 0 and 10 s again; pinned, so that it is never missed."""
    run.create(pod())
    for seconds in draw(st.just(WHOLE_LADDER)):
        crash(run, after=seconds)


@focus("BACKOFF-001")
def test_the_delay_doubles(run: Session, draw: Draw) -> None:
    """A container exits again and again, after runs of different lengths."""
    run.create(pod(policy=draw(among("Always", "OnFailure"))))
    for seconds in draw(st.lists(quick_runs, min_size=2, max_size=6)):
        crash(run, draw(failures), after=seconds)


@focus("BACKOFF-001", "BACKOFF-003")
def test_delays_as_a_function(run: Session, draw: Draw) -> None:
    """The engine's own calculation, where it can be asked."""
    run.evaluate("restart.backoff", draw(backoff_arguments(housekeeping=False)))


@focus("BACKOFF-002")
def test_the_delay_runs_from_the_exit(run: Session, draw: Draw) -> None:
    """A run that is longer than its delay, so that it matters from when the delay is measured."""
    run.create(pod())
    for seconds in draw(st.lists(among(0, 15, 30, 90), min_size=2, max_size=5)):
        crash(run, after=seconds)


@focus("BACKOFF-003")
def test_a_long_run_resets_the_delay(run: Session, draw: Draw) -> None:
    """A few quick runs, one of more than 600 s, and what follows."""
    run.create(pod())
    for _ in range(draw(st.integers(2, 4))):
        crash(run)
    crash(run, draw(failures), after=draw(long_runs))
    crash(run)
    crash(run)


@focus("BACKOFF-004")
def test_success_backs_off_too(run: Session, draw: Draw) -> None:
    """An app container exits with any code under Always."""
    run.create(pod())
    for _ in range(draw(st.integers(2, 4))):
        crash(run, draw(exit_codes))


@focus("BACKOFF-004")
def test_init_containers_back_off_too(run: Session, draw: Draw) -> None:
    """A regular init container fails again and again."""
    run.create(pod(containers=[container("d")], init=[container()]))
    for _ in range(draw(st.integers(2, 4))):
        crash(run, draw(failures))


@focus("BACKOFF-004")
def test_sidecars_back_off_too(run: Session, draw: Draw) -> None:
    """A sidecar exits with any code."""
    run.create(pod(containers=[container("d")], init=[container(restartPolicy="Always")]))
    for _ in range(draw(st.integers(2, 4))):
        crash(run, draw(exit_codes))


@focus("BACKOFF-005")
def test_each_container_counts_for_itself(run: Session, draw: Draw) -> None:
    """One container climbs; then the other begins."""
    run.create(pod(containers=[container("c"), container("d")]))
    first, second = draw(st.permutations(["c", "d"]))
    for _ in range(draw(st.integers(3, 5))):
        crash(run, name=first)
    for _ in range(draw(st.integers(1, 3))):
        crash(run, name=second)


@focus("BACKOFF-005")
def test_another_image_starts_from_nothing(run: Session, draw: Draw) -> None:
    """The image of a container changes while it waits for its restart."""
    run.create(pod())
    for _ in range(draw(st.integers(2, 4))):
        crash(run)
    run.exit("a", "c", 1)
    run.advance(draw(among(0, 1, 7)))
    stored = dict(run.need("Pod", "a").spec.manifest["containers"][0])
    run.patch("Pod", "a", {"spec": {"containers": [{**stored, "image": "other:2"}]}})
    await_start(run)
    crash(run)


@focus("BACKOFF-005")
def test_a_new_pod_starts_from_nothing(run: Session, draw: Draw) -> None:
    """A Pod that crashed is deleted, and made again with the same name."""
    run.create(pod())
    for _ in range(draw(st.integers(3, 5))):
        crash(run)
    run.delete("Pod", "a", grace=1)
    run.advance(30)
    run.create(pod())
    await_start(run)
    crash(run)
    crash(run)


@focus("BACKOFF-006")
def test_a_waiting_container_says_so(run: Session, draw: Draw) -> None:
    """App or init container; long enough that the wait must be shown."""
    if draw(st.booleans()):
        run.create(pod(containers=[container("d")], init=[container()]))
    else:
        run.create(pod())
    for _ in range(draw(among(6, 2))):
        crash(run, draw(failures))


@focus("BACKOFF-007")
def test_the_kubelet_can_be_configured(run: Session, draw: Draw) -> None:
    """Another cap, the reduced decay, or a cap that makes the kubelet refuse to start."""
    run.create(pod())
    node = node_of(run)
    cap = draw(st.one_of(caps, st.none()))
    reduced = draw(st.booleans()) or cap is None
    run.do("configure-kubelet", node=node, configuration=kubelet_configuration(cap, reduced))
    run.create(pod("b", nodeName=node))
    await_start(run, pod_name="b")
    for _ in range(8 if reduced else draw(st.integers(2, 5))):
        crash(run, pod_name="b")


@focus("BACKOFF-007")
def test_a_cap_out_of_range_is_refused(run: Session, draw: Draw) -> None:
    """The kubelet does not start with it."""
    run.create(pod())
    node = node_of(run)
    configuration = kubelet_configuration(draw(caps_out_of_range))
    run.do("configure-kubelet", node=node, configuration=configuration)
    run.advance(10)
    crash(run)


@focus("BACKOFF-007")
def test_configured_delays_as_a_function(run: Session, draw: Draw) -> None:
    """The engine's own calculation with other constants, where it can be asked."""
    arguments = draw(backoff_arguments(configured=True, housekeeping=False))
    run.evaluate("restart.backoff", arguments)


@focus("BACKOFF-008")
def test_housekeeping_cuts_a_wait(run: Session, draw: Draw) -> None:
    """A container at the cap runs for more than five and less than ten minutes."""
    run.create(pod())
    for _ in range(draw(st.integers(6, 7))):
        crash(run)
    crash(run, after=draw(cut_runs))
    crash(run)
    run.evaluate("restart.backoff", draw(backoff_arguments(housekeeping=True)))


@focus("BACKOFF-009")
def test_a_failing_probe_restarts(run: Session, draw: Draw) -> None:
    """The liveness probe of a container always fails, a moment after it has started."""
    probe = {
        "exec": {"command": ["false"]},
        "periodSeconds": draw(among(1, 5)),
        "failureThreshold": 1,
        "terminationGracePeriodSeconds": 1,
    }
    run.create(pod(containers=[container(livenessProbe=probe)]))
    for _ in range(8):
        run.advance(15)


@focus("BACKOFF-010")
def test_a_new_kubelet_remembers_nothing(run: Session, draw: Draw) -> None:
    """The kubelet restarts while a container runs, or waits for its restart."""
    run.create(pod())
    for _ in range(draw(st.integers(2, 4))):
        crash(run)
    if draw(st.booleans()):
        run.exit("a", "c", 1)
        run.advance(draw(among(0, 1, 7)))
    run.do("restart-kubelet", node=node_of(run))
    await_start(run)
    for _ in range(draw(st.integers(1, 3))):
        crash(run)


@focus("BACKOFF-011")
def test_failed_pulls_back_off(run: Session, draw: Draw) -> None:
    """An image cannot be had for a while, up to the longest wait, and perhaps then it can."""
    run.do("set-image", image="gone:1", outcome="missing")
    run.create(pod(containers=[container(image="gone:1"), container("d")]))
    for seconds in draw(among((1400,), (90, 90), (400,))):
        run.advance(seconds)
    if draw(st.booleans()):
        run.do("set-image", image="gone:1", outcome="pullable")
        run.advance(320)
    run.delete("Pod", "a", grace=1)
    run.advance(30)


@focus("BACKOFF-011")
def test_each_pod_pulls_for_itself(run: Session, draw: Draw) -> None:
    """A second Pod of the same node asks for an image that could not be had for the first."""
    run.do("set-image", image="gone:1", outcome="missing")
    missing = [container(image="gone:1")]
    run.create(pod(containers=missing))
    run.advance(draw(among(0, 35, 100)))
    run.create(pod("b", missing, nodeName=node_of(run)))
    run.advance(40)
    for name in "ab":
        run.delete("Pod", name, grace=1)
    run.advance(30)
