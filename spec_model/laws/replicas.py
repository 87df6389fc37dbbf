"""REPLICA-002, -007 and -008: as many Pods as are wanted, and a status that says how many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from attrs import evolve

from spec_model.events import Manifest, Rejected
from spec_model.law import Verdict, expect, held, law
from spec_model.laws.flocks import (
    Asked,
    active_pods,
    flock_of,
    is_going,
    owner_of,
    owner_uid,
    shows_pods,
)
from spec_model.laws.replacement import cannot_make
from spec_model.objects import EMPTY, Pod, seconds
from spec_model.workloads.ownership import REPLICATED, controller_of, is_active, ready_since
from spec_model.world import (
    HELD,
    VOID,
    Breach,
    Done,
    Held,
    Key,
    Obligation,
    Outcome,
    Seen,
    Void,
    World,
)

NUMBER: Final = "REPLICA-002"
STATUS: Final = "REPLICA-007"
SCALE: Final = "REPLICA-008"

Overdue: TypeAlias = Callable[[World], Held | Breach | Void | None]


# -- REPLICA-002: the number converges --------------------------------------------------------------


@law(NUMBER, on="ReplicaSet")
@law(NUMBER, on="ReplicationController")
def the_number_that_is_asked_for_is_reached(seen: Seen) -> Verdict:
    """Owed by a workload from when it asks for another number."""
    wish: Asked = seen.notes["asked"]
    if seen.type == "DELETED" or is_going(seen.manifest) or wish.since != seen.at:
        return None
    return converges(seen, _key(seen.manifest), seen.manifest["metadata"]["uid"])


@law(NUMBER, on="Pod", when="stirred and controlled")
def who_is_lost_is_replaced(seen: Seen) -> Verdict:
    """Owed by the owner of a Pod that ceases to count, or begins to."""
    before: Pod | None = seen.before
    was = before is not None and is_active(before)
    now = seen.type != "DELETED" and is_active(seen.now)
    uid, old = owner_uid(seen.now), "" if before is None else owner_uid(before)
    if (was, old) == (now, uid):
        return None
    owed = []
    for pod in (seen.now, before) if before is not None and old != uid else (seen.now,):
        owner = owner_of(seen.world, pod)
        if owner is None or owner.manifest["kind"] not in REPLICATED or is_going(owner.manifest):
            continue
        owed.append(converges(seen, _key(owner.manifest), owner.uid))
    return tuple(owed) or None


def converges(seen: Seen | Done, key: Key, uid: str, rule: str = NUMBER) -> Obligation:
    """The workload has as many active Pods as it asks for once nothing has stirred for long enough."""
    began, tolerance = seen.at, seen.world.setting.tolerance
    return Obligation(
        what=f"as many active Pods as {key[0]} {key[2]} asks for",
        settled=_never_early,
        not_after=began + tolerance.lateness,
        rule=rule,
        on=key,
        overdue=_has_converged(key, uid, began, rule),
    )


def _never_early(_: Seen) -> None:
    """The count is looked at when its time is over, for it may change again until then."""


def _has_converged(key: Key, uid: str, began: float, rule: str) -> Overdue:
    def overdue(world: World) -> Held | Breach | Void | None:
        known = world.objects.get(key)
        if known is None or known.uid != uid or is_going(known.manifest):
            return VOID
        count, wish = len(active_pods(world, uid)), known.notes["asked"]
        if count == wish.replicas:
            return held(rule)
        if wish.since > began or flock_of(world, uid).counted > began:
            return VOID  # it has stirred since, and owes it from then on
        if cannot_make(known.manifest) or not shows_pods(world, key[1]):
            return VOID
        return Breach(f"{wish.replicas} active Pods", f"{count}", rule=rule)

    return overdue


def _key(manifest: Manifest) -> Key:
    metadata = manifest["metadata"]
    return manifest["kind"], metadata.get("namespace") or "", metadata["name"]


# -- REPLICA-007: the status -------------------------------------------------------------------------


@law(STATUS, on="ReplicaSet")
@law(STATUS, on="ReplicationController")
def the_status_counts_the_pods(seen: Seen) -> Verdict:
    """Where it does not agree with what is seen, it must soon, or they must."""
    if (
        seen.type == "DELETED"
        or is_going(seen.manifest)
        or not shows_pods(seen.world, _key(seen.manifest)[1])
    ):
        return None
    before = EMPTY if seen.before is None else seen.before.get("status")
    if before == seen.manifest.get("status"):
        return None
    uid = seen.manifest["metadata"]["uid"]
    if not _wrong(seen.world, seen.manifest, seen.wall):
        return HELD if flock_of(seen.world, uid).keys else None
    return _owed_status(seen, _key(seen.manifest), uid, seen.at)


@law(STATUS, on="Pod", when="stirred and controlled")
def the_status_follows_the_pods(seen: Seen) -> Verdict:
    """Owed by the owner of a Pod that changes in what is counted; when it is available, too."""
    before, pod = seen.before, seen.now
    is_same = (
        before is not None
        and seen.type != "DELETED"
        and ready_since(before) == ready_since(pod)
        and is_active(before) == is_active(pod)
    )
    owner = None if is_same else owner_of(seen.world, pod)
    if owner is None or owner.manifest["kind"] not in REPLICATED or is_going(owner.manifest):
        return None
    owed: list[Outcome] = [_owed_status(seen, _key(owner.manifest), owner.uid, seen.at)]
    minimum = owner.manifest["spec"].get("minReadySeconds") or 0
    if minimum and ready_since(pod):
        owed.append(_owed_status(seen, _key(owner.manifest), owner.uid, seen.at + minimum + 1))
    return tuple(owed)


def _owed_status(seen: Seen, key: Key, uid: str, since: float) -> Obligation:
    due = since + seen.tolerance.lateness
    return Obligation(
        what=f"a status of {key[0]} {key[2]} that counts its Pods",
        settled=_never_early,
        not_after=due,
        rule=STATUS,
        on=key,
        overdue=_counts(key, uid, seen.at, due),
    )


def _counts(key: Key, uid: str, began: float, due: float) -> Overdue:
    def overdue(world: World) -> Held | Breach | Void | None:
        known = world.objects.get(key)
        if known is None or known.uid != uid or is_going(known.manifest):
            return VOID
        wrong = _wrong(world, known.manifest, world.setting.epoch + due)
        if not wrong:
            return HELD
        if flock_of(world, uid).stirred > began or known.notes["asked"].since > began:
            return VOID
        name, expected, shown = wrong[0]
        return Breach(f"{name} {expected}", f"{name} {shown}", rule=STATUS)

    return overdue


def _wrong(world: World, workload: Manifest, wall: float) -> list[tuple[str, str, int]]:
    """Each count that is not what it must be: its name, what it must be, what it is."""
    pods = active_pods(world, workload["metadata"]["uid"])
    minimum = workload["spec"].get("minReadySeconds") or 0
    status: Mapping[str, Any] = workload.get("status") or EMPTY
    ready = [pod for pod in pods if ready_since(pod) is not None]
    surely, maybe = _available(ready, minimum, wall, world)
    wanted = {
        "replicas": (len(pods), len(pods)),
        "readyReplicas": (len(ready), len(ready)),
        "availableReplicas": (surely, maybe),
    }
    return [
        (name, f"{least}" if least == most else f"{least} to {most}", int(status.get(name) or 0))
        for name, (least, most) in wanted.items()
        if not least <= int(status.get(name) or 0) <= most
    ]


def _available(ready: list[Pod], minimum: float, wall: float, world: World) -> tuple[int, int]:
    """How many have been Ready for long enough: for certain, and at the most."""
    if not minimum:
        return len(ready), len(ready)
    tolerance = world.setting.tolerance
    ages = [wall - (seconds(ready_since(pod)) or wall) for pod in ready]
    slack = tolerance.lateness + tolerance.truncation
    return (
        sum(age >= minimum + slack for age in ages),
        sum(age >= minimum - tolerance.truncation for age in ages),
    )


# -- REPLICA-008: scaling ----------------------------------------------------------------------------


def a_scale_is_written_and_followed(done: Done) -> Verdict:
    """spec.replicas becomes what was asked for; a negative number is refused."""
    given = done.arguments
    wanted = (given["patch"].get("spec") or EMPTY).get("replicas") if _is_patch(given) else None
    if not isinstance(wanted, int) or isinstance(wanted, bool):
        return None
    if (given.get("subresource") or "") not in ("", "scale"):
        return None
    if isinstance(done.response, Rejected):
        return held(SCALE) if wanted < 0 and done.response.code == 422 else None
    if wanted < 0:
        return Breach("refused: replicas must not be negative", "accepted")
    return tuple(_scaled(done, wanted)) or None


for _kind in ("ReplicationController", "ReplicaSet", "Deployment", "StatefulSet"):
    law(SCALE, on=f"patch {_kind}")(a_scale_is_written_and_followed)


def _is_patch(given: Mapping[str, Any]) -> bool:
    patch = given["patch"]
    return isinstance(patch, Mapping) and isinstance(patch.get("spec") or EMPTY, Mapping)


def _scaled(done: Done, wanted: int) -> Iterator[Outcome]:
    given, stored = done.arguments, done.response.value
    written = (stored.get("spec") or EMPTY) if isinstance(stored, Mapping) else EMPTY
    if "replicas" in written or wanted == 0:
        shown = written.get("replicas", 0)
        yield expect(shown == wanted, f"spec.replicas {wanted}", f"spec.replicas {shown}")
    key = (given["kind"], given["namespace"] or "", given["name"])
    known = done.world.objects.get(key)
    if known is not None and given["kind"] in REPLICATED and not is_going(known.manifest):
        yield _follows(done, key, known.uid, wanted)


def _follows(done: Done, key: Key, uid: str, wanted: int) -> Obligation:
    """What is scaled stays, with nothing to do too, and comes to have as many Pods."""
    owed = converges(done, key, uid, SCALE)

    def settled(seen: Seen) -> Breach | Void | None:
        if seen.type != "DELETED":
            return None
        if controller_of(seen.manifest):
            return VOID  # its Deployment may have scaled it back, and keeps no more history
        return Breach(f"{key[0]} {key[2]}, scaled to {wanted}, is kept", "DELETED", rule=SCALE)

    return evolve(owed, settled=settled, disturbed_by=frozenset({"delete"}))
