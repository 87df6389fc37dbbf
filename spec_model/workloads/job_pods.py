"""What a Job sees in its Pods: who is active, who has failed or succeeded, when, and for which index.

After ``pkg/controller/job/job_controller.go`` (isPodFailed, getNewFinishedPods), ``backoff_utils.go``
(getFinishedTime) and ``indexed_job_utils.go``. Pods are manifests; times are seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from spec_model.events import Manifest
from spec_model.objects import EMPTY, seconds
from spec_model.pod.termination import OVER
from spec_model.profiles import Profile

INDEX: Final = "batch.kubernetes.io/job-completion-index"
TRACKING: Final = "batch.kubernetes.io/job-tracking"


def phase_of(pod: Manifest) -> str:
    """status.phase."""
    return str((pod.get("status") or EMPTY).get("phase") or "")


def is_deleted(pod: Manifest) -> bool:
    """Whether somebody has asked for its deletion."""
    return bool(pod["metadata"].get("deletionTimestamp"))


def is_active(pod: Manifest) -> bool:
    """Neither over nor on its way out."""
    return phase_of(pod) not in OVER and not is_deleted(pod)


def is_terminating(pod: Manifest) -> bool:
    """On its way out, and not over yet."""
    return phase_of(pod) not in OVER and is_deleted(pod)


def replaces_failed_only(spec: Manifest) -> bool:
    """Whether a Pod is replaced only once it has failed (JOB-011)."""
    return spec.get("podReplacementPolicy") == "Failed" or spec.get("podFailurePolicy") is not None


def has_failed(pod: Manifest, spec: Manifest, profile: Profile) -> bool:
    """Whether a Pod counts as failed: by its phase, or because it was deleted before it succeeded."""
    phase = phase_of(pod)
    if phase == "Failed" or not is_deleted(pod):
        return phase == "Failed"
    return phase != "Succeeded" and profile.job.counts_deleted and not replaces_failed_only(spec)


def finished_at(pod: Manifest) -> float:
    """When a Pod was over: its last container, else when it became unready, was deleted, or came."""
    return next(
        (
            moment
            for moment in (_containers_end(pod), _unready(pod), _asked_to_end(pod))
            if moment is not None
        ),
        seconds(pod["metadata"].get("creationTimestamp")) or 0.0,
    )


def _containers_end(pod: Manifest) -> float | None:
    ends: list[float] = []
    for status in (pod.get("status") or EMPTY).get("containerStatuses") or ():
        ended = (status.get("state") or EMPTY).get("terminated") or EMPTY
        moment = seconds(ended.get("finishedAt"))
        if moment is None:
            return None
        ends.append(moment)
    return max(ends, default=None)


def _unready(pod: Manifest) -> float | None:
    for condition in (pod.get("status") or EMPTY).get("conditions") or ():
        if condition.get("type") == "Ready" and condition.get("status") == "False":
            return seconds(condition.get("lastTransitionTime"))
    return None


def _asked_to_end(pod: Manifest) -> float | None:
    end = seconds(pod["metadata"].get("deletionTimestamp"))
    return None if end is None else end - (pod["metadata"].get("deletionGracePeriodSeconds") or 0)


def restarts_of(pods: Iterable[Manifest]) -> int:
    """The restarts of all containers and init containers of Pods that are Pending or Running."""
    return sum(
        status.get("restartCount") or 0
        for pod in pods
        if phase_of(pod) in ("Pending", "Running")
        for group in ("initContainerStatuses", "containerStatuses")
        for status in (pod.get("status") or EMPTY).get(group) or ()
    )


# -- Indexes (JOB-012) -------------------------------------------------------------------------------


def is_indexed(spec: Manifest, profile: Profile) -> bool:
    """Whether each index needs a success of its own."""
    return profile.job.indexed and spec.get("completionMode") == "Indexed"


def index_of(pod: Manifest) -> int | None:
    """The completion index of a Pod; None where it has none that can be read."""
    text = (pod["metadata"].get("annotations") or EMPTY).get(INDEX) or ""
    return int(text) if text.isascii() and text.isdecimal() else None


def indexes_in(text: str) -> Iterator[int]:
    """The indexes that intervals list.

    >>> list(indexes_in("0-2,4"))
    [0, 1, 2, 4]
    """
    for part in filter(None, (text or "").split(",")):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def intervals(indexes: Iterable[int]) -> str:
    """Indexes as status.completedIndexes lists them: two in a row are listed, three are a range.

    >>> intervals([4, 0, 1, 2]), intervals([3, 4])
    ('0-2,4', '3,4')
    """
    runs: list[list[int]] = []
    for index in sorted(set(indexes)):
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    return ",".join(map(_interval, runs))


def _interval(run: Sequence[int]) -> str:
    if len(run) == 1:
        return str(run[0])
    return f"{run[0]}{',' if len(run) == 2 else '-'}{run[-1]}"


def missing_indexes(wanted: int, completions: int, taken: frozenset[int]) -> tuple[int, ...]:
    """The indexes that new Pods get: the lowest that are neither active nor done."""
    free = (index for index in range(completions) if index not in taken)
    return tuple(index for index, _ in zip(free, range(wanted), strict=False))
