"""What happens to a Pod if it is deleted now, and at which second; or is happening, if it is already."""

from __future__ import annotations

from datetime import UTC, datetime

from attrs import evolve

from spec_model import objects
from spec_model.explain.statement import Statement, Statements
from spec_model.pod.termination import LEAST, OVER, granted, kill_after
from spec_model.profiles import Profile

CONTROLLERS = ("ReplicaSet", "ReplicationController")


def statements(view: objects.Pod, profile: Profile) -> Statements:
    """Seconds are counted from the delete; of a Pod without a node, as if it were on one."""
    placed = evolve(view, spec=evolve(view.spec, node_name=view.spec.node_name or "node"))
    if view.deletion_timestamp is None:
        grace = granted(placed, None)
        says = f"{grace.value} s to end in" if grace.value else "goes at once"
        yield Statement("deleted now", says, grace.because)
        about, seconds = "deleted now", max(grace.value, 1)
        if view.phase in OVER:
            return
    else:
        given = view.manifest["metadata"].get("deletionGracePeriodSeconds") or 0
        end = datetime.fromtimestamp(view.deletion_timestamp, UTC).strftime("%H:%M:%S")
        yield Statement("being deleted", f"{given} s to end in, until {end} UTC", "TERM-002")
        about, seconds = "being deleted", max(int(given), 1)
    yield from _containers(view, seconds, about, profile)
    yield from _around(view, about, profile)


def _containers(view: objects.Pod, grace: int, about: str, profile: Profile) -> Statements:
    """App containers at once and side by side; sidecars behind them, the last one first."""
    for container in view.spec.containers:
        if _may_run(view, container):
            yield _kill(container, grace, about)
    behind = [container.name for container in view.spec.containers]
    sidecars = [each for each in view.spec.init_containers if each.kind == "sidecar"]
    if not profile.container_restart_policy:
        return
    for sidecar in reversed(sidecars):
        if _may_run(view, sidecar):
            says = f"SIGTERM after {', '.join(behind)} ended, at {grace} s at the latest; SIGKILL"
            says = f"{says} at {grace} s, and {LEAST:g} s after SIGTERM at the earliest"
            yield Statement(f"sidecar {sidecar.name}, {about}", says, "TERM-007")
        behind.append(sidecar.name)


def _may_run(view: objects.Pod, container: objects.Container) -> bool:
    """Whether there may be something to stop; of a Pod without a status there will be."""
    status = view.statuses.get(container.name)
    return status is None or status.state == "running"


def _kill(container: objects.Container, grace: int, about: str) -> Statement:
    """SIGKILL when the grace period is over, but never sooner than two seconds after SIGTERM."""
    about = f"container {container.name}, {about}"
    hook = (container.manifest.get("lifecycle") or {}).get("preStop")
    sleep = (hook or {}).get("sleep")
    if hook and not sleep:
        says = f"preStop at 0 s; SIGTERM when it ends, at {grace} s at the latest; "
        says += f"SIGKILL at {kill_after(grace, 0):g} s, or {LEAST:g} s after a SIGTERM so late"
        return Statement(about, says, "TERM-006")
    first = min(float(sleep["seconds"]), grace) if sleep else 0.0
    says = f"SIGTERM after {first:g} s, SIGKILL after {kill_after(grace, first):g} s"
    return Statement(about, says, "TERM-006")


def _around(view: objects.Pod, about: str, profile: Profile) -> Statements:
    """Who brings it back, who holds it, and what its Services show of it meanwhile."""
    metadata = view.manifest.get("metadata") or {}
    if objects.is_static(view.manifest):
        says = "a mirror Pod: a new one comes, and its containers run on"
        yield Statement(about, says, "STATIC-003")
    for owner in metadata.get("ownerReferences") or ():
        if owner.get("controller") and owner.get("kind") in CONTROLLERS:
            says = f"{owner['kind']} {owner.get('name')} makes another one at once"
            yield Statement(about, says, "TERM-010")
    if held := metadata.get("finalizers"):
        says = f"stays as an object until nobody holds it: {', '.join(held)}"
        yield Statement(about, says, "TERM-011")
    if view.pod_ip:
        says = "leaves the endpoints of its Services"
        if profile.terminating_endpoints_stay:
            says = "stays in the EndpointSlices of its Services as terminating, not ready"
        yield Statement(f"endpoints, {about}", says, "TERM-008")
