"""The kubelet's probes: when they are made, what they come to, and what that costs."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.adapters.simulator import SimulatorAdapter
from conformance.adapters.simulator.kubelet.probe_results import Answer
from conformance.adapters.simulator.meta import parse_time
from spec_model.events import Accepted, Rejected, Response, stimulus
from tests.simulator.node_driver import Cluster, container, pod, sidecar

HTTP: dict[str, Any] = {"httpGet": {"port": 80}, "periodSeconds": 1}
FIELDS = {"liveness": "livenessProbe", "readiness": "readinessProbe", "startup": "startupProbe"}


def probed(name: str = "c", /, **probes: dict[str, Any]) -> dict[str, Any]:
    return container(name, **{FIELDS[kind]: {**HTTP, **more} for kind, more in probes.items()})


class Probed(Cluster):
    """A cluster with one Pod of one container with these probes."""

    def __init__(self, profile: str = "v1.36", *, spec: Any = None, **probes: Any) -> None:
        super().__init__(profile)
        self.create(pod("p", probed(**probes), **(spec or {})))

    def answer(self, kind: str, value: int | str, name: str = "c", redirects: int = 0) -> None:
        uid = self.pod()["metadata"]["uid"]
        self.engine.answers[uid, name, kind] = Answer(value, redirects)
        self.kubelet().target_changed("default", "p")
        self.settle()

    def is_ready(self) -> bool:
        ready: bool = self.status()["ready"]
        return ready

    def said(self, text: str) -> int:
        """How often an Event told of this."""
        events = [each for each in self.seen if each["kind"] == "Event"]
        return sum(text in each["message"] for each in events)


# Readiness.


def test_a_container_is_ready_when_its_probe_says_so() -> None:
    cluster = Probed(readiness={"initialDelaySeconds": 5})
    assert not cluster.is_ready()
    assert cluster.seconds_until(cluster.is_ready) == 5
    assert cluster.condition("Ready")["status"] == "True"


def test_a_readiness_failure_only_shows() -> None:
    cluster = Probed(readiness={"periodSeconds": 2, "failureThreshold": 3})
    cluster.advance(9)
    cluster.answer("readiness", 500)
    assert cluster.seconds_until(lambda: not cluster.is_ready()) == 5  # asked at 10, 12 and 14
    assert cluster.condition("ContainersReady")["reason"] == "ContainersNotReady"
    assert (cluster.restarts(), cluster.phase()) == (0, "Running")


def test_a_success_counts_after_enough_in_a_row() -> None:
    cluster = Probed(readiness={"successThreshold": 4})
    cluster.advance(20)
    cluster.answer("readiness", 500)
    cluster.advance(20.5)
    cluster.answer("readiness", 200)
    assert cluster.seconds_until(cluster.is_ready) == 4  # asked from 41 s on


def test_an_error_changes_nothing() -> None:
    cluster = Probed(readiness={"failureThreshold": 1})
    cluster.advance(5)
    cluster.answer("readiness", "error")
    cluster.advance(60)
    assert cluster.is_ready()
    assert cluster.said("probe errored") == 1


@pytest.mark.parametrize(
    ("value", "redirects", "passes"),
    [
        (200, 0, True),
        (399, 0, True),
        (400, 0, False),
        (199, 0, False),
        ("elsewhere", 0, True),
        (200, 9, True),
        (200, 10, False),
        ("refused", 0, False),
        ("timeout", 0, False),
    ],
)
def test_what_an_http_answer_means(value: int | str, redirects: int, passes: bool) -> None:
    cluster = Probed(readiness={"failureThreshold": 1})
    cluster.advance(5)
    cluster.answer("readiness", value, redirects=redirects)
    cluster.advance(5)
    assert cluster.is_ready() == passes


def test_a_port_that_the_container_does_not_name_is_an_error() -> None:
    cluster = Probed(readiness={"httpGet": {"port": "web"}})
    cluster.advance(30)
    assert not cluster.is_ready()


# Liveness.


def test_a_liveness_failure_kills_and_restarts() -> None:
    cluster = Probed(liveness={"failureThreshold": 2}, spec={"restartPolicy": "OnFailure"})
    cluster.advance(5)
    cluster.answer("liveness", 500)
    cluster.advance(2)
    assert cluster.restarts() == 1
    assert cluster.said("Container c failed liveness probe, will be restarted") == 1


def test_under_never_who_is_killed_stays_dead() -> None:
    cluster = Probed(liveness={"failureThreshold": 1}, spec={"restartPolicy": "Never"})
    cluster.advance(5)
    cluster.answer("liveness", 500)
    cluster.advance(60)
    assert (cluster.restarts(), cluster.phase()) == (0, "Failed")


@pytest.mark.parametrize(("grace", "takes"), [(3, 3), (40, 20), (None, 20)])
def test_the_probe_has_a_grace_period_of_its_own(grace: int | None, takes: float) -> None:
    cluster = Cluster()
    probe = {**HTTP, "failureThreshold": 1, "terminationGracePeriodSeconds": grace}
    hook = {"preStop": {"sleep": {"seconds": 20}}}
    cluster.create(pod("p", container("c", livenessProbe=probe, lifecycle=hook)))
    cluster.engine.answers[cluster.pod()["metadata"]["uid"], "c", "liveness"] = Answer(500)
    cluster.advance(1)
    assert cluster.seconds_until(lambda: cluster.restarts() == 1) == takes


@pytest.mark.parametrize(("profile", "failures"), [("v1.36", 3), ("documented", 1)])
def test_a_timeout_is_one_failure_and_documented_enough(profile: str, failures: int) -> None:
    cluster = Probed(profile, liveness={"periodSeconds": 10})
    cluster.advance(15)
    cluster.answer("liveness", "timeout")
    killed = cluster.seconds_until(lambda: "Killing" in cluster.events())
    assert killed == 5 + 10 * (failures - 1) + 1


def test_kills_are_checked_against_the_exit_before() -> None:
    cluster = Cluster()
    probe = {**HTTP, "initialDelaySeconds": 15, "failureThreshold": 1}
    hook = {"preStop": {"sleep": {"seconds": 30}}}
    cluster.create(pod("p", container("c", livenessProbe=probe, lifecycle=hook)))
    cluster.engine.answers[cluster.pod()["metadata"]["uid"], "c", "liveness"] = Answer(500)
    cluster.advance(1500)
    assert waits(cluster)[:7] == [0, 0, 0, 0, 0, 80, 160]


def waits(cluster: Cluster) -> list[float]:
    """Seconds before each restart that the watch showed."""
    found: dict[int, float] = {}
    for shown in cluster.history():
        for status in shown["status"].get("containerStatuses", ()):
            began = status["state"].get("running")
            ended = status["lastState"].get("terminated")
            if began and ended:
                waited = parse_time(began["startedAt"]) - parse_time(ended["finishedAt"])
                found[status["restartCount"]] = waited
    return [found[number] for number in sorted(found)]


@pytest.mark.parametrize(("profile", "kills"), [("v1.36", 1), ("documented", 0)])
def test_counts_outlive_the_container(profile: str, kills: int) -> None:
    cluster = Probed(profile, liveness={"periodSeconds": 10})
    cluster.advance(15)
    cluster.answer("liveness", 500)
    cluster.advance(20)  # two failures of three
    cluster.exit()
    cluster.advance(16)  # in the new container, documented, one more at the most
    assert cluster.said("failed liveness probe") == kills


# Startup.


def test_a_startup_probe_holds_back_the_others() -> None:
    cluster = Probed(startup={"failureThreshold": 30}, liveness={}, readiness={})
    cluster.answer("startup", 500)
    cluster.answer("liveness", 500)
    cluster.advance(20)
    assert not cluster.status()["started"]
    assert cluster.said("Liveness") == 0
    cluster.answer("startup", 200)
    cluster.advance(1)
    assert cluster.status()["started"]
    assert cluster.is_ready()


def test_a_container_that_does_not_start_in_time_is_killed() -> None:
    cluster = Probed(startup={"periodSeconds": 5, "initialDelaySeconds": 7})
    cluster.answer("startup", 500)
    assert cluster.seconds_until(lambda: cluster.restarts() == 1) == 20  # asked at 10, 15 and 20


def test_the_next_container_waits_until_the_sidecar_has_started() -> None:
    cluster = Cluster()
    slow = sidecar("s", startupProbe={**HTTP, "initialDelaySeconds": 9})
    cluster.create(pod("p", inits=(slow,)))
    assert cluster.seconds_until(lambda: cluster.state() == "running") == 9


# Ends and beginnings.


def test_a_pod_that_ends_is_asked_for_its_readiness_only() -> None:
    cluster = Cluster()
    hook = {"preStop": {"sleep": {"seconds": 20}}}
    probes = {"livenessProbe": HTTP, "readinessProbe": {**HTTP, "failureThreshold": 1}}
    cluster.create(pod("p", container("c", lifecycle=hook, **probes)))
    cluster.advance(5)
    cluster.delete()
    for kind in ("liveness", "readiness"):
        cluster.engine.answers[cluster.pod()["metadata"]["uid"], "c", kind] = Answer(500)
    cluster.kubelet().target_changed("default", "p")
    cluster.advance(10)
    assert not cluster.status()["ready"]
    assert "Liveness probe failed" not in str(cluster.seen)


def test_a_kubelet_that_restarts_leaves_what_was_shown() -> None:
    cluster = Probed(readiness={"initialDelaySeconds": 30})
    cluster.advance(40)
    cluster.kubelet().restart()
    cluster.settle()
    assert cluster.is_ready()
    cluster.answer("readiness", 500)
    assert cluster.seconds_until(lambda: not cluster.is_ready()) == 2  # at once, then every second


# What it costs.


def test_nothing_is_written_while_nothing_changes() -> None:
    cluster = Probed(readiness={}, liveness={})
    cluster.answer("readiness", 500)
    cluster.advance(10)
    shown = len(cluster.seen)
    cluster.advance(40)
    assert len(cluster.seen) == shown


def test_no_timer_is_set_while_nothing_can_change() -> None:
    cluster = Probed(readiness={}, liveness={})
    cluster.advance(10)
    (worker,) = cluster.kubelet().workers()
    assert all(each._timer is None for each in worker.prober.workers)


def test_the_period_is_kept_while_nobody_asks() -> None:
    cluster = Probed(liveness={"periodSeconds": 7, "failureThreshold": 1})
    cluster.advance(7 * 1000 + 3)
    cluster.answer("liveness", 500)
    assert cluster.seconds_until(lambda: cluster.restarts() == 1) == 4


# The tester's verb.


def told(adapter: SimulatorAdapter, **given: Any) -> Response:
    usual = {"namespace": "default", "pod": "p", "container": "c", "probe": "liveness"}
    return adapter.apply(stimulus("set-probe", **{**usual, **given}))


def test_the_tester_chooses_the_answer() -> None:
    adapter = SimulatorAdapter()
    adapter.apply(stimulus("create", object=pod("p", probed(liveness={"failureThreshold": 1}))))
    assert isinstance(told(adapter, answer=500), Accepted)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"pod": "q", "answer": 500}, 404),
        ({"container": "d", "answer": 500}, 404),
        ({"probe": "readiness", "answer": 500}, 404),
        ({"probe": "health", "answer": 500}, 404),
        ({"answer": "SERVING"}, 400),
        ({"answer": 99}, 400),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused(given: dict[str, Any], code: int) -> None:
    adapter = SimulatorAdapter()
    adapter.apply(stimulus("create", object=pod("p", probed(liveness={}))))
    response = told(adapter, **given)
    assert isinstance(response, Rejected)
    assert response.code == code
