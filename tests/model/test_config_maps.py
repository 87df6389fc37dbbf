"""What a Pod gets of ConfigMaps, what it mounts, and what selectors and ports come to."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.pod.network import clashes, host_ports
from spec_model.selectors import selector
from spec_model.storage.config_maps import Reference, files, references, variables
from spec_model.storage.config_sources import config_map_from
from spec_model.storage.mounts import over, shown_in
from spec_model.validation.config_map import LARGEST, is_key, size
from strategies.config_maps import LAWFUL, UNLAWFUL
from strategies.manifests import config_map, container, from_key, mount, pod

CFG = config_map(data={"k": "1", "l": "2"}, binaryData={"b": "/wA=", "t": "aGk="})


def test_every_key_is_a_file() -> None:
    made = files(CFG, {"name": "cfg"})
    assert made.value == {"k": "1", "l": "2", "b": {"base64": "/wA="}, "t": "hi"}
    assert made.because == "CONFIGMAP-002"


def test_with_items_only_those_at_their_paths() -> None:
    assert files(CFG, {"items": [{"key": "k", "path": "a/b"}]}).value == {"a/b": "1"}


@pytest.mark.parametrize("config", [None, CFG])
def test_what_is_missing_makes_no_files_unless_it_is_optional(config: Any) -> None:
    source = {"items": [{"key": "missing", "path": "x"}]}
    assert files(config, source).value is None
    assert files(config, source).because == "CONFIGMAP-003"
    assert files(config, {**source, "optional": True}).value == {}


def test_where_a_pod_refers_to_config_maps() -> None:
    of_env = container(env=[from_key("K", "one", "k")], envFrom=[{"configMapRef": {"name": "two"}}])
    volumes = [{"name": "v", "configMap": {"name": "three", "optional": True}}]
    assert [*references(pod(containers=[of_env], volumes=volumes)["spec"])] == [
        Reference("two", "c", (), False),
        Reference("one", "c", ("k",), False),
        Reference("three", "", (), True),
    ]


def test_the_last_definition_of_a_variable_counts() -> None:
    twice = container(env=[from_key("K", "cfg", "k"), {"name": "K", "value": "x"}])
    assert variables(twice) == {}


def test_binary_data_are_no_variables() -> None:
    assert not Reference("cfg", "c", ("b",), False).is_met(CFG)
    assert Reference("cfg", "", ("b",), False).is_met(CFG)


@pytest.mark.parametrize("manifest", LAWFUL + UNLAWFUL)
def test_keys_and_sizes(manifest: dict[str, Any]) -> None:
    keys = [*(manifest.get("data") or {}), *(manifest.get("binaryData") or {})]
    lawful = all(map(is_key, keys)) and len({*keys}) == len(keys) and size(manifest) <= LARGEST
    assert lawful is (manifest in LAWFUL)


def test_a_command_without_sources_makes_an_empty_config_map() -> None:
    assert config_map_from((), (), {}).value == {"data": {}, "binaryData": {}}


# -- mounts ------------------------------------------------------------------------------------------

SPEC = {"volumes": [{"name": "v", "emptyDir": {}}, {"name": "w", "emptyDir": {}}]}
NESTED = container(volumeMounts=[mount("v", "/a"), mount("w", "a/b/")])


@pytest.mark.parametrize(
    ("path", "volume"), [("/a/x", "v"), ("/a/b/x", "w"), ("a/bc", "v"), ("/a", None), ("/c", None)]
)
def test_a_path_lies_in_the_deepest_mount(path: str, volume: str | None) -> None:
    found = over(SPEC, NESTED, path)
    assert (found and found.volume["name"]) == volume


def test_what_is_mounted_inside_is_not_of_the_outer_mount() -> None:
    outer = over(SPEC, NESTED, "/a/x")
    assert outer is not None
    assert shown_in(outer, SPEC, NESTED, {"/a/x": "1", "/a/b/y": "2", "/c": "3"}) == {"x": "1"}


# -- selectors and ports -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "fields", "chosen"),
    [
        ("", "", True),
        ("app=x", "", True),
        ("app==y", "", False),
        ("app!=y,app", "", True),
        ("!app", "", False),
        ("app in (x, y)", "status.phase=Running", True),
        ("app notin (x)", "", False),
        ("other notin (x)", "", True),
        ("", "status.phase!=Running", False),
        ("", "spec.nodeName=", True),
    ],
)
def test_selectors(labels: str, fields: str, chosen: bool) -> None:
    manifest = {"metadata": {"labels": {"app": "x"}}, "status": {"phase": "Running"}}
    assert selector(labels, fields, "")(manifest) is chosen


def test_a_selector_that_cannot_be_read() -> None:
    with pytest.raises(ValueError, match="no requirement"):
        selector("a=b=c)", "", "")


def test_ports_of_a_host_clash_on_a_common_address() -> None:
    ports = [{"hostPort": 80}, {"containerPort": 81}, {"hostPort": 82, "hostIP": "0.0.0.0"}]
    wanted = host_ports(pod(containers=[container(ports=ports)])["spec"])
    assert wanted == {("", "TCP", 80), ("", "TCP", 82)}
    assert clashes(wanted, {("10.0.0.1", "TCP", 82)})
    assert not clashes(wanted, {("", "UDP", 82), ("", "TCP", 81)})
