"""StatefulSets, with and without claims."""

from __future__ import annotations

from typing import Any

from strategies.manifests import Manifest, claim, replica_set
from strategies.replicas import probed_template


def stateful_set(
    name: str = "web", replicas: int = 3, template: Manifest | None = None, **spec: Any
) -> Manifest:
    """A StatefulSet of Pods whose readiness can be chosen; None takes a field of its spec away."""
    made = replica_set(name, replicas, template or probed_template(), "StatefulSet")
    changed = {**made["spec"], "serviceName": name, **spec}
    return {**made, "spec": {key: value for key, value in changed.items() if value is not None}}


def claim_template(name: str = "data", storage_class: str = "fast") -> Manifest:
    """What each Pod of a set claims."""
    made = claim(name, storageClassName=storage_class)
    return {"metadata": {"name": name}, "spec": made["spec"]}


def rolling(partition: int | None = None) -> Manifest:
    """The strategy RollingUpdate, down to a partition."""
    more = {} if partition is None else {"rollingUpdate": {"partition": partition}}
    return {"type": "RollingUpdate", **more}


ON_DELETE: Manifest = {"type": "OnDelete"}
