"""How the processes in containers behave when they are asked to end, and how their hooks go.

The tester chooses it, by the names of Pod and container, before or after the container is there; it
holds until it is chosen anew, for every run of that container.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import define, field, frozen

from conformance.adapters.simulator import errors

UNHANDLED: Final = 143
"""The exit code of a process without a handler for SIGTERM: 128 + SIGTERM."""

HOOKS: Final = ("postStart", "preStop")
"""The hooks that can be steered."""


@frozen
class Manner:
    """What a process does on SIGTERM: end after so many seconds with this code; never, if None."""

    seconds: float | None = 0.0
    exit_code: int = 0


OBEYS: Final = Manner()
DIES: Final = Manner(exit_code=UNHANDLED)


@frozen
class Hook:
    """How a hook goes: how long it takes, for ever if None, and whether it fails in the end."""

    seconds: float | None = 0.0
    fails: bool = False


@define(eq=False)
class Manners:
    """What the tester has chosen; whoever was not spoken of obeys at once."""

    of_containers: dict[tuple[str, str, str], Manner] = field(factory=dict)
    of_hooks: dict[tuple[str, str, str, str], Hook] = field(factory=dict)

    def container(self, key: tuple[str, str], name: str, unless_told: Manner) -> Manner:
        """How a container of the Pod with this namespace and name takes SIGTERM."""
        return self.of_containers.get((*key, name), unless_told)

    def hook(self, key: tuple[str, str], name: str, which: str) -> Hook:
        """How a hook of that container goes."""
        return self.of_hooks.get((*key, name, which), Hook())

    def set_stop(self, given: Mapping[str, Any]) -> None:
        """The tester's verb: ``exitCode`` null or absent is a process that does not handle SIGTERM.

        Raises:
            ApiError: 400, no such behaviour.
        """
        seconds, code = _duration(given["seconds"]), given.get("exitCode")
        if code is None and seconds:
            raise errors.bad_request("a process without a handler dies of SIGTERM at once")
        if code is not None and not (isinstance(code, int) and 0 <= code <= 255):
            raise errors.bad_request(f"exitCode: {code!r} is no exit code, which is 0 to 255")
        manner = Manner(seconds, UNHANDLED if code is None else code)
        self.of_containers[given["namespace"], given["pod"], given["container"]] = manner

    def set_hook(self, given: Mapping[str, Any]) -> None:
        """The tester's verb.

        Raises:
            ApiError: 400, no such hook or duration.
        """
        which = given["hook"]
        if which not in HOOKS:
            raise errors.bad_request(f"hook: {which!r} is none of {', '.join(HOOKS)}")
        key = (given["namespace"], given["pod"], given["container"], which)
        self.of_hooks[key] = Hook(_duration(given["seconds"]), bool(given.get("fails")))


def _duration(given: Any) -> float | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, (int, float)) or given < 0:
        raise errors.bad_request(f"seconds: {given!r} is no duration, which is 0 or more, or null")
    return float(given)
