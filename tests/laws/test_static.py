"""STATIC: files, mirror Pods and the containers behind them, on traces made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Act, Observation
from tests.laws.ending import ended, lives, told
from tests.laws.traces import Judged, done, judged, pod, running, seen, status, terminated

NODE = "node-1"
NAME = "web-node-1"
NODE_OBJECT = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE, "uid": "uid-n"}}


def manifest(**spec: Any) -> dict[str, Any]:
    """What the file says."""
    body = {"containers": [{"name": "c", "image": "app:1"}], **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": body}


def put(at: float, what: dict[str, Any] | None = None, file: str = "web.yaml") -> Act:
    return done(at, "write-manifest", node=NODE, file=file, manifest=what or manifest())


def take(at: float) -> Act:
    return done(at, "remove-manifest", node=NODE, file="web.yaml")


def passes(at: float) -> Act:
    return done(at, "advance", seconds=1)


def mirror(
    at: float,
    *statuses: dict[str, Any],
    type: str = "MODIFIED",
    phase: str = "Running",
    uid: str = "uid-m",
    hash_: str = "h1",
    without: str = "",
    **more: Any,
) -> Observation:
    """The mirror Pod, as its kubelet makes it but for what it is ``without``."""
    prefix = "kubernetes.io/config."
    values = {"mirror": hash_, "hash": hash_, "source": "file", "seen": "2024-05-01T10:00:00Z"}
    annotations = {prefix + key: each for key, each in values.items() if key != without}
    owner = {"kind": "Node", "name": NODE, "uid": "uid-n", "controller": True}
    metadata: dict[str, Any] = {"annotations": annotations}
    if without != "owner":
        metadata["ownerReferences"] = [owner]
    stays = [] if without == "toleration" else [{"operator": "Exists", "effect": "NoExecute"}]
    spec = {"tolerations": stays, **more.pop("spec", {})}
    name = "web" if without == "name" else NAME
    made = pod(
        phase, statuses, name=name, uid=uid, created=at, metadata=metadata, spec=spec, **more
    )
    return seen(at, made, type)


def born(at: float = 0, **more: Any) -> Observation:
    return mirror(at, **{"type": "ADDED", "phase": "Pending", **more})


@pytest.fixture
def node() -> Observation:
    return seen(0, NODE_OBJECT, "ADDED")


@pytest.mark.parametrize(
    ("without", "rule"),
    [
        ("seen", "STATIC-001"),
        ("toleration", "STATIC-001"),
        ("name", "STATIC-001"),
        ("owner", "STATIC-008"),
    ],
)
def test_a_mirror_pod_is_made_by_its_kubelet(without: str, rule: str) -> None:
    assert rule in judged(born(without=without)).broken
    assert judged(born()).held(rule)


def test_who_adopts_a_mirror_pod_is_blamed() -> None:
    trace = judged(born(), mirror(1, without="owner"))
    assert trace.broken == {"STATIC-008"}


@pytest.mark.parametrize(("file", "there", "lawful"), [
    ("web.yaml", True, True),
    ("web.yaml", False, False),
    (".web.yaml", False, True),
    (".web.yaml", True, False),
    ("old/web.yaml", True, False),
])  # fmt: skip
def test_a_file_takes_effect(node: Observation, file: str, there: bool, lawful: bool) -> None:
    came = [born(2), mirror(2, lives())] if there else []
    trace = judged(node, put(0, file=file), *came, passes(20), passes(60))
    assert trace.held("STATIC-002") is lawful
    assert ("STATIC-002" in trace.broken) is not lawful


def test_it_is_not_yet_due(node: Observation) -> None:
    assert "STATIC-002" not in judged(node, put(0), passes(25), passes(26)).broken


def test_a_stopped_node_reads_nothing(node: Observation) -> None:
    trace = judged(node, done(0, "stop-node", node=NODE), put(0), passes(60), passes(61))
    assert not trace.findings


def test_who_refers_to_the_api_is_not_run(node: Observation) -> None:
    asks = manifest(volumes=[{"name": "v", "configMap": {"name": "m"}}])
    for profile in ("v1.36", "documented"):
        quiet = judged(node, put(0, asks), passes(60), passes(61), profile=profile)
        assert quiet.held("STATIC-007")
        volumes = {"spec": {"volumes": [{"name": "v", "configMap": {"name": "m"}}]}}
        assert "STATIC-007" in judged(born(**volumes), profile=profile).broken


# -- STATIC-003 -------------------------------------------------------------------------------------


def deleted_mirror(*after: Any, clock: str = "virtual") -> Judged:
    """The mirror is deleted at 40 s."""
    gone = {"kind": "Pod", "namespace": "default", "name": NAME, "gracePeriodSeconds": 0}
    before = [seen(0, NODE_OBJECT, "ADDED"), put(0), born(0), mirror(1, lives()), passes(40)]
    made = [each() if callable(each) else each for each in after]
    ended = done(40, "delete", **gone), mirror(40, lives(), type="DELETED")
    return judged(*before, *ended, *made, clock=clock)


def again(*statuses: dict[str, Any], phase: str = "Pending") -> list[Any]:
    return [
        lambda: born(41, uid="uid-2", phase=phase),
        lambda: mirror(41, *statuses, uid="uid-2"),
    ]


def test_another_mirror_shows_the_same_containers() -> None:
    assert deleted_mirror(*again(lives())).held("STATIC-003")
    other = status("c", running(41), containerID="cri://other")
    assert "STATIC-003" in deleted_mirror(*again(other)).broken
    restarted = status("c", running(41), restarts=1, containerID="cri://other")
    assert "STATIC-003" in deleted_mirror(*again(restarted)).broken
    assert "STATIC-003" in deleted_mirror(*again(ended(41, 137))).broken


def test_another_mirror_begins_pending() -> None:
    assert "STATIC-003" in deleted_mirror(*again(lives(), phase="Running")).broken


def test_the_mirror_comes_back() -> None:
    assert "STATIC-003" in deleted_mirror(passes(45), passes(70)).broken
    assert "STATIC-003" not in deleted_mirror(take(41), passes(45), passes(70)).broken


def test_a_real_kubelet_may_look_for_the_mirror_a_minute_later() -> None:
    """Seen of 1.36.2: not within 40 s; the Pod is looked at again after one minute to one and a half."""
    blamed = {"STATIC-002", "STATIC-003"}
    assert not blamed & deleted_mirror(passes(45), passes(110), clock="real").broken
    assert "STATIC-003" in deleted_mirror(passes(45), passes(400), clock="real").broken


def test_the_mirror_of_another_file_comes_when_the_old_pod_has_ended() -> None:
    edited = put(30, manifest(hostNetwork=True))
    gone = {"kind": "Pod", "namespace": "default", "name": NAME, "gracePeriodSeconds": 0}
    before = [
        seen(0, NODE_OBJECT, "ADDED"),
        put(0),
        born(0),
        mirror(1, lives()),
        edited,
        passes(40),
    ]
    deleted = done(40, "delete", **gone), mirror(40, lives(), type="DELETED")
    trace = [*before, *deleted, passes(60)]
    assert "STATIC-003" not in judged(*trace).broken
    assert "STATIC-003" in judged(*trace, passes(120)).broken


# -- STATIC-004 -------------------------------------------------------------------------------------


def said() -> list[Any]:
    word = told(9, exitCode=0)
    word.stimulus.arguments["pod"] = NAME  # type: ignore[index]
    return [seen(0, NODE_OBJECT, "ADDED"), put(0), born(0), mirror(1, lives()), word]


@pytest.mark.parametrize(
    ("finished", "code", "lawful"), [(49, 0, True), (40, 137, False), (41, 0, False)]
)
def test_a_pod_whose_file_goes_ends_in_its_time(finished: float, code: int, lawful: bool) -> None:
    trace = judged(*said(), take(40), mirror(finished, ended(finished, code)))
    assert trace.held("STATIC-004") is lawful
    assert ("STATIC-004" in trace.broken) is not lawful


def test_a_pod_whose_file_goes_does_not_stay() -> None:
    trace = judged(*said(), take(40), passes(60), passes(150))
    assert "STATIC-004" in trace.broken


def test_the_new_one_waits_for_the_old_one() -> None:
    new = {"spec": {"containers": [{"name": "c", "image": "app:2"}]}}

    def trace(*old: Any) -> Judged:
        changed = put(40, manifest(containers=[{"name": "c", "image": "app:2"}]))
        before = [*said(), changed, *(each() for each in old)]
        fresh = status("c", running(50), containerID="cri://new")
        return judged(
            *before,
            mirror(50, lives() if not old else ended(49, 0), type="DELETED"),
            born(50, uid="uid-2", hash_="h2", **new),
            mirror(50, fresh, uid="uid-2", hash_="h2", **new),
        )

    assert trace(lambda: mirror(49, ended(49, 0))).held("STATIC-004")
    assert "STATIC-004" in trace().broken


# -- STATIC-005 and -006 ----------------------------------------------------------------------------


@pytest.mark.parametrize(("profile", "restarts"), [("v1.36", False), ("documented", True)])
def test_its_restart_policy(profile: str, restarts: bool) -> None:
    def trace(again: bool) -> Judged:
        more = {"policy": "Never"}
        after = status("c", running(15), restarts=1, containerID="cri://2")
        over = "Running" if profile == "documented" else "Failed"
        return judged(
            born(0, **more),
            mirror(1, lives(), **more),
            mirror(10, ended(10, 1), **more),
            mirror(
                15, after if again else ended(10, 1), phase="Running" if again else over, **more
            ),
            profile=profile,
            until=1000,
        )

    assert trace(restarts).held("STATIC-006")
    assert "STATIC-006" in trace(not restarts).broken


@pytest.mark.parametrize(("profile", "is_ready"), [("v1.36", False), ("documented", True)])
def test_its_readiness_is_probed(profile: str, is_ready: bool) -> None:
    probe = {"exec": {"command": ["false"]}}
    spec = {"spec": {"containers": [{"name": "c", "image": "app:1", "readinessProbe": probe}]}}

    def trace(ready: bool) -> Judged:
        status_ = {**lives(), "ready": ready}
        shown = (mirror(at, status_, **spec) for at in (1, 2))
        return judged(born(0, **spec), *shown, profile=profile, until=60)

    assert "STATIC-005" in trace(not is_ready).broken
    assert "STATIC-005" not in trace(is_ready).broken


def test_a_change_may_be_noticed_after_the_container_has_started() -> None:
    """The file changes at 35 s and is read at 50 s; by then its container has restarted."""
    word = told(None, exitCode=0)
    word.stimulus.arguments["pod"] = NAME  # type: ignore[index]
    changed = [manifest(hostname=name) for name in ("x", "y")]
    first = terminated(1, started=0, finished=40)
    run: dict[str, Any] = {"restarts": 1, "last": first, "containerID": "cri://c-1"}
    stopped = terminated(137, started=40, finished=80)
    stopped["terminated"]["containerID"] = "cri://c-1"
    trace = judged(
        *(seen(0, NODE_OBJECT, "ADDED"), put(0), born(0), mirror(1, lives()), word),
        *(put(35, changed[0]), mirror(40, status("c", running(40), **run))),
        *(put(60, changed[1]), mirror(80, status("c", stopped, **run))),
    )
    assert trace.held("STATIC-004")


# -- RESTART-002: as long as its file stays as it was written ---------------------------------------


def crashed(*before: Act) -> Judged:
    """A container of a static Pod ends badly, and is never seen again."""
    start = [seen(0, NODE_OBJECT, "ADDED"), put(0), born(0), mirror(1, lives())]
    return judged(*start, *before, mirror(5, ended(5, 1)), until=400)


def test_a_static_pod_of_one_file_is_restarted_like_any_other() -> None:
    assert "RESTART-002" in crashed().broken


def test_a_file_that_has_changed_may_have_taken_the_pod_along() -> None:
    assert "RESTART-002" not in crashed(put(2, manifest(hostname="x"))).broken
    assert "RESTART-002" not in crashed(take(2)).broken


def test_a_file_that_is_back_is_remembered() -> None:
    """BACKOFF-006: its Pod has the same UID as before, and so has the kubelet's back-off."""
    message = f"back-off 10s restarting failed container=c pod={NAME}_default(uid)"
    waits = status("c", {"waiting": {"reason": "CrashLoopBackOff", "message": message}})
    ended_now = {**waits, "lastState": terminated(1, started=11, finished=15)}

    def trace(*files: Act) -> Judged:
        back = born(10), mirror(11, status("c", running(11), containerID="cri://c-0"))
        return judged(seen(0, NODE_OBJECT, "ADDED"), *files, *back, mirror(15, ended_now), until=16)

    assert "BACKOFF-006" not in trace(put(0), take(5), put(10)).broken
    assert "BACKOFF-006" in trace(put(10)).broken
