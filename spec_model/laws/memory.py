"""RESOURCE-008, OOM-002 to -004: who is killed for memory, and that nobody is killed for CPU.

What containers use is known from what the tester told them to allocate. Whether a node as a whole
is full can be told on a virtual clock alone, where nothing else uses memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from attrs import frozen

from spec_model.events import Rejected
from spec_model.law import Verdict, expect, law
from spec_model.laws.allocations import (
    Whom,
    held_on,
    memory_limit,
    status_of,
    told_to_hold,
    whom_of,
)
from spec_model.laws.cgroups import burners, limit_of, node_memory
from spec_model.laws.ladders import UPSETS
from spec_model.laws.phase import kubelet_owned
from spec_model.laws.placing import pods_on
from spec_model.laws.restart import is_on_its_own
from spec_model.laws.shared_volumes import contents, kept_in_memory
from spec_model.objects import ContainerStatus, Pod, Terminated
from spec_model.pod.restart import restarts_together
from spec_model.profiles import Profile
from spec_model.resources import oom, qos
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

OOM_KILLED: Final = "OOMKilled"
KILLED: Final = 137
UNSETTLING: Final = frozenset({*UPSETS, "delete", "exit", "patch", "replace"})


# -- What is in use ---------------------------------------------------------------------------------


def in_use(world: World, whom: Whom, container_id: str) -> int:
    """Bytes that the run of a container was told to hold, files that it keeps in memory included."""
    return told_to_hold(world, whom, container_id) + _in_files(world, whom, container_id)


def _in_files(world: World, whom: Whom, container_id: str) -> int:
    pod: Pod | None = world.view("Pod", whom[0], whom[1]) if contents(world) else None
    return 0 if pod is None else kept_in_memory(world, pod.uid, container_id)


@frozen
class Full:
    """A node on which all run, and what its running containers hold, those that hold any."""

    name: str
    capacity: int
    held: Mapping[Whom, int]
    in_files: int = 0  # kept in memory: they fill the node, and nobody is killed for them

    @property
    def used(self) -> int:
        """Bytes that are held together."""
        return self.in_files + sum(self.held.values())

    def victims(self, world: World, profile: Profile) -> list[tuple[Whom, str]]:
        """Those who may die first, equals among them, and the rule that picks them."""
        running = [*self._running(world, profile)]
        found = []
        for whom, process in running:
            # Of equals the first of the list is taken: whoever may die does when it stands first.
            rest = [other for _, other in running if other is not process]
            decision = oom.victim([process, *rest], self.capacity, profile)
            if decision.value == process.name:
                found.append((whom, decision.because))
        return found

    def _running(self, world: World, profile: Profile) -> Iterator[tuple[Whom, oom.Process]]:
        for known in pods_on(world, self.name):
            pod: Pod = known.view
            for name, status in pod.statuses.items():
                if status.state == "running":
                    whom = (pod.key[1], pod.key[2], name)
                    adjustment = oom.score_adj(pod.manifest, name, self.capacity, profile).value
                    held = self.held.get(whom, 0)
                    yield whom, oom.Process("/".join(whom), adjustment, held)


def node_of(world: World, name: str) -> Full | None:
    """What is in use on a node; None where its capacity is not known, or others use memory on it."""
    capacity = node_memory(world.view("Node", "", name))
    if capacity is None or world.setting.clock == "real":
        return None
    in_files = _all_files(world, name)
    return None if in_files is None else Full(name, capacity, held_on(world, name), in_files)


def _all_files(world: World, node: str) -> int | None:
    """Bytes of all files in memory of a node; None where it is not known what there is."""
    size = 0
    for (uid, _), kept in contents(world).items():
        pod: Pod | None = world.view("Pod", *kept.pod) if kept.in_memory else None
        if pod is not None and pod.uid == uid and pod.spec.node_name == node:
            if not all(mark.certain for mark in kept.files.values()):
                return None
            size += sum(mark.size for mark in kept.files.values())
    return size


# -- What must come of an allocation -----------------------------------------------------------------


@law("RESOURCE-008", "OOM-002", "OOM-003", on="allocate")
def too_much_memory_kills(done: Done) -> Verdict:
    """Above its own limit a container is OOM-killed; on a full node, whoever has the highest score."""
    whom = whom_of(done)
    pod: Pod | None = done.world.view("Pod", whom[0], whom[1])
    status, spec = status_of(done.world, whom), None if pod is None else pod.spec.container(whom[2])
    if pod is None or spec is None or status is None or isinstance(done.response, Rejected):
        return None
    if status.state != "running" or pod.spec.manifest.get("resources") is not None:
        return None
    limit, wanted = memory_limit(spec, done.profile), done.arguments["bytes"]
    if limit is not None and wanted + _in_files(done.world, whom, status.container_id) > limit:
        why, beside = f"it holds more than {limit} bytes", _beside(pod, whom[2], done.profile)
        return owed_to_memory(done, whom, "RESOURCE-008", why, beside)
    return _of_a_full_node(done, whom, pod.spec.node_name, wanted)


def _beside(pod: Pod, name: str, profile: Profile) -> tuple[str, ...]:
    """The containers of a Pod that its kubelet has no reason to end together with this one."""
    is_failing = profile.oom_kill_fails_never_pod and pod.spec.restart_policy == "Never"
    if is_failing or restarts_together(pod.spec.manifest):
        return ()
    running = (each for each, status in pod.statuses.items() if status.state == "running")
    return tuple(each for each in running if each != name)


def _of_a_full_node(done: Done, whom: Whom, node: str, wanted: int) -> Obligation | None:
    before = node_of(done.world, node)
    if before is None:
        return None
    full = Full(node, before.capacity, {**before.held, whom: wanted}, before.in_files)
    if full.used <= full.capacity or before.used > before.capacity:
        return None
    victims = full.victims(done.world, done.profile)
    if len(victims) != 1:
        return None
    victim, rule = victims[0]
    return owed_to_memory(done, victim, rule, f"node {node} is full")


def owed_to_memory(
    done: Done, whom: Whom, rule: str, why: str, beside: tuple[str, ...] = ()
) -> Obligation | None:
    """That a container is OOM-killed at once."""
    status = status_of(done.world, whom)
    if status is None:
        return None
    return Obligation(
        what=f"container {whom[2]} of Pod {whom[1]} is OOM-killed, for {why}",
        settled=_oom_killed(whom[2], status.restart_count, beside),
        not_after=done.at + done.world.setting.tolerance.lateness,
        disturbed_by=UNSETTLING,
        rule=rule,
        on=("Pod", whom[0], whom[1]),
    )


def _oom_killed(
    name: str, number: int, beside: tuple[str, ...]
) -> Callable[[Seen], Held | Breach | Void | None]:
    """Held when that run ended so; its Pod stays, and who ran beside it is not killed with it."""

    def settled(seen: Seen) -> Held | Breach | Void | None:
        status = seen.now.statuses.get(name)
        if status is None or status.restart_count > number + 1:
            return VOID
        run = end_of(status, number)
        if run is None:
            return _gone(seen) if seen.type == "DELETED" else None
        for other in beside:
            if _died_with(seen.now.statuses.get(other), run):
                return Breach(f"container {other} runs on", "it was killed together with it")
        return expect(
            run.reason == OOM_KILLED and run.exit_code == KILLED,
            f"reason {OOM_KILLED}, exit code {KILLED}",
            f"reason {run.reason}, exit code {run.exit_code}",
        )

    return settled


def _gone(seen: Seen) -> Breach | Void:
    """Nobody asked for the end of this Pod, unless somebody owns it."""
    if seen.manifest["metadata"].get("ownerReferences"):
        return VOID
    return Breach("the Pod stays, and its container is restarted in place", "it was deleted")


def _died_with(status: ContainerStatus | None, run: Terminated) -> bool:
    ended = None if status is None else status.ended
    if ended is None or ended.exit_code != KILLED or ended.reason == OOM_KILLED:
        return False
    return ended.finished_at is not None and ended.finished_at == run.finished_at


def end_of(status: ContainerStatus, number: int) -> Terminated | None:
    """The end of the run of that number, where the status shows it."""
    if status.restart_count == number:
        return status.ended
    return status.last if status.state in ("running", "terminated") else None


# -- Who was killed, and what for ----------------------------------------------------------------------


@law("OOM-004", "OOM-002", "OOM-003", "RESOURCE-005", on="container", when="ended")
def an_oom_kill_has_a_cause(seen: SeenContainer) -> Verdict:
    """Its own limit, or a full node of which it has the highest score; never a neighbour, never CPU."""
    before = seen.before
    if before is None or before.state != "running" or not _is_news(before, seen.now):
        return None
    run = end_of(seen.now, before.restart_count)
    if run is None or run.reason != OOM_KILLED:
        return _killed_for_cpu(seen, before, run)
    pod: Pod = seen.pod.now
    world = seen.pod.world
    if pod.spec.manifest.get("resources") is not None:
        return None
    _, namespace, name = pod.key
    whom = (namespace, name, seen.spec.name)
    held = in_use(world, whom, before.container_id)
    limit = memory_limit(seen.spec, seen.pod.profile)
    if limit is not None and held > limit:
        return _only_itself(seen, before)
    full = node_of(world, pod.spec.node_name)
    if full is None:  # as always on a real clock: the cause may be one that was not seen
        return None
    return _chosen(whom, full, seen) if full.used > full.capacity else _for_nothing(seen, held)


def _is_news(before: ContainerStatus, now: ContainerStatus) -> bool:
    return now.state != "running" or now.restart_count != before.restart_count


def _only_itself(seen: SeenContainer, before: ContainerStatus) -> Held | None:
    """That neighbours survive is judged where one of them does not; here is that there were some."""
    neighbours = [
        status
        for known in seen.pod.world.of_kind("Pod")
        if known.view.spec.node_name == seen.pod.now.spec.node_name
        for status in known.view.statuses.values()
        if status.state == "running" and status.container_id != before.container_id
    ]
    is_telling = neighbours or seen.pod.now.qos_class == qos.GUARANTEED
    return Held("OOM-004") if is_telling else None


def _chosen(whom: Whom, full: Full, seen: SeenContainer) -> Held | Breach:
    victims = full.victims(seen.pod.world, seen.pod.profile)
    mine = next((rule for each, rule in victims if each == whom), None)
    if mine is not None:
        return Held(mine)
    other, rule = victims[0]
    what = f"container {other[2]} of Pod {other[1]} is killed first"
    return Breach(what, f"container {whom[2]} of Pod {whom[1]} was", rule=rule)


def _for_nothing(seen: SeenContainer, held: int) -> Breach:
    asked = (seen.spec.manifest.get("resources") or {}).get("requests") or {}
    limit = memory_limit(seen.spec, seen.pod.profile)
    is_capped = limit is None and "memory" in asked and held > 0
    rule = "RESOURCE-005" if is_capped else "RESOURCE-008" if held == limit else "OOM-004"
    bound = "no limit" if limit is None else f"a limit of {limit}"
    return Breach(
        f"container {seen.spec.name} lives, with {held} bytes, {bound} and room on its node",
        "it was OOM-killed",
        rule=rule,
    )


def _killed_for_cpu(
    seen: SeenContainer, before: ContainerStatus, run: Terminated | None
) -> Verdict:
    """RESOURCE-006, QOS-003: a container that did nothing but burn CPU was killed."""
    _, namespace, name = seen.pod.now.key
    whom = (namespace, name, seen.spec.name)
    burn = burners(seen.pod.world).get(whom)
    if (
        burn is None
        or run is None
        or run.exit_code != KILLED
        or burn.container_id != before.container_id
    ):
        return None
    told = seen.pod.world.notes.get("told", frozenset())
    pod: Pod = seen.pod.now
    if (
        whom in told
        or pod.deletion_timestamp is not None
        or pod.reason
        or not kubelet_owned(seen.pod)
    ):
        return None
    if not is_on_its_own(seen) or "livenessProbe" in seen.spec.manifest:
        return None
    limited = limit_of(seen.spec, "cpu", seen.pod.profile) is not None
    what = f"container {seen.spec.name} is throttled at the most"
    rule = "RESOURCE-006" if limited else "QOS-003"
    return Breach(what, f"it was killed while it wanted {burn.milli:g}m CPU", rule=rule)
