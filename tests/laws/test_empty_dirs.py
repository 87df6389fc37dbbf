"""The laws of emptyDirs with a size, on traces made by hand (VOLUME-006)."""

from __future__ import annotations

from typing import Any

from spec_model.events import Act, Observation, Rejected
from strategies.manifests import container, mount
from tests.laws.nodes import holds, inside
from tests.laws.traces import done, judged, pod, running, seen, status, terminated

RULE = "VOLUME-006"
FULL = Rejected(409, "Conflict", "no space left on device")
TOLD = 'Usage of EmptyDir volume "data" exceeds the limit "8". '
NODE = seen(
    0,
    {
        "kind": "Node",
        "metadata": {"name": "node-1", "uid": "node-1"},
        "status": {"allocatable": {"memory": "8Gi"}, "capacity": {"memory": "8Gi"}},
    },
    "ADDED",
)


def has(at: float = 0, memory: str | None = None, **source: Any) -> Observation:
    """A Pod of one container that mounts an emptyDir."""
    limits = {"limits": {"memory": memory}, "requests": {"memory": memory}} if memory else {}
    made = container("c", volumeMounts=[mount("data", "/data")], **limits)
    spec = {"containers": [made], "volumes": [{"name": "data", "emptyDir": source}]}
    own = [status("c", running(), containerID="cri://c-0")]
    quality = {"qosClass": "Burstable"} if memory else {}
    manifest = pod("Running", own, spec=spec, more=quality)
    return seen(at, manifest, "MODIFIED" if at else "ADDED")


def writes(size: int, path: str = "/data/x", response: Any = None, at: float = 4) -> Act:
    where = {"namespace": "default", "pod": "a", "container": "c"}
    return done(at, "write-file", response, **where, path=path, content="x" * size)


def of_size(size: int | None) -> Act:
    return inside({"mounts": {"/data": {"mode": "0777", **({"tmpfs": size} if size else {})}}})


def killed(at: float) -> Observation:
    """The container of ``has`` has died of memory, and runs again."""
    spec = dict(has(memory="16Ki", medium="Memory", sizeLimit="8Ki").object["spec"])
    last = terminated(137, reason="OOMKilled", finished=at)
    again = status("c", running(at), last=last, restarts=1, containerID="cri://c-1")
    return seen(at, pod("Running", [again], spec=spec, more={"qosClass": "Burstable"}), "MODIFIED")


def evicted(at: float, told: str = TOLD, **source: Any) -> Observation:
    ended = {"phase": "Failed", "reason": "Evicted", "message": told}
    gone = status("c", terminated(137, finished=at), containerID="cri://c-0")
    found = has(at, **source)
    shown = {**found.object["status"], **ended, "containerStatuses": [gone]}
    return seen(at, {**found.object, "status": shown}, "MODIFIED")


def test_a_tmpfs_has_the_size_of_its_limit() -> None:
    for size, breaks in ((8192, False), (12288, True), (4096, True), (None, True)):
        trace = judged(NODE, has(medium="Memory", sizeLimit="8Ki"), of_size(size))
        assert (RULE in trace.broken) is breaks


def test_or_of_the_memory_limit_of_the_pod() -> None:
    assert judged(NODE, has(memory="4Ki", medium="Memory"), of_size(4096)).held(RULE)
    assert RULE in judged(NODE, has(memory="4Ki", medium="Memory"), of_size(8 * 1024**3)).broken


def test_or_of_what_the_node_has() -> None:
    assert judged(NODE, has(medium="Memory"), of_size(8 * 1024**3)).held(RULE)


def test_a_full_tmpfs_takes_no_more() -> None:
    limited = has(medium="Memory", sizeLimit="4Ki")
    assert judged(NODE, limited, writes(4097, response=FULL)).held(RULE)
    assert judged(NODE, limited, writes(4097)).broken == {RULE}
    assert judged(NODE, limited, writes(4000), writes(97, "/data/y")).broken == {RULE}
    assert not judged(NODE, limited, writes(4000), writes(4096)).broken


def test_files_in_memory_count_against_the_limit() -> None:
    begun = NODE, has(memory="16Ki", medium="Memory", sizeLimit="8Ki"), holds(12 * 1024)
    assert judged(*begun, writes(4097), killed(5)).held(RULE)
    assert RULE in judged(*begun, writes(4097), until=30).broken
    assert not judged(*begun, writes(4096), until=30).broken


def test_who_dies_of_files_in_memory_dies_of_its_own_limit() -> None:
    begun = NODE, has(memory="16Ki", medium="Memory", sizeLimit="8Ki"), holds(12 * 1024)
    assert not judged(*begun, writes(4097), killed(5)).broken
    assert judged(*begun, writes(4096), killed(5)).broken == {"RESOURCE-008"}


def test_too_much_on_disk_evicts() -> None:
    assert judged(has(sizeLimit="8"), writes(9), evicted(12, sizeLimit="8")).held(RULE)
    assert judged(has(sizeLimit="8"), writes(9), until=60).broken == {RULE}
    assert not judged(has(sizeLimit="8"), writes(8), until=60).broken


def test_too_much_in_the_last_page_of_a_tmpfs_evicts() -> None:
    begun = NODE, has(medium="Memory", sizeLimit="6000")
    assert not judged(*begun, writes(6000), until=60).broken
    assert judged(*begun, writes(6001), until=60).broken == {RULE}


def test_the_limit_is_told_as_the_api_writes_it() -> None:
    first = has(sizeLimit="10000")
    told = TOLD.replace('"8"', '"10k"')
    assert judged(first, writes(10001), evicted(12, told, sizeLimit="10000")).held(RULE)


def test_nobody_is_evicted_for_less() -> None:
    assert judged(has(sizeLimit="8"), writes(8), evicted(12, sizeLimit="8")).broken == {RULE}


def test_who_tidies_up_may_stay_or_go() -> None:
    tidied = has(sizeLimit="8"), writes(9), writes(1, at=5)
    assert not judged(*tidied, until=60).broken
    assert not judged(*tidied, evicted(12, sizeLimit="8")).broken
