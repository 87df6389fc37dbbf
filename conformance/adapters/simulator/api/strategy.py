"""How the API treats the objects of one kind: a base that each kind makes more precise."""

from __future__ import annotations

from typing import ClassVar

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.api.fields import Problems
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.settings import Settings


class Strategy:
    """Defaults, validation and legal changes of a kind.

    The methods that fill in (``default``, ``prepare``) change the object they are given, which is a
    private copy; the ones that judge only add to the problems.
    """

    kind: ClassVar[str]
    counts_generations: ClassVar[bool] = True
    content: ClassVar[tuple[str, ...]] = ("spec",)
    """The fields a client writes, beside the metadata."""

    def __init__(self) -> None:
        self.namespaced = self.kind not in meta.CLUSTER_SCOPED

    def default(self, manifest: Object, settings: Settings) -> None:
        """Fill in what the client left out."""

    def prepare(self, manifest: Object, settings: Settings) -> None:
        """On create, after admission: a client's status is discarded (PHASE-002)."""
        manifest.pop("status", None)

    def identify(self, manifest: Object) -> Object:
        """The new object once it has its uid, with whatever is made from that; a copy, or itself."""
        return manifest

    def validate(self, manifest: Object, problems: Problems, settings: Settings) -> None:
        """Judge a whole object, apart from its metadata."""

    def validate_create(self, manifest: Object, problems: Problems, settings: Settings) -> None:
        """Judge what only a new object must not have."""

    def validate_update(
        self, new: Object, old: Object, problems: Problems, settings: Settings
    ) -> None:
        """Judge the change from the old object to the new one."""

    def validate_status(
        self, new: Object, old: Object, problems: Problems, settings: Settings
    ) -> None:
        """Judge a client's change of the status."""
