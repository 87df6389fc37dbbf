"""PROBE-013 and TERM-008: Services that send traffic to Pods that cannot take it."""

from __future__ import annotations

from typing import Any, Final

from attrs import evolve

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.endpoints import is_serving
from conformance.mutants import SIMULATOR, mutant

ENDPOINTS: Final = f"{SIMULATOR}.controllers.endpoints"


@mutant("PROBE-013", f"{ENDPOINTS}:is_serving")
def every_pod_serves(_: Any) -> Any:
    """The endpoints of a Service are ready whether or not their Pods are."""
    return lambda _: True


@mutant("PROBE-013", f"{ENDPOINTS}:is_serving", profile="documented")
def every_pod_serves_documented(_: Any) -> Any:
    """The address of an unready Pod stays among the endpoints of a Service."""
    return lambda _: True


@mutant("TERM-008", f"{ENDPOINTS}:is_ready")
def a_deleted_pod_takes_traffic(_: Any) -> Any:
    """The endpoint of a Pod stays ready while the Pod is being deleted."""
    return lambda pod, _: any(
        each["type"] == "Ready" and each["status"] == "True"
        for each in (pod.get("status") or {}).get("conditions") or ()
    )


@mutant("TERM-008", f"{ENDPOINTS}:EndpointsController._pods", profile="documented")
def a_deleted_pod_stays_an_endpoint(original: Any) -> Any:
    """The address of a Pod that is being deleted stays among the endpoints of a Service."""

    def pods(controller: Any, service: Any) -> Any:
        strict = controller.settings
        controller.settings = evolve(strict, endpoints_only_ready=False)
        try:
            found = original(controller, service)
        finally:
            controller.settings = strict
        return [pod for pod in found if meta.is_deleting(pod) or is_serving(pod)]

    return pods
