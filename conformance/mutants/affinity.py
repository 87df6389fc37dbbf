"""AFFINITY: schedulers that misread expressions, terms, weights, and what may change afterwards."""

from __future__ import annotations

from typing import Any, Final

from conformance.adapters.simulator import meta, node_selector, predicates
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS, turned

SELECTOR: Final = f"{SIMULATOR}.node_selector"
PREDICATES: Final = f"{SIMULATOR}.predicates"
SCHEDULER: Final = f"{SIMULATOR}.scheduler:Scheduler"
AFFINITIES: Final = f"{SIMULATOR}.controllers.nodes.affinity:AffinityController"
API: Final = f"{SIMULATOR}.api.scheduling"


def _operator(name: str, holds: Any) -> Any:
    """The expressions of one operator are read differently."""

    def make(original: Any) -> Any:
        return lambda requirement, labels: (
            holds(requirement, labels)
            if requirement.get("operator") == name
            else original(requirement, labels)
        )

    return make


@mutant("AFFINITY-001", f"{SELECTOR}:requirement_matches")
def not_in_wants_the_label(original: Any) -> Any:
    """NotIn does not match a node that has no such label."""
    holds = lambda each, labels: each["key"] in labels and original(each, labels)  # noqa: E731
    return _operator("NotIn", holds)(original)


@mutant("AFFINITY-001", f"{SELECTOR}:requirement_matches", profile="documented")
def an_empty_label_does_not_exist(original: Any) -> Any:
    """Exists does not match a label whose value is empty."""
    return _operator("Exists", lambda each, labels: bool(labels.get(each["key"])))(original)


@mutant("AFFINITY-001", f"{SELECTOR}:compares")
def greater_may_be_equal(original: Any) -> Any:
    """Gt matches an equal number."""

    def compares(operator: str, label: Any, bound: str) -> Any:
        same = operator == "Gt" and label is not None and node_selector.whole(label) == int(bound)
        return same or original(operator, label, bound)

    return compares


@mutant("AFFINITY-001", f"{SELECTOR}:compares", profile="documented")
def numbers_are_compared_as_texts(_: Any) -> Any:
    """Gt and Lt compare texts."""

    def compares(operator: str, label: Any, bound: str) -> bool:
        if label is None:
            return False
        return bool(label > bound if operator == "Gt" else label < bound)

    return compares


@mutant("AFFINITY-002", f"{SELECTOR}:matches")
def every_term_must_match(_: Any) -> Any:
    """Terms are ANDed."""
    return lambda selector, node: all(
        node_selector.term_matches(term, node) for term in selector.get("nodeSelectorTerms") or ()
    )


@mutant("AFFINITY-002", f"{SELECTOR}:term_matches", profile="documented")
def an_empty_term_matches_every_node(original: Any) -> Any:
    """A term without expressions matches all nodes."""
    return lambda term, node: not any(term.values()) or original(term, node)


@mutant("AFFINITY-002", f"{SELECTOR}:matches")
def one_bad_term_spoils_them_all(original: Any) -> Any:
    """Where one term cannot be parsed, no node matches."""

    def matches(selector: Any, node: Any) -> Any:
        terms = selector.get("nodeSelectorTerms") or ()
        return all(map(node_selector.is_valid_term, terms)) and original(selector, node)

    return matches


@mutant("AFFINITY-003", f"{AFFINITIES}.reconcile")
def who_is_no_longer_matched_is_deleted(_: Any) -> Any:
    """Pods of a node that ceases to match them are deleted, whatever the type of their affinity."""

    def reconcile(controller: Any, key: Any) -> None:
        node = controller.store.get(*key)
        for pod in controller.store.list("Pod"):
            here = node is not None and pod["spec"].get("nodeName") == meta.name_of(node)
            if here and not predicates.selector_matches(pod, node):
                controller.store.delete(*meta.key_of(pod))

    return reconcile


@mutant("AFFINITY-003", f"{AFFINITIES}.reconcile", profile="documented")
def who_is_no_longer_matched_fails(_: Any) -> Any:
    """Pods of a node that ceases to match them become Failed, with nobody having restarted a kubelet."""

    def reconcile(controller: Any, key: Any) -> None:
        node = controller.store.get(*key)
        for pod in controller.store.list("Pod"):
            here = node is not None and pod["spec"].get("nodeName") == meta.name_of(node)
            if here and not predicates.selector_matches(pod, node):
                failed = meta.with_status(pod, phase="Failed", reason="NodeAffinity")
                controller.store.update_status(failed)

    return reconcile


@mutant("AFFINITY-004", f"{PREDICATES}:preference")
def preferences_are_counted_and_not_weighed(original: Any) -> Any:
    """Every preferred term that matches counts 1."""

    def preference(pod: Any, node: Any) -> Any:
        affinity = predicates.node_affinity(pod)
        field = "preferredDuringSchedulingIgnoredDuringExecution"
        light = [{**each, "weight": 1} for each in affinity.get(field) or ()]
        spec = {**pod["spec"], "affinity": {"nodeAffinity": {**affinity, field: light}}}
        return original({**pod, "spec": spec}, node)

    return preference


@mutant("AFFINITY-004", f"{SCHEDULER}.choose", profile="documented")
def preferences_are_forgotten(original: Any) -> Any:
    """Preferred affinity has no effect."""

    def choose(scheduler: Any, pod: Any, feasible: Any) -> Any:
        spec = {name: value for name, value in pod["spec"].items() if name != "affinity"}
        return original(scheduler, {**pod, "spec": spec}, feasible)

    return choose


@mutant("AFFINITY-004", f"{SCHEDULER}.problems")
def what_is_preferred_is_required(original: Any) -> Any:
    """A node that matches none of the preferred terms is not feasible."""

    def problems(scheduler: Any, pod: Any, node: Any) -> Any:
        field = "preferredDuringSchedulingIgnoredDuringExecution"
        if predicates.node_affinity(pod).get(field) and not predicates.preference(pod, node):
            return ["node(s) didn't match Pod's node affinity/selector"]
        return original(scheduler, pod, node)

    return problems


@mutant("AFFINITY-005", SETTINGS)
def the_third_type_exists(original: Any) -> Any:
    """The field of the third type is kept, and puts Pods out."""
    return turned(original, affinity_evicts=True)


@mutant("AFFINITY-005", SETTINGS, profile="documented")
def the_third_type_does_not_exist(original: Any) -> Any:
    """The field of the third type is dropped, as it is today."""
    return turned(original, affinity_evicts=False)


@mutant("AFFINITY-005", f"{AFFINITIES}.must_leave", profile="documented")
def who_must_match_while_it_runs_stays(_: Any) -> Any:
    """The third type only counts while a Pod is scheduled."""
    return lambda *_: False


@mutant("AFFINITY-005", f"{SIMULATOR}.client:unknown.without")
def strict_clients_are_not_told_of_the_third_type(original: Any) -> Any:
    """The field is dropped, though the client is strict."""
    return lambda manifest, strict=False, **more: original(manifest, **more)  # noqa: ARG005


@mutant("AFFINITY-006", f"{PREDICATES}:selector_matches")
def either_of_them_is_enough(original: Any) -> Any:
    """A node that satisfies nodeSelector need not satisfy the affinity."""

    def matches(pod: Any, node: Any) -> bool:
        spec = pod["spec"]
        if spec.get("nodeSelector"):
            spec = {name: value for name, value in spec.items() if name != "affinity"}
        return bool(original({**pod, "spec": spec}, node))

    return matches


@mutant("AFFINITY-006", f"{PREDICATES}:selector_matches", profile="documented")
def affinity_replaces_the_selector(original: Any) -> Any:
    """Where there is affinity, nodeSelector is not looked at."""

    def matches(pod: Any, node: Any) -> bool:
        spec = pod["spec"]
        if spec.get("affinity"):
            spec = {name: value for name, value in spec.items() if name != "nodeSelector"}
        return bool(original({**pod, "spec": spec}, node))

    return matches


@mutant("AFFINITY-007", f"{API}:_validate_expression")
def any_operator_will_do(_: Any) -> Any:
    """Expressions are not looked at."""
    return lambda *_: None


@mutant("AFFINITY-007", f"{API}:_validate_node_field")
def any_field_will_do(_: Any) -> Any:
    """A node can be selected by any of its fields."""
    return lambda *_: None


@mutant("AFFINITY-007", f"{API}:_validate_weight", profile="documented")
def any_weight_will_do(_: Any) -> Any:
    """Weights are not bounded."""
    return lambda *_: None


@mutant("AFFINITY-007", f"{API}:_validate_expression")
def operands_must_be_numbers(original: Any) -> Any:
    """The API refuses Gt and Lt of what is no number."""

    def validate(requirement: Any, path: str, problems: Any) -> None:
        original(requirement, path, problems)
        if requirement.get("operator") in ("Gt", "Lt") and not node_selector.is_valid(requirement):
            problems.invalid(f"{path}.values", requirement.get("values"))

    return validate
