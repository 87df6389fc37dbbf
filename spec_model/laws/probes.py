"""PROBE: what the status of a probed container may show, and when it may change.

Here stands what can be said of one observation: nothing too early, and nothing that the answers of
the probe's target do not explain. What must come, and by when, stands in ``probe_windows``; what
Events tell, in ``probe_events``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final

from spec_model.law import Verdict, expect, law, note
from spec_model.laws.phase import kubelet_owned
from spec_model.laws.probe_answers import Told, told, unhealthy, upset_at, was_late
from spec_model.laws.probe_kills import ProbeKill
from spec_model.laws.restart import is_on_its_own
from spec_model.objects import (
    EMPTY,
    Container,
    ContainerStatus,
    Pod,
    Probe,
    is_static,
    uid_in_events,
)
from spec_model.pod.probes import FAILURE, SUCCESS, TIMEOUT, UNKNOWN, earliest
from spec_model.validation.common import holds_in
from spec_model.world import Breach, Held, Outcome, Seen, SeenContainer

INITIAL_VALUES: Final = "PROBE-001"
THRESHOLD: Final = "PROBE-003"
INITIAL_DELAY: Final = "PROBE-004"
WINDOW: Final = "PROBE-006"
KILL: Final = "PROBE-011"
NEVER_KILLS: Final = "PROBE-012"
READY: Final = "PROBE-013"
STARTUP: Final = "PROBE-014"
WHILE_ENDING: Final = "PROBE-017"
GRANTED: Final = 2.0
"""Seconds that a container which is stopped has in any case."""


# -- a run that begins ------------------------------------------------------------------------------


@law(INITIAL_VALUES, on="app container", when="changed")
def who_is_not_probed_is_ready(seen: SeenContainer) -> Verdict:
    """A missing probe counts as a success: the container is ready as soon as it runs."""
    if seen.spec.probes or not begins(seen) or not kubelet_owned(seen.pod):
        return None
    return expect(
        seen.now.ready, f"container {seen.spec.name} is ready: it has no probes", "not ready"
    )


@law(INITIAL_VALUES, STARTUP, on="probed container", when="changed")
def an_untried_probe_is_no_success(seen: SeenContainer) -> Verdict:
    """Before the first result a readiness probe has failed, and a startup probe is not through."""
    if not begins(seen) or not kubelet_owned(seen.pod):
        return None
    return tuple(_initial_values(seen)) or None


def _initial_values(seen: SeenContainer) -> Iterator[Outcome]:
    name, now, probes = seen.spec.name, seen.now, seen.spec.probes
    startup, readiness = probes.get("startup"), probes.get("readiness")
    carried = now.restart_count > 0 and seen.pod.world.setting.clock == "real"
    if startup is not None and _is_untried(startup, seen) and holds_in(seen.pod.profile, STARTUP):
        if carried and now.started:
            return  # for a moment a kubelet says of a new run what held of the one before
        what = f"container {name} has not started: its startup probe is untried"
        yield expect(now.started is not True, what, "started", rule=INITIAL_VALUES)
    if readiness is not None and _is_untried(readiness, seen):
        what = f"container {name} is not ready: its readiness probe is untried"
        yield expect(not now.ready, what, "ready", rule=INITIAL_VALUES)
    if readiness is None and startup is None:
        yield expect(now.ready, f"container {name} is ready", "not ready", rule=INITIAL_VALUES)


def _is_untried(probe: Probe, seen: SeenContainer) -> bool:
    """Whether the probe cannot have succeeded yet: it is too early, or its target never answers well."""
    answers = told(seen.pod.world, seen.pod.now, seen.spec, probe)
    if answers is not None and answers.value != SUCCESS and answers.since <= seen.pod.at - 1.0:
        return True
    started = seen.now.started_at or math.inf
    return seen.pod.wall < started + probe.delay - seen.pod.tolerance.truncation


def begins(seen: SeenContainer) -> bool:
    """Whether the observation shows a run for the first time, and soon after its start."""
    before, now = seen.before, seen.now
    if now.state != "running" or (seen.pod.before is None and not seen.pod.fresh):
        return False
    return before is None or before.state != "running" or before.container_id != now.container_id


# -- a run that goes on -----------------------------------------------------------------------------


@note("started-once", on="Pod", when="probed")
def runs_that_had_started(before: frozenset[str] | None, seen: Seen) -> frozenset[str]:
    """The runs of containers with a startup probe, by containerID, that were said to have started."""
    known, spec = before or frozenset(), seen.now.spec
    if not any("startup" in each.probes for each in spec.containers + spec.init_containers):
        return known
    statuses = seen.now.statuses.values()
    started = {status.container_id for status in statuses if status.started}
    there = {status.container_id for status in statuses}
    return known if started <= known else frozenset(started | (known & there))


@law(STARTUP, on="probed container")
def who_has_not_started_is_not_ready(seen: SeenContainer) -> Verdict:
    """Until its startup probe succeeds, started and ready are false.

    A kubelet takes back for a moment that a run has started where it hears late that it had not.
    """
    if "startup" not in seen.spec.probes or seen.now.state != "running":
        return None
    if seen.now.started or not holds_in(seen.pod.profile, STARTUP):
        return None
    is_real = seen.pod.world.setting.clock == "real"
    if is_real and seen.now.container_id in seen.pod.notes.get("started-once", frozenset()):
        return None
    what = f"container {seen.spec.name} is not ready before its startup probe has succeeded"
    return expect(not seen.now.ready, what, "ready")


@law(STARTUP, INITIAL_DELAY, on="probed container", when="changed")
def a_startup_probe_succeeds_when_it_may(seen: SeenContainer) -> Verdict:
    """Not before its initial delay, and not while its target answers otherwise."""
    probe = seen.spec.probes.get("startup")
    if probe is None or not goes_on(seen) or not holds_in(seen.pod.profile, STARTUP):
        return None
    assert seen.before is not None
    if seen.before.started or not seen.now.started:
        return None
    return (Held(STARTUP), *_succeeded(probe, seen, "started"))


@law(
    NEVER_KILLS,
    INITIAL_DELAY,
    THRESHOLD,
    WINDOW,
    READY,
    WHILE_ENDING,
    on="probed container",
    when="changed",
)
def readiness_follows_its_probe(seen: SeenContainer) -> Verdict:
    """ready is what the readiness probe has published, and the Pod's conditions follow it."""
    probe = seen.spec.probes.get("readiness")
    if probe is None or not goes_on(seen) or not kubelet_owned(seen.pod):
        return None
    assert seen.before is not None
    if seen.before.ready == seen.now.ready:
        return None
    if seen.now.ready:
        return (*_succeeded(probe, seen, "ready"), *_pod_is_ready(seen))
    return (_pod_is_not_ready(seen), *_failed(probe, seen))


def goes_on(seen: SeenContainer) -> bool:
    """Whether the same run was shown before."""
    before, now = seen.before, seen.now
    return (
        before is not None
        and before.state == now.state == "running"
        and before.container_id == now.container_id
    )


def _succeeded(probe: Probe, seen: SeenContainer, what: str) -> Iterator[Outcome]:
    """A probe has succeeded: it was asked, not too early, and answered well."""
    name, started = seen.spec.name, seen.now.started_at or 0.0
    if probe.delay:
        since = seen.pod.wall - started
        yield expect(
            since >= probe.delay - seen.pod.tolerance.truncation,
            f"no {probe.kind} probe of container {name} before {probe.delay:g} s",
            f"{what} after {since:g} s",
            rule=INITIAL_DELAY,
        )
    answers = told(seen.pod.world, seen.pod.now, seen.spec, probe)
    if answers is None:
        return
    if answers.value == SUCCESS:
        yield Held(answers.result.because)
    elif _has_lasted(answers, probe, seen.pod) and upset_at(seen.pod) < started_at(seen):
        expected = f"container {name} is not {what}: its {probe.kind} probe is answered so"
        yield Breach(expected, what, rule=answers.result.because)


def _failed(probe: Probe, seen: SeenContainer) -> Iterator[Outcome]:
    """A readiness probe has failed: its target answered so, often enough."""
    answers, pod = told(seen.pod.world, seen.pod.now, seen.spec, probe), seen.pod.now
    if answers is None or upset_at(seen.pod) >= started_at(seen):
        return
    what = f"container {seen.spec.name} stays ready"
    if answers.value in (SUCCESS, UNKNOWN):
        kept = _has_lasted(answers, probe, seen.pod)
        if kept and not was_late(seen.pod, pod, seen.spec, probe):
            yield Breach(what, "not ready", rule=answers.result.because)
        return
    yield Held(answers.result.because)
    yield from often_enough(probe, seen.pod, seen.spec, seen.now)
    if is_healthy_before(answers, probe, seen):
        soonest = earliest(probe, answers.since, answers.value, seen.pod.profile)
        rule = WHILE_ENDING if pod.deletion_timestamp is not None else WINDOW
        yield expect(
            seen.pod.at >= soonest - 0.01,
            f"{what} until {soonest:g} s, for {probe.failures} failures",
            f"not ready at {seen.pod.at:g} s",
            rule=rule,
        )


def often_enough(
    probe: Probe, seen: Seen, container: Container, status: ContainerStatus
) -> Iterator[Outcome]:
    """PROBE-003: before a failure is published, Events have told of failureThreshold of them.

    Where an engine tells of none, nothing follows; a real cluster drops some.
    """
    heard = unhealthy(seen.world, seen.now, container, probe.kind)
    if heard.run != status.restart_count:
        return
    enough = heard.in_run >= probe.failures
    if enough or seen.world.setting.clock == "virtual":
        yield expect(
            enough,
            f"{probe.failures} failures of the {probe.kind} probe of container {container.name}",
            f"{heard.in_run} Events of reason Unhealthy",
            rule=THRESHOLD,
        )


def is_healthy_before(answers: Told, probe: Probe, seen: SeenContainer) -> bool:
    """Whether the target has surely been found well before it began to fail."""
    if answers.before is None or answers.before.value != SUCCESS:
        return False
    well_since = max(answers.before.since, started_at(seen) + probe.delay, upset_at(seen.pod))
    return answers.since - well_since >= 2 * probe.period + probe.timeout + 1.0


def _has_lasted(answers: Told, probe: Probe, seen: Seen) -> bool:
    """Whether no result of an earlier answer can have been published only now."""
    return answers.since + probe.timeout + seen.tolerance.lateness < seen.at


def started_at(seen: SeenContainer) -> float:
    """When the run that shows began, on the trace's clock."""
    return (seen.now.started_at or 0.0) - seen.pod.world.setting.epoch


def _pod_is_not_ready(seen: SeenContainer) -> Outcome:
    """PROBE-012: the conditions Ready and ContainersReady of the Pod are False."""
    conditions = seen.pod.now.conditions
    true = [
        each
        for each in ("Ready", "ContainersReady")
        if (conditions.get(each) or EMPTY).get("status") == "True"
    ]
    what = f"Ready and ContainersReady are False while container {seen.spec.name} is not ready"
    return expect(not true, what, f"{' and '.join(true)} True", rule=NEVER_KILLS)


def _pod_is_ready(seen: SeenContainer) -> Iterator[Outcome]:
    """PROBE-013: with all app containers and sidecars ready and every gate True, the Pod is Ready."""
    pod: Pod = seen.pod.now
    counted = [each for each in pod.spec.init_containers if each.kind == "sidecar"]
    statuses = [pod.statuses.get(each.name) for each in (*counted, *pod.spec.containers)]
    gates = [gate["conditionType"] for gate in pod.spec.manifest.get("readinessGates") or ()]
    if not all(status is not None and status.ready for status in statuses):
        return
    if pod.deletion_timestamp is not None and seen.pod.profile.deletion_unreadies:
        return  # for TERM-009
    if all((pod.conditions.get(gate) or EMPTY).get("status") == "True" for gate in gates):
        status = (pod.conditions.get("Ready") or EMPTY).get("status")
        yield expect(status == "True", "the Pod is Ready", f"Ready {status}", rule=READY)


# -- a run that ends --------------------------------------------------------------------------------


@law(KILL, NEVER_KILLS, on="probed container", when="changed")
def only_liveness_and_startup_kill(seen: SeenContainer) -> Verdict:
    """A container that a probe has ended had its hook; one that is only not ready is left alone."""
    before, now = seen.before, seen.now
    if before is None or before.state != "running" or not kubelet_owned(seen.pod):
        return None
    if now.state == "running" and now.container_id == before.container_id:
        return None
    kill = kill_of(seen.pod, seen.spec, before)
    if kill is not None:
        return _had_its_hook(kill, seen)
    return _was_left_alone(seen)


def _may_have_ended_by_itself(seen: SeenContainer) -> bool:
    """Whether the tester, its memory, or another container may have ended it."""
    _, namespace, name = seen.pod.now.key
    if (namespace, name, seen.spec.name) in seen.pod.world.notes.get("told", frozenset()):
        return True
    run = seen.now.terminated or seen.now.last
    if seen.pod.now.deletion_timestamp is not None or (run and run.reason == "OOMKilled"):
        return True
    if is_static(seen.pod.manifest):
        return True  # its manifest may have gone, or say something else
    return not is_on_its_own(seen)


def kill_of(seen: Seen, spec: Container, run: ContainerStatus) -> ProbeKill | None:
    """The kubelet's word that it kills this run because of a probe."""
    kills: Mapping[tuple[str, str], ProbeKill] = seen.world.notes.get("probe-kills") or {}
    kill = kills.get((uid_in_events(seen.now), spec.name))
    return kill if kill is not None and kill.run == run.restart_count else None


def _had_its_hook(kill: ProbeKill, seen: SeenContainer) -> Verdict:
    """The preStop hook runs before the end, as far as the grace period lets it."""
    run = seen.now.terminated or seen.now.last
    if _may_have_ended_by_itself(seen) or upset_at(seen.pod) >= kill.at:
        return None
    hook = (seen.spec.manifest.get("lifecycle") or EMPTY).get("preStop") or EMPTY
    sleep = float((hook.get("sleep") or EMPTY).get("seconds") or 0)
    if not sleep or run is None or run.finished_at is None:
        return None
    least = min(sleep, grace_of(seen.spec, kill.kind, seen.pod.now))
    took = run.finished_at - kill.wall
    return expect(
        took >= least - seen.pod.tolerance.truncation,
        f"container {seen.spec.name} has {least:g} s for its preStop hook",
        f"it ended after {took:g} s",
        rule=KILL,
    )


def grace_of(container: Container, kind: str, pod: Pod) -> float:
    """The seconds that a container has to end which a probe kills."""
    probe = container.probes.get(kind)
    if probe is not None and probe.grace is not None:
        return float(probe.grace)
    return float(pod.spec.manifest.get("terminationGracePeriodSeconds", 30))


def _was_left_alone(seen: SeenContainer) -> Breach | None:
    """Who is only not ready is not ended; that nobody else did it is known on a virtual clock alone."""
    probe = seen.spec.probes.get("readiness")
    pod: Pod = seen.pod.now
    if probe is None or len(seen.spec.probes) > 1:
        return None
    if seen.pod.world.setting.clock == "real" or pod.deletion_timestamp is not None or pod.reason:
        return None
    answers = told(seen.pod.world, pod, seen.spec, probe)
    run = seen.now.terminated or seen.now.last
    if answers is None or answers.value not in (FAILURE, TIMEOUT) or run is None:
        return None
    changed = seen.spec.name in (seen.pod.notes.get("new-images") or EMPTY)
    if changed or _may_have_ended_by_itself(seen):
        return None
    others = [each for each in pod.spec.containers if each is not seen.spec]
    if seen.spec.kind == "sidecar" or any(each.restart_policy for each in others):
        return None
    return Breach(
        f"container {seen.spec.name} lives on, not ready", "it was ended", rule=NEVER_KILLS
    )
