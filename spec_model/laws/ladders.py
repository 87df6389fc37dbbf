"""What the laws of restarts remember: a ladder for every container, and what upsets it.

The ladders stand in the note ``ladders`` of each Pod. What happens to kubelets and sandboxes is kept
with the world, from the tester's stimuli and, where those are not known, from the Events of the
cluster.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from attrs import evolve

from spec_model.events import Manifest, Rejected
from spec_model.law import note
from spec_model.laws.manifests import has_one_life
from spec_model.laws.phase import kubelet_owned
from spec_model.laws.probe_kills import was_killed
from spec_model.laws.telling import REMEMBERED, container_of, happened
from spec_model.objects import EMPTY, Container, Pod, is_static
from spec_model.pod.announcements import duration
from spec_model.pod.backoff import Entry, configured
from spec_model.pod.ladder import Ladder, Terms, adrift, climb, forgotten, lost, quiet, respecified
from spec_model.profiles import BackoffConstants
from spec_model.values import frozen
from spec_model.world import Done, Key, Seen, SeenContainer, World

FORGETS: Final = "forgets"
LOSES_TRACK: Final = "loses track"
UPSETS: Final[Mapping[str, str]] = {
    "restart-kubelet": FORGETS,
    "configure-kubelet": LOSES_TRACK,
    "lose-sandbox": LOSES_TRACK,
    "stop-node": LOSES_TRACK,
    "start-node": LOSES_TRACK,
    "set-runtime": LOSES_TRACK,
}
"""Stimuli after which a kubelet remembers nothing, or it is not known what it remembers."""

Upset: TypeAlias = tuple[str, float, int]
"""What it does, when, and how many there were before it."""

Upsets: TypeAlias = Mapping[Key, Upset]
"""By Node or Pod, what last happened to it."""

Kills: TypeAlias = Mapping[tuple[str, str], float]
"""By Pod UID and container, when something last happened to it."""


@frozen
class Ladders:
    """The ladders of a Pod's containers by name, and the upsets that they have felt."""

    of: Mapping[str, Ladder] = EMPTY
    felt: tuple[Upset | None, ...] = ()


def ladder_of(seen: SeenContainer) -> Ladder | None:
    """What is known of this container's restarts, this observation included."""
    return known_ladder(seen.pod, seen.spec.name)


def known_ladder(seen: Seen, container: str) -> Ladder | None:
    """What is known of the restarts of that container of the Pod, this observation included."""
    found: Ladders | None = seen.notes.get("ladders")
    return None if found is None else found.of.get(container)


def terms_of(seen: Seen) -> Terms:
    """By what the ladders of this Pod are climbed."""
    terms: Terms = seen.notes["terms"]
    return terms


@note("terms", on="Pod")
def terms_in_force(before: Terms | None, seen: Seen) -> Terms:
    """What the Pod's kubelet and the trace's clock make of the profile's constants."""
    constants = kubelet_constants(seen) or seen.profile.backoff
    if before is not None and before.constants is constants:
        return before
    setting = seen.world.setting
    tolerance = setting.tolerance
    return Terms(
        constants,
        tolerance.truncation,
        tolerance.lateness,
        seen.profile.success_backs_off,
        setting.clock == "real",
        seen.profile.probe_kill_looks_back,
    )


@note("ladders", on="Pod")
def ladders(before: Ladders | None, seen: Seen) -> Ladders:
    """Folds what an observation shows of each container into its ladder."""
    pod: Pod = seen.now
    upsets = upsets_of(seen)
    known = before or Ladders(EMPTY, upsets)
    if not pod.statuses or not kubelet_owned(seen):
        return known
    if upsets == known.felt and _unchanged(seen):
        return _quiet(known)
    terms = terms_of(seen)
    found = {
        name: ladder for name, ladder in _climbing(known, seen, upsets, terms) if ladder is not None
    }
    return Ladders(_crowded(found) if len(found) > 1 else found, upsets)


def _unchanged(seen: Seen) -> bool:
    before, now = seen.before, seen.now
    return before is not None and before.spec is now.spec and before.statuses == now.statuses


def _quiet(known: Ladders) -> Ladders:
    if any(ladder.ended or ladder.restart for ladder in known.of.values()):
        return Ladders({name: quiet(ladder) for name, ladder in known.of.items()}, known.felt)
    return known


def _climbing(
    known: Ladders, seen: Seen, upsets: tuple[Upset | None, ...], terms: Terms
) -> Iterator[tuple[str, Ladder | None]]:
    pod: Pod = seen.now
    late = (seen.before is None and not seen.fresh) or is_static(seen.manifest)
    upset = None if upsets == known.felt else _worst(upsets, known.felt)
    uncounted, before = pod.spec.has_rules, EMPTY if seen.before is None else seen.before.statuses
    for name, status in pod.statuses.items():
        spec = pod.spec.container(name)
        if spec is None:
            continue
        ladder = known.of.get(name)
        if ladder is not None:
            if upset is None and ladder.spec is spec and before.get(name) is status:
                yield name, quiet(ladder)  # nothing is new of this one
                continue
            ladder = _adjusted(quiet(ladder), spec, seen, upset)
        killed = was_killed(seen, spec, ladder)
        origin = _origin(seen) if ladder is None else ladder.origin
        ladder = climb(ladder, status, spec, terms, late=late, origin=origin, killed=killed)
        if ladder is not None and uncounted:
            ladder = lost(ladder)  # a rule may restart every container, and that is not counted
        if ladder is not None and name not in known.of and is_static(seen.manifest):
            ladder = _of_a_mirror(ladder, seen)
        yield name, ladder


def _of_a_mirror(ladder: Ladder, seen: Seen) -> Ladder:
    """What the first that a mirror Pod shows of a container tells: after an end much may have been.

    A file that has said something else in between starts its Pod anew, and is remembered all the same.
    """
    if ladder.run.finished_at is not None:
        return adrift(ladder)
    return ladder if has_one_life(seen) else lost(ladder)


def _adjusted(ladder: Ladder, spec: Container, seen: Seen, upset: Upset | None) -> Ladder:
    """The ladder after what happened to its kubelet, its sandbox or its spec."""
    if upset is not None:
        what, at, _ = upset
        ladder = (
            forgotten(ladder, "BACKOFF-010", seen.world.setting.epoch + at)
            if what == FORGETS
            else adrift(ladder)
        )
    if ladder.spec is not spec:
        ladder = respecified(ladder, spec, seen.wall)
    return ladder


def _crowded(found: dict[str, Ladder]) -> dict[str, Ladder]:
    """Where one container counts, that another does not is for BACKOFF-005 to say."""
    if not any(isinstance(ladder.memory, Entry) for ladder in found.values()):
        return found
    return {
        name: evolve(ladder, origin="BACKOFF-005")
        if ladder.memory is None and ladder.origin == "BACKOFF-001"
        else ladder
        for name, ladder in found.items()
    }


# -- what upsets them ------------------------------------------------------------------------------


def upsets_of(seen: Seen) -> tuple[Upset | None, ...]:
    """The newest upset of the Pod's node, and of its sandbox."""
    known: Upsets | None = seen.world.notes.get("upsets")
    if not known:
        return ()
    return known.get(("Node", "", seen.now.spec.node_name)), known.get(seen.now.key)


def _worst(now: tuple[Upset | None, ...], before: tuple[Upset | None, ...]) -> Upset | None:
    new = [upset for upset in now if upset is not None and upset not in before]
    return next((upset for upset in new if upset[0] == LOSES_TRACK), new[-1] if new else None)


@note("upsets", on="restart-kubelet")
@note("upsets", on="configure-kubelet")
@note("upsets", on="lose-sandbox")
@note("upsets", on="stop-node")
@note("upsets", on="start-node")
@note("upsets", on="set-runtime")
def upset_by_the_tester(before: Upsets | None, done: Done) -> Upsets:
    """What the tester did to nodes and sandboxes."""
    if isinstance(done.response, Rejected):
        return before or {}
    given = done.arguments
    whom = (
        ("Node", "", given["node"])
        if "node" in given
        else ("Pod", given["namespace"], given["pod"])
    )
    return _with_upset(before, whom, UPSETS[done.verb], done.at, done.world)


@note("upsets", on="Event Starting*")
@note("upsets", on="Event SandboxChanged*")
def upset_by_itself(before: Upsets | None, seen: Seen) -> Upsets:
    """What a cluster tells of kubelets that started and sandboxes that were lost."""
    event = seen.manifest
    if (at := happened(seen)) is None:
        return before or {}
    about = event.get("involvedObject") or EMPTY
    if event["reason"] == "SandboxChanged":
        whom = ("Pod", about.get("namespace", ""), about.get("name", ""))
        return _with_upset(before, whom, LOSES_TRACK, at, seen.world)
    if about.get("kind") == "Node" and event.get("message", "").startswith("Starting kubelet"):
        return _with_upset(before, ("Node", "", about.get("name", "")), FORGETS, at, seen.world)
    return before or {}


@note("upsets", on="Node*")
def upset_by_another_node(before: Upsets | None, seen: Seen) -> Upsets:
    """A Node that comes after one of its name has a kubelet of its own."""
    name = seen.now["metadata"]["name"]
    gone: Mapping[str, float] = seen.world.notes.get("gone nodes") or EMPTY
    if seen.before is not None or seen.type == "DELETED" or name not in gone:
        return before or {}
    return _with_upset(before, ("Node", "", name), LOSES_TRACK, seen.at, seen.world)


def _with_upset(before: Upsets | None, whom: Key, what: str, at: float, world: World) -> Upsets:
    """With one more; what happened to those that exist is never forgotten, their laws need it."""
    known: Upsets = before or {}
    number = known[whom][2] + 1 if whom in known else 0
    kept = {
        key: upset
        for key, upset in known.items()
        if key in world.objects or at - upset[1] < REMEMBERED
    }
    return {**kept, whom: (what, at, number)}


@note("kubelets", on="configure-kubelet")
def configured_kubelets(
    before: Mapping[str, BackoffConstants] | None, done: Done
) -> Mapping[str, BackoffConstants]:
    """The constants of the kubelets that the tester has configured, by node."""
    if isinstance(done.response, Rejected):
        return before or EMPTY
    try:
        constants = constants_of(done.arguments["configuration"], done.profile.backoff)
    except ValueError:
        return before or EMPTY
    return {**(before or EMPTY), done.arguments["node"]: constants}


@note("kubelets", on="delete Node")
@note("refusing-kubelets", on="delete Node")
def kubelets_that_are_gone(before: Mapping[str, Any] | None, done: Done) -> Mapping[str, Any]:
    """A Node that is deleted takes along what its kubelet was told; the next of its name is another."""
    known: Mapping[str, Any] = before or EMPTY
    given = done.arguments
    if given["name"] not in known or isinstance(done.response, Rejected):
        return known
    return {name: each for name, each in known.items() if name != given["name"]}


@note("refusing-kubelets", on="configure-kubelet")
def kubelets_that_do_not_start(
    before: Mapping[str, float] | None, done: Done
) -> Mapping[str, float]:
    """Since when, seconds since 1970, a kubelet has had a configuration that it refuses, by node."""
    node = done.arguments["node"]
    others = {name: since for name, since in (before or EMPTY).items() if name != node}
    if isinstance(done.response, Rejected):
        return before or EMPTY
    try:
        constants_of(done.arguments["configuration"], done.profile.backoff)
    except ValueError:
        return {**others, node: done.world.setting.epoch + done.at}
    return others


def constants_of(configuration: Manifest, constants: BackoffConstants) -> BackoffConstants:
    """The constants under a KubeletConfiguration.

    Raises:
        ValueError: such a kubelet refuses to start (BACKOFF-007).
    """
    period = (configuration.get("crashLoopBackOff") or EMPTY).get("maxContainerRestartPeriod")
    gates = configuration.get("featureGates") or EMPTY
    reduced = bool(gates.get("ReduceDefaultCrashLoopBackOffDecay"))
    seconds_of_period = None if period is None else duration(period)
    if period is not None and seconds_of_period is None:
        raise ValueError("no_duration")
    return configured(seconds_of_period, reduced, constants).value


def kubelet_constants(seen: Seen) -> BackoffConstants | None:
    """The constants of the Pod's kubelet where the tester has configured it."""
    kubelets: Mapping[str, BackoffConstants] = seen.world.notes.get("kubelets", EMPTY)
    return kubelets.get(seen.now.spec.node_name) if kubelets else None


@note("back-offs", on="Event BackOff*")
def said_to_back_off(before: Kills | None, seen: Seen) -> Kills:
    """When an Event last said that a container backs off."""
    known: Kills = before or {}
    event = seen.manifest
    if not is_back_off(event):
        return known
    kept = {key: when for key, when in known.items() if seen.at - when < REMEMBERED}
    return {**kept, container_of(event): seen.at}


def is_back_off(event: Manifest) -> bool:
    """Whether an Event is about a container that waits for its restart, as opposed to an image."""
    message: str = event.get("message", "")
    return message.startswith("Back-off restarting failed container")


# -- Pods that went --------------------------------------------------------------------------------


@note("climbed", on="Pod*", when="gone")
def pods_that_backed_off(before: tuple[str, ...] | None, seen: Seen) -> tuple[str, ...]:
    """Names of Pods that went while their containers were backing off, the last hundred of them."""
    known = before or ()
    if seen.type != "DELETED":
        return known
    found: Ladders | None = seen.notes.get("ladders")
    if found is None or not any(isinstance(each.memory, Entry) for each in found.of.values()):
        return known
    return (*known[-99:], _name(seen))


def _origin(seen: Seen) -> str:
    """The rule by which a new container of the Pod starts from nothing."""
    climbed = seen.world.notes.get("climbed")
    return "BACKOFF-005" if climbed and _name(seen) in climbed else "BACKOFF-001"


def _name(seen: Seen) -> str:
    _, namespace, name = seen.now.key
    return f"{namespace}/{name}"
