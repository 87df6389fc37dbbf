"""Images: which are on the node, which can be pulled, and how failed pulls are repeated.

Decides BACKOFF-011 and the waiting reasons of images (upstream images/image_manager.go). What a pull
comes to is the tester's choice: an image is present, pullable, missing or invalid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from conformance.adapters.simulator.kubelet.backoff import Backoff
from conformance.adapters.simulator.kubelet.status import Why

Report = Callable[[str, str, str], None]
"""Records an Event: reason, message, type."""


@frozen
class Pull:
    """One wish for an image: of which Pod, under which policy."""

    uid: str
    image: str
    policy: str


class Images:
    """The images of one node."""

    def __init__(self, outcomes: Mapping[str, str], backoff: Backoff) -> None:
        self.outcomes = outcomes
        self.backoff = backoff
        self._pulled: set[str] = set()

    def outcome(self, image: str) -> str:
        """What the tester chose for the image; pullable unless chosen."""
        return self.outcomes.get(image, "pullable")

    def is_present(self, image: str) -> bool:
        """Is the image on this node?"""
        outcome = self.outcome(image)
        return outcome == "present" or (outcome == "pullable" and image in self._pulled)

    def ensure(self, wish: Pull, now: float, report: Report) -> Why | None:
        """Have the image on the node; None, or why the container has to wait."""
        if self.outcome(wish.image) == "invalid":
            message = f'couldn\'t parse image name "{wish.image}": invalid reference format'
            report(
                "InspectFailed",
                f'Failed to apply default image tag "{wish.image}": {message}',
                "Warning",
            )
            return Why("InvalidImageName", message)
        if not needs_pull(wish.policy, self.is_present(wish.image)):
            return self._use_present(wish, report)
        if self._waits(wish, now):
            message = f'Back-off pulling image "{wish.image}"'
            report("BackOff", message, "Normal")
            return Why("ImagePullBackOff", message)
        return self._pull(wish, now, report)

    def _use_present(self, wish: Pull, report: Report) -> Why | None:
        if self.is_present(wish.image):
            report("Pulled", f'Container image "{wish.image}" already present on machine', "Normal")
            return None
        message = f'Container image "{wish.image}" is not present with pull policy of Never'
        report("ErrImageNeverPull", message, "Warning")
        return Why("ErrImageNeverPull", message)

    def _waits(self, wish: Pull, now: float) -> bool:
        """Is the last failed pull too recent (BACKOFF-011)? Counted from that pull."""
        found = self.backoff.entry((wish.uid, wish.image), now)
        if found is None or now - found.attempted > self.backoff.delays.reset:
            return False
        return now - found.attempted < found.delay

    def _pull(self, wish: Pull, now: float, report: Report) -> Why | None:
        report("Pulling", f'Pulling image "{wish.image}"', "Normal")
        if self.outcome(wish.image) in ("present", "pullable"):
            self._pulled.add(wish.image)
            report("Pulled", f'Successfully pulled image "{wish.image}"', "Normal")
            return None
        self.backoff.attempt((wish.uid, wish.image), now, now)
        message = f'failed to pull and unpack image "{wish.image}": not found'
        report("Failed", f'Failed to pull image "{wish.image}": {message}', "Warning")
        return Why("ErrImagePull", message)


def needs_pull(policy: str, is_present: bool) -> bool:
    """Does this policy ask the registry (REASON-004)?"""
    if policy == "Never":
        return False
    return policy == "Always" or not is_present


def pull_of(pod: Mapping[str, Any], container: Mapping[str, Any]) -> Pull:
    """The wish of a container."""
    policy = container.get("imagePullPolicy") or "IfNotPresent"
    return Pull(pod["metadata"]["uid"], container.get("image", ""), policy)
