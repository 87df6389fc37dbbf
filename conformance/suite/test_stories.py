"""Worked examples of the source document that belong to several areas at once, as they stand there."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from conformance.session import accepted
from conformance.suite.probing import moments
from strategies.manifests import Manifest, container, pod, replica_set, service
from strategies.once import among

HTTP: Manifest = {"name": "http", "containerPort": 80}


def demonstrated(kind: str, probe: Manifest, **more: Manifest) -> Manifest:
    """liveness-tcp or liveness-http: nginx, and a probe of its port by name."""
    one = container(f"{kind}-demo", "nginx:1.12-alpine", ports=[HTTP], livenessProbe=probe, **more)
    return pod(kind, [one], metadata={"labels": {"test": kind}})


def breaks_down(run: Session, kind: str, answer: int | str) -> None:
    """The port answers badly for a minute; the container is restarted, and is well again."""
    given = {"namespace": "default", "pod": kind, "container": f"{kind}-demo", "probe": "liveness"}
    run.do("set-probe", **given, answer=answer)
    run.advance(60)
    run.do("set-probe", **given, answer="open" if kind == "liveness-tcp" else 200)
    run.advance(40)


@focus("PROBE-009", "PROBE-011")
def test_the_tcp_example(run: Session, draw: Draw) -> None:
    """liveness-tcp: every ten seconds by default, and nobody listens any more."""
    run.create(demonstrated("liveness-tcp", {"tcpSocket": {"port": "http"}}))
    run.advance(20)
    run.advance(draw(moments))
    breaks_down(run, "liveness-tcp", "refused")


@focus("PROBE-008", "PROBE-011")
def test_the_http_example(run: Session, draw: Draw) -> None:
    """liveness-http: its two numbers stand beside the probe there, where nobody knows such fields."""
    asks = {"httpGet": {"path": "/healthy", "port": "http", "scheme": "HTTP"}}
    write = ["/bin/sh", "-c", "echo healthy > /usr/share/nginx/html/healthy"]
    hook: Manifest = {"lifecycle": {"postStart": {"exec": {"command": write}}}}
    misplaced: Manifest = {"initialDelaySeconds": 3, "periodSeconds": 3}
    if draw(st.booleans()):
        made = demonstrated("liveness-http", {**asks, **misplaced}, **hook)
    else:
        made = demonstrated("liveness-http", asks, **hook, **misplaced)
    if not accepted(run.create(made)):
        return  # an engine may refuse what it does not know
    run.advance(20)
    run.advance(draw(moments))
    breaks_down(run, "liveness-http", 404)


@focus("TERM-002", "TERM-006", "TERM-008", "TERM-010", "TERM-011")
def test_the_flow_of_a_termination(run: Session, draw: Draw) -> None:
    """A Pod of a controller, behind a Service, is deleted; its hook runs on, and it is killed."""
    hook: Manifest = {"lifecycle": {"preStop": {"exec": {"command": ["sleep", "60"]}}}}
    labels = {"app": "web"}
    run.create(service("web", labels))
    if run.can("workloads"):
        run.create(replica_set("web", 1, pod(containers=[container(**hook)])))
    else:
        run.create(pod("web", [container(**hook)], metadata={"labels": labels}))
    run.advance(2)
    mine = [known.view for known in run.world.of_kind("Pod")]
    if not mine:
        return
    name = mine[0].key[2]
    place = {"namespace": "default", "pod": name, "container": "c"}
    lasts = draw(among(None, 10, 29))
    if run.can("hooks"):
        run.do("set-hook", **place, hook="preStop", seconds=lasts)
    if run.can("stop-signals"):
        run.do("set-stop", **place, seconds=draw(among(None, 3)), exitCode=0)
    run.delete("Pod", name)
    run.advance(1)
    run.advance(40)
