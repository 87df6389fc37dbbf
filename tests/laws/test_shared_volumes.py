"""The laws of shared volumes and of how they are written down, on traces made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Accepted, Act, Cause, Rejected
from strategies.manifests import container, mount, pod
from tests.laws.nodes import inside
from tests.laws.traces import Judged, done, judged, running, seen, status
from tests.laws.traces import pod as stored_pod

RULE = "VOLUME-001"
BOTH = [
    container("c", volumeMounts=[mount("data", "/logs")]),
    container("d", volumeMounts=[mount("data", "/data", "sub")]),
]


def sharing(at: float = 0, uid: str = "uid-a", **source: Any) -> Any:
    statuses = [status(name, running(at), containerID=f"cri://{name}") for name in "cd"]
    spec = {"containers": BOTH, "volumes": [{"name": "data", "emptyDir": source}]}
    return seen(at, stored_pod("Running", statuses, uid=uid, spec=spec, created=at), "ADDED")


def writes(path: str, content: str = "1", of: str = "c", response: Any = None) -> Act:
    where = {"namespace": "default", "pod": "a", "container": of}
    return done(4, "write-file", response, **where, path=path, content=content)


def sees(of: str = "c", at: float = 5, **files: str) -> Act:
    root = "/logs" if of == "c" else "/data"
    return inside({"files": {f"{root}/{path}": held for path, held in files.items()}}, of=of, at=at)


def test_what_one_wrote_the_other_sees() -> None:
    assert judged(sharing(), writes("/logs/sub/x"), sees("d", x="1")).held(RULE)
    assert judged(sharing(), writes("/logs/sub/x"), sees("d")).broken == {RULE}
    assert judged(sharing(), writes("/logs/sub/x"), sees("d", x="2")).broken == {RULE}


def test_a_part_of_a_volume_shows_no_more_than_that() -> None:
    assert judged(sharing(), writes("/logs/y"), sees("d")).held(RULE)
    assert judged(sharing(), writes("/data/y", of="d"), sees("c", **{"sub/y": "1"})).held(RULE)


def test_an_empty_dir_starts_empty() -> None:
    assert judged(sharing(), sees()).held(RULE)
    assert judged(sharing(), sees(old="1")).broken == {RULE}


def test_a_new_pod_has_a_new_one() -> None:
    both = sharing(), writes("/logs/x"), sharing(20, "uid-b")
    assert judged(*both, sees(at=25)).held(RULE)
    assert RULE in judged(*both, sees(at=25, x="1")).broken


def test_what_was_refused_is_not_there() -> None:
    refused = writes("/logs/x", response=Rejected(409, "Conflict"))
    assert judged(sharing(), refused, sees()).held(RULE)


def test_of_memory_and_other_sources_nothing_is_said() -> None:
    assert RULE not in judged(sharing(medium="Memory"), sees(x="1")).exercised


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
