"""ROLLOUT: ``kubectl rolling-update``, which replaces a ReplicationController by another."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from strategies.once import among
from strategies.rollouts import NEVER_READY, rolled

sizes: Final = st.integers(1, 3)
STEP: Final = 75
"""Seconds of one step up and one down, and a little."""


def update(run: Session, name: str, **given: Any) -> None:
    """The command, with these options."""
    run.do("rolling-update", namespace="default", name=name, **given)


def begin(run: Session, replicas: int, **more: Any) -> None:
    """OLD, all of it ready."""
    run.create(rolled("old", replicas, **more))
    run.advance(5)


@focus("ROLLOUT-001", "ROLLOUT-002")
def test_step_by_step(run: Session, draw: Draw) -> None:
    """To as many replicas as before, or to others; NEW may never get ready."""
    replicas = draw(sizes)
    begin(run, replicas)
    never = NEVER_READY if draw(st.integers(0, 3)) == 0 else {}
    new = rolled("new", draw(st.sampled_from([replicas, 1, 3])), "app:2", "2", **never)
    if draw(st.booleans()):
        del new["spec"]["replicas"]
    update(run, "old", object=new)
    for _ in range(3):
        run.advance(STEP)


@focus("ROLLOUT-003")
def test_what_can_replace_another(run: Session, draw: Draw) -> None:
    """NEW with the name of OLD, with its selector, with one more key, or told apart as it must be."""
    begin(run, 1)
    one_more = rolled("new")
    for labels in (
        one_more["spec"]["selector"],
        one_more["spec"]["template"]["metadata"]["labels"],
    ):
        labels["tier"] = "x"
    elsewhere = rolled("new", version="2")
    elsewhere["metadata"]["namespace"] = "kube-public"
    wrong = [rolled("old", version="2"), rolled("new"), one_more, elsewhere]
    for new in draw(st.permutations([*wrong, rolled("new", version="2")])):
        update(run, "old", object=new)
        run.advance(1)
    run.advance(STEP)


@focus("ROLLOUT-004")
def test_how_it_ends(run: Session, draw: Draw) -> None:
    """With an object, with an image, or given up in the middle."""
    begin(run, draw(st.integers(1, 2)))
    update(run, "old", image="app:2", rollback=True)
    back = draw(among("", "object", "image"))
    if draw(st.booleans()):
        update(run, "old", object=rolled("new", 2, "app:2", "2"))
    else:
        update(run, "old", image="app:2")
    run.advance(STEP)
    if back:
        update(run, "old", **{back: {"object": rolled("x"), "image": "app:3"}[back]}, rollback=True)
        update(run, "old", newName="new", rollback=True)
    run.advance(4 * STEP)


# -- The source document's own example ---------------------------------------------------------------


def redis(name: str, image: str, **labels: str) -> dict[str, Any]:
    """The controller of the example."""
    chosen = {"name": "redis-master", **labels}
    container = {"name": "master", "image": image, "ports": [{"containerPort": 6379}]}
    return {
        "apiVersion": "v1",
        "kind": "ReplicationController",
        "metadata": {"name": name, "namespace": "default", "labels": chosen},
        "spec": {
            "replicas": 1,
            "selector": chosen,
            "template": {"metadata": {"labels": chosen}, "spec": {"containers": [container]}},
        },
    }


@focus("ROLLOUT-003", "ROLLOUT-004")
def test_the_rolling_update_of_redis(run: Session, draw: Draw) -> None:
    """``redis-master-v2`` adds a key to the selector, and is refused; by image it goes."""
    del draw
    run.create(redis("redis-master", "kubeguide/redis-master:1.0"))
    run.advance(5)
    new = redis("redis-master-v2", "kubeguide/redis-master:2.0", version="v2")
    update(run, "redis-master", object=new)
    image = "kubeguide/redis-master:2.0"
    update(run, "redis-master", image=image, rollback=True)
    update(run, "redis-master", image="redis-master:2.0")
    run.advance(2 * STEP)
