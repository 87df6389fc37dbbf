"""What follows from a Pod: its class, its requests, its phase, its probes, its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import evolve

from spec_model import objects
from spec_model.events import Manifest
from spec_model.explain import claims, scheduling
from spec_model.explain.statement import Others, Statement, Statements
from spec_model.pod.init import next_to_run
from spec_model.pod.phase import pod_phase
from spec_model.pod.probes import FAILURE, earliest, latest
from spec_model.pod.restart import should_restart
from spec_model.pod.termination import LEAST, granted, kill_after
from spec_model.profiles import Profile
from spec_model.quantity import QuantityError, milli, whole
from spec_model.resources.oom import score_adj
from spec_model.resources.qos import qos_class
from spec_model.resources.requests import effective_requests
from spec_model.validation.common import holds_in


def statements(
    manifest: Manifest, others: Others, profile: Profile, node_memory: int
) -> Statements:
    spec = manifest["spec"]
    try:
        quality = qos_class(spec, profile)
        yield Statement("QoS class", quality.value, quality.because)
        requests = effective_requests(spec, profile)
        for name, amount in sorted(requests.value.items()):
            yield Statement(f"effective request, {name}", _amount(name, amount), requests.because)
        for container in (*(spec.get("initContainers") or ()), *spec["containers"]):
            score = score_adj(manifest, container["name"], node_memory, profile)
            yield Statement(f"oom_score_adj, {container['name']}", str(score.value), score.because)
    except QuantityError as error:
        yield Statement("quantities", str(error), "RESOURCE-002", fault=True)
    view = objects.pod(manifest)
    yield from _containers(view, profile)
    yield from _probes(view, profile)
    phase = pod_phase(view, profile=profile)
    yield Statement("phase expected", phase.value, phase.because)
    yield from claims.of_pod(manifest, others, profile)
    if phase.value == "Pending" or view.spec.node_name:
        yield from scheduling.statements(manifest, others, profile)
    yield from _deletion(view)


def _deletion(view: objects.Pod) -> Statements:
    """What a delete does to the Pod once it is on a node, and when its containers are killed at last."""
    placed = evolve(view, spec=evolve(view.spec, node_name=view.spec.node_name or "node"))
    if view.deletion_timestamp is None:
        grace = granted(placed, None)
        says = f"{grace.value} s to end in" if grace.value else "goes at once"
        yield Statement("deleted now", says, grace.because)
        seconds = max(grace.value, 1)
        for container in view.spec.containers:
            yield _kill(container, seconds)


def _kill(container: objects.Container, grace: int) -> Statement:
    about = f"container {container.name}, deleted now"
    hook = (container.manifest.get("lifecycle") or {}).get("preStop")
    sleep = (hook or {}).get("sleep")
    if hook and not sleep:
        says = f"preStop, then SIGTERM; SIGKILL after {grace} to {grace + LEAST:g} s"
        return Statement(about, says, "TERM-006")
    first = min(float(sleep["seconds"]), grace) if sleep else 0.0
    says = f"SIGTERM after {first:g} s, SIGKILL after {kill_after(grace, first):g} s"
    return Statement(about, says, "TERM-006")


def _containers(view: objects.Pod, profile: Profile) -> Statements:
    """What becomes of each container that has ended, and which init container is next."""
    for container in (*view.spec.init_containers, *view.spec.containers):
        status = view.statuses.get(container.name)
        if status is not None and (run := status.ended) is not None:
            deleting = view.deletion_timestamp is not None
            restarts = should_restart(view.spec, container, run.exit_code, deleting, profile)
            says = "is restarted" if restarts.value else "is not restarted"
            about = f"container {container.name}, exited {run.exit_code}"
            yield Statement(about, says, restarts.because)
    if view.spec.init_containers:
        following = next_to_run(view, profile)
        yield Statement("init container to run", following.value or "none", following.because)


FATES: Final[Mapping[str, tuple[str, str]]] = {
    "liveness": ("killed", "PROBE-011"),
    "readiness": ("not ready", "PROBE-012"),
    "startup": ("killed", "PROBE-014"),
}
"""By probe, what its failure makes of a container, and the rule that says so."""


def _probes(view: objects.Pod, profile: Profile) -> Statements:
    """What each probe would do, and which of them keeps a container from being ready."""
    for container in (*view.spec.init_containers, *view.spec.containers):
        status = view.statuses.get(container.name)
        for probe in container.probes.values():
            about = f"{probe.kind} probe, {container.name}"
            fate, rule = FATES[probe.kind]
            if not holds_in(profile, rule):
                continue
            often = f"every {probe.period:g} s from {probe.delay:g} s after the start"
            yield Statement(about, often, "PROBE-005")
            first = earliest(probe, 0.0, FAILURE, profile)
            last = latest(probe, 0.0, FAILURE, profile)
            times = f"{probe.failures} failures in a row, {first:g} to {last:g} s"
            yield Statement(f"{about}, failing", f"{fate} after {times}", rule)
        if status is not None and status.state == "running" and not status.ready:
            startup = "startup" in container.probes and not status.started
            kind = "startup" if startup else "readiness"
            if kind in container.probes:
                says = f"not ready until its {kind} probe succeeds"
                yield Statement(f"container {container.name}", says, FATES[kind][1])


def _amount(name: str, nano: int) -> str:
    return f"{milli(nano)}m" if name == "cpu" else str(whole(nano))
