"""HPA: what is scaled: whether it may be, when it is there, and that only its count is written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from attrs import frozen

from spec_model.events import Accepted, Manifest, Rejected, key_of
from spec_model.law import Verdict, expect, law, note
from spec_model.laws.acts import key_written
from spec_model.laws.hpa_memory import QUIET, Memory, Sync, conditions_of, is_scale_unread
from spec_model.laws.hpa_outcomes import bounds
from spec_model.laws.hpa_targets import AUTOSCALER, target_of
from spec_model.objects import EMPTY, seconds
from spec_model.workloads.hpa import may_scale
from spec_model.world import HELD, Done, Key, Known, Seen

SCALED_KINDS: Final = ("Deployment", "ReplicaSet", "ReplicationController", "StatefulSet")
"""Kinds whose count is remembered; of others it is not known since when it is what it is."""

STALE: Final = 2.0
"""An Event that speaks of an earlier time is one that a watch tells again."""


@frozen
class Scaled:
    """The replica count of something, and the write that made it so.

    ``alone`` says whether that write changed nothing else; None where several writes were seen as one.
    """

    at: float
    replicas: int
    alone: bool | None


def count_written(before: Scaled | None, seen: Seen) -> Scaled:
    """Since when something has the replica count that it has."""
    replicas = replicas_of(seen.now)
    if before is None or seen.before is None:
        return Scaled(seen.at, replicas, None)
    if before.replicas == replicas:
        return before
    if _generation(seen.now) != _generation(seen.before) + 1:
        return Scaled(seen.at, replicas, None)
    return Scaled(
        seen.at, replicas, {**seen.before["spec"], "replicas": replicas} == seen.now["spec"]
    )


def replicas_of(manifest: Manifest) -> int:
    """``spec.replicas``; one where it is not given."""
    count: int | None = manifest["spec"].get("replicas")
    return 1 if count is None else count


def _generation(manifest: Manifest) -> int:
    generation: int = manifest["metadata"].get("generation", 0)
    return generation


for _kind in SCALED_KINDS:
    note("scaled", on=_kind)(count_written)


def hand_written(before: Mapping[Key, float] | None, done: Done) -> Mapping[Key, float]:
    """When the tester last wrote an object itself, by kind, namespace and name."""
    if not isinstance(done.response, Accepted):
        return before or {}
    return {**(before or {}), key_written(done): done.at}


for _kind in SCALED_KINDS:
    for _verb in ("create", "replace", "patch"):
        note("hand-written", on=f"{_verb} {_kind}")(hand_written)


@law("HPA-017", on=AUTOSCALER)
def what_can_be_scaled_is_scaled(seen: Seen) -> Verdict:
    """A target with a scale subresource is read once it is there; another never is."""
    memory: Memory = seen.notes["autoscaler"]
    if memory.sync is None:
        return None
    unread = is_scale_unread(conditions_of(seen.now))
    kind = seen.now["spec"]["scaleTargetRef"].get("kind", "")
    if not may_scale(kind, seen.profile).value:
        return expect(unread, f"FailedGetScale, for a {kind} cannot be scaled", _said(seen))
    target = target_of(seen.world, seen.now)
    if target is None:
        return _without_target(seen, unread)
    if seen.at - target.since < QUIET and seen.world.setting.clock == "real":
        return None
    return expect(not unread, f"AbleToScale=True, for there is a {kind}", _said(seen))


def _without_target(seen: Seen, unread: bool) -> Verdict:
    """HPA-017: it says so until the target appears; known only where the tester makes everything."""
    metadata = seen.manifest["metadata"]
    key = (metadata.get("namespace") or "", metadata["name"])
    if key not in seen.world.notes.get("early", ()):
        return None
    return expect(unread, "AbleToScale=False, reason FailedGetScale: no target yet", _said(seen))


def _said(seen: Seen) -> str:
    able = conditions_of(seen.now).get("AbleToScale") or EMPTY
    return f"AbleToScale={able.get('status')}, reason {able.get('reason')}"


@note("early", on=f"create {AUTOSCALER}")
def autoscalers_before_their_target(
    before: frozenset[tuple[str, str]] | None, done: Done
) -> frozenset[tuple[str, str]]:
    """Namespace and name of autoscalers that the tester made while their target was not there."""
    made, known = done.arguments["object"], before or frozenset()
    if not isinstance(done.response, Accepted):
        return known
    metadata = made["metadata"]
    key = (metadata.get("namespace") or "", metadata.get("name") or "")
    return known - {key} if _target_of(done, made) else known | {key}


def _target_of(done: Done, autoscaler: Manifest) -> Known | None:
    reference = (autoscaler.get("spec") or EMPTY).get("scaleTargetRef")
    return target_of(done.world, autoscaler) if reference else None


@law("HPA-017", on=f"create {AUTOSCALER}")
def the_target_may_have_to_be_there_first(done: Done) -> Verdict:
    """In the source document it must exist first: an API that insists on it is right."""
    made = done.arguments["object"]
    if not done.profile.hpa.targets:
        return None
    if not isinstance(done.response, Rejected) or _target_of(done, made) is not None:
        return None
    fields = {cause.field for cause in done.response.causes}
    return HELD if fields == {"spec.scaleTargetRef.name"} else None


@law("HPA-017", on=AUTOSCALER)
def only_the_count_is_written(seen: Seen) -> Verdict:
    """A rescale writes spec.replicas of its target and nothing else of it."""
    sync, scaled = _rescale(seen)
    if sync is None or scaled is None or scaled.alone is None:
        return None
    return expect(scaled.alone, "a write of spec.replicas alone", "the spec changed otherwise too")


@law("HPA-005", on=AUTOSCALER)
def the_count_is_written_as_it_is_said(seen: Seen) -> Verdict:
    """What a rescale says it has set is what its target has; later on a real cluster's watch."""
    sync, scaled = _rescale(seen)
    if sync is None or scaled is None or seen.world.setting.clock == "real":
        return None
    return expect(scaled.replicas == sync.result, f"{sync.result} replicas", scaled.replicas)


def _rescale(seen: Seen) -> tuple[Sync | None, Scaled | None]:
    """The rescale that an observation shows, and the write of its target, if that was its own."""
    memory: Memory = seen.notes["autoscaler"]
    sync = memory.sync
    if sync is None or not sync.rescaled or sync.current is None:
        return None, None
    target = target_of(seen.world, seen.now)
    scaled: Scaled | None = None if target is None else target.notes.get("scaled")
    if target is None or scaled is None:
        return None, None
    allowed = 0.0 if seen.world.setting.clock == "virtual" else QUIET
    by_hand: Mapping[Key, float] = seen.world.notes.get("hand-written") or {}
    own = by_hand.get(key_of(target.manifest), -1.0) < scaled.at - allowed
    fits = seen.at - scaled.at <= allowed and (allowed == 0 or scaled.replicas == sync.result)
    return (sync, scaled) if own and fits else (None, None)


@law("HPA-006", "HPA-005", on="Event SuccessfulRescale")
def a_rescale_says_why(seen: Seen) -> Verdict:
    """The size that an Event tells of is within the bounds, and is the bound that it names."""
    event = seen.now
    about = event.get("involvedObject") or EMPTY
    known = seen.world.objects.get(
        (AUTOSCALER, about.get("namespace") or "", about.get("name", ""))
    )
    if known is None or about.get("uid", known.uid) != known.uid or not _is_new(seen, known):
        return None
    size, why = _size_and_reason(event.get("message", ""))
    if size is None:
        return None
    minimum, maximum = bounds(known.manifest["spec"])
    for words, bound in ((ABOVE, maximum), (BELOW, minimum)):
        if why == words:
            return expect(size == bound, f"New size: {bound}; reason: {words}", f"New size: {size}")
    return expect(
        minimum <= size <= maximum, f"New size: {minimum} to {maximum}", size, rule="HPA-005"
    )


ABOVE: Final = "Current number of replicas above Spec.MaxReplicas"
BELOW: Final = "Current number of replicas below Spec.MinReplicas"


def _is_new(seen: Seen, autoscaler: Known) -> bool:
    """Whether the Event tells of now, and of the spec that is known: on a real cluster by its version."""
    memory: Memory = autoscaler.notes["autoscaler"]
    last = seconds(seen.now.get("lastTimestamp"))
    if seen.world.setting.clock == "real":
        version = seen.now["involvedObject"].get("resourceVersion")
        if version != autoscaler.manifest["metadata"].get("resourceVersion"):
            return False
    since = math.floor(seen.world.setting.epoch + memory.spec_since)
    return last is not None and seen.wall - last < STALE and last >= since


def _size_and_reason(message: str) -> tuple[int | None, str]:
    """The two halves of ``New size: 4; reason: …``."""
    size, _, why = message.removeprefix("New size: ").partition("; reason: ")
    return (int(size) if size.isdecimal() else None), why
