"""DEPLOY: which ReplicaSets a Deployment makes, numbers and keeps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spec_model.law import Verdict, expect, law
from spec_model.laws.rollout_memory import (
    REPLICA_SET,
    Member,
    Rollout,
    Rollouts,
    Spec,
    by_hand,
    owner_of,
    sure,
)
from spec_model.objects import EMPTY
from spec_model.workloads.deployment import HASH, HISTORY, history_of, revision_of
from spec_model.world import Outcome, Seen

MADE: Final = "a ReplicaSet"


@law("DEPLOY-006", "DEPLOY-007", "DEPLOY-010", on=REPLICA_SET)
def a_replica_set_is_made(seen: Seen) -> Verdict:
    """Only for a template that has none yet, named and labelled by it, with the next revision."""
    rollout: Rollout | None = seen.notes["rollout"]
    if rollout is None or not seen.fresh or seen.type == "DELETED" or by_hand(seen):
        return None
    if rollout.is_going:
        return None
    member = rollout.members[seen.manifest["metadata"]["uid"]]
    made = (*_made(rollout, member), *_numbered(rollout, member))
    return tuple(sure(seen, rollout, each) for each in made)


def _made(rollout: Rollout, member: Member) -> Iterator[Outcome]:
    rolling = [spec for spec in rollout.specs if not spec.plan.paused]
    if not rolling:
        yield expect(
            False, f"no {MADE} of a paused Deployment", member.sized.name, rule="DEPLOY-010"
        )
        return
    templates = [spec.template for spec in rolling]
    expected = "a ReplicaSet of the Deployment's template"
    yield expect(member.template in templates, expected, member.sized.name, rule="DEPLOY-006")
    same = [
        each.sized.name
        for each in rollout.others(member)
        if each.template == member.template
        and not each.manifest["metadata"].get("deletionTimestamp")
    ]
    seen = f"{member.sized.name} beside {', '.join(same)}"
    yield expect(not same, "the ReplicaSet of this template to be reused", seen, rule="DEPLOY-006")
    yield _labelled(rollout, member)


def _labelled(rollout: Rollout, member: Member) -> Outcome:
    """The hash of its template is in its name, its labels, its selector and its Pods' labels."""
    metadata, spec = member.manifest["metadata"], member.manifest["spec"]
    value = (metadata.get("labels") or EMPTY).get(HASH)
    labels = ((spec.get("template") or EMPTY).get("metadata") or EMPTY).get("labels") or EMPTY
    chosen = (spec.get("selector") or EMPTY).get("matchLabels") or EMPTY
    name = f"{rollout.key[2]}-{value}"
    holds = bool(value) and labels.get(HASH) == value == chosen.get(HASH)
    seen = (
        f"{member.sized.name}: label {value}, Pods {labels.get(HASH)}, selector {chosen.get(HASH)}"
    )
    expected = f"a name that ends in the {HASH} of its labels, its selector and its Pods"
    return expect(holds and member.sized.name == name, expected, seen, rule="DEPLOY-006")


def _numbered(rollout: Rollout, member: Member) -> Iterator[Outcome]:
    """One more than the highest there is, or was: an old one may just have been deleted."""
    others = max((each.revision for each in rollout.others(member)), default=0)
    highest = max(others, rollout.highest if rollout.highest != member.revision else others)
    lawful = range(others + 1, highest + 2)
    expected = f"revision {others + 1}"
    yield expect(member.revision in lawful, expected, member.revision, rule="DEPLOY-007")


@law("DEPLOY-007", "DEPLOY-008", on=REPLICA_SET)
def a_replica_set_is_renumbered(seen: Seen) -> Verdict:
    """One that is new again gets the next revision, and its old one goes into its history."""
    rollout: Rollout | None = seen.notes["rollout"]
    if rollout is None or seen.before is None or seen.type == "DELETED":
        return None
    before, now = revision_of(seen.before), revision_of(seen.now)
    if before == now or by_hand(seen):
        return None
    member = rollout.members[seen.manifest["metadata"]["uid"]]
    told = list(_numbered(rollout, member))
    if before:
        noted = (seen.now["metadata"].get("annotations") or EMPTY).get(HISTORY, "")
        kept = noted.split(",")[-1] == str(before)
        expected = f"{before} as the last of its revision-history"
        told.append(expect(kept, expected, noted or "none", rule="DEPLOY-008"))
    return tuple(told)


@law("DEPLOY-009", on=REPLICA_SET)
def history_is_kept(seen: Seen) -> Verdict:
    """What a Deployment deletes is empty, and older than the newest that it keeps."""
    if seen.type != "DELETED" or by_hand(seen):
        return None
    known: Rollouts = seen.world.notes.get("rollouts") or {}
    rollout = known.get(owner_of(seen.manifest) or "")
    if rollout is None or rollout.is_going or seen.world.view(*rollout.key) is None:
        return None
    gone = rollout.members.get(seen.manifest["metadata"]["uid"])
    if gone is None:
        return None
    holds = any(_is_beyond(rollout, gone, spec) for spec in rollout.specs)
    return sure(seen, rollout, expect(holds, _bounds(rollout), _told(gone, rollout)))


def _is_beyond(rollout: Rollout, gone: Member, spec: Spec) -> bool:
    limit, new = history_of(spec.manifest), rollout.new(spec)
    if limit is None or gone is new or gone.sized.size or gone.shown:
        return False
    newer = [
        each for each in rollout.others(gone) if each is not new and each.revision > gone.revision
    ]
    return len(newer) >= limit


def _bounds(rollout: Rollout) -> str:
    limit = history_of(rollout.spec.manifest)
    if limit is None:
        return "every old ReplicaSet kept"
    return f"the {limit} newest old ReplicaSets kept, and all that have replicas"


def _told(gone: Member, rollout: Rollout) -> str:
    left = sorted(each.revision for each in rollout.others(gone))
    return f"revision {gone.revision} of {gone.sized.size} replicas deleted, beside {left}"
