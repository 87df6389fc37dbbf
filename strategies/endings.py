"""What is said of how Pods end: grace periods, hooks, manners, options of kubectl, Pods to print."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from strategies.manifests import Manifest, container, pod
from strategies.once import among, once

graces: Final = st.sampled_from([None, 30, 1, 10, 0, -1, 45])
"""gracePeriodSeconds of a delete; None leaves it to the Pod."""

spec_graces: Final = st.sampled_from([None, 30, 5, 0, -3, 60])
"""terminationGracePeriodSeconds; None leaves it to the default."""

slow_manners: Final[st.SearchStrategy[Manifest]] = st.sampled_from(
    [
        {"seconds": None},
        {"seconds": 12, "exitCode": 0},
        {"seconds": 9, "exitCode": 3},
        {"seconds": 25, "exitCode": 1},
    ]
)
"""Containers that do not end at once when they are asked to."""

EXEC: Final[Manifest] = {"lifecycle": {"preStop": {"exec": {"command": ["true"]}}}}
HELD: Final[Manifest] = {"finalizers": ["example.com/hold"]}
"""A finalizer keeps a Pod in sight when it has ended."""


def sleeping(seconds: int) -> Manifest:
    """A preStop hook that sleeps so long."""
    return {"lifecycle": {"preStop": {"sleep": {"seconds": seconds}}}}


def graced(grace: int | None, *containers: Manifest, **more: Any) -> Manifest:
    """A Pod that gives its containers so long."""
    if grace is not None:
        more["terminationGracePeriodSeconds"] = grace
    return pod("a", list(containers) or None, **more)


@once
@st.composite
def delete_options(draw: st.DrawFn) -> Manifest:
    """Options of ``kubectl delete``, those that do not go together among them."""
    return {
        "grace_period": draw(among(None, 0, 1, 5, -1)),
        "force": draw(st.booleans()),
        "now": draw(among(False, False, True)),
    }


_reasons: Final = st.sampled_from(["Completed", "Error", "OOMKilled", ""])
_states: Final = st.one_of(
    st.builds(
        lambda code, reason, signal: {
            "terminated": {
                "exitCode": code,
                **({"reason": reason} if reason else {}),
                **({"signal": signal} if signal else {}),
            }
        },
        st.sampled_from([0, 1, 137]),
        _reasons,
        st.sampled_from([0, 9]),
    ),
    st.sampled_from(
        [
            {"running": {}},
            {"waiting": {"reason": "CrashLoopBackOff"}},
            {"waiting": {"reason": "PodInitializing"}},
            {},
        ]
    ),
)
_conditions: Final = st.lists(
    st.sampled_from(
        [
            {"type": "Ready", "status": "True"},
            {"type": "Ready", "status": "False"},
            {"type": "Initialized", "status": "True"},
            {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"},
        ]
    ),
    max_size=2,
    unique_by=lambda each: each["type"],
)


@once
@st.composite
def printed_pods(draw: st.DrawFn) -> Manifest:
    """Pods as kubectl prints them, in every state, deleted or not."""
    inits = draw(st.lists(st.booleans(), max_size=2))
    names = ["c", "d"][: draw(st.integers(1, 2))]
    init = [
        container(f"i{index}", **({"restartPolicy": "Always"} if sidecar else {}))
        for index, sidecar in enumerate(inits)
    ]
    deleted = {"deletionTimestamp": "2024-05-01T10:00:00Z"} if draw(st.booleans()) else {}
    made = pod("a", [container(name) for name in names], init=init, metadata=deleted)
    reason = draw(among("", "", "NodeLost", "Evicted"))
    made["status"] = {
        "phase": draw(among("Pending", "Running", "Succeeded", "Failed")),
        **({"reason": reason} if reason else {}),
        "conditions": draw(_conditions),
        "initContainerStatuses": [_status(draw, each["name"]) for each in init],
        "containerStatuses": [_status(draw, name) for name in names],
    }
    return made


def _status(draw: st.DrawFn, name: str) -> Manifest:
    flags = {"ready": draw(st.booleans()), "started": draw(st.booleans())}
    return {"name": name, "state": draw(_states), "restartCount": 0, **flags}
