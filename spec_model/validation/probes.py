"""Probes and lifecycle hooks (PROBE-002, PROBE-015, TERM-005).

After ``pkg/apis/core/validation.validateProbe`` and ``validateHandler``.
"""

from __future__ import annotations

from typing import Any, Final

from spec_model.events import Manifest
from spec_model.profiles import Profile
from spec_model.validation.common import (
    FORBIDDEN,
    INVALID,
    NOT_SUPPORTED,
    REQUIRED,
    Fault,
    Faults,
    is_port_name,
)

PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")
HOOKS: Final = ("postStart", "preStop")
HANDLERS: Final = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
"""In the order in which they are looked at: the first one given is the one that counts."""

PROBE_HANDLERS: Final = HANDLERS[:-1]
"""A probe does not sleep."""

COUNTS: Final = (
    *("initialDelaySeconds", "timeoutSeconds", "periodSeconds"),
    *("successThreshold", "failureThreshold"),
)
SCHEMES: Final = ("HTTP", "HTTPS")


def probe_faults(container: Manifest, path: str, profile: Profile) -> Faults:
    """What is wrong with the probes of a container that may have them."""
    for kind in PROBES:
        probe = container.get(kind)
        if probe is None:
            continue
        at = f"{path}.{kind}"
        unheard = {each: None for each in PROBE_HANDLERS if each not in profile.probe_handlers}
        yield from handler_faults({**probe, **unheard}, at, "PROBE-015", profile)
        for count in COUNTS:
            if (probe.get(count) or 0) < 0:
                yield Fault(f"{at}.{count}", INVALID, "PROBE-002", "must not be negative")
        if kind != "readinessProbe" and (probe.get("successThreshold") or 1) > 1:
            yield Fault(f"{at}.successThreshold", INVALID, "PROBE-002", "must be 1")


def lifecycle_faults(container: Manifest, grace: int, path: str, profile: Profile) -> Faults:
    """What is wrong with the hooks of a container whose Pod has that grace period, in seconds."""
    lifecycle = container.get("lifecycle") or {}
    for hook in HOOKS:
        handler = lifecycle.get(hook)
        if handler is None:
            continue
        at = f"{path}.lifecycle.{hook}"
        yield from handler_faults(handler, at, "TERM-005", profile)
        if first_handler(handler) == "sleep" and not 0 <= _seconds(handler["sleep"]) <= grace:
            message = f"must be between 0 and the grace period of {grace} s"
            yield Fault(f"{at}.sleep", INVALID, "TERM-005", message)


def handler_faults(handler: Manifest, path: str, rule: str, profile: Profile) -> Faults:
    """A handler is exactly one thing, and that can be reached."""
    given = [name for name in HANDLERS if handler.get(name) is not None]
    if not given:
        yield Fault(path, REQUIRED, rule, "must specify a handler type")
        return
    for further in given[1:]:
        message = "may not specify more than 1 handler type"
        yield Fault(f"{path}.{further}", FORBIDDEN, rule, message)
    action = handler[given[0]]
    if given[0] in ("httpGet", "tcpSocket", "grpc"):
        yield from _port_faults(action.get("port"), f"{path}.{given[0]}.port", rule, profile)
    if given[0] == "httpGet" and (action.get("scheme") or "HTTP") not in SCHEMES:
        yield Fault(f"{path}.httpGet.scheme", NOT_SUPPORTED, rule, "must be HTTP or HTTPS")


def first_handler(handler: Manifest) -> str | None:
    """The handler that counts."""
    return next((name for name in HANDLERS if handler.get(name) is not None), None)


def _port_faults(port: Any, path: str, rule: str, profile: Profile) -> Faults:
    if isinstance(port, str):
        if not is_port_name(port):
            yield Fault(path, INVALID, rule, "must be an IANA service name")
    elif not 1 <= (port or 0) <= profile.highest_probe_port:
        message = f"must be between 1 and {profile.highest_probe_port}"
        yield Fault(path, INVALID, rule, message)


def _seconds(sleep: Manifest) -> int:
    return int(sleep.get("seconds") or 0)
