"""WATCH: raw watches beside each other, and how Pods come to life in them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from spec_model.events import Accepted
from strategies.manifests import container, pod
from strategies.once import among

SELECTORS = (
    {"labelSelector": "tier=front"},
    {"labelSelector": "tier in (front,back),!old"},
    {"labelSelector": "tier!=front"},
    {"labelSelector": "tier"},
    {"fieldSelector": "status.phase=Running"},
    {"fieldSelector": "status.phase!=Running"},
    {"fieldSelector": "metadata.name=a"},
    {"fieldSelector": "spec.nodeName="},
    {"fieldSelector": "status.phase=Running", "labelSelector": "tier=front"},
)


def version(run: Session) -> str:
    """Lists the Pods; the version at which that is how things stand."""
    response = run.do("list", kind="Pod", namespace="default")
    return response.value["resourceVersion"] if isinstance(response, Accepted) else ""


def watch(run: Session, **given: Any) -> None:
    """Watches the Pods."""
    run.do("watch", kind="Pod", namespace="default", **given)


def relabel(run: Session, name: str, label: str | None) -> None:
    """Another label, or none."""
    run.patch("Pod", name, {"metadata": {"labels": {"tier": label}}})


def stir(run: Session, draw: Draw) -> None:
    """Pods come, change, and go."""
    for name in draw(st.permutations(["a", "b"])):
        run.create(pod(name, metadata={"labels": {"tier": draw(tiers)}}, policy="Never"))
    run.advance(2)
    for name in draw(st.permutations(["a", "b"])):
        relabel(run, name, draw(tiers))
        if draw(st.booleans()) and run.can("container-exit"):
            run.exit(name, "c", draw(among(0, 1)))
        if draw(st.booleans()):
            run.delete("Pod", name, grace=draw(among(1, 0)))
        run.advance(2)


tiers = st.sampled_from(["front", "back", None, "front"]).map(lambda tier: tier or "none")


@focus("WATCH-001", "WATCH-002")
def test_a_watch_goes_on_from_a_version(run: Session, draw: Draw) -> None:
    """Bookmarks asked for or not, from a version, from nothing, or from one that is long gone."""
    before = version(run)
    stir(run, draw)
    wanted = draw(st.sampled_from([{}, {"allowWatchBookmarks": True}]))
    watch(run, resourceVersion=before, **wanted)
    watch(run, **wanted)
    run.advance(draw(among(0, 200, 400)))
    run.create(pod("c"))
    watch(run, resourceVersion=before, **wanted)
    run.advance(700)
    watch(run, resourceVersion="1", allowWatchBookmarks=True)


@focus("WATCH-002")
def test_every_change_is_delivered(run: Session, draw: Draw) -> None:
    """Pods of the same name one after another; a list in the middle."""
    stir(run, draw)
    before = version(run)
    run.delete("Pod", "a", grace=0)
    run.create(pod("a"))
    run.advance(draw(among(0, 2)))
    relabel(run, "a", "new")
    run.delete("Pod", "a", grace=draw(among(0, 30)))
    run.advance(draw(among(0, 40)))
    watch(run, resourceVersion=before)


@focus("WATCH-003")
def test_two_watches_compared(run: Session, draw: Draw) -> None:
    """The same from one version, whole and by selectors."""
    if draw(st.booleans()):
        run.create(pod("a", metadata={"labels": {"tier": "front"}}))
        run.advance(2)
        run.create(pod("c", metadata={"labels": {"tier": "back"}}))
    before = version(run)
    stir(run, draw)
    watch(run, resourceVersion=before)
    for given in draw(st.permutations(SELECTORS))[:4]:
        watch(run, resourceVersion=before, **given)
    watch(run, **draw(st.sampled_from(SELECTORS)))


@focus("WATCH-004")
def test_a_pod_comes_to_life(run: Session, draw: Draw) -> None:
    """With init containers, with a node of its own, or late; it restarts, and is looked at again."""
    kinds: list[dict[str, Any]] = [
        {},
        {"init": [container("i")]},
        {"nodeSelector": {"disk": "ssd"}},
    ]
    nodes = [known.view["metadata"]["name"] for known in run.world.of_kind("Node")]
    kinds += [{"nodeName": nodes[0]}, {"hostNetwork": True}] if nodes else []
    more = draw(st.sampled_from(kinds))
    run.create(pod("a", **more))
    run.advance(draw(among(0, 1, 5)))
    if "nodeSelector" in more and nodes and run.can("nodes"):
        run.patch("Node", nodes[0], {"metadata": {"labels": {"disk": "ssd"}}})
        run.advance(5)
    if "init" in more and run.can("container-exit"):
        run.exit("a", "i", 0)
        run.advance(5)
    run.advance(15)
    if run.can("container-exit"):
        run.exit("a", "c", 1)
    run.advance(30)
    relabel(run, "a", "front")
    run.delete("Pod", "a", grace=1)
    run.advance(10)
