"""TERM-009, -011 and -013: what is seen of a Pod between its delete and its end, and its removal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from spec_model.events import Rejected
from spec_model.law import Verdict, expect, held, law, note
from spec_model.laws.deletion import (
    deleted_pod,
    deletes_of,
    finalizers,
    grace_of,
    in_time,
    is_marked,
)
from spec_model.laws.ladders import LOSES_TRACK, UPSETS, upsets_of
from spec_model.laws.node_loss import is_served
from spec_model.laws.phase import ABSORBING, kubelet_owned
from spec_model.objects import EMPTY, Pod, is_static
from spec_model.pod.termination import granted
from spec_model.world import HELD, VOID, Breach, Done, Held, Obligation, Seen, Void

Settled: TypeAlias = Callable[[Seen], Held | Breach | Void | None]

EDITS: Final = frozenset({"patch", "replace"})


# -- TERM-009: readiness ----------------------------------------------------------------------------


@law("TERM-009", on="Pod", when="ending")
def readiness_while_the_pod_ends(seen: Seen) -> Verdict:
    """Deletion does not touch the condition Ready; documented, it makes it False."""
    pod: Pod = seen.now
    if pod.deletion_timestamp is None or seen.before is None or not all_ready(pod):
        return None
    if not _is_undisturbed(seen) or pod.spec.manifest.get("readinessGates"):
        return None
    if seen.profile.deletion_unreadies:
        return _documented(seen)
    if ready(seen.before) != "True":
        return None
    return expect(ready(pod) == "True", "Ready as before the delete", f"Ready={ready(pod)}")


def _documented(seen: Seen) -> Verdict:
    if is_marked(seen) and ready(seen.now) == "True":
        what, due = "Ready=False, for the Pod is being deleted", seen.at + seen.tolerance.lateness
        return Obligation(
            what=what,
            settled=in_time(what, due, _becomes_unready),
            not_after=due,
            disturbed_by=frozenset(UPSETS),
        )
    if ready(seen.before) == "False" and all_ready(seen.before):
        return expect(ready(seen.now) == "False", "Ready=False to the end", "Ready=True")
    return None


def _becomes_unready(seen: Seen) -> Held | Void | None:
    if seen.type == "DELETED" or not all_ready(seen.now):
        return VOID
    return HELD if ready(seen.now) == "False" else None


def ready(pod: Pod) -> str:
    """The status of the condition Ready; empty where there is none."""
    return str((pod.conditions.get("Ready") or EMPTY).get("status", ""))


def all_ready(pod: Pod) -> bool:
    """Whether every app container and sidecar says that it is ready, and the Pod is not over."""
    sidecars = (each for each in pod.spec.init_containers if each.kind == "sidecar")
    statuses = [pod.statuses.get(each.name) for each in (*sidecars, *pod.spec.containers)]
    return pod.phase not in ABSORBING and all(
        status is not None and status.ready and status.state == "running" for status in statuses
    )


def _is_undisturbed(seen: Seen) -> bool:
    if not kubelet_owned(seen) or not is_served(seen) or is_static(seen.manifest):
        return False
    return not any(upset is not None and upset[0] == LOSES_TRACK for upset in upsets_of(seen))


# -- TERM-011: who removes it, and when -------------------------------------------------------------


@note("forced", on="delete Pod")
def deleted_without_grace(before: Mapping[str, str] | None, done: Done) -> Mapping[str, str]:
    """By namespace and name, the UID of the last Pod that the tester deleted without any grace."""
    pod = deleted_pod(done)
    known = before or EMPTY
    if pod is None or not is_forced(done, pod):
        return known
    return {**known, "/".join(pod.key[1:]): pod.uid}


def is_forced(done: Done, pod: Pod) -> bool:
    """Whether a delete leaves the Pod no time at all."""
    requested = done.arguments.get("gracePeriodSeconds")
    if pod.deletion_timestamp is None:
        return not granted(pod, requested).value
    return requested == 0 or not grace_of(pod)


def was_forced(seen: Seen) -> bool:
    """Whether the tester has deleted this very Pod without any grace."""
    forced: Mapping[str, str] = seen.world.notes.get("forced") or EMPTY
    uid: str = seen.now.uid
    return forced.get("/".join(seen.now.key[1:])) == uid


@law("TERM-011", on="Pod", when="gone")
def nothing_runs_when_it_goes(seen: Seen) -> Verdict:
    """A Pod that was given time is removed when its containers have stopped, and not before.

    That it was given none does not show in the object: without knowledge of the stimuli only the
    lawful end is counted.
    """
    pod: Pod = seen.now
    if seen.type != "DELETED" or seen.before is None or not pod.spec.node_name or not pod.statuses:
        return None
    if is_static(seen.manifest) or not _is_undisturbed(seen):
        return None
    running = [name for name, status in pod.statuses.items() if status.state == "running"]
    if not running:
        return HELD
    if pod.uid not in deletes_of(seen.world) or was_forced(seen):
        return None
    return Breach("DELETED when all containers have stopped", f"running: {', '.join(running)}")


@law("TERM-011", on="Pod", when="ending")
def it_goes_when_nothing_is_left(seen: Seen) -> Verdict:
    """When its containers have stopped, and no finalizer holds it, the kubelet removes it; never else."""
    pod: Pod = seen.now
    if pod.deletion_timestamp is None or not pod.spec.node_name or is_static(seen.manifest):
        return None
    if seen.type == "DELETED":
        return _held_by_nobody(seen)
    if not _is_undisturbed(seen) or _is_over(seen.before) or not _is_over(pod):
        return None
    if finalizers(pod):
        return held("TERM-011") if pod.phase in ABSORBING else None
    what, due = "DELETED, for nothing of it is left", seen.at + 2 * seen.tolerance.lateness
    return Obligation(
        what=what,
        settled=in_time(what, due, _removed),
        not_after=due,
        disturbed_by=frozenset({*UPSETS, *EDITS, "write-status"}),
    )


def _is_over(pod: Pod | None) -> bool:
    """Whether it was asked to end, and every container that ever ran has ended."""
    if pod is None or pod.deletion_timestamp is None or not pod.statuses:
        return False
    return pod.phase in ABSORBING and all(
        each.state == "terminated" for each in pod.statuses.values() if each.has_run
    )


def _removed(seen: Seen) -> Held | Void | None:
    if seen.type == "DELETED":
        return HELD
    return VOID if finalizers(seen.now) or not _is_over(seen.now) else None


def _held_by_nobody(seen: Seen) -> Verdict:
    """An object with finalizers stays; the last write of who lets it go may never be seen."""
    edited: frozenset[str] = seen.world.notes.get("edited-pods") or frozenset()
    if not finalizers(seen.now) or "/".join(seen.now.key[1:]) in edited:
        return None
    if seen.world.setting.clock == "real":
        return None  # somebody else may have let it go with the write that is shown last
    return Breach("the Pod stays, for a finalizer holds it", "DELETED")


@note("edited-pods", on="patch Pod")
@note("edited-pods", on="replace Pod")
def edited_pods(before: frozenset[str] | None, done: Done) -> frozenset[str]:
    """Pods that the tester has edited, by namespace and name."""
    given = done.arguments
    metadata = given["object"].get("metadata") or EMPTY if "object" in given else given
    name = f"{metadata.get('namespace')}/{metadata.get('name')}"
    known = before or frozenset()
    return known if isinstance(done.response, Rejected) else known | {name}


# -- TERM-013: by force -----------------------------------------------------------------------------


@law("TERM-013", "TERM-001", on="delete Pod")
def without_grace_it_goes_at_once(done: Done) -> Verdict:
    """A delete without grace does not wait for the kubelet."""
    pod = deleted_pod(done)
    if pod is None or not is_forced(done, pod) or finalizers(pod):
        return None
    requested = done.arguments.get("gracePeriodSeconds")
    asked_for = requested == 0 or not pod.spec.manifest.get("terminationGracePeriodSeconds", 30)
    tolerance = done.world.setting.tolerance
    is_real = done.world.setting.clock == "real"
    due = done.at + (tolerance.lateness if is_real else tolerance.truncation)
    what = "DELETED at once, for it is given no time"
    return Obligation(
        what=what,
        settled=in_time(what, due, _gone_without_grace),
        not_after=due,
        disturbed_by=EDITS,
        rule="TERM-013" if asked_for else "TERM-001",
        on=pod.key,
    )


def _gone_without_grace(seen: Seen) -> Held | Breach | Void | None:
    if finalizers(seen.now):
        return VOID
    grace = seen.manifest["metadata"].get("deletionGracePeriodSeconds")
    if seen.type == "DELETED":
        return expect(grace == 0, "deletionGracePeriodSeconds=0 when it goes", f"{grace}")
    return None


@law("TERM-013", on="create Pod")
def its_name_is_free_at_once(done: Done) -> Verdict:
    """The name of a Pod that was deleted by force can be had at once, and the new one is another."""
    made = done.arguments["object"]
    forced: Mapping[str, str] | None = done.world.notes.get("forced")
    if not forced or done.arguments.get("dryRun"):
        return None
    metadata = made.get("metadata") or EMPTY
    namespace, name = metadata.get("namespace") or "default", metadata.get("name")
    uid = forced.get(f"{namespace}/{name}")
    if uid is None or done.world.view("Pod", namespace, str(name)) is not None:
        return None
    if isinstance(done.response, Rejected):
        taken = done.response.reason == "AlreadyExists"
        return Breach("the name is free", "it is taken") if taken else None
    new = ((done.response.value or EMPTY).get("metadata") or EMPTY).get("uid")
    return expect(new != uid, "a Pod with another UID", f"UID {new}, as before")
