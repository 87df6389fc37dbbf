"""ControllerRevisions: what a template was, by number; how an update can be undone (STATEFUL-003)."""

from __future__ import annotations

from conformance.adapters.simulator.api.fields import Problems
from conformance.adapters.simulator.api.strategy import Strategy
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.settings import Settings


class ControllerRevisionStrategy(Strategy):
    """A template that never changes, and a number that does."""

    kind = "ControllerRevision"
    counts_generations = False
    content = ("data", "revision")

    def validate(self, manifest: Object, problems: Problems, settings: Settings) -> None:
        if manifest.get("revision", 0) < 0:
            problems.invalid("revision", manifest["revision"], "must not be negative")

    def validate_update(
        self, new: Object, old: Object, problems: Problems, settings: Settings
    ) -> None:
        problems.unchanged("data", new.get("data"), old.get("data"))
