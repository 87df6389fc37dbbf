"""What a Pod's containers see: the ConfigMaps and Secrets it waits for, and which files follow them."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from spec_model.events import Manifest
from spec_model.explain.statement import Others, Statement, Statements
from spec_model.objects import Pod
from spec_model.profiles import Profile
from spec_model.storage.config_maps import references
from spec_model.storage.mounts import Mount, mounts

UPDATING = ("configMap", "secret", "downwardAPI", "projected")
"""Volumes whose files are made anew when what they come from changes."""


@frozen
class Need:
    """One object that a Pod refers to: who, which keys, and whether it can do without."""

    kind: str
    name: str
    container: str  # empty for a volume
    keys: tuple[str, ...]
    optional: bool


def statements(manifest: Manifest, view: Pod, others: Others, profile: Profile) -> Statements:
    spec = manifest["spec"]
    for need in _needs(spec):
        yield _waits(need, manifest, others, profile)
    for container in (*view.spec.init_containers, *view.spec.containers):
        for mount in mounts(spec, container.manifest):
            about = f"{mount.path} of container {container.name}"
            yield _file(about, mount, profile)
        if any((each.get("valueFrom") or {}) for each in container.manifest.get("env") or ()):
            says = "is read when it starts; what changes later it sees after a restart"
            yield Statement(f"environment of container {container.name}", says, "CONFIGMAP-001")
    yield from _shared(view)


def _needs(spec: Manifest) -> Iterator[Need]:
    """ConfigMaps as the law of them finds them, and Secrets in the same places."""
    for each in references(spec):
        yield Need("ConfigMap", each.config_map, each.container, each.keys, each.optional)
    for group in ("containers", "initContainers"):
        for container in spec.get(group) or ():
            yield from _secrets_of(container)
    for volume in spec.get("volumes") or ():
        source = volume.get("secret")
        if source is not None:
            keys = tuple(item.get("key", "") for item in source.get("items") or ())
            yield Need(
                "Secret", source.get("secretName", ""), "", keys, bool(source.get("optional"))
            )


def _secrets_of(container: Manifest) -> Iterator[Need]:
    name = container.get("name", "")
    for source in container.get("envFrom") or ():
        if (found := source.get("secretRef")) is not None:
            yield Need("Secret", found.get("name", ""), name, (), bool(found.get("optional")))
    for variable in container.get("env") or ():
        if (found := (variable.get("valueFrom") or {}).get("secretKeyRef")) is not None:
            keys = (found.get("key", ""),)
            yield Need("Secret", found.get("name", ""), name, keys, bool(found.get("optional")))


def _waits(need: Need, manifest: Manifest, others: Others, profile: Profile) -> Statement:
    who = f"container {need.container}" if need.container else "its volumes"
    keys = f", key {', '.join(need.keys)}" if need.keys else ""
    about = f"{need.kind} {need.name}{keys}, for {who}"
    if need.optional:
        return Statement(about, "is optional: it starts without", "CONFIGMAP-003")
    found, known = _given(need, manifest, others)
    if not known:
        when = "before the Pod is created" if profile.config_map_comes_first else "before it starts"
        return Statement(about, f"must exist {when}", "CONFIGMAP-003")
    lacking = _lacking(need, found)
    if not lacking:
        return Statement(about, "is there", "CONFIGMAP-003")
    waits = "CreateContainerConfigError" if need.container else "ContainerCreating, FailedMount"
    says = f"{lacking} is missing: the Pod waits ({waits}) and starts by itself once it is there"
    if profile.config_map_comes_first:
        says = f"{lacking} is missing: it must exist before the Pod"
    return Statement(about, says, "CONFIGMAP-003")


def _given(need: Need, manifest: Manifest, others: Others) -> tuple[Manifest | None, bool]:
    """The object, and whether anything is known: some objects of its kind are given beside the Pod."""
    place = _namespace(manifest)
    same = [each for each in others if each.get("kind") == need.kind and _namespace(each) == place]
    named = [each for each in same if (each.get("metadata") or {}).get("name") == need.name]
    return (named[0] if named else None), bool(same)


def _namespace(manifest: Manifest) -> str:
    return (manifest.get("metadata") or {}).get("namespace") or "default"


def _lacking(need: Need, found: Manifest | None) -> str:
    if found is None:
        return need.name
    fields = ("data", "stringData", *(() if need.container else ("binaryData",)))
    held = {key for field in fields for key in found.get(field) or {}}
    if need.kind == "Secret":
        held |= set(found.get("data") or {})
    return ", ".join(key for key in need.keys if key not in held)


def _file(about: str, mount: Mount, profile: Profile) -> Statement:
    """Whether what is mounted follows its source; a single file never does."""
    source = next((field for field in UPDATING if mount.volume.get(field) is not None), "")
    if not source:
        return Statement(about, f"volume {mount.volume.get('name')}", "VOLUME-002")
    if mount.sub_path and not profile.config_map_sub_paths:
        return Statement(about, "cannot be: only directories are mounted", "CONFIGMAP-004")
    if mount.sub_path:
        return Statement(about, "is of the container's start, and never updates", "CONFIGMAP-002")
    says = "updates within 60-90 s of a change, all files at once; read-only"
    return Statement(about, says, "CONFIGMAP-002")


def _shared(view: Pod) -> Statements:
    """Temporary directories: whose they are, and how long they last."""
    for volume in view.spec.manifest.get("volumes") or ():
        if volume.get("emptyDir") is None and set(volume) != {"name"}:
            continue
        users = [
            each.name
            for each in (*view.spec.init_containers, *view.spec.containers)
            if any(
                mount.get("name") == volume.get("name")
                for mount in each.manifest.get("volumeMounts") or ()
            )
        ]
        says = f"shared by {', '.join(users)}" if len(users) > 1 else "of one container"
        says = says if users else "of nobody"
        yield Statement(
            f"emptyDir {volume.get('name')}",
            f"{says}; survives restarts of containers, and goes with the Pod",
            "VOLUME-001",
        )
