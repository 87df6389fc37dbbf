"""BACKOFF-011: how long a kubelet waits between two attempts to pull an image.

An attempt is not seen, only what comes of it: ``ErrImagePull`` after one has failed, and
``ImagePullBackOff`` while the next is not yet due. A status is written at the sync after, and a sync
comes every 10-15 s, so attempts may be missed. A delay that is counted here is the least that was due.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

from spec_model.law import Verdict, expect, law, note
from spec_model.laws.backoff import may_start
from spec_model.laws.ladders import UPSETS, upsets_of
from spec_model.laws.phase import ABSORBING, kubelet_owned
from spec_model.laws.telling import REMEMBERED
from spec_model.objects import EMPTY, ContainerStatus, Pod, is_static, uid_in_events
from spec_model.pod.backoff import Memory, next_pull_delay
from spec_model.world import HELD, VOID, Breach, Held, Obligation, Seen, SeenContainer, Void

FAILED: Final = ("ErrImagePull", "RegistryUnavailable", "SignatureValidationFailed")
WAITS: Final = ("ImagePullBackOff",)

SYNC: Final = 15.0
"""Seconds between two syncs of a Pod that cannot be started, at the most."""

UNHURRIED: Final = 10
"""How many times the usual lateness an attempt itself may take until it fails."""


@frozen
class Pulls:
    """What is known of the failed pulls of one container's image.

    Attributes:
        failed_at: when the newest was seen.
        delay: the least that is due between it and the next.
        since, due: seconds between the one before and this, and the least that was due; None for the first.
        whole: whether all of them are counted, and none of another container.
    """

    image: str
    failed_at: float
    delay: float
    memory: Memory
    since: float | None
    due: float
    whole: bool
    felt: tuple[Any, ...]


@note("pulls", on="Pod", when="moved")
def failed_pulls(before: Mapping[str, Pulls] | None, seen: Seen) -> Mapping[str, Pulls]:
    """Folds the failures that an observation shows."""
    known = before or EMPTY
    failed = [name for name, status in seen.now.statuses.items() if _newly(FAILED, status, seen)]
    if not failed:
        return known
    return {**known, **{name: _after_failure(known.get(name), name, seen) for name in failed}}


@note("attempts", on="Event Pulling*")
@note("attempts", on="Event Failed*")
def attempts_to_pull(before: Mapping[str, float] | None, seen: Seen) -> Mapping[str, float]:
    """When a Pod, by its UID, was last said to pull."""
    kept = {uid: at for uid, at in (before or EMPTY).items() if seen.at - at < REMEMBERED}
    return {**kept, (seen.manifest.get("involvedObject") or EMPTY).get("uid", ""): seen.at}


@law("BACKOFF-011", on="container", when="stuck")
def a_failed_pull_is_tried_again_when_it_is_due(seen: SeenContainer) -> Verdict:
    """Attempts come at the first sync 10, 20, 40, … 300 s after the last failed pull."""
    if seen.now.state != "waiting" or seen.now.reason not in FAILED + WAITS:
        return None
    if not _newly((seen.now.reason,), seen.now, seen.pod) or not kubelet_owned(seen.pod):
        return None
    if is_static(seen.pod.manifest):
        return None  # a mirror Pod comes late, and pulls may have failed before it
    pulls: Pulls | None = seen.pod.notes["pulls"].get(seen.spec.name)
    if seen.now.reason in WAITS:
        return _without_an_attempt(pulls, seen) or _owes_an_attempt(pulls, seen)
    if pulls is None:
        return None
    spared = _not_too_soon(pulls, seen)
    return tuple(verdict for verdict in (spared, _owes_a_wait(seen)) if verdict is not None) or None


def _without_an_attempt(pulls: Pulls | None, seen: SeenContainer) -> Breach | None:
    """A Pod's first attempt is not put off because of another Pod's. A loaded cluster drops Events."""
    pod, notes = seen.pod, seen.pod.world.notes
    if pulls is not None or pod.before is None or pod.world.setting.clock == "real":
        return None
    untried = "shows-events" in notes and uid_in_events(pod.now) not in notes.get("attempts", ())
    if not untried or not _is_alone(seen.spec.image, pod):
        return None
    return Breach("an attempt to pull the image for this Pod", f"{WAITS[0]} before any has failed")


def _not_too_soon(pulls: Pulls, seen: SeenContainer) -> Any:
    least = pulls.due - SYNC - seen.pod.tolerance.lateness
    if pulls.since is None or least <= 0:
        return None
    return expect(
        pulls.since >= least,
        f"the next attempt {pulls.due:g} s after the failed one, as far as syncs show it",
        f"it had failed again after {pulls.since:g} s",
    )


def _owes_a_wait(seen: SeenContainer) -> Obligation | None:
    return _owes(seen, FAILED, f"{WAITS[0]} until the next attempt", seen.pod.at + 3 * SYNC)


def _owes_an_attempt(pulls: Pulls | None, seen: SeenContainer) -> Obligation | None:
    """At most one attempt in a row is missed, so that the delay may be twice of what is known."""
    cap = seen.pod.profile.image_pull.cap
    if pod_images(seen.pod.now).count(seen.spec.image) > 1:
        return None  # containers of one image take turns at one memory
    if seen.now.last is not None:
        return None  # what has run before has its restarts to wait for, too
    if pulls is None or not pulls.whole:
        due = seen.pod.at + cap
    else:
        due = max(pulls.failed_at + min(2 * pulls.delay, cap), seen.pod.at)
    return _owes(seen, WAITS, "another attempt to pull the image", due + 2 * SYNC)


def _owes(seen: SeenContainer, reasons: tuple[str, ...], what: str, by: float) -> Obligation:
    name = seen.spec.name

    def settled(later: Seen) -> Held | Void | None:
        pod: Pod = later.now
        if later.type == "DELETED" or pod.deletion_timestamp is not None or pod.phase in ABSORBING:
            return VOID
        status, spec = pod.statuses.get(name), pod.spec.container(name)
        if spec is None or not may_start(spec, pod):
            return VOID  # init containers run again, and what it shows is of before
        if pod_images(pod).count(seen.spec.image) > 1:
            return VOID  # another container has got this image since, and takes its turn
        if status is not None and status.reason in reasons:
            return None
        return HELD if status is not None else VOID

    return Obligation(
        what=f"container {name}: {what}",
        settled=settled,
        not_after=by + UNHURRIED * seen.pod.tolerance.lateness,
        disturbed_by=frozenset(UPSETS),
    )


def _newly(reasons: tuple[str, ...], status: ContainerStatus, seen: Seen) -> bool:
    if status.state != "waiting" or status.reason not in reasons:
        return False
    before = None if seen.before is None else seen.before.statuses.get(status.name)
    return before is None or before.reason not in reasons


def _after_failure(known: Pulls | None, name: str, seen: Seen) -> Pulls:
    spec = seen.now.spec.container(name)
    image = "" if spec is None else spec.image
    felt, alone = upsets_of(seen), _is_alone(image, seen)
    if known is None or known.image != image or known.felt != felt:
        delay, memory = next_pull_delay(None, seen.at, seen.at, seen.profile)
        whole = known is None and alone and (seen.before is not None or seen.fresh)
        return Pulls(image, seen.at, delay.value or 0.0, memory, None, 0.0, whole, felt)
    delay, memory = next_pull_delay(known.memory, known.failed_at, seen.at, seen.profile)
    since = seen.at - known.failed_at
    return Pulls(
        image, seen.at, delay.value or 0.0, memory, since, known.delay, known.whole and alone, felt
    )


def _is_alone(image: str, seen: Seen) -> bool:
    """Whether no other container of the Pod asks for that image, or has asked for it before."""
    return pod_images(seen.now).count(image) == 1 and seen.now.generation <= 1


def pod_images(pod: Pod) -> list[str]:
    """The images of all containers of a Pod."""
    return [container.image for container in pod.spec.containers + pod.spec.init_containers]
