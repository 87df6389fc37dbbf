"""What the API refuses and what it fills in, for every rule that speaks of an object's form.

One law a verb. What the rules of all areas want refused, filled in or left alone is decided in
``spec_model.validation``; here an engine's answer is held against it. Only what is certain is
blamed: an engine may refuse for more reasons than the catalogue knows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from spec_model.events import Accepted, Manifest, Rejected, key_of
from spec_model.law import Verdict, expect, law, note
from spec_model.laws.acts import key_written
from spec_model.objects import merged
from spec_model.shape import misshapen
from spec_model.storage.mounts import unknown_fields
from spec_model.validation import (
    Fault,
    defaults,
    rule_of_field,
    speaks_of,
    unmet,
    validate,
    validate_status,
    validate_update,
)
from spec_model.validation.common import INVALID, NOT_FOUND, holds_in
from spec_model.validation.defaults import at
from spec_model.world import Breach, Done, Held, Key, Outcome, World

UPDATE: Final = "VALIDATION-002"
UNKNOWN: Final = "VOLUME-004"
REVIVAL: Final = "VALIDATION-004"
OF_FORM: Final = (400, 422)
"""HTTP codes by which a write is refused for its form; any other refusal has another reason."""

OF_VALID_OBJECTS: Final = {("VOLUME-002", INVALID): "VOLUME-003"}
"""Rules and causes that mean another rule where nothing is wrong: an odd path, not one that is taken."""

BEYOND_THE_OBJECT: Final = {("HPA-017", NOT_FOUND)}
"""Rules and causes that other objects decide, of which a manifest says nothing."""


@law("VALIDATION-001", on="create")
def a_new_object_is_as_it_must_be(done: Done) -> Verdict:
    """What a rule wants refused is refused, what none does is not, and defaults are filled in."""
    sent = done.arguments["object"]
    if misshapen(sent) is not None:
        return None
    if (refusal := _strictly_refused(done, sent)) is not None:
        return refusal
    faults = validate(sent, done.profile)
    if faults or isinstance(done.response, Rejected):
        return tuple(_refused(done, sent.get("kind", ""), faults))
    return (*_exercised(done, speaks_of(sent)), *_filled_in(done, sent))


def _strictly_refused(done: Done, sent: Manifest) -> Outcome | None:
    """Fields that nobody knows: a client that is strict is told of them, no other is."""
    unknown = [f"spec.{each}" for each in unknown_fields(sent.get("spec") or {})]
    if not unknown:
        return None
    refused = isinstance(done.response, Rejected)
    if done.arguments.get("fieldValidation") == "Strict":
        return expect(refused, f"refused: unknown {', '.join(unknown)}", "accepted", rule=UNKNOWN)
    response = done.response
    if not isinstance(response, Rejected) or response.code != 400 or validate(sent, done.profile):
        return None
    return Breach(
        f"accepted without {', '.join(unknown)}", f"refused: {response.message}", rule=UNKNOWN
    )


@law(UPDATE, on="replace")
def a_replacement_changes_what_may_change(done: Done) -> Verdict:
    """A PUT of a whole object is judged by what it changes."""
    new = done.arguments["object"]
    key = key_of(new)
    old = latest(done.world, key)
    return None if old is None else _changed(done, key[0], old, new)


@law(UPDATE, REVIVAL, on="patch")
def a_patch_changes_what_may_change(done: Done) -> Verdict:
    """A merge patch is judged by what it would make of the object."""
    key, patch = key_written(done), done.arguments["patch"]
    old = latest(done.world, key)
    if old is None:
        return None
    subresource = done.arguments.get("subresource") or ""
    if subresource == "status" and key[0] == "Pod":
        return _status_written(done, old, merged(old, {"status": patch.get("status") or {}}))
    return None if subresource else _changed(done, key[0], old, merged(old, patch))


@law(REVIVAL, on="write-status")
def a_status_revives_nobody(done: Done) -> Verdict:
    """No write of the status brings back a container whose policy keeps it down."""
    given = done.arguments
    old = latest(done.world, ("Pod", given["namespace"], given["pod"]))
    if old is None:
        return None
    return _status_written(done, old, merged(old, {"status": given["status"]}))


# -- How it is judged -------------------------------------------------------------------------------


def _changed(done: Done, kind: str, old: Manifest, new: Manifest) -> Verdict:
    if misshapen(new) is not None:
        return None
    if isinstance(done.response, Rejected):
        faults: Collection[Fault] = validate_update(old, new, done.profile)
        if not faults and (old.get("spec") or {}).get("schedulingGates"):
            return None  # where a gated Pod may go can be narrowed, but the rules do not say so
        return tuple(_refused(done, kind, faults))
    faults = _certain_faults(old, new, done)
    if faults:
        return tuple(_refused(done, kind, faults))
    if kind == "Pod" and old.get("spec") != new.get("spec"):
        return Held(UPDATE)
    return None


def _certain_faults(old: Manifest, new: Manifest, done: Done) -> Collection[Fault]:
    """Faults of a change that was accepted: what it says in so many words, and what was stored.

    A field that it leaves out may have been filled in by the API as it was.
    """
    faults = validate_update(old, new, done.profile)
    if faults:
        filled = validate_update(old, _filled_from(old, new), done.profile)
        faults = tuple(fault for fault in filled if fault in faults)
    stored = done.response.value
    is_whole = isinstance(stored, (dict, Mapping)) and stored.get("spec")
    if is_whole and _is_settled(old) and stored["spec"] != _filled_from(old, new).get("spec"):
        faults += validate_update(old, stored, done.profile)
    return dict.fromkeys(faults)


def _is_settled(manifest: Manifest) -> bool:
    """Whether nobody else changes the spec: until a Pod is bound, the scheduler does."""
    return manifest.get("kind") != "Pod" or bool(manifest["spec"].get("nodeName"))


def _filled_from(old: Any, new: Any) -> Any:
    """The new value, with what it does not mention as it was; lists by position."""
    if new is old or isinstance(new, (str, int)):
        return new
    if isinstance(old, (dict, Mapping)) and isinstance(new, (dict, Mapping)):
        return {**old, **{key: _filled_from(old.get(key), value) for key, value in new.items()}}
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [_filled_from(was, now) for was, now in zip(old, new, strict=True)]
    return new


def _status_written(done: Done, old: Manifest, new: Manifest) -> Verdict:
    if misshapen(new) is not None:
        return None
    faults = validate_status(old, new)
    if faults or isinstance(done.response, Rejected):
        return tuple(_refused(done, "Pod", faults))
    return Held(REVIVAL) if _revives(old, new) else None


def _revives(old: Manifest, new: Manifest) -> bool:
    """Whether a write brings back a container that may come back."""
    now = {each["name"]: each for each in (new.get("status") or {}).get("containerStatuses") or ()}
    return any(
        (each.get("state") or {}).get("terminated")
        and each["name"] in now
        and not (now[each["name"]].get("state") or {}).get("terminated")
        for each in (old.get("status") or {}).get("containerStatuses") or ()
    )


def _refused(done: Done, kind: str, faults: Collection[Fault]) -> Iterator[Outcome]:
    """What is certain of a write that was refused, or that rules want refused."""
    response = done.response
    if isinstance(response, Accepted):
        for rule in sorted({fault.rule for fault in faults}):
            wrong = "; ".join(
                f"{each.field}: {each.message}" for each in faults if each.rule == rule
            )
            yield Breach(f"refused: {wrong}", "accepted", rule=rule)
    elif response.code in OF_FORM:
        yield from _rightly(done, response, faults) if faults else _wrongly(done, response, kind)


def _rightly(done: Done, response: Rejected, faults: Collection[Fault]) -> Iterator[Outcome]:
    """Where the engine names fields, it must be one of the rule's that made it refuse."""
    named = {cause.field for cause in response.causes}
    return _exercised(done, {each.rule for each in faults if not named or each.field in named})


def _wrongly(done: Done, response: Rejected, kind: str) -> Iterator[Outcome]:
    """A valid object was refused: by whose field, where a rule owns it."""
    for cause in response.causes:
        owner = rule_of_field(kind, cause.field, cause.type)
        if owner is None or (owner, cause.type) in BEYOND_THE_OBJECT:
            continue
        owner = OF_VALID_OBJECTS.get((owner, cause.type), owner)
        if holds_in(done.profile, owner):
            seen = f"refused: {cause.field} ({cause.type}) {response.message}"
            yield Breach("accepted: no rule refuses it", seen.strip(), rule=owner)


def _filled_in(done: Done, sent: Manifest) -> Iterator[Outcome]:
    """What was stored has the defaults that rules speak of, and no others."""
    stored = done.response.value
    if not isinstance(stored, Mapping):
        return
    if not (wanted := defaults(sent, done.profile)):
        return
    missing = unmet(stored, wanted, done.profile)
    for default in missing:
        expected = "nothing" if default.value is None else default.value
        seen = at(stored, default.field)
        yield Breach(f"{default.field}: {expected}", f"{default.field}: {seen}", rule=default.rule)
    met = {each.rule for each in wanted} - {each.rule for each in missing}
    yield from _exercised(done, met)


def _exercised(done: Done, rules: Collection[str]) -> Iterator[Outcome]:
    return (Held(rule) for rule in sorted(rules) if holds_in(done.profile, rule))


# -- What was written last --------------------------------------------------------------------------


@note("written", on="create")
@note("written", on="replace")
@note("written", on="patch")
def last_written(before: Manifest | None, done: Done) -> Manifest | None:
    """The object that the last accepted write made: the watch may show it later."""
    stored = done.response.value if isinstance(done.response, Accepted) else None
    is_kept = isinstance(stored, Mapping) and not done.arguments.get("dryRun")
    return stored if is_kept else before


def latest(world: World, key: Key) -> Manifest | None:
    """An object as it was last seen or written; None where it is not known to exist."""
    known = world.objects.get(key)
    if known is None:
        return None
    written: Manifest | None = world.notes.get("written")
    if written is None or key_of(written) != key or _version(written) <= _version(known.manifest):
        return known.manifest
    return written if written["metadata"].get("uid", "") == known.uid else known.manifest


def _version(manifest: Mapping[str, Any]) -> int:
    version = manifest["metadata"].get("resourceVersion", "")
    return int(version) if version.isdecimal() else -1
