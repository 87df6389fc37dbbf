"""The laws of host paths, on traces made by hand (VOLUME-007)."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Act, Observation
from strategies.manifests import container, mount
from tests.laws.nodes import inside
from tests.laws.traces import done, judged, pod, running, seen, status, time_at, waiting

RULE = "VOLUME-007"


def mounts_it(
    name: str = "a",
    path: str = "/tmp/x",
    type_: str = "",
    *,
    node: str = "node-1",
    at: float = 0,
    state: Any = None,
    uid: str = "",
    kind: str = "ADDED",
) -> Observation:
    """A Pod of one container that mounts a host path at /v."""
    made = container("c", volumeMounts=[mount("v", "/v")])
    source = {"path": path, **({"type": type_} if type_ else {})}
    spec = {
        "containers": [made],
        "volumes": [{"name": "v", "hostPath": source}],
        "nodeName": node,
    }
    own = state or running(at)
    statuses = [status("c", own, containerID=f"cri://{name}" if "running" in own else "")]
    phase = "Running" if "running" in own else "Pending"
    manifest = pod(phase, statuses, name=name, uid=uid or f"uid-{name}", spec=spec, created=0)
    return seen(at, manifest, kind)


def starts(*given: Any, at: float = 5, **more: Any) -> tuple[Observation, Observation]:
    """The same Pod, seen while it waits, and when it runs."""
    first = mounts_it(*given, at=at - 1, state=waiting(), **more)
    return first, mounts_it(*given, at=at, kind="MODIFIED", **more)


def writes(of: str = "a", path: str = "/v/f", content: str = "1") -> Act:
    where = {"namespace": "default", "pod": of, "container": "c"}
    return done(2, "write-file", **where, path=path, content=content)


def sees(of: str, at: float = 8, **files: str) -> Act:
    return inside({"files": {f"/v/{path}": held for path, held in files.items()}}, of, at=at)


def fails(of: str, at: float = 6) -> Observation:
    text = 'MountVolume.SetUp failed for volume "v" : hostPath type check failed: /tmp/x is not …'
    about = {"kind": "Pod", "namespace": "default", "name": of, "uid": f"uid-{of}"}
    event = {
        "kind": "Event",
        "metadata": {"name": f"e-{of}", "namespace": "default", "uid": f"e-{of}"},
        "involvedObject": about,
        "reason": "FailedMount",
        "type": "Warning",
        "message": text,
        "lastTimestamp": time_at(at),
    }
    return seen(at, event, "ADDED")


def test_what_one_pod_wrote_the_next_one_sees() -> None:
    def after_it(look: Act) -> Any:
        first, gone = mounts_it(), mounts_it(at=4, kind="DELETED")
        return judged(first, writes(), gone, mounts_it("b", at=6), look)

    assert after_it(sees("b", f="1")).held(RULE)
    assert after_it(sees("b")).broken == {RULE}


def test_a_path_above_shows_it_too() -> None:
    above = mounts_it("b", "/tmp")
    assert judged(mounts_it(), writes(), above, sees("b", **{"x/f": "1"})).held(RULE)
    assert judged(mounts_it(), writes(), above, sees("b")).broken == {RULE}


def test_a_file_of_the_host_is_the_mount_itself() -> None:
    of_file = mounts_it("b", "/tmp/x/f", "File", at=6)
    look = inside({"files": {"/v": "1"}}, "b", at=8)
    assert judged(mounts_it(), writes(), of_file, look).held(RULE)


def test_another_node_does_not_show_it() -> None:
    elsewhere = mounts_it("b", node="node-2")
    assert judged(mounts_it(), writes(), elsewhere, sees("b")).held(RULE)
    assert judged(mounts_it(), writes(), elsewhere, sees("b", f="1")).broken == {RULE}
    assert not judged(mounts_it(), writes(), elsewhere, sees("b", g="1")).broken


def test_what_is_reclaimed_may_be_gone() -> None:
    released = {
        "kind": "PersistentVolume",
        "metadata": {"name": "v", "uid": "v", "resourceVersion": "9"},
        "spec": {"hostPath": {"path": "/tmp/x"}},
        "status": {"phase": "Released"},
    }
    trace = mounts_it(), writes(), seen(4, released, "ADDED"), mounts_it("b"), sees("b")
    assert not judged(*trace).broken


@pytest.mark.parametrize("type_", ["Directory", "File", "Socket", "CharDevice", "BlockDevice"])
def test_where_nothing_is_nothing_starts(type_: str) -> None:
    assert judged(*starts("b", "/tmp/new", type_)).broken == {RULE}
    assert judged(mounts_it("b", "/tmp/x", type_, state=waiting()), fails("b")).held(RULE)


def test_what_is_made_may_be_used() -> None:
    made = starts("a", "/tmp/x", "DirectoryOrCreate")
    assert judged(*made, *starts("b", "/tmp/x", "Directory", at=9)).held(RULE)
    assert judged(*made, *starts("b", "/tmp/x", "File", at=9)).broken == {RULE}


def test_what_has_something_below_it_is_a_folder() -> None:
    made = starts("a", "/srv/x/y", "FileOrCreate")
    assert judged(*made, *starts("b", "/srv/x", "Directory", at=9), clock="real").held(RULE)
    assert judged(*made, *starts("b", "/srv/x", "Socket", at=9), clock="real").broken == {RULE}


def test_who_only_came_may_have_had_it_made() -> None:
    came = mounts_it("a", "/tmp/x", state=waiting())
    assert not judged(came, *starts("b", "/tmp/x", "Directory")).broken


def test_elsewhere_than_below_tmp_nobody_knows() -> None:
    assert not judged(*starts("b", "/srv/x", "Directory")).broken
    assert not judged(*starts("b", "/tmp/new", "Directory"), clock="real").broken


def test_a_check_fails_for_a_reason() -> None:
    waits = mounts_it("b", "/tmp/x", "Directory", at=20, state=waiting())
    assert judged(mounts_it(), writes(), waits, fails("b", 21)).broken == {RULE}
    assert not judged(mounts_it(), writes(), waits, fails("b", 3)).broken


def test_who_waits_is_still_creating_containers() -> None:
    first = mounts_it("b", "/tmp/new", "File", state=waiting())
    odd = waiting("CreateContainerError")
    then = mounts_it("b", "/tmp/new", "File", at=3, state=odd, kind="MODIFIED")
    assert RULE in judged(first, then).broken


def test_what_is_made_has_its_mode() -> None:
    for type_, mode, breaks in (
        ("DirectoryOrCreate", "0755", False),
        ("DirectoryOrCreate", "0777", True),
        ("FileOrCreate", "0644", False),
        ("FileOrCreate", "0600", True),
        ("", "0700", False),
    ):
        look = inside({"mounts": {"/v": {"mode": mode}}}, "b", at=8)
        assert (RULE in judged(*starts("b", "/tmp/new", type_), look).broken) is breaks


def test_a_broken_network_has_its_own_word() -> None:
    def waits(reason: str) -> Any:
        first = mounts_it("a", "/tmp/new", "File", at=4, state=waiting())
        word = mounts_it("a", "/tmp/new", "File", at=5, state=waiting(reason), kind="MODIFIED")
        return judged(first, word)

    assert RULE not in waits("NetworkPluginNotReady").broken
    assert RULE in waits("CreateContainerError").broken
