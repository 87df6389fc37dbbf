"""What the API fills into a Pod or a Pod template (k8s pkg/apis/core/v1/defaults.go).

Every function changes the private copy it is given.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from conformance.adapters.simulator import errors, quantity, resources
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.settings import Settings

SPEC_DEFAULTS: Final[dict[str, Any]] = {
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "schedulerName": "default-scheduler",
}

CONTAINER_DEFAULTS: Final[dict[str, Any]] = {
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}

PROBE_DEFAULTS: Final[dict[str, Any]] = {
    "timeoutSeconds": 1,
    "periodSeconds": 10,
    "successThreshold": 1,
    "failureThreshold": 3,
}

_PART: Final = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_IMAGE: Final = re.compile(
    rf"(?:[a-zA-Z0-9.-]+(?::[0-9]+)?/)?{_PART}(?:/{_PART})*"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?(?:@(?P<digest>.+))?",
    re.ASCII,
)
_FILE_MODE: Final = 0o644
_FILE_SOURCES: Final = ("secret", "configMap", "downwardAPI", "projected")
_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")


def default_pod(pod: Object, settings: Settings) -> None:
    """A Pod: its spec as in a template, and what only Pods get (RESOURCE-004)."""
    spec = pod["spec"] = pod.get("spec") or {}
    default_spec(spec, settings)
    if settings.resource_limit_becomes_request:
        for container in _containers(spec):
            if held := container["resources"]:
                default_requests(held)
        if spec.get("resources"):
            default_pod_level_requests(spec)
    spec.setdefault("enableServiceLinks", True)


def default_spec(spec: Object, settings: Settings) -> None:
    """The spec of a Pod or of a template (RESTART-001: an absent restartPolicy is Always)."""
    if not settings.pod_level_resources:
        spec.pop("resources", None)
    for field, value in SPEC_DEFAULTS.items():
        if spec.get(field) in (None, ""):
            spec[field] = value
    if spec.get("securityContext") is None:
        spec["securityContext"] = {}
    for volume in spec.get("volumes") or ():
        _default_volume(volume)
    for container in _containers(spec):
        _default_container(container, bool(spec.get("hostNetwork")), settings)
    if spec.get("overhead"):
        round_resource_list(spec["overhead"], settings)
    if spec.get("resources"):
        _round_resources(spec["resources"], settings)


def default_requests(held: Object) -> None:
    """A limit without a request is the request too, resource by resource (RESOURCE-004)."""
    limits = held.get("limits")
    if limits:
        held["requests"] = {**limits, **(held.get("requests") or {})}


def default_pod_level_requests(spec: Object) -> None:
    """Pod-level requests that are missing: what the containers need, else the Pod-level limit."""
    held = spec["resources"]
    limits = {name: text for name, text in (held.get("limits") or {}).items() if _shared(name)}
    needed = {
        name: _text_of(name, amount)
        for name, amount in resources.aggregate_requests(spec).items()
        if _shared(name)
    }
    requests = {**limits, **needed, **(held.get("requests") or {})}
    if requests:
        held["requests"] = requests


def round_resource_list(listed: Object, settings: Settings) -> None:
    """Every entry canonical and rounded up to milli; what is no quantity does not decode."""
    for name, text in listed.items():
        listed[name] = canonical(text, settings, round_to_milli=True)


def canonical(value: Any, settings: Settings, *, round_to_milli: bool = False) -> str:
    """The canonical text of a quantity that a client wrote (RESOURCE-001, RESOURCE-002).

    Raises:
        ApiError: 400, it cannot be read as one.
    """
    text = str(value).strip()
    try:
        if round_to_milli:
            return quantity.rounded_to_milli(text, settings.accepts_suffix_upper_k)
        return quantity.parse(text, settings.accepts_suffix_upper_k).canonical
    except ValueError as error:
        raise errors.bad_request(_UNREADABLE[str(error)].format(text)) from None


_UNREADABLE: Final = {
    "format": "quantities must match the regular expression "
    "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$': {!r}",
    "suffix": "unable to parse quantity's suffix: {!r}",
}


@lru_cache(maxsize=4096)
def default_image_pull_policy(image: str) -> str:
    """Always for the tag ``latest``, said or unsaid; IfNotPresent for any other image.

    What cannot be read as the name of an image has no tag at all.
    """
    reference = _IMAGE.fullmatch(image)
    if reference is None or reference["digest"]:
        return "IfNotPresent"
    return "Always" if reference["tag"] in (None, "latest") else "IfNotPresent"


def _default_container(container: Object, host_network: bool, settings: Settings) -> None:
    for field, value in CONTAINER_DEFAULTS.items():
        if not container.get(field):
            container[field] = value
    if not container.get("imagePullPolicy"):
        container["imagePullPolicy"] = default_image_pull_policy(container.get("image") or "")
    if held := container.get("resources"):
        _round_resources(held, settings)
    elif held is None:
        container["resources"] = {}
    for port in container.get("ports") or ():
        port["protocol"] = port.get("protocol") or "TCP"
        follows = host_network or settings.host_port_follows  # NETWORK-004
        if follows and not port.get("hostPort") and port.get("containerPort"):
            port["hostPort"] = port["containerPort"]
    for variable in container.get("env") or ():
        reference = (variable.get("valueFrom") or {}).get("fieldRef")
        if reference is not None:
            reference.setdefault("apiVersion", "v1")
    for kind in _PROBES:
        if container.get(kind) is not None:
            _default_probe(container[kind])
    for hook in (container.get("lifecycle") or {}).values():
        if isinstance(hook, dict):
            _default_handler(hook)


def _default_probe(probe: Object) -> None:
    for field, value in PROBE_DEFAULTS.items():
        if not probe.get(field):
            probe[field] = value
    _default_handler(probe)


def _default_handler(handler: Object) -> None:
    request = handler.get("httpGet")
    if request is not None:
        request["path"] = request.get("path") or "/"
        request["scheme"] = request.get("scheme") or "HTTP"
    if handler.get("grpc") is not None:
        handler["grpc"].setdefault("service", "")


def _default_volume(volume: Object) -> None:
    if all(field == "name" or value is None for field, value in volume.items()):
        volume["emptyDir"] = {}
    for source in _FILE_SOURCES:
        if volume.get(source) is not None:
            volume[source].setdefault("defaultMode", _FILE_MODE)
    if volume.get("hostPath") is not None:
        volume["hostPath"].setdefault("type", "")
    for item in (volume.get("downwardAPI") or {}).get("items") or ():
        if item.get("fieldRef") is not None:
            item["fieldRef"].setdefault("apiVersion", "v1")


def _round_resources(held: Object, settings: Settings) -> None:
    for listed in (held.get("requests"), held.get("limits")):
        if listed:
            round_resource_list(listed, settings)


def _containers(spec: Object) -> tuple[Object, ...]:
    return (*(spec.get("initContainers") or ()), *(spec.get("containers") or ()))


def _shared(resource: str) -> bool:
    return resources.is_pod_level(resource)


def _text_of(resource: str, amount: int) -> str:
    if resource == "memory" and amount % 1000 == 0:
        return quantity.format_bytes(amount // 1000)
    return quantity.format_milli(amount)
