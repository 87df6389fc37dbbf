"""What the law makes of a manifest, statement by statement, each with the rule that says so.

Several objects may be explained together: a claim is then matched with the volumes beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from attrs import evolve, frozen

from spec_model import objects
from spec_model.events import Manifest
from spec_model.pod.init import next_to_run
from spec_model.pod.phase import pod_phase
from spec_model.pod.probes import FAILURE, earliest, latest
from spec_model.pod.restart import should_restart
from spec_model.pod.termination import LEAST, granted, kill_after
from spec_model.profiles import V1_36, Profile
from spec_model.quantity import QuantityError, milli, whole
from spec_model.resources.oom import score_adj
from spec_model.resources.qos import qos_class
from spec_model.resources.requests import effective_requests
from spec_model.storage.lifecycle import reclaim_policy
from spec_model.storage.matching import legal_matches
from spec_model.validation import validate
from spec_model.validation.common import holds_in
from spec_model.validation.defaults import defaults
from spec_model.workloads.hpa import may_scale
from spec_model.workloads.hpa_limits import limited


@frozen
class Statement:
    """One thing the law says of an object; ``about`` is what it is about, ``fault`` a refusal."""

    about: str
    says: str
    rule: str
    fault: bool = False


Statements: TypeAlias = Iterator[Statement]
Others: TypeAlias = Sequence[Manifest]
GIB: Final = 1024**3


def explain(
    manifest: Manifest,
    others: Others = (),
    *,
    profile: Profile = V1_36,
    node_memory_bytes: int = 8 * GIB,
) -> tuple[Statement, ...]:
    """Everything the law says of a manifest: its faults; without any, what follows from it.

    ``others`` are objects that exist beside it; ``node_memory_bytes`` is the memory capacity of the
    node on which a Pod would run.
    """
    faults = tuple(
        Statement(fault.field, fault.message, fault.rule, fault=True)
        for fault in validate(manifest, profile)
    )
    if faults:
        return faults
    consequences = KINDS.get(manifest.get("kind", ""))
    filled = tuple(
        Statement(f"default {each.field}", _short(each.value), each.rule)
        for each in defaults(manifest, profile)
        if each.value is not None
    )
    if consequences is None:
        return filled
    return filled + tuple(consequences(manifest, others, profile, node_memory_bytes))


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _pod(manifest: Manifest, _: Others, profile: Profile, node_memory: int) -> Statements:
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


def _volume(manifest: Manifest, _: Others, __: Profile, ___: int) -> Statements:
    policy = reclaim_policy(manifest)
    fates = {
        "Retain": "stays, phase Released, until an administrator frees it",
        "Delete": "is deleted with what backs it",
        "Recycle": "is scrubbed and Available again",
    }
    rules = {"Retain": "PV-006", "Delete": "PV-007", "Recycle": "PV-008"}
    yield Statement("reclaim policy", policy.value, policy.because)
    yield Statement("when its claim is deleted", fates[policy.value], rules[policy.value])


def _claim(manifest: Manifest, others: Others, profile: Profile, _: int) -> Statements:
    volumes = [each for each in others if each.get("kind") == "PersistentVolume"]
    if not volumes:
        yield Statement("binding", "Pending while no volume matches", "PV-005")
        return
    available = [
        {**each, "status": each.get("status") or {"phase": "Available"}} for each in volumes
    ]
    legal = legal_matches(manifest, available, profile=profile)
    says = " or ".join(sorted(legal.value)) or "none of the volumes given: Pending"
    yield Statement("volume to be bound", says, legal.because)


def _autoscaler(manifest: Manifest, _: Others, profile: Profile, __: int) -> Statements:
    spec = manifest["spec"]
    target = spec.get("scaleTargetRef") or {}
    scalable = may_scale(target.get("kind", ""), profile)
    says = "can be scaled" if scalable.value else "cannot be scaled"
    yield Statement(f"target {target.get('kind')} {target.get('name')}", says, scalable.because)
    minimum, maximum = spec.get("minReplicas", 1), spec["maxReplicas"]
    yield Statement("replicas", f"between {minimum} and {maximum}", "HPA-005")
    yield Statement("looks again", f"every {profile.hpa.sync_period:g} s", "HPA-001")
    if "behavior" not in spec:
        for current in (1, 2, 4):
            fastest = limited(current, 10**6, minimum, maximum, profile)
            about = f"at the most from {current} in one step"
            yield Statement(about, str(fastest.value.replicas), fastest.because)


KINDS: Final[Mapping[str, Callable[[Manifest, Others, Profile, int], Statements]]] = {
    "Pod": _pod,
    "PersistentVolume": _volume,
    "PersistentVolumeClaim": _claim,
    "HorizontalPodAutoscaler": _autoscaler,
}
