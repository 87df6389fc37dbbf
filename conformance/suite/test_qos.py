"""QOS: the class of a Pod, and the order in which classes are protected."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from strategies.manifests import Manifest, container, pod
from strategies.once import among
from strategies.resources import CLASSES, GUARANTEED, classed_pods, resources


@focus("QOS-001")
def test_requests_and_limits_decide_the_class(run: Session, draw: Draw) -> None:
    """By the function, by a dry run, and in the status of a Pod."""
    run.evaluate("pod.qos_class", {"pod": draw(classed_pods(pod_level=True))})
    run.create(draw(classed_pods()), dry_run=True)
    run.create(draw(classed_pods(pod_level=run.profile != "documented")))


@focus("QOS-001")
def test_every_container_counts(run: Session, draw: Draw) -> None:
    """Two containers, one of which may ask for nothing, or for nothing that makes a class."""
    asked: list[Manifest] = [{}, GUARANTEED, {"limits": {"cpu": "500m"}}]
    if run.profile != "documented":
        asked.append({"requests": {"ephemeral-storage": "1Gi"}})
    apps = [container(name, **draw(st.sampled_from(asked))) for name in "cd"]
    run.create(pod(containers=apps), dry_run=True)


@focus("QOS-002")
def test_the_class_never_changes(run: Session, draw: Draw) -> None:
    """A Pod lives, is patched, resized in place, and goes."""
    run.create(draw(st.just(pod()) | classed_pods()))
    run.advance(1)
    found = run.view("Pod", "a")
    if found is None:
        return
    first, *rest = found.spec.manifest["containers"]
    wanted = {**first, "resources": draw(resources)}
    patch = {"spec": {"containers": [wanted, *rest]}}
    whom = {"kind": "Pod", "namespace": "default", "name": "a"}
    run.do("patch", **whom, patch=patch, subresource="resize")
    run.patch("Pod", "a", {"metadata": {"labels": {"seen": "again"}}})
    run.delete("Pod", "a")
    run.advance(40)


@focus("QOS-003")
def test_classes_are_protected_in_order(run: Session, draw: Draw) -> None:
    """A Pod of each class is looked into, in any order."""
    order = draw(st.permutations(list(CLASSES)))
    for name in order:
        run.create(pod(name.lower(), [container("c", **CLASSES[name])]))
    run.advance(1)
    for name in order:
        run.do("inspect", namespace="default", pod=name.lower(), container="c")


@focus("QOS-003")
def test_a_lack_of_cpu_kills_nobody(run: Session, draw: Draw) -> None:
    """Pods of every class want all the CPU there is."""
    for name, asked in CLASSES.items():
        run.create(pod(name.lower(), [container("c", **asked)]))
    run.advance(1)
    for name in CLASSES:
        if run.can("cpu-load"):
            run.do("burn", namespace="default", pod=name.lower(), container="c", milli=9000)
    run.advance(draw(among(1, 120)))
    for name in CLASSES:
        run.do("inspect", namespace="default", pod=name.lower(), container="c")
