"""VOLUME-007: what is on a host path outlives the Pods, stays on its node, and is what it has to be."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from spec_model.events import Manifest
from spec_model.law import Verdict, expect, law
from spec_model.laws.hosts import Host, host_paths, hosts, is_below, source_of, there
from spec_model.laws.looks import look
from spec_model.laws.node_loss import stopped_nodes
from spec_model.laws.telling import happened, pod_about
from spec_model.objects import EMPTY, Container, Pod
from spec_model.pod.reasons import OF_NODES
from spec_model.storage.host_path import MODES, RULE, can_mount, host_path_of
from spec_model.storage.mounts import Mount, mounts, shown_in
from spec_model.world import HELD, Breach, Done, Held, Outcome, Seen, World

CHECK_FAILED: Final = re.compile(r'volume "([^"]+)" : hostPath type check failed')
STARTING: Final = ("ContainerCreating", "PodInitializing", *OF_NODES.values())
"""What a Pod may say that has not started; of what is broken of its node there are other laws."""


# -- What is in it ----------------------------------------------------------------------------------


@law(RULE, on="inspect")
def host_paths_are_of_the_node(done: Done) -> Verdict:
    """What Pods of this node wrote is there, and what Pods of other nodes wrote is not."""
    found = look(done)
    if found is None or not found.mounts_volumes or not hosts(done.world):
        return None
    if found.pod.spec.node_name in stopped_nodes(done.world):
        return None
    return tuple(_mounted(done.world, found.pod, found.container, found.shown)) or None


def _mounted(
    world: World, pod: Pod, container: Container, shown: Mapping[str, Any]
) -> Iterator[Outcome]:
    told: Mapping[str, Any] = shown.get("mounts") or EMPTY
    for mount in mounts(pod.spec.manifest, container.manifest):
        found = host_path_of(source_of(world, pod.key[1], mount.volume))
        if found is None:
            continue
        root = posixpath.normpath(posixpath.join(found[0], mount.sub_path))
        if isinstance(shown.get("files"), Mapping):
            verdict = _contents(world, pod, container, mount, root, shown["files"])
            if verdict is not None:
                yield verdict
        mode = (told.get(mount.path) or EMPTY).get("mode")
        if mode is not None and not mount.sub_path:
            yield from _made_with(world, pod, found, mode)


def _contents(
    world: World,
    pod: Pod,
    container: Container,
    mount: Mount,
    root: str,
    shown: Mapping[str, Any],
) -> Held | Breach | None:
    spec = pod.spec.manifest
    seen = {
        **shown_in(mount, spec, container.manifest, shown),
        **({"": shown[mount.path]} if mount.path in shown else {}),
    }
    own = hosts(world).get(pod.spec.node_name, Host())
    here = {path: file.content for path, file in _below(own, root).items()}
    visible = shown_in(
        mount,
        spec,
        container.manifest,
        {f"{mount.path}/{path}": each for path, each in here.items()},
    )
    wanted = {path: each for path, each in here.items() if not path or path in visible}
    for path, content in wanted.items():
        if seen.get(path) != content:
            return Breach(f"{root}/{path} with {content!r}", f"{seen.get(path)!r}")
    elsewhere = [
        (node, path, file.content)
        for node, host in hosts(world).items()
        if node != pod.spec.node_name
        for path, file in _below(host, root).items()
        if path not in here and file.content  # an empty one may have been made here, too
    ]
    for node, path, content in elsewhere:
        if seen.get(path) == content:
            return Breach(f"nothing of what is on node {node}", f"{root}/{path} with {content!r}")
    others = any(file.uid != pod.uid for path, file in _below(own, root).items() if path in wanted)
    return HELD if others or elsewhere else None


def _below(host: Host, root: str) -> dict[str, Any]:
    """The files at or below a path, by the rest of theirs."""
    return {
        path[len(root.rstrip("/")) + 1 :]: file
        for path, file in host.files.items()
        if path == root or is_below(path, root)
    }


def _made_with(world: World, pod: Pod, found: tuple[str, str], mode: str) -> Iterator[Outcome]:
    """The mode of what was made for Pods that all came with the same type."""
    path, type_ = found
    host = hosts(world).get(pod.spec.node_name, Host())
    is_new = world.setting.clock == "virtual" and is_below(path, "/tmp") and host.fresh
    if type_ in MODES and is_new and host.touched.get(path) == frozenset({type_}):
        wanted = MODES[type_]
        yield expect(int(mode, 8) == wanted, f"{path} with mode {wanted:04o}", f"mode {mode}")


# -- What has to be there ---------------------------------------------------------------------------


@law(RULE, on="Pod", when="with host paths")
def nothing_starts_on_the_wrong_host_path(seen: Seen) -> Verdict:
    """A Pod whose host path is not what its type says stays ContainerCreating."""
    pod: Pod = seen.now
    if not pod.spec.node_name or not pod.statuses:
        return None
    if seen.before is None or _has_run(seen.before):
        return None
    found = list(host_paths(seen.world, pod))
    return tuple(_for_each(seen, found)) or None


def _has_run(pod: Pod) -> bool:
    return any(each.has_run or each.state == "running" for each in pod.statuses.values())


def _for_each(seen: Seen, found: list[tuple[str, str]]) -> Iterator[Outcome]:
    pod: Pod = seen.now
    for path, type_ in found:
        at_path = there(seen.world, pod.spec.node_name, path) if type_ else None
        may = None if at_path is None else can_mount(type_, at_path[0]).value
        if at_path is None or may is None:
            continue
        what = f"Pod {pod.key[2]} waits: {path} is {at_path[0]}, not what {type_} asks for"
        if _has_run(pod):
            yield expect(may, what, "it has started")
        elif not may:
            reasons = {each.reason for each in pod.statuses.values() if each.state == "waiting"}
            odd = sorted(reason for reason in reasons - {*STARTING} if reason)
            if odd:
                yield Breach(f"{what}, ContainerCreating", f"waiting with {', '.join(odd)}")


@law(RULE, on="Event FailedMount")
def a_type_check_fails_for_a_reason(seen: Seen) -> Verdict:
    """A check of a type fails where something else is at the path, and only there."""
    named, pod = CHECK_FAILED.search(seen.manifest.get("message", "")), pod_about(seen)
    about = seen.manifest.get("involvedObject") or EMPTY
    if named is None or pod is None or pod.uid != about.get("uid"):
        return None
    volume: Manifest | None = next(
        (each for each in pod.spec.manifest.get("volumes") or () if each["name"] == named[1]), None
    )
    found = None if volume is None else host_path_of(source_of(seen.world, pod.key[1], volume))
    if found is None:
        return None
    path, type_ = found
    at_path, when = there(seen.world, pod.spec.node_name, path), happened(seen)
    if at_path is None:
        return None
    may = can_mount(type_, at_path[0]).value
    if not may:
        return None if may is None else HELD
    slack = seen.tolerance.truncation + seen.tolerance.lateness
    if when is None or when < at_path[1] + slack:
        return None  # it may have been made since
    return Breach(f"{path} is {at_path[0]}, as {type_} asks for", seen.manifest["message"])
