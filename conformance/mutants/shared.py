"""VOLUME: kubelets that lose, leak or divide what Pods share, and APIs that take the wrong mounts."""

from __future__ import annotations

import posixpath
from typing import Any, Final

from conformance.adapters.simulator import meta, unknown
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS, turned

VOLUMES: Final = f"{SIMULATOR}.kubelet.volumes:Volumes"
WORKER: Final = f"{SIMULATOR}.kubelet.worker:PodWorker"
API: Final = f"{SIMULATOR}.api"


# VOLUME-001, VOLUME-005 and VOLUME-006: what is shared, and for how long.


@mutant("VOLUME-001", f"{VOLUMES}.files")
def every_container_has_its_own(original: Any) -> Any:
    """A container sees of a volume only what it wrote itself."""

    def files(volumes: Any, container: Any, frozen: Any) -> Any:
        own = volumes.__dict__.get("_authors", {})
        return {
            path: content
            for path, content in original(volumes, container, frozen).items()
            if own.get((container["name"], path), False)
        }

    return files


@mutant("VOLUME-005", f"{WORKER}.launch")
def a_restart_empties_the_volume(original: Any) -> Any:
    """The volume is made anew when a container restarts."""

    def launch(worker: Any, container: Any) -> None:
        if container["name"] in worker.runtime.runs:
            for each in worker.volumes._contents.values():
                each.clear()
        original(worker, container)

    return launch


@mutant("VOLUME-005", f"{WORKER}.make_sandbox")
def a_new_sandbox_empties_the_volume(original: Any) -> Any:
    """The volume goes with the sandbox."""

    def make_sandbox(worker: Any) -> None:
        if worker.runtime.sandbox is not None:
            worker.volumes._contents.clear()
        original(worker)

    return make_sandbox


@mutant("VOLUME-006", f"{VOLUMES}.contents")
def the_volume_is_known_by_the_name_of_the_pod(_: Any) -> Any:
    """A new Pod of the same name finds what the old one left behind."""

    def contents(volumes: Any, volume: str) -> Any:
        folder = posixpath.join(*volumes.worker.key, volume)
        kept: Any = volumes.worker.kubelet.engine.__dict__.setdefault("_left", {})
        return kept.setdefault(folder, {})

    return contents


@mutant("VOLUME-005", f"{VOLUMES}.contents", profile="documented")
def the_volume_does_not_start_empty(original: Any) -> Any:
    """There is a file in every new volume."""

    def contents(volumes: Any, volume: str) -> Any:
        found = original(volumes, volume)
        found.setdefault("lost+found", b"")
        return found

    return contents


# VOLUME-002 to 004: how they are written down.


@mutant("VOLUME-002", f"{API}.volumes:_validate_used_name")
def any_volume_name_will_do(_: Any) -> Any:
    """A mount may name a volume that the Pod does not have."""
    return lambda *_: None


@mutant("VOLUME-002", f"{API}.volumes:validate_mounts")
def two_mounts_share_a_path(original: Any) -> Any:
    """Mounts are judged one by one, so that two may stand at one path."""

    def validate(container: Any, *given: Any) -> None:
        for each in container["volumeMounts"]:
            original({**container, "volumeMounts": [each]}, *given)

    return validate


@mutant("VOLUME-002", f"{API}.volumes:validate_mounts", profile="documented")
def a_mount_needs_no_path(original: Any) -> Any:
    """A mount without a path is mounted at the root."""

    def validate(container: Any, *given: Any) -> None:
        mounts = [
            {**each, "mountPath": each.get("mountPath") or f"/{index}"}
            for index, each in enumerate(container["volumeMounts"])
        ]
        original({**container, "volumeMounts": mounts}, *given)

    return validate


@mutant("VOLUME-003", SETTINGS)
def paths_are_short_and_absolute(original: Any) -> Any:
    """A mount path must be absolute and have fewer than 512 characters, as the source has it."""
    return turned(original, mount_path_limit=512)


@mutant("VOLUME-003", SETTINGS, profile="documented")
def paths_have_any_length(original: Any) -> Any:
    """A mount path may be relative, and as long as it likes."""
    return turned(original, mount_path_limit=None)


@mutant("VOLUME-003", SETTINGS, profile="documented")
def a_path_may_have_512_characters(original: Any) -> Any:
    """The limit is one too high."""
    return turned(original, mount_path_limit=513)


@mutant("VOLUME-003", f"{API}.volumes:is_mount_path")
def paths_have_no_colon(_: Any) -> Any:
    """A mount path with a colon is refused, as its documentation says."""
    return lambda where, _: ":" not in where


@mutant("VOLUME-004", f"{API}.pod_defaults:_default_volume")
def a_volume_without_a_source_is_refused(original: Any) -> Any:
    """Nothing is filled in, so that a volume without a source is not valid."""

    def default(volume: Any) -> None:
        if any(volume[field] is not None for field in volume if field != "name"):
            original(volume)

    return default


@mutant("VOLUME-004", f"{SIMULATOR}.client:unknown.without")
def unknown_fields_are_kept(_: Any) -> Any:
    """A field that nobody knows is stored as it is."""
    return lambda manifest, **_: manifest


@mutant("VOLUME-004", f"{SIMULATOR}.client:unknown.without")
def strict_clients_are_not_told(_: Any) -> Any:
    """A field that nobody knows is dropped, though the client is strict."""
    return lambda manifest, **_: _without(manifest)


_without: Final = unknown.without


@mutant("VOLUME-004", f"{SIMULATOR}.client:unknown.without", profile="documented")
def unknown_fields_are_always_refused(_: Any) -> Any:
    """Every client is taken to be strict."""
    return lambda manifest, **_: _without(meta.plain_copy(manifest), strict=True)
