"""The judge: ``step(world, event) -> world``, a pure function over a trace.

It judges a simulator in virtual time, a real cluster in real time and a recording made last week
alike. What the rules say stands in ``spec_model.laws``; here is only how an event reaches them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final, TypeAlias

from spec_model import laws as laws_package
from spec_model import lifecycles, objects, situations
from spec_model.asked import judged_answer
from spec_model.bench import Asked, Bench
from spec_model.events import Act, Evaluated, Event, Observation, Rejected, key_of
from spec_model.law import LAWS, NOTES, Law, Note
from spec_model.world import (
    Done,
    Key,
    Known,
    Obligation,
    Seen,
    SeenContainer,
    Stale,
    World,
)

Situation: TypeAlias = tuple[str, ...] | None
"""The situations that something is in; None where none are told apart."""

Told: TypeAlias = tuple[str, Callable[[Any, Any], Any]]
"""The name of a note, and what remembers it."""

PASSING: Final = frozenset({"Event", "Lease"})
"""Kinds that come and go in masses: they are heard and noted, and not kept."""


@cache
def load_laws() -> None:
    """Registers the laws of every area; each module of ``spec_model.laws`` is one area."""
    for module in iter_modules(laws_package.__path__):
        import_module(f"{laws_package.__name__}.{module.name}")


@cache
def laws_for(looked_at: tuple[str, ...], situation: Situation = None) -> tuple[Asked, ...]:
    """The laws that look at any of these, and have something to say in such a situation."""
    load_laws()
    found = (law for name in looked_at for law in LAWS.get(name, ()))
    return tuple((law.judge, law.rules[0]) for law in found if _fits(law, situation))


@cache
def notes_for(looked_at: tuple[str, ...], situation: Situation = None) -> tuple[Told, ...]:
    """The notes that look at any of these, and may change in such a situation."""
    load_laws()
    found = (note for name in looked_at for note in NOTES.get(name, ()))
    return tuple((note.name, note.remember) for note in found if _fits(note, situation))


@cache
def concerned(verb: str, kind: str) -> tuple[tuple[Asked, ...], tuple[Told, ...]]:
    """The laws and the notes that look at such a stimulus, or at such a one of that kind of object."""
    named = f"{verb} {kind}"
    return laws_for((verb, named, "act")), notes_for((verb, named))


@cache
def observed(
    kind: str, names: tuple[str, ...], situation: Situation
) -> tuple[tuple[Asked, ...], tuple[Told, ...], tuple[Told, ...]]:
    """The laws that look at such an object, and the notes: those kept with it, those with the world."""
    of_it, of_all = (notes_for((name,), situation) for name in (kind, f"{kind}*"))
    return laws_for((kind, *names), situation), of_it, of_all


@cache
def passing(kind: str, reason: str | None) -> tuple[tuple[Asked, ...], tuple[Told, ...]]:
    """The laws and the notes that look at such an object for this reason of its."""
    named = f"{kind} {reason}"
    return laws_for((kind, named)), notes_for((f"{kind}*", f"{named}*"))


def _fits(asked: Law | Note, situation: Situation) -> bool:
    return asked.when is None or situation is None or not asked.when.isdisjoint(situation)


CONTAINER_LAWS: Final[Mapping[str, tuple[str, ...]]] = {
    "app": ("container", "app container"),
    "init": ("container", "init container"),
    "sidecar": ("container", "sidecar"),
}
"""By the kind of a container, what laws call it."""

PROBED_LAWS: Final[Mapping[str, tuple[str, ...]]] = {
    kind: (*looked_at, "probed container") for kind, looked_at in CONTAINER_LAWS.items()
}
"""The same for one that has a probe."""

RESTART: Final = "restart-kubelet"

NO_NAMES: Final[tuple[str, ...]] = ()
WITH_INIT: Final[tuple[str, ...]] = ("Pod with init containers",)
"""What laws call an object besides its kind: by whether it is a Pod that has init containers."""


def step(world: World, event: Event) -> World:
    """The world after an event; its findings, exercised rules and lifecycle edges are the event's."""
    load_laws()
    bench = Bench(event.at)
    if event.at > world.next_deadline:
        world = _expire(world, event, bench)
    if isinstance(event, Observation):
        return _observe(world, event, bench)
    if isinstance(event, Act):
        return _act(world, event, bench)
    return _evaluate(world, event, bench)


def settle(world: World, at: float) -> World:
    """The world when the trace ends at ``at``: what was due by then and never came is a finding."""
    bench = Bench(at)
    return _next(_expire(world, None, bench), at, world.objects, world.notes, bench, expired=True)


def judge(events: Iterable[Event], world: World) -> Iterable[World]:
    """The world after each event, in order; constant memory, however long the trace."""
    for event in events:
        world = step(world, event)
        yield world


def _next(
    world: World,
    at: float,
    kept: Mapping[Key, Known],
    notes: Mapping[str, Any],
    bench: Bench,
    *,
    expired: bool = False,
) -> World:
    deadline = world.next_deadline
    if bench.owed:
        deadline = min(deadline, *(owed.not_after for _, owed in bench.owed))
    return World(
        world.setting,
        at,
        world.objects if expired else kept,
        notes,
        deadline,
        tuple(bench.findings),
        tuple(bench.exercised),
        tuple(bench.edges),
    )


def _expire(world: World, event: Event | None, bench: Bench) -> World:
    """Obligations that are overdue become findings, but one the event itself may still settle."""
    spared = key_of(event.object) if isinstance(event, Observation) else None
    kept = dict(world.objects)
    for key, known in world.objects.items():
        if not known.obligations or key == spared:
            continue
        still = []
        for rule, owed in known.obligations:
            if bench.at > owed.not_after:
                bench.take(rule, owed.never(world), (key,))
            else:
                still.append((rule, owed))
        if len(still) != len(known.obligations):
            kept[key] = _with_obligations(known, tuple(still))
    return World(world.setting, world.at, kept, world.notes, _earliest(kept), (), (), ())


def debts(world: World) -> list[tuple[float, tuple[Key, str]]]:
    """What is owed: when it must have come, in seconds, infinite where it may take for ever; and of
    which object, for which rule.

    ``next_deadline`` is a bound on them, and may be that of something that has come already.
    """
    return [
        (owed.not_after, (key, rule))
        for key, known in world.objects.items()
        for rule, owed in known.obligations
    ]


def _earliest(kept: Mapping[Key, Known]) -> float:
    return min(
        (owed.not_after for known in kept.values() for _, owed in known.obligations),
        default=math.inf,
    )


def _with_obligations(known: Known, owed: tuple[tuple[str, Obligation], ...]) -> Known:
    return Known(known.view, known.manifest, known.uid, known.since, known.notes, owed)


def _observe(world: World, event: Observation, bench: Bench) -> World:
    manifest = event.object
    key = key_of(manifest)
    if key[0] in PASSING:
        return _pass_by(world, event, key, bench)
    known = world.objects.get(key)
    if known is not None and known.uid != manifest["metadata"].get("uid", ""):
        known = None  # another object of the same name; the end of the first was not seen
    if known is not None and _stale(known, event):
        bench.hear(laws_for(("stale",)), Stale(known, event.type, manifest), (key,))
        return _next(world, event.at, world.objects, world.notes, bench)
    noted: dict[str, Any] = {} if known is None else dict(known.notes)
    seen = _seen(world, event, key, known, noted)
    situation, names = None, NO_NAMES
    if key[0] == "Pod":
        situation = situations.of_pod(seen)
        names = WITH_INIT if seen.now.spec.init_containers else NO_NAMES
    laws, notes_of_it, notes_of_all = observed(key[0], names, situation)
    for name, remember in notes_of_it:
        noted[name] = remember(noted.get(name), seen)
    bench.hear(laws, seen, (key,))
    if situation is not None:
        _hear_containers(seen, situation, key, bench)
    if key[0] in lifecycles.STEPS_OF:
        bench.edges.extend(lifecycles.edges_taken(key[0], seen.before, seen.now, event.type))
    open_still = _settled(known, seen, key, bench)
    kept = dict(world.objects)
    if event.type == "DELETED":
        kept.pop(key, None)
    else:
        kept[key] = Known(
            seen.now,
            manifest,
            manifest["metadata"].get("uid", ""),
            event.at if known is None else known.since,
            seen.notes,
            ()
            if _is_given_up(world.objects, key[1])
            else (*open_still, *(owed for owed in bench.owed if owed[1].on in (None, key))),
        )
    _assign(kept, bench, but=key)
    if key[0] == "Node" and event.type == "DELETED":
        _excuse(kept, key[2])
    if key[0] == "Namespace":
        _excuse_all(kept, key[2])
    notes = _noted(notes_of_all, world.notes, seen)
    return _next(world, event.at, kept, notes, bench)


def _pass_by(world: World, event: Observation, key: Key, bench: Bench) -> World:
    """Heard by those who look at the kind, or at this reason of it: ``Event BackOff``."""
    manifest = event.object
    laws, notes_ = passing(key[0], manifest.get("reason"))
    seen = Seen(world, event.at, event.type, None, manifest, manifest, objects.EMPTY, False)
    bench.hear(laws, seen, (key,))
    kept = world.objects
    if bench.owed:
        kept = dict(kept)
        _assign(kept, bench)
    return _next(world, event.at, kept, _noted(notes_, world.notes, seen), bench)


def _assign(kept: dict[Key, Known], bench: Bench, but: Key | None = None) -> None:
    """Gives what is owed by other objects than the one observed to those who owe it."""
    for rule, owed in bench.owed:
        known = None if owed.on is None or owed.on == but else kept.get(owed.on)
        if known is not None and owed.on is not None and not _is_given_up(kept, owed.on[1]):
            kept[owed.on] = _with_obligations(known, (*known.obligations, (rule, owed)))


def _excuse(kept: dict[Key, Known], node: str) -> None:
    """With its Node goes what the kubelet owes of its Pods: what a restart of it would put off, too."""
    for key, known in kept.items():
        if key[0] == "Pod" and known.obligations and known.view.spec.node_name == node:
            still = [each for each in known.obligations if RESTART not in each[1].disturbed_by]
            kept[key] = _with_obligations(known, tuple(still))


def _is_given_up(objects_: Mapping[Key, Known], namespace: str) -> bool:
    """Whether a namespace is being deleted: nothing can be made in it any more, so nothing is owed there."""
    known = objects_.get(("Namespace", "", namespace))
    return known is not None and "deletionTimestamp" in known.manifest["metadata"]


def _excuse_all(kept: dict[Key, Known], namespace: str) -> None:
    """What was owed in a namespace is owed no more once it is being deleted."""
    if _is_given_up(kept, namespace):
        for key, known in kept.items():
            if key[1] == namespace and known.obligations:
                kept[key] = _with_obligations(known, ())


def _stale(known: Known, event: Observation) -> bool:
    """A second listing of what was already seen, or of something older."""
    if event.type == "DELETED":
        return False
    before = known.manifest["metadata"].get("resourceVersion", "")
    now = event.object["metadata"].get("resourceVersion", "")
    if before.isdecimal() and now.isdecimal():
        return int(now) <= int(before)
    return bool(now) and before == now


def _seen(
    world: World, event: Observation, key: Key, known: Known | None, noted: Mapping[str, Any]
) -> Seen:
    before = None if known is None else known.view
    manifest = event.object
    view: Any = objects.pod(manifest, before) if key[0] == "Pod" else manifest
    kind = event.type if known is None or event.type == "DELETED" else "MODIFIED"
    fresh = known is None and event.type == "ADDED" and _just_created(world, event)
    if fresh and key[0] == "Pod" and objects.is_static(manifest):
        fresh = False  # a mirror Pod comes late: what it shows may have run for long
    return Seen(world, event.at, kind, before, view, manifest, noted, fresh)


def _just_created(world: World, event: Observation) -> bool:
    created = objects.seconds(event.object["metadata"].get("creationTimestamp"))
    return created is not None and world.setting.epoch + event.at - created < 2.0


def _hear_containers(seen: Seen, situation: tuple[str, ...], key: Key, bench: Bench) -> None:
    """Most laws have nothing to say of most containers, and are not even asked."""
    spec = seen.now.spec
    before = objects.EMPTY if seen.before is None else seen.before.statuses
    for name, status in seen.now.statuses.items():
        container = spec.container(name)
        if container is not None:
            shown = SeenContainer(seen, container, before.get(name), status)
            looked_at = (PROBED_LAWS if container.probes else CONTAINER_LAWS)[container.kind]
            its = situations.of_container(shown, situation)
            bench.hear(laws_for(looked_at, its), shown, (key, name))


def _settled(
    known: Known | None, seen: Seen, key: Key, bench: Bench
) -> tuple[tuple[str, Obligation], ...]:
    if known is None:
        return ()
    still = []
    for rule, owed in known.obligations:
        verdict = owed.settled(seen)
        if verdict is None and seen.at > owed.not_after:
            verdict = owed.never(seen.world)
        if verdict is None:
            still.append((rule, owed))
        else:
            bench.take(rule, verdict, (key,))
    return tuple(still)


def _act(world: World, event: Act, bench: Bench) -> World:
    verb, arguments = event.stimulus.verb, event.stimulus.arguments
    kind = arguments["object"].get("kind") if "object" in arguments else arguments.get("kind")
    laws, notes_ = concerned(verb, kind if isinstance(kind, str) else "")
    done = Done(world, event.at, verb, arguments, event.response)
    bench.hear(laws, done, done)
    notes = _noted(notes_, world.notes, done)
    kept = world.objects
    if not isinstance(event.response, Rejected):
        kept = _disturb(kept, verb)
        if verb == "delete" and kind == "Node":
            kept = _disturb(kept, "stop-node")  # whoever looked after its Pods is gone
    if bench.owed:
        kept = dict(kept)
        _assign(kept, bench)
    return _next(world, event.at, kept, notes, bench)


def _noted(
    listening: Iterable[Told], notes: Mapping[str, Any], event: Seen | Done
) -> Mapping[str, Any]:
    grown: dict[str, Any] = {}
    for name, remember in listening:
        before = grown[name] if name in grown else notes.get(name)
        noted = remember(before, event)
        if noted is not before:
            grown[name] = noted
    return {**notes, **grown} if grown else notes


def _disturb(kept: Mapping[Key, Known], verb: str) -> Mapping[Key, Known]:
    """Drops what a stimulus has made pointless to wait for."""
    hit = {
        key: _with_obligations(
            known, tuple(owed for owed in known.obligations if verb not in owed[1].disturbed_by)
        )
        for key, known in kept.items()
        if known.obligations and any(verb in owed.disturbed_by for _, owed in known.obligations)
    }
    return {**kept, **hit} if hit else kept


def _evaluate(world: World, event: Evaluated, bench: Bench) -> World:
    bench.take("", judged_answer(event, world.profile), f"function {event.function}")
    return _next(world, event.at, world.objects, world.notes, bench)
