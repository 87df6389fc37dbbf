"""How many replicas an autoscaler will want, and why: from what lies beside it, or from its own status.

Beside it may lie its target, the Pods of that and what the metrics API says of them (PodMetrics); now is
the last moment that any of these tells of. What the controller remembers is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from spec_model import objects
from spec_model.events import Manifest
from spec_model.explain.statement import Others, Statement, Statements
from spec_model.laws.hpa_inputs import milli_of
from spec_model.laws.hpa_readings import (
    Metric,
    metrics_of,
    proposal_of,
    request_of,
    together,
    tolerance_of,
)
from spec_model.laws.hpa_targets import selector
from spec_model.objects import EMPTY, seconds
from spec_model.profiles import Profile
from spec_model.quantity import QuantityError
from spec_model.rules import Decision
from spec_model.validation import validate
from spec_model.workloads.hpa_limits import (
    behavior_of,
    cooled_down,
    limited,
    limited_by_behavior,
    outside_bounds,
)
from spec_model.workloads.hpa_metrics import PodSample, Proposal

DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(h|m(?!s)|s|ms)")
UNITS: Final[Mapping[str, float]] = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
REFUSALS: Final[Mapping[str, str]] = {
    "no_pods": "no Pods to be measured",
    "no_metrics": "no sample of any of its Pods",
    "missing_request": "a container without a request",
    "zero_requests": "requests that sum up to nothing",
}


@frozen
class Known:
    """What there is to go by: the count now, and of each Pod what the metrics API says."""

    current: int
    pods: Sequence[Manifest]
    samples: Mapping[str, Manifest]  # PodMetrics by name of the Pod
    now: float


def statements(autoscaler: Manifest, others: Others, profile: Profile) -> Statements:
    """How many replicas it wants now, one statement for each step of the way there."""
    metrics = metrics_of(autoscaler)
    try:
        known = _known(autoscaler, others)
        if isinstance(known, str):
            yield Statement("replicas wanted", f"not known: {known}", "HPA-002")
            return
        yield Statement("replicas now", str(known.current), "HPA-006")
        spec = autoscaler["spec"]
        bounds = spec.get("minReplicas", 1), spec["maxReplicas"]
        outside = outside_bounds(known.current, *bounds)
        if known.current == 0 or outside.value is not None:
            says = "0: it is suspended" if known.current == 0 else f"{outside.value}: out of bounds"
            yield Statement("replicas wanted", says, outside.because)
            return
        if metrics is None:
            yield Statement("replicas wanted", "not known: it looks at other metrics", "HPA-016")
            return
        yield from _wanted(autoscaler, metrics, known, profile)
    except QuantityError as error:
        yield Statement("quantities", f"of a metric: {error}", "RESOURCE-002", fault=True)


def _wanted(
    autoscaler: Manifest, metrics: Sequence[Metric], known: Known, profile: Profile
) -> Statements:
    """What each metric asks for, what that comes to, and how far it may go at once."""
    decided = []
    for index, metric in enumerate(metrics):
        samples = _samples(autoscaler, metric, index, known, profile)
        tolerance = tolerance_of(autoscaler, profile)
        decision = proposal_of(metric, samples, known.current, profile, tolerance)
        decided.append(decision)
        yield Statement(f"metric {_named(metric)}", _told(metric, decision), decision.because)
    wanted, _ = together(decided, known.current)
    if wanted.value is None:
        yield Statement(
            "replicas wanted", f"{known.current}: no metric can be used", wanted.because
        )
        return
    yield from _gone_to(autoscaler, known, wanted, profile)


def _named(metric: Metric) -> str:
    if metric.utilization is not None:
        return f"{metric.resource}, target {metric.utilization} %"
    return f"{metric.resource}, target {metric.average}m a Pod"


def _told(metric: Metric, decision: Decision[Proposal]) -> str:
    proposal = decision.value
    if proposal.refusal:
        return f"cannot be used: {REFUSALS.get(proposal.refusal, proposal.refusal)}"
    unit = "m a Pod" if metric.utilization is None else " %"
    return f"{proposal.replicas} replicas, for it is at {proposal.utilization}{unit}"


def _gone_to(
    autoscaler: Manifest, known: Known, wanted: Decision[int | None], profile: Profile
) -> Statements:
    spec, current = autoscaler["spec"], known.current
    desired = wanted.value or 0
    cooled = cooled_down(current, desired, _since_last_scale(autoscaler, known), profile)
    if cooled.value != desired:
        says = f"{current}: too soon after the last change for {desired}"
        yield Statement("replicas wanted", says, cooled.because)
        return
    bounds = spec.get("minReplicas", 1), spec["maxReplicas"]
    if "behavior" in spec:
        behavior = behavior_of(spec["behavior"])
        made = limited_by_behavior(current, desired, *bounds, behavior)
    else:
        made = limited(current, desired, *bounds, profile)
    count, is_limited = made.value.replicas, made.value.replicas != desired
    says = f"{count}: {desired}, but {made.value.reason}" if is_limited else str(count)
    yield Statement("replicas wanted", says, made.because if is_limited else wanted.because)
    window = _window(spec, profile)
    if count < current and window:
        says = f"once nothing higher was recommended for {window:g} s"
        yield Statement("shrinks", says, "HPA-019" if "behavior" in spec else "HPA-009")


def _window(spec: Manifest, profile: Profile) -> float:
    down = (spec.get("behavior") or EMPTY).get("scaleDown") or EMPTY
    given = down.get("stabilizationWindowSeconds")
    return profile.hpa.downscale_stabilization if given is None else float(given)


def _since_last_scale(autoscaler: Manifest, known: Known) -> float | None:
    last = _moment((autoscaler.get("status") or EMPTY).get("lastScaleTime"))
    return None if last is None else max(known.now - last, 0.0)


# -- What there is to go by -------------------------------------------------------------------------


def _known(autoscaler: Manifest, others: Others) -> Known | str:
    """What lies beside an autoscaler; or why that is not enough."""
    status = autoscaler.get("status") or EMPTY
    namespace, reference = _namespace(autoscaler), autoscaler["spec"]["scaleTargetRef"]
    beside = [each for each in others if _namespace(each) == namespace]
    target = next((each for each in beside if _is(each, reference)), None)
    if target is None:
        return _from_status(autoscaler, status, reference)
    if any(True for _ in validate(target)):
        return f"{reference['kind']} {reference['name']} is at fault"
    chosen = selector(_selector(target))
    pods = [
        each
        for each in beside
        if each.get("kind") == "Pod" and chosen(each["metadata"].get("labels") or EMPTY)
    ]
    current = (target.get("spec") or EMPTY).get("replicas", 1)
    if not pods and status.get("currentMetrics"):
        return Known(current, (), EMPTY, 0.0)
    if bad := next((each for each in pods if any(True for _ in validate(each))), None):
        return f"Pod {bad['metadata'].get('name')} is at fault"
    metrics = {
        each["metadata"].get("name", ""): each
        for each in beside
        if each.get("kind") == "PodMetrics"
    }
    return Known(current, pods, metrics, max(_moments(autoscaler, pods, metrics), default=0.0))


def _from_status(autoscaler: Manifest, status: Manifest, reference: Manifest) -> Known | str:
    told = "currentMetrics" in status or "currentCPUUtilizationPercentage" in status
    if not told or "currentReplicas" not in status:
        return f"give {reference['kind']} {reference['name']}, its Pods and PodMetrics, too"
    now = max(_moments(autoscaler, (), EMPTY), default=0.0)
    return Known(status["currentReplicas"], (), EMPTY, now)


def _is(manifest: Manifest, reference: Manifest) -> bool:
    same_kind = manifest.get("kind") == reference.get("kind")
    return same_kind and manifest["metadata"].get("name") == reference.get("name")


def _namespace(manifest: Manifest) -> str:
    return (manifest.get("metadata") or EMPTY).get("namespace") or "default"


def _selector(target: Manifest) -> Mapping[str, Any]:
    """The selector of a workload, or the labels of its template."""
    spec = target.get("spec") or EMPTY
    labels = ((spec.get("template") or EMPTY).get("metadata") or EMPTY).get("labels") or EMPTY
    return spec.get("selector") or labels


def _moments(
    autoscaler: Manifest, pods: Sequence[Manifest], metrics: Mapping[str, Manifest]
) -> Iterator[float]:
    """Every moment that is told of."""
    status = autoscaler.get("status") or EMPTY
    told = [each.get("lastTransitionTime") for each in status.get("conditions") or ()]
    told += [status.get("lastScaleTime"), *(each.get("timestamp") for each in metrics.values())]
    for pod in pods:
        own = pod.get("status") or EMPTY
        told += [own.get("startTime")]
        told += [each.get("lastTransitionTime") for each in own.get("conditions") or ()]
    yield from (moment for each in told if (moment := _moment(each)) is not None)


def _moment(text: Any) -> float | None:
    """Seconds since 1970; None for what is no time."""
    try:
        return seconds(text)
    except (TypeError, ValueError):
        return None


def _samples(
    autoscaler: Manifest, metric: Metric, index: int, known: Known, profile: Profile
) -> list[PodSample]:
    if known.pods:
        return [_sample(pod, metric.resource, known, profile) for pod in known.pods]
    return _as_status_has_it(autoscaler, metric, index, known)


def _sample(pod: Manifest, resource: str, known: Known, profile: Profile) -> PodSample:
    """A Pod, and what PodMetrics say of it; what they do not say of a container is not known."""
    view = objects.pod(pod)
    ready = view.conditions.get("Ready")
    turned = None if ready is None else _moment(ready.get("lastTransitionTime"))
    said = known.samples.get(view.key[2]) or EMPTY
    used = [(each.get("usage") or EMPTY).get(resource) for each in said.get("containers") or ()]
    usage = None if not used or None in used else sum(milli_of(each) for each in used)
    taken = _moment(said.get("timestamp"))
    return PodSample(
        phase=view.phase or "Pending",
        ready=None if ready is None else ready.get("status") == "True",
        start_age=None if view.start_time is None else known.now - view.start_time,
        last_transition_age=None if turned is None else known.now - turned,
        request=request_of(view, resource, profile),
        usage=usage,
        window=_duration(said.get("window", "")),
        sample_age=0.0 if taken is None else known.now - taken,
        deleting=view.deletion_timestamp is not None,
    )


def _duration(text: str) -> float:
    """Seconds of a duration as Go writes it.

    >>> _duration("1m30s"), _duration("15.5s")
    (90.0, 15.5)
    """
    return sum(float(number) * UNITS[unit] for number, unit in DURATION.findall(text))


def _as_status_has_it(
    autoscaler: Manifest, metric: Metric, index: int, known: Known
) -> list[PodSample]:
    """As many Pods as there are, all of which use what the status says is the mean."""
    status = autoscaler.get("status") or EMPTY
    listed = status.get("currentMetrics") or ()
    shown = (listed[index].get("resource") or EMPTY) if index < len(listed) else EMPTY
    held = shown.get("current") or EMPTY
    if metric.utilization is None:
        value = held.get("averageValue")
        usage, request = None if value is None else milli_of(value), 1000
    else:
        usage, request = held.get("averageUtilization"), 100
        if not listed:
            usage = status.get("currentCPUUtilizationPercentage")
    return [PodSample(request=request, usage=usage)] * known.current
