"""Services, and the endpoints that are made for them."""

from __future__ import annotations

from typing import Final

from conformance.adapters.simulator.api import names, probes
from conformance.adapters.simulator.api.fields import Problems
from conformance.adapters.simulator.api.strategy import Strategy
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.settings import Settings

HEADLESS: Final = "None"
_PROTOCOLS: Final = frozenset({"TCP", "UDP", "SCTP"})
_TYPES: Final = frozenset({"ClusterIP", "NodePort", "LoadBalancer", "ExternalName"})


class ServiceStrategy(Strategy):
    """A name for the Pods that a selector matches."""

    kind = "Service"
    counts_generations = False

    def default(self, manifest: Object, settings: Settings) -> None:
        spec = manifest["spec"] = manifest.get("spec") or {}
        spec["type"] = spec.get("type") or "ClusterIP"
        spec["sessionAffinity"] = spec.get("sessionAffinity") or "None"
        for port in spec.get("ports") or ():
            port["protocol"] = port.get("protocol") or "TCP"
            if port.get("targetPort") in (None, "", 0):
                port["targetPort"] = port.get("port")

    def prepare(self, manifest: Object, settings: Settings) -> None:
        manifest["status"] = {"loadBalancer": {}}

    def validate(self, manifest: Object, problems: Problems, settings: Settings) -> None:
        spec = manifest["spec"]
        problems.one_of("spec.type", spec["type"], _TYPES)
        ports = spec.get("ports") or ()
        if not ports and spec.get("clusterIP") != HEADLESS and spec["type"] != "ExternalName":
            problems.required("spec.ports")
        names.validate_labels(spec.get("selector"), "spec.selector", problems)
        for index, port in enumerate(ports):
            _validate_port(port, f"spec.ports[{index}]", len(ports) > 1, problems)


class EndpointSliceStrategy(Strategy):
    """Addresses of a Service with their conditions."""

    kind = "EndpointSlice"
    content = ("addressType", "endpoints", "ports")


class EndpointsStrategy(Strategy):
    """Addresses of a Service, as they were written before there were slices."""

    kind = "Endpoints"
    counts_generations = False
    content = ("subsets",)


def _validate_port(port: Object, path: str, is_one_of_many: bool, problems: Problems) -> None:
    if is_one_of_many and not port.get("name"):
        problems.required(f"{path}.name")
    if not probes.is_port_number(port.get("port")):
        problems.invalid(f"{path}.port", port.get("port"))
    problems.one_of(f"{path}.protocol", port["protocol"], _PROTOCOLS)
