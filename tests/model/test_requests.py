"""RESOURCE-004, INIT-010 and SCHED-005: what a Pod asks for."""

from typing import Any

from spec_model.profiles import DOCUMENTED
from spec_model.quantity import NANO
from spec_model.resources.requests import (
    default_requests,
    effective_requests,
    with_default_requests,
)
from spec_model.rules import Decision


def asking(cpu: str, **fields: Any) -> dict[str, Any]:
    return {"name": "c", "resources": {"requests": {"cpu": cpu}}, **fields}


def cores(spec: dict[str, Any]) -> Decision[float]:
    decision = effective_requests(spec)
    return Decision(decision.value["cpu"] / NANO, decision.because)


def test_app_containers_add_up() -> None:
    assert cores({"containers": [asking("1"), asking("500m")]}) == Decision(1.5, "INIT-010")


def test_the_largest_init_container_counts_where_it_is_more() -> None:
    spec = {"initContainers": [asking("1"), asking("3")], "containers": [asking("2")]}
    assert cores(spec) == Decision(3, "INIT-010")


def test_sidecars_count_with_the_app_and_with_later_init_containers() -> None:
    sidecar = asking("1", restartPolicy="Always")
    early = {"initContainers": [asking("3"), sidecar], "containers": [asking("1")]}
    late = {"initContainers": [sidecar, asking("3")], "containers": [asking("1")]}
    assert cores(early).value == 3
    assert cores(late).value == 4


def test_overhead_comes_on_top() -> None:
    spec = {"containers": [asking("1")], "overhead": {"cpu": "250m"}}
    assert cores(spec) == Decision(1.25, "SCHED-005")


def test_what_the_pod_asks_for_as_a_whole_stands_instead() -> None:
    spec = {"containers": [asking("1")], "resources": {"requests": {"cpu": "4"}}}
    assert cores(spec) == Decision(4, "SCHED-005")
    assert effective_requests(spec, DOCUMENTED).value == {"cpu": NANO}


def test_a_pods_limit_asks_for_what_its_containers_ask_for() -> None:
    spec = {"containers": [asking("1")], "resources": {"limits": {"cpu": "4"}}}
    assert cores(spec).value == 1
    assert cores({**spec, "containers": [{"name": "c"}]}).value == 4


def test_a_limit_stands_in_for_an_absent_request() -> None:
    resources = {"limits": {"cpu": "2", "memory": "1Gi"}, "requests": {"cpu": "1"}}
    expected = Decision({"cpu": "1", "memory": "1Gi"}, "RESOURCE-004")
    assert default_requests(resources) == expected


def test_a_stored_pod_has_its_requests_filled_in() -> None:
    limited = {"name": "c", "resources": {"limits": {"cpu": "2"}}}
    stored = with_default_requests({"spec": {"containers": [limited, {"name": "d"}]}}).value
    filled, untouched = stored["spec"]["containers"]
    assert filled["resources"] == {"limits": {"cpu": "2"}, "requests": {"cpu": "2"}}
    assert untouched == {"name": "d"}
    assert "requests" not in limited["resources"]
