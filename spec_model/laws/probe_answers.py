"""What the laws of probes remember: what targets answer, and what Events say of probes.

An answer holds from the moment at which the tester gives it, through all runs of its container. While
the tester has said nothing, targets answer well (capability ``probes``); of a recording, where no
tester has done anything, nothing is known.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from attrs import evolve, frozen

from spec_model.events import Rejected
from spec_model.law import note
from spec_model.laws.acts import is_driven
from spec_model.laws.ladders import upsets_of
from spec_model.laws.telling import REMEMBERED, container_of, happened, run_shown
from spec_model.objects import Container, Pod, Probe
from spec_model.pod.probes import result, usual_result
from spec_model.rules import Decision
from spec_model.world import Done, Seen, World

Which: TypeAlias = tuple[str, str, str]
"""Pod UID, container, kind of probe."""

IN_TIME: Final = re.compile(r"timed? ?out|deadline exceeded|Timeout exceeded", re.IGNORECASE)
"""What Events say of a probe that was not answered in time."""

SAID: Final = re.compile(r"(Liveness|Readiness|Startup) probe (failed|errored)")


STOPPED: Final = re.compile(r"[Cc]ontainer (\S+)")


@frozen
class Stop:
    """Which run of a container a kubelet ends, by its restartCount, and when it said so."""

    run: int | None
    at: float


@frozen
class Told:
    """What a target answers since then, and what it answered before that."""

    since: float
    result: Decision[str]
    before: Told | None = None

    @property
    def value(self) -> str:
        """Success, failure, timeout or unknown."""
        return self.result.value


@frozen
class Unhealthy:
    """What Events have told of a probe that did not succeed: how often, and when last (trace's clock).

    ``in_run`` counts those of the run, by restartCount, that was shown at the time of the last;
    ``late`` is when one last told that the probe was not answered in time.
    """

    count: int
    at: float
    run: int | None = None
    in_run: int = 0
    late: float = -math.inf


@note("probe-answers", on="set-probe")
def answered_from_now_on(before: Mapping[Which, Told] | None, done: Done) -> Mapping[Which, Told]:
    """What the tester made the targets of probes answer."""
    known = before or {}
    given = done.arguments
    pod: Pod | None = done.world.view("Pod", given["namespace"], given["pod"])
    container = None if pod is None else pod.spec.container(given["container"])
    probe = None if container is None else container.probes.get(given["probe"])
    if isinstance(done.response, Rejected) or pod is None or container is None or probe is None:
        return known
    which = (pod.uid, container.name, probe.kind)
    earlier = known.get(which) or Told(-math.inf, usual_result(probe, container))
    told = Told(
        done.at,
        result(probe, given["answer"], given.get("redirects", 0)),
        evolve(earlier, before=None),
    )
    there = {each.uid for each in done.world.objects.values()}
    return {**{key: each for key, each in known.items() if key[0] in there}, which: told}


@note("unhealthy", on="Event Unhealthy*")
def said_to_be_unhealthy(
    before: Mapping[Which, Unhealthy] | None, seen: Seen
) -> Mapping[Which, Unhealthy]:
    """What Events have told of probes."""
    known = before or {}
    event = seen.manifest
    kind = kind_of(event)
    if kind is None or happened(seen) is None:
        return known
    which = (*container_of(event), kind)
    before_it, run = known.get(which, Unhealthy(0, -math.inf)), run_shown(seen, which[1])
    in_run = before_it.in_run + 1 if run == before_it.run else 1
    kept = {key: each for key, each in known.items() if seen.at - each.at < REMEMBERED}
    late = seen.at if IN_TIME.search(event.get("message", "")) else before_it.late
    return {**kept, which: Unhealthy(before_it.count + 1, seen.at, run, in_run, late)}


@note("stops", on="Event Killing*")
def said_to_be_stopped(
    before: Mapping[tuple[str, str], Stop] | None, seen: Seen
) -> Mapping[tuple[str, str], Stop]:
    """The run of a container that a kubelet last began to end, for whatever reason."""
    known = before or {}
    event = seen.manifest
    found = STOPPED.search(event.get("message", ""))
    if found is None or happened(seen) is None:
        return known
    kept = {key: each for key, each in known.items() if seen.at - each.at < REMEMBERED}
    uid = (event.get("involvedObject") or {}).get("uid", "")
    return {**kept, (uid, found[1]): Stop(run_shown(seen, found[1]), seen.at)}


def is_stopping(world: World, pod: Pod, container: str, run: int) -> bool:
    """Whether a kubelet has said that it ends this run, by its restartCount."""
    stops: Mapping[tuple[str, str], Stop] = world.notes.get("stops") or {}
    found = stops.get((pod.uid, container))
    return found is not None and found.run == run


def kind_of(event: Mapping[str, Any]) -> str | None:
    """The probe that an Event of reason Unhealthy is about; None for every other Event."""
    if event.get("reason") != "Unhealthy":
        return None
    found = SAID.match(event.get("message", ""))
    return None if found is None else found[1].lower()


def told(world: World, pod: Pod, container: Container, probe: Probe) -> Told | None:
    """What the target of a probe answers now; None where that is not known."""
    answers: Mapping[Which, Told] = world.notes.get("probe-answers") or {}
    found = answers.get((pod.uid, container.name, probe.kind))
    if found is not None or not is_driven(world):
        return found
    return Told(-math.inf, usual_result(probe, container))


def unhealthy(world: World, pod: Pod, container: Container, kind: str) -> Unhealthy:
    """What Events have told of that probe."""
    found: Mapping[Which, Unhealthy] = world.notes.get("unhealthy") or {}
    return found.get((pod.uid, container.name, kind)) or Unhealthy(0, -math.inf)


def was_late(seen: Seen, pod: Pod, container: Container, probe: Probe) -> bool:
    """Whether a target that answers well may have been too late: a loaded engine has no time for it."""
    if seen.world.setting.clock == "virtual":
        return False
    counted = probe.failures * probe.period + probe.timeout + seen.tolerance.lateness
    return unhealthy(seen.world, pod, container, probe.kind).late >= seen.at - counted


def upset_at(seen: Seen) -> float:
    """When something last befell the Pod's kubelet or its sandbox, on the trace's clock."""
    return max((upset[1] for upset in upsets_of(seen) if upset is not None), default=-math.inf)
