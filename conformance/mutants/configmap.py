"""CONFIGMAP: kubelets that give containers the wrong values, and APIs that take the wrong keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from conformance.adapters.simulator import config_sources
from conformance.adapters.simulator.api import names
from conformance.adapters.simulator.kubelet import references
from conformance.adapters.simulator.kubelet.references import MissingError
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS, turned

KUBELET: Final = f"{SIMULATOR}.kubelet"
REFERENCES: Final = f"{KUBELET}.references"
VOLUMES: Final = f"{KUBELET}.volumes:Volumes"
STRATEGY: Final = f"{SIMULATOR}.api.config_maps"
SOURCES: Final = f"{SIMULATOR}.config_sources"


# CONFIGMAP-001: variables.


@mutant("CONFIGMAP-001", f"{KUBELET}.machine:inspect")
def variables_follow_edits(original: Any) -> Any:
    """A running container sees the values of its ConfigMaps as they are now."""

    def inspect(kubelet: Any, place: Any) -> Any:
        worker, spec, _ = place
        seen = original(kubelet, place)
        for variable in spec.get("env") or ():
            reference: Any = (variable.get("valueFrom") or {}).get("configMapKeyRef")
            found = reference and references.find(kubelet.store, worker.pod, reference["name"])
            if found and reference["key"] in (found.get("data") or {}):
                seen["env"][variable["name"]] = found["data"][reference["key"]]
        return seen

    return inspect


@mutant("CONFIGMAP-001", f"{KUBELET}.worker:PodWorker.launch")
def variables_are_made_once(original: Any) -> Any:
    """A container that restarts gets the variables of its first start."""

    def launch(worker: Any, container: Any) -> None:
        last = worker.runtime.runs.get(container["name"])
        original(worker, container)
        if last is not None:
            worker.runtime.runs[container["name"]].environment = last.environment

    return launch


@mutant("CONFIGMAP-001", f"{REFERENCES}:namespace_of")
def any_namespace_will_do(_: Any) -> Any:
    """ConfigMaps are looked for in the namespace "other" rather than in that of the Pod."""
    return lambda _: "other"


@mutant("CONFIGMAP-001", f"{REFERENCES}:value_of", profile="documented")
def the_name_of_the_key_is_the_value(original: Any) -> Any:
    """A variable has the key as its value."""

    def value_of(store: Any, pod: Any, reference: Any) -> Any:
        value = original(store, pod, reference)
        return reference["key"] if value is not None else None

    return value_of


# CONFIGMAP-002: files.


@mutant("CONFIGMAP-002", f"{VOLUMES}.refresh")
def files_never_change(_: Any) -> Any:
    """What was mounted stays as it was."""
    return lambda _: None


@mutant("CONFIGMAP-002", SETTINGS)
def pods_are_synced_every_five_minutes(original: Any) -> Any:
    """An edit is shown after 300 s."""
    return turned(original, resync_seconds=300.0)


@mutant("CONFIGMAP-002", f"{VOLUMES}.refresh")
def keys_are_updated_one_by_one(original: Any) -> Any:
    """New files appear, but those whose key is gone stay beside them."""

    def refresh(volumes: Any) -> None:
        before = dict(volumes._contents)
        original(volumes)
        for name in volumes._configured:
            volumes._contents[name] = {**before.get(name, {}), **volumes._contents.get(name, {})}

    return refresh


@mutant("CONFIGMAP-002", f"{REFERENCES}:contents")
def binary_data_is_left_out(_: Any) -> Any:
    """Only the keys of data become files."""
    return lambda config_map: {
        key: text.encode() for key, text in (config_map.get("data") or {}).items()
    }


@mutant("CONFIGMAP-002", f"{REFERENCES}:projected")
def items_are_overlooked(original: Any) -> Any:
    """Every key is a file, whatever the items say."""
    return lambda store, pod, source: original(store, pod, {**source, "items": None})


@mutant("CONFIGMAP-002", f"{VOLUMES}.frozen")
def single_files_follow_edits(_: Any) -> Any:
    """A file that is mounted by subPath is that of the volume, edits included."""
    return lambda *_: {}


@mutant("CONFIGMAP-002", f"{VOLUMES}.mounts")
def the_volume_can_be_written(original: Any) -> Any:
    """Containers may write into the volume."""
    from attrs import evolve

    return lambda volumes, container: (
        evolve(mount, read_only=False) for mount in original(volumes, container)
    )


# CONFIGMAP-003: what is missing.


def _forgiving(original: Any) -> Any:
    """What is missing is as good as empty."""

    def forgiving(*given: Any) -> Any:
        try:
            return original(*given)
        except MissingError:
            return {} if original.__name__ == "projected" else None

    return forgiving


@mutant("CONFIGMAP-003", f"{REFERENCES}:value_of")
def variables_may_be_missing(original: Any) -> Any:
    """A container starts without the variable whose ConfigMap is missing."""
    return _forgiving(original)


@mutant("CONFIGMAP-003", f"{REFERENCES}:projected")
def volumes_may_be_missing(original: Any) -> Any:
    """A container starts with an empty volume where its ConfigMap is missing."""
    return _forgiving(original)


@mutant("CONFIGMAP-003", f"{REFERENCES}:value_of", f"{REFERENCES}:projected")
def nothing_is_optional(original: Any) -> Any:
    """A Pod waits for what is optional, too."""
    return lambda store, pod, source: original(store, pod, {**source, "optional": False})


@mutant("CONFIGMAP-003", f"{VOLUMES}._try_later")
def a_mount_is_tried_once(original: Any) -> Any:
    """A Pod whose volume could not be mounted stays as it is."""

    def try_later(volumes: Any, name: str, problem: str) -> None:
        original(volumes, name, problem)
        volumes._retry_at = 1e9

    return try_later


@mutant("CONFIGMAP-003", f"{VOLUMES}._try_later")
def a_failed_mount_is_not_told(original: Any) -> Any:
    """No Event says why the Pod does not start."""

    def try_later(volumes: Any, name: str, problem: str) -> None:
        said, volumes.worker.report = volumes.worker.report, lambda *_: None
        try:
            original(volumes, name, problem)
        finally:
            volumes.worker.report = said

    return try_later


@mutant("CONFIGMAP-003", f"{KUBELET}.worker:PodWorker.lacks")
def the_reason_is_not_told(original: Any) -> Any:
    """A container that lacks a variable waits with ContainerCreating."""
    from conformance.adapters.simulator.kubelet.status import Why

    return lambda worker, container: (
        Why("ContainerCreating", "") if original(worker, container) else None
    )


@mutant("CONFIGMAP-003", SETTINGS, profile="documented")
def it_may_come_later(original: Any) -> Any:
    """A Pod starts with a ConfigMap that was created after it."""
    return turned(original, config_map_comes_first=False)


# CONFIGMAP-004: single files.


@mutant("CONFIGMAP-004", SETTINGS)
def a_key_is_mounted_as_a_directory(original: Any) -> Any:
    """A sub-path is overlooked: the whole ConfigMap is mounted."""
    return turned(original, config_map_sub_paths=False)


@mutant("CONFIGMAP-004", SETTINGS, profile="documented")
def a_key_is_mounted_as_a_file(original: Any) -> Any:
    """A sub-path gives a single file, which the source document rules out."""
    return turned(original, config_map_sub_paths=True)


# CONFIGMAP-005: the object.


@mutant("CONFIGMAP-005", f"{STRATEGY}:validate_key")
def keys_are_not_looked_at(_: Any) -> Any:
    """Any text is a key."""
    return lambda *_: None


@mutant("CONFIGMAP-005", f"{STRATEGY}:names.is_config_key")
def keys_are_labels(_: Any) -> Any:
    """A key has 63 characters at the most."""
    return lambda key: len(key) <= 63 and key.strip(".") != "" and "/" not in key


@mutant("CONFIGMAP-005", f"{STRATEGY}:validate_duplicates")
def a_key_may_stand_twice(_: Any) -> Any:
    """A key may stand in data and in binaryData."""
    return lambda *_: None


@mutant("CONFIGMAP-005", f"{STRATEGY}:size_of")
def characters_are_counted(_: Any) -> Any:
    """The size is that of the texts in characters, and binaryData is free."""
    return lambda config_map: sum(map(len, (config_map.get("data") or {}).values()))


@mutant("CONFIGMAP-005", f"{STRATEGY}:LARGEST")
def the_limit_is_a_megabyte(_: Any) -> Any:
    """Values may have 1000000 bytes together, not 1048576."""
    return 1_000_000


@mutant("CONFIGMAP-005", f"{STRATEGY}:ConfigMapStrategy.validate_update")
def what_is_immutable_may_change(_: Any) -> Any:
    """immutable=true is kept, and means nothing."""
    return lambda *_: None


@mutant("CONFIGMAP-005", f"{STRATEGY}:ConfigMapStrategy.validate_update")
def everything_is_immutable(original: Any) -> Any:
    """No ConfigMap may change, immutable or not."""

    def validate(strategy: Any, new: Any, old: Any, *given: Any) -> None:
        original(strategy, {**new, "immutable": True}, {**old, "immutable": True}, *given)

    return validate


@mutant("CONFIGMAP-005", f"{STRATEGY}:ConfigMapStrategy.validate_update")
def immutable_can_be_taken_back(original: Any) -> Any:
    """The data are frozen, but not that they are."""
    return lambda strategy, new, *given: original(strategy, {**new, "immutable": True}, *given)


# CONFIGMAP-006: the command.


@mutant("CONFIGMAP-006", f"{SOURCES}:files_in")
def directories_are_walked(_: Any) -> Any:
    """Files in directories of the directory become keys, too."""

    def files_in(folder: str, tree: Mapping[str, Any]) -> Any:
        for path in sorted(tree):
            if path.startswith(folder) and not path.endswith("/"):
                yield path.rpartition("/")[2], path

    return files_in


@mutant("CONFIGMAP-006", f"{SOURCES}:split_source")
def the_whole_path_is_the_key(original: Any) -> Any:
    """Without a key given, the key is the path, its slashes made dashes."""

    def split_source(source: str) -> tuple[str, str]:
        key, path = original(source)
        return (key, path) if "=" in source else (path.replace("/", "-"), path)

    return split_source


@mutant("CONFIGMAP-006", f"{SOURCES}:literal_of")
def literals_are_split_at_the_last_sign(_: Any) -> Any:
    """--from-literal a=b=c gives the key a=b."""

    def literal_of(literal: str) -> tuple[str, bytes]:
        key, equals, value = literal.rpartition("=")
        if not key or not equals:
            raise ValueError("bad_literal")
        return key, value.encode()

    return literal_of


@mutant("CONFIGMAP-006", f"{SOURCES}:add")
def the_last_of_two_wins(_: Any) -> Any:
    """A key that comes twice has the later value."""

    def add(made: Any, key: str, content: bytes) -> None:
        for bag in made.values():
            bag.pop(key, None)
        _add(made, key, content)

    return add


_add: Final = config_sources.add


@mutant("CONFIGMAP-006", f"{SOURCES}:add")
def invalid_keys_are_skipped(original: Any) -> Any:
    """A file whose name is no key is left out."""

    def add(made: Any, key: str, content: bytes) -> None:
        if names.is_config_key(key):
            original(made, key, content)

    return add


@mutant("CONFIGMAP-006", f"{SOURCES}:add")
def everything_is_text(original: Any) -> Any:
    """What is not UTF-8 goes to data, with the odd bytes replaced."""
    return lambda made, key, content: original(made, key, content.decode(errors="replace").encode())
