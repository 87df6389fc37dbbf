"""ResourceQuotas, as far as they count Pods: what lets creations fail one by one (REPLICA-003).

Source: ``pkg/quota``, ``plugin/pkg/admission/resourcequota``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.adapters.simulator import errors, meta
from conformance.adapters.simulator.api.fields import Problems
from conformance.adapters.simulator.api.strategy import Strategy
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.settings import Settings

if TYPE_CHECKING:
    from conformance.adapters.simulator.store import Store


class ResourceQuotaStrategy(Strategy):
    """How much a namespace may have."""

    kind = "ResourceQuota"
    counts_generations = False

    def validate(self, manifest: Object, problems: Problems, settings: Settings) -> None:
        limit = ((manifest.get("spec") or {}).get("hard") or {}).get("pods")
        if limit is not None and not str(limit).isdecimal():
            problems.invalid("spec.hard[pods]", limit, "must be a whole number, not negative")


def admit_pod(pod: Object, store: Store) -> None:
    """Count the Pods of the namespace that have not ended.

    Raises:
        ApiError: 403, a quota is used up.
    """
    namespace = meta.namespace_of(pod)
    for quota in store.list("ResourceQuota"):
        limit = ((quota.get("spec") or {}).get("hard") or {}).get("pods")
        if limit is None or meta.namespace_of(quota) != namespace:
            continue
        used = sum(
            meta.namespace_of(one) == namespace
            and (one.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
            for one in store.list("Pod")
        )
        if used >= int(limit):
            name = meta.name_of(quota)
            why = f"exceeded quota: {name}, requested: pods=1, used: pods={used}, limited: pods={limit}"
            raise errors.forbidden("Pod", meta.name_of(pod), why)
