"""STATIC-001, -002 and -007: what becomes of a file."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.pod.static import IGNORED, INVALID, REFUSED, RUNS, UNKNOWN, fate, full_name
from spec_model.profiles import DOCUMENTED, V1_36


def manifest(**spec: Any) -> dict[str, Any]:
    body = {"containers": [{"name": "c", "image": "app:1"}], **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": body}


def projected(**source: Any) -> dict[str, Any]:
    return manifest(volumes=[{"name": "v", "projected": {"sources": [source]}}])


def volume(**source: Any) -> dict[str, Any]:
    return manifest(volumes=[{"name": "v", **source}])


ENVIRONMENT = {"name": "c", "image": "app:1", "envFrom": [{"secretRef": {"name": "s"}}]}
ITEMS = {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}


@pytest.mark.parametrize(
    ("said", "file", "becomes"),
    [
        (manifest(), "web.yaml", RUNS),
        (manifest(), ".web.yaml", IGNORED),
        (manifest(), "old/web.yaml", IGNORED),
        ({}, "web.yaml", INVALID),
        (None, "web.yaml", INVALID),
        (manifest(containers=[]), "web.yaml", INVALID),
        (volume(emptyDir={}), "web.yaml", RUNS),
        (projected(downwardAPI=ITEMS), "web.yaml", RUNS),
        (volume(configMap={"name": "m"}), "web.yaml", REFUSED),
        (volume(secret={"secretName": "s"}), "web.yaml", REFUSED),
        (projected(configMap={"name": "m"}), "web.yaml", REFUSED),
        (manifest(serviceAccountName="a"), "web.yaml", REFUSED),
        (manifest(containers=[ENVIRONMENT]), "web.yaml", REFUSED),
    ],
)
def test_what_becomes_of_a_file(said: Any, file: str, becomes: str) -> None:
    assert fate(said, file, V1_36).value == becomes


def test_documented_only_config_maps_are_forbidden() -> None:
    assert fate(volume(secret={"secretName": "s"}), "web.yaml", DOCUMENTED).value == UNKNOWN
    assert fate(volume(configMap={"name": "m"}), "web.yaml", DOCUMENTED).value == REFUSED


def test_the_full_name_has_the_node_in_lower_case() -> None:
    assert full_name(manifest(), "Node-A") == ("Pod", "default", "web-node-a")
