"""The fake API server, and what waits for something without asserting how long it takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from conformance.adapters.cluster.client import Api
from tests.cluster.fake_api import Store, serving


@pytest.fixture
def server() -> Iterator[tuple[Store, Api]]:
    """A fake API server and its client."""
    with serving() as pair:
        yield pair


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Waits until something holds; fails where it never does."""

    def wait(holds: Callable[[], bool], patience: float = 20.0) -> None:
        end = time.monotonic() + patience
        while not holds():
            assert time.monotonic() < end, "it never came to hold"
            time.sleep(0.02)

    return wait
