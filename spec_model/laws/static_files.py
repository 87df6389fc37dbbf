"""STATIC-001 to -004 and -007: what the files of a node come to, and by when.

That something never came is found out when time passes: whenever the tester lets it, what became due
since the last time is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from spec_model.law import Verdict, held, law, note
from spec_model.laws.broken import RUNTIME, broken
from spec_model.laws.ladders import Upsets
from spec_model.laws.manifests import File, Mirror, files_by_mirror, files_of, is_ambiguous
from spec_model.laws.node_loss import stopped_nodes
from spec_model.objects import Pod
from spec_model.pod.ladder import RESYNC
from spec_model.pod.static import (
    IGNORED,
    INVALID,
    REFUSED,
    RESCAN,
    RUNS,
    UNKNOWN,
    full_name,
    is_mirror,
)
from spec_model.world import Breach, Done, Key, Outcome, World


@note("looked-at", on="advance")
def looked_at(_: float | None, done: Done) -> float:
    """Until when it was looked whether something is due."""
    return done.at


# -- what is due ------------------------------------------------------------------------------------


@law("STATIC-002", "STATIC-001", "STATIC-003", "STATIC-004", "STATIC-007", on="advance")
def the_directory_is_what_runs(done: Done) -> Verdict:
    """20 s after a change, and the time that the old Pod takes to end, it has taken effect."""
    if "files" not in done.world.notes:
        return None
    return (*_changes(done), *_mirrors_back(done)) or None


def _changes(done: Done) -> Iterator[Outcome]:
    known = files_of(done.world)
    slack = 2 * done.world.setting.tolerance.lateness
    for (node, name), file in known.items():
        if not _is_due(done, file.effect + slack) or not _is_quiet(done.world, node, file.at):
            continue
        if is_ambiguous(known, node, name):
            continue
        outcome = _effect(done.world, node, file)
        if outcome is not None:
            yield outcome


def _is_due(done: Done, due: float) -> bool:
    """Whether it became due since it was last looked."""
    last: float = done.world.notes.get("looked-at", 0.0)
    return last < due <= done.at or (due == 0.0 == last)


def _is_quiet(world: World, node: str, since: float) -> bool:
    """Whether the kubelet of the node has been left alone."""
    upsets: Upsets = world.notes.get("upsets") or {}
    upset = upsets.get(("Node", "", node))
    if node in stopped_nodes(world) or world.view("Node", "", node) is None:
        return False
    if broken(world, node, RUNTIME) is not None:
        return False
    return upset is None or upset[1] < since


def _effect(world: World, node: str, file: File) -> Outcome | None:
    manifest = file.before if file.manifest is None else file.manifest
    key = full_name(manifest, node)
    found: Pod | None = world.view(*key)
    if found is not None and not is_mirror(found.manifest):
        return None  # somebody else has the name
    mirrors: Mapping[Key, Mirror] = world.notes.get("mirrors") or {}
    mirror = mirrors.get(key)
    if found is None and file.fate == RUNS and mirror and mirror.gone and mirror.at > file.at:
        return None  # it was there, and is to come back (STATIC-003)
    if file.fate == RUNS:
        edited: frozenset[str] = world.notes.get("edited-pods") or frozenset()
        return _is_run(file, key, found, "/".join(key[1:]) in edited)
    rule = {IGNORED: "STATIC-002", REFUSED: "STATIC-007"}.get(file.fate, "STATIC-004")
    if file.fate in (INVALID, UNKNOWN) and file.manifest is not None:
        return None
    if found is None:
        return held(rule)
    return Breach(f"no Pod {key[2]}", "there is one", rule=rule)


def _is_run(file: File, key: Key, found: Pod | None, edited: bool) -> Outcome:
    rule = "STATIC-004" if file.before is not None else "STATIC-002"
    if found is None:
        return Breach(f"mirror Pod {key[2]} within {RESCAN:g} s", "there is none", rule=rule)
    wanted = [(each["name"], each["image"]) for each in file.manifest["spec"]["containers"]]
    images = [(each.name, each.image) for each in found.spec.containers]
    if images != wanted and not edited:
        return Breach(f"mirror Pod {key[2]} with {wanted}", f"with {images}", rule=rule)
    return held(rule)


# -- STATIC-003: it comes back ----------------------------------------------------------------------


def _mirrors_back(done: Done) -> Iterator[Outcome]:
    known: Mapping[Key, Mirror] = done.world.notes.get("mirrors") or {}
    gone = [(key, mirror) for key, mirror in known.items() if mirror.gone]
    files = files_by_mirror(done.world) if gone else {}
    for key, mirror in gone:
        file = files.get(key)
        if file is None or file.fate != RUNS or file.at >= mirror.at:
            continue
        ended = file.at if file.before is None else file.effect
        due = max(mirror.at, ended) + 2 * done.world.setting.tolerance.lateness
        if done.world.setting.clock == "real":
            due += 1.5 * RESYNC  # one that missed the end of its mirror looks again by then
        if not _is_due(done, due):
            continue
        if _is_quiet(done.world, mirror.pod.spec.node_name, mirror.at):
            yield Breach(f"a new mirror Pod {key[2]}", "there is none", rule="STATIC-003")
