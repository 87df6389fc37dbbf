"""The Pods of a Job: which of them count, when they ended, and the Pod that is made next.

Source: JOB-009, 011, 012; ``pkg/controller/job/{job_controller,backoff_utils,indexed_job_utils}.go``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.settings import Settings

TRACKING: Final = "batch.kubernetes.io/job-tracking"
INDEX: Final = "batch.kubernetes.io/job-completion-index"
VARIABLE: Final = "JOB_COMPLETION_INDEX"

Manifest = Mapping[str, Any]


def phase(pod: Manifest) -> str:
    """status.phase."""
    return (pod.get("status") or {}).get("phase") or "Pending"


def is_working(pod: Manifest) -> bool:
    """Not ended, and nobody wants it to end."""
    return phase(pod) not in {"Succeeded", "Failed"} and not meta.is_deleting(pod)


def is_going(pod: Manifest) -> bool:
    """Asked to end, and not there yet."""
    return phase(pod) not in {"Succeeded", "Failed"} and meta.is_deleting(pod)


def waits_for_failure(spec: Manifest) -> bool:
    """JOB-011: the place of a deleted Pod is free only when its phase is Failed."""
    return spec.get("podReplacementPolicy") == "Failed" or bool(spec.get("podFailurePolicy"))


def failed(pod: Manifest, spec: Manifest, settings: Settings) -> bool:
    """JOB-011: the phase says so; or it is being deleted, where that is enough."""
    if phase(pod) == "Failed":
        return True
    deleted_is_failed = settings.job_tracks_pods and not waits_for_failure(spec)
    return deleted_is_failed and is_going(pod)


def end_of(pod: Manifest) -> float:
    """When the Pod ended, in seconds since 1970 (JOB-009)."""
    status = pod.get("status") or {}
    ends = [
        ((one.get("state") or {}).get("terminated") or {}).get("finishedAt")
        for one in status.get("containerStatuses") or ()
    ]
    if ends and all(ends):
        return max(meta.parse_time(str(end)) for end in ends)
    ready = meta.condition_of(pod, "Ready")
    if ready is not None and ready.get("status") == "False" and ready.get("lastTransitionTime"):
        return meta.parse_time(ready["lastTransitionTime"])
    given = pod["metadata"]
    if given.get("deletionTimestamp"):
        granted = given.get("deletionGracePeriodSeconds") or 0
        return meta.parse_time(given["deletionTimestamp"]) - float(granted)
    return meta.parse_time(given["creationTimestamp"])


def restarts(pods: Iterable[Manifest]) -> int:
    """How often containers of the Pods that still run, or will, were started again (JOB-008)."""
    return sum(
        one.get("restartCount", 0)
        for pod in pods
        if phase(pod) in {"Pending", "Running"}
        for one in (
            *((pod.get("status") or {}).get("containerStatuses") or ()),
            *((pod.get("status") or {}).get("initContainerStatuses") or ()),
        )
    )


# Indexes.


def index(pod: Manifest) -> int:
    """Its completion index; -1 for none."""
    given = str((pod["metadata"].get("annotations") or {}).get(INDEX, ""))
    return int(given) if given.isdigit() else -1


def parse_indexes(text: str) -> set[int]:
    """``0-2,4`` as a set."""
    found: set[int] = set()
    for part in text.split(",") if text else ():
        ends = part.split("-")
        found.update(range(int(ends[0]), int(ends[-1]) + 1))
    return found


def format_indexes(indexes: Iterable[int]) -> str:
    """A set as ``0-2,4``; two neighbours are listed one by one."""
    parts: list[str] = []
    ordered = sorted(indexes)
    start = 0
    for place in range(1, len(ordered) + 1):
        if place < len(ordered) and ordered[place] == ordered[place - 1] + 1:
            continue
        run = ordered[start:place]
        start = place
        if len(run) > 2:
            parts.append(f"{run[0]}-{run[-1]}")
        else:
            parts.extend(map(str, run))
    return ",".join(parts)


# A new Pod.


def pod_of(job: Object, place: int | None, settings: Settings) -> Object:
    """A Pod from the Job's template, for an index if there is one (JOB-012)."""
    template = job["spec"]["template"]
    given = template.get("metadata") or {}
    prefix = meta.name_of(job)
    metadata: Object = {
        "namespace": meta.namespace_of(job),
        "labels": dict(given.get("labels") or {}),
        "annotations": dict(given.get("annotations") or {}),
        "ownerReferences": [meta.owner_reference(job)],
    }
    if settings.job_tracks_pods:
        metadata["finalizers"] = [*(given.get("finalizers") or ()), TRACKING]
    spec = template["spec"]
    if place is not None:
        metadata["labels"][INDEX] = metadata["annotations"][INDEX] = str(place)
        spec = with_index(spec, job, place)
        prefix = f"{prefix}-{place}"
    metadata["generateName"] = f"{prefix}-"
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def with_index(spec: Object, job: Object, place: int) -> Object:
    """What of the spec tells a Pod its index: its hostname and a variable of each container."""
    field = {"fieldRef": {"fieldPath": f"metadata.annotations['{INDEX}']"}}
    variable = {"name": VARIABLE, "valueFrom": field}
    told = {
        group: [{**one, "env": [*(one.get("env") or ()), variable]} for one in spec[group]]
        for group in ("containers", "initContainers")
        if spec.get(group)
    }
    return {**spec, **told, "hostname": f"{meta.name_of(job)}-{place}"}
