"""What is scaled and by whom: autoscalers, valid and broken, and questions to an autoscaler's functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from hypothesis import strategies as st

from strategies.manifests import Manifest, autoscaler, container, pod, replica_set
from strategies.once import among, once

SCALABLE: Final = ("Deployment", "ReplicaSet", "ReplicationController")
"""Kinds that every release could scale."""

targets: Final = st.sampled_from([50, 80, 1, 90, 100, 150, 10])
"""Target utilizations in percent."""

counts: Final = st.sampled_from([1, 2, 3, 4, 5, 7, 10, 20])
"""Replica counts, those around the limit of growth first."""


def workload(
    name: str = "a",
    replicas: int = 1,
    kind: str = "Deployment",
    *,
    containers: Sequence[Manifest] | None = None,
    milli: int = 100,
) -> Manifest:
    """Something to scale, of Pods that request so many thousandths of a core; the limit is twice that."""
    cpu, memory = {"cpu": f"{milli}m"}, {"memory": "64Mi"}
    limits = {"cpu": f"{2 * milli}m"}
    own = containers or [container(requests={**cpu, **memory}, limits={**limits, **memory})]
    return replica_set(name, replicas, pod(containers=own), kind)


def average_value(amount: str, resource: str = "cpu") -> Manifest:
    """A metric that compares the mean usage of a Pod with a fixed amount."""
    target = {"type": "AverageValue", "averageValue": amount}
    return {"type": "Resource", "resource": {"name": resource, "target": target}}


def utilization(percent: int, resource: str = "cpu") -> Manifest:
    """A metric that compares usage with requests."""
    target = {"type": "Utilization", "averageUtilization": percent}
    return {"type": "Resource", "resource": {"name": resource, "target": target}}


# -- spec.behavior -----------------------------------------------------------------------------

policies: Final = st.builds(
    lambda kind, value, period: {"type": kind, "value": value, "periodSeconds": period},
    st.sampled_from(["Pods", "Percent"]),
    st.sampled_from([1, 2, 4, 10, 50, 100, 33, 900]),
    st.sampled_from([15, 30, 60, 1, 300, 1800]),
)
"""One policy of a direction, valid."""


@once
@st.composite
def scaling_rules(draw: st.DrawFn) -> Manifest:
    """One direction of ``spec.behavior``, valid; empty as likely as not."""
    rules: Manifest = {}
    if draw(st.booleans()):
        rules["policies"] = draw(_a_few(policies))
    if draw(st.booleans()):
        rules["selectPolicy"] = draw(among("Max", "Min", "Disabled"))
    if draw(st.booleans()):
        rules["stabilizationWindowSeconds"] = draw(among(0, 30, 60, 300, 3600))
    return rules


policy_rules: Final = st.builds(
    lambda chosen, select: {"policies": chosen, "selectPolicy": select},
    st.lists(policies, min_size=2, max_size=3),
    st.sampled_from(["Max", "Min", "Min", "Disabled"]),
)
"""One direction of ``spec.behavior`` where several policies say how fast, and which of them counts."""


@once
@st.composite
def behaviors(draw: st.DrawFn) -> Manifest:
    """``spec.behavior``, valid; ``{}`` first, which is not the same as none."""
    directions = draw(among((), ("scaleUp",), ("scaleDown",), ("scaleUp", "scaleDown")))
    return {direction: draw(scaling_rules()) for direction in directions}


# -- questions to functions ----------------------------------------------------------------------


def sample(name: str = "p", **more: Any) -> Manifest:
    """A Pod as ``hpa.utilization_replicas`` is told of it: running, ready for long, using 500m of 1."""
    return {
        "name": name,
        "phase": "Running",
        "ready": True,
        "start_age_s": 3600,
        "last_transition_age_s": 3500,
        "request_milli": 1000,
        "usage_milli": 500,
        "window_s": 60,
        "sample_age_s": 15,
        "deleting": False,
        **more,
    }


usages: Final = st.sampled_from(
    [0, 440, 449, 450, 500, 549, 550, 559, 560, 900, 1000, 2000, 100, 10]
) | st.integers(0, 3000)
"""CPU in use, in thousandths; around the tolerance of a target of 50 % first."""

requests: Final = st.sampled_from([1000, 1200, 100, 333, 1])
"""CPU requested, in thousandths."""

a_core: Final = st.just(1000)
"""The same, always one core."""

missing: Final = st.builds(lambda milli: {"usage_milli": None, "request_milli": milli}, requests)
"""What makes a sample one of a Pod that the metrics API says nothing of."""

ignored: Final[st.SearchStrategy[Manifest]] = st.sampled_from(
    [{"phase": "Failed"}, {"deleting": True}]
)
"""What makes a sample one of a Pod that does not count at all."""

AGES: Final = (0, 29, 30, 31, 60, 61, 120, 299, 300, 301, 400)

unready: Final[st.SearchStrategy[Manifest]] = st.one_of(
    st.sampled_from([{"phase": "Pending"}, {"ready": None}, {"start_age_s": None}]),
    st.builds(
        lambda ready, start, turned, window, age: {
            "ready": ready,
            "start_age_s": start,
            "last_transition_age_s": min(turned, start),
            "window_s": window,
            "sample_age_s": age,
        },
        st.booleans(),
        st.sampled_from(AGES),
        st.sampled_from(AGES),
        st.sampled_from([60, 30, 15]),
        st.sampled_from([0, 15, 30, 60]),
    ),
)
"""What makes a sample one of a Pod that starts, or is not ready; at the edges, it may just count."""


@once
def _measured(asked: st.SearchStrategy[int]) -> st.SearchStrategy[list[Manifest]]:
    """What makes samples those of Pods that request so much and whose usage is known."""
    plain = st.builds(
        lambda used, milli: {"usage_milli": used, "request_milli": milli}, usages, asked
    )
    return st.lists(plain, min_size=1, max_size=6)


@once
def _a_few(sort: st.SearchStrategy[Manifest]) -> st.SearchStrategy[list[Manifest]]:
    return st.lists(sort, min_size=1, max_size=3)


@once
@st.composite
def utilization_questions(
    draw: st.DrawFn,
    *odd: st.SearchStrategy[Manifest],
    resource: str = "cpu",
    request: st.SearchStrategy[int] = a_core,
) -> Manifest:
    """Arguments of ``hpa.utilization_replicas``: measured Pods, and at least one of each odd sort."""
    pods = draw(_measured(request))
    for sort in odd:
        pods += draw(_a_few(sort))
    return {
        "pods": [sample(f"p{index}", **each) for index, each in enumerate(pods)],
        "current_replicas": len(pods),
        "target_utilization": draw(targets),
        "resource": resource,
    }


@once
@st.composite
def even_questions(draw: st.DrawFn) -> Manifest:
    """The same where all Pods use as much: the ratio of usage and target is where it is drawn."""
    count, used = draw(counts), draw(usages)
    return {
        "pods": [sample(f"p{index}", usage_milli=used) for index in range(count)],
        "current_replicas": count,
        "target_utilization": draw(targets),
        "resource": "cpu",
    }


@once
@st.composite
def level_questions(draw: st.DrawFn) -> Manifest:
    """The same with Pods without a sample: the others are near the target, or all together would be.

    The second only if those without a sample use nothing.
    """
    count, silent, target = draw(counts), draw(st.integers(1, 3)), draw(targets)
    percent = target * draw(among(100, 105, 110, 111, 95))
    diluted = draw(st.booleans())
    used = percent * (count + silent) // count // 10 if diluted else percent // 10
    odd: list[Manifest] = [{"usage_milli": used}] * count + [{"usage_milli": None}] * silent
    return {
        "pods": [sample(f"p{index}", **each) for index, each in enumerate(odd)],
        "current_replicas": len(odd),
        "target_utilization": target,
        "resource": "cpu",
    }


@once
@st.composite
def limit_questions(draw: st.DrawFn) -> Manifest:
    """Arguments of ``hpa.limits``: at the bounds, at the limit of growth, and beside them."""
    current = draw(counts)
    minimum = draw(among(1, 2, current))
    maximum = max(minimum, draw(among(10, 4, 2 * current, 2 * current + 1, 5, 100)))
    edges = [0, minimum, minimum - 1, maximum, maximum + 1, 2 * current, 2 * current + 1, 4, 5, 100]
    return {
        "current": current,
        "desired": draw(among(*edges)),
        "min": minimum,
        "max": maximum,
    }


past_changes: Final = st.lists(
    st.builds(
        lambda age, change: {"age_s": age, "change": change},
        st.sampled_from([0, 14, 15, 16, 29, 30, 59, 60, 61, 300]),
        st.integers(1, 5),
    ),
    max_size=3,
)
"""Rescalings of the past, at the edges of the periods of policies."""


@once
@st.composite
def behavior_questions(draw: st.DrawFn) -> Manifest:
    """Arguments of ``hpa.behavior_limits``; as often as not nothing but the policies is in the way."""
    limits, behavior = draw(limit_questions()), draw(behaviors())
    if draw(st.booleans()):
        direction, desired = draw(among(("scaleUp", 100), ("scaleDown", 1)))
        current = draw(among(3, 7, 10, 25))
        limits = {"current": current, "desired": desired, "min": 1, "max": 100}
        behavior = {direction: draw(policy_rules)}
    return {
        **limits,
        "behavior": behavior,
        "scale_up_events": draw(past_changes),
        "scale_down_events": draw(past_changes),
    }


@once
def _recommendations(edges: bool) -> st.SearchStrategy[list[Manifest]]:
    """Recommendations of the past; those at the very edge of a window only where they are wanted."""
    ages = [1, 59, 61, 299, 301, 600, *([29, 30, 31, 60, 300] if edges else ())]
    past = st.builds(
        lambda age, replicas: {"age_s": age, "replicas": replicas}, among(*ages), counts
    )
    return st.lists(past, max_size=4)


@once
@st.composite
def stabilization_questions(draw: st.DrawFn, behavior: bool) -> Manifest:
    """Arguments of ``hpa.stabilize``; without behavior never at the very edge of the window."""
    return {
        "current": draw(counts),
        "desired": draw(counts),
        "behavior": draw(behaviors()) if behavior else None,
        "recommendations": draw(_recommendations(behavior)),
        "downscale_window_s": draw(among(300, 60, 0)),
    }


proposals: Final = st.builds(
    lambda current, asked: {"current": current, "proposals": asked},
    counts,
    st.lists(st.none() | st.integers(0, 20), min_size=1, max_size=4),
)
"""Arguments of ``hpa.max_of_metrics``: what each metric asks for, None where it failed."""


# -- objects -------------------------------------------------------------------------------------


@once
@st.composite
def valid_autoscalers(draw: st.DrawFn, kinds: Sequence[str] = SCALABLE) -> Manifest:
    """Autoscalers that the API takes, at the bounds of what it takes."""
    minimum = draw(among(None, 1, 2, 10))
    more: Manifest = {}
    if draw(st.booleans()):
        more["behavior"] = draw(behaviors())
    return autoscaler(
        "a",
        "a",
        kind=draw(among(*kinds)),
        minimum=minimum,
        maximum=draw(among(minimum or 1, 10, 100)),
        utilization=draw(among(None, 1, 80, 150)),
        **more,
    )


def _with_policy(**policy: Any) -> Manifest:
    given = {"type": "Pods", "value": 1, "periodSeconds": 15, **policy}
    return {"behavior": {"scaleUp": {"policies": [given]}}}


BROKEN: Final[tuple[tuple[Manifest, str], ...]] = (
    ({"minReplicas": 0}, "HPA-018"),
    ({"minReplicas": -1}, "HPA-018"),
    ({"maxReplicas": 0}, "HPA-018"),
    ({"minReplicas": 5, "maxReplicas": 4}, "HPA-018"),
    ({"behavior": {"scaleDown": {"stabilizationWindowSeconds": 3601}}}, "HPA-018"),
    ({"behavior": {"scaleUp": {"stabilizationWindowSeconds": -1}}}, "HPA-018"),
    (_with_policy(value=0), "HPA-018"),
    (_with_policy(periodSeconds=0), "HPA-018"),
    (_with_policy(periodSeconds=1801), "HPA-018"),
    (_with_policy(type="Nodes"), "HPA-019"),
    ({"behavior": {"scaleUp": {"selectPolicy": "Average"}}}, "HPA-019"),
    ({"behavior": {"scaleUp": {"policies": []}}}, "HPA-019"),
    ({"metrics": [utilization(0)]}, "HPA-016"),
    ({"metrics": [average_value("0")]}, "HPA-016"),
    (
        {
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {
                        "name": "cpu",
                        "target": {
                            "type": "Utilization",
                            "averageUtilization": 50,
                            "averageValue": "100m",
                        },
                    },
                }
            ]
        },
        "HPA-016",
    ),
    ({"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "", "name": "a"}}, "HPA-017"),
    ({"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": ""}}, "HPA-017"),
)
"""What makes a spec one that the API refuses, and the rule that refuses it."""


@once
@st.composite
def broken_autoscalers(draw: st.DrawFn, *rules: str) -> Manifest:
    """Autoscalers that the API refuses because of one of these rules; of any where none is named."""
    manifest = autoscaler("broken", "a")
    return {**manifest, "spec": {**manifest["spec"], **draw(_breaking(*rules))}}


@once
def _breaking(*rules: str) -> st.SearchStrategy[Manifest]:
    return st.sampled_from([patch for patch, rule in BROKEN if not rules or rule in rules])
