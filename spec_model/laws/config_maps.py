"""What containers see of ConfigMaps: variables, files that follow edits, single files.

CONFIGMAP-001, 002 and 004, as ``inspect`` and ``write-file`` show them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from spec_model.events import Manifest, Rejected
from spec_model.law import Verdict, expect, law
from spec_model.laws.config_history import Versions, during, spans, versions_of
from spec_model.laws.looks import Look, look
from spec_model.objects import Pod
from spec_model.storage.config_maps import Contents, files, variables
from spec_model.storage.mounts import Mount, mounts, over, shown_in
from spec_model.world import Breach, Done, Held, Outcome

ENVIRONMENT: Final = "CONFIGMAP-001"
VOLUME: Final = "CONFIGMAP-002"
SINGLE_FILE: Final = "CONFIGMAP-004"

LONGEST_SYNC: Final = 90.0
"""Seconds between two syncs of a Pod for which nothing happens: 60, and up to half as much again."""


def begun_look(done: Done) -> Look | None:
    """A container and what it showed; None where it is not known which run that was."""
    found = look(done)
    return found if found is not None and found.started_at is not None else None


def start_of(found: Look) -> tuple[float, float]:
    """Between which moments, on the trace's clock, what a container gets at its start was made."""
    setting = found.done.world.setting
    started = (found.started_at or 0.0) - setting.epoch
    return started - setting.tolerance.lateness, started + setting.tolerance.truncation


def versions_seen(found: Look, name: str) -> Versions:
    """What is known of a ConfigMap of a Pod's namespace; documented, of one that came first."""
    world = found.done.world
    if found.profile.config_map_comes_first:
        born = world.objects[found.pod.key].notes.get("config maps at birth")
        if born is None or name not in born:
            return ()
    return versions_of(world, found.pod.key[1], name)


# -- Variables --------------------------------------------------------------------------------------


@law(ENVIRONMENT, on="inspect")
def variables_are_those_of_the_start(done: Done) -> Verdict:
    """A variable from a ConfigMap has the value that its key had when the container started."""
    found = begun_look(done)
    environment = None if found is None else found.shown.get("env")
    if found is None or not isinstance(environment, Mapping):
        return None
    return tuple(_variables(found, environment)) or None


def _variables(found: Look, environment: Mapping[str, Any]) -> Iterator[Outcome]:
    for variable, (name, key, optional) in variables(found.container.manifest).items():
        stood = during(versions_seen(found, name), *start_of(found))
        if stood is None:
            continue
        lawful = {((each or {}).get("data") or {}).get(key) for each in stood}
        if not optional:
            lawful.discard(None)
        if lawful:
            seen = environment.get(variable)
            wanted = " or ".join(map(_told, sorted(lawful, key=str)))
            what = f"{variable}: {wanted}, as key {key} of {name} was at the start"
            yield expect(seen in lawful, what, f"{variable}: {_told(seen)}")


def _told(value: object) -> str:
    return "not set" if value is None else repr(value)


# -- Files ------------------------------------------------------------------------------------------


@law(VOLUME, SINGLE_FILE, on="inspect")
def files_are_those_of_one_version(done: Done) -> Verdict:
    """A volume shows one version, at the most a sync period behind; a single file that of the start."""
    found = begun_look(done)
    shown = None if found is None else found.shown.get("files")
    if found is None or not isinstance(shown, Mapping) or not found.mounts_volumes:
        return None
    if found.pod.deletion_timestamp is not None:
        return None  # nobody syncs the volumes of a Pod that is being deleted
    verdicts: list[Outcome] = []
    spec, container = found.pod.spec.manifest, found.container.manifest
    for mount in mounts(spec, container):
        if mount.volume.get("configMap") is None:
            continue
        if mount.sub_path and found.done.profile.config_map_sub_paths:
            verdicts.extend(_single_file(found, mount, shown))
        else:
            held = shown_in(mount, spec, container, shown)
            verdicts.extend(_directory(found, mount, held, shown))
    return tuple(verdicts) or None


def _directory(
    found: Look, mount: Mount, held: Contents, shown: Mapping[str, Any]
) -> Iterator[Outcome]:
    if mount.sub_path:
        what = f"a directory at {mount.path}"
        yield expect(mount.path not in shown, what, f"a file at {mount.path}", rule=SINGLE_FILE)
    source, now = mount.volume["configMap"], found.done.at
    slack = LONGEST_SYNC + found.done.world.setting.tolerance.lateness
    lawful = _lawful(versions_seen(found, source.get("name", "")), source, now, slack)
    if lawful is None:
        return
    if held in lawful:
        yield Held(VOLUME)
        return
    wanted = " or ".join(_listed(each) for each in lawful)
    yield Breach(f"{mount.path}: {wanted}", f"{mount.path}: {_listed(held)}", rule=VOLUME)


def _lawful(versions: Versions, source: Manifest, at: float, slack: float) -> list[Contents] | None:
    """What a volume may show at a moment; None where that is not known.

    A kubelet looks once in ``slack`` seconds, and what it finds to be missing leaves the volume as it
    was: so a version may still be shown until there has been another for that long without a break.
    """
    lawful: list[Contents] = []
    unbroken = 0.0
    for since, until, manifest in reversed([*spans(versions)]):
        if since > at:
            continue
        made = files(manifest, source).value
        if made is None:
            unbroken = 0.0
            continue
        lawful.append(made)
        unbroken += min(until, at) - since
        if unbroken > slack:
            return lawful
    is_whole = bool(versions) and versions[0].since == -math.inf
    return lawful if lawful and is_whole else None


def _single_file(found: Look, mount: Mount, shown: Mapping[str, Any]) -> Iterator[Outcome]:
    """One key as a file, as it was when the container started."""
    source = mount.volume["configMap"]
    versions = versions_seen(found, source.get("name", ""))
    earliest, latest = start_of(found)
    lawful = _lawful(versions, source, latest, LONGEST_SYNC + latest - earliest)
    values = [] if lawful is None else [each.get(mount.sub_path) for each in lawful]
    if not values or None in values:
        return
    if mount.path not in shown:
        yield Breach(f"a file at {mount.path}", "none there", rule=SINGLE_FILE)
        return
    seen = shown[mount.path]
    yield Held(SINGLE_FILE)
    wanted = " or ".join(sorted({repr(each) for each in values}))
    what = f"{mount.path}: {wanted}, as it was at the start"
    yield expect(seen in values, what, f"{mount.path}: {seen!r}", rule=VOLUME)


def _listed(contents: Contents) -> str:
    return (
        ", ".join(f"{path} = {content!r}" for path, content in sorted(contents.items())) or "empty"
    )


@law(VOLUME, on="write-file")
def volumes_of_config_maps_are_read_only(done: Done) -> Verdict:
    """Nobody writes into a ConfigMap volume."""
    given = done.arguments
    pod: Pod | None = done.world.view("Pod", given["namespace"], given["pod"])
    container = None if pod is None else pod.spec.container(given["container"])
    if pod is None or container is None:
        return None
    mount = over(pod.spec.manifest, container.manifest, given["path"])
    if mount is None or mount.volume.get("configMap") is None:
        return None
    if isinstance(done.response, Rejected) and done.response.code in (404, 409):
        return None  # it does not run
    refused = isinstance(done.response, Rejected)
    return expect(refused, f"refused: {mount.path} is read-only", "written")
