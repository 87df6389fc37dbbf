"""IDENTITY-001 to -003: who a Pod is, that it never moves, and that nobody brings it back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias, TypeVar

from attrs import evolve, frozen

from spec_model.events import Accepted, Manifest, Rejected, key_of
from spec_model.law import Verdict, law, note
from spec_model.objects import EMPTY, Pod
from spec_model.pod import conditions
from spec_model.pod.termination import OVER
from spec_model.world import HELD, Breach, Done, Held, Key, Seen

CONFLICT: Final = 409
NOT_FOUND: Final = 404
REMEMBERED: Final = 128
"""So many Pods that went are remembered, the last ones."""

K = TypeVar("K")
V = TypeVar("V")

NOTICED: Final = 10.0
"""Seconds after which it counts that nobody brought a Pod back."""


# -- IDENTITY-001: one UID, one name ----------------------------------------------------------------


@law("IDENTITY-001", on="create Pod")
def a_name_is_taken_while_its_pod_exists(done: Done) -> Verdict:
    """While a Pod exists, Terminating included, to create one of the same name fails with 409."""
    key = pod_key(done.arguments["object"])
    known = None if key is None else done.world.objects.get(key)
    if key is None or known is None:
        return None
    response = done.response
    if isinstance(response, Rejected):
        return HELD if response.code == CONFLICT else None
    stored = response.value or EMPTY
    if known.uid and (stored.get("metadata") or EMPTY).get("uid") == known.uid:
        return Breach("a UID of its own", f"that of the Pod before, {known.uid}")
    if may_have_gone(done, key):
        return None
    return Breach("409 AlreadyExists, for a Pod of that name exists", "accepted")


def pod_key(manifest: Manifest) -> Key | None:
    """The key under which a Pod is created; None for other kinds, or where the API makes the name."""
    kind, namespace, name = key_of(manifest)
    return (kind, namespace or "default", name) if kind == "Pod" and name else None


def may_have_gone(done: Done, key: Key) -> bool:
    """Whether a Pod may have gone without its end being seen yet: on a real clock the watch lags."""
    if done.world.setting.clock == "virtual":
        return False
    pod: Pod = done.world.objects[key].view
    made = bare_pods(done.world.notes).get(key)
    return pod.deletion_timestamp is not None or (made is not None and made.asked)


@note("uids-gone", on="Pod*", when="gone")
def uids_gone(before: Mapping[str, Key] | None, seen: Seen) -> Mapping[str, Key]:
    """UIDs and names of the Pods that went last."""
    known = before or {}
    return _with(known, seen.now.uid, seen.now.key) if seen.type == "DELETED" else known


@law("IDENTITY-001", on="Pod", when="new")
def a_uid_is_never_used_again(seen: Seen) -> Verdict:
    """A UID is constant while its object lives, and new for every recreation."""
    if seen.before is not None:
        return None
    uid, gone = seen.now.uid, seen.world.notes.get("uids-gone", EMPTY)
    if uid in gone:
        return Breach("a UID of its own", f"that of {gone[uid][2]}, which is gone")
    known = seen.world.objects.get(seen.now.key)
    if known is not None and seen.type == "MODIFIED" and _same_creation(seen, known.manifest):
        return Breach(f"UID {known.uid} for the life of the object", f"UID {uid}")
    if seen.fresh and (twin := _twin(seen)) is not None:
        return Breach("a UID of its own", f"that of {twin[2]}")
    return HELD if seen.now.key in gone.values() else None


def _same_creation(seen: Seen, before: Manifest) -> bool:
    created = before["metadata"].get("creationTimestamp")
    return created is not None and created == seen.manifest["metadata"].get("creationTimestamp")


def _twin(seen: Seen) -> Key | None:
    uid = seen.now.uid
    for key, known in seen.world.objects.items():
        if known.uid == uid and key != seen.now.key and key[0] == "Pod":
            return key
    return None


# -- IDENTITY-002: bound at most once ---------------------------------------------------------------


@law("IDENTITY-002", on="bind")
def a_pod_is_bound_once(done: Done) -> Verdict:
    """To bind a Pod that has a node, or is being deleted, fails with 409."""
    key = ("Pod", done.arguments["namespace"], done.arguments["pod"])
    pod: Pod | None = done.world.view(*key)
    if pod is None or not (pod.spec.node_name or pod.deletion_timestamp is not None):
        return None
    why = "being deleted" if not pod.spec.node_name else f"on {pod.spec.node_name}"
    if isinstance(done.response, Accepted):
        return None if may_have_gone(done, key) else Breach(f"409, for it is {why}", "accepted")
    code = done.response.code
    return HELD if code == CONFLICT else _other_refusal(code, why)


def _other_refusal(code: int, why: str) -> Breach | None:
    """A refusal of its form is not what another node is refused by; of other reasons nothing is said."""
    return Breach(f"409, for it is {why}", str(code)) if code in (400, 422) else None


@law("IDENTITY-002", on="Pod", when=("edited", "gone"))
def a_pod_never_moves(seen: Seen) -> Verdict:
    """spec.nodeName never changes once it is set; said of a Pod at its end."""
    before = seen.before
    if before is None or not before.spec.node_name:
        return None
    if before.spec.node_name != seen.now.spec.node_name:
        return Breach(f"node {before.spec.node_name} for ever", f"node {seen.now.spec.node_name}")
    return HELD if seen.type == "DELETED" else None


# -- IDENTITY-003: a bare Pod that is gone stays gone -----------------------------------------------


@frozen
class Bare:
    """A Pod without an owner that the tester made: its UID, whether it was asked to go, and when it went."""

    uid: str
    asked: bool = False
    gone: float | None = None


BarePods: TypeAlias = Mapping[Key, Bare]


def bare_pods(notes: Mapping[str, Any]) -> BarePods:
    """The Pods without an owner that the tester made, those that went last included."""
    found: BarePods | None = notes.get("bare")
    return found or {}


@note("bare", on="create Pod")
def bare_pod_made(before: BarePods | None, done: Done) -> BarePods:
    """Pods that the tester makes itself: whatever else appears under their names, somebody made."""
    known, sent = before or {}, done.arguments["object"]
    if isinstance(done.response, Rejected) or done.arguments.get("dryRun"):
        return known
    metadata = sent.get("metadata") or EMPTY
    key = pod_key(sent)
    if key is None or metadata.get("ownerReferences"):
        return known
    stored = (done.response.value or EMPTY).get("metadata") or EMPTY
    return _with(known, key, Bare(stored.get("uid", "")))


@note("bare", on="delete Pod")
def bare_pod_asked(before: BarePods | None, done: Done) -> BarePods:
    """Pods that the tester asks to go."""
    given = done.arguments
    known, key = before or {}, (given["kind"], given["namespace"], given["name"])
    found = known.get(key)
    return known if found is None else {**known, key: evolve(found, asked=True)}


@note("bare", on="Pod*", when="stirred")
def bare_pod_gone(before: BarePods | None, seen: Seen) -> BarePods:
    """Pods that went; one that is adopted is bare no longer."""
    known = before or {}
    found = known.get(seen.now.key)
    if found is None or found.uid not in ("", seen.now.uid):
        return known
    if seen.manifest["metadata"].get("ownerReferences"):
        return {key: bare for key, bare in known.items() if key != seen.now.key}
    if seen.type != "DELETED":
        return known
    return {**known, seen.now.key: evolve(found, gone=seen.at)}


@law("IDENTITY-003", on="Pod", when=("new", "gone"))
def a_bare_pod_stays_gone(seen: Seen) -> Verdict:
    """Nobody but the tester makes a Pod again that is gone, and no Pod goes because it cannot be placed."""
    if seen.before is not None and seen.type != "DELETED":
        return None
    found = bare_pods(seen.world.notes).get(seen.now.key)
    if found is None:
        return None
    if seen.type != "DELETED":
        is_owned = seen.manifest["metadata"].get("ownerReferences")
        is_back = found.gone is not None and found.uid != seen.now.uid and not is_owned
        return (
            Breach("gone for good, for it has no owner", "a Pod of its name") if is_back else None
        )
    is_placed = seen.now.spec.node_name or seen.now.phase in OVER  # ended, and it may be collected
    if found.uid in ("", seen.now.uid) and not found.asked and not is_placed:
        return Breach("it waits Pending until it can be placed", "it was deleted")
    return None


@law("IDENTITY-003", on="advance")
def nobody_brings_it_back(done: Done) -> Verdict:
    """As time goes by, Pods that are gone are still gone, and Pods that wait for a node still wait."""
    return tuple(_still_so(done)) or None


def _still_so(done: Done) -> Iterator[Held]:
    for key, pod in bare_pods(done.world.notes).items():
        known = done.world.objects.get(key)
        if pod.gone is not None:
            if known is None and done.at - pod.gone >= NOTICED:
                yield HELD
        elif known is not None and done.at - known.since >= NOTICED and _waits(known.view):
            yield HELD


def _waits(pod: Pod) -> bool:
    scheduled = pod.conditions.get("PodScheduled") or EMPTY
    is_refused = scheduled.get("status") == "False" or conditions.unschedulable(pod) is not None
    return not pod.spec.node_name and is_refused


def _with(known: Mapping[K, V], key: K, value: V) -> Mapping[K, V]:
    """With one more entry, and without the oldest where there are too many."""
    kept = {name: old for name, old in known.items() if name != key}
    while len(kept) >= REMEMBERED:
        del kept[next(iter(kept))]
    return {**kept, key: value}
