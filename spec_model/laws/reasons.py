"""REASON-001, -006 and -007: why a container waits, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spec_model.events import Rejected
from spec_model.law import Verdict, expect, law, note
from spec_model.laws.ladders import UPSETS
from spec_model.laws.phase import ABSORBING, UNSETTLING, kubelet_owned
from spec_model.laws.reason_events import is_told
from spec_model.objects import EMPTY, ContainerStatus, Pod, Terminated, is_static
from spec_model.pod import reasons
from spec_model.situations import waits_anew
from spec_model.world import HELD, VOID, Breach, Done, Held, Obligation, Seen, SeenContainer, Void

HookKey = tuple[str, str, str]


def newly_waits(seen: SeenContainer) -> bool:
    """Whether it waits, and did not before or for another reason; what a new mirror shows may be old."""
    if not waits_anew(seen) or not kubelet_owned(seen.pod):
        return False
    return seen.before is not None or not is_static(seen.pod.manifest)


@law("REASON-001", on="container", when="held up")
def a_container_waits_for_a_known_reason(seen: SeenContainer) -> Verdict:
    """The reasons of waiting containers come from a list."""
    if not newly_waits(seen):
        return None
    known = seen.pod.profile.waiting_reasons
    return expect(seen.now.reason in known, f"one of {', '.join(known)}", seen.now.reason or "none")


@law("REASON-006", on="container", when="held up")
def a_container_not_yet_started_waits_patiently(seen: SeenContainer) -> Verdict:
    """ContainerCreating without init containers, PodInitializing with."""
    now = seen.now
    if now.reason not in reasons.PATIENT or not newly_waits(seen):
        return None
    if now.last is not None or now.restart_count:
        return None
    due = reasons.patience(seen.pod.now.spec).value
    return expect(now.reason == due, f"waiting.reason {due}", now.reason)


# -- how containers end ----------------------------------------------------------------------------


@law("REASON-007", on="container", when="ended")
def an_end_has_its_reason(seen: SeenContainer) -> Verdict:
    """Completed, Error, OOMKilled or ContainerStatusUnknown, as the exit code says."""
    run = _newly_ended(seen)
    if run is None or not kubelet_owned(seen.pod):
        return None
    due = reasons.end(run.exit_code).value
    what = f"exit code {run.exit_code} for one of the reasons {', '.join(due)}"
    return expect(run.reason in due, what, run.reason or "none")


def _newly_ended(seen: SeenContainer) -> Terminated | None:
    run = seen.now.terminated or seen.now.last
    if run is None or (
        seen.before is not None and run in (seen.before.terminated, seen.before.last)
    ):
        return None
    return run


@note("failing-hooks", on="set-hook")
def hooks_that_fail(before: Any, done: Done) -> Mapping[HookKey, float]:
    """By container, in how many seconds its postStart hook fails, as the tester has chosen."""
    given = done.arguments
    known: Mapping[HookKey, float] = before or {}
    if given["hook"] != "postStart" or isinstance(done.response, Rejected):
        return known
    key = (given["namespace"], given["pod"], given["container"])
    kept = {other: seconds for other, seconds in known.items() if other != key}
    fails = given.get("fails") and given["seconds"] is not None
    return {**kept, key: float(given["seconds"])} if fails else kept


@law("REASON-007", on="container", when=("begun", "stuck"))
def a_container_whose_hook_failed_is_stopped(seen: SeenContainer) -> Verdict:
    """PostStartHookError, with the run that was stopped behind it, or an end for good."""
    if not _has_hook(seen):
        return Breach("a container with a postStart hook", "none") if _says_so(seen) else None
    if _says_so(seen):
        what = "PostStartHookError after the container was stopped"
        return expect(seen.now.last is not None, what, "it has never run")
    if _newly_runs(seen) and kubelet_owned(seen.pod):
        return _owes_an_end(seen)
    return None


def _says_so(seen: SeenContainer) -> bool:
    return newly_waits(seen) and seen.now.reason == reasons.HOOK_ERROR


def _has_hook(seen: SeenContainer) -> bool:
    return "postStart" in (seen.spec.manifest.get("lifecycle") or EMPTY)


def _newly_runs(seen: SeenContainer) -> bool:
    before = seen.before
    return seen.now.state == "running" and (
        before is None
        or before.state != "running"
        or before.restart_count != seen.now.restart_count
    )


def _owes_an_end(seen: SeenContainer) -> Obligation | None:
    _, namespace, pod = seen.pod.now.key
    failing: Mapping[HookKey, float] = seen.pod.world.notes.get("failing-hooks", EMPTY)
    seconds = failing.get((namespace, pod, seen.spec.name))
    if seconds is None or seen.pod.now.deletion_timestamp is not None:
        return None
    grace = seen.pod.now.spec.manifest.get("terminationGracePeriodSeconds", 30)
    return Obligation(
        what=f"container {seen.spec.name} is stopped, for its postStart hook failed",
        settled=_ends(seen.spec.name, seen.now),
        not_after=seen.pod.at + seconds + grace + seen.pod.tolerance.lateness,
        disturbed_by=UNSETTLING | frozenset(UPSETS) | {"set-hook"},
    )


def _ends(name: str, run: ContainerStatus) -> Any:
    def settled(later: Seen) -> Held | Void | None:
        pod: Pod = later.now
        status = pod.statuses.get(name)
        if status is None or later.type == "DELETED" or pod.phase in ABSORBING:
            return VOID
        return HELD if (status.state, status.started_at) != ("running", run.started_at) else None

    return settled


@law("REASON-007", on="container", when="waited")
def a_failed_hook_is_told(seen: SeenContainer) -> Verdict:
    """A Warning event FailedPostStartHook."""
    return is_told(seen, reasons.HOOK_ERROR, "FailedPostStartHook", "Warning")
