"""Images of scenarios, and the real ones that stand for them.

A scenario names images that do not exist (``app:1``, ``app:2``). Each gets a name of its own for a
real image, so that a change of one is a change for the kubelet too; an image of Docker Hub has many
names (``busybox``, ``library/busybox:latest``, …).
"""

from __future__ import annotations

import re
from typing import Final

NOWHERE: Final = "kubelaws.invalid"
"""A registry that cannot exist (RFC 2606)."""

SANE: Final = re.compile(r"[a-z0-9][-a-z0-9._/]*(:[-\w.]+)?")
"""Names of images that are exchanged; any other is a scenario's point and goes as it is."""

HUB: Final = re.compile(r"((index\.)?docker\.io/)?(library/)?([a-z0-9][-a-z0-9._]*)(:[-\w.]+)?")


ABSENT: Final = ("missing", "unavailable")
OFFERED: Final = {
    "present": "works",
    "pullable": "works",
    "missing": "absent",
    "unavailable": "absent",
    "invalid": "invalid",
}
"""The outcomes of pulls that can be had without a registry of one's own; equal ones are as good."""


class NoImageLeftError(ValueError):
    """More images are asked for than there are names."""


def spellings(image: str) -> list[str]:
    """The names of one image, the given one first.

    >>> spellings("busybox")[:3]
    ['busybox', 'library/busybox', 'docker.io/busybox']
    >>> spellings("registry.example.com/tools:1")
    ['registry.example.com/tools:1']
    """
    match = HUB.fullmatch(image)
    if match is None:
        return [image]
    name, tag = match[4], match[5] or ":latest"
    tags = ["", tag] if tag == ":latest" else [tag]
    places = ["", "library/", "docker.io/", "docker.io/library/"]
    names = [f"{place}{name}{end}" for end in tags for place in places]
    return [image, *(each for each in names if each != image)]


class Images:
    """Which real image stands for which name, in one scenario."""

    def __init__(self, given: str) -> None:
        self._free = [name for image in given.split(",") for name in spellings(image)]
        self._real: dict[str, str] = {}
        self._name: dict[str, str] = {}
        self._outcome: dict[str, str] = {}
        self.asked: set[str] = set()

    def real(self, name: str) -> str:
        """The image that a container is made with.

        Raises:
            NoImageLeftError: every name of the real images stands for another already.
        """
        if not SANE.fullmatch(name):
            return name
        outcome = self._outcome.get(name, "present")
        self.asked.add(name)
        if outcome in ABSENT:
            return self._pair(name, f"{NOWHERE}/{name}")
        if outcome == "invalid":
            return self._pair(name, f"{NOWHERE}/INVALID/{name}")
        if name not in self._real:
            if not self._free:
                raise NoImageLeftError(
                    f"no image left for {name}: name more of them (cluster:…?image=one,two)"
                )
            self._real[name] = self._pair(name, self._free.pop(0))
        return self._real[name]

    def name(self, real: str) -> str:
        """The name of an image in the scenario; itself where it is none of ours."""
        return self._name.get(real, real)

    def text(self, text: str) -> str:
        """A message with the scenario's names of images."""
        for real, name in self._name.items():
            text = text.replace(f'"{real}"', f'"{name}"')
        return text

    def set(self, name: str, outcome: str) -> bool:
        """Chooses what pulls of an image come to; False where that cannot be chosen, or no longer.

        A registry cannot be made to change its mind: what containers were made with stays so.
        """
        if outcome not in OFFERED:
            return False
        before = self._outcome.get(name, "present")
        if name in self.asked and OFFERED[before] != OFFERED[outcome]:
            return False
        self._outcome[name] = outcome
        return True

    def _pair(self, name: str, real: str) -> str:
        self._name[real] = name
        return real
