"""The revisions of a StatefulSet: every template it has had, under the same name when it comes back.

Source: STATEFUL-003; ``pkg/controller/history``, ``pkg/controller/statefulset`` (getStatefulSetRevisions).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

from attrs import frozen

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.controllers.ownership import Ownership
from conformance.adapters.simulator.meta import Object
from conformance.adapters.simulator.store import Store

LABEL: Final = "controller-revision-hash"
KIND: Final = "ControllerRevision"


@frozen
class Revisions:
    """The one that Pods are to be at, and the one that they come from."""

    current: Object
    update: Object


def revisions_of(workload: Object, store: Store, owned: Ownership) -> Revisions:
    """Both of them; one that is there already is used again, as the newest (an undo)."""
    known = sorted(owned.children(workload, KIND), key=lambda one: int(one["revision"]))
    template = workload["spec"]["template"]
    update = found(known, template)
    highest = int(known[-1]["revision"]) if known else 0
    if update is None:
        update = store.create(made(workload, template, highest + 1))
    elif update["revision"] != highest:
        update = store.update({**update, "revision": highest + 1})
    named = (workload.get("status") or {}).get("currentRevision")
    current = next((one for one in known if meta.name_of(one) == named), update)
    return Revisions(current, update)


def found(known: Sequence[Object], template: Any) -> Object | None:
    """The last revision of that template, if there was one."""
    return next((one for one in reversed(known) if template_of(one) == template), None)


def forget_old(workload: Object, live: frozenset[str], store: Store, owned: Ownership) -> None:
    """Of those that nothing uses any more, as many are kept as revisionHistoryLimit says."""
    limit = int(workload["spec"].get("revisionHistoryLimit", 10))
    known = sorted(owned.children(workload, KIND), key=lambda one: int(one["revision"]))
    unused = [one for one in known if meta.name_of(one) not in live]
    for old in unused[: max(len(unused) - limit, 0)]:
        store.delete(*meta.key_of(old), uid=meta.uid_of(old))


def template_of(revision: Object) -> Any:
    """The template that a revision holds."""
    return revision["data"]["spec"]["template"]


def revision_of(pod: Object) -> str:
    """The name of the revision a Pod was made from."""
    return meta.labels_of(pod).get(LABEL, "")


def made(workload: Object, template: Any, number: int) -> Object:
    """A new revision of that number."""
    text = json.dumps(template, sort_keys=True)
    hashed = hashlib.sha256(text.encode()).hexdigest()[:10]
    return {
        "apiVersion": "apps/v1",
        "kind": KIND,
        "metadata": {
            "name": f"{meta.name_of(workload)}-{hashed}",
            "namespace": meta.namespace_of(workload),
            "labels": dict(meta.labels_of(workload["spec"]["template"])),
            "ownerReferences": [meta.owner_reference(workload)],
        },
        "data": {"spec": {"template": template}},
        "revision": number,
    }
