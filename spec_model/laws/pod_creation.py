"""How a Pod comes to life: stored, bound, taken by its kubelet, given an address, Running (WATCH-004).

And of the watch that shows it, what can be said of a single stream: its versions grow, and after DELETED
there is nothing (WATCH-002).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final, TypeAlias

from spec_model.events import Accepted
from spec_model.law import Verdict, expect, law, note
from spec_model.laws.phase import kubelet_owned
from spec_model.laws.telling import while_they_live
from spec_model.laws.watches import uid_of, version_of
from spec_model.objects import Pod, is_static, seconds
from spec_model.world import Breach, Done, Outcome, Seen, SeenContainer, Stale

RULE: Final = "WATCH-004"
ORDER: Final = "WATCH-002"
MOST: Final = 128

STEPS: Final = ("Scheduled", "Pulled", "Created", "Started")
"""The Events of a Pod that starts, in order; Pulling stands for Pulled."""

Told: TypeAlias = Mapping[str, Mapping[str, float]]
"""By UID of a Pod, the first time of each Event of ``STEPS``, in seconds since 1970."""


# -- WATCH-002, in what the engine's watch shows ------------------------------------------------------


@law(ORDER, on="stale")
def a_change_has_a_newer_version(stale: Stale) -> Verdict:
    """A listing may repeat what was seen; a MODIFIED is newer than what was seen before it."""
    if stale.type != "MODIFIED":
        return None
    what = f"a version above {version_of(stale.known.manifest)}"
    return Breach(what, f"MODIFIED at {version_of(stale.manifest)}")


@note("gone Pods", on="Pod*", when="gone")
def gone(before: Mapping[str, int] | None, seen: Seen) -> Mapping[str, int]:
    """The versions at which the last Pods were deleted, by UID."""
    known = before or {}
    if seen.type != "DELETED":
        return known
    kept = dict([*known.items()][-MOST + 1 :])
    return {**kept, uid_of(seen.manifest): version_of(seen.manifest)}


@law(ORDER, on="Pod", when=("new", "gone"))
def nothing_follows_deleted(seen: Seen) -> Verdict:
    """DELETED has a version of its own, above all before it; of that object there is nothing more."""
    if seen.type == "DELETED":
        if seen.before is None:
            return None
        last, now = version_of(seen.before.manifest), version_of(seen.manifest)
        if -1 in (last, now):
            return None
        return expect(now > last, f"DELETED at a version above {last}", f"DELETED at {now}")
    if seen.before is not None:
        return None
    dead: Mapping[str, int] = seen.world.notes.get("gone Pods") or {}
    end = dead.get(seen.now.uid)
    if end is None or version_of(seen.manifest) <= end:
        return None
    return Breach("nothing more of a Pod that was DELETED", f"{seen.type} at {seen.at:g} s")


# -- Stored and bound --------------------------------------------------------------------------------


@law(RULE, on="create Pod")
def a_pod_is_stored_without_a_node(done: Done) -> Verdict:
    """What is answered is what was written: no node unless the client chose one, and a version."""
    sent = done.arguments["object"]
    stored = done.response.value if isinstance(done.response, Accepted) else None
    if done.arguments.get("dryRun"):
        return None
    if not isinstance(stored, Mapping) or "spec" not in stored:
        return None
    wanted = (sent.get("spec") or {}).get("nodeName") or ""
    node = stored["spec"].get("nodeName") or ""
    told = bool(stored["metadata"].get("resourceVersion"))
    what = f"nodeName {wanted or 'not set'}, and a resourceVersion"
    seen = f"nodeName {node or 'not set'}, {'a' if told else 'no'} resourceVersion"
    return expect(node == wanted and told, what, seen)


@note("stored Pods", on="create Pod")
def stored_pods(before: Mapping[str, int] | None, done: Done) -> Mapping[str, int]:
    """The versions that were answered when Pods were created, by UID."""
    known = before or {}
    stored = done.response.value if isinstance(done.response, Accepted) else None
    if not isinstance(stored, Mapping) or done.arguments.get("dryRun"):
        return known
    kept = dict([*known.items()][-MOST + 1 :])
    return {**kept, uid_of(stored): version_of(stored)}


@law(RULE, on="Pod", when="new")
def the_watch_begins_with_what_was_answered(seen: Seen) -> Verdict:
    """ADDED has the version of the 201; a watch that was not there from the beginning comes later."""
    if seen.before is not None or not seen.fresh:
        return None
    known: Mapping[str, int] = seen.world.notes.get("stored Pods") or {}
    answered, shown = known.get(seen.now.uid), version_of(seen.manifest)
    if answered is None or -1 in (answered, shown):
        return None
    exact = seen.world.setting.clock == "virtual"
    holds = shown == answered if exact else shown >= answered
    return expect(holds, f"ADDED at version {answered}, as answered", f"ADDED at {shown}")


@law(RULE, on="Pod", when="bound")
def binding_is_one_write(seen: Seen) -> Verdict:
    """As documented, the node finds PodScheduled=True; today that is what CONDITION-002 says."""
    if not seen.profile.scheduled_while_scheduling:
        return None
    if seen.before is None or seen.before.spec.node_name or not seen.now.spec.node_name:
        return None
    status = seen.now.conditions.get("PodScheduled", {}).get("status", "not set")
    what = "PodScheduled True with the node"
    return expect(status == "True", what, f"PodScheduled {status}")


# -- Taken by its kubelet ----------------------------------------------------------------------------


@law(RULE, on="Pod")
def the_start_time_stands(seen: Seen) -> Verdict:
    """startTime comes after the node, with the address of the host, and never changes."""
    pod: Pod = seen.now
    before = None if seen.before is None else seen.before.start_time
    if pod.start_time == before or not kubelet_owned(seen) or is_static(seen.manifest):
        return None
    if before is not None:
        what = f"startTime {seen.before.manifest['status'].get('startTime')}"
        return expect(
            False, what, f"startTime {pod.manifest['status'].get('startTime', 'not set')}"
        )
    if pod.phase in ("Succeeded", "Failed"):
        return None
    host = (pod.manifest.get("status") or {}).get("hostIP") or ""
    what = "a node and a hostIP before or with startTime"
    shown = f"node {pod.spec.node_name or 'not set'}, hostIP {host or 'not set'}"
    return expect(bool(pod.spec.node_name and host), what, shown)


@law(RULE, on="app container", when="begun")
def the_address_comes_before_running(seen: SeenContainer) -> Verdict:
    """A container that starts belongs to a Pod with a node, a startTime and, on its network, an address."""
    if seen.now.state != "running" or (seen.before is not None and seen.before.state == "running"):
        return None
    pod: Pod = seen.pod.now
    if not kubelet_owned(seen.pod):
        return None
    needs_ip = not pod.spec.manifest.get("hostNetwork")
    lacks = [
        name
        for name, there in {
            "nodeName": pod.spec.node_name,
            "startTime": pod.start_time is not None,
            "podIP": pod.pod_ip or not needs_ip,
        }.items()
        if not there
    ]
    what = "nodeName, startTime and podIP before or with Running"
    return expect(not lacks, what, f"{', '.join(lacks) or 'none'} not set")


# -- Events ------------------------------------------------------------------------------------------


@note("start told", on="Event Scheduled*")
@note("start told", on="Event Pulling*")
@note("start told", on="Event Pulled*")
@note("start told", on="Event Created*")
@note("start told", on="Event Started*")
def told(before: Told | None, seen: Seen) -> Told:
    """The Events with which Pods start."""
    known, event = before or {}, seen.manifest
    about, reason = event.get("involvedObject") or {}, event["reason"]
    if about.get("kind") != "Pod":
        return known
    step = "Pulled" if reason == "Pulling" else reason
    at, uid = seconds(event.get("firstTimestamp") or event.get("eventTime")), about.get("uid", "")
    steps = known.get(uid, {})
    if at is None or steps.get(step, at + 1) <= at:
        return known
    return {**while_they_live(known, seen.world), uid: {**steps, step: at}}


@note("start was judged", on="Pod")
def start_was_judged(before: str | None, seen: Seen) -> str | None:
    """``fresh`` while the Events of its start may still come, ``due`` when not, then ``judged``."""
    if before is None:
        return "fresh" if seen.fresh else "judged" if seen.before is None else None
    if before == "fresh":
        return "due" if _is_due(seen.before, seen) else "fresh"
    return "judged"


def _is_due(pod: Pod | None, seen: Seen) -> bool:
    """Whether a container has run for so long that all Events of its start must have been seen."""
    if pod is None:
        return False
    slack = 2 * seen.tolerance.lateness
    return any(
        status.state == "running"
        and status.started_at is not None
        and seen.wall - status.started_at > slack
        for status in pod.statuses.values()
    )


@law(RULE, on="Pod")
def the_events_of_a_start_are_told(seen: Seen) -> Verdict:
    """Scheduled, Pulling or Pulled, Created and Started, each not earlier than the one before it."""
    if seen.notes.get("start was judged") != "due" or is_static(seen.manifest):
        return None
    heard: Told = seen.world.notes.get("start told") or {}
    if not heard:
        return None  # nobody watches Events
    return tuple(_steps(seen, heard.get(seen.now.uid, {})))


def _steps(seen: Seen, steps: Mapping[str, float]) -> Iterator[Outcome]:
    wanted = STEPS if _was_scheduled(seen) else STEPS[1:]
    missing = [step for step in wanted if step not in steps]
    if not missing or seen.world.setting.clock == "virtual":  # a real cluster drops Events
        yield expect(not missing, f"Events {', '.join(wanted)}", f"no {', '.join(missing)}")
    times = [(step, steps[step]) for step in wanted if step in steps]
    for (first, before), (second, after) in pairwise(times):
        what = f"Event {second} not before {first}"
        yield expect(
            after >= before - seen.tolerance.truncation, what, f"{before - after:g} s before"
        )


def _was_scheduled(seen: Seen) -> bool:
    """Whether the scheduler bound it, as far as is known: nobody else is known to have done so."""
    by_hand: frozenset[Any] = seen.world.notes.get("bound by hand") or frozenset()
    return seen.notes.get("came without a node") is True and seen.now.key not in by_hand


@note("came without a node", on="Pod", when="new")
def came_without_a_node(before: bool | None, seen: Seen) -> bool:
    """Whether a Pod had no node when it came into being."""
    return not seen.now.spec.node_name if before is None else before


@note("bound by hand", on="bind")
def bound_by_hand(before: frozenset[Any] | None, done: Done) -> frozenset[Any]:
    """Pods that the tester has bound."""
    given = done.arguments
    if not isinstance(done.response, Accepted):
        return before or frozenset()
    return (before or frozenset()) | {("Pod", given["namespace"], given["pod"])}
