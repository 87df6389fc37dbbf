"""PROBE-007 to PROBE-010: what the answer to a probe means."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from conformance.suite.probing import answer, created, handlers, knows_startup
from strategies.manifests import container, pod
from strategies.once import among
from strategies.probes import (
    BAD,
    GOOD,
    HTTP,
    probe,
    probed,
    probed_pod,
    questions,
)


def answered(run: Session, draw: Draw, handler: str, said: int | str, **more: Any) -> None:
    """A probe is answered well, then so, and then well again."""
    kind = draw(among("readiness", "liveness"))
    created(run, probed_pod(**{kind: probe(handler, failure=draw(st.integers(1, 2)))}))
    answer(run, kind, said, **more)
    run.advance(20)
    answer(run, kind, GOOD[handler][0])
    run.advance(20)


def spoiled(run: Session, handler: str, said: int | str, **more: Any) -> None:
    """A container that is not ready is answered so."""
    created(run, probed_pod(readiness=probe(handler, failure=1)))
    answer(run, "readiness", BAD[handler][0])
    run.advance(20)
    answer(run, "readiness", said, **more)
    run.advance(20)


@focus("PROBE-007")
def test_an_exit_code(run: Session, draw: Draw) -> None:
    """Commands that exit with 0, and with anything else."""
    answered(run, draw, "exec", draw(among(*BAD["exec"])))


@focus("PROBE-007")
def test_a_command_that_fails_from_the_first(run: Session, draw: Draw) -> None:
    """The commands ``false`` and ``true``, of which nothing more need be said."""
    run.advance(30)
    command = draw(among("false", "true"))
    run.create(probed_pod(readiness={**probe(), "exec": {"command": [command]}}))
    run.advance(20)


@focus("PROBE-008")
def test_an_http_status_that_fails(run: Session, draw: Draw) -> None:
    """400 and above, below 200, no connection, and one redirect too many."""
    if draw(st.booleans()):
        answered(run, draw, "http", draw(among(*BAD["http"])))
    else:
        answered(run, draw, "http", 200, redirects=10)


@focus("PROBE-008")
def test_an_http_status_that_succeeds(run: Session, draw: Draw) -> None:
    """200 to 399, nine redirects, and one to another host."""
    redirects = draw(among(0, 9))
    spoiled(run, "http", draw(among(*GOOD["http"])), redirects=redirects)


@focus("PROBE-009")
def test_a_connection(run: Session, draw: Draw) -> None:
    """A port that is open or refuses, a service that is serving or is not."""
    handler = draw(st.sampled_from(["tcp", *(["grpc"] * knows_startup(run))]))
    said = draw(st.sampled_from(BAD[handler]))
    answered(run, draw, handler, said)


@focus("PROBE-010")
def test_an_error_changes_nothing(run: Session, draw: Draw) -> None:
    """Probes that cannot be made, of a container that is ready and of one that is not."""
    for _ in range(3):
        run.evaluate("probe.worker", draw(questions("success", "failure", "error")))
    kind, handler = draw(among("liveness", "readiness")), draw(handlers)
    created(run, probed_pod(**{kind: probe(handler, failure=draw(st.integers(1, 3)))}))
    if draw(st.booleans()):
        answer(run, kind, BAD[handler][0])
        run.advance(20)
    answer(run, kind, "error")
    run.advance(30)
    answer(run, kind, GOOD[handler][0])
    run.advance(60)


@focus("PROBE-010")
def test_a_port_that_nobody_knows(run: Session, draw: Draw) -> None:
    """A probe asks a port by a name that its container does not have."""
    kind = draw(among("liveness", "readiness"))
    ports = [{"name": "web", "containerPort": 80, "hostPort": 80}]
    asks = {
        **probe("tcp", failure=1),
        "tcpSocket": {"port": draw(among("http", "web"))},
    }
    created(run, pod(containers=[{**probed("c", **{kind: asks}), "ports": ports}]), age=30)
    answer(run, kind, "open")
    run.advance(20)


@focus("PROBE-010")
def test_a_timeout_is_one_failure(run: Session, draw: Draw) -> None:
    """A liveness probe times out, once or until it has done so often enough."""
    handler, failure = draw(handlers), draw(st.integers(1, 3))
    timeout = draw(among(1, 2))
    asks = probe(handler, period=5, failure=failure, timeout=timeout)
    created(run, probed_pod(liveness=asks), age=30)
    answer(run, "liveness", "timeout")
    run.advance(draw(among(4, 60)))
    answer(run, "liveness", GOOD[handler][0])
    run.advance(40)


@focus("PROBE-008")
def test_the_http_example_of_the_source(run: Session, draw: Draw) -> None:
    """/healthy on the port called http, every three seconds after the first three."""
    asks = {
        "httpGet": {**HTTP["httpGet"], "port": "http", "scheme": "HTTP"},
        "initialDelaySeconds": 3,
        "periodSeconds": 3,
    }
    ports = [{"name": "http", "containerPort": 80, "hostPort": 80}]
    run.create(
        pod(containers=[container("c", "nginx:1.12-alpine", ports=ports, livenessProbe=asks)])
    )
    run.advance(40)
    answer(run, "liveness", draw(among(404, 500)))
    run.advance(20)
    answer(run, "liveness", 200)
    run.advance(60)
