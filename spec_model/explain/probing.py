"""Which probes would restart a container, make it unready or hold it back, and when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from spec_model import objects
from spec_model.explain.statement import Statement, Statements
from spec_model.pod.probes import FAILURE, TIMEOUT, earliest, latest
from spec_model.profiles import Profile
from spec_model.validation.common import holds_in

FATES: Final[Mapping[str, tuple[str, str]]] = {
    "liveness": ("killed", "PROBE-011"),
    "readiness": ("not ready", "PROBE-012"),
    "startup": ("killed", "PROBE-014"),
}
"""By probe, what its failure makes of a container, and the rule that says so."""


def statements(view: objects.Pod, profile: Profile) -> Statements:
    """What each probe would do, and which of them keeps a container from being ready."""
    if objects.is_static(view.manifest) and not profile.static_pods_probed:
        yield Statement("probes", "none: nobody probes a static Pod", "STATIC-005")
        return
    for container in (*view.spec.init_containers, *view.spec.containers):
        for probe in container.probes.values():
            if holds_in(profile, FATES[probe.kind][1]):
                yield from _one(view, container, probe, profile)
        yield from _held_back(view, container)


def _one(
    view: objects.Pod, container: objects.Container, probe: objects.Probe, profile: Profile
) -> Statements:
    about = f"{probe.kind} probe, {container.name}"
    fate, rule = FATES[probe.kind]
    often = f"every {probe.period:g} s from {probe.delay:g} s after the start"
    yield Statement(about, often, "PROBE-005")
    first = earliest(probe, 0.0, FAILURE, profile)
    last = latest(probe, 0.0, FAILURE, profile)
    times = f"{probe.failures} failures in a row, {first:g} to {last:g} s"
    yield Statement(f"{about}, failing", f"{fate} after {times}", rule)
    if probe.kind == "liveness" and profile.probe_timeout_is_fatal:
        soonest = earliest(probe, 0.0, TIMEOUT, profile)
        yield Statement(f"{about}, timing out", f"killed after {soonest:g} s", "PROBE-010")
    if probe.kind != "readiness":
        yield _then(view, container, probe)


def _then(view: objects.Pod, container: objects.Container, probe: objects.Probe) -> Statement:
    """How long it has to end, and whether it comes back: whatever its exit code, unless under Never."""
    grace = probe.grace
    if grace is None:
        grace = view.spec.manifest.get("terminationGracePeriodSeconds", 30)
    policy = container.restart_policy or view.spec.restart_policy
    after = "is not restarted: policy Never" if policy == "Never" else "is restarted"
    about = f"{probe.kind} probe, {container.name}, killed"
    return Statement(about, f"{max(int(grace), 1)} s to end in, then {after}", FATES[probe.kind][1])


def _held_back(view: objects.Pod, container: objects.Container) -> Statements:
    status = view.statuses.get(container.name)
    if status is None or status.state != "running" or status.ready:
        return
    kind = "startup" if "startup" in container.probes and not status.started else "readiness"
    if kind in container.probes:
        says = f"not ready until its {kind} probe succeeds"
        yield Statement(f"container {container.name}", says, FATES[kind][1])
