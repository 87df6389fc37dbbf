"""The embedded engine from end to end, through its adapter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.adapter import Adapter, FunctionNotServedError
from conformance.adapters.simulator import SimulatorAdapter, functions
from spec_model.events import CAPABILITIES, VERBS, Accepted, Rejected, Response, stimulus
from spec_model.validation.owners import rule_of_field

VECTORS = Path(__file__).parents[2] / "conformance" / "vectors"


def pod(name: str = "a", **spec: Any) -> dict[str, Any]:
    containers = [{"name": "c", "image": "app:1"}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"containers": containers, **spec},
    }


class Driver:
    """Says verbs to an adapter, and remembers what it saw."""

    def __init__(self, **options: Any) -> None:
        self.adapter = SimulatorAdapter(**options)
        self.seen = list(self.adapter.observe())

    def do(self, verb: str, **arguments: Any) -> Response:
        response = self.adapter.apply(stimulus(verb, **arguments))
        self.seen += self.adapter.observe()
        return response

    def done(self, verb: str, **arguments: Any) -> Any:
        response = self.do(verb, **arguments)
        assert isinstance(response, Accepted), response
        return response.value

    def refused(self, verb: str, **arguments: Any) -> Rejected:
        response = self.do(verb, **arguments)
        assert isinstance(response, Rejected), response
        return response

    def create(self, manifest: dict[str, Any]) -> Any:
        return self.done("create", object=manifest)

    def exit(self, code: int = 1, name: str = "a") -> Response:
        return self.do("exit", namespace="default", pod=name, container="c", exitCode=code)

    def now(self, kind: str = "Pod", name: str = "a") -> Any:
        return self.adapter.engine.store.read(kind, "default", name)

    def history(self, kind: str = "Pod", name: str = "a") -> list[tuple[float, str, Any]]:
        return [
            (seen.at, seen.type, seen.object)
            for seen in self.seen
            if seen.object["kind"] == kind and seen.object["metadata"]["name"] == name
        ]

    def states(self) -> list[str]:
        """The states of the container as the watch showed them, without repetitions."""
        shown: list[str] = []
        for _, _, seen in self.history():
            for status in seen["status"].get("containerStatuses", ()):
                state = next(iter(status["state"]))
                if shown[-1:] != [state]:
                    shown.append(state)
        return shown


@pytest.fixture
def driver() -> Driver:
    return Driver()


def test_it_is_an_adapter() -> None:
    adapter: Adapter = SimulatorAdapter()
    assert adapter.describe().clock == "virtual"


def test_it_claims_only_known_capabilities() -> None:
    assert SimulatorAdapter().describe().capabilities <= set(CAPABILITIES)


def test_every_verb_of_a_claimed_capability_is_served() -> None:
    from conformance.adapters.simulator.adapter import _VERBS, SERVED_CAPABILITIES

    claimed = {name for name, verb in VERBS.items() if verb.capability in SERVED_CAPABILITIES}
    assert set(_VERBS) == claimed


@pytest.mark.parametrize("profile", ["v1.36", "documented"])
def test_a_reset_cluster_is_like_the_first_one(profile: str) -> None:
    first, again = Driver(profile=profile), Driver(profile=profile)
    again.done("stop-node", node="node1")
    again.adapter.reset()
    again.seen = list(again.adapter.observe())
    for driver in (first, again):
        driver.create({**pod(), "metadata": {"name": "a", "namespace": "default"}})
        driver.done("stop-node", node=driver.now()["spec"]["nodeName"])
        driver.done("advance", seconds=400.0)
    assert again.seen == first.seen


def test_a_reset_leaves_nothing_but_nodes(driver: Driver) -> None:
    driver.create(pod())
    driver.adapter.reset()
    kinds = {seen.object["kind"] for seen in driver.adapter.observe()}
    assert kinds == {"Node"}


def test_a_pod_is_scheduled_and_run(driver: Driver) -> None:
    driver.create(pod())
    assert driver.now()["status"]["phase"] == "Running"
    assert driver.states() == ["waiting", "running"]


def test_what_is_created_is_pending_first(driver: Driver) -> None:
    assert driver.create(pod())["status"] == {"phase": "Pending", "qosClass": "BestEffort"}
    assert driver.history()[0][2]["status"]["phase"] == "Pending"


def test_a_crashed_container_restarts_at_once_then_after_ten_seconds(driver: Driver) -> None:
    driver.create(pod())
    driver.exit()
    driver.exit()
    driver.done("advance", seconds=60)
    restarts = {
        seen["status"]["containerStatuses"][0]["restartCount"]: at
        for at, _, seen in reversed(driver.history())
        if "running" in (seen["status"].get("containerStatuses") or [{"state": {}}])[0]["state"]
    }
    assert restarts == {0: 0.0, 1: 0.0, 2: 10.0}


def test_an_exit_of_what_does_not_run_is_refused(driver: Driver) -> None:
    driver.create(pod(restartPolicy="Never"))
    driver.exit(0)
    assert driver.now()["status"]["phase"] == "Succeeded"
    response = driver.exit(0)
    assert isinstance(response, Rejected)
    assert response.code == 409


def test_an_exit_in_no_pod_is_not_found(driver: Driver) -> None:
    response = driver.exit(name="nobody")
    assert isinstance(response, Rejected)
    assert (response.code, response.reason) == (404, "NotFound")


def test_an_invalid_pod_names_its_fields(driver: Driver) -> None:
    response = driver.refused("create", object=pod(restartPolicy="Nerver"))
    assert (response.code, response.reason) == (422, "Invalid")
    assert [cause.field for cause in response.causes] == ["spec.restartPolicy"]


@pytest.mark.parametrize(
    "manifest",
    [
        None,
        {},
        {"kind": "Pod"},
        {"kind": "Pod", "apiVersion": "v1", "metadata": "a"},
        {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a"}, "spec": "x"},
        {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a", "labels": {"a": 1}}},
        pod(containers=["c"]),
        pod(containers=7),
        pod(containers=[{"name": "c", "image": "i", "resources": {"limits": {"cpu": "x"}}}]),
    ],
)
def test_what_cannot_be_decoded_is_a_bad_request(driver: Driver, manifest: Any) -> None:
    assert driver.refused("create", object=manifest).code == 400


def test_an_unknown_kind_is_not_found(driver: Driver) -> None:
    manifest = {"kind": "Foo", "apiVersion": "v1", "metadata": {"name": "a"}}
    assert driver.refused("create", object=manifest).code == 404


def test_graceful_deletion_ends_in_a_terminal_phase(driver: Driver) -> None:
    driver.create(pod())
    driver.done("delete", kind="Pod", namespace="default", name="a")
    driver.done("advance", seconds=40)
    at, type_, last = driver.history()[-1]
    assert type_ == "DELETED"
    assert last["status"]["phase"] in {"Succeeded", "Failed"}
    assert at <= 30.0


def test_a_deployment_makes_pods_that_run(driver: Driver) -> None:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": pod()["spec"]}
    spec = {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    metadata = {"name": "web"}
    driver.create(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
    )
    driver.done("advance", seconds=1)
    pods = driver.adapter.engine.store.list("Pod")
    assert [one["status"]["phase"] for one in pods] == ["Running"] * 3
    assert driver.now("Deployment", "web")["status"]["readyReplicas"] == 3


def test_a_claim_is_bound_to_a_volume(driver: Driver) -> None:
    driver.create(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": "v"},
            "spec": {
                "capacity": {"storage": "5Gi"},
                "accessModes": ["ReadWriteOnce"],
                "hostPath": {"path": "/data"},
            },
        }
    )
    driver.create(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "c"},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "1Gi"}},
            },
        }
    )
    driver.done("advance", seconds=1)
    assert driver.now("PersistentVolumeClaim", "c")["spec"]["volumeName"] == "v"


def test_the_same_seed_gives_the_same_trace() -> None:
    def trace() -> str:
        driver = Driver(seed=7, jitter=True)
        for name in "abc":
            driver.create(pod(name))
            driver.exit(1, name)
            driver.exit(1, name)
        driver.done("advance", seconds=200)
        return json.dumps([[seen.at, seen.type, seen.object] for seen in driver.seen])

    assert trace() == trace()


def test_what_was_observed_never_changes(driver: Driver) -> None:
    driver.create(pod())
    frozen = json.dumps([seen.object for seen in driver.seen])
    count = len(driver.seen)
    driver.exit()
    driver.exit()
    driver.done("advance", seconds=30)
    driver.done("delete", kind="Pod", namespace="default", name="a", gracePeriodSeconds=0)
    assert json.dumps([seen.object for seen in driver.seen[:count]]) == frozen


def test_a_client_may_change_its_manifest_afterwards(driver: Driver) -> None:
    manifest = pod()
    driver.create(manifest)
    manifest["spec"]["containers"][0]["image"] = "other:1"
    assert driver.now()["spec"]["containers"][0]["image"] == "app:1"


def test_what_is_watched_is_json(driver: Driver) -> None:
    driver.create(pod())
    assert json.dumps([seen.object for seen in driver.seen])


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(ValueError, match=r"documented"):
        SimulatorAdapter(profile="v9")


def test_an_unknown_function_is_not_served() -> None:
    with pytest.raises(FunctionNotServedError):
        SimulatorAdapter().evaluate("pod.colour", {})


@pytest.mark.parametrize(
    "name",
    sorted(
        name
        for name in functions.SERVED
        if (VECTORS / f"{name}.jsonl").exists() and name != "job.validate"
    ),
)
def test_every_served_function_agrees_with_kubernetes(name: str) -> None:
    adapter = SimulatorAdapter()
    for line in (VECTORS / f"{name}.jsonl").read_text().splitlines():
        vector = json.loads(line)
        try:
            answer = {"result": adapter.evaluate(name, vector["arguments"])}
        except ValueError as error:
            answer = {"error": str(error)}
        recorded = {key: vector[key] for key in ("result", "error") if key in vector}
        assert answer == recorded, vector["id"]


def test_a_job_is_refused_for_every_field_of_which_a_rule_speaks() -> None:
    """Kubernetes refuses others, too: successPolicy, managedBy and what else no rule knows."""
    adapter = SimulatorAdapter()
    for line in (VECTORS / "job.validate.jsonl").read_text().splitlines():
        vector = json.loads(line)
        refused = set(adapter.evaluate("job.validate", vector["arguments"]).get("fields", ()))
        recorded = set(vector["result"].get("fields", ()))
        owned = {field for field in recorded if rule_of_field("Job", field) is not None}
        assert owned <= refused <= recorded, vector["id"]


def test_the_documented_profile_accepts_upper_case_k() -> None:
    parsed = SimulatorAdapter(profile="documented").evaluate("quantity.parse", {"text": "1K"})
    assert parsed["canonical"] == "1k"
