"""Requests and limits, containers and Pods of every QoS class, CPU demands and processes on a full node."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from strategies.manifests import Manifest, container, pod
from strategies.once import among, once

MIB: Final = 1024 * 1024
GIB: Final = 1024 * MIB

RESOURCES: Final[tuple[Manifest, ...]] = (
    {},
    {"requests": {"cpu": "100m"}},
    {"requests": {"memory": "64Mi"}},
    {"limits": {"cpu": "500m"}},
    {"limits": {"memory": "64Mi"}},
    {"limits": {"cpu": "500m", "memory": "64Mi"}},
    {"limits": {"cpu": "0.5", "memory": "64Mi"}, "requests": {"cpu": "500m"}},
    {"limits": {"cpu": "500m", "memory": "64Mi"}, "requests": {"memory": "67108864"}},
    {"limits": {"cpu": "500m", "memory": "64Mi"}, "requests": {"cpu": "499m"}},
    {"limits": {"cpu": "0", "memory": "0"}},
    {"requests": {"cpu": "0"}},
    {"requests": {"cpu": "200m", "memory": "1Gi"}},
    {"limits": {"memory": "64Mi"}, "requests": {"memory": "32Mi", "cpu": "1m"}},
)
"""Requests and limits of a container, about the edges of the classes."""

resources: Final = st.sampled_from(RESOURCES)

BEST_EFFORT: Final[Manifest] = {}
BURSTABLE: Final[Manifest] = {"requests": {"memory": "1Gi"}}
GUARANTEED: Final[Manifest] = {"limits": {"cpu": "500m", "memory": "1Gi"}}
CLASSES: Final = {"BestEffort": BEST_EFFORT, "Burstable": BURSTABLE, "Guaranteed": GUARANTEED}
"""The resources of one container that make each class."""

node_memories: Final = st.sampled_from([8 * GIB, GIB, 1_000_000_000, 3 * GIB + 1])


@once
@st.composite
def classed_pods(draw: st.DrawFn, *, pod_level: bool = False) -> Manifest:
    """A Pod of one or two containers, perhaps an init container or a sidecar, with any resources."""
    apps = [container(name, **draw(resources)) for name in draw(among("c", "cd"))]
    kind = draw(among("none", "none", "init", "sidecar"))
    own: Manifest = {"restartPolicy": "Always"} if kind == "sidecar" else {}
    init = [] if kind == "none" else [container("i", **draw(resources), **own)]
    whole: Manifest = {}
    if pod_level and draw(st.booleans()):
        whole = {"resources": draw(st.sampled_from(POD_LEVEL))}
    return pod(containers=apps, init=init, **whole)


POD_LEVEL: Final[tuple[Manifest, ...]] = (
    {},
    {"limits": {"cpu": "4", "memory": "8Gi"}},
    {"requests": {"cpu": "4", "memory": "8Gi"}},
    {"limits": {"cpu": "4", "memory": "8Gi"}, "requests": {"cpu": "4", "memory": "8Gi"}},
)
"""Resources of a whole Pod, enough for whatever its containers ask for."""


@once
@st.composite
def demands(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Containers that want CPU, as the function ``cpu.division`` takes them."""
    return [
        {
            "request_milli": draw(among(0, 1, 100, 200, 500, 1000)),
            "limit_milli": draw(among(None, None, 100, 300, 500)),
            "demand_milli": draw(among(1000, 0, 100, 250, 700)),
        }
        for _ in range(draw(st.integers(1, 4)))
    ]


ADJUSTMENTS: Final = (1000, 999, 875, 500, 3, 2, -997, -998, -1000)


@once
@st.composite
def processes(draw: st.DrawFn, adjustments: tuple[int, ...] = ADJUSTMENTS) -> list[dict[str, Any]]:
    """Processes of a node of 8 Gi as the function ``oom.victim`` takes them; no two are equals."""
    megabytes = st.lists(st.integers(1, 4000), min_size=1, max_size=5, unique=True)
    return [
        {
            "name": f"p{index}",
            "oom_score_adj": draw(among(*adjustments)),
            "rss_bytes": size * MIB,
        }
        for index, size in enumerate(draw(megabytes))
    ]
