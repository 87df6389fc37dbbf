"""AFFINITY: which nodes a Pod requires, which it prefers, and what happens when they change."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from conformance.suite.test_sched import machines
from strategies.manifests import Manifest, pod
from strategies.once import among
from strategies.scheduling import (
    EVICTING,
    EXPRESSIONS,
    LABELS,
    expression,
    expressions,
    labels,
    malformed_affinities,
    preferences,
    preferred,
    required,
    selections,
    single_selections,
    sound_affinities,
    term,
    terms,
)


@focus("AFFINITY-001")
def test_operators_compare_a_label(run: Session, draw: Draw) -> None:
    """A single expression, by the function and between nodes with such labels and without."""
    for _ in range(3):
        run.evaluate("node_selector.matches", draw(single_selections()))
    machines(run, *draw(st.permutations(LABELS[:4]))[:3])
    for name in "ab":
        run.create(pod(name, affinity=required(term(draw(expressions)))))
    run.advance(20)


@focus("AFFINITY-002")
def test_terms_are_alternatives(run: Session, draw: Draw) -> None:
    """Several terms of several expressions, empty ones and such as nobody can read."""
    found = draw(selections().filter(lambda each: not each["pod"]["spec"].get("nodeSelector")))
    run.evaluate("node_selector.matches", found)
    machines(run, *draw(st.permutations(LABELS[:4]))[:2])
    for name in "ab":
        run.create(pod(name, affinity=required(*draw(st.lists(terms, min_size=2, max_size=3)))))
    run.advance(20)


@focus("AFFINITY-002")
def test_a_node_can_be_named(run: Session, draw: Draw) -> None:
    """matchFields, alone and together with an expression."""
    machines(run, {"disk": "ssd"}, {})
    name = draw(among("n0", "n1", "n9"))
    field = {"key": "metadata.name", "operator": "In", "values": [name]}
    others = {**field, "operator": "NotIn"}
    run.create(pod("a", affinity=required(term(fields=(field,)))))
    run.create(pod("b", affinity=required(term(EXPRESSIONS[0], fields=(others,)))))
    run.advance(20)


@focus("AFFINITY-003")
def test_who_was_matched_stays(run: Session, draw: Draw) -> None:
    """A label is changed or removed under a running Pod; its kubelet may be restarted."""
    machines(run, {"disk": "ssd"})
    run.create(pod("a", affinity=required(term(expression("disk", "In", "ssd")))))
    run.create(pod("b", nodeSelector={"disk": "ssd"}, affinity=required(term(EXPRESSIONS[4]))))
    run.advance(5)
    run.patch("Node", "n0", {"metadata": {"labels": {"disk": draw(among("hdd", None))}}})
    run.advance(30)
    if draw(st.booleans()) and run.can("kubelet-restart"):
        run.do("restart-kubelet", node="n0")
    run.advance(60)
    run.advance(10)


@focus("AFFINITY-004")
def test_preferences_are_weighed(run: Session, draw: Draw) -> None:
    """By the function; and between nodes that are alike but for their labels."""
    run.evaluate("node_affinity.preferred_score", draw(preferences()))
    for known in run.world.of_kind("Node"):
        run.patch("Node", known.view["metadata"]["name"], {"spec": {"unschedulable": True}})
    machines(run, *draw(st.permutations(LABELS[1:4])))
    weighed = st.tuples(among(1, 10, 40, 60, 100), terms)
    run.create(pod("a", affinity=preferred(*draw(st.lists(weighed, min_size=2, max_size=4)))))
    run.create(pod("b", affinity=preferred((10, term(expression("disk", "In", "none"))))))
    run.advance(20)


@focus("AFFINITY-005")
def test_the_third_type(run: Session, draw: Draw) -> None:
    """A Pod with it is created, by a strict client or not; then its node ceases to match."""
    machines(run, {"disk": "ssd"})
    asked = pod("a", affinity=required(term(EXPRESSIONS[0]), kind=EVICTING))
    strict = draw(
        st.sampled_from([{}, {}, {"fieldValidation": "Strict"}, {"fieldValidation": "Warn"}])
    )
    run.do("create", object=asked, **strict)
    run.advance(5)
    run.patch("Node", "n0", {"metadata": {"labels": {"disk": draw(among("hdd", None))}}})
    run.advance(60)


@focus("AFFINITY-006")
def test_both_must_hold(run: Session, draw: Draw) -> None:
    """nodeSelector and required affinity, between nodes that satisfy one, both or neither."""
    asked: Manifest = {
        "nodeSelector": draw(st.sampled_from([{"disk": "ssd"}, {"gen": "5"}, {"gen": "4"}])),
        "affinity": required(term(draw(expressions))),
    }
    node = {"metadata": {"name": "n", "labels": draw(labels)}}
    run.evaluate("node_selector.matches", {"pod": {"spec": asked}, "node": node})
    machines(run, *draw(st.permutations(LABELS[1:4])))
    run.create(pod("a", **asked))
    run.advance(20)


@focus("AFFINITY-007")
def test_the_shape_is_validated(run: Session, draw: Draw) -> None:
    """Malformed affinities, and such as are only odd."""
    for affinity in draw(st.permutations(malformed_affinities()))[:4]:
        run.create(pod("a", affinity=affinity), dry_run=True)
    for affinity in draw(st.permutations(sound_affinities()))[:3]:
        run.create(pod("a", affinity=affinity), dry_run=True)
