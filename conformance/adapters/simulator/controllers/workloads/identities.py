"""Who the Pods of a StatefulSet are: names, ordinals, claims (STATEFUL-001).

Source: ``pkg/controller/statefulset/stateful_set_utils.go``.
"""

from __future__ import annotations

import re
from typing import Any, Final

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.meta import Object

POD_NAME: Final = "statefulset.kubernetes.io/pod-name"
INDEX: Final = "apps.kubernetes.io/pod-index"
_NAME: Final = re.compile(r"(.*)-([0-9]+)", re.ASCII)


def start_of(workload: Object) -> int:
    """The first ordinal."""
    return int((workload["spec"].get("ordinals") or {}).get("start") or 0)


def ordinals_of(workload: Object) -> range:
    """The ordinals that there are to be."""
    start = start_of(workload)
    return range(start, start + int(workload["spec"].get("replicas", 1)))


def ordinal_of(workload: Object, pod: Object) -> int | None:
    """The ordinal in the Pod's name, if it is a name that this workload gives."""
    found = _NAME.fullmatch(meta.name_of(pod))
    return int(found[2]) if found and found[1] == meta.name_of(workload) else None


def name_for(workload: Object, ordinal: int) -> str:
    """The name of the Pod with that ordinal."""
    return f"{meta.name_of(workload)}-{ordinal}"


def claim_name(workload: Object, template: Object, ordinal: int) -> str:
    """The name of the claim that a template makes for the Pod with that ordinal."""
    return f"{meta.name_of(template)}-{name_for(workload, ordinal)}"


def claims_for(workload: Object, ordinal: int) -> list[Object]:
    """The claims of the Pod with that ordinal; they belong to nobody, and outlive it."""
    labels = (workload["spec"].get("selector") or {}).get("matchLabels") or {}
    return [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {
                "name": claim_name(workload, template, ordinal),
                "namespace": meta.namespace_of(workload),
                "labels": {**meta.labels_of(template), **labels},
            },
            "spec": template["spec"],
        }
        for template in workload["spec"].get("volumeClaimTemplates") or ()
    ]


def pod_for(workload: Object, template: Any, ordinal: int, labels: dict[str, str]) -> Object:
    """The Pod with that ordinal, from a template."""
    name, spec = name_for(workload, ordinal), dict(template["spec"])
    given = template.get("metadata") or {}
    claims = [
        {
            "name": meta.name_of(one),
            "persistentVolumeClaim": {"claimName": claim_name(workload, one, ordinal)},
        }
        for one in workload["spec"].get("volumeClaimTemplates") or ()
    ]
    if claims:
        taken = {one["name"] for one in claims}
        others = [one for one in spec.get("volumes") or () if one["name"] not in taken]
        spec["volumes"] = [*claims, *others]
    spec["hostname"] = name
    if workload["spec"].get("serviceName"):
        spec["subdomain"] = workload["spec"]["serviceName"]
    metadata = {
        "name": name,
        "namespace": meta.namespace_of(workload),
        "labels": {
            **(given.get("labels") or {}),
            POD_NAME: name,
            INDEX: str(ordinal),
            **labels,
        },
        **{key: given[key] for key in ("annotations", "finalizers") if key in given},
        "ownerReferences": [meta.owner_reference(workload)],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
