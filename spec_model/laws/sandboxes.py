"""The sandbox of a Pod: its address outlives containers, and goes with it (NETWORK-005)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from spec_model.events import Rejected
from spec_model.law import Verdict, expect, law, note
from spec_model.laws.networking import on_host
from spec_model.laws.phase import kubelet_owned
from spec_model.laws.telling import while_they_live
from spec_model.objects import Pod
from spec_model.world import HELD, VOID, Breach, Done, Held, Obligation, Seen, Void, World

RULE: Final = "NETWORK-005"
TERMINAL: Final = ("Succeeded", "Failed")
STARTING: Final = ("ContainerCreating", "PodInitializing")
CHANGED: Final = "SandboxChanged"
UNSETTLING: Final = frozenset({"stop-node", "start-node", "set-runtime", "delete", "write-status"})


@note("sandboxes changed", on=f"Event {CHANGED}*")
def sandboxes_changed(before: Mapping[str, int] | None, seen: Seen) -> Mapping[str, int]:
    """By UID of a Pod, how often an Event told that its sandbox has changed."""
    known, about = before or {}, seen.manifest.get("involvedObject") or {}
    if about.get("kind") != "Pod":
        return known
    uid = about.get("uid", "")
    return {**while_they_live(known, seen.world), uid: known.get(uid, 0) + 1}


def _changes(world: World, pod: Pod) -> int | None:
    """How often its sandbox is said to have changed; None where no Event about the Pod was seen."""
    told: Mapping[str, int] = world.notes.get("sandboxes changed") or {}
    heard = world.notes.get("shows-events") or {}
    return told.get(pod.uid, 0) if pod.uid in heard else None


@law(RULE, on="Pod", when=("moved", "addressed"))
def the_address_outlives_containers(seen: Seen) -> Verdict:
    """Where a Pod has another address, every container that ran is gone: its sandbox was lost."""
    before: Pod | None = seen.before
    pod: Pod = seen.now
    if before is None or not before.pod_ip or before.manifest is pod.manifest or on_host(pod):
        return None
    restarted = any(
        status.restart_count > before.statuses[name].restart_count
        for name, status in pod.statuses.items()
        if name in before.statuses
    )
    if pod.pod_ip == before.pod_ip:
        return HELD if restarted else None
    if not pod.pod_ip:
        return None
    survivors = [
        name
        for name, status in pod.statuses.items()
        if status.state == "running"
        and name in before.statuses
        and status.container_id == before.statuses[name].container_id
    ]
    what = f"podIP {before.pod_ip}, as container {', '.join(survivors)} still runs"
    return expect(not survivors, what, f"podIP {pod.pod_ip}")


@law(RULE, on="lose-sandbox")
def everything_goes_with_the_sandbox(done: Done) -> Verdict:
    """No container outlives the sandbox, and what starts in a new one is announced."""
    given = done.arguments
    pod: Pod | None = done.world.view("Pod", given["namespace"], given["pod"])
    if isinstance(done.response, Rejected) or pod is None or pod.deletion_timestamp is not None:
        return None
    running = {
        name: status.container_id
        for name, status in pod.statuses.items()
        if status.state == "running"
    }
    if not running or pod.phase in TERMINAL:
        return None
    before = _changes(done.world, pod)

    def settled(seen: Seen) -> Held | Breach | Void | None:
        now: Pod = seen.now
        if seen.type == "DELETED" or now.uid != pod.uid or not kubelet_owned(seen):
            return VOID
        if any(_is(now, name, run) for name, run in running.items()):
            return None
        new = [n for n, s in now.statuses.items() if s.state == "running"]
        if not new:
            waits = any(
                s.state == "waiting" and s.reason not in STARTING for s in now.statuses.values()
            )
            return HELD if waits or now.phase in TERMINAL else None
        if (
            before is None
            or (_changes(seen.world, pod) or 0) > before
            or not done.profile.sandbox_changes_told
        ):
            return HELD
        return Breach(
            f"Event {CHANGED} before anything starts again", f"{new[0]} runs, and no Event"
        )

    names = ", ".join(running)
    return Obligation(
        what=f"container {names} of {pod.key[2]} ends with the sandbox, and what runs is started again",
        settled=settled,
        not_after=done.at + 310.0 + 4 * done.world.setting.tolerance.lateness,
        disturbed_by=UNSETTLING | {"set-image", "patch", "replace", "allocate"},
        on=pod.key,
    )


def _is(pod: Pod, name: str, run: str) -> bool:
    status = pod.statuses.get(name)
    return status is not None and status.state == "running" and status.container_id == run


@law(RULE, on="Pod", when="turned")
def the_phase_is_not_that_of_pause(seen: Seen) -> Verdict:
    """A Pod whose sandbox is lost while its containers restart is not over, and still Running."""
    before: Pod | None = seen.before
    if before is None or before.phase != "Running" or seen.now.deletion_timestamp is not None:
        return None
    if _has_sandbox(before) != "True" or _has_sandbox(seen.now) != "False":
        return None
    if seen.now.spec.restart_policy != "Always" or not kubelet_owned(seen):
        return None
    if seen.now.reason or seen.profile.pause_stands_for_pod:
        return None
    what = "phase Running or Pending: its containers restart"
    return expect(seen.now.phase not in TERMINAL, what, f"phase {seen.now.phase}")


def _has_sandbox(pod: Pod) -> str:
    return str(pod.conditions.get("PodReadyToStartContainers", {}).get("status", ""))
