"""The API server's treatment of every kind: defaulting, admission, validation, legal changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from conformance.adapters.simulator import errors, meta
from conformance.adapters.simulator.api import admission, names, pod_changes
from conformance.adapters.simulator.api.autoscaling import HorizontalPodAutoscalerStrategy
from conformance.adapters.simulator.api.config_maps import ConfigMapStrategy
from conformance.adapters.simulator.api.daemons import DaemonSetStrategy
from conformance.adapters.simulator.api.deletion import SYSTEM_FIELDS
from conformance.adapters.simulator.api.fields import Problems
from conformance.adapters.simulator.api.jobs import JobStrategy
from conformance.adapters.simulator.api.nodes import NodeStrategy
from conformance.adapters.simulator.api.pods import PodStrategy, bound
from conformance.adapters.simulator.api.priorities import PriorityClassStrategy
from conformance.adapters.simulator.api.quotas import ResourceQuotaStrategy
from conformance.adapters.simulator.api.revisions import ControllerRevisionStrategy
from conformance.adapters.simulator.api.services import (
    EndpointSliceStrategy,
    EndpointsStrategy,
    ServiceStrategy,
)
from conformance.adapters.simulator.api.storage import (
    PersistentVolumeClaimStrategy,
    PersistentVolumeStrategy,
    StorageClassStrategy,
)
from conformance.adapters.simulator.api.strategy import Strategy
from conformance.adapters.simulator.api.workloads import (
    DeploymentStrategy,
    ReplicaSetStrategy,
    ReplicationControllerStrategy,
    StatefulSetStrategy,
)
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.settings import Settings

if TYPE_CHECKING:
    from conformance.adapters.simulator.store import Store

STRATEGIES: Final[Mapping[str, Strategy]] = {
    strategy.kind: strategy
    for strategy in (
        PodStrategy(),
        ConfigMapStrategy(),
        ServiceStrategy(),
        EndpointsStrategy(),
        EndpointSliceStrategy(),
        NodeStrategy(),
        PriorityClassStrategy(),
        PersistentVolumeStrategy(),
        PersistentVolumeClaimStrategy(),
        StorageClassStrategy(),
        HorizontalPodAutoscalerStrategy(),
        ReplicaSetStrategy(),
        ReplicationControllerStrategy(),
        DeploymentStrategy(),
        DaemonSetStrategy(),
        StatefulSetStrategy(),
        ControllerRevisionStrategy(),
        ResourceQuotaStrategy(),
        JobStrategy(),
    )
}
"""The kinds that are served."""


def strategy_of(kind: Any) -> Strategy:
    """How objects of this kind are treated.

    Raises:
        ApiError: 404, the kind is not served.
    """
    strategy = STRATEGIES.get(kind) if isinstance(kind, str) else None
    if strategy is None:
        raise errors.unknown_kind(str(kind))
    return strategy


def admit_create(strategy: Strategy, copy: Object, store: Store) -> Object:
    """The private copy of what a client sent, as it will be stored.

    Raises:
        ApiError: 400 it does not decode, 403 a plugin refuses it, 422 it is invalid.
    """
    try:
        strategy.default(copy, store.settings)
        admission.admit(copy, store)
        strategy.prepare(copy, store.settings)
        problems = _judge_new(strategy, copy, store.settings)
    except _MISREAD as error:
        raise _undecodable(error) from error
    if problems:
        raise _refusal(copy, problems)
    return copy


def creation_problems(strategy: Strategy, copy: Object, settings: Settings) -> Problems:
    """What is wrong with a manifest as a new object, apart from what admission plugins do.

    The private copy is filled in as it would be stored.

    Raises:
        ApiError: 400, it does not decode.
    """
    copy = named(strategy, copy, lambda: "xxxxx", settings)
    try:
        strategy.default(copy, settings)
        strategy.prepare(copy, settings)
        return _judge_new(strategy, copy, settings)
    except _MISREAD as error:
        raise _undecodable(error) from error


def named(
    strategy: Strategy, copy: Object, ending: Callable[[], str], settings: Settings
) -> Object:
    """The private copy, in a namespace (``default`` if it names none), generateName made a name.

    VALIDATION-001: a client need not say the namespace, but documented it must; a cluster-scoped
    object has none.
    """
    given = copy["metadata"] = copy.get("metadata") or {}
    if not strategy.namespaced:
        given.pop("namespace", None)
    elif not given.get("namespace") and not settings.namespace_required:
        given["namespace"] = "default"
    if given.get("generateName") and not given.get("name"):
        given["name"] = f"{given['generateName'][:_LONGEST_PREFIX]}{ending()}"
    return copy


_LONGEST_PREFIX: Final = 58
"""A generated name with its five letters fits into a DNS label."""


def admit_update(
    strategy: Strategy,
    manifest: Mapping[str, Any],
    old: Object,
    store: Store,
    validate: Callable[[Object, Object, Problems, Settings], None] | None = None,
    *,
    anew: bool = False,
) -> Object:
    """What a client or controller wants an object to be, with the old status and system fields.

    Its content is looked at unless it is the very same as before, or ``anew`` in any case; what may change
    is for ``validate`` to say, or for the strategy.

    Raises:
        ApiError: 400 it does not decode, 422 the object or the change is invalid.
    """
    problems, settings = Problems(), store.settings
    try:
        new = _with_kept_fields(strategy, manifest, old)
        anew = anew or any(new.get(field) is not old.get(field) for field in strategy.content)
        if anew:
            for field in strategy.content:
                if field in new:
                    new[field] = meta.plain_copy(new[field])
            strategy.default(new, settings)
            admission.admit_change(new)
        if new["metadata"] is not old["metadata"]:
            names.validate_metadata(new["metadata"], problems, namespaced=strategy.namespaced)
        if anew:
            strategy.validate(new, problems, settings)
            (validate or strategy.validate_update)(new, old, problems, settings)
        if new["metadata"] is not old["metadata"]:
            names.validate_metadata_update(new["metadata"], old["metadata"], problems)
    except _MISREAD as error:
        raise _undecodable(error) from error
    if problems:
        raise _refusal(new, problems)
    return new


def admit_resize(
    strategy: Strategy, manifest: Mapping[str, Any], old: Object, store: Store
) -> Object:
    """A change of pods/resize (QOS-002).

    Raises:
        ApiError: 400 it does not decode, 422 the object or the change is invalid.
    """

    def validate(new: Object, old: Object, problems: Problems, _: Settings) -> None:
        pod_changes.validate_resize(new, old, problems)

    return admit_update(strategy, manifest, old, store, validate, anew=True)


def admit_status(
    strategy: Strategy, manifest: Mapping[str, Any], old: Object, store: Store
) -> Object:
    """The old object with the status a client wants it to have.

    Raises:
        ApiError: 400 it does not decode, 422 the status or its change is invalid.
    """
    new = {**old, "status": meta.plain_copy(manifest.get("status") or {})}
    problems = Problems()
    try:
        strategy.validate_status(new, old, problems, store.settings)
    except _MISREAD as error:
        raise _undecodable(error) from error
    if problems:
        raise _refusal(new, problems)
    return new


def _judge_new(strategy: Strategy, manifest: Object, settings: Settings) -> Problems:
    problems = Problems()
    names.validate_metadata(manifest["metadata"], problems, namespaced=strategy.namespaced)
    strategy.validate(manifest, problems, settings)
    strategy.validate_create(manifest, problems, settings)
    return problems


def _with_kept_fields(strategy: Strategy, manifest: Mapping[str, Any], old: Object) -> Object:
    """A client writes the content and the free metadata; all else stays as it is."""
    new = dict(old)
    for field in strategy.content:
        if field in manifest:
            new[field] = manifest[field]
        else:
            new.pop(field, None)
    given, stored = meta.metadata(manifest), old["metadata"]
    if given is not stored:
        free = {key: value for key, value in given.items() if key not in _KEPT_FIELDS}
        new["metadata"] = {**free, **{key: stored[key] for key in _KEPT_FIELDS if key in stored}}
    return new


_KEPT_FIELDS: Final = ("name", "namespace", *sorted(SYSTEM_FIELDS))
"""Metadata that no update changes."""


def _refusal(manifest: Object, problems: Problems) -> errors.ApiError:
    return errors.invalid(str(manifest.get("kind")), meta.name_of(manifest), problems)


_MISREAD: Final = (AttributeError, KeyError, TypeError)
"""There is no schema here: a text where a map belongs shows itself only when it is read as one."""


def _undecodable(error: Exception) -> errors.ApiError:
    """A manifest of the wrong shape is refused as one that cannot be decoded."""
    return errors.bad_request(f"the object provided cannot be decoded: {error}")


__all__ = (
    "STRATEGIES", "Strategy", "admit_create", "admit_resize", "admit_status", "admit_update",
    "bound", "creation_problems", "named", "strategy_of",
)  # fmt: skip
