"""PROBE: when containers are asked how they are, and what becomes of the answer."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from conformance.suite.probing import answer, created, handlers, knows_startup, moments
from strategies.manifests import Manifest, container, pod, sidecar
from strategies.once import among
from strategies.probes import (
    EXEC,
    FLAWED_COUNTS,
    FLAWED_HANDLERS,
    FLAWED_STARTUP,
    GOOD,
    SOUND_HANDLERS,
    counted_pods,
    folds,
    probe,
    probed,
    probed_pod,
    questions,
)

graces = st.sampled_from([{"terminationGracePeriodSeconds": each} for each in (3, 40)] + [{}])


# -- what results come to ---------------------------------------------------------------------------


@focus("PROBE-001")
def test_what_holds_before_the_first_result(run: Session, draw: Draw) -> None:
    """Pods without a probe, and with one that is not asked yet."""
    run.evaluate("probe.worker", draw(questions("error", "new_container")))
    kind = draw(among("liveness", "readiness", "startup", "none"))
    delay = draw(among(10, 30))
    probes = {} if kind == "none" else {kind: probe(draw(handlers), delay=delay)}
    run.create(probed_pod(**probes))
    run.advance(draw(among(1, 5)))
    run.exit("a", "c", 1)
    run.advance(45)


@focus("PROBE-002")
def test_the_numbers_of_a_probe(run: Session, draw: Draw) -> None:
    """Numbers that are negative, or must be 1; and those that are given, 0 or left out."""
    run.create(draw(st.sampled_from(FLAWED_COUNTS)), dry_run=True)
    if knows_startup(run):
        run.create(FLAWED_STARTUP, dry_run=True)
    kind = draw(among("liveness", "readiness"))
    run.create(draw(counted_pods(kind)), dry_run=True)


@focus("PROBE-003")
def test_results_in_a_row(run: Session, draw: Draw) -> None:
    """Answers good and bad in any order, asked as a function; and a target that fails for good."""
    kinds = ("liveness", "readiness", *(("startup",) if knows_startup(run) else ()))
    for _ in range(3):
        run.evaluate("probe.fold", draw(folds(kinds)))
        run.evaluate("probe.worker", draw(questions("success", "failure", "warning", "unknown")))
    kind = draw(among("liveness", "readiness"))
    created(run, probed_pod(**{kind: probe(failure=draw(st.integers(1, 5)))}))
    answer(run, kind, 1)
    run.advance(30)
    answer(run, kind, 0)


# -- when they are made -----------------------------------------------------------------------------


@focus("PROBE-004")
def test_the_initial_delay(run: Session, draw: Draw) -> None:
    """Probes with an initial delay, in the first run of a container and in a later one."""
    kind = draw(st.sampled_from(["readiness", "liveness", *(["startup"] * knows_startup(run))]))
    delay, failure = draw(among(3, 5, 20)), draw(st.integers(1, 2))
    run.create(probed_pod(**{kind: probe(delay=delay, failure=failure)}))
    if draw(st.booleans()):
        answer(run, kind, 1)
    run.advance(45)
    answer(run, kind, 0)
    run.advance(draw(moments))
    run.exit("a", "c", 1)
    run.advance(60)


@focus("PROBE-004")
def test_the_delay_counts_from_the_start_of_the_container(run: Session, draw: Draw) -> None:
    """A startup probe takes longer than the initial delay of the readiness probe."""
    if knows_startup(run):
        run.create(probed_pod(startup=probe(failure=60), readiness=probe(delay=10)))
        answer(run, "startup", 1)
        run.advance(draw(among(5, 20)))
        answer(run, "startup", 0)
    else:
        run.create(probed_pod(readiness=probe(delay=10)))
    run.advance(30)


@focus("PROBE-005")
def test_probes_come_every_period(run: Session, draw: Draw) -> None:
    """A container becomes ready in its first run and in a later one; another one fails and fails."""
    period, delay = draw(among(1, 2, 10)), draw(among(0, 5))
    run.create(
        pod(
            containers=[
                probed(
                    "c",
                    liveness=probe(period=period, failure=10),
                    readiness=probe(period=period, delay=delay),
                )
            ]
        )
    )
    answer(run, "readiness", 1)
    run.advance(draw(among(20, 25.5)))
    answer(run, "readiness", 0)
    run.advance(3 * period)
    answer(run, "liveness", 1)
    run.advance(7 * period)
    answer(run, "liveness", 0)
    run.advance(2 * period + 2)
    run.exit("a", "c", 1)
    run.advance(60)


@focus("PROBE-006")
def test_a_failure_is_detected(run: Session, draw: Draw) -> None:
    """A healthy target begins to fail, at any moment of the period; or it never was healthy."""
    kind = draw(among("liveness", "readiness"))
    period, failure = draw(among(1, 5, 10)), draw(st.integers(1, 4))
    run.create(probed_pod(**{kind: probe(period=period, failure=failure)}))
    run.advance(4 * period + draw(moments))
    answer(run, kind, draw(among(1, 255)))
    run.advance((failure + 1) * period + 3)
    answer(run, kind, 0)
    run.advance(2 * period + 60)
    if draw(st.booleans()):
        answer(run, kind, 1)
        run.advance((failure + 1) * period + 3)
        run.exit("a", "c", 1)
        run.advance((failure + 1) * period + 60)


# -- what becomes of them ---------------------------------------------------------------------------


@focus("PROBE-011")
def test_a_liveness_failure_kills(run: Session, draw: Draw) -> None:
    """Under every policy, of a container with or without a preStop hook, and with a grace of its own."""
    asks = {**probe(failure=draw(st.integers(1, 3))), **draw(graces)}
    hook = draw(st.sampled_from([{}, {"lifecycle": {"preStop": {"sleep": {"seconds": 20}}}}]))
    policy = draw(among("Always", "OnFailure", "Never"))
    created(run, pod(containers=[{**probed("c", liveness=asks), **hook}], policy=policy))
    answer(run, "liveness", 1)
    run.advance(draw(among(30, 90)))
    answer(run, "liveness", 0)
    run.advance(100)


@focus("PROBE-011")
def test_probing_pauses_until_there_is_a_new_container(run: Session, draw: Draw) -> None:
    """What a worker publishes after a failure, asked as a function; and the other container lives on."""
    asked = questions("success", "failure", "new_container", kinds=("liveness",))
    run.evaluate("probe.worker", draw(asked))
    containers = [probed("c", liveness=probe(failure=1)), container("d")]
    created(run, pod(containers=containers, policy=draw(among("Always", "Never"))))
    answer(run, "liveness", 1)
    run.advance(draw(among(3, 30)))
    answer(run, "liveness", 0)
    run.advance(60)


@focus("PROBE-012")
def test_a_readiness_failure_only_shows(run: Session, draw: Draw) -> None:
    """A container is not ready for a while, and then it is again."""
    handler = draw(handlers)
    asks = probe(handler, failure=draw(st.integers(1, 2)), success=draw(st.integers(1, 3)))
    others = draw(st.sampled_from([[], [container("d")]]))
    policy = draw(among("Always", "Never"))
    created(run, pod(containers=[probed("c", readiness=asks), *others], policy=policy))
    for _ in range(draw(st.integers(1, 2))):
        answer(run, "readiness", "timeout")
        run.advance(draw(among(20, 300)))
        answer(run, "readiness", GOOD[handler][0])
        run.advance(20)


@focus("PROBE-013")
def test_traffic_follows_readiness(run: Session, draw: Draw) -> None:
    """A Pod behind a Service is not ready for a while, as one of its containers or a gate will have it."""
    ports = [{"port": 80}]
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"selector": {"app": "web"}, "ports": ports},
    }
    containers = [probed("c", readiness=probe(failure=1)), container("d")]
    first, second = draw(st.permutations([service, None]))
    behind = pod(containers=containers, metadata={"labels": {"app": "web"}})
    for each in (first, second):
        run.create(each or behind)
        run.advance(draw(among(0, 6)))
    for _ in range(draw(st.integers(1, 2))):
        answer(run, "readiness", 1)
        run.advance(20)
        answer(run, "readiness", 0)
        run.advance(20)


@focus("PROBE-014")
def test_the_startup_probe_comes_first(run: Session, draw: Draw) -> None:
    """A container takes a while to start, or does not start at all; its other probes would fail."""
    run.evaluate("probe.fold", draw(folds(("startup",))))
    delay, failure = draw(among(0, 3)), draw(st.integers(1, 12))
    others = {"liveness": probe(failure=1), "readiness": probe()}
    run.create(probed_pod(startup=probe(delay=delay, failure=failure), **others))
    answer(run, "startup", 1)
    if draw(st.booleans()):
        answer(run, "liveness", 1)
    run.advance(draw(among(2, 8, 25)))
    answer(run, "startup", 0)
    answer(run, "liveness", 0)
    run.advance(60)
    answer(run, "startup", 1)
    run.advance(30)


@focus("PROBE-014")
def test_a_sidecar_starts_by_its_startup_probe(run: Session, draw: Draw) -> None:
    """The next container waits until the sidecar before it has started."""
    sidecar = {**probed("s", startup=probe(failure=30)), "restartPolicy": "Always"}
    run.create(pod(init=[sidecar], containers=[container("c")]))
    answer(run, "startup", 1, "s")
    run.advance(draw(among(3, 20)))
    answer(run, "startup", 0, "s")
    run.advance(20)


@focus("PROBE-015")
def test_one_handler_and_a_port(run: Session, draw: Draw) -> None:
    """Probes with no handler, with two, with ports and schemes that are none; and sound ones."""
    run.create(draw(st.sampled_from(FLAWED_HANDLERS)), dry_run=True)
    run.create(draw(st.sampled_from(SOUND_HANDLERS)), dry_run=True)
    highest = draw(among(65526, 65535))
    run.create(probed_pod(liveness={"httpGet": {"port": highest}}), dry_run=True)
    run.create(probed_pod(readiness={"grpc": {"port": 80}}), dry_run=True)


@focus("PROBE-016")
def test_counts_outlive_a_container(run: Session, draw: Draw) -> None:
    """A container exits after some failures, and goes on failing in its next run."""
    for _ in range(4):
        run.evaluate("probe.worker", draw(questions("success", "failure", "new_container")))
    created(run, probed_pod(liveness=probe(period=5, failure=3)))
    answer(run, "liveness", 1)
    run.advance(draw(among(6, 11)))
    run.exit("a", "c", 1)
    run.advance(30)
    answer(run, "liveness", 0)


@focus("PROBE-017")
def test_a_pod_that_ends_is_asked_for_its_readiness(run: Session, draw: Draw) -> None:
    """A Pod is deleted whose containers take their time to end, and then its probes fail."""
    hook = {"lifecycle": {"preStop": {"sleep": {"seconds": 25}}}}
    probes = {"liveness": probe(failure=2), "readiness": probe(failure=draw(st.integers(1, 3)))}
    created(run, pod(containers=[{**probed("c", **probes), **hook}]))
    if draw(st.booleans()):
        answer(run, "readiness", 1)
        run.advance(10)
        run.delete("Pod", "a")
        run.advance(1)
        answer(run, "readiness", 0)
    else:
        run.delete("Pod", "a")
        run.advance(draw(moments))
        answer(run, "readiness", 1)
    answer(run, "liveness", 1)
    run.advance(60)


@focus("PROBE-017")
def test_a_sidecar_is_asked_to_the_end(run: Session, draw: Draw) -> None:
    """A Pod is deleted whose app container takes its time; its sidecar's liveness probe fails then."""
    hook = {"lifecycle": {"preStop": {"sleep": {"seconds": 25}}}}
    lives = sidecar("s", livenessProbe=probe(failure=draw(st.integers(1, 3))))
    created(run, pod(containers=[{**container("c"), **hook}], init=[lives]))
    run.advance(draw(moments))
    run.delete("Pod", "a")
    run.advance(1)
    answer(run, "liveness", 1, "s")
    run.advance(60)


# -- the examples of the source document ------------------------------------------------------------


def demonstrated(kind: str) -> Manifest:
    """Its Pods that have /tmp/healthy for a minute, and are asked for it every five seconds."""
    named = f"{kind}-demo" if kind == "readiness" else f"{kind}-exec-demo"
    asks = {**EXEC, "initialDelaySeconds": 5, "periodSeconds": 5}
    healthy = "touch /tmp/healthy;sleep 60;rm -rf /tmp/healthy;sleep 600"
    one = container(named, "busybox", args=["/bin/sh", "-c", healthy], **{f"{kind}Probe": asks})
    return pod("a", [one], metadata={"labels": {"test": f"{kind}-exec"}})


@focus("PROBE-006", "PROBE-011")
def test_the_liveness_example_of_the_source(run: Session, draw: Draw) -> None:
    """Healthy for 60 s, then not; the new container has its file again, and loses it again."""
    created(run, demonstrated("liveness"), age=draw(moments))
    name = "liveness-exec-demo"
    for _ in range(2):
        run.advance(60)
        answer(run, "liveness", 1, name)
        run.advance(20)
        answer(run, "liveness", 0, name)
    run.advance(60)


@focus("PROBE-006", "PROBE-012")
def test_the_readiness_example_of_the_source(run: Session, draw: Draw) -> None:
    """Ready from the fifth second on until the minute is over; the container lives on, not ready."""
    created(run, demonstrated("readiness"), age=draw(moments))
    run.advance(60)
    answer(run, "readiness", 1, "readiness-demo")
    run.advance(120)
    answer(run, "readiness", 0, "readiness-demo")
    run.advance(20)
