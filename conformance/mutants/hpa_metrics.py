"""HPA: autoscalers that miscount what their Pods use, or what it asks for."""

from __future__ import annotations

import math
from typing import Any, Final

from attrs import evolve

from conformance.adapters.simulator.controllers.hpa import metrics, proposal
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS, turned

HPA: Final = f"{SIMULATOR}.controllers.hpa"
METRICS: Final = f"{HPA}.metrics"
PROPOSAL: Final = f"{HPA}.proposal"
UTILIZATION: Final = f"{PROPOSAL}:UtilizationTarget"
AVERAGE: Final = f"{PROPOSAL}:AverageTarget"


# HPA-002 to 004: utilization, the formula, the tolerance.


@mutant("HPA-002", f"{PROPOSAL}:utilization_of")
def percents_are_rounded(_: Any) -> Any:
    """The utilization is rounded to the nearest percent, not truncated."""
    return lambda used, requested: round(used * 100 / requested)


@mutant("HPA-002", f"{UTILIZATION}.measure")
def the_mean_of_ratios_counts(original: Any) -> Any:
    """The utilization is the mean of the Pods' own utilizations, however little each requests."""

    def measure(target: Any, usage: Any) -> Any:
        shares = [100 * used // (target.requests[pod] or 1) for pod, used in usage.items()]
        mean = sum(shares) // len(shares)
        return evolve(original(target, usage), ratio=mean / target.percent, utilization=mean)

    return measure


@mutant("HPA-002", f"{METRICS}:request_of")
def usage_is_compared_with_limits(original: Any) -> Any:
    """Usage is divided by the limits of the containers, where they have some."""

    def capped(container: Any) -> Any:
        given = container.get("resources") or {}
        requests = {**(given.get("requests") or {}), **(given.get("limits") or {})}
        return {**container, "resources": {**given, "requests": requests}}

    def request_of(pod: Any, *given: Any) -> Any:
        containers = [capped(each) for each in pod["spec"]["containers"]]
        return original({**pod, "spec": {**pod["spec"], "containers": containers}}, *given)

    return request_of


@mutant("HPA-002", f"{METRICS}:current_value")
def the_status_shows_the_mean_in_whole_units(original: Any) -> Any:
    """averageValue in status.currentMetrics is rounded up to whole cores or bytes."""
    return lambda found: original(
        evolve(found, average_value=-(-found.average_value // 1000) * 1000)
    )


@mutant("HPA-003", f"{PROPOSAL}:wanted_replicas")
def replicas_are_rounded_to_nearest(_: Any) -> Any:
    """The desired number of replicas is rounded to the nearest, not up."""
    return lambda _target, ratio, usage, _settings: round(ratio * len(usage))


@mutant("HPA-003", f"{PROPOSAL}:wanted_replicas")
def there_is_always_one_more(_: Any) -> Any:
    """The desired number is the integral part and one, where nothing is left over too."""
    return lambda _target, ratio, usage, _settings: math.floor(ratio * len(usage)) + 1


@mutant("HPA-003", f"{PROPOSAL}:wanted_replicas", profile="documented")
def the_one_more_is_left_out(_: Any) -> Any:
    """The desired number is the sum of utilizations by the target, rounded up."""
    return lambda target, _ratio, usage, _settings: math.ceil(target.sum_over_target(usage))


@mutant("HPA-004", f"{PROPOSAL}:is_within")
def the_upper_bound_is_outside(original: Any) -> Any:
    """A ratio of exactly 1.1 is scaled up."""
    return lambda ratio, tolerances, settings: (
        ratio < 1.0 + tolerances.up and original(ratio, tolerances, settings)
    )


@mutant("HPA-004", SETTINGS, profile="documented")
def the_tolerance_is_five_percent(original: Any) -> Any:
    """Usage of more than 105 %, or less than 95 %, of the target is enough to scale."""
    return turned(original, hpa_tolerance=0.05)


@mutant("HPA-004", f"{PROPOSAL}:_with_assumptions")
def assumed_samples_know_no_tolerance(original: Any) -> Any:
    """The tolerance is not applied again after samples were assumed for some Pods."""
    none = proposal.Tolerances(0.0, 0.0)

    def with_assumptions(
        current: int, seen_ratio: float, usage: Any, target: Any, _: Any, settings: Any
    ) -> Any:
        return original(current, seen_ratio, usage, target, none, settings)

    return with_assumptions


# HPA-011 to 013: Pods that are missing, unready or gone.


@mutant("HPA-011", f"{UTILIZATION}.assumed")
def missing_pods_use_their_target(_: Any) -> Any:
    """On the way down a Pod without a sample counts with the target, not with all of its request."""
    return lambda target, pod: target.requests[pod] * target.percent // 100


@mutant("HPA-011", f"{PROPOSAL}:assumptions")
def missing_pods_are_left_out_on_the_way_up(original: Any) -> Any:
    """On the way up a Pod without a sample is not counted."""
    return lambda ratio, missing, *given: original(ratio, () if ratio > 1.0 else missing, *given)


@mutant("HPA-011", f"{PROPOSAL}:assumptions")
def exactly_on_target_is_below_it(original: Any) -> Any:
    """Samples are assumed for Pods without one where the others are exactly on target."""
    return lambda ratio, *given: original(min(ratio, 0.5) if ratio == 1.0 else ratio, *given)


@mutant("HPA-011", f"{PROPOSAL}:_with_assumptions")
def assumptions_may_turn_the_direction(original: Any) -> Any:
    """What is assumed for some Pods may turn scaling down into scaling up."""

    def with_assumptions(
        current: int, seen: float, usage: Any, target: Any, tolerances: Any, settings: Any
    ) -> Any:
        ratio = target.measure(usage).ratio
        if seen < 1.0 < ratio and not proposal.is_within(ratio, tolerances, settings):
            return proposal.wanted_replicas(target, ratio, usage, settings)
        return original(current, seen, usage, target, tolerances, settings)

    return with_assumptions


@mutant("HPA-012", f"{PROPOSAL}:assumptions")
def unready_pods_count_on_the_way_down(original: Any) -> Any:
    """On the way down Pods that are not ready count like Pods without a sample."""
    return lambda ratio, missing, unready, target: original(
        ratio, [*missing, *unready] if ratio < 1.0 else missing, unready, target
    )


@mutant("HPA-012", f"{PROPOSAL}:assumptions")
def unready_pods_do_not_damp_growth(original: Any) -> Any:
    """On the way up Pods that are not ready are not counted."""
    return lambda ratio, missing, _, target: original(ratio, missing, (), target)


@mutant("HPA-012", f"{PROPOSAL}:group_of")
def memory_is_treated_like_cpu(original: Any) -> Any:
    """Samples of memory, too, are dropped for Pods that are not ready."""
    return lambda pod, _, now, settings: original(pod, "cpu", now, settings)


@mutant("HPA-012", f"{PROPOSAL}:group_of")
def pending_pods_only_lack_a_sample(original: Any) -> Any:
    """A Pending Pod counts like one without a sample."""

    def group_of(pod: Any, *given: Any) -> Any:
        group = original(pod, *given)
        return "missing" if group == "unready" and pod.phase == "Pending" else group

    return group_of


@mutant("HPA-012", SETTINGS)
def five_minutes_are_thirty_seconds(original: Any) -> Any:
    """A Pod is taken to be initialized 30 s after its start."""
    return turned(original, hpa_cpu_initialization_seconds=30.0)


@mutant("HPA-012", f"{PROPOSAL}:is_unready_for_cpu")
def a_fresh_pod_has_no_noise(original: Any) -> Any:
    """A sample counts though it was taken within a window of the Pod's becoming Ready."""
    return lambda pod, *given: original(evolve(pod, window=0.0), *given)


@mutant("HPA-013", f"{PROPOSAL}:is_ignored")
def failed_pods_count(_: Any) -> Any:
    """A Failed Pod is considered like any other."""
    return lambda pod: pod.deleting


@mutant("HPA-013", f"{PROPOSAL}:is_ignored")
def terminating_pods_count(_: Any) -> Any:
    """A Pod with a deletionTimestamp is considered until it is gone."""
    return lambda pod: pod.phase == "Failed"


@mutant("HPA-013", f"{METRICS}:_resource_proposal")
def no_sample_is_no_usage(original: Any) -> Any:
    """Where no usable sample remains, nothing is used, and nothing wanted."""

    def resource_proposal(source: Any, container: Any, context: Any) -> Any:
        try:
            return original(source, container, context)
        except proposal.MetricError as error:
            if str(error) != "no_metrics" or not context.engine.metrics_available:
                raise
            return proposal.Proposal(0, 0, 0), source["name"]

    return resource_proposal


@mutant("HPA-013", f"{HPA}.controller:HorizontalPodAutoscalerController._set")
def a_failed_metric_is_not_told(original: Any) -> Any:
    """The condition ScalingActive does not say that the metric could not be had."""

    def set_(
        controller: Any, round_: Any, type_: str, status: bool, reason: str, *why: Any
    ) -> None:
        if reason != "FailedGetResourceMetric":
            original(controller, round_, type_, status, reason, *why)

    return set_


# HPA-014 to 016: requests, several metrics, kinds of target.


@mutant("HPA-014", f"{METRICS}:request_of")
def one_container_with_a_request_is_enough(original: Any) -> Any:
    """Containers without a request are left out, as long as another has one."""

    def request_of(pod: Any, resource: str, *given: Any) -> Any:
        spec = pod["spec"]
        asking = [
            each
            for each in spec["containers"]
            if resource in ((each.get("resources") or {}).get("requests") or {})
        ]
        trimmed = {**spec, "containers": asking or spec["containers"]}
        return original({**pod, "spec": trimmed}, resource, *given)

    return request_of


@mutant("HPA-014", f"{METRICS}:lasting_containers")
def sidecars_are_overlooked(_: Any) -> Any:
    """The requests of sidecars are neither needed nor counted."""
    return lambda spec: list(spec["containers"])


@mutant("HPA-014", f"{METRICS}:request_of")
def requests_of_the_pod_are_not_read(original: Any) -> Any:
    """Pod-level requests do not stand for those of the containers."""
    return lambda pod, *given: original({**pod, "spec": {**pod["spec"], "resources": {}}}, *given)


@mutant("HPA-015", f"{PROPOSAL}:combine")
def the_smallest_proposal_wins(original: Any) -> Any:
    """Of several metrics the one that asks for the fewest replicas is followed."""

    def combine(current: int, proposals: Any) -> Any:
        smallest = min((each for each in proposals if each is not None), default=None)
        return original(current, [each if each is None else smallest for each in proposals])

    return combine


@mutant("HPA-015", f"{PROPOSAL}:combine")
def failed_metrics_do_not_matter(original: Any) -> Any:
    """The target is scaled down by the metrics that work, though another failed."""
    return lambda current, proposals: original(
        current, [each for each in proposals if each is not None]
    )


@mutant("HPA-015", f"{PROPOSAL}:combine")
def one_failed_metric_stops_everything(original: Any) -> Any:
    """Nothing is scaled up, either, when one of several metrics fails."""
    return lambda current, proposals: None if None in proposals else original(current, proposals)


@mutant("HPA-016", f"{METRICS}:utilization_target")
def requests_are_read_once(original: Any) -> Any:
    """A utilization stays a percentage of what was requested at first, when the request is raised."""
    known: dict[Any, int] = {}

    def utilization_target(percent: int, resource: str, container: Any, context: Any) -> Any:
        target = original(percent, resource, container, context)
        for request in target.requests.values():
            known.setdefault((context.engine, resource), request)
        first = known.get((context.engine, resource), 0)
        return evolve(target, requests=dict.fromkeys(target.requests, first))

    return utilization_target


@mutant("HPA-016", f"{AVERAGE}.measure")
def an_average_value_is_a_total(original: Any) -> Any:
    """An averageValue is compared with the usage of all Pods together."""

    def measure(target: Any, usage: Any) -> Any:
        return evolve(original(target, usage), ratio=sum(usage.values()) / target.value)

    return measure


@mutant("HPA-016", f"{METRICS}:_resource_proposal")
def an_average_value_needs_requests(original: Any) -> Any:
    """A metric with an averageValue fails where a container requests nothing."""

    def resource_proposal(source: Any, container: Any, context: Any) -> Any:
        target = metrics.utilization_target(100, source["name"], container, context)
        if target.missing_request is not None:
            raise proposal.MetricError("missing_request", target.missing_request)
        return original(source, container, context)

    return resource_proposal


@mutant("HPA-016", f"{SIMULATOR}.api.autoscaling:_SOURCES")
def a_metric_may_have_two_targets(original: Any) -> Any:
    """A resource metric may set averageUtilization and averageValue at once."""

    def validate(source: Any, *given: Any) -> None:
        target = dict(source.get("target") or {})
        if target.get("averageUtilization") is not None:
            target.pop("averageValue", None)
        original["resource"]({**source, "target": target}, *given)

    return {**original, "resource": validate}


# HPA-020: where usage comes from.


@mutant("HPA-020", f"{METRICS}:_served_samples")
def without_metrics_nothing_is_used(original: Any) -> Any:
    """Where the metrics API is absent, the Pods are taken to use nothing."""

    def served_samples(resource: str, container: Any, context: Any) -> Any:
        if context.engine.metrics_available:
            return original(resource, container, context)
        return idle_samples(resource, container, context)

    return served_samples


def idle_samples(resource: str, container: Any, context: Any) -> list[proposal.PodSample]:
    """Samples of Pods that all use nothing."""
    return [
        evolve(metrics.sample_of(pod, resource, container, context.engine), usage=0)
        for pod in context.pods
    ]


@mutant("HPA-020", f"{METRICS}:_served_samples", profile="documented")
def the_last_metrics_stay_in_force(original: Any) -> Any:
    """Where the metrics API is absent, its last answer is used."""

    def served_samples(resource: str, container: Any, context: Any) -> Any:
        engine, available = context.engine, context.engine.metrics_available
        engine.metrics_available = True
        try:
            return original(resource, container, context)
        finally:
            engine.metrics_available = available

    return served_samples
