"""Storage classes of a scenario: what has none gets its own, for volumes without one are everybody's.

Nobody else's claim binds to a volume of the scenario then, and no claim of it to anybody else's volume.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Object: TypeAlias = dict[str, Any]


def claim_templates(manifest: Mapping[str, Any]) -> list[Object]:
    """The claims that a StatefulSet makes for each of its Pods."""
    spec = manifest.get("spec")
    found = spec.get("volumeClaimTemplates") if isinstance(spec, Mapping) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


class Classes:
    """What a scenario left out, so that it is not shown.

    Args:
        home: the name of the scenario's own class.
        has_default: whether the cluster gives a class to claims without one.
    """

    def __init__(self, home: str, has_default: Callable[[], bool]) -> None:
        self._home, self._has_default = home, has_default
        self._claims: set[str] = set()  # that have no class
        self._templates: set[str] = set()  # how the names of claims begin that are made without one

    def own(self, manifest: Object, kind: str, *, is_whole: bool) -> None:
        """Gives volumes, claims, and the claims that a set makes, the scenario's class if they have none."""
        name = str((manifest.get("metadata") or {}).get("name"))
        spec = manifest.get("spec")
        if kind == "PersistentVolumeClaim" and isinstance(spec, dict):
            self._own_claim(spec, name, self._claims, is_whole=is_whole)
        elif kind == "PersistentVolume" and isinstance(spec, dict):
            if spec.get("storageClassName", "" if is_whole else None) == "":
                spec["storageClassName"] = self._home
        elif kind == "StatefulSet":
            for claim in claim_templates(manifest):
                if isinstance(claim.get("spec"), dict):
                    begin = _begin(claim, name)
                    self._own_claim(claim["spec"], begin, self._templates, is_whole=True)

    def _own_claim(self, spec: Object, name: str, without: set[str], *, is_whole: bool) -> None:
        if is_whole and "storageClassName" in spec:
            without.discard(name)
        elif is_whole and not self._has_default():
            without.add(name)
            spec["storageClassName"] = self._home
        if spec.get("storageClassName") == "":
            spec["storageClassName"] = self._home

    def disown(self, manifest: Object, kind: str) -> None:
        """Takes the scenario's class away again, or shows it as the empty one that was asked for."""
        name = str((manifest.get("metadata") or {}).get("name"))
        if kind == "PersistentVolume":
            self._take(manifest.get("spec"), left_out=True)  # as the API leaves out what is empty
        elif kind == "PersistentVolumeClaim":
            made = name.rpartition("-")[0] + "-" in self._templates
            self._take(manifest.get("spec"), left_out=name in self._claims or made)
        elif kind == "StatefulSet":
            for claim in claim_templates(manifest):
                self._take(claim.get("spec"), left_out=_begin(claim, name) in self._templates)

    def _take(self, spec: Any, *, left_out: bool) -> None:
        if not isinstance(spec, dict) or spec.get("storageClassName") != self._home:
            return
        if left_out:
            del spec["storageClassName"]
        else:
            spec["storageClassName"] = ""


def _begin(claim: Object, workload: str) -> str:
    return f"{(claim.get('metadata') or {}).get('name')}-{workload}-"
