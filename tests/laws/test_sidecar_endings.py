"""PROBE-017 of sidecars, on traces made by hand: who is asked to the end, and who need not be."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Act, Event, Observation
from tests.laws.crashes import event
from tests.laws.ending import deletes, marks
from tests.laws.traces import Judged, done, judged, pod, running, seen, status

PROBE: dict[str, Any] = {"exec": {"command": ["true"]}, "periodSeconds": 5}
SIDECAR: dict[str, Any] = {"name": "s", "image": "app:1", "restartPolicy": "Always"}


def up(at: float = 0, *, kind: str = "init", **more: Any) -> Observation:
    """A Pod whose container s is a sidecar, or an app container, with a liveness probe."""
    probed = {**SIDECAR, "livenessProbe": PROBE}
    lives = status("s", running(0), containerID="s-0", started=True)
    if kind == "init":
        given: dict[str, Any] = {"init": [probed], "init_statuses": [lives]}
        shown = [status("c", running(0), containerID="c-0")]
    else:
        given = {"spec": {"containers": [{**probed, "restartPolicy": None}]}}
        shown = [lives]
    return seen(at, pod("Running", shown, **given, **more), "ADDED" if at == 0 else "MODIFIED")


def fails(at: float = 12, said: Any = 1) -> Act:
    given = {"namespace": "default", "pod": "a", "container": "s", "probe": "liveness"}
    return done(at, "set-probe", **given, answer=said)


def unhealthy(at: float) -> Observation:
    about = {"fieldPath": "spec.containers{s}"}
    return event(at, "Unhealthy", "Liveness probe failed: ", "Warning", **about)


def ending(*later: Event, until: float = 30, **more: Any) -> Judged:
    """The Pod is deleted at 10 s; an Event of something else shows that there are Events."""
    create = done(0, "create", object={"kind": "Pod", "metadata": {"name": "a"}})
    start = [create, up(**more), event(1, "Started", ""), deletes()]
    return judged(*start, up(10, metadata=marks(), **more), *later, until=until)


def test_a_sidecar_is_asked_whether_it_lives() -> None:
    assert ending(fails(), unhealthy(15)).held("PROBE-017")
    assert "PROBE-017" in ending(fails()).broken


def test_an_event_of_before_is_none_of_now() -> None:
    assert "PROBE-017" in ending(unhealthy(11), fails()).broken


@pytest.mark.parametrize("said", [0, "error"])
def test_only_a_failure_is_told(said: Any) -> None:
    assert "PROBE-017" not in ending(fails(said=said)).broken


def test_who_fails_already_has_been_told() -> None:
    again = fails(14, 2)
    assert "PROBE-017" not in ending(fails(), unhealthy(13), again).broken


def test_who_has_ended_is_not_asked() -> None:
    gone = seen(13, pod("Running", [status("c", running(0))], metadata=marks()), "DELETED")
    assert "PROBE-017" not in ending(fails(), gone).broken


@pytest.mark.parametrize("verb", ["restart-kubelet", "stop-node"])
def test_a_kubelet_that_is_upset_asks_nobody(verb: str) -> None:
    assert "PROBE-017" not in ending(fails(), done(13, verb, node="node-1")).broken


def test_an_app_container_is_not_asked() -> None:
    assert "PROBE-017" not in ending(fails(), kind="app").broken


def test_who_has_no_status_yet_is_not_asked() -> None:
    bare = {"name": "s", "image": "app:1", "restartPolicy": "Always", "livenessProbe": PROBE}
    going = pod("Pending", [], init=[bare], metadata=marks())
    assert "PROBE-017" not in judged(seen(10, going, "ADDED"), fails(), until=60).broken
