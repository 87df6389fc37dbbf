"""Deployments, their ReplicaSets, and questions about the steps of a rollout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from hypothesis import strategies as st

from strategies.manifests import Manifest, container, pod, replica_set
from strategies.once import once

OLD_APIS: Final = ("apps/v1beta1", "extensions/v1beta1")
"""The versions of the API by which the source document knows Deployments."""

DESIRED: Final = "deployment.kubernetes.io/desired-replicas"
MAXIMUM: Final = "deployment.kubernetes.io/max-replicas"


def deployment(
    name: str = "a",
    replicas: int | None = 2,
    image: str = "app:1",
    *,
    surge: int | str | None = None,
    unavailable: int | str | None = None,
    strategy: Manifest | None = None,
    containers: Sequence[Manifest] | None = None,
    api: str = "apps/v1",
    metadata: Manifest | None = None,
    **spec: Any,
) -> Manifest:
    """A Deployment of Pods labelled ``app``; what is None is left to the API."""
    template = pod(containers=containers or [container(image=image)], **_grace(spec))
    whole = replica_set(name, 1, template, "Deployment")
    posts = {"maxSurge": surge, "maxUnavailable": unavailable}
    rolling = {key: value for key, value in posts.items() if value is not None}
    if strategy is None and rolling:
        strategy = {"type": "RollingUpdate", "rollingUpdate": rolling}
    given = {**whole["spec"], "replicas": replicas, "strategy": strategy, **spec}
    return {
        **whole,
        "apiVersion": api,
        "metadata": {**whole["metadata"], **(metadata or {})},
        "spec": {key: value for key, value in given.items() if value is not None},
    }


def _grace(spec: Manifest) -> Manifest:
    return {"terminationGracePeriodSeconds": spec.pop("grace")} if "grace" in spec else {}


def new_image(image: str, name: str = "c") -> Manifest:
    """The patch that ``kubectl set image`` makes of it, for Pods of one container."""
    return {"spec": {"template": {"spec": {"containers": [container(name, image)]}}}}


NEVER_READY: Final[Manifest] = {
    "readinessProbe": {"exec": {"command": ["false"]}, "periodSeconds": 1}
}
"""What keeps a container from being ready, until its probe is answered otherwise."""


def stuck(image: str = "app:9", name: str = "c") -> Manifest:
    """The patch to an image that never gets ready."""
    containers = [container(name, image, **NEVER_READY)]
    return {"spec": {"template": {"spec": {"containers": containers}}}}


def rolled(
    name: str, replicas: int = 1, image: str = "app:1", version: str = "1", **more: Any
) -> Manifest:
    """A ReplicationController that a rolling update can tell from another by the label ``version``."""
    labels = {"app": "rolled", "version": version}
    inner = pod(containers=[container(image=image, **more)], terminationGracePeriodSeconds=1)
    return {
        "apiVersion": "v1",
        "kind": "ReplicationController",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "selector": labels,
            "template": {"metadata": {"labels": labels}, "spec": inner["spec"]},
        },
    }


# -- Questions to the controller's functions ---------------------------------------------------------

counts: Final = st.integers(0, 12)
posts: Final = st.one_of(
    st.integers(0, 4), st.sampled_from(["0%", "1%", "25%", "34%", "50%", "100%"])
)
odd_posts: Final = posts | st.sampled_from(["150%", "-10%", "x", "5", "2.5%", None])


@once
def fencepost_questions() -> st.SearchStrategy[Manifest]:
    """Any two posts, some of which are none."""
    return st.fixed_dictionaries(
        {"replicas": counts, "maxSurge": odd_posts, "maxUnavailable": odd_posts}
    )


@once
def new_size_questions() -> st.SearchStrategy[Manifest]:
    """A new ReplicaSet beside old ones; now and then a strategy that nobody knows."""
    return st.fixed_dictionaries(
        {
            "replicas": counts,
            "strategy": st.sampled_from(["RollingUpdate"] * 6 + ["Recreate", "Unknown"]),
            "maxSurge": posts,
            "new_rs_replicas": counts,
            "old_rs_replicas": st.lists(counts, max_size=3),
        }
    )


@once
@st.composite
def sets(draw: st.DrawFn) -> dict[str, Any]:
    """A Deployment in the middle of a rollout, with the ReplicaSet of its template and old ones."""
    before, surge = draw(counts), draw(posts)
    wanted = draw(counts) if draw(st.booleans()) else before
    most = draw(st.integers(0, 16))
    made = [
        _set(name, index, draw(counts), draw, (before, most))
        for index, name in enumerate(["old-1", "old-2", "old-3"][: draw(st.integers(1, 3))])
    ]
    new = _set("new", 5, draw(counts), draw, (before, most))
    rolling = {"maxSurge": surge, "maxUnavailable": draw(posts)}
    total = sum(each["spec"]["replicas"] for each in (*made, new))
    strategy = {"type": "RollingUpdate", "rollingUpdate": rolling}
    whole = {
        "metadata": {"name": "d", "namespace": "default"},
        "spec": {"replicas": wanted, "strategy": strategy},
        "status": {"replicas": total},
    }
    return {"deployment": whole, "new_replica_set": new, "old_replica_sets": made}


def _set(name: str, age: int, size: int, draw: st.DrawFn, noted: tuple[int, int]) -> Manifest:
    available = draw(st.integers(0, size))
    return {
        "metadata": {
            "name": name,
            "namespace": "default",
            "creationTimestamp": f"2024-05-01T10:0{age}:00Z",
            "annotations": {DESIRED: str(noted[0]), MAXIMUM: str(noted[1])},
        },
        "spec": {"replicas": size},
        "status": {"replicas": size, "availableReplicas": available},
    }


@once
@st.composite
def share_questions(draw: st.DrawFn) -> dict[str, Any]:
    """One ReplicaSet's share of a change of which a part is spread already."""
    asked = draw(sets())
    one = draw(st.sampled_from([asked["new_replica_set"], *asked["old_replica_sets"]]))
    change = draw(st.integers(-12, 12))
    low, high = sorted((0, change))
    spread = draw(st.integers(low, high))
    return {
        "deployment": asked["deployment"],
        "replica_set": one,
        "replicas_to_add": change,
        "replicas_added": spread,
    }


# -- Deployments that the API refuses ----------------------------------------------------------------


def _rolling(**posts: Any) -> Manifest:
    return deployment(strategy={"type": "RollingUpdate", "rollingUpdate": posts})


FLAWED: Final[Sequence[tuple[str, Manifest]]] = (
    ("DEPLOY-015", _rolling(maxSurge=0, maxUnavailable=0)),
    ("DEPLOY-015", _rolling(maxSurge="0%", maxUnavailable=0)),
    ("DEPLOY-015", _rolling(maxSurge=-1, maxUnavailable=1)),
    ("DEPLOY-015", _rolling(maxSurge="-1%", maxUnavailable=1)),
    ("DEPLOY-015", _rolling(maxSurge="1", maxUnavailable=1)),
    ("DEPLOY-015", _rolling(maxSurge=1, maxUnavailable="101%")),
    ("DEPLOY-015", _rolling(maxSurge=1, maxUnavailable=-1)),
    ("DEPLOY-015", deployment(strategy={"type": "Rolling"})),
    ("DEPLOY-015", deployment(progressDeadlineSeconds=10, minReadySeconds=10)),
    ("DEPLOY-015", deployment(progressDeadlineSeconds=0)),
    ("DEPLOY-015", deployment(progressDeadlineSeconds=-1)),
    ("DEPLOY-011", deployment(strategy={"type": "Recreate", "rollingUpdate": {"maxSurge": 1}})),
)
"""Deployments that are wrong in one way, with the rule that says so."""

SOUND: Final[Sequence[Manifest]] = (
    deployment(),
    deployment(replicas=None),
    deployment(surge="100%", unavailable=0),
    deployment(surge="200%", unavailable="100%"),
    deployment(surge=0, unavailable=1),
    deployment(strategy={"type": "Recreate"}),
    deployment(minReadySeconds=9, progressDeadlineSeconds=10),
    deployment(revisionHistoryLimit=0),
)
"""Deployments at the edges of what is right."""
