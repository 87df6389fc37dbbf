"""What a container sees of its requests and limits: cgroup files, /proc, oom_score_adj, CPU got.

OOM-001, QOS-003, RESOURCE-005 to -007 and -009, VALIDATION-003: everything that the stimulus
``inspect`` shows. Files that an engine does not have (``cpu.shares`` on cgroup v2) are not asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, TypeAlias

from attrs import frozen

from spec_model.events import Manifest, Rejected
from spec_model.law import Verdict, expect, held, law, note, once
from spec_model.laws.looks import Look, look
from spec_model.objects import EMPTY, Container, Pod
from spec_model.profiles import Profile
from spec_model.quantity import milli, nano_of, stored, whole
from spec_model.resources import cpu, oom, qos
from spec_model.rules import Decision
from spec_model.world import Breach, Done, Outcome, World

PAGE: Final = 4096
UNLIMITED: Final = 1 << 62
"""From here on a limit of bytes is none: what cgroup v1 shows for it depends on the page size."""

EXACT: Final = 1.0
MEASURED: Final = 0.1
"""How far CPU may be off: milli on a virtual clock, a fraction where it is measured."""


@once
def settled_look(done: Done) -> Look | None:
    """What was seen inside a container; None where it is not known of what the kubelet made it."""
    found = look(done)
    return None if found is None or found.node is None or _is_unsettled(found) else found


def _is_unsettled(found: Look) -> bool:
    """Whether a kubelet may not have caught up with a resize yet."""
    return found.done.world.setting.clock == "real" and found.pod.generation > 1


def node_memory(node: Manifest | None) -> int | None:
    """The memory capacity of a node in bytes; None where it is not known."""
    amount = (((node or EMPTY).get("status") or EMPTY).get("capacity") or EMPTY).get("memory")
    return None if amount is None else whole(nano_of(amount))


def node_cpu(node: Manifest | None) -> int | None:
    """The CPU capacity of a node in milli; None where it is not known."""
    amount = (((node or EMPTY).get("status") or EMPTY).get("capacity") or EMPTY).get("cpu")
    return None if amount is None else milli(nano_of(amount))


def limit_of(container: Container, resource: str, profile: Profile) -> int | None:
    """The limit of a container in nano; None where it has none."""
    limits = (container.manifest.get("resources") or EMPTY).get("limits") or EMPTY
    return stored(limits[resource], profile) or None if resource in limits else None


# -- oom_score_adj ----------------------------------------------------------------------------------


@law("OOM-001", on="inspect")
def class_and_request_make_the_adjustment(done: Done) -> Verdict:
    """-997 for Guaranteed, 1000 for BestEffort, between by the memory request for Burstable."""
    found = settled_look(done)
    adjustment = None if found is None else found.shown.get("oom_score_adj")
    memory = None if found is None else node_memory(found.node)
    if found is None or adjustment is None or memory is None:
        return None
    wanted = oom.score_adj(found.pod.manifest, found.container.name, memory, done.profile).value
    fits = adjustment == wanted or _is_as_low_as_it_gets(adjustment, wanted, done)
    return expect(fits, f"oom_score_adj {wanted}", f"oom_score_adj {adjustment}")


def _is_as_low_as_it_gets(adjustment: int, wanted: int, done: Done) -> bool:
    """A runtime that lacks the privilege cannot go below its own adjustment (a rootless one)."""
    if done.world.setting.clock == "virtual":
        return False
    return wanted < 0 <= adjustment < done.profile.oom.burstable_floor


Bounds: TypeAlias = tuple[int, int]
ORDER: Final = (qos.GUARANTEED, qos.BURSTABLE, qos.BEST_EFFORT)
"""From the best protected to the first to go."""


@note("adjustments", on="inspect")
def adjustments(before: Mapping[str, Bounds] | None, done: Done) -> Mapping[str, Bounds]:
    """By class, the lowest and the highest adjustment that was seen."""
    known, found = before or {}, _adjusted(done)
    if found is None:
        return known
    name, adjustment = found
    lowest, highest = known.get(name, (adjustment, adjustment))
    return {**known, name: (min(lowest, adjustment), max(highest, adjustment))}


def _adjusted(done: Done) -> tuple[str, int] | None:
    """The class and the adjustment of a container, where the class alone decides its place."""
    found = settled_look(done)
    if found is None or "priorityClassName" in found.pod.spec.manifest:
        return None
    adjustment = found.shown.get("oom_score_adj")
    return None if adjustment is None else (found.pod.qos_class, adjustment)


@law("QOS-003", on="inspect")
def the_classes_are_protected_in_order(done: Done) -> Verdict:
    """BestEffort goes first, then Burstable, then Guaranteed: so their adjustments are ordered."""
    others: Mapping[str, Bounds] | None = done.world.notes.get("adjustments")
    found = _adjusted(done) if others else None
    if found is None or found[0] not in ORDER or not others:
        return None
    name, adjustment = found
    place = ORDER.index(name)
    verdicts = []
    for other, (lowest, highest) in others.items():
        if other == name or other not in ORDER:
            continue
        is_above = ORDER.index(other) > place
        ordered = adjustment < lowest if is_above else adjustment > highest
        bound = f"below {lowest}, as {other}" if is_above else f"above {highest}, as {other}"
        verdicts.append(expect(ordered, f"{name}: oom_score_adj {bound} has it", str(adjustment)))
    return tuple(verdicts) or None


# -- cgroup files -----------------------------------------------------------------------------------


@law("VALIDATION-003", "RESOURCE-005", "RESOURCE-006", "RESOURCE-007", on="inspect")
def limits_and_requests_become_cgroup_files(done: Done) -> Verdict:
    """The CPU limit is the quota, the CPU request the shares or weight, the memory limit memory.max."""
    found = settled_look(done)
    if found is None or found.pod.spec.manifest.get("resources") is not None:
        return None  # what containers get of the limits of their Pod no rule says
    files = found.shown.get("cgroup") or EMPTY
    return (*_quota(found, files), *_memory(found, files), *_shares(found, files))


def _quota(found: Look, files: Manifest) -> Iterator[Outcome]:
    if (shown := files.get("cpu.max")) is None:
        return
    wanted = cpu.container_quota(found.container.manifest, found.profile).value
    period = cpu.PERIOD_MICROSECONDS
    if wanted is None:
        fits = str(shown).split()[0] == "max"
        yield expect(fits, "cpu.max max, without a limit", f"cpu.max {shown}", rule="RESOURCE-005")
        return
    # systemd counts in whole percents of a core, and rounds up.
    fits = shown in (f"{wanted} {period}", f"{-(-wanted // 1000) * 1000} {period}")
    yield expect(fits, f"cpu.max {wanted} {period}", f"cpu.max {shown}", rule="RESOURCE-006")


def _memory(found: Look, files: Manifest) -> Iterator[Outcome]:
    if (shown := files.get("memory.max")) is None:
        return
    seen = UNLIMITED if shown == "max" else int(shown)
    limit = limit_of(found.container, "memory", found.profile)
    if limit is None:
        what = "memory.max max, without a limit"
        yield expect(seen >= UNLIMITED, what, f"memory.max {shown}", rule="RESOURCE-005")
        return
    wanted = whole(limit)
    fits = seen in (wanted, wanted // PAGE * PAGE)
    yield expect(fits, f"memory.max {wanted}", f"memory.max {shown}", rule="VALIDATION-003")


def _shares(found: Look, files: Manifest) -> Iterator[Outcome]:
    """The shares are those of the right amount, and of it they are made rightly."""
    manifest, profile = found.container.manifest, found.profile
    wanted = cpu.container_shares(manifest, profile).value
    for file in ("cpu.shares", "cpu.weight"):
        shown = files.get(file)
        if shown is None:
            continue
        lawful = _lawful(file, wanted)
        if shown in lawful:
            yield held("RESOURCE-007")
            if limit_of(found.container, "cpu", profile) is not None:
                yield held("VALIDATION-003")
            continue
        other = _other_shares(found)
        is_of_other = other is not None and shown in _lawful(file, other)
        rule = "VALIDATION-003" if is_of_other else "RESOURCE-007"
        what = " or ".join(map(str, sorted(lawful)))
        yield Breach(f"{file} {what}", f"{file} {shown}", rule=rule)


@cache
def _lawful(file: str, shares: int) -> frozenset[int]:
    if file == "cpu.shares":
        return frozenset({shares})
    return frozenset({cpu.weight(shares, "linear").value, cpu.weight(shares, "quadratic").value})


def _other_shares(found: Look) -> int | None:
    """The shares that the wrong one of request and limit would make; None without a limit."""
    limit = limit_of(found.container, "cpu", found.profile)
    if limit is None:
        return None
    if not found.profile.cpu_shares_from_limits:
        return cpu.shares(milli(limit)).value
    requests = (found.container.manifest.get("resources") or EMPTY).get("requests") or EMPTY
    asked = stored(requests["cpu"], found.profile) if "cpu" in requests else limit
    return cpu.shares(milli(asked)).value


# -- /proc ------------------------------------------------------------------------------------------


@law("RESOURCE-009", on="inspect")
def proc_shows_the_node(done: Done) -> Verdict:
    """MemTotal and the number of CPUs in /proc are those of the node, whatever the limits."""
    found = settled_look(done)
    proc = None if found is None else found.shown.get("proc")
    if found is None or not isinstance(proc, Mapping):
        return None
    memory, cores = node_memory(found.node), node_cpu(found.node)
    verdicts = []
    if memory is not None and "MemTotal" in proc:
        fits = abs(proc["MemTotal"] - memory) <= memory // 100
        verdicts.append(expect(fits, f"MemTotal {memory}", f"MemTotal {proc['MemTotal']}"))
    if cores is not None and "cpus" in proc:
        fits = round(proc["cpus"] * 1000) == cores
        verdicts.append(expect(fits, f"{cores / 1000:g} CPUs", f"{proc['cpus']} CPUs"))
    return tuple(verdicts) or None


# -- CPU that is got ---------------------------------------------------------------------------------


@frozen
class Burning:
    """CPU that a container was told to want, in milli, and the run that was told so."""

    milli: float
    container_id: str


Wants: TypeAlias = Mapping[tuple[str, str, str], Burning]


@note("wants", on="burn")
def burning(before: Wants | None, done: Done) -> Wants:
    """Containers that were told to use CPU, by namespace, Pod and name."""
    given = done.arguments
    known, key = before or {}, (given["namespace"], given["pod"], given["container"])
    pod: Pod | None = done.world.view("Pod", *key[:2])
    status = None if pod is None else pod.statuses.get(key[2])
    if status is None or isinstance(done.response, Rejected):
        return known
    return {**known, key: Burning(given["milli"], status.container_id)}


def burners(world: World) -> Wants:
    """Containers that were told to use CPU."""
    found: Wants | None = world.notes.get("wants")
    return found or {}


@law("RESOURCE-005", "RESOURCE-006", "RESOURCE-007", on="inspect")
def cpu_is_divided(done: Done) -> Verdict:
    """No more than the limit; all that is idle without one; and of what is short, a share each."""
    found = settled_look(done)
    usage = None if found is None else found.shown.get("usage")
    if found is None or not isinstance(usage, Mapping) or "cpu_milli" not in usage:
        return None
    limit = limit_of(found.container, "cpu", found.profile)
    got = usage["cpu_milli"]
    if limit is not None and got > milli(limit) * (1 + MEASURED) + EXACT:
        return Breach(f"at the most {milli(limit)}m CPU", f"{got:g}m", rule="RESOURCE-006")
    if done.world.setting.clock == "real":
        return None  # what else burns on the node is not known
    return _division(found, got, bool(usage.get("throttled")))


def _division(found: Look, got: float, throttled: bool) -> Verdict:
    wanting = _wanting(found)
    capacity = node_cpu(found.node)
    names = None if wanting is None else [name for name, _ in wanting]
    if wanting is None or names is None or capacity is None or found.container.name not in names:
        return None
    decision = cpu.divisions(capacity, [demand for _, demand in wanting])
    index = names.index(found.container.name)
    lawful = [shares[index] for shares in decision.value]
    fits = any(abs(got - share) <= EXACT for share in lawful)
    what = " or ".join(f"{share:.1f}m CPU" for share in lawful)
    return (
        expect(fits, what, f"{got:g}m CPU", rule=decision.because),
        *_throttling(wanting[index][1], throttled, decision),
    )


def _throttling(demand: cpu.Demand, throttled: bool, decision: Decision[Any]) -> Iterator[Outcome]:
    """A limit below what is wanted throttles, where nothing else holds the container back."""
    if demand.limit_milli is None or decision.because == "RESOURCE-007":
        return
    wanted = demand.demand_milli > demand.limit_milli
    said = "throttled" if throttled else "not throttled"
    yield expect(throttled == wanted, f"throttled: {wanted}", said, rule="RESOURCE-006")


def _wanting(found: Look) -> list[tuple[str, cpu.Demand]] | None:
    """What the containers of this Pod want; None where others of the node want CPU, too.

    How Pods share is up to the cgroups above them, of which only the least is known.
    """
    wanting: list[tuple[str, cpu.Demand]] = []
    for (namespace, name, container), burn in burners(found.done.world).items():
        pod: Pod | None = found.done.world.view("Pod", namespace, name)
        if pod is None or pod.spec.node_name != found.pod.spec.node_name or not burn.milli:
            continue
        status, spec = pod.statuses.get(container), pod.spec.container(container)
        if pod.key != found.pod.key or status is None or spec is None:
            return None
        if status.state != "running" or status.container_id != burn.container_id:
            return None  # it has ended since, and what it wants now is not known
        wanting.append((container, _demand(spec, burn.milli, found.profile)))
    return wanting


def _demand(spec: Container, wanted: float, profile: Profile) -> cpu.Demand:
    limit = limit_of(spec, "cpu", profile)
    requests = (spec.manifest.get("resources") or EMPTY).get("requests") or EMPTY
    asked = stored(requests["cpu"], profile) if "cpu" in requests else limit or 0
    return cpu.Demand(milli(asked), None if limit is None else milli(limit), wanted)
