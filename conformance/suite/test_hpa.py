"""HPA: how many replicas an autoscaler makes, of what it measures and when.

Pods are left alone for a minute before their usage is chosen, so that their samples surely count.
"""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from spec_model.profiles import profile
from strategies.manifests import autoscaler, container
from strategies.once import among
from strategies.scaling import (
    SCALABLE,
    average_value,
    behavior_questions,
    behaviors,
    broken_autoscalers,
    counts,
    even_questions,
    level_questions,
    limit_questions,
    requests,
    stabilization_questions,
    utilization,
    utilization_questions,
    valid_autoscalers,
    workload,
)

MINUTE: Final = 61

MANY: Final = 6
"""How often a function is asked where what matters is rare; it costs next to nothing."""

loads: Final = st.sampled_from(
    ["100m", "90m", "56m", "55m", "50m", "45m", "44m", "10m", "0", "300m"]
)
"""CPU in use by a Pod that requests 100m, around the tolerance of a target of 50 %."""

REQUEST: Final[dict[str, Any]] = {"requests": {"cpu": "100m"}}


def period(run: Session) -> float:
    """Seconds between two syncs."""
    return profile(run.profile).hpa.sync_period


def sync(run: Session, times: int = 1) -> None:
    """Lets so many syncs happen."""
    for _ in range(times):
        run.advance(period(run))


def rest(run: Session) -> None:
    """Lets an autoscaler come to rest, and the judge look at it."""
    run.advance(2 * period(run))
    run.advance(1)


def pods(run: Session, name: str = "a") -> list[str]:
    """The names of the Pods of a workload, those that are ending left out."""
    found = (known.view for known in run.world.of_kind("Pod"))
    return [
        pod.key[2]
        for pod in found
        if pod.manifest["metadata"].get("labels", {}).get("app") == name
        and pod.deletion_timestamp is None
    ]


def use(run: Session, usage: Any, only: list[str] | None = None) -> None:
    """Chooses what Pods use: an amount of CPU, amounts by resource, or None for no sample."""
    if not run.can("metrics"):
        return
    chosen = {"cpu": usage} if isinstance(usage, str) else usage
    for name in pods(run) if only is None else only:
        run.do("set-usage", namespace="default", pod=name, usage=chosen)


def begin(run: Session, replicas: int, usage: Any = None, **scaler: Any) -> None:
    """A workload that has been there for a minute, uses so much, and gets an autoscaler."""
    run.create(workload(replicas=replicas))
    run.advance(MINUTE)
    use(run, usage)
    run.create(autoscaler("a", "a", **scaler))


@focus("HPA-001")
def test_one_sync_a_period(run: Session, draw: Draw) -> None:
    """Usage and bounds change all the time; what a sync shows is a whole period after the last."""
    begin(run, draw(counts), draw(loads))
    for level in draw(st.permutations(["10m", "20m", "30m", "40m", "50m", "60m"])):
        run.advance(draw(among(1, 5, 14, 15, 16, 29, 30, 31)))
        use(run, level)
        if draw(st.booleans()):
            bound = {"spec": {"maxReplicas": draw(st.integers(11, 14))}}
            run.patch("HorizontalPodAutoscaler", "a", bound)
    rest(run)


@focus("HPA-002")
def test_utilization_is_total_usage_over_total_requests(run: Session, draw: Draw) -> None:
    """Every Pod uses another amount; requests and limits differ."""
    run.evaluate("hpa.utilization_replicas", draw(utilization_questions(request=requests)))
    milli = draw(among(100, 30, 7))
    run.create(workload(replicas=draw(st.integers(2, 5)), milli=milli))
    run.advance(MINUTE)
    for name in pods(run):
        use(run, f"{draw(st.integers(0, 2 * milli))}m", [name])
    run.create(autoscaler("a", "a", utilization=draw(among(50, 33, 90))))
    sync(run, 2)


@focus("HPA-003")
def test_the_formula(run: Session, draw: Draw) -> None:
    """All Pods are ready and measured, the ratio is a whole number as often as not."""
    run.evaluate("hpa.utilization_replicas", draw(even_questions()))
    run.evaluate("hpa.utilization_replicas", draw(utilization_questions()))
    begin(run, draw(st.integers(1, 5)), draw(loads), maximum=20)
    rest(run)


@focus("HPA-004")
def test_the_tolerance(run: Session, draw: Draw) -> None:
    """Usage lies at, just within or just outside a tenth of the target."""
    for _ in range(MANY):
        run.evaluate("hpa.utilization_replicas", draw(even_questions()))
        run.evaluate("hpa.utilization_replicas", draw(level_questions()))
    level = draw(among("55m", "45m", "56m", "44m", "54m", "46m", "57m"))
    begin(run, draw(st.integers(1, 6)), level, maximum=20)
    rest(run)


@focus("HPA-005")
def test_the_bounds(run: Session, draw: Draw) -> None:
    """Usage asks for more than maxReplicas, or for none at all."""
    run.evaluate("hpa.limits", draw(limit_questions()))
    run.evaluate("hpa.behavior_limits", draw(behavior_questions()))
    replicas = draw(among(2, 3, 4))
    maximum = draw(st.sampled_from([replicas, replicas + 1, 2 * replicas]))
    policies: dict[str, Any] = draw(st.sampled_from([{}, {"behavior": {}}]))
    level = draw(among("300m", "0"))
    begin(run, replicas, level, minimum=2, maximum=maximum, **policies)
    rest(run)
    run.advance(400)
    rest(run)


@focus("HPA-006")
def test_a_count_outside_the_bounds(run: Session, draw: Draw) -> None:
    """The count lies outside the bounds from the first, or is put there by hand or by new bounds."""
    minimum, maximum = draw(among((3, 4), (2, 2), (5, 6)))
    replicas = draw(st.sampled_from([1, minimum, maximum + 1, 9]))
    level = draw(among(None, "50m", "300m", "0"))
    begin(run, replicas, level, minimum=minimum, maximum=maximum)
    rest(run)
    if draw(st.booleans()):
        run.patch("Deployment", "a", {"spec": {"replicas": draw(among(1, 8))}})
    else:
        low, high = draw(among((1, 1), (7, 8)))
        run.patch(
            "HorizontalPodAutoscaler", "a", {"spec": {"minReplicas": low, "maxReplicas": high}}
        )
    run.advance(draw(among(0, 310)))
    rest(run)


@focus("HPA-007")
def test_zero_replicas(run: Session, draw: Draw) -> None:
    """The count is zero from the first or set to zero by hand, and later to something else."""
    replicas = draw(among(0, 2))
    begin(run, replicas, "100m", minimum=draw(among(1, 3)))
    sync(run)
    run.patch("Deployment", "a", {"spec": {"replicas": 0}})
    rest(run)
    if draw(st.booleans()):
        run.patch("Deployment", "a", {"spec": {"replicas": 1}})
        rest(run)


@focus("HPA-008")
def test_the_speed_of_growth(run: Session, draw: Draw) -> None:
    """Usage asks for far more than there is; the bound is at the limit, beside it, or far away."""
    run.evaluate("hpa.limits", draw(limit_questions()))
    replicas = draw(among(1, 2, 3, 4, 5))
    fastest = max(2 * replicas, 4)
    maximum = draw(st.sampled_from([fastest, fastest + 1, 16]))
    begin(run, replicas, draw(among("1000m", "200m", "105m")), maximum=maximum)
    sync(run)
    run.advance(MINUTE)
    use(run, "1000m")
    rest(run)


@focus("HPA-009")
def test_shrinking_waits_for_the_highest_recommendation(run: Session, draw: Draw) -> None:
    """Load drops at once or in steps; the window ends between two looks, or just after."""
    run.evaluate("hpa.stabilize", draw(stabilization_questions(behavior=False)))
    begin(run, draw(among(4, 6)), draw(among("50m", "60m", "10m")))
    run.advance(draw(among(15, 30, 100)))
    for level in draw(
        st.sampled_from([["10m"], ["30m", "10m"], ["10m", "30m"], ["0", "60m", "0"]])
    ):
        use(run, level)
        run.advance(draw(among(100, 200, 285, 301)))
    run.advance(1)
    run.advance(350)
    run.advance(1)


@focus("HPA-010")
def test_one_rescale_after_another(run: Session, draw: Draw) -> None:
    """After a scale-up load rises again, or drops, at once or when a cooldown would just be over."""
    begin(run, 2, "100m", maximum=16)
    sync(run)
    run.advance(draw(among(MINUTE, 90, 165)))
    use(run, draw(among("100m", "10m")))
    run.advance(draw(among(31, 60, 90, 120, 300)))
    use(run, draw(among("100m", "5m")))
    run.advance(40)
    run.advance(draw(among(15, 180, 301)))
    rest(run)


@focus("HPA-016")
def test_relative_and_absolute_targets(run: Session, draw: Draw) -> None:
    """A target in percent moves with the request; a mean amount does not and needs none."""
    absolute = draw(st.booleans())
    amount = draw(among("50m", "33m", "100m"))
    metric = average_value(amount) if absolute else utilization(50)
    own = [container()] if absolute and draw(st.booleans()) else None
    run.create(workload(replicas=draw(st.integers(1, 4)), containers=own))
    run.advance(MINUTE)
    use(run, draw(loads))
    run.create(autoscaler("a", "a", metrics=[metric], maximum=20))
    run.create(autoscaler("b", "b", metrics=[average_value("100Mi", "memory")]), dry_run=True)
    run.create(draw(broken_autoscalers("HPA-016")), dry_run=True)
    rest(run)
    request = {"cpu": draw(among("120m", "50m"))}
    containers = [container("c", requests=request)]
    patch = {"spec": {"template": {"spec": {"containers": containers}}}}
    run.patch("Deployment", "a", patch)
    run.advance(MINUTE)
    use(run, draw(loads))
    rest(run)


@focus("HPA-017")
def test_what_can_be_a_target(run: Session, draw: Draw) -> None:
    """Every kind that can be scaled, there first or later; and those that cannot."""
    kind = draw(among(*SCALABLE, "StatefulSet", "DaemonSet"))
    made = [workload(kind=kind, replicas=2), autoscaler("a", "a", kind=kind)]
    for manifest in draw(st.permutations(made)):
        run.create(manifest)
        sync(run, draw(st.integers(0, 3)))
    run.advance(MINUTE)
    use(run, "100m")
    rest(run)


@focus("HPA-018")
def test_validation_and_defaults(run: Session, draw: Draw) -> None:
    """Autoscalers at the bounds of what the API takes, and beyond."""
    for _ in range(MANY):
        broken = draw(broken_autoscalers("HPA-016", "HPA-017", "HPA-018"))
        for manifest in (draw(valid_autoscalers()), broken):
            run.evaluate("hpa.validate", {"hpa": manifest})
            run.create(manifest, dry_run=True)
    run.create(draw(valid_autoscalers()))


@focus("HPA-019")
def test_behavior(run: Session, draw: Draw) -> None:
    """Policies, choices and windows of every sort, while load goes up and down."""
    for _ in range(2 * MANY):
        run.evaluate("hpa.behavior_limits", draw(behavior_questions()))
    run.evaluate("hpa.stabilize", draw(stabilization_questions(behavior=True)))
    run.create(draw(broken_autoscalers("HPA-019")), dry_run=True)
    run.create(draw(broken_autoscalers("HPA-019")), dry_run=True)
    level = draw(among("300m", "100m", "10m"))
    begin(run, draw(among(1, 3, 5)), level, maximum=12, behavior=draw(behaviors()))
    sync(run, 2)
    for level in draw(st.sampled_from([["10m"], ["300m"], ["10m", "300m"], ["300m", "10m"]])):
        run.advance(MINUTE)
        use(run, level)
        sync(run, draw(st.integers(1, 5)))
    run.advance(draw(among(1, 301)))
    rest(run)


@focus("HPA-020")
def test_without_the_metrics_api(run: Session, draw: Draw) -> None:
    """The metrics API is not there, or goes away while an autoscaler works, and comes back."""
    run.do("set-metrics", available=draw(st.booleans()))
    begin(run, draw(among(2, 4)), draw(among("0", "100m", "50m")))
    rest(run)
    run.do("set-metrics", available=False)
    use(run, draw(among("0", "100m")))
    run.advance(draw(among(30, 400)))
    rest(run)
    run.do("set-metrics", available=True)
    rest(run)
