"""TERM-004 to -007 and -014: when the containers of a deleted Pod end, and how.

What a container does on SIGTERM and how long its hook takes is known from the tester. Without it
only the end of the grace period can be told, and that a container was killed then.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from attrs import evolve, frozen

from spec_model.events import Rejected
from spec_model.law import Verdict, held, law, note
from spec_model.laws.deletion import grace_of, in_time
from spec_model.laws.ladders import LOSES_TRACK, UPSETS, Upset, upsets_of
from spec_model.laws.node_loss import is_served
from spec_model.laws.phase import kubelet_owned
from spec_model.objects import EMPTY, Container, Pod, Terminated, is_static
from spec_model.pod.termination import (
    KILLED,
    LEAST,
    UNHANDLED,
    Begun,
    Ending,
    Manner,
    endings,
    kill_after,
    longest,
)
from spec_model.rules import Decision
from spec_model.world import (
    VOID,
    Breach,
    Done,
    Held,
    Obligation,
    Seen,
    SeenContainer,
    Void,
)

Name: TypeAlias = tuple[str, str, str]
"""Namespace, Pod and container."""

PROBES: Final = ("livenessProbe", "startupProbe")
FORCED: Final = "TERM-013"
KEPT: Final = 16
"""So many restarts of a kubelet are remembered: more than fit into one grace period."""


# -- what the tester has said -----------------------------------------------------------------------


@note("manners", on="set-stop")
def manners(before: Mapping[Name, Manner] | None, done: Done) -> Mapping[Name, Manner]:
    """What containers do on SIGTERM, by their names."""
    if isinstance(done.response, Rejected):
        return before or {}
    given = done.arguments
    code = given.get("exitCode")
    manner = Manner(given["seconds"], UNHANDLED if code is None else code)
    return {**(before or {}), (given["namespace"], given["pod"], given["container"]): manner}


@note("pre-stops", on="set-hook")
def pre_stops(before: Mapping[Name, float] | None, done: Done) -> Mapping[Name, float]:
    """How long the preStop hooks of containers take."""
    given = done.arguments
    if isinstance(done.response, Rejected) or given["hook"] != "preStop":
        return before or {}
    lasts = math.inf if given["seconds"] is None else float(given["seconds"])
    return {**(before or {}), (given["namespace"], given["pod"], given["container"]): lasts}


@note("exits", on="exit")
@note("exits", on="allocate")
def exits(before: Mapping[Name, float] | None, done: Done) -> Mapping[Name, float]:
    """When a container was last made to end otherwise, or may have been."""
    given = done.arguments
    return {**(before or {}), (given["namespace"], given["pod"], given["container"]): done.at}


@note("kubelet-restarts", on="restart-kubelet")
def kubelet_restarts(
    before: Mapping[str, tuple[float, ...]] | None, done: Done
) -> Mapping[str, tuple[float, ...]]:
    """When the kubelets of nodes were restarted, the last ones."""
    known = before or {}
    if isinstance(done.response, Rejected):
        return known
    node = done.arguments["node"]
    return {**known, node: (*known.get(node, ()), done.at)[-KEPT:]}


@note("hindered", on="set-runtime")
@note("hindered", on="stop-node")
@note("hindered", on="start-node")
def kubelets_that_were_hindered(
    before: Mapping[str, float] | None, done: Done
) -> Mapping[str, float]:
    """When a Node's kubelet or runtime last stopped or came back, by its name."""
    known = before or {}
    if isinstance(done.response, Rejected):
        return known
    return {**known, done.arguments["node"]: done.at}


# -- what is known of a deletion --------------------------------------------------------------------


@frozen
class Deletion:
    """A deletion under way.

    Attributes:
        begun: the grace periods that were begun, the first one first; seconds since 1970.
        at: when it was first seen, on the trace's clock.
        manners, pre_stops: what was known of all containers and hooks then.
        running: the containers that ran then.
        late: its beginning was not seen.
    """

    begun: tuple[Begun, ...]
    at: float
    manners: Mapping[Name, Manner]
    pre_stops: Mapping[Name, float]
    running: frozenset[str]
    late: bool


@note("deletion", on="Pod", when="ending")
def deletion(before: Deletion | None, seen: Seen) -> Deletion | None:
    """When the Pod was asked to end, what it was given, and what has become of that."""
    pod: Pod = seen.now
    if pod.deletion_timestamp is None:
        return before
    grace = grace_of(pod)
    if before is None:
        return _first_seen(seen, pod, grace)
    if not grace:
        return _by_force(before, seen)
    begun = (*before.begun, *_restarts(before, seen))
    if grace < begun[-1].grace:
        begun = (*begun, Begun(seen.wall, grace, "TERM-004"))
    return before if begun == before.begun else evolve(before, begun=begun)


def _by_force(known: Deletion, seen: Seen) -> Deletion:
    """Without a grace period: by its kubelet, which is through with it, or by force while it runs."""
    runs = any(each.state == "running" for each in seen.now.statuses.values())
    if not runs or known.begun[-1].grace <= 1:
        return known
    return evolve(known, begun=(*known.begun, Begun(seen.wall, 1, FORCED)))


def _first_seen(seen: Seen, pod: Pod, grace: int) -> Deletion:
    """A Pod that is held by a finalizer shows how its containers end that was deleted by force."""
    notes, known = seen.world.notes, seen.before
    because = "TERM-006" if grace else FORCED
    return Deletion(
        begun=(Begun((pod.deletion_timestamp or 0.0) - grace, max(grace, 1), because),),
        at=seen.at,
        manners=notes.get("manners") or {},
        pre_stops=notes.get("pre-stops") or {},
        running=frozenset(
            name for name, each in (known or pod).statuses.items() if each.state == "running"
        ),
        late=known is None,
    )


def _restarts(known: Deletion, seen: Seen) -> Iterator[Begun]:
    """The grace periods that restarts of the kubelet have begun since."""
    restarts: Mapping[str, tuple[float, ...]] = seen.world.notes.get("kubelet-restarts") or {}
    last = known.begun[-1]
    for at in restarts.get(seen.now.spec.node_name, ()):
        wall = seen.world.setting.epoch + at
        if at >= known.at and wall > last.at:
            yield Begun(wall, last.grace, "TERM-014")


def deletion_of(seen: Seen) -> Deletion | None:
    """What is known of the Pod's deletion; None where that is too little to hold a kubelet to."""
    found: Deletion | None = seen.notes.get("deletion")
    if found is None or found.late or is_static(seen.manifest) or seen.now.reason:
        return None
    if not kubelet_owned(seen) or not is_served(seen) or seen.now.spec.has_rules:
        return None
    if any(upset is not None and _upsets(upset, found, seen) for upset in upsets_of(seen)):
        return None
    hindered: Mapping[str, float] = seen.world.notes.get("hindered") or EMPTY
    if hindered.get(seen.now.spec.node_name, -math.inf) >= found.at:
        return None  # a restart of the kubelet since then does not make up for it
    return None if seen.now.spec.active_deadline_seconds is not None else found


def _upsets(upset: Upset, known: Deletion, seen: Seen) -> bool:
    """Whether it is not known any more how long a kubelet waits: but for restarts by the tester."""
    what, at, _ = upset
    if at < known.at:
        return False
    return what == LOSES_TRACK or "kubelet-restarts" not in seen.world.notes


# -- TERM-005, -006, -014: one container ------------------------------------------------------------


def ended_now(seen: SeenContainer) -> Terminated | None:
    """How the container ended that ran when it was last seen, if it has since."""
    before, now = seen.before, seen.now
    if before is None or before.state != "running" or now.state != "terminated":
        return None
    if before.restart_count != now.restart_count or now.terminated is None:
        return None
    return now.terminated if now.terminated.finished_at is not None else None


def is_steered(seen: SeenContainer, known: Deletion, run: Terminated) -> bool:
    """Whether nothing but the deletion can have ended this run, or begun to."""
    name = name_of(seen)
    exits_: Mapping[Name, float] = seen.pod.world.notes.get("exits") or {}
    images: Mapping[str, int] = seen.pod.notes.get("new-images") or EMPTY
    manners_: Mapping[Name, Manner] = seen.pod.world.notes.get("manners") or {}
    hooks: Mapping[Name, float] = seen.pod.world.notes.get("pre-stops") or {}
    return (
        exits_.get(name, -math.inf) < known.at
        and run.reason in ("Error", "Completed")
        and seen.now.restart_count > images.get(seen.spec.name, -1)
        and not any(probe in seen.spec.manifest for probe in PROBES)
        and "postStart" not in (seen.spec.manifest.get("lifecycle") or EMPTY)
        and manners_.get(name) is known.manners.get(name)
        and hooks.get(name) == known.pre_stops.get(name)
        and (run.finished_at or 0.0) >= known.begun[0].at
        and seen.spec.name in known.running
    )


def name_of(seen: SeenContainer) -> Name:
    """Namespace, Pod and container."""
    _, namespace, pod = seen.pod.now.key
    return namespace, pod, seen.spec.name


def hook_of(spec: Container, name: Name, known: Deletion | None) -> float | None:
    """Seconds that the preStop hook takes, 0 without one; None where nobody has said."""
    handler = (spec.manifest.get("lifecycle") or EMPTY).get("preStop")
    if not handler:
        return 0.0
    if "sleep" in handler:
        return float(handler["sleep"].get("seconds", 0))
    return None if known is None else known.pre_stops.get(name)


@law(
    *("TERM-005", "TERM-006", "TERM-007", "TERM-014", "TERM-004", FORCED),
    on="app container",
    when="ended",
)
def a_container_ends_in_its_time(seen: SeenContainer) -> Verdict:
    """preStop, then TERM, then KILL, on one clock; each container by itself."""
    run, known = ended_now(seen), deletion_of(seen.pod)
    if run is None or known is None:
        return None
    manner = known.manners.get(name_of(seen))
    hook = hook_of(seen.spec, name_of(seen), known)
    if manner is None:
        return _killed_in_time(seen, known, run, hook)
    if hook is None or not is_steered(seen, known, run):
        return None
    return _lawful(seen, known, run, list(_ways(seen.pod, known, run, hook, manner)))


def _ways(
    seen: Seen, known: Deletion, run: Terminated, hook: float, manner: Manner
) -> Iterator[Decision[Ending]]:
    """How it may have ended, given the grace periods that had begun by then."""
    finished, begun = run.finished_at or 0.0, known.begun
    slack = lateness(seen)
    for count in range(len(begun), 0, -1):
        had_begun = begun[count - 1].at <= finished + 1.0
        if had_begun and all(each.at >= finished - 1.0 for each in begun[count:]):
            yield from endings(begun[:count], hook, manner, slack)
    # A kubelet goes on with the stop that it has begun, though the grace period becomes shorter.
    granted = [each for each in begun if each.because != "TERM-004"]
    if len(granted) < len(begun):
        yield from endings(granted, hook, manner, slack)


def _lawful(
    seen: SeenContainer, known: Deletion, run: Terminated, ways: Sequence[Decision[Ending]]
) -> Verdict:
    if not ways:
        return None
    for way in ways:
        if _is(way.value, run, seen.pod):
            return held(way.because), *_side_by_side(seen, known, run)
    wanted = ways[0]
    asked, finished = known.begun[0].at, run.finished_at or 0.0
    rule = wanted.because
    if _has_company(seen, known) and finished > wanted.value.not_after and len(known.begun) == 1:
        rule = "TERM-007"
    return Breach(
        f"exit code {wanted.value.exit_code} {_span(wanted.value, asked)} s after the delete",
        f"exit code {run.exit_code} after {finished - asked:g} s",
        rule=rule,
    )


def _span(ending: Ending, asked: float) -> str:
    first, last = ending.not_before - asked, ending.not_after - asked
    return f"{last:g}" if first == last else f"{first:g} to {last:g}"


def _is(ending: Ending, run: Terminated, seen: Seen) -> bool:
    """Whether a run ended so: API times are whole seconds, and both of them are cut in the same way."""
    finished, late = run.finished_at or 0.0, lateness(seen)
    early = seen.tolerance.truncation if seen.world.setting.clock == "real" else 0.0
    return (
        run.exit_code == ending.exit_code
        and math.floor(ending.not_before) - early <= finished <= ending.not_after + late
    )


def _has_company(seen: SeenContainer, known: Deletion) -> bool:
    apps = {each.name for each in seen.pod.now.spec.containers}
    return len(apps & known.running) > 1


def _side_by_side(seen: SeenContainer, known: Deletion, run: Terminated) -> tuple[Held, ...]:
    """That it did not wait for the others shows where its own end takes long enough."""
    took = (run.finished_at or 0.0) - known.begun[0].at
    is_seen = _has_company(seen, known) and took > lateness(seen.pod)
    return (held("TERM-007"),) if is_seen else ()


def _killed_in_time(
    seen: SeenContainer, known: Deletion, run: Terminated, hook: float | None
) -> Held | None:
    """A container of which nothing is known, and that was killed as one that ignores SIGTERM is."""
    if run.exit_code != KILLED or run.reason != "Error" or len(known.begun) > 1:
        return None
    only = known.begun[0]
    at = only.at + kill_after(only.grace, 0.0 if hook is None else hook)
    late = LEAST if hook is None else 0.0
    return held("TERM-006") if _is(Ending(at, at + late, KILLED), run, seen.pod) else None


@law("TERM-006", FORCED, on="Pod", when="ending")
def all_have_ended_when_the_grace_period_is_over(seen: Seen) -> Verdict:
    """Two seconds after the end of its grace period nothing of a Pod runs any more."""
    known = deletion_of(seen)
    if known is None or seen.before is None or not known.running or seen.type == "DELETED":
        return None
    last = known.begun[-1]
    is_first = seen.before.deletion_timestamp is None and known.at == seen.at
    is_forced = last.because == FORCED and grace_of(seen.before) > 0
    if not (is_first or is_forced):
        return None
    end = longest(last) - seen.world.setting.epoch
    what, due = "no container runs any more", end + lateness(seen)
    return Obligation(
        what=what,
        settled=in_time(what, due, _none_runs(grace_of(seen.now), last.because)),
        not_after=due,
        disturbed_by=frozenset({*UPSETS, "delete", "write-status"}),
        rule=last.because,
    )


def lateness(seen: Seen) -> float:
    """Seconds by which an API time, and who acts on it, may be late."""
    return seen.tolerance.truncation + seen.tolerance.lateness


def _none_runs(grace: int, rule: str) -> Any:
    def settled(seen: Seen) -> Held | Void | None:
        if seen.type == "DELETED" or grace_of(seen.now) != grace:
            return VOID
        running = any(each.state == "running" for each in seen.now.statuses.values())
        return None if running else held(rule)

    return settled
