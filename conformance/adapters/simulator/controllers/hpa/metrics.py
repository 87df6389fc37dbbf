"""What each metric of an HPA says now: samples of its Pods, their requests, the proposal, its status.

Source: HPA-013..016, 020; ``podautoscaler/horizontal.go`` (computeReplicasForMetric) and the
metrics clients. Custom and external metrics APIs are not served, but a Pods metric is, when the
tester set a usage under its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from conformance.adapters.simulator import clock, meta, quantity
from conformance.adapters.simulator.controllers.hpa import proposal
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.settings import Settings

if TYPE_CHECKING:
    from conformance.adapters.simulator.engine import Engine

Metric = Mapping[str, Any]


class MetricUnavailableError(Exception):
    """A metric gave no proposal: why, in the words of an Event and of a condition."""

    def __init__(self, reason: str, sentence: str, context: str) -> None:
        super().__init__(f"{context}: {sentence}")
        self.reason = reason
        self.sentence = sentence


@frozen
class Reading:
    """One metric's proposal, its name as reasons show it, and its entry in status.currentMetrics."""

    replicas: int
    name: str
    status: Object


@frozen
class Context:
    """What a metric is read in: the Pods that the target selects, and how far is near enough."""

    engine: Engine
    current: int
    pods: Sequence[Object]
    tolerances: proposal.Tolerances


def metrics_of(hpa: Mapping[str, Any]) -> Sequence[Metric]:
    """spec.metrics, the one of autoscaling/v1, or the default: 80 % of the CPU request (HPA-018)."""
    spec = hpa["spec"]
    if spec.get("metrics"):
        return spec["metrics"]  # type: ignore[no-any-return]
    percent = spec.get("targetCPUUtilizationPercentage") or 80
    target = {"type": "Utilization", "averageUtilization": percent}
    return ({"type": "Resource", "resource": {"name": "cpu", "target": target}},)


def read(metric: Metric, context: Context) -> Reading:
    """What the metric asks for.

    Raises:
        MetricUnavailableError: it could not be computed (HPA-013).
    """
    return READERS[metric["type"]](metric, context)


def _read_resource(metric: Metric, context: Context) -> Reading:
    source = metric["resource"]
    try:
        found, name = _resource_proposal(source, None, context)
    except proposal.MetricError as error:
        raise MetricUnavailableError(
            "FailedGetResourceMetric",
            error.sentence,
            f"failed to get {source['name']} resource metric value",
        ) from error
    current = {"name": source["name"], "current": current_value(found)}
    return Reading(found.replicas, name, {"type": "Resource", "resource": current})


def _read_container_resource(metric: Metric, context: Context) -> Reading:
    source = metric["containerResource"]
    try:
        found, name = _resource_proposal(source, source["container"], context)
    except proposal.MetricError as error:
        raise MetricUnavailableError(
            "FailedGetContainerResourceMetric",
            error.sentence,
            f"failed to get {source['name']} container metric value",
        ) from error
    current = {
        "name": source["name"],
        "container": source["container"],
        "current": current_value(found),
    }
    return Reading(
        found.replicas, name, {"type": "ContainerResource", "containerResource": current}
    )


def _resource_proposal(
    source: Metric, container: str | None, context: Context
) -> tuple[proposal.Proposal, str]:
    """The proposal of a resource, of whole Pods or of one container of each (HPA-016)."""
    resource, wanted = source["name"], source["target"]
    percent = wanted.get("averageUtilization")
    kind = "utilization" if percent is not None else "usage"
    try:
        samples = _served_samples(resource, container, context)
        target: proposal.Target
        if percent is None:
            target = proposal.AverageTarget(quantity.milli(wanted["averageValue"]))
        else:
            target = utilization_target(percent, resource, container, context)
        found = _propose(samples, resource, target, context)
    except proposal.MetricError as error:
        sentence = f"failed to get {resource} {kind}: {error.sentence}"
        raise proposal.MetricError(str(error), sentence) from error
    prefix = f"{resource} container resource" if container else f"{resource} resource"
    return found, f"{prefix} utilization (percentage of request)" if percent else prefix


def utilization_target(
    percent: int, resource: str, container: str | None, context: Context
) -> proposal.UtilizationTarget:
    """The percentage, with what each selected Pod requests; any that does not voids it (HPA-014)."""
    requests: dict[str, int] = {}
    lacking: str | None = None
    for pod in context.pods:
        try:
            requests[meta.name_of(pod)] = request_of(
                pod, resource, container, context.engine.settings
            )
        except LookupError as error:
            lacking = lacking or str(error.args[0])
    floor = context.engine.settings.hpa_missing_utilization_floor
    return proposal.UtilizationTarget(percent, requests, floor, missing_request=lacking)


def request_of(pod: Object, resource: str, container: str | None, settings: Settings) -> int:
    """What the Pod requests of the resource, in milli: of one container, or of all that stay.

    Raises:
        LookupError: a container without a request, named in a sentence (HPA-014).
    """
    spec, name = pod["spec"], meta.name_of(pod)
    whole = ((spec.get("resources") or {}).get("requests") or {}).get(resource)
    if container is None and whole is not None and settings.pod_level_resources:
        return quantity.milli(whole)
    total = 0
    lasting = lasting_containers(spec)
    chosen = [one for one in lasting if container in (None, one["name"])]
    if not chosen:
        raise LookupError(f"container {container} not found in Pod {name}")
    for one in chosen:
        request = ((one.get("resources") or {}).get("requests") or {}).get(resource)
        if request is None:
            raise LookupError(
                f"missing request for {resource} in container {one['name']} of Pod {name}"
            )
        total += quantity.milli(request)
    return total


def lasting_containers(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The containers and sidecars: all that run as long as the Pod does."""
    sidecars = [
        one for one in spec.get("initContainers") or () if one.get("restartPolicy") == "Always"
    ]
    return [*spec["containers"], *sidecars]


def _served_samples(
    resource: str, container: str | None, context: Context
) -> list[proposal.PodSample]:
    """The samples of the resource metrics API, which may be absent, or have none (HPA-020)."""
    served = f"unable to get metrics for resource {resource}"
    if not context.engine.metrics_available:
        raise proposal.MetricError(
            "no_metrics",
            f"{served}: unable to fetch metrics from resource metrics API: the server could not "
            "find the requested resource (get pods.metrics.k8s.io)",
        )
    samples = [sample_of(pod, resource, container, context.engine) for pod in context.pods]
    if samples and all(sample.usage is None for sample in samples):
        raise proposal.MetricError(
            "no_metrics", f"{served}: no metrics returned from resource metrics API"
        )
    return samples


def sample_of(
    pod: Object, resource: str, container: str | None, engine: Engine
) -> proposal.PodSample:
    """What the metrics pipeline and the API know about the Pod at this instant (HPA-001, HPA-012)."""
    status = pod.get("status") or {}
    ready = meta.condition_of(pod, "Ready")
    started = status.get("startTime")
    return proposal.PodSample(
        name=meta.name_of(pod),
        phase=status.get("phase") or "Pending",
        deleting=meta.is_deleting(pod),
        ready=None if ready is None else ready["status"],
        ready_since=0.0 if ready is None else seconds_of(ready.get("lastTransitionTime")) or 0.0,
        started_at=seconds_of(started),
        usage=usage_of(pod, resource, container, engine),
        sampled_at=engine.clock.now,
        window=engine.settings.hpa_metric_window_seconds,
    )


def usage_of(pod: Object, resource: str, container: str | None, engine: Engine) -> int | None:
    """The usage that the tester chose, in milli; None: no sample.

    A usage is given for a whole Pod, so a container has one only when it is alone in its Pod.
    """
    usage = engine.usage.get((meta.namespace_of(pod), meta.name_of(pod)))
    alone = container is None or [one["name"] for one in lasting_containers(pod["spec"])] == [
        container
    ]
    if not usage or resource not in usage or not alone:
        return None
    return quantity.milli(usage[resource])


def seconds_of(timestamp: str | None) -> float | None:
    """A time of an object on the engine's clock."""
    return None if timestamp is None else meta.parse_time(timestamp) - clock.EPOCH


def current_value(found: proposal.Proposal) -> Object:
    """The current value as status.currentMetrics shows it (HPA-002)."""
    value: Object = {"averageValue": quantity.format_milli(found.average_value)}
    if found.utilization is not None:
        value["averageUtilization"] = found.utilization
    return value


def _propose(
    samples: Sequence[proposal.PodSample], resource: str, target: proposal.Target, context: Context
) -> proposal.Proposal:
    engine = context.engine
    return proposal.propose(
        context.current,
        samples,
        resource,
        target,
        context.tolerances,
        engine.clock.now,
        engine.settings,
    )


def _read_pods(metric: Metric, context: Context) -> Reading:
    source = metric["pods"]
    name = source["metric"]["name"]
    samples = [sample_of(pod, name, None, context.engine) for pod in context.pods]
    if not context.engine.metrics_available or all(sample.usage is None for sample in samples):
        raise _unserved("Pods", "pods", name, "custom")
    target = proposal.AverageTarget(quantity.milli(source["target"]["averageValue"]))
    try:
        found = _propose(samples, name, target, context)
    except proposal.MetricError as error:
        raise MetricUnavailableError(
            "FailedGetPodsMetric", error.sentence, "failed to get pods metric value"
        ) from error
    current = {"metric": source["metric"], "current": current_value(found)}
    return Reading(found.replicas, f"pods metric {name}", {"type": "Pods", "pods": current})


def _read_object(metric: Metric, context: Context) -> Reading:  # noqa: ARG001 - never served
    raise _unserved("Object", "object", metric["object"]["metric"]["name"], "custom")


def _read_external(metric: Metric, context: Context) -> Reading:  # noqa: ARG001 - never served
    raise _unserved("External", "external", metric["external"]["metric"]["name"], "external")


def _unserved(type_: str, word: str, name: str, api: str) -> MetricUnavailableError:
    """The metrics API that would have this metric is not registered."""
    return MetricUnavailableError(
        f"FailedGet{type_}Metric",
        f"unable to get metric {name}: unable to fetch metrics from {api} metrics API: "
        "the server could not find the requested resource",
        f"failed to get {word} metric value",
    )


READERS: Final[Mapping[str, Callable[[Metric, Context], Reading]]] = {
    "Resource": _read_resource,
    "ContainerResource": _read_container_resource,
    "Pods": _read_pods,
    "Object": _read_object,
    "External": _read_external,
}
