"""The judge: ``step(world, event) -> world``, a pure function over a trace.

It judges a simulator in virtual time, a real cluster in real time and a recording made last week
alike. What the rules say stands in ``spec_model.laws``; here is only how an event reaches them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final, TypeAlias

from spec_model import laws as laws_package
from spec_model import lifecycles, objects
from spec_model.asked import judged_answer
from spec_model.events import Act, Evaluated, Event, Observation, Rejected, key_of
from spec_model.law import LAWS, NOTES, Law, Note, Verdict
from spec_model.world import (
    Breach,
    Done,
    Finding,
    Held,
    Key,
    Known,
    Obligation,
    Seen,
    SeenContainer,
    Stale,
    Void,
    World,
)

PASSING: Final = frozenset({"Event", "Lease"})
"""Kinds that come and go in masses: they are heard and noted, and not kept."""


@cache
def load_laws() -> None:
    """Registers the laws of every area; each module of ``spec_model.laws`` is one area."""
    for module in iter_modules(laws_package.__path__):
        import_module(f"{laws_package.__name__}.{module.name}")


@cache
def laws_on(*looked_at: str) -> tuple[Law, ...]:
    """The laws that look at any of these."""
    load_laws()
    return tuple(law for name in looked_at for law in LAWS.get(name, ()))


@cache
def notes_on(*looked_at: str) -> tuple[Note, ...]:
    """The notes that look at any of these."""
    load_laws()
    return tuple(note for name in looked_at for note in NOTES.get(name, ()))


CONTAINER_LAWS: Final[Mapping[str, tuple[str, ...]]] = {
    "app": ("container", "app container"),
    "init": ("container", "init container"),
    "sidecar": ("container", "sidecar"),
}
"""By the kind of a container, what laws call it."""

PROBED: Final = "probed container"
"""An app container or sidecar that has a probe, whatever else it is."""


Subject: TypeAlias = "str | tuple[Key] | tuple[Key, str]"
"""What a finding is about: an object, a container of it, or whatever a person calls it."""


class Bench:
    """What one step collects before it becomes the next world. Lives no longer than the step."""

    __slots__ = ("at", "edges", "exercised", "findings", "owed")

    def __init__(self, at: float) -> None:
        self.at = at
        self.findings: list[Finding] = []
        self.exercised: list[str] = []
        self.owed: list[tuple[str, Obligation]] = []
        self.edges: list[tuple[str, str, str]] = []

    def hear(self, laws: Iterable[Law], event: Any, subject: Subject) -> None:
        """Takes down what the laws say of an event; most of them have nothing to say of most."""
        for law in laws:
            verdict = law.judge(event)
            if verdict is not None:
                self.take(law.rules[0], verdict, subject)

    def take(self, rule: str, verdict: Verdict | Void, subject: Subject) -> None:
        """Takes down a verdict; ``rule`` is blamed unless the verdict names another."""
        if isinstance(verdict, Held):
            self.exercised.append(verdict.rule or rule)
        elif isinstance(verdict, Breach):
            blamed = verdict.rule or rule
            self.exercised.append(blamed)
            self.findings.append(
                Finding(
                    blamed,
                    _named(subject),
                    verdict.expected,
                    verdict.seen,
                    verdict.because,
                    self.at,
                )
            )
        elif isinstance(verdict, Obligation):
            self.owed.append((verdict.rule or rule, verdict))
        elif isinstance(verdict, tuple):
            for part in verdict:
                self.take(rule, part, subject)


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


def _named(subject: Subject) -> str:
    """A subject as a person names it; only a finding needs the name."""
    return (
        subject
        if isinstance(subject, str)
        else " container ".join((subject_of(subject[0]), *subject[1:]))
    )


def subject_of(key: Key) -> str:
    """An object as a person names it: ``Pod default/a``."""
    kind, namespace, name = key
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


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


def deadlines(world: World) -> list[float]:
    """When each thing that is owed must have come, in seconds; infinite where it may take for ever.

    ``next_deadline`` is a bound on them, and may be that of something that has come already.
    """
    return [owed.not_after for known in world.objects.values() for _, owed in known.obligations]


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
        bench.hear(LAWS.get("stale", ()), Stale(known, event.type, manifest), (key,))
        return _next(world, event.at, world.objects, world.notes, bench)
    seen = _seen(world, event, key, known)
    if key[0] == "Pod":
        _hear_pod(seen, key, bench)
    else:
        bench.hear(laws_on(key[0]), seen, (key,))
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
            (*open_still, *(owed for owed in bench.owed if owed[1].on in (None, key))),
        )
    _assign(kept, bench, but=key)
    notes = _noted(notes_on(key[0] + "*"), world.notes, seen)
    return _next(world, event.at, kept, notes, bench)


def _pass_by(world: World, event: Observation, key: Key, bench: Bench) -> World:
    """Heard by those who look at the kind, or at this reason of it: ``Event BackOff``."""
    manifest = event.object
    reason = f"{key[0]} {manifest.get('reason')}"
    fresh = event.type == "ADDED" and _just_created(world, event)
    seen = Seen(world, event.at, event.type, None, manifest, manifest, objects.EMPTY, fresh)
    bench.hear(laws_on(key[0], reason), seen, (key,))
    kept = world.objects
    if bench.owed:
        kept = dict(kept)
        _assign(kept, bench)
    notes = _noted(notes_on(key[0] + "*", reason + "*"), world.notes, seen)
    return _next(world, event.at, kept, notes, bench)


def _assign(kept: dict[Key, Known], bench: Bench, but: Key | None = None) -> None:
    """Gives what is owed by other objects than the one observed to those who owe it."""
    for rule, owed in bench.owed:
        known = None if owed.on is None or owed.on == but else kept.get(owed.on)
        if known is not None and owed.on is not None:
            kept[owed.on] = _with_obligations(known, (*known.obligations, (rule, owed)))


def _stale(known: Known, event: Observation) -> bool:
    """A second listing of what was already seen, or of something older."""
    if event.type == "DELETED":
        return False
    before = known.manifest["metadata"].get("resourceVersion", "")
    now = event.object["metadata"].get("resourceVersion", "")
    if before.isdecimal() and now.isdecimal():
        return int(now) <= int(before)
    return bool(now) and before == now


def _seen(world: World, event: Observation, key: Key, known: Known | None) -> Seen:
    before = None if known is None else known.view
    manifest = event.object
    view: Any = objects.pod(manifest, before) if key[0] == "Pod" else manifest
    kind = event.type if known is None or event.type == "DELETED" else "MODIFIED"
    fresh = known is None and event.type == "ADDED" and _just_created(world, event)
    if fresh and key[0] == "Pod" and objects.is_static(manifest):
        fresh = False  # a mirror Pod comes late: what it shows may have run for long
    notes: dict[str, Any] = {} if known is None else dict(known.notes)
    seen = Seen(world, event.at, kind, before, view, manifest, notes, fresh)
    for note in notes_on(key[0]):
        notes[note.name] = note.remember(notes.get(note.name), seen)
    return seen


def _just_created(world: World, event: Observation) -> bool:
    created = objects.seconds(event.object["metadata"].get("creationTimestamp"))
    return created is not None and world.setting.epoch + event.at - created < 2.0


def _hear_pod(seen: Seen, key: Key, bench: Bench) -> None:
    """Most laws of initialization have nothing to say of most Pods, and are not even asked."""
    spec = seen.now.spec
    bench.hear(laws_on("Pod"), seen, (key,))
    if spec.init_containers:
        bench.hear(laws_on("Pod with init containers"), seen, (key,))
    before = objects.EMPTY if seen.before is None else seen.before.statuses
    for name, status in seen.now.statuses.items():
        container = spec.container(name)
        if container is not None:
            looked_at = CONTAINER_LAWS[container.kind]
            laws = laws_on(*looked_at, PROBED) if container.probes else laws_on(*looked_at)
            bench.hear(laws, SeenContainer(seen, container, before.get(name), status), (key, name))


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
    verb = event.stimulus.verb
    done = Done(world, event.at, verb, event.stimulus.arguments, event.response)
    bench.hear(laws_on(verb, "act"), done, _target(done))
    notes = _noted(notes_on(verb), world.notes, done)
    kept = world.objects
    if not isinstance(event.response, Rejected):
        kept = _disturb(kept, verb)
        if verb == "delete" and event.stimulus.arguments["kind"] == "Node":
            kept = _disturb(kept, "stop-node")  # whoever looked after its Pods is gone
    if bench.owed:
        kept = dict(kept)
        _assign(kept, bench)
    return _next(world, event.at, kept, notes, bench)


def _target(done: Done) -> str:
    arguments = done.arguments
    if "object" in arguments:
        return f"{done.verb} {subject_of(key_of(arguments['object']))}"
    name = arguments.get("name") or arguments.get("pod") or arguments.get("node") or ""
    return f"{done.verb} {name}".strip()


def _noted(
    listening: Iterable[Note], notes: Mapping[str, Any], event: Seen | Done
) -> Mapping[str, Any]:
    fresh: dict[str, Any] | None = None
    for note in listening:
        known = (notes if fresh is None else fresh).get(note.name)
        noted = note.remember(known, event)
        if noted is not known:
            fresh = dict(notes) if fresh is None else fresh
            fresh[note.name] = noted
    return notes if fresh is None else fresh


def _disturb(kept: Mapping[Key, Known], verb: str) -> Mapping[Key, Known]:
    """Drops what a stimulus has made pointless to wait for."""
    hit = {
        key: _with_obligations(
            known, tuple(owed for owed in known.obligations if verb not in owed[1].disturbed_by)
        )
        for key, known in kept.items()
        if any(verb in owed.disturbed_by for _, owed in known.obligations)
    }
    return {**kept, **hit} if hit else kept


def _evaluate(world: World, event: Evaluated, bench: Bench) -> World:
    bench.take("", judged_answer(event, world.profile), f"function {event.function}")
    return _next(world, event.at, world.objects, world.notes, bench)
