"""Selecting an adapter."""

from __future__ import annotations

import pytest

from conformance.targets import (
    UnknownTargetError,
    chosen,
    cluster_options,
    open_adapter,
    with_options,
)


def test_a_python_engine_is_opened() -> None:
    assert open_adapter("python:examples.tiny_engine:TinyEngine").describe().name == "tiny"


def test_options_reach_the_factory() -> None:
    adapter = open_adapter("simulator?nodes=3", "documented")
    assert adapter.describe().profile == "documented"


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("simulater", "did you mean simulator"),
        ("python:nowhere", "write python:package.module:Factory"),
        ("python:nowhere.at.all:Engine", "No module named"),
        ("python:examples.tiny_engine:Huge", "has no attribute 'Huge'"),
        ("simulator?moons=3", "moons"),
        ("cluster:?moons=3", "option moons"),
        ("cluster:?kubeconfig=/no/such/file", "kubeconfig"),
    ],
)
def test_what_cannot_be_opened_says_why(spec: str, complaint: str) -> None:
    with pytest.raises(UnknownTargetError, match=complaint):
        open_adapter(spec)


def test_the_option_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBELAWS_ADAPTER", "python:a:B")
    assert chosen(None) == "python:a:B"
    assert chosen("simulator") == "simulator"


def test_the_simulator_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBELAWS_ADAPTER", raising=False)
    assert chosen(None) == "simulator"


def test_a_cluster_is_named_by_its_context() -> None:
    assert cluster_options("cluster:kind-kind?parallel=4&metrics=true") == (
        "kind-kind",
        {"parallel": 4, "metrics": True},
    )


def test_without_a_context_it_is_the_current_one() -> None:
    assert cluster_options("cluster:") == ("", {})


def test_another_engine_is_no_cluster() -> None:
    with pytest.raises(UnknownTargetError, match="cluster:CONTEXT"):
        cluster_options("simulator")


def test_options_may_be_added_to_a_target() -> None:
    spec = with_options("cluster:kind?pods=9", hook="ssh {node}", metrics=True)
    assert cluster_options(spec)[1] == {"pods": 9, "hook": "ssh {node}", "metrics": True}


def test_what_is_not_wanted_is_not_added() -> None:
    assert with_options("simulator", hook="", metrics=False) == "simulator"
