"""PROBE: what the Events of probes may tell: a probe that was not answered well, a container killed.

Events come unordered with the status that they belong to, and a loaded cluster drops them. So a law
only speaks where the Event can be about no other run than the one that shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from attrs import frozen

from spec_model.events import Manifest
from spec_model.law import Verdict, expect, law
from spec_model.laws.ladders import UPSETS, upsets_of
from spec_model.laws.phase import ABSORBING
from spec_model.laws.probe_answers import (
    IN_TIME,
    Told,
    kind_of,
    told,
    unhealthy,
    upset_at,
    was_late,
)
from spec_model.laws.probe_kills import PROBE_FAILED, ProbeKill
from spec_model.laws.probes import (
    GRANTED,
    INITIAL_DELAY,
    KILL,
    STARTUP,
    WHILE_ENDING,
    WINDOW,
    grace_of,
    is_healthy_before,
    often_enough,
)
from spec_model.laws.telling import container_of, happened
from spec_model.objects import EMPTY, Container, ContainerStatus, Pod, Probe
from spec_model.pod.ladder import COUNTED, RESYNC
from spec_model.pod.probes import FAILURE, SUCCESS, TIMEOUT, UNKNOWN, earliest, threshold
from spec_model.validation.common import holds_in
from spec_model.world import VOID, Breach, Held, Obligation, Outcome, Seen, SeenContainer, Void

PERIOD: Final = "PROBE-005"
CARRIED: Final = "PROBE-016"
UNKNOWN_RULE: Final = "PROBE-010"
ERRORED: Final = "probe errored"


@frozen
class Said:
    """What an Event is about: a probe of a running container, and when it happened."""

    seen: Seen
    pod: Pod
    container: Container
    status: ContainerStatus
    probe: Probe
    wall: float
    answers: Told | None

    @property
    def name(self) -> str:
        """The container's."""
        return self.container.name

    @property
    def since_start(self) -> float:
        """Seconds from the start of the run that shows."""
        return self.wall - (self.status.started_at or 0.0)

    @property
    def is_virtual(self) -> bool:
        """Whether what the watch shows is in order, and nothing is dropped."""
        return self.seen.world.setting.clock == "virtual"

    def may_be_late(self) -> bool:
        """Whether a target that answers well may not have done so: where time is real, programs take
        a while from the start of their container, and a loaded engine is late."""
        if self.is_virtual:
            return False
        starts = self.since_start <= self.seen.tolerance.lateness
        says_so = IN_TIME.search(self.seen.manifest.get("message", "")) is not None
        return starts or says_so or was_late(self.seen, self.pod, self.container, self.probe)

    def has_lasted(self) -> bool:
        """Whether no result of an earlier answer can be meant."""
        lateness = self.probe.timeout + self.seen.tolerance.lateness
        return self.answers is not None and self.answers.since + lateness < self.seen.at


def _told_of(seen: Seen, kind: str) -> Said | None:
    """None where the Event may be about another run than the one that shows."""
    about: Manifest = seen.manifest.get("involvedObject") or EMPTY
    uid, name = container_of(seen.manifest)
    pod: Pod | None = seen.world.view("Pod", about.get("namespace", ""), about.get("name", ""))
    at = happened(seen)
    if pod is None or pod.uid != uid or at is None:
        return None
    container, status = pod.spec.container(name), pod.statuses.get(name)
    if container is None or status is None or status.started_at is None:
        return None
    probe = container.probes.get(kind)
    if probe is None:
        return None
    wall = at + seen.world.setting.epoch
    answers = told(seen.world, pod, container, probe)
    found = Said(seen, pod, container, status, probe, wall, answers)
    is_surely_this_run = found.is_virtual or found.since_start >= seen.tolerance.truncation
    return found if is_surely_this_run else None


# -- a probe that was not answered well -------------------------------------------------------------


@law(INITIAL_DELAY, PERIOD, STARTUP, WHILE_ENDING, UNKNOWN_RULE, on="Event Unhealthy")
def a_probe_was_made_when_it_may(seen: Seen) -> Verdict:
    """An Event of reason Unhealthy shows that a probe was made, and what came of it."""
    kind = kind_of(seen.manifest)
    told_of = None if kind is None else _told_of(seen, kind)
    if told_of is None:
        return None
    return tuple(
        outcome
        for look in (
            _not_too_early,
            _not_too_often,
            _not_held_back,
            _not_while_ending,
            _as_answered,
        )
        if (outcome := look(told_of)) is not None
    )


def _not_too_early(event: Said) -> Outcome | None:
    delay = event.probe.delay
    if not delay:
        return None
    return expect(
        event.since_start >= delay - event.seen.tolerance.truncation,
        f"no {event.probe.kind} probe of container {event.name} before {delay:g} s",
        f"one after {event.since_start:g} s",
        rule=INITIAL_DELAY,
    )


def _not_too_often(event: Said) -> Outcome | None:
    """PROBE-005: a period lies between two probes, but where one of a container not ready is early.

    The Event comes when the answer does, at the latest after timeoutSeconds.
    """
    heard = unhealthy(event.seen.world, event.pod, event.container, event.probe.kind)
    least = event.probe.period - event.probe.timeout
    least -= 0.0 if event.is_virtual else event.seen.tolerance.truncation
    if event.probe.kind == "readiness" or heard.run != event.status.restart_count or least <= 0:
        return None
    if upset_at(seen_as_pod(event)) >= heard.at:
        return None  # another kubelet asks when it comes to it
    gap = event.seen.at - heard.at
    what = (
        f"{event.probe.period:g} s between two {event.probe.kind} probes of container {event.name}"
    )
    return expect(gap >= least - 0.01, what, f"{gap:g} s", rule=PERIOD)


def _not_held_back(event: Said) -> Outcome | None:
    """Before the startup probe has succeeded no other is made; after it, it is not."""
    startup = event.container.probes.get("startup")
    if startup is None or not event.is_virtual or not holds_in(event.seen.profile, STARTUP):
        return None
    if event.probe.kind == "startup":
        what = f"container {event.name} has started, and its startup probe is over"
        return Breach(what, "it was made again", rule=STARTUP) if event.status.started else None
    answers = told(event.seen.world, event.pod, event.container, startup)
    if event.status.started or answers is None or answers.value == SUCCESS:
        return None
    if answers.since > event.seen.at - startup.timeout - event.seen.tolerance.lateness:
        return None
    what = f"no {event.probe.kind} probe of container {event.name} before it has started"
    return Breach(what, "one was made", rule=STARTUP)


def _not_while_ending(event: Said) -> Outcome | None:
    """Liveness and startup probes of the app containers of a Pod that ends are over."""
    if event.probe.kind == "readiness" or event.container.kind != "app":
        return None
    deletion = event.pod.deletion_timestamp
    if deletion is None:
        return None
    grace = event.pod.manifest["metadata"].get("deletionGracePeriodSeconds") or 0
    asked = deletion - grace
    slack = event.probe.timeout + event.seen.tolerance.truncation
    slack += 0.0 if event.is_virtual else event.seen.tolerance.lateness
    what = f"no {event.probe.kind} probe of container {event.name} once its Pod is being deleted"
    late = f"one after {event.wall - asked:g} s"
    return Breach(what, late, rule=WHILE_ENDING) if event.wall > asked + slack else None


def _as_answered(event: Said) -> Outcome | None:
    """A target that answers well has no such Event; one whose answer is unknown is not said to fail."""
    answers = event.answers
    if answers is None or not event.has_lasted():
        return None
    errored = ERRORED in event.seen.manifest.get("message", "")
    if answers.value == SUCCESS or (answers.value == UNKNOWN and not errored):
        if event.may_be_late() or (errored and not event.is_virtual):
            return None  # a probe could not be made, as of a container that has just ended
        what = f"the {event.probe.kind} probe of container {event.name} is answered so"
        return Breach(f"{answers.value}: {what}", "a failure", rule=answers.result.because)
    return Held(answers.result.because)


# -- a container that is killed ---------------------------------------------------------------------


@law(KILL, WINDOW, STARTUP, UNKNOWN_RULE, CARRIED, on="Event Killing")
def a_failed_probe_kills(seen: Seen) -> Verdict:
    """A container is killed after enough failures and not before, ends in time, and comes back."""
    found = PROBE_FAILED.search(seen.manifest.get("message", ""))
    event = None if found is None else _told_of(seen, found[1])
    if event is None or (event.probe.kind == "startup" and not holds_in(seen.profile, STARTUP)):
        return None
    rule = STARTUP if event.probe.kind == "startup" else KILL
    return (
        *_after_enough_failures(event),
        *_says_what_it_means(event, rule),
        _ends(event, rule),
        *_comes_back(event, rule),
    )


def _after_enough_failures(event: Said) -> Iterator[Outcome]:
    """Not before start + initialDelaySeconds + (F-1)·P, nor sooner than the answers since then allow."""
    probe, answers, seen = event.probe, event.answers, event.seen
    what = f"container {event.name} is killed by its {probe.kind} probe"
    rule = STARTUP if probe.kind == "startup" else WINDOW
    if answers is not None and answers.value in (SUCCESS, UNKNOWN):
        if event.has_lasted() and not event.may_be_late():
            yield Breach(f"not killed: {what}, answered so", "killed", rule=answers.result.because)
        return
    value = _value(event)
    least = earliest(probe, probe.delay, value, seen.profile)
    in_time = event.since_start >= least - seen.tolerance.truncation
    if not in_time and _may_be_carried(event):
        yield Held(CARRIED)
        return
    if threshold(probe, value, seen.profile) == probe.failures and not _may_be_carried(event):
        yield from often_enough(probe, seen_as_pod(event), event.container, event.status)
    expected = f"{what} {least:g} s after its start at the earliest"
    yield expect(in_time, expected, f"after {event.since_start:g} s", rule=rule)
    if answers is None:
        return
    yield Held(answers.result.because)
    here = SeenContainer(seen_as_pod(event), event.container, None, event.status)
    if is_healthy_before(answers, probe, here):
        soonest = earliest(probe, answers.since, value, seen.profile)
        expected = f"{what} at {soonest:g} s at the earliest"
        blamed = UNKNOWN_RULE if value == TIMEOUT else rule
        yield expect(seen.at >= soonest - 0.01, expected, f"at {seen.at:g} s", rule=blamed)


def _value(event: Said) -> str:
    """What it failed with; where a timeout alone is fatal, and it is not known, by one."""
    if event.answers is not None:
        return event.answers.value
    return TIMEOUT if event.seen.profile.probe_timeout_is_fatal else FAILURE


def seen_as_pod(event: Said) -> Seen:
    """The Pod as it was last shown, at the time of the Event."""
    seen = event.seen
    return Seen(seen.world, seen.at, "MODIFIED", None, event.pod, event.pod.manifest, EMPTY, False)


def _may_be_carried(event: Said) -> bool:
    """Whether failures of the run before may count (PROBE-016): unless a probe has ended it."""
    if not event.seen.profile.probe_counts_survive or event.status.restart_count == 0:
        return False
    kills: Mapping[tuple[str, str], ProbeKill] = event.seen.world.notes.get("probe-kills") or {}
    kill = kills.get((event.pod.uid, event.name))
    return kill is None or kill.run != event.status.restart_count - 1


def _says_what_it_means(event: Said, rule: str) -> Iterator[Outcome]:
    """The Event says whether the container will be restarted."""
    if event.container.kind != "app" or event.container.restart_policy is not None:
        return
    message = event.seen.manifest.get("message", "")
    restarts = event.pod.spec.restart_policy != "Never"
    wanted = f"Container {event.name} failed {event.probe.kind} probe"
    wanted += ", will be restarted" if restarts else ""
    yield expect(message == wanted, wanted, message, rule=rule)


def _ends(event: Said, rule: str) -> Obligation:
    """The container ends within the grace period of its probe, else of its Pod."""
    grace = grace_of(event.container, event.probe.kind, event.pod)
    name, run, uid = event.name, event.status.container_id, event.pod.uid

    def settled(seen: Seen) -> Held | Void | None:
        status = seen.now.statuses.get(name)
        if seen.now.uid != uid or status is None or seen.type == "DELETED":
            return VOID
        if status.state != "running" or status.container_id != run:
            return Held(rule)
        return VOID if seen.now.deletion_timestamp is not None else None

    return Obligation(
        what=f"container {name} ends within {grace:g} s of its {event.probe.kind} probe's failure",
        settled=settled,
        not_after=event.seen.at + grace + GRANTED + event.seen.tolerance.lateness,
        disturbed_by=frozenset({*UPSETS, "delete"}),
        rule=rule,
        on=event.pod.key,
    )


def _comes_back(event: Said, rule: str) -> Iterator[Obligation]:
    """It is restarted unless the policy is Never; under Never it stays dead."""
    pod, name, number = event.pod, event.name, event.status.restart_count
    policy = event.container.restart_policy or pod.spec.restart_policy
    profile = event.seen.profile
    if event.container.restart_policy and not profile.container_restart_policy:
        return
    if "restartPolicyRules" in event.container.manifest or upset_now(event):
        return
    wanted = policy != "Never"

    def settled(seen: Seen) -> Held | Breach | Void | None:
        status = seen.now.statuses.get(name)
        if seen.now.uid != pod.uid or status is None or seen.type == "DELETED":
            return VOID
        if status.restart_count > number:
            what = f"container {name} stays down: policy Never, after its {event.probe.kind} probe"
            return Held(rule) if wanted else Breach(what, "it was started again", rule=rule)
        if not wanted:
            return Held(rule) if seen.now.phase in ABSORBING else None
        is_over = seen.now.deletion_timestamp is not None or seen.now.phase in ABSORBING
        waits = status.state == "waiting" and status.reason not in COUNTED
        return VOID if is_over or waits or _is_left_to_policy(event, policy, seen) else None

    longest = profile.backoff.cap + RESYNC / 2
    grace = grace_of(event.container, event.probe.kind, pod)
    end = event.seen.at + grace + GRANTED + longest + event.seen.tolerance.lateness
    yield Obligation(
        what=f"container {name} is started again after its {event.probe.kind} probe failed",
        settled=settled,
        overdue=None if wanted else lambda _: Held(rule),
        not_after=end,
        disturbed_by=frozenset({*UPSETS, "delete", "patch", "replace", "set-image"}),
        rule=rule,
        on=pod.key,
    )


def _is_left_to_policy(event: Said, policy: str, seen: Seen) -> bool:
    """Who has to wait for its back-off is looked at once more by then, and its exit code counts.

    The kubelet starts again in the sync that has killed; a later one no longer knows of the probe.
    """
    run = seen.now.statuses[event.name].terminated
    if run is None or run.exit_code != 0 or policy != "OnFailure":
        return False
    told: Mapping[tuple[str, str], float] = seen.world.notes.get("back-offs") or {}
    return told.get((event.pod.uid, event.name), -1.0) >= event.seen.at


def upset_now(event: Said) -> bool:
    """Whether the Pod's kubelet or its sandbox was upset in this very second."""
    upsets = upsets_of(seen_as_pod(event))
    return any(upset is not None and upset[1] >= event.seen.at - 1.0 for upset in upsets)
