"""Pods with init containers and sidecars: valid ones, and invalid ones with the rule they break."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from strategies.manifests import Manifest, container, pod
from strategies.once import among, once

INIT_NAMES: Final = ("i", "j", "k")
SIDECAR: Final = "Always"

FIELDS: Final[dict[str, Any]] = {
    "readinessProbe": {"exec": {"command": ["true"]}},
    "livenessProbe": {"tcpSocket": {"port": 80}},
    "startupProbe": {"httpGet": {"port": 80, "path": "/"}},
    "lifecycle": {"preStop": {"exec": {"command": ["true"]}}},
}
"""What an app container may have, and a regular init container may not (INIT-006)."""

TAKEN_NAMES: Final = ("c", "d", "i")
BAD_NAMES: Final = ("C", "a_b", "a.b", "-a", "a-", "é", "x" * 64)
GOOD_NAMES: Final = ("a", "0", "a-b", "x" * 63)

CPUS: Final = ("1m", "500m", "1", "1500m", "2", "3", "3999m", "4")
MEMORIES: Final = ("1", "64Mi", "1Gi", "4Gi", "6G", "8Gi")


def init_containers(regular: int = 1, sidecars: int = 0) -> list[Manifest]:
    """Init containers ``i``, ``j``, ``k``, before them the sidecars ``s``, ``t``."""
    names = INIT_NAMES[:regular]
    return [
        *(container(name, restartPolicy=SIDECAR) for name in "st"[:sidecars]),
        *(container(name) for name in names),
    ]


@once
def probed_pods() -> st.SearchStrategy[Manifest]:
    """Pods one of whose init containers or sidecars has a probe or a hook."""

    def with_field(kind: str, field: str) -> Manifest:
        policy = {"restartPolicy": SIDECAR} if kind == "sidecar" else {}
        return pod(init=[container("h"), container("i", **policy, **{field: FIELDS[field]})])

    kinds = among("init", "sidecar")
    return st.builds(with_field, kinds, st.sampled_from(sorted(FIELDS)))


@once
def named_pods() -> st.SearchStrategy[Manifest]:
    """Pods one of whose containers has a name that is taken, is no label, or is a good one (INIT-007)."""

    def with_name(name: str, group: str) -> Manifest:
        one = [container("i")]
        two = [container("c"), container("d")]
        if group == "init":
            return pod(containers=two, init=[*one, container(name)])
        return pod(containers=[*two, container(name)], init=one)

    names = among(*TAKEN_NAMES, *BAD_NAMES, *GOOD_NAMES)
    return st.builds(with_name, names, among("init", "app"))


_amounts: Final[st.SearchStrategy[Manifest]] = st.fixed_dictionaries(
    {}, optional={"cpu": st.sampled_from(CPUS), "memory": st.sampled_from(MEMORIES)}
)


@once
@st.composite
def requesting_pods(draw: st.DrawFn, name: str = "a") -> Manifest:
    """Pods whose init containers, sidecars and app containers request around what a node has (INIT-010)."""
    init = []
    for each in draw(among("i", "s", "is", "si", "isj", "sit", "")):
        policy = {"restartPolicy": SIDECAR} if each in "st" else {}
        init.append(container(each, requests=draw(_amounts), **policy))
    apps = [container(each, requests=draw(_amounts)) for each in draw(among("c", "cd"))]
    return pod(name, apps, init=init)
