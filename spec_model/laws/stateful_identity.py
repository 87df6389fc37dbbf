"""STATEFUL-001: who the Pods of a StatefulSet are, and which claims are theirs."""

from __future__ import annotations

from collections.abc import Iterator

from spec_model.events import Manifest
from spec_model.law import Verdict, expect, law, note
from spec_model.laws.acts import is_driven
from spec_model.laws.flocks import is_going
from spec_model.laws.stateful_sets import IDENTITY, KIND, judged_later, set_of_new
from spec_model.objects import EMPTY
from spec_model.workloads import stateful
from spec_model.workloads.stateful import ordinal
from spec_model.world import Breach, Done, Held, Known, Obligation, Outcome, Seen, World


@law(IDENTITY, on="Pod", when="new")
def a_member_has_its_name_and_claims(seen: Seen) -> Verdict:
    """A Pod that a set makes has an ordinal of it, and mounts the claims of that ordinal."""
    owner = set_of_new(seen)
    if owner is None:
        return None
    return tuple(_is_who_it_must_be(seen, owner))


def _is_who_it_must_be(seen: Seen, owner: Known) -> Iterator[Outcome]:
    name, asked = owner.manifest["metadata"]["name"], owner.notes["wish"]
    place = ordinal(name, seen.now.key[2])
    specs = [asked.spec]
    if seen.at - asked.since <= seen.tolerance.lateness:
        specs.append(asked.before)  # the controller may not have seen the change
    is_right = any(place in stateful.ordinals(spec).value for spec in specs)
    if is_right or seen.world.setting.clock == "virtual":
        yield expect(is_right, _names(name, asked.spec), seen.now.key[2])
    else:
        yield _was_asked_for(seen, owner, place)
    claims = stateful.claims(owner.manifest, seen.now.key[2]).value
    mounted = {
        each["name"]: (each.get("persistentVolumeClaim") or EMPTY).get("claimName")
        for each in seen.now.spec.manifest.get("volumes") or ()
    }
    for volume, claim in claims.items():
        shown = mounted.get(volume)
        yield expect(shown == claim, f"volume {volume} of claim {claim}", f"of {shown}")
        yield _claim_is_there(seen, claim)


def _names(name: str, spec: Manifest) -> str:
    range_ = stateful.ordinals(spec).value
    return f"a name from {name}-{range_.start} to {name}-{range_.stop - 1}"


def _was_asked_for(seen: Seen, owner: Known, place: int | None) -> Obligation:
    """Judged a little later: that it has grown may be seen after the Pod."""
    key = KIND, seen.now.key[1], owner.manifest["metadata"]["name"]

    def decide(_: World, known: Known) -> Held | Breach:
        spec = known.notes["wish"].spec
        is_right = place in stateful.ordinals(spec).value
        return expect(is_right, _names(key[2], spec), seen.now.key[2], rule=IDENTITY)

    what = f"{seen.now.key[2]} asked for by its set"
    return judged_later(seen, key, owner.uid, IDENTITY, what, decide)


def _claim_is_there(seen: Seen, claim: str) -> Obligation:
    key = ("PersistentVolumeClaim", seen.now.key[1], claim)

    def overdue(world: World) -> Held | Breach:
        there = key in world.objects
        return expect(there, f"claim {claim} made for its Pod", "no such claim", rule=IDENTITY)

    return Obligation(
        what=f"claim {claim} made for its Pod",
        not_after=seen.at + seen.tolerance.lateness,
        disturbed_by=frozenset({"delete"}),
        rule=IDENTITY,
        overdue=overdue,
    )


@law(IDENTITY, on="PersistentVolumeClaim")
def a_claim_outlives_its_pod(seen: Seen) -> Verdict:
    """Nobody but the tester deletes the claim of a set."""
    if seen.before is None or not is_driven(seen.world) or is_going(seen.before):
        return None
    if seen.type != "DELETED" and not is_going(seen.manifest):
        return None
    name = seen.manifest["metadata"]["name"]
    for known in seen.world.of_kind(KIND):
        templates = known.manifest["spec"].get("volumeClaimTemplates") or ()
        title = known.manifest["metadata"]["name"]
        if any(name.startswith(f"{each['metadata']['name']}-{title}-") for each in templates):
            asked: frozenset[str] = seen.world.notes.get("deleted claims") or frozenset()
            return None if name in asked else Breach("it outlives its Pod", "deleted")
    return None


@note("deleted claims", on="delete PersistentVolumeClaim")
def deleted_claims(before: frozenset[str] | None, done: Done) -> frozenset[str]:
    """The names of the claims that the tester has deleted."""
    return (before or frozenset()) | {done.arguments["name"]}
