"""REPLICA-007: a template is for Pods that are yet to be made."""

from __future__ import annotations

from typing import Final

from spec_model.events import Manifest
from spec_model.law import Verdict, expect, held, law
from spec_model.laws.acts import is_driven
from spec_model.laws.flocks import Asked, active_pods, is_going, owner_of
from spec_model.objects import EMPTY, Pod
from spec_model.workloads.ownership import REPLICATED, is_active
from spec_model.world import VOID, Breach, Held, Obligation, Seen, Void, World

RULE: Final = "REPLICA-007"
OTHER_CAUSES: Final = frozenset(
    {"delete", "patch", "replace", "bind", "stop-node", "start-node", "write-status", "create"}
)


@law(RULE, on="ReplicaSet")
@law(RULE, on="ReplicationController")
def a_new_template_touches_no_pod(seen: Seen) -> Verdict:
    """The Pods that there are stay, and stay as they are."""
    wish: Asked = seen.notes["asked"]
    if wish.before is None or wish.changed != seen.at or is_going(seen.manifest):
        return None
    if not is_driven(seen.world) or wish.since == seen.at or seen.type == "DELETED":
        return None
    there = active_pods(seen.world, seen.manifest["metadata"]["uid"])
    if not there or len(there) > wish.replicas:
        return None

    def overdue(world: World) -> Held | Breach | Void | None:
        for pod in there:
            now: Pod | None = world.view(*pod.key)
            if now is None or now.uid != pod.uid or not is_active(now):
                if now is not None and now.conditions.get("DisruptionTarget"):
                    return VOID
                return Breach(f"{pod.key[2]} stays, for only the template is new", "it goes")
            if now.spec.manifest != pod.spec.manifest and now.spec.node_name == pod.spec.node_name:
                return Breach(f"{pod.key[2]} as it was made", "changed like the template")
        return held(RULE)

    return Obligation(
        what="Pods stay as they are when the template changes",
        not_after=seen.at + seen.tolerance.lateness,
        disturbed_by=OTHER_CAUSES,
        rule=RULE,
        overdue=overdue,
    )


@law(RULE, on="Pod", when="new")
def a_new_pod_is_made_of_the_template(seen: Seen) -> Verdict:
    """Of the one that there is; right after a change it may still be the one before."""
    if seen.before is not None or not seen.fresh or not is_driven(seen.world):
        return None
    owner = owner_of(seen.world, seen.now)
    if owner is None or owner.manifest["kind"] not in REPLICATED:
        return None
    wish: Asked = owner.notes["asked"]
    made = _images(seen.manifest["spec"])
    if made == _images(wish.template.get("spec") or EMPTY):
        return held(RULE) if wish.before is not None else None
    is_recent = seen.at - wish.changed <= seen.tolerance.lateness
    if is_recent and made == _images((wish.before or EMPTY).get("spec") or EMPTY):
        return None
    return expect(False, "a Pod of the template", f"images {', '.join(made)}")


def _images(spec: Manifest) -> tuple[str, ...]:
    return tuple(each.get("image", "") for each in spec.get("containers") or ())
