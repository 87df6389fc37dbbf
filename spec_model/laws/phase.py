"""PHASE: what phase a Pod is in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from spec_model.events import Accepted
from spec_model.law import Verdict, agree, expect, law, note
from spec_model.laws.deletion import deletes_of
from spec_model.laws.manifests import has_one_life
from spec_model.laws.node_loss import is_attended
from spec_model.laws.writers import foreign_writer
from spec_model.lifecycles import TERMINAL, lawful
from spec_model.objects import ContainerStatus, Pod, is_static
from spec_model.pod.phase import final_phase, pod_phase
from spec_model.pod.reasons import LOST as UNKNOWN_STATUS
from spec_model.pod.termination import LEAST, granted
from spec_model.rules import Decision
from spec_model.world import HELD, VOID, Breach, Done, Held, Obligation, Seen, Void

ABSORBING: Final = TERMINAL["PHASES"]
PHASES: Final = ("Pending", "Running", "Succeeded", "Failed")
LOST: Final = "NodeLost"
COLLECTED: Final = "DeletionByPodGC"
MIRROR: Final = "kubernetes.io/config.mirror"
UNSETTLING: Final = frozenset(
    {"delete", "patch", "replace", "stop-node", "restart-kubelet", "set-runtime"}
)
"""Stimuli after which a phase that was on its way may never be reached."""
ENDING: Final = UNSETTLING | {
    "allocate", "configure-kubelet", "exit", "listen", "lose-sandbox", "start-node", "write-status",
}  # fmt: skip
"""Stimuli after which a container may end."""
REJECTED: Final = "Pod was rejected: "


@note("tampered", on="write-status")
def statuses_written_by_the_tester(before: Any, done: Done) -> frozenset[str]:
    """Names of Pods whose status the tester wrote: no kubelet answers for what it says."""
    if _opens_gates_only(done):
        return before or frozenset()
    return (before or frozenset()) | {f"{done.arguments['namespace']}/{done.arguments['pod']}"}


def _opens_gates_only(done: Done) -> bool:
    """Whether it adds or changes conditions that no kubelet makes, and leaves all others as they are."""
    given = done.arguments
    pod: Pod | None = done.world.view("Pod", given["namespace"], given["pod"])
    if pod is None or set(given["status"]) != {"conditions"}:
        return False
    written = {each.get("type", ""): each for each in given["status"]["conditions"] or ()}
    kept = {type_: each for type_, each in pod.conditions.items() if "/" not in type_}
    return {type_: each for type_, each in written.items() if "/" not in type_} == kept


@lru_cache(maxsize=1)  # most laws ask it of the same observation
def kubelet_owned(seen: Seen) -> bool:
    """Whether the status is what a kubelet made of its containers, and nobody else's word."""
    if seen.now.reason == LOST:
        return False  # documented, its node controller has given it up
    target = seen.now.conditions.get("DisruptionTarget")
    if target is not None and target.get("reason") == COLLECTED:
        return False  # its kubelet is gone, and the collector speaks for it
    if foreign_writer(seen.notes.get("foreign-status"), seen) is not None:
        return False  # asked anew, for other notes may ask this before that one is written
    if not seen.profile.static_pods_probed and is_static(seen.manifest):
        return _as_it_is_written(seen.now)
    tampered: frozenset[str] | None = seen.world.notes.get("tampered")
    if not tampered:
        return True
    _, namespace, name = seen.now.key
    return f"{namespace}/{name}" not in tampered


def _as_it_is_written(pod: Pod) -> bool:
    """STATIC-005, -006: documented, a kubelet knows no policy and no probes of a static Pod."""
    probed = any("Probe" in field for each in pod.spec.containers for field in each.manifest)
    return pod.spec.restart_policy == "Always" and not probed


@law("PHASE-001", on="Pod")
def only_four_phases(seen: Seen) -> Verdict:
    """status.phase is one of Pending, Running, Succeeded, Failed; documented knows Unknown too."""
    if seen.now.phase in PHASES:
        return HELD
    known = (*PHASES, "Unknown") if seen.profile.name == "documented" else PHASES
    return expect(seen.now.phase in known, f"a phase of {', '.join(known)}", seen.now.phase)


@law("PHASE-002", on="create Pod")
def a_created_pod_is_pending(done: Done) -> Verdict:
    """Pending, generation 1 and a QoS class stand in the answer to the create itself."""
    if not isinstance(done.response, Accepted):
        return None
    stored = done.response.value or {}
    status = stored.get("status") or {}
    seen = (status.get("phase"), stored.get("metadata", {}).get("generation"), "qosClass" in status)
    if done.profile.name == "documented":
        return expect(seen[0] == "Pending", "phase Pending", f"phase {seen[0]}")
    return expect(
        seen == ("Pending", 1, True),
        "phase Pending, generation 1, a qosClass",
        f"phase {seen[0]}, generation {seen[1]}, {'a' if seen[2] else 'no'} qosClass",
    )


@law(
    "PHASE-003", "PHASE-004", "PHASE-005", "PHASE-006", "PHASE-007", "PHASE-009", "PHASE-011",
    "INIT-004", "TRANS-005", on="Pod",
)  # fmt: skip
def the_phase_follows_from_the_containers(seen: Seen) -> Verdict:
    """The phase is what the container statuses of the same observation make it.

    Not asked where something else decided: a reason (DeadlineExceeded, a rejection), an absorbing
    phase, a Pod that no kubelet has reported on, or a tester who wrote the status.
    """
    pod: Pod = seen.now
    if pod.reason or not pod.statuses or not kubelet_owned(seen):
        return None
    if seen.before is not None and seen.before.phase in ABSORBING:
        return None
    decided = pod_phase(pod, profile=seen.profile)
    if pod.deletion_timestamp is not None and decided.value != pod.phase:
        return _at_the_end(seen, pod)
    if decided.value in ABSORBING and pod.phase not in ABSORBING:
        return _soon(decided, seen)  # PHASE-010: a terminal phase may be held back for a moment
    return agree(decided, pod.phase, "phase ")


def _at_the_end(seen: Seen, pod: Pod) -> Verdict:
    """A Pod that was asked to end shows the phase it ends in, once all has stopped."""
    if seen.profile.name == "documented":
        return None  # the source document does not say how a deleted Pod ends
    final = final_phase(pod, seen.profile)
    if seen.world.setting.clock == "real" and pod.phase not in ABSORBING:
        # The mark of a delete may come upon a status that is still to be followed by the last one.
        return _soon(final, seen) if final.value in ABSORBING else agree(final, pod.phase, "phase ")
    return agree(final_phase(pod, seen.profile), pod.phase, "phase ")


def _soon(decided: Decision[str], seen: Seen) -> Obligation:
    return Obligation(
        what=f"phase {decided.value}, for that is what the containers make it",
        settled=settles_in(decided.value),
        not_after=seen.at + to_stop(seen) + seen.tolerance.lateness,
        disturbed_by=UNSETTLING,
        rule=decided.because,
    )


def to_stop(seen: Seen) -> float:
    """How long what still runs of a Pod may take to end before its phase is shown (PHASE-010)."""
    if all(each.state != "running" for each in seen.now.statuses.values()):
        return 0.0
    grace = seen.now.spec.manifest.get("terminationGracePeriodSeconds", 30)
    return float(max(grace, 1)) + LEAST


def settles_in(expected: str) -> Any:
    """Decided by the phase that is shown: the expected one, or another that stays."""

    def settled(seen: Seen) -> Held | Breach | None:
        if seen.now.phase == expected:
            return HELD
        if seen.now.phase in ABSORBING:
            return Breach(f"phase {expected}", f"phase {seen.now.phase}")
        return None

    return settled


@law("PHASE-008", on="Pod", when="over")
def terminal_phases_absorb(seen: Seen) -> Verdict:
    """Succeeded and Failed are absorbing: no later observation of the same UID shows another phase.

    A real kubelet holds its own phases to that; over one that somebody else wrote while containers
    run, its next status goes (seen of 1.36.2).
    """
    if seen.before is None or seen.before.phase not in ABSORBING:
        return None
    if seen.now.phase != seen.before.phase and not has_one_life(seen):
        return None
    if seen.world.setting.clock == "real" and not kubelet_owned(seen):
        return None
    return expect(
        lawful("PHASES", seen.before.phase, seen.now.phase) and seen.now.phase == seen.before.phase,
        f"phase {seen.before.phase} for ever",
        f"phase {seen.now.phase}",
    )


@law("PHASE-010", on="Pod", when="over")
def nothing_runs_in_a_terminal_phase(seen: Seen) -> Verdict:
    """A terminal phase is visible only when no container may still run; Ready is False by then."""
    if seen.now.phase not in ABSORBING or not kubelet_owned(seen):
        return None
    if seen.profile.oom_kill_fails_never_pod and seen.now.phase == "Failed":
        return None  # the documented cell of TRANS-005 fails a Pod while a container runs
    running = [name for name, status in seen.now.statuses.items() if status.state == "running"]
    ready = (seen.now.conditions.get("Ready") or {}).get("status")
    return expect(
        not running and ready != "True",
        f"phase {seen.now.phase} only when all containers have stopped and Ready is False",
        f"running: {', '.join(running) or 'none'}, Ready={ready}",
    )


@law("PHASE-011", on="Pod", when="gone")
def a_deleted_pod_ends_before_it_goes(seen: Seen) -> Verdict:
    """A gracefully deleted Pod passes Succeeded or Failed before DELETED.

    That it was force-deleted does not show in the object, for the kubelet's own last delete has a
    grace period of 0 too: without knowledge of the stimuli only the lawful end is counted.
    """
    pod: Pod = seen.now
    if seen.type != "DELETED" or seen.before is None or not pod.spec.node_name:
        return None
    if seen.profile.name == "documented" or MIRROR in _annotations(pod):
        return None
    if pod.phase in ABSORBING:
        return HELD
    if "deletes" not in seen.world.notes or not granted(pod, None).value:
        return None
    deleted = deletes_of(seen.world).get(pod.uid)
    if deleted is not None and deleted.forced:
        return None
    return Breach("phase Succeeded or Failed before DELETED", f"phase {pod.phase}")


def _annotations(pod: Pod) -> Mapping[str, str]:
    found: Mapping[str, str] = pod.manifest["metadata"].get("annotations") or {}
    return found


@law("PHASE-012", on="Pod")
def a_deadline_fails_the_pod(seen: Seen) -> Verdict:
    """startTime + activeDeadlineSeconds at the latest, give and take, the Pod begins to fail."""
    pod: Pod = seen.now
    deadline = pod.spec.active_deadline_seconds
    if deadline is None:
        return None
    if pod.phase == "Failed" and pod.reason == "DeadlineExceeded":
        return _not_before_the_deadline(seen, pod, deadline)
    if pod.start_time is None or not _just_started(seen):
        return None
    if not is_attended(seen.world, pod.spec.node_name):
        return None
    due = pod.start_time - seen.world.setting.epoch + deadline
    grace = pod.spec.manifest.get("terminationGracePeriodSeconds", 30)
    latest = due + grace + 2 + seen.tolerance.lateness
    return (
        Obligation(
            what=f"phase Failed, reason DeadlineExceeded, {deadline:g} s after startTime",
            settled=_failed_by_deadline,
            not_after=latest,
            disturbed_by=UNSETTLING,
        ),
        Obligation(
            what="an end that says DeadlineExceeded",
            settled=_says_so(pod.start_time + deadline, seen),
            not_after=latest,
            disturbed_by=ENDING,
        ),
    )


def _just_started(seen: Seen) -> bool:
    return seen.before is None or seen.before.start_time is None


def _failed_by_deadline(seen: Seen) -> Held | None:
    done = seen.now.phase in ABSORBING or seen.now.deletion_timestamp is not None
    return HELD if done or seen.type == "DELETED" else None


def _says_so(due: float, begun: Seen) -> Any:
    """A Pod whose containers ended when its deadline had passed shows that this was the reason."""
    patience = begun.tolerance.lateness if begun.world.setting.clock == "real" else 0.0

    def settled(seen: Seen) -> Held | Breach | Void | None:
        pod: Pod = seen.now
        if pod.phase not in ABSORBING:
            return VOID if pod.deletion_timestamp is not None or seen.type == "DELETED" else None
        ends = [run.finished_at for each in pod.statuses.values() if (run := each.terminated)]
        if pod.reason or not any(end is not None and end >= due + patience for end in ends):
            return VOID
        return Breach("phase Failed, reason DeadlineExceeded", f"phase {pod.phase}, no reason")

    return settled


def _not_before_the_deadline(seen: Seen, pod: Pod, deadline: float) -> Verdict:
    if pod.start_time is None or (seen.before is not None and seen.before.phase == "Failed"):
        return None
    age = seen.wall - pod.start_time
    return expect(
        age >= deadline - seen.tolerance.truncation,
        f"DeadlineExceeded not before {deadline:g} s after startTime",
        f"after {age:g} s",
    )


def _has_run(status: ContainerStatus) -> bool:
    """Whether it has run and ended; one that nobody has ever seen is said to be lost, once it is deleted."""
    return status.terminated is not None and status.terminated.reason != UNKNOWN_STATUS


@law("PHASE-013", on="Pod", when="explained")
def a_rejected_pod_never_runs(seen: Seen) -> Verdict:
    """A Pod that the kubelet rejects is Failed, says so and why, and no container ever starts."""
    pod: Pod = seen.now
    message = (pod.manifest.get("status") or {}).get("message", "")
    says_so = message.startswith(REJECTED)
    if not (says_so or pod.reason.startswith("OutOf") or pod.reason == "NodeAffinity"):
        return None
    if not kubelet_owned(seen):
        return None
    started = [
        name
        for name, status in pod.statuses.items()
        if status.restart_count or status.state == "running" or _has_run(status)
    ]
    return expect(
        pod.phase == "Failed" and bool(pod.reason) and says_so and not started,
        f'phase Failed, a reason, a message that begins "{REJECTED}", and no container ever started',
        f"phase {pod.phase}, reason {pod.reason or 'none'}, message {message!r}, "
        f"started: {', '.join(started) or 'none'}",
    )
