"""What holds for all tests: no clock fails one, and those of a real cluster need one that is named."""

from __future__ import annotations

import os

import hypothesis
import pytest

VARIABLE = "KUBELAWS_TEST_CLUSTER"

# A deadline would make a slow machine a failure; and what is drawn is the same in every run.
hypothesis.settings.register_profile("tests", deadline=None, derandomize=True)
hypothesis.settings.load_profile("tests")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The cluster to test on; tests create namespaces in it and remove them again."""
    parser.addoption(
        "--cluster",
        metavar="TARGET",
        default=os.environ.get(VARIABLE),
        help="run the tests marked cluster against this one, as cluster:CONTEXT",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skips what needs a cluster where none is named."""
    if config.getoption("--cluster"):
        return
    reason = f"needs a real cluster: --cluster cluster:CONTEXT, or {VARIABLE}"
    for item in items:
        if item.get_closest_marker("cluster"):
            item.add_marker(pytest.mark.skip(reason=reason))
