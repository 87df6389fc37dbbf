"""HPA: which Pods count for an autoscaler, what is assumed of the others, and several metrics at once."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from conformance.suite.test_hpa import (
    MANY,
    MINUTE,
    REQUEST,
    begin,
    loads,
    pods,
    rest,
    sync,
    use,
)
from strategies.manifests import autoscaler, container, node
from strategies.once import among
from strategies.scaling import (
    ignored,
    level_questions,
    missing,
    proposals,
    unready,
    utilization,
    utilization_questions,
    workload,
)


@focus("HPA-011")
def test_pods_without_a_sample(run: Session, draw: Draw) -> None:
    """Some of the Pods have no sample, whichever way the others point."""
    run.evaluate("hpa.utilization_replicas", draw(utilization_questions(missing)))
    for _ in range(MANY):
        run.evaluate("hpa.utilization_replicas", draw(level_questions()))
    begin(run, draw(st.integers(2, 6)), draw(loads), maximum=20)
    silent = pods(run)[: draw(st.integers(1, 3))]
    use(run, None, silent)
    rest(run)
    run.advance(400)
    rest(run)


@focus("HPA-012")
def test_pods_that_are_not_ready(run: Session, draw: Draw) -> None:
    """Some Pods find no node, or fail again and again while the others work."""
    for resource in ("cpu", "memory") * (MANY // 2):
        asked = draw(utilization_questions(unready, resource=resource))
        run.evaluate("hpa.utilization_replicas", asked)
    if draw(st.booleans()) and run.can("nodes"):
        run.create(node("small", cpu="100m"))
        template = workload(replicas=draw(st.integers(2, 4)))
        template["spec"]["template"]["spec"]["nodeSelector"] = {"kubernetes.io/hostname": "small"}
        run.create(template)
        run.advance(MINUTE)
    else:
        run.create(workload(replicas=draw(st.integers(2, 4))))
        run.advance(draw(among(MINUTE, 250, 310)))
        for name in pods(run)[: draw(st.integers(1, 2))]:
            for _ in range(draw(st.integers(4, 6))):
                run.exit(name, "c", 1)
                run.advance(draw(among(0, 11, 21)))
    use(run, draw(among("300m", "90m", "10m")))
    run.create(autoscaler("a", "a", maximum=20))
    sync(run, 2)
    run.advance(1)


@focus("HPA-013")
def test_failed_and_ending_pods_do_not_count(run: Session, draw: Draw) -> None:
    """Pods that were deleted linger, whatever they use; or nothing at all is measured, or no more."""
    run.evaluate("hpa.utilization_replicas", draw(utilization_questions(ignored)))
    questions = draw(utilization_questions(ignored))
    gone = [each for each in questions["pods"] if each["deleting"] or each["phase"] == "Failed"]
    run.evaluate("hpa.utilization_replicas", {**questions, "pods": gone})
    held = workload(replicas=draw(st.integers(1, 3)))
    held["spec"]["template"]["metadata"]["finalizers"] = ["example.com/hold"]
    run.create(held)
    run.advance(MINUTE)
    leaving = pods(run)[: draw(st.integers(1, 2))]
    use(run, draw(among("900m", "0")), leaving)
    for name in leaving:
        run.delete("Pod", name)
    run.advance(MINUTE)
    use(run, draw(among(None, "90m", "50m", "200m")))
    run.create(autoscaler("a", "a", maximum=20))
    rest(run)
    use(run, None)
    rest(run)


@focus("HPA-014")
def test_a_request_on_every_container(run: Session, draw: Draw) -> None:
    """A container, a sidecar, or none of them requests nothing; the whole Pod may do so instead."""
    asked = draw(utilization_questions(st.just({"request_milli": None})))
    run.evaluate("hpa.utilization_replicas", asked)
    lacking = draw(among("container", "sidecar", "memory", "init", "pod"))
    more: dict[str, Any] = {} if lacking in ("container", "pod") else REQUEST
    containers = [container("c", **REQUEST), container("d", **more)]
    made = workload(replicas=2, containers=containers)
    spec = made["spec"]["template"]["spec"]
    if lacking in ("sidecar", "init"):
        policy = {"restartPolicy": "Always"} if lacking == "sidecar" else {}
        spec["initContainers"] = [container("s", **policy)]
    if lacking == "pod":
        spec["resources"] = {"requests": {"cpu": "200m"}}
    run.create(made)
    if lacking == "init":
        for name in pods(run):
            run.exit(name, "s", 0)
    run.advance(MINUTE)
    use(run, {"cpu": "300m", "memory": "64Mi"})
    resource = "memory" if lacking == "memory" else "cpu"
    run.create(autoscaler("a", "a", metrics=[utilization(50, resource)]))
    rest(run)


@focus("HPA-015")
def test_the_largest_of_several_metrics(run: Session, draw: Draw) -> None:
    """CPU and memory point anywhere, or one or both of them cannot be had."""
    run.evaluate("hpa.max_of_metrics", draw(proposals))
    cpu, memory = (
        draw(among(None, "10m", "50m", "100m")),
        draw(among(None, "6Mi", "32Mi", "64Mi")),
    )
    usage = {key: value for key, value in (("cpu", cpu), ("memory", memory)) if value is not None}
    begin(run, 4, usage, utilization=None, metrics=[utilization(50), utilization(50, "memory")])
    rest(run)
    run.advance(350)
    rest(run)
