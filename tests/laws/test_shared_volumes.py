"""The laws of emptyDirs and of how volumes are written down, on traces made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Accepted, Act, Cause, Rejected
from strategies.manifests import container, mount, pod
from tests.laws.nodes import inside
from tests.laws.traces import Judged, done, judged, running, seen, status, terminated
from tests.laws.traces import pod as stored_pod

SHARED, LASTING, LOST = "VOLUME-001", "VOLUME-005", "VOLUME-006"
BOTH = [
    container("c", volumeMounts=[mount("data", "/logs")]),
    container("d", volumeMounts=[mount("data", "/data", "sub")]),
]


def sharing(at: float = 0, uid: str = "uid-a", restarts: int = 0, **source: Any) -> Any:
    last = terminated(1, finished=at) if restarts else None
    if last is not None:
        last["terminated"]["containerID"] = "cri://c0"
    first = status("c", running(at), last=last, restarts=restarts, containerID=f"cri://c{restarts}")
    statuses = [first, status("d", running(0 if restarts else at), containerID="cri://d0")]
    spec = {"containers": BOTH, "volumes": [{"name": "data", "emptyDir": source}]}
    manifest = stored_pod("Running", statuses, uid=uid, spec=spec, created=0 if restarts else at)
    return seen(at, manifest, "MODIFIED" if restarts else "ADDED")


def writes(path: str, content: str = "1", of: str = "c", response: Any = None) -> Act:
    where = {"namespace": "default", "pod": "a", "container": of}
    return done(4, "write-file", response, **where, path=path, content=content)


def sees(of: str = "c", at: float = 5, **files: str) -> Act:
    root = "/logs" if of == "c" else "/data"
    return inside({"files": {f"{root}/{path}": held for path, held in files.items()}}, of=of, at=at)


def test_what_one_wrote_the_other_sees() -> None:
    assert judged(sharing(), writes("/logs/sub/x"), sees("d", x="1")).held(SHARED)
    assert judged(sharing(), writes("/logs/sub/x"), sees("d")).broken == {SHARED}
    assert judged(sharing(), writes("/logs/sub/x"), sees("d", x="2")).broken == {SHARED}


def test_what_nobody_else_wrote_shows_nothing_of_sharing() -> None:
    assert SHARED not in judged(sharing(), writes("/logs/x"), sees(x="1")).exercised


def test_a_part_of_a_volume_shows_no_more_than_that() -> None:
    assert not judged(sharing(), writes("/logs/y"), sees("d")).broken
    assert judged(sharing(), writes("/data/y", of="d"), sees("c", **{"sub/y": "1"})).held(SHARED)


def test_an_empty_dir_starts_empty() -> None:
    assert judged(sharing(), sees()).held(LASTING)
    assert judged(sharing(), sees(old="1")).broken == {LASTING}


def test_a_restart_leaves_the_files() -> None:
    before = sharing(), writes("/logs/x"), sharing(10, restarts=1)
    assert judged(*before, sees(at=12, x="1")).held(LASTING)
    assert judged(*before, sees(at=12)).broken == {LASTING}


def test_every_container_may_write() -> None:
    refused = writes("/logs/x", response=Rejected(403, "Forbidden", "read-only file system"))
    assert judged(sharing(), writes("/logs/x")).held(LASTING)
    assert judged(sharing(), refused).broken == {LASTING}


def test_an_empty_dir_is_open_to_all() -> None:
    for mode, breaks in (("0777", False), ("2777", False), ("0755", True)):
        trace = judged(sharing(), inside({"mounts": {"/logs": {"mode": mode}}}))
        assert (LASTING in trace.broken) is breaks


def test_a_new_pod_has_a_new_one() -> None:
    both = sharing(), writes("/logs/x"), sharing(20, "uid-b")
    assert judged(*both, sees(at=25)).held(LOST)
    assert judged(*both, sees(at=25, x="1")).broken == {LOST}


def test_what_was_refused_is_not_there() -> None:
    refused = writes("/logs/x", response=Rejected(409, "Conflict"))
    assert not judged(sharing(), refused, sees()).broken
    assert judged(sharing(), refused, sees(x="1")).broken == {LASTING}


def test_what_is_in_memory_may_be_lost_with_the_power() -> None:
    kept = sharing(medium="Memory"), writes("/logs/x")
    off = done(5, "stop-node", node="node-1"), done(6, "start-node", node="node-1")
    assert judged(*kept, sees(at=8)).broken == {SHARED}
    assert not judged(*kept, *off, sees(at=8)).broken


# -- VOLUME-003 and 004 ------------------------------------------------------------------------------


def created(response: Accepted | Rejected, how: str | None = None, **source: Any) -> Judged:
    sent = pod(volumes=[{"name": "v", **source}])
    given = {} if how is None else {"fieldValidation": how}
    return judged(done(0, "create", response, object=sent, **given))


def stored(**source: Any) -> Accepted:
    return Accepted({**stored_pod("Pending"), "spec": {"volumes": [{"name": "v", **source}]}})


@pytest.mark.parametrize("source", [{}, {"emptuDir": {}}])
def test_a_volume_without_a_known_source_is_an_empty_dir(source: dict[str, Any]) -> None:
    rule = "VOLUME-004"
    assert created(stored(emptyDir={}), **source).held(rule)
    assert rule in created(stored(), **source).broken
    assert rule in created(stored(emptyDir={}, emptuDir={}), emptuDir={}).broken


def test_only_strict_clients_are_told_of_unknown_fields() -> None:
    refused = Rejected(400, "BadRequest", 'unknown field "spec.volumes[0].emptuDir"')
    assert created(refused, "Strict", emptuDir={}).held("VOLUME-004")
    assert "VOLUME-004" in created(stored(emptyDir={}), "Strict", emptuDir={}).broken
    assert created(refused, emptuDir={}).broken == {"VOLUME-004"}


def test_a_valid_path_that_is_refused_is_an_odd_one() -> None:
    odd = container(volumeMounts=[mount("v", "a:b")])
    sent = pod(containers=[odd], volumes=[{"name": "v", "emptyDir": {}}])
    field = Cause("spec.containers[0].volumeMounts[0].mountPath", "FieldValueInvalid")
    trace = judged(done(0, "create", Rejected(422, "Invalid", "", (field,)), object=sent))
    assert trace.broken == {"VOLUME-003"}
