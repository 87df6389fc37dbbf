"""Selecting an adapter."""

from __future__ import annotations

import pytest

from conformance.targets import UnknownTargetError, chosen, open_adapter


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
