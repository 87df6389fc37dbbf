"""What follows from a Pod: its class, its requests, its phase, and what the other modules say of it."""

from __future__ import annotations

from spec_model import objects
from spec_model.events import Manifest
from spec_model.explain import claims, contents, ending, networks, probing, readiness, scheduling
from spec_model.explain.statement import Others, Statement, Statements
from spec_model.pod.init import next_to_run
from spec_model.pod.phase import pod_phase
from spec_model.pod.restart import should_restart
from spec_model.profiles import Profile
from spec_model.quantity import QuantityError, milli, whole
from spec_model.resources.oom import score_adj
from spec_model.resources.qos import qos_class
from spec_model.resources.requests import effective_requests


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
    phase = pod_phase(view, profile=profile)
    yield Statement("phase expected", phase.value, phase.because)
    yield from readiness.statements(view, others, profile)
    yield from probing.statements(view, profile)
    yield from contents.statements(manifest, view, others, profile)
    yield from networks.statements(manifest, view, others, profile)
    yield from claims.of_pod(manifest, others, profile)
    if phase.value == "Pending" or view.spec.node_name:
        yield from scheduling.statements(manifest, others, profile)
    yield from ending.statements(view, profile)


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


def _amount(name: str, nano: int) -> str:
    return f"{milli(nano)}m" if name == "cpu" else str(whole(nano))
