"""TERM-008: what becomes of a Pod's endpoints while it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

from spec_model.events import Manifest
from spec_model.law import Verdict, expect, law
from spec_model.laws.deletion import in_time, is_marked
from spec_model.laws.node_loss import is_served
from spec_model.objects import EMPTY, Pod
from spec_model.pod.termination import OVER
from spec_model.world import HELD, VOID, Breach, Held, Obligation, Seen, Void, World

SERVICE: Final = "kubernetes.io/service-name"

Settled: TypeAlias = Callable[[Seen], Held | Breach | Void | None]


def endpoint_of(piece: Manifest, uid: str) -> Manifest | None:
    """The endpoint of an EndpointSlice, or the ready address of Endpoints, that stands for a Pod."""
    listed: list[Any] = list(piece.get("endpoints") or ())
    for subset in piece.get("subsets") or ():
        listed += subset.get("addresses") or ()
    for endpoint in listed:
        if (endpoint.get("targetRef") or EMPTY).get("uid") == uid:
            found: Manifest = endpoint
            return found
    return None


@law("TERM-008", on="Pod", when="marked")
def a_terminating_pod_is_no_ready_endpoint(seen: Seen) -> Verdict:
    """Endpoints drop it; EndpointSlices keep it to its end, as terminating and not ready."""
    pod: Pod = seen.now
    if not is_marked(seen) or seen.type == "DELETED" or pod.phase in OVER or not is_served(seen):
        return None
    return tuple(_owed(seen, pod)) or None


def _owed(seen: Seen, pod: Pod) -> Iterator[Obligation]:
    due = seen.at + seen.tolerance.lateness
    stays = seen.profile.terminating_endpoints_stay
    for kind in ("EndpointSlice", "Endpoints"):
        for known in seen.world.of_kind(kind):
            piece = known.manifest
            if endpoint_of(piece, pod.uid) is None or _publishes_all(piece, seen.world):
                continue
            key = (kind, piece["metadata"].get("namespace", ""), piece["metadata"]["name"])
            kept = kind == "EndpointSlice" and stays
            name = f"Pod {pod.key[2]}"
            what = f"{name} terminating and not ready" if kept else f"{name} listed no more"
            settled = _is_terminating(pod) if kept else _is_gone(pod.uid)
            yield Obligation(what=what, settled=in_time(what, due, settled), not_after=due, on=key)


def _publishes_all(piece: Manifest, world: World) -> bool:
    """Whether its Service lists Pods that are not ready among those that are."""
    metadata = piece["metadata"]
    name = (metadata.get("labels") or EMPTY).get(SERVICE) or metadata["name"]
    service = world.view("Service", metadata.get("namespace", ""), name)
    return bool(service and (service.get("spec") or EMPTY).get("publishNotReadyAddresses"))


def _is_gone(uid: str) -> Settled:
    def settled(seen: Seen) -> Held | Void | None:
        if seen.type == "DELETED":
            return VOID
        return HELD if endpoint_of(seen.manifest, uid) is None else None

    return settled


def _is_terminating(pod: Pod) -> Settled:
    """What is seen of the slice next: the endpoint as terminating, or none where the Pod is over."""

    def settled(seen: Seen) -> Held | Breach | Void | None:
        known: Pod | None = seen.world.view(*pod.key)
        if seen.type == "DELETED" or known is None or known.uid != pod.uid or known.phase in OVER:
            return VOID
        endpoint = endpoint_of(seen.manifest, pod.uid)
        if endpoint is None:
            return Breach("its endpoint, until the Pod is over", "none")
        conditions = endpoint.get("conditions") or EMPTY
        if not conditions.get("terminating"):
            return None
        return expect(conditions.get("ready") is False, "ready=false", f"{conditions}")

    return settled
