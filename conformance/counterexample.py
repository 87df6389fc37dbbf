"""The simplest question to a function that is still answered wrongly: delta debugging on JSON.

Parts are left out, the largest first; then numbers come nearer to zero and texts become shorter. What
is tried must still be a question that the function may be asked: it fits the schema, and what no schema
can say of it holds too. Otherwise a fault would be shown by a question to which any answer is right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from spec_model import schemas
from spec_model.quantity import QuantityError, nano_of

DIGIT: Final = re.compile("[0-9]")

LARGEST: Final = 9 * 10**15 * 10**9
"""The largest quantity that is rounded exactly, in billionths."""

Path: TypeAlias = tuple[str | int, ...]
Arguments: TypeAlias = Mapping[str, Any]


def simplest(value: Any, fails: Callable[[Any], bool]) -> Any:
    """A value that still fails and of which no part can be left out or made smaller.

    ``fails`` decides what may be tried at all, and how often.
    """
    tried: set[str] = set()

    def fails_anew(candidate: Any) -> bool:
        key = json.dumps(candidate, sort_keys=True, default=repr)
        if key in tried:
            return False
        tried.add(key)
        return fails(candidate)

    while True:
        smaller = _pass(_pass(value, _without, fails_anew), _smaller, fails_anew)
        if smaller == value:
            return value
        value = smaller


def _pass(
    value: Any,
    candidates: Callable[[Any, Path], Iterator[Any]],
    fails: Callable[[Any], bool],
) -> Any:
    """The value after each of its parts has had its turn, the outer ones first."""
    paths = list(_paths(value))
    position = 0
    while position < len(paths):
        for candidate in candidates(value, paths[position]):
            if fails(candidate):
                value, paths = candidate, list(_paths(candidate))
                break
        else:
            position += 1
    return value


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    for key, part in _parts(value):
        yield from _paths(part, (*path, key))


def _parts(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def _put(value: Any, path: Path, part: Any) -> Any:
    """A copy of the value with another part at the end of the path."""
    if not path:
        return part
    key, rest = path[0], path[1:]
    if isinstance(value, list):
        return [_put(old, rest, part) if index == key else old for index, old in enumerate(value)]
    return {**value, key: _put(value[key], rest, part)}


def _without(value: Any, path: Path) -> Iterator[Any]:
    """The value with less at the path: a list halved, and then each member or entry left out."""
    part = _at(value, path)
    if isinstance(part, Mapping):
        for key in part:
            yield _put(value, path, {other: kept for other, kept in part.items() if other != key})
    elif isinstance(part, list):
        half = len(part) // 2
        if half > 1:
            yield from (_put(value, path, kept) for kept in (part[:half], part[half:]))
        for index in range(len(part)):
            yield _put(value, path, part[:index] + part[index + 1 :])


def _smaller(value: Any, path: Path) -> Iterator[Any]:
    """The value with a smaller number or a shorter text at the path."""
    part = _at(value, path)
    if isinstance(part, bool) or part is None:
        return
    if isinstance(part, int):
        yield from (_put(value, path, each) for each in _smaller_numbers(part))
    elif isinstance(part, str) and path[-1:] != ("name",):
        yield from (_put(value, path, each) for each in _shorter_texts(part))


def _smaller_numbers(number: int) -> Iterator[int]:
    """Numbers nearer to zero, the nearest first."""
    if number < 0:
        yield -number
    tried = {number}
    for candidate in (0, 1, 10, number // 10, number // 2, number - 1):
        if abs(candidate) < abs(number) and candidate not in tried:
            tried.add(candidate)
            yield candidate


def _shorter_texts(text: str) -> Iterator[str]:
    """Texts with one half or one character less, then such as have a 1 for another digit.

    A number keeps a digit: that an amount may do without is a question of its own.
    """
    shorter = (
        text[len(text) // 2 :],
        text[: len(text) // 2],
        *(text[:index] + text[index + 1 :] for index in range(len(text))),
        *(text.replace(digit, "1", 1) for digit in "98765432"),
    )
    has_digit = DIGIT.search(text) is not None
    yield from (each for each in shorter if each != text and (not has_digit or DIGIT.search(each)))


# -- what may be asked -----------------------------------------------------------------------------


def is_question(function: str, arguments: Any) -> bool:
    """Whether a function may be asked this: it fits the schema, and is in the function's domain."""
    if function not in schemas.descriptions():
        return True
    domain = DOMAINS.get(function, _anything)
    return schemas.fits(function, "arguments", arguments) and domain(arguments)


def _anything(_: Arguments) -> bool:
    return True


def _names_are_unique(pod: Arguments) -> bool:
    spec = pod["spec"]
    names = [each["name"] for each in (*spec["containers"], *(spec.get("initContainers") or ()))]
    return len(names) == len(set(names)) and all(names)


def _has_container(asked: Arguments) -> bool:
    """The container is one that the kubelet would restart: an app container or a sidecar."""
    spec = asked["pod"]["spec"]
    sidecars = (
        each for each in spec.get("initContainers") or () if each.get("restartPolicy") == "Always"
    )
    names = [each["name"] for each in (*spec["containers"], *sidecars)]
    return asked["container"] in names and _names_are_unique(asked["pod"])


def _has_any_container(asked: Arguments) -> bool:
    spec = asked["pod"]["spec"]
    listed = (*spec["containers"], *(spec.get("initContainers") or ()))
    return _names_are_unique(asked["pod"]) and asked["container"] in [
        each["name"] for each in listed
    ]


def _is_initialized_as_it_says(asked: Arguments) -> bool:
    """``initialized`` follows from the statuses; each of them is of a container that is there."""
    pod = asked["pod"]
    apps = {each["name"] for each in pod["spec"]["containers"]}
    statuses = pod["status"].get("containerStatuses") or ()
    started = any(_has_started(each) for each in statuses if each["name"] in apps)
    return asked["initialized"] is started and _names_are_unique(pod)


def _has_started(status: Arguments) -> bool:
    state, last = status.get("state") or {}, status.get("lastState") or {}
    return "running" in state or "terminated" in state or "terminated" in last


def _is_within_bounds(asked: Arguments) -> bool:
    return bool(asked["min"] <= asked["max"])


def _is_clear_of_the_window(asked: Arguments) -> bool:
    """Without behavior, whether an age equal to the window counts depends on the wall clock."""
    window = asked["downscale_window_s"]
    return asked["behavior"] is not None or all(
        each["age_s"] != window for each in asked["recommendations"]
    )


def _ages_go_together(asked: Arguments) -> bool:
    """A Pod cannot have turned ready before it was started."""
    return all(
        pod["last_transition_age_s"] is None
        or pod["start_age_s"] is None
        or pod["last_transition_age_s"] <= pod["start_age_s"]
        for pod in asked["pods"]
    )


def _is_roundable(asked: Arguments) -> bool:
    """Beyond 9e15, and below zero, Kubernetes itself rounds wrongly."""
    return _is_quantity(asked["text"]) and 0 <= nano_of(asked["text"]) <= LARGEST


def _kills_one(asked: Arguments) -> bool:
    """No two processes are equally bad in any respect, and none needs more than there is."""
    sizes = [each["rss_bytes"] for each in asked["processes"]]
    names = [each["name"] for each in asked["processes"]]
    return len(sizes) == len(set(sizes)) and len(names) == len(set(names)) and min(sizes) > 0


def _volumes_differ(asked: Arguments) -> bool:
    names = [each["metadata"]["name"] for each in asked["volumes"]]
    return len(names) == len(set(names))


def _base_within_cap(asked: Arguments) -> bool:
    return bool(asked["base_seconds"] <= asked["cap_seconds"])


def _amounts_are_quantities(value: Any, amounts: bool = False) -> bool:
    """A manifest that the API server can read: whatever stands for an amount is one."""
    if isinstance(value, Mapping):
        return all(
            _amounts_are_quantities(part, key in ("requests", "limits", "capacity", "overhead"))
            for key, part in value.items()
        ) and not (amounts and not all(map(_is_quantity, value.values())))
    return not isinstance(value, list) or all(map(_amounts_are_quantities, value))


def _is_quantity(value: Any) -> bool:
    try:
        nano_of(value)
    except QuantityError:
        return False
    return True


DOMAINS: Final[Mapping[str, Callable[[Arguments], bool]]] = {
    "pod.phase": _is_initialized_as_it_says,
    "pod.qos_class": lambda asked: _names_are_unique(asked["pod"]),
    "pod.effective_requests": lambda asked: _names_are_unique(asked["pod"]),
    "container.should_restart": _has_container,
    "container.oom_score_adj": _has_any_container,
    "restart.backoff": _base_within_cap,
    "quantity.round": _is_roundable,
    "hpa.limits": _is_within_bounds,
    "hpa.behavior_limits": _is_within_bounds,
    "hpa.utilization_replicas": _ages_go_together,
    "hpa.stabilize": _is_clear_of_the_window,
    "oom.victim": _kills_one,
    "pod.validate": _amounts_are_quantities,
    "pv.validate": _amounts_are_quantities,
    "pvc.validate": _amounts_are_quantities,
    "pv.best_match": _volumes_differ,
    "pv.find_matching_volume": _volumes_differ,
}
"""By function, what its arguments must be beyond their schema."""
