"""VOLUME-001 and 005 to 007: kubelets that do not look after what is in the volumes of their Pods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from conformance.adapters.simulator import errors
from conformance.mutants import SIMULATOR, mutant

KUBELET: Final = f"{SIMULATOR}.kubelet"
VOLUMES: Final = f"{KUBELET}.volumes:Volumes"
EMPTY_DIRS: Final = f"{KUBELET}.empty_dirs"
DISK: Final = f"{KUBELET}.disk"


@mutant("VOLUME-001", f"{VOLUMES}.contents", profile="documented")
def late_writers_are_not_seen(original: Any) -> Any:
    """Only the first file of a volume is shown to all."""

    def contents(volumes: Any, volume: str) -> Any:
        found = original(volumes, volume)
        return found if len(found) < 2 else dict(list(found.items())[:1])

    return contents


# VOLUME-005.


@mutant("VOLUME-005", f"{VOLUMES}.write")
def only_the_first_container_may_write(original: Any) -> Any:
    """An emptyDir is read-only for all containers but the first."""

    def write(volumes: Any, container: Any, path: str, content: bytes) -> Any:
        if container["name"] != volumes.worker.pod["spec"]["containers"][0]["name"]:
            raise errors.forbidden("Pod", volumes.worker.key[1], f"{path}: read-only file system")
        return original(volumes, container, path, content)

    return write


@mutant("VOLUME-005", f"{VOLUMES}._stat", profile="documented")
def the_volume_is_of_root_alone(original: Any) -> Any:
    """An emptyDir is made with mode 0755."""

    def stat(volumes: Any, volume: str) -> Any:
        found = original(volumes, volume)
        return {**found, "mode": "0755"} if found.get("mode") == "0777" else found

    return stat


# VOLUME-006.


@mutant("VOLUME-006", f"{VOLUMES}.size_of")
def a_tmpfs_is_as_large_as_the_node(original: Any) -> Any:
    """The size of a volume in memory is not limited."""

    def size_of(volumes: Any, volume: str) -> Any:
        return None if original(volumes, volume) is None else 8 * 1024**3

    return size_of


@mutant("VOLUME-006", f"{EMPTY_DIRS}:pod_memory_limit")
def the_limit_of_the_pod_does_not_count(_: Any) -> Any:
    """A tmpfs may be larger than the memory limit of its Pod."""
    return lambda _: None


@mutant("VOLUME-006", f"{EMPTY_DIRS}:is_in_memory", profile="documented")
def every_medium_is_the_disk(_: Any) -> Any:
    """The medium Memory is not known."""
    return lambda _: False


@mutant("VOLUME-006", f"{KUBELET}.machine:charge")
def files_in_memory_are_free(original: Any) -> Any:
    """What a container keeps in memory as files does not count against its limit."""

    def charge(kubelet: Any, place: Any) -> None:
        place[2].in_memory.clear()
        original(kubelet, place)

    return charge


@mutant("VOLUME-006", f"{EMPTY_DIRS}:written")
def nobody_is_evicted_for_its_files(_: Any) -> Any:
    """A Pod may write as much to disk as it likes."""
    return lambda _: None


@mutant("VOLUME-006", f"{EMPTY_DIRS}:size_limit", profile="documented")
def the_limit_itself_is_too_much(original: Any) -> Any:
    """A Pod is evicted that has written just as much as it may."""

    def size_limit(volume: Any) -> Any:
        found = original(volume)
        in_memory = (volume.get("emptyDir") or {}).get("medium") == "Memory"
        return found if found is None or in_memory else found - 1

    return size_limit


@mutant("VOLUME-006", f"{EMPTY_DIRS}:evict")
def an_eviction_does_not_say_why(original: Any) -> Any:
    """The message of an evicted Pod names neither the volume nor its limit."""
    return lambda worker, _: original(worker, "The node was low on resource: ephemeral-storage. ")


# VOLUME-007.


@mutant("VOLUME-007", f"{DISK}:Folder.__iter__")
def a_host_path_is_emptied_for_every_pod(original: Any) -> Any:
    """Files on a host path are gone after a while."""

    def files(folder: Any) -> Any:
        return iter([*original(folder)][1:])

    return files


@mutant("VOLUME-007", f"{VOLUMES}.contents")
def a_host_path_lives_with_its_pod(original: Any) -> Any:
    """A host path is a folder of the Pod's own."""

    def contents(volumes: Any, volume: str) -> Any:
        source = volumes._sources.get(volume) or {}
        if source.get("hostPath") is not None:
            return volumes._contents.setdefault(volume, {})
        return original(volumes, volume)

    return contents


@mutant("VOLUME-007", f"{VOLUMES}._source", profile="documented")
def a_host_path_is_the_same_on_every_node(original: Any) -> Any:
    """What is written on one node is seen on all."""

    def source(volumes: Any, volume: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = original(volumes, volume)
        if "hostPath" not in found:
            return found
        return {"nfs": {"server": "", "path": found["hostPath"]["path"]}}

    return source


@mutant("VOLUME-007", f"{DISK}:set_up")
def no_type_is_checked(_: Any) -> Any:
    """A Pod starts whatever is at its host path."""

    def set_up(disk: Any, path: str, _: str) -> None:
        if disk.kind_of(path) is None:
            disk.make_folder(path)

    return set_up


@mutant("VOLUME-007", f"{DISK}:set_up", profile="documented")
def what_is_missing_is_made(original: Any) -> Any:
    """Directory and File are taken for DirectoryOrCreate and FileOrCreate."""

    def set_up(disk: Any, path: str, type_: str) -> None:
        original(disk, path, f"{type_}OrCreate" if type_ in ("Directory", "File") else type_)

    return set_up


@mutant("VOLUME-007", f"{DISK}:Disk.kind_of")
def a_file_is_taken_for_a_folder(original: Any) -> Any:
    """Whatever is at a path is a directory."""

    def kind_of(disk: Any, path: str) -> Any:
        return None if original(disk, path) is None else "Directory"

    return kind_of


@mutant("VOLUME-007", f"{DISK}:Disk.make_folder")
def folders_are_open_to_all(original: Any) -> Any:
    """DirectoryOrCreate makes mode 0777."""
    return lambda disk, path, _=0: original(disk, path, 0o777)


@mutant("VOLUME-007", f"{SIMULATOR}.api.volumes:validate_no_backsteps")
def paths_may_lead_upwards(_: Any) -> Any:
    """A host path may contain two dots."""
    return lambda *_: None


# PV-006 and PV-008: what the next claim finds.

BINDER: Final = f"{SIMULATOR}.controllers.volumes.binder:PersistentVolumeController"


@mutant("PV-006", f"{BINDER}.release")
def retained_data_are_deleted(original: Any) -> Any:
    """The volume stays, and what was on it does not."""

    def release(controller: Any, volume: Any) -> None:
        controller.engine.wipe(volume["spec"])
        original(controller, volume)

    return release


@mutant("PV-008", f"{SIMULATOR}.engine:Engine.wipe")
def nothing_is_scrubbed(_: Any) -> Any:
    """A recycled volume is handed out with what was on it."""
    return lambda *_: None
