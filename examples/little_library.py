"""A library that runs no Pods: amounts, the class of a Pod, and how many replicas an autoscaler wants."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

NUMBER = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?([a-zA-Z]*|[eE][+-]?\d+)")
SUFFIXES = {
    **{suffix: Fraction(1000) ** power for power, suffix in enumerate("num kMGTPE", start=-3)},
    **{f"{prefix}i": Fraction(1024) ** power for power, prefix in enumerate("KMGTPE", start=1)},
    "": Fraction(1),
}


def amount(text: str | float) -> Fraction:
    """A quantity such as 500m, 1.5Gi or 2e3, exactly."""
    found = NUMBER.fullmatch(str(text))
    if found is None or not str(text):
        raise ValueError("format")
    sign, whole, fraction, suffix = found.groups(default="")
    if suffix[:1] in ("e", "E") and suffix[1:].lstrip("+-").isdecimal():
        scale = Fraction(10) ** int(suffix[1:])
    elif suffix in SUFFIXES:
        scale = SUFFIXES[suffix]
    else:
        raise ValueError("suffix")
    size = Fraction(int(whole + fraction or "0"), 10 ** len(fraction)) * scale
    return -size if sign == "-" else size


def rounded(text: str) -> dict[str, int]:
    """A quantity in whole units and in thousandths, both rounded up."""
    return {"value": math.ceil(amount(text)), "milli_value": math.ceil(amount(text) * 1000)}


def qos_class(pod: Mapping[str, Any]) -> str:
    """Guaranteed, Burstable or BestEffort: by the Pod's own resources, else by those of its containers."""
    spec = pod["spec"]
    if "resources" in spec:
        asking = [(requests_of_whole(spec), listed(spec, "limits"))]
    else:
        containers = [*spec["containers"], *spec.get("initContainers", ())]
        asking = [(requests_of(each), listed(each, "limits")) for each in containers]
    if not any(nonzero(amounts) for pair in asking for amounts in pair):
        return "BestEffort"
    guaranteed = all(
        nonzero(limits).keys() == {"cpu", "memory"} and nonzero(requests) == limits
        for requests, limits in asking
    )
    return "Guaranteed" if guaranteed else "Burstable"


def listed(owner: Mapping[str, Any], part: str) -> dict[str, int]:
    """CPU and memory as they stand in ``requests`` or ``limits``, in thousandths, rounded up."""
    given = (owner.get("resources") or {}).get(part) or {}
    return {
        name: math.ceil(amount(given[name]) * 1000) for name in ("cpu", "memory") if name in given
    }


def nonzero(amounts: Mapping[str, int]) -> dict[str, int]:
    """A request or limit of zero is none."""
    return {name: size for name, size in amounts.items() if size}


def requests_of(container: Mapping[str, Any]) -> dict[str, int]:
    """What a container requests; a limit without a request is also the request."""
    return {**listed(container, "limits"), **listed(container, "requests")}


def requests_of_whole(spec: Mapping[str, Any]) -> dict[str, int]:
    """What a Pod requests as a whole: as it says, else what its containers add up to, else its limit.

    Resources that are empty hide those of the containers.
    """
    if not spec["resources"]:
        return {}
    needed = {name: need for name in ("cpu", "memory") if (need := peak(spec, name)) is not None}
    return {**listed(spec, "limits"), **needed, **listed(spec, "requests")}


def peak(spec: Mapping[str, Any], name: str) -> int | None:
    """The most that a Pod's containers request at any time; None where none of them says."""
    apps = [requests_of(each).get(name) for each in spec["containers"]]
    beside, most = 0, 0  # sidecars that run already, and the most any init container made of it
    inits = spec.get("initContainers", ())
    for each in inits:
        own = requests_of(each).get(name, 0)
        most = max(most, beside + own)
        beside += own if each.get("restartPolicy") == "Always" else 0
    if not any(name in requests_of(each) for each in (*spec["containers"], *inits)):
        return None
    return max(most, beside + sum(own or 0 for own in apps))


def limited(current: int, desired: int, least: int, most: int) -> dict[str, Any]:
    """A wanted count of replicas within its bounds, and the reason; it at most doubles, or grows to 4."""
    fastest = max(2 * current, 4)
    if desired < least:
        return {"replicas": least, "reason": "TooFewReplicas"}
    if desired > min(fastest, most):
        slow = fastest < most
        return {
            "replicas": min(fastest, most),
            "reason": "ScaleUpLimit" if slow else "TooManyReplicas",
        }
    return {"replicas": desired, "reason": "DesiredWithinRange"}


def highest(current: int, proposals: list[int | None]) -> int:
    """What the greediest metric asks for; while one has failed (None), never less than there is."""
    worked = [proposal for proposal in proposals if proposal is not None]
    if len(worked) < len(proposals):
        worked.append(current)
    return max(worked)
