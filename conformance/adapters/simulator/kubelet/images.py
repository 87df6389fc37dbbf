"""Images: which are on the node, which can be pulled, and how failed pulls are repeated.

Decides BACKOFF-011 and REASON-003 to 005 (upstream images/image_manager.go). What comes of an image is
the tester's choice, one of ``OUTCOMES``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import frozen

from conformance.adapters.simulator.kubelet.backoff import Backoff
from conformance.adapters.simulator.kubelet.status import Why

Report = Callable[[str, str, str], None]
"""Records an Event: reason, message, type."""

OUTCOMES: Final = frozenset(
    {
        "present", "pullable", "missing", "unavailable", "unsigned", "invalid", "unreadable",
        "uncreatable", "private",
    }
)  # fmt: skip
"""What may come of an image."""

EVERYWHERE: Final = frozenset({"present", "uncreatable"})
KEPT: Final = frozenset({"pullable", "unavailable", "unsigned", "private"})
"""Outcomes with which a node that has pulled the image still has it."""

NAMED_BY_CRI_O: Final[Mapping[str, str]] = {
    "unavailable": "RegistryUnavailable",
    "unsigned": "SignatureValidationFailed",
}
"""Failures of a pull for which only this runtime has a word of its own (REASON-003)."""

ERRORS: Final[Mapping[str, str]] = {
    "missing": 'failed to pull and unpack image "{image}": not found',
    "unavailable": 'failed to resolve image "{image}": connection refused',
    "unsigned": 'image "{image}": signature is not valid',
    "private": 'failed to resolve image "{image}": pull access denied',
}


@frozen
class Pull:
    """One wish for an image: of which Pod, under which policy, with credentials or without."""

    uid: str
    image: str
    policy: str
    has_secrets: bool = False


class Images:
    """The images of one node."""

    backoff: Backoff
    """The memory of the kubelet that runs: a new one begins with a new one."""

    def __init__(self, outcomes: Mapping[str, str], runtime: str, *, guarded: bool) -> None:
        self.outcomes = outcomes
        self.guarded = (
            guarded  # who has no credentials may not use what others have pulled with theirs
        )
        self.runtime = runtime
        self._pulled: dict[
            str, bool
        ] = {}  # by image, whether it was pulled without credentials, too
        self._errors: dict[tuple[str, str], str] = {}

    def outcome(self, image: str) -> str:
        """What the tester chose for the image; pullable unless chosen."""
        return self.outcomes.get(image, "pullable")

    def is_present(self, image: str) -> bool:
        """Is the image on this node?"""
        outcome = self.outcome(image)
        return outcome in EVERYWHERE or (outcome in KEPT and image in self._pulled)

    def may_use(self, wish: Pull) -> bool:
        """May a Pod use the image that is here? Not what was pulled with secrets only (REASON-004)."""
        with_secrets = self._pulled.get(wish.image, True) is False
        return wish.has_secrets or not self.guarded or not with_secrets

    def ensure(self, wish: Pull, now: float, report: Report) -> Why | None:
        """Have the image on the node; None, or why the container has to wait."""
        return self._get(wish, now, report) or self._refuses_to_run(wish, report)

    def _get(self, wish: Pull, now: float, report: Report) -> Why | None:
        if self.outcome(wish.image) in ("invalid", "unreadable"):
            return self._cannot_tell(wish, report)
        if not needs_pull(wish.policy, self.is_present(wish.image) and self.may_use(wish)):
            return self._use_present(wish, report)
        if self._waits(wish, now):
            message = f'Back-off pulling image "{wish.image}"'
            report("BackOff", message, "Normal")
            return Why("ImagePullBackOff", f"{message}: {self._errors[wish.uid, wish.image]}")
        return self._pull(wish, now, report)

    def _cannot_tell(self, wish: Pull, report: Report) -> Why:
        """Is it on the node? There is no answer to this, and no pull without one (REASON-005)."""
        if self.outcome(wish.image) == "unreadable":
            message = f'Failed to inspect image "{wish.image}": the image store cannot be read'
            report("InspectFailed", message, "Warning")
            return Why("ImageInspectError", message)
        message = f'couldn\'t parse image name "{wish.image}": invalid reference format'
        message = f'Failed to apply default image tag "{wish.image}": {message}'
        report("InspectFailed", message, "Warning")
        return Why("InvalidImageName", message)

    def _use_present(self, wish: Pull, report: Report) -> Why | None:
        if self.is_present(wish.image) and self.may_use(wish):
            report("Pulled", f'Container image "{wish.image}" already present on machine', "Normal")
            return None
        message = f'Container image "{wish.image}" is not present with pull policy of Never'
        if self.is_present(wish.image):
            message = (
                f'Container image "{wish.image}" is present with pull policy of Never but does not '
                "have the proper credentials to be used"
            )
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
        outcome = self.outcome(wish.image)
        if outcome not in ERRORS or (outcome == "private" and wish.has_secrets):
            openly = outcome != "private" or self._pulled.get(wish.image, False)
            self._pulled[wish.image] = openly
            report("Pulled", f'Successfully pulled image "{wish.image}"', "Normal")
            return None
        self.backoff.attempt((wish.uid, wish.image), now, now)
        reason, message = self.failure(outcome), ERRORS[outcome].format(image=wish.image)
        self._errors[wish.uid, wish.image] = f"{reason}: {message}"
        report("Failed", f'Failed to pull image "{wish.image}": {message}', "Warning")
        return Why(reason, message)

    def failure(self, outcome: str) -> str:
        """What a failed pull is called: it depends on the runtime (REASON-003)."""
        if self.runtime == "docker" and outcome == "unavailable":
            return "RegistryUnavailable"  # the source document has one word for it
        if self.runtime == "cri-o":
            return NAMED_BY_CRI_O.get(outcome, "ErrImagePull")
        return "ErrImagePull"

    def _refuses_to_run(self, wish: Pull, report: Report) -> Why | None:
        if self.outcome(wish.image) != "uncreatable":
            return None
        message = f'failed to create a container of image "{wish.image}"'
        report("Failed", f"Error: {message}", "Warning")
        return Why("CreateContainerError", message)


def needs_pull(policy: str, is_present: bool) -> bool:
    """Does this policy ask the registry (REASON-004)?"""
    if policy == "Never":
        return False
    return policy == "Always" or not is_present


def pull_of(pod: Mapping[str, Any], container: Mapping[str, Any]) -> Pull:
    """The wish of a container."""
    policy = container.get("imagePullPolicy") or "IfNotPresent"
    has_secrets = bool(pod["spec"].get("imagePullSecrets"))
    return Pull(pod["metadata"]["uid"], container.get("image", ""), policy, has_secrets)
