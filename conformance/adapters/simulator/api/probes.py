"""Probes and lifecycle hooks of a container."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from conformance.adapters.simulator.api import names
from conformance.adapters.simulator.api.fields import Problems
from conformance.adapters.simulator.settings import Settings

HANDLERS: Final = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
HIGHEST_PORT: Final = 65535
_COUNTERS: Final = (
    "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold",
)  # fmt: skip
_HEADER: Final = re.compile(r"[-A-Za-z0-9]+", re.ASCII)
_ONLY_ONE_SUCCESS: Final = frozenset({"livenessProbe", "startupProbe"})


def validate_probes(
    container: Mapping[str, Any],
    grace: int | None,
    path: str,
    problems: Problems,
    settings: Settings,
) -> None:
    """All probes of a container (PROBE-002, PROBE-015)."""
    for kind in ("livenessProbe", "readinessProbe", "startupProbe"):
        if container.get(kind) is not None:
            at = f"{path}.{kind}"
            _validate_probe(kind, known(container[kind], settings), grace, at, problems)
            _validate_highest_port(container[kind], at, problems, settings.probe_highest_port)


def known(probe: Mapping[str, Any], settings: Settings) -> Mapping[str, Any]:
    """A probe without what the profile has not heard of."""
    return probe if settings.probe_knows_grpc else {**probe, "grpc": None}


def _validate_highest_port(
    probe: Mapping[str, Any], path: str, problems: Problems, highest: int
) -> None:
    for handler in ("httpGet", "tcpSocket"):
        port = (probe.get(handler) or {}).get("port")
        if isinstance(port, int) and highest < port <= HIGHEST_PORT:
            problems.invalid(f"{path}.{handler}.port", port, f"must be at most {highest}")


def validate_lifecycle(
    lifecycle: Mapping[str, Any], grace: int | None, path: str, problems: Problems
) -> None:
    """The hooks after the start and before the stop."""
    for hook in ("postStart", "preStop"):
        if lifecycle.get(hook) is not None:
            validate_handler(lifecycle[hook], grace, f"{path}.{hook}", problems)


def validate_handler(
    handler: Mapping[str, Any], grace: int | None, path: str, problems: Problems
) -> None:
    """Exactly one way of asking the container."""
    given = [kind for kind in HANDLERS if handler.get(kind) is not None]
    if not given:
        problems.required(path, "must specify a handler type")
        return
    for extra in given[1:]:
        problems.forbidden(f"{path}.{extra}", "may not specify more than 1 handler type")
    _validate_action(given[0], handler[given[0]], grace, f"{path}.{given[0]}", problems)


def validate_port(port: Any, path: str, problems: Problems) -> None:
    """A port by number or by name."""
    valid = names.is_port_name(port) if isinstance(port, str) else is_port_number(port)
    if not valid:
        problems.invalid(path, port, "must be a valid port number or name")


def is_port_number(port: Any) -> bool:
    """1 to 65535."""
    return isinstance(port, int) and 1 <= port <= HIGHEST_PORT


def _validate_probe(
    kind: str, probe: Mapping[str, Any], grace: int | None, path: str, problems: Problems
) -> None:
    validate_handler(probe, grace, path, problems)
    for field in _COUNTERS:
        if (probe.get(field) or 0) < 0:
            problems.invalid(f"{path}.{field}", probe[field], "must be greater than or equal to 0")
    own_grace = probe.get("terminationGracePeriodSeconds")
    if own_grace is not None and (own_grace <= 0 or kind == "readinessProbe"):
        problems.invalid(f"{path}.terminationGracePeriodSeconds", own_grace, "must be over 0")
    if kind in _ONLY_ONE_SUCCESS and probe.get("successThreshold") != 1:
        problems.invalid(f"{path}.successThreshold", probe.get("successThreshold"), "must be 1")


def _validate_action(
    kind: str, action: Mapping[str, Any], grace: int | None, path: str, problems: Problems
) -> None:
    match kind:
        case "exec":
            if not action.get("command"):
                problems.required(f"{path}.command")
        case "sleep":
            seconds = action.get("seconds") or 0
            if grace is not None and not 0 <= seconds <= grace:
                problems.invalid(path, seconds, "must be within terminationGracePeriodSeconds")
        case _:
            validate_port(action.get("port", 0), f"{path}.port", problems)
    if kind == "httpGet":
        _validate_http(action, path, problems)


def _validate_http(action: Mapping[str, Any], path: str, problems: Problems) -> None:
    if not action.get("path"):
        problems.required(f"{path}.path")
    problems.one_of(f"{path}.scheme", action.get("scheme"), frozenset({"HTTP", "HTTPS"}))
    for header in action.get("httpHeaders") or ():
        if not _HEADER.fullmatch(header.get("name") or ""):
            problems.invalid(f"{path}.httpHeaders", header.get("name"), "not a header name")
