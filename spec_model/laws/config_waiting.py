"""Pods that wait for a ConfigMap (CONFIGMAP-003).

Documented, a ConfigMap comes before the Pod; today it has to exist before the container starts only, and
the Pod starts by itself once it does. That there is no ConfigMap is known once one is created.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from spec_model.events import Manifest, key_of
from spec_model.law import Verdict, expect, held, law, note
from spec_model.laws.config_history import during, versions_of
from spec_model.laws.node_loss import is_attended
from spec_model.laws.telling import pod_about, while_they_live
from spec_model.objects import ContainerStatus, Pod
from spec_model.storage.config_maps import Reference, references
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
    World,
)

RULE: Final = "CONFIGMAP-003"
CONFIG_ERROR: Final = "CreateContainerConfigError"
STARTING: Final = ("ContainerCreating", "PodInitializing")
MOUNT_RETRY: Final = 122.0 + 90.0
"""Seconds until a volume that could not be mounted is tried again, and the Pod is synced."""

UNSETTLING: Final = frozenset(
    {
        *("delete", "patch", "replace", "set-image", "write-status"),
        *("stop-node", "lose-sandbox", "set-runtime"),
    }
)
MISSING: Final = re.compile(r'configmap "([^"]+)" not found')


# -- What is remembered -----------------------------------------------------------------------------


@note("references", on="Pod", when=("new", "edited"))
def referred_to(_: tuple[Reference, ...] | None, seen: Seen) -> tuple[Reference, ...]:
    """Where a Pod refers to ConfigMaps, worked out once for each spec."""
    return tuple(references(seen.now.spec.manifest))


@note("config maps at birth", on="Pod", when="new")
def at_birth(before: frozenset[str] | None, seen: Seen) -> frozenset[str] | None:
    """The ConfigMaps that a Pod refers to and that existed when it came into being; None: not known."""
    if before is not None or not seen.fresh or not seen.profile.config_map_comes_first:
        return before
    namespace = seen.now.key[1]
    return frozenset(
        each.config_map
        for each in references(seen.now.spec.manifest)
        if seen.world.objects.get(("ConfigMap", namespace, each.config_map)) is not None
    )


@note("failed mounts", on="Event FailedMount*")
def failed_mounts(before: Mapping[str, float] | None, seen: Seen) -> Mapping[str, float]:
    """By UID of a Pod, when an Event told of a mount that failed."""
    known, about = before or {}, seen.manifest.get("involvedObject") or {}
    if about.get("kind") != "Pod":
        return known
    return {**while_they_live(known, seen.world), about.get("uid", ""): seen.at}


# -- Containers that run ----------------------------------------------------------------------------


@law(RULE, on="container", when="begun")
def nothing_runs_without_its_config_map(seen: SeenContainer) -> Verdict:
    """Where a container starts, everything it refers to exists; documented, since before the Pod."""
    now, before = seen.now, seen.before
    if now.state != "running" or now.started_at is None:
        return None
    if before is not None and before.container_id == now.container_id and before.state == "running":
        return None
    if now.started_at < seen.pod.world.setting.epoch - seen.pod.tolerance.truncation:
        return None  # what there was when it started, before anybody looked, is not known
    referred: tuple[Reference, ...] = seen.pod.notes["references"]
    relevant = (each for each in referred if each.container in ("", seen.spec.name))
    found = (_started(seen, each) for each in relevant)
    return tuple(each for each in found if each is not None) or None


def _started(seen: SeenContainer, reference: Reference) -> Held | Breach | None:
    pod, started = seen.pod, (seen.now.started_at or 0.0) - seen.pod.world.setting.epoch
    name, tolerance = reference.config_map, seen.pod.tolerance
    versions = versions_of(pod.world, pod.now.key[1], name)
    earliest = started - tolerance.lateness
    if not reference.container:  # mounted once, some time before
        earliest = min(earliest, _since(pod))
    stood = during(versions, earliest, started + tolerance.truncation)
    if stood is None:
        return None
    what = f"container {seen.spec.name} waits for {_named(reference)}"
    if not any(map(reference.is_met, stood)):
        return Breach(what, "it runs")
    born: frozenset[str] | None = pod.notes.get("config maps at birth")
    if born is not None and not reference.optional and name not in born:
        return Breach(f"{what}, which came after the Pod", "it runs")
    return HELD


def _since(seen: Seen) -> float:
    known = seen.world.objects.get(seen.now.key)
    return seen.at if known is None else known.since


def _named(reference: Reference) -> str:
    keys = f" (key {', '.join(reference.keys)})" if reference.keys else ""
    return f"ConfigMap {reference.config_map}{keys}"


# -- Optional ones ----------------------------------------------------------------------------------


@law(RULE, on="container", when="waiting")
def nobody_waits_for_what_is_optional(seen: SeenContainer) -> Verdict:
    """A reference that is optional everywhere is no reason to wait."""
    if seen.now.reason != CONFIG_ERROR or seen.now.state != "waiting":
        return None
    spec = seen.pod.now.spec.manifest
    own = [each for each in references(spec) if each.container == seen.spec.name]
    missing = MISSING.search(seen.now.message)
    named = [each for each in own if missing and each.config_map == missing[1]]
    return _is_needed(named or own)


@law(RULE, on="Event FailedMount")
def no_mount_fails_for_what_is_optional(seen: Seen) -> Verdict:
    """A volume made of an optional ConfigMap is empty while there is none."""
    about, pod = seen.manifest.get("involvedObject") or {}, pod_about(seen)
    missing = MISSING.search(seen.manifest.get("message", ""))
    if pod is None or missing is None or pod.uid != about.get("uid"):
        return None
    volumes = [each for each in references(pod.spec.manifest) if not each.container]
    return _is_needed([each for each in volumes if each.config_map == missing[1]])


def _is_needed(listed: list[Reference]) -> Held | Breach | None:
    if not listed:
        return None
    needed = any(not each.optional for each in listed)
    return expect(needed, f"starts without {_named(listed[0])}, which is optional", "waits for it")


# -- When one comes into being ----------------------------------------------------------------------


@law(RULE, on="ConfigMap")
def who_waits_starts_by_itself(seen: Seen) -> Verdict:
    """Until a ConfigMap exists its Pods are Pending and say why; then they start by themselves."""
    if seen.type == "DELETED":
        return None
    before = None if seen.fresh else seen.before
    if before is None and not seen.fresh:
        return None
    return tuple(_waiting(seen, before)) or None


def _waiting(seen: Seen, before: Manifest | None) -> Iterator[Outcome]:
    _, namespace, name = key_of(seen.manifest)
    for known in seen.world.of_kind("Pod"):
        pod, referred = known.view, known.notes["references"]
        if not referred or pod.key[1] != namespace:
            continue
        own = [each for each in referred if each.config_map == name and not each.is_met(before)]
        if not own or not _is_looked_after(pod, seen.world):
            continue
        for reference in dict.fromkeys(own):
            yield from _until_now(pod, reference, seen)
            if reference.is_met(seen.manifest):
                yield from _from_now(pod, reference, seen)


def _is_looked_after(pod: Pod, world: World) -> bool:
    return (
        bool(pod.spec.node_name)
        and pod.deletion_timestamp is None
        and pod.phase in ("Pending", "Running")
        and is_attended(world, pod.spec.node_name)
        and f"{pod.key[1]}/{pod.key[2]}" not in (world.notes.get("tampered") or ())
    )


def _until_now(pod: Pod, reference: Reference, seen: Seen) -> Iterator[Outcome]:
    """What a Pod must have shown while what it refers to was missing."""
    if seen.before is not None or not _is_patient(pod, seen):
        return
    if not reference.container and not _never_had_it(pod, seen):
        return  # its volumes may have been mounted while there was one
    names = [reference.container] if reference.container else [*pod.statuses]
    for name in names:
        status = pod.statuses.get(name)
        if status is None:
            continue
        if status.has_run and _is_new(status.started_at, pod, seen):
            what = f"container {name} of {pod.key[2]} waits for {_named(reference)}"
            yield Breach(what, "it has run")
        elif status.state == "waiting":
            yield from _says_why(pod, name, reference, seen)


def _never_had_it(pod: Pod, seen: Seen) -> bool:
    """Whether there was no such ConfigMap in all the life of a Pod."""
    versions = versions_of(seen.world, pod.key[1], seen.manifest["metadata"]["name"])
    return not versions or versions[-1].since < seen.world.objects[pod.key].since


def _is_patient(pod: Pod, seen: Seen) -> bool:
    """Whether a kubelet must have looked at a Pod by now."""
    slack = 10.0 + 2 * seen.tolerance.lateness
    return pod.start_time is not None and seen.wall - pod.start_time > slack


def _is_new(started: float | None, pod: Pod, seen: Seen) -> bool:
    """Whether what runs has certainly started while nothing was there."""
    versions = versions_of(seen.world, pod.key[1], seen.manifest["metadata"]["name"])
    if not versions:
        return True  # there was none before, as far back as anything is known
    return started is not None and started - seen.world.setting.epoch > versions[-1].since + 95.0


def _says_why(pod: Pod, name: str, reference: Reference, seen: Seen) -> Iterator[Outcome]:
    status = pod.statuses[name]
    if reference.container:
        lacks = [each for each in references(pod.spec.manifest) if not each.container]
        if lacks or pod.spec.init_containers or seen.world.setting.clock == "real":
            return  # something else may be in its way
        what = f"container {name}: waiting with {CONFIG_ERROR}"
        held_up = status.reason == CONFIG_ERROR or status.reason not in STARTING
        yield expect(held_up, what, f"waiting with {status.reason}")
        return
    if status.last is not None:
        return  # it has run: its volumes were mounted then
    what = f"container {name}: waiting with {' or '.join(STARTING)}, and an Event FailedMount"
    notes = seen.world.notes
    shown = f"waiting with {status.reason}"
    yield expect(status.reason in STARTING, what, shown)
    if pod.uid in notes.get("shows-events", {}):
        is_told = pod.uid in notes.get("failed mounts", {})
        yield expect(is_told, what, f"{shown}, and no Event FailedMount")


def _from_now(pod: Pod, reference: Reference, seen: Seen) -> Iterator[Outcome]:
    """Now that it is there, the Pod starts; documented, it came too late."""
    if seen.profile.config_map_comes_first:
        yield held(RULE)
        return
    waiting = [
        name
        for name, status in pod.statuses.items()
        if status.state == "waiting"
        and (status.reason == CONFIG_ERROR if reference.container else _waits_for_volumes(status))
        and reference.container in ("", name)
    ]
    if not waiting or _lacks_another(pod, reference, seen):
        return
    yield Obligation(
        what=f"container {waiting[0]} of {pod.key[2]} starts by itself, now that there is"
        f" {_named(reference)}",
        settled=_starts(pod.uid, waiting, in_general=not reference.container),
        not_after=seen.at + MOUNT_RETRY + 2 * seen.tolerance.lateness,
        disturbed_by=UNSETTLING,
        on=pod.key,
    )


def _waits_for_volumes(status: ContainerStatus) -> bool:
    """Whether nobody has tried to start it yet: who has been tried has had its volumes before."""
    return not status.has_run and status.reason in STARTING


def _lacks_another(pod: Pod, reference: Reference, seen: Seen) -> bool:
    """Whether something else that the Pod refers to is, or may be, missing."""
    if any(
        (each.get("hostPath") or {}).get("type") for each in pod.spec.manifest.get("volumes") or ()
    ):
        return True  # its type may not be what is there
    own = {reference.config_map: seen.manifest}
    for each in references(pod.spec.manifest):
        there = own.get(each.config_map) or seen.world.view(
            "ConfigMap", pod.key[1], each.config_map
        )
        if not each.is_met(there):
            return True
    return False


def _starts(
    uid: str, names: list[str], *, in_general: bool
) -> Callable[[Seen], Held | Breach | Void | None]:
    """Settled once one of them has gone on: it runs, or something else is in its way."""

    def settled(seen: Seen) -> Held | Void | None:
        pod: Pod = seen.now
        if seen.type == "DELETED" or pod.uid != uid or pod.deletion_timestamp is not None:
            return VOID
        if pod.phase in ("Succeeded", "Failed"):
            return VOID
        for name in names:
            status: Any = pod.statuses.get(name)
            if status is None:
                continue
            if status.state != "waiting" or status.has_run:
                return HELD
            if status.reason not in ((*STARTING,) if in_general else (*STARTING, CONFIG_ERROR)):
                return HELD if in_general else VOID
        return None

    return settled
