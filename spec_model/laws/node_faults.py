"""REASON-001 and -002: what shows of a node whose runtime or network is broken, or that starts nothing.

Which part is broken is the tester's choice (``set-runtime``). A part that was broken before the trace
began, or that breaks by itself, is not known; then only the words are judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from spec_model.events import Manifest, Rejected
from spec_model.law import Verdict, expect, law
from spec_model.laws.broken import NETWORK, RUNTIME, broken, of_host
from spec_model.laws.ladders import upsets_of
from spec_model.laws.node_loss import condition_ready, pods_of, ready, stopped_nodes, unready
from spec_model.laws.phase import ABSORBING, kubelet_owned
from spec_model.laws.reason_events import Told
from spec_model.laws.reasons import newly_waits
from spec_model.objects import EMPTY, Pod, is_static, uid_in_events
from spec_model.pod import reasons
from spec_model.world import (
    HELD,
    VOID,
    Breach,
    Done,
    Held,
    Obligation,
    Outcome,
    Seen,
    SeenContainer,
    Void,
    World,
)

RULE: Final = "REASON-002"
UNTOLD: Final = "NetworkNotReady"

SHOWN_WITHIN: Final[Mapping[str, float]] = {RUNTIME: 45.0, NETWORK: 15.0}
"""Seconds until a Node shows that a part is broken: a runtime is missed for 30 s before it is down."""

OF_NODES: Final = frozenset(reasons.OF_NODES.values())

RETRY: Final = 1.5
"""Seconds between two looks at a Pod that has no network, at the most."""

OTHERWISE: Final = frozenset(
    {"set-runtime", "stop-node", "start-node", "restart-kubelet", "configure-kubelet", "delete"}
)
"""Stimuli after which it does not matter what was broken."""

Settled: TypeAlias = Callable[[Seen], "Held | Breach | Void | None"]


# -- what the Node shows ---------------------------------------------------------------------------


@law(RULE, on="set-runtime")
def a_broken_node_says_so(done: Done) -> Verdict:
    """Ready=False: the container runtime is down, or NetworkPluginNotReady."""
    node, part = done.arguments["node"], done.arguments["part"]
    if isinstance(done.response, Rejected) or done.arguments["works"] or part not in SHOWN_WITHIN:
        return None
    shown = done.world.view("Node", "", node)
    if shown is None or node in stopped_nodes(done.world) or ready(shown) != "True":
        return None
    if done.profile.node_reasons_in_pods:
        return tuple(_pods_say_so(done, node, part)) or None
    word = reasons.DOWN if part == RUNTIME else reasons.OF_NODES[part]
    return Obligation(
        what=f"Ready=False of node {node}, with a message that says {word}",
        settled=_says(word),
        not_after=done.at + SHOWN_WITHIN[part] + done.world.setting.tolerance.lateness,
        disturbed_by=OTHERWISE,
        on=("Node", "", node),
    )


def _says(word: str) -> Settled:
    def settled(seen: Seen) -> Held | Void | None:
        if seen.type == "DELETED" or ready(seen.now) == "Unknown":
            return VOID
        return HELD if _tells_of(word, condition_ready(seen.now)) else None

    return settled


def _tells_of(word: str, ready: Manifest) -> bool:
    return ready.get("status") == "False" and word in str(ready.get("message") or "")


# -- what its Pods show ----------------------------------------------------------------------------


@law(RULE, on="Pod", when="changed")
def a_node_that_is_not_ready_is_no_reason_of_a_pod(seen: Seen) -> Verdict:
    """Neither word is a reason of a Pod, least of all of one whose node is not ready."""
    said = [status.reason for status in seen.now.statuses.values() if status.state == "waiting"]
    said += [condition.get("reason") for condition in seen.now.conditions.values()]
    found = [] if OF_NODES.isdisjoint(said) else [word for word in said if word in OF_NODES]
    is_down = _is_known_to_be_down(seen)
    if not (found or is_down) or not kubelet_owned(seen):
        return None
    if seen.profile.node_reasons_in_pods:
        return HELD if found and is_down else None
    return Breach("a reason that is the Pod's own", ", ".join(found)) if found else HELD


def _is_known_to_be_down(seen: Seen) -> bool:
    shown = unready(seen.world, seen.now.spec.node_name)
    return bool(shown) and any(
        _tells_of(word, shown) for word in (reasons.DOWN, reasons.OF_NODES[NETWORK])
    )


def _pods_say_so(done: Done, node: str, part: str) -> Iterator[Outcome]:
    """Documented: those that wait for nothing else wait for their node."""
    for pod in pods_of(done.world, node):
        waits = pod.phase == "Pending" and not any(each.has_run for each in pod.statuses.values())
        patient = all(each.reason in reasons.PATIENT for each in pod.statuses.values())
        spared = pod.deletion_timestamp is not None or (part == NETWORK and of_host(pod))
        if waits and patient and not spared:
            yield _owes_the_word(pod, done.world, (part,), done.at)


@law(RULE, on="Pod", when="unplaced")
def a_pod_that_comes_to_a_broken_node_says_so(seen: Seen) -> Verdict:
    """Documented: DockerDaemonNotReady or NetworkPluginNotReady; else NetworkNotReady is told."""
    pod: Pod = seen.now
    parts = _in_the_way(seen)
    if not parts or not _newly_bound(seen) or not kubelet_owned(seen):
        return None
    if seen.profile.node_reasons_in_pods:
        return _owes_the_word(pod, seen.world, parts, seen.at)
    if RUNTIME in parts or seen.world.setting.clock == "real":
        return None
    return _owes_an_event(pod, seen)


def _in_the_way(seen: Seen) -> tuple[str, ...]:
    """What of its node keeps a Pod from starting."""
    node = seen.now.spec.node_name
    if not node or "faults" not in seen.world.notes or node in stopped_nodes(seen.world):
        return ()
    parts = (RUNTIME,) if of_host(seen.now) else (RUNTIME, NETWORK)
    return tuple(part for part in parts if broken(seen.world, node, part) is not None)


def _newly_bound(seen: Seen) -> bool:
    """A static Pod has been there before its mirror."""
    if is_static(seen.manifest) or seen.now.deletion_timestamp is not None:
        return False
    if seen.type == "DELETED" or seen.now.phase in ABSORBING:
        return False
    return seen.fresh if seen.before is None else not seen.before.spec.node_name


def _owes_the_word(pod: Pod, world: World, parts: tuple[str, ...], at: float) -> Obligation:
    words = [reasons.OF_NODES[part] for part in parts]

    def settled(later: Seen) -> Held | Void | None:
        now: Pod = later.now
        if later.type == "DELETED" or now.phase in ABSORBING or now.deletion_timestamp is not None:
            return VOID
        shown = [each.reason for each in now.statuses.values() if each.state == "waiting"]
        return HELD if any(word in shown for word in words) else None

    return Obligation(
        what=f"a reason {' or '.join(words)}, for its node is not ready",
        settled=settled,
        not_after=at + world.setting.tolerance.lateness,
        disturbed_by=OTHERWISE | {"write-status"},
        rule=RULE,
        on=pod.key,
    )


def _owes_an_event(pod: Pod, seen: Seen) -> Obligation:
    uid = uid_in_events(pod)

    def told(world: World) -> Held | Void | Breach:
        known: Told = world.notes.get("events-told", EMPTY)
        type_ = known.get((uid, UNTOLD), ("", 0.0))[0]
        if "shows-events" not in world.notes:
            return VOID
        return expect(type_ == "Warning", f"a Warning event {UNTOLD}", f"{type_ or 'none'}")

    def settled(later: Seen) -> Void | None:
        now: Pod = later.now
        gone = later.type == "DELETED" or now.deletion_timestamp is not None
        return VOID if gone or now.phase in ABSORBING else None

    return Obligation(
        what=f"a Warning event {UNTOLD}",
        settled=settled,
        not_after=seen.at + seen.tolerance.lateness,
        disturbed_by=OTHERWISE | {"write-status"},
        rule=RULE,
        overdue=told,
    )


@law(RULE, on="Event NetworkNotReady")
def a_pod_without_a_network_is_tried_again(seen: Seen) -> Verdict:
    """Every 1-1.5 s, for as long as it has none."""
    about = seen.manifest.get("involvedObject") or EMPTY
    pod: Pod | None = seen.world.view("Pod", about.get("namespace", ""), about.get("name", ""))
    if pod is None or uid_in_events(pod) != about.get("uid") or not _is_virtual(seen):
        return None
    if is_static(pod.manifest):
        return None  # its file may have gone, and come again
    known: Told = seen.world.notes.get("events-told", EMPTY)
    before = known.get((about.get("uid", ""), UNTOLD))
    since = broken(seen.world, pod.spec.node_name, NETWORK)
    if before is None or since is None or since > before[1] or _was_disturbed(pod, before[1], seen):
        return None
    latest = RETRY + seen.tolerance.lateness
    gap = seen.at - before[1]
    return expect(gap <= latest, f"another look within {latest:g} s", f"after {gap:g} s")


def _is_virtual(seen: Seen) -> bool:
    """A real cluster drops Events that come often."""
    return seen.world.setting.clock == "virtual"


def _was_disturbed(pod: Pod, since: float, seen: Seen) -> bool:
    """Whether its kubelet may have had other things to do since then."""
    there = Seen(seen.world, seen.at, "MODIFIED", None, pod, pod.manifest, EMPTY, False)
    upsets = [upset for upset in upsets_of(there) if upset is not None]
    return any(upset[1] >= since for upset in upsets)


# -- what its containers do ------------------------------------------------------------------------


@law(RULE, on="container", when="begun")
def nothing_starts_on_a_broken_node(seen: SeenContainer) -> Verdict:
    """No container without a runtime, no Pod without a network."""
    began, pod = seen.now.started_at, seen.pod.now
    if began is None or (seen.before is not None and seen.before.started_at == began):
        return None
    parts = _in_the_way(seen.pod)
    if seen.pod.before is None or seen.pod.before.pod_ip:
        parts = tuple(part for part in parts if part == RUNTIME)  # it may have its network already
    if not parts or not kubelet_owned(seen.pod):
        return None
    since = min(broken(seen.pod.world, pod.spec.node_name, part) or 0.0 for part in parts)
    at = began - seen.pod.world.setting.epoch
    slack = seen.pod.tolerance.lateness + seen.pod.tolerance.truncation
    what = f"no start of container {seen.spec.name}: its node's {parts[0]} is broken"
    return Breach(what, f"one after {at - since:g} s") if at > since + slack else None


@law("REASON-001", on="container", when="stuck")
def a_start_that_fails_has_its_word(seen: SeenContainer) -> Verdict:
    """RunContainerError, PreCreateHookError or PreStartHookError, by the step that is broken."""
    if seen.now.reason not in reasons.OF_STEPS or not newly_waits(seen) or seen.before is None:
        return None  # of one that is seen for the first time, it may have been so for long
    if "faults" not in seen.pod.world.notes:
        return None
    world, node, profile = seen.pod.world, seen.pod.now.spec.node_name, seen.pod.profile
    images: Mapping[str, str] = world.notes.get("images", EMPTY)
    if seen.now.reason == reasons.UNCREATABLE and images.get(seen.spec.image) in (
        None,
        "uncreatable",
    ):
        return None
    due = {
        reasons.failed_step(part, profile).value
        for part in reasons.STEPS
        if broken(world, node, part) is not None
    }
    if not due and _was_disturbed(
        seen.pod.now, seen.pod.at - seen.pod.tolerance.lateness, seen.pod
    ):
        return None  # it is mended just now
    what = f"a reason of {', '.join(sorted(due)) or 'another kind'}: that is what does not work"
    return expect(seen.now.reason in due, what, seen.now.reason)
