"""How a probe makes something happen and waits to see it: what every probe is written with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from conformance.session import Session
from spec_model.events import Accepted, Rejected
from strategies.manifests import container, pod

PATIENCE: Final = (0, 1, 2, 5, 12, 40)
"""Seconds to wait, again and again, for what an engine does by itself: a minute."""


class MissingError(Exception):
    """What the capability promises did not happen; the message says what was done and what was seen."""


def served(run: Session, verb: str, /, **arguments: Any) -> Any:
    """The value with which the engine accepts a stimulus.

    Raises:
        MissingError: it refuses.
    """
    response = run.do(verb, **arguments)
    if isinstance(response, Accepted):
        return response.value
    raise MissingError(f"{verb} was refused: {_said(response)}")


def _said(refusal: Rejected) -> str:
    return f"{refusal.code} {refusal.reason} {refusal.message}".strip()


def until(run: Session, what: str, holds: Callable[[], object]) -> None:
    """Waits for it.

    Raises:
        MissingError: it does not come within a minute.
    """
    for seconds in PATIENCE:
        if seconds:
            run.advance(seconds)
        if holds():
            return
    raise MissingError(f"{what} within {sum(PATIENCE)} s")


def running(run: Session, name: str = "a", **spec: Any) -> str:
    """Creates a Pod of one container ``c`` that is never restarted, and waits until it runs."""
    made = {"containers": [container()], "policy": "Never", **spec}
    served(run, "create", object=pod(name, **made))
    until(run, f"Pod {name} was not seen Running", lambda: phase(run, name) == "Running")
    return f"Pod {name} runs"


def phase(run: Session, name: str = "a") -> str:
    """The phase of a Pod as it was last seen; empty where there is none."""
    view = run.view("Pod", name)
    return "" if view is None else view.phase


def state(run: Session, name: str = "a") -> Any:
    """The status of the container ``c`` as it was last seen, or None."""
    view = run.view("Pod", name)
    return None if view is None else view.statuses.get("c")


def ended(run: Session, name: str = "a") -> Any:
    """The last run of the container ``c`` that has ended, or None."""
    status = state(run, name)
    return None if status is None else status.ended or status.last


def field(run: Session, kind: str, name: str, *path: str) -> Any:
    """A field of an object other than a Pod, as it was last seen; None where there is none."""
    found: Any = run.view(kind, name)
    for key in path:
        found = (found or {}).get(key)
    return found


def some_node(run: Session) -> str:
    """The name of a Node.

    Raises:
        MissingError: none was seen.
    """
    for known in run.world.of_kind("Node"):
        name: str = known.manifest["metadata"]["name"]
        return name
    raise MissingError("no Node was seen after reset")
