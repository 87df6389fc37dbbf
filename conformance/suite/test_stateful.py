"""STATEFUL: Pods that have a name of their own, and come, go and change in order."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from strategies.manifests import Manifest, container, pod
from strategies.once import among
from strategies.probes import probe, probed
from strategies.stateful import ON_DELETE, claim_template, rolling, stateful_set
from strategies.volumes import PROVISIONER, storage_class

ORDERED, PARALLEL = "OrderedReady", "Parallel"
managements = st.sampled_from([ORDERED, ORDERED, PARALLEL])


def members(run: Session) -> list[str]:
    """The names of the Pods that exist."""
    return sorted(known.view.key[2] for known in run.world.of_kind("Pod"))


def answers(run: Session, name: str, answer: int) -> None:
    """A Pod is ready from now on, or not, where that can be chosen."""
    if run.can("probes") and run.view("Pod", name) is not None:
        given: dict[str, Any] = {"container": "c", "probe": "readiness", "answer": answer}
        run.do("set-probe", namespace="default", pod=name, **given)


def image(version: int) -> Manifest:
    """A change of the template."""
    ready = probed("c", readiness=probe(period=5, failure=1))
    return {"spec": {"containers": [{**ready, "image": f"app:{version}"}]}}


def ends_late(run: Session, name: str) -> None:
    """A Pod takes its time to end, where that can be chosen."""
    if run.can("stop-signals"):
        where = {"namespace": "default", "pod": name, "container": "c"}
        run.do("set-stop", **where, seconds=12, exitCode=0)


@focus("STATEFUL-001")
def test_names_and_claims_stay(run: Session, draw: Draw) -> None:
    """A Pod of a set is deleted, or fails; its name and its claim come back."""
    start = draw(among(0, 0, 5))
    templates = [claim_template()] if draw(st.booleans()) else None
    if templates:
        run.create(storage_class("fast", PROVISIONER))
    more: Manifest = {"ordinals": {"start": start}} if start else {}
    kind = draw(managements)
    run.create(
        stateful_set(
            replicas=draw(st.integers(1, 3)),
            volumeClaimTemplates=templates,
            podManagementPolicy=kind,
            **more,
        )
    )
    run.advance(40)
    names = members(run)
    if names:
        run.delete("Pod", draw(st.sampled_from(names)), grace=draw(among(None, 0)))
    run.advance(40)
    run.patch("StatefulSet", "web", {"spec": {"replicas": draw(st.integers(0, 2))}})
    run.advance(60)


@focus("STATEFUL-002")
def test_one_after_the_other(run: Session, draw: Draw) -> None:
    """Pods come up slowly, one is not ready for a while, and the number changes meanwhile."""
    kind = draw(managements)
    more: Manifest = {"minReadySeconds": 10} if draw(st.booleans()) else {}
    run.create(stateful_set(replicas=3, podManagementPolicy=kind, **more))
    for _ in range(draw(st.integers(1, 3))):
        run.advance(draw(among(0, 2, 30)))
        names = members(run)
        if names:
            ends_late(run, names[-1])
            answers(run, draw(st.sampled_from(names)), draw(among(1, 0)))
    run.advance(20)
    run.patch("StatefulSet", "web", {"spec": {"replicas": draw(among(0, 1, 2, 4))}})
    run.advance(80)


@focus("STATEFUL-002")
def test_the_last_goes_first(run: Session, draw: Draw) -> None:
    """Three or four Pods, each of which takes its time to end, and then fewer."""
    size, left = draw(among((3, 1), (4, 1), (3, 0)))
    run.create(stateful_set(replicas=size, podManagementPolicy=draw(managements)))
    run.advance(60)
    for name in members(run):
        ends_late(run, name)
    if draw(st.booleans()):
        answers(run, "web-0", 1)
        run.advance(10)
    run.patch("StatefulSet", "web", {"spec": {"replicas": left}})
    run.advance(100)


@focus("STATEFUL-002")
def test_who_has_failed_is_made_again(run: Session, draw: Draw) -> None:
    """A Pod of the set has ended, as if it had been evicted."""
    run.create(stateful_set(replicas=2, podManagementPolicy=draw(managements)))
    run.advance(40)
    status = {"phase": draw(among("Failed", "Succeeded"))}
    run.do("write-status", namespace="default", pod="web-0", status=status)
    run.advance(60)


@focus("STATEFUL-002")
def test_a_broken_pod_blocks_its_mend(run: Session, draw: Draw) -> None:
    """A Pod that never becomes ready holds up the new template until it is deleted by hand."""
    broken = pod(containers=[probed("c", readiness=probe(period=5, failure=1))])
    run.create(stateful_set(replicas=2, template=broken, updateStrategy=rolling()))
    run.advance(40)
    bad = draw(among("web-0", "web-1"))
    answers(run, bad, 1)
    run.advance(20)
    run.patch("StatefulSet", "web", {"spec": {"template": image(2)}})
    run.advance(30)
    run.delete("Pod", bad)
    run.advance(90)


@focus("STATEFUL-003")
def test_an_update_goes_down_to_its_partition(run: Session, draw: Draw) -> None:
    """The template changes, once or twice, and comes back; a Pod below the partition is deleted."""
    update = draw(st.sampled_from([None, rolling(), rolling(1), rolling(2), ON_DELETE]))
    kind = draw(managements)
    run.create(stateful_set(replicas=3, updateStrategy=update, podManagementPolicy=kind))
    run.advance(20)
    for version in draw(among((2,), (2, 1), (2, 3))):
        run.patch("StatefulSet", "web", {"spec": {"template": image(version)}})
        run.advance(draw(among(8, 40)))
    run.advance(20)
    run.delete("Pod", draw(among("web-0", "web-2")))
    run.advance(40)


@focus("STATEFUL-003")
def test_an_undo_comes_back_to_the_revision(run: Session, draw: Draw) -> None:
    """The template changes and changes back."""
    run.create(stateful_set(replicas=draw(st.integers(1, 2)), updateStrategy=rolling()))
    run.advance(40)
    before = {"spec": {"containers": [container(image="app:1")]}}
    for template in (image(2), image(1), before, image(2)):
        run.patch("StatefulSet", "web", {"spec": {"template": template}})
        run.advance(40)
