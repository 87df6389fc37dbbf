"""What a tester does: without it nobody is known to drive the engine, and what people do is not known."""

from __future__ import annotations

from typing import Final

from spec_model.events import Rejected, key_of
from spec_model.law import note
from spec_model.values import frozen
from spec_model.world import Done, Key, World

WRITES: Final = ("create", "replace", "patch", "delete", "bind")


@frozen
class Acts:
    """What the tester did so far: how many things, when it last wrote, and last made something.

    ``made`` is whether it has made an object at all.
    """

    count: int
    last_write: float
    last_new: float
    made: bool


def what_the_tester_did(before: Acts | None, done: Done) -> Acts:
    """An engine has come to rest between two acts on a virtual clock."""
    made = done.verb == "create" and not isinstance(done.response, Rejected)
    if before is None:
        return Acts(1, done.at, done.at, made)
    return Acts(
        before.count + 1,
        done.at if done.verb in WRITES else before.last_write,
        done.at if done.verb in ("create", "bind") else before.last_new,
        made or before.made,
    )


for _verb in (*WRITES, "advance"):
    note("acts", on=_verb)(what_the_tester_did)


def key_written(done: Done) -> Key:
    """The object that a write is about: by what is written, or by its name."""
    given = done.arguments
    if "object" in given:
        return key_of(given["object"])
    return given["kind"], given.get("namespace") or "", given["name"]


def acts_of(world: World) -> Acts | None:
    """What the tester did so far; None where nobody is known to act, as in a recording."""
    found: Acts | None = world.notes.get("acts")
    return found


def somebody_acts(world: World) -> bool:
    """Whether a tester acts here, as opposed to a judge that only watches."""
    return "acts" in world.notes


def is_driven(world: World) -> bool:
    """Whether all that people make is known, for a tester makes it."""
    acts = acts_of(world)
    return acts is not None and acts.made
