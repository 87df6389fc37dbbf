"""What an answer to a probe comes to, what results in a row come to, and when."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model import objects
from spec_model.explain import explain
from spec_model.pod.probes import earliest, fold, latest, result, usual_result, work
from spec_model.profiles import DOCUMENTED, V1_36, Profile

EXEC = objects.probe("liveness", {"exec": {"command": ["cat", "/tmp/healthy"]}})
HTTP = objects.probe("readiness", {"httpGet": {"port": 80}})
TCP = objects.probe("liveness", {"tcpSocket": {"port": 80}})
GRPC = objects.probe("liveness", {"grpc": {"port": 80}})


@pytest.mark.parametrize(
    ("probe", "answer", "expected", "because"),
    [
        (EXEC, 0, "success", "PROBE-007"),
        (EXEC, 1, "failure", "PROBE-007"),
        (EXEC, "timeout", "timeout", "PROBE-010"),
        (HTTP, 200, "success", "PROBE-008"),
        (HTTP, 399, "success", "PROBE-008"),
        (HTTP, 199, "failure", "PROBE-008"),
        (HTTP, 400, "failure", "PROBE-008"),
        (HTTP, "elsewhere", "success", "PROBE-008"),
        (HTTP, "refused", "failure", "PROBE-008"),
        (TCP, "open", "success", "PROBE-009"),
        (TCP, "refused", "failure", "PROBE-009"),
        (GRPC, "SERVING", "success", "PROBE-009"),
        (GRPC, "NOT_SERVING", "failure", "PROBE-009"),
        (TCP, "error", "unknown", "PROBE-010"),
    ],
)
def test_what_an_answer_comes_to(
    probe: objects.Probe, answer: int | str, expected: str, because: str
) -> None:
    decision = result(probe, answer)
    assert (decision.value, decision.because) == (expected, because)


@pytest.mark.parametrize(("redirects", "expected"), [(9, "success"), (10, "failure")])
def test_nine_redirects_are_followed(redirects: int, expected: str) -> None:
    assert result(HTTP, 200, redirects).value == expected


def probed(**fields: Any) -> objects.Container:
    spec = objects.pod_spec({"containers": [{"name": "c", "image": "app:1", **fields}]})
    return spec.containers[0]


@pytest.mark.parametrize(
    ("probe", "expected"),
    [
        ({"exec": {"command": ["false"]}}, "failure"),
        ({"exec": {"command": ["true"]}}, "success"),
        ({"tcpSocket": {"port": "web"}}, "success"),
        ({"tcpSocket": {"port": "other"}}, "unknown"),
        ({"httpGet": {"port": 80}}, "success"),
    ],
)
def test_what_nobody_has_chosen(probe: dict[str, Any], expected: str) -> None:
    ports = [{"name": "web", "containerPort": 80}]
    container = probed(livenessProbe=probe, ports=ports)
    assert usual_result(container.probes["liveness"], container).value == expected


def test_the_defaults_are_filled_in() -> None:
    probe = probed(readinessProbe={"httpGet": {"port": 80}, "periodSeconds": 0}).probes["readiness"]
    numbers = (probe.delay, probe.period, probe.timeout, probe.failures, probe.successes)
    assert numbers == (0, 10, 1, 3, 1)


def test_a_regular_init_container_is_not_probed() -> None:
    init = {"name": "i", "image": "app:1", "livenessProbe": {"exec": {"command": ["x"]}}}
    spec = objects.pod_spec({"containers": [], "initContainers": [init]})
    assert not spec.init_containers[0].probes


def asked(kind: str, *steps: str, failures: int = 3, successes: int = 1) -> dict[str, Any]:
    thresholds = {"failureThreshold": failures, "successThreshold": successes}
    return {"probe_type": kind, "steps": steps, "results": steps, **thresholds}


@pytest.mark.parametrize(
    ("arguments", "because"),
    [
        (asked("liveness", "error", "new_container"), "PROBE-001"),
        (asked("readiness", "success", "failure"), "PROBE-003"),
        (asked("liveness", "failure", "failure", "error"), "PROBE-010"),
        (asked("liveness", "failure", "success", failures=1), "PROBE-011"),
        (asked("startup", "success", "failure", failures=1), "PROBE-014"),
        (asked("liveness", "failure", "new_container", "failure", failures=2), "PROBE-016"),
    ],
)
def test_the_rule_is_the_one_without_which_it_would_be_otherwise(
    arguments: dict[str, Any], because: str
) -> None:
    assert work(arguments, V1_36).because == because


def test_documented_the_counts_of_a_container_are_its_own() -> None:
    arguments = asked("liveness", "failure", "new_container", "failure", failures=2)
    assert work(arguments, V1_36).value[-1]["published"] == "failure"
    assert work(arguments, DOCUMENTED).value[-1]["published"] == "success"


def test_results_count_in_a_row() -> None:
    results = asked("readiness", "success", "failure", "success", "success", successes=2)
    assert fold(results, V1_36).value == ["failure", "failure", "failure", "success"]


def test_the_window_of_a_failure() -> None:
    probe = objects.probe("liveness", {"exec": {"command": ["x"]}, "timeoutSeconds": 4})
    assert earliest(probe, 100, "failure") == 120
    assert latest(probe, 100, "failure") == 136


def test_documented_one_timeout_of_a_liveness_probe_is_enough() -> None:
    assert latest(EXEC, 0, "timeout", V1_36) == 33
    assert latest(EXEC, 0, "timeout", DOCUMENTED) == 13
    assert latest(HTTP, 0, "timeout", DOCUMENTED) == 33


def explained(profile: Profile, **more: Any) -> dict[str, str]:
    """What is said of a Pod whose container ``c`` has all three probes."""
    given = {"exec": {"command": ["x"]}, "periodSeconds": 5}
    fields = {f"{kind}Probe": given for kind in ("liveness", "readiness", "startup")}
    status = {"name": "c", "state": {"running": {}}, "ready": False, "started": True, **more}
    manifest = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a", "namespace": "default"},
        "spec": {"containers": [{"name": "c", "image": "app:1", **fields}]},
        "status": {"phase": "Running", "containerStatuses": [status]},
    }
    return {each.about: f"{each.says} {each.rule}" for each in explain(manifest, profile=profile)}


def test_a_probe_is_explained_by_what_its_failure_does() -> None:
    said = explained(V1_36)["liveness probe, c, failing"]
    assert said == "killed after 3 failures in a row, 10 to 18 s PROBE-011"
    assert "startup probe, c" not in explained(DOCUMENTED)


@pytest.mark.parametrize(("started", "probe"), [(True, "readiness"), (False, "startup")])
def test_why_a_container_is_not_ready(started: bool, probe: str) -> None:
    said = explained(V1_36, started=started)["container c"]
    assert said.startswith(f"not ready until its {probe} probe succeeds")
