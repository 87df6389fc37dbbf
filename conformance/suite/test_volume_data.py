"""VOLUME: how large an emptyDir may grow, and what is on the host paths of a node."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from conformance.suite.test_volume import look, write
from strategies.invalid import several_flawed
from strategies.manifests import Manifest, claim, container, mount, pod, volume
from strategies.once import among

KIB = 1024
LIMITED: dict[str, Any] = {"requests": {"memory": "16Ki"}, "limits": {"memory": "16Ki"}}
TYPES = ["", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket", "CharDevice"]


def mounting(name: str = "a", source: Manifest | None = None, **more: Any) -> Manifest:
    """A Pod of one container that mounts one volume at /data."""
    spec = {key: more.pop(key) for key in ("nodeSelector", "policy") if key in more}
    made = container(volumeMounts=[mount("data", "/data")], **more)
    return pod(name, [made], volumes=[{"name": "data", **(source or {"emptyDir": {}})}], **spec)


def on_host(name: str, path: str, type_: str = "", node: str | None = None) -> Manifest:
    """A Pod that mounts a host path, perhaps of a certain node."""
    source = {"hostPath": {"path": path, **({"type": type_} if type_ else {})}}
    there = {} if node is None else {"nodeSelector": {"kubernetes.io/hostname": node}}
    return mounting(name, source, **there)


def node_of(run: Session, name: str) -> str | None:
    """The node that a Pod came to."""
    found = run.view("Pod", name)
    return None if found is None else found.spec.node_name or None


def other_node(run: Session, name: str | None) -> str | None:
    """Another node than this one, where there is one."""
    names = [known.view["metadata"]["name"] for known in run.world.of_kind("Node")]
    return next((each for each in names if each != name), None)


# -- emptyDir -------------------------------------------------------------------------------------


@focus("VOLUME-005")
def test_the_example_of_a_cache(run: Session, draw: Draw) -> None:
    """test-pd, as the source document has it: a web server with a cache that nobody gave a path."""
    image = "gcr.io/google_containers/test-webserver"
    made = container("test-container", image, volumeMounts=[mount("cache-volume", "/cache")])
    run.create(pod("test-pd", [made], volumes=[{"name": "cache-volume", "emptyDir": {}}]))
    run.advance(5)
    if run.can("inspect", "container-exit"):
        look(run, "test-container", of="test-pd")
        write(run, "test-container", "/cache/page", "1", "test-pd")
        run.exit("test-pd", "test-container", draw(among(0, 1)))
        run.advance(30)
        look(run, "test-container", of="test-pd")


@focus("VOLUME-006")
def test_a_tmpfs_has_a_size(run: Session, draw: Draw) -> None:
    """Its own limit, that of the Pod, or none; it is filled to the brim, and beyond."""
    limit = draw(among("4Ki", "8Ki", "1Mi", "6000", None))
    source: Manifest = {"medium": "Memory", **({"sizeLimit": limit} if limit else {})}
    more = draw(st.sampled_from([{}, LIMITED, {"limits": {"memory": "16Mi"}}]))
    if run.implementation.clock != "virtual" and more == LIMITED:
        return  # no real process lives on so little
    run.create(mounting(source={"emptyDir": source}, **more))
    run.advance(5)
    look(run, "c")
    for index, size in enumerate(draw(st.permutations([4 * KIB, 4 * KIB, 1]))):
        write(run, "c", f"/data/{index}", "x" * size)
    look(run, "c")
    run.advance(20)


@focus("VOLUME-006")
def test_files_in_memory_count_as_memory(run: Session, draw: Draw) -> None:
    """What the container holds besides leaves them just enough room, or a byte too little."""
    if not run.can("memory") or run.implementation.clock != "virtual":
        return  # no real process lives on so little
    run.create(mounting(source={"emptyDir": {"medium": "Memory"}}, **LIMITED))
    run.advance(5)
    where = {"namespace": "default", "pod": "a", "container": "c"}
    run.do("allocate", **where, bytes=12 * KIB)
    write(run, "c", "/data/x", "x" * draw(among(4 * KIB, 4 * KIB + 1)))
    run.advance(5)


@focus("VOLUME-006")
def test_too_much_on_disk_evicts(run: Session, draw: Draw) -> None:
    """As much as is allowed, a byte more, or a byte more that is soon deleted; then a new Pod."""
    source = {"emptyDir": {"sizeLimit": draw(among("1Ki", "1024", "1024.0"))}}
    run.create(mounting(source=source))
    run.advance(draw(among(5, 12)))
    size = draw(among(KIB + 1, KIB))
    write(run, "c", "/data/x", "x" * size)
    if draw(among(False, False, True)):
        write(run, "c", "/data/x", "")
    run.advance(20)
    run.delete("Pod", "a", grace=1)
    run.advance(5)
    run.create(mounting(source=source))
    run.advance(5)
    look(run, "c")


# -- hostPath -------------------------------------------------------------------------------------


@focus("VOLUME-007")
def test_the_example_of_data_on_a_host(run: Session, draw: Draw) -> None:
    """test-pd on /data, as the source document has it; scheduled to another node it finds nothing."""
    image = "gcr.io/google_containers/test-webserver"
    made = container("test-container", image, volumeMounts=[mount("test-volume", "/test-pd")])
    volumes = [{"name": "test-volume", "hostPath": {"path": "/data"}}]
    run.create(pod("test-pd", [made], volumes=volumes))
    run.advance(5)
    first = node_of(run, "test-pd")
    write(run, "test-container", "/test-pd/f", "1", "test-pd")
    run.delete("Pod", "test-pd", grace=1)
    run.advance(5)
    next_ = draw(st.sampled_from([first, other_node(run, first)]))
    there: Manifest = {} if next_ is None else {"nodeSelector": {"kubernetes.io/hostname": next_}}
    run.create(pod("test-pd", [made], volumes=volumes, **there))
    run.advance(5)
    if run.view("Pod", "test-pd") is not None:
        look(run, "test-container", of="test-pd")


@focus("VOLUME-007")
def test_pods_of_a_node_share_its_paths(run: Session, draw: Draw) -> None:
    """Two Pods of a node at one path, or one above the other; and one of another node."""
    paths = draw(among(("/tmp/x", "/tmp/x"), ("/tmp/x", "/tmp"), ("/tmp", "/tmp")))
    run.create(on_host("a", paths[0], draw(among("", "DirectoryOrCreate"))))
    run.advance(5)
    first = node_of(run, "a")
    write(run, "c", "/data/f", "1")
    for name, node in (("b", first), ("d", other_node(run, first))):
        if node is not None:
            run.create(on_host(name, paths[1], node=node))
            run.advance(5)
            look(run, "c", of=name)


@focus("VOLUME-007")
def test_a_host_path_is_what_its_type_says(run: Session, draw: Draw) -> None:
    """A folder with a file in it is there; Pods of any type come for the folder, the file, or nothing."""
    run.create(on_host("a", "/tmp/x", "DirectoryOrCreate"))
    run.advance(5)
    write(run, "c", "/data/f", "1")
    look(run, "c")
    for index, type_ in enumerate(draw(st.permutations(TYPES))[:3]):
        path = draw(among("/tmp/x/f", "/tmp/x", "/tmp/new"))
        run.create(on_host(f"p{index}", path, type_, node_of(run, "a")))
        run.advance(5)
        found = run.view("Pod", f"p{index}")
        if found is not None and found.statuses["c"].state == "running":
            look(run, "c", of=f"p{index}")


@focus("VOLUME-007")
def test_what_is_made_for_a_pod_has_its_mode(run: Session, draw: Draw) -> None:
    """Nothing is there, and the Pod has it made."""
    for type_ in draw(st.permutations(["DirectoryOrCreate", "FileOrCreate"])):
        name = type_[:3].lower()
        run.create(on_host(name, f"/tmp/{name}", type_))
        run.advance(5)
        look(run, "c", of=name)


@focus("VOLUME-007")
def test_host_paths_that_are_refused(run: Session, draw: Draw) -> None:
    """No path, one that leads upwards, an unknown type; and lawful ones."""
    for flaw in draw(several_flawed("VOLUME-007")):
        run.create(flaw.manifest, dry_run=True)
        run.evaluate("pod.validate", {"pod": flaw.manifest})
    run.create(on_host("a", "/tmp/x", draw(among(*TYPES))), dry_run=True)


# -- what is on a volume --------------------------------------------------------------------------


def succession(run: Session, policy: str, source: Manifest) -> None:
    """A claim comes, its Pod writes, both go; an administrator frees the volume where need be; the next."""
    if run.implementation.clock != "virtual":  # no real node has that storage
        return
    run.create(volume("v", persistentVolumeReclaimPolicy=policy, **source))
    for number in (1, 2):
        run.create(claim(f"c{number}"))
        run.advance(2)
        uses = {"persistentVolumeClaim": {"claimName": f"c{number}"}}
        run.create(mounting(f"p{number}", uses))
        run.advance(5)
        if run.can("file-write", "inspect"):
            look(run, "c", of=f"p{number}")
            write(run, "c", f"/data/{number}", "1", f"p{number}")
            look(run, "c", of=f"p{number}")
        run.delete("Pod", f"p{number}", grace=1)
        run.advance(5)
        run.delete("PersistentVolumeClaim", f"c{number}")
        run.advance(20)
        if policy == "Retain" and run.view("PersistentVolume", "v") is not None:
            run.patch("PersistentVolume", "v", {"spec": {"claimRef": None}})
            run.advance(2)


@focus("PV-006")
def test_retained_data_are_found_by_the_next(run: Session, draw: Draw) -> None:
    """Two claims after one another have the same volume, which is retained."""
    csi = {"csi": {"driver": "csi.example.com", "volumeHandle": "v"}}
    nfs = {"nfs": {"server": "nfs.example.com", "path": "/v"}}
    succession(run, "Retain", draw(st.sampled_from([nfs, csi])))


@focus("PV-008")
def test_recycled_data_are_gone(run: Session, draw: Draw) -> None:
    """Two claims after one another have the same volume, which is recycled in between."""
    path = draw(among("/v", "/w"))
    succession(run, "Recycle", {"nfs": {"server": "nfs.example.com", "path": path}})
