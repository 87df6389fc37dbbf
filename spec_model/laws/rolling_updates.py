"""ROLLOUT: a command that replaces one ReplicationController by another, step by step.

Only updates that the tester began are known; what somebody else writes of their controllers ends
what is known of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from attrs import evolve, frozen

from spec_model.events import Accepted, Manifest, Rejected, key_of
from spec_model.law import Verdict, expect, law, note
from spec_model.laws.acts import key_written
from spec_model.laws.validation import latest
from spec_model.objects import EMPTY
from spec_model.workloads.deployment import count_of
from spec_model.workloads.progress import count
from spec_model.workloads.rolling_update import PERIOD, POLL, SURGE, grown, refusal, shrunk
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

CONTROLLER: Final = "ReplicationController"
MEDDLING: Final = frozenset({"patch", "replace", "delete", "rolling-update"})


@frozen(eq=False)
class Update:
    """One command that was accepted.

    Attributes:
        new: the name of NEW; None until it is seen.
        desired: how many NEW is to have; ``original`` what OLD had.
        image: that of NEW where it was made of one, and is to have the name of OLD.
        grew: when NEW grew last.
    """

    old: Key
    new: str | None
    desired: int
    original: int
    image: str | None = None
    back: bool = False
    grew: float | None = None

    @property
    def new_key(self) -> Key:
        """NEW as an object; its name may not be known yet."""
        return (CONTROLLER, self.old[1], self.new or "")


Updates: TypeAlias = Mapping[Key, Update]
"""By the controller that each was begun with."""


def _begun(done: Done) -> Update | None:
    """The update that a command begins; None where OLD is not known."""
    given = done.arguments
    key = (CONTROLLER, given["namespace"], given["name"])
    old = latest(done.world, key)
    if old is None:
        return None
    size = count_of(old["spec"])
    before: Updates = done.world.notes.get("rolling-updates") or {}
    known = before.get(key)
    if given.get("rollback"):
        if known is None or known.new is None or given.get("newName", known.new) != known.new:
            return None  # it goes back from another update than the one that is known
        return Update(known.new_key, key[2], known.original, known.desired, back=True)
    made = given.get("object")
    if made is not None:
        desired = (made.get("spec") or EMPTY).get("replicas")
        name = (made.get("metadata") or EMPTY).get("name")
        begun = Update(key, name, size if desired is None else desired, size)
    else:
        name = given.get("newName")
        begun = Update(key, name, size, size, image=None if name else given.get("image"))
    return _continued(done, begun, known)


def _continued(done: Done, begun: Update, known: Update | None) -> Update | None:
    """An update goes on where it was, with what it was begun with; what others began is not known."""
    same = known is not None and not known.back and known.image == begun.image
    if known is not None and same and begun.new in (None, known.new):
        return known
    return begun if done.world.view(*begun.new_key) is None else None


@note("rolling-updates", on="rolling-update")
def an_update_begins(before: Updates | None, done: Done) -> Updates:
    """One that goes back is known by the controller that it goes back to, as before."""
    known = before or {}
    if not isinstance(done.response, Accepted):
        return known
    begun, given = _begun(done), done.arguments
    key = (CONTROLLER, given["namespace"], given["name"])
    kept = {other: each for other, each in known.items() if other != key}
    return kept if begun is None else {**kept, key: begun}


def meddled_with(before: Updates | None, done: Done) -> Updates:
    """What the tester writes of a controller ends what is known of its update."""
    known, key = before or {}, key_written(done)
    return {old: each for old, each in known.items() if key not in (each.old, each.new_key)}


for _verb in ("replace", "patch", "delete"):
    note("rolling-updates", on=f"{_verb} {CONTROLLER}")(meddled_with)


@note("rolling-updates", on=CONTROLLER + "*")
def an_update_goes_on(before: Updates | None, seen: Seen) -> Updates:
    """The name of NEW, when it grew last, and that all is done."""
    known = before or {}
    key = key_of(seen.manifest)
    for begun_with, update in known.items():
        following = _followed(update, key, seen)
        if following is None:
            return {other: each for other, each in known.items() if other != begun_with}
        if following is not update:
            return {**known, begun_with: following}
    return known


def _followed(update: Update, key: Key, seen: Seen) -> Update | None:
    """An update after an observation; None where it has ended: OLD is gone, or NEW has its name."""
    if key == update.old:
        gone = seen.type == "DELETED" and update.image is None
        return None if gone or (seen.fresh and update.image is not None) else update
    if is_new(update, key, seen):
        return evolve(update, new=key[2])
    if key == update.new_key and seen.before is not None:
        grew = count_of(seen.now["spec"]) > count_of(seen.before["spec"])
        return evolve(update, grew=seen.at) if grew else update
    return update


def is_new(update: Update, key: Key, seen: Seen) -> bool:
    """Whether this is NEW, of which the name was not known."""
    unknown = update.new is None and seen.fresh
    return unknown and key[1] == update.old[1] and key[2].startswith(f"{update.old[2]}-")


def _updates(seen: Seen) -> Iterator[Update]:
    updates: Updates = seen.world.notes.get("rolling-updates") or {}
    yield from updates.values()


# -- The command -------------------------------------------------------------------------------------


@law("ROLLOUT-003", "ROLLOUT-004", on="rolling-update")
def a_command_is_refused_or_not(done: Done) -> Verdict:
    """Options that do not go together, and a NEW that cannot be told from OLD."""
    given, refused = done.arguments, isinstance(done.response, Rejected)
    made, image = given.get("object"), given.get("image")
    if given.get("rollback"):
        if made is not None or image is not None:
            return expect(
                refused,
                "refused: a rollback of an object or an image",
                "accepted",
                rule="ROLLOUT-004",
            )
        return None
    old = latest(done.world, (CONTROLLER, given["namespace"], given["name"]))
    if old is None or made is None or image is not None:
        return None
    decision = refusal(old, made)
    if decision.value is None:
        return None if refused else HELD
    return expect(refused, f"refused: {decision.value}", "accepted", rule=decision.because)


# -- Sizes -------------------------------------------------------------------------------------------


@law("ROLLOUT-001", "ROLLOUT-002", "ROLLOUT-004", on=CONTROLLER)
def a_controller_of_an_update_is_written(seen: Seen) -> Verdict:
    """NEW grows, OLD shrinks, and together they are neither too many nor too few."""
    told: list[Outcome] = []
    for update in _updates(seen):
        key = key_of(seen.manifest)
        if key == update.new_key or is_new(update, key, seen):
            told += _new_seen(seen, update)
        elif key == update.old:
            told += _old_seen(seen, update)
    return tuple(told)


def _new_seen(seen: Seen, update: Update) -> Iterator[Outcome]:
    now = count_of(seen.now["spec"])
    if seen.before is None:
        if seen.fresh and not update.back:
            yield expect(now == 0, "NEW created with 0 replicas", now)
            yield from _made_of_image(seen, update)
        return
    before, old = count_of(seen.before["spec"]), _size(seen.world, update.old)
    if now == before or old is None or seen.type == "DELETED":
        return
    wanted = grown(update.desired, old, before).value
    yield expect(now == wanted, f"NEW scaled up from {before} to {wanted} beside OLD of {old}", now)
    yield _together(update, now + old)
    yield _shrinking_owed(seen, update, now)


def _made_of_image(seen: Seen, update: Update) -> Iterator[Outcome]:
    if update.image is None:
        return
    images = _images(seen.now)
    holds = images == [update.image] and seen.now["metadata"]["name"] != update.old[2]
    expected = f"NEW with the image {update.image} and a name of its own"
    shown = f"{seen.now['metadata']['name']} with {', '.join(images)}"
    yield expect(holds, expected, shown, rule="ROLLOUT-004")


def _images(controller: Manifest) -> list[str]:
    return [each.get("image", "") for each in controller["spec"]["template"]["spec"]["containers"]]


def _old_seen(seen: Seen, update: Update) -> Iterator[Outcome]:
    new = seen.world.view(*update.new_key)
    if seen.before is None or new is None:
        if seen.fresh and update.image is not None:
            yield _renamed(seen, update)
        return
    size, ready = count_of(new["spec"]), count(new.get("status") or EMPTY, "readyReplicas")
    before, now = count_of(seen.before["spec"]), count_of(seen.now["spec"])
    if seen.type == "DELETED":
        whole = size == update.desired and before == 0
        shown = f"NEW of {size}, OLD of {before}"
        yield expect(
            whole, "OLD deleted when NEW has all and OLD nothing", shown, rule="ROLLOUT-004"
        )
        if update.image is not None:
            yield _renaming_owed(seen, update)
        return
    if now == before:
        return
    yield from _shrunk(seen, update, (before, now, size, ready))
    yield _together(update, now + size)
    if now == 0 and size == update.desired:
        yield _end_owed(seen, update)
    else:
        yield _growing_owed(seen, update)


def _shrunk(seen: Seen, update: Update, sizes: tuple[int, int, int, int]) -> Iterator[Outcome]:
    """As far as NEW is available, and a period after it grew."""
    before, now, size, ready = sizes
    wanted = shrunk(update.desired, before, size, ready).value
    lawful = now == wanted if seen.world.setting.clock == "virtual" else now <= before
    expected = f"OLD scaled down from {before} to {wanted} beside NEW of {size}, {ready} ready"
    yield expect(lawful, expected, now)
    if update.grew is not None:
        waited = seen.at - update.grew
        late = 0.0 if seen.world.setting.clock == "virtual" else seen.tolerance.truncation
        yield expect(waited >= PERIOD - late, f"{PERIOD:g} s between the two", f"{waited:g} s")
    were = count(seen.before.get("status") or EMPTY, "readyReplicas")
    least = min(update.desired, update.original)
    if were + ready >= least:
        left = min(were, now) + ready
        expected = f"at least {least} Pods ready"
        yield expect(left >= least, expected, f"at most {left}", rule="ROLLOUT-002")


def _together(update: Update, total: int) -> Outcome:
    low, high = sorted((update.desired, update.original))
    expected = f"{low} to {high + SURGE} replicas of OLD and NEW together"
    return expect(low <= total <= high + SURGE, expected, total, rule="ROLLOUT-002")


def _size(world: World, key: Key) -> int | None:
    found = world.view(*key)
    return None if found is None else count_of(found["spec"])


def _renamed(seen: Seen, update: Update) -> Outcome:
    """NEW has taken the name of OLD."""
    holds = _images(seen.now) == [update.image] and count_of(seen.now["spec"]) == update.desired
    expected = f"{update.old[2]} with {update.image} and {update.desired} replicas"
    shown = f"{', '.join(_images(seen.now))}, {count_of(seen.now['spec'])} replicas"
    return expect(holds, expected, shown, rule="ROLLOUT-004")


# -- What comes next ---------------------------------------------------------------------------------


def _resized(seen: Seen) -> Held | Void | None:
    """A controller that has another size, or is gone."""
    if seen.type == "DELETED":
        return VOID
    return HELD if count_of(seen.before["spec"]) != count_of(seen.now["spec"]) else None


def _shrinking_owed(seen: Seen, update: Update, size: int) -> Obligation:
    def overdue(world: World) -> Void | None:
        """Nothing was owed where NEW did not get ready."""
        old, new = world.view(*update.old), world.view(*update.new_key)
        if old is None or new is None or count_of(new["spec"]) != size:
            return VOID
        ready, left = count(new.get("status") or EMPTY, "readyReplicas"), count_of(old["spec"])
        return VOID if shrunk(update.desired, left, size, ready).value == left else None

    due = seen.at + PERIOD + 4 * POLL + seen.tolerance.lateness
    what = f"OLD scaled down {PERIOD:g} s after NEW was scaled up to {size}"
    return Obligation(what, _resized, due, MEDDLING, on=update.old, overdue=overdue)


def _growing_owed(seen: Seen, update: Update) -> Obligation:
    def overdue(world: World) -> Void | None:
        old, new = _size(world, update.old), _size(world, update.new_key)
        if old is None or new is None:
            return VOID
        return VOID if grown(update.desired, old, new).value == new else None

    due = seen.at + 4 * POLL + seen.tolerance.lateness
    what = "NEW scaled up after OLD was scaled down"
    return Obligation(what, _resized, due, MEDDLING, on=update.new_key, overdue=overdue)


def _renaming_owed(seen: Seen, update: Update) -> Obligation:
    """Of an image, NEW goes too, and comes back by the name of OLD."""

    def settled(later: Seen) -> Held | Breach | Void | None:
        return Held("ROLLOUT-004") if later.type == "DELETED" else None

    due, what = seen.at + seen.tolerance.lateness, f"{update.new} renamed to {update.old[2]}"
    return Obligation(what, settled, due, MEDDLING, rule="ROLLOUT-004", on=update.new_key)


def _end_owed(seen: Seen, update: Update) -> Obligation:
    """Everything is NEW: OLD is deleted."""

    def settled(later: Seen) -> Held | Breach | Void | None:
        return Held("ROLLOUT-004") if later.type == "DELETED" else None

    due = seen.at + 6 * POLL + seen.tolerance.lateness
    what = f"{update.old[2]} deleted when {update.new} has all"
    return Obligation(what, settled, due, MEDDLING, rule="ROLLOUT-004", on=update.old)
