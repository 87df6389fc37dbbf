"""DEPLOY-008: an undo restores the template of an earlier revision, or is refused and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping

from spec_model.events import Manifest, Rejected
from spec_model.law import Verdict, expect, law
from spec_model.laws.rollout_memory import DEPLOYMENT, Rollout, by_hand, rollouts_of
from spec_model.laws.validation import latest
from spec_model.objects import EMPTY
from spec_model.workloads.deployment import ROLLBACK, bare, count_of
from spec_model.workloads.undo import target
from spec_model.world import VOID, Breach, Done, Held, Obligation, Seen, Void


@law("DEPLOY-008", on="rollout-undo")
def an_undo_restores_a_template(done: Done) -> Verdict:
    """That of the revision, or of the second-highest; what cannot be undone is refused."""
    given = done.arguments
    deployment = latest(done.world, (DEPLOYMENT, given["namespace"], given["name"]))
    if deployment is None:
        return None
    rollout = rollouts_of(done.world).get(deployment["metadata"]["uid"])
    if rollout is None:
        return None
    wanted, refused = given.get("toRevision") or 0, isinstance(done.response, Rejected)
    try:
        decision = target(_templates(rollout), wanted, paused=_is_paused(deployment))
    except ValueError as refusal:
        return expect(refused, f"refused: {refusal}", "accepted")
    if refused:
        return Breach(f"the template of revision {wanted or 'before'}", _told(done.response))
    stored = done.response.value
    if not isinstance(stored, Mapping):
        return None
    restored = bare(stored["spec"]["template"]) == decision.value
    return expect(
        restored and count_of(stored["spec"]) == count_of(deployment["spec"]),
        f"the template of revision {wanted or 'before'}, and all else as it was",
        f"images {_images(stored['spec']['template'])}",
    )


def _templates(rollout: Rollout) -> dict[int, Manifest]:
    return {each.revision: each.template for each in rollout.members.values()}


def _is_paused(deployment: Manifest) -> bool:
    return bool(deployment["spec"].get("paused"))


def _told(response: Rejected) -> str:
    return f"refused: {response.message}"


def _images(template: Manifest) -> str:
    return ", ".join(each.get("image", "") for each in template["spec"].get("containers") or ())


@law("DEPLOY-008", on=DEPLOYMENT)
def a_rollback_that_was_asked_for_is_done(seen: Seen) -> Verdict:
    """The annotation of the old API is taken away by the controller, which has done as it says."""
    if seen.type == "DELETED" or _is_paused(seen.now):
        return None
    if ROLLBACK in _annotations(seen.now):
        return _owed(seen)
    if seen.before is None or ROLLBACK not in _annotations(seen.before) or by_hand(seen):
        return None
    asked = _annotations(seen.before)[ROLLBACK]
    rollout: Rollout = seen.notes["rollout"]
    before = bare(seen.before["spec"]["template"])
    try:
        decision = target(_templates(rollout), int(asked or 0), paused=False)
        expected, rule = decision.value, decision.because
    except ValueError:
        expected, rule = before, "DEPLOY-008"
    held = bare(seen.now["spec"]["template"]) == expected
    shown = f"images {_images(seen.now['spec']['template'])}"
    return expect(held, f"the template of revision {asked}", shown, rule=rule)


def _annotations(deployment: Manifest) -> Mapping[str, str]:
    noted: Mapping[str, str] = deployment["metadata"].get("annotations") or EMPTY
    return noted


def _owed(seen: Seen) -> Obligation:
    """A rollback is done, or given up, soon; a pause puts it off."""

    def settled(later: Seen) -> Held | Void | None:
        if ROLLBACK not in _annotations(later.now):
            return Held("DEPLOY-008")
        return VOID if _is_paused(later.now) or later.type == "DELETED" else None

    what = f"the annotation {ROLLBACK} taken away"
    return Obligation(what, settled, seen.at + seen.tolerance.lateness)
