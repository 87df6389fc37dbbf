"""Why a Pod has no node yet, or which one it may get: node by node, with the rule that decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from spec_model.events import Manifest
from spec_model.explain import claims
from spec_model.explain.statement import Others, Statement, Statements
from spec_model.objects import EMPTY
from spec_model.pod.network import clashes, host_ports
from spec_model.pod.termination import OVER
from spec_model.profiles import Profile
from spec_model.quantity import QuantityError, milli, whole
from spec_model.resources.requests import Amounts
from spec_model.scheduling.affinity import normalized, preferences, preferred_score
from spec_model.scheduling.fit import PODS, allocatable, lacking, request_of, take
from spec_model.scheduling.node_selector import (
    EVICTING,
    NODE_NAME,
    admits,
    is_parsable,
    labels_of,
    node_affinity,
    required_terms,
)
from spec_model.scheduling.taints import text, turned_away
from spec_model.selectors import holds

SCHEDULER: Final = "default-scheduler"


def statements(pod: Manifest, others: Others, profile: Profile) -> Statements:
    """What the Nodes given beside a Pod have to say to it; nothing where there are none."""
    nodes = [each for each in others if each.get("kind") == "Node"]
    spec = pod.get("spec") or EMPTY
    if spec.get("nodeName"):
        yield from _bound(spec, nodes, profile)
        return
    if not nodes:
        return
    kept = [*_kept(spec)]
    yield from kept
    feasible = []
    for node in nodes:
        refusals = [*_refusals(pod, node, others, profile)]
        yield from refusals
        if not refusals:
            feasible.append(node)
    yield from _scores(spec, feasible)
    yield _outcome(nodes, feasible, bool(kept) or claims.keep_waiting(pod, others))


def _bound(spec: Manifest, nodes: Sequence[Manifest], profile: Profile) -> Statements:
    name = spec["nodeName"]
    yield Statement("node", f"{name}, for good: a Pod is bound once", "SCHED-008")
    node = next((each for each in nodes if _name(each) == name), None)
    if node is not None and not admits(spec, node, profile).value:
        leaves = profile.evicting_affinity and EVICTING in node_affinity(spec)
        says = "is removed" if leaves else "stays: it was matched when it was scheduled"
        rule = "AFFINITY-005" if leaves else "AFFINITY-003"
        yield Statement(f"node {name} no longer matches", says, rule)


def _kept(spec: Manifest) -> Statements:
    """What keeps the Pod waiting whatever the nodes say."""
    name = spec.get("schedulerName") or SCHEDULER
    if name != SCHEDULER:
        yield Statement("scheduler", f"waits for {name}, and for nobody else", "SCHED-010")


# -- one node ----------------------------------------------------------------------------------------


def _refusals(pod: Manifest, node: Manifest, others: Others, profile: Profile) -> Statements:
    spec, about = pod.get("spec") or EMPTY, f"node {_name(node)}"
    taint = turned_away(spec, node)
    if taint.value is not None:
        says = f"refuses it: {text(taint.value)} is not tolerated"
        yield Statement(about, says, taint.because)
    admitted = admits(spec, node, profile)
    if not admitted.value:
        says = f"refuses it: {_mismatch(spec, node, profile)}"
        yield Statement(about, says, admitted.because)
    wanted = host_ports(spec)
    if any(clashes(wanted, host_ports(each["spec"])) for each in _residents(pod, node, others)):
        yield Statement(about, "refuses it: a port of the host is taken", "NETWORK-004")
    yield from _room(pod, node, others, profile)


def _mismatch(spec: Manifest, node: Manifest, profile: Profile) -> str:
    """The first thing in which a node differs from what is asked for."""
    labels = labels_of(node)
    for key, value in (spec.get("nodeSelector") or EMPTY).items():
        if labels.get(key) != value:
            return f"nodeSelector wants {key}={value}, {_has(labels, key)}"
    for terms in required_terms(spec, profile):
        found = [_term_mismatch(term, node) for term in terms]
        if all(found):
            return "; or ".join(each for each in found if each) or "there is no term"
    return "there is no term"


def _term_mismatch(term: Manifest, node: Manifest) -> str | None:
    """Why a term does not match; None where it does."""
    expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    if not expressions and not fields:
        return "an empty term matches no node"
    if not is_parsable(term):
        return "a term that cannot be parsed matches no node"
    labels = labels_of(node)
    for each in expressions:
        if not holds(each, labels):
            return f"{_expression(each)}, {_has(labels, each['key'])}"
    name = {NODE_NAME: _name(node)}
    for each in fields:
        if not holds(each, name):
            return f"{_expression(each)}, it is {_name(node)}"
    return None


def _expression(requirement: Manifest) -> str:
    values = " ".join(requirement.get("values") or ())
    listed = f" [{values}]" if requirement.get("values") else ""
    return f"{requirement.get('key')} {requirement['operator']}{listed} does not hold"


def _has(labels: Any, key: str) -> str:
    return f"the node has {key}={labels[key]}" if key in labels else f"the node has no label {key}"


def _room(pod: Manifest, node: Manifest, others: Others, profile: Profile) -> Statements:
    about = f"node {_name(node)}"
    try:
        has = allocatable(node, profile)
        request = request_of(pod.get("spec") or EMPTY, profile)
        held = [request_of(each["spec"], profile) for each in _residents(pod, node, others)]
    except QuantityError as error:
        yield Statement(f"{about}, quantities", str(error), "RESOURCE-002", fault=True)
        return
    if not has:
        return
    free = dict(has)
    free.setdefault(PODS, 0)
    for each in held:
        take(free, each)
    for reason in lacking(request, free):
        resource = reason.removeprefix("Insufficient ")
        if resource == reason:
            resource = PODS
        yield Statement(about, f"refuses it: {_short(resource, request, free, has)}", "SCHED-004")


def _short(resource: str, request: Amounts, free: Amounts, has: Amounts) -> str:
    if resource == PODS:
        return f"it takes {whole(has.get(PODS, 0))} Pods and has as many"
    asked, left, all_of = (
        _amount(resource, each.get(resource, 0)) for each in (request, free, has)
    )
    return f"{resource} {asked} requested, {left} of {all_of} free"


def _amount(resource: str, nano: int) -> str:
    return f"{milli(nano)}m" if resource == "cpu" else str(whole(nano))


def _residents(pod: Manifest, node: Manifest, others: Others) -> Iterator[Manifest]:
    """The Pods given beside it that hold room on a node."""
    for each in others:
        spec, status = each.get("spec") or EMPTY, each.get("status") or EMPTY
        here = each.get("kind") == "Pod" and spec.get("nodeName") == _name(node)
        if here and each is not pod and status.get("phase") not in OVER:
            yield each


# -- all of them -------------------------------------------------------------------------------------


def _scores(spec: Manifest, feasible: Sequence[Manifest]) -> Statements:
    if not preferences(spec) or not feasible:
        return
    try:
        raw = [preferred_score(spec, node).value for node in feasible]
    except ValueError:
        says = "not counted: a term cannot be parsed"
        yield Statement("preferred affinity", says, "AFFINITY-004")
        return
    for node, score, share in zip(feasible, raw, normalized(raw).value, strict=True):
        says = f"preferred terms weigh {score}, which is {share} of 100"
        yield Statement(f"node {_name(node)}", says, "AFFINITY-004")


def _outcome(nodes: Sequence[Manifest], feasible: Sequence[Manifest], kept: bool) -> Statement:
    if not feasible:
        says = f"Pending, Unschedulable: 0/{len(nodes)} nodes are available; bound once one is"
        return Statement("scheduling", says, "SCHED-002")
    names = " or ".join(_name(node) for node in feasible)
    if kept:
        return Statement("scheduling", f"Pending for now; {names} would do", "SCHED-002")
    return Statement("scheduling", f"bound to {names}", "SCHED-003")


def _name(node: Manifest) -> str:
    return str((node.get("metadata") or EMPTY).get("name") or "")
