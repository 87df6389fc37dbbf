"""PROBE-005, 006, 012, 014, 017: what must be seen of a probe, and by when.

A run that begins and an answer that changes owe something: that the container is ready or is not, has
started, or is killed. The window is counted from the last of these: the answer, the end of the initial
delay, and one period after the kubelet took the Pod, by when the worker's first tick has come.
"""

from __future__ import annotations

from typing import Any, Final

from attrs import frozen

from spec_model.events import Rejected
from spec_model.law import Verdict, law, note
from spec_model.laws.ladders import UPSETS
from spec_model.laws.node_loss import is_attended
from spec_model.laws.phase import ABSORBING, kubelet_owned
from spec_model.laws.probe_answers import (
    Told,
    answered_from_now_on,
    is_stopping,
    told,
    unhealthy,
    upset_at,
)
from spec_model.laws.probes import NEVER_KILLS, STARTUP, WHILE_ENDING, WINDOW, begins, goes_on
from spec_model.objects import Container, ContainerStatus, Pod, Probe
from spec_model.pod.probes import SUCCESS, TIMEOUT, UNKNOWN, latest
from spec_model.validation.common import holds_in
from spec_model.world import (
    VOID,
    Breach,
    Done,
    Held,
    Obligation,
    Seen,
    SeenContainer,
    Void,
    World,
)

PERIOD: Final = "PROBE-005"
READY, NOT_READY, STARTED, KILLED = "ready", "not ready", "started", "killed"


@frozen
class Owed:
    """What a probe owes: which, of which run, by which answer, and what had been seen by then."""

    key: tuple[str, str, str]
    uid: str
    container: Container
    probe: Probe
    run: str  # containerID
    number: int  # restartCount
    told: Told
    begin: float
    what: str
    by: float
    heard: int  # Events of reason Unhealthy
    regained: bool  # it was ready before, in this run
    ending: bool  # its Pod is being deleted

    @property
    def rule(self) -> str:
        """The rule that holds when it comes in time."""
        if self.ending:
            return WHILE_ENDING
        if self.probe.kind == "startup":
            return STARTUP
        if self.what == READY:
            return NEVER_KILLS if self.regained else PERIOD
        return WINDOW

    def is_answered_so(self, world: World, pod: Pod) -> bool:
        """Whether the target still answers as it did."""
        now = told(world, pod, self.container, self.probe)
        return (
            now is not None
            and now.since == self.told.since
            and now.result.value == self.told.result.value
        )


@note("ready-once", on="Pod", when="probed")
def runs_that_were_ready(before: frozenset[str] | None, seen: Seen) -> frozenset[str]:
    """The runs of probed containers, by containerID, that have been ready."""
    known = before or frozenset()
    ready = {status.container_id for status in seen.now.statuses.values() if status.ready}
    return known if ready <= known else frozenset(ready | (known & _runs(seen.now)))


def _runs(pod: Pod) -> set[str]:
    return {status.container_id for status in pod.statuses.values()}


@law(PERIOD, WINDOW, STARTUP, on="probed container", when="changed")
def a_run_is_probed(seen: SeenContainer) -> Verdict:
    """A run that begins, or has come through its startup probe, is probed from then on."""
    if not kubelet_owned(seen.pod):
        return None
    if not begins(seen) and not (goes_on(seen) and seen.now.started and not _had_started(seen)):
        return None
    found = (
        _owed(
            seen.pod.world,
            seen.pod.now,
            seen.spec,
            seen.now,
            probe,
            told(seen.pod.world, seen.pod.now, seen.spec, probe),
            since=seen.pod.at,
            upset=upset_at(seen.pod),
        )
        for probe in seen.spec.probes.values()
    )
    return tuple(owed for owed in found if owed is not None) or None


def _had_started(seen: SeenContainer) -> bool:
    return seen.before is not None and bool(seen.before.started)


@law(WINDOW, PERIOD, NEVER_KILLS, STARTUP, WHILE_ENDING, "PROBE-010", on="set-probe")
def a_new_answer_shows(done: Done) -> Verdict:
    """What the target of a probe answers from now on is published in time, and unknown never is."""
    if isinstance(done.response, Rejected):
        return None
    given = done.arguments
    pod: Pod | None = done.world.view("Pod", given["namespace"], given["pod"])
    container = None if pod is None else pod.spec.container(given["container"])
    status = None if pod is None else pod.statuses.get(given["container"])
    probe = None if container is None else container.probes.get(given["probe"])
    if pod is None or container is None or status is None or probe is None:
        return None
    answers = answered_from_now_on(done.world.notes.get("probe-answers"), done)
    now = answers[pod.uid, container.name, probe.kind]
    owed = _owed(done.world, pod, container, status, probe, now, since=done.at)
    if _was_unknown_long_enough(now, probe, status):
        return (Held("PROBE-010"), owed) if owed is not None else Held("PROBE-010")
    return owed


def _was_unknown_long_enough(now: Told, probe: Probe, status: ContainerStatus) -> bool:
    """Whether unknown results have come for so long that failures would have shown."""
    before = now.before
    if before is None or before.value != UNKNOWN or status.state != "running":
        return False
    return now.since - before.since > (probe.failures + 1) * probe.period + probe.timeout


def _owed(
    world: World,
    pod: Pod,
    container: Container,
    status: ContainerStatus,
    probe: Probe,
    answers: Told | None,
    *,
    since: float,
    upset: float | None = None,
) -> Obligation | None:
    """What the probe of a running container owes from ``since`` on, if anything."""
    if answers is None or status.state != "running" or status.started_at is None:
        return None
    if pod.phase in ABSORBING or pod.reason or not is_attended(world, pod.spec.node_name):
        return None
    what = _what(pod, container, status, probe, answers.value, world)
    if what is None:
        return None
    epoch = world.setting.epoch
    taken = max((pod.start_time or 0.0) - epoch, -1e9 if upset is None else upset)
    begin = max(since, status.started_at - epoch + probe.delay, taken + probe.period)
    known = world.objects.get(pod.key)
    by = latest(probe, begin, answers.value, world.setting.profile)
    by += world.setting.tolerance.lateness
    once = frozenset() if known is None else known.notes.get("ready-once", frozenset())
    owed = Owed(
        key=pod.key,
        uid=pod.uid,
        container=container,
        probe=probe,
        run=status.container_id,
        number=status.restart_count,
        told=answers,
        begin=begin,
        what=what,
        by=by,
        heard=unhealthy(world, pod, container, probe.kind).count,
        regained=status.container_id in once,
        ending=pod.deletion_timestamp is not None,
    )
    return Obligation(
        what=f"container {container.name} is {what}, as its {probe.kind} probe is answered",
        settled=lambda seen: _settled(owed, seen),
        overdue=lambda later: _overdue(owed, later),
        not_after=by,
        disturbed_by=frozenset(UPSETS),
        rule=owed.rule,
        on=pod.key,
    )


def _what(
    pod: Pod, container: Container, status: ContainerStatus, probe: Probe, value: str, world: World
) -> str | None:
    """What must be seen while the target answers so; None where nothing changes."""
    gated = "startup" in container.probes
    if value == UNKNOWN or (gated and not holds_in(world.setting.profile, STARTUP)):
        return (
            None  # of a container with a probe that the profile has not heard of, nothing is known
        )
    if gated and bool(status.started) == (probe.kind == "startup"):
        return None  # it is held back, or through
    if probe.kind == "readiness":
        wanted = value == SUCCESS
        return None if wanted == status.ready else READY if wanted else NOT_READY
    if pod.deletion_timestamp is not None:
        return None
    if value == SUCCESS:
        return STARTED if probe.kind == "startup" else None
    return KILLED


def _settled(owed: Owed, seen: Seen) -> Held | Void | None:
    if seen.at > owed.by:
        return None  # whatever it shows, it is too late
    status: ContainerStatus | None = seen.now.statuses.get(owed.container.name)
    if seen.now.uid != owed.uid or status is None or not kubelet_owned(seen):
        return VOID
    if owed.what == KILLED and _is_killed(owed, seen.world):
        return Held(owed.rule)
    if owed.what == KILLED and is_stopping(seen.world, seen.now, owed.container.name, owed.number):
        return VOID  # it is ended for another reason already
    if status.state != "running" or status.container_id != owed.run or seen.type == "DELETED":
        return VOID
    if owed.what in (READY, NOT_READY) and status.ready == (owed.what == READY):
        return Held(owed.rule)
    if owed.what == STARTED and status.started:
        return Held(owed.rule)
    ends = seen.now.deletion_timestamp is not None and not owed.ending
    if ends or not owed.is_answered_so(seen.world, seen.now) or upset_at(seen) > owed.begin:
        return VOID
    return None


def _is_killed(owed: Owed, world: World) -> bool:
    kills: Any = world.notes.get("probe-kills") or {}
    kill = kills.get((owed.uid, owed.container.name))
    return kill is not None and kill.run == owed.number


def _overdue(owed: Owed, world: World) -> Held | Breach | Void | None:
    """What a probe that has not been answered for shows: blame what its Events leave open."""
    known = world.objects.get(owed.key)
    if known is None or known.uid != owed.uid or not owed.is_answered_so(world, known.view):
        return VOID
    if owed.what == KILLED and _is_killed(owed, world):
        return Held(owed.rule)
    if owed.what == KILLED and is_stopping(world, known.view, owed.container.name, owed.number):
        return VOID
    heard = unhealthy(world, known.view, owed.container, owed.probe.kind)
    seen = f"not seen; {heard.count - owed.heard} Events of reason Unhealthy since then"
    expected = f"container {owed.container.name} is {owed.what}"
    return Breach(expected, seen, rule=_blamed(owed, world, heard.count - owed.heard))


def _blamed(owed: Owed, world: World, heard: int) -> str:
    if owed.told.value == TIMEOUT and owed.what == KILLED:
        return owed.told.result.because
    if world.setting.clock == "real" or owed.ending or owed.probe.kind == "startup":
        return owed.rule  # a real cluster drops Events
    misread = bool(heard) if owed.what == READY else not heard
    return owed.told.result.because if misread else owed.rule
