"""STATIC-001, -003 to -006 and -008: what is seen of mirror Pods and of the containers behind them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from spec_model.law import Verdict, expect, law
from spec_model.laws.ladders import UPSETS, terms_of, upsets_of
from spec_model.laws.manifests import File, Mirror, file_of, mirror_before
from spec_model.laws.node_loss import is_served
from spec_model.laws.phase import ABSORBING
from spec_model.laws.termination import Name, ended_now, hook_of, lateness, name_of
from spec_model.objects import EMPTY, ContainerStatus, Pod, seconds
from spec_model.pod.ladder import COUNTED, latest
from spec_model.pod.restart import should_restart
from spec_model.pod.static import ANNOTATIONS, HASH, RESCAN, is_mirror, references
from spec_model.pod.termination import Begun, Ending, Manner, endings
from spec_model.world import (
    HELD,
    VOID,
    Breach,
    Held,
    Obligation,
    Outcome,
    Seen,
    SeenContainer,
    Void,
)  # fmt: skip

Settled: TypeAlias = Callable[[Seen], Held | Breach | Void | None]

STAYS: Final = {"operator": "Exists", "effect": "NoExecute"}
FAILS: Final = ["false"]
"""A command that never succeeds: what a probe with it is answered is known without a tester."""
UNSETTLING: Final = frozenset({*UPSETS, "write-manifest", "remove-manifest", "exit", "allocate"})


def annotation(pod: Pod, name: str) -> str:
    """An annotation; empty where it is absent."""
    found: Mapping[str, str] = pod.manifest["metadata"].get("annotations") or EMPTY
    return found.get(name, "")


# -- STATIC-001 and -008: what a mirror Pod looks like ----------------------------------------------


@law("STATIC-001", "STATIC-007", "STATIC-008", on="Pod", when="mirrored")
def a_mirror_pod_shows_where_it_comes_from(seen: Seen) -> Verdict:
    """Its name ends with that of its node, which owns it; annotations say the rest."""
    if not is_mirror(seen.manifest) or seen.type == "DELETED":
        return None
    if seen.before is not None:
        return _still_owned(seen)
    lacking = list(_lacking(seen.now))
    refers = ", ".join(references(_asked_for(seen.now), seen.profile))
    return (
        expect(not lacking, "a mirror Pod as its kubelet makes it", f"no {', '.join(lacking)}"),
        _owned_by_its_node(seen.now),
        expect(not refers, "no static Pod that refers to the API", refers, rule="STATIC-007"),
    )


def _lacking(pod: Pod) -> Iterator[str]:
    node, spec = pod.spec.node_name, pod.spec.manifest
    yield from (name for name in ANNOTATIONS if not annotation(pod, name))
    if not node:
        yield "spec.nodeName"
    if not pod.key[2].endswith(f"-{node.lower()}"):
        yield f"name that ends with -{node.lower()}"
    tolerations = spec.get("tolerations") or ()
    if not any(STAYS.items() <= each.items() and "key" not in each for each in tolerations):
        yield "toleration of NoExecute"


def _asked_for(pod: Pod) -> Mapping[str, object]:
    """Without the account that the API may have given it."""
    return {key: each for key, each in pod.spec.manifest.items() if key != "serviceAccountName"}


def _controllers(pod: Pod) -> list[tuple[str, str]]:
    return [
        (each.get("kind", ""), each.get("name", ""))
        for each in pod.manifest["metadata"].get("ownerReferences") or ()
        if each.get("controller")
    ]


def _owned_by_its_node(pod: Pod) -> Outcome:
    owners, wanted = _controllers(pod), [("Node", pod.spec.node_name)]
    return expect(
        owners == wanted, f"controller Node {pod.spec.node_name}", f"{owners}", rule="STATIC-008"
    )


def _still_owned(seen: Seen) -> Outcome | None:
    if _controllers(seen.before) == _controllers(seen.now):
        return None
    return _owned_by_its_node(seen.now)


# -- STATIC-003: the mirror may go, the containers stay ---------------------------------------------


@law("STATIC-003", on="Pod", when="new")
def a_new_mirror_begins_pending(seen: Seen) -> Verdict:
    """Where a mirror Pod was deleted another appears, Pending at first."""
    last = _deleted_mirror(seen)
    if last is None or seen.before is not None or seen.type != "ADDED":
        return None
    if seen.wall - _created(seen) > lateness(seen):
        return None  # it was there before, and is only listed
    return expect(seen.now.phase == "Pending", "phase Pending at first", f"phase {seen.now.phase}")


def _created(seen: Seen) -> float:
    return seconds(seen.manifest["metadata"].get("creationTimestamp")) or -math.inf


def _deleted_mirror(seen: Seen) -> Mirror | None:
    """The mirror of the same static Pod that was seen before, where this is another one."""
    if not is_mirror(seen.manifest):
        return None
    last = mirror_before(seen)
    if last is None or last.pod.uid == seen.now.uid:
        return None
    same = annotation(last.pod, HASH) == annotation(seen.now, HASH)
    return last if same else None


@law("STATIC-003", on="container", when="mirrored")
def the_containers_outlive_the_mirror(seen: SeenContainer) -> Verdict:
    """Container id, start and restartCount are those of before."""
    if not is_mirror(seen.pod.manifest) or seen.before is not None:
        return None
    last = _last_mirror(seen.pod)
    old = None if last is None else last.pod.statuses.get(seen.spec.name)
    if last is None or old is None or not (old.has_run and seen.now.has_run):
        return None
    same = old.restart_count == seen.now.restart_count
    if same and (old.state == seen.now.state or old.state != "running"):
        return _same_run(seen.now, old)
    if old.state != "running" or not _was_left_alone(seen, last):
        return None
    return Breach(
        f"container {seen.spec.name} runs on, restartCount {old.restart_count}",
        f"it is {seen.now.state}, restartCount {seen.now.restart_count}",
    )


def _last_mirror(seen: Seen) -> Mirror | None:
    """The mirror that was there before this one; noted when this one came."""
    found: Mirror | None = seen.notes.get("mirror-before")
    return found


def _same_run(now: ContainerStatus, old: ContainerStatus) -> Outcome:
    if old.state == "running" == now.state:
        was, is_ = (old.container_id, old.started_at), (now.container_id, now.started_at)
    else:
        was, is_ = (old.container_id, 0.0), (now.container_id, 0.0)
    return expect(was == is_, f"container {was[0]} as before", f"container {is_[0]}")


def _was_left_alone(seen: SeenContainer, last: Mirror) -> bool:
    exits: Mapping[Name, float] = seen.pod.world.notes.get("exits") or {}
    if exits.get(name_of(seen), -math.inf) >= last.at or seen.pod.now.spec.has_rules:
        return False
    if any(upset is not None and upset[1] >= last.at for upset in upsets_of(seen.pod)):
        return False
    probed = any(probe in seen.spec.manifest for probe in ("livenessProbe", "startupProbe"))
    return seen.pod.world.setting.clock == "virtual" and is_served(seen.pod) and not probed


# -- STATIC-004: the file goes, or changes ----------------------------------------------------------


@law("STATIC-004", on="app container", when="mirrored")
def who_is_taken_away_ends_in_its_time(seen: SeenContainer) -> Verdict:
    """Its containers are stopped as those of any Pod, within its own grace period."""
    run = ended_now(seen) if is_mirror(seen.pod.manifest) else None
    file = None if run is None else _changed(seen.pod)
    if run is None or file is None or not _was_left_alone(seen, Mirror(seen.pod.now, file.at)):
        return None
    ways = _ways(seen, file)
    if ways is None:
        return None
    finished, slack = run.finished_at or 0.0, RESCAN + lateness(seen.pod)
    for way in ways:
        in_time = math.floor(way.not_before) <= finished <= way.not_after + slack
        if run.exit_code == way.exit_code and in_time:
            return HELD
    since = finished - seen.pod.world.setting.epoch - file.at
    wanted = ways[0].not_before - seen.pod.world.setting.epoch - file.at
    return Breach(
        f"exit code {ways[0].exit_code} {wanted:g} s after its file went",
        f"exit code {run.exit_code} after {since:g} s",
    )


def _changed(seen: Seen) -> File | None:
    """The file that no longer wants the Pod as it is."""
    file = file_of(seen.world, seen.now.key)
    if file is None or file.before is None or file.at > seen.at:
        return None
    known = seen.before is not None and seen.world.setting.clock == "virtual"
    return file if known else None


def _ways(seen: SeenContainer, file: File) -> list[Ending] | None:
    """How a container may end that is stopped since its file changed; None: too little is known."""
    epoch = seen.pod.world.setting.epoch
    manners: Mapping[Name, Manner] = seen.pod.world.notes.get("manners") or {}
    manner = manners.get(name_of(seen))
    grace = seen.pod.now.spec.manifest.get("terminationGracePeriodSeconds", 30)
    if manner is None or hook_of(seen.spec, name_of(seen), None) != 0.0:
        return None
    started = -math.inf if seen.before is None else seen.before.started_at or -math.inf
    first = file.changes[0]  # by it the Pod came; any other may be noticed later
    changes = [
        each
        for each in file.changes
        if epoch + each.at > started or (each is not first and epoch + each.at >= started - RESCAN)
    ]
    if not changes or any(each.manners.get(name_of(seen)) is not manner for each in changes):
        return None
    slack = RESCAN + lateness(seen.pod)
    begun = [Begun(epoch + each.at, max(int(grace), 1)) for each in reversed(changes)]
    return [way.value for each in begun for way in endings((each,), 0.0, manner, slack)]


@law("STATIC-004", on="app container", when="mirrored")
def the_old_one_has_stopped_before_the_new_one_starts(seen: SeenContainer) -> Verdict:
    """Of two static Pods of one name the second waits for the end of the first."""
    last = _last_mirror(seen.pod) if is_mirror(seen.pod.manifest) else None
    started = seen.now.started_at
    if last is None or started is None or seen.now.restart_count:
        return None
    if annotation(last.pod, HASH) == annotation(seen.pod.now, HASH) or _changed(seen.pod) is None:
        return None
    if seen.before is not None and seen.before.has_run:
        return None
    ends = [run.finished_at for each in last.pod.statuses.values() if (run := each.terminated)]
    running = [each.name for each in last.pod.statuses.values() if each.state == "running"]
    what = "a start when the old containers have ended"
    if running and not last.deleted and is_served(seen.pod) and not _is_upset(seen.pod, last):
        return Breach(what, f"{', '.join(running)} still ran")
    known = [end for end in ends if end is not None]
    return expect(started >= max(known), what, "an earlier start") if known else None


def _is_upset(seen: Seen, last: Mirror) -> bool:
    return any(upset is not None and upset[1] >= last.at for upset in upsets_of(seen))


# -- STATIC-006: restartPolicy ----------------------------------------------------------------------


@law("STATIC-006", on="app container", when="mirrored")
def its_restart_policy_holds(seen: SeenContainer) -> Verdict:
    """As of any Pod; documented, a static Pod is restarted whatever its policy says."""
    run = ended_now(seen) if is_mirror(seen.pod.manifest) else None
    if run is None or not is_served(seen.pod) or seen.pod.now.spec.has_rules:
        return None
    if (file := _changed(seen.pod)) is not None and seen.pod.at >= file.at:
        return None  # it was stopped, for its file has changed
    pod: Pod = seen.pod.now
    policy = should_restart(pod.spec, seen.spec, run.exit_code, False, seen.pod.profile).value
    if policy:
        return None
    if pod.phase in ABSORBING and not seen.pod.profile.static_pods_always_restart:
        return HELD
    name, count = seen.spec.name, seen.now.restart_count
    if seen.pod.profile.static_pods_always_restart:
        terms = terms_of(seen.pod)
        return Obligation(
            what=f"container {name} is started again, whatever the policy",
            settled=_restarts(name, count),
            not_after=seen.pod.at + latest(terms.constants.cap, terms),
            disturbed_by=UNSETTLING,
        )
    return Obligation(
        what=f"container {name} stays down, and the mirror Pod shows the end",
        settled=_stays_down(name, count),
        not_after=seen.pod.at + seen.pod.tolerance.lateness if _all_ended(pod) else math.inf,
        disturbed_by=UNSETTLING,
    )


def _all_ended(pod: Pod) -> bool:
    apps = [pod.statuses.get(each.name) for each in pod.spec.containers]
    return all(each is not None and each.state == "terminated" for each in apps)


def _restarts(name: str, count: int) -> Settled:
    def settled(seen: Seen) -> Held | Void | None:
        status = seen.now.statuses.get(name)
        if seen.type == "DELETED" or status is None:
            return VOID
        if status.state == "waiting" and status.reason not in COUNTED:
            return VOID  # something is in the way of its start
        return HELD if status.restart_count > count else None

    return settled


def _stays_down(name: str, count: int) -> Settled:
    def settled(seen: Seen) -> Held | Breach | Void | None:
        status = seen.now.statuses.get(name)
        if status is None or seen.type == "DELETED":
            return VOID
        if status.restart_count > count or status.state == "running":
            return Breach(f"container {name} stays down", "it was started again")
        return HELD if seen.now.phase in ABSORBING else None

    return settled


# -- STATIC-005: probes -----------------------------------------------------------------------------


def fails(seen: SeenContainer, kind: str) -> bool:
    """Whether a probe of that kind can only fail."""
    probe = seen.spec.manifest.get(kind) or EMPTY
    return bool((probe.get("exec") or EMPTY).get("command") == FAILS)


@law("STATIC-005", on="app container", when="mirrored")
def it_is_probed_like_any_other(seen: SeenContainer) -> Verdict:
    """A failed readiness probe makes it unready, a failed liveness probe kills; documented neither."""
    if not is_mirror(seen.pod.manifest) or seen.now.state != "running" or not is_served(seen.pod):
        return None
    if seen.before is not None and seen.before.started_at == seen.now.started_at:
        return None
    return (*_readiness(seen), *_liveness(seen)) or None


def _readiness(seen: SeenContainer) -> Iterator[Outcome]:
    if not fails(seen, "readinessProbe"):
        return
    name = seen.spec.name
    if not seen.pod.profile.static_pods_probed:
        if seen.now.ready:
            yield HELD
            return
        yield Obligation(
            what=f"container {name} ready, for nobody probes it",
            settled=_becomes_ready(name),
            not_after=seen.pod.at + seen.pod.tolerance.lateness,
            disturbed_by=UNSETTLING,
        )
        return
    yield expect(not seen.now.ready, f"container {name} not ready", "ready")


def _becomes_ready(name: str) -> Settled:
    def settled(seen: Seen) -> Held | Void | None:
        status = seen.now.statuses.get(name)
        if seen.type == "DELETED" or status is None or status.state != "running":
            return VOID
        return HELD if status.ready else None

    return settled


def _liveness(seen: SeenContainer) -> Iterator[Outcome]:
    if not fails(seen, "livenessProbe"):
        return
    probe = seen.spec.manifest["livenessProbe"]
    period, name = probe.get("periodSeconds", 10), seen.spec.name
    until = probe.get("initialDelaySeconds", 0) + (1 + probe.get("failureThreshold", 3)) * period
    count = seen.now.restart_count
    if not seen.pod.profile.static_pods_probed:
        yield Obligation(
            what=f"container {name} is not killed, for nobody probes it",
            settled=_runs_on(name, count, seen.pod.at + until),
            disturbed_by=UNSETTLING,
        )
        return
    grace = seen.pod.now.spec.manifest.get("terminationGracePeriodSeconds", 30)
    terms = terms_of(seen.pod)
    yield Obligation(
        what=f"container {name} is killed and started again, for its liveness probe fails",
        settled=_restarts(name, count),
        not_after=seen.pod.at + until + max(grace, 1) + latest(terms.constants.cap, terms),
        disturbed_by=UNSETTLING,
    )


def _runs_on(name: str, count: int, until: float) -> Settled:
    def settled(seen: Seen) -> Held | Breach | Void | None:
        status = seen.now.statuses.get(name)
        if status is None:
            return VOID
        if status.restart_count > count:
            return Breach(f"container {name} runs on", "it was killed and started again")
        return HELD if seen.at > until else None

    return settled
