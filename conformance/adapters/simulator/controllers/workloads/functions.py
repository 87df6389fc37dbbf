"""The functions of the Deployment controller as engines are asked for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.workloads import rollout
from conformance.adapters.simulator.settings import Settings

Arguments = Mapping[str, Any]


def _fenceposts(given: Arguments, _: Settings) -> Any:
    posts = rollout.fenceposts(given["replicas"], given["maxSurge"], given["maxUnavailable"])
    return {"surge": posts.surge, "unavailable": posts.unavailable}


def _new_replicas(given: Arguments, _: Settings) -> Any:
    if given["strategy"] not in {"RollingUpdate", "Recreate"}:
        raise ValueError("unsupported_strategy")
    strategy = {"type": given["strategy"], "rollingUpdate": {"maxSurge": given.get("maxSurge")}}
    deployment = {"spec": {"replicas": given["replicas"], "strategy": strategy}}
    new, *old = (
        {"spec": {"replicas": size}}
        for size in (given["new_rs_replicas"], *given["old_rs_replicas"])
    )
    return rollout.new_size(deployment, new, [new, *old])


def _step(given: Arguments, _: Settings) -> Any:
    deployment, new, old = _sets(given)
    sizes = {meta.name_of(one): rollout.replicas_of(one) for one in [new, *old]}
    size = rollout.next_new_size(deployment, new, [new, *old])
    if size != rollout.replicas_of(new):
        return {"sizes": {**sizes, meta.name_of(new): size}, "step": "new"}
    changed = rollout.old_sizes(deployment, new, old)
    return {"sizes": {**sizes, **changed}, "step": "old" if changed else "none"}


def _proportion(given: Arguments, _: Settings) -> Any:
    return rollout.proportional_sizes(*_sets(given))


def _share(given: Arguments, _: Settings) -> Any:
    return rollout.proportion(
        given["deployment"], given["replica_set"], given["replicas_to_add"], given["replicas_added"]
    )


def _sets(given: Arguments) -> tuple[Any, Any, Any]:
    return given["deployment"], given["new_replica_set"], given["old_replica_sets"]


FUNCTIONS: Final[Mapping[str, Callable[[Arguments, Settings], Any]]] = {
    "deployment.fenceposts": _fenceposts,
    "deployment.new_rs_replicas": _new_replicas,
    "deployment.rolling_step": _step,
    "deployment.proportion": _proportion,
    "deployment.rs_proportion": _share,
}
