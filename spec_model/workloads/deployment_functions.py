"""The functions of a Deployment's controller, as engines are asked for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from attrs import asdict

from spec_model.profiles import Profile
from spec_model.rules import Decision
from spec_model.workloads import rolling
from spec_model.workloads.deployment import Plan, Sized, fenceposts, plan_of, sized

Arguments: TypeAlias = Mapping[str, Any]


def _fenceposts(given: Arguments, _: Profile) -> Decision[Mapping[str, int]]:
    decision = fenceposts(given["replicas"], given["maxSurge"], given["maxUnavailable"])
    return Decision(asdict(decision.value), decision.because)


def _new_rs_replicas(given: Arguments, _: Profile) -> Decision[int]:
    rolls = {"maxSurge": given.get("maxSurge")}
    strategy = {"type": given["strategy"], "rollingUpdate": rolls}
    plan = plan_of({"spec": {"replicas": given["replicas"], "strategy": strategy}})
    return rolling.new_size(plan, given["new_rs_replicas"], sum(given["old_rs_replicas"]))


def _sets(given: Arguments) -> tuple[Plan, Sized, Sequence[Sized]]:
    old = [sized(each) for each in given["old_replica_sets"]]
    return plan_of(given["deployment"]), sized(given["new_replica_set"]), old


def _rolling_step(given: Arguments, _: Profile) -> Decision[Mapping[str, Any]]:
    decision = rolling.step(*_sets(given))
    answer = {"step": decision.value.which, "sizes": decision.value.sizes}
    return Decision(answer, decision.because)


def _proportion(given: Arguments, _: Profile) -> Decision[rolling.Sizes]:
    return rolling.proportional(*_sets(given))


def _rs_proportion(given: Arguments, _: Profile) -> Decision[int]:
    plan, one = plan_of(given["deployment"]), sized(given["replica_set"])
    return rolling.share(plan, one, given["replicas_to_add"], given["replicas_added"])


FUNCTIONS: Final = {
    "deployment.fenceposts": _fenceposts,
    "deployment.new_rs_replicas": _new_rs_replicas,
    "deployment.rolling_step": _rolling_step,
    "deployment.proportion": _proportion,
    "deployment.rs_proportion": _rs_proportion,
}
"""By the names of the vectors: the arguments as plain data and a profile in, a decision out."""

REFUSALS: Final = {
    "deployment.fenceposts": "DEPLOY-002",
    "deployment.new_rs_replicas": "DEPLOY-005",
}
