"""Deployments of the simulator: progress, pauses, undo, and the rolling update of old."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.adapters.simulator import SimulatorAdapter
from spec_model.events import Accepted, Rejected, Response, stimulus
from strategies.rollouts import deployment, new_image, rolled, stuck


class Cluster:
    """An engine, and short words to drive it."""

    def __init__(self, profile: str = "v1.36") -> None:
        self.adapter = SimulatorAdapter(profile)

    def do(self, verb: str, **given: Any) -> Response:
        return self.adapter.apply(stimulus(verb, **given))

    def edit(self, patch: dict[str, Any]) -> None:
        self.do("patch", kind="Deployment", namespace="default", name="a", patch=patch)

    def get(self, kind: str, name: str = "a") -> Any:
        return self.adapter.engine.store.get(kind, "default", name)

    @property
    def reason(self) -> str:
        conditions = self.get("Deployment")["status"]["conditions"]
        return next(each["reason"] for each in conditions if each["type"] == "Progressing")

    @property
    def sets(self) -> list[Any]:
        return self.adapter.engine.store.list("ReplicaSet")


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster()
    made.do("create", object=deployment("a", 2, progressDeadlineSeconds=20, grace=1))
    return made


def test_a_stuck_rollout_is_given_up_a_second_after_its_deadline(cluster: Cluster) -> None:
    cluster.edit(stuck())
    cluster.do("advance", seconds=20)
    assert cluster.reason == "ReplicaSetUpdated"
    cluster.do("advance", seconds=2)
    assert cluster.reason == "ProgressDeadlineExceeded"


def test_a_pause_collects_edits(cluster: Cluster) -> None:
    cluster.edit({"spec": {"paused": True}})
    assert cluster.reason == "DeploymentPaused"
    for image in ("app:2", "app:3"):
        cluster.edit(new_image(image))
    assert len(cluster.sets) == 1
    cluster.edit({"spec": {"paused": False}})
    assert len(cluster.sets) == 2


def test_an_undo_makes_the_old_template_the_newest(cluster: Cluster) -> None:
    cluster.edit(new_image("app:2"))
    cluster.do("rollout-undo", namespace="default", name="a")
    annotations = cluster.sets[0]["metadata"]["annotations"]
    assert annotations["deployment.kubernetes.io/revision"] == "3"
    assert annotations["deployment.kubernetes.io/revision-history"] == "1"


def test_there_is_nothing_to_undo_at_first(cluster: Cluster) -> None:
    refused = cluster.do("rollout-undo", namespace="default", name="a")
    assert not isinstance(refused, Accepted)


def test_old_history_goes(cluster: Cluster) -> None:
    cluster.edit({"spec": {"revisionHistoryLimit": 1}})
    for number in range(2, 5):
        cluster.edit(new_image(f"app:{number}"))
        cluster.do("advance", seconds=2)
    assert len(cluster.sets) == 2


def test_old_apis_are_of_the_document_alone() -> None:
    made = deployment(api="extensions/v1beta1")
    assert not isinstance(Cluster().do("create", object=made), Accepted)
    assert isinstance(Cluster("documented").do("create", object=made), Accepted)


def test_a_rolling_update_takes_a_minute_a_step() -> None:
    cluster = Cluster("documented")
    cluster.do("create", object=rolled("old", 1))
    new = rolled("new", 1, "app:2", "2")
    cluster.do("rolling-update", namespace="default", name="old", object=new)
    cluster.do("advance", seconds=60)
    assert cluster.get("ReplicationController", "old")["spec"]["replicas"] == 1
    cluster.do("advance", seconds=20)
    assert cluster.get("ReplicationController", "old") is None
    assert cluster.get("ReplicationController", "new")["spec"]["replicas"] == 1


def test_an_update_in_progress_goes_on_with_its_image_and_no_other(cluster: Cluster) -> None:
    cluster.do("create", object=rolled("old", 2))
    cluster.do("rolling-update", namespace="default", name="old", image="app:2")
    cluster.do("advance", seconds=90)
    assert cluster.get("ReplicationController", "old")["spec"]["replicas"] == 1
    controllers = cluster.adapter.engine.store.list("ReplicationController")
    cluster.do("rolling-update", namespace="default", name="old", image="app:2")
    assert len(cluster.adapter.engine.store.list("ReplicationController")) == len(controllers)
    other = cluster.do("rolling-update", namespace="default", name="old", image="app:3")
    assert isinstance(other, Rejected)
