"""What is remembered of Deployments and their ReplicaSets, so that each of their changes can be judged.

A Deployment and its ReplicaSets are separate watches, and a controller acts on what it knew: a change
is judged by every spec of which the controller may not yet have seen the end.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from attrs import evolve, field, frozen

from spec_model.events import Accepted, Manifest, key_of
from spec_model.law import note
from spec_model.laws.acts import key_written, somebody_acts
from spec_model.objects import EMPTY, Pod
from spec_model.pod.termination import OVER
from spec_model.workloads.deployment import Plan, Sized, bare, plan_of, revision_of, sized
from spec_model.workloads.ownership import controller_of
from spec_model.workloads.progress import count
from spec_model.world import VOID, Breach, Done, Key, Obligation, Outcome, Seen, Void, World

DEPLOYMENT: Final = "Deployment"
REPLICA_SET: Final = "ReplicaSet"


@frozen(eq=False)
class Spec:
    """What a Deployment asked for, as of one generation; ``until`` when it was seen to be another."""

    generation: int
    manifest: Manifest  # metadata and spec
    plan: Plan
    template: Manifest
    since: int  # the changes of the rollout by then
    until: float | None = None


@frozen(eq=False)
class Member:
    """A ReplicaSet of a Deployment, as it was last seen.

    Attributes:
        before: as it was when it was last sized for another number of replicas of its Deployment.
        rescaled: the changes of the rollout, and the time, by then.
        lost: how many were available before that became fewer, and when.
    """

    uid: str
    manifest: Manifest
    sized: Sized
    shown: int  # status.replicas
    template: Manifest
    revision: int
    before: Sized | None = None
    rescaled: tuple[int, float] = (0, 0.0)
    lost: tuple[int, float] = (0, 0.0)

    def lately(self, at: float, window: float) -> int:
        """The most that was available in a window before now: what a controller may go by."""
        most, when = self.lost
        return max(self.sized.available, most if at - when <= window else 0)


@frozen(eq=False)
class Rollout:
    """A Deployment with its ReplicaSets.

    Attributes:
        specs: what it asks for, and before it what it asked for, as long as that may be acted upon.
        members: its ReplicaSets by UID.
        highest: the highest revision that any of them has ever had.
        changes: how many changes were seen; where it is the same, nothing has changed.
        meddled: when somebody else last wrote a size, or deleted a ReplicaSet.
    """

    key: Key
    manifest: Manifest
    specs: tuple[Spec, ...]
    members: Mapping[str, Member] = field(factory=dict)
    highest: int = 0
    changes: int = 0
    meddled: float = -math.inf

    @property
    def spec(self) -> Spec:
        """What it asks for now."""
        return self.specs[0]

    @property
    def status(self) -> Manifest:
        """What its controller says of it."""
        return self.manifest.get("status") or EMPTY

    @property
    def is_going(self) -> bool:
        """It is being deleted, and its controller does nothing any more."""
        return bool(self.manifest["metadata"].get("deletionTimestamp"))

    def new(self, spec: Spec) -> Member | None:
        """The ReplicaSet of a template: the oldest, if there are several."""
        found = [each for each in self.members.values() if each.template == spec.template]
        return min(found, key=lambda each: each.sized.created, default=None)

    def others(self, member: Member) -> list[Member]:
        """All its ReplicaSets but one."""
        return [each for each in self.members.values() if each.uid != member.uid]


Rollouts: TypeAlias = Mapping[str, Rollout]
"""By the UID of the Deployment."""


def condition(manifest: Manifest, type_: str) -> Manifest:
    """A condition of its status; empty where there is none."""
    listed = (manifest.get("status") or EMPTY).get("conditions") or ()
    return next((each for each in listed if each.get("type") == type_), EMPTY)


def observed(manifest: Manifest) -> bool:
    """Whether the status of a Deployment is that of its spec."""
    generation = manifest["metadata"].get("generation", 0)
    return bool(count(manifest.get("status") or EMPTY, "observedGeneration") >= generation)


# -- Folding -----------------------------------------------------------------------------------------


def _spec(manifest: Manifest, changes: int) -> Spec:
    kept = {"metadata": manifest["metadata"], "spec": manifest["spec"]}
    generation = manifest["metadata"].get("generation", 0)
    template = bare(manifest["spec"].get("template") or EMPTY)
    return Spec(generation, kept, plan_of(kept), template, changes)


def _specs(before: Rollout, manifest: Manifest, at: float, window: float) -> tuple[Spec, ...]:
    """The specs that a controller may act by: those that it has not said to be past."""
    seen = count(manifest.get("status") or EMPTY, "observedGeneration")
    now, *past = before.specs
    if manifest["spec"] is not now.manifest["spec"] and manifest["spec"] != now.manifest["spec"]:
        past, now = [evolve(now, until=at), *past], _spec(manifest, before.changes)
    if seen >= now.generation:
        return (now,)
    return (now, *(each for each in past if each.until is None or at - each.until <= window))


def _member(
    before: Member | None, manifest: Manifest, moment: tuple[int, float], window: float
) -> Member:
    template = manifest["spec"].get("template") or EMPTY
    if before is not None and template == before.manifest["spec"].get("template"):
        stripped = before.template
    else:
        stripped = bare(template)
    now, prior, rescaled, lost, at = sized(manifest), None, (0, 0.0), (0, 0.0), moment[1]
    if before is not None:
        is_rescaled = before.sized.desired != now.desired
        prior = before.sized if is_rescaled else before.before
        rescaled = moment if is_rescaled else before.rescaled
        fell = now.available < before.sized.available
        lost = (before.lately(at, window), at) if fell else before.lost
    uid = manifest["metadata"].get("uid", "")
    shown = count(manifest.get("status") or EMPTY, "replicas")
    revision = revision_of(manifest)
    return Member(uid, manifest, now, shown, stripped, revision, prior, rescaled, lost)


def rollouts_of(world: World) -> Rollouts:
    """All Deployments that are known."""
    known: Rollouts | None = world.notes.get("rollouts")
    return known or {}


def owner_of(manifest: Manifest) -> str | None:
    """The UID of the Deployment that owns a ReplicaSet; None where none does."""
    reference = controller_of(manifest)
    return reference.get("uid") if reference.get("kind") == DEPLOYMENT else None


@note("rollout", on=DEPLOYMENT)
def deployment_seen(_: Rollout | None, seen: Seen) -> Rollout:
    """The Deployment with what it asks for now."""
    manifest = seen.manifest
    known = rollouts_of(seen.world).get(manifest["metadata"].get("uid", ""))
    if known is None:
        return _first_seen(seen)
    window = seen.tolerance.lateness
    return Rollout(
        known.key,
        manifest,
        _specs(known, manifest, seen.at, window),
        known.members,
        known.highest,
        known.changes + 1,
        known.meddled,
    )


def _first_seen(seen: Seen) -> Rollout:
    """A Deployment may be seen after its ReplicaSets."""
    uid = seen.manifest["metadata"].get("uid", "")
    owned = (
        known.manifest
        for known in seen.world.of_kind(REPLICA_SET)
        if owner_of(known.manifest) == uid
    )
    members = {each["metadata"]["uid"]: _member(None, each, (0, seen.at), 0.0) for each in owned}
    highest = max((each.revision for each in members.values()), default=0)
    return Rollout(
        key_of(seen.manifest), seen.manifest, (_spec(seen.manifest, 0),), members, highest
    )


@note("rollout", on=REPLICA_SET)
def replica_set_seen(_: Rollout | None, seen: Seen) -> Rollout | None:
    """Its Deployment with this one as it is now; None where no Deployment is known to own it."""
    known = rollouts_of(seen.world).get(owner_of(seen.manifest) or "")
    if known is None:
        return None
    uid = seen.manifest["metadata"].get("uid", "")
    members = dict(known.members)
    if seen.type == "DELETED":
        members.pop(uid, None)
        highest = known.highest
    else:
        members[uid] = _member(
            members.get(uid), seen.manifest, (known.changes, seen.at), seen.tolerance.lateness
        )
        highest = max(known.highest, members[uid].revision)
    changes, meddled = known.changes + 1, seen.at if _is_meddled(seen) else known.meddled
    return Rollout(known.key, known.manifest, known.specs, members, highest, changes, meddled)


def _is_meddled(seen: Seen) -> bool:
    if seen.type == "DELETED":
        return by_hand(seen)
    was = None if seen.before is None else seen.before["spec"].get("replicas")
    return seen.now["spec"].get("replicas") != was and by_hand(seen)


@note("rollouts", on=DEPLOYMENT + "*")
def deployments(before: Rollouts | None, seen: Seen) -> Rollouts:
    """All Deployments, this one as it is now, or no longer."""
    uid = seen.manifest["metadata"].get("uid", "")
    if seen.type == "DELETED":
        return {key: each for key, each in (before or {}).items() if key != uid}
    return {**(before or {}), uid: seen.notes["rollout"]}


@note("rollouts", on=REPLICA_SET + "*")
def deployments_of_sets(before: Rollouts | None, seen: Seen) -> Rollouts:
    """The Deployments that have it now, and had it before."""
    known, kept = before or {}, dict(before or {})
    owner, former = owner_of(seen.manifest), None if seen.before is None else owner_of(seen.before)
    if former is not None and former != owner and former in known:
        left = known[former]
        members = {
            uid: each
            for uid, each in left.members.items()
            if uid != seen.manifest["metadata"].get("uid")
        }
        kept[former] = evolve(left, members=members, changes=left.changes + 1)
    if owner is not None and seen.notes["rollout"] is not None:
        kept[owner] = seen.notes["rollout"]
    return kept


# -- Whose hand it was -------------------------------------------------------------------------------

Touched: TypeAlias = Mapping[Key, str]
"""By object, the resourceVersion of the tester's last write; ``""`` where it was deleted."""


def _touched(before: Touched | None, done: Done) -> Touched:
    known, given = before or {}, done.arguments
    if not isinstance(done.response, Accepted):
        return known
    undone = done.verb == "rollout-undo"
    key = (DEPLOYMENT, given["namespace"], given["name"]) if undone else key_written(done)
    stored = done.response.value
    version = stored["metadata"].get("resourceVersion", "") if isinstance(stored, Mapping) else ""
    return {**known, key: "" if done.verb == "delete" else version}


for _verb in ("create", "replace", "patch", "delete"):
    for _kind in (DEPLOYMENT, REPLICA_SET):
        note("rollout-writes", on=f"{_verb} {_kind}")(_touched)
note("rollout-writes", on="rollout-undo")(_touched)


def by_hand(seen: Seen) -> bool:
    """Whether what is seen is the tester's own write, or may be somebody's whom nobody recorded."""
    if not somebody_acts(seen.world):
        return seen.type == "DELETED"
    touched: Touched = seen.world.notes.get("rollout-writes") or {}
    version = touched.get(key_of(seen.manifest))
    if seen.type == "DELETED":
        return version == ""
    return bool(version == seen.manifest["metadata"].get("resourceVersion", "?"))


# -- Certainty ---------------------------------------------------------------------------------------

PATIENCE: Final = 5.0
"""Seconds within which a real cluster's watches show what came before something that they showed."""


def sure(seen: Seen, rollout: Rollout, verdict: Outcome) -> Outcome:
    """The verdict; on a real clock a breach only if no spec is seen late that explains what was done.

    Watches of different kinds do not wait for each other: what a controller acted by may be shown
    after what it did.
    """
    if not isinstance(verdict, Breach) or seen.world.setting.clock == "virtual":
        return verdict
    generation = rollout.spec.generation

    def settled(later: Seen) -> Void | None:
        return VOID if later.manifest["metadata"].get("generation", 0) != generation else None

    return Obligation(
        what=verdict.expected,
        settled=settled,
        not_after=seen.at + PATIENCE,
        because=verdict.because,
        rule=verdict.rule,
        on=rollout.key,
        overdue=lambda _: verdict,
    )


def running(seen: Seen, owners: set[str], *, ending: bool = True) -> list[str]:
    """Names of the Pods of these owners that have not ended, those that are ending among them or not."""
    pods: Iterator[Pod] = (known.view for known in seen.world.of_kind("Pod"))
    return [
        pod.key[2]
        for pod in pods
        if pod.phase not in OVER
        and (ending or pod.deletion_timestamp is None)
        and controller_of(pod.manifest).get("uid") in owners
    ]


def active(members: Iterator[Member] | list[Member]) -> list[Member]:
    """Those that ask for Pods."""
    return [each for each in members if each.sized.size > 0]
