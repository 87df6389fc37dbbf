"""StatefulSets, quotas, and what of the controllers can be configured."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.adapters.simulator import SimulatorAdapter, meta
from conformance.adapters.simulator.errors import ApiError
from spec_model.events import Rejected, stimulus
from tests.simulator.control_plane import ControlPlane, template, workload


@pytest.fixture
def plane() -> ControlPlane:
    return ControlPlane()


def names(plane: ControlPlane) -> list[str]:
    return sorted(map(meta.name_of, plane.pods()))


def a_set(plane: ControlPlane, replicas: int, **more: Any) -> None:
    plane.create("StatefulSet", "web", spec={**workload(replicas), "serviceName": "web", **more})


def unready(plane: ControlPlane, name: str) -> None:
    pod = plane.get("Pod", name)
    ready = meta.with_condition((), {"type": "Ready", "status": "False"}, plane.clock.timestamp())
    plane.store.update_status(meta.with_status(pod, conditions=ready))
    plane.settle()


def test_pods_have_ordinals(plane: ControlPlane) -> None:
    a_set(plane, 3)
    assert names(plane) == ["web-0", "web-1", "web-2"]


def test_ordinals_begin_where_they_are_told_to(plane: ControlPlane) -> None:
    a_set(plane, 2, ordinals={"start": 5})
    assert names(plane) == ["web-5", "web-6"]


def test_one_waits_for_the_other(plane: ControlPlane) -> None:
    plane.runs_pods = False
    a_set(plane, 2)
    assert names(plane) == ["web-0"]


def test_in_parallel_nobody_waits(plane: ControlPlane) -> None:
    plane.runs_pods = False
    a_set(plane, 2, podManagementPolicy="Parallel")
    assert names(plane) == ["web-0", "web-1"]


def test_a_lost_pod_comes_back_under_its_name(plane: ControlPlane) -> None:
    a_set(plane, 2)
    before = meta.uid_of(plane.get("Pod", "web-0"))
    plane.delete("Pod", "web-0")
    assert meta.uid_of(plane.get("Pod", "web-0")) != before


def test_a_failed_pod_is_made_again(plane: ControlPlane) -> None:
    a_set(plane, 1)
    pod = plane.get("Pod", "web-0")
    plane.store.update_status(meta.with_status(pod, phase="Failed"))
    plane.settle()
    assert meta.uid_of(plane.get("Pod", "web-0")) != meta.uid_of(pod)


def test_the_last_goes_first(plane: ControlPlane) -> None:
    a_set(plane, 3)
    plane.change("StatefulSet", "web", "spec", "replicas", value=1)
    assert names(plane) == ["web-0"]


def test_nobody_goes_while_another_is_unready(plane: ControlPlane) -> None:
    a_set(plane, 3)
    unready(plane, "web-0")
    plane.change("StatefulSet", "web", "spec", "replicas", value=1)
    assert names(plane) == ["web-0", "web-1", "web-2"]


def revisions(plane: ControlPlane) -> list[str]:
    return [meta.labels_of(pod)["controller-revision-hash"] for pod in plane.pods()]


def test_an_update_reaches_all(plane: ControlPlane) -> None:
    a_set(plane, 2)
    before = plane.get("StatefulSet", "web")["status"]["updateRevision"]
    plane.change("StatefulSet", "web", "spec", "template", value=template(requests={"cpu": "1m"}))
    status = plane.get("StatefulSet", "web")["status"]
    assert status["currentRevision"] == status["updateRevision"] != before
    assert set(revisions(plane)) == {status["updateRevision"]}


def test_below_the_partition_all_stay(plane: ControlPlane) -> None:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    a_set(plane, 2, updateStrategy=rolling)
    plane.change("StatefulSet", "web", "spec", "template", value=template(requests={"cpu": "1m"}))
    assert len(set(revisions(plane))) == 2
    plane.delete("Pod", "web-0")
    assert len(set(revisions(plane))) == 2


def test_on_delete_nobody_is_updated() -> None:
    plane = ControlPlane("documented")
    a_set(plane, 2)
    plane.change("StatefulSet", "web", "spec", "template", value=template(requests={"cpu": "1m"}))
    assert len(set(revisions(plane))) == 1
    plane.delete("Pod", "web-1")
    assert len(set(revisions(plane))) == 2


def test_an_undo_uses_the_revision_again(plane: ControlPlane) -> None:
    a_set(plane, 1)
    first = plane.get("StatefulSet", "web")["status"]["updateRevision"]
    old = plane.get("StatefulSet", "web")["spec"]["template"]
    plane.change("StatefulSet", "web", "spec", "template", value=template(requests={"cpu": "1m"}))
    plane.change("StatefulSet", "web", "spec", "template", value=old)
    assert plane.get("StatefulSet", "web")["status"]["updateRevision"] == first
    assert len(plane.store.list("ControllerRevision")) == 2


def test_unused_revisions_are_forgotten(plane: ControlPlane) -> None:
    a_set(plane, 1, revisionHistoryLimit=1)
    for milli in range(1, 6):
        changed = template(requests={"cpu": f"{milli}m"})
        plane.change("StatefulSet", "web", "spec", "template", value=changed)
    assert len(plane.store.list("ControllerRevision")) == 2


def test_some_fields_stay(plane: ControlPlane) -> None:
    a_set(plane, 1)
    with pytest.raises(ApiError, match="serviceName"):
        plane.change("StatefulSet", "web", "spec", "serviceName", value="other")


# -- Quotas ------------------------------------------------------------------------------------------


def test_a_quota_ends_a_batch_and_shows(plane: ControlPlane) -> None:
    plane.create("ResourceQuota", "q", spec={"hard": {"pods": "2"}})
    plane.create("ReplicaSet", "r", spec=workload(9))
    assert len(plane.pods()) == 2
    conditions = plane.get("ReplicaSet", "r")["status"]["conditions"]
    assert [(each["type"], each["reason"]) for each in conditions] == [
        ("ReplicaFailure", "FailedCreate")
    ]
    plane.delete("ResourceQuota", "q")
    plane.advance(10)
    assert len(plane.pods()) == 9
    assert "conditions" not in plane.get("ReplicaSet", "r")["status"]


# -- Flags -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flags", [{"other": 1}, {"terminated-pod-gc-threshold": "1"}, "none"])
def test_flags_that_are_none_are_refused(flags: Any) -> None:
    response = SimulatorAdapter().apply(stimulus("configure-controllers", flags=flags))
    assert isinstance(response, Rejected)
    assert "flags" in response.message
