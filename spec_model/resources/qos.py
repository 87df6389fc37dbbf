"""The quality-of-service class of a Pod.

QOS-001, after ``pkg/apis/core/v1/helper/qos.ComputePodQOS``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from spec_model.events import Manifest
from spec_model.objects import EMPTY
from spec_model.profiles import V1_36, Profile
from spec_model.quantity import stored
from spec_model.resources.requests import COMPUTE, pod_level
from spec_model.rules import Decision

GUARANTEED: Final = "Guaranteed"
BURSTABLE: Final = "Burstable"
BEST_EFFORT: Final = "BestEffort"

_CLASSES: Final = {name: Decision(name, "QOS-001") for name in (GUARANTEED, BURSTABLE, BEST_EFFORT)}


def qos_class(spec: Manifest, profile: Profile = V1_36) -> Decision[str]:
    """The class that the requests and limits of a Pod's spec make.

    BestEffort where nothing asks for or limits cpu or memory; Guaranteed where every container
    limits both and requests as much as it limits; Burstable otherwise. Init containers and sidecars
    count, zero amounts do not, absent requests follow from limits. Where the Pod has
    ``spec.resources``, be it empty, those alone count.

    Raises:
        QuantityError: for a malformed amount.
    """
    if spec.get("resources") is not None and profile.pod_level_resources:
        return _CLASSES[_of_pod_level(spec, profile)]
    requested, limited = [0, 0], [0, 0]
    all_limited = True
    for group in ("containers", "initContainers"):
        for container in spec.get(group) or ():
            resources = container.get("resources")
            if not resources:
                all_limited = False
                continue
            limits: Mapping[str, str] = resources.get("limits") or EMPTY
            requests: Mapping[str, str] = resources.get("requests") or EMPTY
            for index, name in enumerate(COMPUTE):
                limit = stored(limits[name], profile) if name in limits else 0
                request = stored(requests[name], profile) if name in requests else limit
                all_limited &= limit > 0
                limited[index] += max(limit, 0)
                requested[index] += max(request, 0)
    return _CLASSES[_class(requested, limited, all_limited)]


def _of_pod_level(spec: Manifest, profile: Profile) -> str:
    requests, limits = pod_level(spec, profile) or ({}, {})
    requested = [max(requests.get(name, 0), 0) for name in COMPUTE]
    limited = [max(limits.get(name, 0), 0) for name in COMPUTE]
    return _class(requested, limited, all(limited))


def _class(requested: list[int], limited: list[int], all_limited: bool) -> str:
    """The class of sums by resource; ``all_limited``: every container has every limit."""
    if not any(requested) and not any(limited):
        return BEST_EFFORT
    return GUARANTEED if all_limited and requested == limited else BURSTABLE
