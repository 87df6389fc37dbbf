"""VOLUME: what the containers of a Pod share, and how mounts and volumes are written down."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from strategies.invalid import several_flawed
from strategies.manifests import Manifest, container, mount, pod
from strategies.once import among

EMPTY: list[Manifest] = [{"name": "data", "emptyDir": {}}]


def write(run: Session, of: str, path: str, content: str, name: str = "a") -> None:
    """A container writes a file, where one can make it."""
    if run.can("file-write"):
        where = {"namespace": "default", "pod": name, "container": of}
        run.do("write-file", **where, path=path, content=content)


def look(run: Session, *names: str, of: str = "a") -> None:
    """Looks into containers."""
    for each in names:
        run.do("inspect", namespace="default", pod=of, container=each)


def sharing(policy: str | None = None, **more: Any) -> Manifest:
    """Two containers that mount one emptyDir, each at a path of its own."""
    apps = [
        container("c", volumeMounts=[mount("data", "/logs")]),
        container("d", volumeMounts=[mount("data", "/var/data")]),
    ]
    return pod(containers=apps, volumes=EMPTY, policy=policy, **more)


# -- what is shared, and for how long -------------------------------------------------------------


@focus("VOLUME-001", "VOLUME-005")
def test_containers_share_a_volume(run: Session, draw: Draw) -> None:
    """Both write and look, in either order; one of them restarts meanwhile."""
    run.create(sharing())
    run.advance(5)
    look(run, "c", "d")
    write(run, "c", "/logs/a", draw(among("1", "größe", "")))
    look(run, "c", "d")
    if draw(st.booleans()):
        write(run, "d", "/var/data/deep/b", "2")
    if run.can("container-exit"):
        run.exit("a", draw(among(*"cd")), draw(among(0, 1, 137)))
        run.advance(30)
    look(run, "c", "d")
    write(run, "d", "/var/data/a", "3")
    look(run, "d", "c")


@focus("VOLUME-005", "VOLUME-006")
def test_a_new_pod_of_the_same_name_starts_empty(run: Session, draw: Draw) -> None:
    """The Pod is deleted, or its container restarts, and there is a Pod of that name again."""
    run.create(sharing())
    run.advance(5)
    write(run, "c", "/logs/a", "1")
    run.delete("Pod", "a", grace=draw(among(1, 0, None)))
    run.advance(60)
    run.create(sharing())
    run.advance(5)
    look(run, "c", "d")


@focus("VOLUME-001", "VOLUME-005")
def test_init_containers_write_for_the_others(run: Session, draw: Draw) -> None:
    """An init container leaves a file behind; the sandbox may be lost, the kubelet may restart."""
    if not run.can("container-exit"):
        return
    first = container("i", volumeMounts=[mount("data", "/work-dir")])
    run.create(sharing(init=[first]))
    run.advance(5)
    write(run, "i", "/work-dir/index.html", "hello")
    look(run, "i")
    run.exit("a", "i", 0)
    run.advance(5)
    look(run, "c", "d")
    upset = draw(among("lose-sandbox", "restart-kubelet", None))
    found = run.view("Pod", "a")
    if upset == "lose-sandbox" and run.can("sandbox-loss"):
        run.do(upset, namespace="default", pod="a")
        run.advance(5)
        look(run, "i")
    elif upset == "restart-kubelet" and run.can("kubelet-restart") and found is not None:
        run.do(upset, node=found.spec.node_name)
        run.advance(5)
        look(run, "c")


@focus("VOLUME-001")
def test_parts_of_a_volume_are_shared(run: Session, draw: Draw) -> None:
    """One container mounts the whole, one a part of it."""
    apps = [
        container("c", volumeMounts=[mount("data", "/whole")]),
        container("d", volumeMounts=[mount("data", "/part", "sub")]),
    ]
    run.create(pod(containers=apps, volumes=EMPTY))
    run.advance(5)
    for of, path in draw(
        st.permutations([("c", "/whole/sub/x"), ("c", "/whole/y"), ("d", "/part/z")])
    ):
        write(run, of, path, of)
        look(run, "c", "d")


@focus("VOLUME-001", "VOLUME-004")
def test_the_example_of_the_source(run: Session, draw: Draw) -> None:
    """volume-pod: tomcat writes its log, busybox reads it; emptuDir stands where emptyDir should."""
    apps = [
        container(
            "tomcat",
            "tomcat:9",
            ports=[{"containerPort": 8080}],
            volumeMounts=[mount("app-logs", "/usr/local/tomcat/logs")],
        ),
        container("busybox", "busybox:1", volumeMounts=[mount("app-logs", "/logs")]),
    ]
    source = draw(among("emptuDir", "emptyDir"))
    run.create(pod("volume-pod", apps, volumes=[{"name": "app-logs", source: {}}]))
    run.advance(5)
    write(run, "tomcat", "/usr/local/tomcat/logs/catalina.log", "started", "volume-pod")
    if run.can("inspect"):
        look(run, "busybox", of="volume-pod")


# -- VOLUME-002 to 004 ----------------------------------------------------------------------------

LONG = "/" + "a" * 600


@focus("VOLUME-002")
def test_mounts_name_volumes(run: Session, draw: Draw) -> None:
    """Mounts that name nothing, or stand where another does; and lawful ones."""
    for flaw in draw(several_flawed("VOLUME-002")):
        run.create(flaw.manifest, dry_run=True)
        run.evaluate("pod.validate", {"pod": flaw.manifest})
    run.create(sharing(), dry_run=True)


@focus("VOLUME-003")
def test_mount_paths_of_any_length(run: Session, draw: Draw) -> None:
    """Long, relative and odd paths."""
    paths = ["/a", "/" + "a" * 510, "/" + "a" * 511, LONG, "a", "a/b", "/a:b", "a:b", "./a"]
    for path in draw(st.permutations(paths))[:4]:
        made = pod(containers=[container(volumeMounts=[mount("data", path)])], volumes=EMPTY)
        run.create(made, dry_run=True)
        run.evaluate("pod.validate", {"pod": made})


@focus("VOLUME-003")
def test_a_relative_path_begins_at_the_root(run: Session, draw: Draw) -> None:
    """What is mounted at a relative path is found below the root."""
    path = draw(among("data", "deep/data", "/data"))
    run.create(pod(containers=[container(volumeMounts=[mount("data", path)])], volumes=EMPTY))
    run.advance(5)
    if run.view("Pod", "a") is not None:
        write(run, "c", f"/{path.strip('/')}/x", "1")
        if run.can("inspect"):
            look(run, "c")


@focus("VOLUME-004")
def test_a_volume_without_a_source(run: Session, draw: Draw) -> None:
    """Nothing, an unknown field, or a known one; as a client that is strict, or not."""
    sources: list[Manifest] = [
        {},
        {"emptuDir": {}},
        {"emptyDir": {}},
        {"hostPath": {"path": "/tmp"}},
    ]
    made = pod(volumes=[{"name": "data", **draw(st.sampled_from(sources))}])
    how = draw(among(None, "Warn", "Strict", "Ignore"))
    given = {} if how is None else {"fieldValidation": how}
    run.do("create", object=made, dryRun=True, **given)
