"""Probes of containers, what their targets answer, and questions about results in a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hypothesis import strategies as st

from strategies.manifests import Manifest, container, pod
from strategies.once import once

HTTP: Final[Manifest] = {"httpGet": {"port": 80, "path": "/healthy"}}
TCP: Final[Manifest] = {"tcpSocket": {"port": 80}}
GRPC: Final[Manifest] = {"grpc": {"port": 80}}
EXEC: Final[Manifest] = {"exec": {"command": ["test", "-e", "/tmp/healthy"]}}

HANDLERS: Final[Mapping[str, Manifest]] = {"exec": EXEC, "http": HTTP, "tcp": TCP, "grpc": GRPC}

BAD: Final[Mapping[str, Sequence[int | str]]] = {
    "exec": (1, 2, 127, 255),
    "http": (400, 404, 500, 199, "refused"),
    "tcp": ("refused",),
    "grpc": ("NOT_SERVING", "refused"),
}
"""Answers that fail, boundaries first."""

GOOD: Final[Mapping[str, Sequence[int | str]]] = {
    "exec": (0,),
    "http": (200, 399, 204, "elsewhere"),
    "tcp": ("open",),
    "grpc": ("SERVING",),
}
"""Answers that succeed."""

FIELDS: Final = {
    "liveness": "livenessProbe",
    "readiness": "readinessProbe",
    "startup": "startupProbe",
}


def probe(handler: str = "exec", **fields: Any) -> Manifest:
    """A probe, asked every second unless it says otherwise; fields by their first words.

    >>> probe("tcp", failure=1)
    {'tcpSocket': {'port': 80}, 'periodSeconds': 1, 'failureThreshold': 1}
    """
    named = {NAMES.get(name, name): value for name, value in fields.items()}
    return {**HANDLERS[handler], "periodSeconds": 1, **named}


NAMES: Final = {
    "delay": "initialDelaySeconds",
    "period": "periodSeconds",
    "timeout": "timeoutSeconds",
    "failure": "failureThreshold",
    "success": "successThreshold",
    "grace": "terminationGracePeriodSeconds",
}


def probed(name: str, /, **probes: Manifest) -> Manifest:
    """A container with these probes, by kind.

    >>> sorted(probed("c", liveness=probe()))
    ['image', 'livenessProbe', 'name']
    """
    return {**container(name), **{FIELDS[kind]: given for kind, given in probes.items()}}


def probed_pod(**probes: Manifest) -> Manifest:
    """The Pod ``a`` of one container with these probes."""
    return pod(containers=[probed("c", **probes)])


# -- questions -------------------------------------------------------------------------------------


@once
def questions(
    *said: str, kinds: Sequence[str] = ("liveness", "readiness")
) -> st.SearchStrategy[Manifest]:
    """Arguments of ``probe.worker`` whose steps are some of these."""
    return st.builds(
        _asked,
        st.sampled_from(kinds),
        st.integers(1, 4),
        st.integers(1, 4),
        st.lists(st.sampled_from(said), min_size=1, max_size=14),
    )


def _asked(kind: str, failures: int, successes: int, steps: list[str]) -> Manifest:
    return {
        "probe_type": kind,
        "failureThreshold": failures,
        "successThreshold": successes if kind == "readiness" else 1,
        "steps": steps,
    }


BEFORE_ALL: Final = {"liveness": "success", "readiness": "failure", "startup": "unknown"}
"""What a worker has published before its first result."""


@once
def folds(kinds: Sequence[str]) -> st.SearchStrategy[Manifest]:
    """Arguments of ``probe.fold``."""
    return questions("success", "failure", "unknown", kinds=kinds).map(
        lambda asked: {
            **{key: value for key, value in asked.items() if key != "steps"},
            "initial": BEFORE_ALL[asked["probe_type"]],
            "results": asked["steps"],
        }
    )


# -- what the API makes of them --------------------------------------------------------------------


FLAWED_COUNTS: Final[tuple[Manifest, ...]] = (
    probed_pod(liveness=probe(success=2)),
    probed_pod(liveness=probe(success=3)),
    *(
        probed_pod(readiness={**EXEC, field: -1})
        for field in NAMES.values()
        if field != "terminationGracePeriodSeconds"
    ),
)
"""Pods with a probe whose numbers PROBE-002 wants refused, under every profile."""

FLAWED_STARTUP: Final = probed_pod(startup=probe(success=2))

FLAWED_HANDLERS: Final[tuple[Manifest, ...]] = (
    probed_pod(liveness={}),
    probed_pod(readiness={"periodSeconds": 5}),
    probed_pod(liveness={**HTTP, **TCP}),
    probed_pod(liveness={**EXEC, **TCP}),
    *(
        probed_pod(liveness={"tcpSocket": {"port": port}})
        for port in (0, -1, 65536, "", "a-name-of-16-chr", "no_name", "80")
    ),
    probed_pod(liveness={"httpGet": {"port": 80, "scheme": "http"}}),
    probed_pod(liveness={"httpGet": {"port": 80, "scheme": "FTP"}}),
)
"""Pods with a probe whose handler PROBE-015 wants refused, under every profile."""

SOUND_HANDLERS: Final[tuple[Manifest, ...]] = (
    probed_pod(liveness={"httpGet": {"port": 80}}),
    probed_pod(liveness={"httpGet": {"port": "http", "scheme": "HTTPS"}}),
    probed_pod(readiness={"tcpSocket": {"port": 1}}),
    probed_pod(readiness={"tcpSocket": {"port": 65525}}),
    probed_pod(liveness={"tcpSocket": {"port": "fifteen-letters"}}),
)

numbers = st.sampled_from([0, 1, None, 2, 30])
"""Of a probe; None leaves it out."""


@once
def counted_pods(kind: str) -> st.SearchStrategy[Manifest]:
    """Pods with a probe whose numbers are given, 0, or left out."""
    fields = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "failureThreshold")
    given = st.fixed_dictionaries(dict.fromkeys(fields, numbers))
    return given.map(
        lambda chosen: probed_pod(
            **{kind: {**EXEC, **{key: each for key, each in chosen.items() if each is not None}}}
        )
    )
