"""RESOURCE-001, -002, QOS-001 and -002: what is stored of requests and limits, and the class they make.

That requests stay within limits, and follow from them, the laws of validation say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from spec_model.events import Accepted, Manifest, Rejected
from spec_model.law import Verdict, agree, expect, law
from spec_model.laws.validation import latest
from spec_model.objects import EMPTY, merged
from spec_model.profiles import Profile
from spec_model.quantity import Quantity, QuantityError, parse, stored
from spec_model.resources.qos import qos_class
from spec_model.shape import misshapen
from spec_model.world import HELD, Breach, Done, Held, Outcome, Seen

CPU: Final = "cpu"
MEMORY: Final = "memory"
GROUPS: Final = ("containers", "initContainers")
LISTS: Final = ("requests", "limits")


# -- Amounts as they are read back ------------------------------------------------------------------


@law("RESOURCE-001", "RESOURCE-002", on="create Pod")
def amounts_are_read_back(done: Done) -> Verdict:
    """0.5 is 500m, is shown as 500m, and what is finer than 1m counts as 1m; 1Ki is 1024 bytes, 1k 1000."""
    sent = done.arguments["object"]
    if not isinstance(done.response, Accepted):
        return None
    answer = done.response.value
    if not isinstance(answer, Mapping) or misshapen(sent) is not None:
        return None
    try:
        return tuple(_read_back(sent["spec"], answer.get("spec") or EMPTY, done.profile))
    except QuantityError:
        return None  # it ought to have been refused, and for that the laws of validation blame it


def _read_back(sent: Manifest, answer: Manifest, profile: Profile) -> Iterator[Outcome]:
    for group in GROUPS:
        pairs = zip(sent.get(group) or (), answer.get(group) or (), strict=False)
        for given, shown in pairs:
            for name in LISTS:
                yield from _compared(_listed(given, name), _listed(shown, name), profile)


def _listed(container: Manifest, name: str) -> Manifest:
    found: Manifest = (container.get("resources") or EMPTY).get(name) or EMPTY
    return found


def _compared(given: Manifest, shown: Manifest, profile: Profile) -> Iterator[Outcome]:
    if CPU in given:
        wanted, seen = shown_as(given[CPU], profile), str(shown.get(CPU))
        yield expect(wanted == seen, f"cpu {wanted}", f"cpu {seen}", rule="RESOURCE-001")
    if MEMORY in given:
        yield _same_bytes(given[MEMORY], shown.get(MEMORY), profile)


def shown_as(amount: str | int | float, profile: Profile) -> str:
    """An amount of a resource list as the API shows it: rounded up to milli, in canonical form."""
    form = parse(str(amount), profile).value.format
    return Quantity(stored(amount, profile), form).canonical()


def _same_bytes(given: Any, shown: Any, profile: Profile) -> Held | Breach:
    wanted = stored(given, profile)
    try:
        seen = None if shown is None else stored(shown, profile)
    except QuantityError:
        seen = None
    what = f"memory {given}, as much as {shown_as(given, profile)}"
    return expect(wanted == seen, what, f"memory {shown}", rule="RESOURCE-002")


# -- Classes ----------------------------------------------------------------------------------------


@law("QOS-001", on="Pod", when="new")
def requests_and_limits_decide_the_class(seen: Seen) -> Verdict:
    """BestEffort without any, Guaranteed where all limit both and request as much, else Burstable."""
    if seen.before is not None or not seen.now.qos_class:
        return None
    return agree(qos_class(seen.now.spec.manifest, seen.profile), seen.now.qos_class, "class ")


@law("QOS-002", on="Pod")
def the_class_never_changes(seen: Seen) -> Verdict:
    """status.qosClass stays as it was made; said when the spec changes, and at the Pod's end."""
    before, now = seen.before, seen.now
    if before is None or not before.qos_class:
        return None
    if before.qos_class != now.qos_class:
        return Breach(f"class {before.qos_class} for ever", f"class {now.qos_class}")
    return HELD if before.spec is not now.spec or seen.type == "DELETED" else None


@law("QOS-002", on="patch Pod")
def a_resize_must_not_change_the_class(done: Done) -> Verdict:
    """An in-place resize that would make another class of the Pod is refused."""
    given = done.arguments
    if given.get("subresource") != "resize":
        return None
    old = latest(done.world, ("Pod", given["namespace"], given["name"]))
    if old is None:
        return None
    try:
        wanted = qos_class(merged(old, given["patch"])["spec"], done.profile).value
    except QuantityError:
        return None
    known = (old.get("status") or EMPTY).get("qosClass")
    if wanted == known or not known:
        return None
    if isinstance(done.response, Rejected):
        return HELD if done.response.code == 422 else None
    return Breach(f"422, for {wanted} is not {known}", "accepted")
