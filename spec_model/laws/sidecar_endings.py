"""TERM-007 and PROBE-017: sidecars of a Pod that ends wait for their turn, and are asked whether they live.

A sidecar's liveness probe is not stopped by the deletion, as those of app containers are. What its
failure does then no rule says; that it was made shows in an Event.
"""

from __future__ import annotations

from typing import Any, Final

from spec_model.events import Rejected
from spec_model.law import Verdict, expect, held, law
from spec_model.laws.ladders import UPSETS
from spec_model.laws.node_loss import is_attended
from spec_model.laws.phase import ABSORBING
from spec_model.laws.probe_answers import told, unhealthy
from spec_model.laws.termination import Deletion, deletion_of, ended_now, is_steered, name_of
from spec_model.objects import Container, ContainerStatus, Pod, Probe
from spec_model.pod.probes import FAILURE, SUCCESS, result
from spec_model.world import (
    VOID,
    Breach,
    Done,
    Obligation,
    Outcome,
    Seen,
    SeenContainer,
    Void,
    World,
)

ASKED: Final = "PROBE-017"


@law("TERM-007", on="sidecar", when="ended")
def a_sidecar_waits_for_its_turn(seen: SeenContainer) -> Verdict:
    """It ends after all app containers and all sidecars behind it, or when the time is used up."""
    run, known = ended_now(seen), deletion_of(seen.pod)
    if run is None or known is None or not seen.pod.profile.container_restart_policy:
        return None
    if name_of(seen) not in known.manners or not is_steered(seen, known, run):
        return None
    early = seen.pod.tolerance.truncation if seen.pod.world.setting.clock == "real" else 0.0
    used_up = known.begun[-1].at + known.begun[-1].grace
    finished = run.finished_at or 0.0
    if finished >= used_up - early:
        return None
    return tuple(_after(seen, name, finished, early) for name in _first(seen, known)) or None


def _first(seen: SeenContainer, known: Deletion) -> list[str]:
    """Whom it waits for, of those that ran when the Pod was deleted."""
    spec = seen.pod.now.spec
    sidecars = [each.name for each in spec.init_containers if each.kind == "sidecar"]
    behind = sidecars[sidecars.index(seen.spec.name) + 1 :]
    names = (*(each.name for each in spec.containers), *behind)
    return [name for name in names if name in known.running]


def _after(seen: SeenContainer, name: str, finished: float, early: float) -> Outcome:
    other = seen.pod.now.statuses.get(name)
    what = f"sidecar {seen.spec.name} ends after container {name}"
    if other is None or other.state == "running":
        return Breach(what, f"container {name} still runs")
    ended = other.ended.finished_at if other.ended is not None else None
    if ended is None:
        return held("TERM-007")
    return expect(finished >= ended - early, what, f"{ended - finished:g} s before it")


# -- PROBE-017: it is asked whether it lives ---------------------------------------------------------


@law(ASKED, on="set-probe")
def a_sidecar_is_asked_to_the_end(done: Done) -> Verdict:
    """A liveness probe that fails from now on is told of by an Event, though the Pod is being deleted."""
    pod: Pod | None = done.world.view("Pod", done.arguments["namespace"], done.arguments["pod"])
    if pod is None or pod.deletion_timestamp is None or isinstance(done.response, Rejected):
        return None
    container = pod.spec.container(done.arguments["container"])
    probe = None if container is None else container.probes.get("liveness")
    if container is None or probe is None or done.arguments["probe"] != "liveness":
        return None
    status = pod.statuses.get(container.name)
    if container.kind != "sidecar" or status is None or not _goes_on(done.world, pod, status):
        return None
    before = told(done.world, pod, container, probe)
    if before is None or before.value != SUCCESS or "shows-events" not in done.world.notes:
        return None
    fails = result(probe, done.arguments["answer"], done.arguments.get("redirects", 0)).value
    return _owes_an_event(done, pod, container, probe) if fails == FAILURE else None


def _goes_on(world: World, pod: Pod, status: ContainerStatus) -> bool:
    """Whether a sidecar runs, has started, and is where a kubelet looks after it without delay."""
    is_up = status.state == "running" and bool(status.started)
    is_known = world.setting.clock == "virtual" and world.profile.container_restart_policy
    return is_up and is_known and is_attended(world, pod.spec.node_name)


def _owes_an_event(done: Done, pod: Pod, container: Container, probe: Probe) -> Obligation:
    status = pod.statuses[container.name]
    first = (status.started_at or 0.0) - done.world.setting.epoch + probe.delay

    def settled(later: Seen) -> Void | None:
        now = later.now.statuses.get(container.name)
        if later.now.uid != pod.uid or later.type == "DELETED" or later.now.phase in ABSORBING:
            return VOID
        runs_on = now is not None and now.container_id == status.container_id
        return None if runs_on and now is not None and now.state == "running" else VOID

    def overdue(world: World) -> Any:
        heard = unhealthy(world, pod, container, "liveness")
        return held(ASKED) if heard.at >= done.at else None

    return Obligation(
        what=f"an Event that the liveness probe of sidecar {container.name} has failed",
        settled=settled,
        not_after=max(done.at, first) + probe.period + done.world.setting.tolerance.lateness,
        disturbed_by=frozenset({*UPSETS, "set-probe", "exit", "allocate", "delete"}),
        on=pod.key,
        overdue=overdue,
    )
