"""emptyDir: one content for all containers of a Pod, and for as long as the Pod lives (VOLUME-001)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from spec_model.events import Accepted, Rejected
from spec_model.law import Verdict, expect, law, note
from spec_model.laws.node_loss import stopped_nodes
from spec_model.objects import Container, Pod
from spec_model.storage.mounts import Mount, absolute, below, mounts, over, shown_in
from spec_model.world import Done, Outcome, World

RULE: Final = "VOLUME-001"
MOST_PODS: Final = 64

Contents: TypeAlias = Mapping[tuple[str, str], Mapping[str, Any]]
"""By UID of a Pod and name of a volume, what the tester had written into it, by path."""


@note("written files", on="write-file")
def written(before: Contents | None, done: Done) -> Contents:
    """What the tester lets containers write into volumes of their Pods."""
    known = before or {}
    place = _place(done)
    if place is None or isinstance(done.response, Rejected):
        return known
    pod, container = place
    mount = over(pod.spec.manifest, container.manifest, done.arguments["path"])
    if mount is None or not is_empty_dir(mount):
        return known
    inner = below(absolute(done.arguments["path"]), mount.path) or ""
    path = f"{mount.sub_path}/{inner}" if mount.sub_path else inner
    key = (pod.uid, mount.volume["name"])
    alive = known if len(known) < MOST_PODS else _of_the_living(known, done.world)
    return {**alive, key: {**alive.get(key, {}), path: done.arguments["content"]}}


def _of_the_living(known: Contents, world: World) -> Contents:
    uids = world.uids_of("Pod")
    return {key: files for key, files in known.items() if key[0] in uids}


def _place(done: Done) -> tuple[Pod, Container] | None:
    given = done.arguments
    pod: Pod | None = done.world.view("Pod", given["namespace"], given["pod"])
    container = None if pod is None else pod.spec.container(given["container"])
    return None if pod is None or container is None else (pod, container)


def is_empty_dir(mount: Mount) -> bool:
    """Whether a volume lives with its Pod; one in memory does so only while its node is up."""
    source = mount.volume.get("emptyDir")
    return source is not None and source.get("medium") != "Memory"


@law(RULE, on="inspect")
def all_containers_see_what_any_wrote(done: Done) -> Verdict:
    """An emptyDir has what was written into it since the Pod came into being, and nothing else."""
    place = _place(done)
    if place is None or not isinstance(done.response, Accepted):
        return None
    shown = done.response.value.get("files") if isinstance(done.response.value, Mapping) else None
    pod, container = place
    if not isinstance(shown, Mapping) or pod.spec.node_name in stopped_nodes(done.world):
        return None
    return tuple(_mounted(done.world, pod, container, shown)) or None


def _mounted(
    world: World, pod: Pod, container: Container, shown: Mapping[str, Any]
) -> Iterator[Outcome]:
    known: Contents = world.notes.get("written files") or {}
    spec = pod.spec.manifest
    for mount in mounts(spec, container.manifest):
        if is_empty_dir(mount):
            held = known.get((pod.uid, mount.volume["name"]), {})
            wanted = _part(held, mount.sub_path)
            seen = shown_in(mount, spec, container.manifest, shown)
            what = f"{mount.path}: {_listed(wanted)}"
            yield expect(dict(seen) == wanted, what, f"{mount.path}: {_listed(seen)}")


def _part(held: Mapping[str, Any], sub_path: str) -> dict[str, Any]:
    if not sub_path:
        return dict(held)
    return {
        inner: content
        for path, content in held.items()
        if (inner := below(f"/{path}", f"/{sub_path}")) is not None
    }


def _listed(contents: Mapping[str, Any]) -> str:
    return (
        ", ".join(f"{path} = {content!r}" for path, content in sorted(contents.items())) or "empty"
    )
