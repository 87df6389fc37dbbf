"""DEPLOY: rollouts step by step, scaled, paused, undone, stuck and overtaken.

Pods that are available only after some seconds make a rollout's steps last; a readiness probe that
fails stops it.
"""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from spec_model.profiles import profile
from strategies.once import among
from strategies.rollouts import (
    FLAWED,
    OLD_APIS,
    SOUND,
    deployment,
    fencepost_questions,
    new_image,
    new_size_questions,
    posts,
    sets,
    share_questions,
    stuck,
)

MANY: Final = 3
"""How often a function is asked; it costs next to nothing."""

KNOWN: Final = 6
"""Seconds after which a controller certainly has seen a change."""

sizes: Final = st.integers(1, 3)
RECREATE: Final = {"type": "Recreate"}


def begin(run: Session, replicas: int = 3, **given: Any) -> None:
    """A Deployment that is complete."""
    run.create(deployment("a", replicas, **{"grace": 1, **given}))
    run.advance(KNOWN + (given.get("minReadySeconds") or 0))


def edit(run: Session, patch: dict[str, Any], seconds: float = KNOWN) -> None:
    """A change of the Deployment, and time for its controller."""
    run.patch("Deployment", "a", patch)
    run.advance(seconds)


def scale(run: Session, replicas: int, seconds: float = KNOWN) -> None:
    """Another number of replicas."""
    edit(run, {"spec": {"replicas": replicas}}, seconds)


def undo(run: Session, revision: int = 0) -> None:
    """What kubectl rollout undo asks for, where it is served."""
    if run.can("kubectl-rollout"):
        given = {"toRevision": revision} if revision else {}
        run.do("rollout-undo", namespace="default", name="a", **given)
        run.advance(KNOWN)


@focus("DEPLOY-001")
def test_what_is_not_given_is_filled_in(run: Session, draw: Draw) -> None:
    """Deployments that leave this or that out, of every version of the API that is served."""
    old = OLD_APIS if profile(run.profile).old_deployment_apis else ()
    for api in ("apps/v1", *old):
        for given in (
            {"replicas": None},
            {"surge": 2},
            {"unavailable": 1},
            {"strategy": {"type": "RollingUpdate"}},
            {"strategy": RECREATE, "revisionHistoryLimit": draw(st.integers(0, 3))},
            {"progressDeadlineSeconds": draw(st.integers(1, 9)), "replicas": 0},
        ):
            run.create(deployment("a", api=api, **given), dry_run=True)


@focus("DEPLOY-002")
def test_fence_posts(run: Session, draw: Draw) -> None:
    """Percentages and numbers, alone and in a rollout."""
    for _ in range(MANY):
        run.evaluate("deployment.fenceposts", draw(fencepost_questions()))
    surge, unavailable = draw(posts), draw(posts)
    begin(run, draw(sizes), surge=surge, unavailable=unavailable)
    edit(run, {"spec": {"strategy": {"rollingUpdate": {"maxSurge": "34%"}}}})
    scale(run, draw(sizes))


@focus("DEPLOY-003")
def test_never_too_many_replicas(run: Session, draw: Draw) -> None:
    """A rollout that takes its time, scaled in the middle."""
    begin(run, draw(sizes), surge=draw(among(0, 1, "25%", "50%")), unavailable=1,
          minReadySeconds=2)  # fmt: skip
    edit(run, new_image("app:2"), draw(st.integers(1, 3)))
    scale(run, draw(among(1, 2, 4)), draw(st.integers(1, 3)))
    edit(run, new_image("app:3"), 8)


@focus("DEPLOY-004")
def test_what_is_old_serves_until_what_is_new_does(run: Session, draw: Draw) -> None:
    """The new revision never gets ready, or only after a while."""
    begin(run, draw(st.integers(2, 4)), surge=1, unavailable=draw(st.integers(0, 1)))
    change = draw(st.sampled_from([stuck(), {"spec": {"minReadySeconds": 3}}]))
    edit(run, change)
    edit(run, new_image("app:2"), 12)


@focus("DEPLOY-005")
def test_steps_of_a_rollout(run: Session, draw: Draw) -> None:
    """The functions of the controller, and a rollout whose Pods get ready or not."""
    for _ in range(MANY):
        run.evaluate("deployment.rolling_step", draw(sets()))
        run.evaluate("deployment.new_rs_replicas", draw(new_size_questions()))
    begin(run, draw(sizes), surge=draw(st.integers(1, 2)), unavailable=draw(st.integers(0, 1)))
    edit(run, draw(st.sampled_from([stuck(), new_image("app:2")])))
    edit(run, new_image("app:3"), 8)
    if draw(st.booleans()):
        scale(run, 1)


@focus("DEPLOY-006")
def test_only_a_template_makes_a_rollout(run: Session, draw: Draw) -> None:
    """Templates, one of them twice, and between them changes of everything else."""
    begin(run, 1)
    for image in draw(st.permutations(["app:2", "app:1", "app:2"])):
        edit(run, new_image(image))
    scale(run, 2)
    other = (
        {"spec": {"minReadySeconds": 1}},
        {"metadata": {"labels": {"team": "x"}, "annotations": {"note": "y"}}},
        {"spec": {"strategy": {"rollingUpdate": {"maxSurge": 2}}}},
    )
    edit(run, draw(st.sampled_from(other)))
    edit(run, new_image("app:1"))


@focus("DEPLOY-007")
def test_revisions(run: Session, draw: Draw) -> None:
    """Each new template, and each old one that is new again, has the next revision."""
    begin(run, 1, revisionHistoryLimit=draw(among(1, 3)))
    for number in draw(st.lists(st.integers(1, 3), min_size=3, max_size=4)):
        edit(run, new_image(f"app:{number}"))


@focus("DEPLOY-008")
def test_undo(run: Session, draw: Draw) -> None:
    """Back to the one before, to a revision that there is, or not; by kubectl, by hand, by annotation."""
    begin(run, 1)
    undo(run)
    for image in ("app:2", "app:3"):
        edit(run, new_image(image))
    for revision in draw(st.permutations([0, 1, 9])):
        undo(run, revision)
    edit(run, {"spec": {"paused": True}}, 1)
    undo(run, draw(among(0, 2)))
    edit(run, {"spec": {"paused": False}}, 1)
    edit(run, new_image("app:2"))
    asked = draw(among("0", "1", "3", "77"))
    edit(run, {"metadata": {"annotations": {"deprecated.deployment.rollback.to": asked}}})


@focus("DEPLOY-009")
def test_history(run: Session, draw: Draw) -> None:
    """More templates than are kept, and another limit afterwards."""
    limit = draw(st.integers(0, 2))
    begin(run, 1, revisionHistoryLimit=limit, minReadySeconds=1)
    for number in range(2, 5):
        edit(run, new_image(f"app:{number}"), draw(among(1, 8)))
    run.advance(KNOWN)
    edit(run, {"spec": {"revisionHistoryLimit": draw(st.integers(0, 2))}})


@focus("DEPLOY-010")
def test_a_pause_collects_changes(run: Session, draw: Draw) -> None:
    """Paused at rest or in the middle; edited, scaled, and resumed."""
    begin(run, 2, minReadySeconds=draw(among(0, 3)))
    if draw(st.booleans()):
        edit(run, new_image("app:2"), 1)
    edit(run, {"spec": {"paused": True}})
    edit(run, new_image("app:3"), draw(st.integers(0, 6)))
    if draw(st.booleans()):
        scale(run, draw(sizes))
    edit(run, new_image("app:4"))
    edit(run, {"spec": {"paused": False}}, 15)


@focus("DEPLOY-011")
def test_one_after_the_other(run: Session, draw: Draw) -> None:
    """Pods that take their time to end."""
    begin(run, draw(st.integers(1, 2)), strategy=RECREATE, grace=draw(among(1, 4)))
    run.create(next(made for rule, made in FLAWED if rule == "DEPLOY-011"), dry_run=True)
    if run.can("stop-signals"):
        for known in run.world.of_kind("Pod"):
            where = {"namespace": "default", "pod": known.view.key[2], "container": "c"}
            run.do("set-stop", **where, seconds=draw(among(0, 3, None)))
    edit(run, new_image("app:2"), 12)
    run.evaluate("deployment.new_rs_replicas", draw(new_size_questions()))
    edit(run, new_image("app:1"), 12)


@focus("DEPLOY-012")
def test_scaling_in_the_middle(run: Session, draw: Draw) -> None:
    """A rollout that is stuck is scaled up and down."""
    for _ in range(MANY):
        run.evaluate("deployment.proportion", draw(sets()))
        run.evaluate("deployment.rs_proportion", draw(share_questions()))
    begin(run, draw(st.integers(2, 3)), surge=draw(st.integers(1, 2)), unavailable=1)
    edit(run, stuck())
    for replicas in draw(st.permutations([2, 5])):
        scale(run, replicas)
    scale(run, draw(among(0, 1)))


@focus("DEPLOY-013")
def test_the_deadline(run: Session, draw: Draw) -> None:
    """A rollout that is stuck, and goes on after it was given up, or before."""
    seconds = draw(among(10, 15))
    begin(run, 2, progressDeadlineSeconds=seconds, surge=1, unavailable=0)
    edit(run, stuck(), draw(st.sampled_from([seconds - 1, seconds + 8])))
    if run.can("probes"):
        for known in run.world.of_kind("Pod"):
            spec = known.view.spec.containers[0].manifest
            if "readinessProbe" in spec:
                where = {"namespace": "default", "pod": known.view.key[2], "container": "c"}
                run.do("set-probe", **where, probe="readiness", answer=0)
        run.advance(seconds + 8)
    edit(run, new_image("app:2"), seconds + 8)


@focus("DEPLOY-014")
def test_available_and_complete(run: Session, draw: Draw) -> None:
    """Rollouts of both strategies whose Pods come, go, and come late."""
    strategy = RECREATE if draw(st.booleans()) else None
    given = {"strategy": strategy} if strategy else {"surge": 1, "unavailable": draw(posts)}
    begin(run, draw(sizes), minReadySeconds=draw(among(0, 2)), **given)
    edit(run, draw(st.sampled_from([new_image("app:2"), stuck()])), 12)
    scale(run, draw(sizes))
    for name in [known.view.key[2] for known in run.world.of_kind("Pod")][
        : draw(st.integers(0, 2))
    ]:
        run.delete("Pod", name, grace=1)
    run.advance(KNOWN)


@focus("DEPLOY-015")
def test_what_is_refused_and_a_rollover(run: Session, draw: Draw) -> None:
    """Deployments that are wrong in one way and at the edge of it; a template in mid-rollout."""
    for _ in range(MANY):
        made = draw(st.sampled_from([*SOUND, *(made for _, made in FLAWED)]))
        run.evaluate("deployment.validate", {"deployment": made})
    for made in (draw(st.sampled_from(FLAWED))[1], draw(st.sampled_from(SOUND))):
        run.create(made, dry_run=True)
    begin(run, draw(st.integers(2, 3)), surge=draw(st.integers(1, 2)), unavailable=0)
    other = {"matchLabels": {"app": "a", "tier": "b"}}
    labels = {"metadata": {"labels": {"app": "a", "tier": "b"}}}
    if not profile(run.profile).old_deployment_apis:
        run.patch("Deployment", "a", {"spec": {"selector": other, "template": labels}})
    edit(run, stuck("app:8"))
    edit(run, stuck("app:9"), draw(st.integers(0, 6)))
    edit(run, new_image("app:3"), 8)


# -- The source document's own example ---------------------------------------------------------------


@focus("DEPLOY-006", "DEPLOY-008")
def test_the_upgrade_of_nginx_and_its_undo(run: Session, draw: Draw) -> None:
    """``nginx-deployment`` of 3, upgraded from 1.7.9 to 1.9.1, paused, resumed, and undone twice."""
    del draw
    old = profile(run.profile).old_deployment_apis
    container = {"name": "nginx", "image": "nginx:1.7.9", "ports": [{"containerPort": 80}]}
    template = {"metadata": {"labels": {"app": "nginx"}}, "spec": {"containers": [container]}}
    selector = {} if old else {"selector": {"matchLabels": {"app": "nginx"}}}
    run.create(
        {
            "apiVersion": "apps/v1beta1" if old else "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "nginx-deployment", "namespace": "default"},
            "spec": {"replicas": 3, **selector, "template": template},
        }
    )
    run.advance(KNOWN)
    upgraded = [{**container, "image": "nginx:1.9.1"}]
    patch = {"spec": {"template": {"spec": {"containers": upgraded}}}}
    run.patch("Deployment", "nginx-deployment", patch)
    run.advance(KNOWN)
    if run.can("kubectl-rollout"):
        for given in ({}, {"toRevision": 2}):
            run.do("rollout-undo", namespace="default", name="nginx-deployment", **given)
            run.advance(KNOWN)
    for paused in (True, False):
        run.patch("Deployment", "nginx-deployment", {"spec": {"paused": paused}})
        run.advance(KNOWN)
