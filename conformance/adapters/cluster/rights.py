"""The rights that a run needs, and why: what the RBAC manifest grants and the preflight asks for."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from conformance.adapters.cluster.client import Api


@frozen
class Right:
    """Verbs on one resource, in every namespace; ``without`` says what is lost where it is missing."""

    group: str
    resource: str
    verbs: tuple[str, ...]
    without: str = ""  # empty: nothing runs at all
    capabilities: tuple[str, ...] = ()

    @property
    def named(self) -> str:
        """As a person reads it."""
        return f"{self.resource}.{self.group}" if self.group else self.resource


WATCH: Final = ("list", "watch")
WRITE: Final = ("get", "list", "watch", "create", "update", "patch", "delete")

STEERED: Final = (
    "container-exit", "memory", "inspect", "file-write", "hooks", "stop-signals", "probes",
)  # fmt: skip
"""The capabilities that need a way into containers."""

ALL: Final = Right("*", "*", ("*",))

RIGHTS: Final[tuple[Right, ...]] = (
    Right("", "namespaces", ("list", "create", "delete")),
    Right("", "resourcequotas", ("create",)),
    Right("", "serviceaccounts", ("get", "patch")),
    Right("coordination.k8s.io", "leases", ("get", "create", "patch")),
    Right("", "pods", WRITE),
    Right("", "nodes", WATCH),
    Right("storage.k8s.io", "storageclasses", WRITE),
    Right("", "persistentvolumes", WRITE),
    Right("", "persistentvolumeclaims", WRITE),
    Right("", "replicationcontrollers", WRITE),
    Right("apps", "replicasets", WRITE),
    Right("apps", "deployments", WRITE),
    Right("apps", "daemonsets", WRITE),
    Right("apps", "statefulsets", WRITE),
    Right("batch", "jobs", WRITE),
    Right("", "configmaps", WRITE),
    Right("", "services", WRITE),
    Right("", "endpoints", WATCH),
    Right("discovery.k8s.io", "endpointslices", WATCH),
    Right("", "events", WATCH),
    Right("autoscaling", "horizontalpodautoscalers", WRITE),
    Right("", "pods/exec", ("get", "create"), "containers cannot be steered", STEERED),
    Right("", "pods/status", ("patch",), "the tester writes no status", ("status-write",)),
    Right("", "pods/eviction", ("create",), "the tester evicts no Pod"),
    Right("", "pods/resize", ("patch",), "resizes are refused"),
    Right("", "pods/binding", ("create",), "the tester binds no Pod"),
)
"""For a run with real kubelets."""

HOLLOW: Final[tuple[Right, ...]] = (
    Right("", "nodes", WRITE, "no hollow nodes", ("nodes",)),
    Right("", "nodes/status", ("patch",), "no hollow nodes", ("nodes",)),
    Right("", "pods/status", ("patch",), "no hollow nodes", ("nodes",)),
)
"""More, to play the kubelet."""

METRICS: Final[tuple[Right, ...]] = (
    Right("", "services", ("create",), "no injected metrics", ("metrics",)),
    Right("discovery.k8s.io", "endpointslices", ("create",), "no injected metrics", ("metrics",)),
    Right("apiregistration.k8s.io", "apiservices", ("get", "list", "create", "delete"),
          "no injected metrics", ("metrics",)),
)  # fmt: skip
"""More, to serve metrics."""

RECORDING: Final = (
    *(Right(each.group, each.resource, WATCH) for each in RIGHTS if set(WATCH) <= set(each.verbs)),
    Right("", "namespaces", WATCH),
)
"""All that a recording needs."""


def missing(api: Api, rights: tuple[Right, ...], namespace: str = "") -> list[tuple[Right, str]]:
    """The verbs that are not granted, asked for one by one (SelfSubjectAccessReview)."""
    if rights and _granted(api, ALL, "*", namespace):
        return []  # an administrator need not be asked a hundred times
    return [
        (right, verb)
        for right in rights
        for verb in right.verbs
        if not _granted(api, right, verb, namespace)
    ]


def _granted(api: Api, right: Right, verb: str, namespace: str) -> bool:
    resource, _, subresource = right.resource.partition("/")
    attributes = {"group": right.group, "resource": resource, "verb": verb}
    if subresource:
        attributes["subresource"] = subresource
    if namespace:
        attributes["namespace"] = namespace
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    answer = api.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
    return bool(answer.ok and (answer.body.get("status") or {}).get("allowed"))


def manifest(name: str = "kubelaws", rights: tuple[Right, ...] = RIGHTS) -> list[dict[str, object]]:
    """A ClusterRole with these rights, an account, and what binds the two."""
    verbs: dict[tuple[str, str], dict[str, None]] = {}
    for right in rights:
        granted = verbs.setdefault((right.group, right.resource), {})
        granted.update(dict.fromkeys(right.verbs))
    rules: list[dict[str, object]] = [
        {"apiGroups": [group], "resources": [resource], "verbs": list(each)}
        for (group, resource), each in verbs.items()
    ]
    rbac = "rbac.authorization.k8s.io"
    account = {"kind": "ServiceAccount", "name": name, "namespace": "default"}
    return [
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": name, "namespace": "default"},
        },
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": name},
            "rules": rules,
        },
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": name},
            "subjects": [account],
        },
    ]
