"""The model binds claims as Kubernetes 1.36.2 does, and as a real cluster did."""

import gzip
import json

import pytest

from spec_model.profiles import V1_36
from spec_model.storage.lifecycle import claim_phase, is_bound_pair, volume_phase
from spec_model.storage.matching import best_match
from tests.evidence.vectors import CLUSTER, assert_agreement, lines


@pytest.mark.parametrize("function", ["pv.best_match", "pv.find_matching_volume"])
def test_the_model_agrees_with_kubernetes(function: str) -> None:
    assert_agreement(function)


def test_the_first_of_the_legal_volumes_is_the_one_that_kubernetes_chose() -> None:
    for line in lines("pv.best_match"):
        asked = line["arguments"]
        chosen = best_match(
            asked["claim"], asked["volumes"], delay_binding=asked["delay_binding"], profile=V1_36
        )
        assert chosen.value == line["result"], line["id"]


def test_claims_of_a_real_cluster_are_bound_to_the_volume_that_is_bound_to_them() -> None:
    volumes: dict[str, dict] = {}
    claims: dict[str, dict] = {}
    with gzip.open(CLUSTER, "rt", encoding="utf-8") as recorded:
        for event in map(json.loads, recorded):
            shown = event["object"]
            if shown.get("kind") == "PersistentVolume":
                volumes[shown["metadata"]["name"]] = shown
            elif shown.get("kind") == "PersistentVolumeClaim":
                claims[shown["metadata"]["name"]] = shown
    assert claims
    for claim in claims.values():
        volume = volumes.get(claim["spec"].get("volumeName", ""))
        assert claim_phase(claim, volume).value == claim["status"]["phase"]
        if volume is not None and claim["status"]["phase"] == "Bound":
            assert is_bound_pair(claim, volume).value
            assert volume_phase(volume, claim).value in ("Bound", volume["status"]["phase"])


@pytest.mark.parametrize("function", ["configmap.validate", "configmap.from_sources"])
def test_the_model_agrees_on_config_maps(function: str) -> None:
    assert_agreement(function)
