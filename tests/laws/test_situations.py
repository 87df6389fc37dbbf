"""In which situations Pods and their containers are, by two views of a Pod one after the other."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model import objects, situations
from spec_model.events import Manifest
from spec_model.pod import reasons
from spec_model.world import Seen, SeenContainer, World
from tests.laws.traces import pod, running, status, terminated, waiting

UNBOUND = pod("Pending", spec={"nodeName": ""})
WAITS = pod("Pending", [status()])
RUNS = pod("Running", [status(state=running())])


def looked_at(now: Manifest, before: Manifest | None = None, type_: str = "MODIFIED") -> Seen:
    was = None if before is None else objects.pod(before)
    return Seen(World(), 1.0, type_, was, objects.pod(now, was), now, {}, False)


def of_pod(now: Manifest, before: Manifest | None = None, type_: str = "MODIFIED") -> set[str]:
    return set(situations.of_pod(looked_at(now, before, type_)))


def of_container(now: Manifest, before: Manifest | None = None) -> set[str]:
    seen = looked_at(now, before)
    was = None if seen.before is None else seen.before.statuses.get("c")
    shown = SeenContainer(seen, seen.now.spec.containers[0], was, seen.now.statuses["c"])
    return set(situations.of_container(shown, situations.of_pod(seen)))


def with_conditions(manifest: dict[str, Any], *conditions: dict[str, str]) -> dict[str, Any]:
    return {**manifest, "status": {**manifest["status"], "conditions": list(conditions)}}


def with_metadata(manifest: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**manifest, "metadata": {**manifest["metadata"], **more}}


def test_a_pod_that_is_bound_keeps_its_containers() -> None:
    before = objects.pod(UNBOUND)
    assert objects.pod(WAITS, before).spec.containers is before.spec.containers


def test_a_pod_that_is_bound_is_edited_and_not_rebuilt() -> None:
    assert of_pod(WAITS, UNBOUND) >= {"bound", "edited", "unplaced"}
    assert "rebuilt" not in of_pod(WAITS, UNBOUND)


@pytest.mark.parametrize("field", ["containers", "initContainers"])
def test_another_list_of_containers_rebuilds_a_pod(field: str) -> None:
    other = {**RUNS, "spec": {**RUNS["spec"], field: [{"name": "c", "image": "app:2"}]}}
    assert of_pod(other, RUNS) >= {"edited", "rebuilt"}


def test_init_containers_alone_rebuild_a_pod_without_others() -> None:
    none = pod("Pending", containers=())
    assert "rebuilt" in of_pod(pod("Pending", containers=(), init=[{"name": "i"}]), none)


def test_a_pod_whose_container_starts_has_moved_and_not_turned() -> None:
    found = of_pod(with_conditions(RUNS), with_conditions(WAITS))
    assert found >= {"changed", "moved", "stirred", "passed"}
    assert not found & {"turned", "placed"}


def test_a_pod_whose_condition_changes_has_turned_and_not_moved() -> None:
    found = of_pod(
        with_conditions(RUNS, {"type": "Ready", "status": "True"}), with_conditions(RUNS)
    )
    assert found >= {"changed", "turned", "stirred"}
    assert not found & {"moved", "placed", "passed"}


@pytest.mark.parametrize("more", [{"labels": {"a": "b"}}, {"ownerReferences": [{"uid": "u"}]}])
def test_other_labels_and_owners_place_a_pod_anew(more: dict[str, Any]) -> None:
    assert of_pod(with_metadata(RUNS, **more), RUNS) >= {"stirred", "placed"}
    assert "changed" not in of_pod(with_metadata(RUNS, **more), RUNS)


def test_a_pod_is_marked_once_and_ending_from_then_on() -> None:
    marked = with_metadata(RUNS, deletionTimestamp="2024-05-01T10:00:30Z")
    assert of_pod(marked, RUNS) >= {"marked", "ending", "stirred"}
    assert "ending" in of_pod(marked, marked)
    assert "marked" not in of_pod(marked, marked)


def test_a_pod_that_goes_is_stirred_whatever_it_shows() -> None:
    assert of_pod(RUNS, RUNS, "DELETED") >= {"gone", "stirred"}


def test_nothing_is_new_of_a_pod_that_is_shown_again() -> None:
    assert of_pod(RUNS, RUNS) == set()


def test_a_new_pod_is_changed_and_moved_and_not_edited() -> None:
    assert of_pod(RUNS) == {*situations.OF_A_NEW_POD, "addressed"}


def test_a_container_that_waits_for_its_turn_is_held_up_and_not_stuck() -> None:
    assert of_container(WAITS) == {"changed", "held up"}


@pytest.mark.parametrize("reason", ["ErrImagePull", "CreateContainerConfigError", ""])
def test_a_container_that_waits_for_anything_else_is_stuck(reason: str) -> None:
    held = pod("Pending", [status(state=waiting(reason))])
    assert of_container(held, WAITS) == {"changed", "held up", "waiting", "stuck"}
    assert of_container(held, held) == {"waiting", "waited"}


def test_a_container_backs_off_where_its_status_has_changed() -> None:
    last = terminated(1)
    held = pod("Running", [status(state=waiting("CrashLoopBackOff"), last=last, restarts=1)])
    assert of_container(held, RUNS) == {"changed", "held up", "ended", "backing off"}
    assert of_container(held, held) == set()


def test_a_container_of_a_pod_that_ends_is_in_that_situation_too() -> None:
    marked = with_metadata(RUNS, deletionTimestamp="2024-05-01T10:00:30Z")
    assert of_container(marked, marked) == {"ending"}


def test_no_reason_that_laws_of_stuck_containers_look_at_is_one_of_those_in_turn() -> None:
    words = {*reasons.PULLS, *reasons.OF_STEPS, reasons.HOOK_ERROR}
    words |= {reasons.NEVER_PULL, reasons.BACK_OFF, reasons.INVALID_NAME}
    assert situations.IN_TURN.isdisjoint({*words, "CreateContainerConfigError"})
