"""PROBE-013: an unready Pod gets no Service traffic.

What the endpoints of a Service show of a Pod follows the Pod's Ready condition a little later, in a
watch of its own. So it is looked at when an idle engine must have followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from spec_model.events import Manifest
from spec_model.law import Verdict, law, note
from spec_model.laws.phase import ABSORBING
from spec_model.objects import EMPTY, Pod
from spec_model.world import VOID, Breach, Held, Obligation, Seen, Void, World

RULE: Final = "PROBE-013"
SERVICE_NAME: Final = "kubernetes.io/service-name"
GONE: Final = "not listed"


@note("services", on="Service*")
def there_are_services(_: bool | None, __: Seen) -> bool:
    """Whether any Service was ever seen; most traces have none."""
    return True


@law(RULE, on="Pod", when="stirred")
def endpoints_follow_readiness(seen: Seen) -> Verdict:
    """The address of a Pod that is not ready stays in the slices, not ready; documented, it goes."""
    if not seen.world.notes.get("services") or seen.before is None:
        return None
    now = is_ready(seen.now)
    if is_ready(seen.before) == now or not _counts(seen.now):
        return None
    key, uid = seen.now.key, seen.now.uid

    def settled(later: Seen) -> Void | None:
        same = later.now.uid == uid and _counts(later.now) and later.type != "DELETED"
        return None if same and is_ready(later.now) == now else VOID

    return Obligation(
        what=f"the endpoints of its Services show the Pod {'ready' if now else 'not ready'}",
        settled=settled,
        overdue=lambda world: _as_shown(world, key, now),
        not_after=seen.at + seen.tolerance.lateness,
        disturbed_by=frozenset({"patch", "replace", "delete"}),
    )


def is_ready(pod: Pod) -> bool:
    """Whether the Ready condition is True."""
    return (pod.conditions.get("Ready") or EMPTY).get("status") == "True"


def _counts(pod: Pod) -> bool:
    """Whether a Pod is behind its Services: it has an address, is not over, and stays."""
    return bool(pod.pod_ip) and pod.phase not in ABSORBING and pod.deletion_timestamp is None


def _as_shown(world: World, key: tuple[str, str, str], ready: bool) -> Held | Breach | Void:
    pod: Pod | None = world.view(*key)
    if pod is None or not _counts(pod) or is_ready(pod) != ready:
        return VOID
    shown = [
        (where, state)
        for service in services_of(world, pod)
        for where, state in _shown(world, pod, service["metadata"]["name"])
    ]
    if not shown:
        return VOID  # the engine has no such Service, or shows no endpoints
    documented = world.setting.profile.name == "documented"
    wanted = "ready" if ready else GONE if documented else "not ready"
    wrong = [f"{where}: {state}" for where, state in shown if state != wanted]
    what = f"{pod.pod_ip} {wanted} in the endpoints of every Service of the Pod"
    return Breach(what, "; ".join(wrong)) if wrong else Held(RULE)


def services_of(world: World, pod: Pod) -> Iterator[Manifest]:
    """The Services whose selector matches the Pod, but those that publish whatever is not ready."""
    labels = pod.manifest["metadata"].get("labels") or EMPTY
    for known in world.of_kind("Service"):
        service, spec = known.view, known.view.get("spec") or EMPTY
        selector: Mapping[str, str] = spec.get("selector") or EMPTY
        if service["metadata"].get("namespace") != pod.key[1] or not selector:
            continue
        matches = all(labels.get(label) == value for label, value in selector.items())
        if matches and not spec.get("publishNotReadyAddresses"):
            yield service


def _shown(world: World, pod: Pod, service: str) -> Iterator[tuple[str, str]]:
    """What the Endpoints and the EndpointSlices of a Service say of the Pod's address."""
    slices = [
        known.view
        for known in world.of_kind("EndpointSlice")
        if known.view["metadata"].get("namespace") == pod.key[1]
        and (known.view["metadata"].get("labels") or EMPTY).get(SERVICE_NAME) == service
    ]
    if slices:
        found = [each for part in slices for each in part.get("endpoints") or () if _is(each, pod)]
        yield f"EndpointSlices of {service}", _state(found)
    endpoints: Manifest | None = world.view("Endpoints", pod.key[1], service)
    if endpoints is not None:
        yield f"Endpoints {service}", _listed(endpoints, pod)


def _is(endpoint: Mapping[str, Any], pod: Pod) -> bool:
    uid = (endpoint.get("targetRef") or EMPTY).get("uid")
    return uid == pod.uid if uid else pod.pod_ip in (endpoint.get("addresses") or ())


def _state(found: list[Mapping[str, Any]]) -> str:
    if not found:
        return GONE
    conditions = [each.get("conditions") or EMPTY for each in found]
    states = {(each.get("ready"), each.get("serving", each.get("ready"))) for each in conditions}
    names: dict[tuple[Any, Any], str] = {(True, True): "ready", (False, False): "not ready"}
    return names.get(states.pop(), str(conditions)) if len(states) == 1 else str(conditions)


def _listed(endpoints: Manifest, pod: Pod) -> str:
    for subset in endpoints.get("subsets") or ():
        for group, state in (("addresses", "ready"), ("notReadyAddresses", "not ready")):
            if any(each.get("ip") == pod.pod_ip for each in subset.get(group) or ()):
                return state
    return GONE
