"""SCHED-009: who has a controller is replaced, under another UID and name; who has none is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from spec_model.events import Manifest
from spec_model.law import Verdict, law, note
from spec_model.laws.identity import NOTICED, bare_pods
from spec_model.laws.owned import owned_pods
from spec_model.laws.replacement import lacks
from spec_model.objects import Pod
from spec_model.pod.termination import OVER
from spec_model.workloads.ownership import REPLICATED, controller_of
from spec_model.world import HELD, VOID, Breach, Done, Held, Obligation, Seen, Void, World

RULE: Final = "SCHED-009"
SAME_NAME: Final = "StatefulSet"
REMEMBERED: Final = 64
PATIENCE: Final = 2
"""So many times its lateness a controller may take to make another Pod."""

Gone: TypeAlias = Mapping[tuple[str, str], str]
"""By the UID of a controller and the name of its Pod, the UIDs of those that went last."""


@note("owned and gone", on="Pod*", when="gone")
def gone_noted(before: Gone | None, seen: Seen) -> Gone:
    """The Pods of controllers that went last."""
    known: Gone = before or {}
    owner = controller_of(seen.manifest).get("uid") if seen.type == "DELETED" else None
    if not owner:
        return known if before is None or known else before
    kept = dict([*known.items()][-REMEMBERED + 1 :])
    return {**kept, (owner, seen.now.key[2]): seen.now.uid}


@law(RULE, on="Pod", when="new")
def a_replacement_is_another_pod(seen: Seen) -> Verdict:
    """Another UID always, and another name unless a StatefulSet makes it; a bare Pod never comes back."""
    if seen.before is not None or seen.type == "DELETED":
        return None
    pod: Pod = seen.now
    owner = controller_of(seen.manifest)
    if not owner:
        return _comes_back(seen)
    gone: Gone = seen.world.notes.get("owned and gone") or {}
    mine = {name: uid for (of, name), uid in gone.items() if of == owner.get("uid")}
    if not mine or not seen.fresh:
        return None
    if pod.uid in mine.values():
        return Breach("a replacement with a UID of its own", f"UID {pod.uid}, which is gone")
    if pod.key[2] in mine and owner.get("kind") != SAME_NAME:
        return Breach(f"a replacement of another name than {pod.key[2]}", "the same name")
    return HELD


def _comes_back(seen: Seen) -> Breach | None:
    found = bare_pods(seen.world.notes).get(seen.now.key)
    is_back = found is not None and found.gone is not None and found.uid != seen.now.uid
    return Breach("gone for good: it has no controller", "a Pod of its name") if is_back else None


@law(RULE, on="advance")
def nobody_replaces_a_bare_pod(done: Done) -> Verdict:
    """As time goes by, Pods without a controller that are gone are still gone."""
    return tuple(_still_gone(done)) or None


def _still_gone(done: Done) -> Iterator[Held]:
    for key, pod in bare_pods(done.world.notes).items():
        if pod.gone is not None and done.at - pod.gone >= NOTICED and key not in done.world.objects:
            yield HELD


@law(RULE, on="Pod", when=("over", "gone"))
def who_has_a_controller_is_replaced(seen: Seen) -> Verdict:
    """Where a Pod has failed or is gone and its controller wants more than are left, it makes another."""
    before, pod = seen.before, seen.now
    if before is None or before.phase in OVER:
        return None
    if seen.type != "DELETED" and pod.phase not in OVER:
        return None
    owner = controller_of(seen.manifest)
    if owner.get("kind") not in REPLICATED or not lacks(seen.world, owner, pod.key[1], pod.uid):
        return None
    known = frozenset(each.uid for each in owned_pods(seen.world, owner["uid"]))

    def settled(later: Seen) -> Held | Void | None:
        if later.type == "DELETED" or later.now["metadata"].get("deletionTimestamp"):
            return VOID
        return HELD if _has_another(later.world, owner, known) else None

    def overdue(world: World) -> Held | Void | None:
        if _has_another(world, owner, known):
            return HELD
        return None if lacks(world, owner, pod.key[1], pod.uid) else VOID

    return Obligation(
        what=f"another Pod of {owner['kind']} {owner['name']} for {pod.key[2]}",
        settled=settled,
        not_after=seen.at + PATIENCE * seen.tolerance.lateness,
        rule=RULE,
        on=(owner["kind"], pod.key[1], owner["name"]),
        overdue=overdue,
    )


def _has_another(world: World, owner: Manifest, known: frozenset[str]) -> bool:
    return any(pod.uid not in known for pod in owned_pods(world, owner["uid"]))
