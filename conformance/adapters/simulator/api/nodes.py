"""Nodes: machines that Pods run on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from conformance.adapters.simulator import quantity
from conformance.adapters.simulator.api import names, pod_defaults
from conformance.adapters.simulator.api.fields import Problems
from conformance.adapters.simulator.api.strategy import Strategy
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.settings import Settings

_EFFECTS: Final = frozenset({"NoSchedule", "PreferNoSchedule", "NoExecute"})
_ONCE: Final = ("podCIDR", "providerID")


class NodeStrategy(Strategy):
    """A machine; its status comes with it, as a kubelet registers it."""

    kind = "Node"
    counts_generations = False

    def default(self, manifest: Object, settings: Settings) -> None:
        manifest["spec"] = manifest.get("spec") or {}

    def prepare(self, manifest: Object, settings: Settings) -> None:
        """The status stays, with its sizes: who registers a Node knows it."""
        status = manifest["status"] = manifest.get("status") or {}
        for listed in (status.get("capacity"), status.get("allocatable")):
            if listed:
                pod_defaults.round_resource_list(listed, settings)
        if status.get("capacity") and status.get("allocatable") is None:
            status["allocatable"] = dict(status["capacity"])

    def validate(self, manifest: Object, problems: Problems, settings: Settings) -> None:
        _validate_taints(manifest["spec"].get("taints") or (), problems)
        _validate_sizes(manifest.get("status") or {}, problems)

    def validate_update(
        self, new: Object, old: Object, problems: Problems, settings: Settings
    ) -> None:
        for field in _ONCE:
            before = old["spec"].get(field)
            if before and new["spec"].get(field) != before:
                problems.forbidden(f"spec.{field}", "node updates may not change it once set")

    def validate_status(
        self, new: Object, old: Object, problems: Problems, settings: Settings
    ) -> None:
        _validate_sizes(new.get("status") or {}, problems)


def _validate_taints(taints: Any, problems: Problems) -> None:
    """A key and an effect, each pair once."""
    seen = set()
    for index, taint in enumerate(taints):
        path, key = f"spec.taints[{index}]", taint.get("key") or ""
        names.validate_label_key(key, f"{path}.key", problems)
        if not names.is_label_value(taint.get("value") or ""):
            problems.invalid(f"{path}.value", taint.get("value"))
        problems.one_of(f"{path}.effect", taint.get("effect"), _EFFECTS)
        pair = key, taint.get("effect")
        if pair in seen:
            problems.duplicate(path, pair)
        seen.add(pair)


def _validate_sizes(status: Mapping[str, Any], problems: Problems) -> None:
    for side in ("capacity", "allocatable"):
        for name, text in (status.get(side) or {}).items():
            path = f"status.{side}[{name}]"
            if not quantity.is_quantity(text) or quantity.nano(text) < 0:
                problems.invalid(path, text, "must be greater than or equal to 0")
