"""Documentation that runs: doctests of every module, the README's engine, the generated pages."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType

import pytest

import conformance
import reports
import spec_model
import strategies

ROOT = Path(__file__).parent.parent
SUITE = "conformance.suite"


def modules() -> list[str]:
    """Every module of the four packages but the suite's tests."""
    packages: tuple[ModuleType, ...] = (spec_model, strategies, reports, conformance)
    return [
        module.name
        for package in packages
        for module in walk_packages(package.__path__, f"{package.__name__}.")
        if not module.name.startswith(SUITE)
    ]


@pytest.mark.parametrize("name", modules())
def test_examples_in_docstrings_run(name: str) -> None:
    failed, _ = doctest.testmod(import_module(name), optionflags=doctest.ELLIPSIS)
    assert failed == 0


def test_the_readmes_engine_is_the_one_that_is_tested() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert (ROOT / "examples" / "tiny_engine.py").read_text("utf-8").strip() in readme


def test_generated_pages_are_fresh() -> None:
    from docs.generate import PAGES

    for name, make in PAGES.items():
        assert (ROOT / "docs" / name).read_text("utf-8") == make(), f"docs/{name}: run make docs"
