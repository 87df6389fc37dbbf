"""INIT-011: sidecars, which are init containers that go on running. The source document has none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spec_model.events import Manifest, Rejected
from spec_model.law import Verdict, expect, law
from spec_model.laws.backoff import is_finishing, is_held_up, restart_expected, until_restarted
from spec_model.laws.init import ahead_of, is_over, not_up, started_now
from spec_model.laws.ladders import UPSETS, ladder_of, terms_of
from spec_model.laws.phase import ABSORBING
from spec_model.objects import EMPTY
from spec_model.pod.ladder import cost, latest
from spec_model.pod.termination import GRACE
from spec_model.world import HELD, VOID, Breach, Done, Held, Obligation, Seen, SeenContainer, Void

PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")


def has_sidecar(seen: Seen) -> bool:
    """Whether the Pod has a sidecar, and the profile knows of such a thing."""
    if not seen.profile.container_restart_policy:
        return False
    return any(container.kind == "sidecar" for container in seen.now.spec.init_containers)


@law("INIT-011", on="init container", when=("begun", "ended"))
@law("INIT-011", on="sidecar", when=("begun", "ended"))
def the_next_starts_once_a_sidecar_has_started(seen: SeenContainer) -> Verdict:
    """Sidecars start in order; what comes after one waits until it is Started."""
    if not has_sidecar(seen.pod):
        return None
    if seen.now.restart_count or (start := started_now(seen)) is None:
        return None
    if not any(container.kind == "sidecar" for container in ahead_of(seen)):
        return None
    lacking = ", ".join(not_up(seen, start))
    return expect(
        not lacking,
        f"container {seen.spec.name} starts after the sidecars before it",
        f"it was started, and {lacking}",
    )


@law("INIT-011", on="sidecar")
def a_sidecar_always_restarts(seen: SeenContainer) -> Verdict:
    """It restarts on any exit, whatever the policy of the Pod."""
    if (ladder := ladder_of(seen)) is None:
        return None
    if ladder.restart is not None:
        return HELD if seen.pod.profile.container_restart_policy else None
    if not ladder.ended or not has_sidecar(seen.pod):
        return None
    if is_held_up(seen, ladder.run.finished_at) or not restart_expected(seen, ladder.run.exit_code):
        return None
    terms = terms_of(seen.pod)
    delay = cost(ladder, terms)[0].value
    return Obligation(
        what=f"sidecar {seen.spec.name} is run again",
        settled=until_restarted(seen.spec.name, ladder.run.number),
        not_after=seen.pod.at + latest(terms.constants.cap if delay is None else delay, terms),
        disturbed_by=frozenset(UPSETS),
    )


@law("INIT-011", on="Pod with init containers")
def a_sidecar_counts_in_ready(seen: Seen) -> Verdict:
    """A Pod is Ready only while its sidecars are."""
    if (seen.now.conditions.get("Ready") or EMPTY).get("status") != "True" or not has_sidecar(seen):
        return None
    unready = [
        container.name
        for container in seen.now.spec.init_containers
        if container.kind == "sidecar"
        and (status := seen.now.statuses.get(container.name)) is not None
        and not status.ready
    ]
    return expect(
        not unready, "Ready only while all sidecars are", f"Ready, with {', '.join(unready)} not"
    )


@law("INIT-011", on="Pod with init containers")
def a_sidecar_does_not_keep_the_pod(seen: Seen) -> Verdict:
    """When the app containers have ended for good, sidecars are stopped and the Pod ends."""
    if not has_sidecar(seen) or seen.before is None or is_over(seen):
        return None
    if not is_finishing(seen.now, seen.profile) or is_finishing(seen.before, seen.profile):
        return None
    grace = seen.now.spec.manifest.get("terminationGracePeriodSeconds")
    return Obligation(
        what="a final phase, for its app containers have ended and sidecars do not count",
        settled=_ends,
        not_after=seen.at + (GRACE if grace is None else grace) + 2 * seen.tolerance.lateness,
        disturbed_by=frozenset(UPSETS),
    )


def _ends(later: Seen) -> Held | Void | None:
    if later.now.phase in ABSORBING:
        return HELD
    return VOID if is_over(later) else None


@law("INIT-011", on="create Pod")
def a_sidecar_may_be_probed(done: Done) -> Verdict:
    """Unlike a regular init container, it may have all probes."""
    manifest = done.arguments["object"]
    if not done.profile.container_restart_policy:
        return None
    probed = set(_probes_of_sidecars(manifest.get("spec") or EMPTY))
    if not probed:
        return None
    if not isinstance(done.response, Rejected):
        return HELD
    refused = probed.intersection(cause.field for cause in done.response.causes)
    return Breach("sidecars may have probes", f"refused: {', '.join(refused)}") if refused else None


def _probes_of_sidecars(spec: Manifest) -> Iterator[str]:
    for index, container in enumerate(spec.get("initContainers") or ()):
        if container.get("restartPolicy") == "Always":
            yield from (
                f"spec.initContainers[{index}].{probe}" for probe in PROBES if container.get(probe)
            )
