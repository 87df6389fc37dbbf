"""An API server of its own, and the shortest objects that it takes, for the tests of what it does."""

from __future__ import annotations

import random
from typing import Any

import pytest

from conformance.adapters.simulator import client, meta
from conformance.adapters.simulator.clock import Clock
from conformance.adapters.simulator.errors import ApiError
from conformance.adapters.simulator.settings import SETTINGS
from conformance.adapters.simulator.store import Store

Manifest = dict[str, Any]


def make_store(profile: str = "v1.36") -> Store:
    return Store(Clock(), random.Random(0), SETTINGS[profile])


def container(name: str = "c", **fields: Any) -> Manifest:
    return {"name": name, "image": "app:1", **fields}


def pod(name: str = "a", *containers: Manifest, **spec: Any) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"containers": list(containers) or [container()], **spec},
    }


def workload(kind: str, policy: str | None = None, **spec: Any) -> Manifest:
    template_spec = {"containers": [container()]}
    if policy is not None:
        template_spec["restartPolicy"] = policy  # type: ignore[assignment]
    labels = {"app": "web"}
    selector: Any = labels if kind == "ReplicationController" else {"matchLabels": labels}
    template = {"metadata": {"labels": labels}, "spec": template_spec}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "w", "namespace": "default"},
        "spec": {"template": template, **({} if kind == "Job" else {"selector": selector}), **spec},
    }


def claim(**spec: Any) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "c"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
            **spec,
        },
    }


def volume(**spec: Any) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": "v"},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "hostPath": {"path": "/data"},
            **spec,
        },
    }


def storage_class(name: str, **fields: Any) -> Manifest:
    head = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "x.io/p"}
    return {**head, "metadata": {"name": name}, **fields}


def changed(store: Store, manifest: Manifest, patch: Manifest) -> Manifest:
    kind, namespace, name = meta.key_of(manifest)
    return client.patch(store, kind, namespace, name, patch)


def refusal(call: Any, *arguments: Any, **options: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        call(*arguments, **options)
    return caught.value


def fields(error: ApiError) -> list[str]:
    return [cause.field for cause in error.causes]


# Defaults.
