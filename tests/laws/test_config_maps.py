"""The laws of ConfigMaps, on traces made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Accepted, Act, Observation, Rejected
from tests.laws.configs import cfg, mounts_it, needs_key, runs, waits
from tests.laws.nodes import inside
from tests.laws.traces import Judged, done, judged, seen


def env(at: float, value: str | None) -> Act:
    return inside({"env": {} if value is None else {"K": value}}, at=at)


def files(at: float, **shown: str) -> Act:
    return inside({"files": {f"/c/{key}": value for key, value in shown.items()}}, at=at)


# -- CONFIGMAP-001 ---------------------------------------------------------------------------------


def variable(value: str | None, **more: Any) -> Judged:
    """The key is 1, the container starts at 100 s, the key becomes 2 at 200 s; then a look."""
    before = cfg(0, "ADDED", k="1"), runs(100, needs_key(**more), 100), cfg(200, k="2")
    return judged(*before, env(400, value))


def test_a_variable_stays_as_it_was_at_the_start() -> None:
    assert variable("1").held("CONFIGMAP-001")
    assert variable("2").broken == {"CONFIGMAP-001"}
    assert variable(None).broken == {"CONFIGMAP-001"}


def test_a_restarted_container_gets_the_new_value() -> None:
    before = cfg(0, "ADDED", k="1"), runs(100, needs_key(), 100), cfg(200, k="2")
    again = runs(300, needs_key(), 300, 1)
    assert judged(*before, again, env(400, "2")).held("CONFIGMAP-001")
    assert "CONFIGMAP-001" in judged(*before, again, env(400, "1")).broken


@pytest.mark.parametrize("value", ["1", "2"])
def test_an_edit_at_the_very_start_may_be_seen_or_not(value: str) -> None:
    trace = cfg(0, "ADDED", k="1"), runs(100, needs_key(), 100), cfg(100.5, k="2")
    assert judged(*trace, env(400, value)).held("CONFIGMAP-001")


def test_what_was_before_the_judge_came_is_not_known() -> None:
    late = cfg(50, "ADDED", born=10, k="1"), runs(60, needs_key(), 20)
    assert judged(*late, env(70, "0")).broken == {"CONFIGMAP-001"}  # it was there, and is the same
    assert not judged(runs(60, needs_key(), 20), env(70, "0")).findings


def test_an_optional_key_may_be_missing() -> None:
    trace = cfg(0, "ADDED", other="1"), runs(100, needs_key(optional=True), 100)
    assert judged(*trace, env(200, None)).held("CONFIGMAP-001")


# -- CONFIGMAP-002 ---------------------------------------------------------------------------------


def shown(at: float, **found: str) -> Judged:
    """A volume of k = 1 since 0 s, k = 2 and l = 3 since 200 s; then a look."""
    before = cfg(0, "ADDED", k="1"), runs(100, mounts_it(), 100), cfg(200, k="2", l="3")
    return judged(*before, files(at, **found))


def test_files_follow_an_edit_within_a_sync() -> None:
    assert shown(290, k="1").held("CONFIGMAP-002")
    assert shown(210, k="2", l="3").held("CONFIGMAP-002")
    assert shown(300, k="2", l="3").held("CONFIGMAP-002")
    assert shown(300, k="1").broken == {"CONFIGMAP-002"}


def test_files_of_two_versions_are_never_mixed() -> None:
    assert shown(250, k="1", l="3").broken == {"CONFIGMAP-002"}
    assert shown(250, k="2").broken == {"CONFIGMAP-002"}


def test_links_of_the_kubelet_are_no_keys() -> None:
    before = cfg(0, "ADDED", k="1"), runs(100, mounts_it(), 100)
    links = {"/c/k": "1", "/c/..data/k": "1"}
    assert judged(*before, inside({"files": links}, at=150)).held("CONFIGMAP-002")


def test_a_volume_stays_when_its_config_map_goes() -> None:
    before = cfg(0, "ADDED", k="1"), runs(100, mounts_it(), 100), cfg(200, "DELETED", k="1")
    assert judged(*before, files(900, k="1")).held("CONFIGMAP-002")


def test_nobody_syncs_a_pod_that_is_being_deleted() -> None:
    going = runs(150, mounts_it(), 100)
    going.object["metadata"]["deletionTimestamp"] = "2024-05-01T10:10:00Z"
    trace = cfg(0, "ADDED", k="1"), going, cfg(200, k="2")
    assert not judged(*trace, files(400, k="1")).findings


def written(path: str, response: Accepted | Rejected, sub_path: str | None = None) -> Judged:
    where = {"namespace": "default", "pod": "a", "container": "c", "path": path, "content": "x"}
    return judged(runs(0, mounts_it(sub_path), 0), done(5, "write-file", response, **where))


def test_the_volume_is_read_only() -> None:
    assert written("/c/k", Accepted()).broken == {"CONFIGMAP-002"}
    assert written("/c/k", Rejected(403, "Forbidden")).held("CONFIGMAP-002")
    assert "CONFIGMAP-002" not in written("/elsewhere", Accepted()).exercised
    assert "CONFIGMAP-002" not in written("/c/k", Rejected(409, "Conflict")).exercised


# -- CONFIGMAP-004 ---------------------------------------------------------------------------------


def single(found: dict[str, str], **more: Any) -> Judged:
    """k, which is 1 and becomes 2 at 200 s, mounted alone at /c."""
    started = runs(100, mounts_it("k"), 100, created=100)
    before = cfg(0, "ADDED", k="1"), started, cfg(200, k="2")
    return judged(*before, inside({"files": found}, at=400), **more)


def test_one_key_is_a_file_and_stays_as_it_was() -> None:
    assert single({"/c": "1"}).held("CONFIGMAP-004")
    assert single({"/c": "2"}).broken == {"CONFIGMAP-002"}
    assert single({"/c/k": "1"}).broken == {"CONFIGMAP-004"}


def test_the_source_knows_directories_only() -> None:
    assert "CONFIGMAP-004" in single({"/c": "1"}, profile="documented").broken
    assert single({"/c/k": "2"}, profile="documented").held("CONFIGMAP-004")


# -- CONFIGMAP-003 ---------------------------------------------------------------------------------

ERROR = 'configmap "cfg" not found'


def failed_mount(at: float) -> Observation:
    about = {"kind": "Pod", "namespace": "default", "name": "a", "uid": "uid-a"}
    metadata = {"name": "a.1", "namespace": "default", "uid": f"event-{at}"}
    event = {"kind": "Event", "metadata": metadata, "involvedObject": about}
    return seen(at, {**event, "reason": "FailedMount", "message": f"MountVolume: {ERROR}"}, "ADDED")


def test_a_pod_starts_by_itself_when_its_config_map_comes() -> None:
    before = (
        waits(1, needs_key(), "CreateContainerConfigError", ERROR, "ADDED"),
        cfg(60, "ADDED", k="1"),
    )
    assert judged(*before, runs(75, needs_key(), 74), until=600).held("CONFIGMAP-003")
    assert judged(*before, until=600).broken == {"CONFIGMAP-003"}


def test_a_pod_whose_volume_is_missing_says_so() -> None:
    before = waits(1, mounts_it(), "ContainerCreating", type="ADDED")
    assert judged(before, failed_mount(2), cfg(60, "ADDED", k="1"), runs(99, mounts_it(), 98)).held(
        "CONFIGMAP-003"
    )
    other = waits(3, mounts_it(), "CreateContainerConfigError")
    trace = judged(before, other, cfg(60, "ADDED", k="1"), runs(99, mounts_it(), 98))
    assert trace.broken == {"CONFIGMAP-003"}


def test_nothing_runs_without_what_it_refers_to() -> None:
    running = runs(20, needs_key(), 20)
    assert judged(running, cfg(60, "ADDED", k="1")).broken == {"CONFIGMAP-003"}
    gone = cfg(0, "ADDED", k="1"), cfg(10, "DELETED", k="1")
    assert judged(*gone, runs(60, needs_key(), 60)).broken == {"CONFIGMAP-003"}
    assert judged(cfg(0, "ADDED", k="1"), running).held("CONFIGMAP-003")
    long_before = runs(1, needs_key(), -60)
    assert not judged(cfg(0, "ADDED", l="1"), long_before, clock="real").broken


def test_a_container_that_runs_may_lose_it() -> None:
    gone = cfg(0, "ADDED", k="1"), runs(20, needs_key(), 20), cfg(60, "DELETED", k="1")
    assert not judged(*gone, runs(90, needs_key(), 20), cfg(120, "ADDED", k="2")).findings


def test_nobody_waits_for_what_is_optional() -> None:
    waiting = waits(5, needs_key(optional=True), "CreateContainerConfigError", ERROR)
    assert judged(waiting).broken == {"CONFIGMAP-003"}
    other = waits(5, needs_key(optional=True), "CreateContainerConfigError", 'secret "s" not found')
    assert judged(waits(5, needs_key(), "CreateContainerConfigError", ERROR)).held("CONFIGMAP-003")
    assert judged(other).broken == {"CONFIGMAP-003"}


def test_the_source_wants_the_config_map_first() -> None:
    late = (
        waits(1, needs_key(), "CreateContainerConfigError", ERROR, "ADDED"),
        cfg(60, "ADDED", k="1"),
    )
    assert judged(*late, until=900, profile="documented").held("CONFIGMAP-003")
    trace = judged(*late, runs(75, needs_key(), 74), profile="documented")
    assert trace.broken == {"CONFIGMAP-003"}


def test_who_has_had_its_volumes_does_not_wait_for_them_again() -> None:
    """It was mounted once, and its image is in its way now; the ConfigMap has gone and come since."""
    trace = (
        cfg(0, "ADDED", k="1"),
        waits(1, mounts_it(), "ContainerCreating", type="ADDED"),
        waits(2, mounts_it(), "CreateContainerError"),
        cfg(60, "DELETED", k="1"),
        cfg(90, "ADDED", k="1"),
    )
    assert not judged(*trace, until=900).broken
